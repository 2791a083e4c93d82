"""A chapter as an EPUB; each check is also held against a book that has the fault."""

import zipfile

import epub_faults as faults
import pytest
import yaml
from bs4 import BeautifulSoup

import epub
from ebook import page
from paper import bind

PAGE, NAV = "EPUB/selective.xhtml", "EPUB/nav.xhtml"
CHAPTERS = ("selective", "bibliography", "terms")


@pytest.fixture(scope="module")
def book(site, root, tmp_path_factory):
    plan = bind.plan(yaml.safe_load((root / "_toc.yml").read_text("utf-8")))
    parts = [
        bind.Chapter([page.read(site, path) for path in plan[name][1]], plan[name][0]["caption"])
        for name in CHAPTERS
    ]
    target = tmp_path_factory.mktemp("epub") / "book.epub"
    known = epub.pdf.facts() | {"abstract": "About & around.", "modified": "2026-12-01"}
    return faults.Book(epub.make(site, parts, page.read(site, bind.FRONT), known, target))


@pytest.mark.parametrize("check", faults.ALL, ids=lambda check: check.__name__)
def test_a_chapter_has_no_fault_as_an_epub(book, check):
    assert not check(book)


def test_a_chapter_has_what_the_checks_look_at(book):
    text = b"".join(text for name, text in book.files.items() if name.endswith(".xhtml")).decode()
    assert text.count("<math ") > 200
    assert text.count("<img ") > 2
    assert "EPUB/solutions-selective.xhtml" in book.files
    assert text.count('href="solutions-selective.xhtml#') > 5
    assert text.count('href="selective.xhtml#') > 10


def test_code_is_that_of_the_site(book, site):
    """Its lines and the spaces before them, in programs and what they print."""
    html = (site / "book/recurrence-returns/selective.html").read_text("utf-8")
    shown = BeautifulSoup(html, "html.parser").find("article")
    for folded in shown.select("details.hide, .solution"):
        folded.decompose()
    made = BeautifulSoup(book.files[PAGE], "html.parser")
    ours, theirs = (
        [code.get_text().rstrip("\n") for code in soup.select("pre")] for soup in (made, shown)
    )
    assert ours == theirs
    assert any("\n        " in text for text in ours)


def test_a_line_that_is_carried_over_goes_on_further_in():
    html = '<pre><i>def f():\n\n    "a\n    b"</i>\n      c\n</pre>'
    soup = BeautifulSoup(html, "html.parser")
    page.mark_lines(soup.pre)
    assert [line["class"] for line in soup.select(".line")] == [
        ["line", f"i{deep}"] for deep in (0, 0, 4, 4, 8)
    ]
    assert soup.get_text() == 'def f():\n\n    "a\n    b"\n      c'


def test_what_readers_of_epubs_do_not_allow_is_said_otherwise():
    """In MathML the size of a part, in pictures the same name twice."""
    html = """<p><math style="x"><mn scriptlevel="2" class="a">1</mn><mtable displaystyle="true">
    <mtr><mtd class="tml-right"></mtd></mtr></mtable></math><span class="at">7</span></p>"""
    part = BeautifulSoup(html, "html.parser").p
    page.clean(part)
    assert str(part.mstyle) == '<mstyle scriptlevel="2"><mn class="a">1</mn></mstyle>'
    assert part.mtable["displaystyle"] == "true"
    assert part.mtd["columnalign"] == "right"
    assert "at" not in str(part.find_all("span")) and "style" not in part.math.attrs
    bitmap = b'<image x="1" id="image5c66" y="2"/><g id="axes_1"/>'
    assert epub.picture(bitmap * 2) == b'<image x="1" y="2"/><g id="axes_1"/>' * 2


def test_links_lead_into_the_book_or_to_the_site():
    html = """<p><a data-page="a/one.html" data-place="x" href="#">1</a>
    <a data-page="a/one.html" data-place="gone" href="#">2</a>
    <a data-page="a/two.html" data-place="x" href="#">3</a><a href="#one--x">4</a></p>"""
    part = BeautifulSoup(html, "html.parser").p
    page.resolve(part, {"a/one.html"}, {"one--x": "solutions.xhtml"}, "https://site/")
    assert [link["href"] for link in part.select("a")] == [
        "solutions.xhtml#one--x", "one.xhtml", "https://site/a/two.html#x",
        "solutions.xhtml#one--x"]  # fmt: skip
    assert "data-page" not in str(part)


@pytest.fixture
def plant(book, tmp_path):
    """The book with another text in one of its files, or without it."""

    def planted(name, old="", new=""):
        text = book.files[name].decode()
        assert old in text
        target = tmp_path / "faulty.epub"
        with zipfile.ZipFile(target, "w") as archive:
            for each, content in book.files.items():
                if each != name or old:
                    changed = text.replace(old, new, 1) if each == name else content
                    archive.writestr(each, changed)
        return faults.Book(target)

    return planted


@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        (faults.container, "mimetype", "epub", "epup"),
        (faults.container, "META-INF/container.xml", "package.opf", "content.opf"),
        (faults.unlisted, "EPUB/ebook.css", "", ""),
        (faults.unlisted, faults.OPF, 'href="ebook.css"', 'href="other.css"'),
        (faults.broken, PAGE, "</p>", "<br></p>"),
        (faults.repeated_ids, PAGE, '<p class="part">', '<p id="selective--selective-idea">'),
        (faults.dead_links, PAGE, '#selective--fig', '#selective--pig'),
        (faults.dead_links, PAGE, 'href="selective.xhtml#', 'href="selected.xhtml#'),
        (faults.dead_links, PAGE, 'src="images/', 'src="pictures/'),
        (faults.for_screens, PAGE, "<h1>", "<button>x</button><h1>"),
        (faults.for_screens, PAGE, "<h1>", '<h1 onclick="x">'),
        (faults.formulas, PAGE, "1998/Math/MathML", "1999/xhtml"),
        (faults.formulas, PAGE, "alttext=", "title="),
        (faults.properties, faults.OPF, ' properties="mathml"', ""),
        (faults.properties, faults.OPF, 'properties="nav"', ""),
        (faults.silent_pictures, PAGE, " alt=", " title="),
        (faults.outside_the_contents, NAV, '"selective-gates.xhtml"', '"selective.xhtml"'),
        (faults.outside_the_contents, faults.OPF, '<itemref idref="d4"/>', ""),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(plant, check, name, old, new):
    assert check(plant(name, old, new))


def test_a_page_missing_from_the_order_of_reading_is_no_other_fault(plant):
    """The checks are told apart: what one finds, the others let pass."""
    made = plant(faults.OPF, '<itemref idref="d4"/>')
    assert [check.__name__ for check in faults.ALL[1:] if check(made)] == ["outside_the_contents"]
