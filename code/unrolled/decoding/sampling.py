"""Sampling the next symbol from logits, with temperature, top-k or nucleus.

Each function that changes logits returns logits, so they combine from the inside out:
`sample_symbol(nucleus(temperature(u, 0.8), 0.95), rng)`. A symbol that must not be drawn gets the
logit -inf, and softmax turns it into a probability of exactly 0.
"""

import torch
from torch import Tensor


def temperature(u: Tensor, tau: float) -> Tensor:
    """u / tau: sharper for tau < 1, flatter for tau > 1 (eq-lm-temperature).

    For the limit tau = 0, the likeliest symbol every time, use `top_k(u, 1)`.
    """
    if not tau > 0:
        raise ValueError(f"a temperature is above 0, got {tau}: for the limit 0 use top_k(u, 1)")
    return u / tau


def top_k(u: Tensor, k: int) -> Tensor:
    """Keep the k largest logits of u (..., V), in exact ties more than k (eq-lm-top-k)."""
    V = u.shape[-1]
    if not 1 <= k <= V:
        raise ValueError(f"k must be in 1…{V}, got {k}")
    smallest = u.topk(k, dim=-1).values[..., -1:]  # (..., 1) the k-th largest
    return u.masked_fill(u < smallest, -torch.inf)


def nucleus(u: Tensor, p: float) -> Tensor:
    """Keep the fewest symbols of u (..., V) whose probabilities sum to at least p (eq-lm-nucleus).

    Holtzman, Buys, Du, Forbes and Choi (2020); also called top-p.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and at most 1, got {p}")
    if p == 1:
        return u  # all of them: rounding in the sum below must not cost a rare one
    ordered, place = u.sort(dim=-1, descending=True)
    y_hat = ordered.softmax(dim=-1)
    likelier = y_hat.cumsum(dim=-1) - y_hat  # mass of the symbols before this one
    outside = torch.empty_like(likelier, dtype=torch.bool).scatter(-1, place, likelier >= p)
    return u.masked_fill(outside, -torch.inf)


def sample_symbol(u: Tensor, rng: torch.Generator) -> Tensor:
    """u (..., V) -> ids (...), each sampled from softmax(u)."""
    y_hat = u.softmax(dim=-1).view(-1, u.shape[-1])  # (positions, V): all that multinomial takes
    return torch.multinomial(y_hat, 1, generator=rng).view(u.shape[:-1])
