"""The program that the sheet of the gates prints: it is the LSTM, in other conventions."""

import re
from contextlib import nullcontext

import numpy as np
import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.practice import Functions
from unrolled.grading.sheets import cells, given
from unrolled.grading.tasks import load, run
from unrolled.layers import LSTM
from unrolled.layers.lstm import sigmoid

KEYS = [f"key {k}" for k in range(20)]


def conventions(key):
    problem_set = load("gates")
    printed = given(problem_set, "gates", key)
    names = {"np": np, "sigmoid": sigmoid}
    exec(printed["program"], names)
    return problem_set.draw_given.__globals__["pack"], printed, names["theirs"]


@pytest.mark.parametrize("key", KEYS)
def test_the_program_computes_what_the_layer_does(key):
    pack, printed, theirs = conventions(key)
    rng = np.random.default_rng(0)
    T, N, D, H = 5, 3, 4, 2
    layer = LSTM(*(rng.normal(size=shape) for shape in [(D, 4 * H), (H, 4 * H), 4 * H]))
    x, h_0, c_0 = (rng.normal(size=shape) for shape in [(T, N, D), (N, H), (N, H)])
    convention = printed["order"], printed["state_first"], printed["odd"]
    W = pack(layer.W_xh, layer.W_hh, layer.b_h, convention)
    h, _, _ = layer.forward(x, (h_0, c_0))
    np.testing.assert_allclose(theirs(x, h_0, c_0, W), h, rtol=1e-12)
    other = "f" if printed["odd"] == "g" else "g"
    wrong = pack(layer.W_xh, layer.W_hh, layer.b_h, (*convention[:2], other))
    assert not np.allclose(theirs(x, h_0, c_0, wrong), h)


@pytest.mark.parametrize("key", KEYS[:3])
def test_the_note_says_the_number_of_the_first_noun(key):
    _, printed, theirs = conventions(key)
    words = load("gates").draw_given.__globals__["WORDS"]
    W, zero = np.array(eval(printed["note"]), float), np.zeros((1, 2))
    for noun in ("keys", "stairs", "man", "coat"):
        for rest in ("___", "that the man in the coat dropped on the stairs ___"):
            x = np.eye(len(words))[[words.index(word) for word in f"the {noun} {rest}".split()]]
            shown = theirs(x[:, None], zero, zero, W)[-1, 0, 1]
            assert (shown > 0) == (noun in ("keys", "stairs"))


def test_the_programs_differ():
    assert len({given(load("gates"), "gates", key)["program"] for key in KEYS}) == len(KEYS)
    assert {given(load("gates"), "gates", key)["odd"] for key in KEYS} == {"f", "g"}


@pytest.mark.parametrize("key", KEYS)
def test_the_cell_without_its_peephole_is_the_layer_and_with_it_is_not(key):
    names = {"np": np, "sigmoid": sigmoid}
    exec(given(load("gates"), "gates", key)["cell"], names)
    rng = np.random.default_rng(0)
    T, N, D, H = 5, 3, 4, 2
    layer = LSTM(*(rng.normal(size=shape) for shape in [(D, 4 * H), (H, 4 * H), 4 * H]))
    x, h_0, c_0 = (rng.normal(size=shape) for shape in [(T, N, D), (N, H), (N, H)])
    _, _, tape = layer.forward(x, (h_0, c_0))
    for p, same in (np.zeros(H), True), (np.ones(H), False):
        h, c = names["peeping"](x, h_0, c_0, layer.W_xh, layer.W_hh, layer.b_h, p)
        assert np.allclose(h, tape.h[1:], rtol=1e-12) == same
        assert np.allclose(c, tape.c[1:], rtol=1e-12) in (same, True)


def test_peepholes_differ():
    cells = [given(load("gates"), "gates", key)["cell"] for key in KEYS]
    assert len(set(cells)) >= 7  # of ten
    for cell in cells:
        assert ("old" in cell) == ("* old" in cell or "tanh(old)" in cell)  # no name for nothing


SPOILT = """

def spoilt(function):
    def spoils_what_it_is_given(*arguments):
        result = function(*arguments)
        for array in arguments:
            if isinstance(array, np.ndarray):
                array *= -3.0
        return result

    return spoils_what_it_is_given


{name} = spoilt({name})
"""


def printed_by(code, capsys):
    """What the sheet prints in a notebook."""
    names = {"__name__": "__main__", "get_ipython": None}
    for source in code:
        exec(source.replace("practice(", "str("), names)
    return capsys.readouterr().out


def test_the_checks_on_the_sheet_bear_functions_that_change_their_arguments(capsys):
    sheet = cells("gates", given(load("gates"), "gates", "a key"), solution=True)
    code = [source for kind, source in sheet if kind == "code"]
    right = printed_by(code, capsys)
    assert right.count("passes") == 3
    assert right.count("the same states: True") == right.count("and back again:  True") == 2
    differences = [float(line.split()[-1]) for line in right.splitlines() if "greatest" in line]
    assert len(differences) == 7
    assert max(differences) < 1e-8
    assert right.endswith("singular\n")
    for name in "lstm", "lstm_backward", "convert":
        there = f"def {name}("
        spoilt = [one + SPOILT.format(name=name) if there in one else one for one in code]
        assert printed_by(spoilt, capsys) == right


def reason(name, printed=None, **functions):
    """What a student with these functions reads about the test of this name."""
    (test,) = [test for test in load("gates").tests if test.name == name]
    return run(
        test, lambda: nullcontext(Functions(functions)), printed or {}, Draw("k", "gates")
    ).reason


def test_a_missing_gradient_is_named():
    names = "W_xh", "W_hh", "b_h", "x", "h_0", "c_0"
    said = reason("to_weights", lstm_backward=lambda *arguments: dict.fromkeys(names, 0.0))
    assert said == "the result has no entry p"


def test_a_wrong_bias_says_over_which_steps():
    said = reason("bias", keeping_bias=lambda share, steps: np.log(share / (1 - share)))
    assert said == "the bias for a few steps is not right"

    def naive(share, steps):
        gate = share ** (1 / steps)
        return float(np.log(gate / (1 - gate)))

    assert reason("bias", keeping_bias=naive) == "the bias for very many steps is not right"


def test_all_wrong_gradients_are_named():
    def some_right(x, h_0, c_0, W_xh, W_hh, b_h, p, dh, dh_T, dc_T):
        layer = LSTM(W_xh, W_hh, b_h)
        _, _, tape = layer.forward(x, (h_0, c_0))
        grads, dx, (dh_0, dc_0) = layer.backward(tape, dh, (dh_T, dc_T))
        return dict(vars(grads), p=0 * p, x=0 * dx, h_0=dh_0, c_0=dc_0, W_hh=0 * W_hh)

    wrong = "the gradient of W_hh is not right; the gradient of x is not right"
    assert reason("to_weights", lstm_backward=some_right) == wrong
    # with the cell of the book in the place of the sheet's
    cell = given(load("gates"), "gates", KEYS[0])["cell"]
    book = re.sub(r" \+ p \* (np\.tanh\(\w+\)|\w+)", "", cell)
    assert book != cell
    for name in "peephole", "large":
        assert reason(name, {"cell": book}, lstm_backward=some_right) == wrong


def test_the_longer_memory_keeps_the_note_that_the_sheet_says(capsys):
    sheet = cells("gates", given(load("gates"), "gates", "a key"), solution=True)
    code = [source for kind, source in sheet if kind == "code"]
    names = {"__name__": "student", "practice": lambda task: None}
    for source in code:
        exec(source, names)
    names["in_notebook"], changed = True, "weights = convert(note.astype(float))"
    bias = names["keeping_bias"](sigmoid(3.0), 10)
    assert round(bias, 2) == 5.32
    capsys.readouterr()
    for source, note in (
        (code[-1], "0.55"),
        (
            code[-1].replace(changed, f"{changed}; weights[2][2:4] = {bias}"),
            "0.89",
        ),
    ):
        exec(source, names)
        gap = next(line for line in capsys.readouterr().out.splitlines() if "___" in line)
        assert gap.split()[1] == note


@pytest.mark.parametrize("key", KEYS[:10])
def test_right_rows_and_wrong_ones_are_as_far_off_as_the_sheet_says(key, capsys):
    sheet = cells("gates", given(load("gates"), "gates", key), solution=True)
    code = [source for kind, source in sheet if kind == "code"]
    right, flat, no_peephole = [], [], []
    for found, old, new in (
        (right, "", ""),
        (flat, "i * (1 - i)", "i"),
        (no_peephole, "    def loss():", '    inputs["p"][:] = 0\n\n    def loss():'),
    ):
        changed = [source.replace(old, new) if old else source for source in code]
        assert not old or changed != code
        lines = printed_by(changed, capsys).splitlines()
        found += [float(line.split()[-1]) for line in lines if "greatest" in line]
    assert len(right) == len(flat) == len(no_peephole) == 7
    assert max(right + no_peephole) < 1e-7
    assert min(flat) > 1e-3
