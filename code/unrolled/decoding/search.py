"""Search for a sequence: exhaustive, greedy, sampled, and best first.

All work with any model that predicts one symbol at a time, given as a function `step` (see
`steps`). A search begins with the states of N sentences and their first tokens (N,), as a rule
START; T is the most symbols it may write, END counted, and `end` is END's number.
"""

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

import torch
from torch import Tensor

from unrolled import checks
from unrolled.decoding.sampling import check_rng, sample_symbol
from unrolled.decoding.steps import (
    State,
    Step,
    check_log_p,
    check_model,
    check_start,
    next_log_p,
    pick_rows,
)

MOST_PATHS = 10**7  # of an exhaustive search: more fit into no memory


@torch.no_grad()
def exhaustive(
    step: Step, state: State, tokens: Tensor, end: int, T: int
) -> list[tuple[float, tuple]]:
    """All finished sequences of one sentence as (log P, symbols), best first (eq-search-count)."""
    check_model(step, end)
    check_start(state, tokens, T, most=1)
    paths: list[tuple[int, ...]] = [()]
    score, found = torch.zeros(1), []
    for _ in range(T):
        log_p, state = next_log_p(step, state, tokens, end)
        check_log_p(log_p.amax(dim=1))
        total = score[:, None] + log_p  # (B, V)
        found += [(s, (*path, end)) for s, path in zip(total[:, end].tolist(), paths, strict=True)]
        others = [v for v in range(log_p.shape[1]) if v != end]
        if not others:
            break
        if len(paths) * len(others) > MOST_PATHS:
            raise ValueError(f"T must be smaller, got {T}: more than {MOST_PATHS} sequences")
        paths = [(*path, v) for path in paths for v in others]  # B (V - 1) of them
        score = total[:, others].flatten()
        rows = torch.arange(len(log_p)).repeat_interleave(len(others))
        state, tokens = pick_rows(state, rows), torch.tensor(others).repeat(len(log_p))
    return sorted(found, reverse=True)


@torch.no_grad()
def greedy(step: Step, state: State, tokens: Tensor, end: int, T: int) -> tuple[Tensor, Tensor]:
    """Always the likeliest next symbol: tokens (N, steps), after END only END, and log P (N,)."""
    return follow(step, state, tokens, end, T, lambda log_p: log_p.max(dim=-1))


@torch.no_grad()
def sample(
    step: Step,
    state: State,
    tokens: Tensor,
    end: int,
    T: int,
    rng: torch.Generator,
    change: Callable[[Tensor], Tensor] = lambda u: u,
) -> tuple[Tensor, Tensor]:
    """Sample every symbol from the model's distribution.

    Parameters
    ----------
    step, state, tokens : the model, the first states of N sentences, and their first tokens (N,)
    end : END's number
    T : the most symbols to write, END counted
    rng : what decides
    change : acts on the log-probabilities before each symbol is sampled, such as
        `lambda u: nucleus(u, 0.9)` (see `sampling`)

    Returns
    -------
    tokens : (N, steps), after END only END
    log_p : (N,), by the model as it is, without `change`
    """

    checks.function(change=change)
    check_rng(rng)

    def choose(log_p: Tensor) -> tuple[Tensor, Tensor]:
        symbols = sample_symbol(change(log_p), rng)
        return log_p.gather(1, symbols[:, None])[:, 0], symbols

    return follow(step, state, tokens, end, T, choose)


def follow(
    step: Step,
    state: State,
    tokens: Tensor,
    end: int,
    T: int,
    choose: Callable[[Tensor], tuple[Tensor, Tensor]],
) -> tuple[Tensor, Tensor]:
    """Follow one hypothesis for each sentence, as `choose` says.

    Parameters
    ----------
    step, state, tokens : the model, the first states of N sentences, and their first tokens (N,)
    end : END's number
    T : the most symbols to write, END counted
    choose : log-probabilities (N, V) -> those of the chosen symbols (N,), and the symbols (N,)

    Returns
    -------
    tokens : (N, steps), after END only END
    log_p : (N,)
    """
    check_model(step, end)
    checks.function(choose=choose)
    check_start(state, tokens, T)
    written, done = [], torch.zeros(len(tokens), dtype=torch.bool)
    score = torch.zeros(len(tokens))
    for _ in range(T):
        log_p, state = next_log_p(step, state, tokens, end)
        check_log_p(log_p.amax(dim=1))
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
def best_first(step: Step, state: State, tokens: Tensor, end: int, T: int) -> tuple[float, tuple]:
    """The likeliest finished sequence of one sentence, exactly: (log P, symbols).

    Always extends the likeliest prefix. A prefix is never less likely than what grows from it, so
    the first finished sequence to come first is the best (eq-search-visited). Prefixes below the
    best finished sequence found so far are not kept. (-inf, ()) if nothing can finish.
    """
    check_model(step, end)
    check_start(state, tokens, T, most=1)
    heap: list[tuple[float, int, tuple[int, ...], Tensor, State]] = [(0.0, 0, (), tokens, state)]
    number, bound = count(1), math.inf
    while heap:
        cost, _, path, tokens, state = heappop(heap)  # cost: -log P
        if path and path[-1] == end:
            return -cost, path
        log_p, after = next_log_p(step, state, tokens, end)
        check_log_p(log_p.amax(dim=1))
        costs = (cost - log_p[0]).tolist()
        bound = min(bound, costs[end])
        for v, cost in enumerate(costs):
            may_finish = v == end or len(path) + 1 < T
            if may_finish and cost <= bound and cost < math.inf:
                item = (cost, next(number), (*path, v), torch.tensor([v]), after)
                heappush(heap, item)
    return -math.inf, ()
