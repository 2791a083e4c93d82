"""Tries what confines submissions, before any runs: `choose` takes the first that holds."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from unrolled.grading import restrict
from unrolled.grading.confine import SOMEONE, Confinement, Limits, Refused
from unrolled.grading.failures import Failure
from unrolled.grading.room import Room
from unrolled.grading.session import Session

ATTEMPTS = """
import os, socket

def read(path):
    return open(path).read()

def write(path):
    open(path, "w").write("x")

def connect(port):
    socket.create_connection(("127.0.0.1", port), 1)

def start():
    if os.fork() == 0:
        os._exit(0)

def signal(process):
    os.kill(process, 0)

def answer():
    return 42
"""


def candidates() -> list[Confinement]:
    """The ways to confine that this machine may have, the best first."""
    if sys.platform != "linux":
        return []
    kinds = ["bwrap"] if shutil.which("bwrap") else []
    kinds += ["landlock"] if restrict.filterable() else []  # by itself it leaves processes alone
    users: list[int | None] = [None]
    if os.getuid() == 0 and Confinement("bwrap").reachable():
        users = [SOMEONE, None]
    return [Confinement(kind, user) for kind in kinds for user in users]


def succeeded(confinement: Confinement) -> list[str]:
    """Which attempts of a submission succeed that must not; it must be able to answer."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        secret, new = Path(folder, "secret"), Path(folder, "new")
        secret.write_text("secret")
        os.chmod(folder, 0o777)
        attempts = {
            "read": [str(secret)],
            "write": [str(new)],
            "connect": [server.getsockname()[1]],
            "start": [],
            "signal": [os.getpid()],
        }
        with Room(confinement, Limits(cpu=5, wall=30.0)) as room:
            with Session([ATTEMPTS], room) as student:
                if student.answer() != 42:
                    raise Refused(f"{confinement}: no answer")
            return [name for name, what in attempts.items() if can(room, name, *what)]


def can(room: Room, name: str, *what: object) -> bool:
    """Whether one attempt succeeds."""
    with Session([ATTEMPTS], room) as student:
        try:
            student.call(name, *what)
        except Failure:
            return False
    return True


def choose(trust: bool = False) -> tuple[Confinement, list[str]]:
    """The first confinement that holds here, and a line for the report on each that was tried.

    Raises `Refused` where none does, unless every submission is trusted.
    """
    lines = []
    for confinement in candidates():
        try:
            open_ways = succeeded(confinement)
        except (Refused, Failure) as error:
            lines.append(f"{confinement}: does not work here ({error})")
            continue
        if not open_ways:
            return confinement, [*lines, f"{confinement}: in force"]
        lines.append(f"{confinement}: leaks ({', '.join(open_ways)})")
    if trust:
        return Confinement("none"), [*lines, "no confinement: every submission is trusted"]
    raise Refused("nothing confines submissions here: " + "; ".join(lines or ["not on Linux"]))
