"""What sentences of the chapter on backpropagation through time say."""

import numpy as np
import pytest

from unrolled.layers import gradients


def right(page, tunes):
    """How many notes of each tune are those of the page's."""
    return np.array([sum(a == b for a, b in zip(page["TUNE"], t, strict=True)) for t in tunes])


def test_wrong_sign(claim):
    """10,000 sequences of twelve inputs 0.8 * normal, w = 0.9, target 1, seed 0."""
    claim("In about one case out of six, the last step alone gave the wrong answer.")
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
        "At $w = 0.9$ the states are 0.600, −0.142 and 0.524, and the loss is 0.2034. That is a"
        " change of $(0.2034 - 0.225)/0.1 = -0.216$ for each unit of $w$."
    )
    claim("Only 39 % of it arrived.")

    def balance(rate):
        return (-1000 * rate + 1300) * rate

    assert np.isclose(balance(1.10), 220) and np.isclose(balance(1.11), 210.90)

    h = np.array([0.6, -0.2, 0.5])
    x = np.arctanh(h) - 0.8 * np.array([0, 0.6, -0.2])
    assert np.allclose(x, [0.693, -0.683, 0.709], atol=5e-4)

    def states(w):
        h = [0.0]
        for x_t in x:
            h.append(np.tanh(x_t + w * h[-1]))
        return np.array(h[1:])

    def loss(w):
        return np.sum((states(w) - [1, 0, 1]) ** 2) / 2

    assert np.allclose(states(0.9), [0.600, -0.142, 0.524], atol=5e-4)
    assert abs(0.8**2 * 0.96 * 0.64 - 0.39) < 5e-3
    assert np.isclose(loss(0.8), 0.225) and abs(loss(0.9) - 0.2034) < 5e-5
    assert abs((loss(0.8 + 1e-6) - loss(0.8 - 1e-6)) / 2e-6 + 0.213) < 5e-4


def test_close_enough(claim):
    """30 networks with the sizes of the page, every entry of W_hh by differences; two mistakes."""
    claim(
        "In double precision, errors below $10^{-8}$ of the gradient's size are those of the"
        " difference itself."
    )
    claim("A wrong sign or a missing transpose usually gives errors from a tenth upwards.")
    page = claim.definitions()
    forward, backward = page["forward"], page["backward"]

    def errors(seed):
        rng = np.random.default_rng(seed)
        sizes = [(6, 2, 3), (2, 4), (3, 4), (4, 4), (4,), (6, 2, 4)]
        x, h_0, W_xh, W_hh, b_h, dh = (rng.normal(size=size) for size in sizes)
        h = forward(x, h_0, W_xh, W_hh, b_h)
        measured = gradients.numerical_gradient(
            lambda W: np.sum(dh * forward(x, h_0, W_xh, W, b_h)[1:]), W_hh
        )
        used = (W_hh, -W_hh, W_hh.T)  # on the way back: right, wrong sign, transpose missing
        found = (backward(x, h, dh, W_xh, W)[2] for W in used)
        return [gradients.relative_error(gradient, measured) for gradient in found]

    right_one, *wrong = np.transpose([errors(seed) for seed in range(30)])
    assert right_one.max() < 1e-8
    assert np.mean(np.array(wrong) > 0.1) > 0.9


def test_powers(claim):
    """0.9 and 1.1 to the power of 999."""
    claim(
        "Then what arrives at the first character has been multiplied by about"
        " $2 \\times 10^{-46}$, and nothing is left."
    )
    claim(
        "With 1.1 it has been multiplied by about $2 \\times 10^{41}$, and an update of that size"
        " destroys whatever the network has learnt."
    )
    assert 1.5e-46 < 0.9**999 < 2.5e-46 and 1.5e41 < 1.1**999 < 2.5e41


@pytest.mark.slow
def test_forty_networks(claim):
    """Forty networks for each reach, seeds 0 to 39, 500 updates, by the page's own functions."""
    claim("With the true gradient, all or nearly all of them learn the whole tune.")
    claim("The farther back the derivatives are sent, the more notes a typical network gets right.")
    page = claim.definitions()
    found = {k: right(page, page["learn"](k, range(40))) for k in (None, 0, 1, 3, 31)}
    assert np.mean(found[31] == 32) >= 0.9
    medians = [np.median(notes) for notes in found.values()]
    assert medians == sorted(medians) and len(set(medians)) == 5


@pytest.mark.slow
def test_own_step_at_other_rates(claim):
    """0 steps back, 3,000 updates, four learning rates, forty networks each."""
    claim(
        "With 0 steps hardly any does, and six times as many updates do not change that, with this"
        " learning rate or with others."
    )
    page = claim.definitions()
    assert np.mean(right(page, page["learn"](0, range(40))) == 32) <= 0.05
    for rate in (0.001, 0.003, 0.01, 0.03):
        played = page["learn"](0, range(40), updates=3000, rate=rate)
        assert np.mean(right(page, played) == 32) <= 0.05


@pytest.mark.slow
def test_readouts_on_wild_states(claim):
    """Readouts alone, 3,000 updates at 0.1, weights as they are and twice as large; 40 networks."""
    claim(
        "When only the readout learns, no network gets more than half of them, and hardly any"
        " learns the whole tune with six times as many updates and a learning rate ten times as"
        " large."
    )
    claim("About half of these networks learnt the whole tune.")
    page = claim.definitions()
    assert right(page, page["learn"](None, range(40))).max() <= 16
    tame, wild = (
        right(page, page["learn"](None, range(40), updates=3000, rate=0.1, scale=scale))
        for scale in (1.0, 2.0)
    )
    assert np.mean(tame == 32) <= 0.05  # it is the larger weights, not the longer training
    assert 0.3 < np.mean(wild == 32) < 0.8
