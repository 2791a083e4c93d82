"""The equations of book/recurrence-returns/exponential-gates.md, each by an independent route."""

import numpy as np
import pytest
import torch

from unrolled.layers import SLSTM

T, N, D, H = 7, 3, 4, 5


def sigmoid(a):
    return 0.5 + 0.5 * np.tanh(a / 2)  # overflows for no a, not even a wrong one


def case(rng):
    """Blocks of every step, and a start: (T, N, H) each, and (N, H)."""
    a, f, g, o = rng.normal(size=(4, T, N, H))
    return a, sigmoid(f), np.tanh(g), sigmoid(o), np.tanh(rng.normal(size=(N, H)))


def printed(a, f, g, o, c, n):
    """The three lines, step by step, from n votes for c: h, c and n after the last step."""
    for t in range(len(a)):
        now = f[t] * n + np.exp(a[t])
        c, n = (f[t] * n * c + np.exp(a[t]) * g[t]) / now, now
    return o[-1] * c, c, n


@pytest.mark.equation("eq-exponential-slstm", tolerance=1e-11)
def test_slstm(check, rng):
    """Left: the package's layer, which keeps a logarithm; right: as printed."""
    layer, x = SLSTM.init(D, H, rng), rng.normal(size=(T, N, D))
    h_0, c_0, m_0 = state = tuple(rng.normal(size=(3, N, H)))
    h, (_, c_T, m_T), _ = layer.forward(x, state)

    def run(votes=np.exp, squash=lambda c: c, keep=lambda f: f):
        h, c, n = h_0, c_0, np.exp(m_0)
        for x_t in x:
            i, f, g, o = np.split(x_t @ layer.W_xh + h @ layer.W_hh + layer.b_h, 4, axis=1)
            f, g = keep(sigmoid(f)), np.tanh(g)
            now = f * n + votes(i)
            c, n = (f * n * c + votes(i) * g) / now, now
            h = sigmoid(o) * squash(c)
        return h, c, n

    planted = {
        "one vote at most": run(votes=sigmoid),
        "a tanh around the note": run(squash=np.tanh),
        "the votes do not fade": run(keep=np.ones_like),
    }
    check((h[-1], c_T, np.exp(m_T)), run(), planted=planted)


@pytest.mark.equation("eq-exponential-share", tolerance=1e-12)
def test_share(check, rng):
    """Left: the average of the printed sLSTM; right: moved by the share."""
    a, f, g, o, c_0 = case(rng)
    _, c, _ = printed(a, f, g, o, c_0, np.ones((N, H)))

    def run(share, towards=lambda g, c: g - c):
        c, n = c_0, np.ones((N, H))
        for t in range(T):
            before, n = n, f[t] * n + np.exp(a[t])
            c = c + share(np.exp(a[t]), before, n) * towards(g[t], c)
        return c

    planted = {
        "divided by the votes before": run(lambda e, before, n: e / before),
        "divided by the votes that are left": run(lambda e, before, n: e / (n - e)),
        "added, not moved": run(lambda e, before, n: e / n, lambda g, c: g),
        "the share of the rest": run(lambda e, before, n: 1 - e / n),
    }
    check(c, run(lambda e, before, n: e / n), planted=planted)


@pytest.mark.equation("eq-exponential-log", tolerance=1e-12)
def test_log(check, rng):
    """Left: logarithm of the votes and share, from the votes themselves; right: as printed."""
    a, f, *_ = case(rng)
    a, f, n = a[0], f[0], np.exp(rng.normal(size=(N, H)))
    now, m = f * n + np.exp(a), np.log(n)

    def lines(left, score):
        return np.log(np.exp(left) + np.exp(a)), sigmoid(score)

    kept = m + np.log(f)
    planted = {
        "f in place of its logarithm": lines(m + f, a - m - f),
        "the new m in the share": lines(kept, a - np.log(now)),
        "ln f forgotten in the share": lines(kept, a - m),
        "signs turned round": lines(kept, m + np.log(f) - a),
        "the larger one alone": (np.maximum(kept, a), sigmoid(a - kept)),
    }
    check((np.log(now), np.exp(a) / now), lines(kept, a - m - np.log(f)), planted=planted)


@pytest.mark.equation("eq-exponential-weights", tolerance=1e-12)
def test_weights(check, rng):
    """Left: the note of each newcomer alone, by running; right: as printed, for every j."""
    a, f, _, o, _ = case(rng)
    nothing, zero = np.zeros((N, H)), np.zeros((N, H))
    shares = []
    for j in range(T):
        alone = np.zeros((T, N, H))
        alone[j] = 1  # its share is what the note is
        shares.append(printed(a, f, alone, o, zero, nothing)[1])
    n = printed(a, f, 0 * a, o, zero, nothing)[2]

    def line(first=1, last=T, sign=1):
        faded = [sign * np.log(f[j + first : last]).sum(axis=0) for j in range(T)]
        return np.exp(a + np.array(faded)) / n

    planted = {
        "its own forget gate too": line(first=0),
        "the last step left out": line(last=T - 1),
        "growing": line(sign=-1),
        "no votes to divide by": line() * n,
    }
    check(np.array(shares), line(), planted=planted)


@pytest.mark.equation("eq-exponential-monotone", tolerance=1e-12)
def test_monotone(check, rng):
    """Left: differences of a state that runs; right: as printed."""
    gamma, beta, h = rng.uniform(-1, 1, H), rng.normal(size=H), [rng.normal(size=H)]
    for _ in range(T):
        h.append(gamma * h[-1] + beta)
    h = np.array(h)
    planted = {
        "plus what is added": gamma * (h[1:-1] - h[:-2]) + beta,
        "the other way round": gamma * (h[:-2] - h[1:-1]),
        "the factor twice": gamma**2 * (h[1:-1] - h[:-2]),
    }
    check(h[2:] - h[1:-1], gamma * (h[1:-1] - h[:-2]), planted=planted)


@pytest.mark.equation("eq-exponential-mirror", tolerance=1e-12)
def test_mirror(check, rng):
    """Left: torch's product with I - 2 k^T k, and a swap; right: as printed."""
    h, k = rng.normal(size=(1, H)), rng.normal(size=(1, H))
    k /= np.linalg.norm(k)
    swap = np.zeros((1, H))
    swap[0, [1, 3]] = np.array([1, -1]) / np.sqrt(2)
    exchanged = h[:, [0, 3, 2, 1, 4]]
    left = (torch.tensor(h) @ (torch.eye(H) - 2 * torch.tensor(k.T @ k))).numpy()

    def line(times, back=lambda k: k):
        return tuple(h - times * (h @ one.T) * back(one) for one in (k, swap))

    planted = {
        "strength 1, a projection": line(1),
        "the sign of the second term": line(-2),
        "halved": line(0.5),
        "the square of the overlap": tuple(h - 2 * (h @ one.T) ** 2 * one for one in (k, swap)),
    }
    check((left, exchanged), line(2), planted=planted)
