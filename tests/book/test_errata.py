"""The errata page's table of decks lists an entry wherever a claim of it names the deck."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "book/reference/errata.md").read_text()


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
