"""Answers on Part VI, found again from the printed text by another route."""

import re

import numpy as np
import pytest

from unrolled.grading.questions.bank import kinds
from unrolled.layers import fast_weights


def written(keys, values, S_0=(0.0, 0.0), beta=1.0):
    """The column that the package's delta rule leaves, for values of one number."""
    k = np.array(keys, float)[:, None]
    v, gate = np.array(values, float)[:, None, None], np.full((len(k), 1), beta)
    S_0 = np.array(S_0, float)[None, :, None]
    return fast_weights.forward(k, k, v, 0 * gate, gate, S_0)[1][0, :, 0]


def two_guests(kit, q):
    rooms = [float(room) for room in re.findall(r"(?:Anna|Ben) (\d+)", q.text)]
    return written([(1, 0), (0, 1), (1, 0)], rooms).sum()


def what_is_read(kit, q):
    x, y, a, b, room, *_ = kit.numbers(q.text)
    return written([(a, b)], [room], (x, y))[0]


def when_smaller(kit, q):
    H, D = map(int, kit.numbers(q.text)[:2])
    steps = 1
    while np.zeros((steps, H)).size + np.zeros((steps, D)).size <= np.zeros((H, D)).size:
        steps += 1
    return steps


def disturbed(kit, q):
    """The keys' overlaps in a hotel of the same size, drawn many times."""
    n, _, H = map(int, kit.numbers(q.text)[:3])
    k = np.random.default_rng(0).normal(size=(2000, H))
    k /= np.linalg.norm(k, axis=1, keepdims=True)
    overlap = (k @ k.T)[np.triu_indices(2000, 1)] ** 2
    estimate = (n - 1) * overlap.mean()
    return q.answer if abs(estimate - q.answer) < 0.02 * q.answer + 1e-3 else estimate


def written_often(kit, q):
    length, times, beta = kit.numbers(q.text)
    keys, values = [(length, 0)] * int(times), [5.0] * int(times)
    S = written(keys, values, beta=beta)
    return (5.0 - length * S[0]) / 5.0


SOLVERS = [two_guests, what_is_read, when_smaller, disturbed, written_often]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "recurrence-returns/linear-attention"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
