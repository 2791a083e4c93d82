"""The equations of book/recurrence-returns/state-space-three.md, by independent routes."""

import numpy as np
import pytest

T, H = 13, 3


@pytest.mark.equation("eq-space-transform", tolerance=1e-11)
def test_transform(check, rng):
    """Left: the printed sum; right: NumPy's transform."""
    L, u = T, rng.normal(size=T) + 1j * rng.normal(size=T)

    def printed(sign=-1, ring=L, first=0, scale=1):
        w = np.exp(sign * 2j * np.pi / ring)
        return np.array([sum(u[t] * w ** (f * (t + first)) for t in range(L)) for f in range(L)])

    planted = {
        "turned the other way": printed(sign=1),
        "one place too many": printed(ring=L + 1),
        "counted from 1": printed(first=1),
        "divided by L": printed() / L,
    }
    check(printed(), np.fft.fft(u), planted=planted)


@pytest.mark.equation("eq-space-fourier", tolerance=1e-11)
def test_fourier(check, rng):
    """Left: the transform back of the product, with zeros from T on; right: the sum over pairs."""
    u = rng.normal(size=T) + 1j * rng.normal(size=T)
    lam = rng.uniform(0.7, 0.95) * np.exp(1j * rng.uniform(0.3, 3))
    kept, L = lam ** np.arange(T), 2 * T

    def back(one=kept, other=u, L=L):
        return np.fft.ifft(np.fft.fft(one, L) * np.fft.fft(other, L))[:T]

    right = np.array([sum(lam**k * u[t - k] for k in range(t + 1)) for t in range(T)])
    planted = {
        "a ring of T": back(L=T),
        "the powers from 1": back(one=kept * lam),
        "one conjugated": back(one=kept.conj()),
        "the past turned round": back(one=kept[::-1]),
    }
    check(back(), right, planted=planted)


@pytest.mark.equation("eq-space-carry", tolerance=1e-12)
def test_carry(check, rng):
    """Left: step by step from z_0; right: as printed."""
    u, z_0 = (rng.normal(size=(*n, H)) + 1j * rng.normal(size=(*n, H)) for n in ((T,), ()))
    lam = rng.uniform(0.7, 0.95, H) * np.exp(1j * rng.uniform(0.3, 3, H))
    z, states = z_0, []
    for push in u:
        z = lam * z + push
        states.append(z)

    def printed(first=lambda t: lam**t):
        return np.array(
            [first(t) * z_0 + sum(lam**k * u[t - k - 1] for k in range(t)) for t in range(1, T + 1)]
        )

    planted = {
        "left out": printed(lambda t: 0),
        "one power too few": printed(lambda t: lam ** (t - 1)),
        "one power too many": printed(lambda t: lam ** (t + 1)),
        "not faded": printed(lambda t: 1),
    }
    check(np.array(states), printed(), planted=planted)


class Number:
    """A number that counts all products, and the operations that it has waited for."""

    products = 0

    def __init__(self, value, chain=0):
        self.value, self.chain = value, chain

    def __mul__(self, other):
        Number.products += 1
        return Number(self.value * other.value, 1 + max(self.chain, other.chain))

    def __add__(self, other):
        return Number(self.value + other.value, 1 + max(self.chain, other.chain))


def numbers(values):
    return [Number(value) for value in values]


def loop(u, lam, z):
    states = []
    for push in u:
        z = lam * z + push
        states.append(z)
    return states


def tree(beta, gamma, z):
    if len(beta) == 1:
        return [gamma[0] * z + beta[0]]
    pairs = range(0, len(beta), 2)
    seconds = tree(
        [gamma[i + 1] * beta[i] + beta[i + 1] for i in pairs],
        [gamma[i + 1] * gamma[i] for i in pairs],
        z,
    )
    firsts = [
        gamma[i] * before + beta[i] for i, before in zip(pairs, [z, *seconds[:-1]], strict=True)
    ]
    return [state for both in zip(firsts, seconds, strict=True) for state in both]


def transform(u, sign=-1):
    if len(u) == 1:
        return u
    even, odd = transform(u[::2], sign), transform(u[1::2], sign)
    turns = [np.exp(sign * 2j * np.pi * f / len(u)) for f in range(len(odd))]
    plus = [a + Number(w) * b for a, b, w in zip(even, odd, turns, strict=True)]
    # the difference has the same product: it is not counted again
    minus = [Number(2 * a.value - p.value, p.chain) for a, p in zip(even, plus, strict=True)]
    return plus + minus


def convolved(u, stored):
    """With the transform of the filter, divided by L, from elsewhere."""
    zeros = numbers([0] * len(u))
    both = [a * b for a, b in zip(stored, transform(u + zeros), strict=True)]
    return transform(both, 1)[: len(u)]


def stored_filter(lam, length):
    return numbers(np.fft.fft(lam ** np.arange(length), 2 * length) / (2 * length))


def summed(u, lam):
    kept = numbers(lam ** np.arange(len(u)))
    states = []
    for t in range(len(u)):
        terms = [kept[k] * u[t - k] for k in range(t + 1)]
        states.append(Number(sum(term.value for term in terms)))
    return states


def counted(way):
    """States, products and the longest chain of a way."""
    Number.products = 0
    states = way()
    return np.array([s.value for s in states]), Number.products, max(s.chain for s in states)


def ways(rng):
    """A length, and what loop, tree, transform and sum count; all seen to give the same."""
    length = int(2 ** rng.integers(3, 8))
    lam, u = 0.9 * np.exp(1j * rng.uniform(0, 3)), rng.normal(size=length)
    results = [
        counted(lambda: loop(numbers(u), Number(lam), Number(0))),
        counted(lambda: tree(numbers(u), numbers([lam] * length), Number(0))),
        counted(lambda: convolved(numbers(u), stored_filter(lam, length))),
        counted(lambda: summed(numbers(u), lam)),
    ]
    for states, *_ in results:
        assert np.allclose(states, results[0][0])
    return length, results


@pytest.mark.equation("eq-space-products", tolerance=1e-12)
def test_products(check, rng):
    """Left: as printed; right: counted in programs that give the same states."""
    n, results = ways(rng)
    log = np.log2(n)

    def printed(scan=3 * n - 2, transformed=2 * n * (log + 2), summed=n * (n + 1) / 2):
        return np.array([n, scan, transformed, summed]) / n  # so that each of them counts

    planted = {
        "operations for products": printed(scan=5 * n - 3),
        "two transforms of length T": printed(transformed=n * (log + 2)),
        "no product between": printed(transformed=2 * n * (log + 1)),
        "the whole square": printed(summed=n**2),
        "the filter's transform, too": printed(transformed=n * (3 * log + 5)),
    }
    check(printed(), np.array([count for _, count, _ in results]) / n, planted=planted)


@pytest.mark.equation("eq-space-chain", tolerance=1e-12)
def test_chain(check, rng):
    """Left: as printed; right: counted, each number knowing what it has waited for."""
    n, results = ways(rng)
    log = np.log2(n)

    def printed(loop=2 * n, scan=4 * log - 3, transformed=4 * log + 5):
        return np.array([loop / n, scan, transformed])

    right = np.array([chain for *_, chain in results[:3]]) / [n, 1, 1]
    planted = {
        "products alone": printed(loop=n),
        "rounds of the tree": printed(scan=2 * log),
        "one transform": printed(transformed=2 * log + 3),
        "length T": printed(transformed=4 * log + 1),
    }
    check(printed(), right, planted=planted)


@pytest.mark.equation("eq-space-outputs", tolerance=1e-12)
def test_outputs(check, rng):
    """Left: as printed; right: counted, for N sequences and H hands."""
    n, hands, N = int(2 ** rng.integers(3, 6)), 5, 3
    lam, c = 0.9 * np.exp(1j * rng.uniform(0, 3, hands)), rng.normal(size=hands)
    x = rng.normal(size=(N, n))

    def read():
        outputs = []
        for row in x:
            states = [loop(numbers(row), Number(one), Number(0)) for one in lam]
            for now in zip(*states, strict=True):
                terms = [Number(w) * z for w, z in zip(c, now, strict=True)]
                outputs.append(Number(sum(term.value for term in terms)))
        return outputs

    def alone():
        K, power = [], numbers([1] * hands)
        for _ in range(n):
            terms = [Number(w) * p for w, p in zip(c, power, strict=True)]
            K.append(Number(sum(term.value for term in terms)))
            power = [p * Number(one) for p, one in zip(power, lam, strict=True)]
        stored = [Number(a.value / (2 * n)) for a in transform(K + numbers([0] * n))]
        return [o for row in x for o in convolved(numbers(row), stored)]

    (slow, count, _), (fast, other, _) = counted(read), counted(alone)
    assert np.allclose(slow, fast)
    log = float(np.log2(n))

    def printed(read=2 * N * hands * n, made=2 * hands * n, once=n * (log + 1), each=2 * n):
        return np.array([read, made + once + N * each * (log + 2)])

    planted = {
        "no reading": printed(read=N * hands * n),
        "one hand": printed(made=2 * n),
        "filter made for each sequence": printed(made=2 * N * hands * n),
        "its transform left out": printed(once=0),
        "one transform for each": printed(each=n),
    }
    check(printed(), np.array([count, other], dtype=float), planted=planted)
