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
        "Let all five go on writing here, and on average over the five a quotation mark comes"
        " within 40 characters in somewhat more than half of the texts."
    )
    claim("In the middle of plain code it comes about half as often.")
    begun = "def read(path):\n    if not path:\n        "
    shares = {'raise ValueError("no such file': [], "path = ": [], "self.": [], "return ": []}
    for seed in networks.SEEDS:
        for end, found in shares.items():
            rng = torch.Generator().manual_seed(seed)
            texts = write(networks.load(seed), begun + end, 40, rng, N=200)
            found.append(np.mean([bool({"'", '"'} & set(text)) for text in texts]))
    quoted, *plain = (np.mean(found) for found in shares.values())
    assert 0.52 < quoted < 0.62
    assert max(plain) < 0.6 * quoted and 0.4 * quoted < np.mean(plain)


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
def test_chosen_on_the_other_half(claim):
    """The cell that follows best on the scoring half, held as the page holds the other one."""
    claim("On the scoring half another one does, in every network but network 1.")
    claim(
        "If we choose on the other half of the modules, another cell comes first in every network"
        " but network 1."
    )
    claim("In networks 0, 2 and 3 hardly anything changes when this cell is held.")
    pieces = ["import matplotlib.pyplot as plt", "def hold(j, v)", "new = unread(1500)"]
    pieces += ["BEGUN = [", "def with_marks("]
    # no choice of the page's own, so that its last loop is over nothing
    changes = {"j, c = found[1]": "found, j, c = [], 71, follow(networks.load(1))[0]"}
    page = rerun(PAGE, pieces, changes)
    others = []
    for seed in networks.SEEDS:
        c, r, r_new = page["follow"](networks.load(seed))
        j, (inside, outside) = np.abs(r_new).argmax(), page["usual"](c)
        others += [seed] if j != np.abs(r).argmax() else []
        ways = (page["INSIDE"], inside, outside), (page["OUTSIDE"], outside, inside)
        for prompts, now, then in ways if seed in (0, 2, 3) else ():
            runs = [page["with_marks"](networks.load(seed), p, j, now, then) for p in prompts]
            alone, held, *_ = np.mean(runs, axis=0)
            assert abs(held - alone) < 0.1
    assert others == [0, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize("again", [1, 2])
def test_four_lamps_of_five_are_wired(claim, again):
    """The page's table, with other random numbers for the texts and for the control."""
    claim("In four of the five networks the lamp that we chose is wired.")
    claim(
        "Held as if no quotation were open, it makes the closing mark rarer, in two of the networks"
        " by about half."
    )
    claim("Held as if one were open, it brings out marks in the middle of code.")
    claim("Yet when it is held, the text changes little.")
    claim("Hardly any of these pushes does as much as the chosen cell does in the four networks.")
    pieces = ["import matplotlib.pyplot as plt", "def hold(j, v)", "new = unread(1500)"]
    pieces += ["def by_luck(c", "BEGUN = [", "def with_marks("]
    changes = {"few=12, seed=0": f"few=12, seed={again}"}
    shares = rerun(PAGE, pieces, changes)["shares"]
    fewer = shares[0, :, :1] - shares[0, :, 1:]  # inside a quotation, fewer marks
    more = shares[1, :, 1:] - shares[1, :, :1]  # in code, more; the chosen cell stands first
    wired = [0, 1, 2, 4]
    assert (fewer[wired, 0] > 0.08).all() and (more[wired, 0] > 0.08).all()
    left = shares[0, :2, 1] / shares[0, :2, 0]
    assert ((left > 0.3) & (left < 0.65)).all()
    both_ways = fewer[:, 0] + more[:, 0]
    assert both_ways[wired].min() > 0.25 and both_ways[3] < 0.6 * both_ways[wired].min()
    stronger = [one[wired, 1:] > one[wired, :1] for one in (fewer, more)]
    print(fewer[:, 0], more[:, 0], np.mean(stronger))
    assert np.mean(stronger) < 0.1
