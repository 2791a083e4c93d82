"""The language model: causal, state carried, generation and scoring consistent with the logits."""

import signal
from itertools import count, product

import numpy as np
import pytest
import torch

from unrolled.datasets.text import Vocabulary
from unrolled.decoding.sampling import temperature, top_k
from unrolled.layers import loss as by_hand
from unrolled.models import language_model
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
    again, _ = train_on("abcde\n" * 150 + "edcba" * 20, 30, seed=0, H=8, dropout=0.5)
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


@pytest.mark.parametrize(("length", "N"), [(46, 1), (511, 1), (512, 2), (1100, 4), (10_000, 32)])
def test_a_piece_is_not_shorter_than_256_symbols(length, N):
    """Pieces of a few symbols would be scored from the zero state, all their life."""
    model, ids = make(), text(length)
    np.testing.assert_array_equal(log_probabilities(model, ids), log_probabilities(model, ids, N))
    assert perplexity(model, ids) == perplexity(model, ids, N)
    if N > 1:
        assert perplexity(model, ids) != perplexity(model, ids, N + 1)


def test_text_lists_and_every_kind_of_ids_have_one_perplexity():
    model, written = make(), "abcdeabc\ndecab"
    expected = perplexity(model, VOCABULARY.encode(written))
    ids = VOCABULARY.encode(written).tolist()
    for same in (written, [*written], ids, torch.tensor(ids), np.array(ids, np.uint8)):
        assert perplexity(model, same) == expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("a", r"at least 2 symbols, got shape \(1,\)"),
        ([], r"at least 2 symbols, got shape \(0,\)"),
        (np.zeros((3, 2), int), r"at least 2 symbols, got shape \(3, 2\)"),
        ([1, 2, 6], "ids must be from 0 to 5, got 1 to 6"),
        ([1, -1], "ids must be from 0 to 5, got -1 to 1"),
        ([1.5, 2.5], "whole numbers, got an array of float64"),
        ("abz", "'z' is not among the 6 symbols"),
        (b"abc", "got bytes: decode it first"),
        (7, "a text must be a string or a list of strings, got int"),
    ],
)
def test_what_has_no_perplexity_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        perplexity(make(), wrong)


def test_numbers_of_texts_and_pieces_out_of_range():
    with pytest.raises(ValueError, match="N must be at least 1 piece, got 0"):
        perplexity(make(), "abc", N=0)
    assert generate(make(), "ab", 0, torch.Generator(), N=2) == ["", ""]
    for length, N in ((-1, 1), (5, 0), (5, -1)):
        with pytest.raises(ValueError, match=f"at least 1, got {length} and {N}"):
            generate(make(), "ab", length, torch.Generator(), N=N)
    with pytest.raises(ValueError, match="got bytes"):
        generate(make(), b"ab", 5, torch.Generator())


def test_a_change_that_fails_leaves_the_mode():
    model = make(dropout=0.5)
    with pytest.raises(ValueError, match="k must be"):
        generate(model, "ab", 3, torch.Generator(), lambda u: top_k(u, 0))
    assert all(part.training for part in model.modules())


def test_words_are_written_as_words():
    words = ["the", "cat", "saw", "the", "dog", "and"] * 30
    model, _ = train_on(words, steps=1, H=4)
    [written] = generate(model, ["the", "cat"], 6, torch.Generator().manual_seed(0))
    assert len(written.split(" ")) == 6 and set(written.split(" ")) <= set(words)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("my-novel.txt", r"needs 72 symbols or more, got 12: 'my-novel.txt' \(.*corpus.read_file"),
        ("", "needs 72 symbols or more, got 0"),
        ("a" * 71, "got 71"),
        (["two", "words"], r"got 2: \['two', 'words'\]$"),
        (b"abcabc" * 50, "got bytes: decode it first"),
        ([*b"abcabc"] * 50, "a symbol must be a string, got 9"),
    ],
)
def test_texts_that_cannot_be_trained_on(wrong, message):
    with pytest.raises(ValueError, match=message):
        train_on(wrong, steps=1)


@pytest.mark.parametrize(("length", "T"), [(72, 64), (20, 1), (20, 17), (36, 31)])
def test_the_shortest_texts_can_be_trained_on(length, T):
    _, history = train_on(("abcde" * 20)[:length], steps=1, T=T, N=2, H=3)
    assert np.isfinite(history.loss).all() and np.isfinite(list(history.measured.values())).all()
    shortest = next(n for n in range(20, 99) if 9 * n >= 10 * T + 6)  # 0.9 n > T + 0.5
    with pytest.raises(ValueError, match=f"needs {shortest} symbols"):
        train_on("ab" * (shortest // 2 - 1), steps=1, T=T)


@pytest.mark.parametrize(("steps", "measured"), [(2, 1000), (48, 1200), (2000, 2000)])
def test_long_texts_are_measured_on_a_stretch(monkeypatch, steps, measured):
    """25 symbols a step, so that measuring costs a tenth of training, and 1,000 at least."""
    seen = []
    monkeypatch.setattr(language_model, "perplexity", lambda model, ids: seen.append(len(ids)))
    monkeypatch.setattr(language_model, "train", lambda *args, measure, **options: measure())
    train_on("ab" * 10_000, steps, H=2)  # 2,000 symbols are held out
    assert seen == [measured]


def test_at_most_a_hundred_thousand_symbols_are_measured(monkeypatch):
    seen = []
    monkeypatch.setattr(language_model, "perplexity", lambda model, ids: seen.append(len(ids)))
    monkeypatch.setattr(language_model, "train", lambda *args, measure, **options: measure())
    train_on("ab" * 600_000, 10_000, H=2)
    assert seen == [100_000]


@pytest.mark.parametrize("N", [0, -1])
def test_batches_of_nothing_are_refused(N):
    with pytest.raises(ValueError, match=f"N must be at least 1, got {N}"):
        fit(make(), "abcde" * 20, 1, np.random.default_rng(0), T=5, N=N)
    with pytest.raises(ValueError, match="T must be at least 1, got 0"):
        fit(make(), "abcde" * 20, 1, np.random.default_rng(0), T=0)
    with pytest.raises(ValueError, match="steps must be 0 or more, got -5"):
        fit(make(), "abcde" * 20, -5, np.random.default_rng(0), T=5)


def test_stopped_and_gone_on_with_is_trained_in_one_go(monkeypatch, tmp_path):
    """With dropout, a decaying rate and measuring, to the bit."""
    written, options = "abcde\n" * 40, {"steps": 12, "H": 6, "dropout": 0.5, "N": 2}
    whole, expected = train_on(written, **options)
    calls, plain = count(1), window_loss

    def interrupted(*args):
        if next(calls) == 8:
            signal.raise_signal(signal.SIGINT)
        return plain(*args)

    monkeypatch.setattr(language_model, "window_loss", interrupted)
    model, history = train_on(written, **options)
    assert history.stopped and history.loss == expected.loss[:8]
    assert perplexity(model, written) > 0
    again, resumed = train_on(written, resume=history.checkpoint, **options)
    assert resumed.loss == expected.loss and resumed.measured == expected.measured
    for p, q in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_strings_and_numbers_of_numpy_survive_a_file(tmp_path):
    model = LanguageModel(Vocabulary(np.unique(list("cab"))), H=np.int64(4), dropout=np.float32(0))
    save(model, tmp_path / "model.pt")
    assert load(tmp_path / "model.pt").vocabulary.symbols == ("a", "b", "c")


def test_double_precision_survives_a_file(tmp_path):
    model = make(tied=True, D=5)
    save(model, tmp_path / "model.pt")
    loaded = load(tmp_path / "model.pt")
    assert perplexity(loaded, "abcde") == perplexity(model, "abcde")
    assert loaded.output.weight is loaded.embedding.weight


def test_other_files_are_refused_by_name(tmp_path):
    path = tmp_path / "other.pt"
    torch.save({"symbols": ["a"], "weights": {}}, path)
    with pytest.raises(ValueError, match=r"other\.pt is not a file that save wrote"):
        load(path)
