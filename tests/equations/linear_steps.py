"""Steps s_t = β_t + γ_t ⊙ s_{t-1}, for the checks of the pages on recurrence in parallel."""

import numpy as np

T, N, D, H = 9, 3, 4, 5


def draw(rng, steps=T):
    """beta, gamma (T, N, H) and s_0 (N, H); gamma of either sign."""
    beta, gamma = rng.normal(size=(2, steps, N, H))
    return beta, np.tanh(gamma), rng.normal(size=(N, H))


def states(beta, gamma, s_0):
    """By the loop as it is written: s_0 … s_T."""
    s = [s_0]
    for b, c in zip(beta, gamma, strict=True):
        s.append(b + c * s[-1])
    return np.stack(s)


def join(p, q):
    """p first, then q, as printed: (β, γ) • (β', γ')."""
    return q[0] + q[1] * p[0], q[1] * p[1]


def swapped(p, q):
    return join(q, p)
