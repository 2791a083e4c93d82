"""Every search against enumeration, on models whose probabilities are drawn at random."""

import itertools
import math

import numpy as np
import pytest
import torch

from unrolled.decoding.sampling import nucleus, top_k
from unrolled.decoding.search import (
    beam,
    best_first,
    exhaustive,
    greedy,
    likeliest,
    pick_rows,
    sample,
)

V, T, END = 4, 4, 3


def tree(seed, V=V, T=T, sharpness=1.0):
    """A step whose distribution depends on the whole prefix: the state is the number of it."""
    rng = np.random.default_rng(seed)
    u = torch.tensor(sharpness * rng.normal(size=(V**T, V)))
    table = u.log_softmax(-1)

    def step(state, tokens):
        state = V * state + tokens  # (B,)
        return table[state % len(table)], state

    return step


def one(N=1):
    return torch.zeros(N, dtype=torch.long), torch.zeros(N, dtype=torch.long)


def log_p(step, path, state=None):
    """log P of one sequence, symbol by symbol."""
    total, tokens = 0.0, torch.zeros(1, dtype=torch.long)
    state = torch.zeros(1, dtype=torch.long) if state is None else state
    for v in path:
        row, state = step(state, tokens)
        total, tokens = total + row[0, v].item(), torch.tensor([v])
    return total


def finished(V=V, T=T, end=END):
    others = [v for v in range(V) if v != end]
    for t in range(T):
        for path in itertools.product(others, repeat=t):
            yield (*path, end)


def textbook(step, k, T, alpha=0.0, V=V, end=END):
    """Beam search over Python lists, run to the last step: [(score, path)], finished ones."""
    live, done = [(0.0, ())], []
    for t in range(1, T + 1):
        everything = [(log_p(step, (*path, v)), (*path, v)) for _, path in live for v in range(V)]
        everything.sort(reverse=True)
        done += [(s / t**alpha, path) for s, path in everything[:k] if path[-1] == end]
        live = [(s, path) for s, path in everything if path[-1] != end][:k]
    return sorted(done, reverse=True)[:k], live


def cut(row):
    """A row of tokens as a path, up to its first END."""
    row = row.tolist()
    return tuple(row[: row.index(END) + 1] if END in row else row)


@pytest.mark.parametrize("seed", range(3))
def test_exhaustive_finds_every_finished_sequence_with_its_probability(seed):
    step = tree(seed)
    found = exhaustive(step, *one(), END, T)
    assert {path for _, path in found} == set(finished())
    assert len(found) == ((V - 1) ** T - 1) // (V - 2)
    assert [s for s, _ in found] == sorted((s for s, _ in found), reverse=True)
    for score, path in found:
        assert score == pytest.approx(log_p(step, path), abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_best_first_finds_the_best(seed):
    step = tree(seed, sharpness=0.5 + seed % 3)
    score, path = best_first(step, *one(), END, T)
    best, best_path = exhaustive(step, *one(), END, T)[0]
    assert score == pytest.approx(best)
    assert path == best_path


def test_best_first_extends_only_prefixes_likelier_than_the_best():
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


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("k", [1, 2, 3, 5, 64])
def test_beam_is_the_textbook_beam(k, alpha):
    """In a batch of sentences, each as if alone, in spite of stopping early."""
    steps = [tree(seed, sharpness=1.5) for seed in range(8)]

    def together(state, tokens):
        rows = [steps[n](s[None], y[None])[0][0] for (n, s), y in zip(state, tokens, strict=True)]
        numbers = torch.stack([V * s + y for (_, s), y in zip(state, tokens, strict=True)])
        return torch.stack(rows), torch.stack([state[:, 0], numbers], dim=1)

    state = torch.stack([torch.arange(8), torch.zeros(8, dtype=torch.long)], dim=1)
    found = beam(together, state, one(8)[1], END, k, T, alpha)
    assert found.tokens.shape[:2] == found.scores.shape == (8, k)
    for n, step in enumerate(steps):
        done, live = textbook(step, k, T, alpha)
        expected = (done + [(s / T**alpha, path) for s, path in live])[:k]
        for j, (score, path) in enumerate(expected):
            assert found.scores[n, j].item() == pytest.approx(score), (n, j)
            assert cut(found.tokens[n, j]) == path
        assert found.scores[n, len(expected) :].isneginf().all()


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_stopping_early_changes_nothing(k, alpha):
    """One sentence at a time, so that nothing but its own scores decides when it is done."""
    early = 0
    for seed in range(40):
        step, calls = tree(seed, sharpness=1.5), []

        def counted(state, tokens, step=step, calls=calls):
            calls.append(len(tokens))
            return step(state, tokens)

        found = beam(counted, *one(), END, k, T, alpha)
        done, _ = textbook(step, k, T, alpha)
        for j, (score, path) in enumerate(done):
            assert found.scores[0, j].item() == pytest.approx(score)
            assert cut(found.tokens[0, j]) == path
        early += len(calls) < T
        assert calls[0] == 1 and max(calls) <= k  # not k equal hypotheses to begin with
    assert early > 0


def test_a_beam_as_wide_as_the_tree_is_exact_and_a_beam_of_one_is_greedy():
    for seed in range(10):
        step = tree(seed)
        best, path = exhaustive(step, *one(), END, T)[0]
        wide = beam(step, *one(), END, V**T, T)
        assert wide.scores[0, 0].item() == pytest.approx(best)
        assert cut(wide.tokens[0, 0]) == path
        narrow, (tokens, score) = beam(step, *one(), END, 1, T), greedy(step, *one(), END, T)
        assert cut(narrow.tokens[0, 0]) == cut(tokens[0])
        assert narrow.scores[0, 0].item() == pytest.approx(score.item())


def test_greedy_in_a_batch_and_after_end():
    table = torch.tensor([[0.1, 0.6, 0.3], [0.3, 0.1, 0.6], [0.7, 0.2, 0.1]]).log()
    start = torch.tensor([0, 1, 2])  # 0 -> 1 -> 2 = END; 1 -> 2
    tokens, score = greedy(lambda s, y: (table[y], s), None, start, 2, 9)
    assert tokens.tolist() == [[1, 2, 2], [2, 2, 2], [0, 1, 2]]
    expected = torch.tensor([0.36, 0.6, 0.7 * 0.36]).log()
    torch.testing.assert_close(score, expected)
    tokens, _ = greedy(lambda s, y: (table[y], s), None, start, 2, 2)
    assert tokens.tolist() == [[1, 2], [2, 2], [0, 1]]


def test_finished_sequences_come_before_likelier_cut_ones():
    table = torch.tensor([[0.8, 0.2, 1e-6], [0.05, 0.05, 0.9]]).log()
    found = beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 2, 2, 2)
    assert found.tokens[0].tolist() == [[1, 2], [0, 0]]
    torch.testing.assert_close(found.scores[0].exp(), torch.tensor([0.18, 0.64]))
    found = beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 2, 2, 1)
    assert found.tokens[0].tolist() == [[0], [1]]  # nothing finished


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


@pytest.mark.parametrize("width", [1, 7, 13, 60, 700, 2003, 2100])
@pytest.mark.parametrize("live", [1, 3])
def test_likeliest_is_topk(width, live):
    rng = torch.Generator().manual_seed(width)
    score = torch.randn(5, live, generator=rng, dtype=torch.float64)
    log_p = torch.randn(5 * live, width, generator=rng, dtype=torch.float64)
    total = (score[..., None] + log_p.view(5, live, width)).flatten(1)
    for n in (1, 2, 6, 500):
        value, place = total.topk(min(n, live * width))
        found = likeliest(score, log_p, n)
        row = place // width + live * torch.arange(5)[:, None]
        expected = (value, row, place % width)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_numpy_models_and_states_of_several_parts():
    """A chain of order two: the state is the symbol before the last, beside a part unused."""
    table = np.random.default_rng(0).dirichlet(np.ones(V), size=(V, V))

    def step(state, tokens):
        before, unused = state
        assert len(before) == len(tokens) == len(unused[0])
        return np.log(table[before, tokens.numpy()]), (tokens.numpy(), unused)

    state = (np.zeros(3, dtype=int), (torch.zeros(3, 2), None))
    tokens = torch.tensor([0, 1, 2])
    found = beam(step, state, tokens, END, 300, T)
    for n in range(3):
        alone = pick_rows(state, torch.tensor([n]))
        score, path = best_first(step, alone, tokens[n : n + 1], END, T)
        assert found.scores[n, 0].item() == pytest.approx(score)
        assert cut(found.tokens[n, 0]) == path


def test_sampled_sequences_have_the_probabilities_of_the_model():
    step, N = tree(1), 20_000
    tokens, score = sample(step, *one(N), END, T, torch.Generator().manual_seed(0))
    counts = {}
    for row, s in zip(tokens, score.tolist(), strict=True):
        counts.setdefault(cut(row), [0, s])[0] += 1
    for path, (number, s) in counts.items():
        assert s == pytest.approx(log_p(step, path))
        assert number / N == pytest.approx(math.exp(s), abs=0.012)


def test_changed_distributions_but_unchanged_scores():
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


@pytest.mark.parametrize("where", range(4))
def test_a_nan_that_comes_late_is_found(where):
    """Among the symbols or at END; after a step that was in order."""
    table = torch.full((4, 4), 0.25).log()
    table[1, where] = math.nan
    with pytest.raises(ValueError, match="NaN"):
        beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 3, 4, 3)


def test_wrong_beams_are_named():
    y, rows = torch.tensor([0]), torch.full((1, 4), 0.25).log()
    for options in ({"k": 0}, {"k": 1, "alpha": -0.1}, {"k": 1, "alpha": math.nan}):
        with pytest.raises(ValueError, match="k ≥ 1"):
            beam(lambda s, y: (rows, s), None, y, 0, T=3, **options)
    for search in (exhaustive, best_first):
        with pytest.raises(ValueError, match="one sentence"):
            search(lambda s, y: (rows, s), None, torch.tensor([0, 0]), 0, 3)
