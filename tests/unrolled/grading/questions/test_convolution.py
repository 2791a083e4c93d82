"""Answers on Part V, found again from the printed text by another route."""

import re

import numpy as np
import pytest
import torch

from unrolled.grading.questions.bank import kinds
from unrolled.layers import Conv, MinGRU, scan


def conv_parameters(kit, q):
    _, D, H, F = map(int, kit.numbers(q.text))
    net = Conv.init(D, H, F, np.random.default_rng(0))
    return net.W.size + net.b.size


def largest_answer(kit, q):
    w = [float(v) for v in re.findall(r"w_\d = (-?\d)", q.text)]
    x = kit.numbers(q.text.split("readings")[1])
    return np.correlate(x, w, mode="valid").max()


def reach(F, dilations):
    """Which inputs the last output depends on, by autograd; inputs are numbered from 0."""
    T = 1 + (F - 1) * sum(dilations) + 50
    x = torch.zeros(1, 1, T, requires_grad=True)
    y = x
    for d in dilations:
        y = torch.nn.functional.conv1d(
            torch.nn.functional.pad(y, ((F - 1) * d, 0)), torch.ones(1, 1, F), dilation=d
        )
    y[0, 0, -1].backward()
    return np.flatnonzero(x.grad.numpy().ravel() != 0), T


def steps_in_sight(kit, q):
    layers, F = map(int, kit.numbers(q.text)[:2])
    seen, _ = reach(F, [2**n if "double" in q.text else 1 for n in range(layers)])
    return seen[-1] - seen[0] + 1


def earliest_step(kit, q):
    F, d, t = map(int, kit.numbers(q.text))
    seen, T = reach(F, [d])
    return t - (T - 1 - seen[0])


def entry_of_the_matrix(kit, q):
    """What the filter makes of a row with a single 1."""
    w = [float(v) for v in re.findall(r"w_\d = (-?\d)", q.text)]
    T, _, i, j = map(int, kit.numbers(re.sub(r"\$.*?\$", "", q.text)))
    return np.correlate(np.eye(T)[i - 1], w, mode="valid")[j - 1]


def two_cards_joined(kit, q):
    """Two states go through both steps; the line through the results is the common card."""
    gamma, beta, later, more = kit.numbers(q.text)
    at_0, at_1 = (more + later * (beta + gamma * s) for s in (0.0, 1.0))
    return f"keeps {at_1 - at_0:.2f} and adds {at_0:.2f}"


def relay_of_four(kit, q):
    """The package's scan."""
    gamma, beta = np.array([[float(v) for v in row[1:]] for row in kit.rows(q.text)]).T
    start = float(re.search(r"s_0 = (\d+)", q.text)[1])
    s, *_ = scan.forward(beta.reshape(4, 1, 1), gamma.reshape(4, 1, 1), np.array([[start]]))
    return s[-1].item()


def rounds_of_a_scan(kit, q):
    """Hold the tournament, and come down again."""
    cards, up = int(kit.numbers(q.text)[0]), 0
    known, down = 1, 0
    total = cards
    while cards > 1:
        cards, up = cards // 2, up + 1
    while known < total:
        known, down = 2 * known, down + 1
    return up + down if "all states" in q.text else up


def mingru_as_a_card(kit, q):
    h, z1, z2, n1, n2 = kit.numbers(q.text)
    logit = [np.log(z / (1 - z)) for z in (z1, z2)]
    net = MinGRU(np.array([[logit[0], n1], [logit[1], n2]]), np.zeros(2))
    out, *_ = net.forward(np.eye(2).reshape(2, 1, 2), np.array([[h]]))
    return out[-1].item()


def which_can_be_joined(kit, q):
    """Run each printed step twice: joined, the result must be a line in the state."""
    right = []
    for text in q.choices:
        code = re.search(r"\$h_t = (.*?)\$", text)[1]
        slider = re.search(r"z_t = (\\sigma\(.*?\))\$", text)
        code = code.replace("z_t", f"({slider[1]})") if slider else code
        code = code.replace("n_t", r"\tanh(x_tV)")
        for tex, python in {
            r"\odot": "*", r"\sigma": "sigma", r"\tanh": "np.tanh", "h_{t-1}U": "h*U",
            "x_tW": "x*W", "x_tV": "x*V", "h_{t-1}": "h",
        }.items():  # fmt: skip
            code = code.replace(tex, python)
        names = {"np": np, "W": 0.7, "V": -1.1, "U": 0.9, "b": 0.3}
        names["sigma"] = lambda a: 1 / (1 + np.exp(-a))
        h = np.linspace(-1, 1, 5)
        for x in (0.4, -0.8):
            h = eval(code, names | {"x": x, "h": h})
        if np.abs(np.diff(h, 2)).max() < 1e-12:
            right.append(text)
    assert len(right) == 1, q.choices
    return right[0]


SOLVERS = [conv_parameters, largest_answer, steps_in_sight, earliest_step, entry_of_the_matrix]
SOLVERS += [two_cards_joined, relay_of_four, rounds_of_a_scan, mingru_as_a_card]
SOLVERS += [which_can_be_joined]


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.__name__)
def test_answers(kit, solver):
    for question in kit.draw(solver.__name__.replace("_", "-")):
        kit.holds(question, solver(kit, question))


def test_every_kind_is_tried():
    here = {one.name for one in kinds() if one.chapter.startswith("convolution/")}
    assert here == {solver.__name__.replace("_", "-") for solver in SOLVERS}
