"""The equations of book/training/bptt.md, each against an independent route."""

import numpy as np
import pytest
import torch


@pytest.mark.equation("eq-bptt-uses", tolerance=1e-12)
def test_uses(check, draw_network, rng):
    """Left: the derivative of F(w, ..., w) as one; right: with a copy for every use, added up.

    Once F is a function of numbers, on the left by a complex step, and once the network's loss.
    """
    T, w, step = 5, rng.normal(), 1e-30
    a = rng.normal(size=T)

    def F(copies, lib):
        ends = lib.exp(0.3 * copies[0] * copies[-1])
        return ends * (lib.asarray(a) * lib.sin(copies)).sum() + copies.prod()

    copies = torch.full((T,), w, dtype=torch.float64, requires_grad=True)
    parts = torch.autograd.grad(F(copies, torch), copies)[0].numpy()  # each with the others held
    planted = {
        "last use only": parts[-1],
        "first use left out": parts[1:].sum(),
        "mean": parts.mean(),
        "one too many": parts.sum() + parts[0],
    }
    left = F(np.full(T, w + step * 1j), np).imag / step
    check(left, parts.sum(), planted=planted)

    net = draw_network()
    T = len(net.x)
    copies = torch.tensor(np.stack([net.W_hh] * T), requires_grad=True)  # (T, H, H)
    uses = torch.autograd.grad(net.loss(W_hh=copies), copies)[0].numpy()
    planted = {
        "last use only": uses[-1],
        "first use left out": uses[1:].sum(axis=0),
        "mean": uses.mean(axis=0),
        "transposed": uses.sum(axis=0).T,
    }
    check(net.autograd("W_hh")[0], uses.sum(axis=0), planted=planted)


@pytest.mark.equation("eq-bptt-forward", tolerance=1e-12)
def test_forward(check, draw_network):
    """Left: torch.nn.RNN and torch.nn.Linear; right: the three formulas as printed."""
    net = draw_network()
    (D, H), V = net.W_xh.shape, len(net.b_y)
    rnn, linear = torch.nn.RNN(D, H).double(), torch.nn.Linear(H, V).double()
    with torch.no_grad():
        for theirs, ours in [
            (rnn.weight_ih_l0, net.W_xh.T),
            (rnn.weight_hh_l0, net.W_hh.T),
            (rnn.bias_ih_l0, net.b_h),
            (rnn.bias_hh_l0, 0 * net.b_h),
            (linear.weight, net.W_hy.T),
            (linear.bias, net.b_y),
        ]:
            theirs.copy_(torch.tensor(ours))
        left_h = rnn(torch.tensor(net.x), torch.tensor(net.h_0)[None])[0]
        left = (left_h, linear(left_h))

    def printed(W_hh=net.W_hh, b_h=net.b_h, readout_of=1):
        h = [net.h_0]
        for x_t in net.x:
            a_t = x_t @ net.W_xh + h[-1] @ W_hh + b_h
            h.append(np.tanh(a_t))
        h = np.array(h)
        return h[1:], h[readout_of : readout_of + len(net.x)] @ net.W_hy + net.b_y

    planted = {
        "W_hh transposed (torch's layout)": printed(W_hh=net.W_hh.T),
        "no past": printed(W_hh=np.zeros((H, H))),
        "the bias's sign": printed(b_h=-net.b_h),
        "u_t from h_{t-1}": printed(readout_of=0),
    }
    check(left, printed(), planted=planted)


def deltas(net, back=None, slope_of=1, losses=1.0, tanh_on_both=True):
    """∂L/∂h_t and Δ_t by the two lines as printed, or by a version with something wrong."""
    h, _, dh = net.values()
    back = net.W_hh.T if back is None else back
    dL_dh, Delta, next_Delta = np.zeros_like(dh), np.zeros_like(dh), np.zeros_like(dh[0])
    for t in range(len(dh), 0, -1):
        slope = 1 - h[t - 1 + slope_of] ** 2
        own, from_next = losses * dh[t - 1], next_Delta @ back
        dL_dh[t - 1] = own + from_next
        Delta[t - 1] = dL_dh[t - 1] * slope if tanh_on_both else own + from_next * slope
        next_Delta = Delta[t - 1]
    return dL_dh, Delta


@pytest.mark.equation("eq-bptt-delta", tolerance=1e-12)
def test_delta(check, draw_network):
    """Left: ∂L/∂h_t and ∂L/∂a_t by autograd for a batch; right: the recursion."""
    net = draw_network()
    h, a, u = net.run(h_0=torch.tensor(net.h_0, requires_grad=True))
    L = sum(net.losses(u))
    by_h, by_a = (torch.autograd.grad(L, of, retain_graph=True) for of in (h[1:], a))
    planted = {
        "W_hh not transposed": deltas(net, back=net.W_hh),
        "slope of the state before": deltas(net, slope_of=0),
        "the tanh misses the step's own loss": deltas(net, tanh_on_both=False),
        "what comes back is subtracted": deltas(net, back=-net.W_hh.T),
        "nothing comes back from the next step": deltas(net, back=0 * net.W_hh),
    }
    check((torch.stack(by_h), torch.stack(by_a)), deltas(net), planted=planted)


@pytest.mark.equation("eq-bptt-grad-weights", tolerance=1e-12)
def test_grad_weights(check, draw_network):
    """Left: autograd for W_hh, W_xh, b_h; right: the three sums over steps."""
    net = draw_network()
    h, _, _ = net.values()
    Delta = net.autograd_delta()

    def sums(before=h[:-1], inputs=net.x, transpose=False, rows=True):
        W_hh = sum(a.T @ d for a, d in zip(before, Delta, strict=True))
        W_xh = sum(a.T @ d for a, d in zip(inputs, Delta, strict=True))
        b_h = sum(np.ones(d.shape[0]) @ d for d in Delta) if rows else Delta.sum(axis=0)
        return (W_hh.T if transpose else W_hh), W_xh, b_h

    planted = {
        "h_t for h_{t-1}": sums(before=h[1:]),
        "x_{t-1} for x_t": sums(inputs=np.roll(net.x, 1, axis=0)),
        "outer product transposed (deck D2)": sums(transpose=True),
        "first step left out (deck D0)": sums(before=np.concatenate([0 * h[:1], h[1:-1]])),
        "a bias for every sample (deck D2)": sums(rows=False),
    }
    check(net.autograd("W_hh", "W_xh", "b_h"), sums(), planted=planted)


@pytest.mark.equation("eq-bptt-readout", tolerance=1e-12)
def test_readout(check, draw_network):
    """Left: autograd, each ℓ_t at its own h_t, then W_hy and b_y; right: as printed."""
    net = draw_network()
    h, du, _ = net.values()
    states = torch.tensor(h[1:], requires_grad=True)
    own = sum(net.losses(states @ torch.tensor(net.W_hy) + torch.tensor(net.b_y)))
    left = (*torch.autograd.grad(own, states), *net.autograd("W_hy", "b_y"))

    def printed(shift=1, first=0):
        pairs = list(zip(h[shift : shift + len(du)], du, strict=True))[first:]
        b_y = sum(np.ones(d.shape[0]) @ d for d in du)
        return du @ net.W_hy.T, sum(h_t.T @ d for h_t, d in pairs), b_y

    dh, W_hy, b_y = printed()
    planted = {
        "(ŷ - y) ⊗ h: transposed (decks D2, D4)": (dh, W_hy.T, b_y),
        "last output only (deck D0)": printed(first=-1),
        "h_{t-1} for h_t": printed(shift=0),
        "a bias for every sample": (dh, W_hy, du.sum(axis=0)),
    }
    check(left, (dh, W_hy, b_y), planted=planted)


@pytest.mark.equation("eq-bptt-power", tolerance=1e-12)
def test_power(check, draw_network, rng):
    """Left: autograd through a linear network; right: T - 1 factors."""
    net = draw_network()
    T, (N, H) = len(net.x), net.h_0.shape
    a_1, Delta_T = rng.normal(size=(N, H)), rng.normal(size=(N, H))
    first = torch.tensor(a_1, requires_grad=True)
    last = first
    for _ in range(T - 1):
        last = last @ torch.tensor(net.W_hh)
    L = (last * torch.tensor(Delta_T)).sum()
    power = np.linalg.matrix_power
    planted = {
        "T factors (deck D0)": Delta_T @ power(net.W_hh.T, T),
        "not transposed": Delta_T @ power(net.W_hh, T - 1),
        "one factor whatever T": Delta_T @ net.W_hh.T,
        "power of every entry": Delta_T @ net.W_hh.T ** (T - 1),
    }
    check(*torch.autograd.grad(L, first), Delta_T @ power(net.W_hh.T, T - 1), planted=planted)
