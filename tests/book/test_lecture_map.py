"""The Lecture Map names every item of the five decks, and agrees with what the chapters claim."""

import re
from collections import Counter
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
HERE = BOOK / "reference"
MAP = HERE / "lecture-map.md"
ITEMS = {"D0": 24, "D1": 23, "D2": 42, "D3": 41, "D4": 32}  # in each deck

CODE = r"D\d-\d\d"
RANGE = re.compile(rf"({CODE})(?:\s*(?:…|–|—|\.\.\.|\bto\b)\s*(?:(D\d)-)?(\d\d))?")
ROW = re.compile(rf"^\|\s*({CODE})\s*\|([^|]*)\|([^|]*)\|\s*$", re.M)
LINK = re.compile(r"\[[^\]]+\](?:\[([^\]]+)\]|\(([^)]+)\))")  # [text][key] or [text](target)
DEFINITION = re.compile(r"^\[([^\]]+)\]:\s*(\S+)", re.M)
TO_COME = re.compile(r"\*([^*]+)\* \(to come\)")


def expand(text: str) -> list[str]:
    """Every code in the text, ranges such as D0-01…05 and D0-01…D0-05 written out."""
    codes = []
    for first, deck, last in RANGE.findall(text):
        name, start = first.split("-")
        numbers = range(int(start), int(last or start) + 1)
        if deck not in ("", name) or not numbers:
            raise ValueError(f"not a range: {first}…{deck}{last}")
        codes += [f"{name}-{number:02}" for number in numbers]
    return codes


def rows() -> list[tuple[str, str, str]]:
    """(code, topic, where it is covered) for each row of the map."""
    return [tuple(map(str.strip, row)) for row in ROW.findall(MAP.read_text())]


def covered_by(cell: str, definitions: dict[str, str]) -> set[str]:
    """The chapters, as paths below book/, that one row of the map links to."""
    files = [definitions.get(key, target).partition("#")[0] for key, target in LINK.findall(cell)]
    paths = [(MAP.parent / file).resolve() for file in files]
    return {path.relative_to(BOOK).as_posix() for path in paths if path.parent not in (BOOK, HERE)}


def map_links() -> dict[str, set[str]]:
    """Chapter -> the codes of the rows that link to it."""
    definitions = dict(DEFINITION.findall(MAP.read_text()))
    links = {}
    for code, _, cell in rows():
        for chapter in covered_by(cell, definitions):
            links.setdefault(chapter, set()).add(code)
    return links


def chapters() -> dict[str, str]:
    """Chapter -> its text: every page of a part, the reference pages apart."""
    pages = [page for page in BOOK.glob("*/*.md") if page.parent != HERE]
    texts = {page.relative_to(BOOK).as_posix(): page.read_text() for page in sorted(pages)}
    return {name: text for name, text in texts.items() if not name.startswith("_")}


def for_teachers(text: str) -> list[str]:
    """The paragraphs which begin with **For teachers.**"""
    return re.findall(r"^\*\*For teachers\.\*\*.*?(?=\n\s*\n|\Z)", text, re.S | re.M)


def test_every_item_stands_once_and_in_order():
    codes = [code for code, _, _ in rows()]
    wanted = [f"{deck}-{i:02}" for deck, n in ITEMS.items() for i in range(1, n + 1)]
    twice = [code for code, count in Counter(codes).items() if count > 1]
    assert not twice
    assert set(codes) == set(wanted)
    assert codes == wanted, "the rows are not in the decks' order"


def test_no_row_is_lost_by_its_form():
    lines = [line for line in MAP.read_text().splitlines() if re.match(rf"\|\s*`?{CODE}", line)]
    assert len(lines) == len(rows()), "a row without exactly three columns"


def test_the_map_counts_its_items():
    for deck, count in ITEMS.items():
        assert re.search(rf"^\| \[{deck}\].*\| {count} \|$", MAP.read_text(), re.M)


def test_every_row_says_where():
    for code, topic, cell in rows():
        assert topic, code
        for place in cell.split(" · "):
            known = LINK.fullmatch(place) or TO_COME.fullmatch(place) or place == "*to come*"
            assert known, f"{code}: {place!r} is neither a link nor to come"


def test_nothing_that_exists_is_to_come():
    titles = {re.search(r"^# (.+)$", text, re.M)[1].strip() for text in chapters().values()}
    for code, _, cell in rows():
        stale = titles.intersection(TO_COME.findall(cell))
        assert not stale, f"{code}: {stale} exists; link to it"


def test_chapters_and_map_agree():
    links, texts = map_links(), chapters()
    assert set(links) <= set(texts), "the map links to a page that does not exist"
    for chapter, text in texts.items():
        lines = for_teachers(text)
        assert len(lines) == 1, f"{chapter}: {len(lines)} paragraphs begin with **For teachers.**"
        assert "lecture-map.md" in lines[0], f"{chapter}: For teachers does not link to the map"
        claimed = set(expand(lines[0]))
        missing = sorted(claimed - links.get(chapter, set()))
        unclaimed = sorted(links.get(chapter, set()) - claimed)
        assert not missing, f"{chapter} claims {missing}; the map does not link them to it"
        assert not unclaimed, f"the map links {unclaimed} to {chapter}, which does not claim them"


def test_ranges():
    assert expand("D0-01…03, D1-08") == ["D0-01", "D0-02", "D0-03", "D1-08"]
    assert expand("D0-01–02; D3-09 … D3-10") == ["D0-01", "D0-02", "D3-09", "D3-10"]
    assert expand("D0-01 to D0-02 and D1-08") == ["D0-01", "D0-02", "D1-08"]
    for wrong in ("D0-05…03", "D0-05…D1-07"):
        with pytest.raises(ValueError, match="not a range"):
            expand(wrong)
