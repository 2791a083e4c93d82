"""The equations of book/sequence-to-sequence/teacher-forcing-optimum.md, by independent routes."""

import itertools

import numpy as np
import pytest
import torch


def distribution(rng, *shape):
    P = rng.random(shape) + 0.05
    return P / P.sum()


def conditional(P, prefix):
    """P(·|y_<t) of a joint distribution over V^T sequences."""
    rest = P[prefix].reshape(P.shape[0], -1).sum(axis=-1)
    return rest / rest.sum()


def sampled(P, Q_a, epsilon, draws, rng):
    """Pairs (what is read, what is to be written), counted."""
    A, B = P.shape
    a, b = np.divmod(rng.choice(A * B, size=draws, p=P.ravel()), B)
    own = rng.choice(A, size=draws, p=Q_a)
    read = np.where(rng.random(draws) < epsilon, a, own)
    return np.bincount(read * B + b, minlength=A * B).reshape(A, B) / draws


@pytest.mark.equation("eq-forcing-likelihood", tolerance=1e-12)
def test_likelihood(check, rng):
    """Left: -log Q of every whole sequence, weighted by P; right: the sum over all prefixes."""
    steps, symbols = 3, 4
    P, Q = (distribution(rng, *[symbols] * steps) for _ in range(2))
    left = -(P * np.log(Q)).sum()

    def summed(weights=P, swapped=False, entropy=True):
        total = 0.0
        for t in range(steps):
            for prefix in itertools.product(range(symbols), repeat=t):
                p, q = conditional(P, prefix), conditional(Q, prefix)
                a, b = (q, p) if swapped else (p, q)
                term = (a * np.log(a / b)).sum() - entropy * (p * np.log(p)).sum()
                total += weights[prefix].sum() * term
        return total

    planted = {
        "prefixes written by the model, as in free running": summed(weights=Q),
        "divergence the other way round": summed(swapped=True),
        "entropy forgotten": summed(entropy=False),
    }
    check(left, summed(), planted=planted)


@pytest.mark.equation("eq-forcing-read", tolerance=1e-2)
def test_read(check, rng):
    """Left: four million simulated steps, counted; right: the mixture as printed."""
    P = distribution(rng, 2, 3) + np.array([[0.5, 0, 0], [0, 0, 0.5]])
    P, Q_a, epsilon = P / P.sum(), np.array([0.1, 0.9]), 0.4
    left = sampled(P, Q_a, epsilon, 4_000_000, rng)

    def mixture(epsilon, Q_a):
        return epsilon * P + (1 - epsilon) * np.outer(Q_a, P.sum(axis=0))

    planted = {
        "ε and 1 - ε exchanged": mixture(1 - epsilon, Q_a),
        "draws from the data": mixture(epsilon, P.sum(axis=1)),
        "the draw keeps the truth's continuation": P,
    }
    check(left, mixture(epsilon, Q_a), planted=planted)


@pytest.mark.equation("eq-forcing-optimum", tolerance=1e-6)
def test_optimum(check, rng):
    """Left: the expected loss by enumerating truth, coin and draw, minimised; right: printed."""
    A, B, epsilon = 3, 4, rng.uniform(0.25, 0.4)
    P = distribution(rng, A, B)
    u_a = torch.zeros(A, dtype=torch.float64, requires_grad=True)
    u_b = torch.zeros(A, B, dtype=torch.float64, requires_grad=True)

    def expected_loss():
        log_a, log_b = u_a.log_softmax(dim=-1), u_b.log_softmax(dim=-1)
        draw = log_a.exp().detach()  # no gradient through the draws
        loss = 0.0
        for a, b in itertools.product(range(A), range(B)):
            second = epsilon * log_b[a, b]
            for other in range(A):
                second = second + (1 - epsilon) * draw[other] * log_b[other, b]
            loss = loss - P[a, b] * (log_a[a] + second)
        return loss

    for leaves in ([u_a], [u_b]):  # the first step does not depend on the second
        optimizer = torch.optim.LBFGS(
            leaves, max_iter=300, tolerance_grad=1e-12, tolerance_change=0,
            line_search_fn="strong_wolfe",
        )  # fmt: skip

        def closure(leaves=leaves, optimizer=optimizer):
            optimizer.zero_grad()
            value = expected_loss()
            for leaf, g in zip(leaves, torch.autograd.grad(value, leaves), strict=True):
                leaf.grad = g
            return value

        optimizer.step(closure)
    left = u_b.detach().softmax(dim=-1)
    P_a, P_b = P.sum(axis=1, keepdims=True), P.sum(axis=0)
    planted = {
        "the data's distribution": P / P_a,
        "the product of marginals": np.tile(P_b, (A, 1)),
        "ε and 1 - ε exchanged": (1 - epsilon) * P / P_a + epsilon * P_b,
    }
    check(left, epsilon * P / P_a + (1 - epsilon) * P_b, planted=planted)
