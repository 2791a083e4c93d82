"""The equations of book/sequences/language-model-sampling.md, each against an independent route."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from character_models import SYMBOLS, V, language_model, softmax

from unrolled.decoding.sampling import nucleus, top_k
from unrolled.models.language_model import generate, log_probabilities


@pytest.mark.equation("eq-lm-generate", tolerance=1e-10)
def test_generate(check, rng):
    """Left side: what `generate` can draw, symbol by symbol, when it is led through every
    eighth text of three symbols; right side as printed, ŷ from one pass over prompt and text."""
    model, prompt, M = language_model(rng), "cab", 3
    symbols = model.vocabulary

    def probability_when_led(tail):
        ids, p = iter(symbols.encode(tail)), []

        def lead(u):  # note the probability of the next symbol, then allow no other
            i = next(ids)
            p.append(u.softmax(-1)[0, i].item())
            return torch.where(torch.arange(V) == i, 0.0, -torch.inf).double()[None]

        assert generate(model, prompt, M, torch.Generator(), lead) == [tail]
        return np.prod(p)

    tails = ["".join(tail) for tail in product(SYMBOLS, repeat=M)][:: V + 1]
    m = len(prompt)

    def printed(first=m, last=m + M - 1, shift=1, forgotten=0):
        """The product over t = first … last; the first `forgotten` symbols are never read."""
        values = []
        for tail in tails:
            x = symbols.encode(prompt + tail)  # x[t - 1] is x_t
            with torch.no_grad():
                u, _ = model(torch.as_tensor(x[forgotten:])[:, None])
            y_hat = u[:, 0].softmax(-1).numpy()  # y_hat[t - 1 - forgotten] is ŷ_t
            steps = range(first, last + 1)
            values.append(np.prod([y_hat[t - 1 - forgotten, x[t - 1 + shift]] for t in steps]))
        return np.array(values)

    planted = {
        "prompt forgotten but for its end": printed(forgotten=m - 1),
        "prompt counted in": printed(first=1),
        "one symbol short": printed(first=m + 1),
        "the last left out": printed(last=m + M - 2),
        "x_t for x_{t+1}": printed(shift=0),
    }
    left = np.array([probability_when_led(tail) for tail in tails])
    check(left, printed(), planted=planted)
    log_p = [log_probabilities(model, symbols.encode(prompt + tail), N=1) for tail in tails]
    np.testing.assert_allclose([np.exp(p[m - 1 :].sum()) for p in log_p], printed(), rtol=1e-10)


@pytest.mark.equation("eq-lm-top-k", tolerance=1e-12)
def test_top_k(check, rng):
    """Left side as printed; right side drawing from ŷ again and again until a symbol of S_k
    comes, S_k the likeliest of all sets of k symbols, and the package."""
    u, k = 2 * rng.normal(size=V), int(rng.integers(2, 5))
    y_hat = softmax(u)

    def kept(k):
        best = sorted(range(V), key=lambda v: -y_hat[v])[:k]
        return np.array([y_hat[v] * (v in best) for v in range(V)])

    def drawn_until(k):
        S = max(combinations(range(V), k), key=lambda S: sum(y_hat[v] for v in S))
        refused = sum(y_hat[v] for v in range(V) if v not in S)
        first_hit = sum(refused**draws for draws in range(100_000))
        return np.array([first_hit * y_hat[v] if v in S else 0.0 for v in range(V)])

    wrong = {
        "not normalised": kept(k),
        "one more": kept(k + 1) / kept(k + 1).sum(),
        "even among the kept": (kept(k) > 0) / k,
        "logits cut to zero": softmax(np.where(kept(k) > 0, u, 0)),
        "divided by what was left out": kept(k) / (1 - kept(k).sum()),
    }
    left = kept(k) / kept(k).sum()
    planted = {name: (value, value) for name, value in wrong.items()}
    right = (drawn_until(k), top_k(torch.tensor(u), k).softmax(-1))
    check((left, left), right, planted=planted)


@pytest.mark.equation("eq-lm-nucleus", tolerance=1e-12)
def test_nucleus(check, rng):
    """Left side as printed, j = 1, 2, …; right side the smallest of all sets of symbols with a
    share of at least p, and how many symbols the package keeps."""
    u, shares = rng.normal(size=(20, V)), np.linspace(0.3, 0.9, 20)
    ordered = -np.sort(-softmax(u), axis=1)

    def smallest(enough):
        return np.array(
            [
                next(m for m in range(1, V + 1) if enough(row, m, p))
                for row, p in zip(ordered, shares, strict=True)
            ],
            float,
        )

    def of_all_sets(y_hat, p):
        return min(k for k in range(1, V + 1) for S in combinations(y_hat, k) if sum(S) >= p)

    cases = list(zip(u, shares, strict=True))
    left = smallest(lambda row, j, p: row[:j].sum() >= p)
    brute = np.array([of_all_sets(softmax(row), p) for row, p in cases], float)
    kept = [float((nucleus(torch.tensor(row), p) > -torch.inf).sum()) for row, p in cases]
    wrong = {
        "the one that reaches p left out": left - 1,
        "summed from the unlikely end": smallest(lambda row, m, p: row[V - m :].sum() >= p),
        "each at least 1 - p": (ordered >= 1 - shares[:, None]).sum(axis=1),
        "at least 1 - p": smallest(lambda row, m, p: row[:m].sum() >= 1 - p),
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left), (brute, np.array(kept)), planted=planted)


@pytest.mark.equation("eq-lm-entropy", tolerance=1e-6)
def test_entropy(check, rng):
    """Left side by finite differences, right side as printed."""
    u, tau, step = rng.normal(size=V), rng.uniform(0.6, 0.9), 1e-5

    def entropy(tau):
        p = softmax(u / tau)
        return -np.sum(p * np.log(p))

    p = softmax(u / tau)
    variance = np.sum(p * u**2) - np.sum(p * u) ** 2
    planted = {
        "τ² for τ³": variance / tau**2,
        "variance under softmax(u)": np.sum(softmax(u) * u**2) - np.sum(softmax(u) * u) ** 2,
        "second moment": np.sum(p * u**2) / tau**3,
        "sign": -variance / tau**3,
    }
    check(
        (entropy(tau + step) - entropy(tau - step)) / (2 * step), variance / tau**3, planted=planted
    )
