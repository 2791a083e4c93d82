"""The tree of a search: every branch in its place, and lit what was asked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled.figures import search_tree

INNER = {(), ("A",), ("A", "B")}
MODEL = {(): (0.5, 0.3, 0.2), ("A",): (0.1, 0.6, 0.3), ("A", "B"): (0.25, 0.25, 0.5)}


def model(path):
    return dict(zip("AB.", MODEL[path], strict=True))


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


@pytest.fixture
def where():
    return search_tree.places(INNER, "AB.")


def test_every_path_has_its_place(where):
    """Each inner path has all symbols below it, a step to the right; no two share a place."""
    assert len(where) == 1 + 3 * len(INNER) == len(set(where.values()))
    for path, (x, y) in where.items():
        assert x == len(path)
        below = [where[longer][1] for longer in where if longer[:-1] == path and longer]
        assert not below or min(below) < y < max(below)
    leaves = sorted(y for path, (_, y) in where.items() if path not in INNER)
    assert np.allclose(np.diff(leaves), 1)


def test_branches_join_a_path_to_the_one_before(ax, where):
    assert search_tree.branches(ax, where, ".") is ax
    lines = {
        tuple(map(tuple, line.get_xydata())) for line in ax.lines if len(line.get_xdata()) == 2
    }
    assert lines == {(where[path[:-1]], where[path]) for path in where if path}
    ends = [line for line in ax.lines if line.get_markerfacecolor() not in ("white", None)]
    marked = {tuple(line.get_xydata()[0]) for line in ends if len(line.get_xdata()) == 1}
    assert marked == {where[path] for path in where if path[-1:] == (".",)}


def test_names_and_probabilities(ax, where):
    assert search_tree.names(ax, where, model, ".", limit=3) is ax
    said = [text.get_text() for text in ax.texts]
    for rows in MODEL.values():
        assert all(f"{p:g}" in said for p in rows)
    assert said.count("A") == 3 and said.count("B") == 3 and "." not in said
    assert said.count("· · ·") == 2  # B, and A A; the third symbols are at the limit


def test_lit_is_what_was_asked(ax, where):
    calls = [[()], [("A",), ("B", "B")]]  # the last one is not drawn
    assert search_tree.lit(ax, where, calls, ("A", ".")) is ax
    assert {(t.get_position(), t.get_text()) for t in ax.texts} == {
        (where[()], "1"),
        (where["A",], "2"),
    }
    thick = [line for line in ax.lines if line.get_linewidth() == 3]
    steps = [where[()], where["A",], where["A", "."]]
    assert [tuple(point) for point in thick[0].get_xydata()] == steps
