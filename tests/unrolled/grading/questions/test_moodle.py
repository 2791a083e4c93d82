"""Moodle XML, read back field by field as Moodle's `question/format/xml/format.php` does."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from unrolled.grading.questions.bank import kinds
from unrolled.grading.questions.moodle import moodle_xml

FRACTIONS = {"100": 1.0, "0": 0.0}  # Moodle refuses fractions that are not on its list


@pytest.fixture(scope="module")
def quiz():
    from unrolled.grading.draw import Draw

    questions = [one.make(Draw("key", one.name)) for one in kinds()]
    return questions, ElementTree.fromstring(moodle_xml(questions).encode())


def text(element, path):
    """`import_text_with_files`: the text inside, and its format."""
    found = element.find(path)
    return found.find("text").text or "", found.get("format")


def test_categories_come_before_their_questions(quiz):
    questions, root = quiz
    chapter, seen = None, []
    for element in root:
        if element.get("type") == "category":
            chapter = text(element, "category")[0]
            assert chapter.startswith("$course$/top/")
        else:
            seen.append((chapter, text(element, "name")[0]))
    assert seen == [(f"$course$/top/Unrolled/{q.chapter}", q.name) for q in questions]


def test_headers(quiz):
    questions, root = quiz
    asked = [element for element in root if element.get("type") != "category"]
    for q, element in zip(questions, asked, strict=True):
        assert element.get("type") == {"number": "numerical", "choice": "multichoice"}[q.kind]
        for path, markdown in (("questiontext", q.text), ("generalfeedback", q.worked)):
            html, form = text(element, path)
            assert form == "html"
            formulas = re.findall(r"\\\((.*?)\\\)", read(html), flags=re.DOTALL)
            assert formulas == re.findall(r"\$([^$]+)\$", markdown)
        assert float(element.findtext("defaultgrade")) == q.difficulty
        assert 0 <= float(element.findtext("penalty")) <= 1


def read(html):
    """What a browser shows of it."""
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(html)
    return "".join(parts)


def test_numbers(quiz):
    """`import_numerical`: an answer with a tolerance that takes what is right and nothing else."""
    questions, root = quiz
    elements = [element for element in root if element.get("type") == "numerical"]
    numbers = [q for q in questions if q.kind == "number"]
    for q, element in zip(numbers, elements, strict=True):
        (answer,) = element.findall("answer")
        assert FRACTIONS[answer.get("fraction")] == 1
        value, tolerance = float(answer.findtext("text")), float(answer.findtext("tolerance"))
        unit = 10**-q.decimals
        assert abs(value - q.answer) <= tolerance
        assert abs(value + unit - q.answer) <= tolerance or not q.decimals
        assert abs(value + 2 * unit - q.answer) > tolerance
        assert element.findtext("showunits") == "3"  # no unit is asked for


def test_choices(quiz):
    """`import_multichoice`: one answer counts, and all are there."""
    questions, root = quiz
    elements = [element for element in root if element.get("type") == "multichoice"]
    asked = [q for q in questions if q.kind == "choice"]
    for q, element in zip(asked, elements, strict=True):
        assert element.findtext("single") == "true"
        answers = element.findall("answer")
        assert all(answer.get("format") == "html" for answer in answers)
        assert [FRACTIONS[answer.get("fraction")] for answer in answers] == [
            float(n == q.answer) for n in range(4)
        ]
        for choice, answer in zip(q.choices, answers, strict=True):
            shown = read(answer.findtext("text")).replace(r"\(", "$").replace(r"\)", "$")
            assert shown == (choice if "$" in choice else re.sub(r"[*`]", "", choice))
