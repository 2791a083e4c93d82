"""The equations of book/gates/deep-and-bidirectional.md, each against an independent route."""

from collections import defaultdict, deque
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from plain_layers import D, H, N, T, V, both_ways, twin, weights
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run(x, h, w, steps=None):
    """States by the recurrence as printed, steps in the given order; a dict step -> state."""
    W_xh, W_hh, b_h = w
    states = {}
    for t in range(1, len(x) + 1) if steps is None else steps:
        h = states[t] = np.tanh(x[t - 1] @ W_xh + h @ W_hh + b_h)
    return states


def array(states):
    return np.array([states[t] for t in sorted(states)])


def arrows(T, L, rightward=True, leftward=True):
    """The arrows of a stack of L layers: input (0, t), readers (l, way, t), outputs (L + 1, t)."""
    ways = [way for way, there in (("r", rightward), ("l", leftward)) if there]
    out = defaultdict(list)
    for t in range(1, T + 1):
        below = [(0, "x", t)]
        for layer in range(1, L + 1):
            own = [(layer, way, t) for way in ways]
            for start, end in product(below, own):
                out[start].append(end)
            below = own
        for start in below:
            out[start].append((L + 1, "u", t))
    for layer, t in product(range(1, L + 1), range(1, T)):
        if rightward:
            out[layer, "r", t].append((layer, "r", t + 1))
        if leftward:
            out[layer, "l", t + 1].append((layer, "l", t))
    return out


def steps_from(start, out):
    """The number of arrows on the shortest way from a node to every other, breadth first."""
    far, queue = {start: 0}, deque([start])
    while queue:
        node = queue.popleft()
        for after in out[node]:
            if after not in far:
                far[after] = far[node] + 1
                queue.append(after)
    return far


@pytest.mark.equation("eq-deep-stack", tolerance=1e-12)
def test_stack(check, rng):
    """Left: step by step as printed, layers of three sizes; right: torch, one RNN on another."""
    sizes = [D, 6, 7, 2]
    layers = [weights(rng, *pair) for pair in pairwise(sizes)]
    x, starts = rng.normal(size=(T, N, D)), [rng.normal(size=(N, size)) for size in sizes[1:]]

    def stacked(late=False, bias=1, transposed=False):
        """`late` shifts what goes up by one step."""
        h = {0: list(starts)}
        for t in range(1, T + 1):
            now = []
            for i, (W_xh, W_hh, b_h) in enumerate(layers):
                below = x[t - 1] if i == 0 else (h[t - 1] if late else now)[i - 1]
                along = h[t - 1][i] @ (W_hh.T if transposed else W_hh)
                now.append(np.tanh(below @ W_xh + along + bias * b_h))
            h[t] = now
        return np.array([h[t][-1] for t in range(1, T + 1)])

    right = torch.tensor(x)
    for w, start in zip(layers, starts, strict=True):
        right, _ = twin([w])(right, torch.tensor(start)[None])
    planted = {
        "up goes the state of the step before": stacked(late=True),
        "no bias": stacked(bias=0),
        "W_hh transposed": stacked(transposed=True),
    }
    check(stacked(), right, planted=planted)


@pytest.mark.equation("eq-deep-leftward", tolerance=1e-12)
def test_leftward(check, rng):
    """Left: both recurrences as printed, in their order of steps; right: torch's halves."""
    x, ways, starts, rnn = both_ways(rng)
    right, _ = rnn(torch.tensor(x), torch.tensor(starts))
    onward = array(run(x, starts[0], ways[0]))
    back = array(run(x, starts[1], ways[1], range(T, 0, -1)))
    same_order = array(run(x, starts[1], ways[1]))
    shared = array(run(x, starts[1], ways[0], range(T, 0, -1)))
    halves = right[..., :H].detach().numpy(), right[..., H:].detach().numpy()
    planted = {
        "both to the right": (onward, same_order),
        "shared weights": (onward, shared),
        "directions exchanged": (back, onward),
        "the other's initial state": (onward, array(run(x, starts[0], ways[1], range(T, 0, -1)))),
    }
    check((onward, back), halves, planted=planted)


@pytest.mark.equation("eq-deep-output", tolerance=1e-12)
def test_output(check, rng):
    """Left: states side by side times one matrix; right: torch's layer and torch's Linear."""
    x, ways, starts, rnn = both_ways(rng)
    W_hy, b_y = rng.normal(size=(2 * H, V)), rng.normal(size=V)
    states, _ = rnn(torch.tensor(x), torch.tensor(starts))
    right = torch.nn.functional.linear(states, torch.tensor(W_hy.T), torch.tensor(b_y))
    onward = array(run(x, starts[0], ways[0]))
    back = array(run(x, starts[1], ways[1], range(T, 0, -1)))

    def read(*halves):
        return np.concatenate(halves, axis=-1) @ W_hy + b_y

    planted = {
        "halves swapped": read(back, onward),
        "not turned back": read(onward, back[::-1]),
        "no bias": read(onward, back) - b_y,
        "one half alone": read(onward, 0 * back),
    }
    check(read(onward, back), right, planted=planted)


@pytest.mark.equation("eq-deep-turned", tolerance=1e-12)
def test_turned(check, rng):
    """Left: step T - t + 1 of a layer run on the turned inputs; right: torch's leftward half."""
    x, ways, starts, rnn = both_ways(rng)
    right, _ = rnn(torch.tensor(x), torch.tensor(starts))
    g = run(x[::-1], starts[1], ways[1]) | {0: starts[1]}
    planted = {
        "T - t (deck D2)": np.array([g[T - t] for t in range(1, T + 1)]),
        "not turned back": np.array([g[t] for t in range(1, T + 1)]),
        "T - t + 1 of inputs that were not turned": array(run(x, starts[1], ways[1]))[::-1],
    }
    check(np.array([g[T - t + 1] for t in range(1, T + 1)]), right[..., H:], planted=planted)


@pytest.mark.equation("eq-deep-lengths", tolerance=1e-12)
def test_lengths(check, rng):
    """Left: each row turned within its own length; right: torch, the sequences packed."""
    x, ways, starts, rnn = both_ways(rng)
    lengths = np.array([3, T, 1])
    packed = pack_padded_sequence(torch.tensor(x), torch.tensor(lengths), enforce_sorted=False)
    right, _ = pad_packed_sequence(rnn(packed, torch.tensor(starts))[0])

    def turned(ends, one=1, padding=0.0):
        h = np.full((T, N, H), padding)
        for n, (end, length) in enumerate(zip(ends, lengths, strict=True)):
            start = starts[1, n : n + 1]
            g = run(x[:end, n : n + 1][::-1], start, ways[1]) | {0: start}
            for t in range(1, length + 1):
                h[t - 1, n] = g[end - t + one][0]
        return h

    planted = {
        "started in the padding": turned([T] * N),
        "T_n - t": turned(lengths, one=0),
        "ones in the padding": turned(lengths, padding=1.0),
    }
    check(turned(lengths), right[..., H:], planted=planted)


@pytest.mark.equation("eq-deep-path", tolerance=1e-12)
def test_path(check, rng):
    """Left: the formula; right: a search through the graph, which also knows where no way leads."""
    steps, L = 9, int(rng.integers(2, 6))
    pairs = list(product(range(1, steps + 1), repeat=2))
    out = arrows(steps, L)
    right = [steps_from((0, "x", k), out)[L + 1, "u", t] for k, t in pairs]
    planted = {
        "one layer": [abs(t - k) + 2 for k, t in pairs],
        "the readout forgotten": [abs(t - k) + L for k, t in pairs],
        "every layer is as long": [L * abs(t - k) + L + 1 for k, t in pairs],
        "states counted, not arrows": [abs(t - k) + 1 + L + 1 for k, t in pairs],
    }
    check([abs(t - k) + L + 1 for k, t in pairs], right, planted=planted)
    one = arrows(steps, L, leftward=False)
    for k, t in pairs:  # in one direction the same for k <= t, and no way for a later input
        far = steps_from((0, "x", k), one)
        assert far.get((L + 1, "u", t)) == (abs(t - k) + L + 1 if k <= t else None)
