"""Problem set 8: the tests of its tasks."""

import json

import numpy as np

from unrolled.grading.failures import Wrong
from unrolled.grading.tasks import ProblemSet, close, equal, returns, same_shape
from unrolled.layers import CausalConv

SET = ProblemSet("Rain, river and tank", ["windows", "causal", "back", "tree", "tank"])


@SET.given
def given(draw):
    """A stack with its sizes, the rule of the tank, and how fast the river falls."""
    stack, hours = drawn_stack(draw)
    names = draw.sample(["flow", "low", "high"], 3)
    first, sign = draw.choice(["flow", "bounds"]), draw.choice("+-")
    flow = {"+": "the rain of the hour, `flow`, runs in", "-": "the garden takes out `flow`"}[sign]
    bounds = "the valve brings the level between `low` and `high`"
    order = (flow, bounds) if first == "flow" else (bounds, flow)
    moved = f"s {sign} flow" if first == "flow" else "s"
    after = "" if first == "flow" else f" {sign} flow"
    math = moved.replace("flow", r"\text{flow}")
    return {
        "layers": stack,
        "stack": "\n".join(f"{json.dumps(layer)}," for layer in stack),
        "hours": hours,
        "gauges": draw.between(3, 6),
        "filters": draw.between(8, 16),
        "names": tuple(names),
        "first": first,
        "sign": sign,
        "order": ", ".join(names),
        "flow_at": names.index("flow"),
        "inflow": "inflow" if sign == "+" else "-inflow",
        "undo": "" if first == "flow" else {"+": " - flow", "-": " + flow"}[sign],
        "story": f"First {order[0]}. Then {order[1]}.",
        "rule": rf"s \mapsto \min(\text{{high}}, \max(\text{{low}}, {math}))"
        + after.replace("flow", r"\text{flow}"),
        "step": f"return np.minimum(high, np.maximum(low, {moved})){after}",
        "keep": draw.between(70, 85) / 100,
    }


def drawn_stack(draw):
    """Four layers, two of them with strides, and a length of which the end is not seen."""
    strides = draw.sample([2, 3, 1, 1], 4)
    while True:
        zeros = draw.between(1, 3)
        stack = [
            {
                "taps": draw.between(3, 6),
                "stride": stride,
                "dilation": draw.between(1, 4),
                "before": zeros if k == 0 else 0,
                "after": zeros if k == 0 else 0,
            }
            for k, stride in enumerate(strides)
        ]
        hours = draw.between(300, 500)
        if windows(hours, stack)[-1] > 5 and unseen(hours, stack) > 0:
            return stack, hours


def windows(T, layers):
    """How many windows each layer has, counted one by one."""
    counts = []
    for a in layers:
        room = T + a["before"] + a["after"] - (a["taps"] - 1) * a["dilation"]
        T = len(range(0, room, a["stride"])) if T else 0
        counts.append(T)
    return counts


def steps_seen(t, layers):
    """All steps of the input that lead to output t, by following every tap."""
    steps = {t}
    for a in reversed(layers):
        starts = [s * a["stride"] - a["before"] for s in steps]
        steps = {s + k * a["dilation"] for s in starts for k in range(a["taps"])}
    return steps


def unseen(T, layers):
    return T - 1 - max(steps_seen(windows(T, layers)[-1] - 1, layers))


def some_layers(draw, most_taps=6):
    return [
        {
            "taps": draw.between(1, most_taps),
            "stride": draw.between(1, 3),
            "dilation": draw.between(1, 4),
            "before": draw.between(0, 5),
            "after": draw.between(0, 5),
        }
        for _ in range(draw.between(1, 4))
    ]


@SET.test("windows", 1, "lengths: stacks of one to four layers, also where no window fits")
def lengths(student, given, draw):
    for T in (60, 61, 62, 63, 64, 12, 5, 2, 1):
        layers = some_layers(draw, most_taps=4)
        equal(student.lengths(T, layers), windows(T, layers))
    fits = {"taps": 2, "stride": 2, "dilation": 1, "before": 0, "after": 0}
    wide = fits | {"taps": 4, "dilation": 3}
    equal(student.lengths(10, [fits, wide, fits | {"before": 3}]), [5, 0, 0])


@SET.test("windows", 2, "seen: the first and the last step of the input that lead to an output")
def seen(student, given, draw):
    for k in range(12):
        layers, t = some_layers(draw), draw.between(0, 20)
        if k % 4 == 0:  # one that begins on the zeros in front
            layers[0]["before"], t = draw.between(1, 5), 0
        steps = steps_seen(t, layers)
        equal(student.seen(t, layers), (min(steps), max(steps)))


@SET.test("windows", 1, "answers: the four numbers of your sheet's stack", practice=False)
def my_stack(student, given, draw):
    layers, hours = given["layers"], given["hours"]
    sizes = [given["gauges"], *[given["filters"]] * len(layers)]
    weights = [
        np.zeros((a["taps"], D, H)) for a, D, H in zip(layers, sizes[:-1], sizes[1:], strict=True)
    ]
    steps = steps_seen(0, layers)
    wanted = {
        "steps": windows(hours, layers)[-1],
        "field": max(steps) - min(steps) + 1,
        "unseen": unseen(hours, layers),
        "parameters": sum(W.size + W.shape[2] for W in weights),
    }
    equal(student.answers(), wanted)


def problem(draw, F, d, T, N, D, H):
    """Input, past, weights, bias."""
    shapes = (T, N, D), ((F - 1) * d, N, D), (F, D, H), (H,)
    return [draw.uniform(*shape) for shape in shapes]


@SET.test("causal", 2, "the outputs of a sequence in one piece, in float64 and in float32")
def one_piece(student, given, draw):
    for sizes in ((3, 2, 11, 2, 4, 5), (2, 1, 1, 1, 3, 2), (4, 3, 20, 3, 2, 6)):
        x, past, W, b = problem(draw, *sizes)
        d, past = sizes[1], 0 * past
        wanted, _, _ = CausalConv(W, b, d).forward(x, past)
        y, _ = returns(student.causal(x, past, W, b, d), 2, "what causal gives")
        close(y, wanted, "y")
        single = [a.astype(np.float32) for a in (x, past, W, b)]
        y, _ = returns(student.causal(*single, d), 2, "what causal gives")
        close(y, wanted, "y", 1e-5, dtype="float32")


@SET.test("causal", 2, "pieces of any length give what the whole gives, also with a single tap")
def in_pieces(student, given, draw):
    for F, d in ((3, 2), (2, 5), (1, 3)):
        x, past, W, b = problem(draw, F, d, 17, 2, 3, 4)
        while len(x):
            n = draw.between(1, 5)
            layer = CausalConv(W, b, d)
            wanted, kept, _ = layer.forward(x[:n], past)
            y, new = returns(student.causal(x[:n], past, W, b, d), 2, "what causal gives")
            close(y, wanted, "y of a piece")
            close(new, kept, "the past after a piece")
            x, past = x[n:], new


def check_back(student, draw, sizes, dnew, tolerance=1e-8, dtype="float64"):
    _, d, T, N, _, H = sizes
    x, past, W, b = problem(draw, *sizes)
    dy, dnew = draw.uniform(T, N, H), dnew * draw.uniform(*past.shape)
    x, past, W, b, dy, dnew = (a.astype(dtype) for a in (x, past, W, b, dy, dnew))
    got = returns(student.causal_back(x, past, W, d, dy, dnew), 4, "what causal_back gives")
    exact = [a.astype(np.float64) for a in (x, past, W, b, dy, dnew)]
    x, past, W, b, dy, dnew = exact
    layer = CausalConv(W, b, d)
    grads, dx, dpast = layer.backward(layer.forward(x, past)[2], dy, dnew)
    right = {"dx": dx, "dpast": dpast, "dW": grads.W, "db": grads.b}
    for a, (name, wanted) in zip(got, right.items(), strict=True):
        close(a, wanted, name, tolerance, dtype)


@SET.test("back", 2, "all four gradients, where nothing comes back from later pieces")
def last_piece(student, given, draw):
    for sizes in ((3, 2, 11, 2, 4, 5), (2, 1, 1, 1, 3, 2), (4, 3, 20, 3, 2, 6)):
        check_back(student, draw, sizes, dnew=0)


@SET.test("back", 1, "what comes back from a later piece, also through short pieces")
def earlier_piece(student, given, draw):
    for sizes in ((3, 2, 11, 2, 4, 5), (4, 3, 2, 3, 2, 6), (2, 4, 1, 1, 3, 2), (1, 2, 3, 2, 3, 4)):
        check_back(student, draw, sizes, dnew=1)


@SET.test("back", 2, "a layer of 200 steps with thousands of weights, in float32")
def large(student, given, draw):
    check_back(student, draw, (5, 4, 200, 8, 30, 40), 0, 1e-4, "float32")


def counting(rule, cards):
    """A way to join such cards, and the notes it takes: how often, and for how many."""
    kinds = [a.shape[1:] for a in cards]
    notes = {"calls": 0, "pairs": 0, "complaint": ""}

    def join(p, q):
        notes["calls"] += 1
        try:
            p, q = (tuple(np.asarray(a) for a in cards) for cards in (p, q))
            if [a.shape[1:] for a in p] != kinds or [a.shape[1:] for a in q] != kinds:
                raise ValueError("no such cards")
            if len({len(a) for a in (*p, *q)}) > 1:
                notes["complaint"] = "join was called with unequal numbers of cards"
            notes["pairs"] += len(p[0])
            return rule(p, q)
        except (TypeError, IndexError, ValueError):
            notes["complaint"] = "join was called with something that is no cards"
            return p

    return join, notes


def tables(draw, K):
    """Joins tables: entry i of p says where i goes; a drawn order takes it on, and then q."""
    order = np.array(draw.sample(range(K), K))  # so that nobody can do without join
    return lambda p, q: (np.take_along_axis(q[0], order[p[0]], axis=1),)


def relay(p, q):
    return q[0] + q[1] * p[0], q[1] * p[1]


def one_by_one(rule, cards):
    """All prefixes, step by step."""
    done = [tuple(a[:1] for a in cards)]
    for t in range(1, len(cards[0])):
        done.append(rule(done[-1], tuple(a[t : t + 1] for a in cards)))
    return tuple(np.concatenate(column) for column in zip(*done, strict=True))


def some_tables(draw, T, K):
    words = draw.words(T * K) >> np.uint64(33)
    return ((words % np.uint64(K)).astype(np.int64).reshape(T, K),)


def check_prefixes(student, rule, cards):
    (join, notes), wanted = counting(rule, cards), one_by_one(rule, cards)
    got = returns(student.prefixes(join, cards), len(cards), "what prefixes gives")
    if notes["complaint"]:
        raise Wrong(notes["complaint"])
    for a, right in zip(got, wanted, strict=True):
        close(a, right, "an array of the prefixes", dtype=str(right.dtype))
    return notes["calls"], notes["pairs"]


@SET.test("tree", 2, "all prefixes of 1 to 40 cards, for two ways of joining")
def prefixes(student, given, draw):
    for T in (1, 2, 3, 4, 5, 8, 13, draw.between(20, 40)):
        check_prefixes(student, tables(draw, 5), some_tables(draw, T, 5))
        check_prefixes(student, relay, (draw.uniform(T, 2), draw.uniform(T, 2)))


@SET.test("tree", 1, "at most 2 log2 T + 2 calls of join with at most 4 T pairs in all")
def few_rounds(student, given, draw):
    for T in (256, draw.between(150, 250)):
        calls, pairs = check_prefixes(student, tables(draw, 7), some_tables(draw, T, 7))
        if pairs < T - 1:
            raise Wrong("join was not asked for all cards")
        if calls > 2 * np.log2(T) + 2:
            raise Wrong("join was called too often", f"{calls} times for {T} cards")
        if pairs > 4 * T:
            raise Wrong("too many pairs were joined in all", f"{pairs} for {T} cards")


def fill(given, card, s):
    """The level after one step, as the sheet tells it."""
    a = dict(zip(given["names"], card, strict=True))
    flow = a["flow"] if given["sign"] == "+" else -a["flow"]
    if given["first"] == "flow":
        return np.clip(s + flow, a["low"], a["high"])
    return np.clip(s, a["low"], a["high"]) + flow


def some_tanks(given, draw, *shape):
    low = draw.uniform(*shape)
    numbers = {"flow": draw.uniform(*shape), "low": low}
    numbers["high"] = low + draw.uniform(*shape, low=0.0, high=1.5)
    return tuple(numbers[name] for name in given["names"])


@SET.test("tank", 2, "the joined card does what its two cards do, at every level", practice=False)
def join_tanks(student, given, draw):
    for shape in (40,), (1, 3):
        p, q = some_tanks(given, draw, *shape), some_tanks(given, draw, *shape)
        card = returns(student.tank_join(p, q), 3, "what tank_join gives")
        for part, of in zip(card, p, strict=True):
            same_shape(part, of, "a part of the joined card")
        for s in np.linspace(-4, 4, 17):
            close(fill(given, card, s), fill(given, q, fill(given, p, s)), "the level after both")


@SET.test("tank", 2, "the levels of three tanks over a hundred hours, and over one", practice=False)
def levels(student, given, draw):
    for T in (1, 100):
        cards, s = some_tanks(given, draw, T, 3), draw.uniform(3, low=-2.0, high=2.0)
        wanted, level = [], s
        for t in range(T):
            level = fill(given, [a[t] for a in cards], level)
            wanted.append(level)
        close(student.levels(cards, s), np.stack(wanted), "the levels")
