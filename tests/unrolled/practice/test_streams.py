"""Documents as streams: nothing lost, nothing leaks, and a loader that goes on at the token."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from unrolled.practice import streams

LENGTHS = (2, 5, 3, 9, 4, 2, 7, 6)


def documents():
    """Ids that say which document they are of, and where: 100 d + place."""
    return [[100 * d + i for i in range(n)] for d, n in enumerate(LENGTHS)]


def test_each_document_once_in_an_epoch():
    loader, seen = streams.Loader(documents(), N=3, T=4, seed=1), []
    tokens = sum(n - 1 for n in LENGTHS)
    while loader.epoch < 3:
        segment = next(loader)
        seen += segment.inputs[segment.fresh].tolist()
    first = [d // 100 for d in seen[: 2 * len(LENGTHS)]]
    for epoch in (first[: len(LENGTHS)], first[len(LENGTHS) :]):
        assert sorted(epoch) == list(range(len(LENGTHS)))
    assert first[: len(LENGTHS)] != first[len(LENGTHS) :]
    assert tokens == 30


def test_a_column_reads_on_in_its_document():
    loader = streams.Loader(documents(), N=3, T=50)
    inputs, targets, fresh = next(loader)
    assert (targets == inputs + 1).all()  # never the next document's first id
    assert fresh[0].all() and (inputs[fresh] % 100 == 0).all()
    goes_on = ~fresh[1:]
    assert (inputs[1:][goes_on] == inputs[:-1][goes_on] + 1).all()
    assert ((inputs % 100 == 0) == fresh).all()
    ended = targets[:-1][fresh[1:]]  # each document was read to its end
    assert (ended % 100 == np.array(LENGTHS)[ended // 100] - 1).all()


@pytest.mark.parametrize("stop", range(8))
def test_stops_and_goes_on_at_the_same_token(stop):
    loader = streams.Loader(documents(), N=3, T=4, seed=5)
    for _ in range(stop):
        next(loader)
    kept = json.loads(json.dumps(loader.state()))
    other = streams.Loader.resume(documents(), kept)
    for _ in range(20):
        for a, b in zip(next(loader), next(other), strict=True):
            np.testing.assert_array_equal(a, b)
    assert kept == json.loads(json.dumps(kept))


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_document_is_read_as_if_alone(kind):
    torch.manual_seed(0)
    layer, D, H, N, T = kind(3, 5).double(), 3, 5, 3, 40
    fresh = next(streams.Loader(documents(), N, T)).fresh
    x = torch.randn(T, N, D).double()
    zero = torch.zeros(1, N, H).double()
    state = (zero + 1, zero + 2) if kind is nn.LSTM else zero + 1
    h, last = streams.run(layer, x, torch.as_tensor(fresh), state)
    for n in range(N):
        starts = [*np.flatnonzero(fresh[:, n]), T]
        for start, end in pairwise(starts):
            alone, _ = layer(x[start:end, n : n + 1])
            torch.testing.assert_close(h[start:end, n : n + 1], alone)
    shown = last[0] if kind is nn.LSTM else last
    torch.testing.assert_close(shown[0], h[-1])


def test_without_a_reset_it_is_one_call():
    fresh = torch.zeros(6, 2, dtype=torch.bool)
    assert streams.stretches(fresh) == [(0, 6)]
    fresh[2, 1] = fresh[5, 0] = True
    assert streams.stretches(fresh) == [(0, 2), (2, 5), (5, 6)]


def test_wrong_input():
    with pytest.raises(ValueError, match="documents must be at least two ids"):
        streams.Loader([[1]], 2, 3)
    with pytest.raises(ValueError, match="state must be"):
        streams.Loader.resume(documents(), {"seed": 0})
    with pytest.raises(ValueError, match="fresh must be true or false"):
        streams.run(nn.GRU(2, 3), torch.zeros(4, 1, 2), torch.zeros(4, 1), torch.zeros(1, 1, 3))
