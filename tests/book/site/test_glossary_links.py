"""The first use of a term on a page of a chapter leads to the glossary."""

from pathlib import Path

import pytest
from collect_terms import EVERYDAY, GLOSSARY, chapters, pattern, terms

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def glossary(site, parse):
    return parse((site / GLOSSARY).with_suffix(".html"))


def test_every_entry_has_the_address_that_links_use(glossary):
    for term in terms(ROOT):
        entry = glossary.find(id=term.anchor)
        assert entry and entry.get_text().startswith(term.names[0])


def test_the_first_use_of_each_term_is_a_link(book_page, article):
    if book_page.path not in chapters(ROOT):
        assert not article.select("a.term")
        return
    links = {link["href"].partition("#")[2]: link for link in article.select("a.term")}
    assert len(links) == len(article.select("a.term")), "a term is linked once"
    for term in terms(ROOT):
        if not EVERYDAY.isdisjoint(term.names):
            continue
        words = pattern(term.names)
        link = links.get(term.anchor)
        uses = [text for text in article.find_all(string=words) if in_running_text(text)]
        if link:
            assert words.fullmatch(link.get_text()) and term.plain == link["title"]
            before = {id(text) for text in link.find_all_previous(string=words)}
            assert not [text for text in uses if id(text) in before], term.names
        else:
            assert not uses, f"{term.names} is used in {uses[0]!r} and not linked"


def in_running_text(text) -> bool:
    """In a paragraph, and neither in code, a heading, a table, a caption nor another link."""
    apart = text.find_parent("a") or text.find_parent(["h1", "h2", "h3", "h4", "pre", "code"])
    apart = apart or text.find_parent(["table", "figcaption", "script", "style"])
    classes = ["dropdown", "admonition-title", "math", "caption", "caption-text"]
    apart = apart or any(text.find_parent(class_=name) for name in classes)
    return bool(text.find_parent("p")) and not apart
