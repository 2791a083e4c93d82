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
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.grading.answers import close, each, entries, equal, returns, same_shape
from unrolled.grading.draw import Draw
from unrolled.grading.failures import Failure, Wrong

__all__ = [
    "SETS",
    "Failure",
    "ProblemSet",
    "Result",
    "Test",
    "Wrong",
    "close",
    "each",
    "entries",
    "equal",
    "load",
    "returns",
    "run",
    "same_shape",
]
HEADING = re.compile(r"^## (Task \d+ · .+) \(\d+ points?\)$", re.MULTILINE)
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
        self.headings = {task: task for task in tasks}  # `load` has those of the sheet
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
    sheet = path.with_name("sheet.md")
    headings = HEADING.findall(sheet.read_text(encoding="utf-8")) if sheet.exists() else []
    if len(headings) == len(module.SET.tasks):
        module.SET.headings = dict(zip(module.SET.tasks, headings, strict=True))
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
    except Failure as error:
        return Result(test, 0, str(error), error.detail)
    return Result(test, test.points)
