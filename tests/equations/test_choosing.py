"""The equations of book/convolution/choosing.md, each against an independent route."""

import math
from collections import deque
from itertools import product

import numpy as np
import pytest
import torch

from unrolled.bakeoff import models
from unrolled.bakeoff.batched import HEADS, affine
from unrolled.bakeoff.models import CONTESTANTS
from unrolled.layers.mingru import MinGRU

D, H, N, T = 4, 5, 6, 7  # none of them a size of the contestants
TAPS, DILATIONS, WIDTH = models.TAPS, models.DILATIONS, models.WIDTH
LAYERS = models.LAYERS


def initial(model, rng):
    """Parameters of one network in float64, with an axis for networks in front."""
    p = CONTESTANTS[model].init(D, H, torch.Generator().manual_seed(int(rng.integers(2**31))))
    return {name: value[None].double() for name, value in p.items()}


def inputs(rng, steps=T):
    return torch.from_numpy(rng.normal(size=(1, steps, N, D)))


@pytest.mark.equation("eq-choosing-parameters", tolerance=1e-12)
def test_parameters(check, rng):
    """Left: as printed; right: the arrays counted."""
    D, H = rng.permutation(np.arange(6, 16))[:2]  # never equal, nor one of the sizes below
    F, layers, d, L = TAPS, len(DILATIONS), WIDTH, LAYERS
    left = np.array(
        [
            2 * (D + 1) * H + 2 * (H + 1) * H,
            (F * D + 1) * H + (layers - 1) * (F * H + 1) * H,
            (D + 1) * d + 2 * d + L * (4 * d**2 + 2 * d * H + 9 * d + H),
        ]
    )
    arrays = [
        CONTESTANTS[model].init(D, H, torch.Generator()).values()
        for model in ("minGRU", "convolution", "Transformer")
    ]
    right = np.array([sum(a.numel() for a in each) for each in arrays])
    check(
        left,
        right,
        planted={
            "one layer of minGRU": left - [2 * (H + 1) * H, 0, 0],
            "a bias for each tap": left + np.array([0, layers * (F - 1) * H, 0]),
            "no biases in the Transformer": left - [0, 0, d + L * (5 * d + H)],
        },
    )


@pytest.mark.equation("eq-choosing-horizon", tolerance=1e-12)
def test_horizon(check, rng):
    """Left: as printed; right: counted over all strings, for each end that can be seen."""
    K, R = (int(rng.integers(low, low + 2)) for low in (3, 2))
    T = R + int(rng.integers(1, 3))

    def counted(task, symbols, R):
        """Share of the answer 1 among the strings that end alike, for every end."""
        strings = np.array(list(product(range(symbols), repeat=T)))
        answers = {"gap": strings[:, 0], "parity": strings.sum(axis=1) % 2}[task]
        ends = strings[:, T - R :] @ symbols ** np.arange(R)
        return np.array([np.mean(answers[ends == end] == 1) for end in np.unique(ends)])

    left = np.full(K**R, 1 / K), np.full(2**R, 1 / 2)
    right = counted("gap", K, R), counted("parity", 2, R)
    seen = counted("gap", K, T)[: K**R], counted("parity", 2, T)[: 2**R]
    planted = {
        "a window of T steps": seen,
        "two symbols at the gap, too": (np.full(K**R, 1 / 2), left[1]),
        "one in K for parity, too": (left[0], np.full(2**R, 1 / K)),
    }
    check(left, right, planted=planted)


@pytest.mark.equation("eq-choosing-flip", tolerance=1e-10)
def test_flip(check, rng):
    """Left: two runs of the layer; middle and right: the two lines as printed."""
    layer, w = MinGRU.init(1, H, rng), rng.normal(size=H)
    layer.b_h += rng.normal(size=2 * H)
    bits = rng.permutation(np.arange(T) % 2).astype(float)  # ones and zeros after the first

    def logit(first):
        x = np.concatenate([[first], bits[1:]]).reshape(T, 1, 1)
        return layer.forward(x, np.zeros((1, H)))[0][-1, 0] @ w

    def gates(x):
        a_z, n = np.split(x * layer.W_xh[0] + layer.b_h, 2)
        return 1 / (1 + np.exp(-a_z)), n

    (z0, n0), (z1, n1) = gates(0), gates(1)
    d, m = (1 - z1) * n1 - (1 - z0) * n0, int(bits[1:].sum())
    factors = np.array([gates(b)[0] for b in bits])
    first = np.sum(w * d * factors[1:].prod(axis=0))
    c, rho = w * d * z0 ** (T - 1), z1 / z0
    left = np.array([logit(1) - logit(0)])
    check(left, np.array([first]), planted={"step 1 counted": np.sum(w * d * factors.prod(axis=0))})
    check(
        left,
        np.array([np.sum(c * rho**m)]),
        planted={
            "T factors": np.array([np.sum(c * z0 * rho**m)]),
            "ratio upside down": np.array([np.sum(c / rho**m)]),
            "candidates not weighted": np.array([np.sum(w * (n1 - n0) * z0 ** (T - 1) * rho**m)]),
        },
    )


@pytest.mark.equation("eq-choosing-share", tolerance=1e-12)
def test_share(check, rng):
    """Left: as printed; right: the largest weight over all corners of the box of scores."""
    B = rng.uniform(0.3, 1.5)
    corners = B * np.array(list(product((-1, 1), repeat=T)))
    inside = rng.uniform(-B, B, size=(1000, T))
    weights = np.exp(np.concatenate([corners, inside]))
    right = (weights / weights.sum(axis=1, keepdims=True)).max()
    check(
        np.array([1 / (1 + (T - 1) * math.exp(-2 * B))]),
        np.array([right]),
        planted={
            "others at zero": np.array([1 / (1 + (T - 1) * math.exp(-B))]),
            "T others": np.array([1 / (1 + T * math.exp(-2 * B))]),
            "one other": np.array([1 / (1 + math.exp(-2 * B))]),
            "the sign of the exponent": np.array([1 / (1 + (T - 1) * math.exp(2 * B))]),
            "odds for a share": np.array([math.exp(2 * B) / (T - 1)]),
        },
    )


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


def kept_numbers(model, steps, rng):
    """How many numbers autograd keeps, parameters and inputs apart."""
    p = {k: v.requires_grad_() for k, v in initial(model, rng).items()}
    x = inputs(rng, steps)
    head = torch.ones(1, WIDTH if model == "Transformer" else H, 2).double().requires_grad_()
    own, sizes = {v.untyped_storage().data_ptr() for v in (x, head, *p.values())}, {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        h = CONTESTANTS[model].read(p, x)
        answer = affine(h, head, h.new_zeros(1))
    assert answer.requires_grad
    return sum(sizes.values()) / 8  # of eight bytes here, of four on the page


@pytest.mark.equation("eq-choosing-memory", tolerance=1e-12)
def test_memory(check, rng):
    """Left: as printed; right: what autograd keeps, the square as a second difference."""
    steps = int(rng.integers(20, 40))
    left = np.array([N * H * (steps + 1), 7 * N * H * steps, LAYERS * HEADS * N * steps**2])
    a, b, c = (kept_numbers("Transformer", steps * i, rng) for i in (1, 2, 3))
    square = (a - 2 * b + c) / 2
    recurrent = [kept_numbers(model, steps, rng) for model in ("RNN", "LSTM")]
    right = np.array([*recurrent, square])
    check(
        left,
        right,
        planted={
            "without the first state": left - [N * H, 0, 0],
            "four gates only": left * [1, 4 / 7, 1],
            "scores and weights": left * [1, 1, 2],
        },
    )


def streamed(p, x, sizes):
    """The convolution step by step, with so many rows kept for each layer; last states."""
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
    numbers = sum(row.shape[-1] for cache in kept for row in cache)
    return h, numbers


@pytest.mark.equation("eq-choosing-state", tolerance=1e-12)
def test_state(check, rng, monkeypatch):
    """Left: as printed; right: counted in programs that go step by step and agree."""
    x, p, F, d = inputs(rng, 40), initial("convolution", rng), TAPS, DILATIONS
    whole = models.read_conv(p, x)
    last, conv = streamed(p, x, [(F - 1) * d for d in DILATIONS])
    torch.testing.assert_close(last, whole, rtol=1e-12, atol=1e-12)
    fewer, _ = streamed(p, x, [(F - 1) * d - (d == 8) for d in DILATIONS])
    assert (fewer - whole).abs().max() > 1e-6  # and with one row less they do not

    t, left = 11, [H, H, 2 * H, 2 * H]
    states = {"RNN": 1, "GRU": 1, "LSTM": 2, "minGRU": 2}
    recurrent = [resumed(model, n, rng) for model, n in states.items()]
    transformer = initial("Transformer", rng)
    last, caches = cached(transformer, x[:, :t])
    monkeypatch.setattr(models, "attend", masked)
    whole = models.read_transformer(transformer, x[:, :t])
    torch.testing.assert_close(last, whole, rtol=1e-7, atol=1e-7)  # positions are single precision
    formula = np.array([*left, (F - 1) * (d[0] * D + sum(d[1:]) * H), 2 * LAYERS * WIDTH * t])
    check(
        formula,
        np.array([*recurrent, conv, caches]),
        planted={
            "LSTM without its cell": formula - [0, 0, H, 0, 0, 0],
            "the receptive field": np.where(np.arange(6) == 4, 31 * D, formula),
            "keys only": formula * [1, 1, 1, 1, 1, 0.5],
        },
    )


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


def resumed(model, arrays, rng):
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
