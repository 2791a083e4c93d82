"""The tests of a problem set in the student's own notebook, on a key that everybody knows.

The judge runs the same tests on the course's key and on other numbers, out of reach. Here they
run in the notebook itself, with NumPy alone, and say what came and what was expected.
"""

import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from unrolled.grading.draw import Draw
from unrolled.grading.failures import BadReply, Failure, Wrong, refused
from unrolled.grading.tasks import load, run
from unrolled.grading.wire import WireError, pack, unpack

KEY = "practice"


class Functions:
    """The functions of a notebook, called as the judge calls them: on copies, values only."""

    def __init__(self, namespace: dict[str, Any]):
        """The names of a notebook and what they stand for."""
        self.namespace = namespace

    def __getattr__(self, name: str) -> Any:
        """The function of this name."""
        if not callable(self.namespace.get(name)):
            raise Failure(f"no function is called {name} (has its cell run?)")
        return lambda *args, **kwargs: self.call(name, args, kwargs)

    def call(self, name: str, args: tuple, kwargs: dict) -> Any:
        """What the function gives for copies of these arguments."""
        args, kwargs = across(args), across(kwargs)
        try:
            given = self.namespace[name](*args, **kwargs)
        except Failure:
            raise
        except Exception as error:
            line = traceback.extract_tb(error.__traceback__)[-1].lineno
            reason = f"{name} raised {type(error).__name__} (line {line} of its cell)"
            raise Wrong(reason, str(error)) from error
        try:
            return across(given, functions=False)
        except WireError as error:
            raise BadReply(f"{name} gave {refused(error)}") from error


def across(value: Any, functions: bool = True) -> Any:
    """The value as it comes out of the judge's wire: a copy, with NumPy's numbers as Python's."""
    sent: list[Callable] = []

    def number(function: Callable) -> int:
        sent.append(function)
        return len(sent) - 1

    def called(index: int) -> Callable:
        return lambda *args: across(sent[index](*across(args)))

    return unpack(pack(value, number if functions else None), called)


class Practice:
    """Called with a task's name, tests what the notebook has for it, and prints how it did."""

    def __init__(self, name: str):
        """The set of this name."""
        self.name, self.set = name, load(name)
        self.given = self.set.draw_given(Draw(KEY, name, "sheet"))

    def __call__(self, task: str) -> None:
        """Test what the calling notebook has for this task."""
        self.on(task, sys._getframe(1).f_globals)

    def on(self, task: str, namespace: dict[str, Any]) -> None:
        """Print a line for each test of the task, run on the functions of a notebook."""
        if task not in self.set.tasks:
            raise ValueError(f"task must be one of {', '.join(self.set.tasks)}, got {task!r}")
        print(self.set.headings[task])
        functions = Functions(namespace)
        for test in self.set.tests:
            if test.task != task:
                continue
            if not test.practice:
                print(f"    ?  {test.says}: tested after you hand in, it depends on your sheet")
                continue
            result = run(test, lambda: nullcontext(functions), self.given, Draw(KEY, self.name))
            why = f": {result.reason}" if result.reason else ""
            detail = f" ({result.detail})" if result.detail else ""
            print(f"{result.points:>3}/{test.points}  {test.says}{why}{detail}")
