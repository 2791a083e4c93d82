"""The equations of book/practice/text-at-scale-vocabulary.md: torch's softmax, enumeration."""

import math

import numpy as np
import pytest
import torch
from torch import nn

H, V, C0 = 6, 11, 4
CUTOFFS = [4, 7]


@pytest.fixture
def layer(rng):
    torch.manual_seed(int(rng.integers(2**31)))
    return nn.AdaptiveLogSoftmaxWithLoss(H, V, CUTOFFS, div_value=2.0).double()


@pytest.mark.equation("eq-scale-drawer", tolerance=1e-10)
def test_drawer(check, rng, layer):
    """Left: torch's log_prob; right: head and drawers by hand, as printed."""
    h = torch.tensor(rng.normal(size=(5, H)))

    def by_hand(drawer=True, inside=True, whole=False):
        head = layer.head(h).softmax(1).detach().numpy()
        columns = [head[:, :C0]]
        for c, tail in enumerate(layer.tail):
            within = tail(h).softmax(1).detach().numpy() if inside else np.ones((5, 4 - (c == 0)))
            if whole:
                within = tail(h).exp().detach().numpy()
            columns.append((head[:, [C0 + c]] if drawer else 1) * within)
        return np.concatenate(columns, 1)

    planted = {
        "without the drawer": by_hand(drawer=False),
        "without the entry": by_hand(inside=False),
        "not normalised in the drawer": by_hand(whole=True),
    }
    check(layer.log_prob(h).exp().detach(), by_hand(), planted=planted)


@pytest.mark.equation("eq-scale-adaptive", tolerance=1e-12)
def test_adaptive(check, rng, layer):
    """Left: entries of the matrices that each target's step uses; right: as printed."""
    targets = rng.integers(0, V, 200)
    which = np.digitize(targets, CUTOFFS)  # 0 is the head
    used = sum(
        layer.head.weight.numel()
        + (sum(part.weight.numel() for part in layer.tail[c - 1]) if c else 0)
        for c in which
    ) / len(targets)
    P = [(which == c).mean() for c in (1, 2)]
    d, sizes = [H // 2, H // 4], [3, 4]

    def printed(P=P, d=d, C=2, state=H):
        return H * (C0 + C) + sum(
            Pc * dc * (state + n) for Pc, dc, n in zip(P, d, sizes, strict=True)
        )

    planted = {
        "all drawers opened": printed(P=[1, 1]),
        "states not made smaller": printed(d=[H, H]),
        "no logits of the drawers": printed(C=0),
        "making smaller is free": printed(state=0),
    }
    check(used, printed(), planted=planted)


def multinomial(K, q):
    """All ways in which K draws can fall, with their probabilities: for three entries."""
    for a in range(K + 1):
        for b in range(K + 1 - a):
            n = (a, b, K - a - b)
            log_ways = math.lgamma(K + 1) - sum(math.lgamma(x + 1) for x in n)
            yield np.array(n), math.exp(log_ways + float(np.dot(n, np.log(q))))


@pytest.mark.equation("eq-scale-sampled", tolerance=1e-12)
def test_sampled(check, rng):
    """Left: Z itself; right: the mean of the printed estimate over all draws of K = 4."""
    u, q, y, K = rng.normal(np.arange(3)), rng.dirichlet([3, 3, 3]), 1, 4
    w, right = np.exp(u) / q, np.exp(u[y])

    def mean(weights=w, target=right, hits=False, share=K):
        keep = np.array([k != y or hits for k in range(3)])
        return sum(
            chance * (target + (n * weights * keep).sum() / share)
            for n, chance in multinomial(K, q)
        )

    planted = {
        "not divided by q": mean(weights=np.exp(u)),
        "hits counted too": mean(hits=True),
        "no target": mean(target=0),
        "not divided by K": mean(share=1),
    }
    check(np.exp(u).sum(), mean(), planted=planted)


@pytest.mark.equation("eq-scale-bias", tolerance=5e-3)
def test_bias(check, rng):
    """Left: K times the exact mean over all draws, taken to the limit; right: the bracket."""
    u, q, y = rng.normal(size=3), 0.2 + 0.4 * rng.dirichlet([2, 2, 2]), 2
    q /= q.sum()
    p = np.exp(u) / np.exp(u).sum()

    def times_K(K):
        w = np.where(np.arange(3) == y, 0, p / q)
        return K * sum(chance * np.log(p[y] + (n * w).sum() / K) for n, chance in multinomial(K, q))

    limit = 2 * times_K(160) - times_K(80)  # the error of order 1/K cancels
    others = [k for k in range(3) if k != y]
    squares = (p[others] ** 2 / q[others]).sum()
    right = -(squares - (1 - p[y]) ** 2) / 2
    planted = {
        "the other sign": -right,
        "the whole variance": 2 * right,
        "the target among the squares": -((p**2 / q).sum() - (1 - p[y]) ** 2) / 2,
        "mean not taken away": -squares / 2,
    }
    check(limit, right, planted=planted)
