"""Sphinx extension: Kaggle among the launch buttons, and the readers' notebooks to download.

The theme knows Binder and Colab. For download it offers the notebook that MyST-NB makes, which is
full of this book's markup; here the notebooks that lie beside the page take its place.
"""

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

KAGGLE = "https://kaggle.com/kernels/welcome?src="


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("html-page-context", add_buttons, priority=900)  # after the theme's
    app.connect("build-finished", copy_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def beside(app: Sphinx, page: str) -> list[Path]:
    """The page's notebook and that of its solutions, those that there are, below the source."""
    names = [Path(f"{page}.ipynb"), Path(f"{page}-solutions.ipynb")]
    return [name for name in names if (Path(app.srcdir) / name).exists()]


def add_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], _: object) -> None:
    """Into the theme's two menus: the launch buttons, and the downloads."""
    there = beside(app, page)
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons" and there:
            settings = context["theme_repository_url"], context["theme_repository_branch"]
            group["buttons"].append(kaggle(*settings, there[0]))
        if group.get("label") == "download-buttons":
            kept = [b for b in group["buttons"] if b["label"] != "download-notebook-button"]
            sources = context["pathto"]("_sources", 1)
            group["buttons"][:] = [download(f"{sources}/{path}", path) for path in there] + kept


def kaggle(repository: str, branch: str, path: Path) -> dict[str, str]:
    return {
        "type": "link",
        "text": "Kaggle",
        "tooltip": "Launch on Kaggle",
        "url": f"{KAGGLE}{repository}/blob/{branch}/{path}",
        "icon": "fas fa-rocket",
        "label": "launch-kaggle",
    }


def download(url: str, path: Path) -> dict[str, str]:
    solved = path.stem.endswith("-solutions")
    return {
        "type": "link",
        "text": "Solutions" if solved else "Notebook",
        "tooltip": f"Download the {'solutions' if solved else 'page'} as a notebook",
        "url": url,
        "icon": "fas fa-code",
        "label": f"download-{'solutions' if solved else 'notebook'}-button",
    }


def copy_notebooks(app: Sphinx, failed: Exception | None) -> None:
    if failed or app.builder.format != "html":
        return
    for page in app.env.found_docs:
        for path in beside(app, page):
            target = Path(app.outdir) / "_sources" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(app.srcdir) / path, target)
