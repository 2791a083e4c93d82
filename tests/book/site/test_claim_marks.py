"""The mark behind each claimed sentence: there, behind it, and leading to the right test."""

from urllib.parse import unquote, urlsplit

import pytest
from checked_claims import anchor
from collect_claims import claim_files


@pytest.fixture(scope="module")
def claims(root) -> dict:
    return {file.path: file.claims for file in claim_files(root)}


def test_each_claimed_sentence_has_its_mark(book_page, html, article, parse, claims):
    listed = claims.get(book_page.claims, [])
    expected = [anchor(claim, k) for claim in listed for k in range(len(claim.sentences))]
    marks = article.select("sup.claim-mark")
    assert sorted(mark["id"] for mark in marks) == sorted(expected)
    for mark in marks:
        link = urlsplit(mark.a["href"])
        assert link.fragment == mark["id"].rpartition("-at-")[0]
        entry = parse((html.parent / unquote(link.path)).resolve()).find(id=link.fragment)
        [claim] = [claim for claim in listed if anchor(claim) == link.fragment]
        assert entry and f"def {claim.name}(" in entry.get_text()


def test_a_mark_stands_behind_the_last_word_of_its_sentence(book_page, article, claims):
    for claim in claims.get(book_page.claims, []):
        for k, sentence in enumerate(claim.sentences):
            mark = article.find(id=anchor(claim, k))
            before = "".join(mark.find_all_previous(string=True, limit=3)[::-1]).rstrip()
            assert before.endswith(sentence.rstrip("*_")[-1]), sentence
