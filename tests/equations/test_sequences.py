"""The equations of `book/sequences/sequences.md`, each computed by two routes."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.layers import loss

V, N, T, H = 4, 3, 5, 7


def random_text(rng, length=40):
    """Tokens 0 … V - 2 (one is never seen), each pair of them at least once."""
    pairs = [token for pair in product(range(V - 1), repeat=2) for token in pair]
    return np.concatenate([rng.integers(V - 1, size=length), pairs])


def grams(ids, k):
    return [tuple(ids[j : j + k].tolist()) for j in range(len(ids) - k + 1)]


@pytest.mark.equation("eq-sequences-window", tolerance=1e-12)
def test_window(check, rng):
    """Left the sum over places, right torch's one dense layer on the characters side by side."""
    x, W, b = rng.normal(size=(T, N, V)), rng.normal(size=(T, V, H)), rng.normal(size=H)
    left = sum(x[p] @ W[p] for p in range(T)) + b
    side_by_side = torch.tensor(np.concatenate(x, axis=1))  # (N, T V)
    weight = torch.tensor(W.reshape(T * V, H).T.copy())  # (H, T V), torch's layout
    right = torch.nn.functional.linear(side_by_side, weight, torch.tensor(b))
    planted = {
        "one matrix for all places": x.sum(axis=0) @ W[0] + b,
        "a bias at each place": left + (T - 1) * b,
        "the newest character with the first matrix": sum(x[p] @ W[T - 1 - p] for p in range(T))
        + b,
        "the last place left out": left - x[-1] @ W[-1],
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-sequences-chain", tolerance=1e-12)
def test_chain(check, rng):
    """Left a random joint distribution of T steps, right the product of its conditionals."""
    joint = rng.dirichlet(np.ones(V**T)).reshape((V,) * T)

    def marginal(steps):
        """Of these steps, counted from 0; the other axes have length 1."""
        return joint.sum(axis=tuple(set(range(T)) - set(steps)), keepdims=True)

    def conditional(t, given):
        return marginal([*given, t]) / marginal(given)

    def product_of(*factors):
        return np.prod(np.broadcast_arrays(joint, *factors)[1:], axis=0)

    right = product_of(*(conditional(t, range(t)) for t in range(T)))
    planted = {
        "Markov product": product_of(*(conditional(t, [t - 1] * (t > 0)) for t in range(T))),
        "without P(x_1)": right / marginal([0]),
        "without the last factor": right / conditional(T - 1, range(T - 1)),
        "tokens independent": product_of(*(marginal([t]) for t in range(T))),
        "the newest token not in the condition": product_of(
            *(conditional(t, range(t - 1)) for t in range(T))
        ),
    }
    check(joint, right, planted=planted)


@pytest.mark.equation("eq-sequences-count", tolerance=1e-6)
def test_count(check, rng):
    """Left the ratio of counts, right the most probable parameters of the text, by search."""
    text = random_text(rng)
    counts = Counter(grams(text, 2))
    contexts = range(V - 1)
    ratio = np.array(
        [
            [counts[c, v] / sum(counts[c, w] for w in range(V)) for v in range(V - 1)]
            for c in contexts
        ]
    )
    u = torch.zeros(V - 1, V - 1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS(
        [u], max_iter=500, tolerance_grad=1e-13, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def objective():
        search.zero_grad()
        value = -torch.log_softmax(u, dim=1)[text[:-1], text[1:]].mean()
        value.backward()
        return value

    search.step(objective)
    occurrences = np.bincount(text, minlength=V - 1)[: V - 1, None]
    pairs = np.array([[counts[c, v] for v in contexts] for c in contexts])
    planted = {
        "add-one": (pairs + 1) / (pairs.sum(axis=1, keepdims=True) + V - 1),
        "divided by the number of v": pairs / occurrences.T,
        "divided by all pairs": pairs / pairs.sum(),
    }
    check(ratio, torch.softmax(u, dim=1), planted=planted)


@pytest.mark.equation("eq-sequences-markov", tolerance=1e-12)
def test_markov(check, rng):
    """For a chain in which two tokens decide (n = 3), both sides summed out of its joint
    distribution of T steps: left given all four earlier tokens, right given the last two."""
    start, step = rng.dirichlet(np.ones(V * V)).reshape(V, V), rng.dirichlet(np.ones(V), (V, V))
    joint = np.einsum("ab,abc,bcd,cde->abcde", start, step, step, step)
    left = joint / joint.sum(axis=4, keepdims=True)

    def given(*axes):
        table = joint.sum(axis=tuple(set(range(4)) - set(axes)), keepdims=True)
        return np.broadcast_to(table / table.sum(axis=4, keepdims=True), joint.shape)

    planted = {
        "n - 2 tokens": given(3),
        "the first two tokens": given(0, 1),
        "one token too early": given(1, 2),
        "no condition": given(),
    }
    check(left, given(2, 3), planted=planted)


def table_and_text(rng):
    """The probabilities of all V^T texts, any at all, and one of these texts."""
    joint = rng.dirichlet(np.ones(V**T)).reshape((V,) * T)
    return joint, tuple(rng.integers(V, size=T).tolist())


def conditionals(joint, x):
    """P(x_t | x_1, …, x_{t-1}) for each t: shares of the texts that begin alike."""
    begin = [joint[x[:t]].sum() for t in range(len(x) + 1)]
    return np.array(begin[1:]) / np.array(begin[:-1])


@pytest.mark.equation("eq-sequences-cross-entropy", tolerance=1e-12)
def test_cross_entropy(check, rng):
    """Left the mean over steps of what each token costs after the ones before; right from the
    entry of the table of all texts."""
    joint, x = table_and_text(rng)
    p = conditionals(joint, x)
    left = -np.mean(np.log(p))
    alone = [joint.sum(axis=tuple(set(range(T)) - {t}))[x[t]] for t in range(T)]
    planted = {
        "sum": left * T,
        "no minus sign": -left,
        "bits": left / np.log(2),
        "log of the mean": -np.log(p.mean()),
        "the condition forgotten": -np.mean(np.log(alone)),
        "the first token not counted": -np.sum(np.log(p[1:])) / T,
    }
    check(left, -np.log(joint[x]) / T, planted=planted)


@pytest.mark.equation("eq-sequences-perplexity", tolerance=1e-12)
def test_perplexity(check, rng):
    """Left exp of the mean cost and the root of the probability of the whole text; right the die
    on which T throws are as probable, by bisection."""
    joint, x = table_and_text(rng)
    p, whole = conditionals(joint, x), joint[x]
    L = -np.mean(np.log(p))
    low, high = 1.0, 1e6
    for _ in range(100):  # (1/k)^T falls as k grows
        k = (low + high) / 2
        low, high = (k, high) if (1 / k) ** T > whole else (low, k)
    wrong = {
        "no minus sign": np.exp(-L),
        "sum for mean": np.exp(T * L),
        "2 to the nats": 2**L,
        "mean of 1/P": np.mean(1 / p),
        "root of T - 1": whole ** (-1 / (T - 1)),
        "power T for the root": whole**-T,
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((np.exp(L), whole ** (-1 / T)), (k, k), planted=planted)


@pytest.mark.equation("eq-sequences-softmax", tolerance=1e-12)
def test_softmax(check, rng):
    """Left the formula; right autograd of the logarithm of the sum of exponentials, and the
    package's, which subtracts the largest logit first."""
    u = 3 * rng.normal(size=(T, N, V))
    e = np.exp(u)
    u_torch = torch.tensor(u, requires_grad=True)
    torch.logsumexp(u_torch, dim=-1).sum().backward()
    left = e / e.sum(axis=-1, keepdims=True)
    wrong = {
        "summed over the batch": e / e.sum(axis=1, keepdims=True),
        "squares for exponentials": u**2 / (u**2).sum(axis=-1, keepdims=True),
        "powers of two": 2**u / (2**u).sum(axis=-1, keepdims=True),
        "not divided": e,
        "the least likely first": (1 / e) / (1 / e).sum(axis=-1, keepdims=True),
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left), (u_torch.grad, loss.softmax(u)), planted=planted)


@pytest.mark.equation("eq-sequences-loss", tolerance=1e-12)
def test_loss(check, rng):
    """Left the sum over the vocabulary, right torch's loss for a class number."""
    u, target = rng.normal(size=V), int(rng.integers(V))
    y, y_hat = np.eye(V)[target], np.exp(u) / np.exp(u).sum()
    right = torch.nn.functional.cross_entropy(torch.tensor(u), torch.tensor(target))
    planted = {
        "no minus sign": np.sum(y * np.log(y_hat)),
        "y and ŷ exchanged": -np.sum(y_hat * np.log(y + 1e-9)),
        "the logit for its softmax": -u[target],
    }
    check(-np.sum(y * np.log(y_hat)), right, planted=planted)


@pytest.mark.equation("eq-sequences-gradient", tolerance=1e-10)
def test_gradient(check, rng):
    """Left prediction minus target, right autograd through the logarithm of softmax."""
    u, target = rng.normal(size=V), int(rng.integers(V))
    y, y_hat = np.eye(V)[target], np.exp(u) / np.exp(u).sum()
    u_torch = torch.tensor(u, requires_grad=True)
    (-torch.tensor(y) * torch.log(torch.softmax(u_torch, dim=0))).sum().backward()
    planted = {
        "uphill": y - y_hat,
        "through the log only": -y / y_hat,
        "diagonal of softmax's Jacobian only": -y * (1 - y_hat),
    }
    check(y_hat - y, u_torch.grad, planted=planted)
