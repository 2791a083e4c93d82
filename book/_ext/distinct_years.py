"""Sphinx extension: the bibliography's style, which tells works of one label apart.

Citations are printed as author and year. Two works of the same authors and year get a letter behind
the year, in the order of the list: (Cho et al., 2014a) and (Cho et al., 2014b).
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import pybtex.plugin
from pybtex.database import Entry
from pybtex.style.formatting.alpha import Style as AlphaStyle
from pybtex.style.labels.alpha import LabelStyle as AlphaLabels
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

STYLE = "distinct-years"


class DistinctYearLabels(AlphaLabels):
    """pybtex's own labels, which nobody sees; letters go behind the years, which are printed."""

    def format_labels(self, sorted_entries: list[Entry]) -> Iterator[str]:
        add_letters(sorted_entries)
        return super().format_labels(sorted_entries)


class DistinctYearStyle(AlphaStyle):
    """pybtex's `alpha`, with letters behind years where author and year name two works."""

    default_label_style = STYLE


pybtex.plugin.register_plugin("pybtex.style.labels", STYLE, DistinctYearLabels)
pybtex.plugin.register_plugin("pybtex.style.formatting", STYLE, DistinctYearStyle)


def setup(app: Sphinx) -> ExtensionMetadata:
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_letters(entries: list[Entry]) -> None:
    """Change the years of entries that would be cited alike; what an earlier build added goes."""
    alike = defaultdict(list)
    for entry in entries:
        if "year" in entry.fields:
            entry.fields["year"] = re.sub(r"(?<=\d)[a-z]$", "", entry.fields["year"])
            alike[cited_as(entry)].append(entry)
    for works in alike.values():
        for letter, entry in zip("abcdefghij", works, strict=False):
            entry.fields["year"] += letter if len(works) > 1 else ""


def cited_as(entry: Entry) -> str:
    """Authors and year as a citation in the text prints them."""
    style = AuthorYearReferenceStyle()
    persons = style.person.author_or_editor_or_title(full=False)
    names = persons.format_data({"entry": entry, "style": style})
    return f"{names} {entry.fields['year']}"
