"""The ways to confine submissions that this machine has: tests run in each."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hostile import LIMITS, skip_without

import unrolled
from unrolled.grading.confine import Confinement
from unrolled.grading.probe import choose
from unrolled.grading.room import Room

KINDS = ["bwrap", "landlock"]


@pytest.fixture(scope="session", params=KINDS)
def confinement(request):
    skip_without(request.param)
    return Confinement(request.param)


@pytest.fixture(scope="session")
def room(confinement):
    """A room for many sessions, with short limits."""
    with Room(confinement, LIMITS) as room:
        yield room


@pytest.fixture(scope="session")
def any_room():
    """A room of the first kind there is, where the kind makes no difference."""
    confinement, _ = choose()
    with Room(confinement, LIMITS) as room:
        yield room


@pytest.fixture(scope="session")
def public_python():
    """A Python with NumPy and the package that every user can run: the program, its environment."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user; the other tests run as an ordinary one")
    prefix, numpy = Path(sys.base_prefix), Path(np.__file__).parent
    library = Path(os.__file__).parent
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name, "python")
        program = folder / "bin" / "python3"
        program.parent.mkdir(parents=True)
        shutil.copy2(Path(sys.executable).resolve(), program)
        leave = shutil.ignore_patterns("*-packages", "test", "tests", "idlelib", "config-*", "*.a")
        target = folder / "lib" / library.name
        shutil.copytree(library, target, ignore=leave)
        for path in prefix.glob("lib/lib*.so*"):
            shutil.copy2(path, folder / "lib")
        for package in (numpy, numpy.with_name("numpy.libs"), Path(unrolled.__file__).parent):
            if package.exists():
                shutil.copytree(package, target / "site-packages" / package.name, ignore=leave)
        shutil.copy2(Path(__file__).with_name("hostile.py"), name)
        environment = {"LD_LIBRARY_PATH": str(folder / "lib"), "PATH": os.environ["PATH"]}
        yield program, environment, Path(name, "hostile.py")
