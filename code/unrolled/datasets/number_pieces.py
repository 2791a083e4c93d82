"""English number words, the pieces of the German ones, and which piece comes from which word.

4,081 is "four thousand eighty-one", four words, and in German "vier|tausend|ein|und|achtzig". A
German piece comes from one English word, except "und", which turns round the pieces beside it.
Unlike the "parts" of `number_words`, "dreizehn" is one piece here, as thirteen is one word.
"""

import re
from collections.abc import Iterable

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.number_words import PART, NumberWords, written

LARGEST = 999_999
_PIECE = re.compile("|".join([*(written(n, "de") for n in range(13, 20)), PART.pattern]))


def words(number: int) -> list[str]:
    """The English words of a number from 1 to 999,999, without "and"."""
    checks.whole(1, LARGEST, number=number)
    return [word for word in re.findall("[a-z]+", written(number, "en")) if word != "and"]


def pieces(number: int) -> list[str]:
    """The pieces of the German number, 1 to 999,999; put together they are its one long word."""
    checks.whole(1, LARGEST, number=number)
    return _PIECE.findall(written(number, "de"))


class NumberPieces(NumberWords):
    """Pairs to translate: English number words, without "and", and the pieces of German ones.

    The numbers are from 1 to 999,999. `texts` joins the pieces, as German does.
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        super().__init__(numbers, ("en", "de"), ("words", "characters"))

    def tokens(self, number: int, side: int) -> list[str]:
        """The English words (side 0) or the German pieces (side 1) of a number."""
        checks.whole(0, 1, side=side)
        return pieces(number) if side else words(number)


def partners(number: int) -> list[int]:
    """For each German piece, the place of the English word it comes from; -1 for "und"."""
    german, found, place = pieces(number), [], 0
    for i, piece in enumerate(german):
        before, after = german[i - 1] if i else "", "".join(german[i + 1 : i + 2])
        if piece == "und":
            found.append(-1)
        elif after == "und":  # a unit: its word stands after that of the ten
            found.append(place + 1)
        elif before == "und":
            found.append(place)
            place += 2
        else:
            found.append(place)
            place += 1
    return found


def alignment(number: int) -> ndarray:
    """True (T, S) where a German piece comes from an English word."""
    return np.equal.outer(partners(number), np.arange(len(words(number))))


def letter_alignment(number: int) -> ndarray:
    """True (T, S) where a German letter comes from the word of an English letter.

    The English text is `written`: its spaces, hyphens and "and" are nobody's partners.
    """
    english = written(number, "en")
    word_of = np.cumsum([not letter.isalpha() for letter in english])  # (S,)
    spelt = [word != "and" for word in re.findall("[a-z]+", english)]
    columns = np.where(spelt, np.cumsum(spelt) - 1, -2)[word_of]  # its place in `words`
    columns = np.where([letter.isalpha() for letter in english], columns, -2)
    german = pieces(number)
    rows = np.repeat(partners(number), [len(piece) for piece in german])
    return np.equal.outer(rows, columns)
