"""The index of Pagefind, with which a served site is searched: one entry for each section.

Pagefind ranks whole pages, and a page of ours has some ten sections. So each section is handed over
as a page of its own, under the address of its heading. What readers call it, and the book does not,
comes from book/search.yml: it is found, and not shown.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import yaml

from pages import BUILD, forget_if_changed

SITE = BUILD / "html"
FOLDER = "pagefind"  # in the site, where book/_static/search.js looks
WORDS = Path("book/search.yml")
# Not among the results: lists of what stands elsewhere
LEFT_OUT = ("genindex", "search", "prf-prf", "book/reference/checks", "book/reference/claims")
LEFT_OUT += ("book/reference/terms",)
# Found after what teaches: these parts of every chapter, and most of the reference
LATE = {"In short", "Check yourself", "Exercises", "Going deeper"}
TEACHING_REFERENCE = ("notation", "conventions", "keras")
# Not searched: code and its output, solutions, formulas on a line of their own, marks
SKIPPED = [
    *("pre", "script", "style", "details", "annotation", "div.math", ".solution", ".cell_output"),
    *(".headerlink", ".equation-mark", ".claim-mark", ".toctree-wrapper"),
]
ARTICLE = re.compile(r'<article class="bd-article"[^>]*>(.*)</article>', re.DOTALL)
SECTION = re.compile(
    r'<section [^>]*?id="(?P<id>[^"]+)"[^>]*>\s*(?P<more>(?:<span id="[^"]+"></span>\s*)*)'
    r"<h(?P<level>[1-6])>(?P<heading>.*?)</h(?P=level)>",
    re.DOTALL,
)
NUMBER = re.compile(r'<span class="section-number">(.*?)\.? *</span>')
NO_WORDS = re.compile(
    r'<a class="headerlink".*?</a>|<annotation.*?</annotation>|<[^>]+>|★', re.DOTALL
)


class Section(NamedTuple):
    """Where it is (by each of its ids), its number, its heading and its page's, and its HTML."""

    addresses: list[str]
    number: str
    heading: str
    page: str
    html: str

    @property
    def late(self) -> bool:
        """Whether what teaches goes before it."""
        place, _, name = self.addresses[0].partition("book/reference/")
        return self.heading in LATE or (not place and not name.startswith(TEACHING_REFERENCE))


def sections(file: Path, address: str) -> Iterator[Section]:
    """Those of a built page. The first, which ends at the second heading, is the page itself."""
    article = ARTICLE.search(file.read_text("utf-8"))
    found = list(SECTION.finditer(article[1])) if article else []
    if not found:
        return
    page = plain(found[0]["heading"])
    for one, following in zip(found, [*found[1:], None], strict=True):
        ids = [one["id"], *re.findall(r'id="([^"]+)"', one["more"])]
        own = [address] if one is found[0] else []
        number = NUMBER.search(one["heading"])
        yield Section(
            own + [f"{address}#{name}" for name in ids],
            number[1] if number else "",
            plain(one["heading"]),
            page,
            article[1][one.end() : following.start() if following else None],
        )


def plain(heading: str) -> str:
    """The words of a heading, without its number, its star and its link."""
    return " ".join(NO_WORDS.sub("", NUMBER.sub("", heading)).split())


def names() -> dict[str, str]:
    """The address of a section -> what else readers call what it teaches."""
    listed = yaml.safe_load(WORDS.read_text("utf-8")) if WORDS.exists() else {}
    return {place.replace(".md", ".html"): text for place, text in listed.items()}


def document(section: Section, words: str) -> str:
    """The section as a page for Pagefind; `late` is a title that counts for less."""
    meta = {
        "place": section.addresses[0],
        "late" if section.late else "title": section.heading,
        "number": section.number,
        "page": section.page,
        "words": words,
    }
    marks = "".join(
        f'<i data-pagefind-ignore data-pagefind-meta="{key}[data-{key}]" data-{key}="{text}"></i>'
        for key, text in ((key, text.replace('"', "&quot;")) for key, text in meta.items())
        if text
    )
    weight = 0.2 if section.late else 1
    body = f'<div data-pagefind-weight="{weight}">{section.html}</div>'
    return f'<html lang="en"><body>{marks}{body}</body></html>'


def index(site: Path, known: dict[str, str]) -> int:
    """Write the index into the site and count its sections; of `known`, what is used is removed."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(site.rglob("*.html")):
            address = file.relative_to(site).as_posix()
            for section in () if address.startswith(LEFT_OUT) else sections(file, address):
                words = ", ".join(known.pop(at) for at in section.addresses if at in known)
                Path(folder, f"{count}.html").write_text(document(section, escape(words)), "utf-8")
                count += 1
        # not by its Python interface, which takes a tenth of a second for each page
        command = [sys.executable, "-m", "pagefind", "--silent", "--site", folder]
        command += ["--output-path", site / FOLDER, "--exclude-selectors", ", ".join(SKIPPED)]
        subprocess.run(command, check=True)
    return count


def write(site: Path = SITE) -> None:
    """Index the site, unless that was done since it last changed."""
    sources = [*site.rglob("*.html"), *WORDS.parent.glob(WORDS.name), Path(__file__)]
    forget_if_changed("search", sources, site / FOLDER)
    if (site / FOLDER).exists():
        return
    known = names()
    count = index(site, known)
    for unused in (site / FOLDER).glob("pagefind-*ui.*"):  # Pagefind's own dialogs
        unused.unlink()
    if known:
        shutil.rmtree(site / FOLDER)
        sys.exit(f"{WORDS} names sections that are not in the site: {', '.join(known)}")
    print(f"The search knows {count} sections", flush=True)
