"""A problem set: what its sheet prints, the tests of its tasks, and the points they give.

A set's `tests.py` makes one `ProblemSet` and hands it functions:

    SET = ProblemSet("Sequences", ["counts", "smoothing"])

    @SET.given
    def given(draw): ...  # what the sheet prints, drawn from the course's key

    @SET.test("counts", 2, "counts the pairs of a short text")
    def pairs(student, given, draw):
        equal(student.pair_counts("abba"), {("a", "b"): 1, ("b", "b"): 1, ("b", "a"): 1})

A test calls the student's functions as methods of `student`, and raises `Wrong` where an answer
is not right. It gives all of its points or none.
"""

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from unrolled.grading.draw import Draw
from unrolled.grading.failures import Failure, Wrong

SETS = Path(__file__).with_name("sets")


@dataclass(frozen=True)
class Test:
    """One test: what it tests in words, how many points it gives, and the function."""

    __test__ = False  # not one of pytest's

    name: str
    task: str
    points: int
    says: str
    run: Callable[[Any, dict, Draw], None]
    practice: bool  # whether it can run on another key than the sheet's


@dataclass(frozen=True)
class Result:
    """What a submission got for a test, and why it did not get all."""

    test: Test
    points: int
    reason: str = ""
    detail: str = ""


class ProblemSet:
    """The tasks of a set with their tests, in the order in which the sheet has them."""

    def __init__(self, title: str, tasks: list[str]):
        """A set without tests: they are added by `test`, as a decorator."""
        self.title, self.tasks = title, tasks
        self.tests: list[Test] = []
        self.draw_given: Callable[[Draw], dict] = lambda draw: {}

    def given(self, function: Callable[[Draw], dict]) -> Callable[[Draw], dict]:
        """Take what draws the sheet's values, which the sheet has in place of `{{name}}`."""
        self.draw_given = function
        return function

    def test(self, task: str, points: int, says: str, practice: bool = True) -> Callable:
        """Take a test of `task`. `practice=False`: it depends on what the sheet was given."""
        if task not in self.tasks:
            raise ValueError(f"task must be one of {', '.join(self.tasks)}, got {task!r}")

        def take(run: Callable) -> Callable:
            self.tests.append(Test(run.__name__, task, points, says, run, practice))
            return run

        return take

    @property
    def points(self) -> dict[str, int]:
        """How many points each task gives."""
        return {
            task: sum(test.points for test in self.tests if test.task == task)
            for task in self.tasks
        }


def load(name: str, folder: Path = SETS) -> ProblemSet:
    """The set of this name, from its `tests.py`.

    Raises
    ------
    ValueError
        No set has this name.
    """
    path = folder / name / "tests.py"
    if not path.exists():
        known = ", ".join(sorted(p.parent.name for p in folder.glob("*/tests.py")))
        raise ValueError(f"name must be one of {known}, got {name!r}")
    spec = importlib.util.spec_from_file_location(f"set_{name.replace('-', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SET


def run(
    test: Test,
    student: Callable[[], AbstractContextManager],
    given: dict,
    draw: Draw,
) -> Result:
    """What a submission gets for this test.

    Parameters
    ----------
    test
        The test.
    student
        Opens the submission anew. Its value has the student's functions as methods.
    given
        What the sheet was given.
    draw
        Where the test's inputs are drawn from, the test's own name still to be added.
    """
    try:
        with student() as functions:
            test.run(functions, given, draw.at(test.name))
    except Wrong as error:
        return Result(test, 0, str(error), error.detail)
    except Failure as error:
        return Result(test, 0, str(error))
    return Result(test, test.points)


def equal(got: Any, wanted: Any, what: str = "the result") -> None:
    """Raise `Wrong` unless `got` is `wanted`: the same kind of thing, with the same content."""
    if isinstance(wanted, ndarray):
        same_shape(got, wanted, what)
        if got.dtype.kind != wanted.dtype.kind or not np.array_equal(got, wanted):
            raise Wrong(f"{what} is not right", difference(got, wanted))
    elif type(got) is not type(wanted):
        kinds = f"{type(wanted).__name__} was expected, got {type(got).__name__}"
        raise Wrong(f"{what} is of another kind: {kinds}")
    elif not same(got, wanted):
        raise Wrong(f"{what} is not right", difference(got, wanted))


def same(got: Any, wanted: Any) -> bool:
    """Whether two values are equal. An array inside of one makes them different."""
    try:
        return bool(got == wanted)
    except ValueError:  # an array has no single answer
        return False


def close(
    got: Any, wanted: Any, what: str = "the result", tolerance: float = 1e-8, dtype: str = ""
) -> None:
    """Raise `Wrong` unless `got` is a number or an array near `wanted`.

    Parameters
    ----------
    got, wanted
        Two numbers, or two arrays of one shape. A number may be an array of no axis.
    what
        What it is, for the sentence that the student reads.
    tolerance
        How far off it may be, as a part of 1 + |wanted|.
    dtype
        The dtype that the array must have, where it matters.
    """
    wanted = np.asarray(wanted)
    if wanted.ndim == 0 and type(got) in (int, float):
        got = np.asarray(got)
    same_shape(got, wanted, what)
    if got.dtype.kind not in "fiub":  # a whole number of hundreds of digits is an object
        raise Wrong(f"{what} is not right", difference(got, wanted))
    if dtype and got.dtype != dtype:
        raise Wrong(f"{what} must be {dtype}, and is {got.dtype}")
    if got.dtype.kind == "f" and np.isnan(got).any():
        raise Wrong(f"{what} has entries that are not numbers (nan)")
    with np.errstate(invalid="ignore"):
        near = np.abs(got - wanted) <= tolerance * (1 + np.abs(wanted))
    if not ((got == wanted) | (near & np.isfinite(wanted))).all():
        raise Wrong(f"{what} is not right", difference(got, wanted))


def same_shape(got: Any, wanted: ndarray, what: str) -> None:
    """Raise `Wrong` unless `got` is an array of the shape of `wanted`."""
    if type(got) is not ndarray:
        raise Wrong(f"{what} should be an array, and is {type(got).__name__}")
    if got.shape != wanted.shape:
        shapes = f"expected {wanted.shape}, got {got.shape}"
        raise Wrong(f"{what} has the wrong shape", shapes)


def difference(got: Any, wanted: Any) -> str:
    """What came and what was expected, for practice."""
    return f"expected {wanted!s:.300}, got {got!s:.300}"
