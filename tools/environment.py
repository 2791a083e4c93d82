"""Prepare .venv: the pinned dependencies and the package. Runs before anything is installed."""

import hashlib
import platform
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import venv
from pathlib import Path

from processes import run, turn

ENVIRONMENT = Path(".venv")
PYTHON = ENVIRONMENT / "bin" / "python"
READY = ENVIRONMENT / ".ready"  # says for what the environment was prepared
DECIDES = ("requirements.txt", "constraints.txt", "pyproject.toml", "tools/environment.py")
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def main() -> None:
    with turn():
        if not (READY.exists() and READY.read_text() == wanted()):
            prepare()
        READY.write_text(wanted())  # and newer than what it was made from, which is what make sees


def wanted() -> str:
    """What the environment depends on: this Python, the pins, how they are installed."""
    digest = hashlib.sha256(b"\0".join(Path(name).read_bytes() for name in DECIDES))
    return f"Python {sys.version} {digest.hexdigest()}\n"


def prepare() -> None:
    READY.unlink(missing_ok=True)
    create_environment()
    if platform.system() == "Linux":
        install_torch_for_cpu()
    # --no-compile: most of torch is never imported, and the rest is compiled when it first is
    pins = ("-r", "requirements.txt", "-c", "constraints.txt")
    if not pip("install", "--no-compile", *pins):
        sys.exit(diagnosis())
    # setuptools is among the pins: no hidden build environment, which would need the network
    if not pip("install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."):
        sys.exit("The package itself did not install: the cause is in pip's last lines above.")


def create_environment() -> None:
    """A new .venv, unless one of this very Python is there already, and works."""
    version = platform.python_version()
    found = python_inside()
    if found == version and pip("--version", silent=True):
        print(f"Preparing {ENVIRONMENT} with Python {version}", flush=True)
        return
    instead = f", in place of the one with Python {found}" if found not in ("", version) else ""
    print(f"Preparing a new {ENVIRONMENT} with Python {version}{instead}", flush=True)
    try:
        venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "This Python cannot make virtual environments with pip in them.\n"
            "Debian and Ubuntu: apt install python3-venv; then run the same command again."
        )


def python_inside() -> str:
    """The version of .venv's Python; empty where there is none that works."""
    code = "import platform; print(platform.python_version())"
    try:
        return subprocess.run([PYTHON, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def install_torch_for_cpu() -> None:
    """The usual torch for Linux brings gigabytes of CUDA; its own index has a build without."""
    lines = Path("requirements.txt").read_text().splitlines()
    pin = next(line.split()[0] for line in lines if line.startswith("torch=="))
    if any(ENVIRONMENT.glob(f"lib/*/site-packages/{pin.replace('==', '-')}*.dist-info")):
        return
    trouble = silence(f"{TORCH_INDEX}/torch/")
    if trouble:
        print(f"{TORCH_INDEX} does not answer ({trouble}): torch from the usual index", flush=True)
    elif not pip("install", "--no-compile", "--no-deps", "--index-url", TORCH_INDEX, pin):
        print(f"{TORCH_INDEX} failed: torch from the usual index", flush=True)


def pip(*arguments: str, silent: bool = False) -> bool:
    """Whether pip, with the reader's own configuration (mirrors, proxies), succeeded."""
    command = [PYTHON, "-m", "pip", *arguments]
    if silent:
        return subprocess.run(command, capture_output=True).returncode == 0
    return run(command) == 0


def silence(url: str) -> str:
    """Why nothing answers at `url` within five seconds; empty when something does."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return ""  # a refusal is an answer
    except OSError as error:
        return str(getattr(error, "reason", error))
    return ""


def diagnosis() -> str:
    """Why installing failed, and what to do about it."""
    quick = ("--retries", "0", "--timeout", "5", "--no-cache-dir", "--no-deps", "--quiet")
    with tempfile.TemporaryDirectory() as folder:
        reached = pip("download", *quick, "--dest", folder, "pip", silent=True)
    if reached:
        return "Installing failed, though the package index answers: see pip's last lines above."
    return (
        "No network while installing: the package index does not answer.\n"
        "Connect, or name a mirror (pip config set global.index-url ADDRESS), and run the same\n"
        "command again: what was fetched is kept. Nothing is fetched once .venv is complete."
    )
