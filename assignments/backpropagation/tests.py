"""Problem set 3: the tests of its tasks.

Task 1 is compared with the package's own layer, run one step at a time. Tasks 2, 4 and 5 are
compared with formulas as trees, which are differentiated as they are printed.
"""

import numpy as np

from unrolled.grading.cell_hints import candidate, first_gate, output_reads, slopes
from unrolled.grading.cell_source import backward_source, forward_source
from unrolled.grading.draw import Draw
from unrolled.grading.drawn_cell import DrawnCell
from unrolled.grading.expressions import Applied, Sum, Symbol, Times, nodes, send_back, value
from unrolled.grading.failures import Wrong
from unrolled.grading.tasks import ProblemSet, close, each, entries, returns
from unrolled.layers import RNN

SET = ProblemSet(
    "Backpropagation through time",
    ["index-form", "matrix-form", "check", "cell-forward", "cell-backward"],
)
LARGE = 60, 8, 48, 64  # T, N, D, H: finite differences take minutes
FINE = 1e-9  # closer than differences come; right programs are a hundred times closer still


@SET.given
def given(draw: Draw) -> dict:
    """The course's cell, as the sheet prints it and as it is solved."""
    cell = DrawnCell.draw(draw.at("cell"))
    T, N, D, H = 3, 2, 2, 3
    x, s_0 = (np.sin(np.arange(np.prod(size)).reshape(size)) for size in ((T, N, D), (N, H)))
    P = {
        name: np.sin(10 * k + np.arange(np.prod(size))).reshape(size)
        for k, (name, size) in enumerate(cell.parameters(D, H).items())
    }
    h, _ = cell.forward(x, s_0, P)
    solutions = {"forward": forward_source(cell).strip(), "backward": backward_source(cell).strip()}
    return {
        **solutions,
        **{f"{name}_text": repr(text) for name, text in solutions.items()},  # to be spoiled
        "cell": cell,
        "equations": cell.equations(),
        "functions": functions(cell),
        "output_reads": output_reads(cell),
        "slopes": slopes(cell),
        "candidate": candidate(cell),
        "first_gate": first_gate(cell).name,
        "shapes": shapes(cell),
        "last_output": ",\n".join(f"[{', '.join(f'{v:.6f}' for v in row)}]" for row in h[-1]),
    }


FUNCTIONS = {
    "sigmoid": r"$\sigma(a) = 1/(1+e^{-a})$",
    "tanh": r"$\tanh$ (`np.tanh`)",
    "arctan": r"$\arctan$ (`np.arctan`)",
    "arsinh": r"$\operatorname{arsinh}$ (`np.arcsinh`)",
    "softsign": r"$\operatorname{softsign}(a) = a/(1+|a|)$",
}


def functions(cell: DrawnCell) -> str:
    """The functions that the cell has, and no others."""
    found = {part.activation for _, e in cell.steps for part in nodes(e) if type(part) is Applied}
    *others, last = [text for name, text in FUNCTIONS.items() if name in found]
    return ", ".join(others) + ("," if len(others) > 1 else "") + f" and {last}"


def shapes(cell: DrawnCell) -> str:
    """The lines of a dict: the parameters of each formula in one of them, with their shapes."""
    letters = {(7, 7): "(H, H)", (5, 7): "(D, H)", (7,): "(H,)"}
    lines, before = [], ""
    for name, size in cell.parameters(5, 7).items():
        entry = f'"{name}": {letters[size]},'
        lines += [8 * " " + entry] if name[-1] != before else [f"{lines.pop()} {entry}"]
        before = name[-1]
    return "{\n" + "\n".join(lines) + "\n    }"


# Task 1


def one_sequence(draw: Draw, T: int, H: int) -> tuple:
    """A plain layer, and the arguments of `contributions` on a sequence that it has read."""
    W_xh, W_hh, b_h = draw.uniform(2, H), draw.uniform(H, H), draw.uniform(H)
    W_hh *= min(1.0, np.sqrt(4 / H))  # large networks would magnify rounding
    x, h_0, dh = draw.uniform(T, 1, 2), draw.uniform(1, H), draw.uniform(T, H)
    net = RNN(W_xh, W_hh, b_h)
    h, _, _ = net.forward(x, h_0)
    return net, x, np.concatenate([h_0[None], h])[:, 0], dh


def triangle(net: RNN, x: np.ndarray, h: np.ndarray, dh: np.ndarray) -> np.ndarray:
    """What each loss sends to each use, by the layer's own gradient of one step at a time."""
    T, H = dh.shape
    C = np.zeros((T, T, H, H))
    for t in range(T):
        back = dh[t][None]
        for k in range(t, -1, -1):
            _, _, tape = net.forward(x[k : k + 1], h[k][None])
            grads, _, back = net.backward(tape, np.zeros((1, 1, H)), back)
            C[t, k] = grads.W_hh
    return C


@SET.test(
    "index-form", 2, "every pair of a loss and a use, for sequences of six steps and of thirty"
)
def pairs(student, given, draw):
    for T, H in (6, 3), (6, 4), (30, 50):  # numerically, the last takes too long
        net, x, h, dh = one_sequence(draw, T, H)
        close(student.contributions(h, dh, net.W_hh), triangle(net, x, h, dh))


@SET.test("index-form", 1, "sequences of one step and networks of one unit")
def small_pairs(student, given, draw):
    for T, H in (1, 3), (4, 1), (1, 1):
        net, x, h, dh = one_sequence(draw, T, H)
        close(student.contributions(h, dh, net.W_hh), triangle(net, x, h, dh))


# Task 2

X, OLD, FAR = Symbol("x", step=0), Symbol("h", step=-1), Symbol("h", "far", step=-1)
W_xh, W_hh, W_dh, b_h = (Symbol("W", "xh"), Symbol("W", "hh"), Symbol("W", "dh"), Symbol("b", "h"))
DELAYED = Applied("tanh", Sum((Times(X, W_xh), Times(OLD, W_hh), Times(FAR, W_dh), b_h)))


DELAYED_SIZES = (7, 3, 2, 4, 2), (7, 3, 2, 4, 3), (*LARGE, 5)  # T, N, D, H and the delay


def delayed(draw: Draw, T: int, N: int, D: int, H: int, d: int, dtype: str = "f8") -> tuple:
    """The arguments of `delayed_backward`, and the gradients that it should give."""
    sizes = {W_xh: (D, H), W_hh: (H, H), W_dh: (H, H), b_h: (H,)}
    P = {w: draw.uniform(*size) / np.sqrt(size[0]) for w, size in sizes.items()}
    x, dh = draw.uniform(T, N, D), draw.uniform(T, N, H)
    P, x, dh = {w: P[w].astype(dtype) for w in P}, x.astype(dtype), dh.astype(dtype)
    h = np.zeros((T + 1, N, H), dtype)
    h[0] = draw.uniform(N, H)

    def at(t: int) -> dict:
        return P | {X: x[t], OLD: h[t], FAR: h[t + 1 - d] if t + 1 >= d else 0 * h[0]}

    for t in range(T):
        h[t + 1] = value(DELAYED, at(t))
    back, dx = np.concatenate([0 * dh[:1], dh]), np.zeros_like(x)
    grads = {w: np.zeros_like(P[w]) for w in P}
    for t in reversed(range(T)):
        came: dict = {}
        send_back(DELAYED, back[t + 1], at(t), came)
        dx[t], back[t] = came[X], back[t] + came[OLD]
        if t + 1 >= d:
            back[t + 1 - d] += came[FAR]
        grads = {w: grads[w] + came[w] for w in P}
    wanted = {w.name: grads[w] for w in P} | {"x": dx, "h_0": back[0]}
    return (x, h, dh, P[W_xh], P[W_hh], P[W_dh], d), wanted


def compare(got, wanted: dict, names, tolerance: float, dtype: str = "float64"):
    """Some entries of a dict of gradients. All that are wrong are told."""
    entries(got, names, "the dict of gradients")
    each(
        names,
        lambda name: close(got[name], wanted[name], f"the gradient of {name}", tolerance, dtype),
    )


@SET.test("matrix-form", 2, "the gradients of W_xh, W_hh, W_dh and b_h")
def delayed_weights(student, given, draw):
    for size in DELAYED_SIZES:
        arguments, wanted = delayed(draw, *size)
        got = student.delayed_backward(*arguments)
        compare(got, wanted, ["W_xh", "W_hh", "W_dh", "b_h"], FINE)


@SET.test("matrix-form", 1, "the gradients of the inputs and of the initial state")
def delayed_inputs(student, given, draw):
    for size in DELAYED_SIZES:
        arguments, wanted = delayed(draw, *size)
        compare(student.delayed_backward(*arguments), wanted, ["x", "h_0"], FINE)


@SET.test("matrix-form", 2, "delays longer than the sequence; float32; sixty steps in good time")
def delayed_sizes(student, given, draw):
    for size in (1, 1, 3, 2, 2), (3, 1, 2, 4, 5), (*LARGE, 70), (*LARGE, 4):
        arguments, wanted = delayed(draw, *size)
        compare(student.delayed_backward(*arguments), wanted, wanted, FINE)
    arguments, wanted = delayed(draw, 5, 3, 2, 4, 2, "f4")
    compare(student.delayed_backward(*arguments), wanted, wanted, 1e-4, "float32")


# Task 3


@SET.test("check", 2, "tells right gradients from wrong ones, for arrays of several shapes")
def check(student, given, draw):
    for size in (3,), (2, 3), (2, 1, 2), (1,):
        a, C = draw.uniform(*size), draw.uniform(*size, low=2.0, high=5.0)
        C.flat[1:2] = 0.01  # a place where the gradient is small

        def f(a, C=C):  # bends so much that a difference to one side is off by a millionth
            if type(a) is not np.ndarray or a.shape != C.shape or a.dtype != float:
                raise Wrong("f was called with something else than a float64 array like a")
            return float(np.exp(np.sum(C * a)))

        right = C * f(a)
        compare_measure(student.gradient_check(f, a, right), 0.0, "a right gradient", 1e-7)
        for place in {int(right.argmax()), int(right.argmin())}:
            for change in 0.8, -0.8:
                wrong = right.copy()
                wrong.flat[place] += change * wrong.flat[place]
                largest = max(right.max(), wrong.max())
                ratio = abs(change) * right.flat[place] / largest
                what = "a gradient with one wrong entry"
                compare_measure(student.gradient_check(f, a, wrong), ratio, what, 1e-5)
    flat = student.gradient_check(lambda a: 3.0, np.ones((1, 2)), np.zeros((1, 2)))
    compare_measure(flat, 0.0, "a function that never changes", 1e-8)


def compare_measure(got, wanted: float, of: str, tolerance: float) -> None:
    """The number that says how far a gradient is off."""
    close(got, wanted, f"your number for {of}", tolerance)


# Tasks 4 and 5


def case(cell: DrawnCell, draw: Draw, T: int, N: int, D: int, H: int, dtype: str = "f8") -> tuple:
    """Inputs, an initial state, parameters, and the gradients at the outputs."""
    x, s_0, dh = (draw.uniform(*size).astype(dtype) for size in ((T, N, D), (N, H), (T, N, H)))
    return x, s_0, cell.init(D, H, draw, dtype), dh


def compare_forward(student, cell: DrawnCell, draw: Draw, *size: int, dtype: str = "f8"):
    x, s_0, P, _ = case(cell, draw, *size, dtype)
    tolerance, name = {"f8": (1e-9, "float64"), "f4": (1e-4, "float32")}[dtype]
    h, s = returns(student.forward(x, s_0, P), 2, "what forward returns")
    wanted_h, wanted_s = cell.forward(x, s_0, P)
    close(s, wanted_s, "s", tolerance, name)
    close(h, wanted_h, "h", tolerance, name)


@SET.test("cell-forward", 2, "outputs and states of your cell", practice=False)
def forward(student, given, draw):
    compare_forward(student, given["cell"], draw, 4, 3, 2, 5)
    compare_forward(student, given["cell"], draw, *LARGE)


@SET.test("cell-forward", 1, "one step of one sequence; float32 stays float32", practice=False)
def forward_sizes(student, given, draw):
    compare_forward(student, given["cell"], draw, 1, 1, 3, 2)
    compare_forward(student, given["cell"], draw, 3, 2, 2, 3, dtype="f4")


def compare_gradients(
    student, cell: DrawnCell, draw: Draw, size: tuple, letters: str, dtype: str = "f8"
):
    """The gradients of what begins with one of the letters."""
    x, s_0, P, dh = case(cell, draw, *size, dtype)
    _, s = cell.forward(x, s_0, P)
    grads, dx, ds_0 = returns(student.backward(x, s, P, dh), 3, "what backward returns")
    wanted, wanted_dx, wanted_ds_0 = cell.backward(x, s, P, dh)
    got = entries(grads, (), "grads") | {"x": dx, "s_0": ds_0}
    wanted |= {"x": wanted_dx, "s_0": wanted_ds_0}
    tolerance, name = {"f8": (FINE, "float64"), "f4": (1e-4, "float32")}[dtype]
    compare(got, wanted, [k for k in wanted if k[0] in letters], tolerance, name)


@SET.test(
    "cell-backward",
    2,
    "one step of one sequence; float32 stays float32; sixty steps in good time",
    practice=False,
)
def backward_sizes(student, given, draw):
    compare_gradients(student, given["cell"], draw, (1, 1, 3, 2), "Wbpxs")
    compare_gradients(student, given["cell"], draw, LARGE, "Wbpxs")
    compare_gradients(student, given["cell"], draw, (3, 2, 2, 3), "Wbpxs", "f4")


@SET.test("cell-backward", 3, "the gradients of the matrices", practice=False)
def matrices(student, given, draw):
    for size in (5, 3, 2, 4), LARGE:
        compare_gradients(student, given["cell"], draw, size, "W")


@SET.test("cell-backward", 1, "the gradients of the biases b and the weights p", practice=False)
def vectors(student, given, draw):
    for size in (5, 3, 2, 4), LARGE:
        compare_gradients(student, given["cell"], draw, size, "bp")


@SET.test("cell-backward", 1, "the gradients of the inputs and the initial state", practice=False)
def ends(student, given, draw):
    for size in (5, 3, 2, 4), LARGE:
        compare_gradients(student, given["cell"], draw, size, "xs")
