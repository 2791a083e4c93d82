"""Each page and the notebook beside it are in step, and the notebooks can be launched."""

import tomllib
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest

import notebooks
import pages

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
RELEASE = f"{PROJECT['urls']['Repository']}@v{PROJECT['version']}"
# The first cell of each page: a notebook that runs without the book installs the version it is of
INSTALL = f"""\
from importlib.util import find_spec

if find_spec("unrolled") is None:  # in Colab, say: elsewhere it is installed with the book
    %pip install --quiet "unrolled[all] @ git+{RELEASE}"\
"""
WITH_CELLS = pages.notebooks()  # page -> the cells that the site runs


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def committed(page):
    path = page.with_suffix(".ipynb")
    assert path.exists(), f"{path} is missing: run `make notebooks`"
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=WITH_CELLS, ids=str)
def page(request):
    return request.param


def test_in_step(page):
    """Cell by cell (kind, id, source, metadata), and in the notebook's own metadata."""
    ours = notebooks.unexecuted(page)
    theirs = notebooks.without_outputs(committed(page))
    if ours != theirs:
        pairs = zip_longest(ours.cells, theirs.cells)
        first = next((k for k, (here, there) in enumerate(pairs) if here != there), "metadata")
        advice = f"They differ first in cell {first} (from 0): run `make notebooks`."
        place = f"{page} and {page.with_suffix('.ipynb')}"
        pytest.fail(f"{place} are out of step. {advice}", pytrace=False)


def test_cells_are_those_the_site_runs(page):
    ours = [cell.source for cell in code_cells(notebooks.unexecuted(page))]
    assert ours == [cell.source for cell in code_cells(WITH_CELLS[page])]


def test_every_cell_was_run(page):
    """nbval compares nothing in a cell whose execution count is null."""
    counts = [cell.execution_count for cell in code_cells(committed(page))]
    assert counts == list(range(1, len(counts) + 1)), f"run `make notebooks` for {page}"


def test_tagged_cells_have_something_to_compare(page):
    for cell in code_cells(committed(page)):
        if "nbval-check-output" in cell.metadata.get("tags", []):
            what = f"prints no short text, yet is tagged nbval-check-output:\n{cell.source}"
            assert cell.outputs, f"{page}, cell [{cell.execution_count}] {what}"


def test_opens_with_the_colab_cell(page):
    """The same on every page, off the page, and before anything the reader sees."""
    first = notebooks.unexecuted(page).cells[0]
    assert first.source == INSTALL
    assert first.metadata == {"tags": ["remove-cell"]}


def test_no_notebook_without_a_page():
    there = {p for p in Path("book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts}
    orphans = there - {page.with_suffix(".ipynb") for page in WITH_CELLS}
    assert not orphans, f"no page of _toc.yml has cells for {orphans}: remove them"
