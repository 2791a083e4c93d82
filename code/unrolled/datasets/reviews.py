"""Short reviews made by a rule that also gives their verdict: praise or blame.

A review has one to three clauses such as "the plot was not very good", which praises or blames:
an adjective does either, and a negation before it turns it round. "and" joins clauses that agree,
"but" clauses that disagree. The verdict is the last clause's. So two clauses exchanged around
"but" are the same bag of words with the opposite verdict.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import Vocabulary, check_ids

SUBJECTS = ("plot", "acting", "music", "ending", "cast", "hero", "dialogue", "camera")
GOOD = ("good", "great", "clever", "funny", "moving", "fresh")
BAD = ("bad", "dull", "silly", "slow", "weak", "flat")
NEGATIONS = ("not", "never", "hardly")
DEGREES = ("", "very", "really", "so")
BEFORE = ("", "well", "honestly")
AFTER = ("", "i think", "overall", "after all that")
PADDING = "·"  # has number 0, which Keras's mask_zero takes for padding

WORDS = ("the", "was", "and", "but", *SUBJECTS, *GOOD, *BAD, *NEGATIONS)
WORDS += tuple(word for phrase in DEGREES + BEFORE + AFTER for word in phrase.split())
VOCABULARY = Vocabulary((PADDING, *WORDS))
LONGEST = 24  # words: one before, three clauses of six joined by two, three after


def random_reviews(
    N: int, rng: np.random.Generator, clauses: tuple[int, ...] = (1, 2, 3)
) -> tuple[list[str], ndarray]:
    """N reviews, the number of their clauses taken from `clauses`, and verdicts (N,), 1 for praise.

    Both verdicts, and clauses with and without a negation, are equally likely.
    """
    checks.generator(rng)
    checks.whole(N=N)
    for count in (clauses := checks.items("clauses", clauses)):
        checks.whole(1, 10_000, **{"each of clauses": count})
    checks.whole(1, **{"number of clauses": len(clauses)})
    verdicts = rng.integers(0, 2, size=N)
    return [_review(verdict, rng.choice(clauses), rng) for verdict in verdicts], verdicts


def verdict(review: str) -> int:
    """1 for praise, 0 for blame: the rule, read off the last clause's words.

    Raises ValueError where there is no clause "… was … adjective" to read.
    """
    checks.text(review=review)
    _, was, last = review.rpartition("was ")
    judged = [word in GOOD for word in last.split() if word in GOOD + BAD]
    if not was or len(judged) != 1:
        expected = "a last clause with one adjective after 'was'"
        raise ValueError(f"review: expected {expected}, got {review!r}")
    return int(judged[0] != any(word in NEGATIONS for word in last.split()))


def exchanged(review: str) -> str:
    """The review with its last two clauses exchanged around "but": same words, other verdict.

    Raises ValueError where the last two clauses are not joined by "but".
    """
    checks.text(review=review)
    words = review.split()
    joints = [k for k, word in enumerate(words) if word in ("and", "but")]
    if not joints or words[joints[-1]] != "but":
        raise ValueError(f"review: expected two last clauses joined by 'but', got {review!r}")
    first_the = joints[-2] if len(joints) > 1 else 0
    judged = [k for k, word in enumerate(words) if word in GOOD + BAD]
    if "the" not in words[first_the:] or not judged:
        raise ValueError(f"review: expected clauses 'the … was …', got {review!r}")
    begin, middle = words.index("the", first_the), joints[-1]
    end = 1 + max(judged)
    first, second = words[begin:middle], words[middle + 1 : end]
    return " ".join(words[:begin] + second + ["but"] + first + words[end:])


def padded_ids(reviews: Sequence[str], T: int = LONGEST, front: bool = False) -> ndarray:
    """Numbers of the words, (N, T) int64, batch first; 0s fill up behind (or in `front`).

    Raises ValueError for a review of more than T words, and for an unknown word.
    """
    checks.whole(T=T)
    reviews = checks.items("reviews", reviews)
    for review in reviews:
        checks.text(**{"each of reviews": review})
    ids = np.zeros((len(reviews), T), dtype=np.int64)
    for row, review in zip(ids, reviews, strict=True):
        words = VOCABULARY.encode(review.split())
        if len(words) > T:
            raise ValueError(f"reviews: expected at most {T} words, got {len(words)}: {review!r}")
        place = slice(T - len(words), T) if front else slice(len(words))
        row[place] = words
    return ids


def bags(ids: ndarray) -> ndarray:
    """How often each word occurs, whatever the order: ids (N, T) to (N, V) float32.

    Padding is not counted: its column is 0. Raises ValueError for what are no ids (N, T).
    """
    ids = check_ids(ids, len(VOCABULARY))
    if ids.ndim != 2:
        raise ValueError(f"ids must be (N, T), got {ids.shape}")
    counts = np.zeros((len(ids), len(VOCABULARY)), dtype=np.float32)
    np.add.at(counts, (np.arange(len(ids))[:, None], ids), 1)
    counts[:, 0] = 0
    return counts


def _review(verdict: int, clauses: int, rng: np.random.Generator) -> str:
    """One review that ends in the verdict; built from its end."""
    text, praise = _clause(verdict, rng), verdict
    for _ in range(clauses - 1):
        joint = str(rng.choice(["and", "but"]))
        praise = praise if joint == "and" else 1 - praise
        text = f"{_clause(praise, rng)} {joint} {text}"
    return " ".join(f"{rng.choice(BEFORE)} {text} {rng.choice(AFTER)}".split())


def _clause(praise: int, rng: np.random.Generator) -> str:
    """The … was [not] [very] …, of the given value."""
    negated = int(rng.integers(0, 2))
    negation = rng.choice(NEGATIONS) if negated else ""
    adjective = rng.choice(GOOD if praise != negated else BAD)
    return f"the {rng.choice(SUBJECTS)} was {negation} {rng.choice(DEGREES)} {adjective}"
