"""Text as integers: a vocabulary, and the ways to cut one long text into batches.

Time is the first axis of every batch, and targets are the inputs one step later.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy import ndarray

from unrolled import checks

MARKS = ("<pad>", "<start>", "<end>")  # the first symbols of a vocabulary that needs them
PAD, START, END = range(3)  # and their ids


class Vocabulary:
    """The symbols a model knows, numbered in the order given.

    A symbol is a string: a character of a text, or a word or piece in a list of them.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = _plain(symbols)
        self.index = {symbol: i for i, symbol in enumerate(self.symbols)}
        if len(self.index) < len(self.symbols):
            raise ValueError("symbols must differ from each other, got one of them twice")

    @classmethod
    def of(cls, text: Iterable[str]) -> "Vocabulary":
        """The vocabulary of everything that occurs in `text`, sorted."""
        try:
            return cls(sorted(_plain(set(checks.items("text", text)))))
        except TypeError:  # lists and the like, which are in no set
            raise ValueError("text must be a string or a list of strings") from None

    def __len__(self) -> int:
        return len(self.symbols)

    def __repr__(self) -> str:
        return f"Vocabulary of {len(self)} symbols: {' '.join(map(repr, self.symbols[:8]))} …"

    def encode(self, text: Sequence[str]) -> ndarray:
        """Text, or a list of symbols -> ids (length,). A symbol it lacks is a ValueError."""
        check_text(text)
        try:
            return np.fromiter(map(self.index.__getitem__, text), np.int64, len(text))
        except (KeyError, TypeError):  # TypeError: no string at all, but a list, say
            symbol = next(s for s in text if not isinstance(s, str) or s not in self.index)
            raise ValueError(
                f"{symbol!r} is not among the {len(self)} symbols of this vocabulary: take it out "
                "of the text, or build the vocabulary from text that has it (Vocabulary.of)"
            ) from None

    def decode(self, ids: Iterable[int], separator: str = "") -> str:
        """ids (length,) -> text. Words need a separator, such as " "."""
        checks.text(separator=separator)
        ids = check_ids(ids, len(self))
        if ids.ndim != 1:
            raise ValueError(f"ids must be (length,), got {ids.shape}")
        return separator.join(self.symbols[i] for i in ids.tolist())


def one_hot(ids: ndarray, V: int, dtype: type = np.float64) -> ndarray:
    """ids (...) -> (..., V): all zeros but for a one at each id."""
    checks.whole(V=V)
    ids = check_ids(ids, V)
    try:
        rows = np.zeros((*ids.shape, V), dtype)
    except (TypeError, ValueError):
        raise ValueError(f"dtype must be a type of NumPy's, got {checks.came(dtype)}") from None
    np.put_along_axis(rows, ids[..., None], 1, axis=-1)
    return rows


def streams(ids: ndarray, N: int) -> ndarray:
    """Cut ids (length,) into N equally long pieces, side by side -> (steps, N).

    Column n is contiguous text. The remainder, fewer than N symbols, is cut off.
    """
    checks.whole(1, N=N)
    ids = _row("ids", ids)
    steps = len(ids) // N
    if steps < 2:
        raise ValueError(f"ids: {N} streams need at least {2 * N} symbols, got {len(ids)}")
    return ids[: steps * N].reshape(N, steps).T


def segments(columns: ndarray, T: int) -> Iterator[tuple[ndarray, ndarray]]:
    """Walk through `streams` (steps, N) in pieces of T steps: inputs and targets (T, N) each.

    The next segment begins where the last one ended, in every column, so the state after one is
    the initial state of the next. The targets are the inputs one step later; the last of them
    is the first input of the next segment. What does not fill a segment is left out.
    """
    checks.whole(1, T=T)
    columns = checks.array("columns", columns)
    if columns.ndim < 1:
        raise ValueError(f"columns must be (steps, N), got {columns.shape}")
    steps = len(columns)
    if steps <= T:
        raise ValueError(
            f"columns: segments of {T} steps need streams of at least {T + 1}, got {steps}"
        )
    starts = range(0, steps - T, T)
    return ((columns[s : s + T], columns[s + 1 : s + T + 1]) for s in starts)


def windows(ids: ndarray, T: int, N: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
    """N windows from random places of ids (length,): inputs and targets (T, N) each."""
    checks.whole(1, T=T, N=N)
    checks.generator(rng)
    ids = _row("ids", ids)
    if len(ids) <= T:
        raise ValueError(f"ids: windows of {T} steps need at least {T + 1} symbols, got {len(ids)}")
    starts = rng.integers(len(ids) - T, size=N)
    block = ids[starts + np.arange(T + 1)[:, None]]  # (T + 1, N)
    return block[:-1], block[1:]


def pad(sequences: Sequence[Sequence[int]]) -> tuple[ndarray, ndarray]:
    """Ids of unequal lengths, side by side -> ids (T, N), filled up with PAD, and lengths (N,).

    T is the longest one's length. Each needs at least one id (ValueError).
    """
    rows = [_row("each of sequences", ids) for ids in checks.items("sequences", sequences)]
    lengths = np.array([len(ids) for ids in rows], dtype=np.int64)
    if lengths.size == 0 or lengths.min() == 0:
        came = f"lengths {lengths.tolist()}"
        raise ValueError(f"sequences: pad needs sequences of at least one id, got {came}")
    ids = np.full((lengths.max(), len(lengths)), PAD, dtype=np.int64)
    ids.T[np.arange(len(ids)) < lengths[:, None]] = np.concatenate(rows)
    return ids, lengths


def _row(name: str, ids: Sequence[int]) -> ndarray:
    """Ids as an array (length,); ValueError for anything else."""
    ids = checks.array(name, ids, "iu", "whole numbers")
    if ids.ndim != 1:
        raise ValueError(f"{name} must be (length,), got {ids.shape}")
    return ids


def _plain(symbols: Iterable[str]) -> tuple[str, ...]:
    """The symbols as Python's own strings, which any file can keep; NumPy's are a kind of them."""
    symbols = checks.items("symbols", symbols)
    for symbol in symbols:
        if not isinstance(symbol, str):
            raise ValueError(f"a symbol must be a string, got {symbol!r}")
    return tuple(map(str, symbols))


def check_text(text: Sequence[str]) -> None:
    """Raise a ValueError unless this is a string or a sequence of symbols."""
    if (
        not hasattr(text, "__len__")
        or getattr(text, "ndim", 1) == 0
        or isinstance(text, bytes | bytearray)
    ):
        hint = ": decode it first, as text.decode()" if isinstance(text, bytes | bytearray) else ""
        kind = type(text).__name__
        raise ValueError(f"a text must be a string or a list of strings, got {kind}{hint}")


def check_ids(ids: Iterable[int], V: int, name: str = "ids") -> ndarray:
    """The ids as an array. ValueError unless they are whole numbers from 0 to V - 1."""
    ids = checks.array(name, ids)
    if ids.size == 0 and ids.dtype.kind in "biuf":
        return ids.astype(np.int64)
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{name} must be whole numbers, got an array of {ids.dtype}")
    if not 0 <= ids.min() <= ids.max() < V:
        raise ValueError(f"{name} must be from 0 to {V - 1}, got {ids.min()} to {ids.max()}")
    return ids
