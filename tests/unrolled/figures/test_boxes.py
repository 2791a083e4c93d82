"""Boxes and text keep their size in inches whatever the axes' units are."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from unrolled.figures.boxes import BOX, Swing, draw_box, extent, left_of

DPI = 100


def drawn(node, size=1.0, width=4.0, limit=1.0):
    """The box's width and height in inches, after drawing."""
    figure = Figure(figsize=(width, 3), dpi=DPI)
    ax = figure.subplots()
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    box = draw_box(ax, node, size)
    FigureCanvasAgg(figure).draw()
    shape = box.get_path().transformed(box.get_transform()).get_extents()
    return np.array([shape.width, shape.height]) / DPI


def test_a_box_has_its_size_whatever_the_axes():
    node = (0, 0, "$h$", "hidden")
    for options in ({}, {"width": 9.0}, {"limit": 50.0}):
        np.testing.assert_allclose(drawn(node, **options), BOX, rtol=1e-6)
    np.testing.assert_allclose(drawn(node, size=0.5), np.array(BOX) / 2, rtol=1e-6)


def test_a_box_grows_with_its_label():
    wide, high = drawn((0, 0, "a long label", "hidden")), drawn((0, 0, "a\nb", "hidden"))
    assert wide[0] == pytest.approx(extent("a long label", 13)[0] + 0.2, rel=1e-6)
    assert high[1] == pytest.approx(BOX[1] + 0.22, rel=1e-6)


def test_an_empty_line_has_no_extent():
    assert extent("", 12) == (0, 0)
    width, height = extent("H", 72)
    assert 0.4 < width < 1 and 0.5 < height < 1  # of a letter 1 inch high with its depths
    assert extent("HH", 72)[0] > 2 * width * 0.9


def test_left_is_left():
    np.testing.assert_allclose(left_of((0, 0), (3, 0)), [0, 1])
    np.testing.assert_allclose(left_of((1, 1), (1, 5)), [-1, 0])


def test_a_swing_leaves_to_the_right_and_arrives_from_the_left():
    start, first, second, end = Swing().connect((0, 0), (10, 4)).vertices
    assert first[0] > start[0] and first[1] == start[1]
    assert second[0] < end[0] and second[1] == end[1]
