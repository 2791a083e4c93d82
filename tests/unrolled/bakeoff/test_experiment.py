"""The file is complete, made with the settings that the modules state, and can be made again."""

from dataclasses import replace

import pytest

from unrolled.bakeoff import experiment
from unrolled.bakeoff.experiment import BUDGET, MODELS, RATES, SEEDS, TRIALS, Run
from unrolled.bakeoff.problems import CONTESTS, PATIENT


@pytest.fixture(scope="module")
def runs():
    return experiment.load()  # which compares the settings


def test_every_model_in_every_contest_with_equal_trials(runs):
    for contest in CONTESTS:
        for model in MODELS:
            own = [run for run in runs if (run.contest, run.model) == (contest, model)]
            trials = [run for run in own if run.seed in TRIALS]
            expected = [(rate, seed) for rate in RATES for seed in TRIALS]
            assert [(run.rate, run.seed) for run in trials] == expected
            table = [run for run in own if run.seed in SEEDS]
            assert [run.seed for run in table] == list(SEEDS)
            assert {run.rate for run in table} == {experiment.choose(trials)}
    patient = [(run.model, run.seed) for run in runs if run.contest in PATIENT]
    assert patient == [("Transformer", seed) for seed in SEEDS]
    each = len(RATES) * len(TRIALS) + len(SEEDS)
    assert len(runs) == len(CONTESTS) * len(MODELS) * each + len(patient)
    assert not set(SEEDS) & set(TRIALS)


def test_widths_and_budget(runs):
    for run in runs:
        assert abs(run.parameters / BUDGET - 1) < 0.03
    for contest in CONTESTS:
        for model, kind in MODELS.items():
            H = experiment.width(kind, CONTESTS[contest])
            assert {r.H for r in runs if (r.contest, r.model) == (contest, model)} == {H}


def test_shares(runs):
    for run in runs:
        contest = (CONTESTS | PATIENT)[run.contest]
        tested = len(contest.lengths)
        found = [run.accuracy, run.twice, run.four]
        assert all(0 <= share <= 1 for share in [run.halfway, run.end, *found[:tested]])
        assert all(share != share for share in found[tested:])  # nan
        assert run.learnt % 50 == 0 and run.learnt <= contest.steps


@pytest.mark.parametrize("contest, model", [("gap", "LSTM"), ("words", "minGRU")])
def test_the_command_makes_what_the_file_keeps(runs, contest, model):
    """Two networks again: as good as on file, up to what roundings may change."""
    kept = [r for r in runs if (r.contest, r.model) == (contest, model) and r.seed in SEEDS[:2]]
    made = experiment.bake(contest, model, SEEDS[:2], (kept[0].rate,))
    for one, other in zip(kept, made, strict=True):
        assert (one.seed, one.rate, one.H, one.parameters) == (
            other.seed,
            other.rate,
            other.H,
            other.parameters,
        )
        assert abs(one.accuracy - other.accuracy) < 0.06
        assert abs(one.learnt - other.learnt) <= 150


def test_choice_of_the_rate():
    run = Run("gap", "RNN", 9, 99, 0.1, 0, 100, 0.0, 0.9, 0.0, 0.0, 0.0)
    slow, bad = replace(run, rate=0.2, learnt=300), replace(run, rate=0.3, end=0.5, learnt=50)
    assert experiment.choose([slow, run, bad]) == 0.1  # as good as slow, and sooner
    assert experiment.choose([slow, bad]) == 0.2  # better, though later
    never = replace(run, learnt=0)
    assert experiment.choose([never, slow]) == 0.2
    assert experiment.choose([replace(run, accuracy=0.0), replace(bad, accuracy=1.0)]) == 0.1


def test_saved_is_loaded(tmp_path, monkeypatch):
    made = experiment.bake("words", "RNN", (0, 1), (1e-2,), steps=100)
    file = tmp_path / "runs.csv"
    experiment.save(made, file)
    for one, other in zip(experiment.load(file), made, strict=True):
        assert str(one) == str(other)  # nan is not equal to itself
    monkeypatch.setitem(experiment.SETTINGS, "budget", 1)
    with pytest.raises(ValueError, match=r"runs.csv was made with .*4900.* and now it is"):
        experiment.load(file)
