"""Run the notebooks where NumPy and PyTorch are those of a hosted notebook, on Python 3.12.

An environment gets what such a host has, then what the first cell of a notebook installs, from
this folder. NumPy and PyTorch must stay as they were, and every notebook must run to its end.
With names given (NOTEBOOKS="bptt lstm"), only these.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PLACE = Path("_build/colab")
HOST = ["numpy==2.0.2", "torch==2.6.0", "matplotlib==3.10.0", "ipykernel", "nbclient"]
KEPT = "import numpy, torch; print(numpy.__version__, torch.__version__.partition('+')[0])"
LONGEST = 600  # seconds for a cell


def main() -> None:
    wanted = os.environ.get("NOTEBOOKS", "").split()
    found = [p for p in sorted(Path("book").rglob("*.ipynb")) if not wanted or p.stem in wanted]
    python = Path(os.environ.get("COLAB_PYTHON") or environment()).absolute()
    versions = subprocess.check_output([python, "-c", KEPT], text=True).split()
    if versions != ["2.0.2", "2.6.0"]:
        sys.exit(
            f"NumPy and PyTorch were to stay 2.0.2 and 2.6.0, and are {' and '.join(versions)}"
        )
    with ThreadPoolExecutor(2) as pool:
        failed = [
            p
            for p, right in zip(found, pool.map(lambda p: runs(python, p), found), strict=True)
            if not right
        ]
    if failed:
        sys.exit(f"{len(failed)} of {len(found)} failed: {' '.join(map(str, failed))}")
    print(f"All {len(found)} notebooks run with NumPy 2.0.2 and PyTorch 2.6.0.")


def environment() -> Path:
    """The Python of a fresh environment with what the host has and a notebook installs."""
    subprocess.check_call([sys.executable, "-m", "venv", "--clear", PLACE])
    python = PLACE / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet"]
    subprocess.check_call([*pip, *HOST])
    subprocess.check_call([*pip, f"unrolled[all] @ {Path.cwd().as_uri()}"])
    return python


def runs(python: Path, notebook: Path) -> bool:
    start = time.perf_counter()
    command = [python, "-m", "jupyter", "execute", f"--timeout={LONGEST}", notebook.name]
    settings = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "TQDM_DISABLE": "1"}
    settings.pop("PYTHONPATH", None)  # the package is the installed one
    done = subprocess.run(
        command, cwd=notebook.parent, env=settings, capture_output=True, text=True
    )
    right = done.returncode == 0
    print(
        f"{'ok  ' if right else 'FAIL'} {notebook}, {time.perf_counter() - start:.0f} s", flush=True
    )
    if not right:
        print("\n".join(done.stderr.splitlines()[-12:]), flush=True)
    return right


if __name__ == "__main__":  # with another Python than the book's
    main()
