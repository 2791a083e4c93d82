"""Sphinx extension: the directive `{exercise-list}` lists the book's exercises, part by part.

Each stands there with its page and with what its first line says of it:
`*Code, 20 minutes, medium.*`
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import yaml
from collect_equations import Page, _toc_files, pages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

BEGINS = re.compile(
    r"^:{3,}\{exercise(?:-start)?\} *(?P<title>.*)\n:label: (?P<label>\S+)\n(?P<options>(?::.*\n)*)"
    r"\s*(?P<line>.*)",
    re.MULTILINE,
)
SAID = re.compile(
    r"\*(?P<kind>Pen|Code|Project), (?P<minutes>\d+) minutes, (?P<level>easy|medium|hard)\.\*"
)


@dataclass(frozen=True)
class Exercise:
    """What a page says of an exercise; kind, minutes and level are "" where it says nothing."""

    page: Page
    title: str
    label: str
    kind: str = ""
    minutes: str = ""
    level: str = ""


def exercises(root: Path, page: Page) -> Iterator[Exercise]:
    """The page's exercises, in its order."""
    for found in BEGINS.finditer((root / page.path).read_text("utf-8")):
        said = SAID.match(found["line"])
        about = said.groupdict() if said else {}
        yield Exercise(page, found["title"].strip() or "Exercise", found["label"], **about)


def parts(root: Path) -> dict[Path, str]:
    """Page -> the caption of its part."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    return {
        Path(name): part["caption"] for part in toc.get("parts", []) for name in _toc_files(part)
    }


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("exercise-list", ExerciseList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class ExerciseList(SphinxDirective):
    """A section for each part of the book, with a table of its exercises."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        part = parts(root)
        book = [page for page in pages(root) if page.path in part]
        for page in book:
            self.env.note_dependency(str(page.path))
        sections = []
        for number, (caption, its_pages) in enumerate(groupby(book, lambda p: part[p.path]), 1):
            found = [exercise for page in its_pages for exercise in exercises(root, page)]
            if found:
                section = nodes.section(ids=[f"exercises-{number}"])
                section += nodes.title("", caption)
                section += self.parse_text_to_nodes(table(found))
                sections.append(section)
        return sections


def table(found: list[Exercise]) -> str:
    """The exercises as rows, each with a link to where it stands."""
    rows = ["| exercise | page | kind | minutes | difficulty |", "|---|---|---|--:|---|"]
    for one in found:
        link = (
            f"[{one.title}](#{one.label})" if one.title != one.page.title else f"[](#{one.label})"
        )
        page = f"[{one.page.title}](/{one.page.path})"
        rows.append(f"| {link} | {page} | {one.kind.lower()} | {one.minutes} | {one.level} |")
    return "\n".join(rows)
