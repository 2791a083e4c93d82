"""Answers on linear recurrences, found again from the printed text by another route."""

import numpy as np
import pytest

from unrolled.grading.questions.bank import kinds
from unrolled.layers import LRU


def run(lam, pushes):
    z = [0j]
    for push in pushes:
        z.append(lam * z[-1] + push)
    return z[1:]


def memory_of_a_hand(kit, q):
    r, _, steps = kit.numbers(q.text)
    return abs(run(r * np.exp(1j), [1] + [0] * int(steps))[-1])


def radius_for_a_memory(kit, q):
    share, steps = kit.numbers(q.text)
    r = share ** (1 / steps)
    return 1 / -np.log(r)


def quarter_turns(kit, q):
    r, first, gap, second = kit.numbers(q.text)
    return run(r * 1j, [first] + [0] * (int(gap) - 1) + [second])[-1].real


def scale_of_the_pushes(kit, q):
    layer = LRU.init(1, 1, np.random.default_rng(0))
    layer.nu[:] = kit.numbers(q.text)[0]
    r = abs(layer.eigenvalues[0])
    return 1 / np.sqrt(sum(r ** (2 * k) for k in range(5000)))


def period_from_two_numbers(kit, q):
    a, b = kit.numbers(q.text)
    angles, steps = np.angle(a + 1j * b), 1
    while steps * angles < 2 * np.pi:
        steps += 1
    return steps


SOLVERS = [
    memory_of_a_hand,
    radius_for_a_memory,
    quarter_turns,
    scale_of_the_pushes,
    period_from_two_numbers,
]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter == "recurrence-returns/state-space"}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
