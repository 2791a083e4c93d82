"""What sentences of book/gates/interpretable-cells.md say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.char_lstm import networks, probing
from unrolled.char_lstm.intervene import write

PAGE = Path(__file__).parents[2] / "book/gates/interpretable-cells.md"


def test_a_second_mark_comes(claim):
    """All five networks, 200 texts of 40 characters after each of four beginnings."""
    claim(
        "Let them go on writing here, and in about half of the cases a second mark comes within 40"
        " characters."
    )
    claim("In the middle of plain code a mark is much rarer.")
    begun = "def read(path):\n    if not path:\n        "
    shares = {'raise ValueError("no such file': [], "path = ": [], "self.": [], "return ": []}
    for seed in networks.SEEDS:
        for end, found in shares.items():
            rng = torch.Generator().manual_seed(seed)
            texts = write(networks.load(seed), begun + end, 40, rng, N=200)
            found.append(np.mean([bool({"'", '"'} & set(text)) for text in texts]))
    quoted, *plain = (np.mean(found) for found in shares.values())
    assert 0.45 < quoted < 0.68
    assert max(plain) < 0.75 * quoted


def test_the_best_lamp_by_luck(claim):
    """128 and 1,024 lamps that know nothing, and facts dealt out at random, n = 250."""
    claim(
        "With $n = 250$, about six lines of code, the standard deviation {eq}`eq-cells-luck` is"
        " 0.063."
    )
    claim(
        "For 128 cells the factor is 3.3, so the best lamp by luck may well have a correlation of"
        " 0.2."
    )
    claim("For 1,024 cells the factor is 3.9.")
    rng = np.random.default_rng(0)
    lamps, fact = rng.normal(size=(250, 128)), np.arange(250) < 60
    facts = np.stack([rng.permutation(fact) for _ in range(400)], axis=1).astype(float)
    r = probing.correlation(lamps, facts)
    assert abs(r.std() - 0.063) < 0.003
    assert round(np.sqrt(2 * np.log(256)), 1) == 3.3 and round(np.sqrt(2 * np.log(2048)), 1) == 3.9
    best = np.abs(r).max(axis=0)
    assert 0.16 < best.mean() < 3.3 * 0.063 and np.mean(best > 0.2) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("again", [1, 2])
def test_four_lamps_of_five_are_wired(claim, again):
    """The page's table, with other random numbers for the texts and for the control."""
    claim("In four of the five networks the lamp is wired.")
    claim("Yet when it is held, the network writes nearly as before.")
    claim("Hardly any of these pushes does as much as the chosen cell does in the four networks.")
    pieces = ["import matplotlib.pyplot as plt", "def hold(j, v)", "new = unread(1500)"]
    pieces += ["def by_luck(c", "BEGUN = [", "def with_marks("]
    changes = {"few=12, seed=0": f"few=12, seed={again}"}
    changes["BEGUN = ["] = "names = []\nBEGUN = ["
    shares = rerun(PAGE, pieces, changes)["shares"]
    change = shares[:, :, 1:] - shares[:, :, :1]  # the chosen cell first, then ten other pushes
    wired = [0, 1, 2, 4]
    assert (change[0, wired, 0] < -0.2).all() and (change[1, wired, 0] > 0.1).all()
    assert abs(change[:, 3, 0]).max() < 0.2 and abs(change[:, 3, 0]).sum() < 0.25
    stronger = [
        change[0, wired, 1:] < change[0, wired, :1],
        change[1, wired, 1:] > change[1, wired, :1],
    ]
    assert np.mean(stronger) < 0.1
