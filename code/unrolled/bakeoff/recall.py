"""Recall against the size of the state: which layers can store a room under a name.

A night has calls and questions. A call is a guest and a room; each guest calls once, and then some
move. Afterwards each of them is asked for, in another order. Every network has one layer and a
readout. What differs is the kind of its state and how many numbers that has.

    python -m unrolled.bakeoff.recall

trains all of them and writes recall.csv, in about a quarter of an hour on one core.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from math import isqrt
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from unrolled import checks
from unrolled.models import train
from unrolled.models.mamba import scan

FILE = Path(__file__).parent / "recall.csv"
NAMES, ROOMS = 32, 32
GUESTS, MOVES = 12, 12  # of a night: guests who call, and later calls of some of them
NIGHT = GUESTS + MOVES + GUESTS  # steps
SIZES = (64, 144, 256)  # numbers that a state has, each a square
CELL_SIZES = SIZES[:2]  # of RNN, LSTM and GRU, whose training takes many minutes with more
CACHES = tuple(2 * NIGHT * d for d in (2, 4, 8))  # a key and a value of d numbers for each step
SEEDS = (0, 1)
RATES = (3e-3, 1e-2)  # both are tried with the first seed, and the second takes the better one
STEPS, N = 800, 64  # updates, and nights in each
CELLS = ("RNN", "LSTM", "GRU")
MATRICES = ("adding", "fading", "delta rule", "gated delta rule")
KINDS = (*CELLS, "S6", *MATRICES, "attention")
SETTINGS = {"names": NAMES, "rooms": ROOMS, "guests": GUESTS, "moves": MOVES, "sizes": SIZES}
SETTINGS |= {"cell sizes": CELL_SIZES, "caches": CACHES, "kinds": KINDS}
SETTINGS |= {"seeds": SEEDS, "rates": RATES, "updates": STEPS, "N": N}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A line of the file: one network, and the share of guests that it found."""

    kind: str
    numbers: int  # of the state, at the end of the night
    parameters: int
    rate: float
    seed: int
    held_out: float  # on nights by which the rate is chosen
    found: float  # on others


def draw(count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Nights x (NIGHT, count, NAMES + ROOMS), answers y (NIGHT, count), -100 before dawn."""
    checks.whole(1, count=count)
    checks.generator(rng)
    nights = np.arange(count)
    guests = rng.permuted(np.tile(np.arange(NAMES), (count, 1)), axis=1)[:, :GUESTS]
    moving = np.take_along_axis(guests, rng.integers(GUESTS, size=(count, MOVES)), axis=1)
    asked = rng.permuted(guests, axis=1)
    calls, rooms = np.hstack([guests, moving]), rng.integers(ROOMS, size=(count, GUESTS + MOVES))
    x, y = np.zeros((NIGHT, count, NAMES + ROOMS), np.float32), np.full((NIGHT, count), -100)
    where = np.zeros((count, NAMES), int)
    for t in range(GUESTS + MOVES):
        x[t, nights, calls[:, t]] = x[t, nights, NAMES + rooms[:, t]] = 1
        where[nights, calls[:, t]] = rooms[:, t]
    for t in range(GUESTS):
        x[GUESTS + MOVES + t, nights, asked[:, t]] = 1
        y[GUESTS + MOVES + t] = where[nights, asked[:, t]]
    return torch.from_numpy(x), torch.from_numpy(y)


class Cell(nn.Module):
    """One of torch's recurrent layers, with as many numbers in its state, and a readout."""

    def __init__(self, kind: str, numbers: int):
        super().__init__()
        H = numbers // 2 if kind == "LSTM" else numbers
        self.layer = getattr(nn, kind)(NAMES + ROOMS, H)
        self.readout = nn.Linear(H, ROOMS)

    def forward(self, x: Tensor) -> Tensor:
        return self.readout(self.layer(x)[0])


class Selective(nn.Module):
    """S6, the recurrence of Mamba, with d units of d numbers each (`eq-selective-s6`).

    Everything that it selects is made from the input, as in `layers.selective`.
    """

    def __init__(self, d: int):
        super().__init__()
        self.to_rows = nn.Linear(NAMES + ROOMS, 4 * d)  # u, a, B, C
        self.A_log = nn.Parameter(torch.arange(1.0, d + 1).log().repeat(d, 1))
        self.skip = nn.Parameter(torch.ones(d))
        self.readout = nn.Linear(d, ROOMS)
        Delta = torch.empty(d).uniform_(np.log(1e-3), np.log(1e-1)).exp()
        with torch.no_grad():
            self.to_rows.bias[d : 2 * d] = Delta.expm1().log()  # softplus of it is Delta

    def forward(self, x: Tensor) -> Tensor:
        u, a, B, C = self.to_rows(x).chunk(4, dim=2)
        Delta = nn.functional.softplus(a)
        keep = torch.exp(-Delta[..., None] * self.A_log.exp())  # (T, N, d, d)
        write = (Delta * u)[..., None] * B[:, :, None]
        h = scan(write, keep, torch.zeros_like(write[0]))
        return self.readout((h * C[:, :, None]).sum(dim=3) + self.skip * u)


class Matrix(nn.Module):
    """A layer whose state is a d x d matrix, written with or without decay and delta rule.

    All steps at once: what is written solves the triangular system of `eq-linear-block`. Attention
    with keys and values of d numbers is made here too.
    """

    def __init__(self, kind: str, d: int):
        super().__init__()
        self.kind, self.d = kind, d
        self.to_rows, self.to_gates = nn.Linear(NAMES + ROOMS, 3 * d), nn.Linear(NAMES + ROOMS, 2)
        self.readout = nn.Linear(d, ROOMS)
        nn.init.constant_(self.to_gates.bias, 4.0)  # both gates open
        self.slope = nn.Parameter(torch.tensor(0.1))  # of attention's preference for the newest

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.to_rows(x).transpose(0, 1).chunk(3, dim=2)  # (N, T, d)
        T = q.shape[1]
        log_alpha, log_beta = nn.functional.logsigmoid(self.to_gates(x)).permute(2, 1, 0)
        before = torch.ones(T, T, dtype=torch.bool).tril()
        if self.kind == "attention":
            steps = torch.arange(T)
            e = q @ k.mT / self.d**0.5 - self.slope * (steps[:, None] - steps)
            return self.readout(e.where(before, -torch.inf).softmax(dim=2) @ v).transpose(0, 1)
        q, k = (nn.functional.normalize(a, dim=2) for a in (q, k))
        if self.kind in ("adding", "delta rule"):
            log_alpha = 0 * log_alpha
        total = log_alpha.cumsum(dim=1)
        between = (total[:, :, None] - total[:, None]).where(before, -torch.inf).exp()
        beta = log_beta.exp()[..., None]
        u = beta * v
        if "delta" in self.kind:
            L = (beta * between * (k @ k.mT)).tril(-1)
            u = torch.linalg.solve_triangular(L + torch.eye(T), u, upper=False, unitriangular=True)
        return self.readout((between * (q @ k.mT)) @ u).transpose(0, 1)


def make(kind: str, numbers: int) -> nn.Module:
    """A network of one of the KINDS whose state has one of its `sizes`.

    Attention's are those of its keys and values at the end of the night.
    """
    checks.whole(1, numbers=numbers)
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {checks.came(kind)}")
    if numbers not in sizes(kind):
        raise ValueError(f"numbers must be one of {sizes(kind)} for {kind}, got {numbers}")
    if kind in CELLS:
        return Cell(kind, numbers)
    if kind == "attention":
        return Matrix(kind, numbers // (2 * NIGHT))
    return Selective(isqrt(numbers)) if kind == "S6" else Matrix(kind, isqrt(numbers))


def sizes(kind: str) -> tuple[int, ...]:
    """How many numbers the states of this kind have in the contest."""
    if kind == "attention":
        return CACHES
    return CELL_SIZES if kind in CELLS else SIZES


def share(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """The share of questions that are answered right."""
    with torch.no_grad():
        answers = model(x).argmax(dim=2)
    return (answers == y)[y != -100].float().mean().item()


def run(kind: str, numbers: int, rate: float, seed: int, steps: int = STEPS) -> Run:
    """Train one network."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    model = make(kind, numbers)
    batches = (draw(N, rng) for _ in range(steps))
    train(model, batches, steps=steps, learning_rate=rate, clip=1.0)
    held_out, test = (draw(300, np.random.default_rng(1000 + k)) for k in (0, 1))
    shares = [round(share(model, *nights), 4) for nights in (held_out, test)]
    parameters = sum(p.numel() for p in model.parameters())
    return Run(
        kind=kind, numbers=numbers, parameters=parameters, rate=rate, seed=seed,
        held_out=shares[0], found=shares[1],
    )  # fmt: skip


def save(runs: Iterable[Run], file: Path = FILE) -> None:
    """One line for each run as it is made, under a line with the settings.

    The old file is replaced when the last run is made.
    """
    new = file.with_suffix(".new")
    with new.open("w", newline="") as target:
        target.write(f"# {json.dumps(SETTINGS)}\n")
        lines = csv.DictWriter(target, [field.name for field in fields(Run)], lineterminator="\n")
        lines.writeheader()
        for one in runs:
            lines.writerow(asdict(one))
            target.flush()
    new.replace(file)


def load(file: Path = FILE) -> list[Run]:
    """The runs that the file keeps. Raises ValueError if it was made with other settings."""
    with file.open(newline="") as source:
        settings = json.loads(source.readline().removeprefix("# "))
        if settings != json.loads(json.dumps(SETTINGS)):
            raise ValueError(f"{file.name} was made with {settings}, and now it is {SETTINGS}")
        types = {field.name: field.type for field in fields(Run)}
        return [Run(**{k: types[k](v) for k, v in row.items()}) for row in csv.DictReader(source)]


def again(kind: str, numbers: int) -> list[Run]:
    """Both rates with the first seed, the better one with the others."""
    trials = [run(kind, numbers, rate, SEEDS[0]) for rate in RATES]
    best = max(trials, key=lambda one: one.held_out)
    return [*trials, *(run(kind, numbers, best.rate, seed) for seed in SEEDS[1:])]


def best(runs: list[Run], kind: str, numbers: int) -> list[float]:
    """The shares of guests found with the better rate, one for each seed."""
    own = [one for one in runs if (one.kind, one.numbers) == (kind, numbers)]
    rate = max((one for one in own if one.seed == SEEDS[0]), key=lambda one: one.held_out).rate
    return [one.found for one in own if one.rate == rate]


if __name__ == "__main__":
    torch.set_num_threads(1)
    save(one for kind in KINDS for numbers in sizes(kind) for one in again(kind, numbers))
