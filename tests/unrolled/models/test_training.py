"""The training loop: its arithmetic against a loop written out, its history, its manners."""

import itertools
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.models.checkpoint import Checkpoint
from unrolled.models.training import cross_entropy_loss, evaluating, train


def squared_error(model, x, y):
    return ((model(x) - y) ** 2).mean()


def line(seed=0):
    """A linear model and an endless stream of batches, in float64."""
    torch.manual_seed(seed)
    model = nn.Linear(3, 1, dtype=torch.float64)
    rng = np.random.default_rng(seed)
    weights = np.array([[1.0], [-2.0], [0.5]])
    inputs = (rng.normal(size=(7, 3)) for _ in itertools.count())
    return model, ((x, x @ weights) for x in inputs)


@pytest.mark.parametrize(("clip", "decay"), [(None, 0), (0.1, 0), (None, 0.5), (None, 1)])
def test_same_numbers_as_the_loop_written_out(clip, decay):
    model, batches = line()
    options = {"learning_rate": 0.03, "clip": clip, "decay": decay}
    history = train(model, batches, squared_error, steps=20, **options)
    rates = {0: [0.03] * 20, 0.5: [0.03] * 10 + [0.003 * left for left in range(10, 0, -1)]}
    rates[1] = [0.0015 * left for left in range(20, 0, -1)]

    twin, batches = line()
    optimizer = torch.optim.Adam(twin.parameters(), lr=0.03)
    losses = []
    for rate, (x, y) in zip(rates[decay], batches, strict=False):
        optimizer.param_groups[0]["lr"] = rate
        value = ((twin(torch.tensor(x)) - torch.tensor(y)) ** 2).mean()
        optimizer.zero_grad()
        value.backward()
        if clip is not None:
            gradients = [p.grad for p in twin.parameters()]
            norm = sum((g**2).sum() for g in gradients).sqrt()
            for g in gradients:
                g *= min(1, clip / norm)
        optimizer.step()
        losses.append(value.item())

    np.testing.assert_allclose(history.loss, losses, rtol=1e-4)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-6)


def test_it_learns_the_line():
    model, batches = line()
    history = train(model, batches, squared_error, steps=600, learning_rate=0.05)
    assert history.loss[-1] < 1e-6 < 1e-2 < history.loss[0]
    assert history.seconds > 0


def test_measure_sees_the_model_before_between_and_after_updates():
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.5))
    seen = []

    def measure():
        assert not model.training and not torch.is_grad_enabled()
        seen.append(model[0].bias.item())
        return len(seen)

    batches = itertools.repeat((torch.ones(2, 3), torch.zeros(2, 1)))
    history = train(model, batches, squared_error, steps=25, measure=measure, every=10)
    assert history.measured == {0: 1, 10: 2, 20: 3, 25: 4}
    assert len(set(seen)) == 4  # the updates in between have moved the bias
    assert model.training and torch.is_grad_enabled()


def test_cross_entropy_is_the_mean_over_all_positions():
    u = torch.randn(5, 2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = torch.randint(0, 4, (5, 2, 3), generator=torch.Generator().manual_seed(1))
    log_p = (u.exp() / u.exp().sum(-1, keepdim=True)).log()
    expected = -np.mean([log_p[i][y[i]] for i in np.ndindex(5, 2, 3)])
    assert cross_entropy_loss(lambda x: x, u, y).item() == pytest.approx(expected, rel=1e-12)


def test_loss_leaves_out_what_is_not_to_be_counted():
    rng = torch.Generator().manual_seed(0)
    u, y = torch.randn(4, 3, 5, generator=rng), torch.randint(5, (4, 3), generator=rng)
    expected = -u.log_softmax(-1)[0, 1, y[0, 1]].item()
    y[torch.arange(12).reshape(4, 3) != 1] = -100
    assert cross_entropy_loss(lambda x: x, u, y).item() == pytest.approx(expected)
    for wrong, complaint in [
        (-100, "at least one target"),
        (-99, "from 0 to 4"),
        (5, "from 0 to 4"),
    ]:
        with pytest.raises(ValueError, match=complaint):
            cross_entropy_loss(lambda x: x, u, torch.full_like(y, wrong))


def test_too_few_batches_is_an_error():
    model, batches = line()
    with pytest.raises(ValueError, match="5 steps need as many batches, got 3"):
        train(model, itertools.islice(batches, 3), squared_error, steps=5)


# Stopping and going on


def dropping(seed=0):
    """A model whose dropout draws from torch's generator, and its batches from the beginning."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    rng = np.random.default_rng(seed)
    inputs = (rng.normal(size=(5, 3)).astype(np.float32) for _ in itertools.count())
    return model, ((x, x[:, :1]) for x in inputs)


OPTIONS = {"steps": 12, "learning_rate": 0.03, "clip": 1.0, "decay": 0.5, "every": 4}


def press(times):
    """A loss during whose seventh call Ctrl-C is pressed."""
    calls = itertools.count(1)

    def loss(*args):
        if next(calls) == 7:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        return squared_error(*args)

    return loss


def same(model, history, other, expected):
    assert history.loss == expected.loss and history.measured == expected.measured
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


def norm(model):
    return lambda: sum(p.abs().sum().item() for p in model.parameters())


def test_stopped_after_a_step_and_gone_on_from_there_to_the_bit(tmp_path):
    twin, batches = dropping()
    expected = train(twin, batches, squared_error, measure=norm(twin), **OPTIONS)
    assert not expected.stopped and expected.checkpoint is None
    after = torch.get_rng_state()

    model, batches = dropping()
    stopped = train(model, batches, press(1), measure=norm(model), **OPTIONS)
    assert stopped.stopped and stopped.loss == expected.loss[:7]
    assert list(stopped.measured) == [0, 4]  # not at the end, which it has not reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    stopped.checkpoint.save(tmp_path / "run.pt")
    checkpoint = Checkpoint.load(tmp_path / "run.pt")
    for _ in range(2):  # twice from the same checkpoint, which going on leaves as it was
        other, batches = dropping(seed=0)
        torch.manual_seed(77)  # anything may happen in between
        other[0].weight.data.zero_()
        history = train(
            other, batches, squared_error, measure=norm(other), resume=checkpoint, **OPTIONS
        )
        same(other, history, twin, expected)
        assert list(history.measured) == list(expected.measured) and not history.stopped
        assert torch.equal(torch.get_rng_state(), after)
    assert stopped.checkpoint.loss == expected.loss[:7]


def test_pressed_twice_it_stops_at_once_and_the_model_stays():
    model, batches = dropping()
    history = train(model, batches, press(2), measure=norm(model), **OPTIONS)
    assert history.stopped and len(history.loss) == 6
    assert history.checkpoint is None  # in the middle of a step
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_kept_run_goes_on_after_a_crash(tmp_path):
    twin, batches = dropping()
    expected = train(twin, batches, squared_error, **OPTIONS)
    model, batches = dropping()
    with pytest.raises(ValueError, match="12 steps need as many batches, got 10"):
        train(
            model, itertools.islice(batches, 10), squared_error, keep=tmp_path / "run.pt", **OPTIONS
        )
    checkpoint = Checkpoint.load(tmp_path / "run.pt")
    assert checkpoint.loss == expected.loss[:8]
    model, batches = dropping()
    resumed = {"resume": checkpoint, "keep": tmp_path / "run.pt"}
    same(model, train(model, batches, squared_error, **resumed, **OPTIONS), twin, expected)
    assert Checkpoint.load(tmp_path / "run.pt").loss == expected.loss  # kept at the end, too


def test_what_cannot_go_on_says_why():
    model, batches = dropping()
    checkpoint = train(model, batches, press(1), **OPTIONS).checkpoint
    with pytest.raises(ValueError, match="steps must be at least the 7 made already, got 5"):
        train(model, dropping()[1], squared_error, resume=checkpoint, steps=5)
    with pytest.raises(ValueError, match="7 batches were used already, got 3"):
        few = itertools.islice(dropping()[1], 3)
        train(model, few, squared_error, resume=checkpoint, steps=12)
    with pytest.raises(ValueError, match="another model"):
        train(line()[0], dropping()[1], squared_error, resume=checkpoint, steps=12)


def test_in_another_thread_nothing_is_listened_for():
    model, batches = dropping()
    with ThreadPoolExecutor(1) as pool:
        history = pool.submit(train, model, batches, squared_error, steps=3).result()
    assert len(history.loss) == 3


# Modes


def test_dropout_is_on_in_training_whatever_came_before():
    runs = []
    for training in (True, False):
        model, batches = dropping()
        model.train(training)
        runs.append(train(model, batches, squared_error, steps=5).loss)
    assert runs[0] == runs[1]


def test_measuring_gives_each_part_its_mode_back_even_when_it_fails():
    model, batches = dropping()

    def fails():
        raise OSError("no such text")

    with pytest.raises(OSError, match="no such text"):
        train(model, batches, squared_error, steps=5, measure=fails)
    assert all(part.training for part in model.modules()) and torch.is_grad_enabled()
    model[1].eval()  # a part kept as it is on purpose
    with evaluating(model):
        assert not any(part.training for part in model.modules())
    assert [part.training for part in model.modules()] == [True, True, False, True]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps": -5}, "steps must be 0 or more, got -5"),
        ({"every": 0}, "every must be at least 1 step, got 0"),
        ({"clip": -1.0}, "clip must be a norm above 0, or None, got -1.0"),
        ({"clip": float("nan")}, "clip must be .* got nan"),
        ({"decay": 1.5}, "decay must be a share from 0 to 1, got 1.5"),
        ({"learning_rate": -1.0}, "learning_rate must be at least 0 .*, got -1.0"),
    ],
)
def test_arguments_out_of_range(wrong, message):
    model, batches = line()
    with pytest.raises(ValueError, match=message):
        train(model, batches, squared_error, **{"steps": 3} | wrong)


def test_no_step_is_a_run_too():
    model, batches = line()
    history = train(model, batches, squared_error, steps=0, measure=lambda: 3)
    assert history.loss == [] and history.measured == {0: 3} and not history.stopped


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match=r"at least one target, got y of shape \(5, 0\)"):
        cross_entropy_loss(lambda x: x, torch.zeros(5, 0, 4), torch.zeros(5, 0, dtype=torch.long))
