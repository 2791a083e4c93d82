"""The equations of book/gates/gru-two-forms.md, each against an independent route."""

import os

import numpy as np
import pytest
import torch

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported


T, N, D, H = 6, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Weights:
    """W_xr … W_hn, b_r, b_z, b_xn, b_hn of a GRU, drawn; and torch's cell with the same."""

    def __init__(self, rng, H=H, D=D):
        self.x_blocks = [rng.normal(size=(D, H)) for _ in range(3)]
        self.h_blocks = [rng.normal(size=(H, H)) for _ in range(3)]
        self.biases = [rng.normal(size=H) for _ in range(3)]
        self.W_xr, self.W_xz, self.W_xn = self.x_blocks
        self.W_hr, self.W_hz, self.W_hn = self.h_blocks
        self.b_r, self.b_z, self.b_xn = self.biases
        self.b_hn = rng.normal(size=H)

    def gates(self, x, h):
        """The printed formulas of r_t, z_t, q_t and n_t."""
        r = sigmoid(x @ self.W_xr + h @ self.W_hr + self.b_r)
        z = sigmoid(x @ self.W_xz + h @ self.W_hz + self.b_z)
        q = h @ self.W_hn + self.b_hn
        return r, z, q, np.tanh(x @ self.W_xn + self.b_xn + r * q)

    def cell(self):
        cell = torch.nn.GRUCell(len(self.W_xr), len(self.W_hr), dtype=torch.float64)
        cell.requires_grad_(False)
        cell.weight_ih[:] = torch.tensor(np.hstack(self.x_blocks).T)
        cell.weight_hh[:] = torch.tensor(np.hstack(self.h_blocks).T)
        cell.bias_ih[:] = torch.tensor(np.hstack(self.biases))
        cell.bias_hh[:] = torch.tensor(np.hstack([0 * self.b_r, 0 * self.b_z, self.b_hn]))
        return cell


def draw(rng):
    return Weights(rng), rng.normal(size=(N, D)), rng.normal(size=(N, H))


@pytest.fixture
def published(rng):
    """A run of the published form, by autograd: see `run`."""
    return run(rng, before=True)


def run(rng, before):
    """A run over T steps with a loss at each, taped: what autograd says, and what is printed.

    Returns a dict: lists over the steps of the arrays named as in the text, autograd's total
    derivatives at the pre-activations a_r, a_z, a_n and at the states, and at all parameters.
    """
    w = Weights(rng)
    names = [k for k in vars(w) if k[:2] in ("W_", "b_") and not (before and k == "b_hn")]
    p = {k: torch.tensor(getattr(w, k), requires_grad=True) for k in names}
    x = [torch.tensor(rng.normal(size=(N, D)), requires_grad=True) for _ in range(T)]
    h = [torch.tensor(rng.normal(size=(N, H)), requires_grad=True)]
    C = [rng.normal(size=(N, H)) for _ in range(T)]  # ∂ℓ_t/∂h_t
    a = {"r": [], "z": [], "n": []}
    loss = 0
    for t in range(T):
        a_r = x[t] @ p["W_xr"] + h[t] @ p["W_hr"] + p["b_r"]
        a_z = x[t] @ p["W_xz"] + h[t] @ p["W_hz"] + p["b_z"]
        r, z = torch.sigmoid(a_r), torch.sigmoid(a_z)
        if before:
            a_n = x[t] @ p["W_xn"] + p["b_xn"] + (r * h[t]) @ p["W_hn"]
        else:
            a_n = x[t] @ p["W_xn"] + p["b_xn"] + r * (h[t] @ p["W_hn"] + p["b_hn"])
        for name, value in zip("rzn", (a_r, a_z, a_n), strict=True):
            a[name].append(value)
        n = torch.tanh(a_n)
        h.append((1 - z) * n + z * h[t])
        loss = loss + (torch.tensor(C[t]) * h[t + 1]).sum()
    wanted = [*a["r"], *a["z"], *a["n"], *h, *x, *p.values()]
    grads = [g.numpy() for g in torch.autograd.grad(loss, wanted)]
    steps, rest = grads[: 3 * T], grads[3 * T :]
    truth = {name: steps[i * T : (i + 1) * T] for i, name in enumerate("rzn")}
    truth |= {"h": rest[: T + 1], "x": rest[T + 1 : 2 * T + 1]}
    truth |= dict(zip(p, rest[2 * T + 1 :], strict=True))
    values = {k: [sigmoid(v.detach().numpy()) for v in a[k]] for k in "rz"}
    values |= {"n": [np.tanh(v.detach().numpy()) for v in a["n"]]}
    values |= {"h": [v.detach().numpy() for v in h], "x": [v.detach().numpy() for v in x]}
    values["q"] = [v @ w.W_hn + w.b_hn for v in values["h"][:-1]]
    return w, values, truth, C


@pytest.mark.equation("eq-gru-published", tolerance=2e-6)
def test_published(check, rng):
    """Left: Keras's cell with reset_after=False, z forced to 0, float32 inside; right: printed."""
    import keras

    w, x, h = draw(rng)
    cell = keras.layers.GRUCell(H, reset_after=False, dtype="float64")
    cell.build((N, D))
    order = (1, 0, 2)  # z, r, h
    biases = [w.biases[i] for i in order]
    biases[0] = np.full(H, -800.0)
    blocks = [np.hstack([some[i] for i in order]) for some in (w.x_blocks, w.h_blocks)]
    cell.set_weights([*blocks, np.hstack(biases)])
    left, _ = cell(torch.tensor(x), torch.tensor(h))
    r, _, _, _ = w.gates(x, h)
    from_x = x @ w.W_xn + w.b_xn
    planted = {
        "after the product (deck D0)": np.tanh(from_x + r * (h @ w.W_hn)),
        "no reset": np.tanh(from_x + h @ w.W_hn),
        "not transposed": np.tanh(from_x + (r * h) @ w.W_hn.T),
        "with torch's b_hn": np.tanh(from_x + (r * h) @ w.W_hn + w.b_hn),
    }
    check(left.detach(), np.tanh(from_x + (r * h) @ w.W_hn), planted=planted)


@pytest.mark.equation("eq-gru-apart", tolerance=1e-11)
def test_apart(check, rng):
    """Left: the difference of two matrix products; right: the sum over i, entry by entry."""
    r, h, W = rng.uniform(size=(N, H)), rng.normal(size=(N, H)), rng.normal(size=(H, H))
    left = r * (h @ W) - (r * h) @ W
    right, turned = np.zeros((N, H)), np.zeros((N, H))
    for row in range(N):
        for j in range(H):
            for i in range(H):
                right[row, j] += h[row, i] * W[i, j] * (r[row, j] - r[row, i])
                turned[row, j] += h[row, i] * W[j, i] * (r[row, j] - r[row, i])
    planted = {"the other sign": -right, "W transposed": turned, "no difference": 0 * right}
    check(left, right, planted=planted)


@pytest.mark.equation("eq-gru-published-delta", tolerance=1e-10)
def test_published_delta(check, published):
    """Left: autograd at a_r, s (through W_hn) and the states; right: as printed."""
    w, v, truth, C = published
    z, r, n, h = np.stack(v["z"]), np.stack(v["r"]), np.stack(v["n"]), np.stack(v["h"][:-1])
    delta, own = np.stack(truth["h"][1:]), np.stack([0 * C[0], *C[:-1]])
    Delta_n = delta * (1 - z) * (1 - n**2)
    Delta_z = delta * (h - n) * z * (1 - z)
    left = np.stack(truth["r"]), np.stack(truth["h"][:-1]), truth["W_hn"]

    def right(heard=h, scale=r, W_hn=w.W_hn.T):
        Delta_s = Delta_n @ W_hn
        Delta_r = Delta_s * heard * r * (1 - r)
        back = own + z * delta + Delta_r @ w.W_hr.T + Delta_z @ w.W_hz.T + scale * Delta_s
        W = sum((scale * h)[t].T @ Delta_n[t] for t in range(T))
        return Delta_r, back, W

    r_after = Delta_n * (h @ w.W_hn) * r * (1 - r)
    planted = {
        "the other form's Δ^r": (r_after, *right()[1:]),
        "reset forgotten on the way back": right(scale=np.ones_like(r)),
        "not transposed": right(W_hn=w.W_hn),
        "q for h": right(heard=h @ w.W_hn),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-flip", tolerance=1e-12)
def test_flip(check, rng):
    """Left: torch's cell; right: a cell whose z takes the new, with the gate's weights negated."""
    w, x, h = draw(rng)
    a = x @ w.W_xz + h @ w.W_hz + w.b_z
    _, _, _, n = w.gates(x, h)
    left = w.cell()(torch.tensor(x), torch.tensor(h)), 1 - sigmoid(a)

    def take(a):
        return (1 - sigmoid(a)) * h + sigmoid(a) * n, sigmoid(a)

    only_W = -(x @ w.W_xz + h @ w.W_hz) + w.b_z
    recurrent = -(x @ w.W_xz + w.b_z) + h @ w.W_hz
    planted = {
        "nothing turned": take(a),
        "bias forgotten": take(only_W),
        "recurrent weights forgotten": take(recurrent),
    }
    check(left, take(-a), planted=planted)
