"""A GRU with its weights block by block, for the chapter on it and the pages below."""

import numpy as np
import torch

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


def run(rng, before):
    """A run over T steps with a loss at each, taped: what autograd says, and what is printed.

    `before`: the published form, whose reset gate acts before the product. Returns the weights;
    lists over the steps of the arrays named as in the text; autograd's total derivatives at the
    pre-activations a_r, a_z, a_n, at the states, inputs and parameters; and ∂ℓ_t/∂h_t.
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
