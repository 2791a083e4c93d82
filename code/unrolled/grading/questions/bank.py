"""Questions with drawn numbers, and the list of all their kinds.

A kind is a function of a `Draw` that returns a `Question`, or None where the numbers that came are
no good; then it draws again. The decorator `kind` puts it into the list, with the chapter that it
belongs to and how hard it is:

    @kind("gates/lstm", difficulty=1)
    def lstm_parameters(draw): ...
"""

import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from unrolled.grading.draw import Draw

PARTS = (
    "sequences",
    "training",
    "gates",
    "sequence_to_sequence",
    "looking",
    "hearing",
    "convolution",
    "turning",
    "selecting",
    "recurrence_returns",
    "voting",
    "choosing",
    "feeding",
)
TRIES = 5000  # of a kind to find good numbers
WRONG = 3  # choices besides the right one


@dataclass(frozen=True)
class Question:
    """One question, whose texts are Markdown with mathematics between dollar signs."""

    text: str
    worked: str  # how the answer is found, in a few lines
    answer: float  # the number, or the place of the right choice
    tolerance: float = 0.0  # how far from the number an answer may be
    decimals: int = 0  # with which the number is asked for
    choices: tuple[str, ...] = ()  # empty where a number is asked for
    name: str = ""
    chapter: str = ""  # its page as in _toc.yml, such as "gates/lstm"
    difficulty: int = 1  # 1 easy, 2 medium, 3 hard

    @property
    def kind(self) -> str:
        """What is asked for: "number" or "choice"."""
        return "choice" if self.choices else "number"

    @property
    def solution(self) -> str:
        """The right answer, as it is printed."""
        if self.choices:
            return self.choices[int(self.answer)]
        return minus(f"{self.answer:,.{self.decimals}f}")


class Kind(NamedTuple):
    """A function that makes questions, and where they belong."""

    name: str
    chapter: str
    difficulty: int
    make: Callable[[Draw], Question]


KINDS: dict[str, Kind] = {}


def kind(chapter: str, difficulty: int) -> Callable:
    """Put a function into the list of kinds; what it makes gets its name and its chapter."""

    def register(make: Callable[[Draw], Question | None]) -> Callable[[Draw], Question]:
        name = make.__name__.replace("_", "-")
        if name in KINDS:
            raise ValueError(f"name must be new, got {name!r} twice")

        def made(draw: Draw) -> Question:
            for _ in range(TRIES):
                question = make(draw)
                if question is not None and not vanishes(question):
                    return replace(question, name=name, chapter=chapter, difficulty=difficulty)
            raise ValueError(f"draw gave no good numbers for {name} in {TRIES} tries")

        KINDS[name] = Kind(name, chapter, difficulty, made)
        return made

    return register


def vanishes(question: Question) -> bool:
    """Would 0, or a number of the wrong sign, pass for the answer?"""
    return not question.choices and abs(question.answer) < 10 * question.tolerance


def number(text: str, answer: float, worked: str, decimals: int = 0) -> Question:
    """A question for a number. The text goes on with how exactly it is wanted.

    An answer may be off by one in the last decimal place; a whole number must be exact. Three
    decimals are the most, since Canvas keeps four, and the margin needs one more.
    """
    places = ("", "one decimal", "two decimals", "three decimals")
    asked = minus(f"{text} Give {places[decimals]}." if decimals else text)
    value = round(float(answer), decimals) + 0.0
    tolerance = 1.5 * 10**-decimals if decimals else 0.0
    return Question(asked, minus(worked), value, round(tolerance, decimals + 1), decimals)


def choice(draw: Draw, text: str, right: str, wrong: Iterable[str], worked: str) -> Question:
    """A question with one right choice among wrong ones, in an order of chance.

    Of the wrong ones the first three that differ from the right one and from each other are taken.
    """
    right = minus(right)
    others = [one for one in dict.fromkeys(map(minus, wrong)) if one != right][:WRONG]
    if len(others) < WRONG:
        raise ValueError(f"wrong must hold {WRONG} choices that differ, got {others}")
    choices = draw.sample([right, *others], WRONG + 1)
    return Question(minus(text), minus(worked), choices.index(right), choices=tuple(choices))


def kinds(chapters: Sequence[str] = ()) -> list[Kind]:
    """All kinds, or those of some chapters, in the order of the book."""
    for part in PARTS:
        importlib.import_module(f"unrolled.grading.questions.{part}")
    known = list(dict.fromkeys(one.chapter for one in KINDS.values()))
    for chapter in chapters:
        if chapter not in known:
            raise ValueError(f"chapters must be some of {known}, got {chapter!r}")
    return [one for one in KINDS.values() if not chapters or one.chapter in chapters]


def pick(draw: Draw, chapters: Sequence[str], count: int) -> list[Kind]:
    """Kinds for `count` questions, none twice, balanced by chapter and by difficulty.

    The chapters take turns. Each time the difficulty that was taken least often goes first, and
    chance decides between kinds of the same difficulty.
    """
    rest = kinds(chapters)
    if not 1 <= count <= len(rest):
        raise ValueError(f"count must be from 1 to {len(rest)}, the kinds there are, got {count}")
    turns = list(dict.fromkeys(one.chapter for one in rest))
    rest = draw.sample(rest, len(rest))
    taken: list[Kind] = []
    while len(taken) < count:
        for chapter in draw.sample(turns, len(turns)):
            here = [one for one in rest if one.chapter == chapter]
            if here and len(taken) < count:
                often = [one.difficulty for one in taken]
                taken.append(min(here, key=lambda one: often.count(one.difficulty)))
                rest.remove(taken[-1])
    return taken


def minus(text: str) -> str:
    """The text with a true minus sign before its numbers; mathematics has its own."""
    parts = text.split("$")
    parts[::2] = [re.sub(r"(?<![\w)])-(?=\d)", "−", part) for part in parts[::2]]
    return "$".join(parts)


def factor(value: float) -> str:
    """A number as a factor in mathematics, in brackets if it is below zero."""
    return f"({value:g})" if value < 0 else f"{value:g}"


def joined(items: Iterable[object], last: str = "and") -> str:
    """Things in a row as a sentence names them: 1, 2 and 3."""
    *first, end = map(str, items)
    return f"{', '.join(first)} {last} {end}" if first else end


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
