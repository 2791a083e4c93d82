"""What the tools take from inside MyST-NB, in one place: when its pin moves, look here first."""

from pathlib import Path

from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin
from nbformat import NotebookNode


def read(page: Path) -> NotebookNode | None:
    """The page as Sphinx reads it, with a `source_map` to its lines; None for mere prose."""
    if not is_myst_markdown_notebook(page.read_text()):
        return None
    return myst_nb_reader_plugin(str(page))
