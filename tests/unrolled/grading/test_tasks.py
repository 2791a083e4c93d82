from contextlib import nullcontext

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.failures import Failure
from unrolled.grading.tasks import ProblemSet, close, equal, load, run

SMALL = ProblemSet("Small", ["first", "second"])


@SMALL.test("second", 2, "halves")
def halves(student, given, draw):
    x = draw.uniform()
    close(student.half(x), x / 2)


@SMALL.test("first", 3, "doubles")
def doubles(student, given, draw):
    equal(student.double(given["n"]), 2 * given["n"])


class Student:
    double = staticmethod(lambda n: 2 * n)

    @staticmethod
    def half(x):
        raise Failure("half raised ZeroDivisionError")


def results(student):
    return [run(test, lambda: nullcontext(student), {"n": 4}, Draw("k")) for test in SMALL.tests]


def test_points_stand_by_task_in_the_order_of_the_sheet():
    assert SMALL.points == {"first": 3, "second": 2}
    assert list(SMALL.points) == ["first", "second"]


def test_a_test_gives_all_of_its_points_or_none():
    half, double = results(Student())
    assert (half.points, half.reason) == (0, "half raised ZeroDivisionError")
    assert (double.points, double.reason) == (3, "")


def test_a_mistake_in_a_test_is_not_a_students():
    with pytest.raises(AttributeError):
        results(object())


def test_each_test_has_inputs_of_its_own():
    inputs = []

    class Recorder(Student):
        half = staticmethod(lambda x: inputs.append(x) or x / 2)

    for key in "a", "a", "b":
        run(SMALL.tests[0], lambda: nullcontext(Recorder()), {"n": 1}, Draw(key))
    assert inputs[0] == inputs[1] != inputs[2]


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="task must be one of first, second, got 'third'"):
        SMALL.test("third", 1, "")
    with pytest.raises(ValueError, match=r"name must be one of .*sequences.*, got 'nonsense'"):
        load("nonsense")


def test_headings_are_those_of_the_sheet():
    headings = load("backpropagation").headings
    assert headings["index-form"] == "Task 1 · Every loss and every use"
    assert list(headings) == load("backpropagation").tasks
    assert SMALL.headings == {"first": "first", "second": "second"}
