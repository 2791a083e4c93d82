"""Pack the built site as an EPUB: _build/epub/unrolled.epub."""

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

import yaml

import pdf
from ebook import cover, package, page, style
from ebook.package import Entry
from ebook.page import Document
from paper import bind
from paper.bind import Chapter
from paper.leaf import Leaf
from processes import turn

SITE = Path("_build/html")
TARGET = Path("_build/epub/unrolled.epub")
CHANGED = re.compile(r'article:modified_time" content="(\d{4}-\d\d-\d\d)"')


def facts(site: Path) -> dict[str, str]:
    """What title page and metadata say; the date is that of the page that changed last."""
    cited = yaml.safe_load(Path("CITATION.cff").read_text("utf-8"))
    dates = (CHANGED.findall(path.read_text("utf-8")) for path in site.rglob("book/**/*.html"))
    days = [day for found in dates for day in found]
    known = pdf.facts()
    return known | {
        "abstract": " ".join(cited["abstract"].split()),
        "modified": max(days, default=str(pdf.date.today())),
    }


def main() -> None:
    with turn(shared=True):
        plan = bind.plan(yaml.safe_load(Path("_toc.yml").read_text("utf-8")))
        parts = [
            Chapter([page.read(SITE, path) for path in paths], part["caption"])
            for part, paths in plan.values()
        ]
        make(SITE, parts, page.read(SITE, bind.FRONT), facts(SITE), TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


def make(
    site: Path, parts: list[Chapter], front: Leaf, known: dict[str, str], target: Path
) -> Path:
    """The book of these chapters."""
    connect(parts, front, known["address"])
    body, last = bind.order(parts)
    documents, contents = [page.document(front)], [Entry(front.title, f"{front.key}.xhtml")]
    for chapter in body:
        entry = add(documents, chapter)
        if contents[-1].title != chapter.part:
            contents.append(Entry(chapter.part, entry.target))
        contents[-1].below.append(entry)
    solved = [made for chapter in body if (made := page.solutions(chapter))]
    if solved:
        below = [Entry(made.title, made.name) for made in solved]
        contents.append(Entry("Answers and solutions", solved[0].name, below))
    documents += solved
    contents += [add(documents, chapter) for chapter in last]
    nav = package.navigation(contents, documents[0].name)
    documents = [title(known), nav, *documents]
    return package.pack(target, known, documents, others(site, documents, known))


def connect(parts: list[Chapter], front: Leaf, address: str) -> None:
    """Every link leads to where its place is in the book, or on the site."""
    chapters = [Chapter([front], ""), *parts]
    leaves = [leaf for chapter in chapters for leaf in chapter.leaves]
    for leaf in leaves:
        page.lead_back(leaf)
        if leaf.key == "terms":
            leaf.article.find("p", recursive=False).decompose()  # of the search field
    known, pages = page.places(chapters), {leaf.path for leaf in leaves}
    for leaf in leaves:
        for part in (leaf.article, *leaf.solutions):
            page.resolve(part, pages, known, address)


def add(documents: list[Document], chapter: Chapter) -> Entry:
    """The pages of a chapter; its entry in the contents."""
    first, *deeper = chapter.leaves
    made = [page.document(first, chapter.part), *(page.document(leaf) for leaf in deeper)]
    documents += made
    lines = [Entry(document.title, document.name) for document in made]
    return Entry(lines[0].title, lines[0].target, lines[1:])


def title(known: dict[str, str]) -> Document:
    name, _, below = known["title"].partition(": ")
    address = known["address"]
    body = f"""<section class="title" epub:type="titlepage"><img src="images/logo.svg" alt=""/>
<h1>{escape(name)}</h1><p class="below">{escape(below)}</p>
<p class="who">{escape(known["authors"])}</p>
<p>Version {known["version"]}, {known["modified"]}<br/><a href="{address}">{address}</a><br/>
Text under CC BY 4.0, code under MIT</p>
<p class="edition">This edition has the numbers of the site, on which each chapter also runs.
Programs that only draw a figure or prepare a result are left out here, and can be unfolded there.
What the tests say of each equation and sentence marked ✓ stands there too.
Answers and solutions are at the end.</p></section>"""
    return Document("title.xhtml", known["title"], body, {"_static/logo.svg"})


def others(site: Path, documents: Iterable[Document], known: dict[str, str]) -> dict[str, bytes]:
    """Pictures and style, by their names in the book."""
    shown = {path for document in documents for path in document.pictures}
    found = {f"images/{Path(path).name}": picture((site / path).read_bytes()) for path in shown}
    found["ebook.css"] = style.sheet((site / "_static/pygments.css").read_text("utf-8")).encode()
    found["cover.png"] = cover.draw(known["title"], known["authors"])
    return found


def picture(svg: bytes) -> bytes:
    """Without the names that Matplotlib gives to bitmaps: two that look the same share one."""
    return re.sub(rb'(<image\b[^>]*?) id="image[0-9a-f]+"', rb"\1", svg)
