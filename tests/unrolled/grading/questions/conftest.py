"""Drawn questions, and what a test reads from their texts."""

import re

import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import Question, kinds

DRAWS = 30  # of each kind


class Kit:
    """Draws questions, reads numbers from what they print, and holds answers to them."""

    def draw(self, name: str, times: int = DRAWS) -> list[Question]:
        (kind,) = (one for one in kinds() if one.name == name)
        return [kind.make(Draw("a key", name, str(n))) for n in range(times)]

    @staticmethod
    def numbers(text: str) -> list[float]:
        """All numbers that stand by themselves in a text, in order; no indices and exponents."""
        text = re.sub(r"Give \w+ decimals?\.", "", text).replace("−", "-")
        text = re.sub(r"\[\d\]|_\{[^}]*\}|_\d|\^\{?\w+\}?", "", text)
        return [float(word) for word in re.findall(r"(?<![\w.)])-?\d+(?:\.\d+)?(?![\w])", text)]

    @staticmethod
    def words(text: str) -> list[str]:
        """What is printed in italics."""
        return re.findall(r"\*([^*]+)\*", text)

    @staticmethod
    def rows(text: str) -> list[list[str]]:
        """The rows of the table in a text, without its head."""
        lines = [line for line in text.splitlines() if line.startswith("|")][2:]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    def holds(self, question: Question, expected: float | str) -> None:
        """The answer is the expected one: a number to its last decimal, or the right choice."""
        if isinstance(expected, str):
            right = [n for n, text in enumerate(question.choices) if text == expected]
            assert right == [int(question.answer)], (question.text, question.choices, expected)
        elif question.choices:
            values = [self.numbers(text.replace(",", ""))[0] for text in question.choices]
            near = [n for n, value in enumerate(values) if abs(value - expected) < 0.006]
            assert near == [int(question.answer)], (question.text, question.choices, expected)
        else:
            off = abs(question.answer - expected)
            assert off <= 0.5001 * 10**-question.decimals * (question.decimals > 0) + 1e-9, (
                question.text,
                question.answer,
                expected,
            )


@pytest.fixture
def kit() -> Kit:
    return Kit()
