"""The equations of book/sequence-to-sequence/teacher-forcing.md, each by an independent route."""

import itertools

import numpy as np
import pytest
import torch

from unrolled.models.fed_back import own, teacher

T, N, D, H, V = 5, 2, 3, 6, 4


def softmax(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def gru_step(W, x, h):
    """The GRU in torch's form; weights (D, 3H), (H, 3H) and two biases, stacked r, z, n."""
    a, b = np.split(x @ W["x"] + W["bx"], 3, axis=-1), np.split(h @ W["h"] + W["bh"], 3, axis=-1)
    r, z = (1 / (1 + np.exp(-(a[k] + b[k]))) for k in (0, 1))
    return (1 - z) * np.tanh(a[2] + r * b[2]) + z * h


def gru_weights(rng):
    shapes = {"x": (V + D, 3 * H), "bx": (3 * H,), "h": (H, 3 * H), "bh": (3 * H,)}
    shapes |= {"hy": (H, V), "by": (V,)}
    return {name: rng.normal(size=s) for name, s in shapes.items()}


def log_probabilities(W, fed, x, h):
    """As printed, one step after the other: log of what softmax gives, (T, N, V)."""
    rows = []
    for f, x_t in zip(fed, x, strict=True):
        h = gru_step(W, np.concatenate([np.eye(V)[f], x_t], axis=-1), h)
        rows.append(np.log(softmax(h @ W["hy"] + W["by"])))
    return np.stack(rows)


def wrong_shares(epsilon, r, steps):
    """The share of wrong answers at each step, over all 2^steps patterns of right and wrong."""
    shares = np.zeros(steps)
    for pattern in itertools.product((0, 1), repeat=steps):  # 1: wrong
        P = 1.0
        for before, now in zip((0, *pattern), pattern, strict=False):
            p_wrong = 1 - r if before else epsilon
            P *= p_wrong if now else 1 - p_wrong
        shares += P * np.array(pattern)
    return shares


@pytest.mark.equation("eq-forcing-step", tolerance=1e-10)
def test_step(check, rng):
    """Left: torch's GRU over all steps at once; right: as printed, step by step."""
    W = gru_weights(rng)
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    fed = rng.integers(V, size=(T, N))
    gru = torch.nn.GRU(V + D, H, dtype=torch.float64)
    rows = torch.tensor(np.concatenate([np.eye(V)[fed], x], axis=-1))
    with torch.no_grad():
        for mine, name in {"x": "weight_ih", "h": "weight_hh"}.items():
            getattr(gru, f"{name}_l0").copy_(torch.tensor(W[mine].T))
            getattr(gru, f"{name.replace('weight', 'bias')}_l0").copy_(torch.tensor(W["b" + mine]))
        h = gru(rows, torch.tensor(h_0)[None])[0]
        left = torch.nn.functional.linear(h, torch.tensor(W["hy"]).T, torch.tensor(W["by"]))
        left = left.softmax(dim=-1).numpy()

    def printed(fed=fed, x=x, h_0=h_0, W=W):
        return np.exp(log_probabilities(W, fed, x, h_0))

    planted = {
        "the token one step late": printed(fed=np.roll(fed, 1, axis=0)),
        "no state to begin with": printed(h_0=0 * h_0),
        "no input": printed(x=0 * x),
        "W_hy without b_y": printed(W=W | {"by": 0 * W["by"]}),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-feed", tolerance=1e-12)
def test_feed(check, rng):
    """Left: what the package's `teacher` and `own` feed; right: as printed, token by token."""
    u = rng.normal(size=(T, 1, N, V))
    y = rng.integers(V - 1, size=(T, 1, N))
    start = np.full((1, 1, N), V - 1)
    inputs = torch.tensor(np.concatenate([start, y[:-1]]))
    scores = [None, *torch.tensor(u[:-1])]
    left = np.stack([
        [feed(inputs)(t, scores[t]).numpy() for t in range(T)] for feed in (teacher, own)
    ])  # fmt: skip

    def printed(late=1, choose=np.argmax, first=V - 1):
        fed = np.full((2, T, 1, N), first)
        for t in range(2, T + 1):  # steps from 1
            for n in range(N):
                fed[0, t - 1, 0, n] = y[t - 1 - late, 0, n]
                y_hat = softmax(u[t - 1 - late, 0, n])
                fed[1, t - 1, 0, n] = choose(y_hat)
        return fed

    planted = {
        "the token of the same step": printed(late=0),
        "the unlikeliest token": printed(choose=np.argmin),
        "no START": printed(first=0),
    }
    check(left, printed(), planted=planted)


@pytest.mark.equation("eq-forcing-loss", tolerance=1e-10)
def test_loss(check, rng):
    """Left: minus the log of the answer's share when all answers are written by drawing.

    For each step the network is run anew on the true beginning, and a tree of all V^T answers is
    filled with their probabilities. Right: the sum as printed, from one run fed the truth.
    """
    W, T = gru_weights(rng), 3
    x, h_0 = rng.normal(size=(T, 1, D)), rng.normal(size=(1, H))
    y, START = rng.integers(V - 1, size=T), V - 1
    tree = np.zeros((V,) * T)
    for w in itertools.product(range(V), repeat=T):
        P = 1.0
        for t in range(T):
            beginning = np.array([START, *w[:t]])[:, None]
            log_p = log_probabilities(W, beginning, x[: t + 1], h_0)[-1, 0]
            P *= np.exp(log_p[w[t]])
        tree[w] = P
    assert tree.sum() == pytest.approx(1)
    left = -np.log(tree[tuple(y)])

    def printed(fed, mean=False, base=np.e):
        log_p = log_probabilities(W, np.array(fed)[:, None], x, h_0)[:, 0]
        losses = -log_p[np.arange(T), y] / np.log(base)
        return losses.mean() if mean else losses.sum()

    wrong = (y + 1) % (V - 1)
    planted = {
        "the target of the same step is fed": printed(y),
        "a false beginning is fed": printed([START, *wrong[:-1]]),
        "the mean": printed([START, *y[:-1]], mean=True),
        "logarithm to base 2": printed([START, *y[:-1]], base=2),
    }
    check(left, printed([START, *y[:-1]]), planted=planted)


@pytest.mark.equation("eq-forcing-recursion", tolerance=1e-12)
def test_recursion(check, rng):
    """Left: all patterns of right and wrong, enumerated; right: the recursion as printed."""
    epsilon, r, steps = rng.uniform(0.05, 0.3), rng.uniform(0.1, 0.6), 9

    def printed(stay=1 - r, new=epsilon, of_right=True):
        e = [0.0]
        for _ in range(steps):
            e.append(stay * e[-1] + new * (1 - e[-1] if of_right else 1))
        return np.array(e[1:])

    planted = {
        "r for 1 - r": printed(stay=r),
        "ε of all, and not of the right ones": printed(of_right=False),
        "no way back": printed(stay=1),
        "1 - ε for ε": printed(new=1 - epsilon),
    }
    check(wrong_shares(epsilon, r, steps), printed(), planted=planted)


@pytest.mark.equation("eq-forcing-wrong", tolerance=1e-12)
def test_wrong(check, rng):
    """Left: the number of wrong answers over all patterns; right: the two forms as printed."""
    epsilon, steps = rng.uniform(0.05, 0.3), 8
    left = np.array([wrong_shares(epsilon, r, steps).sum() for r in (1 - epsilon, 0.0)])
    t = np.arange(1, steps + 1)

    def printed(rate=epsilon, t=t):
        return np.array([rate * steps, (1 - (1 - rate) ** t).sum()])

    planted = {
        "1 - ε for ε": printed(rate=1 - epsilon),
        "steps counted from 0": printed(t=t - 1),
        "the product of all steps": np.array(
            [epsilon * steps, steps * (1 - (1 - epsilon) ** steps)]
        ),
        "the square where ε T is not small": np.array([epsilon * steps, epsilon * steps**2 / 2]),
    }
    check(left, printed(), planted=planted)
    for small, length in ((1e-6, 1000), (1e-5, 500)):  # the approximation, where ε T is small
        exact = (1 - (1 - small) ** np.arange(1, length + 1)).sum()
        assert exact == pytest.approx(small * length**2 / 2, rel=5e-3)
