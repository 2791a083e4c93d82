"""What can be wrong with a printed book, each as a function that says where."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pikepdf
import pypdfium2
from bs4 import BeautifulSoup

MARGIN = 14 * 72 / 25.4 - 7  # points; code has a tint that reaches 2 mm into it
PAGE_AT_END = re.compile(r"(\d+)\)?\s*$")


@dataclass
class Printed:
    """A PDF beside the document that it was printed from."""

    path: Path
    document: str

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.document, "html.parser")

    @cached_property
    def pdf(self) -> pikepdf.Pdf:
        return pikepdf.open(self.path)

    @cached_property
    def texts(self) -> list:
        return [page.get_textpage() for page in pypdfium2.PdfDocument(self.path)]

    @cached_property
    def pages(self) -> list[str]:
        return [text.get_text_bounded() for text in self.texts]

    @cached_property
    def places(self) -> dict[str, tuple[int, float]]:
        """Page, from 0, and height of each place that a link leads to."""
        number = {page.objgen: n for n, page in enumerate(self.pdf.pages)}
        found = self.pdf.Root.get("/Dests", {}).items()
        return {name[1:]: (number[to[0].objgen], float(to[3])) for name, to in found}

    def links(self):
        """Page, place and printed text of each link inside the document."""
        for n, page in enumerate(self.pdf.pages):
            for link in page.get("/Annots", []):
                if "/Dest" in link:
                    left, bottom, right, top = map(float, link.Rect)
                    text = self.texts[n].get_text_bounded(left, bottom, right, top)
                    yield n, str(link.Dest).removeprefix("/"), text.strip()

    def boxes(self, n: int) -> list[tuple[float, float, float, float]]:
        text = self.texts[n]
        return [text.get_rect(k) for k in range(text.count_rects())]


def outline(printed: Printed) -> list[str]:
    """Headings that the outline lacks."""
    with printed.pdf.open_outline() as tree:
        entries, todo = [], list(tree.root)
        while todo:
            entry = todo.pop()
            entries.append(squeeze(entry.title))
            todo += entry.children
    headings = printed.soup.select(".leaf :is(h1, h2, h3, h4)")
    return [h.get_text() for h in headings if not in_outline(h, entries)]


def in_outline(heading, entries: list[str]) -> bool:
    for formula in heading.select("math"):
        formula.decompose()
    return any(squeeze(heading.get_text()) == entry for entry in entries) or not heading.get_text()


def squeeze(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad]", "", text)


def dead_links(printed: Printed) -> list[str]:
    wanted = {a["href"][1:] for a in printed.soup.select('a[href^="#"]')}
    return sorted(wanted - set(printed.places))


def wrong_pages(printed: Printed) -> list[str]:
    """Printed page numbers that are not those of the place that the link leads to."""
    numbered = {a["href"][1:] for a in printed.soup.select("a:has(.at)")}
    faults = []
    for n, place, text in printed.links():
        said = PAGE_AT_END.search(text)
        inside = "(p." in text or text.isdigit()
        if place in numbered and said and inside and int(said[1]) != printed.places[place][0] + 1:
            faults.append(
                f"page {n + 1}: {text!r}, but {place} is on {printed.places[place][0] + 1}"
            )
    return faults


def misplaced_labels(printed: Printed) -> list[str]:
    """Equations, figures and exercises whose number is not on the page that links lead to."""
    faults = []
    for tag in printed.soup.select(":is(figure, .exercise, .proof, div.math, .planted)[id]"):
        label = tag.select_one(".eqno, .caption-number")
        n = printed.places.get(tag["id"], (None,))[0]
        if label and n is not None and squeeze(label.get_text()) not in squeeze(printed.pages[n]):
            faults.append(f"{label.get_text()} is not on page {n + 1}")
    return faults


def fonts_left_out(printed: Printed) -> list[str]:
    faults = set()
    for page in printed.pdf.pages:
        for font in page.get("/Resources", {}).get("/Font", {}).values():
            for part in font.get("/DescendantFonts", [font]):
                file = {"/FontFile", "/FontFile2", "/FontFile3"} & set(
                    part.get("/FontDescriptor", pikepdf.Dictionary()).keys()
                )
                if not file and font.Subtype != "/Type3":
                    faults.add(str(font.get("/BaseFont")))
    return sorted(faults)


def pixels(printed: Printed) -> int:
    """How many pictures of pixels there are more than the document has."""
    found = {
        tuple(image.objgen) for page in printed.pdf.pages for image in page.get_images().values()
    }
    own = 0
    for source in {img["src"] for img in printed.soup.select("img")}:
        drawn = Path(source.removeprefix("file://")).read_text("utf-8") if ".svg" in source else ""
        own += drawn.count("<image ") if drawn else 1  # a field of colours is one in a drawing, too
    return max(0, len(found) - 2 * own)  # with a mask, a picture is two


def out_of_bounds(printed: Printed) -> list[str]:
    faults = []
    for n, page in enumerate(printed.pdf.pages):
        _, _, width, height = map(float, page.MediaBox)
        for left, bottom, right, top in printed.boxes(n):
            if min(left, width - right) < MARGIN or min(bottom, height - top) < MARGIN / 2:
                text = printed.texts[n].get_text_bounded(left, bottom, right, top)
                faults.append(
                    f"page {n + 1}: {text!r} from {left:.0f} to {right:.0f} of {width:.0f}"
                )
    return faults


def early_solutions(printed: Printed) -> list[int]:
    """Pages before the appendix on which a solution stands."""
    first = printed.places["solutions"][0]
    return [n + 1 for n, text in enumerate(printed.pages[:first]) if "Solution to" in text]


def headings_at_the_bottom(printed: Printed) -> list[str]:
    faults = []
    for heading in printed.soup.select(".leaf :is(h1, h2, h3, h4)[id]"):
        if heading["id"] not in printed.places:
            continue
        n, height = printed.places[heading["id"]]
        words = squeeze(heading.get_text())
        left = [box for box in printed.boxes(n) if box[3] < height]
        below = "".join(printed.texts[n].get_text_bounded(*box) for box in left)
        if words in squeeze(below) and not squeeze(below).split(words, 1)[1]:
            faults.append(f"page {n + 1}: {heading.get_text()}")
    return faults


def lost_code(printed: Printed) -> list[str]:
    """Lines of code that are not on paper whole."""
    paper = squeeze("".join(printed.pages))
    lines = [line for pre in printed.soup.select(".cell_input pre")
             for line in pre.get_text().split("\n")]  # fmt: skip
    return [line for line in lines if squeeze(line) not in paper]
