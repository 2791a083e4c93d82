"""The recogniser of spoken letters: packed sounds, two losses, guessed times."""

import numpy as np
import pytest
import torch

from unrolled.datasets import spoken_letters
from unrolled.layers import ctc
from unrolled.models import recogniser


@pytest.fixture(scope="module")
def spoken():
    return spoken_letters.batch(["see", "toils", "a"], np.random.default_rng(0))


def fresh(both=True):
    torch.manual_seed(0)
    return recogniser.Recogniser(H=5, both=both)


@pytest.mark.parametrize("both", [True, False])
def test_a_sound_gives_the_same_alone(spoken, both):
    model = fresh(both)
    for n, together in enumerate(recogniser.outputs(model, spoken)):
        T = spoken.lengths[n]
        alone = model(torch.from_numpy(spoken.x[:T, [n]]), torch.tensor([T]))[:, 0]
        assert together.shape == (T, recogniser.V)
        np.testing.assert_allclose(together, alone.detach().numpy(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(np.exp(together).sum(axis=1), 1, rtol=1e-5)


def test_one_direction_does_not_look_ahead(spoken):
    x, lengths = torch.from_numpy(spoken.x), torch.from_numpy(spoken.lengths)
    later = x.clone()
    later[10:] += 1
    for both, same in ((True, False), (False, True)):
        model = fresh(both)
        assert torch.equal(model(x, lengths)[:10], model(later, lengths)[:10]) == same


def test_all_paths_loss_is_the_sum_over_paths_for_each_letter(spoken):
    model = fresh()
    loss = recogniser.all_paths_loss(model, *map(torch.from_numpy, spoken))
    pairs = zip(recogniser.outputs(model, spoken), recogniser.texts(spoken), strict=True)
    nats = [ctc.forward(log_p.astype(float), np.array(text))[0] for log_p, text in pairs]
    assert loss.item() == pytest.approx(sum(nats) / 9, rel=1e-5)


def test_each_frame_loss_leaves_out_the_padding(spoken):
    model = fresh()
    loss = recogniser.each_frame_loss(model, *map(torch.from_numpy, spoken))
    each = [
        log_p[range(len(log_p)), spoken.truth[: len(log_p), n]]
        for n, log_p in enumerate(recogniser.outputs(model, spoken))
    ]
    assert loss.item() == pytest.approx(-np.concatenate(each).mean(), rel=1e-5)


def test_even_times(spoken):
    even = recogniser.evenly(spoken)
    for n, (T, text) in enumerate(zip(spoken.lengths, recogniser.texts(spoken), strict=True)):
        targets = even.truth[:T, n]
        assert ctc.collapse(targets) == text and targets[0] == targets[-1] == 0
        parts = np.array([[v == 0] for v in targets]).mean() * (3 * len(text) + 1)
        assert parts == pytest.approx(len(text) + 1, abs=1.5)  # a silence about each letter
    assert even.x is spoken.x and np.array_equal(even.labels, spoken.labels)


def test_batches_keep_rows_together(spoken):
    batch = next(recogniser.batches(spoken, seed=1, N=5))
    assert batch.x.shape[:2] == batch.truth.shape == (batch.lengths.max(), 5)
    known = {tuple(row.tolist()): n for n, row in enumerate(spoken.labels)}
    for i, row in enumerate(batch.labels):
        n = known[tuple(row.tolist())]
        T = spoken.lengths[n]
        assert batch.lengths[i] == T and batch.sizes[i] == spoken.sizes[n]
        assert np.array_equal(batch.x[:T, i], spoken.x[:T, n])
        assert np.array_equal(batch.truth[:T, i], spoken.truth[:T, n])


def test_fit_learns_and_measures_the_model_it_trains(spoken):
    seen = []
    options = {"measure": lambda model: seen.append(model), "every": 5, "decay": 0.0}
    model, history = recogniser.fit(spoken, recogniser.all_paths_loss, 0, steps=15, **options)
    assert history.loss[-1] < history.loss[0] / 2
    assert len(seen) == 4 and all(one is model for one in seen)
    again, _ = recogniser.fit(spoken, recogniser.all_paths_loss, 0, steps=15, **options)
    assert all(map(torch.equal, model.state_dict().values(), again.state_dict().values()))
    one_way, _ = recogniser.fit(spoken, recogniser.all_paths_loss, 0, steps=1, both=False)
    assert not one_way.gru.bidirectional


def test_runs():
    path = [0, 3, 3, 4, 0, 0, 4]
    assert recogniser.runs(np.log(0.01 + np.eye(5)[path])) == [(1, 2), (3, 3), (6, 6)]
    assert recogniser.runs(np.log(0.01 + np.eye(5)[[0, 0]])) == []
