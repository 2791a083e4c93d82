"""Words from Babel's locale data, each labelled with the one language that has it."""

import re
from collections import Counter
from functools import cache

import numpy as np
from babel import Locale
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import PAD, Vocabulary, pad

LANGUAGES = {  # Babel's code -> English name; all of them in Latin letters
    "cs": "Czech", "cy": "Welsh", "de": "German", "en": "English", "es": "Spanish",
    "eu": "Basque", "fi": "Finnish", "fr": "French", "hu": "Hungarian", "it": "Italian",
    "lt": "Lithuanian", "nl": "Dutch", "pl": "Polish", "sv": "Swedish", "tr": "Turkish",
    "vi": "Vietnamese",
}  # fmt: skip


def words(code: str) -> frozenset[str]:
    """Words of at least two letters, in lower case, in a language's names for the world.

    Names of territories, languages, scripts and currencies; "Östafrika" is one word, "Western
    Africa" two.
    """
    if not isinstance(code, str) or code not in LANGUAGES:
        raise ValueError(f"code must be one of {', '.join(LANGUAGES)}, got {checks.came(code)}")
    return _words(code)


@cache
def _words(code: str) -> frozenset[str]:
    locale = Locale.parse(code)
    names = (locale.territories, locale.languages, locale.scripts, locale.currencies)
    text = " ".join(name for kind in names for name in kind.values())
    text = text.replace("İ", "i").lower()  # lower() would make two characters of a Turkish İ
    return frozenset(re.findall(r"[^\W\d_]{2,}", text))


def labelled(
    codes: tuple[str, ...] = tuple(LANGUAGES), shortest: int = 4
) -> tuple[list[str], ndarray]:
    """Words that only one of the languages has, in order, and each one's place in `codes`.

    Names that many languages share, such as "japan", are nobody's. `shortest` is the least
    number of letters.
    """
    checks.kind("a list of codes", list | tuple, codes=codes)
    checks.whole(shortest=shortest)
    for code in codes:
        checks.text(**{"each of codes": code})
    count = Counter(word for code in codes for word in words(code))
    pairs = [
        (word, y)
        for y, code in enumerate(codes)
        for word in sorted(words(code))
        if count[word] == 1 and len(word) >= shortest
    ]
    return [word for word, _ in pairs], np.array([y for _, y in pairs])


def letters(some: list[str]) -> Vocabulary:
    """The vocabulary of their letters; place PAD is kept for what fills up short words."""
    return Vocabulary(("<pad>", *sorted(set("".join(_texts(some))))))


def padded_ids(some: list[str], vocabulary: Vocabulary, shortest: int = 1) -> ndarray:
    """Words -> ids (T, N), of the length of the longest one, or `shortest` if that is more."""
    checks.whole(shortest=shortest)
    checks.kind("a Vocabulary", Vocabulary, vocabulary=vocabulary)
    some = _texts(some)
    if not some or not all(some):
        raise ValueError("some must be words of at least one letter, got none")
    ids, _ = pad([vocabulary.encode(word) for word in some])
    more = max(0, shortest - len(ids))
    return np.concatenate([ids, np.full((more, ids.shape[1]), PAD)])


def _texts(some: list[str]) -> list[str]:
    """The words as a list; ValueError for what are none."""
    some = checks.items("some", some)
    for word in some:
        checks.text(**{"each of some": word})
    return some
