import numpy as np
import pytest

from unrolled.grading import practice as module
from unrolled.grading.failures import BadReply
from unrolled.grading.practice import Functions, Practice
from unrolled.grading.tasks import ProblemSet, Wrong, close, equal

SMALL = ProblemSet("Small", ["ends", "middle"])


@SMALL.test("ends", 2, "doubles a number")
def doubles(student, given, draw):
    close(student.double(3.0), 6.0)


@SMALL.test("ends", 1, "leaves its list alone")
def untouched(student, given, draw):
    values = [1, 2]
    student.spoil(values)
    equal(values, [1, 2])


@SMALL.test("ends", 4, "knows the drawn constant", practice=False)
def constant(student, given, draw):
    raise AssertionError("needs the sheet's key")


@SMALL.test("middle", 1, "is of another task")
def other(student, given, draw):
    raise AssertionError("not asked for")


def double(x):
    return 5.0


def spoil(values):
    values.clear()


def test_practice_says_what_came(monkeypatch, capsys):
    monkeypatch.setattr(module, "load", lambda name: SMALL)
    Practice("small")("ends")
    assert capsys.readouterr().out.splitlines() == [
        "ends",
        "  0/2  doubles a number: the result is not right (expected 6.0, got 5.0)",
        "  1/1  leaves its list alone",
        "    ?  knows the drawn constant: tested after you hand in, it depends on your sheet",
    ]
    with pytest.raises(ValueError, match="task must be one of ends, middle, got 'end'"):
        Practice("small")("end")


def test_an_exception_is_told_with_its_line():
    def fails():
        raise KeyError("p_o")

    with pytest.raises(Wrong, match=r"fails raised KeyError \(line \d+ of its cell\)") as error:
        Functions({"fails": fails}).fails()
    assert error.value.detail == "'p_o'"
    with pytest.raises(Exception, match=r"no function is called missing \(has its cell run"):
        Functions({"missing": 3}).missing()


def test_values_cross_as_they_do_to_the_judge():
    """Numbers of NumPy's arrive as Python's; what the judge cannot read, practice refuses."""
    functions = Functions(
        {
            "mean": lambda x: x.mean(),
            "letters": set,
            "doubled": lambda f, x: f(x) * 2,
        }
    )
    assert type(functions.mean(np.ones(3))) is float
    assert functions.doubled(lambda x: x + 1, np.float64(2)) == 6.0
    with pytest.raises(BadReply, match="letters gave set where only numbers, texts, lists"):
        functions.letters("ab")
