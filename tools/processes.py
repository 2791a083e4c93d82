"""What several tools need: run a program, and take turns with the other tools."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

LOCK = Path(".lock")
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def run(command: list, hear: Callable[[str], object] | None = None) -> int:
    """The exit status of a program; `hear` gets its output line by line, in place of the terminal.

    In a session of its own, the program does not notice Ctrl-C before we do. Then it is stopped,
    and what it has to say about that is kept from the reader, who knows what was pressed.
    """
    pipes = {"stdout": subprocess.PIPE if hear else None, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, start_new_session=True) as process:
        stopped = threading.Event()
        errors = threading.Thread(target=_pass_on, args=(process, stopped), daemon=True)
        errors.start()
        try:
            for line in process.stdout or ():
                hear(line)
            errors.join()
            return process.wait()
        except KeyboardInterrupt:
            stopped.set()
            _stop(process)
            raise


def _pass_on(process: subprocess.Popen, stopped: threading.Event) -> None:
    for line in process.stderr:
        if not stopped.is_set():
            print(TERMINAL_COLOURS.sub("", line), end="", file=sys.stderr, flush=True)


def _stop(process: subprocess.Popen) -> None:
    """A request first, so that it clears up behind itself; force when it takes too long."""
    for number in (signal.SIGINT, signal.SIGKILL):
        os.killpg(process.pid, number)
        try:
            process.wait(timeout=5)
            return
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def turn(shared: bool = False) -> Iterator[None]:
    """One process at a time writes to _build and .venv, or several (`shared`) read there.

    Whoever comes second says whom it waits for. The system gives the lock back when its process
    ends, however that comes about; the file stays, and means nothing by itself.
    """
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for {LOCK.read_text() or 'another process'}", flush=True)
            fcntl.flock(file, how)
        file.truncate(0)
        file.write(f"{_who()} (process {os.getpid()}, since {datetime.now():%H:%M:%S})")
        file.flush()
        yield


def _who() -> str:
    """The command that the reader gave."""
    goals = os.environ.get("MAKECMDGOALS")
    return f"`make {goals}`" if goals else f"`{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}`"
