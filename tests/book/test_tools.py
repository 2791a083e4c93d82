"""The tools behind `make`, tried on a small book of their own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import read, v4

import notebooks
import pages

ROOT = Path(__file__).parents[2]
CONFIG = """\
title: Small
only_build_toc_files: true
exclude_patterns: [code]
execute: {execute_notebooks: cache, timeout: 20}
"""
HEAD = """\
---
jupytext: {text_representation: {format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---

# Title
"""


def cell(source):
    return f"\n```{{code-cell}}\n{source}\n```\n"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book to work in; the tools know no other root than the working directory."""
    monkeypatch.chdir(tmp_path)
    for folder in ("book", "code"):
        Path(folder).mkdir()
    for name in ("requirements.txt", "constraints.txt", "code/package.py"):
        Path(name).touch()
    Path("_config.yml").write_text(CONFIG)
    return write_pages


def write_pages(**texts):
    first, *others = [f"book/{name}.md" for name in texts]
    chapters = "".join(f"  - file: {name}\n" for name in others)
    Path("_toc.yml").write_text(f"format: jb-book\nroot: {first}\nchapters:\n{chapters}")
    for name, text in texts.items():
        Path(f"book/{name}.md").write_text(HEAD + text)


def run(tool):
    return subprocess.run([sys.executable, ROOT / "tools" / tool], capture_output=True, text=True)


def test_a_page_that_raises_is_reported_until_mended(book):
    book(good=cell("print(1)"), bad=cell("x = 1") + cell("def f():\n    1 / 0\n\nf()"))
    for again in (False, True):
        result = run("notebooks.py")
        assert result.returncode != 0
        assert "book/bad.md:13: cell [2], which begins `def f():`, failed" in result.stderr
        assert "ZeroDivisionError: division by zero" in result.stderr
        assert "No notebook was written" in result.stderr
        assert ("good" in result.stdout) is not again  # what ran well is kept
    book(good=cell("print(1)"), bad=cell("x = 1"))
    assert run("notebooks.py").returncode == 0
    assert v4.new_output("stream", text="1\n") in read("book/good.ipynb", 4).cells[1].outputs


def test_what_is_executed_again(book, monkeypatch):
    ran = []
    monkeypatch.setattr(pages, "_run", lambda page, nb: ran.append(page.stem) or done(nb))

    def executed():
        ran.clear()
        assert pages.execute()
        return sorted(ran)

    book(a=cell("1"), b=cell("2"), prose="No cells.")
    assert executed() == ["a", "b"]
    assert executed() == []
    Path("book/a.md").write_text(HEAD + "Prose." + cell("1"))
    assert executed() == []
    Path("book/a.md").write_text(HEAD + cell("3"))
    assert executed() == ["a"]
    for change in ("code/package.py", "code/new.py", "requirements.txt", "constraints.txt"):
        Path(change).write_text("# changed")
        assert executed() == ["a", "b"], change


def done(notebook):
    return pages.ExecutionResult(notebook, "", 0.0)


def test_a_site_with_a_fault_fails_again(book):
    book(index="", page="[nowhere](nowhere.md)")
    for _ in range(2):  # Sphinx does not read a page again that has not changed
        result = run("book.py")
        assert result.returncode != 0
        assert "nowhere.md" in result.stderr


def test_a_notebook_is_the_same_whenever_it_is_made(book):
    book(a=cell("1") + cell("1"))
    once = notebooks.unexecuted(Path("book/a.md"))
    assert once == notebooks.unexecuted(Path("book/a.md"))
    ids = {cell.id for cell in once.cells}
    assert len(ids) == len(once.cells) == 3  # equal cells have ids of their own
    book(a=cell("0") + cell("1") + cell("1"))
    assert ids < {cell.id for cell in notebooks.unexecuted(Path("book/a.md")).cells}


def test_outputs_kept_are_short_and_plain():
    def stream(text, name="stdout"):
        return v4.new_output("stream", name=name, text=text)

    def shown(**data):
        return v4.new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})

    pieces = [stream("a"), stream("progress", "stderr"), stream("b")]
    assert notebooks.kept(pieces) == [stream("ab")]
    assert notebooks.kept([shown(text_plain="3")]) == [shown(text_plain="3")]
    assert notebooks.kept([shown(text_plain="<Figure>", image_png="…")]) == []
    assert notebooks.kept([stream("x" * 3000), stream("x", "stderr")]) == []


def test_no_suitable_python_is_explained(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml", "tools/setup.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    command = ["make", "book", "PYTHON=nopython false"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode != 0
    assert "needs 3.11, 3.12 or 3.13" in result.stderr
