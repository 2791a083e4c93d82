"""What sentences of book/gates/interpretable-cells-acting.md say."""

from pathlib import Path

import numpy as np
import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/gates/interpretable-cells-acting.md"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_the_cell_that_acts_in_the_fifth_network(claim, seed):
    """All pushes of the page, at its places and at others: in the network of seed 3, which acts?"""
    claim(
        "The strongest cell is the one that [the table of all labels](#cells-results) has for"
        " *triple* and *comment*."
    )
    pieces = ["import matplotlib.pyplot as plt", "BEFORE, STEPS, M =", "def push_all("]
    pieces += ["def log_odds(", "rng = np.random.default_rng(2)"]
    changes = {"rng = np.random.default_rng(2)": f"rng = np.random.default_rng({seed})"}
    page = rerun(PAGE, pieces, changes | {"for seed in networks.SEEDS:": "for seed in [3]:"})
    found = {name: page["best_cell"](page["trained"][3], name)[0] for name in ("triple", "comment")}
    for effects in page["effects"].values():
        assert np.abs(effects[0]).argmax() == found["triple"] == found["comment"]
