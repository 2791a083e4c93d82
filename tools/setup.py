"""Prepare .venv: the pinned dependencies and the package. Runs before anything is installed."""

import platform
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import venv
from pathlib import Path

ENVIRONMENT = Path(".venv")
PYTHON = ENVIRONMENT / "bin" / "python"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def main() -> None:
    print(f"Preparing {ENVIRONMENT} with Python {platform.python_version()}", flush=True)
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
    (ENVIRONMENT / ".ready").touch()


def create_environment() -> None:
    """A new .venv, unless one that works is there already."""
    if PYTHON.exists() and pip("--version", stdout=subprocess.DEVNULL):
        return
    try:
        venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit(
            "This Python cannot make virtual environments with pip in them.\n"
            "Debian and Ubuntu: apt install python3-venv; then run the same command again."
        )


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


def pip(*arguments: str, stdout=None) -> bool:
    """Whether pip, with the reader's own configuration (mirrors, proxies), succeeded."""
    return subprocess.run([PYTHON, "-m", "pip", *arguments], stdout=stdout).returncode == 0


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
        reached = pip("download", *quick, "--dest", folder, "pip")
    if reached:
        return "Installing failed, though the package index answers: see pip's last lines above."
    return (
        "No network while installing: the package index does not answer.\n"
        "Connect, or name a mirror (pip config set global.index-url ADDRESS), and run the same\n"
        "command again: what was fetched is kept. Nothing is fetched once .venv is complete."
    )


if __name__ == "__main__":
    main()
