"""Set 3: what its sheet promises of the student's own check, and what keeps out differences."""

import re
from functools import cache

import numpy as np
import pytest

from unrolled.grading.cell_source import HELPERS
from unrolled.grading.draw import Draw
from unrolled.grading.failures import Wrong
from unrolled.grading.sheets import cells, filled, given
from unrolled.grading.tasks import SETS, load

NAME = "backpropagation"
KEYS = "autumn", "spring", "a third key"
VARIANTS = (SETS / NAME / "planted/cell-backward.py").read_text().split("\n# %% ")[1:]
UNSEEN = "All that comes out is float64", "The three results in another order"
WRONG = [v for v in VARIANTS if not v.startswith(("Right: ", *UNSEEN))]


@cache
def solved(key):
    """The cells up to the check of the last task, and the check."""
    sheet = cells(NAME, given(load(NAME), NAME, key), solution=True)
    code = [text for kind, text in sheet if kind == "code" and not text.startswith("practice(")]
    (check,) = (k for k, text in enumerate(code) if "gradient_check(lambda a: loss(a" in text)
    return code[:check], code[check]


def checked(key, capsys, change=""):
    """The numbers that the check of the last task prints, after a change of the solution."""
    before, check = solved(key)
    names = {"__name__": "student"}
    for source in (*before, change):
        exec(source, names)
    names["in_notebook"] = True
    capsys.readouterr()
    exec(check, names)
    return [float(line.split()[1]) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("key", KEYS)
def test_a_right_gradient_passes_the_check_of_the_sheet(key, capsys):
    cell = given(load(NAME), NAME, key)["cell"]
    numbers = checked(key, capsys)
    assert len(numbers) == 2 + len(cell.weights) and max(numbers) < 1e-7


@pytest.mark.parametrize("variant", WRONG, ids=lambda text: text[:40])
def test_a_wrong_gradient_does_not(variant, capsys):
    for key in KEYS:
        change = filled(variant.split("\n", 1)[1], given(load(NAME), NAME, key))
        assert max(checked(key, capsys, change)) > 0.01


def test_the_sheet_gives_the_helpers_of_the_solution():
    sheet = (SETS / NAME / "sheet.md").read_text()
    assert HELPERS.removeprefix("import numpy as np\n").strip() in sheet


@pytest.mark.parametrize("key", KEYS)
def test_differences_are_not_as_close_as_the_tests_ask(key):
    """Even a program that takes them fast enough would be wrong somewhere."""
    source = (SETS / NAME / "tests.py").read_text()
    T, N, D, H = map(int, re.search(r"^LARGE = (\d+), (\d+), (\d+), (\d+)", source, re.M).groups())
    fine = float(re.search(r"^FINE = (\S+)", source, re.M)[1])
    cell, draw = given(load(NAME), NAME, key)["cell"], Draw("differences", key)
    x, s_0, dh = draw.uniform(T, N, D), draw.uniform(N, H), draw.uniform(T, N, H)
    P = cell.init(D, H, draw)
    name = next(iter(P))
    right = cell.backward(x, cell.forward(x, s_0, P)[1], P, dh)[0][name]
    missed = 0
    for place in range(12):  # of more than 20,000 entries
        ends = []
        for s in 1e-6, -1e-6:
            moved = P[name].copy()
            moved.flat[place] += s
            ends.append(np.sum(dh * cell.forward(x, s_0, P | {name: moved})[0]))
        measured = (ends[0] - ends[1]) / 2e-6
        missed += abs(measured - right.flat[place]) > fine * (1 + abs(right.flat[place]))
    assert missed > 0


@pytest.mark.parametrize("key", KEYS)
def test_the_sheet_names_the_functions_of_its_cell_and_no_others(key):
    printed = given(load(NAME), NAME, key)
    for tex in (
        r"\sigma",
        r"\tanh",
        r"\arctan",
        r"\operatorname{arsinh}",
        r"\operatorname{softsign}",
    ):
        assert (tex in printed["functions"]) == (tex in printed["equations"]), tex


def test_all_wrong_gradients_are_told_with_the_first_wrong_place():
    compare = load(NAME).draw_given.__globals__["compare"]
    wanted = {name: np.ones((2, 2)) for name in ("W_hh", "W_dh", "x")}
    wrong = wanted | {"W_dh": np.zeros((2, 2)), "x": np.array([[1.0, 1.0], [3.0, 1.0]])}
    with pytest.raises(Wrong) as error:
        compare(wrong, wanted, wanted, 1e-9)
    said = "the gradient of W_dh is not right; the gradient of x is not right"
    assert str(error.value) == said
    assert error.value.detail == "the first of them at [0, 0]: expected 1.0, got 0.0"
    with pytest.raises(Wrong, match="no entry x"):
        compare({"W_hh": 0, "W_dh": 0}, wanted, wanted, 1e-9)
