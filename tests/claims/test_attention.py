"""What sentences of the chapter on attention say."""

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/attention.md"


@pytest.fixture(scope="module")
def page():
    """The numbers, `fit`, `right` and so on, without the page's first network."""
    changes = {
        "plain = fit(EncoderDecoder)\n": "",
        'print(f"right: {right(plain, held_out).mean():.3f}")\n': "",
        "in zip(numbers, written_by(plain, numbers), strict=True)": "in ()",
    }
    return rerun(PAGE, ["import math", "def fit(kind"], changes)


def thousands_without_hundreds(n):
    return n >= 1000 and n % 1000 < 100


def test_numbers_without_hundreds(claim, page):
    """Counted among the numbers of training."""
    claim("numbers with thousands and no hundreds, about one in six of those trained on.")
    share = sum(map(thousands_without_hundreds, page["seen"])) / len(page["seen"])
    assert 1 / 7 < share < 1 / 5


def test_multiplications(claim):
    """The formulas at S = T = 512, H = D = 64."""
    claim(
        "At 512 tokens the layer takes a third more multiplications than the two GRUs, and still"
        " less time:"
    )
    claim("Then it is two thirds more.)")
    S = T = 512
    H = 64
    grus = (S + T) * 6 * H**2
    layer = T * S * 2 * H
    assert math.isclose(layer / grus, 4 / 3)
    assert math.isclose((layer + (S + T) * H**2 + 2 * T * H**2) / grus, 5 / 3)


def test_residuals_after_and_before_the_norm(claim):
    """∂ of the residual way alone, other ways held, through blocks at torch's start."""
    claim(
        "It is not quite straight, for in {eq}`eq-attention-block` both sums pass through a norm"
        " (*post-norm*), and along the residuals alone the gradient shrinks from block to block."
    )
    claim("Then the way is straight, with the derivative 1 through any number of blocks.")
    torch.manual_seed(0)
    x = torch.randn(1, 7, 32, dtype=torch.float64, requires_grad=True)
    blocks = [nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0).double() for _ in range(24)]
    for norm_first in (False, True):
        X, norms = x, []
        for block in blocks:
            norm = block.norm1 if norm_first else (lambda v: v)
            held = block.self_attn(*[norm(X).detach()] * 3)[0].detach()
            X = X + held if norm_first else block.norm1(X + held)
            held = block._ff_block((block.norm2(X) if norm_first else X).detach()).detach()
            X = X + held if norm_first else block.norm2(X + held)
            C = torch.randn(X.shape, generator=torch.Generator().manual_seed(1)).double()
            (d,) = torch.autograd.grad((C * X).sum(), x, retain_graph=True)
            norms.append((d.norm() / C.norm()).item())
        if norm_first:
            assert all(math.isclose(n, 1) for n in norms)
        else:
            assert norms[5] < 0.95 and norms[11] < 0.8 * norms[5] and norms[23] < 0.8 * norms[11]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_without_the_root(claim, page, seed):
    """The page's network and the same one without the root, same batches; which are wrong."""
    claim("Yet it learns worse without the root.")
    claim("Most of its mistakes are of one kind, such as 7,085 or 2,009:")
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
