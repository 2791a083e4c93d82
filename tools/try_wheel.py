"""Build the package, install it where there is NumPy and nothing else, and run every layer there.

Works without a network: what builds the package is in .venv, and so is NumPy.
"""

import importlib.metadata
import shutil
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

from processes import run

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info")
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        odd = files_of_the_package() ^ files_in(wheel)
        if odd:
            sys.exit(f"Only in the tree, or only in {wheel.name}: {', '.join(sorted(odd))}")
        python = environment_with_numpy(Path(folder) / "environment")
        succeed(*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel)
        succeed(*PIP[:3], "--python", python, "check")  # fails where it asks for more
        succeed(python, "-I", Path(__file__).with_name("run_layers.py"))
    print(f"{wheel.name} runs with NumPy alone.")


def build(folder: Path) -> Path:
    """The wheel, from a copy: what an earlier build left in the tree would get into it."""
    shutil.copytree("code", folder / "source" / "code", ignore=LEFT_OUT)
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(name, folder / "source")
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    succeed(*PIP, "wheel", *options, folder / "source")
    (wheel,) = folder.glob("*.whl")
    return wheel


def files_of_the_package() -> set[str]:
    package = Path("code/unrolled")
    files = [path for path in package.rglob("*") if path.is_file()]
    for name in ("sheet.md", "tests.py"):  # behind a link, which rglob does not follow
        files += package.glob(f"grading/sets/*/{name}")
    return {str(path.relative_to("code")) for path in files if "__pycache__" not in path.parts}


def files_in(wheel: Path) -> set[str]:
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if ".dist-info/" not in name}


def environment_with_numpy(folder: Path) -> Path:
    """The Python of a new environment that shares this one's NumPy, and nothing else of it."""
    venv.create(folder, symlinks=True)
    here = Path(sysconfig.get_path("purelib"))
    there = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    files = importlib.metadata.files("numpy") or []
    for name in {file.parts[0] for file in files} - {".."}:
        (there / name).symlink_to(here / name)
    return folder / "bin" / "python"


def succeed(*command: str | Path) -> None:
    if run(list(command)) != 0:
        sys.exit(f"Failed: {' '.join(map(str, command))}")
