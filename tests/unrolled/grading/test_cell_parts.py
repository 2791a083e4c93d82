"""The printed equations of drawn cells, read by a parser of their own, against the reference.

The reader below knows LaTeX and nothing of the trees. It refuses what people read in two ways.
"""

import re

import numpy as np
import pytest
import torch

from unrolled.grading.draw import Draw
from unrolled.grading.drawn_cell import DrawnCell

TOKEN = re.compile(r"\s*(\\operatorname\{[a-z]+\}|\\[a-zA-Z]+|[a-zA-Z]|\d+|[_{}()+\-,])")
FUNCTIONS = {
    r"\sigma": lambda a: 1 / (1 + (-a).exp() if torch.is_tensor(a) else 1 + np.exp(-a)),
    r"\tanh": lambda a: torch.tanh(a) if torch.is_tensor(a) else np.tanh(a),
    r"\arctan": lambda a: torch.atan(a) if torch.is_tensor(a) else np.arctan(a),
    r"\operatorname{softsign}": lambda a: a / (1 + abs(a)),
    r"\operatorname{arsinh}": lambda a: torch.asinh(a) if torch.is_tensor(a) else np.arcsinh(a),
}


class Reader:
    """Reads one right side; every method returns a function of a dict of values."""

    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            assert found, f"cannot read {text[at:]!r}"
            self.tokens.append(found[1])
            at = found.end()
        self.tokens.append("end")

    def take(self, token=None):
        first = self.tokens.pop(0)
        assert token in (None, first), f"{token} expected, got {first}"
        return first

    def whole(self):
        formula = self.sum()
        self.take("end")
        return formula

    def sum(self):
        f = self.term()
        while self.tokens[0] in "+-":
            sign = self.take()
            f = self.joined(f, self.term(), sign)
        return f

    @staticmethod
    def joined(f, g, sign):
        if sign == "+":
            return lambda v: f(v) + g(v)
        if sign == "-":
            return lambda v: f(v) - g(v)
        return (lambda v: f(v) * g(v)) if sign == "odot" else (lambda v: f(v) @ g(v))

    def term(self):
        f, kinds = self.atom(), set()
        while self.tokens[0] not in ("+", "-", ")", "end"):
            kind = "odot" if self.tokens[0] == r"\odot" else "times"
            if kind == "odot":
                self.take()
            kinds.add(kind)
            f = self.joined(f, self.atom(), kind)
        assert len(kinds) < 2, "a product and a matrix without brackets: read in two ways"
        return f

    def atom(self):
        token = self.take()
        if token == "(":
            f = self.sum()
            self.take(")")
            return f
        if token.isdigit():
            return lambda v: int(token)
        if token in FUNCTIONS:
            self.take("(")
            f = self.sum()
            self.take(")")
            return lambda v: FUNCTIONS[token](f(v))
        assert token.isalpha(), f"what is {token}?"
        name = token + "_" + self.below()
        return lambda v: v[name]

    def below(self):
        self.take("_")
        if self.tokens[0] != "{":
            return self.take()
        self.take("{")
        text = ""
        while self.tokens[0] != "}":
            text += self.take()
        self.take("}")
        return text


def read(equations):
    """[(name, function)] of the lines between \\begin{aligned} and \\end{aligned}."""
    inside = re.fullmatch(r"\\begin\{aligned\}\n(.*)\n\\end\{aligned\}", equations, re.DOTALL)[1]
    lines = [line.split(" &= ") for line in inside.split(r" \\" + "\n")]
    return [(left, Reader(right).whole()) for left, right in lines]


def run(equations, x, s_0, P):
    """Outputs and states of the printed equations, in NumPy or torch."""
    formulas, s, outputs, states = read(equations), s_0, [], [s_0]
    for x_t in x:
        values = P | {"x_t": x_t, "s_t-1": s}
        for name, formula in formulas:
            values[name] = formula(values)
        s = values["s_t"]
        outputs.append(values["h_t"])
        states.append(s)
    return outputs, states


def case(k, T=4, N=3, D=2, H=5):
    """A cell, and x, s_0, P and two gradients for it."""
    draw = Draw("read back", str(k))
    cell = DrawnCell.draw(draw.at("cell"))
    arrays = draw.uniform(T, N, D), draw.uniform(N, H), cell.init(D, H, draw)
    return cell, *arrays, draw.uniform(T, N, H), draw.uniform(N, H)


@pytest.mark.parametrize("k", range(150))
def test_the_print_is_what_is_computed(k):
    cell, x, s_0, P, *_ = case(k)
    h, s = cell.forward(x, s_0, P)
    outputs, states = run(cell.equations(), x, s_0, P)
    assert np.abs(h - outputs).max() < 1e-12
    assert np.abs(s - states).max() < 1e-12


@pytest.mark.parametrize("k", range(60))
def test_gradients_are_those_of_the_print(k):
    """The printed equations in torch, differentiated by autograd."""
    cell, x, s_0, P, dh, ds_T = case(k)
    _, s = cell.forward(x, s_0, P)
    grads, dx, ds_0 = cell.backward(x, s, P, dh, ds_T)
    leaves = {"x": x, "s_0": s_0} | P
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in leaves.items()}
    outputs, states = run(
        cell.equations(), leaves["x"], leaves["s_0"], {name: leaves[name] for name in P}
    )
    loss = (torch.stack(outputs) * torch.tensor(dh)).sum()
    (loss + (states[-1] * torch.tensor(ds_T)).sum()).backward()
    for name, gradient in ({"x": dx, "s_0": ds_0} | grads).items():
        theirs = leaves[name].grad.numpy()
        assert gradient.shape == theirs.shape
        assert np.abs(gradient - theirs).max() < 1e-11 * (1 + np.abs(theirs).max()), name


PLANTED = {  # what a hand that writes LaTeX gets wrong
    "no space behind a command": (r"\odot s", r"\odots"),
    "one command in the other": (r"\arctan(", r"\sigm\arctan("),
    "a reset without its bracket": (r"(r_t \odot s_{t-1}) W_{sn}", r"r_t \odot s_{t-1} W_{sn}"),
    "a product without its bracket": (r"\odot (s_{t-1} W_{sn})", r"\odot s_{t-1} W_{sn}"),
    "a bias without its bracket": (r"(s_{t-1} W_{sn} + b_{sn})", r"s_{t-1} W_{sn} + b_{sn}"),
    "a difference without its bracket": (r"(n_t - s_{t-1})", r"n_t - s_{t-1}"),
    "a slider without its bracket": (r"(1 - z_t)", r"1 - z_t"),
    "a shift of the other sign": (" + 1)", " - 1)"),
    "a shift outside": (" + 1)", ") + 1"),
    "a forgotten peephole": (r" + p_i \odot s_{t-1}", ""),
    "an old state for the new one": (r"p_o \odot s_t", r"p_o \odot s_{t-1}"),
    "gates that change places": ("W_{sf}", "W_{si}"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_wrong_print_is_noticed(planted):
    """Each mistake is planted in every cell that has the place."""
    right, wrong = PLANTED[planted]
    cases = [case(k) for k in range(150)]
    cases = [c for c in cases if right in c[0].equations()]
    assert len(cases) >= 3
    for cell, x, s_0, P, *_ in cases:
        h, _ = cell.forward(x, s_0, P)
        try:
            outputs, _ = run(cell.equations().replace(right, wrong), x, s_0, P)
        except (AssertionError, KeyError, TypeError):
            continue  # it cannot even be read
        assert np.abs(h - outputs).max() > 1e-6
