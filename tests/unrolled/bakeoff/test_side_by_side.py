"""Networks side by side: each is trained as if alone, by Adam, with its own data and rate."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from unrolled.bakeoff import side_by_side
from unrolled.bakeoff.models import CONTESTANTS, MODELS
from unrolled.bakeoff.problems import CONTESTS

SHORT = replace(CONTESTS["gap"], T=6, shortest=3, lengths=(6, 12))


def precise(*arguments):
    x, y = SHORT.make(*arguments)
    return x.astype(float), y  # so that roundings do not grow into differences


@pytest.mark.parametrize("model", CONTESTANTS)
def test_side_by_side_is_one_by_one(model):
    """Three networks, two seeds, two rates: the same function as trained alone."""
    kind, seeds, rates = MODELS[model], (5, 6, 5), (1e-3, 1e-3, 1e-2)
    contest = replace(SHORT, make=precise)
    p = {name: a.double() for name, a in side_by_side.init(kind, SHORT, 8, seeds).items()}
    trained, curve = side_by_side.train(kind, contest, p, seeds, rates, updates=50)
    for s in range(3):
        alone = {name: value[s : s + 1] for name, value in p.items()}
        single, other = side_by_side.train(
            kind, contest, alone, seeds[s : s + 1], rates[s : s + 1], 50
        )
        # outputs, not weights: Adam moves a bias without influence, a key's, by roundings alone
        both = {name: torch.cat([single[name], trained[name][s : s + 1]]) for name in single}
        x, _ = side_by_side.batch(contest, 6, 50, [np.random.default_rng(1)], "training")
        u = side_by_side.outputs(kind, both, x.repeat(2, 1, 1, 1))
        torch.testing.assert_close(u[0], u[1], rtol=1e-3, atol=1e-3)
        assert abs(other[50][0] - curve[50][s]) < 0.02
    assert any((trained[name][0] - trained[name][2]).abs().max() > 1e-2 for name in trained)


def test_training_is_torchs_adam_with_torchs_clipping():
    kind, steps = CONTESTANTS["RNN"], 30
    p = side_by_side.init(kind, SHORT, 8, (3,))
    ours, _ = side_by_side.train(kind, SHORT, p, (3,), (1e-2,), steps, clip=0.05)
    q = {name: torch.nn.Parameter(value.clone()) for name, value in p.items()}
    adam = torch.optim.Adam(q.values(), lr=1e-2)
    rng, clipped = np.random.default_rng(3), 0
    lengths = np.random.default_rng(0).integers(3, 7, size=steps)
    for i, T in enumerate(lengths):
        adam.param_groups[0]["lr"] = 1e-2 * min(1, 2 * (1 - i / steps))
        x, y = SHORT.make(int(T), side_by_side.N, rng, "training")
        u = side_by_side.outputs(kind, q, torch.from_numpy(x)[None])[0]
        adam.zero_grad()
        torch.nn.functional.cross_entropy(u, torch.from_numpy(y)).backward()
        clipped += torch.nn.utils.clip_grad_norm_(q.values(), 0.05) > 0.05
        adam.step()
    assert clipped > 10
    for name in q:
        torch.testing.assert_close(ours[name], q[name].detach(), rtol=1e-3, atol=1e-4)


def test_tiny_gradients_are_torchs_too():
    """Gradients of 1e-8, of the size of the number that keeps Adam from dividing by zero."""
    p, v = {"W": torch.ones(1, 2, 3)}, torch.nn.Parameter(torch.ones(2, 3))
    ours, theirs = side_by_side.Adam(p, torch.tensor([0.1])), torch.optim.Adam([v], lr=0.1)
    for size in (1e-8, 3e-8, -2e-8):
        v.grad = torch.full((2, 3), size)
        theirs.step()
        ours.step([v.grad[None]], 1.0)
    torch.testing.assert_close(p["W"][0], v.detach(), rtol=1e-4, atol=0)
    assert (p["W"] - 1).abs().min() > 0.01


def test_until_is_the_beginning_of_the_same_training():
    kind = CONTESTANTS["RNN"]
    p = side_by_side.init(kind, SHORT, 8, (0, 1))
    _, whole = side_by_side.train(kind, SHORT, p, (0, 1), (1e-2, 1e-2), 200)
    _, part = side_by_side.train(kind, SHORT, p, (0, 1), (1e-2, 1e-2), 200, until=100)
    assert list(whole) == [50, 100, 150, 200] and list(part) == [50, 100]
    np.testing.assert_array_equal(part[100], whole[100])


def test_training_leaves_the_first_weights_alone_and_learns():
    kind, contest = CONTESTANTS["GRU"], replace(SHORT, T=4, lengths=(4,))
    p = side_by_side.init(kind, contest, 16, (0, 1))
    kept = {name: value.clone() for name, value in p.items()}
    trained, curve = side_by_side.train(kind, contest, p, (0, 1), (1e-2, 1e-2), 150)
    assert all(torch.equal(p[name], kept[name]) for name in p)
    assert (curve[150] > 0.95).all()
    assert (side_by_side.test(kind, contest, trained, 4, (0, 1)) > 0.95).all()


def test_losses_and_right_answers_by_hand():
    u = torch.tensor([[[2.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 3.0]]])
    y = torch.tensor([[0, 0], [1, 1]])
    first = (np.log1p(np.exp(-2)) + np.log1p(np.exp(1))) / 2
    second = (np.log(2) + np.log1p(np.exp(-3))) / 2
    np.testing.assert_allclose(side_by_side.losses(u, y), [first, second], rtol=1e-6)
    np.testing.assert_allclose(side_by_side.right(u[:1], y[:1]), [0.5])
    numbers, targets = torch.tensor([[[1.0], [0.5]]]), torch.tensor([[1.09, 0.39]])
    np.testing.assert_allclose(
        side_by_side.losses(numbers, targets), [(0.09**2 + 0.11**2) / 2], 1e-5
    )
    np.testing.assert_allclose(side_by_side.right(numbers, targets), [0.5])


def test_data_and_first_weights_follow_the_seed():
    kind = CONTESTANTS["LSTM"]
    p = side_by_side.init(kind, SHORT, 8, (4, 7, 4))
    assert torch.equal(p["W_xh"][0], p["W_xh"][2])
    assert not torch.equal(p["W_xh"][0], p["W_xh"][1])
    x, _ = side_by_side.batch(
        SHORT, 6, 5, [np.random.default_rng(s) for s in (4, 7, 4)], "training"
    )
    assert x.shape == (3, 6, 5, 4)
    assert torch.equal(x[0], x[2]) and not torch.equal(x[0], x[1])


def test_updates_needed():
    curve = {50: np.array([0.2, 0.96, 0.3]), 100: np.array([0.95, 0.5, 0.94])}
    assert side_by_side.updates_needed(curve, 0.95) == [100, 50, 0]


class Asked:
    """A contest that notes what it is asked for."""

    def __init__(self):
        self.calls, self.T = [], SHORT.T

    def make(self, T, N, rng, part):
        x, y = SHORT.make(T, N, rng, part)
        self.calls.append((T, N, part, x))
        return x, y


def test_tests_are_each_networks_own_and_progress_is_common_to_all():
    kind, contest = CONTESTANTS["RNN"], Asked()
    p = side_by_side.init(kind, SHORT, 8, (0, 0, 0))  # the same network three times
    found = side_by_side.test(kind, contest, p, 12, (5, 6, 5))
    assert found[0] == found[2] != found[1]
    assert {call[:3] for call in contest.calls} == {(12, 500, "testing")}
    each = [np.concatenate([x for *_, x in contest.calls[i : i + 4]], axis=1) for i in (0, 4, 8)]
    assert each[0].shape == (12, 2000, 4) and len(contest.calls) == 12
    assert np.array_equal(each[0], each[2]) and not np.array_equal(each[0], each[1])
    assert not np.array_equal(contest.calls[0][-1], contest.calls[1][-1])  # four times others
    u = [side_by_side.outputs(kind, p, torch.from_numpy(x)[None].repeat(3, 1, 1, 1)) for x in each]
    answers = torch.from_numpy(each[0][0].argmax(axis=1))[None].repeat(3, 1)
    assert found[0] == pytest.approx(side_by_side.right(u[0], answers)[0].item(), abs=1e-6)

    contest.calls.clear()
    shares = side_by_side.progress(kind, contest, p)
    assert shares[0] == shares[1] == shares[2]
    assert [call[:3] for call in contest.calls] == [(6, 500, "choosing")]
