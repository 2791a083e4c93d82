"""Byte-pair encoding: a vocabulary of byte strings learnt from text, and text cut into them.

A piece is a `bytes`. The first 256 pieces are the single bytes, so every text can be cut. The place
of a piece in the list is its id, and what was learnt earlier is joined earlier.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import check_ids

WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s+(?!\S)|\s")  # a word or some signs, with the space before
BYTES = [bytes([b]) for b in range(256)]

Pair = tuple[bytes, bytes]


def words(text: str) -> list[str]:
    """Text -> its words, each with the space before it; put together they are the text."""
    checks.text(text=text)
    return WORD.findall(text)


def join(pieces: list[bytes], pair: Pair) -> list[bytes]:
    """Write the pair as one piece wherever it occurs, from left to right."""
    joined: list[bytes] = []
    t = 0
    while t < len(pieces):
        n = 2 if tuple(pieces[t : t + 2]) == pair else 1
        joined.append(b"".join(pieces[t : t + n]))
        t += n
    return joined


def learn(counts: Mapping[str, int], V: int) -> list[bytes]:
    """Words with how often each occurs -> V pieces, the 256 bytes first.

    Each new piece is the pair of neighbours that occurs most often, never across the end of a
    word (Sennrich, Haddow & Birch 2016, on bytes). Of equally frequent pairs the shorter comes
    first, then the alphabet decides. Where no pair is left, there are fewer than V.
    """
    checks.whole(256, V=V)
    check_counts(counts)
    spelling = {word: [bytes([b]) for b in word.encode()] for word in counts}
    tally = _Tally()
    for word, pieces in spelling.items():
        tally.add(word, pieces, counts[word])
    known = dict.fromkeys(BYTES)
    while len(known) < V and tally.occurs:
        best = tally.commonest()
        known[b"".join(best)] = None
        for word in tally.where.pop(best):
            tally.add(word, spelling[word], -counts[word])
            spelling[word] = join(spelling[word], best)
            tally.add(word, spelling[word], counts[word])
    return list(known)


class _Tally:
    """How often each pair of neighbours occurs, and in which words."""

    def __init__(self) -> None:
        self.occurs: Counter[Pair] = Counter()
        self.where: dict[Pair, set[str]] = defaultdict(set)

    def add(self, word: str, pieces: list[bytes], n: int) -> None:
        """Count the pairs of one word n times; below 0 takes them out."""
        for pair in pairwise(pieces):
            self.occurs[pair] += n
            self.where[pair].add(word)
            if self.occurs[pair] == 0:
                del self.occurs[pair]

    def commonest(self) -> Pair:
        most = max(self.occurs.values())
        pairs = (pair for pair, n in self.occurs.items() if n == most)
        return min(pairs, key=lambda pair: (len(b"".join(pair)), b"".join(pair)))


class BPE:
    """Text to ids and back, with learnt pieces and special tokens that no text can spell."""

    def __init__(self, pieces: Sequence[bytes], special: Iterable[str] = ()) -> None:
        """`pieces` begin with the 256 bytes; the special tokens get the ids after them."""
        self.pieces = check_pieces("pieces", pieces)
        if self.pieces[:256] != BYTES:
            raise ValueError(f"pieces must begin with the 256 bytes, got {self.pieces[:3]} …")
        self.rank = {piece: i for i, piece in enumerate(self.pieces)}
        names = checks.items("special", special)
        checks.text(**{f"each of special ({i})": name for i, name in enumerate(names)})
        self.special = {name: len(self.pieces) + i for i, name in enumerate(names)}
        self._cut: dict[str, list[bytes]] = {}

    def __len__(self) -> int:
        return len(self.pieces) + len(self.special)

    def cut(self, text: str) -> list[bytes]:
        """Text -> pieces. In each word the pair that was learnt first is joined first."""
        cut = []
        for word in words(text):
            if word not in self._cut:
                self._cut[word] = self.cut_word(word.encode())
            cut += self._cut[word]
        return cut

    def cut_word(self, word: bytes) -> list[bytes]:
        """The bytes of one word -> pieces."""
        checks.kind("bytes", bytes, word=word)
        pieces = [bytes([b]) for b in word]
        while len(pieces) > 1:
            ranks = [self.rank.get(a + b, len(self.rank)) for a, b in pairwise(pieces)]
            first = min(ranks)
            if first == len(self.rank):
                break
            t = ranks.index(first)
            pieces[t : t + 2] = [self.pieces[first]]
        return pieces

    def encode(self, text: str) -> ndarray:
        """Text -> ids (length,). It never makes a special token, whatever the text says."""
        return np.array([self.rank[piece] for piece in self.cut(text)], dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        """ids (length,) -> text. Special tokens are left out; half a character becomes �."""
        ids = check_ids(ids, len(self))
        if ids.ndim != 1:
            raise ValueError(f"ids must be (length,), got {ids.shape}")
        known = [self.pieces[i] for i in ids.tolist() if i < len(self.pieces)]
        return b"".join(known).decode(errors="replace")


def check_pieces(name: str, pieces: Sequence[bytes]) -> list[bytes]:
    """The pieces as a list; ValueError unless they are bytes."""
    if isinstance(pieces, str | bytes):
        raise ValueError(f"{name} must be a list of bytes, got {checks.came(pieces)}")
    pieces = checks.items(name, pieces)
    for piece in pieces:
        checks.kind("bytes", bytes, **{f"each of {name}": piece})
    return pieces


def check_counts(counts: Mapping[str, int]) -> None:
    """ValueError unless these are words with how often each occurs."""
    checks.kind("a dictionary from words to numbers", Mapping, counts=counts)
    checks.text(**{"a word of counts": "".join(counts) if all(map(_is_text, counts)) else counts})
    for n in counts.values():
        checks.whole(1, **{"each number in counts": n})


def _is_text(word: object) -> bool:
    return isinstance(word, str)
