"""The equations of book/reference/keras.md: as printed, against Keras and torch."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # keras reads it once, when it is imported

import keras
import numpy as np
import pytest
import torch
from torch import nn

N, T, E, H, V = 5, 7, 3, 4, 11
ETA, BETA_1, BETA_2 = 0.1, 0.9, 0.999


@pytest.mark.equation("eq-keras-count", tolerance=1e-12)
def test_count(check, rng):
    """Left side as printed, right side by what the layers of a Keras model hold."""
    V, E, H = (int(n) for n in rng.permutation(np.arange(5, 30))[:3])
    stack = [keras.Input((None,)), keras.layers.Embedding(V, E), keras.layers.SimpleRNN(H)]
    model = keras.Sequential([*stack, keras.layers.Dense(1)])
    wrong = {
        "torch's two biases": V * E + H * (E + H + 2) + H + 1,
        "no biases": V * E + H * (E + H) + H,
        "one-hot words, no embedding": H * (V + H + 1) + H + 1,
    }
    printed = V * E + H * (E + H + 1) + (H + 1)
    check(np.array(printed), np.array(model.count_params()), planted=wrong)


@pytest.mark.equation("eq-keras-running", tolerance=1e-5)
def test_running(check, rng):
    """Left side by the means that fit shows, right side by each batch's loss on its own."""
    k = 6
    x, y = rng.normal(size=(k * N, E)), rng.normal(size=(k * N, 1))
    model = keras.Sequential([keras.Input((E,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), loss="mse")
    W, b = rng.normal(size=(E, 1)), np.zeros(1)
    model.set_weights([W, b])
    shown = []
    log = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: shown.append(logs["loss"])
    )
    model.fit(x, y, batch_size=N, shuffle=False, callbacks=[log], verbose=0)
    own = []
    for x_k, y_k in zip(np.split(x, k), np.split(y, k), strict=True):
        error = x_k @ W + b - y_k
        own.append((error**2).mean())
        W = W - 0.05 * 2 * x_k.T @ error / N
        b = b - 0.05 * 2 * error.mean()
    number = np.arange(1, k + 1)
    own, shown = np.array(own), np.array(shown, dtype=np.float64)
    means, before = np.cumsum(own) / number, np.r_[0, shown[:-1]]  # L̄_{k-1}
    planted = {
        "shown is the batch's own": (own, own),
        "a sum": (np.cumsum(own), own),
        "divided by k + 1": (np.cumsum(own) / (number + 1), own),
        "differences of the means": (means, shown - before),
        "k for k - 1": (means, number * (shown - before)),
        "k - 1 for k": (means, (number - 1) * (shown - before)),
    }
    undone = number * shown - (number - 1) * before
    check((shown, undone), (means, own), planted=planted)


def gradients(rng, steps=6):
    """Small enough for ε = 0.01 to be seen."""
    return 0.05 * rng.normal(size=(steps, H))


def printed(theta, found, epsilon, beta_1=BETA_1, corrected=True):
    """θ after each of Adam's steps, with ε where the equation has it. (steps, H)"""
    m, v, thetas = np.zeros(H), np.zeros(H), []
    for t, g in enumerate(found, start=1):
        m, v = beta_1 * m + (1 - beta_1) * g, BETA_2 * v + (1 - BETA_2) * g**2
        rate = np.sqrt(1 - BETA_2**t) / (1 - beta_1**t) if corrected else 1
        theta = theta - ETA * rate * m / (np.sqrt(v) + epsilon)
        thetas.append(theta)
    return np.array(thetas)


def by_torch(theta, found, epsilon):
    """θ after each step of torch's Adam with epsilon(t) at step t."""
    parameter = torch.tensor(theta, requires_grad=True)
    adam = torch.optim.Adam([parameter], lr=ETA, betas=(BETA_1, BETA_2))
    thetas = []
    for t, g in enumerate(found, start=1):
        adam.param_groups[0]["eps"] = epsilon(t)
        parameter.grad = torch.tensor(g)
        adam.step()
        thetas.append(parameter.detach().numpy().copy())
    return np.array(thetas)


@pytest.mark.equation("eq-keras-adam", tolerance=1e-6)
def test_adam(check, rng):
    """Left side by keras.optimizers.Adam (its η, β are float32), right side as printed."""
    theta, found = rng.normal(size=H), gradients(rng)
    variable = keras.Variable(theta, dtype="float64")
    adam = keras.optimizers.Adam(ETA, BETA_1, BETA_2, epsilon=0.01)
    thetas = []
    for g in found:
        adam.apply([torch.tensor(g)], [variable])
        thetas.append(variable.value.detach().numpy().copy())
    planted = {
        "ε after the correction, as in torch": by_torch(theta, found, lambda t: 0.01),
        "no correction": printed(theta, found, 0.01, corrected=False),
        "Keras's usual ε": printed(theta, found, 1e-7),
    }
    check(np.array(thetas), printed(theta, found, 0.01), planted=planted)


@pytest.mark.equation("eq-keras-epsilon", tolerance=1e-10)
def test_epsilon(check, rng):
    """Left side by torch's Adam with the printed ε', right side by Keras's step, as printed."""
    theta, found = rng.normal(size=H), gradients(rng)

    def wrong(epsilon):
        return by_torch(theta, found, epsilon)

    check(
        by_torch(theta, found, lambda t: 0.01 / np.sqrt(1 - BETA_2**t)),
        printed(theta, found, 0.01),
        planted={
            "the same ε": wrong(lambda t: 0.01),
            "the root below, not above": wrong(lambda t: 0.01 * np.sqrt(1 - BETA_2**t)),
            "no root": wrong(lambda t: 0.01 / (1 - BETA_2**t)),
            "β₁ for β₂": wrong(lambda t: 0.01 / np.sqrt(1 - BETA_1**t)),
        },
    )


@pytest.mark.equation("eq-keras-mask", tolerance=1e-12)
def test_mask(check, rng):
    """Left side as printed, after all T columns, right side by torch on packed sequences."""
    lengths = rng.permutation(np.arange(1, T + 1))[:N]
    x = rng.normal(size=(N, T, E))
    W_xh, W_hh, b_h = rng.normal(size=(E, H)), rng.normal(size=(H, H)), rng.normal(size=H)
    net = nn.RNN(E, H, batch_first=True, dtype=torch.float64).requires_grad_(False)
    for parameter, value in zip(net.parameters(), (W_xh.T, W_hh.T, b_h, np.zeros(H)), strict=True):
        parameter[:] = torch.tensor(value)
    packed = nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    _, last = net(packed)

    def run(mask, carry):
        h = np.zeros((N, H))
        for t in range(T):
            m = mask(t)[:, None]
            h = m * np.tanh(x[:, t] @ W_xh + h @ W_hh + b_h) + carry(m) * h
        return h

    def words(t):
        return (t < lengths).astype(float)

    planted = {
        "no mask": run(lambda t: np.ones(N), lambda m: 0),
        "state lost at padding": run(words, lambda m: 0),
        "mask one step late": run(lambda t: words(t - 1), lambda m: 1 - m),
        "old state added at words, too": run(words, lambda m: 1),
    }
    check(run(words, lambda m: 1 - m), last[0], planted=planted)


@pytest.mark.equation("eq-keras-shared", tolerance=1e-6)
def test_shared(check, rng):
    """Left side by central differences of the shared weight, right side by autograd on copies."""
    x = torch.tensor(rng.normal(size=(2, T, N, E)))
    theta = torch.tensor(rng.normal(size=(H, H)) / 2)
    W_xh, read = (torch.tensor(rng.normal(size=shape)) for shape in ((E, H), (2 * H, 1)))

    def loss(*thetas):
        states = []
        for inputs, W_hh in zip(x, thetas, strict=True):
            h = torch.zeros(N, H, dtype=torch.float64)
            for x_t in inputs:
                h = torch.tanh(x_t @ W_xh + h @ W_hh)
            states.append(h)
        return torch.sigmoid(torch.cat(states, dim=1) @ read).square().mean()

    difference = torch.zeros_like(theta)
    for index in np.ndindex(H, H):
        step = torch.zeros_like(theta)
        step[index] = 1e-6
        difference[index] = (
            loss(theta + step, theta + step) - loss(theta - step, theta - step)
        ) / 2e-6
    copies = [theta.clone().requires_grad_() for _ in range(2)]
    one, two = torch.autograd.grad(loss(*copies), copies)
    planted = {"the mean over uses": (one + two) / 2, "first use only": one, "last use only": two}
    check(difference, one + two, planted=planted)
