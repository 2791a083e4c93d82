"""The equations of book/training/bptt-index-form.md, each against an independent route."""

import numpy as np
import pytest
import torch

jacobian = torch.autograd.functional.jacobian


def printed_J(h_t, W_hh):
    """diag(1 - h_t²) W_hhᵀ for one row."""
    return np.diag(1 - h_t[0] ** 2) @ W_hh.T


def carried(h, W_hh, t, k):
    """J_t J_{t-1} ⋯ J_{k+1}, steps counted from 1; the identity for t = k."""
    product = np.eye(len(W_hh))
    for j in range(t, k, -1):
        product = product @ printed_J(h[j], W_hh)
    return product


def immediate(h, k, state_of=-1, slope_of=0):
    """∂⁺h_k[j]/∂W_hh[p,q] for one row, indices (j, p, q)."""
    slope, before = 1 - h[k + slope_of][0] ** 2, h[k + state_of][0]
    return np.einsum("jq,q,p->jpq", np.eye(len(slope)), slope, before)


def reach(net, h, k, t):
    """∂h_t/∂h_k by autograd, one row."""

    def run(state):
        return net.run(h_0=state[None], x=net.x[k:t])[0][-1][0]

    return jacobian(run, torch.tensor(h[k, 0])).numpy()


@pytest.mark.equation("eq-bptt-jacobian", tolerance=1e-12)
def test_jacobian(check, draw_network):
    """Left: autograd's Jacobian of one step; right: entries, and the matrix product."""
    net = draw_network(N=1)
    h, _, _ = net.values()
    left, W, s = reach(net, h, 1, 2), net.W_hh, 1 - h[2, 0] ** 2
    H = len(W)
    entries = np.array([[s[j] * W[i, j] for i in range(H)] for j in range(H)])
    wrong = {
        "W_hh not transposed": np.diag(s) @ W,
        "slope on the other side": W.T @ np.diag(s),
        "slope of the state before": np.diag(1 - h[1, 0] ** 2) @ W.T,
        "h_t for its square": np.diag(1 - h[2, 0]) @ W.T,
    }
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left.copy()), (entries, np.diag(s) @ W.T), planted=planted)


@pytest.mark.equation("eq-bptt-product", tolerance=1e-12)
def test_product(check, draw_network):
    """Left: autograd's Jacobian over three steps and over none; right: the product as printed."""
    net = draw_network(N=1)
    h, _, _ = net.values()
    W, J = net.W_hh, {t: printed_J(h[t], net.W_hh) for t in range(1, 6)}
    slopes = np.diag(np.prod(1 - h[2:5, 0] ** 2, axis=0))
    wrong = {
        "earlier factors left": J[2] @ J[3] @ J[4],
        "slopes collected in front (deck D3)": slopes @ np.linalg.matrix_power(W.T, 3),
        "one factor too many": carried(h, W, 4, 0),
        "one factor too few": carried(h, W, 4, 2),
    }
    none = np.eye(len(W))
    planted = {name: (value, none) for name, value in wrong.items()}
    check((reach(net, h, 1, 4), none), (carried(h, W, 4, 1), carried(h, W, 4, 4)), planted=planted)


@pytest.mark.equation("eq-bptt-immediate", tolerance=1e-12)
def test_immediate(check, draw_network):
    """Left: autograd through one step with h_{k-1} held fixed; right: the formula."""
    net, k = draw_network(N=1), 3
    h, _, _ = net.values()

    def step(W_hh):
        a = torch.tensor(net.x[k - 1, 0] @ net.W_xh + net.b_h) + torch.tensor(h[k - 1, 0]) @ W_hh
        return torch.tanh(a)

    def all_steps(W_hh):
        return net.run(W_hh=W_hh, x=net.x[:k])[0][-1][0]

    planted = {
        "total derivative (deck D4)": jacobian(all_steps, torch.tensor(net.W_hh)).numpy(),
        "p and q exchanged": immediate(h, k).transpose(0, 2, 1),
        "h_k for h_{k-1}": immediate(h, k, state_of=0),
        "slope of the state before": immediate(h, k, slope_of=-1),
    }
    check(jacobian(step, torch.tensor(net.W_hh)).numpy(), immediate(h, k), planted=planted)


def double_sum(net, h, dh, uses, first=1, lags=None):
    """Sum over losses t and uses k ≤ t for one row; `uses(k)` gives (j, p, q)."""
    T = len(dh)
    lags = lags or T
    return sum(
        np.einsum("j,ji,ipq->pq", dh[t - 1, 0], carried(h, net.W_hh, t, k), uses(k))
        for t in range(1, T + 1)
        for k in range(max(first, t - lags + 1), t + 1)
    )


@pytest.mark.equation("eq-bptt-double-sum", tolerance=1e-12)
def test_double_sum(check, draw_network):
    """Left: autograd; right: the double sum, term by term."""
    net = draw_network(N=1)
    h, _, dh = net.values()

    def total(k):
        def run(W_hh):
            return net.run(W_hh=W_hh, x=net.x[:k])[0][-1][0]

        return jacobian(run, torch.tensor(net.W_hh)).numpy()

    def now(k):
        return immediate(h, k)

    (left,) = net.autograd("W_hh")
    planted = {
        "total as last factor (deck D4)": double_sum(net, h, dh, total),
        "first use left out (deck D0)": double_sum(net, h, dh, now, first=2),
        "k = t only": double_sum(net, h, dh, now, lags=1),
        "h_k for h_{k-1}": double_sum(net, h, dh, lambda k: immediate(h, k, state_of=0)),
    }
    check(left, double_sum(net, h, dh, now), planted=planted)


@pytest.mark.equation("eq-bptt-delta-sum", tolerance=1e-12)
def test_delta_sum(check, draw_network):
    """Left: ∂L/∂a_k by autograd; right: the sum over all later losses."""
    net = draw_network(N=1)
    h, _, dh = net.values()
    T = len(dh)

    def printed(last=T, shift=0, slope=True):
        return [
            sum(
                dh[t - 1, 0] @ carried(h, net.W_hh, t, k)
                for t in range(k + shift, min(k + last, T) + 1)
            )
            * ((1 - h[k, 0] ** 2) if slope else 1)
            + np.zeros(len(net.W_hh))  # where the sum is empty
            for k in range(1, T + 1)
        ]

    planted = {
        "own loss only": printed(last=0),
        "own loss left out": printed(shift=1),
        "slope forgotten": printed(slope=False),
    }
    check(net.autograd_delta()[:, 0], printed(), planted=planted)


@pytest.mark.equation("eq-bptt-last-factor", tolerance=1e-12)
def test_last_factor(check, draw_network):
    """Left: ∂h_4/∂h_1 by autograd; right: the sum over r, with ∂h_4/∂h_2 by autograd."""
    net = draw_network(N=1)
    h, _, _ = net.values()

    def printed(slopes, W, rest):
        return np.einsum("jr,r,qr->jq", rest, slopes, W)

    rest, W = reach(net, h, 2, 4), net.W_hh
    planted = {
        "slope at k instead of k + 1": printed(1 - h[1, 0] ** 2, W, rest),
        "W_hh[r, q]": printed(1 - h[2, 0] ** 2, W.T, rest),
        "∂h_t[r]/∂h_{k+1}[j]": printed(1 - h[2, 0] ** 2, W, rest.T),
        "slope forgotten": printed(np.ones(len(W)), W, rest),
    }
    check(reach(net, h, 1, 4), printed(1 - h[2, 0] ** 2, W, rest), planted=planted)


@pytest.mark.equation("eq-bptt-any-cell", tolerance=1e-12)
def test_any_cell(check, rng):
    """Left: autograd through a leaky cell; right: the row recursion with its Jacobians."""
    T, D, H = 5, 4, 6
    W, U, x, C = (rng.normal(size=size) for size in [(H, H), (D, H), (T, D), (T, H)])

    def cell(x_t, h, W):
        return 0.4 * h + 0.6 * torch.tanh(torch.tensor(x_t @ U) + h @ W)

    def states(W):
        h = [torch.zeros(H, dtype=torch.float64)]
        for x_t in x:
            h.append(cell(x_t, h[-1], W))
        return h

    W_t, h = torch.tensor(W, requires_grad=True), states(torch.tensor(W))
    L = (torch.tensor(C) * torch.sin(torch.stack(states(W_t)[1:]))).sum()

    def printed(leak=True, transposed=False, own_losses=T):
        delta, grad_W = np.zeros(H), np.zeros((H, H))
        for t in range(T, 0, -1):
            own = C[t - 1] * np.cos(h[t].numpy()) if t > T - own_losses else 0
            if t < T:
                J = jacobian(lambda s, t=t: cell(x[t], s, torch.tensor(W)), h[t]).numpy()
                J = J if leak else J - 0.4 * np.eye(H)
                delta = delta @ (J.T if transposed else J)
            delta = own + delta
            now = jacobian(lambda W, t=t: cell(x[t - 1], h[t - 1], W), torch.tensor(W)).numpy()
            grad_W += np.einsum("j,jpq->pq", delta, now)
        return grad_W

    planted = {
        "one of two paths forgotten": printed(leak=False),
        "J transposed": printed(transposed=True),
        "last loss only": printed(own_losses=1),
    }
    check(*torch.autograd.grad(L, W_t), printed(), planted=planted)


@pytest.mark.equation("eq-bptt-three", tolerance=1e-12)
def test_three(check, draw_network):
    """Left: autograd with one loss, at step 3; right: the six lines as printed."""
    net = draw_network(T=3)
    net.C[:2] = 0
    h, du, _ = net.values()
    W, x = net.W_hh, net.x

    def lines(W_back, first=True, readout_of=3):
        d3 = du[2] @ net.W_hy.T * (1 - h[3] ** 2)
        d2 = d3 @ W_back * (1 - h[2] ** 2)
        d1 = d2 @ W_back * (1 - h[1] ** 2)
        dW = (h[0].T @ d1 if first else 0) + h[1].T @ d2 + h[2].T @ d3
        return h[readout_of].T @ du[2], dW, x[0].T @ d1 + x[1].T @ d2 + x[2].T @ d3

    planted = {
        "h_0ᵀΔ_1 left out (deck D0)": lines(W.T, first=False),
        "column form's W among rows (deck D0)": lines(W),
        "h_2 at the readout": lines(W.T, readout_of=2),
    }
    check(net.autograd("W_hy", "W_hh", "W_xh"), lines(W.T), planted=planted)
