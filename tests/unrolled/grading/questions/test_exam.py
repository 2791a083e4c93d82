"""Papers and keys: what stands on them, read back from the HTML."""

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from unrolled.grading.draw import Draw
from unrolled.grading.questions import exam
from unrolled.grading.questions.bank import kinds


@pytest.fixture(scope="module")
def asked():
    return {variant: exam.questions(Draw("key"), [], 19, variant) for variant in "AB"}


def test_variants_ask_the_same_kinds_in_another_order_with_other_numbers(asked):
    a, b = asked["A"], asked["B"]
    assert sorted(q.name for q in a) == sorted(q.name for q in b)
    assert [q.name for q in a] != [q.name for q in b]
    texts = {q.name: q.text for q in a}
    assert sum(q.text == texts[q.name] for q in b) <= 1
    assert sum(map(exam.points, a)) == sum(map(exam.points, b))
    assert a == exam.questions(Draw("key"), [], 19, "A")


def test_a_paper_for_the_whole_book_takes_every_chapter(asked):
    assert set(Counter(q.chapter for q in asked["A"]).values()) == {1}
    difficulty = Counter(q.difficulty for q in asked["A"])
    assert max(difficulty.values()) - min(difficulty.values()) <= 3


def test_the_paper_has_room_and_no_answers(asked):
    page = BeautifulSoup(exam.paper(asked["A"], "A & B <1>", "A"), "html.parser")
    assert page.h1.text == "A & B <1>" and page.find(class_="variant").text == "A"
    assert "Name" in page.find(class_="who").text
    sections = page.find_all("section")
    for number, (q, section) in enumerate(zip(asked["A"], sections, strict=True), 1):
        assert section.h2.text.startswith(f"{number}{exam.points(q)} points")
        assert len(section.find_all(class_="box")) == len(q.choices)
        assert bool(section.find(class_="room")) == (q.kind == "number")
        assert plain(q.worked) not in plain(section.text)
        assert bool(section.find(class_="line")) == (q.kind == "number")
    marks = [row.find_all("td") for row in page.find(class_="marks").find_all("tr")]
    worth = [int(cell.text) for cell in marks[1]]
    assert worth[:-1] == [exam.points(q) for q in asked["A"]] and worth[-1] == sum(worth[:-1])
    assert all(cell.text == "" for cell in marks[2])


def test_a_choice_is_a_box_a_letter_and_one_text():
    """The style sets the parts of a row apart, so formulas in a text must not be parts."""
    asked = [one.make(Draw("key", one.name)) for one in kinds()]
    page = BeautifulSoup(exam.paper(asked, "All", "A"), "html.parser")
    rows = page.find_all("li")
    assert {tuple(part.name for part in row.contents) for row in rows} == {("span", "b", "span")}


def test_the_key_has_every_answer_and_its_way(asked):
    page = BeautifulSoup(exam.key(asked["B"], "An exam", "B"), "html.parser")
    rows = page.find(class_="glance").find_all("tr")[1:]
    sections = page.find_all("section")
    for q, row, section in zip(asked["B"], rows, sections, strict=True):
        for text in (row.find_all("td")[1].text, section.find(class_="answer").text):
            assert plain(q.solution) in plain(text)
            assert not q.choices or text.startswith("ABCD"[int(q.answer)])
        assert plain(q.worked) in plain(section.text)


def plain(text):
    """Letters and digits alone: without marks of mathematics and emphasis."""
    return re.sub(r"[^\w−∅]", "", text)
