"""Training and testing of S networks of one kind at once.

Every array has an axis for the networks in front. Each network has initial weights, sequences and
a learning rate of its own, so that it comes out as if it had been trained alone. What they share
is the length of each batch.
"""

from collections.abc import Iterable

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import cross_entropy

from unrolled.bakeoff.batched import affine, dense
from unrolled.bakeoff.models import Contestant, Parameters
from unrolled.bakeoff.problems import Contest

N, CLIP = 32, 1.0  # sequences in a batch; longest gradient
EVERY, CHOOSING = 50, 500  # updates between two looks at the progress; sequences for it
TESTING = 4  # as many times CHOOSING sequences in a test


def init(kind: Contestant, contest: Contest, H: int, seeds: Iterable[int]) -> Parameters:
    """Networks with their heads, one for each seed, side by side: every tensor is (S, …)."""
    networks = []
    for seed in seeds:
        rng = torch.Generator().manual_seed(seed)
        p = kind.init(contest.D, H, rng)
        head = dense(kind.features(H), contest.V, rng)
        networks.append(p | {"W_y": head, "b_y": torch.zeros(1, contest.V)})
    return {name: torch.stack([p[name] for p in networks]) for name in networks[0]}


def count(p: Parameters) -> int:
    """How many parameters each of the networks has."""
    return sum(value[0].numel() for value in p.values())


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
    each = [contest.make(T, size, rng, part) for rng in rngs]
    x, y = (torch.from_numpy(np.stack(parts)) for parts in zip(*each, strict=True))
    return x, y


@torch.no_grad()
def progress(kind: Contestant, contest: Contest, p: Parameters) -> ndarray:
    """Each network's share of right answers (S,) on the same 500 sequences of the greatest length.

    The sequences are those by which a learning rate is chosen.
    """
    x, y = batch(contest, contest.T, CHOOSING, [np.random.default_rng(10**6 + 1)], "choosing")
    return torch.cat([right(outputs(kind, q, x), y) for q in singles(p)]).numpy()


@torch.no_grad()
def test(
    kind: Contestant, contest: Contest, p: Parameters, T: int, seeds: Iterable[int]
) -> ndarray:
    """Each network's share of right answers (S,) on 2,000 sequences of T steps of its own.

    They follow from the network's seed, and are the same for all kinds of networks.
    """
    shares = []
    for q, seed in zip(singles(p), seeds, strict=True):
        rng, found = np.random.default_rng([10**6, seed]), []
        for _ in range(TESTING):
            x, y = batch(contest, T, CHOOSING, [rng], "testing")
            found.append(right(outputs(kind, q, x), y))
        shares.append(torch.cat(found).mean().item())
    return np.array(shares)


def singles(p: Parameters) -> list[Parameters]:
    """The networks one by one, each still with an axis in front."""
    return [{name: v[s : s + 1] for name, v in p.items()} for s in range(len(p["W_y"]))]


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
    updates: int | None = None,
    until: int | None = None,
    clip: float = CLIP,
) -> tuple[Parameters, dict[int, ndarray]]:
    """Train S networks; also their shares of right answers (S,) after every EVERY updates.

    Each batch has one length, drawn between the contest's shortest and T, the same for all
    networks. Over the second half of the updates the rates fall to 0 in a straight line. There are
    as many as the contest says if `updates` does not; `until` ends training before its end.
    """
    updates = updates or contest.updates
    p = {name: value.clone().requires_grad_() for name, value in p.items()}
    adam = Adam(p, torch.tensor(rates), clip)
    rngs = [np.random.default_rng(seed) for seed in seeds]
    lengths = np.random.default_rng(0).integers(contest.shortest, contest.T + 1, size=updates)
    curve = {}
    for i, T in enumerate(lengths[:until].tolist()):
        x, y = batch(contest, T, N, rngs, "training")
        L = losses(outputs(kind, p, x), y)
        adam.step(torch.autograd.grad(L.sum(), list(p.values())), min(1, 2 * (1 - i / updates)))
        if (i + 1) % EVERY == 0:
            curve[i + 1] = progress(kind, contest, p)
    return {name: value.detach() for name, value in p.items()}, curve


def updates_needed(curve: dict[int, ndarray], goal: float) -> list[int]:
    """For each network the first update with at least so many right answers, 0 if there is none."""
    after, shares = np.array(list(curve)), np.stack(list(curve.values()))  # (evaluations, S)
    reached = shares >= goal
    return np.where(reached.any(axis=0), after[reached.argmax(axis=0)], 0).tolist()
