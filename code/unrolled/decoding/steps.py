"""One step of a model for many hypotheses: its states picked by row, its output checked.

A model is a function `step(state, tokens) -> log_probabilities, state`: tokens (B,) are the last
symbols of B hypotheses, log_probabilities (B, V) belong to their next ones. A state is None, a
tensor, an array, or a tuple of such whose first axis is B, so that a search can keep, drop and
copy hypotheses by index.
"""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import torch
from numpy import ndarray
from torch import Tensor

from unrolled import checks

State = Any  # None, a tensor, an array, or a tuple of states
LONGEST = 60  # of log T^alpha: log P / exp(60) is still a float32, of as many digits
Step = Callable[[Any, Tensor], tuple[Tensor, Any]]


def pick_rows(state: State, rows: Tensor) -> State:
    """The states of these hypotheses: row rows[i] of every part of a state becomes row i."""
    if state is None:
        return None
    if isinstance(state, tuple | list):
        return tuple(pick_rows(part, rows) for part in state)
    return state.index_select(0, rows) if isinstance(state, Tensor) else state[rows.numpy()]


def next_log_p(step: Step, state: State, tokens: Tensor, end: int) -> tuple[Tensor, State]:
    """One step of the model: log-probabilities (B, V) and the new state.

    Raises ValueError if they have another shape, or END is none of the symbols.
    """
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


def check_log_p(largest: Tensor, score: Tensor | float = 0.0) -> None:
    """ValueError unless a step's largest log-probabilities, added to scores, are numbers up to 0.

    It is enough to look at the largest: NaN counts as the largest of all numbers.
    """
    if not (largest <= score + 1e-4).all():
        what = "NaN" if largest.isnan().any() else "larger ones: logits?"
        raise ValueError(f"log-probabilities are numbers up to 0, got {what}")


def check_start(
    state: State, tokens: Tensor, T: int, k: int = 1, alpha: float = 0.0, most: float = math.inf
) -> None:
    """Raise a ValueError unless a search can begin.

    Parameters
    ----------
    state, tokens : a state and a first token for each sentence
    T, k, alpha : limit on the length, width of the beam, weight of the length
    most : the most sentences that the search can take at once
    """
    checks.number(-math.inf, math.inf, k=k, T=T)
    checks.kind("a number", Real, alpha=alpha)
    if k < 1 or T < 1 or not alpha >= 0:
        raise ValueError(f"needed: k ≥ 1, T ≥ 1, alpha ≥ 0; got k = {k}, T = {T}, alpha = {alpha}")
    checks.number(0, alpha=alpha)
    if alpha * math.log(T) > LONGEST:
        raise ValueError(f"T ** alpha must be below exp({LONGEST}), got {T} ** {alpha}")
    checks.whole(1, k=k, T=T)
    checks.kind("a tensor of tokens (N,)", Tensor, tokens=tokens)
    if tokens.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"tokens must be whole numbers of 32 or 64 bits, got {tokens.dtype}")
    if tokens.dim() != 1 or not 1 <= len(tokens) <= most:
        expected = "one sentence" if most == 1 else "a batch of sentences"
        raise ValueError(f"tokens must be (N,) for {expected}, got {tuple(tokens.shape)}")
    check_state(state, tokens)


def check_model(step: Step, end: int) -> None:
    """ValueError unless step is a function, and END a number."""
    checks.function(step=step)
    checks.whole(end=end)


def check_state(state: State, tokens: Tensor) -> None:
    """ValueError unless each part of the state has a row for each sentence."""
    parts = state if isinstance(state, tuple | list) else () if state is None else (state,)
    for part in parts:
        if isinstance(part, tuple | list):
            check_state(part, tokens)
            continue
        if part is None:
            continue
        checks.kind("None, tensors, arrays, or a tuple of such", Tensor | ndarray, state=part)
        if part.ndim == 0 or len(part) != len(tokens):
            raise ValueError(
                f"a state of {tuple(part.shape)} does not belong to {len(tokens)} sentences: "
                "its first axis counts them"
            )
