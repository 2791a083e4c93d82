"""Answers of odd kinds get no points, and no test breaks: what it raises is `Wrong`."""

from contextlib import nullcontext

import numpy as np
import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.practice import Functions
from unrolled.grading.sheets import cells, given
from unrolled.grading.tasks import SETS, load, run

NAMES = sorted(path.parent.name for path in SETS.glob("*/tests.py"))
ODD = [
    None,
    10**400,
    float("nan"),
    "text",
    [np.zeros(2), None],
    {"key": np.zeros((2, 3))},
    np.zeros((2, 3), bool),
    np.full((1, 1), np.nan),
    np.zeros(0),
]


class Odd(Functions):
    """A right submission, but that each result, or the part of it at `place`, is `odd`."""

    def __init__(self, namespace, odd, place):
        super().__init__(namespace)
        self.odd, self.place = odd, place

    def call(self, name, args, kwargs):
        right = super().call(name, args, kwargs)
        if self.place is None or not isinstance(right, tuple | list | dict) or not right:
            return self.odd
        if isinstance(right, dict):
            key = list(right)[self.place % len(right)]
            return right | {key: self.odd}
        place = self.place % len(right)
        return type(right)([*right[:place], self.odd, *right[place + 1 :]])


@pytest.mark.parametrize("name", NAMES)
def test_odd_answers_get_no_points(name):
    problem_set = load(name)
    printed = given(problem_set, name, "k")
    namespace = {"__name__": "student"}
    for kind, source in cells(name, printed, solution=True):
        if kind == "code" and "practice(" not in source:
            exec(source, namespace)
    for test in problem_set.tests:
        for odd in ODD:
            for place in None, 0, -1:
                student = Odd(namespace, odd, place)
                draw = Draw("k", name, "test", "one")
                result = run(test, lambda student=student: nullcontext(student), printed, draw)
                if place is None:
                    assert result.points == 0, f"{test.name} takes {odd!r}"
