"""Which sequence to write: search, and drawing, with any model that predicts one symbol at a time.

A model is a function `step(state, tokens) -> log_probabilities, state`: tokens (B,) are the last
symbols of B hypotheses, log_probabilities (B, V) belong to their next ones. A state is None, a
tensor, an array, or a tuple of such whose first axis is B, so that a search can keep, drop and
copy hypotheses by index. A search begins with the states of N sentences and their first tokens
(N,), as a rule START; T is the most symbols it may write, END counted, and `end` is END's number.
"""

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from unrolled.decoding.sampling import sample_symbol

Step = Callable[[object, Tensor], tuple[Tensor, object]]


class Found(NamedTuple):
    """The k best sequences for each of N sentences, best first.

    Finished ones come first, then those that the limit T cut off, which hold no END. Where there
    are fewer than k of both, scores of -inf fill the rest.
    """

    tokens: Tensor  # (N, k, steps), END in all places after the first END
    scores: Tensor  # (N, k), log P / length^alpha


@torch.no_grad()
def exhaustive(step: Step, state, tokens: Tensor, end: int, T: int) -> list[tuple[float, tuple]]:
    """All finished sequences of one sentence as (log P, symbols), best first (eq-search-count)."""
    _check(state, tokens, T, most=1)
    paths, score, found = [()], torch.zeros(1), []
    for _ in range(T):
        log_p, state = _next(step, state, tokens, end)
        _check_numbers(log_p.amax(dim=1))
        total = score[:, None] + log_p  # (B, V)
        found += [(s, (*path, end)) for s, path in zip(total[:, end].tolist(), paths, strict=True)]
        others = [v for v in range(log_p.shape[1]) if v != end]
        if not others:
            break
        paths = [(*path, v) for path in paths for v in others]  # B (V - 1) of them
        score = total[:, others].flatten()
        rows = torch.arange(len(log_p)).repeat_interleave(len(others))
        state, tokens = pick_rows(state, rows), torch.tensor(others).repeat(len(log_p))
    return sorted(found, reverse=True)


@torch.no_grad()
def greedy(step: Step, state, tokens: Tensor, end: int, T: int) -> tuple[Tensor, Tensor]:
    """Always the likeliest next symbol: tokens (N, steps), after END only END, and log P (N,)."""
    return _one_way(step, state, tokens, end, T, lambda log_p: log_p.max(dim=-1))


@torch.no_grad()
def sample(
    step: Step,
    state,
    tokens: Tensor,
    end: int,
    T: int,
    rng: torch.Generator,
    change: Callable[[Tensor], Tensor] = lambda u: u,
) -> tuple[Tensor, Tensor]:
    """Draw every symbol: tokens (N, steps), after END only END, and log P (N,).

    `change` acts on the log-probabilities before each draw, `lambda u: nucleus(u, 0.9)` for
    example (see `sampling`); log P is that of the model as it is.
    """

    def choose(log_p):
        symbols = sample_symbol(change(log_p), rng)
        return log_p.gather(1, symbols[:, None])[:, 0], symbols

    return _one_way(step, state, tokens, end, T, choose)


def _one_way(step, state, tokens, end, T, choose) -> tuple[Tensor, Tensor]:
    """One hypothesis for each sentence. choose(log_p (N, V)) -> log P of a symbol each, symbols."""
    _check(state, tokens, T)
    written, score, done = [], 0.0, torch.zeros(len(tokens), dtype=torch.bool)
    for _ in range(T):
        log_p, state = _next(step, state, tokens, end)
        _check_numbers(log_p.amax(dim=1))
        chosen, tokens = choose(log_p)
        del log_p  # its memory is free for the next step's
        tokens = tokens.masked_fill(done, end)
        score = score + chosen.masked_fill(done, 0)
        done = done | (tokens == end)
        written.append(tokens)
        if done.all():
            break
    return torch.stack(written, dim=1), score


@torch.no_grad()
def beam(step: Step, state, tokens: Tensor, end: int, k: int, T: int, alpha: float = 0.0) -> Found:
    """Keep the k likeliest hypotheses at every step; N sentences at once.

    A hypothesis that ends while it is among the k best of its step is finished: it leaves the
    beam and is ranked by log P / length^alpha. A sentence is done when no hypothesis in its beam
    can reach its k best finished ones any more (eq-search-stop). Raises ValueError on wrong input.
    """
    _check(state, tokens, T, k, alpha)
    if k == 1 and alpha == 0:  # what finishes first is the best: greedy search
        best, score = greedy(step, state, tokens, end, T)
        return Found(best[:, None], score[:, None])
    N, score = len(tokens), torch.zeros(len(tokens), 1)  # first one hypothesis each, later k
    finished = torch.full((N, k), -torch.inf), *torch.zeros(2, N, k, dtype=torch.long)
    bar, trace = None, []  # bar: what a live score must exceed, once something has finished
    for t in range(1, T + 1):
        # each of the score.shape[1] hypotheses can end once: besides these, k that go on
        state, total, row, symbol = _extended(step, state, tokens, end, score, k + score.shape[1])
        ends = symbol == end
        if ends.any():
            value = (total / t**alpha).masked_fill(~ends, -torch.inf)
            ended = value[:, :k], torch.full_like(row, t - 1)[:, :k], row[:, :k]
            finished = _best(k, finished, ended)  # of each: value, symbols before END, parent's row
            bar = finished[0][:, -1] * T**alpha
            total, order = total.masked_fill(ends, -torch.inf).topk(min(k, total.shape[1]))
            row, symbol = row.gather(1, order), symbol.gather(1, order)
        score, row, symbol = total[:, :k], row[:, :k], symbol[:, :k]  # who goes on
        trace.append((row, symbol))
        if bar is not None and (score[:, 0] <= bar).all():
            break
        state, tokens = pick_rows(state, row.flatten()), symbol.flatten()
    return _read(trace, finished, score / t**alpha, end)


def _extended(step: Step, state, tokens: Tensor, end: int, score: Tensor, n: int) -> tuple:
    """The state after one step, and the n best continuations; all other log_p is let go of."""
    log_p, state = _next(step, state, tokens, end)
    best = likeliest(score, log_p, n)
    if score.shape[1] == 1:
        _check_numbers(best[0][:, 0], score[:, 0])  # here logits show, in _read every NaN
    return state, *best


def likeliest(score: Tensor, log_p: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """The n best continuations of each sentence: their scores, rows of log_p, and symbols.

    score (N, live), log_p (N live, V) -> three of (N, n), best first; all of them if n is more.
    Of many, by a tournament: the n best are found in the n blocks with the best champions.
    """
    (N, live), V = score.shape, log_p.shape[1]
    # as long as whole blocks make a row; long ones if candidates are many
    size = next(size for size in range(100 if live * V > 2000 else 1, 0, -1) if V % size == 0)
    blocks = log_p.reshape(-1, size)  # (N live V / size, size)
    champions = blocks.amax(dim=1) if size > 1 else blocks[:, 0]
    champions = (champions.view(N, live, -1) + score[..., None]).flatten(1)
    total, block = champions.topk(min(n, champions.shape[1]))
    block = block + torch.arange(0, len(blocks), champions.shape[1])[:, None]  # of all blocks
    if size == 1:
        return total, block // V, block % V
    finalists = blocks.index_select(0, block.flatten()).view(*block.shape, size)
    finalists = finalists + score.flatten()[block // (V // size)][..., None]
    total, place = finalists.flatten(1).topk(min(n, finalists[0].numel()))
    place = block.gather(1, place // size) * size + place % size  # in all of log_p
    return total, place // V, place % V


def _best(k: int, *groups) -> list[Tensor]:
    """The k best columns of several groups (score, …), each group a sequence of (N, any)."""
    joined = [torch.cat(parts, dim=1) for parts in zip(*groups, strict=True)]
    order = joined[0].topk(k).indices
    return [part.gather(1, order) for part in joined]


def _read(trace: list[tuple[Tensor, Tensor]], finished, score: Tensor, end: int) -> Found:
    """Follow the rows back from the last symbols of what finished, and of what did not."""
    rows = torch.arange(score.numel()).view(score.shape)
    cut = score, torch.full_like(rows, len(trace)), rows
    joined = [torch.cat(parts, dim=1) for parts in zip(finished, cut, strict=True)]
    order = joined[0].isneginf().sort(dim=1, stable=True).indices[:, : finished[0].shape[1]]
    score, length, place = (part.gather(1, order) for part in joined)
    _check_numbers(score)
    length, place = length.numpy(), place.numpy()  # for arrays as small as these faster than torch
    tokens = np.full((*score.shape, len(trace)), end)  # (N, k, steps)
    for t in reversed(range(len(trace))):
        row, symbol = (part.numpy().ravel() for part in trace[t])
        inside = t < length  # the others ended before
        tokens[inside, t] = symbol[place[inside]]
        place[inside] = row[place[inside]]
    return Found(torch.from_numpy(tokens), score)


@torch.no_grad()
def best_first(step: Step, state, tokens: Tensor, end: int, T: int) -> tuple[float, tuple]:
    """The likeliest finished sequence of one sentence, exactly: (log P, symbols).

    Always extends the likeliest prefix. A prefix is never less likely than what grows from it, so
    the first finished sequence to come first is the best (eq-search-visited). Prefixes below the
    best finished sequence found so far are not kept. (-inf, ()) if nothing can finish.
    """
    _check(state, tokens, T, most=1)
    heap, number, bound = [(0.0, 0, (), tokens, state)], count(1), math.inf
    while heap:
        cost, _, path, tokens, state = heappop(heap)  # cost: -log P
        if path and path[-1] == end:
            return -cost, path
        log_p, after = _next(step, state, tokens, end)
        _check_numbers(log_p.amax(dim=1))
        costs = (cost - log_p[0]).tolist()
        bound = min(bound, costs[end])
        for v, cost in enumerate(costs):
            may_finish = v == end or len(path) + 1 < T
            if may_finish and cost <= bound and cost < math.inf:
                item = (cost, next(number), (*path, v), torch.tensor([v]), after)
                heappush(heap, item)
    return -math.inf, ()


def pick_rows(state, rows: Tensor):
    """The states of these hypotheses: row rows[i] of every part of a state becomes row i."""
    if state is None:
        return None
    if isinstance(state, tuple | list):
        return tuple(pick_rows(part, rows) for part in state)
    return state.index_select(0, rows) if isinstance(state, Tensor) else state[rows.numpy()]


def _next(step: Step, state, tokens: Tensor, end: int) -> tuple[Tensor, object]:
    """One step of the model, and a look at what comes out of it."""
    log_p, state = step(state, tokens)
    log_p = torch.as_tensor(log_p)
    if log_p.dim() != 2 or len(log_p) != len(tokens):
        raise ValueError(f"step must return ({len(tokens)}, V), got {tuple(log_p.shape)}")
    V = log_p.shape[1]
    if V == 0:
        raise ValueError("the vocabulary is empty")
    if not 0 <= end < V:
        raise ValueError(f"END must be one of the symbols 0…{V - 1}, got {end}")
    return log_p, state


def _check_numbers(largest: Tensor, score: Tensor | float = 0.0) -> None:
    """A step's largest log-probabilities, on top of scores: NaN is the largest of all numbers."""
    if not (largest <= score + 1e-4).all():
        what = "NaN" if largest.isnan().any() else "larger ones: logits?"
        raise ValueError(f"log-probabilities are numbers up to 0, got {what}")


def _check(state, tokens: Tensor, T: int, k: int = 1, alpha: float = 0.0, most=math.inf) -> None:
    if k < 1 or T < 1 or not alpha >= 0:
        raise ValueError(f"needed: k ≥ 1, T ≥ 1, alpha ≥ 0; got k = {k}, T = {T}, alpha = {alpha}")
    if tokens.dim() != 1 or not 1 <= len(tokens) <= most:
        expected = "one sentence" if most == 1 else "a batch of sentences"
        raise ValueError(f"tokens must be (N,) for {expected}, got {tuple(tokens.shape)}")
    parts = state if isinstance(state, tuple | list) else () if state is None else (state,)
    for part in parts:
        if isinstance(part, tuple | list):
            _check(part, tokens, T)
        elif part is not None and (part.ndim == 0 or len(part) != len(tokens)):
            raise ValueError(
                f"a state of {tuple(part.shape)} does not belong to {len(tokens)} sentences: "
                "its first axis counts them"
            )
