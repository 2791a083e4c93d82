"""The book's terms: what the glossary says of each, and where the pages treat them.

Read from the sources without building: the links and the index on the site (`glossary_links.py`)
and the tests (`tests/book/test_glossary.py`) share this module, so that they cannot disagree.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from collect_equations import _toc_files
from mdit_py_plugins.anchors.index import slugify

GLOSSARY = Path("book/reference/glossary.md")
BLOCK = re.compile(r"^```\{glossary\}\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)
ABOUT = 30  # characters: what is printed in bold is a term up to this length, else a sentence
ELSEWHERE = {"Exercises", "Going deeper", "In short", "What goes wrong", "What can go wrong"}
# everyday words too: no use of them is known to be the term's, except where it is printed in bold
EVERYDAY = {
    "bit",
    "blank",
    "channel",
    "context",
    "control",
    "discount",
    "feature",
    "filter",
    "kernel",
    "key",
    "query",
    "scan",
    "segment",
    "smoothing",
    "selective",
    "stream",
    "tape",
    "target",
    "value",
}
SPAN = re.compile(r"</?span[^>]*>")
LETTER = re.compile(r"\$(\w)\$")  # top-$k$ is top-k
MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`$*]")


@dataclass(frozen=True)
class Term:
    """An entry of the glossary: its names, the first of which it is listed under."""

    names: tuple[str, ...]
    definition: str

    @property
    def anchor(self) -> str:
        """The id that Sphinx gives to the entry."""
        return "term-" + re.sub(r"[^a-zA-Z0-9]+", "-", self.names[0]).strip("-")

    @property
    def plain(self) -> str:
        """The definition without markup."""
        return MARKUP.sub(lambda found: found[1] or "", self.definition)


@dataclass(frozen=True)
class Place:
    """A section of a page that treats a term."""

    page: Path
    title: str  # of the page
    heading: str  # of the section; "" before the first, or with a formula in it

    @property
    def target(self) -> str:
        """What a link to it leads to, from anywhere in the book."""
        return f"/{self.page}" + (f"#{slugify(self.heading)}" if self.heading else "")


def terms(root: Path) -> list[Term]:
    """The entries of the glossary, in its order."""
    text = (root / GLOSSARY).read_text("utf-8")
    found = []
    for block in BLOCK.findall(text):
        for entry in re.split(r"\n\s*\n", block.strip()):
            names = [line.strip() for line in entry.splitlines() if not line.startswith(" ")]
            lines = [line.strip() for line in entry.splitlines() if line.startswith(" ")]
            found.append(Term(tuple(names), " ".join(lines)))
    return found


def pattern(names: tuple[str, ...]) -> re.Pattern:
    """Finds any of the names as a word, with a capital or in the plural too."""
    words = "|".join(_of_name(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")


def _of_name(name: str) -> str:
    first = f"[{name[0].lower()}{name[0].upper()}]" if name[0].islower() else re.escape(name[0])
    rest = r"[\s-]+".join(re.escape(word) for word in name[1:].split(" "))
    return first + rest + ("" if name.endswith("s") else "(?:s|es)?")


def chapters(root: Path) -> list[Path]:
    """The pages of the numbered parts, in reading order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    numbered = [part for part in toc["parts"] if part.get("numbered", True)]
    return [Path(name) for part in numbered for name in _toc_files(part)]


def sections(root: Path, page: Path) -> Iterator[tuple[str, str, str]]:
    """(page title, heading, prose) for each section of a page; code is left out."""
    text = (root / page).read_text("utf-8").split("---\n", 2)[-1]  # without the notebook's head
    text = LETTER.sub(r"\1", SPAN.sub("", CODE.sub("", text)))
    title, heading = "", ""
    for part in re.split(r"^(?=#{1,3} )", text, flags=re.MULTILINE):
        first, _, rest = part.partition("\n")
        if first.startswith("# "):
            title = first[2:].strip()
        elif first.startswith("#"):
            heading = first.lstrip("#").strip()
        if title:
            yield title, heading, rest


def places(root: Path, found: list[Term]) -> dict[Term, list[Place]]:
    """Where each term is treated: sections headed by it or that print it in bold.

    Where there is none, the first section that uses it.
    """
    headed = {term: pattern(term.names) for term in found}
    treated = {term: [] for term in found}
    used: dict[Term, list[Place]] = {}  # the first place only
    for page in chapters(root):
        for title, heading, prose in sections(root, page):
            if heading in ELSEWHERE:
                continue
            bold = " ".join(re.findall(rf"\*\*([^*\n]{{1,{ABOUT}}})\*\*", prose))
            for term in found:
                place = Place(page, title, "" if "$" in heading else heading)
                if headed[term].search(heading or title) or headed[term].search(bold):
                    treated[term].append(place)
                elif term not in used and headed[term].search(prose):
                    used[term] = [place]
    return {term: treated[term] or used.get(term, []) for term in found}
