"""What sentences of book/gates/interpretable-cells-scores.md say."""

from pathlib import Path

import numpy as np
import pytest

from rerun import rerun
from unrolled.char_lstm import probing

PAGE = Path(__file__).parents[2] / "book/gates/interpretable-cells-scores.md"


@pytest.fixture(scope="module")
def page():
    cells = ["import matplotlib.pyplot as plt", "modules = unread(3000)"]
    return rerun(PAGE, cells)


def test_how_much_of_the_agreement_is_choice(claim):
    """The best of 128 random cells for the label shifted in a ring along the excerpt."""
    claim(
        "In good part that is the choice: we had 128 cells to choose from and chose after having"
        " seen the text."
    )
    changes = {"    display(": "    (lambda page: None)("}
    page = rerun(PAGE, ["import matplotlib.pyplot as plt", "EXCERPT = "], changes)
    c, label = page["c"], page["quoted"]  # of the last network, the random one
    rng = np.random.default_rng(0)
    shifts = rng.integers(len(label) // 10, len(label) - len(label) // 10, size=100)
    scores = probing.auc(c, np.stack([np.roll(label, k) for k in shifts], axis=1))
    by_choice = np.abs(scores - 0.5).max(axis=0).mean() + 0.5
    assert 0.68 < by_choice < 0.8 < page["agreement"]


def test_what_chance_would_be(claim, page):
    """The factor, and σ for the label *triple* with as many places as the page has."""
    claim("For 128 cells the factor is 3.3.")
    claim(
        "With as many places as ours, $\\sigma$ for strings between triple marks would be half a"
        " hundredth."
    )
    assert abs(np.sqrt(2 * np.log(2 * 128)) - 3.3) < 0.05
    triple = page["places"](page["labels"]["triple"])[0]
    n_1, n_0 = triple.sum(), (~triple).sum()
    assert 0.004 < np.sqrt((n_1 + n_0 + 1) / (12 * n_1 * n_0)) < 0.006


def test_lumps(claim, page):
    """Lengths of runs of each label in the modules that the networks have not read."""
    claim(
        "A comment is a lump of some forty characters, a docstring one of some hundreds, and a"
        " cell that moves slowly may agree with a whole lump or miss it."
    )
    mean = {}
    for name in ("comment", "triple"):
        rows = np.pad(page["labels"][name].astype(int), ((0, 0), (1, 1)))
        change = np.diff(rows, axis=1)
        mean[name] = (np.argwhere(change == -1) - np.argwhere(change == 1))[:, 1].mean()
    assert 30 < mean["comment"] < 55
    assert 150 < mean["triple"] < 500
