"""What sentences of book/recurrence-returns/choosing.md say."""

import numpy as np

from unrolled.bakeoff import experiment
from unrolled.bakeoff.problems import HELD_OUT, LETTERS
from unrolled.datasets.sensors import recordings
from unrolled.datasets.word_languages import labelled


def trials(contest, model):
    """What the networks of the trials had at their end, by their rate."""
    own = [run for run in experiment.load() if (run.contest, run.model) == (contest, model)]
    own = [run for run in own if run.seed in experiment.TRIALS]
    return {rate: [run.end for run in own if run.rate == rate] for rate in experiment.RATES}


def test_linear_rule(claim):
    """Five draws of 2,000 recordings to fit, and of as many to test."""
    claim("On the sensors the linear rule is right in more than 99 cases of 100.")
    claim("(Without the largest and the smallest jump it is right in seven or eight of ten.")
    summary = claim.definitions()["summary"]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        (x, y), (x_test, y_test) = recordings(40, 2000, rng), recordings(40, 2000, rng)
        weights = np.linalg.lstsq(summary(x), np.eye(6)[y])[0]
        assert 0.99 < ((summary(x_test) @ weights).argmax(axis=1) == y_test).mean() < 1
        kept = [*range(15), 21]  # five numbers for each of three channels, and the 1
        weights = np.linalg.lstsq(summary(x)[:, kept], np.eye(6)[y])[0]
        right = (summary(x_test)[:, kept] @ weights).argmax(axis=1) == y_test
        assert 0.65 < right.mean() < 0.85


def test_letter_pairs(claim):
    """The split of the bake-off, with its fifty networks, and three other splits."""
    claim(
        "Counting letter pairs takes a second and no gradient, and none of the fifty networks"
        " in the column *words* beats it. The best single network, a minGRU, is right for 73.8"
        " words in 100. That is less than one standard error below the counts, so call the two"
        " level."
    )
    page, found, every, y = claim.definitions(), [], *labelled()
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(every))
        order = [i for i in order if len(every[i]) <= LETTERS]
        page.update(words=[every[i] for i in order], y=y[order])
        found.append(page["right_by_counting"](2, range(HELD_OUT)))
    runs = [run for run in experiment.load() if run.contest == "words"]
    runs = [run for run in runs if run.seed in experiment.SEEDS]
    networks = [run.accuracy for run in runs if run.model in experiment.CONTESTANTS]
    error = np.sqrt(found[0] * (1 - found[0]) / HELD_OUT)
    assert len(networks) == 50 and found[0] - error < max(networks) < found[0]
    assert min(found) > 0.71 and max(found) < 0.77
    best = max(runs, key=lambda run: run.accuracy * (run.model in experiment.CONTESTANTS))
    assert best.model == "minGRU" and round(100 * best.accuracy, 1) == 73.8


def test_one_rate_for_all(claim):
    """The trials of all rates, three seeds each."""
    claim(
        "At a rate of 0.1 the plain network fails at the gap task, which it solves at each of the"
        " other four, and the GRU is right at all five."
    )
    at = trials("gap", "RNN")
    assert len(experiment.RATES) == 5 and max(at.pop(0.1)) < 0.3
    assert all(min(ends) > 0.95 for ends in at.values())
    assert all(min(ends) > 0.95 for ends in trials("gap", "GRU").values())
