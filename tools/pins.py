"""Recompute constraints.txt: what the direct dependencies bring along today, pinned."""

import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = """\
# What the packages of requirements.txt bring along, pinned; `make pins` wrote this with Python {}.
# Not here: CUDA (torch's build is for the reader's machine to choose), and what only other
# systems or Pythons need, which pip takes at its newest there.
"""
CUDA = re.compile(r"nvidia-|cuda-|triton")


def resolution() -> dict[str, str]:
    """Name -> version of everything that a fresh environment would get."""
    with tempfile.NamedTemporaryFile() as report:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--report", report.name, "-r", "requirements.txt"]
        if subprocess.run(command).returncode != 0:
            sys.exit("pip found no set of versions that fits requirements.txt: see above.")
        packages = [entry["metadata"] for entry in json.load(report)["install"]]
    return {normal(p["name"]): p["version"].partition("+")[0] for p in packages}


def normal(name: str) -> str:
    """The name as the package index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    pins = re.findall(r"^([\w.-]+)==", Path("requirements.txt").read_text(), re.MULTILINE)
    direct = {normal(name) for name in pins}
    lines = [
        f"{name}=={version}\n"
        for name, version in sorted(resolution().items())
        if name not in direct and not CUDA.match(name)
    ]
    header = HEADER.format(".".join(platform.python_version_tuple()[:2]))
    Path("constraints.txt").write_text(header + "\n" + "".join(lines))
    print(f"constraints.txt pins {len(lines)} packages")


if __name__ == "__main__":
    main()
