"""The equations of attention-alignment.md, each by an independent route."""

import numpy as np
import pytest
from attentions import S, T, softmax


@pytest.mark.equation("eq-attention-coverage", tolerance=1e-12)
def test_coverage(check, rng):
    """Left: place by place as printed; right: min(a, b) = (a + b - |a - b|) / 2 on all at once."""
    alpha = softmax(rng.normal(size=(T, S)))

    def printed(before=range, smaller=min):
        return sum(
            smaller(alpha[t, j], sum(alpha[i, j] for i in before(t))) for t, j in np.ndindex(T, S)
        )

    v = np.tril(np.ones((T, T)), -1) @ alpha
    right = ((alpha + v - abs(alpha - v)) / 2).sum()
    planted = {
        "this step counted": printed(lambda t: range(t + 1)),
        "the larger": printed(smaller=max),
        "the step before alone": printed(lambda t: range(max(t - 1, 0), t)),
        "the steps to come": printed(lambda t: range(t + 1, T)),
        "a product": printed(smaller=lambda a, v: a * v),
    }
    check(printed(), right, planted=planted)


@pytest.mark.equation("eq-attention-copy", tolerance=1e-12)
def test_copy(check, rng):
    """Left: the formula; right: the probabilities of all ways to come by a token, added up."""
    V, size = 4, 6
    y_hat, alpha = softmax(rng.normal(size=V)), softmax(rng.normal(size=S))
    p, source = rng.uniform(0.2, 0.8), [5, 1, 5, 4, 1]

    def printed(p, places):
        written = np.append(y_hat, np.zeros(size - V))
        return np.array([p * written[v] + (1 - p) * places(v) for v in range(size)])

    right = np.zeros(size)
    for gate, a in [("write", p), ("copy", 1 - p)]:
        ways = enumerate(y_hat) if gate == "write" else zip(source, alpha, strict=True)
        for token, b in ways:
            right[token] += a * b
    total = {v: sum(alpha[j] for j in range(S) if source[j] == v) for v in range(size)}
    last = dict(zip(source, alpha, strict=True))
    planted = {
        "one place for each token": printed(p, lambda v: last.get(v, 0.0)),
        "the gate turned round": printed(1 - p, total.get),
        "no copying": printed(p, lambda v: 0.0),
    }
    check(printed(p, total.get), right, planted=planted)
