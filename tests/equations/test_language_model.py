"""The equations of book/sequences/language-model.md, each against an independent route."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from character_models import H, T, V, softmax
from torch import nn

from unrolled.decoding.sampling import temperature


def one_hot(i):
    return np.eye(V)[i]


def network(rng):
    """W_xh, W_hh, b_h, W_hy, b_y."""
    shapes = [(V, H), (H, H), (H,), (H, V), (V,)]
    return [0.8 * rng.normal(size=shape) for shape in shapes]


def predictions(x, W_xh, W_hh, b_h, W_hy, b_y, softmax=softmax):
    """ŷ_t for t = 1…T as eq-lm-model prints it."""
    h, y_hat = np.zeros(H), []
    for x_t in x:
        h = np.tanh(one_hot(x_t) @ W_xh + h @ W_hh + b_h)
        y_hat.append(softmax(h @ W_hy + b_y))
    return np.array(y_hat)


def tensors(arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def torch_logits(x, W_xh, W_hh, b_h, W_hy, b_y):
    """Logits (T, V) by torch's own layer, whose weights are our tensors: gradients reach them."""
    layer = nn.RNN(V, H).double()
    zero = torch.zeros(H, dtype=torch.float64)
    parameters = {
        "weight_ih_l0": W_xh.T,
        "weight_hh_l0": W_hh.T,
        "bias_ih_l0": b_h,
        "bias_hh_l0": zero,
    }
    inputs = nn.functional.one_hot(torch.as_tensor(x), V).double()[:, None]  # (T, 1, V)
    h, _ = torch.func.functional_call(layer, parameters, (inputs,))
    return h[:, 0] @ W_hy + b_y


@pytest.mark.equation("eq-lm-model", tolerance=1e-12)
def test_model(check, rng):
    """Left side step by step as printed, right side by torch.nn.RNN and softmax."""
    x, weights = rng.integers(V, size=T), network(rng)
    W_xh, W_hh, b_h, W_hy, b_y = weights
    with torch.no_grad():
        right = torch_logits(x, *tensors(weights)).softmax(-1)
    logistic = lambda u: 1 / (1 + np.exp(-u))  # noqa: E731
    planted = {
        "no recurrence": predictions(x, W_xh, 0 * W_hh, b_h, W_hy, b_y),
        "W_hh transposed": predictions(x, W_xh, W_hh.T, b_h, W_hy, b_y),
        "sigmoids for softmax": predictions(x, *weights, softmax=logistic),
        "predicts before it reads": np.vstack([softmax(b_y), predictions(x, *weights)[:-1]]),
    }
    check(predictions(x, *weights), right, planted=planted)


@pytest.mark.equation("eq-lm-loss", tolerance=1e-12)
def test_loss(check, rng):
    """Left side as printed, right side by torch's cross-entropy on the text cut twice."""
    text, weights = rng.integers(V, size=T + 1), network(rng)
    y_hat, steps = predictions(text[:-1], *weights), np.arange(T)
    left = -np.mean(np.log(y_hat[steps, text[1:]]))
    logits = torch_logits(text[:-1], *tensors(weights))
    right = nn.functional.cross_entropy(logits, torch.as_tensor(text[1:]))
    planted = {
        "targets not shifted": -np.mean(np.log(y_hat[steps, text[:-1]])),
        "log of the mean": -np.log(np.mean(y_hat[steps, text[1:]])),
        "summed": T * left,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-lm-bias", tolerance=1e-10)
def test_bias(check, rng):
    """Left side by autograd, right side as printed."""
    text, weights = rng.integers(V, size=T + 1), network(rng)
    parameters = tensors(weights)
    logits = torch_logits(text[:-1], *parameters)
    loss = nn.functional.cross_entropy(logits, torch.as_tensor(text[1:]))
    (left,) = torch.autograd.grad(loss, parameters[-1])
    y_hat = predictions(text[:-1], *weights)
    come = np.array([one_hot(i) for i in text[1:]])
    planted = {
        "targets not shifted": (y_hat - [one_hot(i) for i in text[:-1]]).mean(axis=0),
        "sign": (come - y_hat).mean(axis=0),
        "last step only": y_hat[-1] - come[-1],
        "not averaged": (y_hat - come).sum(axis=0),
    }
    check(left, (y_hat - come).sum(axis=0) / T, planted=planted)


@pytest.mark.equation("eq-lm-floor", tolerance=1e-8)
def test_floor(check, rng):
    """Left side by minimising over all tables of V x V logits, right side as printed."""
    text, follows = [0], np.array([[0.7, 0.2, 0.1], [0.2, 0.2, 0.6], [0.4, 0.2, 0.4]])
    for _ in range(100):  # three symbols: every pair occurs, so the minimum is reached
        text.append(int(rng.choice(3, p=follows[text[-1]])))
    text.append(2)  # not where it began: row and column sums differ, and a mix-up shows
    pairs = list(pairwise(text))
    n = np.zeros((3, 3))
    for v, w in pairs:
        n[v, w] += 1
    assert n.min() > 0
    table = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    options = {"tolerance_grad": 1e-12, "tolerance_change": 1e-14, "max_iter": 500}
    optimizer = torch.optim.LBFGS([table], line_search_fn="strong_wolfe", **options)
    x, y = torch.tensor(text[:-1]), torch.tensor(text[1:])

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(table[x], y)
        loss.backward()
        return loss

    optimizer.step(closure)
    size, row, column = len(pairs), n.sum(axis=1, keepdims=True), n.sum(axis=0)
    planted = {
        "frequencies of single letters": -np.sum(n * np.log(column / size)) / size,
        "joint for conditional": -np.sum(n * np.log(n / size)) / size,
        "divided by the next letter's count": -np.sum(n * np.log(n / column)) / size,
        "every context weighs the same": -np.sum(n / row * np.log(n / row)) / 3,
    }
    check(closure(), -np.sum(n * np.log(n / row)) / size, planted=planted)


@pytest.mark.equation("eq-lm-temperature", tolerance=1e-12)
def test_temperature(check, rng):
    """Left side by the package, from logits; right side as printed, from probabilities."""
    u, tau = 2 * rng.normal(size=V), rng.uniform(0.5, 0.8)
    y_hat = softmax(u)
    power = y_hat ** (1 / tau)
    planted = {
        "probabilities through softmax": softmax(y_hat / tau),
        "probabilities divided": (y_hat / tau) / (y_hat / tau).sum(),
        "power τ": y_hat**tau / np.sum(y_hat**tau),
    }
    check(temperature(torch.tensor(u), tau).softmax(-1), power / power.sum(), planted=planted)
