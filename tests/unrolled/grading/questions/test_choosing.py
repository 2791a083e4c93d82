"""Answers on choosing a model, found again from the printed text by another route."""

import numpy as np
import pytest

from unrolled.grading.questions.bank import kinds


def standard_error(kit, q):
    """The spread of the share over all tests, from the binomial distribution."""
    right, n = map(int, kit.numbers(q.text))
    a, k = right / n, np.arange(n + 1)
    steps = np.concatenate([[0], np.log(np.arange(n, 0, -1)) - np.log(np.arange(1, n + 1))])
    p = np.exp(steps.cumsum() + k * np.log(a) + (n - k) * np.log1p(-a))
    return np.sqrt((p * (k / n - a) ** 2).sum())


def layers_for_a_distance(kit, q):
    """Go back tap by tap from the last output, one layer after the other."""
    F, *_, back = map(int, kit.numbers(q.text))
    seen, layers = {0}, 0
    while back not in seen:
        seen = {far + tap * 2**layers for far in seen for tap in range(F)}
        layers += 1
    return layers


def numbers_to_go_on(kit, q):
    """The arrays that are kept, made and counted."""
    t, *conv, H = map(int, kit.numbers(q.text))
    if "convolution" in q.text:
        F, d = conv
        return np.zeros(((F - 1) * d, H)).size
    arrays = {"LSTM": [(H,), (H,)], "GRU": [(H,)], "attention": [(t, H), (t, H)]}
    (shapes,) = (shapes for name, shapes in arrays.items() if f"{name} " in q.text)
    return sum(np.zeros(shape).size for shape in shapes)


def multiplications_of_a_layer(kit, q):
    """Add up the sizes of all products with matrices, each n x m by m x k."""
    H, T, *taps = map(int, kit.numbers(q.text))
    products = {
        "an LSTM": [(1, H, 4 * H)] * 2 * T,
        "a minGRU": [(1, H, 2 * H)] * T,
        "taps": [(T, H, H)] * (taps[0] if taps else 0),
        "attention": [(T, H, H)] * 4 + [(T, H, T), (T, T, H)],
    }
    (name,) = (name for name in products if f"{name}." in q.text)
    return sum(n * m * k for n, m, k in products[name]) / 1e6


SOLVERS = [standard_error, layers_for_a_distance, numbers_to_go_on, multiplications_of_a_layer]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "recurrence-returns/choosing"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
