"""A bake-off: six models, five contests, one budget, one training loop, equal trials of the rate.

`python -m unrolled.bakeoff` trains everything and writes data/bakeoff.csv, one line for each
network. Networks of a kind are trained side by side (see `contestants`); each draws its first
weights and its data by a seed of its own.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import cross_entropy

from unrolled.contestants import CONTESTANTS, Contestant, Parameters, affine, dense
from unrolled.contests import CONTESTS, PARTS, Contest

FILE = Path(__file__).parent / "data" / "bakeoff.csv"
BUDGET = 4900  # parameters of each network, the head's included
RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
TRIALS, SEEDS = (100, 101, 102), (0, 1, 2, 3, 4)  # to choose the rate; for the table
STEPS, N, CLIP, EVERY, TEST = 1000, 32, 1.0, 50, 500
SETTINGS = {"budget": BUDGET, "rates": RATES, "trials": TRIALS, "seeds": SEEDS}
SETTINGS |= {"steps": STEPS, "N": N, "clip": CLIP, "every": EVERY, "test": TEST}


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


def draw(kind: Contestant, contest: Contest, H: int, seeds: Iterable[int]) -> Parameters:
    """Networks with their heads, one for each seed, side by side: every tensor is (S, …)."""
    networks = []
    for seed in seeds:
        dice = torch.Generator().manual_seed(seed)
        p = kind.draw(contest.D, H, dice)
        head = dense(kind.features(H), contest.V, dice)
        networks.append(p | {"W_y": head, "b_y": torch.zeros(1, contest.V)})
    return {name: torch.stack([p[name] for p in networks]) for name in networks[0]}


def count(p: Parameters) -> int:
    """How many parameters each of the networks has."""
    return sum(value[0].numel() for value in p.values())


def width(kind: Contestant, contest: Contest, budget: int = BUDGET) -> int:
    """The H with which a network comes nearest to the budget."""
    return min(range(2, 128), key=lambda H: abs(count(draw(kind, contest, H, [0])) - budget))


def outputs(kind: Contestant, p: Parameters, x: Tensor) -> Tensor:
    """x (S, T, N, D) -> what the heads say after the last step, (S, N, V)."""
    return affine(kind.read(p, x), p["W_y"], p["b_y"])


def losses(u: Tensor, y: Tensor) -> Tensor:
    """Each network's loss (S,): cross-entropy, or mean square error where y (S, N) are numbers."""
    if y.is_floating_point():
        return (u[..., 0] - y).square().mean(dim=1)
    return cross_entropy(u.flatten(0, 1), y.flatten(), reduction="none").view(y.shape).mean(dim=1)


def right(u: Tensor, y: Tensor) -> Tensor:
    """Each network's share of right answers (S,); a number may be off by less than 0.1."""
    hit = (u[..., 0] - y).abs() < 0.1 if y.is_floating_point() else u.argmax(dim=-1) == y
    return hit.float().mean(dim=1)


def batch(contest: Contest, T: int, size: int, rngs: list, part: str) -> tuple[Tensor, Tensor]:
    """x (S, T, size, D), y (S, size): each network's own."""
    each = [contest.draw(T, size, rng, part) for rng in rngs]
    x, y = (torch.from_numpy(np.stack(parts)) for parts in zip(*each, strict=True))
    return x, y


@torch.no_grad()
def test(
    kind: Contestant, contest: Contest, p: Parameters, T: int, part: str = "testing"
) -> ndarray:
    """Each network's share of right answers (S,) on the same fresh sequences of T steps."""
    x, y = batch(contest, T, TEST, [np.random.default_rng(10**6 + PARTS.index(part))], part)
    singles = ({name: v[s : s + 1] for name, v in p.items()} for s in range(len(p["W_y"])))
    return torch.cat([right(outputs(kind, q, x), y) for q in singles]).numpy()


class Adam:
    """Adam for S networks side by side, each with its own rate and its own clipping."""

    def __init__(self, p: Parameters, rates: Tensor, clip: float = CLIP) -> None:
        self.p, self.rates, self.clip, self.steps = p, rates[:, None, None], clip, 0
        self.mean, self.square = ([torch.zeros_like(v) for v in p.values()] for _ in range(2))

    @torch.no_grad()
    def step(self, grads: Iterable[Tensor], share: float) -> None:
        """One update in place, at this share of the rates."""
        self.steps += 1
        norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads]).norm(dim=0)
        shorten = torch.clamp(self.clip / norms, max=1)[:, None, None]
        late, later = 1 - 0.9**self.steps, 1 - 0.999**self.steps
        for v, g, m, s in zip(self.p.values(), grads, self.mean, self.square, strict=True):
            m.lerp_(shorten * g, 0.1)
            s.lerp_((shorten * g) ** 2, 0.001)
            v -= share * self.rates * (m / late) / ((s / later).sqrt() + 1e-8)


def train(
    kind: Contestant,
    contest: Contest,
    p: Parameters,
    seeds: Iterable[int],
    rates: Iterable[float],
    steps: int = STEPS,
    until: int | None = None,
    clip: float = CLIP,
) -> tuple[Parameters, dict[int, ndarray]]:
    """Train S networks; also their shares of right answers (S,) after every EVERY updates.

    Each batch has one length, drawn between the contest's shortest and T. Over the second half of
    the steps the rates fall to 0 in a straight line. `until` ends training before its end.
    """
    p = {name: value.clone().requires_grad_() for name, value in p.items()}
    adam = Adam(p, torch.tensor(rates), clip)
    rngs = [np.random.default_rng(seed) for seed in seeds]
    lengths = np.random.default_rng(0).integers(contest.shortest, contest.T + 1, size=steps)
    curve = {}
    for i, T in enumerate(lengths[:until].tolist()):
        x, y = batch(contest, T, N, rngs, "training")
        L = losses(outputs(kind, p, x), y)
        adam.step(torch.autograd.grad(L.sum(), list(p.values())), min(1, 2 * (1 - i / steps)))
        if (i + 1) % EVERY == 0:
            curve[i + 1] = test(kind, contest, p, contest.T, "choosing")
    return {name: value.detach() for name, value in p.items()}, curve


def learnt(curve: dict[int, ndarray], threshold: float) -> list[int]:
    """For each network the first update with at least so many right answers, 0 if there is none."""
    after, shares = np.array(list(curve)), np.stack(list(curve.values()))  # (evaluations, S)
    above = shares >= threshold
    return np.where(above.any(axis=0), after[above.argmax(axis=0)], 0).tolist()


def bake(
    contest: str, model: str, seeds: tuple[int, ...], rates: tuple[float, ...], steps: int = STEPS
) -> list[Run]:
    """Train a network for each seed at each rate, all side by side."""
    kind, task = CONTESTANTS[model], CONTESTS[contest]
    H = width(kind, task)
    rate, seed = zip(*((rate, seed) for rate in rates for seed in seeds), strict=True)
    p, curve = train(kind, task, draw(kind, task, H, seed), seed, rate, steps)
    shares = [test(kind, task, p, T) for T in task.lengths]
    shares += [np.full(len(seed), np.nan)] * (3 - len(shares))
    first = learnt(curve, task.learnt)
    columns = np.round([curve[steps // 2], curve[steps], *shares], 3)
    rows = zip(rate, seed, first, *columns.tolist(), strict=True)
    return [Run(contest, model, H, count(p), *row) for row in rows]


def choose(trials: Iterable[Run]) -> float:
    """The rate with the highest mean share at the end, in per cent; among equals the quickest."""
    trials = list(trials)

    def merit(rate: float) -> tuple[float, float]:
        own = [run for run in trials if run.rate == rate]
        waited = [run.learnt or 2 * STEPS for run in own]
        return round(float(np.mean([run.end for run in own])), 2), -float(np.mean(waited))

    return max(sorted({run.rate for run in trials}), key=merit)


def everything() -> Iterator[Run]:
    """Every model in every contest: the trials of all rates, then fresh seeds at the best."""
    for contest in CONTESTS:
        for model in CONTESTANTS:
            trials = bake(contest, model, TRIALS, RATES)
            yield from trials
            yield from bake(contest, model, SEEDS, (choose(trials),))


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


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    save(everything())
