"""A confinement in use: a process that has NumPy, and forks for each run of a submission."""

import os
import select
import signal
import socket
import subprocess
from contextlib import suppress

from unrolled.grading import wire
from unrolled.grading.confine import Confinement, Limits, Refused

ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",  # so that two runs of a submission agree
    "LC_ALL": "C.UTF-8",
    # where Python's own library lies, for a Python that has been moved
    **{name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
}


class Room:
    """One process, for one submission after the other: what runs in it has no other's traces."""

    def __init__(self, confinement: Confinement, limits: Limits | None = None):
        """Starts it, which takes a tenth of a second; `with` ends it."""
        self.confinement, self.limits = confinement, limits or Limits()
        self.start()

    def start(self) -> None:
        """Starts the process, and waits until it says that it is ready."""
        self.control, theirs = socket.socketpair()
        user = self.confinement.user
        who: dict = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        with theirs:
            command = self.confinement.command(theirs.fileno(), self.limits)
            try:
                self.process = subprocess.Popen(
                    command,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,  # until child.py is ready
                    env=ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,
                    **who,
                )
            except OSError as error:
                self.control.close()
                raise Refused(f"{self.confinement}: {error}") from error
        ready = self.heard(1, 60.0) == b"r"
        if not ready:
            self.process.kill()
        with self.process.stderr as said:
            why = "" if ready else said.read(10_000).decode(errors="replace").strip()
        if not ready:
            self.close()
            raise Refused(f"{self.confinement} does not start: {why.splitlines()[-1:]}")

    def __enter__(self) -> "Room":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def heard(self, n: int, seconds: float) -> bytes:
        """The next n bytes from the process, or fewer, if it has ended or is silent."""
        parts = b""
        while len(parts) < n and select.select([self.control], [], [], seconds)[0]:
            if not (part := self.control.recv(n - len(parts))):
                break
            parts += part
        return parts

    def begin(self) -> tuple[int, int]:
        """A fresh run: the ends of two pipes, to read from and to write to."""
        reading, theirs_to_write = os.pipe()
        theirs_to_read, writing = os.pipe()
        try:
            self.send_pipes(theirs_to_read, theirs_to_write)
        finally:
            os.close(theirs_to_read)
            os.close(theirs_to_write)
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        return reading, writing

    def send_pipes(self, *pipes: int) -> None:
        """Gives the process two pipes; one that has ended, between two runs, starts anew."""
        try:
            socket.send_fds(self.control, [b"b"], pipes)
        except OSError:
            self.close()
            self.start()
            socket.send_fds(self.control, [b"b"], pipes)

    def end(self) -> float:
        """Kills the run, and says how many seconds of work it took."""
        try:
            self.control.send(b"e")
            head = self.heard(wire.LENGTHS.size, 30.0)
            seconds = wire.unpack(head + self.heard(sum(wire.sizes(head)), 30.0))
        except Exception:  # the process itself is gone, as where the machine had no memory left
            self.close()
            self.start()
            return 0.0
        if not self.confinement.filtered:  # processes that the run has started may live on
            self.close()
            self.start()
        return seconds

    def close(self) -> None:
        """Ends the process, and with it whatever runs."""
        self.control.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
