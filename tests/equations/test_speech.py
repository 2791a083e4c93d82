"""The equations of book/sequence-to-sequence/speech.md, each against an independent route."""

import itertools
import math

import numpy as np
import pytest
import torch
from letter_paths import (
    TEXTS,
    T,
    V,
    alphas,
    chance,
    draw,
    every,
    occupancies,
    spelling,
    stands,
)


def torch_loss(u, text):
    sizes = torch.tensor([len(u)]), torch.tensor([len(text)])
    target = torch.tensor(text)[None]
    return torch.nn.functional.ctc_loss(u.log_softmax(-1), target, *sizes, reduction="sum")


def by_place(y_hat, text):
    """alpha by enumeration of all beginnings."""
    alpha = np.zeros((len(y_hat), 2 * len(text) + 1))
    for t in range(len(y_hat)):
        for path in every(t + 1):
            s = stands(path, text)
            if s is not None:
                alpha[t, s] += chance(y_hat, path)
    return alpha


@pytest.mark.equation("eq-speech-count", tolerance=1e-12)
def test_count(check, rng):
    """Left: paths that are read as the text, counted; right: the binomial coefficient."""
    drawn = [tuple(rng.integers(1, V, size=n).tolist()) for n in (3, 4)]
    cases = [*itertools.product([*TEXTS, *drawn], (3, 5, 7))]
    left = np.array([len(spelling(text, T)) for text, T in cases])

    def printed(formula):
        found = []
        for text, frames in cases:
            R = sum(a == b for a, b in itertools.pairwise(text))
            found.append(formula(frames, len(text), R))
        return np.array(found)

    planted = {
        "no repeats": printed(lambda T, U, R: math.comb(T + U, 2 * U)),
        "repeats added": printed(lambda T, U, R: math.comb(T + U + R, 2 * U)),
        "2U + 1 below": printed(lambda T, U, R: math.comb(T + U - R, 2 * U + 1)),
        "T over U": printed(lambda T, U, R: math.comb(T, U)),
        "U below": printed(lambda T, U, R: math.comb(T + U - R, U)),
    }
    check(left, printed(lambda T, U, R: math.comb(T + U - R, 2 * U)), planted=planted)


@pytest.mark.equation("eq-speech-sum", tolerance=1e-12)
def test_sum(check, rng):
    """Left: torch's loss; right: the sum over all paths that are read as the text."""
    y_hat, text, _ = draw(rng)
    left = torch_loss(torch.tensor(y_hat).log()[:, None], text).neg().exp()
    each = [chance(y_hat, path) for path in spelling(text)]

    def dropped_first(path):
        return tuple(v for v, _ in itertools.groupby([v for v in path if v]))

    wrong = [chance(y_hat, path) for path in every(T) if dropped_first(path) == text]
    planted = {
        "the best path alone": max(each),
        "the mean": sum(each) / len(each),
        "blanks dropped before merging": sum(wrong),
    }
    check(left, sum(each), planted=planted)


@pytest.mark.equation("eq-speech-recursion", tolerance=1e-12)
def test_recursion(check, rng):
    """Left: all beginnings, each put to its place by reading it; right: the recursion."""
    y_hat, _, _ = draw(rng)
    text = (1, 1, 2)
    places = [0, 1, 0, 1, 0, 2, 0]

    def equal_letters_too(places, s):
        return float(s >= 2 and places[s] != 0)

    def blanks_too(places, s):
        return float(s >= 2 and (places[s] == 0 or places[s] != places[s - 2]))

    planted = {
        "jumps between equal letters": alphas(y_hat, places, jump=equal_letters_too),
        "jumps from blank to blank": alphas(y_hat, places, jump=blanks_too),
        "no jumps": alphas(y_hat, places, steps=(0, 1)),
        "never stays": alphas(y_hat, places, steps=(1, 2)),
        "begins with the blank only": alphas(y_hat, places, first=1),
        "begins anywhere": alphas(y_hat, places, first=7),
        "no blank before the first": alphas(y_hat, places[1:])[:, [0, *range(6)]],
    }
    check(by_place(y_hat, text), alphas(y_hat, places), planted=planted)


@pytest.mark.equation("eq-speech-total", tolerance=1e-12)
def test_total(check, rng):
    """Left: the sum over all paths; right: the two last places of the recursion."""
    y_hat, text, places = draw(rng)
    left = sum(chance(y_hat, path) for path in spelling(text))
    last = alphas(y_hat, places)[-1]
    planted = {
        "ends in the blank only": last[-1],
        "ends in the letter only": last[-2],
        "ends anywhere": last.sum(),
    }
    check(left, last[-1] + last[-2], planted=planted)


@pytest.mark.equation("eq-speech-slope", tolerance=1e-8)
def test_slope(check, rng):
    """Left: differences in each log-probability alone; middle: paths with v at t; right: omega."""
    y_hat, text, places = draw(rng)
    log_y, all_paths = np.log(y_hat), spelling(text)

    def log_p(log_y):
        return math.log(sum(math.exp(log_y[range(T), path].sum()) for path in all_paths))

    left, middle = np.zeros((T, V)), np.zeros((T, V))
    for t, v in np.ndindex(T, V):
        step = np.zeros((T, V))
        step[t, v] = 1e-5
        left[t, v] = (log_p(log_y + step) - log_p(log_y - step)) / 2e-5
        middle[t, v] = sum(chance(y_hat, path) for path in all_paths if path[t] == v)
    p = sum(chance(y_hat, path) for path in all_paths)
    omega, _ = occupancies(y_hat, text, places)
    planted = {
        "of p, not of log p": (middle, omega),
        "at the probabilities": (middle / p / y_hat, omega / y_hat),
        "through the softmax": (middle / p - y_hat, omega - y_hat),
    }
    check((left, left), (middle / p, omega), planted=planted)


@pytest.mark.equation("eq-speech-gradient", tolerance=1e-7)
def test_gradient(check, rng):
    """Left: central differences of the loss by enumeration; right: softmax minus occupancy."""
    y_hat, text, places = draw(rng)
    u = np.log(y_hat) + rng.normal(size=(T, 1))
    all_paths = spelling(text)

    def loss(u):
        y_hat = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
        return -math.log(sum(chance(y_hat, path) for path in all_paths))

    left = np.zeros((T, V))
    for entry in np.ndindex(T, V):
        step = np.zeros((T, V))
        step[entry] = 1e-5
        left[entry] = (loss(u + step) - loss(u - step)) / 2e-5
    omega, shares = occupancies(y_hat, text, places)
    best = max(all_paths, key=lambda path: chance(y_hat, path))
    planted = {
        "the sign": omega - y_hat,
        "at the log-probabilities": -omega,
        "at the probabilities": -omega / y_hat,
        "not divided by p": y_hat - omega * shares.sum(axis=1, keepdims=True),
        "the best path as target": y_hat - np.eye(V)[list(best)],
    }
    check(left, y_hat - omega, planted=planted)
