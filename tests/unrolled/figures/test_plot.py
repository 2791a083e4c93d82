import io

import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled.figures.plot import COLORS, heat, ink, label_line, use_style


@pytest.fixture
def ax():
    with plt.rc_context():
        use_style()
        fig, ax = plt.subplots()
        yield ax
        plt.close(fig)


def contrast(color):
    """Of letters in this colour on white, by the definition in WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05)


def colors_at(ax, points):
    """What is drawn at points (x, y) of the axes."""
    ax.figure.canvas.draw()
    pixels = np.asarray(ax.figure.canvas.buffer_rgba())[::-1, :, :3] / 255  # rows upwards
    places = ax.transData.transform(points).astype(int)
    return pixels[places[:, 1], places[:, 0]]


@pytest.mark.parametrize("name", COLORS)
def test_ink_is_legible_and_keeps_its_hue(name):
    written = ink(COLORS[name])
    assert (
        4.5 <= contrast(written) < max(4.8, contrast(COLORS[name]) + 1e-9)
    )  # not darker than need be
    ratio = np.array(written) * max(to_rgb(COLORS[name])) / max(written)
    np.testing.assert_allclose(ratio, to_rgb(COLORS[name]), atol=1e-12)


def test_label_line_writes_at_the_end_of_the_line(ax):
    (line,) = ax.plot([0, 1, 2], [5, 3, 4], color=COLORS["input"])
    assert label_line(ax, line, "inputs") is ax
    label_line(ax, (1, 3), "lowest", color="black", xytext=(0, -9))
    at_end, at_point = ax.texts
    assert (at_end.get_text(), tuple(at_end.xy)) == ("inputs", (2, 4))
    assert contrast(at_end.get_color()) >= 4.5
    assert (at_point.xy, at_point.xyann, at_point.get_color()) == ((1, 3), (0, -9), "black")
    assert at_end.get_window_extent().x0 > ax.transData.transform((2, 4))[0]  # beside, not on it


def test_heat_runs_down_and_to_the_right_and_leaves_gaps(ax):
    matrix = np.zeros((3, 2))
    matrix[2, 0] = 1  # row 3, column 1
    matrix[0, 1] = np.nan
    assert heat(ax, matrix) is ax
    dark, white, empty, low = colors_at(ax, [(1, 3), (1, 1), (2, 1), (2, 3)])
    assert dark.max() < 0.5 and (white == 1).all() and (low == 1).all()
    assert 0.8 < empty.max() < 1 and np.ptp(empty) < 0.01  # grey
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_signed_heat_is_white_at_zero(ax):
    heat(ax, np.array([[-1, 0, 2]]), signed=True)
    minus, zero, plus = colors_at(ax, [(1, 1), (2, 1), (3, 1)])
    assert (zero > 0.98).all()
    assert minus[2] > minus[0] + 0.2 and plus[0] > plus[2] + 0.2  # blue; vermilion
    assert minus.mean() > plus.mean() + 0.1  # -1 is half as far from white as 2


def test_log_heat_shows_ratios(ax):
    heat(ax, np.array([[1e-8, 1e-4, 1, 0]]), log=True)
    least, middle, most, zero = colors_at(ax, [(k, 1) for k in (1, 2, 3, 4)])
    np.testing.assert_allclose(middle, to_rgb(COLORS["gradient"]), atol=0.02)  # half-way
    assert (least == 1).all() and (zero == 1).all() and most.max() < 0.5
    for wrong, signed in ((-np.eye(2), False), (np.zeros((2, 2)), False), (np.eye(2), True)):
        with pytest.raises(ValueError, match="from zero upwards"):
            heat(ax, wrong, log=True, signed=signed)


def test_bar_of_heat_is_as_high_as_the_matrix(ax):
    heat(ax, np.eye(4))
    ax.figure.canvas.draw()
    (bar,) = ax.child_axes
    matrix, bar = ax.get_window_extent(), bar.get_window_extent()
    np.testing.assert_allclose([matrix.y0, matrix.y1], [bar.y0, bar.y1], atol=1)
    assert bar.x0 > matrix.x1


def test_svg_is_the_same_on_every_run(ax):
    ax.plot([0, 1], [1, 0])
    ax.fill_between([0, 1], [1, 0], hatch="/")  # hatches and clips are named by random ids
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        ax.figure.savefig(file, format="svg", metadata={"Date": None})
    assert files[0].getvalue() == files[1].getvalue()


def test_a_notebook_draws_svg_without_a_date():
    cells = [
        "from unrolled.figures import use_style\nimport matplotlib.pyplot as plt\nuse_style()",
        "fig, ax = plt.subplots()\nax.plot([0, 1]);",
        "fig, ax = plt.subplots()\nax.plot([0, 1]);",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    first, second = (cell.outputs[0]["data"] for cell in notebook.cells[1:])
    assert "image/png" not in first and "dc:date" not in first["image/svg+xml"]
    assert first["image/svg+xml"] == second["image/svg+xml"]
