"""Problem set 2: what its sheet prints, and the tests of its tasks."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled.grading.draw import Draw
from unrolled.grading.tasks import ProblemSet, Wrong, close, equal, same_shape
from unrolled.layers.rnn import RNN

SET = ProblemSet("A lock and an echo", ["forward", "lock", "wire", "echo"])

MARKS = {
    "first": "is the first one of a new sequence. Before it, the state of row $n$ is put back",
    "last": "is the last one of a sequence. After it, the state of row $n$ is put back",
}
RULES = {
    "broken": (
        "is broken. Whoever presses it changes nothing. It is as if no key had been pressed.",
        "The door stays open until the next key that is not broken. With that key the lock goes "
        "on as always. The last keys, those that opened the door among them, may be the beginning "
        "of the code once more.",
    ),
    "clear": (
        "is the clear key. It takes the lock back to state 0, whatever state it is in.",
        "Once open, the door stays open until the clear key is pressed, whatever else is pressed.",
    ),
}


@SET.given
def given(draw: Draw) -> dict:
    shapes = draw.choice(("abac", "aaba", "abbab")), draw.choice(("abaac", "aabac", "abacb"))
    special = draw.choice((0, -1))  # the key that is no part of a code, of D keys
    marks, rule = draw.choice(sorted(MARKS)), draw.choice(sorted(RULES))
    keys = range(1, 5) if special == 0 else range(4)
    example, code = (spelt(shape, draw.sample(keys, 3)) for shape in shapes)
    back, stay = "np.where(marks[t][:, None], h_0, h)", "h"
    goes_on, stays_open = "[longest(code + [k]) for k in range(D)]", "[L] * D"
    return {
        "marks": marks,
        "marked": MARKS[marks],
        "before": back if marks == "first" else stay,
        "after": stay if marks == "first" else back,
        "firsts": "marks" if marks == "first" else "np.roll(marks, 1, axis=0)",
        "new_visitor": 3 if marks == "first" else 2,
        "rule": rule,
        "special": special,
        "special_key": "0" if special == 0 else "$D - 1$",
        "special_rule": RULES[rule][0],
        "open_rule": RULES[rule][1],
        "example": example,
        "example_table": table_of(example, 5, rule, special).tolist(),
        "code": code,
        "open_row": goes_on if rule == "broken" else stays_open,
        "special_column": "np.arange(L + 1)" if rule == "broken" else "0",
        "other_open_row": stays_open if rule == "broken" else "table[0]",
        "other_special": -1 - special,
        "other_special_column": "0" if rule == "broken" else "np.arange(L + 1)",
    }


def spelt(shape: str, keys: list[int]) -> list[int]:
    """The code of this shape, with one of the keys for each letter."""
    return [keys["abc".index(letter)] for letter in shape]


def table_of(code: list[int], D: int, rule: str, special: int) -> ndarray:
    """The lock's table, from the longest end of what was pressed that begins the code."""
    L, rows = len(code), []
    for state in range(L + 1):
        row = []
        for key in range(D):
            pressed = [*code[:state], key]
            ends = [pressed[len(pressed) - n :] for n in range(min(L, state + 1) + 1)]
            longest = max(n for n, end in enumerate(ends) if end == code[:n])
            row.append(L if rule == "clear" and state == L else longest)
        row[special] = state if rule == "broken" else 0
        rows.append(row)
    return np.array(rows)


def layer(draw: Draw, D: int, H: int, dtype: type = float) -> RNN:
    shapes = (D, H), (H, H), (H,)
    return RNN(*((1.5 * draw.uniform(*shape)).astype(dtype) for shape in shapes))


def states(net: RNN, x: ndarray, h_0: ndarray) -> ndarray:
    return net.forward(x, h_0)[0]


def run_forward(student: Any, net: RNN, x: ndarray, marks: ndarray, h_0: ndarray) -> Any:
    return student.forward(x, marks, h_0, net.W_xh, net.W_hh, net.b_h)


@SET.test("forward", 2, "runs sequences without marks, also one sequence and one step")
def plain_run(student, given, draw):
    for T, N, D, H in ((6, 4, 3, 5), (1, 2, 3, 4), (5, 1, 2, 3), (3, 4, 5, 1)):
        net, x, h_0 = layer(draw, D, H), draw.uniform(T, N, D), draw.uniform(N, H)
        got = run_forward(student, net, x, np.zeros((T, N), bool), h_0)
        close(got, states(net, x, h_0), f"the states for T, N, D, H = {T}, {N}, {D}, {H}")


@SET.test("forward", 1, "keeps float32 as float32, and takes sequences of no steps")
def kinds(student, given, draw):
    net, h_0 = layer(draw, 3, 5, np.float32), draw.uniform(4, 5).astype(np.float32)
    for T in 6, 0:
        x = draw.uniform(T, 4, 3).astype(np.float32)
        got = run_forward(student, net, x, np.zeros((T, 4), bool), h_0)
        close(got, states(net, x, h_0), f"what comes out of {T} steps", 1e-4, "float32")


@SET.test("forward", 2, "puts the state back where your sheet says", practice=False)
def marked_run(student, given, draw):
    T, N, D, H = 12, 5, 3, 4
    net, x, h_0 = layer(draw, D, H), draw.uniform(T, N, D), draw.uniform(N, H)
    marks = draw.uniform(T, N) > 0.4
    marks[:, 0], marks[[0, 5, -1], 1] = False, True
    first = marks.copy() if given["marks"] == "first" else np.roll(marks, 1, axis=0)
    first[0] = True
    wanted = np.empty((T, N, H))
    for n in range(N):  # each sequence by itself
        cuts = [*np.flatnonzero(first[:, n]), T]
        for start, end in pairwise(cuts):
            wanted[start:end, n] = states(net, x[start:end, n : n + 1], h_0[n : n + 1])[:, 0]
    close(run_forward(student, net, x, marks, h_0), wanted, "the states")


def common_part(student: Any, code: list[int], D: int) -> None:
    """Check what is the same on every sheet: keys from 1 to D - 2, before the door is open."""
    table = student.lock(code, D)
    wanted = table_of(code, D, "clear", 0)
    what = f"the table for a code of {len(code)} keys"
    same_shape(table, wanted, what)
    equal(table[:-1, 1:-1], wanted[:-1, 1:-1], what)


@SET.test("lock", 1, "follows codes in which no key occurs twice, up to the open door")
def all_different(student, given, draw):
    for length, D in ((4, 7), (1, 4), (3, 5)):
        common_part(student, draw.sample(range(1, D - 1), length), D)


@SET.test("lock", 1, "follows codes that begin again inside themselves, up to the open door")
def overlapping(student, given, draw):
    for D in 5, 7:
        a, b = draw.sample(range(1, D - 1), 2)
        for code in ([a, b, a, b, b], [a, a, a], [a, b, a, a, b, a, b], [a, a, b, a, a, a]):
            common_part(student, code, D)


@SET.test("lock", 2, "makes whole tables, with the two rules of your sheet", practice=False)
def whole_tables(student, given, draw):
    for D in 3, 5:
        keys = range(1, D) if given["special"] == 0 else range(D - 1)
        a, b = draw.sample(keys, 2)
        for code in [a], [a, b], [a, b, a, a], [b, b, a, b], [a, b, b, a, b, a]:
            wanted = table_of(code, D, given["rule"], given["special"])
            equal(student.lock(code, D), wanted, f"the table for a code of {len(code)} keys")


def machine(draw: Draw, S: int, D: int) -> ndarray:
    """A table by which each state can be reached from each other one."""
    while True:
        table = (draw.uniform(S, D, low=0.0) * S).astype(np.int64)
        steps = np.eye(S)
        for _ in range(S):
            steps = np.minimum(steps + sum(steps @ np.eye(S)[table[:, k]] for k in range(D)), 1)
        if steps.all():
            return table


def walk(table: ndarray, draw: Draw, T: int, N: int) -> tuple[ndarray, ndarray, ndarray]:
    """Random symbols, one-hot (T, N, D); which pair each step is (T, N); the states after it."""
    D = table.shape[1]
    symbols = (draw.uniform(T, N, low=0.0) * D).astype(np.int64)
    state, pairs, after = np.zeros(N, np.int64), [], []
    for row in symbols:
        pairs.append(state * D + row)
        state = table[state, row]
        after.append(state)
    return np.eye(D)[symbols], np.array(pairs), np.array(after)


def wired(student: Any, table: ndarray, beta: float, N: int) -> tuple[RNN, ndarray]:
    """The student's network, and its first state for N rows."""
    got = student.wire(table, beta)
    if type(got) is not tuple or len(got) != 4 or any(type(a) is not ndarray for a in got):
        raise Wrong("wire should give a tuple of four arrays")
    S, D = table.shape
    H = S * D
    for array, shape, name in zip(
        got, ((D, H), (H, H), (H,), (H,)), ("W_xh", "W_hh", "b_h", "h_0"), strict=True
    ):
        if array.shape != shape or array.dtype != float or not np.isfinite(array).all():
            raise Wrong(f"{name} should be finite numbers (float64) of the shape {shape}")
    W_xh, W_hh, b_h, h_0 = got
    return RNN(W_xh, W_hh, b_h), np.tile(h_0, (N, 1))


def check_switches(h: ndarray, pairs: ndarray, H: int) -> None:
    """One unit is on at each step, always the same for the same pair, each for one pair."""
    if (np.abs(h) < 0.9).any():
        raise Wrong("at some step a unit is neither on nor off (its value is within ±0.9)")
    if ((h > 0).sum(axis=-1) != 1).any():
        raise Wrong("at some step there is not exactly one unit on")
    unit = h.argmax(axis=-1)
    seen = {(int(p), int(u)) for p, u in zip(pairs.ravel(), unit.ravel(), strict=True)}
    if len(seen) != len(np.unique(pairs)) or len({u for _, u in seen}) != len(seen):
        raise Wrong("the units do not stand each for one pair of state and symbol")


@SET.test("wire", 2, "wires small machines: at each step the one right switch is on")
def small_machines(student, given, draw):
    for S, D, beta in ((3, 2, 8.0), (2, 4, 8.0), (5, 3, 20.0)):
        table = machine(draw, S, D)
        net, h_0 = wired(student, table, beta, 4)
        x, pairs, _ = walk(table, draw, 150, 4)
        check_switches(states(net, x, h_0), pairs, S * D)


@SET.test("wire", 2, "wires a machine of 24 switches for five thousand steps")
def long_run(student, given, draw):
    table = machine(draw, 6, 4)
    net, h_0 = wired(student, table, 8.0, 2)
    x, pairs, _ = walk(table, draw, 5000, 2)
    check_switches(states(net, x, h_0), pairs, 24)


@SET.test("wire", 2, "reads from the switches whether the machine is in one of some states")
def readouts(student, given, draw):
    for S, D in ((4, 3), (3, 2)):
        table = machine(draw, S, D)
        net, h_0 = wired(student, table, 8.0, 4)
        x, _, after = walk(table, draw, 150, 4)
        h = states(net, x, h_0)
        for on in [S - 1], draw.sample(range(S), 2), []:
            got = student.readout(table, on)
            if type(got) is not tuple or len(got) != 2:
                raise Wrong("readout should give a tuple of two")
            W_hy, b_y = got
            if type(W_hy) is not ndarray or W_hy.shape != (S * D, 1):
                raise Wrong("W_hy should be an array of the shape (H, 1)")
            if isinstance(b_y, ndarray) and b_y.size == 1:
                b_y = b_y.item()
            if not isinstance(b_y, (float, int, np.number)) or not abs(b_y) < 1e9:
                raise Wrong("b_y should be a number")
            u = (h @ W_hy + b_y)[..., 0]
            if not np.where(np.isin(after, on), u >= 0.25, u <= -0.25).all():
                raise Wrong(f"the logit is not right for {len(on)} of {S} states")


class Box:
    """A network without tanh, seen from outside. It clips what is larger than `height`."""

    def __init__(self, draw: Draw, D: int, H: int, V: int, height: float):
        self.net, self.h_0 = layer(draw, D, H), draw.uniform(1, H)
        self.net.W_hh *= 0.8 / np.abs(np.linalg.eigvals(self.net.W_hh)).max()
        self.W_hy, self.b_y, self.height = draw.uniform(H, V), draw.uniform(V), height

    def __call__(self, x: ndarray) -> ndarray:
        net, h, u = self.net, np.tile(self.h_0, (x.shape[1], 1)), []
        for x_t in np.clip(x, -self.height, self.height):
            h = x_t @ net.W_xh + h @ net.W_hh + net.b_h
            u.append(h @ self.W_hy + self.b_y)
        return np.array(u)

    def echoes(self, T: int) -> ndarray:
        powers = [np.linalg.matrix_power(self.net.W_hh, k) for k in range(T)]
        return np.array([self.net.W_xh @ power @ self.W_hy for power in powers])


@SET.test("echo", 2, "measures boxes with biases, one input and several")
def measures(student, given, draw):
    for T, D, H, V, height in ((9, 3, 4, 2, 0.25), (6, 1, 2, 3, 0.1), (1, 2, 3, 1, 0.5)):
        box = Box(draw, D, H, V, height)
        got = student.measure(box, T, D, height)
        if type(got) is not tuple or len(got) != 2:
            raise Wrong("measure should give a tuple of two")
        silence, K = got
        close(silence, box(np.zeros((T, 1, D)))[:, 0], "what the box says in silence")
        close(K, box.echoes(T), "the echoes")


@SET.test("echo", 2, "predicts what a box says to sequences as long as the echoes, and shorter")
def predicts(student, given, draw):
    D, V, T = 3, 2, 8
    box = Box(draw, D, 4, V, 1.0)
    silence, K = box(np.zeros((T, 1, D)))[:, 0], box.echoes(T)
    for steps, N in ((T, 4), (5, 1), (1, 2)):
        x = draw.uniform(steps, N, D)
        close(student.predict(silence, K, x), box(x), f"the prediction for {steps} steps")


@SET.test("echo", 1, "says how long an echo is heard, when it fades, rings, pauses or swells")
def memories(student, given, draw):
    t, share = np.arange(60), 0.05
    swing = draw.uniform(low=0.5, high=1.5)
    fades = -(draw.uniform(low=0.5, high=0.9) ** t)
    rings = 0.93**t * np.cos(swing * t)
    gap = draw.between(8, 20)
    pauses = np.where(t < gap, 0.0, 0.6 * 0.8 ** (t - gap)) + (t == 0)
    echoes = {"fades": fades, "rings": rings, "pauses": pauses, "swells": 0.8**t * t}
    for name, echo in (echoes | {"stays": 0 * t + 1.0}).items():
        K = echo[:, None, None] * draw.uniform(2, 3, low=0.2)
        size = np.abs(K).reshape(60, -1).max(axis=1)
        wanted = next(m for m in range(61) if (size[m:] <= share * size.max()).all())
        got = student.memory(K, share)
        if isinstance(got, (bool, ndarray)) or not isinstance(got, (int, np.integer)):
            raise Wrong(f"the memory should be a whole number, and is {type(got).__name__}")
        if got != wanted:
            raise Wrong(f"the memory of an echo that {name} is not right")
