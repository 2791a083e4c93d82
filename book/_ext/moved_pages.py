"""Sphinx extension: at the address that a page once had stands a small page that leads on.

The setting `moved_pages` in `_config.yml` says from where to where, without suffixes. What stood
behind the old address, such as the name of a section, is handed on.
"""

import posixpath
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_config_value("moved_pages", {}, "")
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html":
        return
    for old, new in app.config.moved_pages.items():
        if old in app.env.found_docs or new not in app.env.found_docs:
            continue  # a site of a few pages; the tests of the whole one miss no address
        path = Path(app.outdir, f"{old}.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        way = posixpath.relpath(f"{new}.html", posixpath.dirname(old))
        values = {"way": way, "address": f"{app.config.html_baseurl}{new}.html"}
        values |= {"title": app.env.titles[new].astext()}
        path.write_text(app.builder.templates.render("moved.html", values), "utf-8")
