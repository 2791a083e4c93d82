"""The judge's side of one run of a submission: calls out, values back, a name for each failure."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from unrolled.grading import wire
from unrolled.grading.failures import (
    ERRORS,
    BadReply,
    Ended,
    Failure,
    NotFound,
    TimedOut,
    blame,
    refused,
)
from unrolled.grading.room import Room


@contextmanager
def stopped_at(deadline: float) -> Iterator[None]:
    """Raises `TimedOut` at the deadline in what runs here, where the system can do that."""
    if threading.current_thread() is not threading.main_thread() or os.name != "posix":
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise TimedOut()

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - time.monotonic(), 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Session:
    """A fresh run of a submission, whose functions are called as if they were the session's own.

    `with Session(cells, room) as student: student.forward(x, W)`. Functions among the arguments
    can be called by the submission; they run here. All failures are a `Failure`.
    """

    def __init__(self, cells: list[str], room: Room):
        """The sources of the code cells, and where to run them: a room serves many sessions."""
        self._room, self._cells = room, list(cells)
        self._left = room.limits.wall
        self._numbers: list[Callable] = []
        self._number, self._over = 0, None
        self._reading, self._writing = room.begin()

    def __enter__(self) -> "Session":
        try:
            self._exchange(self._cells, "ran")
        except Failure:
            self.close()
            raise
        except Exception as error:  # cells that are too long to be sent
            self.close()
            raise BadReply() from error
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def close(self) -> None:
        """Ends the run."""
        if self._over is None:
            self._finish(Ended())

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments, **named: self.call(name, *arguments, **named)

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What a function of the submission's returns."""
        self._number += 1
        question = (self._number, name, arguments, named)
        kind, *content = self._exchange(question, "value", "error", "missing", "unsendable")
        if kind == "missing":
            raise NotFound(name)
        try:
            if kind == "error":
                failure = blame(self._cells, *content)
            else:
                [value] = content
        except Exception as error:
            raise self._finish(BadReply()) from error
        if kind == "error":
            raise failure
        if kind == "unsendable":
            raise BadReply(f"{name} gave {refused(value)}")
        return value

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
                    self._send(self._called(number, content, deadline), deadline)
                elif number == self._number and kind in kinds:
                    return [kind, *content]
                # anything else is late, and ignored
        except Failure as failure:
            raise self._finish(failure) from None
        finally:
            self._left -= time.monotonic() - start

    def _called(self, number: int, content: list, deadline: float) -> tuple[str, Any]:
        """The answer to a call of one of our functions: its value, or the type of its error."""
        try:
            [arguments] = content
            with stopped_at(deadline):  # a submission may ask for more than anybody can compute
                return "value", self._numbers[number](*arguments)
        except TimedOut:
            raise
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
            raise BadReply(str(error)) from None
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
        return TimedOut() if self._used >= self._room.limits.cpu - 0.5 else ended

    def _finish(self, failure: Failure) -> Failure:
        """Kills the run; from now on every call fails so."""
        if self._over is None:
            os.close(self._reading)
            os.close(self._writing)
            self._used = self._room.end()
        self._over = failure
        return failure
