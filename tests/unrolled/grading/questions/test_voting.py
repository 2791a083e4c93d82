"""Answers on exponential gates, found again from the printed text by another route."""

import re

import numpy as np
import pytest

from unrolled.grading.questions.bank import kinds
from unrolled.layers import SLSTM


def unit(marks, candidates, forget, m_0):
    """The package's layer with one unit and given blocks: its last note and logarithm of votes."""
    layer = SLSTM(np.zeros((3, 4)), np.zeros((1, 4)), np.array([0.0, 0, 0, 50]))
    layer.W_xh[range(3), range(3)] = 1  # mark, forget gate, candidate
    a_f = 50.0 if forget == 1 else np.log(forget / (1 - forget))
    x = np.array([[m, a_f, 50.0 * g] for m, g in zip(marks, candidates, strict=True)])[:, None]
    start = np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), m_0)
    _, (_, c, m), _ = layer.forward(x, start)
    return c.item(), m.item()


def note_of_two(kit, q):
    marks = re.search(r"marks are ([\d.]+) and ([\d.]+)", q.text).groups()
    return unit([float(m) for m in marks], [1, -1], 1, -50.0)[0]


def share_of_a_newcomer(kit, q):
    m, f, mark = kit.numbers(q.text)
    return unit([mark], [1], f, m)[0]  # from a note of 0


def votes_piled_up(kit, q):
    f, steps, *_ = kit.numbers(q.text)
    return np.exp(unit([0] * int(steps), [0] * int(steps), f, -50.0)[1])


def ball_after_two_swaps(kit, q):
    cups = ["left", "middle", "right"]
    start = int(re.search(r"ball is at place (\d)", q.text).group(1))
    first = re.search(r"First (\w+) and (\w+) are", q.text).groups()
    then = re.search(r"then (\w+) and (\w+)\.", q.text).groups()
    standing = list(cups)
    marked = standing[start - 1]
    for pair in (first, then):
        i, j = (cups.index(name) for name in pair)
        standing[i], standing[j] = standing[j], standing[i]
    return standing.index(marked) + 1


def mirrored(kit, q):
    x, y, a, b, *_ = kit.numbers(q.text)
    k = np.array([[a, b]])
    return (np.array([x, y]) @ (np.eye(2) - 2 * k.T @ k))[0]


SOLVERS = [note_of_two, share_of_a_newcomer, votes_piled_up, ball_after_two_swaps, mirrored]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "recurrence-returns/exponential-gates"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
