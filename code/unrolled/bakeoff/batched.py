"""Layers for S networks side by side: every array has an axis of networks in front."""

import math

import torch
from torch import Generator, Tensor

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


def causal_conv(x: Tensor, W: Tensor, b: Tensor, taps: int, dilation: int = 1) -> Tensor:
    """Convolution of x (S, T, N, D) with W (S, taps * D, H), zeros before step 1: (S, T, N, H)."""
    T = x.shape[1]
    front = x.new_zeros(x[:, :1].shape).repeat(1, dilation * (taps - 1), 1, 1)
    padded = torch.cat([front, x], dim=1)
    shifted = [padded[:, k * dilation : k * dilation + T] for k in range(taps)]
    return affine(torch.cat(shifted, dim=-1), W, b)


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
