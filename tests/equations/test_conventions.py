"""The equations of book/reference/conventions.md: the forms as printed, against torch and Keras."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # keras reads it once, when it is imported

import keras
import numpy as np
import pytest
import torch

from unrolled.layers import GRU, LSTM, RNN

T, N, D, H = 6, 3, 4, 5


def sigma(a):
    return 1 / (1 + np.exp(-a))


def draw(rng, *shapes):
    return [rng.normal(size=shape) for shape in shapes]


def torch_layer(rng, name):
    """A torch layer with random weights; its matrices for rows, gate by gate, and its biases."""
    net = getattr(torch.nn, name)(D, H, dtype=torch.float64).requires_grad_(False)
    for parameter in net.parameters():
        parameter[:] = torch.tensor(rng.normal(size=parameter.shape))
    k = len(net.weight_ih_l0) // H
    W_x, W_h = (np.split(w.numpy().T, k, axis=1) for w in (net.weight_ih_l0, net.weight_hh_l0))
    b_x, b_h = (np.split(b.numpy(), k) for b in (net.bias_ih_l0, net.bias_hh_l0))
    return net, W_x, W_h, b_x, b_h


def states_of(net, x, *state):
    """States (T, N, H) by torch."""
    state = [torch.tensor(s)[None] for s in state]
    return net(torch.tensor(x), tuple(state) if len(state) > 1 else state[0])[0].numpy()


def scan(step, x, *state):
    """States of step(x_t, h, …) -> (h, …)."""
    states = []
    for x_t in x:
        state = step(x_t, *state)
        states.append(state[0])
    return np.stack(states)


# The plain network


@pytest.mark.equation("eq-conventions-rnn", tolerance=1e-12)
def test_rnn(check, rng):
    """Left side by torch.nn.RNN, whose two biases are added, right side as printed."""
    net, [W_xh], [W_hh], [b_x], [b_h] = torch_layer(rng, "RNN")
    x, h_0 = draw(rng, (T, N, D), (N, H))

    def printed(W_hh, b):
        return scan(lambda x, h: (np.tanh(x @ W_xh + h @ W_hh + b),), x, h_0)

    planted = {
        "W_hh transposed": printed(W_hh.T, b_x + b_h),
        "one of torch's biases": printed(W_hh, b_x),
        "the mean of torch's biases": printed(W_hh, (b_x + b_h) / 2),
        "no recurrence": printed(0 * W_hh, b_x + b_h),
    }
    check(states_of(net, x, h_0), printed(W_hh, b_x + b_h), planted=planted)


@pytest.mark.equation("eq-conventions-columns", tolerance=1e-12)
def test_columns(check, rng):
    """Left side by torch's cell, sample by sample; right side one batch of columns."""
    net, [W_xh], [W_hh], [b_x], [b_h] = torch_layer(rng, "RNN")
    x, h_0 = draw(rng, (N, D), (N, H))
    left = np.stack([states_of(net, x[None, [n]], h_0[[n]])[0, 0] for n in range(N)], axis=1)
    b = (b_x + b_h)[:, None]
    right = np.tanh(W_xh.T @ x.T + W_hh.T @ h_0.T + b)
    planted = {
        "weights not transposed": np.tanh(W_xh.T @ x.T + W_hh @ h_0.T + b),
        "samples still rows": right.T,
        "one of torch's biases": np.tanh(W_xh.T @ x.T + W_hh.T @ h_0.T + b_x[:, None]),
        "the bias outside of tanh": np.tanh(W_xh.T @ x.T + W_hh.T @ h_0.T) + b,
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-conventions-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left side entry by entry from torch's own weights, right side as printed."""
    net, [W_xh], [W_hh], *_ = torch_layer(rng, "RNN")
    x, h = draw(rng, (N, D), (N, H))
    left = torch.nn.functional.linear(torch.tensor(x), net.weight_ih_l0)
    left = left + torch.nn.functional.linear(torch.tensor(h), net.weight_hh_l0)
    both = np.concatenate([h, x], axis=1)
    planted = {
        "x above h in the matrix": both @ np.concatenate([W_xh, W_hh]),
        "x before h in the row": np.concatenate([x, h], axis=1) @ np.concatenate([W_hh, W_xh]),
        "W_hh transposed": both @ np.concatenate([W_hh.T, W_xh]),
        "the input's part left out": h @ W_hh,
    }
    check(left, both @ np.concatenate([W_hh, W_xh]), planted=planted)


@pytest.mark.equation("eq-conventions-biases", tolerance=1e-10)
def test_biases(check, rng):
    """Left side one step of torch's SGD on nn.RNN; right side as printed, the gradient that of a
    network with the one bias b_h."""
    net, [W_xh], [W_hh], [b_x], [b_h] = torch_layer(rng, "RNN")
    x, h_0, C = draw(rng, (T, N, D), (N, H), (T, N, H))
    eta, before = 0.1, b_x + b_h

    b, h, loss = torch.tensor(before, requires_grad=True), torch.tensor(h_0), 0
    for x_t, C_t in zip(x @ W_xh, C, strict=True):
        h = torch.tanh(torch.tensor(x_t) + h @ torch.tensor(W_hh) + b)
        loss = loss + (torch.tensor(C_t) * h).sum()
    gradient = torch.autograd.grad(loss, b)[0].numpy()
    net.requires_grad_(True)
    net(torch.tensor(x), torch.tensor(h_0)[None])[0].backward(torch.tensor(C))
    torch.optim.SGD(net.parameters(), lr=eta).step()
    left = (net.bias_ih_l0 + net.bias_hh_l0).detach().numpy()
    planted = {
        "the learning rate once": before - eta * gradient,
        "four times": before - 4 * eta * gradient,
        "uphill": before + 2 * eta * gradient,
        "only one bias starts": b_x - 2 * eta * gradient,
    }
    check(left, before - 2 * eta * gradient, planted=planted)


@pytest.mark.equation("eq-conventions-elman", tolerance=1e-12)
def test_elman(check, rng):
    """Left side by the logistic network, right side by torch.nn.RNN with the printed weights."""
    W, U, b, x, s_0 = draw(rng, (D, H), (H, H), H, (T, N, D), (N, H))
    left = 2 * scan(lambda x, s: (sigma(x @ W + s @ U + b),), x, s_0) - 1

    def printed(quarter, shift):
        net = torch.nn.RNN(D, H, dtype=torch.float64).requires_grad_(False)
        net.weight_ih_l0[:] = torch.tensor(W.T / 2)
        net.weight_hh_l0[:] = torch.tensor(U.T * quarter)
        net.bias_ih_l0[:] = torch.tensor(b / 2)
        net.bias_hh_l0[:] = torch.tensor(shift)
        return states_of(net, x, 2 * s_0 - 1)

    planted = {
        "U halved only": printed(1 / 2, U.sum(axis=0) / 4),
        "no shift of the bias": printed(1 / 4, np.zeros(H)),
        "sums of rows": printed(1 / 4, U.sum(axis=1) / 4),
    }
    check(left, printed(1 / 4, U.sum(axis=0) / 4), planted=planted)


# LSTM


def lstm(W_x, W_h, b, order="ifgo", reveal=np.tanh):
    """One step, as printed."""

    def step(x, h, c):
        a = [x @ W_x[k] + h @ W_h[k] + b[k] for k in range(4)]
        i, f, g, o = (a[order.index(gate)] for gate in "ifgo")
        c = sigma(f) * c + sigma(i) * np.tanh(g)
        return sigma(o) * reveal(c), c

    return step


@pytest.mark.equation("eq-conventions-lstm", tolerance=1e-12)
def test_lstm(check, rng):
    """Left side by torch.nn.LSTM, right side as printed."""
    net, W_x, W_h, b_x, b_h = torch_layer(rng, "LSTM")
    x, h_0, c_0 = draw(rng, (T, N, D), (N, H), (N, H))
    weights = W_x, W_h, np.add(b_x, b_h)
    planted = {
        "D3's order i, f, o, g": scan(lstm(*weights, order="ifog"), x, h_0, c_0),
        "input and forget gate exchanged": scan(lstm(*weights, order="figo"), x, h_0, c_0),
        "D2: no tanh at the output": scan(lstm(*weights, reveal=lambda c: c), x, h_0, c_0),
    }
    check(states_of(net, x, h_0, c_0), scan(lstm(*weights), x, h_0, c_0), planted=planted)


@pytest.mark.equation("eq-conventions-1997", tolerance=1e-12)
def test_1997(check, rng):
    """Left side by the paper's functions, right side by torch.nn.LSTM with its forget gate open."""
    net, *views = torch_layer(rng, "LSTM")
    W_x, W_h, b_x, b_h = ([part.copy() for part in parts] for parts in views)
    x, h_0, s_0 = draw(rng, (T, N, D), (N, H), (N, H))
    b = np.add(b_x, b_h)

    def paper(x, h, s):
        i, _, a, o = (x @ W_x[k] + h @ W_h[k] + b[k] for k in range(4))
        s = s + sigma(i) * (4 * sigma(a) - 2)
        return sigma(o) * (2 * sigma(s) - 1), s

    left = scan(paper, x, h_0, s_0)

    def printed(half, forget, start=s_0 / 2):
        g = slice(2 * H, 3 * H)
        for parameter, k in zip(net.parameters(), (W_x, W_h, b_x, b_h), strict=True):
            parameter[g] = torch.tensor(k[2].T) * half
        net.bias_ih_l0[H : 2 * H] = forget
        return states_of(net, x, h_0, start)

    right = printed(1 / 2, 1e4)
    planted = {
        "the candidate's weights as they are": printed(1.0, 1e4),
        "the candidate's weights doubled": printed(2.0, 1e4),
        "a forget gate at σ(1)": printed(1 / 2, 1.0),
        "the first state not halved": printed(1 / 2, 1e4, start=s_0),
    }
    check(left, right, planted=planted)


# GRU


def gru(W_x, W_h, b_x, b_h, after=True, keeps=True):
    """One step, as printed; gates r, z, n."""

    def step(x, h):
        r, z = (sigma(x @ W_x[k] + h @ W_h[k] + b_x[k] + b_h[k]) for k in range(2))
        state = r * (h @ W_h[2] + b_h[2]) if after else (r * h) @ W_h[2] + b_h[2]
        n = np.tanh(x @ W_x[2] + b_x[2] + state)
        return (z * h + (1 - z) * n if keeps else (1 - z) * h + z * n,)

    return step


@pytest.mark.equation("eq-conventions-gru", tolerance=1e-12)
def test_gru(check, rng):
    """Left side by torch.nn.GRU, right side as printed."""
    net, *weights = torch_layer(rng, "GRU")
    x, h_0 = draw(rng, (T, N, D), (N, H))
    W_x, W_h, b_x, b_h = weights
    keras_order = [[parts[k] for k in (1, 0, 2)] for parts in weights]
    outside = W_x, W_h, [*b_x[:2], b_x[2] + b_h[2]], [*b_h[:2], 0 * b_h[2]]
    planted = {
        "reset before the product": scan(gru(*weights, after=False), x, h_0),
        "z takes the new": scan(gru(*weights, keeps=False), x, h_0),
        "gates in Keras's order z, r, n": scan(gru(*keras_order), x, h_0),
        "b_hn outside of the reset": scan(gru(*outside), x, h_0),
    }
    check(states_of(net, x, h_0), scan(gru(*weights), x, h_0), planted=planted)


@pytest.mark.equation("eq-conventions-published", tolerance=1e-5)
def test_published(check, rng):
    """Left side by Keras with reset_after=False, which multiplies in float32; right as printed."""
    twin = keras.layers.GRU(H, return_sequences=True, reset_after=False, dtype="float64")
    twin.build((None, None, D))
    W_x, W_h, b = draw(rng, (D, 3 * H), (H, 3 * H), 3 * H)
    x, h_0 = draw(rng, (T, N, D), (N, H))
    twin.set_weights([W_x, W_h, b])
    theirs = twin(x.transpose(1, 0, 2), initial_state=[h_0])
    left = theirs.detach().cpu().numpy().transpose(1, 0, 2)
    z, r, n = 0, 1, 2  # Keras's order
    W_x, W_h, b = (np.split(a, 3, axis=-1) for a in (W_x, W_h, b))

    def printed(order, **options):
        blocks = ([parts[k] for k in order] for parts in (W_x, W_h, b))
        return scan(gru(*blocks, [np.zeros(H)] * 3, **options), x, h_0)

    planted = {
        "torch's order": printed((z, r, n), after=False),
        "reset after the product": printed((r, z, n), after=True),
        "z takes the new": printed((r, z, n), after=False, keeps=False),
    }
    check(left, printed((r, z, n), after=False), planted=planted)


@pytest.mark.equation("eq-conventions-update", tolerance=1e-12)
def test_update(check, rng):
    """Left side by torch.nn.GRUCell, right side by the gate that takes the new state."""
    net, W_x, W_h, b_x, b_h = torch_layer(rng, "GRU")
    x, h = draw(rng, (N, D), (N, H))
    left = states_of(net, x[None], h)[0]
    a = [x @ W_x[k] + h @ W_h[k] + b_x[k] + b_h[k] for k in range(2)]
    n = np.tanh(x @ W_x[2] + b_x[2] + sigma(a[0]) * (h @ W_h[2] + b_h[2]))

    def printed(u):
        return (1 - u) * h + u * n

    planted = {
        "the letter alone is changed": printed(sigma(a[1])),
        "-σ(a) for σ(-a)": printed(-sigma(a[1])),
        "σ(1 - a) for σ(-a)": printed(sigma(1 - a[1])),
        "the reset gate's pre-activation": printed(sigma(-a[0])),
    }
    check(left, printed(sigma(-a[1])), planted=planted)


@pytest.mark.equation("eq-conventions-reset", tolerance=1e-12)
def test_reset(check, rng):
    """Left side by two matrix products, right side the sum as printed, entry by entry."""
    h, W, r = draw(rng, (N, H), (H, H), (N, H))
    r = sigma(r)
    left = r * (h @ W) - (r * h) @ W

    def printed(W=W, own=1, others=1, state=lambda i, j: i):
        difference = np.zeros((N, H))
        for row, i, j in np.ndindex(N, H, H):
            resets = own * r[row, j] - others * r[row, i]
            difference[row, j] += resets * h[row, state(i, j)] * W[i, j]
        return difference

    planted = {
        "the other way round": printed(own=-1, others=-1),
        "W transposed": printed(W.T),
        "r[i] left out": printed(others=0),
        "h[j] for h[i]": printed(state=lambda i, j: j),
    }
    check(left, printed(), planted=planted)


# Sizes


@pytest.mark.equation("eq-conventions-count", tolerance=1e-12)
def test_count(check, rng):
    """Left side counted in torch's, Keras's and this book's layers; right side as printed."""
    D, H = int(rng.integers(2, 9)), int(rng.integers(10, 20))
    ours = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    left, k, extra = [], [], []
    for name, blocks, keras_biases in [("RNN", 1, 1), ("LSTM", 4, 1), ("GRU", 3, 2)]:
        net = getattr(torch.nn, name)(D, H)
        twin = getattr(keras.layers, name.replace("RNN", "SimpleRNN"))(H)
        twin.build((None, None, D))
        mine = sum(value.size for value in vars(ours[name].init(D, H, rng)).values())
        mine -= H * (name == "GRU")  # b_hn: "+ H" in the table
        left += [sum(p.numel() for p in net.parameters()), twin.count_params(), mine]
        k += [blocks] * 3
        extra += [2, keras_biases, 1]
    k, extra = np.array(k), np.array(extra)

    def printed(beta=extra, square=1, k=k):
        return k * (D * H + square * H**2 + beta * H)

    planted = {
        "torch with one": printed(np.minimum(extra, 1)),
        "no biases": printed(0 * extra),
        "no recurrent weights": printed(square=0),
        "two blocks in the GRU": printed(k=np.where(k == 3, 2, k)),
    }
    check(np.array(left), printed(), planted=planted)
