"""The models of the bake-off: contestants, and variants of them that find out causes.

A `Contestant` has two functions. `init(D, H, rng)` makes the initial parameters of one network
that is given D numbers at each step, and `read(p, x)` runs S networks, whose parameters are
stacked along a leading axis, over x (S, T, N, D) and returns what they know after the last step,
(S, N, H). Nothing passes from one network to another, so S networks are exactly S single ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor
from torch.nn.functional import layer_norm, logsigmoid, relu

from unrolled.bakeoff import blocks
from unrolled.bakeoff.batched import affine, attend, causal_conv, dense, orthogonal, positions, scan
from unrolled.bakeoff.blocks import LAYERS, WIDTH

Parameters = dict[str, Tensor]
TAPS, DILATIONS = 3, (1, 2, 4, 8)  # of the convolution: it sees the last 31 steps
KEEP = 4.0  # initial biases of gates that keep lie between 0 and this


@dataclass(frozen=True)
class Contestant:
    """How to initialise one network and how to run S of them."""

    init: Callable[[int, int, Generator], Parameters]
    read: Callable[[Parameters, Tensor], Tensor]
    features: Callable[[int], int] = lambda H: H  # how many numbers the head gets


def init_recurrent(
    D: int, H: int, rng: Generator, blocks: int = 1, keep: int | None = None
) -> Parameters:
    """W_xh, W_hh and b_h of so many blocks; block number `keep` is a gate that keeps."""
    b_h = torch.zeros(blocks, H)
    if keep is not None:
        b_h[keep] = KEEP * torch.rand(H, generator=rng)
    W_xh, W_hh = dense(D, H, rng, blocks), orthogonal(H, rng, blocks)
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h.view(1, -1)}


def init_identity(D: int, H: int, rng: Generator) -> Parameters:
    """Initial W_hh the identity, and small input weights (Le et al. 2015)."""
    return {"W_xh": dense(D, H, rng) / 10, "W_hh": torch.eye(H), "b_h": torch.zeros(1, H)}


def before_steps(p: Parameters, x: Tensor, H: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """What the inputs contribute to every step, all at once, and a state of zeros."""
    return affine(x, p["W_xh"], p["b_h"]).unbind(1), x.new_zeros(len(x), x.shape[2], H)


def read_rnn(p: Parameters, x: Tensor, f: Callable = torch.tanh) -> Tensor:
    """The plain recurrent network."""
    steps, h = before_steps(p, x, p["W_hh"].shape[1])
    for a in steps:
        h = f(torch.baddbmm(a, h, p["W_hh"]))
    return h


def read_lstm(p: Parameters, x: Tensor) -> Tensor:
    """The LSTM, with its blocks in the order i, f, g, o."""
    steps, h = before_steps(p, x, p["W_hh"].shape[1])
    c = h
    for a in steps:
        i, f, g, o = torch.baddbmm(a, h, p["W_hh"]).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h


def read_xlstm(p: Parameters, x: Tensor) -> Tensor:
    """The cell sLSTM of xLSTM, with its blocks in the order i, f, g, o.

    The input gate is e^i, the forget gate sigmoid(f). What is written, c, is divided by the sum n
    of its weights. Both are kept divided by e^m, so that neither overflows (Beck et al. 2024).
    """
    steps, h = before_steps(p, x, p["W_hh"].shape[1])
    c, n, m = h, h, torch.full_like(h, -torch.inf)
    for a in steps:
        i, f, g, o = torch.baddbmm(a, h, p["W_hh"]).chunk(4, dim=-1)
        kept = logsigmoid(f) + m
        m = torch.maximum(kept, i)
        i, f = torch.exp(i - m), torch.exp(kept - m)
        c, n = f * c + i * torch.tanh(g), f * n + i
        h = torch.sigmoid(o) * c / n
    return h


def read_gru(p: Parameters, x: Tensor) -> Tensor:
    """The GRU, with its blocks in the order r, z (which keeps), n, and one bias for each."""
    H = p["W_hh"].shape[1]
    steps, h = before_steps(p, x, H)
    for a in steps:
        q = h @ p["W_hh"]
        r, z = torch.sigmoid(a[..., : 2 * H] + q[..., : 2 * H]).chunk(2, dim=-1)
        n = torch.tanh(a[..., 2 * H :] + r * q[..., 2 * H :])
        h = torch.lerp(n, h, z)  # (1 - z) n + z h
    return h


def init_mingru(D: int, H: int, rng: Generator) -> Parameters:
    """Weights and biases of two layers, as one cannot tell the first step from the others."""
    p = {}
    for layer in (1, 2):
        b = torch.cat([KEEP * torch.rand(1, H, generator=rng), torch.zeros(1, H)], dim=1)
        p |= {f"W_{layer}": dense(D if layer == 1 else H, H, rng, 2), f"b_{layer}": b}
    return p


def read_mingru(p: Parameters, x: Tensor) -> Tensor:
    """Two layers of minGRU: gates z (which keep) and candidates n from the layer's input alone."""
    h = x
    for layer in (1, 2):
        z, n = affine(h, p[f"W_{layer}"], p[f"b_{layer}"]).chunk(2, dim=-1)
        z = torch.sigmoid(z)
        h = scan((1 - z) * n, z)
    return h[:, -1]


def init_conv(D: int, H: int, rng: Generator, layers: int = len(DILATIONS)) -> Parameters:
    """Weights and biases of each layer."""
    p = {}
    for layer in range(layers):
        W = dense(TAPS * (D if layer == 0 else H), H, rng)
        p |= {f"W_{layer}": W, f"b_{layer}": torch.zeros(1, H)}
    return p


def conv_steps(p: Parameters, x: Tensor, dilations: tuple[int, ...] = DILATIONS) -> Tensor:
    """Causal convolutions, with a residual connection round each but the first: (S, T, N, H)."""
    h = x
    for layer, d in enumerate(dilations):
        y = relu(causal_conv(h, p[f"W_{layer}"], p[f"b_{layer}"], TAPS, d))
        h = h + y if layer else y
    return h


def read_conv(p: Parameters, x: Tensor) -> Tensor:
    """The convolutions after the last step."""
    return conv_steps(p, x)[:, -1]


def read_conv_max(p: Parameters, x: Tensor, dilations: tuple[int, ...] = DILATIONS) -> Tensor:
    """The largest answer of each feature over all steps.

    Zeros stand behind the last step, too, so that a filter sees where the sequence ends.
    """
    behind = x.new_zeros(x[:, :1].shape).repeat(1, TAPS - 1, 1, 1)
    return conv_steps(p, torch.cat([x, behind], dim=1), dilations).amax(dim=1)


def init_transformer(D: int, H: int, rng: Generator) -> Parameters:
    """An embedding of the input, then LAYERS blocks of attention and a layer of H units."""
    d = WIDTH

    def part(name: str, inputs: int, outputs: int) -> Parameters:
        W = dense(inputs, outputs, rng)
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
    """The Transformer's encoder, normalised before each part: every step attends to every step."""

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
    """The Transformer without positions: of the order it knows the last step alone."""
    return read_transformer(p, x, lambda T, d: torch.zeros(T, d))


def narrow(H: int) -> int:
    """What the head gets from a network of residual blocks, whatever is inside of these."""
    return WIDTH


EARLIER = {  # the contestants of Parts I to V
    "RNN": Contestant(init_recurrent, read_rnn),
    "LSTM": Contestant(partial(init_recurrent, blocks=4, keep=1), read_lstm),
    "GRU": Contestant(partial(init_recurrent, blocks=3, keep=1), read_gru),
    "minGRU": Contestant(init_mingru, read_mingru),
    "convolution": Contestant(init_conv, read_conv),
    "Transformer": Contestant(init_transformer, read_transformer, narrow),
}
LATER = {  # and newer ones
    "LRU": Contestant(
        partial(blocks.init, part=blocks.init_lru), partial(blocks.read, part=blocks.lru), narrow
    ),
    "Mamba": Contestant(
        partial(blocks.init, part=blocks.init_mamba),
        partial(blocks.read, part=blocks.mamba),
        narrow,
    ),
    "gated delta": Contestant(
        partial(blocks.init, part=blocks.init_delta),
        partial(blocks.read, part=blocks.delta),
        narrow,
    ),
    "xLSTM": Contestant(partial(init_recurrent, blocks=4, keep=1), read_xlstm),
}
CONTESTANTS = EARLIER | LATER
# two variants that take part in every contest
VARIANTS = {
    "ReLU RNN": Contestant(init_identity, partial(read_rnn, f=relu)),
    "no positions": Contestant(init_transformer, read_set, narrow),
}
# and some that differ from another model in one thing, to find out what a result is due to
CONTROLS = {
    "tanh, identity": Contestant(init_identity, read_rnn),
    "ReLU, orthogonal": Contestant(init_recurrent, partial(read_rnn, f=relu)),
    "largest over time": Contestant(init_conv, read_conv_max),
    "one wide layer": Contestant(
        partial(init_conv, layers=1), partial(read_conv_max, dilations=(1,))
    ),
}
MODELS = CONTESTANTS | VARIANTS | CONTROLS
