"""Drawn cells: how many and how alike they are, what they compute, the same everywhere."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import unrolled
from unrolled.grading.cell_source import backward_source
from unrolled.grading.draw import Draw
from unrolled.grading.drawn_cell import LEAST, MOST, DrawnCell
from unrolled.layers.gradients import numerical_gradient, relative_error


def cells(n):
    return [DrawnCell.draw(Draw("a course", str(k))) for k in range(n)]


def arrays(cell, T=5, N=2, D=3, H=4, dtype=float):
    draw = Draw("arrays")
    x, s_0, dh = (draw.uniform(*size).astype(dtype) for size in ((T, N, D), (N, H), (T, N, H)))
    return x, s_0, cell.init(D, H, draw, dtype), dh


def test_many_different_cells():
    drawn = Counter(cells(600))
    assert len(drawn) > 570 and max(drawn.values()) <= 3
    printed = {cell.equations() for cell in drawn}
    assert len(printed) == len(drawn), "what is printed tells cells apart"


def test_cells_are_of_like_length_and_difficulty():
    for cell in cells(300):
        equations = cell.equations()
        assert LEAST <= cell.operations <= MOST and MOST <= 1.15 * LEAST
        assert equations.count(r"\sigma") == 3
        assert equations.count(r"W_{x") == equations.count(r"W_{s") == 4
        assert "p_" in equations and ("+ 1)" in equations or "- 1)" in equations)
        assert len(cell.steps) == 6
        assert 13 <= len(cell.parameters(2, 3)) <= 15
        assert 39 <= backward_source(cell).count("= ") <= 48  # lines that compute something


def test_every_part_comes_up():
    drawn = "".join(cell.equations() for cell in cells(300))
    for part in (
        r"(r_t \odot s_{t-1}) W_{sn}",
        r"r_t \odot (s_{t-1} W_{sn})",
        r"r_t \odot (s_{t-1} W_{sn} + b_{sn})",
        r"f_t \odot s_{t-1} + i_t \odot n_t",
        r"i_t \odot (n_t - s_{t-1})",
        r"z_t \odot s_{t-1} + (1 - z_t) \odot n_t",
        r"(1 - z_t) \odot s_{t-1} + z_t \odot n_t",
        r"s_t &= \tanh(",
        r"h_t &= o_t \odot s_t",
        r"h_t &= o_t \odot \arctan(s_t)",
        r"h_t &= \operatorname{softsign}(s_t)",
        r"p_o \odot s_{t-1}",
        r"p_o \odot s_t",
        r"p_f \odot s_{t-1}",
    ):
        assert part in drawn


def test_parameters():
    """In the order of the equations, and with their shapes."""
    cell = next(c for c in cells(300) if "b_{sn}" in c.equations() and "p_o" in c.equations())
    sizes = cell.parameters(2, 3)
    places = [cell.equations().index(w.tex) for w in cell.weights]
    assert places == sorted(places) and [w.name for w in cell.weights] == list(sizes)
    for name, size in sizes.items():
        assert size == {"W_x": (2, 3), "W_s": (3, 3)}.get(name[:3], (3,))
    P = cell.init(2, 3, Draw("P"))
    assert {name: array.shape for name, array in P.items()} == sizes and list(P) == list(sizes)


@pytest.mark.parametrize("T, N, D, H", [(3, 2, 2, 3), (1, 1, 1, 1), (2, 1, 3, 2)])
def test_gradients_are_those_of_differences(T, N, D, H):
    for cell in cells(8):
        x, s_0, P, dh = arrays(cell, T, N, D, H)
        ds_T = Draw("end").uniform(N, H)

        def loss(_):
            h, s = cell.forward(x, s_0, P)  # noqa: B023
            return float(np.sum(h * dh) + np.sum(s[-1] * ds_T))  # noqa: B023

        grads, dx, ds_0 = cell.backward(x, cell.forward(x, s_0, P)[1], P, dh, ds_T)
        assert list(grads) == list(P)
        for mine, at in ((dx, x), (ds_0, s_0), *((grads[name], P[name]) for name in P)):
            assert relative_error(mine, numerical_gradient(loss, at)) < 1e-6


def test_a_sequence_in_two_pieces():
    for cell in cells(5):
        x, s_0, P, dh = arrays(cell)
        h, s = cell.forward(x, s_0, P)
        grads, dx, ds_0 = cell.backward(x, s, P, dh)
        h_b, s_b = cell.forward(x[2:], s[2], P)
        late, dx_b, ds_2 = cell.backward(x[2:], s_b, P, dh[2:])
        early, dx_a, ds_0_again = cell.backward(x[:2], s[:3], P, dh[:2], ds_2)
        assert np.array_equal(h_b, h[2:]) and np.array_equal(s_b, s[2:])
        assert np.allclose(np.concatenate([dx_a, dx_b]), dx, atol=1e-14)
        assert np.allclose(ds_0_again, ds_0, atol=1e-14)
        assert all(np.allclose(early[k] + late[k], grads[k], atol=1e-13) for k in P)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("T, N", [(0, 2), (1, 1), (3, 0)])
def test_types_and_sizes_that_are_nothing(dtype, T, N):
    for cell in cells(5):
        x, s_0, P, dh = arrays(cell, T, N, dtype=dtype)
        h, s = cell.forward(x, s_0, P)
        grads, dx, ds_0 = cell.backward(x, s, P, dh)
        assert h.shape == dh.shape and s.shape == (T + 1, N, 4)
        assert dx.shape == x.shape and ds_0.shape == s_0.shape
        assert {a.dtype for a in (h, s, dx, ds_0, *grads.values())} == {np.dtype(dtype)}
        assert {name: g.shape for name, g in grads.items()} == cell.parameters(3, 4)


def test_long_sequences_stay_finite():
    for cell in cells(30):
        x, s_0, P, dh = arrays(cell, 60, 8, 30, 40)
        h, s = cell.forward(x, s_0, P)
        grads, dx, ds_0 = cell.backward(x, s, P, dh)
        assert max(np.abs(a).max() for a in (h, s)) < 100
        assert max(np.abs(a).max() for a in (dx, ds_0, *grads.values())) < 1e5
        assert np.abs(ds_0).max() > 0


def test_wrong_input_is_named():
    cell = cells(1)[0]
    x, s_0, P, dh = arrays(cell)
    first = next(iter(P))
    for message, call in {
        "s_0 must be": lambda: cell.forward(x, s_0[:1], P),
        "x must be": lambda: cell.forward(x[0], s_0, P),
        f"{first} in P must be": lambda: cell.forward(x, s_0, P | {first: dh}),
        "P must hold": lambda: cell.forward(x, s_0, {}),
        "dh must be": lambda: cell.backward(x, cell.forward(x, s_0, P)[1], P, dh[:1]),
        "s must be": lambda: cell.backward(x, dh, P, dh),
        "draw must be": lambda: DrawnCell.draw("key"),
        "H must be": lambda: cell.parameters(2, 0),
    }.items():
        with pytest.raises(ValueError, match=message):
            call()


DIGEST = """
import hashlib
from unrolled.grading import cell_parts
from unrolled.grading.draw import Draw
from unrolled.grading.cell_source import backward_source, forward_source
from unrolled.grading.drawn_cell import DrawnCell
def text(k):
    cell = DrawnCell.draw(Draw("a course", str(k)))
    P = cell.init(2, 3, Draw("P"))
    numbers = b"".join(P[name].tobytes() for name in P)
    return (cell.equations() + forward_source(cell) + backward_source(cell)).encode() + numbers
digest = hashlib.sha256(b"".join(map(text, range(25)))).hexdigest()
"""


def digest(seed, before=""):
    """The digest of many cells, worked out by a Python whose strings hash by this seed."""
    code = f"from unrolled.grading import cell_parts\n{before}\n{DIGEST}print(digest)"
    environment = os.environ | {
        "PYTHONHASHSEED": str(seed),
        "PYTHONPATH": str(Path(unrolled.__file__).parents[1]),
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_same_under_any_hash_seed_and_on_any_python():
    """The number was written down on Python 3.11, and is that of 3.12 and 3.13."""
    here = {}
    exec(DIGEST, here)
    written_down = "a2dc09c063a4ac72b763f1f6a4602a67d4a2bdd67c8a761b8b09cdd396b52b26"
    assert {digest(seed) for seed in (0, 1, 2, 3)} == {here["digest"]} == {written_down}


def test_a_set_among_the_parts_would_be_noticed():
    planted = "cell_parts.RESETS = tuple(set(cell_parts.RESETS))"
    assert len({digest(seed, planted) for seed in (0, 1, 2, 3)}) > 1
