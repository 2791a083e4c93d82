"""The equations of book/convolution/parallel-recurrence.md, each against an independent route."""

import numpy as np
import pytest
import torch

from unrolled.layers import scan

T, N, D, H = 9, 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def draw(rng, steps=T):
    """beta, gamma (T, N, H) and s_0 (N, H); gamma of either sign."""
    beta, gamma = rng.normal(size=(2, steps, N, H))
    return beta, np.tanh(gamma), rng.normal(size=(N, H))


def states(beta, gamma, s_0):
    """By the loop as it is written: s_0 … s_T."""
    s = [s_0]
    for b, c in zip(beta, gamma, strict=True):
        s.append(b + c * s[-1])
    return np.stack(s)


def join(p, q):
    """p first, then q, as printed: (β, γ) • (β', γ')."""
    return q[0] + q[1] * p[0], q[1] * p[1]


def swapped(p, q):
    return join(q, p)


@pytest.mark.equation("eq-parallel-recurrence", tolerance=1e-12)
def test_recurrence(check, rng):
    """Left: step by step; right: the solution as a sum of products (eq-bptt-lemma)."""
    beta, gamma, s_0 = draw(rng)

    def closed(late):
        terms = [gamma[k + late :].prod(axis=0) * beta[k] for k in range(T)]
        return gamma.prod(axis=0) * s_0 + sum(terms)

    late = np.concatenate([np.ones((1, N, H)), gamma[:-1]])
    planted = {
        "each use multiplied by its own gamma": closed(0),
        "gamma of the step before": states(beta, late, s_0)[-1],
        "beta and gamma exchanged": states(gamma, beta, s_0)[-1],
        "beta weighted by 1 - gamma": states((1 - gamma) * beta, gamma, s_0)[-1],
        "s_0 forgotten": states(beta, gamma, 0 * s_0)[-1],
    }
    check(states(beta, gamma, s_0)[-1], closed(1), planted=planted)


@pytest.mark.equation("eq-parallel-compose", tolerance=1e-12)
def test_compose(check, rng):
    """Left: one joined step; right: one step and then the other."""
    beta, gamma, s_0 = draw(rng)
    p, q = (beta[0], gamma[0]), (beta[1], gamma[1])

    def apply(pair):
        return pair[0] + pair[1] * s_0

    right = states(beta[:2], gamma[:2], s_0)[-1]
    planted = {
        "later step first": apply(swapped(p, q)),
        "earlier beta not multiplied": apply((q[0] + p[0], q[1] * p[1])),
        "later beta multiplied, too": apply((q[1] * (q[0] + p[0]), q[1] * p[1])),
        "the later gamma alone": apply((q[0] + q[1] * p[0], q[1])),
        "gammas added": apply((q[0] + q[1] * p[0], q[1] + p[1])),
    }
    check(apply(join(p, q)), right, planted=planted)


@pytest.mark.equation("eq-parallel-associative", tolerance=1e-12)
def test_associative(check, rng):
    """Left: the last two joined first; middle and right: the first two, and the closed form."""
    beta, gamma, _ = draw(rng)
    p, q, r = zip(beta[:3], gamma[:3], strict=True)
    third = beta[2] + gamma[2] * beta[1] + gamma[2] * gamma[1] * beta[0], gamma[:3].prod(axis=0)

    def both(operator, p=p, q=q, r=r):
        return operator(p, operator(q, r)), operator(operator(p, q), r)

    planted = {
        "order changed, too": both(join, q, p, r),
        "later step first": both(swapped),
        "the earlier gamma": both(lambda p, q: (q[0] + p[1] * p[0], q[1] * p[1])),
        "gammas added": both(lambda p, q: (q[0] + q[1] * p[0], q[1] + p[1])),
    }
    check(both(join), (third, third), planted=planted)
    with pytest.raises(AssertionError):  # not every rule is associative
        np.testing.assert_allclose(*both(lambda p, q: (q[0] + p[1] * p[0], q[1] * p[1])))


@pytest.mark.equation("eq-parallel-prefix", tolerance=1e-12)
def test_prefix(check, rng):
    """Left: states by the loop; right: from the joined steps, grouped from the right."""
    beta, gamma, s_0 = draw(rng)

    def joined(t, operator=join):
        total = (beta[t - 1], gamma[t - 1])
        for k in range(t - 2, -1, -1):
            total = operator((beta[k], gamma[k]), total)
        return total

    def printed(operator=join, start=lambda c: c * s_0, last=T):
        pairs = [joined(t, operator) for t in range(1, last + 1)]
        return np.stack([b + start(c) for b, c in pairs])

    planted = {
        "last step first": printed(operator=swapped),
        "s_0 not multiplied": printed(start=lambda c: s_0),
        "s_0 forgotten": printed(start=lambda c: 0),
        "one step short": np.concatenate([s_0[None], printed(last=T - 1)]),
    }
    check(states(beta, gamma, s_0)[1:], printed(), planted=planted)


@pytest.mark.equation("eq-parallel-pairs", tolerance=1e-12)
def test_pairs(check, rng):
    """Left: every second state by the loop; right: the loop over pairs of steps."""
    beta, gamma, s_0 = draw(rng, 8)
    (b_odd, b_even), (c_odd, c_even) = ((a[::2], a[1::2]) for a in (beta, gamma))  # 1, 3 …; 2, 4 …

    def over_pairs(b, c=c_even * c_odd):
        return states(b, c, s_0)[1:]

    right = b_even + c_even * b_odd
    planted = {
        "the earlier gamma in beta": over_pairs(b_even + c_odd * b_odd),
        "the later beta multiplied": over_pairs(b_odd + c_even * b_even),
        "the earlier beta not multiplied": over_pairs(b_even + b_odd),
        "the later gamma alone": over_pairs(right, c_even),
        "the earlier gamma alone": over_pairs(right, c_odd),
    }
    check(states(beta, gamma, s_0)[2::2], over_pairs(right), planted=planted)


class Counted:
    """A number that knows how many operations lie before it, one after the other."""

    def __init__(self, tally, depth=0):
        self.tally, self.depth = tally, depth

    def _after(self, other):
        self.tally.append(1)
        return Counted(self.tally, 1 + max(self.depth, other.depth))

    __add__ = __mul__ = _after


@pytest.mark.equation("eq-parallel-work", tolerance=1e-12)
def test_work(check, rng, monkeypatch):
    """Left: the formulas; right: operations of the package's tree, counted one by one."""
    monkeypatch.setattr(scan, "SHORT", 2)  # down to a single step
    levels = rng.permutation(np.arange(2, 10))[:5]  # T ≥ 4
    counted = []
    for steps in 2**levels:
        tally = []
        beta, gamma = np.array([[Counted(tally) for _ in range(steps)] for _ in "bg"])
        s = np.array([Counted(tally) for _ in range(steps + 1)])
        scan.tree(s[:, None], beta[:, None], gamma[:, None])
        counted.append((len(tally), max(entry.depth for entry in s)))
    work, depth = np.array(counted).T
    planted = {
        "T log T operations": (2 * 2**levels * (levels + 1), 4 * levels - 3),
        "one sweep": (5 * 2**levels - 3, 2 * levels + 1),
        "no overlap": (5 * 2**levels - 3, 4 * levels + 2),
    }
    check((5 * 2**levels - 3, 4 * levels - 3), (work, depth), planted=planted)


def by_autograd(beta, gamma, s_0, cotangent):
    """Gradients of Σ cotangent·s at beta, gamma, s_0, and the states' total gradients."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (beta, gamma, s_0)]
    s, kept = leaves[2], []
    for b, c in zip(leaves[0].unbind(0), leaves[1].unbind(0), strict=True):
        s = b + c * s
        s.retain_grad()
        kept.append(s)
    (torch.stack(kept) * torch.tensor(cotangent)).sum().backward()
    return [a.grad.numpy() for a in leaves], np.stack([a.grad.numpy() for a in kept])


def deltas(gamma, ds, late=1):
    """δ_T … δ_1 by the formula as printed, in the order of time; late=0: γ_t in place of γ_{t+1}"""
    delta = ds.copy()
    for t in reversed(range(T - 1)):
        delta[t] += gamma[t + late] * delta[t + 1]
    return delta


@pytest.mark.equation("eq-parallel-delta", tolerance=1e-12)
def test_delta(check, rng):
    """Left: from the last step to the first, as printed; right: autograd's total gradients."""
    beta, gamma, s_0 = draw(rng)
    ds = rng.normal(size=beta.shape)
    _, right = by_autograd(beta, gamma, s_0, ds)
    forwards = deltas(gamma[::-1], ds[::-1], late=0)[::-1]  # δ_t from δ_{t-1}
    planted = {
        "gamma of the same step": deltas(gamma, ds, late=0),
        "no way back": ds,
        "from the first step to the last": forwards,
        "gamma forgotten": deltas(np.ones_like(gamma), ds),
    }
    check(deltas(gamma, ds), right, planted=planted)


@pytest.mark.equation("eq-parallel-grads", tolerance=1e-12)
def test_grads(check, rng):
    """Left: the formulas; right: autograd at the leaves."""
    beta, gamma, s_0 = draw(rng)
    ds = rng.normal(size=beta.shape)
    right, _ = by_autograd(beta, gamma, s_0, ds)
    delta, s = deltas(gamma, ds), states(beta, gamma, s_0)
    first = gamma[0] * delta[0]
    planted = {
        "the state after the step": (delta, delta * s[1:], first),
        "s_0 without gamma": (delta, delta * s[:-1], delta[0]),
        "beta's slope times gamma": (gamma * delta, delta * s[:-1], first),
        "the loss's own slope for delta": (ds, ds * s[:-1], first),
        "beta for the state": (delta, delta * beta, first),
    }
    check((delta, delta * s[:-1], first), tuple(right), planted=planted)


@pytest.mark.equation("eq-parallel-cumsum", tolerance=1e-10)
def test_cumsum(check, rng):
    """Left: the quotient form, on few steps with gammas away from 0; right: the loop."""
    beta, gamma, s_0 = draw(rng)
    gamma = np.sign(gamma) * (0.5 + 0.5 * np.abs(gamma))
    c = gamma.cumprod(axis=0)
    before = np.concatenate([np.ones_like(c[:1]), c[:-1]])
    planted = {
        "divided by the product before": c * (s_0 + (beta / before).cumsum(axis=0)),
        "not multiplied back": s_0 + (beta / c).cumsum(axis=0),
        "s_0 not multiplied": s_0 + c * (beta / c).cumsum(axis=0),
        "divided by its own gamma": c * (s_0 + (beta / gamma).cumsum(axis=0)),
        "the newest beta left out": c * (s_0 + (beta / c).cumsum(axis=0) - beta / c),
    }
    left = c * (s_0 + (beta / c).cumsum(axis=0))
    check(left, states(beta, gamma, s_0)[1:], planted=planted)


@pytest.mark.equation("eq-parallel-matrix", tolerance=1e-12)
def test_matrix(check, rng):
    """Left: the joined step with matrices; right: one step after the other, on rows."""
    (b, b2), s = rng.normal(size=(2, N, H)), rng.normal(size=(N, H))
    A, A2 = rng.normal(size=(2, H, H))
    planted = {
        "matrices in column order": b2 + b @ A2 + s @ (A2 @ A),
        "earlier beta by its own matrix": b2 + b @ A + s @ (A @ A2),
        "earlier beta not multiplied": b2 + b + s @ (A @ A2),
        "matrix transposed": b2 + b @ A2.T + s @ (A @ A2),
        "the later matrix alone": b2 + b @ A2 + s @ A2,
    }
    check((b2 + b @ A2) + s @ (A @ A2), b2 + (b + s @ A) @ A2, planted=planted)


@pytest.mark.equation("eq-parallel-newton", tolerance=1e-10)
def test_newton(check, rng):
    """Left: the iteration's end, from zero, and four rounds from nearby; right: the loop.

    After T rounds any J is right; only with the tangent errors of 1e-2 square at each round.
    """
    x, w = rng.normal(size=(T, N, H)), 2 * rng.normal(size=H)

    def iterate(jacobian):
        h = np.zeros((T + 1, N, H))
        for _ in range(T):
            f = np.tanh(x + w * h[:-1])
            J = jacobian(f)
            h = states(f - J * h[:-1], J, h[0])
        return h[1:]

    def once(base):  # two rounds: enough to tell where the tangent is put
        h = np.zeros((T + 1, N, H))
        for _ in range(2):
            f = np.tanh(x + w * h[:-1])
            J = w * (1 - f**2)
            h = states(f - base * J * h[:-1], J, h[0])
        return h[1:]

    h, right = np.zeros((N, H)), []
    for x_t in x:
        h = np.tanh(x_t + w * h)
        right.append(h)
    planted = {"the tangent's base left out": once(0), "stopped after two rounds": once(1)}
    right = np.stack(right)
    check(iterate(lambda f: w * (1 - f**2)), right, planted=planted)

    def corrected(slope):
        h = np.concatenate([np.zeros((1, N, H)), right + 1e-2 * noise])
        for _ in range(4):
            f = np.tanh(x + w * h[:-1])
            J = slope(f)
            h = states(f - J * h[:-1], J, h[0])
        return h[1:]

    noise = rng.normal(size=right.shape)
    planted = {"no slope of tanh": corrected(lambda f: w + 0 * f), "no J": corrected(np.zeros_like)}
    check(corrected(lambda f: w * (1 - f**2)), right, planted=planted)


@pytest.mark.equation("eq-parallel-mingru", tolerance=1e-12)
def test_mingru(check, rng):
    """Left: as printed; right: torch's GRU with W_hh = 0, b_hn = 0 and small candidates.

    Without W_hh torch's GRU is the minGRU with tanh on n; scaled down, tanh is the identity to
    third order, so that a scale of 1e-7 leaves a relative error of about 1e-14.
    """
    scale = 1e-7
    x, (W_z, W_n) = rng.normal(size=(T, N, D)), rng.normal(size=(2, D, H))
    b_z, b_n = rng.normal(size=(2, H))
    gru = torch.nn.GRU(D, H, dtype=torch.float64).requires_grad_(False)
    for p in gru.parameters():
        p.zero_()
    gru.weight_ih_l0[H:] = torch.tensor(np.vstack([W_z.T, scale * W_n.T]))
    gru.bias_ih_l0[H:] = torch.tensor(np.concatenate([b_z, scale * b_n]))
    h_0 = rng.normal(size=(N, H))
    right = gru(torch.tensor(x), torch.tensor(scale * h_0)[None])[0] / scale
    z, n = sigmoid(x @ W_z + b_z), x @ W_n + b_n
    planted = {
        "z of the other sense": states(z * n, 1 - z, h_0)[1:],
        "candidate not weighted": states(n, z, h_0)[1:],
        "no bias of the gate": states((1 - sigmoid(x @ W_z)) * n, sigmoid(x @ W_z), h_0)[1:],
        "matrices exchanged": states(
            (1 - sigmoid(x @ W_n + b_z)) * (x @ W_z + b_n), sigmoid(x @ W_n + b_z), h_0
        )[1:],
        "tanh on the candidate": states((1 - z) * np.tanh(n), z, h_0)[1:],
    }
    check(states((1 - z) * n, z, h_0)[1:], right, planted=planted)


@pytest.mark.equation("eq-parallel-kernel", tolerance=1e-12)
def test_kernel(check, rng):
    """Left: the convolution as printed; right: the state-space recurrence, step by step."""
    V = 2
    x, lam = rng.normal(size=(T, N, D)), np.tanh(rng.normal(size=H))
    B, C = rng.normal(size=(D, H)), rng.normal(size=(H, V))
    right = states(x @ B, np.broadcast_to(lam, (T, N, H)), np.zeros((N, H)))[1:] @ C

    def convolved(shift=0, lam=lam, first=0, x=x):
        K = [B @ np.diag(lam ** (k + shift)) @ C for k in range(T)]
        none = np.zeros((N, V))
        return np.stack(
            [sum((x[t - k] @ K[k] for k in range(first, t + 1)), none) for t in range(T)]
        )

    planted = {
        "one power too many": convolved(shift=1),
        "the newest input left out": convolved(first=1),
        "the size of lambda alone": convolved(lam=np.abs(lam)),
        "inputs in the other order": convolved(x=x[::-1]),
        "lambda not raised": convolved(lam=np.ones(H)),
    }
    check(convolved(), right, planted=planted)
