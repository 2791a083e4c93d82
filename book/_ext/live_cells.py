"""Sphinx extension: “Run here” in the launch menu, and what the page's script needs for it.

Beside each page with code lies `<page>.cells.json`: the source of every cell, those included that
the page does not show, and the addresses that Binder needs. It is read only when somebody runs the
page; the script itself is in `_static/live/`.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

HIDDEN = {"remove-cell", "remove_cell"}  # tags of cells that a page does not show
BUTTON = {
    "type": "javascript",
    "javascript": "",  # unrolled.js listens
    "text": "Run here",
    "tooltip": "Edit and run the cells in this page",
    "icon": "fas fa-play",
    "label": "run-here",
}


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("html-page-context", add, priority=950)  # after the other launch buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add(app: Sphinx, page: str, template: str, context: dict[str, Any], _: object) -> None:
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            executed = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
            settings = app.config.html_theme_options
            build = binder(
                settings["launch_buttons"]["binderhub_url"],
                context["theme_repository_url"],
                context["theme_repository_branch"],
            )
            data = {"binder": build, "notebook": f"{page}.ipynb", "cells": cells(executed)}
            target = Path(app.outdir) / f"{page}.cells.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
            group["buttons"].insert(0, BUTTON)


def binder(hub: str, repository: str, branch: str) -> str:
    """Where Binder is asked for a server with the repository."""
    return f"{hub.rstrip('/')}/build/gh{urlsplit(repository).path.rstrip('/')}/{branch}"


def cells(notebook: Path) -> list[dict[str, Any]]:
    return [
        {"source": cell.source, "hidden": bool(HIDDEN & set(cell.metadata.get("tags", [])))}
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code"
    ]
