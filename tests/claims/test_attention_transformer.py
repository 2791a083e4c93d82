"""What sentences of book/sequence-to-sequence/attention-transformer.md say."""

import math

import torch
from torch import nn


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
