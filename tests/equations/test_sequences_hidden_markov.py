"""The equations of `book/sequences/sequences-hidden-markov.md`, each computed by two routes."""

from itertools import product

import numpy as np
import pytest

from unrolled.models.hmm import HMM

V, T, K = 4, 5, 2


def hidden_markov_model(rng):
    return HMM(*(rng.dirichlet(np.ones(size), rows) for size, rows in ((K, ()), (K, K), (V, K))))


def path(hmm, z, x):
    """P(z, x) for one path of the latent chain: the definition of the model."""
    p = hmm.pi[z[0]] * hmm.B[z[0], x[0]]
    for t in range(1, len(x)):
        p *= hmm.A[z[t - 1], z[t]] * hmm.B[z[t], x[t]]
    return p


def all_paths(hmm, x):
    return {z: path(hmm, z, x) for z in product(range(K), repeat=len(x))}


def joint_table(hmm, steps):
    """P(x_1 … x_steps) for all V^steps texts, by summing over all paths: axes are steps."""
    joint = np.zeros((V,) * steps)
    for x in product(range(V), repeat=steps):
        joint[x] = sum(all_paths(hmm, x).values())
    return joint


def forward(hmm, x, A=None, late=0):
    """The recursion as printed. Planted: another A, or each emission `late` steps back."""
    A = hmm.A if A is None else A
    alpha = [hmm.pi * hmm.B[:, x[0]]]
    for t in range(1, len(x)):
        alpha.append((alpha[-1] @ A) * hmm.B[:, x[t - late]])
    return np.array(alpha)


@pytest.mark.equation("eq-sequences-forward", tolerance=1e-12)
def test_forward(check, rng):
    """Left the recursion, right for each t and j the sum over all paths with z_t = j."""
    hmm = hidden_markov_model(rng)
    x = rng.integers(V, size=T)
    right = np.zeros((T, K))
    for t in range(T):
        for z, p in all_paths(hmm, x[: t + 1]).items():
            right[t, z[-1]] += p
    planted = {
        "A transposed": forward(hmm, x, hmm.A.T),
        "the token before": forward(hmm, x, late=1),
        "A before the first token": forward(HMM(hmm.pi @ hmm.A, hmm.A, hmm.B), x),
    }
    check(forward(hmm, x), right, planted=planted)


@pytest.mark.equation("eq-sequences-likelihood", tolerance=1e-12)
def test_likelihood(check, rng):
    """Left all paths, right the sum of the last state."""
    hmm = hidden_markov_model(rng)
    x = rng.integers(V, size=T)
    paths = all_paths(hmm, x)
    planted = {
        "the best path": max(paths.values()),
        "tokens independent": np.prod([sum(all_paths(hmm, [v]).values()) for v in x]),
        "all states": forward(hmm, x).sum(),
    }
    check(sum(paths.values()), forward(hmm, x)[-1].sum(), planted=planted)
    assert np.isclose(hmm.forward(x)[0].sum(), np.log(sum(paths.values())), rtol=1e-12)


@pytest.mark.equation("eq-sequences-predict", tolerance=1e-12)
def test_predict(check, rng):
    """Left a ratio of probabilities of texts, by enumeration; right from the state."""
    hmm = hidden_markov_model(rng)
    x = tuple(rng.integers(V, size=3))
    joint = joint_table(hmm, 4)
    left = joint[x] / joint[x].sum()
    alpha = forward(hmm, x)[-1]
    planted = {
        "not divided": alpha @ hmm.A @ hmm.B,
        "without the step": alpha @ hmm.B / alpha.sum(),
        "given the last token only": joint.sum(axis=(0, 1))[x[2]]
        / joint.sum(axis=(0, 1))[x[2]].sum(),
    }
    check(left, alpha @ hmm.A @ hmm.B / alpha.sum(), planted=planted)
