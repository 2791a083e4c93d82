"""The equations of book/sequences/recurrence-learning.md, each against a second route."""

import itertools

import numpy as np
import pytest
import torch

H = 5  # units


def bits(length):
    """All strings of so many bits, (length, 2^length)."""
    return np.array(list(itertools.product([0, 1], repeat=length))).T


@pytest.mark.equation("eq-recurrence-carry", tolerance=1e-12)
def test_carry(check, rng):
    """Left side by adding all pairs of k-bit numbers and guessing what is more frequent."""
    k = rng.permutation(np.arange(9))[:6]
    left = []
    for bits in k:
        carries = np.add.outer(np.arange(2**bits), np.arange(2**bits)) >> bits
        left.append(max(carries.mean(), 1 - carries.mean()))
    planted = {
        "a coin": 0.5 * np.ones(6),
        "one bit more to come": (1 + 0.5 ** (k + 1)) / 2,
        "a carry passed on in one case of four": 1 - (1 - 0.25**k) / 3,  # r = 1/4 + r/4
    }
    check(left, (1 + 0.5**k) / 2, planted=planted)


@pytest.mark.equation("eq-recurrence-signal", tolerance=1e-10)
def test_signal(check, rng):
    """Left side by autograd through cross-entropy, right side by the two means as printed."""
    net = torch.nn.RNN(1, H, dtype=torch.float64)
    readout = torch.nn.Linear(H, 2, dtype=torch.float64)
    parameters = [*net.parameters(), *readout.parameters()]
    with torch.no_grad():
        for parameter in parameters:
            parameter[:] = torch.tensor(rng.normal(size=parameter.shape))
    strings = torch.tensor(bits(3))
    u = readout(net(strings[..., None].double())[0][-1])
    d = u[:, 1] - u[:, 0]
    chi = (-1.0) ** strings.sum(dim=0)

    def mean(weights):
        """E[weights ∂d/∂θ], all parameters in one vector."""
        weights = weights.detach() / len(weights)
        grads = torch.autograd.grad(d, parameters, weights, retain_graph=True)
        return torch.cat([g.flatten() for g in grads])

    loss = torch.nn.functional.cross_entropy(u, strings.sum(dim=0) % 2)
    left = torch.autograd.grad(loss, parameters, retain_graph=True)
    known, signal = mean(torch.sigmoid(d) - 0.5), mean(chi) / 2
    planted = {
        "the signal alone": signal,
        "χ = -1 for even": known - signal,
        "without the factor one half": known + 2 * signal,
        "ς(d) not centred": mean(torch.sigmoid(d)) + signal,
    }
    check(torch.cat([g.flatten() for g in left]), known + signal, planted=planted)
