"""What sentences of book/sequence-to-sequence/teacher-forcing-measured.md say."""

import numpy as np
import pytest
import torch

from unrolled.models import fed_back
from unrolled.models.fed_back import RING, H, K, T, mean_loss, mixed, own, rides, train, unroll


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_reading_errors_does_no_harm(claim, seed):
    """The tram's ring, three networks each: fed the truth, fed own draws, fed START only."""
    claim(
        "The networks that never see the truth take two to three times as long, and the last rows"
        " above show a front."
    )
    claim("The same front, and just as slow or slower.")
    claim("So learning is as slow where no errors are read.")
    torch_rng, rng, S = torch.Generator().manual_seed(seed), np.random.default_rng(seed), 9
    blind = torch.arange(S)[:, None] // 3 == 2
    truth = (torch.arange(S)[:, None] < 3).float()
    task = torch.full((S,), RING)
    p = fed_back.weights(S, K + 1 + K, H, K + 1, torch_rng)

    def feeding(feed, inputs):
        return lambda t, u: torch.where(blind, inputs[0], feed(t, u))

    def loss(done):
        x, inputs, y = rides(task, 32, rng)
        feed = feeding(mixed(inputs, truth, torch_rng), inputs)
        return mean_loss(unroll(p, torch.zeros(S, 32, H), feed, T, x), y)

    def measure(N=200):
        x, inputs, y = rides(task, N, rng)
        feed = feeding(own(inputs), inputs)
        right = unroll(p, torch.zeros(S, N, H), feed, T, x).argmax(dim=-1) == y
        return torch.cat([right.all(dim=0).float().mean(dim=-1)[None], right.float().mean(dim=-1)])

    curves = torch.stack(train([p], loss, 400, 2e-2, measure))  # every 20 updates
    first = (curves[:, 0] > 0.95).float().argmax(dim=0)  # measurements, one each 20 updates
    learnt = 20 * first.double().view(3, 3).mean(dim=1)
    on, off, nothing = learnt.tolist()
    assert 0 < on < 0.6 * off
    assert off < 3.5 * on
    assert nothing > 0.8 * off
    for kind in (slice(3, 6), slice(6, 9)):  # a front: the first steps before the last ones
        share = curves[7, 1:, kind].mean(dim=1)
        assert share[1] > 0.7 and share[-1] < 0.5
