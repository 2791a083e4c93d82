"""Numbers written out in two languages, as pairs to translate.

Nothing is downloaded. The languages are num2words': "en", "fr", "de", "es", "fr_CH" and many more.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count

import numpy as np
from num2words import num2words
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import END, MARKS, PAD, START, Vocabulary, check_ids, pad

GERMAN = """
null ein eins eine zwei drei vier fünf sechs sieben acht neun zehn elf zwölf sechzehn siebzehn
zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig und hundert tausend
Million Millionen
"""  # of them German makes its numbers below 10⁹
PART = re.compile("|".join(sorted(GERMAN.split(), key=len, reverse=True)))  # the longest that fits


def written(number: int, language: str) -> str:
    """97 and "fr" -> "quatre-vingt-dix-sept". Commas are left out."""
    checks.number(number=number)
    checks.text(language=language)
    if int(number) != number:
        raise ValueError(f"number must be whole, got {number}")
    return _written(int(number), language)


@cache
def _written(number: int, language: str) -> str:
    try:
        return num2words(number, lang=language).replace(",", "")
    except OverflowError:
        raise ValueError(f"number must be one that has words, got {number}") from None
    except NotImplementedError:
        raise ValueError(
            f'language must be one that num2words knows, such as "en" or "fr_CH", got {language!r}'
        ) from None


def tokens(text: str, unit: str) -> list[str]:
    """The words of a text, parted at spaces and hyphens, or its characters, or its German parts.

    "parts" cuts a German number, which is one long word, into vier, und, zwanzig.
    """
    checks.text(text=text, unit=unit)
    if unit not in ("words", "characters", "parts"):
        raise ValueError(f'unit must be "words", "characters" or "parts", got {unit!r}')
    if unit == "parts":
        return _german_parts(text)
    return text.replace("-", " ").split() if unit == "words" else list(text)


def _german_parts(text: str) -> list[str]:
    found = PART.findall(text)
    if "".join(found) != text.replace(" ", ""):
        raise ValueError(f"text must be a German number below 10⁹ for its parts, got {text!r}")
    return found


def hold_out_random(
    numbers: Iterable[int], held_out: int, rng: np.random.Generator
) -> tuple[ndarray, ndarray]:
    """Part numbers at random -> those to train on, and `held_out` others, in random order."""
    checks.generator(rng)
    if not isinstance(numbers, ndarray):
        numbers = checks.items("numbers", numbers)
    numbers = checks.array("numbers", numbers, "iuf")
    if numbers.ndim != 1:
        raise ValueError(f"numbers must be one row, got {numbers.shape}")
    shuffled = rng.permutation(numbers)
    if not checks.is_whole(held_out) or not 0 < held_out < len(shuffled):
        raise ValueError(f"held_out must be in 1…{len(shuffled) - 1}, got {checks.came(held_out)}")
    return shuffled[held_out:], shuffled[:held_out]


class NumberWords:
    """Two languages with a vocabulary each, made of all the numbers that will ever occur.

    `units` are those of the source and of the target. `backwards` reverses every source.
    """

    def __init__(
        self,
        numbers: Iterable[int],
        languages: tuple[str, str] = ("en", "fr"),
        units: tuple[str, str] = ("words", "words"),
        backwards: bool = False,
    ) -> None:
        for name, pair in {"languages": languages, "units": units}.items():
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise ValueError(f"{name} must be two, of source and target, got {pair!r}")
        self.languages, self.units, self.backwards = languages, units, backwards
        numbers = checks.items("numbers", numbers)
        if not numbers:
            raise ValueError("numbers must be at least one, got none")
        self.source, self.target = (
            Vocabulary((*MARKS, *sorted({s for n in numbers for s in self.tokens(n, side)})))
            for side in (0, 1)
        )

    def tokens(self, number: int, side: int) -> list[str]:
        """The source (side 0) or the target (side 1) of a number, as written."""
        checks.whole(0, 1, side=side)
        return tokens(written(number, self.languages[side]), self.units[side])

    def batch(self, numbers: Iterable[int]) -> tuple[ndarray, ndarray, ndarray, ndarray]:
        """Numbers -> source (S, N), its lengths (N,), target inputs (T, N), targets (T, N).

        Target inputs begin with START, targets end with END: the inputs one step later.
        """
        numbers = checks.items("numbers", numbers)
        if not numbers:
            raise ValueError("numbers must be at least one, got none")
        way = -1 if self.backwards else 1
        sources = [self.source.encode(self.tokens(n, 0)[::way]) for n in numbers]
        targets = [self.target.encode(self.tokens(n, 1)) for n in numbers]
        source, lengths = pad(sources)
        inputs, _ = pad([[START, *ids] for ids in targets])
        outputs, _ = pad([[*ids, END] for ids in targets])
        return source, lengths, inputs, outputs

    def batches(
        self, numbers: ndarray, N: int, rng: np.random.Generator
    ) -> Iterator[tuple[ndarray, ...]]:
        """Batches of N numbers without end: all in random order, then in another.

        What is left over at the end of an order, fewer than N, is passed over.
        """
        checks.generator(rng)
        numbers = checks.array("numbers", numbers)
        if numbers.ndim != 1:
            raise ValueError(f"numbers must be one row, got {numbers.shape}")
        if not checks.is_whole(N) or not 0 < N <= len(numbers):
            raise ValueError(f"N must be in 1…{len(numbers)}, got {N}")
        for _ in count():
            shuffled = rng.permutation(numbers)
            for start in range(0, len(shuffled) - N + 1, N):
                yield self.batch(shuffled[start : start + N])

    def texts(self, ids: ndarray) -> list[str]:
        """Target ids (T, N) -> N texts, each up to its END, without marks."""
        between = " " if self.units[1] == "words" else ""
        ids = check_ids(ids, len(self.target))
        if ids.ndim != 2:
            raise ValueError(f"ids must be (T, N), got {ids.shape}")
        texts = []
        for column in ids.T.tolist():
            column = column[: column.index(END)] if END in column else column
            symbols = [self.target.symbols[i] for i in column if i not in (PAD, START)]
            texts.append(between.join(symbols))
        return texts
