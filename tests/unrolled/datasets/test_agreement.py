"""The made-up sentences, read by a parser of its own that knows their rule."""

import re
from collections import Counter

import numpy as np
import pytest

from unrolled.datasets.agreement import (
    ACTIONS,
    ADJECTIVES,
    ENDINGS,
    NUMBERS,
    PLURAL,
    PREPOSITIONS,
    SINGULAR,
    UNCOUNTED,
    VERBS,
    WORDS,
    sentence,
    sentences,
)


def one_of(words):
    return f"(?:{'|'.join(words)})"


NOUN = f"the (?:{one_of(ADJECTIVES)} )?{one_of(SINGULAR + PLURAL)}"
PLACE = f"{one_of(PREPOSITIONS)} {NOUN}"
ACTION = one_of(ACTIONS)
CLAUSE = f"that {NOUN} (?:{PLACE} {ACTION} {PLACE}|{PLACE} {ACTION}|{ACTION} {PLACE})"


@pytest.mark.parametrize("clauses", [0, 1, 2, 7])
@pytest.mark.parametrize("plural", [False, True])
def test_a_sentence_is_a_subject_clauses_and_a_verb_that_agrees(clauses, plural):
    nouns, verb = (PLURAL, "were") if plural else (SINGULAR, "was")
    subject = f"the (?:{one_of(ADJECTIVES)} )?{one_of(nouns)}"
    rule = rf"{subject}(?: {CLAUSE}){{{clauses}}} {verb} {one_of(ENDINGS)} \."
    rng = np.random.default_rng(clauses)
    for _ in range(100):
        assert re.fullmatch(rule, " ".join(sentence(clauses, rng, plural)))


def test_the_first_sentence_of_the_chapter_is_one_of_them():
    clause = "that the old man in the blue coat dropped on the stairs"
    assert re.fullmatch(f"the keys {CLAUSE}", f"the keys {clause}")


def test_numbers_come_in_pairs_and_words_once():
    assert len(SINGULAR) == len(PLURAL)
    assert [WORDS[NUMBERS[word]] for word in WORDS] == list(WORDS)


def test_targets_are_the_words_that_follow_up_to_the_full_stop():
    new = sentences([0, 3], 40, np.random.default_rng(0))
    assert new.x.shape == new.y.shape and new.x.shape[1] == 40
    for n in range(40):
        stop = new.y[:, n].tolist().index(NUMBERS["."])
        assert (new.y[:stop, n] == new.x[1 : stop + 1, n]).all()
        assert (new.y[stop + 1 :, n] == UNCOUNTED).all()
        assert (new.x[stop + 1 :, n] == NUMBERS["."]).all()
    assert new.x[-1].max() != NUMBERS["."] or (new.y[-1] == NUMBERS["."]).any()


def test_the_verb_is_due_where_the_data_say_and_agrees():
    new = sentences([0, 1, 4], 60, np.random.default_rng(1))
    due = new.y[new.verb, np.arange(60)]
    assert [WORDS[k] for k in due] == [VERBS[int(many)] for many in new.plural]
    verbs = np.isin(new.y, [NUMBERS[verb] for verb in VERBS])
    assert (verbs.sum(axis=0) == 1).all()


def test_nothing_but_the_subject_tells_the_number():
    """The nouns within clauses are plural as often under a singular subject as under a plural."""
    rng, seen = np.random.default_rng(2), Counter()
    for k in range(4000):
        words = sentence(1, rng, plural=k % 2 == 1)
        inside = words[words.index("that") :]
        for word in inside:
            if word in SINGULAR or word in PLURAL:
                seen[k % 2, word in PLURAL] += 1
    for many in (0, 1):
        share = seen[many, True] / (seen[many, True] + seen[many, False])
        assert abs(share - 0.5) < 0.02


def test_numbers_of_clauses_and_both_verbs_are_drawn_evenly():
    new = sentences([0, 1, 2], 6000, np.random.default_rng(3))
    clauses = (new.x == NUMBERS["that"]).sum(axis=0)
    assert np.abs(np.bincount(clauses) / 6000 - 1 / 3).max() < 0.02
    assert abs(new.plural.mean() - 0.5) < 0.02


def test_kinds_of_clauses_adjectives_and_words_are_drawn_evenly():
    rng = np.random.default_rng(5)
    said = [" ".join(sentence(1, rng, plural=True)) for _ in range(6000)]
    nouns = [noun for text in said for noun in re.findall(NOUN, text)]
    assert abs(np.mean([len(noun.split()) == 3 for noun in nouns]) - 1 / 2) < 0.02
    before, behind = (f"{PLACE} {ACTION} ", f" {ACTION} {PLACE}")
    both = np.mean([bool(re.search(f"{before}{PLACE}", text)) for text in said])
    assert abs(both - 1 / 3) < 0.025
    for one in (before, behind):
        assert abs(np.mean([bool(re.search(one, text)) for text in said]) - 2 / 3) < 0.025
    count = Counter(" ".join(said).split())
    for words in (ADJECTIVES, PREPOSITIONS, ACTIONS, ENDINGS, SINGULAR):
        shares = np.array([count[word] for word in words]) / sum(count[word] for word in words)
        assert np.abs(shares * len(words) - 1).max() < 0.1


def test_the_same_seed_gives_the_same_sentences():
    one, two = (sentences([1, 2], 5, np.random.default_rng(4)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_a_negative_number_of_clauses_is_refused():
    with pytest.raises(ValueError, match="clauses must be 0 or more, got -1"):
        sentence(-1, np.random.default_rng(0), True)
