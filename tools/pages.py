"""The book's pages, executed two at a time into the cache that the site and the notebooks share."""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode
from sphinx_external_toc.parsing import parse_toc_yaml

import myst_pages
from processes import TERMINAL_COLOURS
from readers_edition import both_paths, with_ids

BUILD = Path("_build")
CACHE = BUILD / ".jupyter_cache"  # where Sphinx looks, too
RESULTS = BUILD / "nbval"  # notebooks with the outputs that nbval saw: see nbval_results.py
DOCTREES = BUILD / ".doctrees"  # Sphinx's own cache
KERNELS_LOG = BUILD / "kernels.log"  # what kernels say beside the outputs of their cells
# What the pages' results come from, besides the pages
PACKAGE = ("code/**/*.py", "code/**/*.csv", "code/**/*.npz", "pyproject.toml")
UNUSED = Path("code/unrolled/grading")  # no page imports it, which a test holds to
PINS = ("requirements.txt", "constraints.txt")
# Kernels inherit it: no progress bars where nobody watches. On stderr one would fail the build
os.environ.setdefault("TQDM_DISABLE", "1")


class Execution(NamedTuple):
    """A page's notebook with its outputs, how long that took, and what went wrong, if anything."""

    notebook: NotebookNode
    seconds: float
    error: Exception | None = None


def pages() -> list[Path]:
    """Every page that _toc.yml names, in the book's order."""
    return [Path(name) for name in parse_toc_yaml("_toc.yml")]


def notebooks() -> dict[Path, NotebookNode]:
    """The pages that have code cells, each read as Sphinx reads it."""
    found = {}
    for page in pages():
        notebook = myst_pages.read(page)
        if notebook and any(cell.cell_type == "code" for cell in notebook.cells):
            found[page] = notebook
    return found


def forget_if_changed(name: str, files: Iterable[Path], *stale: Path) -> None:
    """Remove the `stale` folders when the files (or Python) are not those of the last call."""
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(files):
        digest.update(f"{file}\0".encode() + file.read_bytes() + b"\0")
    record = BUILD / f".{name}.sha256"
    if record.exists() and record.read_text() == digest.hexdigest():
        return
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    record.write_text(digest.hexdigest())


@contextmanager
def execution_cache() -> Iterator[JupyterCacheAbstract]:
    """The outputs of every page. It knows a page by its cells alone, so a new package voids it."""
    files = {file for pattern in (*PACKAGE, *PINS) for file in Path().glob(pattern)}
    unused = {file for file in files if UNUSED in file.parents}
    forget_if_changed("package", files - unused, CACHE, RESULTS, DOCTREES)
    forget_if_changed("unused", unused, DOCTREES)  # the site lists the modules
    cache = get_cache(CACHE)
    try:
        yield cache
    finally:
        cache.db.dispose()


def clear_results() -> None:
    """Remove what an earlier run of nbval left, before another one."""
    with execution_cache():
        shutil.rmtree(RESULTS, ignore_errors=True)


def take_results(cache: JupyterCacheAbstract) -> None:
    """Put the pages that nbval has run, and that have not changed since, into the cache.

    What a page's cells print stands in its two notebooks: the reader's and the solutions.
    """
    for page, notebook in notebooks().items():
        beside = [RESULTS / path for path in both_paths(page) if (RESULTS / path).exists()]
        if not beside or is_cached(cache, notebook):
            continue
        ran = [cell for path in beside for cell in nbformat.read(path, as_version=4).cells]
        outputs = {(cell.id, cell.source): cell for cell in ran if cell.cell_type == "code"}
        cells = [cell for cell in with_ids(notebook).cells if cell.cell_type == "code"]
        # the first is the notebooks' own: it installs the package and prints nothing where that is
        done = [outputs.get((cell.id, cell.source)) for cell in cells[1:]]
        if None not in done:
            for number, cell in enumerate(cells, start=1):
                cell.execution_count = number
                cell.outputs = _as_shown(done[number - 2]) if number > 1 else []
            keep(cache, page, notebook)
    shutil.rmtree(RESULTS, ignore_errors=True)


def _as_shown(cell: NotebookNode) -> list[NotebookNode]:
    """Its outputs without the value that `;` hides, which IPython hides only from its history."""
    quiet = cell.source.rstrip().endswith(";")
    return [out for out in cell.outputs if not (quiet and out.output_type == "execute_result")]


def keep(cache: JupyterCacheAbstract, page: Path, notebook: NotebookNode) -> None:
    bundle = CacheBundleIn(notebook, str(page.absolute()))
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def execute() -> bool:
    """Execute the pages that are not in the cache; whether every page ran to its end."""
    with execution_cache() as cache:
        KERNELS_LOG.unlink(missing_ok=True)
        take_results(cache)
        waiting = {page: nb for page, nb in notebooks().items() if not is_cached(cache, nb)}
        failures = 0
        for page, result in _results(waiting):
            if result.error:
                failures += 1
                print(_failure(page, result), file=sys.stderr, flush=True)
            else:
                keep(cache, page, result.notebook)
    return failures == 0


def _results(waiting: dict[Path, NotebookNode]) -> Iterator[tuple[Path, Execution]]:
    """Each page as it ends, two running at a time."""
    if waiting:
        print(f"Executing {len(waiting)} page(s), two at a time", flush=True)
    pool = ThreadPoolExecutor(2)  # not in a `with`, which on Ctrl-C would first run every page
    runs = {pool.submit(_run, page, nb): page for page, nb in waiting.items()}
    for done, run in enumerate(as_completed(runs), start=1):
        page, result = runs[run], run.result()
        print(f"[{done}/{len(runs)}] {page}, {result.seconds:.1f} s", flush=True)
        yield page, result


def is_cached(cache: JupyterCacheAbstract, notebook: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True


def _run(page: Path, notebook: NotebookNode) -> Execution:
    """Run the cells from the page's folder, as Jupyter and nbval do."""
    settings = yaml.safe_load(Path("_config.yml").read_text()).get("execute", {})
    client = NotebookClient(
        notebook,
        timeout=settings.get("timeout", 30),
        resources={"metadata": {"path": str(page.parent)}},
        record_timing=False,  # the cache knows a cell by its metadata too
    )
    start, error = time.perf_counter(), None
    try:
        with KERNELS_LOG.open("a") as log:
            client.execute(stderr=log)
    except (CellExecutionError, CellTimeoutError, RuntimeError) as raised:
        error = raised  # RuntimeError: a kernel that died
    return Execution(notebook, time.perf_counter() - start, error)


def _failure(page: Path, result: Execution) -> str:
    """Which cell of the page raised, where it stands, and the last lines of what it said."""
    started = [i for i, cell in enumerate(result.notebook.cells) if cell.get("execution_count")]
    place = f"{page}"
    if started:
        last = result.notebook.cells[started[-1]]
        line = result.notebook.metadata.source_map[started[-1]] + 1
        first = last.source.strip().partition("\n")[0]
        place = f"{page}:{line}: cell [{last.execution_count}], which begins `{first}`,"
    lines = TERMINAL_COLOURS.sub("", str(result.error)).strip().splitlines()
    raised = isinstance(result.error, CellExecutionError)
    said = lines[-12:] if raised else lines[:2]  # else it took too long, or its kernel died
    if not raised and KERNELS_LOG.stat().st_size:
        said.append(f"({KERNELS_LOG} has what the kernels said)")
    return "\n    ".join([f"{place} failed:", *said])
