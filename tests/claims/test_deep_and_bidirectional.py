"""What sentences of the chapter on deep and bidirectional networks say."""

from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/gates/deep-and-bidirectional.md"
CELLS = [
    "from itertools import product",
    "def turn(",
    "CLASSES =",
    "def sentence(",
    "class Tagger",
    "def tagging_loss",
    "NETWORKS =",
]
OWN_RUNS = "taggers = {name: trained(ways, seed=0) for name, ways in NETWORKS.items()}"


@pytest.mark.slow
def test_the_same_table_from_five_starts(claim):
    """The page's four networks, from five random starts."""
    claim(
        "With five different random starts the table was the same, up to a few hundredths where "
        "it says about one half."
    )
    claim(
        "At words like *orange* it is right about half of the time, which is what a coin would do."
    )
    page = rerun(PAGE, CELLS, {OWN_RUNS: "taggers = {}"})
    halves = {"left to right": 0, "right to left": 1, "two readers, both left to right": 0}
    for seed in range(5):
        for name, ways in page["NETWORKS"].items():
            shares = page["shares"](page["trained"](ways, seed=seed))
            for kind, share in enumerate(shares):
                if halves.get(name) == kind:
                    assert abs(share - 0.5) < 0.06
                else:
                    assert share > 0.98
