"""The equations of book/convolution/one-dimensional.md."""

import numpy as np
import pytest
import torch
from convolutions import F, at, conv1d, draw, seen


@pytest.mark.equation("eq-conv-column", tolerance=1e-12)
def test_column(check, rng):
    """Left side by the sum as printed, right side by NumPy's convolve of the turned filter."""
    x, w, b = rng.normal(size=11), rng.normal(size=F), rng.normal()
    T = len(x)
    left = [b + sum(x[t + k - 1] * w[k] for k in range(F)) for t in range(1, T - F + 2)]
    check(
        left,
        np.convolve(x, w[::-1], "valid") + b,
        planted={
            "filter turned": np.convolve(x, w, "valid") + b,
            "bias for each tap": np.convolve(x, w[::-1], "valid") + F * b,
            "T outputs": np.convolve(x, w[::-1], "same") + b,
        },
    )


@pytest.mark.equation("eq-conv-params", tolerance=1e-15)
def test_params(check, rng):
    """Left side as printed, right side counted in torch's layer: the deck's five and five drawn."""
    sizes = [(10, 3, 100), (10, 100, 100), (10, 100, 160), (10, 160, 160), (1, 160, 6)]
    sizes = np.array([*sizes, *(rng.permutation(np.arange(2, 20))[:3] for _ in range(5))])
    layers = [torch.nn.Conv1d(D, H, F) for F, D, H in sizes.tolist()]
    counted = np.array([sum(p.numel() for p in layer.parameters()) for layer in layers])
    F_, D_, H_ = sizes.T
    assert counted[:5].tolist() == [3100, 100100, 160160, 256160, 966]
    wrong = {
        "a bias for each input": F_ * D_ * H_ + D_,
        "no bias": F_ * D_ * H_,
        "a bias for each tap": F_ * (D_ + 1) * H_,
        "one tap": (D_ + 1) * H_,
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((F_ * D_ * H_ + H_, (F_ * D_ + 1) * H_), (counted, counted.copy()), planted=planted)


@pytest.mark.equation("eq-conv-doubling", tolerance=1e-15)
def test_doubling(check, rng):
    """Left side as printed, right side by sending impulses through layers."""
    depth, taps = (int(n) for n in rng.permutation([2, 3, 4])[:2])
    layers = [(taps, 1, 2**l) for l in range(depth)]  # noqa: E741
    check(
        [1 + (taps - 1) * (2**depth - 1)],
        [seen(layers)],
        planted={
            "one layer more": [1 + (taps - 1) * (2 ** (depth + 1) - 1)],
            "without the first step": [(taps - 1) * (2**depth - 1)],
            "2^ℓ for 2^ℓ - 1": [1 + (taps - 1) * 2**depth],
            "taps, not gaps": [1 + taps * (2**depth - 1)],
            "equal dilations": [1 + (taps - 1) * depth],
        },
    )


@pytest.mark.equation("eq-conv-layer", tolerance=1e-12)
def test_layer(check, rng):
    """Left side by the sum as printed, right side by torch's conv1d."""
    T = 11
    x, W, b = draw(rng, T)

    def output(W, late=0, taps=F):
        return np.array([
            b + sum(at(x, t + late + k) @ W[k] for k in range(taps)) for t in range(1, T - F + 2)
        ])  # fmt: skip

    check(
        output(W),
        conv1d(x, W, b),
        planted={
            "filter turned": output(W[::-1]),
            "last tap left out": output(W, taps=F - 1),
            "one step late": output(W, late=1),
            "bias for each tap": output(W) + (F - 1) * b,
        },
    )


@pytest.mark.equation("eq-conv-sight", tolerance=1e-15)
def test_sight(check, rng):
    """Left side as printed, right side by sending impulses through layers of any dilations."""
    taps = int(rng.integers(3, 5))
    d = rng.permutation([2, 3, 4, 5])[:3]
    check(
        [1 + (taps - 1) * np.sum(d)],
        [seen([(taps, 1, int(dilation)) for dilation in d])],
        planted={
            "without the first step": [(taps - 1) * np.sum(d)],
            "taps, not gaps": [1 + taps * np.sum(d)],
            "the largest dilation alone": [1 + (taps - 1) * np.max(d)],
            "the dilations multiplied": [1 + (taps - 1) * np.prod(d)],
            "no dilations": [1 + (taps - 1) * len(d)],
        },
    )
