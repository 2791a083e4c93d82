"""What sentences of the chapter on backpropagation through time say."""

import numpy as np
import pytest


def right(page, tunes):
    """How many notes of each tune are those of the page's."""
    return np.array([sum(a == b for a, b in zip(page["TUNE"], t, strict=True)) for t in tunes])


def test_wrong_sign(claim):
    """10,000 sequences of twelve inputs 0.8 * normal, w = 0.9, target 1, seed 0."""
    claim("For about one sequence of inputs in six, the last step gave the wrong sign.")
    T, w, y, rng = 12, 0.9, 1.0, np.random.default_rng(0)
    x = 0.8 * rng.normal(size=(T, 10_000))
    h = dh = np.zeros(10_000)  # the state, and its total derivative by w
    for x_t in x:
        before, h = h, np.tanh(x_t + w * h)
        dh = (1 - h**2) * (before + w * dh)
    last_step = (h - y) * (1 - h**2) * before
    wrong = np.mean(np.sign(last_step) != np.sign((h - y) * dh))
    assert abs(wrong - 1 / 6) < 0.02


def test_numbers_of_the_first_pages(claim):
    """The account at 10 % and at 11 %, and the three steps by hand at w = 0.8 and w = 0.9."""
    claim("The higher rate has cost you 9.10.")
    claim(
        "That is a change of $(0.203 - 0.225)/0.1 = -0.22$ for each unit of $w$, close to our"
        " $-0.213$."
    )

    def balance(rate):
        return (-1000 * rate + 1300) * rate

    assert np.isclose(balance(1.10), 220) and np.isclose(balance(1.11), 210.90)

    h = np.array([0.6, -0.2, 0.5])
    x = np.arctanh(h) - 0.8 * np.array([0, 0.6, -0.2])
    assert np.allclose(x, [0.693, -0.683, 0.709], atol=5e-4)

    def loss(w):
        h, total = 0.0, 0.0
        for x_t, y_t in zip(x, (1, 0, 1), strict=True):
            h = np.tanh(x_t + w * h)
            total += (h - y_t) ** 2 / 2
        return total

    assert np.isclose(loss(0.8), 0.225) and abs(loss(0.9) - 0.203) < 5e-4
    assert abs((loss(0.8 + 1e-6) - loss(0.8 - 1e-6)) / 2e-6 + 0.213) < 5e-4


def test_powers(claim):
    """0.9 and 1.1 to the power of 999."""
    claim(
        "Then about $2 \\times 10^{-46}$ of the derivative arrives at the first character, which is"
        " as good as nothing."
    )
    claim(
        "With 1.1 the derivative grows on its way by a factor of about $2 \\times 10^{41}$, and an"
        " update of that size destroys whatever the network has learnt."
    )
    assert 1.5e-46 < 0.9**999 < 2.5e-46 and 1.5e41 < 1.1**999 < 2.5e41


def test_forty_networks(claim):
    """Forty networks for each reach, seeds 0 to 39, 500 updates, by the page's own functions."""
    claim("With the whole gradient, at least nine in ten of them play the tune without a mistake.")
    claim("With 0 steps at most one in twenty does.")
    claim("The readouts alone get no more than half of the notes right.")
    page = claim.definitions()
    whole, own_step, readout = (right(page, page["learn"](k, range(40))) for k in (31, 0, -1))
    assert np.mean(whole == 32) >= 0.9
    assert np.mean(own_step == 32) <= 0.05
    assert readout.max() <= 16


@pytest.mark.slow
def test_own_step_at_other_rates(claim):
    """0 steps back, 3,000 updates, four learning rates, forty networks each."""
    claim("Six times as many updates, at this learning rate or at another, do not change that.")
    page = claim.definitions()
    for rate in (0.001, 0.003, 0.01, 0.03):
        played = page["learn"](0, range(40), updates=3000, rate=rate)
        assert np.mean(right(page, played) == 32) <= 0.05


def test_readouts_on_wild_states(claim):
    """Readouts alone, 3,000 updates at 0.1, weights as they are and twice as large; 20 networks."""
    claim(
        "Start with recurrent weights twice as large, and its states wander about so widely that"
        " about half of the readouts alone, trained longer and faster, find the whole tune in them."
    )
    page = claim.definitions()
    tame, wild = (
        right(page, page["learn"](-1, range(20), updates=3000, rate=0.1, scale=scale))
        for scale in (1.0, 2.0)
    )
    assert np.mean(tame == 32) <= 0.05  # it is the larger weights, not the longer training
    assert 0.3 < np.mean(wild == 32) < 0.8
