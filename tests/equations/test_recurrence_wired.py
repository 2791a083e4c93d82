"""The equations of book/sequences/recurrence-wired.md, each against a second route."""

import itertools

import numpy as np
import pytest

from unrolled.datasets.tasks import addition
from unrolled.layers.rnn import RNN


def bits(length):
    """All strings of so many bits, (length, 2^length)."""
    return np.array(list(itertools.product([0, 1], repeat=length))).T


def excess(value, bound):
    """1 where value <= bound; above 1 by as much as the bound is broken."""
    return 1 + np.maximum(0, value - bound)


def parity_as_printed(x, beta, thresholds=(0.5, 1.5), sign=-1):
    """q (T, N) and both units' values (T, N, 2), by the scalar recursion."""
    q, h, run = np.zeros(x.shape[1]), [], []
    for x_t in x:
        units = [np.tanh(beta * (x_t + q - threshold)) for threshold in thresholds]
        q = (units[0] + sign * units[1]) / 2
        h.append(np.stack(units, axis=-1))
        run.append(q)
    return np.array(run), np.array(h)


@pytest.mark.equation("eq-recurrence-parity", tolerance=1e-6)
def test_parity(check, rng):
    """Left side by counting ones in all strings of ten bits, right side by the two units."""
    x, beta = bits(10), rng.uniform(20, 30)
    left = np.array([[string[: t + 1].sum() % 2 for string in x.T] for t in range(10)])
    planted = {
        "thresholds 0 and 1": parity_as_printed(x, beta, (0.0, 1.0))[0],
        "thresholds 0.5 and 2.5": parity_as_printed(x, beta, (0.5, 2.5))[0],
        "sum of the units": parity_as_printed(x, beta, sign=1)[0],
        "too little gain": parity_as_printed(x, 1.5)[0],
    }
    check(left, parity_as_printed(x, beta)[0], planted=planted)


@pytest.mark.equation("eq-recurrence-parity-weights", tolerance=1e-12)
def test_parity_weights(check, rng):
    """Left side by the scalar recursion, right side by the layer with the matrices as printed."""
    x, beta = bits(8), rng.uniform(3, 6)

    def states(W_hh, b_h):
        net = RNN(beta * np.ones((1, 2)), np.array(W_hh), np.array(b_h))
        return net.forward(x[..., None].astype(float), np.zeros((x.shape[1], 2)))[0]

    W_hh, b_h = beta / 2 * np.array([[1, 1], [-1, -1]]), -beta / 2 * np.array([1, 3])
    planted = {
        "W_hh transposed": states(W_hh.T, b_h),
        "W_hh without the half": states(2 * W_hh, b_h),
        "bias without the half": states(W_hh, 2 * b_h),
    }
    check(parity_as_printed(x, beta)[1], states(W_hh, b_h), planted=planted)


@pytest.mark.equation("eq-recurrence-margin", tolerance=1e-12)
def test_margin(check, rng):
    """How far the error of one step is above its bound: nowhere, over random states and bits; and
    without an error before the step, with a one among the two bits, the bound is reached."""
    beta, e = rng.uniform(2, 6), rng.uniform(0, 0.5, size=2000)
    x, p = rng.integers(0, 2, size=(2, 2000))
    q = p + rng.choice([-1, 1], size=2000) * e  # an error of e before the step

    def error(q):
        after = (np.tanh(beta * (x + q - 0.5)) - np.tanh(beta * (x + q - 1.5))) / 2
        return np.abs(after - (x + p) % 2)

    def printed(e, one=1.0, half=0.5):
        return one - np.tanh(beta * (half - e))

    def both(bound):
        return excess(error(q), bound(e)), bound(0)

    reached = error(p)[x + p == 1][0]
    planted = {
        "no error from the step before": both(lambda e: printed(0 * e)),
        "half the error from the step before": both(lambda e: printed(e / 2)),
        "half of the bound": both(lambda e: printed(e) / 2),
        "2 for 1": both(lambda e: printed(e, one=2)),
        "1/4 for 1/2": both(lambda e: printed(e, half=0.25)),
    }
    check((np.ones(2000), reached), both(printed), planted=planted)


@pytest.mark.equation("eq-recurrence-adder", tolerance=1e-12)
def test_adder(check, rng):
    """Left side by Python's integers, how many ones meet at each place and the bits of the sum;
    right side by the three units as printed, what they count rounded to three decimal places."""
    steps, pairs, beta = 12, 50, rng.uniform(15, 20)
    x, _ = addition(steps, pairs, rng)

    def number(string):
        return sum(int(bit) << place for place, bit in enumerate(string))

    one, two = ([number(x[:, n, i]) for n in range(pairs)] for i in (0, 1))
    ones, bits = np.zeros((2, steps, pairs))
    for t, n in np.ndindex(steps, pairs):
        below = [a % 2**t for a in (one[n], two[n])]
        ones[t, n] = (one[n] >> t & 1) + (two[n] >> t & 1) + (sum(below) >> t)
        bits[t, n] = one[n] + two[n] >> t & 1

    def units(x, carry=1, shift=0.5, third=1, half=0.5, start=-1.0):
        h, counts, sums = start * np.ones((pairs, 3)), [], []
        for x_t in x:
            count = x_t[:, 0] + x_t[:, 1] + half * (h[:, carry] + 1)
            h = np.stack([np.tanh(beta * (count - (j - shift))) for j in (1, 2, 3)], axis=1)
            counts.append(np.round(count, 3))
            sums.append(h[:, 0] - h[:, 1] + third * h[:, 2] > 0)
        return np.array(counts), np.array(sums)

    planted = {
        "most significant bit first": tuple(run[::-1] for run in units(x[::-1])),
        "carry from the first unit": units(x, carry=0),
        "thresholds 1.5, 2.5, 3.5": units(x, shift=-0.5),
        "minus the third unit": units(x, third=-1),
        "the carry not halved": units(x, half=1.0),
        "a third for a half": units(x, half=1 / 3),
        "a carry to begin with": units(x, start=1.0),
    }
    check((ones, bits), units(x), planted=planted)
