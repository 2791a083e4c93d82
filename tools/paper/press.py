"""Print a document with Chromium, which draws its formulas and knows on which page all is."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pikepdf
from playwright.sync_api import Browser, Page

WIDTH = 527  # CSS pixels between the margins of paper.css: 139 mm, rounded up
AGAIN = 6  # numbers of pages take room themselves, so that setting them can move what follows
# What is wider than the page shrinks; a box too high to stay whole may be cut
FIT = """() => {
  const shrink = (box, inner) => {
    const style = getComputedStyle(box);
    const room = box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const wide = inner.getBoundingClientRect().width;
    if (wide > room + 0.5) {
      const size = parseFloat(getComputedStyle(inner).fontSize);
      inner.style.fontSize = Math.floor(100 * size * room / wide) / 100 + "px";
    }
  };
  for (const box of document.querySelectorAll("div.math .formula"))
    for (let again = 0; again < 3 && box.firstElementChild; again++)
      shrink(box, box.firstElementChild);
  for (const table of document.querySelectorAll("table"))
    for (let again = 0; again < 6 && table.offsetWidth > table.parentElement.clientWidth; again++)
      table.style.fontSize = parseFloat(getComputedStyle(table).fontSize) * 0.93 + "px";
  for (const box of document.querySelectorAll(".admonition, .cell_input, .cell_output pre, table"))
    if (box.offsetHeight > 0.4 * 756) box.classList.add("long");
}"""


SET = """([pages, settled]) => {
  for (const at of document.querySelectorAll(".at")) {
    const number = String(pages[decodeURIComponent(at.closest("a").hash.slice(1))]);
    // Between 9 and 10 a line can go to and fro for ever: then all get the same room
    at.textContent = settled ? number.padStart(4, "\u2007") : number;
  }
  for (const entry of document.querySelectorAll(".entry")) { // a page is named once
    const seen = new Set();
    for (const at of entry.querySelectorAll(".at")) {
      at.parentElement.classList.toggle("again", seen.has(at.textContent));
      seen.add(at.textContent);
    }
  }
}"""


HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter(heading => heading.checkVisibility())
  .map(heading => heading.textContent.replace(/\\s+/g, " ").trim())"""


def press(browser: Browser, document: Path, target: Path, author: str) -> None:
    """The document as a PDF, with outline, links and the tags that screen readers go by.

    Chromium says only in the PDF on which page a place is, so it prints until no number changes.
    """
    known: dict[str, int] = {}
    for time in range(AGAIN):
        # Laid out anew each time: in a page that stands, Chromium keeps breaks that no longer fit
        with browser.new_context(viewport={"width": WIDTH, "height": 900}) as context:
            page = context.new_page()
            page.set_default_timeout(0)
            page.emulate_media(media="print")
            page.goto(document.resolve().as_uri())
            page.evaluate("document.fonts.ready")
            if known:
                page.evaluate(SET, [known, time > 2])
            page.evaluate(FIT)
            headings = page.evaluate(HEADINGS)
            last = time > 1  # the tags take most of the time
            _print(page, target, last)
        with pikepdf.open(target) as pdf:
            found = numbers(pdf)
        if last and found == known:
            return finish(target, author, headings)
        known = found
    raise RuntimeError(f"{target}: after {AGAIN} times, the numbers of its pages still change")


def _print(page: Page, target: Path, tagged: bool) -> None:
    page.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        outline=tagged,
        tagged=tagged,
    )


def numbers(pdf: pikepdf.Pdf) -> dict[str, int]:
    """On which page each place is that a link leads to; the first page is 1."""
    pages = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
    places = pdf.Root.get("/Dests", {}).items()
    return {name.removeprefix("/"): pages[place[0].objgen] for name, place in places}


def finish(pdf: Path, author: str, headings: list[str]) -> None:
    """Say whose it is, and pack the tags, which make up two thirds of the file.

    In the outline, Chromium says a heading twice that it has moved to the next page.
    """
    with pikepdf.open(pdf, allow_overwriting_input=True) as book:
        with book.open_outline() as outline:
            entries = list(_flat(outline.root))
            for entry, heading in zip(entries, headings, strict=True):
                entry.title = heading
        book.docinfo["/Author"] = author
        book.docinfo["/Creator"] = "make pdf"
        book.save(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _flat(entries: Iterable[pikepdf.OutlineItem]) -> Iterator[pikepdf.OutlineItem]:
    for entry in entries:
        yield entry
        yield from _flat(entry.children)
