"""Three contestants of one build: LRU, Mamba and the gated delta rule, each in residual blocks.

An embedding makes WIDTH numbers of the input of each step. Then come LAYERS blocks. Each block
normalises what it is given, runs its recurrence, and adds the outcome to what it was given. After
a last normalisation the head sees the last step. A block is known by two functions:
`init_…(H, rng)` makes its initial parameters, and the other one takes S networks' parameters and
x (S, T, N, WIDTH) and returns as many numbers for those steps that are read. H says how large the
inside of a block is.
"""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn.functional import gelu, glu, layer_norm, logsigmoid, normalize, silu, softplus

from unrolled.bakeoff.batched import (
    HEADS,
    Chain,
    Filtered,
    Selective,
    affine,
    dense,
    gated_delta,
    linear,
)

Parameters = dict[str, Tensor]
LAYERS, WIDTH = 2, 16  # of the Transformer, too
TAPS, STATES = 4, 4  # of a short filter; of each unit in a Mamba block
KEY = 8  # numbers in a key of the delta rule
OPEN = 4.0  # initial bias of the delta rule's decay: nearly all is kept


def init(D: int, H: int, rng: Generator, part: Callable) -> Parameters:
    """Parameters of a network whose blocks have this part inside."""
    p = {"W_in": dense(D, WIDTH, rng), "b_in": dense(D, WIDTH, rng)[:1]}
    for i in range(LAYERS):
        p |= {f"{name}{i}": value for name, value in part(H, rng).items()}
    return p


def read(p: Parameters, x: Tensor, part: Callable) -> Tensor:
    """x (S, T, N, D) -> (S, N, WIDTH), what is known after the last step."""
    h = affine(x, p["W_in"], p["b_in"])
    for i in range(LAYERS):
        own = {name[:-1]: value for name, value in p.items() if name.endswith(str(i))}
        read = slice(-1 if i == LAYERS - 1 else None, None)  # of the last block, the last step
        h = h[:, read] + part(own, norm(h), read)
    return norm(h[:, 0])


def norm(h: Tensor) -> Tensor:
    """Mean 0 and variance 1 of the last axis. Matrices behind it do for gain and shift."""
    return layer_norm(h, h.shape[-1:])


def init_lru(H: int, rng: Generator) -> Parameters:
    """H complex states, spread evenly over the ring of radii 0.9 and 0.999 (as in `layers.lru`)."""
    squared = 0.9**2 + (0.999**2 - 0.9**2) * torch.rand(1, H, generator=rng)
    return {
        "nu": torch.log(-torch.log(squared) / 2),
        "phi": torch.log(math.pi * (1 - torch.rand(1, H, generator=rng))),
        "log_gamma": torch.log1p(-squared) / 2,
        "W_B": torch.randn(WIDTH, 2 * H, generator=rng) / math.sqrt(2 * WIDTH),
        "W_C": dense(2 * H, WIDTH, rng),
        "skip": torch.ones(1, WIDTH),
        "W_glu": dense(WIDTH, 2 * WIDTH, rng),
        "b_glu": torch.zeros(1, 2 * WIDTH),
    }


def lru(p: Parameters, x: Tensor, read: slice) -> Tensor:
    """States that turn and shrink, read by a matrix, then a layer with a gate."""
    lam = torch.exp(torch.complex(-p["nu"].exp(), p["phi"].exp()))[:, None, None]  # (S, 1, 1, 1, H)
    u = torch.complex(*linear(x, p["W_B"]).chunk(2, dim=-1)) * p["log_gamma"].exp()[:, None]
    z = Chain.apply(u, lam[:, 0].expand_as(u))[:, read]  # (S, T, N, H)
    y = linear(torch.cat([z.real, z.imag], dim=-1), p["W_C"]) + p["skip"][:, None] * x[:, read]
    return glu(affine(gelu(y), p["W_glu"], p["b_glu"]))


def init_mamba(H: int, rng: Generator) -> Parameters:
    """A block of H units with STATES numbers each, begun as in `models.mamba`."""
    low, high = math.log(1e-3), math.log(1e-1)
    Delta = torch.exp(low + (high - low) * torch.rand(1, H, generator=rng))
    return {
        "W_into": dense(WIDTH, H, rng, 2),
        "W_conv": dense(TAPS, H, rng),
        "b_conv": dense(TAPS, H, rng)[:1],
        "W_select": dense(H, 1 + 2 * STATES, rng),
        "W_widen": dense(1, H, rng),
        "b_widen": torch.log(torch.expm1(Delta)),
        "A_log": torch.arange(1.0, STATES + 1).log()[:, None].repeat(1, H),
        "skip": torch.ones(1, H),
        "W_out": dense(H, WIDTH, rng),
    }


def mamba(p: Parameters, x: Tensor, read: slice) -> Tensor:
    """The block of `models.mamba`, its step sizes of rank 1."""
    u, gate = linear(x, p["W_into"]).chunk(2, dim=-1)
    u = silu(Filtered.apply(u, p["W_conv"]) + p["b_conv"][:, None])
    a, B, C = linear(u, p["W_select"]).split([1, STATES, STATES], dim=-1)
    Delta = softplus(affine(a, p["W_widen"], p["b_widen"]))  # (S, T, N, H)
    A = -p["A_log"].exp()[:, :, None]  # (S, STATES, 1, H)
    y = Selective.apply(u, Delta, B.mT[..., None], C.mT[..., None], A)
    y = y[:, read] + p["skip"][:, None] * u[:, read]
    return linear(y * silu(gate[:, read]), p["W_out"])


def init_delta(H: int, rng: Generator) -> Parameters:
    """HEADS matrices of KEY rows and H columns; decays near 1."""
    wide = HEADS * (2 * KEY + H)
    return {
        "W_qkv": dense(WIDTH, wide, rng),
        "W_conv": dense(TAPS, wide, rng),
        "b_conv": dense(TAPS, wide, rng)[:1],
        "W_ab": dense(WIDTH, 2 * HEADS, rng),
        "b_ab": torch.tensor([[OPEN] * HEADS + [0.0] * HEADS]),
        "W_gate": dense(WIDTH, HEADS * H, rng),
        "W_out": dense(HEADS * H, WIDTH, rng),
    }


def delta(p: Parameters, x: Tensor, read: slice) -> Tensor:
    """The gated delta rule in the block of Yang, Kautz and Hatamizadeh (2025)."""
    mixed = silu(Filtered.apply(linear(x, p["W_qkv"]), p["W_conv"]) + p["b_conv"][:, None])
    heads = mixed.unflatten(-1, (HEADS, -1)).movedim(1, -2)  # (S, N, HEADS, T, 2 KEY + H)
    q, k, v = heads.split([KEY, KEY, heads.shape[-1] - 2 * KEY], dim=-1)
    alpha, beta = affine(x, p["W_ab"], p["b_ab"]).movedim(1, -1).chunk(2, dim=2)  # with T last
    k = normalize(k, dim=-1)  # the queries need not be, as what they read is normalised
    o = norm(gated_delta(q[..., read, :], k, v, logsigmoid(alpha), beta.sigmoid())).movedim(-2, 1)
    return linear(o.flatten(-2) * silu(linear(x[:, read], p["W_gate"])), p["W_out"])
