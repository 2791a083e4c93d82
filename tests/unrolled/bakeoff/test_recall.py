"""The nights follow their rule, the networks are what they are called, the file is complete."""

import numpy as np
import pytest
import torch

from unrolled.bakeoff import recall
from unrolled.layers import fast_weights
from unrolled.layers.selective import S6


def test_a_night_asks_for_each_guest_and_the_last_room_is_right():
    x, y = (a.numpy() for a in recall.draw(50, np.random.default_rng(0)))
    calls = recall.GUESTS + recall.MOVES
    assert (y[:calls] == -100).all() and (y[calls:] >= 0).all()
    assert (x[:calls].sum(axis=2) == 2).all() and (x[calls:].sum(axis=2) == 1).all()
    names, rooms = x[..., : recall.NAMES].argmax(axis=2), x[..., recall.NAMES :].argmax(axis=2)
    for n in range(50):
        asked = names[calls:, n]
        assert len(set(asked)) == recall.GUESTS == len(set(names[: recall.GUESTS, n]))
        last = dict(zip(names[:calls, n], rooms[:calls, n], strict=True))
        assert [last[name] for name in asked] == y[calls:, n].tolist()
    assert any(len(set(names[recall.GUESTS : calls, n])) < recall.MOVES for n in range(50))
    assert (names[calls:] != names[: recall.GUESTS]).any(axis=0).all()  # another order


@pytest.mark.parametrize(
    ("kind", "decays", "delta"),
    [("adding", False, False), ("fading", True, False), ("delta rule", False, True),
     ("gated delta rule", True, True)],
)  # fmt: skip
def test_a_matrix_does_what_the_package_does(kind, decays, delta):
    torch.manual_seed(0)
    model, (x, _) = recall.Matrix(kind, 4), recall.draw(3, np.random.default_rng(1))
    with torch.no_grad():
        q, k, v = (a.numpy().astype(float) for a in model.to_rows(x).chunk(3, dim=2))
        q, k = (a / np.linalg.norm(a, axis=2, keepdims=True) for a in (q, k))
        alpha, beta = model.to_gates(x).double().sigmoid().numpy().transpose(2, 0, 1)
        S_0 = np.zeros((3, 4, 4))
        o, *_ = fast_weights.forward(q, k, v, decays * np.log(alpha), beta, S_0, delta)
        ours = model.readout(torch.tensor(o, dtype=torch.float32))
        torch.testing.assert_close(model(x), ours, rtol=1e-4, atol=1e-4)


def test_selective_is_the_packages_s6():
    torch.manual_seed(0)
    model, (x, _) = recall.Selective(4), recall.draw(3, np.random.default_rng(1))
    with torch.no_grad():
        model.skip += torch.randn(4)
        model.A_log += torch.randn(4, 4) / 4
        W, b, A_log, skip = (
            a.numpy().astype(float)
            for a in (model.to_rows.weight.T, model.to_rows.bias, model.A_log, model.skip)
        )
        layer = S6(W, b, A_log, skip)
        y, *_ = layer.forward(x.numpy().astype(float), layer.zeros(3))
        ours = model.readout(torch.tensor(y, dtype=torch.float32))
        torch.testing.assert_close(model(x), ours, rtol=1e-4, atol=1e-4)


def test_attention_looks_back_only_and_prefers_the_newest():
    torch.manual_seed(0)
    model, (x, _) = recall.Matrix("attention", 4), recall.draw(2, np.random.default_rng(1))
    changed = x.clone()
    changed[20:] = 0
    torch.testing.assert_close(model(x)[:20], model(changed)[:20])
    steps = torch.zeros(10, 2, 64)  # equal scores: the weights fall with the distance
    steps[:, :, 0] = torch.arange(10.0)[:, None]
    with torch.no_grad():
        model.to_rows.weight.zero_()
        model.to_rows.bias.zero_()
        model.to_rows.weight[8:, 0] = 1  # keys and queries zero, the value is the step's number
    model.readout = torch.nn.Identity()
    assert (model(steps)[-1] > 4.5).all()


def test_a_state_has_as_many_numbers_as_it_says():
    x, _ = recall.draw(1, np.random.default_rng(0))
    for kind in recall.KINDS:
        for numbers in recall.sizes(kind):
            model, seen = recall.make(kind, numbers), []
            if kind in recall.CELLS:
                _, state = model.layer(x)
                seen = state if kind == "LSTM" else [state]
            elif kind == "S6":
                seen = [model.A_log]  # one for each number of the state
            elif kind == "attention":
                _, *seen = model.to_rows(x).chunk(3, dim=2)  # keys and values of all steps
            else:
                _, k, v = model.to_rows(x[0, 0]).chunk(3)
                seen = [torch.outer(k, v)]
            assert sum(part.numel() for part in seen) == numbers, kind


def test_wrong_kinds_and_sizes_are_named():
    with pytest.raises(ValueError, match=r"kind must be one of .*'delta rule'.*got 'Delta rule'"):
        recall.make("Delta rule", 64)
    with pytest.raises(ValueError, match=r"one of \(144, 288, 576\) for attention, got 64"):
        recall.make("attention", 64)


def test_the_file_has_every_run():
    runs = recall.load()
    assert [(r.kind, r.numbers) for r in runs] == [
        (kind, numbers)
        for kind in recall.KINDS
        for numbers in recall.sizes(kind)
        for _ in range(len(recall.RATES) + len(recall.SEEDS) - 1)
    ]
    for kind in recall.KINDS:
        for numbers in recall.sizes(kind):
            own = [r for r in runs if (r.kind, r.numbers) == (kind, numbers)]
            tried, others = own[: len(recall.RATES)], own[len(recall.RATES) :]
            assert [(r.rate, r.seed) for r in tried] == [(x, recall.SEEDS[0]) for x in recall.RATES]
            rate = max(tried, key=lambda r: r.held_out).rate
            assert [(r.rate, r.seed) for r in others] == [(rate, s) for s in recall.SEEDS[1:]]
            assert len(recall.best(runs, kind, numbers)) == len(recall.SEEDS)
            model = recall.make(kind, numbers)
            assert {r.parameters for r in own} == {sum(p.numel() for p in model.parameters())}


def test_a_file_is_read_as_it_was_written_and_old_settings_are_refused(tmp_path, monkeypatch):
    runs, file = recall.load()[:3], tmp_path / "recall.csv"
    recall.save(runs, file)
    assert recall.load(file) == runs
    monkeypatch.setitem(recall.SETTINGS, "updates", 7)
    with pytest.raises(ValueError, match=r"recall.csv was made with .*800.* and now it is .*7"):
        recall.load(file)


def test_a_file_stays_as_it_is_until_the_last_run_is_made(tmp_path):
    runs, file = recall.load()[:3], tmp_path / "recall.csv"
    recall.save(runs, file)

    def broken():
        yield runs[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recall.save(broken(), file)
    assert recall.load(file) == runs


def test_the_better_rate_is_the_one_that_other_nights_prefer(monkeypatch):
    def run(kind, numbers, rate, seed):
        return recall.Run(
            kind=kind, numbers=numbers, parameters=1, rate=rate, seed=seed,
            held_out=0.5 + rate, found=0.5 - rate,
        )  # fmt: skip

    monkeypatch.setattr(recall, "run", run)
    made = recall.again("GRU", 64)
    assert [(r.rate, r.seed) for r in made[2:]] == [
        (max(recall.RATES), s) for s in recall.SEEDS[1:]
    ]
    assert recall.best(made, "GRU", 64) == [0.5 - max(recall.RATES)] * len(recall.SEEDS)


def test_a_run_can_be_made_again():
    """Half of a small one: it is on its way to what the file says of the whole."""
    half = recall.run("delta rule", 64, 1e-2, 0, steps=recall.STEPS // 4)
    assert half == recall.run("delta rule", 64, 1e-2, 0, steps=recall.STEPS // 4)
    (whole,) = (
        r
        for r in recall.load()
        if (r.kind, r.numbers, r.rate, r.seed) == ("delta rule", 64, 1e-2, 0)
    )
    assert 1.5 / recall.ROOMS < half.found < whole.found + 0.05
