"""The solutions that are written for drawn cells: right, and readable."""

import numpy as np
import pytest

from unrolled.grading.cell_source import HELPERS, backward_source, forward_source
from unrolled.grading.draw import Draw
from unrolled.grading.drawn_cell import DrawnCell


def case(k, T, N, D, H, dtype=float):
    draw = Draw("source", str(k))
    cell = DrawnCell.draw(draw.at("cell"))
    x, s_0, dh = (draw.uniform(*size).astype(dtype) for size in ((T, N, D), (N, H), (T, N, H)))
    return cell, x, s_0, cell.init(D, H, draw, dtype), dh


def run(source):
    names = {}
    exec(source, names)
    return names["forward"], names["backward"]


def solution(cell):
    return HELPERS + forward_source(cell) + backward_source(cell)


@pytest.mark.parametrize("size", [(4, 3, 2, 5), (1, 1, 2, 3), (3, 2, 1, 1)])
def test_a_solution_computes_what_the_reference_does(size):
    for k in range(60):
        cell, x, s_0, P, dh = case(k, *size)
        forward, backward = run(solution(cell))
        before = x.copy(), s_0.copy(), dh.copy()
        h, s = forward(x, s_0, P)
        grads, dx, ds_0 = backward(x, s, P, dh)
        ref_h, ref_s = cell.forward(x, s_0, P)
        ref_grads, ref_dx, ref_ds_0 = cell.backward(x, ref_s, P, dh)
        assert np.abs(h - ref_h).max() < 1e-13 and np.abs(s - ref_s).max() < 1e-13
        assert np.abs(dx - ref_dx).max() < 1e-12 and np.abs(ds_0 - ref_ds_0).max() < 1e-12
        assert list(grads) == list(ref_grads)
        assert all(np.abs(grads[name] - ref_grads[name]).max() < 1e-11 for name in P)
        assert all(map(np.array_equal, before, (x, s_0, dh))), "nothing given has changed"


def test_a_solution_keeps_the_type():
    for k in range(20):
        cell, x, s_0, P, dh = case(k, 3, 2, 2, 3, "f4")
        forward, backward = run(solution(cell))
        h, s = forward(x, s_0, P)
        grads, dx, ds_0 = backward(x, s, P, dh)
        assert {a.dtype for a in (h, s, dx, ds_0, *grads.values())} == {np.dtype("f4")}


def test_solutions_are_readable():
    for k in range(100):
        cell, *_ = case(k, 1, 1, 1, 1)
        lines = solution(cell).splitlines()
        assert max(map(len, lines)) <= 100
        assert not any(line.endswith(" ") for line in lines)
        assert len(forward_source(cell).splitlines()) == 13
        assert len(backward_source(cell).splitlines()) <= 70


def test_a_solution_for_one_cell_fails_on_others():
    """As it should: what was written for one course says little to the next."""
    (cell, x, s_0, P, _), fitting = case(0, 4, 3, 2, 5), 0
    forward, _ = run(solution(cell))
    for k in range(1, 100):
        other, x, s_0, P, _ = case(k, 4, 3, 2, 5)
        try:
            fitting += np.allclose(forward(x, s_0, P)[0], other.forward(x, s_0, P)[0])
        except KeyError:
            continue
    assert fitting == 0
