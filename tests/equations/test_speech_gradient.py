"""The equations of speech-gradient.md, each against an independent route."""

import itertools
import math

import numpy as np
import pytest
from letter_paths import (
    T,
    V,
    alphas,
    betas,
    chance,
    draw,
    every,
    kappa,
    occupancies,
    spelling,
    stands,
)

from unrolled.layers import ctc


@pytest.mark.equation("eq-speech-log", tolerance=1e-10)
def test_log(check, rng):
    """Left: scaled, without logarithms, over 400 frames; right: logsumexp as it is printed."""
    T, text = 400, tuple(rng.integers(1, 5, size=30).tolist())
    y_hat, places = rng.dirichlet(np.ones(5), size=T), [0, *(s for v in text for s in (v, 0))]
    S = len(places)
    kappas = np.array([kappa(places, s) for s in range(S)])

    def logsumexp(values):
        m = max(values)
        return m if m == -math.inf else m + math.log(sum(math.exp(v - m) for v in values))

    def logs(add):
        log_alpha = [[-math.inf] * S for _ in range(T)]
        log_alpha[0][:2] = np.log(y_hat[0, places[:2]]).tolist()
        for t, s in itertools.product(range(1, T), range(S)):
            came = [s, *([s - 1] if s else []), *([s - 2] if kappas[s] else [])]
            total = add([log_alpha[t - 1][r] for r in came])
            log_alpha[t][s] = total + math.log(y_hat[t, places[s]])
        return np.array(log_alpha[-1])[-60:]

    row, scale = np.zeros(S), 0.0
    row[:2] = y_hat[0, places[:2]]
    for y in y_hat[1:, places]:
        one, two = np.r_[0, row[:-1]], np.r_[0, 0, row[:-2]]
        row = (row + one + kappas * two) * y
        scale += math.log(row.sum())
        row /= row.sum()
    planted = {
        "the largest alone": logs(max),
        "the mean": logs(lambda values: logsumexp(values) - math.log(len(values))),
        "a product": logs(lambda values: sum(v for v in values if v > -math.inf) or -math.inf),
    }
    check(np.log(row[-60:]) + scale, logs(logsumexp), planted=planted)


@pytest.mark.equation("eq-speech-beta", tolerance=1e-12)
def test_beta(check, rng):
    """Left: all ends that complete some beginning at the place, by reading; right: recursion."""
    y_hat, _, _ = draw(rng, T=5)
    text, places = (1, 1, 2), [0, 1, 0, 1, 0, 2, 0]
    left = np.zeros((5, 7))
    for t in range(5):
        for s in range(7):
            begin = [v for u in range((s + 1) // 2) for v in (0, text[u])]  # stands at s
            begin += [0] if s % 2 == 0 else []
            assert stands(begin or [0], text) == s
            for end in every(4 - t):
                if ctc.collapse([*begin, *end]) == text:
                    left[t, s] += math.prod(y_hat[t + 1 + i, v] for i, v in enumerate(end))

    def equal_letters_too(places, s):
        return float(s >= 2 and places[s] != 0)

    right = betas(y_hat, places)
    planted = {
        "the paper's, with frame t": right * y_hat[:, places],
        "jumps between equal letters": betas(y_hat, places, jump=equal_letters_too),
        "ends in the blank only": betas(y_hat, places, ends=1),
        "jumps where it stands": betas(y_hat, places, jump=lambda p, s: kappa(p, s - 1)),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-speech-meet", tolerance=1e-12)
def test_meet(check, rng):
    """Left: the sum over all paths; right: both recursions, at every frame."""
    y_hat, text, places = draw(rng)
    p = sum(chance(y_hat, path) for path in spelling(text))
    alpha, beta = alphas(y_hat, places), betas(y_hat, places)
    planted = {
        "frame t twice": (alpha * beta * y_hat[:, places]).sum(axis=1),
        "the last two places": (alpha * beta)[:, -2:].sum(axis=1),
        "one frame apart": np.r_[p, (alpha[1:] * beta[:-1]).sum(axis=1)],
    }
    check(np.full(T, p), (alpha * beta).sum(axis=1), planted=planted)


@pytest.mark.equation("eq-speech-occupancy", tolerance=1e-12)
def test_occupancy(check, rng):
    """Left: the share of the paths with v at frame t, by enumeration; right: the formula."""
    y_hat, text, places = draw(rng)
    left = np.zeros((T, V))
    for path in spelling(text):
        left[range(T), path] += chance(y_hat, path)
    left /= left.sum(axis=1, keepdims=True)
    omega, shares = occupancies(y_hat, text, places)
    last = np.zeros((T, V))
    for s, v in enumerate(places):
        last[:, v] = shares[:, s] / shares.sum(axis=1)
    planted = {
        "not divided by p": omega * shares.sum(axis=1, keepdims=True),
        "one place of each symbol": last,
        "without beta": np.stack(
            [
                sum(alphas(y_hat, places)[:, s] * (w == v) for s, w in enumerate(places))
                for v in range(V)
            ],
            axis=1,
        ),
    }
    check(left, omega, planted=planted)
