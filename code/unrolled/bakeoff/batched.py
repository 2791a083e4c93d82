"""What networks that stand side by side are made of: weights and layers with an axis S in front."""

import math

import torch
from torch import Generator, Tensor

HEADS = 2  # of an attention


def dense(D: int, H: int, dice: Generator, blocks: int = 1) -> Tensor:
    """Uniform between ±1/√D: (D, blocks * H)."""
    return (2 * torch.rand(D, blocks * H, generator=dice) - 1) / math.sqrt(D)


def orthogonal(H: int, dice: Generator, blocks: int = 1) -> Tensor:
    """Orthogonal blocks side by side: (H, blocks * H)."""
    normal = torch.randn(blocks, H, H, generator=dice)
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


def attend(qkv: Tensor) -> Tensor:
    """Queries, keys and values (…, T, 3d) -> what each step has collected, (…, T, d)."""
    parts = qkv.unflatten(-1, (3, HEADS, -1)).movedim(-2, -4)  # (…, HEADS, T, 3, e)
    q, k, v = parts.unbind(-2)
    alpha = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)  # (…, HEADS, T, T)
    return (alpha @ v).movedim(-3, -2).flatten(-2)


def positions(T: int, d: int) -> Tensor:
    """Sines and cosines of the step, waves from 2π steps to 10,000 · 2π long: (T, d)."""
    angle = torch.arange(T)[:, None] / 10_000 ** (torch.arange(0, d, 2) / d)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)
