"""Print a document with Chromium, which draws its formulas and knows on which page all is."""

from pathlib import Path

from playwright.sync_api import Browser, Page
from pypdf import PdfReader

WIDTH = 527  # CSS pixels between the margins of paper.css: 139 mm, rounded up
AGAIN = 4  # numbers of pages take room themselves, so that setting them can move what follows
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
    if (box.firstElementChild) for (let again = 0; again < 3; again++) shrink(box, box.firstElementChild);
  for (const table of document.querySelectorAll("table"))
    for (let again = 0; again < 6 && table.offsetWidth > table.parentElement.clientWidth; again++)
      table.style.fontSize = parseFloat(getComputedStyle(table).fontSize) * 0.93 + "px";
  for (const box of document.querySelectorAll(".admonition, .cell_input, .cell_output pre"))
    if (box.offsetHeight > 0.4 * 756) box.classList.add("long");
}"""


SET = """pages => {
  let changed = 0;
  for (const at of document.querySelectorAll(".at")) {
    const number = String(pages[at.closest("a").hash.slice(1)]);
    if (at.textContent !== number) { at.textContent = number; changed++; }
  }
  return changed;
}"""


def press(browser: Browser, document: Path, target: Path) -> None:
    """The document as a PDF, with outline, links and the tags that screen readers go by.

    Chromium says only in the PDF on which page a place is, so it prints until no number changes.
    """
    with browser.new_context(viewport={"width": WIDTH, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(0)
        page.emulate_media(media="print")
        page.goto(document.resolve().as_uri())
        page.evaluate("document.fonts.ready")
        page.evaluate(FIT)
        for _ in range(AGAIN):
            _print(page, target)
            if page.evaluate(SET, numbers(target)) == 0:
                return
    raise RuntimeError(f"{target}: after {AGAIN} times, the numbers of its pages still change")


def _print(page: Page, target: Path) -> None:
    page.pdf(
        path=target, prefer_css_page_size=True, outline=True, tagged=True, print_background=True
    )


def numbers(pdf: Path) -> dict[str, int]:
    """On which page each place is that a link leads to; the first page is 1."""
    reader = PdfReader(pdf)
    pages = {page.indirect_reference.idnum: n for n, page in enumerate(reader.pages, 1)}
    places = reader.named_destinations.items()
    return {name.removeprefix("/"): pages[place.raw_get("/Page").idnum] for name, place in places}
