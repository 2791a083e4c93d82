"""Problem set 1: the tests of its tasks."""

from collections import Counter

from unrolled.grading.tasks import ProblemSet, equal

SET = ProblemSet("Counting what comes next", ["pairs"])


def pairs(text: str) -> dict[str, int]:
    return dict(Counter(text[i : i + 2] for i in range(len(text) - 1)))


def letters(draw, n: int) -> str:
    return "".join(draw.choice("abc") for _ in range(n))


@SET.test("pairs", 3, "counts the pairs of a text of a few hundred characters")
def long_text(student, given, draw):
    text = letters(draw, draw.between(200, 300))
    equal(student.pair_counts(text), pairs(text))


@SET.test("pairs", 1, "gives an empty dictionary for texts with fewer than two characters")
def short_texts(student, given, draw):
    for text in "", "a":
        equal(student.pair_counts(text), {}, f"the result for {len(text)} characters")
