"""The equations of book/recurrence-returns/selective-duality.md, by independent routes."""

import numpy as np
import pytest

from unrolled.layers import scan

T, S, P = 9, 3, 4


def draw(rng, T=T):
    """a (T,), B and C (T, S), X (T, P)."""
    return rng.uniform(0.2, 0.95, T), *(rng.normal(size=(T, k)) for k in (S, S, P))


def loop(a, B, C, X, h=None):
    h, y = np.zeros((S, X.shape[1])) if h is None else h, []
    for t in range(len(X)):
        h = a[t] * h + np.outer(B[t], X[t])
        y.append(C[t] @ h)
    return np.stack(y), h


def table(a, first=1, last=0):
    """The products a_{s + first} … a_{t - last} for s <= t, by multiplying them."""
    n = len(a)
    L = np.zeros((n, n))
    for t in range(n):
        for s in range(t + 1):
            L[t, s] = np.prod(a[s + first : t + 1 - last])
    return L


@pytest.mark.equation("eq-selective-scalar", tolerance=1e-12)
def test_scalar(check, rng):
    """Left: the loop as printed; right: the package's scan over all S P numbers."""
    a, B, C, X = draw(rng)
    write = B[:, :, None] * X[:, None]

    def run(write=write, a=a, C=C):
        keep = np.broadcast_to(a[:, None, None], write.shape).copy()
        return np.einsum("ts,tsp->tp", C, scan.forward(write, keep, np.zeros((S, P)))[0])

    planted = {
        "nothing fades": run(a=np.ones(T)),
        "B and C exchanged": run(C[:, :, None] * X[:, None], C=B),
        "1 - a when writing": run(write * (1 - a)[:, None, None]),
        "factors from the step before": run(a=np.roll(a, 1)),
    }
    check(loop(a, B, C, X)[0], run(), planted=planted)


@pytest.mark.equation("eq-selective-masked", tolerance=1e-12)
def test_masked(check, rng):
    """Left: the loop; right: the table, every product multiplied out."""
    a, B, C, X = draw(rng)
    scores = C @ B.T
    planted = {
        "step s's own factor too": (table(a, first=0) * scores) @ X,
        "the last factor left out": (table(a, last=1) * scores) @ X,
        "no mask": (np.tri(T) * scores) @ X,
        "queries and keys exchanged": (table(a) * scores.T) @ X,
        "turned": (table(a) * scores).T @ X,
    }
    check(loop(a, B, C, X)[0], (table(a) * scores) @ X, planted=planted)


@pytest.mark.equation("eq-selective-rank", tolerance=1e-12)
def test_rank(check, rng):
    """Left: a block of the table; right: the product of the two brackets."""
    a, B, C, _ = draw(rng)
    m = 4  # steps 1 to m, counted from 1, are columns 0 to m - 1

    def brackets(out=1, into=1):
        left = np.stack([np.prod(a[m - 1 + out : t + 1]) * C[t] for t in range(m, T)])
        right = np.stack([np.prod(a[s + into : m]) * B[s] for s in range(m)])
        return left @ right.T

    planted = {
        "a_m twice": brackets(out=0),
        "a_{m+1} left out": brackets(out=2),
        "a_s too": brackets(into=0),
        "a_{s+1} left out": brackets(into=2),
    }
    check((table(a) * (C @ B.T))[m:, :m], brackets(), planted=planted)


@pytest.mark.equation("eq-selective-blocks", tolerance=1e-12)
def test_blocks(check, rng):
    """Left: the loop through one block; right: the two lines as printed."""
    a, B, C, X = draw(rng)
    h = rng.normal(size=(S, P))
    left = loop(a, B, C, X, h)
    since, mask = np.cumprod(a), table(a)
    M = mask * (C @ B.T)

    def lines(since=since, L=mask, out=None):
        y = M @ X + since[:, None] * (C @ h)
        last = (since[-1] if out is None else out) * h + (L[-1, :, None] * B).T @ X
        return y, last

    planted = {
        "the first factor left out": lines(since / a[0]),
        "the state comes in without fading": lines(np.ones(T)),
        "the state goes out without fading": lines(out=1),
        "steps written without fading": lines(L=np.tri(T)),
        "each step's own factor too": lines(L=table(a, first=0)),
    }
    check(left, lines(), planted=planted)


@pytest.mark.equation("eq-selective-products", tolerance=1e-12)
def test_products(check, rng):
    """Left: counted product by product, block by block; right: as printed."""
    S, P, L, blocks = (int(n) for n in rng.integers(3, 9, 4))
    T, count = L * blocks, 0
    for _ in range(blocks):
        for _t in range(L):
            for _s in range(L):
                count += S + P  # an entry of C B', and its use on a row of X
            count += 2 * S * P  # the state read, and written
    planted = {
        "the state once": T * (L * (S + P) + S * P),
        "T for L": T * (T * (S + P) + 2 * S * P) + 1,
        "S P for S + P": T * (L * S * P + 2 * S * P),
        "without T": L * (S + P) + 2 * S * P,
    }
    check(
        float(count),
        float(T * (L * (S + P) + 2 * S * P)),
        planted={k: float(v) for k, v in planted.items()},
    )
