"""The contests: shapes, answers, and that no word is both taught and asked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unrolled.bakeoff import problems
from unrolled.bakeoff.problems import CONTESTS, EXTRA, PARTS


def made(name, part="training", N=50, seed=0):
    contest = (CONTESTS | EXTRA)[name]
    return contest.make(contest.T, N, np.random.default_rng(seed), part)


@pytest.mark.parametrize("name", CONTESTS)
@pytest.mark.parametrize("part", PARTS)
def test_shapes(name, part):
    contest = CONTESTS[name]
    x, y = made(name, part)
    assert x.shape == (contest.T, 50, contest.D) and x.dtype == np.float32
    assert y.shape == (50,)
    if contest.V == 1:
        assert y.dtype == np.float32
    else:
        assert y.dtype == np.int64 and y.min() >= 0 and y.max() < contest.V


@pytest.mark.parametrize("name", CONTESTS)
def test_chance_is_what_the_best_constant_answer_gets(name):
    _, y = made(name, "testing", N=20_000)
    if CONTESTS[name].V == 1:
        best = max(np.mean(np.abs(y - a) < 0.1) for a in np.linspace(0, 2, 201))
    else:
        best = np.bincount(y).max() / len(y)
    assert CONTESTS[name].chance == pytest.approx(best, abs=0.015)


@pytest.mark.parametrize("name", CONTESTS)
def test_longest_of_training_is_the_first_of_the_tests(name):
    contest = CONTESTS[name]
    assert contest.shortest <= contest.T == contest.lengths[0]
    assert all(b == 2 * a for a, b in zip(contest.lengths, contest.lengths[1:], strict=False))


def test_contests_are_those_that_the_models_took_part_in():
    """The first line of runs.csv says with what the networks on file were trained and tested."""
    with Path(problems.__file__).with_name("runs.csv").open() as file:
        settings = json.loads(file.readline().removeprefix("# "))
    for name, c in (CONTESTS | EXTRA).items():
        assert [c.shortest, *c.lengths, c.updates, c.goal] == settings[name]


def test_answers_are_those_of_the_last_step():
    x, y = made("parity")
    np.testing.assert_array_equal(y, x[..., 0].sum(axis=0) % 2)
    x, y = made("gap")
    np.testing.assert_array_equal(y, x[0].argmax(axis=1))
    x, y = made("adding")
    np.testing.assert_allclose(y, x.prod(axis=2).sum(axis=0), rtol=1e-5)


def test_words_end_with_their_last_letter_and_parts_share_none():
    lexicon, languages = problems.lexicon()
    assert set(np.unique(lexicon)) == {-1, 0, 1} and len(np.unique(languages)) == 16
    assert np.abs(lexicon[-1]).all() and np.abs(lexicon[-4:]).all()  # four letters at least
    seen = {}
    for part in PARTS:
        x, _ = made("words", part, N=30_000)
        seen[part] = {x[:, n].tobytes() for n in range(x.shape[1])}
    assert len(seen["testing"]) == len(seen["choosing"]) == problems.HELD_OUT == 1000
    assert not seen["training"] & (seen["testing"] | seen["choosing"])
    assert not seen["testing"] & seen["choosing"]


def test_wrong_words():
    with pytest.raises(ValueError, match="T must be 16 and part one of"):
        problems.word(15, 2, np.random.default_rng(0), "training")
    with pytest.raises(ValueError, match="got 16, 'test'"):
        problems.word(16, 2, np.random.default_rng(0), "test")


def test_withheld_strings_are_64_of_256_and_never_in_training():
    strings = {}
    for part in PARTS:
        x, y = made("withheld parity", part, N=20_000)
        assert x.shape == (8, 20_000, 1) and x.dtype == np.float32 and y.dtype == np.int64
        np.testing.assert_array_equal(y, x[..., 0].sum(axis=0) % 2)
        strings[part] = {tuple(column) for column in x[..., 0].T.astype(int).tolist()}
    assert len(strings["testing"]) == 64 and len(strings["training"]) == 192
    assert strings["choosing"] == strings["training"]
    assert not strings["training"] & strings["testing"]
    assert abs(np.mean([sum(string) % 2 for string in strings["testing"]]) - 0.5) < 0.1
    contest = EXTRA["withheld parity"]
    for T in (2, 7, 9, 16):  # at other lengths it is parity as ever
        x, y = contest.make(T, 5, np.random.default_rng(3), "testing")
        z, w = CONTESTS["parity"].make(T, 5, np.random.default_rng(3), "testing")
        assert np.array_equal(x, z) and np.array_equal(y, w)
    with pytest.raises(ValueError, match=r"part must be one of .*, got 'test'"):
        contest.make(8, 2, np.random.default_rng(0), "test")


def test_patience_is_more_updates_and_nothing_else():
    for name, contest in EXTRA.items():
        if name != "withheld parity":
            own = CONTESTS[name.removeprefix("patient ")]
            assert contest == replace(own, updates=5 * own.updates)
