"""Connectionist temporal classification (Graves et al. 2006): a text's probability over all paths.

A network gives log_p (T, V), at each frame a distribution over V symbols, one of them the blank.
A path is a symbol for each frame. It is read by `collapse`: repeats are merged, then blanks
dropped. The probability of labels (U,) is the sum over all paths that are read as these labels.

Inside, the labels stand between blanks, at S = 2U + 1 places: blank y1 blank y2 ... yU blank.
One sequence at a time; a batch is a loop over its sequences, each cut to its own length.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.layers.layer_contract import check, check_tape


class Tape(NamedTuple):
    """What `backward` needs."""

    log_p: ndarray  # (T, V)
    places: ndarray  # (S,) the symbols at the places
    jump: ndarray  # (S,) where a step of two may arrive
    log_alpha: ndarray  # (T, S)
    loss: float


def collapse(path: Iterable[int], blank: int = 0) -> tuple[int, ...]:
    """The labels that a path says: equal neighbours become one, then the blanks go."""
    labels, before = [], blank
    path = check_path("path", path)
    checks.whole(blank=blank)
    for symbol in path:
        if symbol != before and symbol != blank:
            labels.append(int(symbol))
        before = symbol
    return tuple(labels)


def extend(labels: ndarray, blank: int = 0) -> tuple[ndarray, ndarray]:
    """labels (U,) -> the symbols at the places (S,); where a step of two may arrive (S,).

    A step of two jumps over a blank: it arrives at a label, from another label.
    """
    labels = check_path("labels", labels)
    checks.whole(blank=blank)
    places = np.full(2 * len(labels) + 1, blank)
    places[1::2] = labels
    jump = np.zeros(len(places), bool)
    jump[3::2] = places[3::2] != places[1:-2:2]
    return places, jump


def forward(log_p: ndarray, labels: ndarray, blank: int = 0) -> tuple[float, Tape]:
    """-log of the probability of the labels (`eq-speech-log`, `eq-speech-total`).

    Parameters
    ----------
    log_p : (T, V) log-probabilities of each frame, rows that sum to one in probability
    labels : (U,) integers in 0 ... V - 1 without the blank; may be empty
    blank : the number of the blank

    Returns
    -------
    loss : in nats, the sum over all frames; inf if no path fits (too few frames)
    tape : what `backward` needs

    Raises
    ------
    ValueError : if there is no frame, or log_p or the labels are no such numbers
    """
    V = check_log_p(log_p, blank)
    expected = f"whole numbers in 0 ... {V - 1} and not {blank}"
    labels = check_path("labels", labels, expected)
    if (labels < 0).any() or (labels >= V).any() or (labels == blank).any():
        raise ValueError(f"labels must be {expected}, got {labels.tolist()}")
    places, jump = extend(labels, blank)
    y = log_p[:, places]  # (T, S) each place's own symbol
    log_alpha = np.full_like(y, -np.inf)
    log_alpha[0, :2] = y[0, :2]  # a path begins with the blank or the first label
    for t in range(1, len(y)):
        before, now = log_alpha[t - 1], log_alpha[t]
        now[:] = before  # it stays,
        now[1:] = np.logaddexp(now[1:], before[:-1])  # moves on by one,
        two = np.where(jump[2:], before[:-2], -np.inf)
        now[2:] = np.logaddexp(now[2:], two)  # or by two
        now += y[t]
    loss = -np.logaddexp.reduce(log_alpha[-1, -2:])  # it ends at the last label or after it
    return float(loss), Tape(log_p, places, jump, log_alpha, loss)


def backward(tape: Tape) -> ndarray:
    """The gradient at the logits u (T, V), log_p = log softmax(u) (`eq-speech-gradient`).

    Raises ValueError if the loss is infinite: where nothing is possible, nothing has a slope.
    """
    check_tape(tape, Tape)
    log_p, places, jump, log_alpha, loss = tape
    if not np.isfinite(loss):
        raise ValueError("tape: no path has these labels, no gradient of an infinite loss")
    y = log_p[:, places]
    log_beta = np.full_like(y, -np.inf)
    log_beta[-1, -2:] = 0.0
    for t in reversed(range(len(y) - 1)):
        after, now = log_beta[t + 1] + y[t + 1], log_beta[t]
        now[:] = after
        now[:-1] = np.logaddexp(now[:-1], after[1:])
        now[:-2] = np.logaddexp(now[:-2], np.where(jump[2:], after[2:], -np.inf))
    at_place = np.exp(log_alpha + log_beta + loss)  # (T, S) its rows sum to one
    occupancy = np.zeros_like(log_p)
    np.add.at(occupancy.T, places, at_place.T)  # a symbol may have several places
    return np.exp(log_p) - occupancy


def fewest_frames(labels: ndarray) -> int:
    """The frames that labels need: one each, and a blank between two that are equal."""
    labels = check_path("labels", labels)
    return len(labels) + int((labels[1:] == labels[:-1]).sum())


def check_path(name: str, path: Any, expected: str = "whole numbers") -> ndarray:
    """The numbers of symbols as an array; ValueError unless they are whole, in one row."""
    path = checks.array(name, list(path) if isinstance(path, Iterator) else path, "iu", expected)
    if path.ndim != 1:
        raise ValueError(f"{name} must be a row of {expected}, got {path.tolist()}")
    return path


def check_log_p(log_p: ndarray, blank: int) -> int:
    """V. ValueError unless log_p (T, V) are log-probabilities, one of the blank."""
    shape = checks.array("log_p", log_p).shape
    if len(shape) != 2 or shape[0] == 0:
        raise ValueError(f"log_p must be (T, V) with at least one frame, got {shape}")
    _, V = check("log_p", log_p, "T", "V", infinite=True)
    whole = isinstance(blank, int | np.integer) and not isinstance(blank, bool)
    if not whole or not 0 <= blank < V:
        raise ValueError(f"the blank must be in 0 ... {V - 1}, got {blank}")
    with np.errstate(over="ignore"):  # logits
        total = np.exp(log_p).sum(axis=1)
    if not np.allclose(total, 1, atol=1e-4):
        raise ValueError("log_p must be log-probabilities: the rows of exp(log_p) sum to one")
    return V
