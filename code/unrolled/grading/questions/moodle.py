"""A quiz as Moodle XML, to be imported into a course's question bank.

The fields are those that Moodle reads in `question/format/xml/format.php`.
"""

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from unrolled.grading.questions.bank import Question
from unrolled.grading.questions.markup import inline, to_html

CATEGORY = "$course$/top/Unrolled"  # under it, one category for each chapter


def moodle_xml(questions: Iterable[Question]) -> str:
    """The text of a file that Moodle imports: categories by chapter, and the questions in them."""
    quiz, chapter = Element("quiz"), None
    for question in questions:
        if question.chapter != chapter:
            chapter = question.chapter
            category = SubElement(quiz, "question", type="category")
            _text(category, "category", f"{CATEGORY}/{chapter}")
        quiz.append(_question(question))
    ElementTree.indent(quiz)
    return ElementTree.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"


def _question(question: Question) -> Element:
    """One question of the kinds numerical and multichoice."""
    numerical = question.kind == "number"
    element = Element("question", type="numerical" if numerical else "multichoice")
    _text(element, "name", question.name)
    _text(element, "questiontext", to_html(question.text), format="html")
    _text(element, "generalfeedback", to_html(question.worked), format="html")
    fields = {"defaultgrade": question.difficulty, "penalty": "0.3333333", "hidden": 0}
    if not numerical:
        fields |= {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}
    for name, value in fields.items():
        SubElement(element, name).text = str(value)
    if numerical:
        _numerical(element, question)
    else:
        _choices(element, question)
    return element


def _numerical(element: Element, question: Question) -> None:
    """The number, how far from it an answer may be, and that no unit is asked for."""
    answer = _text(element, "answer", f"{question.answer:.{question.decimals}f}", fraction="100")
    _text(answer, "feedback", "", format="html")
    SubElement(answer, "tolerance").text = f"{question.tolerance:g}"
    for name, value in {"unitgradingtype": 0, "unitpenalty": "0.1000000", "showunits": 3}.items():
        SubElement(element, name).text = str(value)


def _choices(element: Element, question: Question) -> None:
    """All choices, of which one counts in full and the others not at all."""
    for place, text in enumerate(question.choices):
        right = place == int(question.answer)
        answer = _text(
            element, "answer", inline(text), fraction="100" if right else "0", format="html"
        )
        _text(answer, "feedback", "", format="html")


def _text(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    """A new element with a text, as Moodle wraps it."""
    element = SubElement(parent, tag, attributes)
    SubElement(element, "text").text = text
    return element
