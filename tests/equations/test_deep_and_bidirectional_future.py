"""The equations of book/gates/deep-and-bidirectional-future.md, each by two routes."""

from itertools import product

import numpy as np
import pytest
import torch
from plain_layers import D, H, N, T, V, both_ways


def source(rng):
    """A joint distribution P(prefix, y) of 4 prefixes and 3 classes."""
    return rng.dirichlet(np.ones(12)).reshape(4, 3)


def ends_changed(rng, rnn):
    """Logits u (T, N, V) for first inputs p, p' and last inputs q, q', the inputs between fixed."""
    x = rng.normal(size=(T, N, D))
    first, last = 2 * rng.normal(size=(2, 2, N, D))
    W_hy = rng.normal(size=(2 * H, V))
    u = {}
    for i, j in product((0, 1), repeat=2):
        x[0], x[-1] = first[i], last[j]
        u[i, j] = rnn(torch.tensor(x))[0].detach().numpy() @ W_hy
    return u


@pytest.mark.equation("eq-deep-right", tolerance=1e-12)
def test_right(check, rng):
    """Left: the best of all 81 predictors of the prefix; right: the bound, which it attains."""
    joint = source(rng)
    predictors = product(range(3), repeat=4)
    best = max(sum(joint[p, f[p]] for p in range(4)) for f in predictors)
    prefix = joint.sum(axis=1)
    bound = prefix @ (joint / prefix[:, None]).max(axis=1)
    planted = {
        "nothing read": joint.sum(axis=0).max(),
        "mean over prefixes, not weighted": (joint / prefix[:, None]).max(axis=1).mean(),
        "the least likely": prefix @ (joint / prefix[:, None]).min(axis=1),
    }
    check(best, bound, planted=planted)


@pytest.mark.equation("eq-deep-entropy", tolerance=1e-8)
def test_entropy(check, rng):
    """Left: the least expected loss found by descent over all tables; right: H(y | prefix)."""
    joint = source(rng)
    u = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([u], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-15)

    def expected_loss():
        optimiser.zero_grad()
        loss = -(torch.tensor(joint) * u.log_softmax(dim=1)).sum()
        loss.backward()
        return loss

    optimiser.step(expected_loss)
    conditional = joint / joint.sum(axis=1, keepdims=True)
    entropy = -(joint * np.log(conditional)).sum()
    alone = joint.sum(axis=0)
    planted = {
        "H(y)": -(alone * np.log(alone)).sum(),
        "the joint entropy": -(joint * np.log(joint)).sum(),
        "bits": entropy / np.log(2),
    }
    check(expected_loss(), entropy, planted=planted)


@pytest.mark.equation("eq-deep-additive", tolerance=1e-12)
def test_additive(check, rng):
    """Left: u(p, q) + u(p', q'); right: u(p, q') + u(p', q), for 1 < t < T; torch's layer."""
    _, _, _, rnn = both_ways(rng)
    u = ends_changed(rng, rnn)
    inside = slice(1, T - 1)  # t = 2 … T - 1
    left, right = u[0, 0] + u[1, 1], u[0, 1] + u[1, 0]
    planted = {
        "p with itself": (u[0, 0] + u[0, 1])[inside],
        "a difference": (u[0, 1] - u[1, 0])[inside],
        "one term forgotten": u[0, 1][inside],
        "only q moves": (u[0, 1] + u[1, 1])[inside],
    }
    check(left[inside], right[inside], planted=planted)
    for t in (0, T - 1):  # at the ends one direction has read all, and it need not hold
        assert np.abs(left[t] - right[t]).max() > 1e-3
    torch.manual_seed(int(rng.integers(1000)))
    two = torch.nn.RNN(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for parameter in two.parameters():
            parameter.mul_(2)  # far from linear
    v = ends_changed(rng, two)
    assert np.abs(v[0, 0] + v[1, 1] - v[0, 1] - v[1, 0])[inside].max() > 1e-3  # two layers


@pytest.mark.equation("eq-deep-coin", tolerance=1e-8)
def test_coin(check, rng):
    """Left: least mean loss over all additive v, by descent, and the middle; right: ln 2."""
    tau = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)

    def least(v_of, start):
        p = torch.tensor(start, requires_grad=True)
        optimiser = torch.optim.LBFGS([p], max_iter=200, tolerance_grad=1e-12)

        def mean_loss():
            optimiser.zero_grad()
            loss = torch.nn.functional.softplus(-tau * v_of(p)).mean()
            loss.backward()
            return loss

        optimiser.step(mean_loss)
        return mean_loss().item()

    def additive(p):
        return p[0][:, None] + p[1][None]

    start = rng.normal(size=(2, 2))

    def middle(v):
        return np.log(1 + np.exp(-(tau.numpy() * v).mean()))

    left = np.array([least(additive, start), middle(additive(start))])
    free = np.array([least(lambda p: p, start), middle(tau.numpy() * np.abs(start))])
    planted = {
        "v may depend on the pair": free,
        "base 2": np.ones(2),
        "the sum, not the mean": np.full(2, 4 * np.log(2)),
    }
    check(left, np.full(2, np.log(2)), planted=planted)
