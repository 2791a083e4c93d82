"""What sentences of book/gates/lstm-parts.md say."""

from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/gates/lstm-parts.md"


@pytest.mark.slow
def test_the_output_gate_in_another_draw(claim):
    """The page's experiment with other starts and other data: steps 4 and 5 on *recall*."""
    claim("What the output gate adds is within the spread here, and with other starts it was more.")
    names = ["import matplotlib.pyplot", "KINDS = {", "def right_at_the_end", "reber = tasks"]
    changes = {"manual_seed(0)": "manual_seed(1)", "default_rng(1)": "default_rng(101)"}
    page = rerun(PAGE, names, changes)
    without, with_it = page["scores"]["recall"][3:5]
    assert with_it.mean() > without.mean() + 0.05
