"""What can be wrong with an EPUB, each as a function that says where."""

import posixpath
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urldefrag

from lxml import etree

X = {
    "h": "http://www.w3.org/1999/xhtml",
    "m": "http://www.w3.org/1998/Math/MathML",
    "o": "http://www.idpf.org/2007/opf",
    "epub": "http://www.idpf.org/2007/ops",
}
OPF = "EPUB/package.opf"
NEVER = ("script", "form", "button", "input", "select", "textarea", "iframe", "details", "style")


@dataclass
class Book:
    """An EPUB, read once."""

    path: Path

    @cached_property
    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @cached_property
    def items(self) -> list:
        return etree.fromstring(self.files[OPF]).findall(".//o:manifest/o:item", X)

    @cached_property
    def pages(self) -> dict[str, etree._Element]:
        """The XHTML documents by name; one that cannot be read is left out (`broken`)."""
        found = {}
        for name, text in self.files.items():
            if name.endswith(".xhtml") and not _fault(text):
                found[name] = etree.fromstring(text)
        return found

    @cached_property
    def ids(self) -> dict[str, Counter]:
        return {name: Counter(page.xpath("//@id")) for name, page in self.pages.items()}

    def listed(self, item) -> str:
        return posixpath.join("EPUB", item.get("href"))


def _fault(text: bytes) -> str:
    try:
        etree.fromstring(text)
    except etree.XMLSyntaxError as error:
        return str(error)
    return ""


def container(book: Book) -> list[str]:
    """The mimetype comes first, bare, and the package is where the container says."""
    with zipfile.ZipFile(book.path) as archive:
        first = archive.infolist()[0]
    good = first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
    good = good and not first.extra and book.files["mimetype"] == b"application/epub+zip"
    root = etree.fromstring(book.files["META-INF/container.xml"])
    found = [name for name in root.xpath("//@full-path") if name not in book.files]
    return ([] if good else ["mimetype"]) + found


def unlisted(book: Book) -> list[str]:
    """Files that the manifest lacks, and those that it has and the book lacks."""
    listed = Counter(map(book.listed, book.items))
    there = {name for name in book.files if name.startswith("EPUB/")} - {OPF}
    twice = [name for name, times in listed.items() if times > 1]
    return sorted(there ^ set(listed)) + twice


def broken(book: Book) -> list[str]:
    """What is no XML: pages, pictures, the package."""
    texts = {n: t for n, t in book.files.items() if n.endswith((".xhtml", ".svg", ".opf"))}
    return [f"{name}: {fault}" for name, text in texts.items() if (fault := _fault(text))]


def repeated_ids(book: Book) -> list[str]:
    return [f"{name}: {i}" for name, ids in book.ids.items() for i, n in ids.items() if n > 1]


def dead_links(book: Book) -> list[str]:
    """Links and pictures that lead nowhere in the book."""
    dead = []
    for name, page in book.pages.items():
        for target in page.xpath("//@href | //@src"):
            if target.startswith(("https:", "http:", "mailto:")):
                continue
            file, place = urldefrag(target)
            at = posixpath.normpath(posixpath.join("EPUB", file)) if file else name
            if at not in book.files or (place and place not in book.ids.get(at, ())):
                dead.append(f"{name}: {target}")
    return dead


def for_screens(book: Book) -> list[str]:
    """Elements and attributes that a reader would not run or show."""
    found = []
    for name, page in book.pages.items():
        found += [f"{name}: {tag}" for tag in NEVER if page.xpath(f"//h:{tag}", namespaces=X)]
        found += [f"{name}: {at}" for at in page.xpath("//@*[starts-with(name(), 'on')]")]
    return found


def formulas(book: Book) -> list[str]:
    """Formulas that are not MathML to a reader, or have no text."""
    found = []
    for name, page in book.pages.items():
        every = page.xpath("//*[local-name() = 'math']")
        good = page.xpath("//m:math[string-length(@alttext) > 0][*]", namespaces=X)
        found += [f"{name}: {etree.tostring(formula)[:80]}" for formula in set(every) - set(good)]
    return found


def properties(book: Book) -> list[str]:
    """The manifest says which pages have formulas, and which is the contents."""
    found = []
    for item in book.items:
        page = book.pages.get(book.listed(item))
        if page is None:
            continue
        says = set((item.get("properties") or "").split())
        has = {"mathml"} if page.xpath("//m:math", namespaces=X) else set()
        has |= {"nav"} if page.xpath("//h:nav[@epub:type = 'toc']", namespaces=X) else set()
        if says != has:
            found.append(f"{item.get('href')}: {says} for {has}")
    return found


def silent_pictures(book: Book) -> list[str]:
    """Pictures without a text; only the title's ornament may have an empty one."""
    return [
        f"{name}: {picture.get('src')}"
        for name, page in book.pages.items()
        for picture in page.findall(".//h:img", X)
        if not picture.get("alt")
        and not (name == "EPUB/title.xhtml" and picture.get("alt") is not None)
    ]


def outside_the_contents(book: Book) -> list[str]:
    """Pages in the order of reading that the contents do not name, and pages in no order."""
    package = etree.fromstring(book.files[OPF])
    names = {item.get("id"): item.get("href") for item in book.items}
    spine = [names[ref.get("idref")] for ref in package.findall(".//o:spine/o:itemref", X)]
    toc = book.pages["EPUB/nav.xhtml"].xpath("//h:nav[@epub:type = 'toc']//@href", namespaces=X)
    order = list(dict.fromkeys(toc))
    rest = [name for name in spine if name not in ("title.xhtml", "nav.xhtml")]
    pages = {name.removeprefix("EPUB/") for name in book.pages}
    return (
        sorted(pages ^ set(spine))
        + [a for a, b in zip(order, rest, strict=False) if a != b]
        + (sorted(set(order) ^ set(rest)))
    )


ALL = (container, unlisted, broken, repeated_ids, dead_links, for_screens, formulas, properties,
       silent_pictures, outside_the_contents)  # fmt: skip
