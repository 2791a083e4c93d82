"""What the sheet of long dependencies prints: the program with its wrong lines, the lags."""

import numpy as np
import pytest

from unrolled.grading.draw import Draw
from unrolled.grading.sheets import cells, given
from unrolled.grading.tasks import load
from unrolled.layers import RNN, optimize

SET = load("long-dependencies")
CLIP, LOOP, lags = (SET.draw_given.__globals__[name] for name in ("CLIP", "LOOP", "lags"))
LINES, S, LIMIT, RATE = CLIP + LOOP, 4, 1.0, 0.1
BAD = [i for i, (_, bad) in enumerate(LINES) if bad]


def loss_gradient(params, states, s):
    return states - np.linspace(-1, 1, states.size).reshape(states.shape) * (1 + s % 3)


def trained(lines):
    """The weights and the norms that a program with these lines leaves behind."""
    rng = np.random.default_rng(0)
    layer, x = RNN.init(2, 3, rng), rng.normal(size=(23, 2, 2))
    names = {
        "np": np,
        "rng": rng,
        "x": x,
        "S": S,
        "h_0": layer.zeros(2),
        "params": [layer.W_xh, layer.W_hh, layer.b_h],
        "norms": [],
        "limit": LIMIT,
        "rate": RATE,
        "forward": lambda params, piece, h: RNN(*params).forward(piece, h),
        "backward": lambda params, tape, dh: list(
            vars(RNN(*params).backward(tape, dh)[0]).values()
        ),
        "loss_gradient": loss_gradient,
    }
    exec("\n".join(lines), names)
    return np.concatenate([p.ravel() for p in names["params"]]), names["norms"]


def by_hand():
    """The same training with the package's clipping."""
    rng = np.random.default_rng(0)
    layer, x = RNN.init(2, 3, rng), rng.normal(size=(23, 2, 2))
    h, norms = layer.zeros(2), []
    for s in range(0, 23, S):
        states, h, tape = layer.forward(x[s : s + S], h)
        grads, _, _ = layer.backward(tape, loss_gradient(None, states, s))
        norms.append(optimize.clip_norm(grads, LIMIT))
        optimize.SGD(RATE).step(layer, grads)
    return np.concatenate([p.ravel() for p in vars(layer).values()]), norms


def test_the_program_without_its_wrong_lines_trains():
    for got, wanted in zip(trained([good for good, _ in LINES]), by_hand(), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


@pytest.mark.parametrize("wrong", BAD)
def test_each_wrong_line_does_harm(wrong):
    weights, norms = trained([bad if i == wrong else good for i, (good, bad) in enumerate(LINES)])
    right_weights, right_norms = by_hand()
    same_norms = len(norms) == len(right_norms) and np.allclose(norms, right_norms)
    assert not (same_norms and np.allclose(weights, right_weights))


@pytest.mark.parametrize("key", [f"key {k}" for k in range(20)])
def test_four_lines_are_wrong_and_named(key):
    printed = given(SET, "long-dependencies", key)
    lines = [line for line in printed["program"].split("\n") if line]
    assert len(lines) == len(LINES) and len(printed["letters"]) == 4
    for line, (good, bad) in zip(lines, LINES, strict=True):
        assert line[4:] == (bad if line[0] in printed["letters"] else good)


@pytest.mark.parametrize("key", range(20))
def test_lags_point_uphill_for_short_segments_and_downhill_for_long_ones(key):
    G = lags(Draw(str(key)))
    sums = np.array([sum((1 - m / S) * G[m] for m in range(S)) for S in range(1, len(G) + 1)])
    assert len(G) <= 25 and np.abs(sums).min() > 1e-9
    assert np.sign(sums[0]) != np.sign(sum(G)) and np.sign(sums[-1]) == np.sign(sum(G))


def checked(replaced, capsys):
    """What the sheet's small examples print, with other lines in the solutions."""
    names = {"__name__": "__main__", "get_ipython": None}  # as in a notebook
    printed = given(SET, "long-dependencies", "a key")
    for kind, source in cells("long-dependencies", printed, solution=True):
        if kind == "code" and "who_did_it" not in source:
            for right, wrong in replaced.items():
                source = source.replace(right, wrong)
            exec(source.replace("practice(", "str("), names)
    return capsys.readouterr().out


WRONG = {
    "a story hears the one before": ("h = h * ~new[:, None]", "pass"),
    "all streams start again": ("h = h * ~new[:, None]", "h = h * ~new.any()"),
    "each segment starts again": ("states, h = [], h_0", "states, h = [], 0 * h_0"),
    "the first state comes back": ("return np.stack(states), h", "return np.stack(states), h_0"),
    "clipped in place": (
        "    scaled = {",
        "    [np.divide(g, 5, out=g) for g in grads.values()]\n    scaled = {",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_checks_on_the_sheet_see_what_is_wrong(name, capsys):
    assert checked({}, capsys).count("passes") == 5
    with pytest.raises(AssertionError):
        checked(dict([WRONG[name]]), capsys)


def test_the_check_of_the_gradient_bears_a_function_that_changes_its_arguments(capsys):
    inside = {"Delta = (dh[t] + back)": "dh[t] += back\n        Delta = dh[t]"}
    assert checked(inside, capsys).count("passes") == 5
