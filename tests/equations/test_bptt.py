"""The equations of book/training/bptt.md, each against an independent route."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

T, N, D, H, V = 5, 3, 4, 6, 7


def grad(f, *arrays):
    """Gradients of the scalar f(*arrays) by autograd."""
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    return [g.numpy() for g in torch.autograd.grad(f(*tensors), tensors)]


@dataclass
class Net:
    """A plain network with everything its equations mention, run step by step in torch."""

    x: np.ndarray  # (T, N, D)
    h_0: np.ndarray  # (N, H)
    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    W_hy: np.ndarray
    b_y: np.ndarray
    C: np.ndarray  # (T, N, V): ℓ_t = sum(C_t * sin(u_t)), so ∂ℓ_t/∂u_t depends on u_t

    @classmethod
    def draw(cls, rng, N=N):
        shapes = [(T, N, D), (N, H), (D, H), (H, H), (H,), (H, V), (V,), (T, N, V)]
        scale = [1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 1]
        return cls(*(s * rng.normal(size=shape) for s, shape in zip(scale, shapes, strict=True)))

    def run(self, **changed):
        """States h_0 … h_T, pre-activations a_1 … a_T, logits u_1 … u_T as torch tensors."""
        p = {k: torch.as_tensor(v) for k, v in {**vars(self), **changed}.items()}
        h, a = [p["h_0"]], []
        for x_t in p["x"]:
            a.append(x_t @ p["W_xh"] + h[-1] @ p["W_hh"] + p["b_h"])
            h.append(torch.tanh(a[-1]))
        u = [h_t @ p["W_hy"] + p["b_y"] for h_t in h[1:]]
        return h, a, u

    def losses(self, u):
        """ℓ_t for each step."""
        return [
            (torch.as_tensor(C_t) * torch.sin(u_t)).sum()
            for C_t, u_t in zip(self.C, u, strict=True)
        ]

    def loss(self, **changed):
        return sum(self.losses(self.run(**changed)[2]))

    def values(self):
        """h (T+1, N, H), ∂ℓ_t/∂u_t (T, N, V), ∂ℓ_t/∂h_t (T, N, H), in NumPy."""
        h, _, u = self.run()
        du = self.C * np.cos(np.array([u_t.numpy() for u_t in u]))
        return np.array([h_t.numpy() for h_t in h]), du, du @ self.W_hy.T

    def autograd(self, *names):
        def f(*tensors):
            return self.loss(**dict(zip(names, tensors, strict=True)))

        return tuple(grad(f, *(getattr(self, name) for name in names)))

    def autograd_delta(self):
        """∂L/∂a_t for every step (T, N, H)."""
        _, a, u = self.run(W_hh=torch.tensor(self.W_hh, requires_grad=True))
        return np.array([g.numpy() for g in torch.autograd.grad(sum(self.losses(u)), a)])


def deltas(net, h, dh, W_back=None):
    """The boxed recursion; `W_back` is what Δ_{t+1} is multiplied with."""
    W_back = net.W_hh.T if W_back is None else W_back
    Delta, back = np.zeros((T, *h[0].shape)), np.zeros(h[0].shape)
    for t in reversed(range(T)):
        Delta[t] = (dh[t] + back) * (1 - h[t + 1] ** 2)
        back = Delta[t] @ W_back
    return Delta


def jacobians(net, h):
    """J_1 … J_T for one row, as printed: diag(1 - h_t²) W_hhᵀ."""
    return [np.diag(1 - h_t[0] ** 2) @ net.W_hh.T for h_t in h[1:]]


def carried(J, t, k):
    """J_t J_{t-1} ⋯ J_{k+1}, steps counted from 1."""
    product = np.eye(H)
    for j in range(t, k, -1):
        product = product @ J[j - 1]
    return product


def immediate(h, k):
    """∂⁺h_k[j]/∂W_hh[p,q] for one row, indices (j, p, q), as printed."""
    return np.einsum("jq,q,p->jpq", np.eye(H), 1 - h[k][0] ** 2, h[k - 1][0])


H_0 = 0.3  # not zero, so that the first use counts


def scalar_states(x, w):
    """h_0 … h_T of the one-unit network."""
    h = [H_0]
    for x_t in x:
        h.append(np.tanh(x_t + w * h[-1]))
    return h


def slope(f, w, step=1e-6):
    """Central difference of f at w."""
    return (f(w + step) - f(w - step)) / (2 * step)


@pytest.mark.equation("eq-bptt-uses", tolerance=1e-8)
def test_uses(check, rng):
    """Left: finite difference of F(w, …, w); right: autograd with a copy for every use."""
    A = rng.normal(size=(T, T))

    def F(copies):
        return torch.sin(copies @ torch.tensor(A) @ copies) * copies.prod()

    w = 0.8 + 0.1 * rng.random()
    left = slope(lambda w: F(torch.full((T,), w, dtype=torch.float64)).item(), w)
    (uses,) = grad(F, np.full(T, w))
    check(left, uses.sum(), planted={"last use only": uses[-1], "mean": uses.mean()})


@pytest.mark.equation("eq-bptt-scalar", tolerance=1e-8)
def test_scalar(check, rng):
    """Left: finite differences for w and for every a_k; right: recursion and sum, as printed."""
    x, w, y = rng.normal(size=T), 0.9, 1.0
    h = scalar_states(x, w)

    def loss(w, pushed=None, by=0.0):
        push = by * (np.arange(1, T + 1) == pushed)  # moves a_k alone, as it moves x_k alone
        return 0.5 * (scalar_states(x + push, w)[T] - y) ** 2

    def printed(shift=1):
        Delta = {T: (h[T] - y) * (1 - h[T] ** 2)}
        for k in range(T - 1, 0, -1):
            Delta[k] = Delta[k + 1] * w * (1 - h[k] ** 2)
        return sum(Delta[k] * h[k - shift] for k in Delta), np.array([*Delta.values()])

    by_step = [slope(lambda e, k=k: loss(w, k, e), 0.0) for k in range(T, 0, -1)]
    planted = {
        "the feed-forward rule: last use only": (by_step[0] * h[T - 1], printed()[1]),
        "h_k for h_{k-1}": printed(shift=0),
    }
    check((slope(loss, w), np.array(by_step)), printed(), planted=planted)


def scalar_parts(rng):
    """From step 1 on the immediate derivative and ∂h_t/∂h_{t-1}; the total one from step 0."""
    x, w = rng.normal(size=T), 0.9
    h = scalar_states(x, w)
    now = [None] + [(1 - h[t] ** 2) * h[t - 1] for t in range(1, T + 1)]
    back = [None] + [(1 - h[t] ** 2) * w for t in range(1, T + 1)]
    total = [slope(lambda w, t=t: scalar_states(x, w)[t], w) for t in range(T + 1)]
    return now, back, total


@pytest.mark.equation("eq-bptt-total", tolerance=1e-8)
def test_total(check, rng):
    """Left: finite difference of h_t; right: immediate part plus what the past carries."""
    now, back, total = scalar_parts(rng)
    right = [now[t] + back[t] * total[t - 1] for t in range(1, T + 1)]
    planted = {
        "immediate only": np.array(now[1:]),
        "past's immediate for its total": [
            now[t] + back[t] * (now[t - 1] if t > 1 else 0.0) for t in range(1, T + 1)
        ],
    }
    check(total[1:], right, planted=planted)


@pytest.mark.equation("eq-bptt-lemma", tolerance=1e-12)
def test_lemma(check, rng):
    """Left: the recurrence run step by step; right: the closed form."""
    beta, gamma, s_0 = rng.normal(size=T + 1), rng.normal(size=T + 1), rng.normal()
    s = [s_0]
    for t in range(1, T + 1):
        s.append(beta[t] + gamma[t] * s[-1])

    def closed(first=1, start=s_0, last=T):
        terms = [gamma[k + first : last + 1].prod() * beta[k] for k in range(1, last + 1)]
        return gamma[1 : last + 1].prod() * start + sum(terms)

    left = s[1:]
    right = [closed(last=t) for t in range(1, T + 1)]
    planted = {
        "product from k": [closed(first=0, last=t) for t in range(1, T + 1)],
        "s_0 forgotten": [closed(start=0, last=t) for t in range(1, T + 1)],
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-bptt-dhdw", tolerance=1e-8)
def test_dhdw(check, rng):
    """Left: finite difference of h_T; right: the sum over uses."""
    now, back, total = scalar_parts(rng)
    reach = [np.prod(back[k + 1 :]) for k in range(T + 1)]
    planted = {
        "total as last factor (deck D4)": sum(reach[k] * total[k] for k in range(1, T + 1)),
        "one product, no sum (decks D2, D3)": reach[1] * now[1],
    }
    check(total[T], sum(reach[k] * now[k] for k in range(1, T + 1)), planted=planted)


@pytest.mark.equation("eq-bptt-mean", tolerance=1e-8)
def test_mean(check, rng):
    """Left: finite difference of the mean loss; right: slopes of the losses times dh_t/dw."""
    x, w, y = rng.normal(size=T), 0.9, rng.normal(size=T)

    def loss(w):
        return np.mean([(h - t) ** 2 for h, t in zip(scalar_states(x, w)[1:], y, strict=True)])

    h = scalar_states(x, w)
    dh_dw = [slope(lambda w, t=t: scalar_states(x, w)[t], w) for t in range(1, T + 1)]
    terms = [2 * (h[t] - y[t - 1]) * dh_dw[t - 1] for t in range(1, T + 1)]
    planted = {"sum for mean": sum(terms), "last loss only": terms[-1] / T}
    check(slope(loss, w), sum(terms) / T, planted=planted)


@pytest.mark.equation("eq-bptt-forward", tolerance=1e-12)
def test_forward(check, rng):
    """Left: torch.nn.RNN and torch.nn.Linear; right: the three formulas as printed."""
    net = Net.draw(rng)
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

    def printed(W_hh):
        h, states = net.h_0, []
        for x_t in net.x:
            h = np.tanh(x_t @ net.W_xh + h @ W_hh + net.b_h)
            states.append(h)
        return np.array(states), np.array(states) @ net.W_hy + net.b_y

    planted = {
        "W_hh transposed (torch's layout)": printed(net.W_hh.T),
        "no past": printed(np.zeros((H, H))),
    }
    check(left, printed(net.W_hh), planted=planted)


@pytest.mark.equation("eq-bptt-jacobian", tolerance=1e-12)
def test_jacobian(check, rng):
    """Left: autograd's Jacobian of one step; right: entries, and the matrix product."""
    net = Net.draw(rng, N=1)
    h, _, _ = net.values()

    def step(before):
        a = torch.tensor(net.x[1, 0] @ net.W_xh + net.b_h) + before @ torch.tensor(net.W_hh)
        return torch.tanh(a)

    left = torch.autograd.functional.jacobian(step, torch.tensor(h[1, 0])).numpy()
    W, s = net.W_hh, 1 - h[2, 0] ** 2
    entries = np.array([[s[j] * W[i, j] for i in range(H)] for j in range(H)])
    wrong = {"W_hh not transposed": np.diag(s) @ W, "slope on the other side": W.T @ np.diag(s)}
    planted = {name: (value, value) for name, value in wrong.items()}
    check((left, left.copy()), (entries, np.diag(s) @ W.T), planted=planted)


@pytest.mark.equation("eq-bptt-product", tolerance=1e-12)
def test_product(check, rng):
    """Left: autograd's Jacobian over three steps; right: the product, later factors left."""
    net = Net.draw(rng, N=1)
    h, _, _ = net.values()

    def run(state):
        return net.run(h_0=state[None], x=net.x[1:4])[0][-1][0]

    left = torch.autograd.functional.jacobian(run, torch.tensor(h[1, 0])).numpy()
    J = jacobians(net, h)
    slopes = np.diag(np.prod(1 - h[2:5, 0] ** 2, axis=0))
    planted = {
        "earlier factors left": J[1] @ J[2] @ J[3],
        "slopes collected in front (deck D3)": slopes @ np.linalg.matrix_power(net.W_hh.T, 3),
        "one factor too many": carried(J, 4, 0),
    }
    check(left, carried(J, 4, 1), planted=planted)


@pytest.mark.equation("eq-bptt-immediate", tolerance=1e-12)
def test_immediate(check, rng):
    """Left: autograd through one step with h_{k-1} held fixed; right: the formula."""
    net, k = Net.draw(rng, N=1), 3
    h, _, _ = net.values()

    def step(W_hh):
        a = torch.tensor(net.x[k - 1, 0] @ net.W_xh + net.b_h) + torch.tensor(h[k - 1, 0]) @ W_hh
        return torch.tanh(a)

    def all_steps(W_hh):
        return net.run(W_hh=W_hh, x=net.x[:k])[0][-1][0]

    jacobian = torch.autograd.functional.jacobian
    left = jacobian(step, torch.tensor(net.W_hh)).numpy()
    planted = {
        "total derivative (deck D4)": jacobian(all_steps, torch.tensor(net.W_hh)).numpy(),
        "p and q exchanged": immediate(h, k).transpose(0, 2, 1),
    }
    check(left, immediate(h, k), planted=planted)


def double_sum(net, h, dh, uses, first=1, lags=T):
    """Sum over losses t and uses k ≤ t for one row; `uses(k)` gives (j, p, q)."""
    J = jacobians(net, h)
    return sum(
        np.einsum("j,ji,ipq->pq", dh[t - 1, 0], carried(J, t, k), uses(k))
        for t in range(1, T + 1)
        for k in range(max(first, t - lags + 1), t + 1)
    )


@pytest.mark.equation("eq-bptt-double-sum", tolerance=1e-12)
def test_double_sum(check, rng):
    """Left: autograd; right: the double sum, term by term."""
    net = Net.draw(rng, N=1)
    h, _, dh = net.values()

    def total(k):
        def run(W_hh):
            return net.run(W_hh=W_hh, x=net.x[:k])[0][-1][0]

        return torch.autograd.functional.jacobian(run, torch.tensor(net.W_hh)).numpy()

    (left,) = net.autograd("W_hh")
    right = double_sum(net, h, dh, lambda k: immediate(h, k))
    planted = {
        "total as last factor (deck D4)": double_sum(net, h, dh, total),
        "first use left out (deck D0)": double_sum(net, h, dh, lambda k: immediate(h, k), first=2),
        "k = t only": double_sum(net, h, dh, lambda k: immediate(h, k), lags=1),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-bptt-last-factor", tolerance=1e-12)
def test_last_factor(check, rng):
    """Left: ∂h_4/∂h_1 by autograd; right: the sum over r, with ∂h_4/∂h_2 by autograd."""
    net = Net.draw(rng, N=1)
    h, _, _ = net.values()

    def reach(k):
        def run(state):
            return net.run(h_0=state[None], x=net.x[k:4])[0][-1][0]

        return torch.autograd.functional.jacobian(run, torch.tensor(h[k, 0])).numpy()

    def printed(slopes, W):
        return np.einsum("jr,r,qr->jq", reach(2), slopes, W)

    planted = {
        "slope at k instead of k + 1": printed(1 - h[1, 0] ** 2, net.W_hh),
        "W_hh[r, q]": printed(1 - h[2, 0] ** 2, net.W_hh.T),
    }
    check(reach(1), printed(1 - h[2, 0] ** 2, net.W_hh), planted=planted)


@pytest.mark.equation("eq-bptt-delta-sum", tolerance=1e-12)
def test_delta_sum(check, rng):
    """Left: ∂L/∂a_k by autograd; right: the sum over all later losses."""
    net = Net.draw(rng, N=1)
    h, _, dh = net.values()
    J = jacobians(net, h)

    def printed(last=T, slope=True):
        return [
            sum(dh[t - 1, 0] @ carried(J, t, k) for t in range(k, min(k + last, T) + 1))
            * ((1 - h[k, 0] ** 2) if slope else 1)
            for k in range(1, T + 1)
        ]

    planted = {"own loss only": printed(last=0), "slope forgotten": printed(slope=False)}
    check(net.autograd_delta()[:, 0], printed(), planted=planted)


@pytest.mark.equation("eq-bptt-delta", tolerance=1e-12)
def test_delta(check, rng):
    """Left: ∂L/∂a_t by autograd for a batch; right: the recursion."""
    net = Net.draw(rng)
    h, _, dh = net.values()
    no_bracket, back = np.zeros((T, N, H)), np.zeros((N, H))
    for t in reversed(range(T)):
        no_bracket[t] = dh[t] + back * (1 - h[t + 1] ** 2)
        back = no_bracket[t] @ net.W_hh.T
    planted = {
        "W_hh not transposed": deltas(net, h, dh, W_back=net.W_hh),
        "slope of the state before": deltas(net, np.concatenate([h[:1], h[:-1]]), dh),
        "tanh' misses the losses": no_bracket,
    }
    check(net.autograd_delta(), deltas(net, h, dh), planted=planted)


@pytest.mark.equation("eq-bptt-grad-weights", tolerance=1e-12)
def test_grad_weights(check, rng):
    """Left: autograd for W_hh, W_xh, b_h; right: the three sums over steps."""
    net = Net.draw(rng)
    h, _, dh = net.values()
    Delta = deltas(net, h, dh)

    def sums(before=h[:-1], transpose=False, rows=True):
        W_hh = sum(a.T @ d for a, d in zip(before, Delta, strict=True))
        W_xh = sum(a.T @ d for a, d in zip(net.x, Delta, strict=True))
        b_h = sum(np.ones(N) @ d for d in Delta) if rows else Delta.sum(axis=0)
        return (W_hh.T if transpose else W_hh), W_xh, b_h

    planted = {
        "h_t for h_{t-1}": sums(before=h[1:]),
        "outer product transposed (deck D2)": sums(transpose=True),
        "first step left out (deck D0)": sums(before=np.concatenate([0 * h[:1], h[1:-1]])),
        "a bias for every sample (deck D2)": sums(rows=False),
    }
    check(net.autograd("W_hh", "W_xh", "b_h"), sums(), planted=planted)


@pytest.mark.equation("eq-bptt-stacked", tolerance=1e-12)
def test_stacked(check, rng):
    """Left: a_t and both gradients by autograd with separate weights; right: stacked."""
    net = Net.draw(rng)
    h, _, dh = net.values()
    Delta = deltas(net, h, dh)
    left = (np.array([a.numpy() for a in net.run()[1]]), *net.autograd("W_xh", "W_hh"))

    def stacked(first, second, split):
        both = np.concatenate([first, second], axis=-1)  # (T, N, D + H)
        dW = sum(s.T @ d for s, d in zip(both, Delta, strict=True))
        a = both @ np.concatenate([net.W_xh, net.W_hh]) + net.b_h
        return a, dW[:split], dW[split:]

    planted = {
        "h above x": stacked(h[:-1], net.x, D),
        "h_t for h_{t-1}": stacked(net.x, h[1:], D),
    }
    check(left, stacked(net.x, h[:-1], D), planted=planted)


@pytest.mark.equation("eq-bptt-grad-inputs", tolerance=1e-12)
def test_grad_inputs(check, rng):
    """Left: autograd for the inputs and the initial state; right: Δ times transposed weights."""
    net = Net.draw(rng)
    h, _, dh = net.values()
    Delta = deltas(net, h, dh)
    right = (Delta @ net.W_xh.T, Delta[0] @ net.W_hh.T)
    planted = {
        "no way back to h_0": (right[0], 0 * right[1]),
        "W_hh not transposed": (right[0], Delta[0] @ net.W_hh),
        "only each step's own loss": ((dh * (1 - h[1:] ** 2)) @ net.W_xh.T, right[1]),
    }
    check(net.autograd("x", "h_0"), right, planted=planted)


@pytest.mark.equation("eq-bptt-readout", tolerance=1e-12)
def test_readout(check, rng):
    """Left: autograd, each ℓ_t at its own h_t, then W_hy and b_y; right: as printed."""
    net = Net.draw(rng)
    h, du, _ = net.values()

    def own(states):
        u = states @ torch.tensor(net.W_hy) + torch.tensor(net.b_y)
        return sum(net.losses(u))

    left = (*grad(own, h[1:]), *net.autograd("W_hy", "b_y"))
    W_hy = sum(h_t.T @ d for h_t, d in zip(h[1:], du, strict=True))
    b_y = sum(np.ones(N) @ d for d in du)
    planted = {
        "(ŷ - y) ⊗ h: transposed (decks D2, D4)": (du @ net.W_hy.T, W_hy.T, b_y),
        "last output only (deck D0)": (du @ net.W_hy.T, h[-1].T @ du[-1], b_y),
    }
    check(left, (du @ net.W_hy.T, W_hy, b_y), planted=planted)


@pytest.mark.equation("eq-bptt-three", tolerance=1e-12)
def test_three(check, rng):
    """Left: autograd with one loss, at step 3; right: the six lines as printed."""
    net = Net.draw(rng)
    net.x, net.C = net.x[:3], np.concatenate([np.zeros((2, N, V)), net.C[2:3]])
    h, du, _ = net.values()
    W, x = net.W_hh, net.x

    def lines(W_back, first=True):
        d3 = du[2] @ net.W_hy.T * (1 - h[3] ** 2)
        d2 = d3 @ W_back * (1 - h[2] ** 2)
        d1 = d2 @ W_back * (1 - h[1] ** 2)
        dW = (h[0].T @ d1 if first else 0) + h[1].T @ d2 + h[2].T @ d3
        return h[3].T @ du[2], dW, x[0].T @ d1 + x[1].T @ d2 + x[2].T @ d3

    planted = {
        "h_0ᵀΔ_1 left out (deck D0)": lines(W.T, first=False),
        "column form's W among rows (deck D0)": lines(W),
    }
    check(net.autograd("W_hy", "W_hh", "W_xh"), lines(W.T), planted=planted)


@pytest.mark.equation("eq-bptt-power", tolerance=1e-12)
def test_power(check, rng):
    """Left: autograd through a linear network; right: T - 1 factors."""
    net = Net.draw(rng)
    a_1, g = rng.normal(size=(N, H)), rng.normal(size=(N, H))

    def last(a):
        for _ in range(T - 1):
            a = a @ torch.tensor(net.W_hh)
        return (a * torch.tensor(g)).sum()

    power = np.linalg.matrix_power
    planted = {
        "T factors (deck D0)": g @ power(net.W_hh.T, T),
        "not transposed": g @ power(net.W_hh, T - 1),
    }
    check(*grad(last, a_1), g @ power(net.W_hh.T, T - 1), planted=planted)


@pytest.mark.equation("eq-bptt-rtrl", tolerance=1e-12)
def test_rtrl(check, rng):
    """Left: the total derivative of h_T by autograd; right: the recursion for P."""
    net = Net.draw(rng, N=1)
    h, _, _ = net.values()

    def run(W_hh):
        return net.run(W_hh=W_hh)[0][-1][0]

    def recursion(J):
        P = np.zeros((H, H, H))
        for t in range(1, T + 1):
            P = np.einsum("ji,ipq->jpq", J[t - 1], P) + immediate(h, t)
        return P

    left = torch.autograd.functional.jacobian(run, torch.tensor(net.W_hh)).numpy()
    J = jacobians(net, h)
    planted = {"J transposed": recursion([j.T for j in J]), "immediate only": immediate(h, T)}
    check(left, recursion(J), planted=planted)


@pytest.mark.equation("eq-bptt-rtrl-gradient", tolerance=1e-12)
def test_rtrl_gradient(check, rng):
    """Left: ∂L/∂W_hh by autograd, backwards; right: P carried forward and summed on the way."""
    net = Net.draw(rng, N=1)
    h, _, dh = net.values()
    J = jacobians(net, h)

    def forward(first=1, reset=False):
        P, grad_W = np.zeros((H, H, H)), np.zeros((H, H))
        for t in range(1, T + 1):
            P = immediate(h, t) + (0 if reset else np.einsum("ji,ipq->jpq", J[t - 1], P))
            if t >= first:
                grad_W += np.einsum("j,jpq->pq", dh[t - 1, 0], P)
        return grad_W

    (left,) = net.autograd("W_hh")
    planted = {"last loss only": forward(first=T), "P not carried": forward(reset=True)}
    check(left, forward(), planted=planted)


@pytest.mark.equation("eq-bptt-any-cell", tolerance=1e-12)
def test_any_cell(check, rng):
    """Left: autograd through a leaky cell; right: the row recursion with its Jacobians."""
    W, U, x, C = (rng.normal(size=size) for size in [(H, H), (D, H), (T, D), (T, H)])

    def cell(x_t, h, W):
        return 0.4 * h + 0.6 * torch.tanh(torch.tensor(x_t @ U) + h @ W)

    def states(W):
        h = [torch.zeros(H, dtype=torch.float64)]
        for x_t in x:
            h.append(cell(x_t, h[-1], W))
        return h

    def by_autograd(W):
        return (torch.tensor(C) * torch.sin(torch.stack(states(W)[1:]))).sum()

    jacobian, W_t, h = torch.autograd.functional.jacobian, torch.tensor(W), states(torch.tensor(W))

    def printed(leak=True):
        delta, grad_W = np.zeros(H), np.zeros((H, H))
        for t in range(T, 0, -1):
            delta = delta + C[t - 1] * np.cos(h[t].numpy())
            now = jacobian(lambda W, t=t: cell(x[t - 1], h[t - 1], W), W_t).numpy()
            grad_W += np.einsum("j,jpq->pq", delta, now)
            J = jacobian(lambda s, t=t: cell(x[t - 1], s, W_t), h[t - 1]).numpy()
            delta = delta @ (J if leak else J - 0.4 * np.eye(H))
        return grad_W

    planted = {"one of two paths forgotten": printed(leak=False)}
    check(*grad(by_autograd, W), printed(), planted=planted)


@pytest.mark.equation("eq-bptt-share", tolerance=1e-12)
def test_share(check, rng):
    """Left: one; right: all shares, with G from autograd and the parts from the double sum."""
    net = Net.draw(rng, N=1)
    h, _, dh = net.values()
    J = jacobians(net, h)
    parts = {
        (t, k): np.einsum("j,ji,ipq->pq", dh[t - 1, 0], carried(J, t, k), immediate(h, k))
        for t in range(1, T + 1)
        for k in range(1, t + 1)
    }
    (G,) = net.autograd("W_hh")
    shares = {place: np.sum(part * G) / np.sum(G * G) for place, part in parts.items()}
    norms = [np.linalg.norm(part) / np.linalg.norm(G) for part in parts.values()]
    planted = {
        "norms for projections": sum(norms),
        "diagonal only": sum(s for (t, k), s in shares.items() if t == k),
    }
    check(1.0, sum(shares.values()), planted=planted)


@pytest.mark.equation("eq-bptt-update", tolerance=1e-3)
def test_update(check, rng):
    """Left: change of the loss by the update, over η, and the power of η with which the rest
    shrinks, from two step sizes; right: minus the squared norm, and 2."""
    net = Net.draw(rng)
    names = ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]
    g = dict(zip(names, net.autograd(*names), strict=True))
    squared = sum(np.sum(value**2) for value in g.values())

    def change(eta, sign=-1):
        moved = {name: getattr(net, name) + sign * eta * g[name] for name in names}
        return (net.loss(**moved) - net.loss()).item()

    def power(slope, eta=1e-6):
        """p in change = slope η + O(η^p)."""
        rest = [abs(change(step) - slope * step) for step in (eta, eta / 2)]
        return np.log2(rest[0] / rest[1])

    near = change(1e-8) / 1e-8
    planted = {
        "uphill (deck D4's plus sign)": (change(1e-8, +1) / 1e-8, power(squared)),
        "norm, not its square": (near, power(-np.sqrt(squared))),
        "half the square": (near, power(-squared / 2)),
        "W_hh's gradient alone (deck D4)": (near, power(-np.sum(g["W_hh"] ** 2))),
        "O(η³)": (near, 3.0),
    }
    assert np.isclose(near, -squared, rtol=1e-3)
    check((near, power(-squared)), (-squared, 2.0), planted=planted)
