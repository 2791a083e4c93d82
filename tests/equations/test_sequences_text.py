"""The equations of `book/sequences/sequences-text.md`, each computed by two routes."""

from itertools import product

import numpy as np
import pytest
import torch

from unrolled.models.ngram import NGram

V, N, T, D = 4, 3, 5, 6


def random_text(rng, length=40):
    """Tokens 0 … V - 2 (one is never seen), each pair of them at least once."""
    pairs = [token for pair in product(range(V - 1), repeat=2) for token in pair]
    return np.concatenate([rng.integers(V - 1, size=length), pairs])


@pytest.mark.equation("eq-sequences-embedding", tolerance=1e-12)
def test_embedding(check, rng):
    """Left the product with one-hot rows, right torch's look-up."""
    E, i = rng.normal(size=(V, D)), rng.permutation(V)[:N]
    one_hot = np.array([[float(v == j) for v in range(V)] for j in i])
    right = torch.nn.functional.embedding(torch.tensor(i), torch.tensor(E))
    planted = {
        "counted from 1": E[i - 1],
        "the number itself times a row": i[:, None] * E[1],
        "ones up to the number": E.cumsum(axis=0)[i],
    }
    check(one_hot @ E, right, planted=planted)


@pytest.mark.equation("eq-sequences-bits", tolerance=1e-12)
def test_bits(check, rng):
    """Left both sides as printed, right the mean length of an ideal code, -log2 P a token; and
    the package's perplexity."""
    model = NGram.fit(random_text(rng), 2, V)
    x = rng.integers(V, size=T)
    p = np.array([model.distribution(x[:t])[x[t]] for t in range(T)])
    code = np.mean(-np.log2(p))
    L = -np.mean(np.log(p))
    ppl = np.prod(p) ** (-1 / T)
    wrong = {
        "nats": L,
        "multiplied by log 2": L * np.log(2),
        "the logarithm to base 10": L / np.log(10),
        "the perplexity itself": ppl,
    }
    planted = {name: (value, value, ppl) for name, value in wrong.items()}
    check((np.log2(ppl), L / np.log(2), ppl), (code, code, model.perplexity(x)), planted=planted)
