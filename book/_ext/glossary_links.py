"""Sphinx extension: the first use of a term on a page leads to the glossary, and an index of terms.

A page's source does not mention it, so that no first use is forgotten and no sentence is spoilt.
The directive `{term-index}` lists every name of every term with the sections that treat it.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from collect_terms import EVERYDAY, GLOSSARY, Place, Term, chapters, pattern, places, terms
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

# what is no running text; `title` is also the title of an admonition
CLOSED = (
    nodes.title,
    nodes.literal,
    nodes.math,
    nodes.reference,
    nodes.caption,
    nodes.rubric,
    nodes.table,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.connect("source-read", depend_on_the_glossary)
    app.add_post_transform(LinkFirstUses)
    app.add_directive("term-index", TermIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def depend_on_the_glossary(app: Sphinx, docname: str, content: list[str]) -> None:
    app.env.note_dependency(str(Path(app.srcdir, GLOSSARY)))


class LinkFirstUses(SphinxPostTransform):
    """Each term's first use in the running text of a page of a chapter becomes a link."""

    default_priority = 800  # when references are resolved: what is one has no link inside

    def run(self) -> None:
        root = Path(self.app.srcdir)
        if Path(self.env.doc2path(self.env.docname)).relative_to(root) not in chapters(root):
            return
        left = [(pattern(term.names), term) for term in terms(root)]
        for text in list(self.document.findall(nodes.Text)):
            if left and in_running_text(text):
                self.link(text, left)

    def link(self, text: nodes.Text, left: list[tuple]) -> None:
        """Link what this text uses first; of two names at one place the longer one."""
        new, end = [], 0
        while uses := list(first_uses(text, end, left)):
            use, term = min(uses, key=lambda pair: (pair[0].start(), -pair[0].end()))
            new += [nodes.Text(text[end : use.start()]), self.reference(use[0], term)]
            end = use.end()
            left[:] = [pair for pair in left if pair[1] is not term]
        if new:
            place = text.parent.index(text)
            text.parent[place : place + 1] = [*new, nodes.Text(text[end:])]

    def reference(self, words: str, term: Term) -> nodes.reference:
        glossary = GLOSSARY.with_suffix("").as_posix()
        uri = self.app.builder.get_relative_uri(self.env.docname, glossary)
        to = {"refuri": f"{uri}#{term.anchor}", "reftitle": term.plain, "internal": True}
        return nodes.reference("", words, classes=["term"], **to)


def first_uses(text: nodes.Text, start: int, left: list[tuple]) -> Iterator[tuple]:
    """(use, term) for each term that the text uses from this place on."""
    for words, term in left:
        told_apart = EVERYDAY.isdisjoint(term.names) or isinstance(text.parent, nodes.strong)
        if told_apart and (use := words.search(text, start)):
            yield use, term


def in_running_text(text: nodes.Text) -> bool:
    """Whether it stands in a paragraph, and neither in code, a title nor another link."""
    above, node = [], text.parent
    while node is not None:
        above.append(node)
        node = node.parent
    hidden = any("dropdown" in node.get("classes", ()) for node in above)
    paragraph = any(isinstance(node, nodes.paragraph) for node in above)
    return paragraph and not hidden and not any(isinstance(node, CLOSED) for node in above)


class TermIndex(SphinxDirective):
    """Every name of every term in the order of the alphabet, with the sections that treat it."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        for page in [GLOSSARY, *chapters(root)]:
            self.env.note_dependency(str(page))
        sections = []
        for letter, lines in groupby(entries(places(root, terms(root))), lambda line: line[0]):
            section = nodes.section(ids=[f"terms-{letter.lower()}"])
            section += nodes.title("", letter)
            section += self.parse_text_to_nodes("\n".join(f"- {line}" for _, line in lines))
            sections.append(section)
        return sections


def entries(where: dict[Term, list[Place]]) -> list[tuple[str, str]]:
    """(initial, line of Markdown), sorted; other names lead to the one with the places."""
    lines = []
    for term, found in where.items():
        main = f"{{term}}`{term.names[0]}`"
        by_page = [list(group) for _, group in groupby(found, lambda place: place.page)]
        lines.append((term.names[0], f"**{main}** {'; '.join(map(links, by_page))}"))
        lines += [(name, f"{name}, see {main}") for name in term.names[1:]]
    lines.sort(key=lambda pair: pair[0].lower())
    return [(initial(name), line) for name, line in lines]


def links(found: list[Place]) -> str:
    """The page, and in brackets those of its sections that treat the term."""
    page = f"[{found[0].title.removeprefix('★ ')}](/{found[0].page})"
    within = ", ".join(f"[{place.heading}]({place.target})" for place in found if place.heading)
    return f"{page} ({within})" if within else page


def initial(name: str) -> str:
    return name[0].upper() if name[0].isalpha() else "#"
