"""Formulas as trees: their text against Python's own reading of it, their gradients."""

import numpy as np
import pytest

from unrolled.grading.activations import ACTIVATIONS
from unrolled.grading.expressions import (
    Applied,
    Constant,
    Minus,
    Product,
    Sum,
    Symbol,
    Times,
    nodes,
    operations,
    python,
    send_back,
    value,
    written,
)
from unrolled.layers.gradients import numerical_gradient, relative_error

A, B = Symbol("a", step=0), Symbol("a", step=-1)
W, V, b = Symbol("W", "aa"), Symbol("V", "aa"), Symbol("b", "a")
TREES = {
    r"a_t": A,
    r"a_t + b_a - 1": Sum((A, b, Constant(-1))),
    r"a_t - (a_{t-1} + b_a)": Minus(A, Sum((B, b))),
    r"a_t - (a_{t-1} - 2)": Minus(A, Minus(B, Constant(2))),
    r"(1 - a_t) \odot a_{t-1} \odot b_a": Product((Minus(Constant(1), A), B, b)),
    r"a_t \odot (a_{t-1} W_{aa})": Product((A, Times(B, W))),
    r"(a_t \odot a_{t-1}) W_{aa}": Times(Product((A, B)), W),
    r"(a_t + b_a) W_{aa} V_{aa}": Times(Times(Sum((A, b)), W), V),
    r"a_t \odot \tanh(a_t W_{aa})": Product((A, Applied("tanh", Times(A, W)))),
    r"\operatorname{softsign}(\arctan(a_t) + b_a)": Applied(
        "softsign", Sum((Applied("arctan", A), b))
    ),
    r"\operatorname{arsinh}(\sigma(a_t) - a_{t-1})": Applied(
        "arsinh", Minus(Applied("sigmoid", A), B)
    ),
}
NAMES = {A: "a", B: "old", W: "W", V: "V", b: "b"}


def values(rng):
    sizes = {A: (3, 4), B: (3, 4), W: (4, 4), V: (4, 4), b: (4,)}
    return {symbol: rng.normal(size=size) for symbol, size in sizes.items()}


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize("text", TREES)
def test_latex(text):
    assert written(TREES[text]) == text


@pytest.mark.parametrize("e", TREES.values(), ids=TREES)
def test_python_reads_the_code_as_the_tree_says(e, rng):
    given = values(rng)
    helpers = {f.code: f.value for f in ACTIVATIONS.values()} | {"np": np}
    code = written(e, python(NAMES))
    read = eval(code, helpers | {name: given[symbol] for symbol, name in NAMES.items()})
    assert np.array_equal(read, value(e, given))


@pytest.mark.parametrize("e", TREES.values(), ids=TREES)
def test_gradients_are_those_of_differences(e, rng):
    given, gradients = values(rng), {}
    C = rng.normal(size=value(e, given).shape)
    send_back(e, C, given, gradients)
    assert set(gradients) == {part for part in nodes(e) if isinstance(part, Symbol)}
    for symbol, gradient in gradients.items():
        measured = numerical_gradient(lambda _: float(np.sum(C * value(e, given))), given[symbol])
        assert relative_error(gradient, measured) < 1e-7


def test_what_comes_back_is_added_to_what_is_there(rng):
    given, before = values(rng), rng.normal(size=(3, 4))
    gradients = {A: before}
    kept = before.copy()
    send_back(Sum((A, A)), np.ones((3, 4)), given, gradients)
    assert np.allclose(gradients[A], kept + 2) and np.array_equal(before, kept)


def test_operations():
    assert [operations(e) for e in TREES.values()] == [0, 2, 2, 2, 3, 2, 2, 3, 3, 3, 3]
