"""Beam search: the k likeliest hypotheses at every step, for N sentences at once.

It works with any model that predicts one symbol at a time, given as a function `step` (see
`steps`), and takes the same arguments as the methods in `search`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from unrolled.decoding.search import greedy
from unrolled.decoding.steps import (
    State,
    Step,
    check_log_p,
    check_model,
    check_start,
    next_log_p,
    pick_rows,
)


class Found(NamedTuple):
    """The k best sequences for each of N sentences, best first.

    Finished ones come first, then those that the limit T cut off, which hold no END. Where there
    are fewer than k of both, scores of -inf fill the rest.
    """

    tokens: Tensor  # (N, k, steps), END in all places after the first END
    scores: Tensor  # (N, k), log P / length^alpha


@torch.no_grad()
def beam(
    step: Step, state: State, tokens: Tensor, end: int, k: int, T: int, alpha: float = 0.0
) -> Found:
    """Keep the k likeliest hypotheses at every step; N sentences at once.

    A hypothesis that ends while it is among the k best of its step is finished: it leaves the
    beam and is ranked by log P / length^alpha. A sentence is done when no hypothesis in its beam
    can reach its k best finished ones any more (eq-search-stop).

    Parameters
    ----------
    step, state, tokens : the model, the first states of N sentences, and their first tokens (N,)
    end : END's number
    k : width of the beam
    T : the most symbols to write, END counted
    alpha : how much a finished sequence's length counts; 0 for log P itself

    Raises
    ------
    ValueError : for limits out of range, and for what is no log-probability
    """
    check_model(step, end)
    check_start(state, tokens, T, k, alpha)
    alpha = float(alpha)  # a whole T ** alpha could be too large for a tensor's integers
    if k == 1 and alpha == 0:  # what finishes first is the best: greedy search
        best, score = greedy(step, state, tokens, end, T)
        return Found(best[:, None], score[:, None])
    N, score = len(tokens), torch.zeros(len(tokens), 1)  # first one hypothesis each, later k
    finished = [torch.full((N, k), -torch.inf), *torch.zeros(2, N, k, dtype=torch.long)]
    bar, trace = None, []  # bar: what a live score must exceed, once something has finished
    for t in range(1, T + 1):
        # each of the score.shape[1] hypotheses can end once: besides these, k that go on
        state, total, row, symbol = _extended(step, state, tokens, end, score, k + score.shape[1])
        ends = symbol == end
        if ends.any():
            value = (total / t**alpha).masked_fill(~ends, -torch.inf)
            ended = value[:, :k], torch.full_like(row, t - 1)[:, :k], row[:, :k]
            finished = _best_columns(k, finished, ended)  # value, symbols before END, parent's row
            bar = finished[0][:, -1] * T**alpha
            total, order = total.masked_fill(ends, -torch.inf).topk(min(k, total.shape[1]))
            row, symbol = row.gather(1, order), symbol.gather(1, order)
        score, row, symbol = total[:, :k], row[:, :k], symbol[:, :k]  # who goes on
        trace.append((row, symbol))
        if bar is not None and (score[:, 0] <= bar).all():
            break
        state, tokens = pick_rows(state, row.flatten()), symbol.flatten()
    return _read_back(trace, finished, score / t**alpha, end)


def _extended(step: Step, state: State, tokens: Tensor, end: int, score: Tensor, n: int) -> tuple:
    """The state after one step, and the n best continuations; all other log_p is let go of."""
    log_p, state = next_log_p(step, state, tokens, end)
    best = likeliest(score, log_p, n)
    if score.shape[1] == 1:
        check_log_p(best[0][:, 0], score[:, 0])  # here logits show, in _read_back every NaN
    return state, *best


def likeliest(score: Tensor, log_p: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """The n best continuations of each sentence: their scores, rows of log_p, and symbols.

    score (N, live), log_p (N live, V) -> three of (N, n), best first; all of them if n is more.
    Of many, by a tournament: the n best are found in the n blocks with the best champions. With
    8000 symbols a whole beam search takes 1.4 times as long with one `topk` over all candidates.
    """
    (N, live), V = score.shape, log_p.shape[1]
    size = _block_size(V) if live * V > 2000 else 1  # of few candidates each is a block
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


def _block_size(V: int, most: int = 100) -> int:
    """The largest length up to `most` of which whole blocks fill a row of V."""
    return max(size for size in range(1, most + 1) if V % size == 0)


def _best_columns(k: int, *groups: Sequence[Tensor]) -> list[Tensor]:
    """The k best columns of several groups (score, …), each group a sequence of (N, any)."""
    joined = [torch.cat(parts, dim=1) for parts in zip(*groups, strict=True)]
    order = joined[0].topk(k).indices
    return [part.gather(1, order) for part in joined]


def _read_back(
    trace: list[tuple[Tensor, Tensor]], finished: Sequence[Tensor], score: Tensor, end: int
) -> Found:
    """Follow the rows back from the last symbols of what finished, and of what did not."""
    last = torch.arange(score.numel()).view(score.shape)
    cut = score, torch.full_like(last, len(trace)), last
    joined = [torch.cat(parts, dim=1) for parts in zip(finished, cut, strict=True)]
    order = joined[0].isneginf().sort(dim=1, stable=True).indices[:, : finished[0].shape[1]]
    score, length, place = (part.gather(1, order) for part in joined)
    check_log_p(score)
    ends, rows = length.numpy(), place.numpy()  # faster than torch for arrays as small as these
    tokens = np.full((*score.shape, len(trace)), end)  # (N, k, steps)
    for t in reversed(range(len(trace))):
        row, symbol = (part.numpy().ravel() for part in trace[t])
        inside = t < ends  # the others ended before
        tokens[inside, t] = symbol[rows[inside]]
        rows[inside] = row[rows[inside]]
    return Found(torch.from_numpy(tokens), score)
