"""Paths through a text by listing and by the two recursions, for the checks of the pages on CTC."""

import itertools
import math

import numpy as np

from unrolled.layers import ctc

T, V = 6, 3
TEXTS = [(1, 1), (1, 2, 2), (2,), (2, 1, 2), (1, 1, 2), (1, 2)]  # with and without repeats


def draw(rng, T=T, V=V):
    """Probabilities (T, V), one text, and its places with the blanks around the letters."""
    text = TEXTS[rng.integers(len(TEXTS))]
    places = [0, *(s for v in text for s in (v, 0))]
    return rng.dirichlet(np.ones(V), size=T), text, places


def chance(y_hat, path):
    return math.prod(y_hat[t, v] for t, v in enumerate(path))


def every(T, V=V):
    return itertools.product(range(V), repeat=T)


def spelling(text, T=T, V=V):
    return [path for path in every(T, V) if ctc.collapse(path) == text]


def kappa(places, s):
    """s counts from 0 here."""
    return float(s >= 2 and places[s] != 0 and places[s] != places[s - 2])


def alphas(y_hat, places, jump=kappa, first=2, steps=(0, 1, 2)):
    """The recursion as it is printed; arguments make it wrong."""
    S = len(places)
    alpha = np.zeros((len(y_hat), S))
    alpha[0, :first] = y_hat[0, places[:first]]
    for t, s in itertools.product(range(1, len(y_hat)), range(S)):
        factors = {0: 1.0, 1: float(s >= 1), 2: jump(places, s)}
        alpha[t, s] = sum(alpha[t - 1, s - r] * factors[r] for r in steps if s >= r)
        alpha[t, s] *= y_hat[t, places[s]]
    return alpha


def betas(y_hat, places, jump=kappa, ends=2):
    S = len(places)
    beta = np.zeros((len(y_hat), S))
    beta[-1, S - ends :] = 1
    for t, s in itertools.product(reversed(range(len(y_hat) - 1)), range(S)):
        for r in range(s, min(s + 3, S)):
            factor = jump(places, r) if r == s + 2 else 1.0
            beta[t, s] += factor * beta[t + 1, r] * y_hat[t + 1, places[r]]
    return beta


def stands(path, text):
    """The place (from 0) of a beginning, or None: by reading it, not by steps."""
    said = ctc.collapse(path)
    if said != text[: len(said)]:
        return None
    return 2 * len(said) - (path[-1] != 0)


def occupancies(y_hat, text, places):
    shares = alphas(y_hat, places) * betas(y_hat, places)
    omega = np.zeros_like(y_hat)
    for s, v in enumerate(places):
        omega[:, v] += shares[:, s]
    return omega / shares.sum(axis=1, keepdims=True), shares
