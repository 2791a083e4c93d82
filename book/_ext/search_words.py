"""Sphinx extension: readers' words of book/search.yml as entries of Sphinx's index.

Sphinx's own search looks there first. A book opened without a server is searched with it; a served
one with Pagefind, which tools/search_index.py gives the same words.
"""

from pathlib import Path

import yaml
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata

Words = dict[str, dict[str, list[str]]]  # page -> id of a section, or "" -> names


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("env-get-outdated", changed_pages)
    app.add_transform(AddIndexEntries)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read(srcdir: str | Path) -> Words:
    words: Words = {}
    listed = yaml.safe_load(Path(srcdir, "book/search.yml").read_text("utf-8"))
    for address, names in listed.items():
        page, _, place = address.partition("#")
        words.setdefault(page, {})[place] = names.lower().split(", ")
    return words


def changed_pages(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """The pages whose words are not those of the last build."""
    before, env.search_words = getattr(env, "search_words", {}), read(app.srcdir)
    return [
        docname
        for docname in env.found_docs
        for page in [env.doc2path(docname, base=False)]
        if before.get(page) != env.search_words.get(page)
    ]


class AddIndexEntries(SphinxTransform):
    default_priority = 840  # before Sphinx collects the entries, at 850

    def apply(self, **kwargs: object) -> None:
        page = self.env.doc2path(self.env.docname, base=False)
        for place, names in read(self.app.srcdir).get(page, {}).items():
            entries = [("single", name, place, "main", None) for name in names]
            self.document.insert(0, addnodes.index(entries=entries))
