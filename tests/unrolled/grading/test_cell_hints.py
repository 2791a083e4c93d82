"""Every line of code in the hints is what the formula sends back."""

import re

import numpy as np
import pytest

from unrolled.grading import cell_hints
from unrolled.grading.activations import ACTIVATIONS
from unrolled.grading.cell_parts import CURVES, RESETS, S_OLD, N, R, X
from unrolled.grading.draw import Draw
from unrolled.grading.drawn_cell import DrawnCell
from unrolled.grading.expressions import Symbol, send_back

CELLS = [DrawnCell.draw(Draw(f"key {k}")) for k in range(40)]


@pytest.mark.parametrize("place", RESETS)
def test_what_goes_through_the_line_of_n(place):
    cell = next(cell for cell in CELLS if cell_hints.reset_place(cell) == place)
    said = cell_hints.candidate(cell)
    gets = dict(re.findall(r"(?:<code>(\w+)</code>|s<sub>t−1</sub>) gets <code>(.*?)</code>", said))
    assert len(gets) == {"none": 0, "after product and bias": 4}.get(place, 3)
    rng = np.random.default_rng(0)
    names = {n: rng.normal(size=size) for n, size in cell.parameters(3, 4).items()}
    inner = dict(cell.steps)[N].inner
    values = {w: names[w.name] for w in cell.weights}
    values |= {X: rng.normal(size=(2, 3)), S_OLD: rng.normal(size=(2, 4)), R: rng.random((2, 4))}
    names |= {"r": values[R], "s": [values[S_OLD]], "t": 0, "Delta_n": rng.normal(size=(2, 4))}
    back = {}
    send_back(inner, names["Delta_n"], values, back)
    by_name = {symbol.name: gradient for symbol, gradient in back.items()}
    for name, code in gets.items():
        np.testing.assert_allclose(eval(code, {"np": np}, names), by_name[name or "s"], rtol=1e-12)


@pytest.mark.parametrize("name", CURVES)
def test_slopes(name):
    a = np.linspace(-3, 3, 13)
    y = ACTIVATIONS[name].value(a)
    for code in re.findall("<code>(.*?)</code>", cell_hints.SLOPES[name]):
        right = ACTIVATIONS[name].slope(a, y)
        np.testing.assert_allclose(eval(code, {"np": np, "a": a, "y": y}), right, rtol=1e-12)


def test_the_hints_are_those_of_the_cell():
    for cell in CELLS:
        printed = cell.equations()
        for name in CURVES:
            assert (f"of {name} is" in cell_hints.slopes(cell)) == (
                ACTIVATIONS[name].tex in printed
            )
        assert ("$o_t$" in cell_hints.output_reads(cell)) == ("o_t &=" in printed)
        gate = cell_hints.first_gate(cell)
        assert isinstance(gate, Symbol) and f"b_{gate.name}" in cell.parameters(2, 2)
