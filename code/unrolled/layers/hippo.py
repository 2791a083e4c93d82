"""A past of any length kept in H numbers: the matrices of HiPPO-LegS, its steps, the direct fit.

The past is laid on the interval from 0, its beginning, to 1, now. The state z (H,) holds
the coefficients of the polynomial that fits it best (Gu et al., 2020). States are rows:

    s dz/ds = x(s) b - z A        at time s, for the signal x

The functions here take signals that are held for a step of time each, so that nothing is
approximated but the past itself.
"""

import numpy as np
from numpy import ndarray
from numpy.polynomial import legendre

from unrolled import checks
from unrolled.layers.layer_contract import check


def polynomials(p: ndarray, H: int) -> ndarray:
    """Places p (K,) in [0, 1] -> g_0 to g_(H-1) there (K, H), Legendre's at 2p - 1, times √(2n+1).

    The integral from 0 to 1 of g_m g_n is 1 for m = n, and else 0. Raises ValueError where p leaves
    the interval.
    """
    checks.whole(1, H=H)
    check("p", p, "K")
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ValueError(f"p must lie between 0 and 1, got {p.min()} to {p.max()}")
    return legendre.legvander(2 * p - 1, H - 1) * np.sqrt(2 * np.arange(H) + 1)


def matrices(H: int) -> tuple[ndarray, ndarray]:
    """A (H, H), with row m for what goes out of z_m, and b (H,) (`eq-space-legs`)."""
    checks.whole(1, H=H)
    b = np.sqrt(2 * np.arange(H) + 1)
    return np.triu(np.outer(b, b), 1) + np.diag(np.arange(1.0, H + 1)), b


def squeeze(kept: float, H: int) -> ndarray:
    """R (H, H): z R are the coefficients when the past shrinks to the share `kept` of the interval.

    The rest is filled with 0. R is kept to the power A, had by integration (`eq-space-squeeze`).
    Raises ValueError unless kept lies between 0 and 1.
    """
    checks.number(kept=kept)
    if not 0 <= kept <= 1:
        raise ValueError(f"kept must lie between 0 and 1, got {kept}")
    checks.whole(1, H=H)
    y, weights = legendre.leggauss(H)  # exact up to degree 2H - 1
    u = (y + 1) / 2
    return kept * polynomials(u, H).T @ (weights[:, None] / 2 * polynomials(kept * u, H))


def remember(x: ndarray, H: int) -> ndarray:
    """Signal x (T,) -> coefficients after each step (T, H), from those before it alone."""
    check("x", x, "T")
    checks.whole(1, H=H)
    states, z = np.empty((len(x), H)), np.zeros(H)
    for t, value in enumerate(x):
        z[0] -= value  # a past that was always `value` has the coefficients value, 0, 0, …
        z = z @ squeeze(t / (t + 1), H)
        z[0] += value
        states[t] = z
    return states


def project(x: ndarray, H: int) -> ndarray:
    """Signal x (T,), all of it -> the coefficients (H,) of the polynomial that fits it best.

    Raises ValueError if there is no signal.
    """
    (T,) = check("x", x, "T")
    checks.whole(1, H=H)
    if T == 0:
        raise ValueError("x must have at least one step, got none")
    edges = legendre.legvander(2 * np.arange(T + 1) / T - 1, H)  # (T + 1, H + 1)
    n = np.arange(H)
    below = np.pad(edges[:, : H - 1], ((0, 0), (1, 0)))  # P_(n-1); for n = 0 any constant
    integral = (edges[:, 1:] - below) / 2 / np.sqrt(2 * n + 1)  # of g_n, from 0 to each edge
    return x @ np.diff(integral, axis=0)
