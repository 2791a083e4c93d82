"""The equations of book/gates/interpretable-cells.md, each against an independent route."""

import itertools
import math

import numpy as np
import pytest
import torch

from unrolled.char_lstm import probing
from unrolled.char_lstm.intervene import run
from unrolled.datasets.text import Vocabulary
from unrolled.models.language_model import LanguageModel

T, N, D, H, V = 7, 3, 4, 5, 6


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


@pytest.mark.equation("eq-cells-correlation", tolerance=1e-12)
def test_correlation(check, rng):
    """Left: as printed; right: the slope of the least-squares line, times the ratio of spreads."""
    s = rng.normal(size=29) + 2
    y = 0.6 * s + rng.normal(size=29) - 1
    slope, _ = np.polyfit(s, y, 1)
    s_bar, y_bar = s.mean(), y.mean()

    def printed(s_mean=s_bar, y_mean=y_bar, power=0.5):
        top = sum((a - s_mean) * (b - y_mean) for a, b in zip(s, y, strict=True))
        spreads = sum((a - s_mean) ** 2 for a in s) * sum((b - y_mean) ** 2 for b in y)
        return top / spreads**power

    planted = {
        "the slope itself": slope,
        "means left in": printed(0, 0),
        "one mean left in": printed(s_mean=0),
        "no root": printed(power=1),
        "the square": printed() ** 2,
    }
    check(printed(), slope * s.std() / y.std(), planted=planted)
    assert np.isclose(probing.correlation(s[:, None], y[:, None])[0, 0], printed(), rtol=1e-12)


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


def mean_of_largest(H, sigma):
    """E max |Z_j| of H independent normals: the integral of P(max > z)."""
    z = np.linspace(1e-9, 45, 100_001)
    outside = torch.erfc(torch.tensor(z) / 2**0.5).numpy()
    return sigma * np.trapezoid(1 - np.exp(H * np.log1p(-outside)), z)  # (1 - outside)^H


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


@pytest.mark.equation("eq-cells-probe", tolerance=1e-9)
def test_probe(check, rng):
    """Left: as printed; right: the minimum of the printed loss, by Newton's method on autograd."""
    X, y, ridge = rng.normal(size=(31, H)) + 2, rng.normal(size=31) + 1, rng.uniform(2, 4)
    centred = X - X.mean(0), y - y.mean()
    X_c, y_c = map(torch.tensor, centred)

    def loss(w):
        return ((X_c @ w - y_c) ** 2).sum() + ridge * (w**2).sum()

    zero = torch.zeros(H, dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(loss, zero)
    curve = torch.autograd.functional.hessian(loss, zero)
    right = -torch.linalg.solve(curve, slope)  # exact: the loss is quadratic

    def printed(X, y, ridge):
        return np.linalg.inv(X.T @ X + ridge * np.eye(X.shape[1])) @ X.T @ y

    planted = {
        "not centred": printed(X, y, ridge),
        "ridge with the other sign": printed(*centred, -ridge),
        "twice the ridge": printed(*centred, 2 * ridge),
        "no ridge": printed(*centred, 0),
        "the matrix not inverted": (centred[0].T @ centred[0] + ridge * np.eye(H))
        @ (centred[0].T @ centred[1]),
    }
    check(printed(*centred, ridge), right, planted=planted)
    assert np.allclose(probing.fit_probe(X, y, ridge)[0], printed(*centred, ridge), rtol=1e-9)


@pytest.mark.equation("eq-cells-rotation", tolerance=1e-10)
def test_rotation(check, rng):
    """Left: both lines in turned axes, as printed; right: w by least squares on X and √λ I."""
    X, y, ridge = rng.normal(size=(31, H)), rng.normal(size=31), rng.uniform(2, 4)
    U = np.linalg.qr(rng.normal(size=(H, H)))[0]
    longer = np.vstack([X, np.sqrt(ridge) * np.eye(H)])
    w = np.linalg.lstsq(longer, np.append(y, np.zeros(H)), rcond=None)[0]

    def printed(U, ridge=ridge):
        turned = np.linalg.inv(U.T @ X.T @ X @ U + ridge * np.eye(H)) @ U.T @ X.T @ y
        return turned, X @ U @ turned

    planted = {
        "U for its transpose": (U @ w, X @ U @ U @ w),
        "any invertible matrix": printed(U * np.arange(1, H + 1)),
        "the same w in the turned axes": (w, X @ U @ w),
        "no ridge in the turned axes": printed(U, ridge=0),
    }
    check(printed(U), (U.T @ w, X @ w), planted=planted)


@pytest.fixture
def case(rng):
    """A language model in float64, ids (T, N), and the initial state."""
    model = LanguageModel(Vocabulary("abcdef"), H=H, D=D).double()
    for parameter in model.parameters():
        parameter.data = torch.tensor(0.7 * rng.normal(size=parameter.shape))
    zero = torch.zeros(N, H).double()
    return model, torch.tensor(rng.integers(V, size=(T, N))), (zero, zero.clone())


def by_hand(model, x, clamp=None, after=False):
    """The printed LSTM in NumPy, clamp (cell, value); `after`: only once h has been computed."""
    p = {name: w.detach().numpy() for name, w in model.named_parameters()}
    h, c, us = np.zeros((N, H)), np.zeros((N, H)), []
    for ids in x.numpy():
        a = p["embedding.weight"][ids] @ p["recurrent.weight_ih_l0"].T
        a = a + h @ p["recurrent.weight_hh_l0"].T
        a = a + p["recurrent.bias_ih_l0"] + p["recurrent.bias_hh_l0"]
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        free = c.copy()
        if clamp and not after:
            c[:, clamp[0]] = clamp[1]
        h = o * np.tanh(c)
        if clamp and after:
            c[:, clamp[0]] = clamp[1]
        us.append(h @ p["output.weight"].T + p["output.bias"])
    return np.stack(us), {"o": o, "c": free, "h": h}


def held(j, v, first=0):
    """The change that holds cell j at v from step `first` on."""
    at_j = torch.arange(H) == j
    return lambda t, c: torch.where(at_j, v, c) if t >= first else c


@pytest.mark.equation("eq-cells-clamp", tolerance=1e-12)
def test_clamp(check, case, rng):
    """Left: logits of the package's run with a cell held; right: the printed steps in NumPy."""
    model, x, zero = case
    j, v = int(rng.integers(H - 1)), rng.uniform(0.5, 1.5)
    left = run(model, x, zero, held(j, v))[1]
    planted = {
        "held after h was computed": by_hand(model, x, (j, v), after=True)[0],
        "held in the last step alone": run(model, x, zero, held(j, v, first=T - 1))[1],
        "the cell beside it": by_hand(model, x, (j + 1, v))[0],
    }
    check(left, by_hand(model, x, (j, v))[0], planted=planted)


@pytest.mark.equation("eq-cells-vote", tolerance=1e-10)
def test_vote(check, case, rng):
    """Left: logits with the cell held in the last step alone, minus without; right: as printed."""
    model, x, zero = case
    j, v = int(rng.integers(H - 1)), rng.uniform(0.5, 1.5)
    left = run(model, x, zero, held(j, v, first=T - 1))[1][-1] - run(model, x, zero)[1][-1]
    at_end = by_hand(model, x)[1]
    o, c, W_hy = at_end["o"][:, [j]], at_end["c"][:, [j]], model.output.weight.detach().numpy().T
    throughout = run(model, x, zero, held(j, v))[1][-1] - run(model, x, zero)[1][-1]
    planted = {
        "no output gate": (np.tanh(v) - np.tanh(c)) * W_hy[j],
        "no tanh": o * (v - c) * W_hy[j],
        "held from the first step on": throughout,
    }
    check(left, o * (np.tanh(v) - np.tanh(c)) * W_hy[j], planted=planted)


@pytest.mark.equation("eq-cells-effect", tolerance=1e-12)
def test_effect(check, rng):
    """Left: as printed; right: logarithm of the geometric mean of the factors on the odds."""
    p, p_new = rng.random(9), rng.random(9)
    left = np.mean(np.log(p_new * (1 - p) / ((1 - p_new) * p)))
    factors = (p_new / (1 - p_new)) / (p / (1 - p))
    mean, mean_new = p.mean(), p_new.mean()
    planted = {
        "of the mean probabilities": np.log(mean_new * (1 - mean) / ((1 - mean_new) * mean)),
        "ratio of probabilities": np.mean(np.log(p_new / p)),
        "arithmetic mean of the factors": np.log(factors.mean()),
    }
    check(left, np.log(np.prod(factors) ** (1 / 9)), planted=planted)
