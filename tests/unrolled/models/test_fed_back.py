"""Networks side by side that are fed the truth, their own output or something else."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from unrolled.models import fed_back
from unrolled.models.fed_back import LAST_TWO, RING, K, T

S, N, D, H, V = 3, 4, 2, 6, 5


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def p(rng):
    return fed_back.weights(S, V + D, H, V, rng)


def test_fed_the_truth_each_is_torchs_gru(p, rng):
    x, h_0 = torch.randn(7, 1, N, D, generator=rng), torch.randn(S, N, H, generator=rng)
    inputs = torch.randint(V, (7, S, N), generator=rng)
    u = fed_back.unroll(p, h_0, fed_back.teacher(inputs), 7, x)
    gru = torch.nn.GRU(V + D, H)
    for s in range(S):
        state = {"weight_ih_l0": p["W_x"][s].T, "weight_hh_l0": p["W_h"][s].T}
        gru.load_state_dict(state | {"bias_ih_l0": p["b_x"][s, 0], "bias_hh_l0": p["b_h"][s, 0]})
        rows = torch.cat([torch.eye(V)[inputs[:, s]], x[:, 0]], dim=-1)
        h, _ = gru(rows, h_0[s][None])
        torch.testing.assert_close(u[:, s], h @ p["W_y"][s] + p["b_y"][s])


def test_without_memory_each_step_starts_from_nothing(p, rng):
    x, h_0 = torch.randn(3, 1, N, D, generator=rng), torch.randn(S, N, H, generator=rng)
    inputs = torch.randint(V, (3, S, N), generator=rng)
    u = fed_back.unroll(p, h_0, fed_back.teacher(inputs), 3, x, memory=0.0)
    for t in range(3):
        alone = fed_back.unroll(p, 0 * h_0, fed_back.teacher(inputs[t:]), 1, x[t:])
        torch.testing.assert_close(u[t], alone[0])


def test_its_own_words_are_what_it_reads(p):
    start, x = torch.full((1, S, N), V - 1), torch.zeros(6, 1, N, D)
    u = fed_back.unroll(p, torch.ones(S, N, H), fed_back.own(start), 6, x)
    inputs = torch.cat([start, u.argmax(dim=-1)[:-1]])
    again = fed_back.unroll(p, torch.ones(S, N, H), fed_back.teacher(inputs), 6, x)
    torch.testing.assert_close(again, u)


def test_nothing_is_start_at_every_step():
    inputs = torch.arange(6).view(3, 1, 2)
    feed = fed_back.nothing(inputs)
    assert all((feed(t, None) == inputs[0]).all() for t in range(3))


def test_a_mixture_has_its_shares(rng):
    """Network 0 is fed the truth, 1 never, 2 one time in four; draws follow the logits."""
    inputs = torch.full((2, S, 20_000), 4)
    u = torch.tensor([0.2, 0.3, 0.5, 0, 0]).log().expand(S, 20_000, V)
    feed = fed_back.mixed(inputs, torch.tensor([[1.0], [0.0], [0.25]]), rng)
    assert (feed(0, None) == inputs[0]).all()
    fed = feed(1, u)
    shares = torch.stack([(fed == v).float().mean(dim=1) for v in range(V)], dim=1)
    wanted = torch.tensor([[0, 0, 0, 0, 1], [0.2, 0.3, 0.5, 0, 0], [0.15, 0.225, 0.375, 0, 0.25]])
    torch.testing.assert_close(shares, wanted, atol=0.015, rtol=0)


def test_one_slip_changes_the_token_of_its_step_only():
    inputs = torch.tensor([9, 3, 5, 7])[:, None, None]  # (T, 1, 1): START, y_1, y_2, y_3
    feed = fed_back.one_slip(inputs, k=2, slip=4, V=8, first=3)
    u = torch.eye(8)[6][None, None]
    fed = [feed(t, u).item() for t in range(4)]
    assert fed == [9, 6, 4, 6]  # y_2 = 5, and four further on in the ring 3, …, 7 comes 4


def test_rides_by_hand():
    task = torch.tensor([RING, LAST_TWO])
    x, inputs, y = fed_back.rides(task, 50, np.random.default_rng(0))
    moves = x[:, 0].argmax(dim=-1)  # (T, N)
    assert x.shape == (T, 1, 50, K) and (x.sum(dim=-1) == 1).all()
    stop, before = torch.zeros(50, dtype=int), torch.zeros(50, dtype=int)
    for t in range(T):
        stop = (stop + moves[t]) % K
        assert (y[t, 0] == stop).all()
        assert (y[t, 1] == (moves[t] + before) % K).all()
        before = moves[t]
    assert (inputs[0] == K).all() and (inputs[1:] == y[:-1]).all()


def test_losses_and_scores_leave_out_what_is_no_target(rng):
    u, y = torch.randn(4, S, N, V, generator=rng), torch.randint(V, (4, S, N), generator=rng)
    y[2:, :, 1:] = -100
    for s in range(S):
        flat = u[:, s].flatten(0, 1), y[:, s].flatten()
        assert fed_back.mean_loss(u, y)[s].item() == pytest.approx(cross_entropy(*flat).item())
    u[:, 0] = torch.eye(V)[y[:, 0].clamp(min=0)]  # network 0 is right everywhere
    u[0, 1] = -torch.eye(V)[y[0, 1]]  # network 1 never at the first step
    tokens, whole = fed_back.scores(u, y)
    assert tokens[0] == whole[0] == 1 and whole[1] == 0 and tokens[1] < 1


def test_trained_together_or_alone(rng):
    """A network comes out the same beside others, and its long gradient is cut to norm 1."""
    start = torch.randn(2, 3, 2, generator=rng)
    goal, steep = torch.randn(2, 3, 2, generator=rng), torch.tensor([1.0, 1000.0])

    def run(which):
        p = {"W": start[which].clone().requires_grad_()}

        def losses(done):
            return steep[which] * (p["W"] - goal[which]).square().sum(dim=(1, 2))

        curve = fed_back.train([p], losses, 60, 0.1, lambda: losses(1.0), every=20)
        return p["W"].detach(), torch.stack(curve)

    together, curve = run([0, 1])
    assert curve.shape == (4, 2) and (curve[-1] < 0.2 * curve[0]).all()
    for s in (0, 1):
        alone, _ = run([s])
        torch.testing.assert_close(alone[0], together[s])


def test_the_rate_falls_at_the_end_and_a_long_gradient_counts_as_one():
    """With a gradient of 1 Adam's step is the rate; the first gradient is 1000, cut to 1."""
    p = {"W": torch.zeros(1, 1, 1, requires_grad=True)}

    def losses(done):
        return (1000.0 if done == 0 else 1.0) * p["W"].sum(dim=(1, 2))

    path = fed_back.train([p], losses, 4, 0.1, lambda: p["W"].detach().clone(), every=1)
    steps = -torch.stack(path).flatten().diff()
    torch.testing.assert_close(steps, torch.tensor([0.1, 0.1, 0.1, 0.05]))
