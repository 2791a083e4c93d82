"""Regenerate the .ipynb beside each page: cells from the page, what they print from the cache."""

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat
from jupyter_cache.base import JupyterCacheAbstract
from nbformat import NotebookNode

from pages import execute, execution_cache, notebooks
from processes import TERMINAL_COLOURS, turn

LIMIT = 2000  # characters of text that an output may have to be kept


def unexecuted(page: Path) -> NotebookNode:
    """The page as a notebook, without outputs, the same whenever it is made."""
    notebook = jupytext.read(page, fmt="md:myst")
    seen = set()
    for cell in notebook.cells:  # an id from the content: adding a cell changes no other's
        content = f"{cell.cell_type}\n{cell.source}"
        while (cell_id := hashlib.sha256(content.encode()).hexdigest()[:8]) in seen:
            content += "\n"
        seen.add(cell_id)
        cell.id = cell_id
    return notebook


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it was before anything ran."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    return notebook


def executed(page: Path, source: NotebookNode, cache: JupyterCacheAbstract) -> NotebookNode:
    """The page as a notebook, with counts and short text outputs from the cache."""
    notebook = unexecuted(page)
    _, ran = cache.merge_match_into_notebook(source)
    cells = [[c for c in nb.cells if c.cell_type == "code"] for nb in (notebook, ran)]
    for cell, done in zip(*cells, strict=True):
        cell.execution_count = done.execution_count
        cell.outputs = kept(done.outputs)
    return notebook


def kept(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """What only prints text, and not much: no pictures, no HTML, no progress bars."""
    result = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stdout" and result and result[-1].output_type == "stream":
                result[-1].text += output.text  # how a stream falls into pieces is chance
            elif output.name == "stdout":
                result.append(output)
        elif output.output_type == "error":  # a cell tagged raises-exception
            output.traceback = [TERMINAL_COLOURS.sub("", output.traceback[-1])]
            result.append(output)
        elif set(output.data) == {"text/plain"}:
            result.append(output)
    return [output for output in result if len(str(output)) <= LIMIT]


def main() -> None:
    with turn():
        if not execute():
            what_to_do = "mend the page(s) above and run `make notebooks` again."
            sys.exit(f"No notebook was written: {what_to_do}")
        write()


def write() -> None:
    with execution_cache() as cache:
        for page, source in notebooks().items():
            target = page.with_suffix(".ipynb")
            text = nbformat.writes(executed(page, source, cache)) + "\n"
            if not target.exists() or target.read_text() != text:
                target.write_text(text)
                print(f"{target} written", flush=True)
