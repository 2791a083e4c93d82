"""The recorder with and without its button, and all fixed filters at once."""

import numpy as np
import pytest
import torch

from unrolled.datasets.scattered_letters import tapes
from unrolled.models.recorder import AnyFilter, Recorder
from unrolled.models.training import train


def recorder(selective=True):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Recorder(5, 3, 4, H=6, selective=selective).double()


def ids(T=9, N=4):
    return torch.randint(0, 5, (T, N), generator=torch.Generator().manual_seed(0))


def test_reads_step_by_step():
    model, h = recorder(), torch.zeros(4, 6).double()
    torch.nn.init.normal_(model.pace.weight, generator=torch.Generator().manual_seed(2))
    for row in ids():
        Delta = torch.log1p(torch.exp(model.bias + model.pace(row)))
        keep = torch.exp(-Delta)
        h = keep * h + (1 - keep) * model.write(row)
    expected = model.read(h).reshape(4, 3, 4).transpose(0, 1)
    assert model(ids()).shape == (3, 4, 4) and torch.allclose(model(ids()), expected, atol=1e-12)


def test_a_shut_button_stops_the_tape():
    model = recorder()
    with torch.no_grad():
        model.pace.weight[0] = -100  # at blanks
    first = torch.tensor([[1], [2], [3]])
    spread = torch.tensor([[0], [1], [0], [0], [2], [3], [0]])
    assert torch.allclose(model(first), model(spread), atol=1e-12)
    assert not torch.allclose(recorder(False)(first), recorder(False)(spread), atol=1e-3)


@pytest.mark.parametrize("selective", [True, False])
def test_scores_of_a_fixed_filter_are_sums(selective):
    """The four tapes: two and two have the same sum of scores, for a fixed filter only."""
    model = recorder(selective)
    if selective:
        torch.nn.init.normal_(model.pace.weight, generator=torch.Generator().manual_seed(2))
    four = torch.tensor([[1, 1, 2, 0], [0, 2, 1, 1], [1, 2, 1, 0], [0, 1, 2, 1]]).T
    a, b, c, d = model(four).unbind(1)
    assert torch.allclose(a + b, c + d, atol=1e-12) is not selective


def test_any_filter_has_every_fixed_filter():
    """Its table, set to what a recorder does with each symbol at each place, gives its scores."""
    T, one = 5, recorder(selective=False)
    every = AnyFilter(T, 5, 3, 4).double()
    keep = torch.exp(-torch.nn.functional.softplus(one.bias))
    with torch.no_grad():
        for t in range(T):
            for symbol in range(5):
                h = keep ** (T - 1 - t) * (1 - keep) * one.write.weight[symbol]
                bias = one.read.bias / T
                every.table.weight[t * 5 + symbol] = one.read.weight @ h + bias
    assert torch.allclose(every(ids(T)), one(ids(T)), atol=1e-12)


def test_a_list_learns_letters_in_place():
    model, rng = AnyFilter(6, 3, 2, 2), np.random.default_rng(0)

    def batches():
        while True:
            tape, letters = tapes(6, 32, rng, K=2, V=2, scattered=False)
            yield tape, letters - 1

    train(model, batches(), steps=50, learning_rate=0.1)
    tape, letters = map(torch.tensor, tapes(6, 100, rng, K=2, V=2, scattered=False))
    assert torch.equal(model(tape).argmax(2), letters - 1)


def test_errors():
    with pytest.raises(ValueError, match="from 0 to 4"):
        recorder()(torch.full((3, 2), 5))
    with pytest.raises(ValueError, match=r"\(6, N\)"):
        AnyFilter(6, 5, 3, 4)(ids(5))
