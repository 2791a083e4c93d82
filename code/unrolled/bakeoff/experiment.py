"""A bake-off: six models, five contests, one budget, one training loop, equal trials of the rate.

`python -m unrolled.bakeoff` trains everything and writes runs.csv, one line for each
network; two variants of the models and a sixth, easier contest are there to find out what a
failure is due to. It takes about twenty minutes on one core.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from unrolled.bakeoff.models import CONTESTANTS, VARIANTS, Contestant
from unrolled.bakeoff.problems import CONTESTS, PATIENT, Contest
from unrolled.bakeoff.side_by_side import CLIP, EVERY, TEST, N, count, draw, learnt, test, train

FILE = Path(__file__).parent / "runs.csv"
MODELS = CONTESTANTS | VARIANTS
BUDGET = 4900  # parameters of each network, the head's included
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
TRIALS, SEEDS = (100, 101, 102), (0, 1, 2, 3, 4)  # to choose the rate; for the table
SETTINGS = {"budget": BUDGET, "rates": RATES, "trials": TRIALS, "seeds": SEEDS}
SETTINGS |= {"N": N, "clip": CLIP, "every": EVERY, "test": TEST}
ALL = CONTESTS | PATIENT
SETTINGS |= {name: [c.shortest, *c.lengths, c.steps, c.learnt] for name, c in ALL.items()}


@dataclass(frozen=True)
class Run:
    """A line of the file: one network and how well it did."""

    contest: str
    model: str
    H: int
    parameters: int
    rate: float
    seed: int
    learnt: int  # updates after which it had learnt, or 0
    halfway: float  # share of right answers after half of the updates
    end: float  # after the last, on the same sequences, by which the rate is chosen
    accuracy: float  # on other sequences, as long as the longest that it was trained on
    twice: float  # on sequences twice as long
    four: float  # four times as long; nan where there are none


def width(kind: Contestant, contest: Contest, budget: int = BUDGET) -> int:
    """The H with which a network comes nearest to the budget."""
    return min(range(2, 128), key=lambda H: abs(count(draw(kind, contest, H, [0])) - budget))


def bake(
    contest: str,
    model: str,
    seeds: tuple[int, ...],
    rates: tuple[float, ...],
    steps: int | None = None,
) -> list[Run]:
    """Train a network for each seed at each rate, all side by side."""
    kind, task = MODELS[model], ALL[contest]
    H, steps = width(kind, task), steps or task.steps
    rate, seed = zip(*((rate, seed) for rate in rates for seed in seeds), strict=True)
    p, curve = train(kind, task, draw(kind, task, H, seed), seed, rate, steps)
    shares = [test(kind, task, p, T) for T in task.lengths]
    shares += [np.full(len(seed), np.nan)] * (3 - len(shares))
    first = learnt(curve, task.learnt)
    columns = np.round(np.array([curve[steps // 2], curve[steps], *shares], float), 3)
    rows = zip(rate, seed, first, *columns.tolist(), strict=True)
    return [Run(contest, model, H, count(p), *row) for row in rows]


def choose(trials: Iterable[Run]) -> float:
    """The rate with the highest mean share at the end, in per cent; among equals the quickest."""
    trials = list(trials)

    def merit(rate: float) -> tuple[float, float]:
        own = [run for run in trials if run.rate == rate]
        waited = [run.learnt or 10_000 for run in own]
        return round(float(np.mean([run.end for run in own])), 2), -float(np.mean(waited))

    return max(sorted({run.rate for run in trials}), key=merit)


def everything() -> Iterator[Run]:
    """Every model in every contest: the trials of all rates, then fresh seeds at the best.

    One of them gets five times the updates as well, at the same rate.
    """
    for contest in CONTESTS:
        for model in MODELS:
            trials = bake(contest, model, TRIALS, RATES)
            yield from trials
            yield from bake(contest, model, SEEDS, (choose(trials),))
            if (contest, model) == ("sensors", "Transformer"):  # too few updates?
                yield from bake("patient sensors", model, SEEDS, (choose(trials),))


def save(runs: Iterable[Run], file: Path = FILE) -> None:
    """One line for each run as it is made, under a line with the settings."""
    with file.open("w", newline="") as target:
        target.write(f"# {json.dumps(SETTINGS)}\n")
        lines = csv.DictWriter(target, [field.name for field in fields(Run)], lineterminator="\n")
        lines.writeheader()
        for run in runs:
            lines.writerow(asdict(run))
            target.flush()


def load(file: Path = FILE) -> list[Run]:
    """The runs that the file keeps. Raises ValueError if it was made with other settings."""
    with file.open(newline="") as source:
        settings = json.loads(source.readline().removeprefix("# "))
        if settings != json.loads(json.dumps(SETTINGS)):
            raise ValueError(f"{file.name} was made with {settings}, and now it is {SETTINGS}")
        types = {field.name: field.type for field in fields(Run)}
        return [Run(**{k: types[k](v) for k, v in row.items()}) for row in csv.DictReader(source)]
