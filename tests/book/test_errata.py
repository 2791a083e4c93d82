"""The errata page's table of decks lists an entry wherever a claim of it names the deck, and each
such claim rests on words of that deck.

The decks are other people's and not part of this repository. Who has their texts names the folder:
UNROLLED_DECKS=folder, in it five files *.txt, in the order of the page's table.
"""

import os
import re
import tomllib
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "book/reference/errata.md").read_text()
WORDS = tomllib.loads((Path(__file__).parent / "deck_words.toml").read_text())


def named_in_claims():
    """Each deck with the numbers of the entries whose claims name it in brackets."""
    entries = re.findall(r"^### (\d+)\. .*?\n(.*?)(?=^### |^## |\Z)", PAGE, re.M | re.S)
    pairs = [
        (deck, int(number))
        for number, text in entries
        for claim in re.findall(r"\*\*Claim\*\*.*?(?=\*\*C(?:ounter|orrection))", text, re.S)
        for bracket in re.findall(r"\((D\d[^)]*)\)", claim)
        for deck in re.findall(r"D\d", bracket)
    ]
    return {deck: sorted({n for d, n in pairs if d == deck}) for deck, _ in pairs}


def test_deck_table():
    rows = re.findall(r"^\| (D\d), [^|]*\| (.*) \|$", PAGE, re.M)
    listed = {deck: [int(n) for n in re.findall(r"\[(\d+)\]", cells)] for deck, cells in rows}
    assert listed == named_in_claims()
    assert all(f"[{n}](#erratum-{n:02d})" in PAGE for numbers in listed.values() for n in numbers)


def test_every_claim_rests_on_words_of_its_deck():
    assert {deck: sorted(map(int, entries)) for deck, entries in WORDS.items()} == named_in_claims()
    assert all(words for entries in WORDS.values() for words in entries.values())


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.skipif("UNROLLED_DECKS" not in os.environ, reason="the decks' texts are not at hand")
def test_the_words_stand_in_the_deck():
    paths = sorted(Path(os.environ["UNROLLED_DECKS"]).glob("*.txt"))
    texts = {
        deck: without_spaces(p.read_text()) for deck, p in zip(sorted(WORDS), paths, strict=True)
    }
    missing = [
        f"{deck}, entry {number}: {words}"
        for deck, entries in WORDS.items()
        for number, quotations in entries.items()
        for words in quotations
        if without_spaces(words) not in texts[deck]
    ]
    assert not missing, "\n".join(missing)
