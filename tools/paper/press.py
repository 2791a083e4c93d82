"""Print a document with Chromium, which draws its formulas and knows on which page all is."""

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


def press(browser: Browser, document: Path, target: Path) -> None:
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
            _print(page, target)
        with pikepdf.open(target) as pdf:
            found = numbers(pdf)
        if found == known:
            return
        known = found
    raise RuntimeError(f"{target}: after {AGAIN} times, the numbers of its pages still change")


def _print(page: Page, target: Path) -> None:
    page.pdf(
        path=target, prefer_css_page_size=True, outline=True, tagged=True, print_background=True
    )


def numbers(pdf: pikepdf.Pdf) -> dict[str, int]:
    """On which page each place is that a link leads to; the first page is 1."""
    pages = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
    places = pdf.Root.get("/Dests", {}).items()
    return {name.removeprefix("/"): pages[place[0].objgen] for name, place in places}


def finish(pdf: Path, author: str) -> None:
    """Say whose it is, and pack the tags, which make up two thirds of the file."""
    with pikepdf.open(pdf, allow_overwriting_input=True) as book:
        book.docinfo["/Author"] = author
        book.docinfo["/Creator"] = "make pdf"
        book.save(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)
