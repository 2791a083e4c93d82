"""Layers for S networks side by side: every array has an axis of networks in front."""

import math

import torch
from torch import Generator, Tensor
from torch.autograd import Function

HEADS = 2  # of an attention


def dense(D: int, H: int, rng: Generator, blocks: int = 1) -> Tensor:
    """Initial weights (D, blocks * H), uniform between -1/√D and 1/√D."""
    return (2 * torch.rand(D, blocks * H, generator=rng) - 1) / math.sqrt(D)


def orthogonal(H: int, rng: Generator, blocks: int = 1) -> Tensor:
    """Initial weights (H, blocks * H): so many random orthogonal matrices beside each other."""
    normal = torch.randn(blocks, H, H, generator=rng)
    return torch.linalg.qr(normal)[0].transpose(0, 1).reshape(H, blocks * H)


def affine(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """x (S, …, D) times W (S, D, H) plus b (S, 1, H), each network with its own: (S, …, H)."""
    return torch.baddbmm(b, x.flatten(1, -2), W).unflatten(1, x.shape[1:-1])


def linear(x: Tensor, W: Tensor) -> Tensor:
    """x (S, …, D) times W (S, D, H), each network with its own: (S, …, H)."""
    return torch.bmm(x.flatten(1, -2), W).unflatten(1, x.shape[1:-1])


def scan(beta: Tensor, gamma: Tensor) -> Tensor:
    """States of s[t] = beta[t] + gamma[t] s[t-1] from 0; T is axis 1 (as in `layers.scan.tree`)."""
    T, pairs = beta.shape[1], beta.shape[1] // 2
    if T == 1:
        return beta
    first, second = (slice(None), slice(0, 2 * pairs, 2)), (slice(None), slice(1, None, 2))
    joined = beta[second] + gamma[second] * beta[first]
    even = scan(joined, gamma[second] * gamma[first])  # the states after steps 2, 4, …
    before = torch.cat([torch.zeros_like(beta[:, :1]), even], dim=1)[:, : T - pairs]
    odd = torch.addcmul(beta[:, ::2], gamma[:, ::2], before)
    states = torch.stack([odd[:, :pairs], even], dim=2).flatten(1, 2)
    return torch.cat([states, odd[:, pairs:]], dim=1)


class Chain(Function):
    """The same states one by one, with a gradient that goes back one by one; complex ones, too.

    For short sequences this is quicker than joining pairs.
    """

    @staticmethod
    def forward(ctx, beta: Tensor, gamma: Tensor) -> Tensor:
        """beta, gamma (S, T, …) -> states (S, T, …)."""
        s = beta.clone(memory_format=torch.contiguous_format)
        for t in range(1, s.shape[1]):
            s[:, t].addcmul_(gamma[:, t], s[:, t - 1])
        ctx.save_for_backward(s, gamma)
        return s

    @staticmethod
    def backward(ctx, ds: Tensor) -> tuple[Tensor, Tensor]:
        """Each step's gradient is its own and what comes back from the next one."""
        s, gamma = ctx.saved_tensors
        delta = ds.clone(memory_format=torch.contiguous_format)
        for t in reversed(range(1, s.shape[1])):
            delta[:, t - 1].addcmul_(gamma[:, t].conj(), delta[:, t])
        dgamma = torch.zeros_like(delta)
        torch.mul(delta[:, 1:], s[:, :-1].conj(), out=dgamma[:, 1:])
        return delta, dgamma


class Selective(Function):
    """The recurrence S6 step by step, and its gradient by hand as in `layers.selective`."""

    @staticmethod
    def forward(ctx, u: Tensor, Delta: Tensor, B: Tensor, C: Tensor, A: Tensor) -> Tensor:
        """u, Delta (S, T, N, H), B, C (S, T, K, N, 1), A (S, K, 1, H) -> what C reads (S, T, N, H).

        K numbers are kept for each of H units.
        """
        y, states = torch.empty_like(u), [u.new_zeros(len(u), B.shape[2], *u.shape[2:])]
        keeps = []
        for t in range(u.shape[1]):
            D = Delta[:, t, None]  # (S, 1, N, H)
            keeps.append(torch.mul(D, A).exp_())
            h = keeps[-1] * states[-1]
            states.append(h.addcmul_(D * u[:, t, None], B[:, t]))
            torch.sum(h * C[:, t], dim=1, out=y[:, t])
        ctx.save_for_backward(u, Delta, B, C, A)
        ctx.kept = states, keeps
        return y

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor, ...]:
        """From the last step to the first."""
        u, Delta, B, C, A = ctx.saved_tensors
        states, keeps = ctx.kept
        du, dDelta, dB, dC = (torch.empty_like(a) for a in (u, Delta, B, C))
        dA, dh = torch.zeros_like(A), torch.zeros_like(states[0])
        for t in reversed(range(u.shape[1])):
            D, own = Delta[:, t], dy[:, t, None]
            dh.addcmul_(own, C[:, t])
            torch.sum(states[t + 1] * own, dim=-1, keepdim=True, out=dC[:, t])
            torch.sum(dh * (D * u[:, t])[:, None], dim=-1, keepdim=True, out=dB[:, t])
            shown = (dh * B[:, t]).sum(1)  # gradient at D u
            dh *= keeps[t]
            exponent = dh * states[t]  # gradient at D A
            dA += (exponent * D[:, None]).sum(2, keepdim=True)
            torch.add((exponent * A).sum(1), shown * u[:, t], out=dDelta[:, t])
            torch.mul(shown, D, out=du[:, t])
        return du, dDelta, dB, dC, dA


class Filtered(Function):
    """Each number by a filter of its own over the last steps, zeros before the first."""

    @staticmethod
    def forward(ctx, x: Tensor, W: Tensor) -> Tensor:
        """x (S, T, N, H), W (S, taps, H), the last tap for the step itself -> (S, T, N, H)."""
        ctx.save_for_backward(x, W)
        y = x * W[:, -1, None, None]
        for back in range(1, min(W.shape[1], x.shape[1])):
            y[:, back:].addcmul_(x[:, :-back], W[:, -1 - back, None, None])
        return y

    @staticmethod
    def backward(ctx, dy: Tensor) -> tuple[Tensor, Tensor]:
        """The same sums, from a step to those that saw it."""
        x, W = ctx.saved_tensors
        dx, dW = dy * W[:, -1, None, None], torch.zeros_like(W)
        dW[:, -1] = over_rows(x * dy)
        for back in range(1, min(W.shape[1], x.shape[1])):
            dx[:, :-back].addcmul_(dy[:, back:], W[:, -1 - back, None, None])
            dW[:, -1 - back] = over_rows(x[:, :-back] * dy[:, back:])
        return dx, dW


def over_rows(a: Tensor) -> Tensor:
    """Sums of a (S, …, H) over all but the first and the last axis, (S, H): as a product."""
    rows = a.flatten(1, -2)
    return torch.bmm(a.new_ones(len(a), 1, rows.shape[1]), rows)[:, 0]


def causal_conv(x: Tensor, W: Tensor, b: Tensor, taps: int, dilation: int = 1) -> Tensor:
    """Convolution of x (S, T, N, D) with W (S, taps * D, H), zeros before step 1: (S, T, N, H)."""
    T = x.shape[1]
    front = x.new_zeros(x[:, :1].shape).repeat(1, dilation * (taps - 1), 1, 1)
    padded = torch.cat([front, x], dim=1)
    shifted = [padded[:, k * dilation : k * dilation + T] for k in range(taps)]
    return affine(torch.cat(shifted, dim=-1), W, b)


def gated_delta(q: Tensor, k: Tensor, v: Tensor, log_alpha: Tensor, beta: Tensor) -> Tensor:
    """What the last queries read under the gated delta rule, all steps at once (`eq-linear-wy`).

    Keys (…, T, K), values (…, T, V), decays and strengths (…, T), and queries of the last steps
    (…, n, K), n of them. The matrix that is written and read is 0 before the first step.
    """
    T, so_far = k.shape[-2], log_alpha.cumsum(-1)
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    decay = (so_far[..., :, None] - so_far[..., None, :]).masked_fill(later, -math.inf).exp()
    found = beta[..., None] * (decay * (k @ k.mT)).tril(-1)
    right = beta[..., None] * v
    u = torch.linalg.solve_triangular(found, right, upper=False, unitriangular=True)
    return (decay[..., T - q.shape[-2] :, :] * (q @ k.mT)) @ u


def attend(qkv: Tensor) -> Tensor:
    """Attention of every step to all steps: queries, keys, values (…, T, 3d) -> (…, T, d)."""
    parts = qkv.unflatten(-1, (3, HEADS, -1)).movedim(-2, -4)  # (…, HEADS, T, 3, e)
    q, k, v = parts.unbind(-2)
    alpha = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)  # (…, HEADS, T, T)
    return (alpha @ v).movedim(-3, -2).flatten(-2)


def positions(T: int, d: int) -> Tensor:
    """Sines and cosines of the step, waves from 2π steps to 10,000 · 2π long: (T, d)."""
    angle = torch.arange(T)[:, None] / 10_000 ** (torch.arange(0, d, 2) / d)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)
