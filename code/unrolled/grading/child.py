"""Runs a submission inside the confinement, and answers calls: with values, never with a verdict.

Started as a file of its own: `python child.py SETTINGS`, next to wire.py and restrict.py. It takes
its confinement on, imports NumPy, and then, whenever the judge asks, forks: the fork has two pipes,
its limits and nothing else, and runs the submission.
"""

import __future__

import ast
import gc
import importlib
import os
import re
import signal
import sys

# What submissions import is loaded once, before the forks: NumPy's generators take 20 ms
LOADED = "numpy.random collections copy dataclasses functools heapq itertools math random typing"
MAGIC = re.compile(r"^[ \t]*(\w[\w, ]*=[ \t]*)?[%!].*$|^.*\?[ \t]*$", re.MULTILINE)


def parsed(source: str) -> ast.Module:
    """The statements of a cell, without the lines that only IPython understands."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(MAGIC.sub("", source))  # of the same number of lines


def place(error: BaseException) -> tuple[int, int]:
    """Cell and line, from 1, where an error came from: the innermost line of the submission's."""
    if isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell "):
        return int(error.filename[6:-1]), error.lineno or 0
    found, frame = (0, 0), error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name.startswith("<cell "):
            found = int(name[6:-1]), frame.tb_lineno
        frame = frame.tb_next
    return found


def blame(error: BaseException) -> tuple:
    """What the judge is told of an error."""
    return type(error).__name__, *place(error)


def run_cells(cells: list[str], namespace: dict) -> list[tuple]:
    """Runs cells statement by statement; what fails is left out, and what follows runs."""
    errors, future = [], 0
    for k, source in enumerate(cells, start=1):
        try:
            statements = parsed(source).body
        except BaseException as error:
            errors.append((type(error).__name__, k, getattr(error, "lineno", 0) or 0))
            continue
        for statement in statements:
            try:
                code = compile(ast.Module([statement], []), f"<cell {k}>", "exec", future, True)
                future |= code.co_flags & __future__.annotations.compiler_flag
                exec(code, namespace)
            except BaseException as error:
                errors.append(blame(error))
    return errors


class Line:
    """The two pipes to the judge."""

    def __init__(self, wire, reading: int, writing: int):
        """Of wire.py and two pipes."""
        self.wire, self.reading, self.writing = wire, reading, writing

    def take(self, n: int) -> bytes:
        """The next n bytes."""
        parts = []
        while n:
            part = os.read(self.reading, min(n, 2**20))
            if not part:
                os._exit(0)  # the judge has gone
            parts.append(part)
            n -= len(part)
        return b"".join(parts)

    def hear(self):
        """The judge's next message. Functions in it call back."""
        head = self.take(self.wire.LENGTHS.size)
        return self.wire.unpack(head + self.take(sum(self.wire.sizes(head))), self.function)

    def say(self, *message) -> None:
        """Sends a message."""
        rest = memoryview(self.wire.pack(message))
        while rest:
            rest = rest[os.write(self.writing, rest) :]

    def function(self, number: int):
        """A function of the judge's, as the submission sees it."""

        def call(*arguments):
            self.say("callback", number, arguments)
            kind, value = self.hear()
            if kind == "value":
                return value
            raise getattr(__builtins__, value, ValueError)("the function that was called failed")

        return call


def answer(namespace: dict, name: str, arguments: tuple, named: dict) -> tuple:
    """The answer to one question of the judge's."""
    if name not in namespace:
        return ("missing",)
    try:
        return "value", namespace[name](*arguments, **named)
    except BaseException as error:
        return "error", *blame(error)


def serve(line: Line) -> None:
    """Hears cells and runs them; then answers questions until the judge hangs up."""
    namespace = {"__name__": "__main__", "__builtins__": __builtins__}
    run_cells(line.hear(), namespace)
    line.say("ran", 0)
    while True:
        number, *question = line.hear()
        kind, *content = answer(namespace, *question)
        try:
            line.say(kind, number, *content)
        except line.wire.WireError as error:
            line.say("unsendable", number, str(error))


def fence(restrict, settings: dict, parent: int) -> None:
    """The limits of one run of a submission."""
    if sys.platform == "linux":
        restrict.die_with_parent(parent)
        restrict.renounce()
    restrict.limit(settings["limits"])
    if settings["filter"]:
        restrict.filter_calls()


def attend(control, wire, restrict, settings: dict) -> None:
    """Forks for each pair of pipes that the judge sends; kills the fork when told to."""
    import socket

    while True:
        message, pipes, *_ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        parent = os.getpid()
        if (child := os.fork()) == 0:
            control.close()
            fence(restrict, settings, parent)
            for name in ("random", "numpy.random"):
                sys.modules[name].seed(0)  # so that two runs agree
            serve(Line(wire, *pipes))
        for pipe in pipes:
            os.close(pipe)
        control.recv(1)
        os.kill(child, signal.SIGKILL)
        _, _, used = os.wait4(child, 0)
        control.send(wire.pack(used.ru_utime + used.ru_stime))


def main(settings: dict) -> None:
    """Takes on the confinement, then attends to the judge."""
    sys.path += [settings["packages"], settings["here"]]
    import socket

    restrict = importlib.import_module("restrict")
    wire = importlib.import_module("wire")  # and with it NumPy
    for name in LOADED.split():
        importlib.import_module(name)
    sys.path.remove(settings["here"])
    sys.argv = [""]
    if settings["readable"] is not None:
        restrict.renounce()
        restrict.landlock(settings["readable"])
    os.dup2(1, 2)  # what went wrong until here, the judge could read
    gc.freeze()  # what is here already need not be looked through, and so copied, in each fork
    control = socket.socket(fileno=settings["control"])
    control.send(b"r")
    attend(control, wire, restrict, settings)


if __name__ == "__main__":
    main(ast.literal_eval(sys.argv[1]))
