"""No two works are cited by the same label."""

import re
from collections import Counter
from pathlib import Path

import distinct_years
import pytest
import yaml
from pybtex.database import parse_string

BOOK = Path("book/references.bib").read_text("utf-8")
THREE = """
@article{a, author = {Cho, K. and Li, L. and Mo, M.}, title = {B}, year = 2014}
@article{b, author = {Cho, K. and Ba, B. and Xi, X.}, title = {A}, year = 2014}
@article{c, author = {Cho, K.}, title = {C}, year = 2014}
@article{d, author = {Cho, K. and Li, L. and Mo, M.}, title = {D}, year = 2015}
@misc{e, title = {No year}}
"""


def labelled(text):
    """Key -> year, after the style has made its labels."""
    entries = parse_string(text, "bibtex").entries
    style = distinct_years.DistinctYearStyle()
    style.format_labels(style.sort(entries.values()))
    return entries


def test_no_two_labels_of_the_book_are_equal():
    entries = [entry for entry in labelled(BOOK).values() if "year" in entry.fields]
    counts = Counter(distinct_years.cited_as(entry) for entry in entries)
    assert [label for label, count in counts.items() if count > 1] == []
    assert any(
        re.search("[a-z]$", entry.fields["year"]) for entry in entries
    )  # else it does nothing


def test_letters_are_not_written_by_hand():
    assert not re.search(r"year\s*=\s*[{\"]?\d{4}[a-z]", BOOK)


def test_letters_follow_the_list_and_only_where_they_are_needed():
    years = {key: entry.fields.get("year") for key, entry in labelled(THREE).items()}
    assert years == {"a": "2014b", "b": "2014a", "c": "2014", "d": "2015", "e": None}


def test_labels_are_made_anew_each_time():
    """Entries kept from the last build carry its letters."""
    entries = labelled(THREE)
    distinct_years.add_letters([entries["a"], entries["c"]])
    assert entries["a"].fields["year"] == "2014"


@pytest.mark.parametrize("key", ["bibtex_default_style", "extensions"])
def test_the_book_uses_it(key):
    config = yaml.safe_load(Path("_config.yml").read_text("utf-8"))["sphinx"]["config"]
    assert distinct_years.STYLE.replace("-", "_") in str(config[key]).replace("-", "_")
