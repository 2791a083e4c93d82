"""The equations of book/recurrence-returns/choosing.md, by independent routes."""

import math
from collections import deque

import numpy as np
import pytest
import torch
from contestants import DILATIONS, LAYERS, TAPS, WIDTH, D, H, initial, inputs
from torch.utils.flop_counter import FlopCounterMode

from unrolled.bakeoff import models
from unrolled.bakeoff.batched import HEADS, affine
from unrolled.bakeoff.models import CONTESTANTS


def depends(f, x):
    """Which input steps (axis 1) the last output step of f depends on."""
    x = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(f(x)[:, -1].square().sum(), x)
    return (g != 0).any(dim=-1).any(dim=-1).any(dim=0)


def chain(model, steps, rng):
    """Arrows from state to state on the way from step 1 to the last, found by derivatives."""
    kind, p = CONTESTANTS[model], initial(model, rng)
    x, arrows = inputs(rng, steps).requires_grad_(), 0
    states = [kind.read(p, x[:, : t + 1]) for t in range(steps)]
    for t in range(1, steps):
        nearer = [torch.autograd.grad(states[s].sum(), x, retain_graph=True)[0] for s in (t - 1, t)]
        # state t has the influence of step 1 from state t-1 alone: nothing else has seen it
        arrows += bool(nearer[0][:, 0].any() and nearer[1][:, 0].any())
    return arrows


def layers_needed(steps):
    """The least number of dilated layers through which the first step reaches the last."""
    for layers in range(1, 10):
        p = {f"W_{i}": torch.ones(1, TAPS * D, D).double() for i in range(layers)}

        def stack(x, layers=layers, p=p):
            for i in range(layers):
                d = 2**i
                front = torch.zeros(1, d * (TAPS - 1), *x.shape[2:]).double()
                padded = torch.cat([front, x], dim=1)
                taps = [padded[:, k * d : k * d + x.shape[1]] for k in range(TAPS)]
                x = affine(torch.cat(taps, -1), p[f"W_{i}"], torch.zeros(1, 1, D).double())
            return x

        if depends(stack, torch.ones(1, steps, 1, D).double())[0]:
            return layers
    raise AssertionError("not reached")


def rounds(steps):
    """How often pairs are joined until one is left."""
    parts, count = [{t} for t in range(steps)], 0
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts, count = [a | b for a, b in pairs], count + 1
    return count


def applications(f, x):
    """How often f must be applied until the last step depends on the first."""

    def times(n):
        return lambda y: times(n - 1)(f(y)) if n else y

    return next(n for n in range(9) if depends(times(n), x)[0])


def streamed(p, x, sizes):
    """The convolution step by step, with so many rows kept; last states, numbers of each layer."""
    kept = [deque([torch.zeros(1)] * n, maxlen=n) for n in sizes]
    for x_t in x.unbind(1):
        h = x_t
        for layer, (cache, d) in enumerate(zip(kept, DILATIONS, strict=True)):
            rows = [*cache, h]
            taps = [rows[max(len(rows) - 1 - (TAPS - 1 - k) * d, 0)] for k in range(TAPS)]
            taps = [tap.expand_as(h) for tap in taps]
            y = torch.relu(affine(torch.cat(taps, -1), p[f"W_{layer}"], p[f"b_{layer}"]))
            cache.append(h)
            h = h + y if layer else y
    return h, [sum(row.shape[-1] for row in cache) for cache in kept]


def split(qkv):
    """(…, T, 3d) -> queries, keys, values of all heads, each (…, HEADS, T, e)."""
    return qkv.unflatten(-1, (3, HEADS, -1)).movedim(-2, -4).unbind(-2)


def masked(qkv):
    """`attend`, looking back only."""
    q, k, v = split(qkv)
    e = q @ k.mT / math.sqrt(q.shape[-1])
    later = torch.ones(e.shape[-2:]).triu(1).bool()
    alpha = torch.softmax(e.masked_fill(later, -torch.inf), dim=-1)
    return (alpha @ v).movedim(-3, -2).flatten(-2)


def cached(p, x):
    """The causal Transformer step by step, and how many numbers it has kept in the end."""

    def apply(name, h):
        return affine(h, p[f"W_{name}"], p[f"b_{name}"])

    def norm(name, h):
        h = (h - h.mean(-1, keepdim=True)) / (h.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()
        return h * p[f"g_{name}"] + p[f"c_{name}"]

    kept = [[] for _ in range(LAYERS)]
    for where, x_t in zip(models.positions(x.shape[1], WIDTH), x.unbind(1), strict=True):
        h = apply("in", x_t) + where  # (1, N, d)
        for i, cache in enumerate(kept):
            q, k, v = split(apply(f"qkv{i}", norm(f"a{i}", h))[..., None, :])
            cache.append((k, v))
            keys, values = (torch.cat(parts, dim=-2) for parts in zip(*cache, strict=True))
            alpha = torch.softmax(q @ keys.mT / math.sqrt(q.shape[-1]), dim=-1)
            h = h + apply(f"mix{i}", (alpha @ values).squeeze(-2).flatten(-2))
            h = h + apply(f"down{i}", torch.relu(apply(f"up{i}", norm(f"f{i}", h))))
    return norm("out", h), sum(a[0, 0].numel() for cache in kept for pair in cache for a in pair)


def resumed(model, rng):
    """Numbers in the state, by the rank of what the past can do to the future."""
    p, x = initial(model, rng), inputs(rng, 24)[:, :, :1]
    x.requires_grad_()
    answers = []
    for i in range(4):  # several futures, so that every part of the state shows
        future = torch.from_numpy(rng.normal(size=(1, 1 + i, 1, D)))
        answers.append(CONTESTANTS[model].read(p, torch.cat([x, future], dim=1)).flatten())
    rows = [torch.autograd.grad(a, x, retain_graph=True)[0].flatten() for a in torch.cat(answers)]
    values = torch.linalg.svdvals(torch.stack(rows))
    return int((values > 1e-12 * values[0]).sum())


@pytest.mark.equation("eq-choosing-path", tolerance=1e-12)
def test_path(check, rng):
    """Left: as printed; right: arrows counted in the networks, by which derivatives are zero.

    One of the lengths is the longest that so many layers reach, the next is one step too long, and
    of the others one lies a little above a power of two, one a little below.
    """
    k, F, most = 1, TAPS, 2 ** int(rng.integers(3, 6))
    T = np.array([most - 1, most, most + 2, most + int(rng.integers(most // 2, most - 2))])
    power = 2 * most

    def printed(layers):
        return np.array([*[T[0] - k] * 3, math.log2(power), *layers, 1])

    ratio = (T - k) / (F - 1)
    left = printed(np.ceil(np.log2(ratio + 1)))
    h = inputs(rng, T[1]).transpose(1, 2).repeat(1, 1, 1, 2)  # (1, N, steps, 2 D)
    attention = applications(
        lambda h: models.attend(h.transpose(1, 2).repeat(1, 1, 1, 3)).transpose(1, 2),
        h.transpose(1, 2),
    )
    chains = [chain(model, T[0], rng) for model in ("RNN", "LSTM", "GRU")]
    right = np.array([*chains, rounds(power), *map(layers_needed, T), attention])
    check(
        left,
        right,
        planted={
            "one step too many": left + np.array([1, 1, 1, *[0] * 6]),
            "the work of the tree": np.where(np.arange(9) == 3, power, left),
            "field without the one": printed(np.ceil(np.log2(ratio))),
            "floor in place of ceiling": printed(np.floor(np.log2(ratio + 1))),
            "rounded": printed(np.round(np.log2(ratio + 1))),
            "taps not counted": printed(np.ceil(np.log2(T - k + 1))),
            "attention twice": left + (np.arange(9) == 8),
        },
    )


@pytest.mark.equation("eq-choosing-state", tolerance=1e-12)
def test_state(check, rng, monkeypatch):
    """Left: as printed; right: counted in programs that go step by step and agree."""
    x, p, F = inputs(rng, 40), initial("convolution", rng), TAPS
    whole = models.read_conv(p, x)
    last, conv = streamed(p, x, [(F - 1) * d for d in DILATIONS])
    torch.testing.assert_close(last, whole, rtol=1e-12, atol=1e-12)
    fewer, _ = streamed(p, x, [(F - 1) * d - (d == 8) for d in DILATIONS])
    assert (fewer - whole).abs().max() > 1e-6  # and with one row less they do not

    t, layers = 11, {"RNN": 1, "GRU": 1, "minGRU": 2, "LSTM": 1}
    recurrent = [resumed(model, rng) / n for model, n in layers.items()]
    transformer = initial("Transformer", rng)
    last, caches = cached(transformer, x[:, :t])
    monkeypatch.setattr(models, "attend", masked)
    whole = models.read_transformer(transformer, x[:, :t])
    torch.testing.assert_close(last, whole, rtol=1e-7, atol=1e-7)  # positions are single precision
    above = [(F - 1) * d * H for d in DILATIONS[1:]]  # the first layer takes in D numbers, not H
    formula = np.array([H, H, H, 2 * H, *above, 2 * WIDTH * t])
    places = np.arange(len(formula))
    check(
        formula,
        np.array([*recurrent, *conv[1:], caches / LAYERS]),
        planted={
            "LSTM without its cell": np.where(places == 3, H, formula),
            "all taps": np.where((places > 3) & (places < 7), formula * F / (F - 1), formula),
            "dilation forgotten": np.where((places > 3) & (places < 7), (F - 1) * H, formula),
            "keys only": np.where(places == 7, formula / 2, formula),
        },
    )


def multiplications(program):
    """Those of all products of matrices, counted by torch; an addition goes with each."""
    with FlopCounterMode(display=False) as counter:
        program()
    return counter.get_total_flops() / 2


@pytest.mark.equation("eq-choosing-work", tolerance=1e-12)
def test_work(check, rng):
    """Left: as printed; right: the products of the bake-off's models, counted by torch."""
    H, T, F = HEADS * int(rng.integers(3, 6)), int(rng.integers(20, 40)), TAPS
    x = torch.from_numpy(rng.normal(size=(1, T, 1, H)))
    right = []
    for model, layers in (("LSTM", 1), ("minGRU", 2), ("convolution", len(DILATIONS))):
        p, read = initial(model, rng, H, H), CONTESTANTS[model].read
        right.append(multiplications(lambda p=p, read=read: read(p, x)) / layers)
    W = torch.from_numpy(rng.normal(size=(1, H, 4 * H)))

    def attention():
        zero = W.new_zeros(1, 1, 4 * H)
        mixed = models.attend(affine(x.transpose(1, 2), W[..., : 3 * H], zero[..., : 3 * H]))
        return affine(mixed, W[..., 3 * H :], zero[..., 3 * H :])

    right.append(multiplications(attention))
    left = np.array([8 * H**2 * T, 2 * H**2 * T, F * H**2 * T, 4 * H**2 * T + 2 * H * T**2])
    check(
        left,
        np.array(right),
        planted={
            "inputs not counted": left - [4 * H**2 * T, 0, 0, 0],
            "four blocks of minGRU": left * [1, 2, 1, 1],
            "one tap": left / [1, 1, F, 1],
            "scores only": left - [0, 0, 0, H * T**2],
            "no mixing matrix": left - [0, 0, 0, H**2 * T],
        },
    )


@pytest.mark.equation("eq-choosing-error", tolerance=1e-10)
def test_error(check, rng):
    """Left: as printed; right: the spread of the share, over all numbers of right answers."""
    a, n = rng.uniform(0.6, 0.9), int(rng.integers(5, 40))
    chances = [math.comb(n, k) * a**k * (1 - a) ** (n - k) for k in range(n + 1)]
    spread = math.sqrt(sum(P * (k / n - a) ** 2 for k, P in enumerate(chances)))
    check(
        np.array([math.sqrt(a * (1 - a) / n)]),
        np.array([spread]),
        planted={
            "no root": np.array([a * (1 - a) / n]),
            "of the count": np.array([math.sqrt(a * (1 - a) * n)]),
            "n under no root": np.array([math.sqrt(a * (1 - a)) / n]),
            "right answers only": np.array([math.sqrt(a / n)]),
            "one less": np.array([math.sqrt(a * (1 - a) / (n - 1))]),
        },
    )
