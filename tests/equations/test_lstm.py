"""The equations of book/gates/lstm.md, each against an independent route."""

import numpy as np
import pytest
import torch

T, N, D, H = 6, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def draw(rng, *shapes):
    return [rng.normal(size=shape) for shape in shapes]


def weights(rng):
    """W_xh (D, 4H), W_hh (H, 4H), b_h (4H,), blocks i, f, g, o."""
    return draw(rng, (D, 4 * H), (H, 4 * H), (4 * H,))


def their_lstm(W_xh, W_hh, b_h):
    """torch's own layer with these weights."""
    layer = torch.nn.LSTM(D, H, dtype=torch.float64)
    with torch.no_grad():
        for name, value in [
            ("weight_ih_l0", W_xh.T),
            ("weight_hh_l0", W_hh.T),
            ("bias_ih_l0", b_h),
        ]:
            getattr(layer, name)[:] = torch.from_numpy(np.ascontiguousarray(value))
        layer.bias_hh_l0.zero_()
    return layer


def gates(W_xh, W_hh, b_h, x, h):
    """The gates as printed, one block after the other."""
    blocks = zip(*(np.split(W, 4, axis=-1) for W in (W_xh, W_hh, b_h)), strict=True)
    a_i, a_f, a_g, a_o = (x @ W_x + h @ W_h + b for W_x, W_h, b in blocks)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def read_off(W, x, h):
    """i, f, g, o of torch's cell, from its c and h alone.

    c is linear in the old cell state: two values of it give f and i ⊙ g; a state that saturates
    tanh gives o; and c = 0 with the input gate pinned at 1 gives g.
    """

    def torch_cell(c, b_h):
        layer = their_lstm(W[0], W[1], b_h)
        state = tuple(torch.from_numpy(s)[None] for s in (h, c))
        with torch.no_grad():
            _, (new_h, new_c) = layer(torch.from_numpy(x)[None], state)
        return new_h[0].numpy(), new_c[0].numpy()

    zero, one = np.zeros((N, H)), np.ones((N, H))
    open_input, shut_input = (W[2] + np.repeat([s, 0, 0, 0], H) for s in (200.0, -200.0))
    _, g = torch_cell(zero, open_input)
    _, f = torch_cell(one, shut_input)
    o, _ = torch_cell(np.full((N, H), 1e9), W[2])
    _, i_g = torch_cell(zero, W[2])
    return i_g / g, f, g, o


@pytest.mark.equation("eq-lstm-gates", tolerance=1e-12)
def test_gates(check, rng):
    """Left: the four lines as printed; right: read off torch's cell by its c and h."""
    W = weights(rng)
    x, h = draw(rng, (N, D), (N, H))
    swapped = np.concatenate([W[0][:, :H], W[0][:, H:][:, ::-1]], axis=1)
    planted = {
        "tanh for the gates": tuple(np.tanh(np.split(x @ W[0] + h @ W[1] + W[2], 4, axis=1))),
        "order i, f, o, g (deck D3)": tuple(np.array(gates(*W, x, h))[[0, 1, 3, 2]]),
        "blocks mixed up": gates(swapped, W[1], W[2], x, h),
        "no bias": gates(W[0], W[1], 0 * W[2], x, h),
    }
    check(gates(*W, x, h), read_off(W, x, h), planted=planted)


@pytest.mark.equation("eq-lstm-cell", tolerance=1e-12)
def test_cell(check, rng):
    """Left: T steps as printed; right: torch.nn.LSTM, hidden states and the last cell state."""
    W = weights(rng)
    x, h, c = draw(rng, (T, N, D), (N, H), (N, H))
    with torch.no_grad():
        state = tuple(torch.from_numpy(s)[None] for s in (h, c))
        right, (_, c_T) = their_lstm(*W)(torch.from_numpy(x), state)

    def run(update, show):
        h_t, c_t, out = h, c, []
        for x_t in x:
            i, f, g, o = gates(*W, x_t, h_t)
            c_t = update(i, f, g, c_t)
            h_t = show(o, c_t)
            out.append(h_t)
        return np.array(out), c_t

    def add(i, f, g, c):
        return f * c + i * g

    def tanh(o, c):
        return o * np.tanh(c)

    left = run(add, tanh)
    planted = {
        "no tanh (deck D2)": run(add, lambda o, c: o * c),
        "f and i exchanged": run(lambda i, f, g, c: i * c + f * g, tanh),
        "no forget gate (1997)": run(lambda i, f, g, c: c + i * g, tanh),
        "f erases (decks D2, D3)": run(lambda i, f, g, c: (1 - f) * c + i * g, tanh),
    }
    check(left, (right.numpy(), c_T[0].numpy()), planted=planted)


@pytest.mark.equation("eq-lstm-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left: one product cut into blocks i, f, g, o, then σ and tanh; right: torch's cell, read."""
    W = weights(rng)
    x, h = draw(rng, (N, D), (N, H))

    def printed(W_hh=W[1], b_h=W[2], order=(0, 1, 2, 3)):
        a = np.split(x @ W[0] + h @ W_hh + b_h, 4, axis=1)
        a_i, a_f, a_g, a_o = (a[k] for k in order)
        return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)

    blocks = np.split(W[1], 4, axis=1)
    planted = {
        "one block's recurrent weights for all": printed(np.tile(blocks[0], 4)),
        "each block transposed": printed(np.hstack([block.T for block in blocks])),
        "torch's two biases, both set": printed(b_h=2 * W[2]),
        "order i, f, o, g (deck D3)": printed(order=(0, 1, 3, 2)),
        "f before i": printed(order=(1, 0, 2, 3)),
    }
    check(printed(), read_off(W, x, h), planted=planted)


def blocks(W, x, h, c):
    """F, the three terms of K, P and Q of one step of one sequence, as printed."""
    i, f, g, o = gates(*W, x, h)
    W_i, W_f, W_g, W_o = np.split(W[1], 4, axis=1)
    new_c = f * c + i * g
    tanh_c = np.tanh(new_c)
    F = np.diag(f)
    K = [
        np.diag(c * f * (1 - f)) @ W_f.T,
        np.diag(g * i * (1 - i)) @ W_i.T,
        np.diag(i * (1 - g**2)) @ W_g.T,
    ]
    P = np.diag(o * (1 - tanh_c**2))
    Q = np.diag(tanh_c * o * (1 - o)) @ W_o.T
    return (o * tanh_c, new_c), F, K, P, Q


@pytest.mark.equation("eq-lstm-direct", tolerance=1e-10)
def test_direct(check, rng):
    """Left: the diagonal as printed; right: autograd of torch's cell, its hidden state held."""
    W = weights(rng)
    x, h, c = draw(rng, D, H, H)
    i, f, _, _ = gates(*W, x, h)
    layer = their_lstm(*W)
    xt, ht = torch.from_numpy(x)[None], torch.from_numpy(h)[None]

    def cell(c_before):
        return layer(xt, (ht, c_before[None]))[1][1][0]

    def cell_and_h(c_before):  # h moves along, as in a network
        moving = torch.sigmoid(ht.new_full((H,), 0.3)) * torch.tanh(c_before)
        return layer(xt, (moving[None], c_before[None]))[1][1][0]

    right, full = (
        torch.autograd.functional.jacobian(g, torch.from_numpy(c)).numpy()
        for g in (cell, cell_and_h)
    )
    planted = {
        "the input gate": np.diag(i),
        "1, as in 1997": np.eye(H),
        "1 - f": np.diag(1 - f),
        "h moving along": full,
    }
    check(np.diag(f), right, planted=planted)
