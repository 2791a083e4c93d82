"""Recompute constraints.txt: what the direct dependencies bring along, pinned for every machine.

`make pins` keeps what is pinned and still fits; `make pins UPGRADE=1` takes the newest of all.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HEADER = """\
# What the packages of requirements.txt bring along, pinned for every system and for every Python
# from {} on; `make pins` wrote this. Not here: CUDA, since torch's build is for the reader's
# machine to choose.

"""
CUDA = re.compile(r"nvidia-|cuda-|triton")
NAME = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def lowest_python() -> str:
    """The oldest version that the package, and so the book, promises to run on."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    return project["requires-python"].removeprefix(">=")


def resolution(kept: str) -> list[str]:
    """The lines `name==version ; marker` for all that requirements.txt needs, close to `kept`."""
    uv = Path(sys.executable).with_name("uv")
    with tempfile.NamedTemporaryFile("w+") as pinned:
        pinned.write(kept)
        pinned.flush()
        command = [uv, "pip", "compile", "requirements.txt", "--output-file", pinned.name]
        command += ["--quiet", "--universal", "--python-version", lowest_python()]
        command += ["--python", sys.executable, "--no-python-downloads"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit("uv found no set of versions that fits requirements.txt: see above.")
        return Path(pinned.name).read_text().splitlines(keepends=True)


def main() -> None:
    direct = set(NAME.findall(Path("requirements.txt").read_text().lower()))
    constraints = Path("constraints.txt")
    kept = "" if os.environ.get("UPGRADE") else constraints.read_text()
    lines = [
        line
        for line in resolution(kept)
        if NAME.match(line)[1] not in direct and not CUDA.match(line)
    ]
    constraints.write_text(HEADER.format(lowest_python()) + "".join(lines))
    print(f"constraints.txt pins {len(lines)} packages")
