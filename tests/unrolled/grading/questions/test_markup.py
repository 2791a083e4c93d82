"""Markdown to HTML, read back by the standard library's parser."""

from html.parser import HTMLParser

import pytest

from unrolled.grading.questions.bank import kinds, table
from unrolled.grading.questions.markup import inline, to_html


class Reader(HTMLParser):
    """Tags in order, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.opened, self.tags, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag
        self.text += " " if tag in ("th", "td", "p") else ""

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a *b* c", "a <em>b</em> c"),
        ("a < *b* & c", "a &lt; <em>b</em> &amp; c"),
        ("`a<b`", "<code>a&lt;b</code>"),
        ("$a < b * c * d$", r"\(a &lt; b * c * d\)"),
        (r"$\tfrac12$ & *x*", r"\(\tfrac12\) &amp; <em>x</em>"),
    ],
)
def test_inline(markdown, html):
    assert inline(markdown) == html


def test_blocks():
    text = "One.\n\n" + table(["*a*", "$b$"], [[1, 2], [3, 4]]) + "\n\nTwo."
    read = Reader(to_html(text))
    assert read.tags == ["p", "table", "tr", "th", "em", "th", *["tr", "td", "td"] * 2, "p"]
    assert read.text.split() == ["One.", "a", r"\(b\)", "1", "2", "3", "4", "Two."]


def test_every_question_is_well_formed_and_complete(kit):
    """Whatever is not markup arrives."""
    for kind in kinds():
        for q in kit.draw(kind.name, 5):
            read = Reader(to_html(q.text))
            assert not read.opened
            kept = [mark for mark in q.text if mark.isalnum()]
            assert [mark for mark in read.text if mark.isalnum()] == kept
