"""What sentences of book/gates/deep-and-bidirectional-noise.md say."""

from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/gates/deep-and-bidirectional-noise.md"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_less_dropout_along_the_states(claim, seed):
    """The page's experiment with q = 0.25: six networks of each kind."""
    claim("With $q = 0.25$ nearly all learn, with either kind of mask.")
    changes = {
        "Generator().manual_seed(0), ": f"Generator().manual_seed({seed}), ",
        "*remember(where).round(2)": "1",  # the page's own runs are not wanted
    }
    page = rerun(PAGE, ["from unrolled.datasets import tasks", "def remember(where"], changes)
    for where in ("along, fresh masks", "along, the same mask"):
        accuracy = page["remember"](where, q=0.25)
        assert (accuracy > 0.9).sum() >= 4
