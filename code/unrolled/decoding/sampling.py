"""Sampling the next symbol from logits, with temperature, top-k or nucleus.

Each function that changes logits returns logits, so they combine from the inside out:
`sample_symbol(nucleus(temperature(u, 0.8), 0.95), rng)`. A symbol that must not be drawn gets the
logit -inf, and softmax turns it into a probability of exactly 0.
"""

import math
from numbers import Real

import torch
from torch import Tensor

from unrolled import checks


def temperature(u: Tensor, tau: float) -> Tensor:
    """u / tau: sharper for tau < 1, flatter for tau > 1 (eq-lm-temperature).

    For the limit tau = 0, the likeliest symbol every time, use `top_k(u, 1)`.
    """
    check_logits(u)
    checks.kind("a number", Real, tau=tau)
    if not tau > 0:
        raise ValueError(f"a temperature is above 0, got {tau}: for the limit 0 use top_k(u, 1)")
    checks.number(0, math.inf, tau=tau)
    return u / float(tau)


def top_k(u: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of u (..., V), in exact ties more than k (eq-lm-top-k)."""
    V = check_logits(u)
    if not checks.is_whole(k) or not 1 <= k <= V:
        raise ValueError(f"k must be in 1…{V}, got {k}")
    smallest = u.topk(k, dim=-1).values[..., -1:]  # (..., 1) the k-th largest
    return u.masked_fill(u < smallest, -torch.inf)


def nucleus(u: Tensor, p: float) -> Tensor:
    """Keep the fewest symbols of u (..., V) whose probabilities sum to at least p (eq-lm-nucleus).

    Holtzman, Buys, Du, Forbes and Choi (2020); also called top-p.
    """
    check_logits(u)
    if not isinstance(p, Real) or not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, got {p}")
    if p == 1:
        return u  # all of them: rounding in the sum below must not cost a rare one
    ordered, place = u.sort(dim=-1, descending=True)
    y_hat = ordered.softmax(dim=-1)
    likelier = y_hat.cumsum(dim=-1) - y_hat  # mass of the symbols before this one
    outside = torch.empty_like(likelier, dtype=torch.bool).scatter(-1, place, likelier >= p)
    return u.masked_fill(outside, -torch.inf)


def sample_symbol(u: Tensor, rng: torch.Generator) -> Tensor:
    """u (..., V) -> ids (...), each sampled from softmax(u).

    Raises ValueError for logits without probabilities: NaN, +inf, or a row of nothing but -inf.
    """
    V = check_logits(u)
    check_rng(rng)
    y_hat = u.softmax(dim=-1).view(-1, V)  # (positions, V): all that multinomial takes
    try:
        return torch.multinomial(y_hat, 1, generator=rng).view(u.shape[:-1])
    except RuntimeError as error:
        raise ValueError(f"u must be logits with probabilities: {error}") from None


def check_logits(u: Tensor) -> int:
    """V; ValueError unless u is a tensor of floats (..., V)."""
    checks.kind("a tensor of logits (..., V)", Tensor, u=u)
    if not u.is_floating_point() or u.dim() == 0 or u.shape[-1] == 0:
        raise ValueError(f"u must be floats (..., V), V at least 1, got {u.dtype} {tuple(u.shape)}")
    return u.shape[-1]


def check_rng(rng: torch.Generator) -> None:
    """ValueError unless this is a generator of torch's."""
    checks.kind("a torch.Generator", torch.Generator, rng=rng)
