"""The equations of book/gates/interpretable-cells-scores.md, each against an independent route."""

import itertools
import math

import numpy as np
import pytest
import torch

from unrolled.char_lstm import probing


def trapezoids(s, label):
    """The area under the ROC curve: one point for each threshold, joined by straight lines."""
    thresholds = np.r_[np.inf, np.unique(s)[::-1]]
    hits = [(s[label] >= t).mean() for t in thresholds]
    false_alarms = [(s[~label] >= t).mean() for t in thresholds]
    return np.trapezoid(hits, false_alarms)


def pairs(s, label, tie=0.5):
    """eq-cells-auc as printed; other values for ties are planted."""
    total = 0.0
    for p in np.flatnonzero(label):
        for q in np.flatnonzero(~label):
            total += (s[p] > s[q]) + tie * (s[p] == s[q])
    return total / (label.sum() * (~label).sum())


@pytest.fixture
def scored(rng):
    """Scores with many ties, and a label that has something to do with them."""
    s = rng.integers(0, 6, size=43).astype(float)
    return s, s + rng.normal(size=43) * 2 > 3


def mean_of_largest(H, sigma):
    """E max |Z_j| of H independent normals: the integral of P(max > z)."""
    z = np.linspace(1e-9, 45, 100_001)
    outside = torch.erfc(torch.tensor(z) / 2**0.5).numpy()
    return sigma * np.trapezoid(1 - np.exp(H * np.log1p(-outside)), z)  # (1 - outside)^H


@pytest.mark.equation("eq-cells-auc", tolerance=1e-12)
def test_auc(check, scored):
    """Left: the double sum over pairs; right: the area under the ROC curve, by trapezoids."""
    s, label = scored
    planted = {
        "ties count as won": pairs(s, label, 1.0),
        "ties count as lost": pairs(s, label, 0.0),
        "the label the other way round": pairs(s, ~label),
    }
    check(pairs(s, label), trapezoids(s, label), planted=planted)


@pytest.mark.equation("eq-cells-ranks", tolerance=1e-12)
def test_ranks(check, scored):
    """Left: as printed, ranks by counting; right: the double sum over pairs."""
    s, label = scored
    n_1, n_0 = label.sum(), (~label).sum()
    below, equal = ((c(s, s[:, None])).sum(axis=1) for c in (np.less, np.equal))
    R = 1 + below + (equal - 1) / 2  # from 1 on; ties share the mean of their ranks

    def printed(R=R, half=0.5, n=n_1, one=1, pairs=n_1 * n_0):
        return (R[label].sum() - half * n * (n + one)) / pairs

    first_come = np.empty(len(s))
    first_come[np.argsort(s, kind="stable")] = np.arange(1, len(s) + 1)
    planted = {
        "ranks from 0": printed(R - 1),
        "without the half": printed(half=1),
        "n_1 - 1 for n_1 + 1": printed(one=-1),
        "n_0 for n_1": printed(n=n_0),
        "all pairs of places": printed(pairs=len(s) ** 2),
        "ties in order of place": printed(first_come),
    }
    check(printed(), pairs(s, label), planted=planted)
    assert np.array_equal(probing.ranks(s[:, None])[:, 0], R)
    assert np.isclose(probing.auc(s[:, None], label[:, None])[0, 0], printed(), rtol=1e-12)


@pytest.mark.equation("eq-cells-null", tolerance=1e-12)
def test_null(check, rng):
    """Left: the variance over all ways to give n_1 of the places the label; right: as printed."""
    n_1, n_0 = rng.permutation(np.arange(2, 6))[:2].tolist()
    s, places = rng.permutation(n_1 + n_0).astype(float), np.arange(n_1 + n_0)
    values = []
    for present in itertools.combinations(places, n_1):
        values.append(pairs(s, np.isin(places, present)))
    planted = {
        "that of one normal threshold": 1 / (12 * n_1 * n_0),
        "n for n + 1": (n_1 + n_0) / (12 * n_1 * n_0),
        "of independent pairs": 1 / (4 * n_1 * n_0),
        "the standard deviation": ((n_1 + n_0 + 1) / (12 * n_1 * n_0)) ** 0.5,
    }
    check(np.var(values), (n_1 + n_0 + 1) / (12 * n_1 * n_0), planted=planted)


@pytest.mark.equation("eq-cells-best", tolerance=1e-12)
def test_best(check, rng):
    """Left: nothing, and 1; right: by how much the mean of the largest exceeds the bound, in all,
    and their ratio where H is enormous, to one decimal place: there the bound is reached."""
    sigma, sizes = rng.uniform(0.2, 0.5), [1, 2, 5, 20, 128, 1000]

    mixed = rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 20))  # dependent on each other
    mixed *= sigma / np.sqrt((mixed**2).mean(axis=0))

    def compared(bound):
        independent = [max(mean_of_largest(n, sigma) - bound(n), 0) for n in sizes]
        dependent = max(np.abs(mixed).max(axis=1).mean() - bound(20), 0)
        return sum(independent) + dependent, round(mean_of_largest(1e250, sigma) / bound(1e250), 1)

    planted = {
        "no factor 2": compared(lambda n: sigma * math.sqrt(math.log(2 * n))),
        "sigma squared": compared(lambda n: sigma**2 * math.sqrt(2 * math.log(2 * n))),
        "one tail": compared(lambda n: sigma * math.sqrt(2 * math.log(n))),
        "the factor 2 before the root": compared(lambda n: 2 * sigma * math.sqrt(math.log(2 * n))),
        "no root": compared(lambda n: sigma * 2 * math.log(2 * n)),
    }
    check((0.0, 1.0), compared(lambda n: sigma * math.sqrt(2 * math.log(2 * n))), planted=planted)
