"""Decoding of CTC outputs: the best path, and prefix beam search.

log_p (T, V) as in `ctc`: log-probabilities of V symbols at each frame, one of them the blank.
"""

from collections import defaultdict
from collections.abc import Callable
from heapq import nlargest
from math import exp, inf, log1p

from numpy import ndarray

from unrolled import checks
from unrolled.layers.ctc import check_log_p, collapse

# labels -> log P of the paths that spell them, ended by the blank and not
Beam = dict[tuple[int, ...], tuple[float, float]]


def best_path(log_p: ndarray, blank: int = 0) -> tuple[int, ...]:
    """The labels of the likeliest path, which need not be the likeliest labels.

    Raises ValueError for what are no log-probabilities (T, V), and for a blank outside them.
    """
    check_log_p(log_p, blank)
    return collapse(log_p.argmax(axis=1).tolist(), blank)


def prefix_beam(
    log_p: ndarray,
    k: int,
    blank: int = 0,
    weight: Callable[[tuple], float] = lambda prefix: 0.0,
) -> list[tuple[float, tuple[int, ...]]]:
    """The k best labellings as (log P, labels), best first (`eq-speech-prefix`).

    Paths with equal labels share one entry of the beam: their sum is kept or dropped.
    With a large k, log P is exact; what a small k dropped is missing in it. `weight` is
    added for each label that is written, given all labels so far: a language model.
    Raises ValueError for k < 1, and as `best_path` does.
    """
    check_log_p(log_p, blank)
    checks.whole(1, k=k)
    checks.function(weight=weight)
    beam: Beam = {(): (0.0, -inf)}
    for row in log_p.tolist():
        grown: Beam = defaultdict(lambda: (-inf, -inf))
        for prefix, (blanked, voiced) in beam.items():
            last, both = prefix[-1] if prefix else None, _add(blanked, voiced)
            b, n = grown[prefix]
            if prefix:
                n = _add(n, voiced + row[last])  # the last label goes on
            grown[prefix] = _add(b, both + row[blank]), n
            for v, log_p_v in enumerate(row):
                if v == blank:
                    continue
                before = blanked if v == last else both  # again only after a blank
                if before > -inf:
                    b, n = grown[longer := (*prefix, v)]
                    grown[longer] = b, _add(n, before + log_p_v + weight(longer))
        beam = dict(nlargest(k, grown.items(), key=lambda item: _add(*item[1])))
    return [(_add(*parts), prefix) for prefix, parts in beam.items()]


def _add(a: float, b: float) -> float:
    """log(exp a + exp b)."""
    if a < b:
        a, b = b, a
    return a if b == -inf else a + log1p(exp(b - a))
