"""The equations of book/gates/gru-backward.md, each against an independent route."""

import numpy as np
import pytest
import torch
from gru_networks import H, N, draw, run


@pytest.fixture
def ours(rng):
    return run(rng, before=False)


def jacobian(w, x, h, step=1e-6):
    """∂h_t[j]/∂h_{t-1}[i] for one row, by central differences through torch's cell."""
    cell, columns = w.cell(), []
    for i in range(len(h)):
        move = step * np.eye(len(h))[i]
        ends = [cell(torch.tensor(x)[None], torch.tensor(h + s * move)[None])[0] for s in (1, -1)]
        columns.append((ends[0] - ends[1]).numpy() / (2 * step))
    return np.array(columns).T


@pytest.mark.equation("eq-gru-delta", tolerance=1e-10)
def test_delta(check, ours):
    """Left: autograd at the pre-activations of every step; right: as printed from ∂L/∂h_t."""
    _, v, truth, _ = ours
    left = tuple(np.stack(truth[k]) for k in "nzr")
    z, n, r, q = (np.stack(v[k]) for k in "znrq")
    delta, h = np.stack(truth["h"][1:]), np.stack(v["h"][:-1])
    Delta_n = delta * (1 - z) * (1 - n**2)
    Delta_z = delta * (h - n) * z * (1 - z)
    Delta_r = Delta_n * q * r * (1 - r)
    planted = {
        "z takes the new": (delta * z * (1 - n**2), Delta_z, Delta_r),
        "sign of h - n": (Delta_n, -Delta_z, Delta_r),
        "h instead of q (published form)": (Delta_n, Delta_z, Delta_n * h * r * (1 - r)),
        "slope of the reset forgotten": (Delta_n, Delta_z, Delta_n * q),
    }
    check(left, (Delta_n, Delta_z, Delta_r), planted=planted)


@pytest.mark.equation("eq-gru-back", tolerance=1e-10)
def test_back(check, ours):
    """Left: autograd at every state; right: the four ways as printed, from the next step's."""
    w, v, truth, C = ours
    left = np.stack(truth["h"][:-1])
    z, r = np.stack(v["z"]), np.stack(v["r"])
    delta, own = np.stack(truth["h"][1:]), np.stack([0 * C[0], *C[:-1]])  # no loss at h_0
    D_r, D_z, D_n = (np.stack(truth[k]) for k in "rzn")

    def right(direct=1, inside=r, outside=1.0, gates=1):
        W = w.W_hr.T, w.W_hz.T, w.W_hn.T
        ways = gates * (D_r @ W[0] + D_z @ W[1]) + outside * ((inside * D_n) @ W[2])
        return own + direct * z * delta + ways

    planted = {
        "direct path only": right(gates=0, outside=0),
        "without the direct path": right(direct=0),
        "reset outside of the product": right(inside=1.0, outside=r),
        "reset forgotten": right(inside=1.0),
        "gates as constants": right(gates=0),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left: autograd at both stacked products of a step; right: the blocks as printed."""
    from_x, from_h = (torch.tensor(rng.normal(size=(N, 3 * H)), requires_grad=True) for _ in "xh")
    h, C = (torch.tensor(rng.normal(size=(N, H))) for _ in "hC")
    (x_r, x_z, x_n), (h_r, h_z, q) = from_x.chunk(3, dim=1), from_h.chunk(3, dim=1)
    a_r, a_z = x_r + h_r, x_z + h_z
    r = torch.sigmoid(a_r)
    a_n = x_n + r * q
    state = h + (1 - torch.sigmoid(a_z)) * (torch.tanh(a_n) - h)
    found = torch.autograd.grad((C * state).sum(), [from_x, from_h, a_r, a_z, a_n])
    left, (D_r, D_z, D_n), r = found[:2], (g.numpy() for g in found[2:]), r.detach().numpy()

    def right(x_scale=1.0, h_scale=r, order=(0, 1, 2)):
        blocks = [(D_r, D_z, scale * D_n) for scale in (x_scale, h_scale)]
        return tuple(np.hstack([block[k] for k in order]) for block in blocks)

    planted = {
        "the same for both": right(h_scale=1.0),
        "the reset on the wrong side": right(x_scale=r, h_scale=1.0),
        "Keras's order z, r, n": right(order=(1, 0, 2)),
    }
    check(left, right(), planted=planted)


@pytest.mark.equation("eq-gru-grad-weights", tolerance=1e-10)
def test_grad_weights(check, ours):
    """Left: autograd at all parameters and inputs; right: the printed sums."""
    w, v, truth, _ = ours
    W_xh = np.hstack(w.x_blocks)
    stacked = {
        "b_h": np.hstack([truth[k] for k in ("b_r", "b_z", "b_xn")]),
        "b_hn": truth["b_hn"],
        "x": np.stack(truth["x"]),
    }
    for side in "xh":
        stacked[f"W_{side}h"] = np.hstack([truth[f"W_{side}{k}"] for k in "rzn"])
    D_r, D_z, D_n = (np.stack(truth[k]) for k in "rzn")
    to_x = np.concatenate([D_r, D_z, D_n], axis=-1)
    inner = np.stack(v["r"]) * D_n
    to_h = np.concatenate([D_r, D_z, inner], axis=-1)

    def right(to_h=to_h, states=v["h"][:-1], inner=inner):
        return {
            "W_xh": sum(x.T @ d for x, d in zip(v["x"], to_x, strict=True)),
            "W_hh": sum(h.T @ d for h, d in zip(states, to_h, strict=True)),
            "b_h": sum(d.sum(axis=0) for d in to_x),
            "b_hn": sum(d.sum(axis=0) for d in inner),
            "x": to_x @ W_xh.T,
        }

    planted = {
        "the same Δ for both products": right(to_h=to_x),
        "the new states": right(states=v["h"][1:]),
        "b_hn without the reset": right(inner=D_n),
    }
    check(stacked, right(), planted=planted)


@pytest.mark.equation("eq-gru-jacobian", tolerance=1e-7)
def test_jacobian(check, rng):
    """Left: differences through torch's cell, row j, column i; right: as printed."""
    w, x, h = draw(rng)
    x, h = x[0], h[0]
    r, z, q, n = w.gates(x, h)
    alpha, beta, gamma = (h - n) * z * (1 - z), (1 - z) * (1 - n**2), q * r * (1 - r)
    diag = np.diag

    heard = diag(beta * r) @ w.W_hn.T

    def right(candidate=heard):
        gates = diag(alpha) @ w.W_hz.T + diag(beta * gamma) @ w.W_hr.T
        return diag(z) + gates + candidate

    planted = {
        "z alone": diag(z),
        "gates as constants": diag(z) + heard,
        "reset on the other side (published form)": right(diag(beta) @ w.W_hn.T @ diag(r)),
        "transposed": right().T,
    }
    check(jacobian(w, x, h), right(), planted=planted)
