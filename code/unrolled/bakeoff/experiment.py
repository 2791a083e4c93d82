"""The bake-off: many models, six contests, one budget, one training loop, equal trials of the rate.

`python -m unrolled.bakeoff` trains everything and writes runs.csv, one line for each network.
`python -m unrolled.bakeoff words adding` trains what belongs to these contests and keeps the other
lines, and `python -m unrolled.bakeoff missing` what the file does not have yet. Beside the
contestants the file has variants, controls and second chances, which are there to find out what a
failure is due to. All of it takes about an hour on one core.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from math import nan
from pathlib import Path

import numpy as np

from unrolled import checks
from unrolled.bakeoff import side_by_side
from unrolled.bakeoff.models import CONTESTANTS, EARLIER, LATER, MODELS, VARIANTS, Contestant
from unrolled.bakeoff.problems import CONTESTS, EXTRA, Contest

FILE = Path(__file__).parent / "runs.csv"
BUDGET = 4900  # parameters of each network, the head's included
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
TRIALS, SEEDS = (100, 101, 102), (0, 1, 2, 3, 4)  # to choose the rate; for the table
GOOD = 0.95  # mean share of right answers below which a model gets five times the updates
CONTROLLED = {  # contest -> the controls that take part in it
    "adding": ("tanh, identity", "ReLU, orthogonal"),
    "words": ("largest over time", "one wide layer"),
    "sensors": ("largest over time", "one wide layer"),
}
ALL = CONTESTS | EXTRA
SETTINGS = {"budget": BUDGET, "rates": RATES, "trials": TRIALS, "seeds": SEEDS, "good": GOOD}
SETTINGS |= {name: getattr(side_by_side, name) for name in ("N", "CLIP", "EVERY", "CHOOSING")}
SETTINGS |= {"TESTING": side_by_side.TESTING, "controlled": CONTROLLED}
SETTINGS |= {name: [c.shortest, *c.lengths, c.updates, c.goal] for name, c in ALL.items()}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A line of the file: one network and how well it did. Trials have no tests: nan."""

    contest: str
    model: str
    H: int
    parameters: int
    rate: float
    seed: int
    learnt: int  # updates after which it had learnt, or 0
    halfway: float  # share of right answers after half of the updates
    end: float  # after the last, on the same sequences, by which the rate is chosen
    accuracy: float = nan  # on other sequences, of the first length of the contest's tests
    longer: float = nan  # of the second
    longest: float = nan  # of the third


def width(kind: Contestant, contest: Contest, budget: int = BUDGET) -> int:
    """The H with which a network comes nearest to the budget; the smaller one of two as near."""
    checks.kind("a Contestant", Contestant, kind=kind)
    checks.kind("a Contest", Contest, contest=contest)
    checks.whole(1, 10**7, budget=budget)

    def over(H: int) -> int:
        return side_by_side.count(side_by_side.init(kind, contest, H, [0])) - budget

    low, high = 1, 2
    while over(high) <= 0:  # a large one takes long to initialise: go no further than needed
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if over(middle) > 0 else (middle, high)
    return low if -over(low) <= over(high) else high


def bake(
    contest: str,
    model: str,
    seeds: tuple[int, ...],
    rates: tuple[float, ...],
    updates: int | None = None,
    tested: bool = True,
) -> list[Run]:
    """Train a network for each seed at each rate, all side by side, and test them."""
    check_name("contest", contest, ALL)
    check_name("model", model, MODELS)
    check_list("seeds", seeds, checks.whole)
    check_list("rates", rates, checks.number)
    both = 2 * side_by_side.EVERY  # it is looked at after half of the updates and at the end
    checks.whole(both, updates=both if updates is None else updates)
    if updates is not None and updates % both:
        raise ValueError(f"updates must be a multiple of {both}, got {updates}")
    kind, task = MODELS[model], ALL[contest]
    H, updates = width(kind, task), updates or task.updates
    rate, seed = zip(*((rate, seed) for rate in rates for seed in seeds), strict=True)
    p = side_by_side.init(kind, task, H, seed)
    p, curve = side_by_side.train(kind, task, p, seed, rate, updates)
    columns = {
        "rate": rate,
        "seed": seed,
        "learnt": side_by_side.updates_needed(curve, task.goal),
        "halfway": rounded(curve[updates // 2]),
        "end": rounded(curve[updates]),
    }
    if tested:
        for name, T in zip(("accuracy", "longer", "longest"), task.lengths, strict=False):
            columns[name] = rounded(side_by_side.test(kind, task, p, T, seed))
    common = {"contest": contest, "model": model, "H": H, "parameters": side_by_side.count(p)}
    rows = zip(*columns.values(), strict=True)
    return [Run(**common, **dict(zip(columns, row, strict=True))) for row in rows]


def rounded(shares: np.ndarray) -> list[float]:
    """Shares to three decimals."""
    shares = checks.array("shares", shares, "biuf")
    return np.round(shares.astype(float), 3).tolist()


def choose(trials: Iterable[Run]) -> float:
    """The rate with the highest mean share at the end, in per cent; among equals the quickest."""
    trials = checks.items("trials", trials)
    if not trials:
        raise ValueError("trials must be at least one, got none")
    checks.kind("a Run", Run, **{f"trials[{i}]": run for i, run in enumerate(trials)})

    def merit(rate: float) -> tuple[float, float]:
        own = [run for run in trials if run.rate == rate]
        waited = [run.learnt or 10_000 for run in own]
        return round(float(np.mean([run.end for run in own])), 2), -float(np.mean(waited))

    return max(sorted({run.rate for run in trials}), key=merit)


def everything(
    contests: Iterable[str] = tuple(CONTESTS), kept: Iterable[Run] = ()
) -> Iterator[Run]:
    """Every model in these contests; what is kept of a model in a contest is not made again."""
    kept = checks.items("kept", kept)
    checks.kind("a Run", Run, **{f"kept[{i}]": run for i, run in enumerate(kept)})
    for contest in checks.items("contests", contests):
        check_name("each of contests", contest, CONTESTS)
        for model in taking_part(contest):
            own = [run for run in kept if (base(run), run.model) == (contest, model)]
            yield from own or one_model(contest, model)


def taking_part(contest: str) -> list[str]:
    """The models of a contest, in the order of the file; the later ones had no short parity."""
    check_name("contest", contest, CONTESTS)
    own = EARLIER if contest == "short parity" else CONTESTANTS
    return [*own, *VARIANTS, *CONTROLLED.get(contest, ())]


def one_model(contest: str, model: str) -> Iterator[Run]:
    """The trials of all rates, fresh seeds at the best, and what else is asked of the model."""
    trials = bake(contest, model, TRIALS, RATES, tested=False)
    table = bake(contest, model, SEEDS, (choose(trials),))
    yield from [*trials, *table]
    for other in further(contest, model, table):
        yield from bake(other, model, SEEDS, (choose(trials),))


def further(contest: str, model: str, table: list[Run]) -> list[str]:
    """What else is asked of a model, at the rate that its trials chose: contests in EXTRA.

    Whoever is not good enough gets five times the updates; variants of no use in a contest do not.
    The later contestants have had one chance so far.
    """
    check_name("contest", contest, CONTESTS)
    check_name("model", model, MODELS)
    table = checks.items("table", table)
    if not table:
        raise ValueError("table must be at least one run, got none")
    checks.kind("a Run", Run, **{f"table[{i}]": run for i, run in enumerate(table)})
    if contest == "short parity":
        return ["withheld parity"] if model in EARLIER else []
    failed = np.mean([run.accuracy for run in table]) < GOOD
    return [f"patient {contest}"] if failed and model not in VARIANTS | LATER else []


def again(contests: Iterable[str] = ()) -> Iterator[Run]:
    """Runs for a new file: those of these contests are made, the others are from the old file.

    Without a name all are made. Raises ValueError for a name that is none of CONTESTS.
    """
    contests = checks.items("contests", contests)
    if unknown := [c for c in contests if not isinstance(c, str) or c not in CONTESTS]:
        raise ValueError(f"contests must be among {list(CONTESTS)}, got {unknown}")
    kept = load() if contests else []
    for contest in CONTESTS:
        if contest in contests or not contests:
            yield from everything((contest,))
        yield from (run for run in kept if contest not in contests and base(run) == contest)


def base(run: Run) -> str:
    """The contest among CONTESTS to which a run belongs."""
    checks.kind("a Run", Run, run=run)
    name = run.contest.removeprefix("patient ")
    return {"withheld parity": "short parity"}.get(name, name)


def save(runs: Iterable[Run], file: Path = FILE) -> None:
    """One line for each run as it is made, under a line with the settings.

    The old file is replaced when the last run is made.
    """
    checks.kind("a Path", Path, file=file)
    runs = checks.iterator("runs", runs)
    new = file.with_suffix(".new")
    with new.open("w", newline="") as target:
        target.write(f"# {json.dumps(SETTINGS)}\n")
        lines = csv.DictWriter(target, [field.name for field in fields(Run)], lineterminator="\n")
        lines.writeheader()
        for run in runs:
            checks.kind("a Run", Run, **{"each of runs": run})
            lines.writerow(asdict(run))
            target.flush()
    new.replace(file)


def load(file: Path = FILE) -> list[Run]:
    """The runs that the file keeps. Raises ValueError if it was made with other settings."""
    checks.kind("a Path", Path, file=file)
    with file.open(newline="") as source:
        settings = json.loads(source.readline().removeprefix("# "))
        if settings != json.loads(json.dumps(SETTINGS)):
            raise ValueError(f"{file.name} was made with {settings}, and now it is {SETTINGS}")
        types = {field.name: field.type for field in fields(Run)}
        return [Run(**{k: types[k](v) for k, v in row.items()}) for row in csv.DictReader(source)]


def check_name(name: str, given: str, known: Iterable[str]) -> None:
    """ValueError unless the name is known."""
    if not isinstance(given, str) or given not in known:
        raise ValueError(f"{name} must be one of {list(known)}, got {checks.came(given)}")


def check_list(name: str, given: Iterable, check: Callable) -> None:
    """ValueError unless this is a list or tuple with something in it, all of which passes."""
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"{name} must be a list of one or more, got {checks.came(given)}")
    for one in given:
        check(0, 10**6, **{f"each of {name}": one})
