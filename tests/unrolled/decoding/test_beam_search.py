"""Beam search against the textbook's and against enumeration, on random models."""

import math

import numpy as np
import pytest
import torch

from unrolled.decoding.beam_search import beam, likeliest
from unrolled.decoding.search import best_first, exhaustive, greedy
from unrolled.decoding.steps import pick_rows

V, T, END = 4, 4, 3


@pytest.fixture
def textbook(log_p):
    def run(step, k, T, alpha=0.0, V=V, end=END):
        """Beam search over Python lists, run to the last step: [(score, path)], finished ones."""
        live, done = [(0.0, ())], []
        for t in range(1, T + 1):
            everything = [
                (log_p(step, (*path, v)), (*path, v)) for _, path in live for v in range(V)
            ]
            everything.sort(reverse=True)
            done += [(s / t**alpha, path) for s, path in everything[:k] if path[-1] == end]
            live = [(s, path) for s, path in everything if path[-1] != end][:k]
        return sorted(done, reverse=True)[:k], live

    return run


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("k", [1, 2, 3, 5, 64])
def test_beam_is_the_textbook_beam(k, alpha, tree, one, cut, textbook):
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
def test_stopping_early_changes_nothing(k, alpha, tree, one, cut, textbook):
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


def test_a_beam_as_wide_as_the_tree_is_exact_and_a_beam_of_one_is_greedy(tree, one, cut):
    for seed in range(10):
        step = tree(seed)
        best, path = exhaustive(step, *one(), END, T)[0]
        wide = beam(step, *one(), END, V**T, T)
        assert wide.scores[0, 0].item() == pytest.approx(best)
        assert cut(wide.tokens[0, 0]) == path
        narrow, (tokens, score) = beam(step, *one(), END, 1, T), greedy(step, *one(), END, T)
        assert cut(narrow.tokens[0, 0]) == cut(tokens[0])
        assert narrow.scores[0, 0].item() == pytest.approx(score.item())


def test_finished_sequences_come_before_likelier_cut_ones():
    table = torch.tensor([[0.8, 0.2, 1e-6], [0.05, 0.05, 0.9]]).log()
    found = beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 2, 2, 2)
    assert found.tokens[0].tolist() == [[1, 2], [0, 0]]
    torch.testing.assert_close(found.scores[0].exp(), torch.tensor([0.18, 0.64]))
    found = beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 2, 2, 1)
    assert found.tokens[0].tolist() == [[0], [1]]  # nothing finished


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


def test_numpy_models_and_states_of_several_parts(cut):
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


@pytest.mark.parametrize("where", range(4))
def test_a_nan_that_comes_late_is_found(where):
    """Among the symbols or at END; after a step that was in order."""
    table = torch.full((4, 4), 0.25).log()
    table[1, where] = math.nan
    with pytest.raises(ValueError, match="NaN"):
        beam(lambda s, y: (table[y], s), None, torch.tensor([0]), 3, 4, 3)


def test_a_weight_of_the_length_that_leaves_no_scores_is_refused(tree, one):
    """At alpha = 400 every score was -0."""
    with pytest.raises(ValueError, match=r"T \*\* alpha must be below exp\(60\), got 4 \*\* 400"):
        beam(tree(0), *one(), END, 3, T, alpha=400)
    found = beam(tree(0), *one(), END, 3, T, alpha=40)
    assert (found.scores < 0).all()
