"""The judge's side of one run of a submission: calls out, values back, a name for each failure."""

import builtins
import os
import re
import select
import time
from collections.abc import Callable
from typing import Any

from unrolled.grading import wire
from unrolled.grading.confine import Confinement, Limits, Room

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
    """Why a submission gave no answer, in a sentence for whoever wrote it."""


class StudentError(Failure):
    """An exception that the submission raised, with its place where it is known."""

    def __init__(self, type_name: str, line: int | None, cell: int | None):
        self.type_name, self.line, self.cell = type_name, line, cell
        where = f", in line {line} of code cell {cell}" if cell else ""
        super().__init__(f"It stopped with {type_name}{where}.")


class NotFound(Failure):
    """The submission defines no such name."""

    def __init__(self, name: str):
        self.name = name
        super().__init__(f"There is no {name}, or the cell that defines it stopped before.")


class TimedOut(Failure):
    """The submission took longer than it may."""

    def __init__(self) -> None:
        super().__init__("It took too long and was stopped.")


class Ended(Failure):
    """The submission's process ended without an answer."""

    def __init__(self) -> None:
        super().__init__("Its process ended before it had answered.")


class BadReply(Failure):
    """What came back is no value that can be read."""

    def __init__(self, why: str = "What came back could not be read"):
        super().__init__(f"{why}.")


class Session:
    """A fresh run of a submission, whose functions are called as if they were the session's own.

    `with Session(cells, confinement) as student: student.forward(x, W)`. Functions among the
    arguments can be called by the submission; they run here. All failures are a `Failure`.
    """

    def __init__(
        self, cells: list[str], confinement: Confinement | Room, limits: Limits | None = None
    ):
        """The sources of the code cells, and where to run them: a `Room` serves many sessions."""
        own = isinstance(confinement, Confinement)
        self._room = Room(confinement, limits) if own else confinement
        self._own, self._cells = own, list(cells)
        self._left = self._room.limits.wall
        self._numbers: list[Callable] = []
        self._number, self._over = 0, None
        self._reading, self._writing = self._room.begin()

    def __enter__(self) -> "Session":
        try:
            _, errors, names = self._exchange(self._cells, "ran")
            self.errors = [self._blame(*error) for error in errors]
            self._names = [str(name) for name in names]
        except Failure:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise BadReply() from error
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Ends the run."""
        if self._over is None:
            self._finish(Ended())
        if self._own:
            self._room.close()

    def names(self) -> list[str]:
        """What the submission defines."""
        return self._names

    def value(self, name: str) -> Any:
        """A value that the submission defines."""
        return self._ask("value", name, (), {})

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What a function of the submission's returns."""
        return self._ask("call", name, arguments, named)

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments, **named: self.call(name, *arguments, **named)

    def _ask(self, what: str, name: str, arguments: tuple, named: dict) -> Any:
        """Sends a question and makes of the answer a value or a failure."""
        self._number += 1
        question = (self._number, what, name, arguments, named)
        kind, *content = self._exchange(question, "value", "error", "missing", "unsendable")
        if kind == "missing":
            raise NotFound(name)
        try:
            [content] = [content] if kind == "error" else content
            failure = self._blame(*content) if kind == "error" else None
        except Exception as error:
            raise self._finish(BadReply()) from error
        if kind == "unsendable":
            raise BadReply(f"{name} gave {self._refused(content)}")
        if failure:
            raise failure
        return content

    def _exchange(self, message: Any, *kinds: str) -> list:
        """Sends a message, serves calls back, and returns the answer: its kind and content."""
        if self._over is not None:
            raise self._over
        start = time.monotonic()
        deadline = start + self._left
        try:
            self._send(message, deadline)
            while True:
                kind, number, *content = self._receive(deadline)
                if kind == "callback":
                    self._send(self._called(number, *content), deadline)
                elif number == self._number and kind in kinds:
                    return [kind, *content]
                # anything else is late, and ignored
        except Failure as failure:
            raise self._finish(failure) from None
        finally:
            self._left -= time.monotonic() - start

    def _called(self, number: int, arguments: tuple) -> tuple[str, Any]:
        """The answer to a call of one of our functions: its value, or the type of its error."""
        try:
            return "value", self._numbers[number](*arguments)
        except Exception as error:
            name = type(error).__name__
            return "raise", name if name in ERRORS else "ValueError"

    def _send(self, message: Any, deadline: float) -> None:
        """Writes a message."""
        rest = memoryview(wire.pack(message, self._function_number))
        while rest:
            self._wait([], [self._writing], deadline)
            try:
                rest = rest[os.write(self._writing, rest[: 2**16]) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._ending() from None

    def _receive(self, deadline: float) -> tuple:
        """Reads a message; whatever is wrong with it is the submission's failure."""
        try:
            head = self._read(wire.LENGTHS.size, deadline)
            kind, number, *content = wire.unpack(head + self._read(sum(wire.sizes(head)), deadline))
            return (str(kind), int(number), *content)
        except Failure:
            raise
        except wire.WireError as error:
            raise BadReply(str(error).capitalize()) from None
        except Exception as error:
            raise BadReply() from error

    def _read(self, n: int, deadline: float) -> bytes:
        """The next n bytes."""
        parts = bytearray()
        while len(parts) < n:
            self._wait([self._reading], [], deadline)
            try:
                part = os.read(self._reading, min(n - len(parts), 2**20))
            except BlockingIOError:
                continue
            if not part:
                raise self._ending()
            parts += part
        return bytes(parts)

    def _wait(self, reading: list[int], writing: list[int], deadline: float) -> None:
        """Waits until a pipe can be used."""
        left = deadline - time.monotonic()
        if left <= 0 or not any(select.select(reading, writing, [], left)):
            raise TimedOut()

    def _function_number(self, function: Callable) -> int:
        """The number by which the submission calls a function of ours."""
        self._numbers.append(function)
        return len(self._numbers) - 1

    def _ending(self) -> Failure:
        """Why the process has ended."""
        ended = Ended()
        self._finish(ended)
        return TimedOut() if self.used >= self._room.limits.cpu - 0.5 else ended

    def _finish(self, failure: Failure) -> Failure:
        """Kills the run; from now on every call fails so."""
        if self._over is None:
            os.close(self._reading)
            os.close(self._writing)
            self.signal, self.used = self._room.end()
        self._over = failure
        return failure

    @staticmethod
    def _refused(why: Any) -> str:
        """What was given that cannot be sent, in words that the submission cannot choose."""
        given = [kind for kind in KINDS if re.search(rf"\b{kind}\b", str(why)[:200])]
        kinds = "numbers, texts, lists, tuples, dicts and arrays of " + ", ".join(wire.DTYPES)
        return f"{given[0] if given else 'a value'} where only {kinds} can be judged"

    def _blame(self, type_name: str, cell: int, line: int) -> StudentError:
        """An error as the submission's side tells it, cut to what can be true.

        Names of types come from a list, for a submission could send what it likes by them.
        """
        name = type_name if type_name in ERRORS else "an exception of its own"
        if not 1 <= cell <= len(self._cells):
            return StudentError(name, None, None)
        known = 1 <= line <= self._cells[cell - 1].count("\n") + 1
        return StudentError(name, line if known else 1, cell)
