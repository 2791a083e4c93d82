"""The edit distance between two sequences, and the error rate of speech recognition."""

from collections.abc import Iterable, Sequence

import numpy as np

from unrolled import checks


def distance(a: Sequence, b: Sequence) -> int:
    """The fewest insertions, deletions and substitutions of one item that turn a into b.

    Equation eq-speech-edit, row by row (Levenshtein 1966; Wagner and Fischer 1974).
    """
    check_sequences(a=a, b=b)
    row = list(range(len(b) + 1))  # the distances of an empty a
    for i, item in enumerate(a, start=1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (item != other))
    return row[-1]


def error_rate(said: Iterable[Sequence], true: Iterable[Sequence]) -> float:
    """All edits, divided by all items of the true sequences (`eq-speech-rate`); can exceed 1.

    Raises ValueError if the numbers of sequences differ, or the true ones hold no item.
    """
    said, true = checks.items("said", said), checks.items("true", true)
    if len(said) != len(true):
        raise ValueError(f"said and true must be equally many, got {len(said)} and {len(true)}")
    for name, sequences in (("said", said), ("true", true)):
        check_sequences(**{f"{name}[{i}]": one for i, one in enumerate(sequences)})
    pairs = list(zip(said, true, strict=True))
    items = sum(len(b) for _, b in pairs)
    if items == 0:
        raise ValueError("the true sequences must hold at least one item, got none")
    return sum(distance(a, b) for a, b in pairs) / items


def check_sequences(**sequences: Sequence) -> None:
    """ValueError unless these are texts, lists or the like, or arrays with an axis."""
    for name, one in sequences.items():
        scalar = isinstance(one, np.ndarray) and one.ndim == 0
        if scalar or not isinstance(one, Sequence | np.ndarray):
            raise ValueError(
                f"{name} must be a sequence, as a text or a list, got {checks.came(one)}"
            )
