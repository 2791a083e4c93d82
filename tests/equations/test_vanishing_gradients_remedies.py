"""The equations of book/training/vanishing-gradients-remedies.md, each by another route."""

import numpy as np
import pytest
import torch

T, N, D, H = 6, 3, 4, 5


@pytest.mark.equation("eq-vanishing-skip", tolerance=1e-12)
def test_skip(check, rng):
    """Left: ∂L/∂h_t by autograd with a loss at every step; right: the recursion."""
    tau, shape = 2, (H, H)
    x, C = rng.normal(size=(T, N, H)), rng.normal(size=(T, N, H))
    W_hh, W_tau, h_0 = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=(N, H))
    h = [torch.zeros(N, H).double()] * (tau - 1) + [torch.tensor(h_0)]
    for x_t in x:
        a = torch.tensor(x_t) + h[-1] @ torch.tensor(W_hh) + h[-tau] @ torch.tensor(W_tau)
        h.append(torch.tanh(a).requires_grad_())
    states = h[tau:]
    L = sum((torch.tensor(c) * torch.sin(s)).sum() for c, s in zip(C, states, strict=True))
    left = np.array([g.numpy() for g in torch.autograd.grad(L, states)])
    values = np.array([s.detach().numpy() for s in states])

    def recursion(back, skip, tau=tau):
        delta, Delta = np.zeros((T, N, H)), np.zeros((T + 3, N, H))
        for t in reversed(range(T)):
            delta[t] = C[t] * np.cos(values[t]) + Delta[t + 1] @ back + Delta[t + tau] @ skip
            Delta[t] = delta[t] * (1 - values[t] ** 2)
        return delta

    planted = {
        "skip forgotten": recursion(W_hh.T, 0 * W_tau),
        "W_τ not transposed": recursion(W_hh.T, W_tau),
        "one step too far": recursion(W_hh.T, W_tau.T, tau=3),
    }
    check(left, recursion(W_hh.T, W_tau.T), planted=planted)


@pytest.mark.equation("eq-vanishing-gate", tolerance=1e-12)
def test_gate(check, rng):
    """Left: torch.nn.GRU whose reset gate is held at 1; right: the three formulas."""
    gru = torch.nn.GRU(D, H).double()
    x, h_0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    W = {name: rng.normal(size=(D, H)) for name in ("xh", "xz")}
    W |= {name: rng.normal(size=(H, H)) for name in ("hh", "hz")}
    b_h, b_z = rng.normal(size=(2, H))
    zero = np.zeros((H, D))
    with torch.no_grad():  # rows r, z, n
        for parameter, value in [
            (gru.weight_ih_l0, np.concatenate([zero, W["xz"].T, W["xh"].T])),
            (gru.weight_hh_l0, np.concatenate([np.zeros((H, H)), W["hz"].T, W["hh"].T])),
            (gru.bias_ih_l0, np.concatenate([np.full(H, 60.0), b_z, b_h])),
            (gru.bias_hh_l0, np.zeros(3 * H)),
        ]:
            parameter.copy_(torch.tensor(value))
        left = gru(torch.tensor(x), torch.tensor(h_0)[None])[0]

    def printed(mix, activation=np.tanh):
        h, states = h_0, []
        for x_t in x:
            z = 1 / (1 + np.exp(-(x_t @ W["xz"] + h @ W["hz"] + b_z)))
            h = mix(z, h, activation(x_t @ W["xh"] + h @ W["hh"] + b_h))
            states.append(h)
        return np.array(states)

    planted = {
        "z takes the new (deck D2)": printed(lambda z, h, n: (1 - z) * h + z * n),
        "no 1 - z": printed(lambda z, h, n: z * h + n),
        "tanh forgotten": printed(lambda z, h, n: z * h + (1 - z) * n, activation=lambda a: a),
    }
    check(left, printed(lambda z, h, n: z * h + (1 - z) * n), planted=planted)
