"""Each page and its two notebooks are in step, and the notebooks are fit for a reader anywhere."""

import re
import tomllib
from itertools import zip_longest
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

import notebooks
import pages
import readers_edition

PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
RELEASE = f"{REPOSITORY}@v{PROJECT['version']}"
HOME = PROJECT["urls"]["Homepage"]
SITE = Path("_build/html")
# The first cell of each page, off the page: it is there for who runs the page's source
INSTALL = f"""\
from importlib.util import find_spec

if find_spec("unrolled") is None:  # in Colab, say: elsewhere it is installed with the book
    %pip install --quiet "unrolled[all] @ git+{RELEASE}"\
"""
WITH_CELLS = pages.notebooks()  # page -> the cells that the site runs
# What MyST Markdown has and a notebook does not understand
RAW = {
    "a directive": re.compile(r"^[>\s]*(:{3,}|[`~]{3,}\s*\{)", re.MULTILINE),
    "a role": re.compile(r"\{[a-z][a-z:]*\}`"),
    "a target": re.compile(r"^\([\w-]+\)=", re.MULTILINE),
    "an option": re.compile(r"^:[a-z][\w-]*:", re.MULTILINE),
    "an equation's label": re.compile(r"\$\$ *\([\w-]+\)"),
    "an address's mark": re.compile(r"</?(span|div|a)\b"),
    "a cell's mark": re.compile(r"^\+\+\+", re.MULTILINE),
}
LINK = re.compile(r"(?<!\\)\]\(([^)\s]*)\)")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_cells(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def committed(path):
    assert path.exists(), f"{path} is missing: run `make notebooks`"
    return nbformat.read(path, as_version=4)


def kept(page):
    """The notebooks beside a page, each with its path."""
    both = [readers_edition.reader_path(page), readers_edition.solutions_path(page)]
    return {path: committed(path) for path in both if path == both[0] or path.exists()}


@pytest.fixture(params=WITH_CELLS, ids=str)
def page(request):
    return request.param


def test_in_step(page):
    """Cell by cell (kind, id, source, metadata), and in the notebook's own metadata."""
    for path, ours in readers_edition.editions(page, WITH_CELLS[page]).items():
        theirs = notebooks.without_outputs(committed(path))
        if ours != theirs:
            pairs = zip_longest(ours.cells, theirs.cells)
            first = next((k for k, (here, there) in enumerate(pairs) if here != there), "metadata")
            advice = f"They differ first in cell {first} (from 0): run `make notebooks`."
            pytest.fail(f"{page} and {path} are out of step. {advice}", pytrace=False)


def test_the_page_s_cells_are_in_its_notebooks(page):
    """So that nbval runs each, and `pages.take_results` finds what it printed."""
    source = code_cells(readers_edition.with_ids(WITH_CELLS[page]))
    there = {(cell.id, cell.source) for nb in kept(page).values() for cell in code_cells(nb)}
    assert {(cell.id, cell.source) for cell in source[1:]} <= there


def test_every_cell_was_run(page):
    """nbval compares nothing in a cell whose execution count is null."""
    for path, notebook in kept(page).items():
        counts = [cell.execution_count for cell in code_cells(notebook)]
        assert counts == list(range(1, len(counts) + 1)), f"{path}: run `make notebooks`"


def test_tagged_cells_have_something_to_compare(page):
    for path, notebook in kept(page).items():
        for cell in code_cells(notebook):
            if "nbval-check-output" in cell.metadata.get("tags", []):
                what = f"prints no short text, yet is tagged nbval-check-output:\n{cell.source}"
                assert cell.outputs, f"{path}, cell [{cell.execution_count}] {what}"


def test_opens_with_the_cell_that_installs(page):
    """The same on every page, off the page, and before anything the reader sees."""
    first = WITH_CELLS[page].cells[0]
    assert first.source == INSTALL
    assert first.metadata == {"tags": ["remove-cell"]}
    for notebook in kept(page).values():
        if code_cells(notebook):
            assert notebook.cells[0].source == readers_edition.install_cell()
    assert f'"unrolled[all] @ git+{RELEASE}"' in readers_edition.install_cell()


def test_no_notebook_without_a_page():
    there = {p for p in Path("book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts}
    orphans = there - {path for page in WITH_CELLS for path in kept(page)}
    assert not orphans, f"no page of _toc.yml has cells for {orphans}: remove them"


def test_solutions_are_in_the_other_notebook_alone(page):
    made = readers_edition.editions(page, WITH_CELLS[page])
    reader, solutions = (made.get(path) for path in reversed(readers_edition.both_paths(page)))
    assert (":::{exercise" in page.read_text()) <= (solutions is not None)
    if solutions is None:
        return
    assert not [text for text in text_cells(reader) if "## Solution" in text]
    answers = text_cells(solutions)
    assert sum(t.startswith("## Exercise") for t in answers) == len(solved(page)), page
    shown = {cell.source for cell in code_cells(reader)}
    hidden = [cell.source for cell in code_cells(solutions) if cell.source not in shown]
    if re.search(r"^def ", "\n".join(hidden), re.MULTILINE):
        assert any(source.startswith("# Your answer") for source in shown)


def solved(page):
    return re.findall(r"^:{3,}\{solution(?:-start)?\}", page.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", sorted(Path("book").rglob("*.ipynb")), ids=str)
def test_no_raw_mark(path):
    for text in text_cells(committed(path)):
        plain = re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        marks = [f"{what}: {m[0]!r}" for what, raw in RAW.items() if (m := raw.search(plain))]
        assert not marks, f"{marks} in\n{text}"


@pytest.mark.parametrize("path", sorted(Path("book").rglob("*.ipynb")), ids=str)
def test_no_dead_link(path, ids_of):
    for text in text_cells(committed(path)):
        for link in LINK.findall(text):
            assert re.match("https?://|mailto:", link), f"{link} leads nowhere in a notebook"
            if link.startswith(HOME):
                place = urlsplit(link)
                file = place.path.removeprefix(urlsplit(HOME).path) or "index.html"
                assert (SITE / file).exists(), f"{link}: no such page"
                fragment = unquote(place.fragment)
                assert not fragment or fragment in ids_of(file), f"{link}: no such place"
            elif link.startswith(f"{REPOSITORY}/blob/"):
                file = urlsplit(link).path.split("/", 5)[5]
                assert Path(unquote(file)).exists(), f"{link}: not in the repository"


@pytest.fixture(scope="session")
def ids_of():
    """ids_of(file) -> the places of a page of the site."""
    found = {}

    def ids(file):
        if file not in found:
            html = (SITE / file).read_text("utf-8")
            found[file] = set(re.findall(r'\sid="([^"]*)"', html))
        return found[file]

    return ids


def test_numbers_are_the_site_s(page):
    """Of equations, figures, exercises and propositions, each in the site's order."""
    html = (SITE / page.with_suffix(".html")).read_text("utf-8")
    article = BeautifulSoup(html, "html.parser").find("article")
    for solution in article.select("div.solution, div.cell_input"):
        solution.decompose()
    text = "\n\n".join(text_cells(committed(readers_edition.reader_path(page))))
    captions = [c.get_text().strip() for c in article.select("figcaption .caption-number")]
    assert [
        f"Figure {n}" for n in re.findall(r"^\*\*Figure ([\d.]+)\.\*\*", text, re.M)
    ] == captions
    boxes = [t.get_text().strip() for t in article.select("div.exercise > .admonition-title")]
    titles = re.findall(r"^### (Exercise[ \d.]*\d)", text, re.M)
    assert len(titles) == len(boxes)
    assert all(box.startswith(title) for box, title in zip(boxes, titles, strict=True)), boxes
    eqno = [e.get_text().strip(" #()\n") for e in article.select(".eqno")]
    assert re.findall(r"\\tag\{([\d.]+)\}", text) == eqno
    proofs = [t.get_text().strip() for t in article.select("div.proposition > .admonition-title")]
    found = re.findall(r"^> \*\*(Proposition [\d.]+)", text, re.M)
    assert len(found) == len(proofs)
    assert all(said.startswith(number) for said, number in zip(proofs, found, strict=True)), proofs
