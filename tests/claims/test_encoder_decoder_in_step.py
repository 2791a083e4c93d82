"""What sentences of book/sequence-to-sequence/encoder-decoder-in-step.md say."""

from collections import defaultdict
from pathlib import Path

from rerun import cells
from unrolled.datasets.number_words import tokens, written

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/encoder-decoder-in-step.md"


def best():
    """The page's function, without the table that its cell prints."""
    (code,) = (code for code in cells(PAGE) if "def best(" in code)
    namespace = {"defaultdict": defaultdict}
    exec(code[: code.index("for unit, other, delays")], namespace)
    return namespace["best"]


def test_twenty_to_twenty_nine(claim):
    """The exercise, by the page's own count."""
    claim("It is the same for all ten, and right for one.")
    claim("Then it knows the number, so all ten can come out right.")
    pairs = [
        [
            tokens(written(n, "en"), "words"),
            [*tokens(written(n, "de"), "parts"), "END"],
        ]
        for n in range(20, 30)
    ]
    assert best()(pairs, 0) == 1 and best()(pairs, 1) == 10
