"""What sentences of book/sequence-to-sequence/search.md say."""

import math
from pathlib import Path

import pytest

from rerun import rerun

PAGE = Path(__file__).parents[2] / "book/sequence-to-sequence/search.md"
IMPORTS = ["import itertools\nimport math\nfrom collections", "TREE = {"]
DRAFT, UPDATE = "def three_words(path)", "def update(model"
HARNESS = ["train_numbers, held_out", "def exact_search(model", "def measures(model"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_search_errors_go_and_model_errors_stay(claim, seed):
    """Six pairs of translators; exact search is the control that leaves no search errors."""
    claim("We trained six pairs of such networks from different starts.")
    claim(
        "In the half-trained networks greedy search missed between about a tenth and three"
        " quarters of the best sentences."
    )
    claim("A beam of eight missed fewer than one in a hundred.")
    claim("With exact search, more than three translations in ten were still wrong.")
    claim(
        "In the trained networks greedy search proved itself right for at least four sentences in"
        " five."
    )
    claim("Exact search made at most one more translation in ten right.")
    page = rerun(PAGE, [*IMPORTS, *HARNESS])
    rows, _ = page["measures"](page["translator"](200, seed), (1, 8))
    assert 0.08 < rows[1][0] < 0.77 and rows[8][0] < 0.01
    assert rows["exact"][1] < 0.7
    rows, proof = page["measures"](page["translator"](400, seed), (1,))
    assert proof > 0.8 and rows["exact"][1] - rows[1][1] <= 0.1


def test_without_the_rule(claim):
    """The exercise's three beams, by the page's draft."""
    claim("The result is A B C END with 0.048.")
    claim("The result is A C B END with 0.054.")
    claim("The result is A END.")
    page = rerun(PAGE, [*IMPORTS, DRAFT, UPDATE])
    wanted = {1: ("A B C END", 0.048), 2: ("A C B END", 0.054), 3: ("A END", 0.1)}
    for k, (words, P) in wanted.items():
        path, score = page["beam_search"](page["small_model"], k, 4)
        assert " ".join(path) == words and math.isclose(math.exp(score), P)


def test_lengths(claim):
    """The numbers of the two sections on the length, and of the exercise."""
    claim("With $a = 0.7$ and $\\varepsilon = 0.0001$ this is 26 symbols.")
    claim("Our winner has $-2.92/4 = -0.73$.")
    claim("A END has $-2.30/2 = -1.15$, and END alone has $-2.30$.")
    assert 0.7**26 < 1e-4 < 0.7**25
    q, short = math.log(0.054), math.log(0.1)
    assert round(q, 2) == -2.92 and round(q / 4, 2) == -0.73
    assert round(short, 2) == -2.30 and round(short / 2, 2) == -1.15


def test_scale(claim):
    """Seconds for all rows of ten symbols, and of the universe."""
    claim("A computer that scores a billion of them in a second would need $10^{31}$ seconds.")
    claim("The universe is not yet $10^{18}$ seconds old.")
    assert 10_000**10 == 10**40 and 10**40 // 10**9 == 10**31
    assert 13.8e9 * 365.25 * 86_400 < 1e18
