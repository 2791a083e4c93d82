"""The equations of book/sequence-to-sequence/speech.md, each against an independent route."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
import torch

from unrolled.decoding import ctc_decoding, edit_distance
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


def torch_loss(u, text):
    sizes = torch.tensor([len(u)]), torch.tensor([len(text)])
    target = torch.tensor(text)[None]
    return torch.nn.functional.ctc_loss(u.log_softmax(-1), target, *sizes, reduction="sum")


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
        for text, T in cases:
            R = sum(a == b for a, b in itertools.pairwise(text))
            found.append(formula(T, len(text), R))
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


def occupancies(y_hat, text, places):
    shares = alphas(y_hat, places) * betas(y_hat, places)
    omega = np.zeros_like(y_hat)
    for s, v in enumerate(places):
        omega[:, v] += shares[:, s]
    return omega / shares.sum(axis=1, keepdims=True), shares


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


@pytest.mark.equation("eq-speech-blank", tolerance=1e-12)
def test_blank(check, rng):
    """Left: the package's gradient at equal outputs; right: the formula."""
    T = int(rng.integers(6, 30))
    text = tuple(rng.integers(1, 3, size=int(rng.integers(2, 4))).tolist())
    U, R = len(text), sum(a == b for a, b in itertools.pairwise(text))
    log_p = np.full((T, 4), -math.log(4))
    left = (0.25 - ctc.backward(ctc.forward(log_p, np.array(text))[1]))[:, 0].sum()
    planted = {
        "one run less": R + U * (T - U - R) / (2 * U + 1),
        "half of all": T / 2,
        "1/V": T / 4,
        "frames counted twice": R + (U + 1) * T / (2 * U + 1),
    }
    check(left, R + (U + 1) * (T - U - R) / (2 * U + 1), planted=planted)


def table(a, b, swap=lambda x, y: float(x != y), other=1):
    """The printed recursion."""
    d = np.zeros((len(a) + 1, len(b) + 1))
    d[:, 0], d[0] = range(len(a) + 1), range(len(b) + 1)
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        d[i, j] = min(
            d[i - 1, j] + other, d[i, j - 1] + other, d[i - 1, j - 1] + swap(a[i - 1], b[j - 1])
        )
    return d[-1, -1]


@pytest.mark.equation("eq-speech-edit", tolerance=1e-12)
def test_edit(check, rng):
    """Left: breadth first, one edit at a time; right: the recursion."""

    @cache
    def within(text):  # all texts one edit away, of at most 5 letters
        made = set()
        for i in range(len(text) + 1):
            if len(text) < 5:
                made |= {text[:i] + c + text[i:] for c in "abc"}
            if i < len(text):
                made |= {text[:i] + text[i + 1 :], *(text[:i] + c + text[i + 1 :] for c in "abc")}
        return made

    def searched(a, b):
        steps, seen, wave = 0, {a}, {a}
        while b not in seen:
            wave = set().union(*map(within, wave)) - seen
            seen, steps = seen | wave, steps + 1
        return steps

    words = ["".join(rng.choice(list("abc"), size=n)) for n in (0, 1, 2, 3, 4, 4, 4)]
    pairs = [*itertools.product(words, words), ("abca", "bcab"), ("ab", "ba"), ("aaaa", "bbbb")]
    planted = {
        "a swap costs two": [table(a, b, swap=lambda x, y: 2.0 * (x != y)) for a, b in pairs],
        "equal letters cost": [table(a, b, swap=lambda x, y: 1.0) for a, b in pairs],
        "the common places only": [
            float(abs(len(a) - len(b)) + sum(x != y for x, y in zip(a, b, strict=False)))
            for a, b in pairs
        ],
    }
    check(
        np.array([searched(a, b) for a, b in pairs]),
        np.array([table(a, b) for a, b in pairs]),
        planted={name: np.array(values) for name, values in planted.items()},
    )


@pytest.mark.equation("eq-speech-rate", tolerance=1e-12)
def test_rate(check, rng):
    """Left: from texts with a known number of letters replaced, each by another; right: formula."""
    said, written, spoiled = [], [], 0
    for size in rng.integers(1, 12, size=9):
        text = rng.integers(0, 50, size=size)
        heard, wrong = text.copy(), rng.random(size) < 0.4
        heard[wrong] += 50  # letters that occur nowhere: nothing but replacing helps
        said, written, spoiled = (
            [*said, text.tolist()],
            [*written, heard.tolist()],
            spoiled + sum(wrong),
        )
    said, written = [*said, [1] * 20], [*written, [1] * 25]  # five too many
    left = (spoiled + 5) / sum(map(len, said))
    each = [edit_distance.distance(a, b) for a, b in zip(written, said, strict=True)]
    sizes = [len(text) for text in said]
    planted = {
        "the mean of the rates": np.mean(np.array(each) / sizes),
        "by what was written": sum(each) / sum(map(len, written)),
        "wrong texts": np.mean(np.array(each) > 0),
    }
    assert edit_distance.error_rate(written, said) == pytest.approx(left)
    check(left, sum(each) / sum(sizes), planted=planted)


@pytest.mark.equation("eq-speech-prefix", tolerance=1e-12)
def test_prefix(check, rng):
    """Left: all paths, sorted by what they say and how they end; right: the recursion."""
    T = 5
    y_hat, _, _ = draw(rng, T=T)
    left = {}
    for path in every(T):
        key = ctc.collapse(path), path[-1] == 0
        left[key] = left.get(key, 0.0) + chance(y_hat, path)
    keys = sorted(left)
    texts = sorted({text for text, _ in keys} | {()}, key=len)

    def recursion(repeat_after_letter=False, stays=True, one_number=False):
        b, n = {(): 1.0}, {}
        for y in y_hat:
            b_new = {ell: (b.get(ell, 0) + n.get(ell, 0)) * y[0] for ell in texts}
            n_new = {}
            for ell in texts:
                if not ell:
                    continue
                before, v = ell[:-1], ell[-1]
                fresh = b.get(before, 0)
                if repeat_after_letter or v != (before[-1] if before else None):
                    fresh += n.get(before, 0)
                going = n.get(ell, 0) if stays else 0
                going += b.get(ell, 0) if one_number else 0
                n_new[ell] = (going + fresh) * y[v]
            b, n = b_new, n_new
        return np.array([(b if ends else n).get(text, 0.0) for text, ends in keys])

    right = recursion()
    found = {labels: score for score, labels in ctc_decoding.prefix_beam(np.log(y_hat), 10**6)}
    for text in texts:
        total = sum(value for (labels, _), value in left.items() if labels == text)
        assert found[text] == pytest.approx(math.log(total))
    planted = {
        "a repeat needs no blank": recursion(repeat_after_letter=True),
        "a letter lasts one frame": recursion(stays=False),
        "one number a text": recursion(one_number=True),
    }
    check(np.array([left[key] for key in keys]), right, planted=planted)
