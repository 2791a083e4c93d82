"""Small GRUs, trained side by side, that are fed the truth, their own output, or something else.

Every array has an axis in front with one entry for each of S networks, which share their data and
nothing else. What a network reads before a step is decided by a function `feed(t, u)`: t counts
from 0, u (S, N, V) are the logits of the step before (None at the first), and it returns ids (S, N)
or (1, N).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy, one_hot

from unrolled.decoding.sampling import sample_symbol

K, T, H = 5, 12, 32  # stops on the line; steps; hidden units
LAST_TWO, RING = 0, 1  # the two questions of `rides`

Parameters = dict[str, Tensor]
Feed = Callable[[int, Tensor | None], Tensor]


def weights(S: int, D: int, H: int, V: int, rng: Generator) -> Parameters:
    """S networks side by side: a GRU that reads D numbers a step, and V logits."""
    shapes = {"W_x": (D, 3 * H), "b_x": (1, 3 * H), "W_h": (H, 3 * H), "b_h": (1, 3 * H)}
    shapes |= {"W_y": (H, V), "b_y": (1, V)}
    draws = {k: 2 * torch.rand(S, *s, generator=rng) - 1 for k, s in shapes.items()}
    return {k: (v / H**0.5).requires_grad_() for k, v in draws.items()}


def gru(p: Parameters, x: Tensor, h: Tensor) -> Tensor:
    """One step of S networks: x (S, N, D), h (S, N, H) -> the new h (eq-gru-step)."""
    r, z, n = torch.baddbmm(p["b_x"], x, p["W_x"]).chunk(3, dim=-1)
    h_r, h_z, h_n = torch.baddbmm(p["b_h"], h, p["W_h"]).chunk(3, dim=-1)
    z = torch.sigmoid(z + h_z)
    return z * h + (1 - z) * torch.tanh(n + torch.sigmoid(r + h_r) * h_n)


def unroll(
    p: Parameters,
    h: Tensor,
    feed: Feed,
    steps: int,
    x: Tensor | None = None,
    memory: float | Tensor = 1.0,
) -> Tensor:
    """Logits (T, S, N, V) of `steps` steps from the state h (S, N, H) (eq-forcing-step).

    Parameters
    ----------
    x : what else arrives, (T, 1, N, K)
    memory : the state is multiplied by it before each step; with 0 each starts from the state 0
    """
    V, u, us = p["W_y"].shape[-1], None, []
    for t in range(steps):
        read = one_hot(feed(t, u), V).float()  # (S, N, V)
        if x is not None:
            read = torch.cat([read, x[t].expand(len(h), -1, -1)], dim=-1)
        h = gru(p, read, memory * h)
        us.append(torch.baddbmm(p["b_y"], h, p["W_y"]))
        u = us[-1].detach()  # what is fed back carries no gradient
    return torch.stack(us)


def teacher(inputs: Tensor) -> Feed:
    """The truth: inputs (T, S, N) are the targets, one step late."""
    return lambda t, u: inputs[t]


def own(inputs: Tensor) -> Feed:
    """START, then what the network itself thinks likeliest."""
    return lambda t, u: inputs[0] if t == 0 else u.argmax(dim=-1)


def nothing(inputs: Tensor) -> Feed:
    """START at every step."""
    return lambda t, u: inputs[0]


def mixed(inputs: Tensor, share: Tensor, rng: Generator) -> Feed:
    """The truth with probability `share` (S, 1), otherwise a token drawn from the output."""

    def feed(t: int, u: Tensor | None) -> Tensor:
        if t == 0:
            return inputs[0]
        truth = torch.rand(inputs[t].shape, generator=rng) < share
        return torch.where(truth, inputs[t], sample_symbol(u, rng))

    return feed


def one_slip(inputs: Tensor, k: int, slip: int | Tensor, V: int, first: int = 0) -> Feed:
    """Like `own`, but the token of step k (from 1) is read as another one.

    That one lies `slip` further on in the ring of the ids from `first` up to V - 1.
    """
    wrong = first + (inputs[k] - first + slip) % (V - first)
    return lambda t, u: wrong if t == k else own(inputs)(t, u)


def rides(task: Tensor, N: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """N rides of T steps on a ring of K stops, each ride from stop 0.

    Parameters
    ----------
    task : (S,), for each network RING, where is the tram now, or LAST_TWO, how many stops did it
        go in the last two steps (counted in the ring)

    Returns
    -------
    x : stops that it goes on at each step, one-hot (T, 1, N, K)
    inputs, y : answers one step late with START, which is K, in front, and answers, (T, S, N)
    """
    x = rng.integers(K, size=(T, N))
    before = np.vstack([np.zeros((1, N), int), x[:-1]])
    y = np.stack([(x + before) % K, x.cumsum(axis=0) % K], axis=1)  # (T, 2, N)
    y = torch.from_numpy(y)[:, task]
    inputs = torch.cat([torch.full_like(y[:1], K), y[:-1]])
    return one_hot(torch.from_numpy(x), K).float()[:, None], inputs, y


def mean_loss(u: Tensor, y: Tensor) -> Tensor:
    """Each network's loss (S,): u (T, S, N, V), and y (T, S, N), -100 where there is no target."""
    losses = cross_entropy(u.flatten(0, 2), y.flatten(), reduction="none").view(y.shape)
    return losses.sum(dim=(0, 2)) / (y >= 0).sum(dim=(0, 2))


def scores(u: Tensor, y: Tensor) -> Tensor:
    """Shares of right tokens and of sequences that are right throughout, (2, S)."""
    right, true = u.argmax(dim=-1) == y, y >= 0
    tokens = (right & true).sum(dim=(0, 2)) / true.sum(dim=(0, 2))
    return torch.stack([tokens, (right | ~true).all(dim=0).float().mean(dim=-1)])


def train(
    p: Sequence[Parameters],
    losses: Callable[[float], Tensor],
    updates: int,
    rate: float = 1e-2,
    measure: Callable[[], Tensor] | None = None,
    every: int = 20,
) -> list[Tensor]:
    """Adam on S networks, each network's gradient cut to norm 1; what `measure` found on the way.

    Over the second half of the updates the rate falls to 0 in a straight line. The parameters are
    changed in place.

    Parameters
    ----------
    losses : from the share of the training that is done to each network's loss (S,)
    measure : called before the first update and after every `every`
    """
    values = [value for part in p for value in part.values()]
    optimizer, measured = torch.optim.Adam(values, lr=rate), []
    for i in range(updates + 1):
        if measure and i % every == 0:
            with torch.no_grad():
                measured.append(measure())
        grads = torch.autograd.grad(losses(i / updates).sum(), values)
        norms = sum(g.flatten(1).square().sum(dim=1) for g in grads).sqrt()  # (S,)
        for value, g in zip(values, grads, strict=True):
            value.grad = g * torch.clamp(1 / norms, max=1)[:, None, None]
        optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 - 2 * i / updates)
        optimizer.step()
    return measured
