"""Every set through the judge itself: the solved sheet gets all points there too, the blank none.

In `test_sets.py` the same tests run in one process. Here only values cross, float for float.
"""

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.grade import Visits, result_of
from unrolled.grading.probe import choose
from unrolled.grading.room import Room
from unrolled.grading.sheets import cells, given
from unrolled.grading.tasks import SETS, load

NAMES = sorted(path.parent.name for path in SETS.glob("*/tests.py"))
KEY = "the judge's own"


@pytest.fixture(scope="module")
def room():
    with Room(choose()[0]) as room:
        yield room


@pytest.mark.parametrize("solution", [True, False], ids=["right", "blank"])
@pytest.mark.parametrize("name", NAMES)
def test_judged(room, name, solution):
    problem_set = load(name)
    printed = given(problem_set, name, KEY)
    sources = [text for kind, text in cells(name, printed, solution) if kind == "code"]
    visits, draw = Visits(sources, room), Draw(KEY, name, "test", "anna")
    found = [result_of(test, visits, printed, draw) for test in problem_set.tests]
    assert [note for _, note in found if note] == []
    got = [result.points for result, _ in found]
    assert got == [solution * test.points for test in problem_set.tests]
