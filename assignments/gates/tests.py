"""Problem set 5: the tests of its tasks."""

import numpy as np

from unrolled.grading.tasks import (
    ProblemSet,
    close,
    each,
    entries,
    equal,
    returns,
    same_shape,
)
from unrolled.layers import GRU, LSTM, PublishedGRU

SET = ProblemSet("Somebody else's notepad", ["forward", "backward", "forms", "weights"])

CELL = '''\
def peeping(x, h, c, W_xh, W_hh, b_h, p):
    """-> the hidden states and the notes after all steps, both (T, N, H)."""
    states, notes = [], []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_xh + h @ W_hh + b_h, 4, axis=1)
        i, f, g = sigmoid(a_i{peep_i}), sigmoid(a_f{peep_f}), np.tanh(a_g{peep_g})
        {write}
        o = sigmoid(a_o{peep_o})
        h = o * np.tanh(c)
        states.append(h)
        notes.append(c)
    return np.stack(states), np.stack(notes)'''

PROGRAM = '''\
def theirs(x, h, c, W):
    """x (T, N, D), h and c (N, H) -> the hidden states after all steps (T, N, H)."""
    h, c, states = h.T, c.T, []
    for x_t in x:
        column = np.concatenate([{column}, np.ones((1, len(x_t)))])
        {letters} = np.split(W @ column, 4)
        c = {keep} * c + sigmoid({i}) * {new}
        h = sigmoid({o}) * np.tanh(c)
        states.append(h.T)
    return np.stack(states)'''

WORDS = ["the", "keys", "stairs", "man", "coat", "that", "in", "dropped", "on", "___"]


@SET.given
def given(draw):
    order = draw.choice([order for order in orders() if order != "ifgo"])
    state_first, odd = draw.choice([True, False]), draw.choice("fg")
    names = dict(zip("ifgo", draw.sample("abdekmpquvw", 4), strict=True))
    program = PROGRAM.format(
        column="h, x_t.T" if state_first else "x_t.T, h",
        letters=", ".join(names[gate] for gate in order),
        keep=f"(1 - sigmoid({names['f']}))" if odd == "f" else f"sigmoid({names['f']})",
        new=f"(2 * sigmoid({names['g']}) - 1)" if odd == "g" else f"np.tanh({names['g']})",
        i=names["i"],
        o=names["o"],
    )
    convention = order, state_first, odd
    rows = pack(*note(), convention).astype(int).tolist()
    peephole = drawn_peephole(draw.at("peephole"))
    return {
        **peephole,
        "cell": CELL.format(**peephole),
        "program": program,
        "order": order,
        "state_first": state_first,
        "odd": odd,
        "factor": "(-1)" if odd == "f" else "2",
        "first": "W_hh" if state_first else "W_xh",
        "second": "W_xh" if state_first else "W_hh",
        "size": "H" if state_first else "D",
        "note": "    [\n" + "".join(f"        {row},\n" for row in rows) + "    ]",
    }


def drawn_peephole(draw) -> dict[str, str]:
    """Which block looks, at which note, and whether through a tanh; and what that adds on the way.

    In the lines for i, f and g the old note is called c, in the line for o it is called old.
    """
    gate, squashed = draw.choice("ifgo"), draw.choice([True, False])
    at = draw.choice(["old", "c"]) if gate == "o" else "old"
    slope = f" * (1 - np.tanh({at}) ** 2)" if squashed else ""
    written = {f"peep_{block}": "" for block in "ifgo"}
    here = at if gate == "o" else "c"
    written[f"peep_{gate}"] = f" + p * np.tanh({here})" if squashed else f" + p * {here}"
    written["more_new"] = f" + d_{gate} * p{slope}" if at == "c" else ""
    written["more_old"] = f" + d_{gate} * p{slope}" if at == "old" else ""
    kept = gate == "o" and at == "old"  # else the cell has no need of the old note's name
    write = "old, c = c, f * c + i * g" if kept else "c = f * c + i * g"
    alone = {f"{name}_alone": term.removeprefix(" + ") or "0.0" for name, term in written.items()}
    seen = f"np.tanh({at})" if squashed else at
    return written | alone | {"write": write, "looks": f"d_{gate}", "seen": seen}


def orders() -> list[str]:
    """The 24 orders of the four blocks."""
    return [a + b + c + d for a in "ifgo" for b in "ifgo" for c in "ifgo" for d in "ifgo"
            if len({a, b, c, d}) == 4]  # fmt: skip


def pack(W_xh, W_hh, b_h, convention):
    """The book's weights as the colleague's single array (4H, H + D + 1)."""
    order, state_first, odd = convention
    H, blocks = len(W_hh), []
    for gate in order:
        columns = slice("ifgo".index(gate) * H, ("ifgo".index(gate) + 1) * H)
        parts = [W_hh[:, columns].T, W_xh[:, columns].T]
        block = np.hstack([*(parts if state_first else parts[::-1]), b_h[columns][:, None]])
        blocks.append(block * ((-1 if odd == "f" else 2) if gate == odd else 1))
    return np.vstack(blocks)


def note(size: int = 3):
    """Two cells: the first notes that a noun has been read, the second the first noun's number."""
    W_xh, W_hh, b_h = np.zeros((len(WORDS), 4, 2)), np.zeros((2, 4, 2)), np.zeros((4, 2))
    b_h[0], b_h[1], b_h[3] = -size, size, size  # i, f, o: write nothing, keep, show
    for word, sign in ("keys", 1), ("stairs", 1), ("man", -1), ("coat", -1):
        W_xh[WORDS.index(word), 0] = 2 * size
        W_xh[WORDS.index(word), 2] = size, sign * size
    W_hh[0, 0, 1] = -4 * size  # no second noun is noted
    return W_xh.reshape(-1, 8), W_hh.reshape(2, 8), b_h.reshape(8)


def drawn(draw, T, N, D, H, k):
    """Inputs, first state, input weights, recurrent weights and bias of k blocks."""
    shapes = (T, N, D), (N, H), (D, k * H), (H, k * H), (k * H,)
    return [1.3 * draw.uniform(*shape) for shape in shapes]


# Task 1


@SET.test("forward", 2, "runs the LSTM with the blocks in the book's order, and keeps float32")
def book_order(student, given, draw):
    for T, N, D, H in (5, 3, 2, 4), (1, 2, 3, 2), (4, 1, 1, 1):
        x, h_0, *weights = drawn(draw, T, N, D, H, 4)
        c_0 = 2 * draw.uniform(N, H)
        _, _, tape = LSTM(*weights).forward(x, (h_0, c_0))
        for dtype, tolerance in ("float64", 1e-9), ("float32", 1e-4):
            arrays = [a.astype(dtype) for a in (x, h_0, c_0, *weights)]
            h, c = returns(student.lstm(*arrays, "ifgo"), 2)
            close(h, tape.h[1:], "h", tolerance, dtype)
            close(c, tape.c[1:], "c", tolerance, dtype)


@SET.test("forward", 2, "runs it with the blocks in any order")
def any_order(student, given, draw):
    for order in draw.sample([order for order in orders() if order != "ifgo"], 6):
        x, h_0, *weights = drawn(draw, 4, 2, 3, 2, 4)
        c_0 = 2 * draw.uniform(2, 2)
        _, _, tape = LSTM(*weights).forward(x, (h_0, c_0))
        there = [np.split(a, 4, axis=-1) for a in weights]
        there = [np.concatenate([a["ifgo".index(g)] for g in order], axis=-1) for a in there]
        h, c = returns(student.lstm(x, h_0, c_0, *there, order), 2)
        close(h, tape.h[1:], "h")
        close(c, tape.c[1:], "c")


@SET.test("forward", 1, "finds the bias that keeps a given share, also over very many steps")
def bias(student, given, draw):
    few, many = draw.between(5, 50), 10 ** draw.between(10, 12)
    for steps, told in (1, "one step"), (few, "a few steps"), (many, "very many steps"):
        for share in draw.uniform(low=0.1, high=0.4), draw.uniform(low=0.5, high=0.9):
            decay = -np.log(share) / steps  # f = exp(-decay)
            wanted = -np.log(np.expm1(decay))  # f / (1 - f) = 1 / (exp(decay) - 1)
            close(student.keeping_bias(share, steps), wanted, f"the bias for {told}", 1e-9)


# Task 2

NAMES = "W_xh", "W_hh", "b_h", "p", "x", "h_0", "c_0"


def sigmoid(a):
    return 0.5 + 0.5 * np.tanh(0.5 * a)  # for complex numbers as well


def backward_inputs(draw, T, N, D, H, beyond, peephole):
    """Arguments: those of the forward pass by name, and the gradients that come in."""
    x, h_0, W_xh, W_hh, b_h = drawn(draw, T, N, D, H, 4)
    inputs = {"x": x, "h_0": h_0, "c_0": 2 * draw.uniform(N, H)}
    inputs |= {"W_xh": W_xh, "W_hh": W_hh, "b_h": b_h, "p": peephole * draw.uniform(H)}
    return inputs, (draw.uniform(T, N, H), *(beyond * draw.uniform(2, N, H)))


def all_seven(student, inputs, coming):
    return entries(student.lstm_backward(*inputs.values(), *coming), NAMES, others=False)


def without_peephole(student, draw, sizes, beyond, names):
    """Compare with the layer's gradients."""
    inputs, coming = backward_inputs(draw, *sizes, beyond, 0)
    layer = LSTM(inputs["W_xh"], inputs["W_hh"], inputs["b_h"])
    _, _, tape = layer.forward(inputs["x"], (inputs["h_0"], inputs["c_0"]))
    grads, dx, (dh_0, dc_0) = layer.backward(tape, coming[0], coming[1:])
    wanted, got = dict(vars(grads), x=dx, h_0=dh_0, c_0=dc_0), all_seven(student, inputs, coming)
    each(names, lambda name: close(got[name], wanted[name], f"the gradient of {name}"))


def with_peephole(student, given, draw, sizes, directions):
    """Compare with derivatives in random directions, by a step along the imaginary axis."""
    names = {"np": np, "sigmoid": sigmoid}
    exec(given["cell"], names)
    inputs, coming = backward_inputs(draw, *sizes, 1, 1)
    got = all_seven(student, inputs, coming)

    def compare(name):
        same_shape(got[name], inputs[name], f"the gradient of {name}")
        for _ in range(directions):
            way = draw.uniform(*inputs[name].shape)
            h, c = names["peeping"](*(inputs | {name: inputs[name] + 1e-30j * way}).values())
            loss = (h * coming[0]).sum() + (h[-1] * coming[1]).sum() + (c[-1] * coming[2]).sum()
            slope = float(np.sum(got[name] * way))
            close(slope, loss.imag / 1e-30, f"the gradient of {name}", 1e-7)

    each(NAMES, compare)


@SET.test("backward", 1, "without a peephole: gives the gradients of weights, bias and inputs")
def to_weights(student, given, draw):
    for sizes in (5, 3, 2, 4), (1, 2, 3, 2), (4, 1, 3, 1):
        without_peephole(student, draw, sizes, 0, ("W_xh", "W_hh", "b_h", "x"))


@SET.test("backward", 1, "without a peephole: takes what comes from a later segment, and sends on")
def across_segments(student, given, draw):
    for sizes in (4, 3, 2, 4), (1, 1, 3, 2):
        without_peephole(student, draw, sizes, 1, ("W_xh", "W_hh", "b_h", "x", "h_0", "c_0"))


@SET.test("backward", 1, "gives all seven gradients of your sheet's cell", practice=False)
def peephole(student, given, draw):
    for sizes in (4, 3, 2, 5), (1, 2, 3, 2), (3, 1, 2, 1):
        with_peephole(student, given, draw, sizes, 2)


@SET.test("backward", 3, "gives them for a large network in time", practice=False)
def large(student, given, draw):
    with_peephole(student, given, draw, (40, 8, 20, 30), 1)


# Task 3


def kind(form, weights, b_hn):
    """The package's layer of this form: `before` has one bias only, so that the two are added."""
    if form == "after":
        return GRU(*weights, b_hn)
    W_xh, W_hh, b_h = weights
    return PublishedGRU(W_xh, W_hh, b_h + np.concatenate([0 * b_hn, 0 * b_hn, b_hn]))


def gru_right(student, draw, form):
    for T, N, D, H in (5, 3, 2, 4), (1, 2, 3, 2), (4, 1, 1, 3):
        x, h_0, *weights = drawn(draw, T, N, D, H, 3)
        b_hn = draw.uniform(H)
        wanted, _, _ = kind(form, weights, b_hn).forward(x, h_0)
        close(student.gru(x, h_0, *weights, b_hn, form), wanted, "h")


@SET.test("forms", 1, "runs the GRU that resets after the product")
def after(student, given, draw):
    gru_right(student, draw, "after")


@SET.test("forms", 1, "runs the GRU that resets before the product")
def before(student, given, draw):
    gru_right(student, draw, "before")


@SET.test("forms", 2, "finds out which of the four kinds a record of states comes from")
def which(student, given, draw):
    for form in "after", "before":
        for slider, sign in ("keeps", 1), ("takes", -1):
            for b_hn in draw.uniform(5), np.zeros(5):  # without it r ⊙ (hW) + b_hn is "after", too
                x, h_0, *weights = drawn(draw, 8, 4, 3, 5, 3)
                turned = np.repeat([1.0, sign, 1.0], 5)  # σ(-a) = 1 - σ(a)
                h, _, _ = kind(form, [a * turned for a in weights], b_hn).forward(x, h_0)
                record = np.round(np.concatenate([h_0[None], h]), 4)
                got = returns(student.which_gru(x, record, *weights, b_hn), 2)
                equal([str(part) for part in got], [form, slider])


# Task 4


def conventions(given):
    return given["order"], given["state_first"], given["odd"]


SIZES = (4, 2), (2, 3), (3, 3), (1, 1)  # D, H


@SET.test("weights", 3, "converts the weights of the program on your sheet", practice=False)
def converts(student, given, draw):
    for D, H in SIZES:
        _, _, *weights = drawn(draw, 1, 1, D, H, 4)
        got = returns(student.convert(pack(*weights, conventions(given))), 3)
        for name, array, wanted in zip(("W_xh", "W_hh", "b_h"), got, weights, strict=True):
            close(array, wanted, name)


@SET.test("weights", 2, "converts them back", practice=False)
def converts_back(student, given, draw):
    for D, H in SIZES:
        _, _, *weights = drawn(draw, 1, 1, D, H, 4)
        close(student.convert_back(*weights), pack(*weights, conventions(given)), "W")
