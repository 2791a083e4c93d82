"""Regenerate the notebooks beside each page: the reader's, and the solutions.

Their text comes from the built book, what their cells print from the cache.
"""

import sys
from pathlib import Path

import nbformat
from jupyter_cache.base import JupyterCacheAbstract
from nbformat import NotebookNode

import search_index
from book import build_site
from pages import execute, execution_cache, notebooks
from processes import TERMINAL_COLOURS, turn
from readers_edition import editions

LIMIT = 2000  # characters of text that an output may have to be kept


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it was before anything ran."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = None, []
    return notebook


def executed(
    page: Path, source: NotebookNode, cache: JupyterCacheAbstract
) -> dict[Path, NotebookNode]:
    """The page's notebooks, with counts and short text outputs from the cache."""
    _, ran = cache.merge_match_into_notebook(source)
    made = editions(page, source)
    code = (cell for cell in source.cells if cell.cell_type == "code")
    done = (cell for cell in ran.cells if cell.cell_type == "code")
    outputs = {cell.id: its.outputs for cell, its in zip(code, done, strict=True)}
    for notebook in made.values():
        cells = (cell for cell in notebook.cells if cell.cell_type == "code")
        for count, cell in enumerate(cells, start=1):
            cell.execution_count = count
            cell.outputs = kept(outputs.get(cell.id, []))
    return made


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
        if not build_site():  # their text is that of the built pages
            what_to_do = "mend what is said above and run `make notebooks` again."
            sys.exit(f"No notebook was written, since the site has faults: {what_to_do}")
        search_index.write()
        write()


def write() -> None:
    with execution_cache() as cache:
        for page, source in notebooks().items():
            for target, notebook in executed(page, source, cache).items():
                text = nbformat.writes(notebook) + "\n"
                if not target.exists() or target.read_text("utf-8") != text:
                    target.write_text(text, "utf-8")
                    print(f"{target} written", flush=True)
