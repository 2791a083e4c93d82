"""The file is complete, made with the settings that the modules state, and can be made again."""

import math
from dataclasses import replace

import numpy as np
import pytest

from unrolled.bakeoff import experiment, side_by_side
from unrolled.bakeoff.experiment import ALL, BUDGET, CONTROLLED, GOOD, RATES, SEEDS, TRIALS, Run
from unrolled.bakeoff.models import CONTESTANTS, EARLIER, LATER, MODELS, VARIANTS
from unrolled.bakeoff.problems import CONTESTS, EXTRA


@pytest.fixture(scope="module")
def runs():
    return experiment.load()  # which compares the settings


def of(runs, contest, model):
    return [run for run in runs if (run.contest, run.model) == (contest, model)]


def test_every_model_in_its_contests_with_equal_trials(runs):
    expected = []
    for contest in CONTESTS:
        names = EARLIER if contest == "short parity" else CONTESTANTS
        for model in [*names, *VARIANTS, *CONTROLLED.get(contest, ())]:
            own = of(runs, contest, model)
            trials = [run for run in own if run.seed in TRIALS]
            equal = [(rate, seed) for rate in RATES for seed in TRIALS]
            assert [(run.rate, run.seed) for run in trials] == equal
            table = [run for run in own if run.seed in SEEDS]
            assert [run.seed for run in table] == list(SEEDS)
            assert {run.rate for run in table} == {experiment.choose(trials)}
            expected += [(contest, model)] * len(own)
            for other in experiment.further(contest, model, table):
                again = of(runs, other, model)
                assert [run.seed for run in again] == list(SEEDS)
                assert {run.rate for run in again} == {table[0].rate}
                expected += [(other, model)] * len(again)
    assert [(run.contest, run.model) for run in runs] == expected
    assert not set(SEEDS) & set(TRIALS)
    assert {model for _, model in expected} == set(MODELS)


def test_patience_for_every_loser_alike(runs):
    """All earlier contestants and controls that are wrong in more than five of a hundred."""
    for contest in list(CONTESTS)[:5]:
        for model in [*EARLIER, *CONTROLLED.get(contest, ())]:
            table = [run.accuracy for run in of(runs, contest, model) if run.seed in SEEDS]
            patient = bool(of(runs, f"patient {contest}", model))
            assert patient == (np.mean(table) < GOOD)
    withheld = {run.model for run in runs if run.contest == "withheld parity"}
    assert withheld == set(EARLIER)
    assert not any(run.model in LATER for run in runs if run.contest not in list(CONTESTS)[:5])


def test_widths_and_budget(runs):
    for run in runs:
        assert abs(run.parameters / BUDGET - 1) < 0.03
    for contest, model in {(run.contest, run.model) for run in runs}:
        H = experiment.width(MODELS[model], ALL[contest])
        assert {run.H for run in of(runs, contest, model)} == {H}


@pytest.mark.parametrize("model", ["LSTM", "minGRU", "Transformer"])
def test_width_is_the_nearest(model):
    kind, contest = MODELS[model], CONTESTS["short parity"]

    def off(H):
        return abs(side_by_side.count(side_by_side.init(kind, contest, H, [0])) - BUDGET)

    H = experiment.width(kind, contest)
    assert off(H) <= min(off(H - 1), off(H + 1))


def test_of_two_widths_as_near_the_smaller_is_taken():
    kind, contest = MODELS["RNN"], CONTESTS["gap"]
    near = [side_by_side.count(side_by_side.init(kind, contest, H, [0])) for H in (7, 8)]
    middle, rest = divmod(sum(near), 2)
    assert rest == 0
    assert experiment.width(kind, contest, middle) == 7
    assert experiment.width(kind, contest, middle + 1) == 8
    assert experiment.width(kind, contest, near[1]) == 8


def test_shares(runs):
    for run in runs:
        contest = ALL[run.contest]
        tested = 0 if run.seed in TRIALS else len(contest.lengths)
        found = [run.accuracy, run.longer, run.longest]
        assert all(0 <= share <= 1 for share in [run.halfway, run.end, *found[:tested]])
        assert all(math.isnan(share) for share in found[tested:])
        assert run.learnt % 50 == 0 and run.learnt <= contest.updates


@pytest.mark.parametrize("contest, model", [("gap", "LSTM"), ("words", "minGRU")])
def test_the_command_makes_what_the_file_keeps(runs, contest, model):
    """Two networks again: as good as on file, up to what roundings may change."""
    kept = [r for r in of(runs, contest, model) if r.seed in SEEDS[:2]]
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


RUN = Run(
    contest="gap", model="RNN", H=9, parameters=99, rate=0.1, seed=0, learnt=100, halfway=0, end=0.9
)


def test_choice_of_the_rate():
    slow, bad = replace(RUN, rate=0.2, learnt=300), replace(RUN, rate=0.3, end=0.5, learnt=50)
    assert experiment.choose([slow, RUN, bad]) == 0.1  # as good as slow, and sooner
    assert experiment.choose([slow, bad]) == 0.2  # better, though later
    never = replace(RUN, learnt=0)
    assert experiment.choose([never, slow]) == 0.2
    assert experiment.choose([replace(RUN, accuracy=0.0), replace(bad, accuracy=1.0)]) == 0.1


def test_who_is_asked_further():
    poor, good = [replace(RUN, accuracy=0.9)], [replace(RUN, accuracy=0.96)]
    assert experiment.further("adding", "RNN", poor) == ["patient adding"]
    assert experiment.further("adding", "tanh, identity", poor) == ["patient adding"]
    assert experiment.further("adding", "RNN", good) == []
    assert experiment.further("adding", "ReLU RNN", poor) == []
    assert experiment.further("short parity", "LSTM", good) == ["withheld parity"]
    assert experiment.further("short parity", "ReLU RNN", poor) == []
    assert experiment.further("adding", "LRU", poor) == []


def test_saved_is_loaded(tmp_path, monkeypatch):
    made = experiment.bake("words", "RNN", (0, 1), (1e-2,), updates=100)
    made += experiment.bake("words", "RNN", (0,), (1e-2,), updates=100, tested=False)
    assert not math.isnan(made[0].accuracy) and math.isnan(made[2].accuracy)
    file = tmp_path / "runs.csv"
    experiment.save(made, file)
    for one, other in zip(experiment.load(file), made, strict=True):
        assert str(one) == str(other)  # nan is not equal to itself
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
    monkeypatch.setitem(experiment.SETTINGS, "budget", 1)
    with pytest.raises(ValueError, match=r"runs.csv was made with .*4900.* and now it is"):
        experiment.load(file)


def test_a_file_is_replaced_only_by_a_whole_one(tmp_path):
    file = tmp_path / "runs.csv"
    experiment.save([RUN], file)

    def broken():
        yield replace(RUN, seed=1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        experiment.save(broken(), file)
    assert [run.seed for run in experiment.load(file)] == [0]


def test_contests_made_again_take_the_place_of_their_old_lines(monkeypatch):
    old = [replace(RUN, contest=name) for name in [*CONTESTS, *EXTRA]]
    monkeypatch.setattr(experiment, "load", lambda: old)
    fresh = [replace(RUN, contest=name, seed=7) for name in ("adding", "patient adding")]
    monkeypatch.setattr(experiment, "everything", lambda names: iter(fresh if names else ()))
    found = [(run.contest, run.seed) for run in experiment.again(["adding"])]
    assert found == [
        *[("gap", 0), ("patient gap", 0), ("parity", 0), ("patient parity", 0)],
        *[("adding", 7), ("patient adding", 7)],
        *[("words", 0), ("patient words", 0), ("sensors", 0), ("patient sensors", 0)],
        *[("short parity", 0), ("withheld parity", 0)],
    ]
    with pytest.raises(ValueError, match=r"contests must be among .* got \['sums'\]"):
        list(experiment.again(["sums", "gap"]))


def test_only_what_is_missing_is_made(monkeypatch):
    """With one contest: a model that is on file keeps its lines, and the next one is made."""
    old = [replace(RUN, model="GRU"), replace(RUN, contest="patient gap", model="GRU")]
    monkeypatch.setattr(experiment, "taking_part", lambda contest: ["RNN", "GRU"])
    monkeypatch.setattr(experiment, "one_model", lambda c, m: [replace(RUN, contest=c, model=m)])
    assert list(experiment.everything(["gap"], old)) == [RUN, *old]
    assert list(experiment.everything(["gap"])) == [RUN, replace(RUN, model="GRU")]


def test_what_cannot_be_baked_is_named():
    """Before anything is trained."""
    right = {"contest": "gap", "model": "RNN", "seeds": (0,), "rates": (0.1,), "updates": 100}
    for wrong, said in [
        ({"contest": "no such"}, "contest must be one of"),
        ({"model": None}, "model must be one of"),
        ({"seeds": ()}, "seeds must be a list of one or more"),
        ({"seeds": (-1,)}, "each of seeds must be at least 0, got -1"),
        ({"rates": ("fast",)}, "each of rates must be a number, got 'fast'"),
        ({"updates": 50}, "updates must be at least 100, got 50"),
    ]:
        with pytest.raises(ValueError, match=f"^{said}"):
            experiment.bake(**right | wrong)
    with pytest.raises(ValueError, match=r"^each of contests must be one of"):
        next(experiment.everything(["no such"]))
