"""What sentences of the chapter on the GRU say."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from rerun import rerun
from unrolled.datasets.tasks import registers
from unrolled.layers import RNN

PAGE = Path(__file__).parents[2] / "book/gates/gru.md"


@pytest.fixture(scope="module")
def core():
    """What the core's cells define, with networks trained once and kept."""
    names = ["def slider(ax, z)", "class Reader", "contestants = [", "def slider_at_zero"]
    page = rerun(PAGE, [*names, "def contents(x)", "def after_turning"])
    page["trained"] = cache(page["trained"])
    return page


def test_what_is_left(claim):
    """The powers, and the sigmoid of 3."""
    claim("With the slider at three quarters that is $0.75^{10} = 0.056$, so about 6 % are left.")
    claim("At 0.5 it is a thousandth, and at 0.99 it is 90 %.")
    claim(
        "Without these three lines the sliders start near one half, and along the rail a"
        " thousandth of a value is left after ten steps."
    )
    claim(
        "With a bias of 3 they start at 0.953, and since $0.953^{10} = 0.62$, after ten steps 62 %"
        " are left."
    )
    left = np.array([0.75, 0.5, 0.99, 1 / (1 + np.exp(-3))]) ** 10
    assert np.allclose(left, [0.056, 0.001, 0.90, 0.62], atol=[0.0005, 5e-5, 0.005, 0.005])
    assert abs(1 / (1 + np.exp(-3)) - 0.953) < 0.0005 and round(0.953**10, 2) == 0.62


def test_registers_by_hand(claim):
    """The solution's layer in the exercise's test, with smaller numbers."""
    claim("In this test a bias of 4 at the slider is enough, and 3 is not.")
    claim(
        "How large the candidate's weight is does not matter, because it changes all states by the"
        " same factor."
    )
    page = rerun(PAGE, ["x, _ = registers(1000, 4", "def by_hand(big)"])
    passes, small = page["passes"], page["by_hand"](big=4.0)
    passes(small)
    with pytest.raises(AssertionError):
        passes(page["by_hand"](big=3.0))

    x, _ = page["registers"](1000, 4, np.random.default_rng(1))
    states = []
    for weight in (2.0, 0.1):
        small.W_xh[0, 6:] = weight
        states.append(small.forward(x.astype(float), small.zeros(4))[0])
    assert np.allclose(states[1] / np.tanh(0.1), states[0] / np.tanh(2.0), rtol=1e-9)


def test_a_plain_network_that_holds_the_registers(claim):
    """One unit fires when a 1 is written, one when a 1 is held and stays; two only if asked."""
    claim(
        "A plain network could do it too, with two units for each register that hold the bit and"
        " two that answer, but training did not find such weights."
    )
    each, none = np.eye(3), np.zeros((3, 3))
    written = np.vstack([np.ones((1, 3)), 2 * each, none])  # digit (-1 or 1), address, question
    kept = np.vstack([np.zeros((1, 3)), -2 * each, none])
    if_asked = np.vstack([np.zeros((4, 3)), 2 * each])
    W_xh = np.hstack([written, kept, written + if_asked, kept + if_asked])
    W_hh = np.zeros((12, 12))
    W_hh[:6] = np.tile(np.hstack([none, each]), (2, 2))  # to what keeps, from what holds
    b_h = np.repeat([-2.0, 1.0, -4.0, -1.0], 3)
    layer = RNN(10 * W_xh, 10 * W_hh, 10 * b_h)
    x, y = registers(1000, 8, np.random.default_rng(0))
    h, _, _ = layer.forward(x.astype(float), np.full((8, 12), -1.0))  # every register holds 0
    assert ((h[..., 6:].sum(axis=-1) + 5 > 0) == y).all()  # a linear layer can do this


@pytest.mark.slow
def test_five_networks_of_each_kind(claim, core):
    """The page's trainings with five starts; it shows two of the networks and one of the GRUs."""
    claim("The plain networks gave about two right answers in three.")
    claim("The GRUs and the LSTMs were nearly always right.")
    claim("Without its slider the GRU falls far behind.")
    claim("A slider that cannot move is of little more use.")
    claim("The reset gate matters little for this task.")
    claim(
        "We trained five networks of each kind from different starts, and the order was the same"
        " each time."
    )
    trained, right, seeds = core["trained"], core["share_right"], range(5)
    found = {}
    for name, kind, H, rate in core["contestants"]:
        found[name] = [right(trained(kind, H, seed, None, 300, rate)) for seed in seeds]
    for change in ("slider_at_zero", "slider_stuck", "reset_open"):
        gru = (trained(torch.nn.GRU, 19, seed, core[change], 300, 0.03) for seed in seeds)
        found[change] = [right(model) for model in gru]
    print(found)
    plain, gru, lstm, at_zero, stuck, without_reset = map(np.array, found.values())
    assert plain.min() > 0.6 and plain.max() < 0.72
    assert min(gru.min(), lstm.min()) > 0.98
    assert plain.max() < min(at_zero.min(), stuck.min())
    assert max(at_zero.max(), stuck.max()) < 0.8
    assert np.abs(stuck - at_zero).max() < 0.06
    assert without_reset.min() > 0.97


@pytest.mark.slow
def test_a_unit_for_each_register(claim, core):
    """Five GRUs: the best unit for each register, its slider, and what turning its sign does."""
    claim("Each register has its unit.")
    claim("Our five GRUs have fifteen registers between them.")
    claim(
        "For nearly all of these there is one unit whose sign is right in more than 95 of 100"
        " cases."
    )
    claim(
        "Turning this unit made more than half of the answers about its register wrong, and"
        " hardly any of the others."
    )
    claim(
        "When the register is written, the slider of the unit goes far down and the unit takes"
        " the new bit."
    )
    clean = 0
    for seed in range(5):
        model = core["trained"](torch.nn.GRU, 19, seed, None, 300, 0.03)
        tape, best, shares, _ = core["look"](model)
        for k in np.flatnonzero(shares > 0.95):
            written, z = tape.x[30:, :, 1 + k] > 0, tape.z[30:, :, best[k]]
            right = core["after_turning"](model, tape, best[k])
            print(seed, "ABC"[k], shares[k], z[written].mean(), z[~written].mean(), right)
            assert z[written].mean() < 0.3 and z[~written].mean() > 0.85
            assert right[k] < 0.5 and min(np.delete(right, k)) > 0.9
            clean += 1
    assert clean >= 12


@pytest.mark.slow
def test_four_times_as_many_updates(claim, core):
    """The table: 1,200 updates at a rate of 0.01, three starts of each."""
    claim(
        "We made four times as many updates, at a rate of 0.01, with three networks of each kind."
    )
    claim(
        "More training helps the plain networks too, but 1,200 updates do not make registers of"
        " them. The GRUs with a stuck slider nearly get there, because they still have a gate that"
        " can move."
    )
    claim(
        "Hold that gate open as well, and the GRU does no better than a plain network. So here a"
        " gate that moves makes the difference, and with the slider the task is learnt soonest and"
        " best."
    )

    def no_gate(layer):
        core["slider_stuck"](layer)
        core["reset_open"](layer)

    def shares(kind, H, change=None):
        runs = (core["trained"](kind, H, seed, change, 1200, 0.01) for seed in range(3))
        return [core["share_right"](model) for model in runs]

    changes = None, core["slider_stuck"], no_gate
    whole, stuck, fixed = (shares(torch.nn.GRU, 19, change) for change in changes)
    plain = shares(torch.nn.RNN, 36)
    print(whole, stuck, fixed, plain)
    assert min(whole) > 0.99
    assert min(stuck) > 0.9 and 0.93 < np.mean(stuck) < np.mean(whole) - 0.005
    assert 0.75 < min(fixed) <= max(fixed) < 0.9 and np.mean(fixed) < 0.88
    assert 0.75 < min(plain) <= max(plain) < 0.97 and np.mean(plain) < 0.9
    assert np.mean(fixed) < np.mean(plain) + 0.03
