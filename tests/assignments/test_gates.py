"""The program that the sheet of the gates prints: it is the LSTM, in other conventions."""

import numpy as np
import pytest

from unrolled.grading.sheets import given
from unrolled.grading.tasks import load
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
