"""What sentences of book/sequence-to-sequence/attention-alignment.md say."""

import math
from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/attention-alignment.md"


@pytest.fixture(scope="module")
def page():
    """The numbers, `fit`, `right` and so on, without any network."""
    return rerun(PAGE, ["import matplotlib", "letters = np.array(", "def fit(kind"])


def thousands_without_hundreds(n):
    return n >= 1000 and n % 1000 < 100


def test_numbers_without_hundreds(claim, page):
    """Counted among the numbers of training."""
    claim("numbers with thousands and no hundreds, about one in six of those trained on.")
    share = sum(map(thousands_without_hundreds, page["seen"])) / len(page["seen"])
    assert 1 / 7 < share < 1 / 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_without_the_root(claim, page, seed):
    """The page's network and the same one without the root, same batches; which are wrong."""
    claim(
        "[Without the root](attention-scores.md#why-the-root) the network with the dot product gets"
        " fewer of the short numbers right."
    )
    claim("Most of its mistakes are of one kind, such as 7,085 or 2,009.")
    Attentive, held_out = page["Attentive"], page["held_out"]

    class NoRoot(Attentive):
        """Its queries are √H times as large, which undoes the root."""

        def __init__(self, source_size, target_size, H):
            super().__init__(source_size, target_size, H)
            query, root = self.query, math.sqrt(H)
            query.register_forward_hook(lambda module, x, y: root * y)

    right = {}
    for kind in (Attentive, NoRoot):
        model = page["fit"](kind, seed=seed)
        right[kind] = page["right"](model, held_out)
    assert right[Attentive].mean() > right[NoRoot].mean() + 0.1
    wrong = held_out[~right[Attentive]]
    assert sum(map(thousands_without_hundreds, wrong)) > 0.7 * len(wrong)


@pytest.mark.slow
def test_another_draw(claim):
    """The numbers from 1 on, in another order: other training, other tests."""
    claim(
        "The additive score again got nearly all of the longer numbers right. The dot product got"
        " fewer than half of them, and the one vector more than half."
    )
    changes = {
        "range(10_000)": "range(1, 10_000)",
        "(rng.permutation(np.flatnonzero(w)) for": "(1 + rng.permutation(np.flatnonzero(w)) for",
        "for name in kinds:": "for name in ():",
    }
    pieces = ["import matplotlib", "letters = np.array(", "def fit(kind", "def with_sums"]
    page = rerun(PAGE, pieces, changes)
    bounds = {"additive": (0.9, 1.01), "dot product": (0, 0.5)}
    bounds["one vector at every step"] = (0.5, 1)
    for name, (low, high) in bounds.items():
        model = page["fit"](page["kinds"][name])
        assert low < page["right"](model, page["longer"]).mean() < high, name
