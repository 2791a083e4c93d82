"""Problem set 6: each mistake that a key can plant costs the points of its function alone."""

from contextlib import nullcontext, redirect_stdout, suppress
from io import StringIO

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.practice import Functions
from unrolled.grading.sheets import cells, given
from unrolled.grading.tasks import load, run

NAME = "sequence-to-sequence"
TESTS = {"forward": "runs_forward", "backward": "runs_backward", "one_update": "updates"}
SET = load(NAME)
MISTAKES, mistaken, RIGHT = (
    SET.draw_given.__globals__[name] for name in ("MISTAKES", "mistaken", "RIGHT")
)
PLANTED = [(function, i) for function, ways in MISTAKES.items() for i in range(len(ways))]


def lost(gaps):
    """The tests that are lost by a student who mends nothing in the last task."""
    printed = given(SET, NAME, "a course") | gaps
    sheets = [cells(NAME, printed, solution) for solution in (True, False)]
    names = {"__name__": "student"}
    for (kind, solved), (_, handed_out) in zip(*sheets, strict=True):
        if kind == "code":
            with suppress(Exception), redirect_stdout(StringIO()):
                exec(handed_out if "def backward" in solved else solved, names)
    student, draw = Functions(names), Draw("a course", NAME, "test", "one")
    results = [run(test, lambda: nullcontext(student), printed, draw) for test in SET.tests]
    return [result.test.name for result in results if not result.points]


@pytest.mark.parametrize("function, i", PLANTED)
def test_each_mistake_costs_the_points_of_its_function(function, i):
    old, _ = MISTAKES[function][i]
    assert RIGHT[function].count(old) == 1
    right = {name: mistaken(name, ("", "")) for name in MISTAKES}
    assert not lost(right)
    assert lost(right | {function: mistaken(function, MISTAKES[function][i])}) == [TESTS[function]]
