"""The equations of book/training/bptt-two-derivatives.md, each against an independent route."""

import numpy as np
import pytest

T, H_0 = 5, 0.3  # the initial state is not zero, so that the first use counts


def states(x, w):
    """h_0 … h_T of the one-unit network."""
    h = [H_0]
    for x_t in x:
        h.append(np.tanh(x_t + w * h[-1]))
    return h


def slope(f, w, step=1e-6):
    """Central difference of f at w."""
    return (f(w + step) - f(w - step)) / (2 * step)


def parts(rng):
    """From step 1 on the immediate derivative and ∂h_t/∂h_{t-1}; the total one from step 0."""
    x, w = rng.normal(size=T), 0.9
    h = states(x, w)
    now = [None] + [(1 - h[t] ** 2) * h[t - 1] for t in range(1, T + 1)]
    back = [None] + [(1 - h[t] ** 2) * w for t in range(1, T + 1)]
    total = [slope(lambda w, t=t: states(x, w)[t], w) for t in range(T + 1)]
    return now, back, total


@pytest.mark.equation("eq-bptt-scalar", tolerance=1e-8)
def test_scalar(check, rng):
    """Left: finite differences for w and for every a_k; right: recursion and sum, as printed."""
    x, w, y = rng.normal(size=T), 0.9, 1.0
    h = states(x, w)

    def loss(w, pushed=None, by=0.0):
        push = by * (np.arange(1, T + 1) == pushed)  # moves a_k alone, as it moves x_k alone
        return 0.5 * (states(x + push, w)[T] - y) ** 2

    def printed(shift=1, slope_of=0, sign=1):
        Delta = {T: sign * (h[T] - y) * (1 - h[T] ** 2)}
        for k in range(T - 1, 0, -1):
            Delta[k] = Delta[k + 1] * w * (1 - h[k + slope_of] ** 2)
        return sum(Delta[k] * h[k - shift] for k in Delta), np.array([*Delta.values()])

    by_step = [slope(lambda e, k=k: loss(w, k, e), 0.0) for k in range(T, 0, -1)]
    planted = {
        "the feed-forward rule: last use only": (by_step[0] * h[T - 1], printed()[1]),
        "h_k for h_{k-1}": printed(shift=0),
        "slope of step k + 1": printed(slope_of=1),
        "y - h_T": printed(sign=-1),
    }
    check((slope(loss, w), np.array(by_step)), printed(), planted=planted)


@pytest.mark.equation("eq-bptt-total", tolerance=1e-8)
def test_total(check, rng):
    """Left: finite difference of h_t; right: immediate part plus what the past carries."""
    now, back, total = parts(rng)
    steps = range(1, T + 1)
    planted = {
        "immediate only": np.array(now[1:]),
        "past's immediate for its total": [
            now[t] + back[t] * (now[t - 1] if t > 1 else 0.0) for t in steps
        ],
        "past subtracted": [now[t] - back[t] * total[t - 1] for t in steps],
        "past not carried": [now[t] + total[t - 1] for t in steps],
    }
    right = [now[t] + back[t] * total[t - 1] for t in steps]
    check((total[1:], total[0]), (right, 0.0), planted={k: (v, 0.0) for k, v in planted.items()})


@pytest.mark.equation("eq-bptt-lemma", tolerance=1e-12)
def test_lemma(check, rng):
    """Left: the recurrence run step by step; right: the closed form."""
    beta, gamma, s_0 = rng.normal(size=T + 1), rng.normal(size=T + 1), rng.normal()
    s = [s_0]
    for t in range(1, T + 1):
        s.append(beta[t] + gamma[t] * s[-1])

    def closed(last, first=1, start=s_0, upto=0):
        terms = [gamma[k + first : last + 1].prod() * beta[k] for k in range(1, last + 1 - upto)]
        return gamma[1 : last + 1].prod() * start + sum(terms)

    def every(**wrong):
        return [closed(t, **wrong) for t in range(1, T + 1)]

    planted = {
        "product from k": every(first=0),
        "product from k + 2": every(first=2),
        "s_0 forgotten": every(start=0),
        "term k = t left out": every(upto=1),
    }
    check(s[1:], every(), planted=planted)


@pytest.mark.equation("eq-bptt-dhdw", tolerance=1e-8)
def test_dhdw(check, rng):
    """Left: finite difference of h_T; right: the sum over uses."""
    now, back, total = parts(rng)
    reach = [np.prod(back[k + 1 :]) for k in range(T + 1)]
    planted = {
        "total as last factor (deck D4)": sum(reach[k] * total[k] for k in range(1, T + 1)),
        "one product, no sum (decks D2, D3)": reach[1] * now[1],
        "product from k": sum(np.prod(back[k:]) * now[k] for k in range(1, T + 1)),
        "last use left out": sum(reach[k] * now[k] for k in range(1, T)),
    }
    check(total[T], sum(reach[k] * now[k] for k in range(1, T + 1)), planted=planted)


@pytest.mark.equation("eq-bptt-mean", tolerance=1e-8)
def test_mean(check, rng):
    """Left: finite difference of the mean loss; right: slopes of the losses times dh_t/dw."""
    x, w, y = rng.normal(size=T), 0.9, rng.normal(size=T)

    def loss(w):
        return np.mean([(h - t) ** 2 for h, t in zip(states(x, w)[1:], y, strict=True)])

    h = states(x, w)
    dh_dw = [slope(lambda w, t=t: states(x, w)[t], w) for t in range(1, T + 1)]
    terms = [2 * (h[t] - y[t - 1]) * dh_dw[t - 1] for t in range(1, T + 1)]
    immediate = [(1 - h[t] ** 2) * h[t - 1] for t in range(1, T + 1)]
    planted = {
        "sum for mean": sum(terms),
        "last loss only": terms[-1] / T,
        "immediate for total": sum(
            2 * (h[t] - y[t - 1]) * immediate[t - 1] for t in range(1, T + 1)
        )
        / T,
        "T - 1 for T": sum(terms) / (T - 1),
    }
    check(slope(loss, w), sum(terms) / T, planted=planted)
