"""Where submissions run: in namespaces of their own (bwrap), behind Landlock, or nowhere.

Whichever it is, no submission can read files but Python's and NumPy's, write any, reach a network,
start a process, signal one, or live on. `choose` in probe.py tries each before it is trusted.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from unrolled.grading import restrict, wire

HERE = Path(__file__).parent
FILES = [HERE / name for name in ("child.py", "restrict.py", "wire.py")]
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/alternatives")
SOMEONE = 61987  # an ordinary user without a name or a file, for judges that run as root
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",  # so that two runs of a submission agree
    "LC_ALL": "C.UTF-8",
}


class Refused(RuntimeError):
    """Nothing on this machine confines a submission, or not as it should."""


@dataclass(frozen=True)
class Limits:
    """What one run of a submission may use."""

    cpu: int = 10  # seconds of work
    wall: float = 20.0  # seconds by the clock, from the first cell to the last answer
    memory: int = 2 * 2**30  # bytes of addresses
    threads: int = 32
    files: int = 32  # open at once

    def named(self) -> dict[str, int]:
        """By the names that the system has for them."""
        limits = {"CPU": self.cpu, "AS": self.memory, "NPROC": self.threads}
        return {**limits, "NOFILE": self.files, "FSIZE": 0}


@dataclass(frozen=True)
class Confinement:
    """One way to run submissions: "bwrap", "landlock" or "none", and the user who runs them."""

    kind: str
    user: int | None = None  # None: who runs the judge

    def __str__(self) -> str:
        names = {"bwrap": "bubblewrap", "landlock": f"Landlock {restrict.landlock_version()}"}
        calls = "filtered" if restrict.filterable() else "not filtered"
        user = os.getuid() if self.user is None else self.user
        return f"{names.get(self.kind, 'no confinement')}, system calls {calls}, user {user}"

    @cached_property
    def python(self) -> Path:
        """The interpreter: that of this process, without its environment."""
        return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()

    @cached_property
    def packages(self) -> list[Path]:
        """NumPy's folders."""
        folder = Path(np.__file__).parents[1]
        return [path for name in ("numpy", "numpy.libs") if (path := folder / name).exists()]

    def command(self, control: int, limits: Limits) -> list[str]:
        """The program that runs child.py, which finds the judge at the socket `control`."""
        readable = [str(path) for path in self.readable()] if self.kind == "landlock" else None
        settings = {
            "here": str(HERE),
            "packages": str(self.packages[0].parent),
            "control": control,
            "readable": readable,
            "limits": limits.named(),
            "filter": restrict.filterable(),
        }
        flags = ["-s", "-S", "-P", "-B", "-X", "utf8"]
        child = [str(self.python), *flags, str(HERE / "child.py"), repr(settings)]
        return [*self.bwrap(), *child] if self.kind == "bwrap" else child

    def bwrap(self) -> list[str]:
        """Namespaces of their own, in which nothing can be written."""
        program = shutil.which("bwrap") or "bwrap"
        words = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
        if b"--disable-userns" in subprocess.run([program, "--help"], capture_output=True).stdout:
            words.append("--disable-userns")
        words += ["--cap-drop", "ALL", "--dev-bind", "/dev/null", "/dev/null"]
        for path in (*SYSTEM, self.prefix, self.python):
            words += ["--ro-bind-try", str(path), str(path)]
        for folder in self.prefix.glob("lib/python3*/*-packages"):
            words += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
        for path in (*self.packages, *FILES):
            words += ["--ro-bind", str(path), str(path)]
        return [*words, "--remount-ro", "/", "--chdir", "/"]

    @cached_property
    def prefix(self) -> Path:
        """Where Python's own library lies."""
        return Path(sys.base_prefix).resolve()

    def readable(self) -> list[Path]:
        """What a submission can read behind Landlock."""
        library = Path(os.__file__).resolve().parent
        parts = [path for path in library.iterdir() if not path.name.endswith("-packages")]
        shared = self.prefix.glob("lib/*.so*")
        paths = [*map(Path, SYSTEM), *parts, *shared, *self.packages]
        return [path for path in paths if path.exists()]

    def reachable(self) -> bool:
        """Whether every user can read what the child needs."""
        needed = [self.python, Path(os.__file__), *self.packages, *FILES]
        folders = {folder for path in needed for folder in path.resolve().parents}
        return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)


class Room:
    """A confinement in use: a process that has NumPy, and forks for each run of a submission."""

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
                    stderr=subprocess.DEVNULL,
                    env=ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,
                    **who,
                )
            except OSError as error:
                self.control.close()
                raise Refused(f"{self.confinement}: {error}") from error
        if self.heard(1, 60.0) != b"r":
            self.close()
            raise Refused(f"{self.confinement}: it does not start")

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
            socket.send_fds(self.control, [b"b"], [theirs_to_read, theirs_to_write])
        finally:
            os.close(theirs_to_read)
            os.close(theirs_to_write)
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        return reading, writing

    def end(self) -> tuple[int, float]:
        """Kills the run: the signal that ended it, and the seconds of work it took."""
        try:
            self.control.send(b"e")
            head = self.heard(wire.LENGTHS.size, 30.0)
            return wire.unpack(head + self.heard(sum(wire.sizes(head)), 30.0))
        except Exception:  # the process itself is gone, as where the machine had no memory left
            self.close()
            self.start()
            return signal.SIGKILL, 0.0

    def close(self) -> None:
        """Ends the process, and with it whatever runs."""
        self.control.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
