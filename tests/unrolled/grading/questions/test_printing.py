"""From HTML to PDF, with the Chromium and the MathJax of this machine."""

import re
import zlib

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.questions import exam, printing
from unrolled.grading.questions.bank import kinds

PAGE = "<!DOCTYPE html><html><head><title>t</title></head><body><p>%s</p></body></html>"


@pytest.fixture(scope="module")
def chromium():
    """Where a browser is missing, there is nothing to print with; `make browser` says so."""
    try:
        return printing.browser()
    except FileNotFoundError as error:
        pytest.skip(str(error))


def test_without_a_browser_it_says_so(monkeypatch):
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="Chromium"):
        printing.browser()


def test_without_mathjax_it_says_so(monkeypatch):
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="sphinx-mathjax-offline"):
        printing.mathjax()


def test_formulas_are_drawn_and_scripts_are_gone(chromium):
    drawn = printing.typeset(PAGE % r"Let \(x_t^2\) be; <em>a</em> < b")
    assert drawn.count("<svg") == 1 and "<script" not in drawn and r"\(" not in drawn
    assert "http" not in re.sub(r'xmlns(?::\w+)?="[^"]*"', "", drawn)


@pytest.mark.parametrize("formula", [r"\frac{1}", r"\nosuchmacro x", "a_1_2"])
def test_a_formula_that_cannot_be_read_is_named(chromium, formula):
    with pytest.raises(ValueError, match="html"):
        printing.typeset(PAGE % rf"\({formula}\)")


def test_all_questions_of_the_bank_can_be_typeset(chromium):
    """MathJax reads every formula of every kind, in questions and in worked answers."""
    asked = [one.make(Draw("key", one.name)) for one in kinds()]
    drawn = printing.typeset(exam.key(asked, "All", "A"))
    formulas = sum(len(re.findall(r"\$[^$]+\$", q.text + q.worked)) for q in asked)
    right = sum(len(re.findall(r"\$[^$]+\$", q.solution)) for q in asked if q.choices)
    assert len(re.findall(r"<mjx-container", drawn)) == formulas + 2 * right


def test_a_pdf_has_pages_and_their_numbers(chromium, tmp_path):
    asked = exam.questions(Draw("key"), ["gates/lstm"], 4, "A")
    html = re.sub(r"\\\(.*?\\\)", "f", exam.paper(asked, "An exam", "A"))
    printing.to_pdf(html, tmp_path / "new" / "paper.pdf")
    pdf = (tmp_path / "new" / "paper.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, flags=re.DOTALL)
    text = pdf + b"".join(zlib.decompress(s) for s in streams if s[:1] == b"\x78")
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox ?\[(.*?)\]", text)}
    assert len(boxes) == 1 and boxes.pop()[2:] == pytest.approx((595, 842), abs=1)  # A4, in points
    assert len(re.findall(rb"/Type ?/Page\b", text)) >= 1
