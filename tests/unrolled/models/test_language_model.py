"""The language model: causal, state carried, generation and scoring consistent with the logits."""

from itertools import product

import numpy as np
import pytest
import torch

from unrolled.datasets.text import Vocabulary
from unrolled.decoding.sampling import temperature, top_k
from unrolled.layers import loss as by_hand
from unrolled.models.language_model import (
    CELLS,
    LanguageModel,
    fit,
    generate,
    load,
    log_probabilities,
    perplexity,
    save,
    train_on,
    window_loss,
)

VOCABULARY = Vocabulary("abcde\n")
V = len(VOCABULARY)


def make(seed=0, double=True, **options):
    torch.manual_seed(seed)
    model = LanguageModel(VOCABULARY, **{"H": 5, "D": 3} | options)
    for p in model.parameters():  # far from uniform, so that mistakes show
        p.data *= 3
    return model.double() if double else model


def text(length, seed=0):
    return np.random.default_rng(seed).integers(V, size=length)


@pytest.mark.parametrize("cell", CELLS)
def test_a_logit_depends_on_what_came_before_and_on_nothing_later(cell):
    model, x = make(cell=cell), torch.as_tensor(text(14)).view(7, 2)
    changed = x.clone()
    changed[4, 1] = (x[4, 1] + 1) % V
    difference = (model(x)[0] - model(changed)[0]).abs().amax(-1)  # (T, N)
    assert torch.all(difference[:4] == 0) and torch.all(difference[:, 0] == 0)
    assert torch.all(difference[4:, 1] > 0)


@pytest.mark.parametrize("cell", CELLS)
def test_two_halves_with_the_state_between_them_are_the_whole(cell):
    model, x = make(cell=cell), torch.as_tensor(text(21)).view(7, 3)
    u, _ = model(x)
    first, state = model(x[:4])
    second, _ = model(x[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), u)


def test_the_loss_is_the_cross_entropy_by_hand():
    model, ids = make(), text(24).reshape(8, 3)
    u, _ = model(torch.as_tensor(ids[:-1]))
    expected, _ = by_hand.cross_entropy(u.detach().numpy(), ids[1:])
    value = window_loss(model, torch.as_tensor(ids[:-1]), torch.as_tensor(ids[1:]))
    assert value.item() == pytest.approx(expected, rel=1e-12)


def test_log_probabilities_step_by_step():
    model, ids = make(), text(9)
    for t in range(1, len(ids)):
        u, _ = model(torch.as_tensor(ids[:t, None]))
        expected = u[-1, 0].log_softmax(-1)[ids[t]].item()
        assert log_probabilities(model, ids, N=1)[t - 1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("length", [2, 13, 14, 600])
def test_pieces_side_by_side_come_back_in_order(length):
    """600 symbols in 2 pieces of 300 steps: longer than what is read at a time."""
    model, ids = make(), text(length)
    steps = -(-(length - 1) // 2)
    expected = []
    for piece in (ids[: steps + 1], ids[steps:]):  # each from the zero state, in one go
        u, _ = model(torch.as_tensor(piece[:-1, None])) if len(piece) > 1 else (torch.empty(0), 0)
        log_p = u.detach().log_softmax(-1)
        expected += [log_p[t, 0, y].item() for t, y in enumerate(piece[1:])]
    assert len(expected) == length - 1
    np.testing.assert_allclose(log_probabilities(model, ids, N=2), expected)


def test_probabilities_of_all_continuations_sum_to_one():
    model = make()
    total = sum(
        np.exp(log_probabilities(model, np.array([2, *tail]), N=1).sum())
        for tail in product(range(V), repeat=3)
    )
    assert total == pytest.approx(1, rel=1e-9)


def test_perplexity_of_a_uniform_model_is_the_size_of_its_vocabulary():
    model = make()
    for p in model.output.parameters():
        p.data.zero_()
    assert perplexity(model, text(50)) == pytest.approx(V, rel=1e-9)


def test_generated_texts_have_the_probabilities_of_the_model():
    model, M = make(), 20_000
    texts = generate(model, "ab", 2, torch.Generator().manual_seed(0), N=M)
    assert len(texts) == M and {len(t) for t in texts} == {2}
    for tail in product(VOCABULARY.symbols, repeat=2):
        ids = VOCABULARY.encode("ab" + "".join(tail))
        p = np.exp(log_probabilities(model, ids, N=1)[1:].sum())
        share = texts.count("".join(tail)) / M
        assert abs(share - p) < 5 * np.sqrt(p * (1 - p) / M) + 1e-4


@pytest.mark.parametrize("cell", CELLS)
def test_generating_carries_the_state(cell):
    """Greedy text, against running the whole text again for every symbol."""
    model, written = make(cell=cell), "ab"
    [quick] = generate(model, "ab", 12, torch.Generator(), lambda u: top_k(u, 1))
    for _ in range(12):
        u, _ = model(torch.as_tensor(VOCABULARY.encode(written)[:, None]))
        written += VOCABULARY.symbols[u[-1, 0].argmax()]
    assert written == "ab" + quick


def test_the_change_of_logits_is_applied():
    model = make()
    cold = generate(model, "a", 40, torch.Generator().manual_seed(2), lambda u: u / 1e-4)
    again = generate(model, "a", 40, torch.Generator().manual_seed(9), lambda u: u / 1e-4)
    hot = generate(model, "a", 40, torch.Generator().manual_seed(9), lambda u: temperature(u, 9))
    assert cold == again != hot


def test_dropout_acts_in_training_only_and_the_mode_is_given_back():
    model, ids = make(dropout=0.5), text(30)
    u, v = (model(torch.as_tensor(ids[:, None]))[0] for _ in range(2))
    assert not torch.equal(u, v)
    for scored in (True, False):
        model.train(scored)
        assert np.array_equal(log_probabilities(model, ids), log_probabilities(model, ids))
        a, b = (generate(model, "a", 20, torch.Generator().manual_seed(1)) for _ in range(2))
        assert a == b and model.training == scored


def test_nothing_goes_round_the_layer_through_dropout():
    """Dropout on the way in and out only: all dropped, the state is that of silence, and the
    logits are the bias."""
    model = make(dropout=1.0, cell="RNN")
    u, state = model(torch.as_tensor(text(6)[:, None]))
    torch.testing.assert_close(u, model.output.bias.expand(6, 1, V))
    _, silent = model.recurrent(torch.zeros(6, 1, 3, dtype=torch.float64))
    torch.testing.assert_close(state, silent)


def test_tied_weights_are_one_matrix_also_after_training_and_loading(tmp_path):
    model = make(double=False, H=4, D=4, tied=True)
    fit(model, "abcd" * 20, 3, np.random.default_rng(0), T=5, N=2)
    save(model, tmp_path / "model.pt")
    for m in (model, load(tmp_path / "model.pt")):
        assert m.output.weight is m.embedding.weight
    assert sum(p.numel() for p in model.parameters()) == V * 4 + 4 * 4 * (4 + 4 + 2) + V


@pytest.mark.parametrize("options", [{}, {"cell": "GRU", "dropout": 0.3}, {"tied": True, "D": 5}])
def test_a_model_comes_back_from_its_file(tmp_path, options):
    model = make(double=False, **options)
    save(model, tmp_path / "model.pt")
    loaded = load(tmp_path / "model.pt")
    assert loaded.vocabulary.symbols == VOCABULARY.symbols
    assert loaded.options == model.options
    a, b = (generate(m, "b", 30, torch.Generator().manual_seed(4)) for m in (model, loaded))
    assert a == b


def test_a_text_with_a_rule_is_learnt():
    torch.manual_seed(0)
    model = LanguageModel(VOCABULARY, H=16, D=8)
    history = fit(model, "abcde\n" * 30, 150, np.random.default_rng(0), T=12, N=8)
    assert history.loss[-1] < 0.1 < history.loss[0]
    [written] = generate(model, "ab", 10, torch.Generator(), lambda u: top_k(u, 1))
    assert written == "cde\nabcde\n"


def test_any_text_in_one_line():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    # 1,000 symbols; the last 100, held out, are another text
    model, history = train_on("abcde\n" * 150 + "edcba" * 20, 30, H=8, dropout=0.5)
    assert torch.equal(torch.get_rng_state(), before)
    assert list(history.measured) == list(range(0, 31, 3))
    measured = perplexity(model, model.vocabulary.encode("edcba" * 20))
    assert history.measured[30] == pytest.approx(measured)
    again, _ = train_on("abcde\n" * 150 + "edcba" * 20, 30, H=8, dropout=0.5)
    assert torch.equal(model.output.weight, again.output.weight)


def test_wrong_input():
    with pytest.raises(ValueError, match="RNN, LSTM, GRU"):
        make(cell="lstm")
    with pytest.raises(ValueError, match="D = H"):
        make(tied=True)
    with pytest.raises(ValueError, match="at least one symbol"):
        generate(make(), "", 3, torch.Generator())
    with pytest.raises(ValueError, match="'z'"):
        generate(make(), "z", 3, torch.Generator())
