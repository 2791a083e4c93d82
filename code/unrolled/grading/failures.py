"""Why a test gives no points, in words that a student may read."""

import builtins
import re
from typing import Any

from unrolled.grading import wire

ERRORS = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
} | {"LinAlgError", "AxisError"}
KINDS = (  # what is given by mistake, by its name
    *("matrix", "MaskedArray", "set", "frozenset", "complex", "range", "generator", "map", "zip"),
    *("function", "method", "type", "object", "complex128", "float16", "uint64", "bytes", "deque"),
)


class Failure(Exception):
    """A test that gives no points. Its text goes to the student: no input, no reference value."""

    detail = ""  # values, which only practice shows


class Wrong(Failure):
    """An answer that is not the right one. `detail` has values, and is shown in practice only."""

    def __init__(self, reason: str, detail: str = ""):
        """The sentence for the student, and what only practice may add."""
        super().__init__(reason)
        self.detail = detail


class StudentError(Failure):
    """An exception that the submission raised, with its place where it is known."""

    def __init__(self, type_name: str, line: int | None, cell: int | None):
        self.type_name, self.line, self.cell = type_name, line, cell
        where = f", in line {line} of code cell {cell}" if cell else ""
        super().__init__(f"it stopped with {type_name}{where}")


class NotFound(Failure):
    """The submission defines no such name."""

    def __init__(self, name: str):
        super().__init__(f"there is no {name}, or the cell that defines it stopped before")


class TimedOut(Failure):
    """The submission took longer than it may."""

    def __init__(self) -> None:
        super().__init__("it took too long and was stopped")


class Ended(Failure):
    """The submission's process ended without an answer."""

    def __init__(self) -> None:
        super().__init__("its process ended before it had answered")


class BadReply(Failure):
    """What came back is no value that can be read."""

    def __init__(self, why: str = "what came back could not be read"):
        super().__init__(why)


def blame(cells: list[str], type_name: str, cell: int, line: int) -> StudentError:
    """An error in these cells as the submission's side tells it, cut to what can be true.

    Names of types come from a list, for a submission could send what it likes by them.
    """
    name = type_name if type_name in ERRORS else "an exception of its own"
    if not 1 <= cell <= len(cells):
        return StudentError(name, None, None)
    known = 1 <= line <= cells[cell - 1].count("\n") + 1
    return StudentError(name, line if known else 1, cell)


def refused(why: Any) -> str:
    """What was given that cannot be sent, in words that the submission cannot choose."""
    named = re.search(r"\b(?:type|array of) (\w+)", str(why)[:200])
    given = named[1] if named and named[1] in KINDS else "a value"
    kinds = "numbers, texts, lists, tuples, dicts and arrays of " + ", ".join(wire.DTYPES)
    return f"{given} where only {kinds} can be judged"
