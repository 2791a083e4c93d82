"""Problem set 4: the tests of its tasks."""

import math

import numpy as np

from unrolled.grading.tasks import ProblemSet, Wrong, close, entries, equal, returns
from unrolled.layers import RNN

SET = ProblemSet("A clue on page one", ["clipping", "norms", "carrying", "bias"])

# The colleague's program: each line as it should be and, where it can be wrong, as it then is
CLIP = [
    ("def clip(grads, limit):", ""),
    ("    total = 0.0", ""),
    ("    for g in grads:", ""),
    ("        total += np.sum(g * g)", "        total = np.sum(g * g)"),
    ("    norm = np.sqrt(total)", "    norm = total"),
    ("    if norm > limit:", "    if norm < limit:"),
    ("        for g in grads:", ""),
    ("            g *= limit / norm", "            g = g * (limit / norm)"),
    ("    return norm", ""),
]
LOOP = [
    ("h = h_0", ""),
    ("for s in range(0, len(x), S):", "for s in rng.permutation(np.arange(0, len(x), S)):"),
    ("    piece = x[s : s + S]", "    piece = x[s : s + S - 1]"),
    ("    states, last, tape = forward(params, piece, h)", ""),
    ("    dh = loss_gradient(params, states, s)", ""),
    ("    grads = backward(params, tape, dh)", ""),
    ("    norms.append(clip(grads, limit))", "    norms.extend(clip([g], limit) for g in grads)"),
    ("    for p, g in zip(params, grads):", ""),
    ("        p -= rate * g", "        p += rate * g"),
    ("    h = last", "    h = h_0"),
]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@SET.given
def given(draw):
    lines, wrong = CLIP + LOOP, []
    for part, first in (CLIP, 0), (LOOP, len(CLIP)):
        places = [first + i for i, (_, bad) in enumerate(part) if bad]
        wrong += draw.sample(places, 2)
    program = [
        f"{ALPHABET[i]}   {bad if i in wrong else good}" for i, (good, bad) in enumerate(lines)
    ]
    program.insert(len(CLIP), "")
    near, state = draw.between(70, 80) / 100, draw.between(60, 65) / 100
    return {
        "program": "\n".join(program),
        "letters": "".join(ALPHABET[i] for i in sorted(wrong)),
        "near": near,
        "cross": draw.between(10, 20) / 100,
        "state": state,
        "steps": draw.between(1700, 2300),
        "lags": "\n".join(f"- $G$ = {lags(draw)}" for _ in range(2)),
    }


def lags(draw) -> list[float]:
    """Contributions by distance: the near ones push one way, the far ones and the sum the other."""
    near, sign = draw.between(2, 3), draw.choice([1, -1])
    G = [sign * draw.between(20, 40) / 10 for _ in range(near)]
    while sign * segment_sums(G)[-1] > 0:  # until the longest segments point downhill
        G.append(-sign * draw.between(10, 30) / 10)
    ties = min(abs(total) for total in segment_sums(G)) < 1e-6  # rounding would decide
    return lags(draw) if ties else G


def segment_sums(G: list[float]) -> list[float]:
    """For S = 1, 2, …: what the S losses of a segment see together."""
    return [sum(sum(G[: loss + 1]) for loss in range(S)) for S in range(1, len(G) + 1)]


# Task 1


def clipped_right(student, grads, limit, tolerance=1e-10):
    clipped, norm = returns(student.clip(grads, limit), 2)
    right = math.hypot(*(entry for grad in grads.values() for entry in grad.ravel().tolist()))
    if not isinstance(norm, float):
        raise Wrong("the norm should be a float")
    close(norm, right, "the norm", tolerance)
    factor = min(1.0, limit / right) if right else 1.0
    clipped = entries(clipped, grads, "the clipped gradient", others=False)
    for name in grads:
        wanted = (grads[name].astype(float) * factor).astype(grads[name].dtype)
        eps = 1e-5 if wanted.dtype == np.float32 else tolerance
        close(clipped[name], wanted, f"the clipped {name}", eps, str(wanted.dtype))


@SET.test("clipping", 2, "finds the four wrong lines of the program on your sheet", practice=False)
def lines(student, given, draw):
    got = student.wrong_lines()
    equal("".join(sorted(got)) if isinstance(got, str) else got, given["letters"])


@SET.test(
    "clipping", 2, "clips long gradients by one norm, leaves short ones and zeros, keeps dtypes"
)
def clips(student, given, draw):
    for length in 0.3, 0.9, 4.0, 50.0:
        grads = {"W": draw.uniform(3, 5), "b": draw.uniform(4), "s": draw.uniform(2, 1, 2)}
        size = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
        clipped_right(student, {name: grad * (length / size) for name, grad in grads.items()}, 1.0)
        clipped_right(student, {name: grad * (length / size) for name, grad in grads.items()}, 2.5)
    small = {"W": draw.uniform(3, 5).astype("f4"), "b": draw.uniform(4).astype("f4")}
    clipped_right(student, small, 0.25, 1e-6)
    clipped_right(student, {"W": np.zeros((2, 3)), "b": np.zeros(2)}, 1.0)


@SET.test(
    "clipping", 1, "copes with gradients whose squares overflow, with infinities and with nan"
)
def overflow(student, given, draw):
    clipped_right(
        student, {"W": 1e30 * draw.uniform(4, 3).astype("f4"), "b": draw.uniform(3)}, 1.0, 1e-6
    )
    clipped_right(student, {"W": 1e200 * draw.uniform(4, 3), "b": 1e180 * draw.uniform(3)}, 2.0)
    for bad in np.nan, np.inf, -np.inf:
        grads = {"W": draw.uniform(2, 3), "b": draw.uniform(3).astype("f4")}
        grads["b" if bad == np.inf else "W"][..., 1] = bad
        clipped, norm = returns(student.clip(grads, 1.0), 2)
        if norm != np.inf:
            raise Wrong("the norm of a gradient that is not finite should be infinite")
        clipped = entries(clipped, grads, "the clipped gradient", others=False)
        for name, grad in grads.items():
            zeros = np.zeros(grad.shape)
            close(clipped[name], zeros, f"the clipped {name}", 0, str(grad.dtype))


# Task 2


def logs_right(got, wanted, tolerance=1e-8):
    if isinstance(got, np.ndarray) and got.shape == wanted.shape and got.dtype.kind == "f":
        if not np.array_equal(np.isneginf(got), np.isneginf(wanted)):
            raise Wrong("minus infinity should stand where nothing arrives, and only there")
        got, wanted = (np.where(np.isneginf(wanted), 0, a) for a in (got, wanted))
    close(got, wanted, tolerance=tolerance)


@SET.test("norms", 2, "gives the length at each step and for each row, for a few steps")
def few_steps(student, given, draw):
    for T, N, H in (6, 3, 4), (1, 1, 2), (3, 1, 1):
        layer = RNN(draw.uniform(2, H), 1.5 * draw.uniform(H, H), draw.uniform(H))
        x, h_0, delta = draw.uniform(T, N, 2), draw.uniform(N, H), draw.uniform(N, H)
        rows = [delta]
        for t in reversed(range(T)):  # each time all the way back to step t
            state = layer.forward(x[:t], h_0)[1]
            _, _, tape = layer.forward(x[t:], state)
            rows.append(layer.backward(tape, np.zeros((T - t, N, H)), delta)[2])
        wanted = np.log10(np.linalg.norm(np.stack(rows[::-1]), axis=2))
        h = np.concatenate([h_0[None], layer.forward(x, h_0)[0]])
        logs_right(student.log_lengths(h, layer.W_hh, delta), wanted)


@SET.test("norms", 2, "is right over more than a thousand steps, and where nothing arrives")
def many_steps(student, given, draw):
    T, H = draw.between(1200, 1500), 3
    W_hh = draw.choice([0.5, 0.6]) * np.eye(H)[draw.sample(range(H), H)]  # keeps shapes, halves
    states = np.array([0.1, 0.5, 0.9, 1.0]) * draw.choice([1, -1])
    h = np.broadcast_to(states[None, :, None], (T + 1, 4, H)).copy()
    delta = draw.uniform(4, H)
    for scale in 1.0, 8.0:
        factor = W_hh.max() * scale * (1 - states[:3] ** 2)
        wanted = np.arange(T, -1, -1)[:, None] * np.log10(factor)
        wanted = np.concatenate([wanted, np.full((T + 1, 1), -np.inf)], axis=1)
        wanted[-1, 3] = 0
        wanted += np.log10(np.linalg.norm(delta, axis=1))
        logs_right(student.log_lengths(h, scale * W_hh, delta), wanted, 1e-7)


@SET.test("norms", 1, "gives what is left in the network on your sheet", practice=False)
def left(student, given, draw):
    slope, n = 1 - given["state"] ** 2, given["steps"]
    near, cross = given["near"], given["cross"]
    ratio = ((near - cross) / (near + cross)) ** n  # of the two eigenvalues, to the power n
    wanted = n * np.log10(slope * (near + cross)) + np.log10(np.hypot(1 + ratio, 1 - ratio) / 2)
    close(student.left(), wanted, tolerance=1e-6)


# Task 3


def some_stories(draw, count):
    return [np.array([draw.below(9) for _ in range(draw.between(1, 7))]) for _ in range(count)]


@SET.test(
    "carrying", 2, "lays stories of unequal lengths out in streams, and marks where they begin"
)
def streams(student, given, draw):
    for count, N in (12, 3), (5, 2), (4, 1):
        stories = some_stories(draw, count)
        marked = [(int(letter), i == 0) for story in stories for i, letter in enumerate(story)]
        steps = len(marked) // N
        ids, begins = np.empty((steps, N), int), np.empty((steps, N), bool)
        for n in range(N):
            for t in range(steps):
                ids[t, n], begins[t, n] = marked[n * steps + t]
        begins[0] = True
        got_ids, got_begins = returns(student.lay_out(stories, N), 2)
        equal(got_ids, ids, "ids")
        equal(got_begins, begins, "begins")


def stretches(begins, S=None):
    """For each stream, the stretches (n, from, to) that no beginning and no cut divides."""
    T, N = begins.shape
    for n in range(N):
        first = [t for t in range(T) if t == 0 or begins[t, n] or (S and t % S == 0)]
        yield from ((n, t, end) for t, end in zip(first, [*first[1:], T], strict=True))


def drawn(draw, T, N, D, H, rate=4):
    scale = 1.2 * min(1.0, np.sqrt(4 / H))  # large networks would magnify rounding
    layer = RNN(draw.uniform(D, H), scale * draw.uniform(H, H), draw.uniform(H))
    begins = np.array([[draw.below(rate) == 0 for _ in range(N)] for _ in range(T)])
    return layer, draw.uniform(T, N, D), begins, draw.uniform(N, H)


def states(layer, x, begins, h_0):
    """All the states, one stretch of one stream after the other."""
    h = np.empty((*x.shape[:2], len(layer.b_h)), x.dtype)
    for n, start, end in stretches(begins):
        before = h_0[n] if start == 0 else h[start - 1, n]
        state = np.zeros_like(before) if begins[start, n] else before
        h[start:end, n] = layer.forward(x[start:end, n : n + 1], state[None])[0][:, 0]
    return h


def weights(layer):
    return layer.W_xh, layer.W_hh, layer.b_h


@SET.test("carrying", 2, "carries the state, and starts from zero where a story begins")
def reads(student, given, draw):
    for T, N, D, H in (9, 3, 2, 4), (1, 2, 3, 2), (5, 1, 1, 3):
        layer, x, begins, h_0 = drawn(draw, T, N, D, H)
        wanted = states(layer, x, begins, h_0)
        h, last = returns(student.read(x, begins, h_0, *weights(layer)), 2)
        close(h, wanted, "h")
        close(last, wanted[-1], "last")
    layer, x, begins, h_0 = drawn(draw, 8, 3, 2, 4)
    h, last = returns(student.read(x[:3], begins[:3], h_0, *weights(layer)), 2)
    rest, _ = returns(student.read(x[3:], begins[3:], last, *weights(layer)), 2)
    close(rest, states(layer, x, begins, h_0)[3:], "what is read in the second segment")


@SET.test("carrying", 1, "keeps float32")
def single(student, given, draw):
    layer, x, begins, h_0 = drawn(draw, 5, 3, 2, 4)
    wanted = states(layer, x, begins, h_0)
    arrays = [a.astype("f4") for a in (h_0, *weights(layer))]
    h, last = returns(student.read(x.astype("f4"), begins, *arrays), 2)
    close(h, wanted, "h", 1e-4, "float32")
    close(last, wanted[-1], "last", 1e-4, "float32")


# Task 4


def cut(layer, x, begins, h_0, dh, S):
    """The cut gradient: each stretch of each stream by itself, from the state it began with."""
    h, totals = states(layer, x, begins, h_0), [np.zeros_like(a) for a in weights(layer)]
    for n, start, end in stretches(begins, S):
        before = h_0[n] if start == 0 else h[start - 1, n]
        state = np.zeros_like(before) if begins[start, n] else before
        _, _, tape = layer.forward(x[start:end, n : n + 1], state[None])
        grads, _, _ = layer.backward(tape, dh[start:end, n : n + 1])
        for total, grad in zip(totals, weights(grads), strict=True):
            total += grad
    return dict(zip(("W_xh", "W_hh", "b_h"), totals, strict=True))


def gradient_right(student, draw, sizes, S, rate):
    layer, x, begins, h_0 = drawn(draw, *sizes, rate)
    dh = draw.uniform(*sizes[:2], sizes[3])
    wanted = cut(layer, x, begins, h_0, dh, S)
    got = entries(
        student.cut_gradient(x, begins, h_0, dh, *weights(layer), S), wanted, others=False
    )
    for name in wanted:
        close(got[name], wanted[name], f"the gradient of {name}")


@SET.test("bias", 2, "gives the gradient that is cut every S steps, in streams without a new story")
def cuts(student, given, draw):
    for sizes, S in ((9, 2, 3, 4), 4), ((6, 3, 1, 2), 1), ((5, 2, 3, 4), 9), ((1, 1, 2, 3), 2):
        gradient_right(student, draw, sizes, S, 10**9)


@SET.test("bias", 2, "cuts where stories begin as well, also in a large network")
def cuts_and_begins(student, given, draw):
    gradient_right(student, draw, (11, 3, 2, 4), 4, 3)
    gradient_right(student, draw, (100, 8, 60, 80), 25, 10)  # numerically, it takes minutes


@SET.test("bias", 1, "finds the segments whose gradient points uphill")
def signs(student, given, draw):
    tables = [lags(draw) for _ in range(4)] + [[abs(g) for g in lags(draw)]]
    for G in tables:
        sums = segment_sums(G)
        wanted = [S for S, total in enumerate(sums, 1) if (total > 0) != (sum(G) > 0)]
        got = student.uphill(G)
        if not isinstance(got, list) or not all(isinstance(S, int) for S in got):
            raise Wrong("the result should be a list of whole numbers")
        equal(got, wanted)
