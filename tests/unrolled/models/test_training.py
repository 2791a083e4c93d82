"""The training loop: its arithmetic against a loop written out, its history, its manners."""

import itertools
import sys

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.models.training import cross_entropy_loss, train


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


def test_too_few_batches_is_an_error():
    model, batches = line()
    with pytest.raises(ValueError, match="5 steps need as many batches, got 3"):
        train(model, itertools.islice(batches, 3), squared_error, steps=5)


def test_quiet_in_a_page_and_a_bar_in_a_terminal(capsys, monkeypatch):
    model, batches = line()
    train(model, batches, squared_error, steps=3)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    train(model, batches, squared_error, steps=3)
    assert "/3 [" in capsys.readouterr().err
