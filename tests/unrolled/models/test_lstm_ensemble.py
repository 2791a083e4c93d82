"""Networks side by side against torch's own layers, one by one."""

import numpy as np
import pytest
import torch

from unrolled.models.lstm_ensemble import (
    FREE,
    OPEN,
    SHUT,
    cross_entropy_loss,
    draw,
    last_answer_loss,
    readout,
    run,
    train,
)

PLAIN, CELL = (OPEN, SHUT, OPEN, 0, 0), (OPEN, OPEN, OPEN, 0, 0)
FIRST = (FREE, OPEN, FREE, 1, 0)  # of 1997: no forget gate
LSTM = (FREE, FREE, FREE, 1, 2)
T, N, D, V, H, S = 6, 3, 4, 5, 7, 2


@pytest.fixture
def networks():
    p, kind = draw([PLAIN, CELL, FIRST, LSTM], S, D, V, torch.Generator().manual_seed(0), H)
    x = torch.randn(T, N, D, generator=torch.Generator().manual_seed(1)).double()
    return {k: v.double() for k, v in p.items()}, {k: v.double() for k, v in kind.items()}, x


def torch_layer(kind, p, m):
    """torch's layer of this kind with the weights (D, blocks * H) of network m."""
    layer = getattr(torch.nn, kind)(D, H, dtype=torch.float64)
    block = slice(2 * H, 3 * H) if kind == "RNN" else slice(None)
    with torch.no_grad():
        layer.weight_ih_l0[:] = p["W_xh"][m, :, block].T
        layer.weight_hh_l0[:] = p["W_hh"][m, :, block].T
        layer.bias_ih_l0[:] = p["b_h"][m, 0, block]
        layer.bias_hh_l0.zero_()
    return layer


def test_without_force_they_are_torch_s_lstm(networks):
    p, kind, x = networks
    h, c = run(p, kind, x)
    assert h.shape == c.shape == (4 * S, T, N, H)
    for m in (3 * S, 3 * S + 1):
        theirs, (_, c_T) = torch_layer("LSTM", p, m)(x)
        assert torch.allclose(h[m], theirs, atol=1e-12)
        assert torch.allclose(c[m, -1], c_T[0], atol=1e-12)


def test_forced_they_are_the_plain_network(networks):
    p, kind, x = networks
    h, _ = run(p, kind, x)
    for m in range(S):
        assert torch.allclose(h[m], torch_layer("RNN", p, m)(x)[0], atol=1e-12)


def test_without_gates_the_cell_collects_its_candidates(networks):
    p, kind, x = networks
    h, c = run(p, kind, x)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
    a = x @ p["W_xh"][:, None] + before @ p["W_hh"][:, None] + p["b_h"][:, None]
    g = torch.tanh(a[..., 2 * H : 3 * H])
    assert torch.allclose(c[S : 2 * S], g[S : 2 * S].cumsum(dim=1), atol=1e-12)
    assert torch.equal(h[S : 2 * S], c[S : 2 * S])  # shown as it is


def test_the_bias_is_the_kind_s_and_stands_in_the_forget_gate_s_block(networks):
    b_h = networks[0]["b_h"].view(4, S, 4, H)
    assert (b_h[3, :, 1] == 2).all() and b_h.abs().sum() == 2 * S * H


def test_losses_are_torch_s_for_each_network(networks):
    p, kind, x = networks
    u = readout(p, run(p, kind, x)[0])
    y = torch.randint(0, V, (T, N), generator=torch.Generator().manual_seed(2))
    y[2, 1] = -1
    for m in range(len(u)):
        theirs = torch.nn.functional.cross_entropy(u[m].flatten(0, 1), y.flatten(), ignore_index=-1)
        assert torch.allclose(cross_entropy_loss(u, y)[m], theirs)
        theirs = torch.nn.functional.cross_entropy(u[m, -1], y[-1])
        assert torch.allclose(last_answer_loss(u, y)[m], theirs)


def echo(rng):
    x = rng.integers(0, D, size=(T, N))
    return np.eye(D, dtype=np.float32)[x], x


def test_each_network_trains_as_if_it_were_alone():
    p, kind = draw([PLAIN, LSTM], 1, D, D, torch.Generator().manual_seed(3), H)
    both = train(p, kind, lambda: echo(np.random.default_rng(0)), cross_entropy_loss, 20, 0.02)
    for m in (0, 1):
        one, of = ({k: v[m : m + 1] for k, v in part.items()} for part in (p, kind))
        alone = train(one, of, lambda: echo(np.random.default_rng(0)), cross_entropy_loss, 20, 0.02)
        for name in p:
            assert torch.allclose(both[name][m], alone[name][0], atol=1e-4)


def test_training_lowers_the_loss_and_leaves_the_start_alone():
    p, kind = draw([LSTM], 2, D, D, torch.Generator().manual_seed(4), H)
    start, rng = {k: v.clone() for k, v in p.items()}, np.random.default_rng(0)
    trained = train(p, kind, lambda: echo(rng), cross_entropy_loss, 150, 0.05)
    x, y = map(torch.from_numpy, echo(np.random.default_rng(1)))
    assert (cross_entropy_loss(readout(trained, run(trained, kind, x)[0]), y) < 0.1).all()
    assert all(torch.equal(start[name], p[name]) for name in p)


def test_the_updates_are_those_of_torch_s_adam_with_clipping():
    """A loss of 100 at first and then of its own size, so that some gradients are cut, not all."""
    p, kind = draw([LSTM], 1, D, D, torch.Generator().manual_seed(5), H)
    sizes, steps, rate, fall = (100.0, 1.0, 0.01, 1.0, 0.1), 5, 0.01, 0.4
    scale = iter(sizes)

    def loss(u, y):
        return next(scale) * cross_entropy_loss(u, y)

    rng = np.random.default_rng(0)
    ours = train(p, kind, lambda: echo(rng), loss, steps, rate, fall=fall)

    theirs = {name: value.clone().requires_grad_() for name, value in p.items()}
    adam, rng = (
        torch.optim.Adam(theirs.values(), lr=rate, betas=(0.9, 0.99)),
        np.random.default_rng(0),
    )
    for step, size in enumerate(sizes):
        x, y = map(torch.from_numpy, echo(rng))
        adam.zero_grad()
        (size * cross_entropy_loss(readout(theirs, run(theirs, kind, x)[0]), y)).sum().backward()
        torch.nn.utils.clip_grad_norm_(theirs.values(), 1.0)
        adam.param_groups[0]["lr"] = rate * min(1, (steps - step) / (fall * steps))
        adam.step()
    for name in p:
        assert torch.allclose(ours[name], theirs[name], atol=1e-5)
