"""Sphinx extension: each page, with every reference resolved, is kept for the readers' notebooks.

`tools/notebooks.py` makes them from what lies in `_build/.resolved`: the page's doctree as it is
written to the site, with the numbers of its sections, figures, equations and exercises.
"""

import pickle
from pathlib import Path

from checked_claims import claim_mark
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    # early: before marks are put beside equations, and formulas into spans that do not break
    app.connect("doctree-resolved", keep, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.name != "html":
        return
    page = doctree.deepcopy()
    page.reporter = page.transformer = page.settings = None  # which cannot be pickled
    for node in page.findall():
        node.document = page  # else the whole environment is pickled with it
    for mark in list(page.findall(claim_mark)):
        mark.parent.remove(mark)
    page["numbers"] = app.env.toc_fignumbers.get(docname, {})
    page["section_numbers"] = app.env.toc_secnumbers.get(docname, {})
    page["address"] = app.config.html_baseurl + app.builder.get_target_uri(docname)
    path = Path(app.doctreedir).with_name(".resolved") / f"{docname}.pickle"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(page))
