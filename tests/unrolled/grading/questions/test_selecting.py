"""Answers on selective recurrences, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.grading.questions.bank import kinds
from unrolled.layers import S6, scan


def left_by_the_clock(kit, q):
    """Step by step, with the package's scan."""
    blanks, small = re.search(r"(\d+) blanks, each .*?= ([\d.]+)\$", q.text).groups()
    letters, large = re.search(r"(\d+) letters, each .*?= ([\d.]+)\$", q.text).groups()
    steps = np.array([float(small)] * int(blanks) + [float(large)] * int(letters))
    s, _ = scan.forward(0 * steps, np.exp(-steps), 1.0)
    return s[-1]


def step_as_a_gate(kit, q):
    """One step of the layer, from a state of one, with nothing written."""
    A = float(re.search(r"A = (-\d)", q.text)[1])
    a = float(re.search(r"a = (-?[\d.]+)\$", q.text)[1])
    b = np.array([0.0, a, 0, 1])
    layer = S6(np.zeros((1, 4)), b, np.log(np.array([[-A]])), np.zeros(1))
    return layer.forward(np.zeros((1, 1, 1)), np.ones((1, 1, 1)))[0].item()


def recorded_number(kit, q):
    """The letters as digits of a binary number."""
    worth = float(re.search(r"(\d+) for \*a\*", q.text)[1])
    letters = re.findall(r"\b[ab]\b", q.text.split("after")[1])
    return worth * sum((x == "a") / 2 ** (k + 1) for k, x in enumerate(reversed(letters)))


def cache_is_larger(kit, q):
    H, S, D = (int(n) for n in re.findall(r"(\d+) (?:units|numbers)", q.text))
    steps = 1
    while 2 * np.zeros((steps, D)).size <= np.zeros((H, S)).size:
        steps += 1
    return steps


def sortable(told):
    """Can sums of one number for each place and symbol tell it, on all tapes of six places?"""
    rng = np.random.default_rng(0)
    tapes = np.zeros((400, 6), dtype=int)
    for tape in tapes:
        tape[np.sort(rng.permutation(6)[:3])] = rng.integers(1, 3, 3)
    if "same places" in told:
        tapes[:, [0, 2, 4]], tapes[:, [1, 3, 5]] = rng.integers(1, 3, (400, 3)), 0
    if "How many" in told:
        y = (tapes == 1).sum(1) - 1.5
    elif "fourth" in told or "very last" in told:
        y = 2.0 * (tapes[:, 3 if "fourth" in told else 5] == 1) - 1
    else:
        y = np.array([3 - 2 * tape[tape > 0][1] for tape in tapes])
    rows = torch.nn.functional.one_hot(torch.tensor(tapes), 3).flatten(1).double().numpy()
    weights = np.linalg.lstsq(rows, y, rcond=None)[0]
    return ((rows @ weights > 0) == (y > 0)).all()


def beyond_a_filter(kit, q):
    (told,) = (choice for choice in q.choices if not sortable(choice))
    return told


SOLVERS = [left_by_the_clock, step_as_a_gate, recorded_number, cache_is_larger, beyond_a_filter]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "recurrence-returns/selective"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
