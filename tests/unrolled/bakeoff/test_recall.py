"""The nights follow their rule, the networks are what they are called, the file is complete."""

import numpy as np
import pytest
import torch

from unrolled.bakeoff import recall
from unrolled.layers import fast_weights


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


@pytest.mark.parametrize(
    ("kind", "decays", "delta"),
    [("adding", False, False), ("fading", True, False), ("delta rule", False, True),
     ("gated delta rule", True, True)],
)  # fmt: skip
def test_a_matrix_does_what_the_package_does(kind, decays, delta):
    torch.manual_seed(0)
    model, (x, _) = recall.make(kind, 16), recall.draw(3, np.random.default_rng(1))
    with torch.no_grad():
        q, k, v = (a.numpy().astype(float) for a in model.to_rows(x).chunk(3, dim=2))
        q, k = (a / np.linalg.norm(a, axis=2, keepdims=True) for a in (q, k))
        alpha, beta = model.to_gates(x).double().sigmoid().numpy().transpose(2, 0, 1)
        S_0 = np.zeros((3, 4, 4))
        o, *_ = fast_weights.forward(q, k, v, decays * np.log(alpha), beta, S_0, delta)
        ours = model.readout(torch.tensor(o, dtype=torch.float32))
        torch.testing.assert_close(model(x), ours, rtol=1e-4, atol=1e-4)


def test_attention_looks_back_only_and_prefers_the_newest():
    torch.manual_seed(0)
    model, (x, _) = recall.make("attention", 16), recall.draw(2, np.random.default_rng(1))
    changed = x.clone()
    changed[20:] = 0
    torch.testing.assert_close(model(x)[:20], model(changed)[:20])
    same = x[:1].repeat(10, 1, 1)  # equal scores: the weights fall with the distance
    value = torch.arange(10.0)[:, None, None].expand(10, 2, 4)
    model.to_rows = lambda _: torch.cat([torch.zeros(10, 2, 8), value], dim=2)
    model.readout = torch.nn.Identity()
    assert (model(same)[-1] > 4.5).all()


@pytest.mark.parametrize("kind", recall.KINDS)
def test_a_state_has_as_many_numbers_as_it_says(kind):
    model = recall.make(kind, 64)
    if kind in ("RNN", "LSTM", "GRU"):
        _, state = model.layer(torch.zeros(1, 1, 64))
        assert sum(part.numel() for part in (state if kind == "LSTM" else [state])) == 64
    elif kind != "attention":
        assert model.d**2 == 64


def test_the_file_has_every_run():
    runs = recall.load()
    for kind in recall.KINDS:
        for numbers in recall.SIZES:
            own = [r for r in runs if (r.kind, r.numbers) == (kind, numbers)]
            first = [r for r in own if r.seed == recall.SEEDS[0]]
            assert sorted(r.rate for r in first) == sorted(recall.RATES)
            rate = max(first, key=lambda r: r.held_out).rate
            assert [(r.rate, r.seed) for r in own[2:]] == [(rate, s) for s in recall.SEEDS[1:]]
            assert len(recall.best(runs, kind, numbers)) == len(recall.SEEDS)


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
