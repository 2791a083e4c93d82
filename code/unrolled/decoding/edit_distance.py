"""The edit distance between two sequences, and the error rate of speech recognition."""

from collections.abc import Iterable, Sequence


def distance(a: Sequence, b: Sequence) -> int:
    """The fewest insertions, deletions and substitutions of one item that turn a into b.

    Equation eq-speech-edit, row by row (Levenshtein 1966; Wagner and Fischer 1974).
    """
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
    pairs = list(zip(said, true, strict=True))
    items = sum(len(b) for _, b in pairs)
    if items == 0:
        raise ValueError("the true sequences must hold at least one item, got none")
    return sum(distance(a, b) for a, b in pairs) / items
