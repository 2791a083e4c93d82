"""Where submissions run: in namespaces of their own (bwrap), behind Landlock, or unconfined.

In the first two no submission can read files but Python's and NumPy's, write any, reach a network,
start a process, signal one, or live on. `choose` in probe.py tries each before it is trusted.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from unrolled.grading import restrict

HERE = Path(__file__).parent
FILES = [HERE / name for name in ("child.py", "restrict.py", "wire.py")]
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/etc/alternatives")
SOMEONE = 61987  # an ordinary user without a name or a file, for judges that run as root


class Refused(RuntimeError):
    """Nothing on this machine confines a submission, or not as it should."""


def parts_of(path: Path) -> list[Path]:
    """A file, or what is in a folder of libraries but Python's: its packages may lie there."""
    if not path.is_dir():
        return [path]
    return [part for part in path.iterdir() if not part.name.startswith("python")]


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
    filtered: bool = restrict.filterable()  # whether system calls are

    def __str__(self) -> str:
        names = {"bwrap": "bubblewrap", "landlock": f"Landlock {restrict.landlock_version()}"}
        calls = "filtered" if self.filtered else "not filtered"
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
            "filter": self.filtered,
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
        others = self.others()  # of which NumPy alone is shown
        for folder in others:
            words += ["--tmpfs", str(folder)]
        for path in (*self.packages, *FILES):
            words += ["--ro-bind", str(path), str(path)]
        for folder in (*others, "/"):
            words += ["--remount-ro", str(folder)]
        return [*words, "--chdir", "/"]

    def others(self) -> list[Path]:
        """Folders of packages that a submission must not find, for they may solve its task."""
        libraries = {*map(Path, SYSTEM), self.prefix / "lib", self.prefix / "local/lib"}
        return sorted({p for path in libraries for p in path.glob("python3*/*-packages")})

    @cached_property
    def prefix(self) -> Path:
        """Where Python's own library lies."""
        return Path(sys.base_prefix).resolve()

    def readable(self) -> list[Path]:
        """What a submission can read behind Landlock."""
        library = Path(os.__file__).resolve().parent
        parts = [path for path in library.iterdir() if not path.name.endswith("-packages")]
        shared = self.prefix.glob("lib/*.so*")
        system = [part for path in map(Path, SYSTEM) for part in parts_of(path)]
        paths = [*system, *parts, *shared, *self.packages]
        return [path for path in paths if path.exists()]

    def reachable(self) -> bool:
        """Whether every user can read what the child needs."""
        needed = [self.python, Path(os.__file__), *self.packages, *FILES]
        folders = {folder for path in needed for folder in path.resolve().parents}
        return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)
