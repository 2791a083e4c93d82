"""What holds for every kind of question."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from unrolled.grading.draw import Draw
from unrolled.grading.questions import bank
from unrolled.grading.questions.bank import KINDS, Question, choice, kinds, number, pick

NAMES = [one.name for one in kinds()]
CHAPTERS = len({one.chapter for one in kinds()})
DIGEST = """
import hashlib
from unrolled.grading.draw import Draw
from unrolled.grading.questions.bank import kinds
made = [one.make(Draw("key", one.name, str(n))) for one in kinds() for n in range(5)]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def drawn():
    """Fifty questions of every kind."""
    return {
        one.name: [one.make(Draw("a key", one.name, str(n))) for n in range(50)] for one in kinds()
    }


def test_every_chapter_has_at_least_four_kinds_and_the_list_is_long():
    parts = yaml.safe_load(Path("_toc.yml").read_text())["parts"]
    chapters = [
        chapter["file"].removeprefix("book/").removesuffix(".md")
        for part in parts
        for chapter in part["chapters"]
        if not chapter["file"].startswith("book/reference")
    ]
    count = Counter(one.chapter for one in kinds())
    assert set(count) <= set(chapters) and list(count) == [c for c in chapters if c in count]
    missing = set(chapters) - set(count)
    assert not missing and min(count.values()) >= 4, (missing, count)
    assert len(NAMES) >= 60
    assert {one.difficulty for one in kinds()} == {1, 2, 3}


@pytest.mark.parametrize("name", NAMES)
def test_texts_and_choices(drawn, name):
    """No placeholder, no stray sign, no two choices alike, and the numbers do differ."""
    for q in drawn[name]:
        for text in (q.text, q.worked, *q.choices):
            plain = re.sub(r"\$[^$]*\$", "", text)
            assert text.count("$") % 2 == 0, text
            assert not re.search(r"[{}\\]|None|\bnan\b|\binf\b|0000000|99999", plain), text
            assert not re.search(r"(?<![\w)])-\d", plain), f"a hyphen for a minus sign: {text}"
            assert text.count("{") == text.count("}"), text
            assert not re.search(r"\{[a-z]\w*(?:\[|:|\.)", text), f"unfilled: {text}"
        assert q.text.rstrip()[-1] in ".?" and q.worked.rstrip()[-1] == "."
        assert (q.name, q.chapter) == (name, KINDS[name].chapter)
        if q.kind == "choice":
            assert len(q.choices) == 4 == len({re.sub(r"\s", "", c) for c in q.choices})
            assert q.solution == q.choices[int(q.answer)]
        else:
            assert abs(q.answer) >= 10 * q.tolerance
            assert q.decimals or float(q.answer).is_integer()
    assert len({q.text for q in drawn[name]}) >= (1 if name == "which-can-be-joined" else 3)


def test_right_choices_stand_everywhere(drawn):
    places = Counter(int(q.answer) for made in drawn.values() for q in made if q.choices)
    assert min(places.values()) > 0.2 * sum(places.values())


def test_the_same_draw_gives_the_same_question_under_any_hash_seed():
    prints = set()
    for seed in ("0", "1"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "code"},
            capture_output=True,
            text=True,
            check=True,
        )
        prints.add(run.stdout)
    assert len(prints) == 1


def test_the_bank_imports_numpy_alone():
    others = {"torch", "matplotlib", "scipy", "nbformat", "jupytext"}
    code = (
        "import sys, unrolled.grading.questions.bank as bank; bank.kinds()\n"
        f"print({others} & {{*sys.modules}})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


@pytest.mark.parametrize("count", [1, 7, 12, 19, 38, len(NAMES)])
def test_a_selection_is_balanced(count):
    taken = pick(Draw("key", str(count)), [], count)
    assert len({one.name for one in taken}) == count
    chapters = Counter(one.chapter for one in taken)
    if count <= CHAPTERS * 4:  # as many kinds as every chapter has
        fewest = min(chapters.values()) if len(chapters) == CHAPTERS else 0
        assert max(chapters.values()) - fewest <= 1
    if count in (12, 19):
        difficulty = Counter(one.difficulty for one in taken)
        assert max(difficulty.values()) - min(difficulty.values()) <= 3


def test_what_may_be_off():
    """A number may be off by one in its last place, and no more; a whole number not at all."""
    q = number("How much?", 0.12345, "So much.", 3)
    assert (q.answer, q.decimals) == (0.123, 3) and q.text.endswith("Give three decimals.")
    assert 0.001 < q.tolerance < 0.002
    assert number("How many?", 7, "Seven.").tolerance == 0
    assert number("How many?", 12_345, "Many.").solution == "12,345"


def test_choices_that_coincide_are_left_out():
    q = choice(Draw("key"), "Which?", "1", ["1", "2", "2", "3", "4"], "So.")
    assert sorted(q.choices) == ["1", "2", "3", "4"] and q.solution == "1"
    with pytest.raises(ValueError, match="wrong"):
        choice(Draw("key"), "Which?", "1", ["1", "2", "2"], "So.")


def test_a_kind_draws_again_until_the_numbers_are_good():
    """None, and an answer for which 0 would pass, are drawn again."""
    answers = iter([None, 0.001, 0.4])

    def made_up_kind(draw):
        value = next(answers)
        return None if value is None else number("How much?", value, "So much.", 3)

    try:
        bank.kind("gates/lstm", 1)(made_up_kind)
        assert KINDS["made-up-kind"].make(Draw("key")).answer == 0.4
        with pytest.raises(ValueError, match="name"):
            bank.kind("gates/lstm", 1)(made_up_kind)
        KINDS.pop("made-up-kind")
        never = bank.kind("gates/lstm", 1)(lambda draw: None)
        with pytest.raises(ValueError, match="draw"):
            never(Draw("key"))
    finally:
        KINDS.pop("made-up-kind", None)
        KINDS.pop("<lambda>", None)


@pytest.mark.parametrize(
    ("text", "typeset"),
    [("-3 and 0.5-0.3", "−3 and 0.5-0.3"), ("$a-3$, -2 $-1$", "$a-3$, −2 $-1$"), ("(-1)", "(−1)")],
)
def test_minus_signs(text, typeset):
    assert bank.minus(text) == typeset


def test_unknown_chapters_and_counts_are_named():
    with pytest.raises(ValueError, match="chapters"):
        kinds(["gates/elman"])
    with pytest.raises(ValueError, match="count"):
        pick(Draw("key"), ["gates/lstm"], 5)


def test_a_question_knows_its_kind():
    assert Question("?", ".", 1).kind == "number"
    assert Question("?", ".", 1, choices=("a", "b")).kind == "choice"
