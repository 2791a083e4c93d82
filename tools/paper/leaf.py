"""One page of the site, made fit for paper: no button, nothing folded, one name for each place."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag

from bs4 import BeautifulSoup, NavigableString, Tag

LATEX = re.compile(r"<annotation\b.*?</annotation>", re.DOTALL)  # a third of a page, never drawn
FORMULA = re.compile(
    r"<math\b([^>]*)><semantics>(.*?)<annotation\b[^>]*>(.*?)</annotation></semantics></math>",
    re.DOTALL,
)
ON_SCREEN_ONLY = (
    "a.headerlink, button, script, style, .toctree-wrapper, details.hide, span.target:empty"
)
COLUMNS = 100  # of code on a line; the package is written in as many
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class Leaf:
    """A page's article with the solutions taken out of it."""

    path: str  # its place on the site, such as book/gates/lstm.html
    article: Tag
    solutions: list[Tag] = field(default_factory=list)

    @property
    def key(self) -> str:
        return key(self.path)

    @property
    def title(self) -> str:
        return self.article.find(HEADINGS).get_text()

    def ids(self) -> set[str]:
        return {tag["id"] for part in (self.article, *self.solutions) for tag in named(part)}


def key(path: str) -> str:
    """What the names of all places on this page begin with."""
    return posixpath.basename(path).removesuffix(".html")


def named(part: Tag) -> list[Tag]:
    return ([part] if part.get("id") else []) + part.select("[id]")


def without_latex(html: str) -> str:
    return LATEX.sub("", html)


def with_alttext(html: str) -> str:
    """A formula's source becomes an attribute, which is read aloud where MathML is not known."""

    def move(match: re.Match) -> str:
        latex = re.sub(r"\s+", " ", match[3]).strip().replace('"', "&quot;")
        return f'<math{match[1]} alttext="{latex}">{match[2]}</math>'

    return FORMULA.sub(move, html)


def read(
    site: Path,
    path: str,
    formulas: Callable[[str], str] = without_latex,
    columns: int | None = COLUMNS,
) -> Leaf:
    """The page at this place of the site, with links and pictures as seen from the site's root.

    Lines of code longer than `columns` are broken; None leaves them as they are.
    """
    html = (site / path).read_text("utf-8")
    start, end = html.index("<article"), html.index("</article>")
    article = BeautifulSoup(formulas(html[start:end]), "html.parser").section
    for tag in article.select(ON_SCREEN_ONLY):
        tag.decompose()
    for cell in article.select("div.cell"):
        if not (cell.get_text(strip=True) or cell.img):
            cell.decompose()
    leaf = Leaf(path, article)
    for tag in named(article):
        tag["id"] = f"{leaf.key}--{tag['id']}".replace("/", "-")
    for picture in article.select("img"):
        picture["src"] = posixpath.normpath(posixpath.join(posixpath.dirname(path), picture["src"]))
        del picture["loading"]
    for link in article.select("a.internal[href]"):
        link["data-page"], link["data-place"] = _where(path, link["href"])
    for code in article.select("pre") if columns else ():
        fold_lines(code, columns)
    _take_out_solutions(leaf)
    return leaf


def _where(path: str, address: str) -> tuple[str, str]:
    """The page that a link on another one leads to, and the place on it."""
    page, place = urldefrag(address)
    folder = posixpath.dirname(path)
    return posixpath.normpath(posixpath.join(folder, page)) if page else path, place


def fold_lines(code: Tag, columns: int = COLUMNS) -> None:
    """Break lines longer than this, with a mark at the start of what is carried over."""
    column = 0
    for text in list(code.find_all(string=True)):
        pieces: list[str | Tag] = []
        for line in re.split(r"(\n)", text):
            while line != "\n" and column + len(line) > columns:
                room = columns - column
                cut = line.rfind(" ", max(0, room - 30), room) + 1 or room
                mark = Tag(name="span", attrs={"class": "carried"})
                pieces += [line[:cut], "\n", mark]
                line, column = line[cut:], 2
            pieces.append(line)
            column = 0 if line == "\n" else column + len(line)
        if len(pieces) > 1:
            text.replace_with(*(NavigableString(p) if isinstance(p, str) else p for p in pieces))


def _take_out_solutions(leaf: Leaf) -> None:
    """Solutions and answers go to the end of the book; a line says where."""
    for number, box in enumerate(leaf.article.select("div.solution, div.dropdown.admonition")):
        box["id"] = box.get("id") or f"{leaf.key}--answers-{number}"
        line = BeautifulSoup(
            '<p class="where"><a class="page"><b></b><span class="at">000</span></a></p>',
            "html.parser",
        ).p
        line.a["href"] = f"#{box['id']}"
        line.b.string = "Solution" if "solution" in box["class"] else "Answers"
        box.replace_with(line)
        leaf.solutions.append(box)
        if line.b.string == "Answers":
            heading = line.find_previous(HEADINGS)
            box.find(class_="admonition-title").string = f"Answers to {heading.get_text()}"
        before = line.find_previous_sibling()
        if before is not None and "exercise" in before.get("class", ()):
            before.append(line)
