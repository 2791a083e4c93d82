"""Every search against enumeration, on models whose probabilities are drawn at random."""

import itertools
import math

import pytest
import torch

from unrolled.decoding.beam_search import beam
from unrolled.decoding.sampling import nucleus, top_k
from unrolled.decoding.search import best_first, exhaustive, greedy, sample

V, T, END = 4, 4, 3


def finished(V=V, T=T, end=END):
    others = [v for v in range(V) if v != end]
    for t in range(T):
        for path in itertools.product(others, repeat=t):
            yield (*path, end)


@pytest.mark.parametrize("seed", range(3))
def test_exhaustive_finds_every_finished_sequence_with_its_probability(seed, tree, one, log_p):
    step = tree(seed)
    found = exhaustive(step, *one(), END, T)
    assert {path for _, path in found} == set(finished())
    assert len(found) == ((V - 1) ** T - 1) // (V - 2)
    assert [s for s, _ in found] == sorted((s for s, _ in found), reverse=True)
    for score, path in found:
        assert score == pytest.approx(log_p(step, path), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_best_first_finds_the_best(seed, tree, one):
    step = tree(seed, sharpness=0.5 + seed % 3)
    score, path = best_first(step, *one(), END, T)
    best, best_path = exhaustive(step, *one(), END, T)[0]
    assert score == pytest.approx(best)
    assert path == best_path


def test_best_first_extends_only_prefixes_likelier_than_the_best(tree, one, log_p):
    for seed in range(10):
        step, extended = tree(seed), []

        def counted(state, tokens, step=step, extended=extended):
            extended.append(state)
            return step(state, tokens)

        score, _ = best_first(counted, *one(), END, T)
        prefixes = [p[:-1] for p in finished()]
        assert len(extended) == sum(log_p(step, p) > score for p in prefixes)


def test_best_first_where_nothing_can_finish():
    table = torch.tensor([[0.5, 0.5, 0.0]], dtype=torch.float64).log()
    nothing = best_first(lambda s, y: (table, s), None, torch.tensor([0]), 2, 5)
    assert nothing == (-math.inf, ())


def test_greedy_in_a_batch_and_after_end():
    table = torch.tensor([[0.1, 0.6, 0.3], [0.3, 0.1, 0.6], [0.7, 0.2, 0.1]]).log()
    start = torch.tensor([0, 1, 2])  # 0 -> 1 -> 2 = END; 1 -> 2
    tokens, score = greedy(lambda s, y: (table[y], s), None, start, 2, 9)
    assert tokens.tolist() == [[1, 2, 2], [2, 2, 2], [0, 1, 2]]
    expected = torch.tensor([0.36, 0.6, 0.7 * 0.36]).log()
    torch.testing.assert_close(score, expected)
    tokens, _ = greedy(lambda s, y: (table[y], s), None, start, 2, 2)
    assert tokens.tolist() == [[1, 2], [2, 2], [0, 1]]


def test_one_symbol_only():
    zero = torch.zeros(1, 1)
    found = beam(
        lambda s, y: (zero.expand(len(y), 1), s), None, torch.zeros(2, dtype=torch.long), 0, 3, 5
    )
    assert found.tokens.shape[:2] == (2, 3)
    assert found.scores[:, 0].tolist() == [0, 0] and found.scores[:, 1:].isneginf().all()
    assert best_first(lambda s, y: (zero.expand(len(y), 1), s), None, torch.tensor([0]), 0, 5) == (
        0,
        (0,),
    )
    assert exhaustive(lambda s, y: (zero.expand(len(y), 1), s), None, torch.tensor([0]), 0, 5) == [
        (0, (0,))
    ]


def test_sampled_sequences_have_the_probabilities_of_the_model(tree, one, log_p, cut):
    step, N = tree(1), 20_000
    tokens, score = sample(step, *one(N), END, T, torch.Generator().manual_seed(0))
    counts = {}
    for row, s in zip(tokens, score.tolist(), strict=True):
        counts.setdefault(cut(row), [0, s])[0] += 1
    for path, (number, s) in counts.items():
        assert s == pytest.approx(log_p(step, path))
        assert number / N == pytest.approx(math.exp(s), abs=0.012)


def test_changed_distributions_but_unchanged_scores(tree, one, log_p, cut):
    step = tree(2)
    rng = torch.Generator().manual_seed(0)
    tokens, score = sample(step, *one(), END, T, rng, lambda u: top_k(u, 1))
    best, best_score = greedy(step, *one(), END, T)
    assert torch.equal(tokens, best) and torch.equal(score, best_score)
    tokens, score = sample(step, *one(50), END, T, rng, lambda u: nucleus(u, 0.7))
    for row, s in zip(tokens, score.tolist(), strict=True):
        assert s == pytest.approx(log_p(step, cut(row)))


SEARCHES = {
    "exhaustive": lambda step, s, y, end=0, T=3: exhaustive(step, s, y, end, T),
    "greedy": lambda step, s, y, end=0, T=3: greedy(step, s, y, end, T),
    "sample": lambda step, s, y, end=0, T=3: sample(step, s, y, end, T, torch.Generator()),
    "beam": lambda step, s, y, end=0, T=3: beam(step, s, y, end, 2, T),
    "best_first": lambda step, s, y, end=0, T=3: best_first(step, s, y, end, T),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_wrong_input_is_named(search):
    y, rows = torch.tensor([0]), torch.full((1, 4), 0.25).log()

    def says(*rest, **options):
        return pytest.raises(ValueError, match=rest[0])

    with says("T = 0"):
        search(lambda s, y: (rows, s), None, y, T=0)
    with says("empty"):
        search(lambda s, y: (rows[:, :0], s), None, y)
    with says("NaN"):
        search(lambda s, y: (rows * torch.tensor([1, 1, math.nan, 1]), s), None, y)
    with says("logits"):
        search(lambda s, y: (rows + 3, s), None, y)
    with says(r"\(1, V\)"):
        search(lambda s, y: (rows.repeat(2, 1), s), None, y)
    with says("0…3"):
        search(lambda s, y: (rows, s), None, y, end=4)
    with says("2, 5"):
        search(lambda s, y: (rows, s), torch.zeros(2, 5), y)
    with says("2, 5"):
        search(lambda s, y: (rows, s), (torch.zeros(1, 5), (None, torch.zeros(2, 5))), y)
    with says("tokens"):
        search(lambda s, y: (rows, s), None, torch.tensor(0))


def test_wrong_beams_are_named():
    y, rows = torch.tensor([0]), torch.full((1, 4), 0.25).log()
    for options in ({"k": 0}, {"k": 1, "alpha": -0.1}, {"k": 1, "alpha": math.nan}):
        with pytest.raises(ValueError, match="k ≥ 1"):
            beam(lambda s, y: (rows, s), None, y, 0, T=3, **options)
    for search in (exhaustive, best_first):
        with pytest.raises(ValueError, match="one sentence"):
            search(lambda s, y: (rows, s), None, torch.tensor([0, 0]), 0, 3)


def test_what_would_never_end_is_named():
    """A limit of 10**30 ran until somebody stopped it, all sequences of 30 filled the memory."""
    y, rows = torch.tensor([0]), torch.full((1, 4), 0.25).log()

    def step(state, tokens):
        return rows.expand(len(tokens), 4), state

    with pytest.raises(ValueError, match=r"^T must be at most "):
        greedy(step, None, y, 0, 10**30)
    with pytest.raises(ValueError, match=r"^T must be smaller, got 40"):
        exhaustive(step, None, y, 0, 40)
    for wrong, said in [(None, "step must be a function"), (step, "tokens must be a tensor")]:
        with pytest.raises(ValueError, match=f"^{said}"):
            greedy(wrong, None, y if wrong is None else [0], 0, 3)
