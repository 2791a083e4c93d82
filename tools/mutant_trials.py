"""Try the tests on mutants, in a copy of the package: what is being worked on is never touched.

One process imports what takes seconds to import (torch, Matplotlib, pytest). For each mutant it
forks, and pytest runs in its child. The child may take so many seconds of the processor, which
makes an endless loop end, however busy the machine is.
"""

import importlib
import os
import resource
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("code/unrolled", "tests/conftest.py", "tests/unrolled", "tools", "book/_ext")
LEFT_OUT = shutil.ignore_patterns("__pycache__")
LONG_AGO = 1_000_000_000  # so that a mutant is always newer than the compiled original
LOOK = 0.02  # seconds between two looks at a child
PATIENCE = 20  # seconds to wait for each that the processor may work
GIB = 2**30


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: whether the tests failed, the processor's seconds, what they said."""

    died: bool
    seconds: float
    said: str


def copy_of_the_tree(folder: Path) -> Path:
    """What the package's tests need, and nothing else of the repository."""
    for name in NEEDED:
        source, there = Path(name), folder / name
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, ignore=LEFT_OUT)
        else:
            shutil.copy(source, there)
    shutil.copy("pyproject.toml", folder)
    for path in folder.rglob("*.py"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


class Trials:
    """Runs tests in a copy of the tree, one process for each run."""

    def __init__(self, folder: Path, warm: list[str], memory: float) -> None:
        self.tree = copy_of_the_tree(folder.resolve() / "tree")
        self.log = folder / "log"
        self.memory = memory
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # those for the notebooks take a second
        sys.dont_write_bytecode = False
        for name in warm:
            importlib.import_module(name)

    def run(self, tests: list[str], seconds: float = 600) -> Outcome:
        """The outcome of some files of tests; they have failed, too, if they took too long."""
        child = os.fork()
        if child == 0:
            self._child(tests, seconds)
        try:
            status, used = _wait(child, PATIENCE * seconds)
        finally:
            _kill(child)
        said = self.log.read_text(errors="replace")
        return Outcome(status != 0, used.ru_utime + used.ru_stime, _gist(said, status))

    def try_mutant(self, path: str, source: str, tests: list[str], seconds: float) -> Outcome:
        """The outcome of the tests while the module at `path` has another source."""
        file = self.tree / "code" / "unrolled" / path
        original = file.read_bytes()
        file.write_text(source, "utf-8")
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # for what the tests start
        try:
            return self.run(tests, seconds)
        finally:
            sys.dont_write_bytecode = False
            del os.environ["PYTHONDONTWRITEBYTECODE"]
            file.write_bytes(original)
            os.utime(file, (LONG_AGO, LONG_AGO))

    def _child(self, tests: list[str], seconds: float) -> None:
        code = 1
        try:
            os.setsid()  # its own group: whatever it starts can be ended with it
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.default_int_handler)
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1,) * 2)
            resource.setrlimit(resource.RLIMIT_AS, (int(self.memory * GIB),) * 2)
            with self.log.open("w") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            os.chdir(self.tree)
            sys.path[:0] = [str(self.tree / "code")]
            os.environ["PYTHONPATH"] = str(self.tree / "code")
            import pytest

            code = int(pytest.main(["-x", "-q", "--tb=line", "-p", "no:cacheprovider", *tests]))
            sys.stdout.flush()
        finally:
            os._exit(code)


def _wait(child: int, patience: float):
    """Its exit status and what it used; it is killed when it takes longer than that."""
    for _ in range(int(patience / LOOK)):  # not by the clock: the machine may be asleep meanwhile
        found, status, used = os.wait4(child, os.WNOHANG)
        if found:
            return status, used
        time.sleep(LOOK)
    os.killpg(child, signal.SIGKILL)
    return os.wait4(child, 0)[1:]


def _kill(child: int) -> None:
    """End whatever is left of the child's group."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _gist(said: str, status: int) -> str:
    """The line that names the failed test, or how the child ended."""
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        return failed[0]
    if os.WIFSIGNALED(status):
        return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return said.strip().rpartition("\n")[2]
