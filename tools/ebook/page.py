"""Pages of the site as XHTML documents: formulas as MathML, links that lead within the book."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from html import escape

from bs4 import BeautifulSoup, Tag

from paper.bind import Chapter
from paper.leaf import HEADINGS, Leaf, key, named, with_alttext
from paper.leaf import read as read_leaf

MATHML = "http://www.w3.org/1998/Math/MathML"
LONG = 30  # characters of a formula in a line of text, which a phone may be too narrow for
DEEPEST = 24  # spaces before a line of code for which ebook.css has a class
read = partial(read_leaf, formulas=with_alttext, columns=None)


@dataclass
class Document:
    """A file of the book: its name, its title in the contents, and what its body has."""

    name: str
    title: str
    body: str
    pictures: set[str] = field(default_factory=set)  # as seen from the site's root

    @property
    def text(self) -> str:
        return f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="en" xml:lang="en">
<head><title>{escape(self.title)}</title>
<link rel="stylesheet" type="text/css" href="ebook.css"/></head>
<body>{self.body}</body></html>
"""

    @property
    def properties(self) -> str:
        return "mathml" if "<math" in self.body else ""


def solutions_name(chapter: Chapter) -> str:
    return f"solutions-{chapter.key}.xhtml"


def places(chapters: Iterable[Chapter]) -> dict[str, str]:
    """The file in which each named place stands."""
    found = {}
    for chapter in chapters:
        for leaf in chapter.leaves:
            found |= {tag["id"]: f"{leaf.key}.xhtml" for tag in named(leaf.article)}
            for box in leaf.solutions:
                found |= {tag["id"]: solutions_name(chapter) for tag in named(box)}
    return found


def resolve(part: Tag, pages: set[str], known: dict[str, str], address: str) -> None:
    """Links lead to files of the book; what it lacks is on the site at `address`."""
    for link in part.select("a[href]"):
        page, place = link.attrs.pop("data-page", None), link.attrs.pop("data-place", "")
        if page is None:  # to a solution or back from one, or out of the book
            name = link["href"].removeprefix("#")
            if name in known:
                link["href"] = f"{known[name]}#{name}"
        elif page not in pages:
            link["href"] = f"{address}{page}" + (f"#{place}" if place else "")
        else:
            name = f"{key(page)}--{place}".replace("/", "-")
            inside = place and name in known
            link["href"] = f"{known[name]}#{name}" if inside else f"{key(page)}.xhtml"


def lead_back(leaf: Leaf) -> None:
    """From the answers a link leads back to the questions, as solutions have one already."""
    for line in leaf.article.select("p.where"):
        line["id"] = f"{line.a['href'].removeprefix('#')}--from"
    for box in leaf.solutions:
        title = box.find(class_="admonition-title")
        if title is not None and title.a is None:
            title.wrap(Tag(name="p", attrs={"class": "admonition-title"}))
            title.name, title.attrs = "a", {"href": f"#{box['id']}--from"}


def clean(part: Tag) -> set[str]:
    """Make it valid in an EPUB; the pictures that it shows."""
    for number in part.select(".at"):  # of a page of paper
        number.decompose()
    for formula in part.select("math"):
        formula["xmlns"] = MATHML
        formula.attrs.pop("style", None)
    for piece in part.select(":is(mrow, mi, mn, mo):is([displaystyle], [scriptlevel])"):
        style = piece.wrap(Tag(name="mstyle"))  # the element that may have these
        for name in {"displaystyle", "scriptlevel"} & set(piece.attrs):
            style[name] = piece.attrs.pop(name)
    for formula in part.select("span.math"):
        if len(formula.get_text()) > LONG:
            formula["class"] = [*formula["class"], "long"]
    for side in ("left", "right"):  # said again for readers that do not look at classes
        for cell in part.select(f"mtd.tml-{side}"):
            cell["columnalign"] = side
    for code in part.select("pre"):
        mark_lines(code)
    pictures = {picture["src"] for picture in part.select("img")}
    for picture in part.select("img"):
        picture["src"] = f"images/{posixpath.basename(picture['src'])}"
    return pictures


def mark_lines(code: Tag) -> None:
    """Each line in an element of its own, so that what does not fit goes on further in."""
    lines, within = [""], []
    for token in re.split(r"(<[^>]*>|\n)", code.decode_contents().removesuffix("\n")):
        if token == "\n":
            lines[-1] += "\n" + "</span>" * len(within)
            lines.append("".join(within))
            continue
        if token.startswith("</"):
            within.pop()
        elif token.startswith("<"):
            within.append(token)
        lines[-1] += token
    made = []
    for line in lines:
        bare = re.sub("<[^>]*>", "", line)
        deep = min(DEEPEST, -(-(len(bare) - len(bare.lstrip(" "))) // 4) * 4) if bare.strip() else 0
        made.append(f'<span class="line i{deep}">{line}</span>')
    # elsewhere than in a <pre>, the parser would make one space of several
    code.replace_with(BeautifulSoup(f"<pre>{''.join(made)}</pre>", "html.parser"))


def document(leaf: Leaf, part: str = "") -> Document:
    """A page; `part` stands above the title of the first page of a chapter."""
    title = leaf.title
    above = f'<p class="part">{escape(part)}</p>' if part else ""
    pictures = clean(leaf.article)
    return Document(f"{leaf.key}.xhtml", title, above + str(leaf.article), pictures)


def solutions(chapter: Chapter) -> Document | None:
    """All answers and solutions of a chapter, under the titles of its pages."""
    made, pictures = [], set()
    for leaf in chapter.leaves:
        if leaf.solutions and leaf is not chapter.leaves[0]:
            made.append(f"<h2>{escape(leaf.title)}</h2>")
        for box in leaf.solutions:
            for heading in box.find_all(HEADINGS):
                heading.name = f"h{min(6, int(heading.name[1]) + 1)}"
            pictures |= clean(box)
            made.append(str(box))
    if not made:
        return None
    kind = '<p class="part">Answers and solutions</p>'
    body = f"{kind}<h1>{escape(chapter.title)}</h1>{''.join(made)}"
    return Document(solutions_name(chapter), chapter.title, body, pictures)
