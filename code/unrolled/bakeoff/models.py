"""Six models for one bake-off and two variants, each run as S networks side by side.

A model is a `Contestant`: `draw(D, H, dice)` gives the parameters of one network that reads D
numbers at each step, and `read(p, x)` runs S networks, whose parameters stand in one tensor with
a leading axis, over x (S, T, N, D) and returns what they know after the last step, (S, N, H).
Nothing passes from one network to another, so S networks are exactly S single ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor
from torch.nn.functional import layer_norm, relu

from unrolled.bakeoff.batched import affine, attend, dense, orthogonal, positions, scan

Parameters = dict[str, Tensor]
TAPS, DILATIONS = 3, (1, 2, 4, 8)  # of the convolution: it sees the last 31 steps
LAYERS, WIDTH = 2, 16  # of the Transformer; its H is the width of the inner layer
KEEP = 4.0  # biases of gates that keep are drawn between 0 and this


def recurrent(D: int, H: int, dice: Generator, blocks: int, keep: int | None = None) -> Parameters:
    """W_xh, W_hh, b_h of so many blocks; block number `keep` is a gate that begins half open."""
    b_h = torch.zeros(blocks, H)
    if keep is not None:
        b_h[keep] = KEEP * torch.rand(H, generator=dice)
    W_xh, W_hh = dense(D, H, dice, blocks), orthogonal(H, dice, blocks)
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h.view(1, -1)}


def draw_identity(D: int, H: int, dice: Generator) -> Parameters:
    """For ReLU: the identity and small inputs (Le et al. 2015)."""
    return {"W_xh": dense(D, H, dice) / 10, "W_hh": torch.eye(H), "b_h": torch.zeros(1, H)}


def before_steps(p: Parameters, x: Tensor, H: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """What the inputs contribute to every step, all at once, and a state of zeros."""
    return affine(x, p["W_xh"], p["b_h"]).unbind(1), x.new_zeros(len(x), x.shape[2], H)


def read_rnn(p: Parameters, x: Tensor, f: Callable = torch.tanh) -> Tensor:
    """Elman's network."""
    steps, h = before_steps(p, x, p["W_hh"].shape[1])
    for a in steps:
        h = f(torch.baddbmm(a, h, p["W_hh"]))
    return h


def read_lstm(p: Parameters, x: Tensor) -> Tensor:
    """Gates i, f, g, o."""
    steps, h = before_steps(p, x, p["W_hh"].shape[1])
    c = h
    for a in steps:
        i, f, g, o = torch.baddbmm(a, h, p["W_hh"]).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def read_gru(p: Parameters, x: Tensor) -> Tensor:
    """Gates r, z (which keeps), candidate n; one bias for each of them."""
    H = p["W_hh"].shape[1]
    steps, h = before_steps(p, x, H)
    for a in steps:
        q = h @ p["W_hh"]
        r, z = torch.sigmoid(a[..., : 2 * H] + q[..., : 2 * H]).chunk(2, dim=-1)
        n = torch.tanh(a[..., 2 * H :] + r * q[..., 2 * H :])
        h = torch.lerp(n, h, z)  # (1 - z) n + z h
    return h


def draw_mingru(D: int, H: int, dice: Generator) -> Parameters:
    """Two layers, as one cannot tell the first step from the others."""
    p = {}
    for layer, inputs in ((1, D), (2, H)):
        b = torch.cat([KEEP * torch.rand(1, H, generator=dice), torch.zeros(1, H)], dim=1)
        p |= {f"W_{layer}": dense(inputs, H, dice, 2), f"b_{layer}": b}
    return p


def read_mingru(p: Parameters, x: Tensor) -> Tensor:
    """Gates z (which keep) and candidates n from the layer's input alone."""
    h = x
    for layer in (1, 2):
        z, n = affine(h, p[f"W_{layer}"], p[f"b_{layer}"]).chunk(2, dim=-1)
        z = torch.sigmoid(z)
        h = scan((1 - z) * n, z)
    return h[:, -1]


def draw_conv(D: int, H: int, dice: Generator) -> Parameters:
    """A layer for each dilation."""
    p = {}
    for layer, _ in enumerate(DILATIONS):
        W = dense(TAPS * (D if layer == 0 else H), H, dice)
        p |= {f"W_{layer}": W, f"b_{layer}": torch.zeros(1, H)}
    return p


def read_conv(p: Parameters, x: Tensor) -> Tensor:
    """Causal, with a way round every layer but the first."""
    h = x
    for layer, d in enumerate(DILATIONS):
        padded = torch.cat([h.new_zeros(h[:, :1].shape).repeat(1, d * (TAPS - 1), 1, 1), h], dim=1)
        taps = [padded[:, k * d : k * d + h.shape[1]] for k in range(TAPS)]
        y = relu(affine(torch.cat(taps, dim=-1), p[f"W_{layer}"], p[f"b_{layer}"]))
        h = h + y if layer else y
    return h[:, -1]


def draw_transformer(D: int, H: int, dice: Generator) -> Parameters:
    """An embedding of the input, then LAYERS blocks of attention and a layer of H units."""
    d = WIDTH

    def part(name: str, inputs: int, outputs: int) -> Parameters:
        W = dense(inputs, outputs, dice)
        return {f"W_{name}": W, f"b_{name}": torch.zeros(1, outputs)}

    def norm(name: str) -> Parameters:
        return {f"g_{name}": torch.ones(1, d), f"c_{name}": torch.zeros(1, d)}

    p = part("in", D, d)
    for i in range(LAYERS):
        p |= norm(f"a{i}") | part(f"qkv{i}", d, 3 * d) | part(f"mix{i}", d, d)
        p |= norm(f"f{i}") | part(f"up{i}", d, H) | part(f"down{i}", H, d)
    return p | norm("out")


def read_transformer(
    p: Parameters, x: Tensor, where: Callable[[int, int], Tensor] = positions
) -> Tensor:
    """Pre-norm encoder: every step attends to every step."""

    def apply(name: str, h: Tensor) -> Tensor:
        return affine(h, p[f"W_{name}"], p[f"b_{name}"])

    def norm(name: str, h: Tensor) -> Tensor:
        return layer_norm(h, h.shape[-1:]) * p[f"g_{name}"][:, None] + p[f"c_{name}"][:, None]

    x = x.transpose(1, 2)  # (S, N, T, D)
    h = apply("in", x) + where(x.shape[2], WIDTH)
    for i in range(LAYERS):
        h = h + apply(f"mix{i}", attend(apply(f"qkv{i}", norm(f"a{i}", h))))
        h = h + apply(f"down{i}", relu(apply(f"up{i}", norm(f"f{i}", h))))
    return norm("out", h)[:, :, -1]


def read_set(p: Parameters, x: Tensor) -> Tensor:
    """The Transformer without positions: what it reads is a set, and the last step."""
    return read_transformer(p, x, lambda T, d: torch.zeros(T, d))


@dataclass(frozen=True)
class Contestant:
    """How to draw one network and how to run S of them."""

    draw: Callable[[int, int, Generator], Parameters]
    read: Callable[[Parameters, Tensor], Tensor]
    features: Callable[[int], int] = lambda H: H  # how many numbers the head gets


CONTESTANTS = {
    "RNN": Contestant(lambda D, H, dice: recurrent(D, H, dice, 1), read_rnn),
    "LSTM": Contestant(lambda D, H, dice: recurrent(D, H, dice, 4, keep=1), read_lstm),
    "GRU": Contestant(lambda D, H, dice: recurrent(D, H, dice, 3, keep=1), read_gru),
    "minGRU": Contestant(draw_mingru, read_mingru),
    "convolution": Contestant(draw_conv, read_conv),
    "Transformer": Contestant(draw_transformer, read_transformer, lambda H: WIDTH),
}
VARIANTS = {
    "ReLU RNN": Contestant(draw_identity, partial(read_rnn, f=relu)),
    "no positions": Contestant(draw_transformer, read_set, lambda H: WIDTH),
}
