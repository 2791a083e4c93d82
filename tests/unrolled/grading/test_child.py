"""How a submission's cells are run: statement by statement, without what IPython alone knows."""

import pytest

from unrolled.grading.child import parsed, run_cells


def ran(*cells):
    namespace = {"__name__": "__main__"}
    return namespace, run_cells(list(cells), namespace)


def test_a_statement_that_raises_stops_nothing():
    names, errors = ran("a = 1\nb = nothing\nc = 3", "raise SystemExit", "d = a + c")
    assert (names["d"], "b" in names) == (4, False)
    assert errors == [("NameError", 1, 2), ("SystemExit", 2, 1)]


def test_a_cell_that_cannot_be_read_is_left_out():
    names, errors = ran("a = 1\ndef f(:\n  pass", "b = 2", "c = '\0'")
    assert "a" not in names and names["b"] == 2
    assert errors[0] == ("SyntaxError", 1, 2)
    assert [cell for _, cell, _ in errors] == [1, 3]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nx = 1\n1 / 0",
        "!pip install numpy\nx = 1\n1 / 0",
        "files = !ls\nx = 1\n1 / 0",
        "%%time\nx = 1\n1 / 0",
        "print?\nx = 1\n1 / 0",
        "%load_ext x\nx = 1\n1 / 0",
    ],
)
def test_what_only_ipython_knows_is_dropped_and_lines_keep_their_numbers(source):
    names, errors = ran(source)
    assert names["x"] == 1
    assert errors == [("ZeroDivisionError", 1, 3)]


def test_python_that_looks_like_ipython_stays():
    source = "y = (7\n% 4)\nt = '''\n!no\n%no\n'''\n# why?"
    names, errors = ran(source)
    assert (names["y"], names["t"], errors) == (3, "\n!no\n%no\n", [])
    assert len(parsed(source).body) == 2


def test_futures_hold_for_what_follows():
    names, errors = ran(
        "from __future__ import annotations", "def f(x: undefined) -> nothing: pass"
    )
    assert errors == [] and "f" in names


def test_the_place_of_an_error_is_the_innermost_line_of_the_submission():
    _, errors = ran("import json\ndef f():\n    return json.loads('{')", "x = 1\nf()")
    assert errors == [("JSONDecodeError", 1, 3)]
