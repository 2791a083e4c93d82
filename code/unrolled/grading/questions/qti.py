"""A quiz in the text format of text2qti, which makes a QTI package of it for Canvas and others.

    pip install text2qti
    text2qti quiz.txt

Every question stands by itself, since text2qti counts the points of its groups wrongly.
"""

from collections.abc import Iterable
from textwrap import indent

from unrolled.grading.questions.bank import Question

INDENT = "    "  # of what belongs to a question, as text2qti wants it


def text2qti(questions: Iterable[Question], title: str) -> str:
    """The text of a file for text2qti."""
    asked = [_question(number, question) for number, question in enumerate(questions, 1)]
    return "\n\n".join([f"Quiz title: {title}\nShuffle answers: true", *asked]) + "\n"


def _question(number: int, question: Question) -> str:
    """One question, its worked answer as feedback, and the number or the choices."""
    lines = [f"Title: {question.name}", f"Points: {question.difficulty}"]
    lines += [_block(f"{number}.", question.text), _block("...", question.worked)]
    if question.kind == "number":
        lines.append(_block("=", _accepted(question)))
    for place, text in enumerate(question.choices):
        right = "*" if place == int(question.answer) else ""
        lines.append(_block(f"{right}{'abcd'[place]})", text))
    return "\n".join(lines)


def _block(mark: str, text: str) -> str:
    """A text behind a mark, its other lines indented."""
    return f"{mark:4}{'' if len(mark) < 4 else ' '}{indent(text, INDENT).strip()}"


def _accepted(question: Question) -> str:
    """The number, and how far from it an answer may be."""
    value = f"{question.answer:.{question.decimals}f}"
    return f"{value} +- {question.tolerance:g}" if question.tolerance else value
