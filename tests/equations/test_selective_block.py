"""The equation of book/recurrence-returns/selective-block.md, against the package's block."""

import numpy as np
import pytest
import torch

from unrolled.models.mamba import Mamba

T, N, D, H, S = 9, 3, 4, 5, 6


def silu(a):
    return a / (1 + np.exp(-a))


@pytest.mark.equation("eq-selective-block", tolerance=1e-10)
def test_block(check, rng):
    """Left: the block in torch; right: the lines as printed, with S6 by its loop."""
    torch.manual_seed(int(rng.integers(1000)))
    block = Mamba(D, H, S).double()
    with torch.no_grad():
        block.widen.bias += 4  # steps of the size of 1
        block.conv.weight *= 3
        for layer in (block.into, block.select, block.out):
            layer.weight *= 2
    x = 2 * rng.normal(size=(T, N, D))
    w = {name: p.detach().numpy() for name, p in block.named_parameters()}

    def run(turned=False, act=silu, gate=silu, shift=0, bias=w["conv.bias"], back=False):
        p, g = np.split(x @ w["into.weight"].T, 2, axis=2)
        if turned:
            p, g = g, p
        padded = np.concatenate([np.zeros((3 + shift, N, H)), p])
        taps = w["conv.weight"][:, 0].T  # (4, H), the last is for now
        taps = taps if back else taps[::-1]
        u = act(bias + sum(taps[k] * padded[3 - k : 3 - k + T] for k in range(4)))
        a, B, C = np.split(u @ w["select.weight"].T, [1, 1 + S], axis=2)
        Delta = np.log1p(np.exp(a @ w["widen.weight"].T + w["widen.bias"]))
        h, y = np.zeros((N, H, S)), np.empty((T, N, H))
        for t in range(T):
            h = np.exp(-Delta[t][..., None] * np.exp(w["A_log"])) * h
            h = h + (Delta[t] * u[t])[..., None] * B[t][:, None]
            y[t] = (h * C[t][:, None]).sum(2) + w["skip"] * u[t]
        return (y * gate(g)) @ w["out.weight"].T

    planted = {
        "the two halves exchanged": run(turned=True),
        "no SiLU after the convolution": run(act=lambda a: a),
        "a plain gate": run(gate=lambda a: 1 / (1 + np.exp(-a))),
        "the convolution one step late": run(shift=1),
        "its weights turned round": run(back=True),
        "no bias": run(bias=0),
    }
    check(block(torch.tensor(x)).detach(), run(), planted=planted)
