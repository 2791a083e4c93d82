"""Pack documents, pictures, contents and metadata into one EPUB 3 file."""

import uuid
import zipfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ebook.page import Document

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same site makes the same file
KINDS = {".xhtml": "application/xhtml+xml", ".css": "text/css", ".svg": "image/svg+xml",
         ".png": "image/png"}  # fmt: skip
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>\
</rootfiles></container>
"""
FEATURES = ("MathML", "alternativeText", "displayTransformability", "readingOrder",
            "structuralNavigation", "tableOfContents")  # fmt: skip


@dataclass
class Entry:
    """A line of the contents, with those below it."""

    title: str
    target: str
    below: list["Entry"] = field(default_factory=list)


def navigation(entries: list[Entry], start: str) -> Document:
    """The table of contents; `start` is the file with which the text begins."""
    marks = [("toc", "nav.xhtml", "Contents"), ("bodymatter", start, "Start of the text")]
    items = "".join(
        f'<li><a epub:type="{kind}" href="{target}">{name}</a></li>' for kind, target, name in marks
    )
    body = (
        f'<nav epub:type="toc" id="toc" role="doc-toc"><h1>Contents</h1>{_list(entries)}</nav>\n'
        f'<nav epub:type="landmarks" hidden="hidden"><h2>Landmarks</h2><ol>{items}</ol></nav>'
    )
    return Document("nav.xhtml", "Contents", body)


def _list(entries: list[Entry]) -> str:
    lines = (
        f'<li><a href="{entry.target}">{escape(entry.title)}</a>'
        f"{_list(entry.below) if entry.below else ''}</li>\n"
        for entry in entries
    )
    return f"<ol>\n{''.join(lines)}</ol>"


def opf(facts: dict[str, str], documents: list[Document], others: list[str]) -> str:
    """The package document: what the book is, which files it has, and in which order."""
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"{facts['address']}#{facts['version']}")
    made = [
        f'<item id="d{number}" href="{document.name}" media-type="{KINDS[".xhtml"]}"'
        + (f' properties="{kinds}"' if (kinds := _properties(document)) else "")
        + "/>"
        for number, document in enumerate(documents)
    ]
    made += [
        f'<item id="f{number}" href="{name}" media-type="{KINDS[Path(name).suffix]}"'
        + (' properties="cover-image"' if name == "cover.png" else "")
        + "/>"
        for number, name in enumerate(others)
    ]
    spine = "".join(f'<itemref idref="d{number}"/>' for number in range(len(documents)))
    features = "".join(
        f'<meta property="schema:accessibilityFeature">{feature}</meta>\n' for feature in FEATURES
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>
<dc:title>{escape(facts["title"])}</dc:title>
<dc:creator>{escape(facts["authors"])}</dc:creator>
<dc:language>en</dc:language>
<dc:description>{escape(facts["abstract"])}</dc:description>
<dc:rights>Text under CC BY 4.0, code under MIT</dc:rights>
<dc:source>{facts["address"]}</dc:source>
<dc:date>{facts["modified"]}</dc:date>
<meta property="dcterms:modified">{facts["modified"]}T00:00:00Z</meta>
<meta property="schema:version">{facts["version"]}</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityHazard">none</meta>
{features}<meta property="schema:accessibilitySummary">Formulas are MathML. \
Every picture has a text that says what it shows.</meta>
</metadata>
<manifest>
{chr(10).join(made)}
</manifest>
<spine>{spine}</spine>
</package>
"""


def _properties(document: Document) -> str:
    kinds = ["nav"] if document.name == "nav.xhtml" else []
    return " ".join([*kinds, *document.properties.split()])


def pack(
    target: Path,
    facts: dict[str, str],
    documents: list[Document],
    others: dict[str, bytes],
) -> Path:
    """Write the file; `others` are pictures and styles by name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        _write(archive, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
        _write(archive, "META-INF/container.xml", CONTAINER.encode())
        _write(archive, "EPUB/package.opf", opf(facts, documents, sorted(others)).encode())
        for document in documents:
            _write(archive, f"EPUB/{document.name}", document.text.encode())
        for name in sorted(others):
            _write(archive, f"EPUB/{name}", others[name])
    return target


def _write(
    archive: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED
) -> None:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, how)
