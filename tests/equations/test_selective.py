"""The equations of book/recurrence-returns/selective.md, each against an independent route."""

import numpy as np
import pytest
import torch

from unrolled.layers import S6

T, N, D, H, S = 7, 3, 4, 5, 6


@pytest.mark.equation("eq-selective-sum", tolerance=1e-12)
def test_sum(check, rng):
    """Left: the filter run step by step, and read out; right: a number for each place."""
    symbols, u = rng.integers(0, 3, T), rng.normal(size=(3, H))
    lam, w, h = rng.uniform(0.3, 0.95, H), rng.normal(size=H), np.zeros(H)
    for s in symbols:
        h = lam * h + u[s]

    def points(power, table=u):
        return sum((lam ** power(t) * table[symbols[t - 1]]) @ w for t in range(1, T + 1))

    planted = {
        "one power too many": points(lambda t: T - t + 1),
        "places counted from the start": points(lambda t: t - 1),
        "the same for every place": points(lambda t: 0),
        "all symbols alike": points(lambda t: T - t, np.tile(u[:1], (3, 1)) + 0.1),
    }
    check(h @ w, points(lambda t: T - t), planted=planted)


@pytest.mark.equation("eq-selective-delta", tolerance=1e-12)
def test_delta(check, rng):
    """Left: torch's softplus of a linear layer; right: as printed."""
    x, W, b = rng.normal(size=(N, D)), rng.normal(size=(D, H)), rng.normal(size=H)
    a = torch.nn.functional.linear(*map(torch.as_tensor, (x, W.T.copy(), b)))
    a_np = x @ W + b
    planted = {
        "without the one": a_np,
        "no logarithm": 1 + np.exp(a_np),
        "the sign of a turned round": np.log1p(np.exp(-a_np)),
        "bias forgotten": np.log1p(np.exp(x @ W)),
    }
    check(torch.nn.functional.softplus(a, threshold=1e9), np.log(1 + np.exp(a_np)), planted=planted)


@pytest.mark.equation("eq-selective-gate", tolerance=1e-12)
def test_gate(check, rng):
    """Left: what torch's softplus leaves; middle and right as printed."""
    a = 3 * rng.normal(size=(N, H))
    kept = torch.exp(-torch.nn.functional.softplus(torch.tensor(a), threshold=1e9))
    sigma = torch.sigmoid(torch.tensor(a)).numpy()
    planted = {
        "the sign of a turned round": (sigma, sigma + 0),
        "1 + sigma": (1 / (1 + np.exp(a)), 1 + sigma),
        "e^-a in the middle": (1 / (1 + np.exp(-a)), 1 - sigma),
        "the one forgotten": (1 / (1 + np.exp(a)), -sigma),
    }
    check((kept, kept.clone()), (1 / (1 + np.exp(a)), 1 - sigma), planted=planted)


@pytest.mark.equation("eq-selective-clock", tolerance=1e-12)
def test_clock(check, rng):
    """Left: what is left of a one after step k, by running on; right: by the clock."""
    Delta, k, h = rng.uniform(0, 1, (T, H)), 2, np.ones(H)
    for step in Delta[k:]:  # steps k + 1 to T, counted from 1
        h = np.exp(-step) * h
    planted = {
        "step k's own too": np.exp(-Delta[k - 1 :].sum(0)),
        "the last one left out": np.exp(-Delta[k:-1].sum(0)),
        "sum of exponentials": np.exp(-Delta[k:]).sum(0),
        "steps counted, not the clock": np.exp(-(T - k) * np.ones(H)),
    }
    check(h, np.exp(-Delta[k:].sum(0)), planted=planted)


@pytest.mark.equation("eq-selective-s6", tolerance=1e-12)
def test_s6(check, rng):
    """Left: the package's layer, a scan; right: entry by entry, as printed."""
    layer = S6.init(D, H, rng, S=S)
    layer.A_log += 0.3 * rng.normal(size=(H, S))
    layer.skip += rng.normal(size=H)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H, S))
    u, a, B, C = np.split(x @ layer.W_xh + layer.b_h, [H, 2 * H, 2 * H + S], axis=2)
    Delta, A = np.log(1 + np.exp(a)) + 0.5, -np.exp(layer.A_log)
    layer.b_h[H : 2 * H] = 0  # larger steps, so that every error shows
    a = x @ layer.W_xh[:, H : 2 * H]
    Delta = np.log(1 + np.exp(a))

    def run(Delta=Delta, A=A, B=B, C=C, d=layer.skip, wrote=Delta, sign=1):
        h, y = h_0.copy(), np.empty((T, N, H))
        for t in range(T):
            for n in range(N):
                for j in range(H):
                    for s in range(S):
                        h[n, j, s] *= np.exp(sign * Delta[t, n, j] * A[j, s])
                        h[n, j, s] += wrote[t, n, j] * u[t, n, j] * B[t, n, s]
                    y[t, n, j] = (h[n, j] * C[t, n]).sum() + d[j] * u[t, n, j]
        return y, h

    y, last, _ = layer.forward(x, h_0)
    planted = {
        "no step size when writing": run(wrote=np.ones_like(Delta)),
        "no step size when keeping": run(Delta=np.ones_like(Delta)),
        "B and C exchanged": run(B=C, C=B),
        "A without its minus": run(sign=-1),
        "no skip": run(d=np.zeros(H)),
        "one A for all numbers of a unit": run(A=A[:, :1].repeat(S, axis=1)),
    }
    check((y, last), run(), planted=planted)


@pytest.mark.equation("eq-selective-tau", tolerance=1e-10)
def test_tau(check, rng):
    """Left: at which time the decay passes 1/e, by bisection; right: as printed."""
    Delta = rng.uniform(0.05, 2, H)
    low, high = np.zeros(H), np.full(H, 100.0)
    for _ in range(80):
        middle = (low + high) / 2
        faint = np.exp(-Delta) ** middle < np.exp(-1)
        low, high = np.where(faint, low, middle), np.where(faint, middle, high)
    keep = np.exp(-Delta)
    planted = {
        "the step size itself": (Delta + 0, -1 / np.log(keep)),
        "1 - keep for the logarithm": (1 / (1 - keep), 1 / Delta),
        "half-life": (np.log(2) / Delta, 1 / Delta),
    }
    check((low, low.copy()), (-1 / np.log(keep), 1 / Delta), planted=planted)
