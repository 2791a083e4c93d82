"""The equations of book/gates/gru-ablation.md, each against an independent route."""

import os

import numpy as np
import pytest
import torch
from gru_networks import D, H, N, sigmoid

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when keras is imported


def keras_cell(parts, H, x_z, x_r, x_n, h, W, b):
    """The next state (N, H) by Keras's GRU cell with reset_after=False, float32 inside.

    Its gates all read one input, and its z keeps the old state. So it is given what the gates of
    a mutation read, side by side, each through its own block (`parts` names the three matrices,
    None for the input as it is), and the weights of z with the other sign. W without "hz": z does
    not look at the state.
    """
    import keras

    reads = [x_z, x_r, x_n]  # in Keras's order of blocks
    widths = np.cumsum([0, *(part.shape[1] for part in reads)])
    kernel = np.zeros((widths[-1], 3 * H))
    for k, (name, sign) in enumerate(zip(parts, (-1, 1, 1), strict=True)):
        block = np.eye(H) if name is None else W[name]
        kernel[widths[k] : widths[k + 1], k * H : (k + 1) * H] = sign * block
    cell = keras.layers.GRUCell(H, reset_after=False, dtype="float64")
    cell.build((len(h), widths[-1]))
    recurrent = np.hstack([-W.get("hz", np.zeros((H, H))), W["hr"], W["hn"]])
    cell.set_weights([kernel, recurrent, np.hstack([-b["z"], b["r"], b["n"]])])
    state, _ = cell(torch.tensor(np.hstack(reads)), torch.tensor(h))
    return state.detach().numpy()


def mutation(rng, D, H):
    """Weights by name, biases, x (N, D), h (N, H)."""
    W = {
        k: rng.normal(size=(D if k[0] == "x" else H, H))
        for k in ("xr", "xz", "xn", "hr", "hz", "hn")
    }
    return (
        W,
        {k: rng.normal(size=H) for k in "rzn"},
        rng.normal(size=(N, D)),
        rng.normal(size=(N, H)),
    )


def blend(z, n, h):
    return z * n + (1 - z) * h


@pytest.mark.equation("eq-gru-mut1", tolerance=2e-6)
def test_mut1(check, rng):
    """Left: as printed, which needs D = H; right: Keras's cell, given x and tanh x to read."""
    W, b, x, h = mutation(rng, H, H)
    squashed = np.tanh(x)

    def printed(z_h=0.0, heard=None, reset=None, n_x=squashed):
        z = sigmoid(x @ W["xz"] + z_h + b["z"])
        r = sigmoid(x @ W["xr"] + h @ W["hr"] + b["r"]) if reset is None else reset
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + n_x + b["n"])
        return z, n

    W_1 = {k: w for k, w in W.items() if k != "hz"}
    right = keras_cell(("xz", "xr", None), H, x, x, np.tanh(x), h, W_1, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "input not squashed": blend(*printed(n_x=x), h),
        "z looks at the state": blend(*printed(z_h=h @ W["hz"]), h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "no reset": blend(*printed(reset=1.0), h),
        "a matrix for the input": blend(*printed(n_x=np.tanh(x @ W["xn"])), h),
    }
    check(blend(z, n, h), right, planted=planted)


@pytest.mark.equation("eq-gru-mut2", tolerance=2e-6)
def test_mut2(check, rng):
    """Left: as printed, which needs D = H; right: Keras's cell, x through the unit matrix for r."""
    W, b, x, h = mutation(rng, H, H)

    def printed(r_x=x, r_h=h, z_h=h, heard=None):
        z = sigmoid(x @ W["xz"] + z_h @ W["hz"] + b["z"])
        r = sigmoid(r_x + r_h @ W["hr"] + b["r"])
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + x @ W["xn"] + b["n"])
        return z, n

    right = keras_cell(("xz", None, "xn"), H, x, x, x, h, W, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "a matrix in the reset gate": blend(*printed(r_x=x @ W["xr"]), h),
        "no state in the reset gate": blend(*printed(r_h=0 * h), h),
        "z blind for the state (MUT1)": blend(*printed(z_h=0 * h), h),
        "input squashed in the reset gate": blend(*printed(r_x=np.tanh(x)), h),
    }
    check(blend(z, n, h), right, planted=planted)


@pytest.mark.equation("eq-gru-mut3", tolerance=2e-6)
def test_mut3(check, rng):
    """Left: as printed, D and H different; right: Keras's cell, tanh h among z's inputs."""
    W, b, x, h = mutation(rng, D, H)
    squashed = np.tanh(h)

    def printed(z_h=squashed, r_h=h, heard=None):
        z = sigmoid(x @ W["xz"] + z_h @ W["hz"] + b["z"])
        r = sigmoid(x @ W["xr"] + r_h @ W["hr"] + b["r"])
        n = np.tanh(((r * h) @ W["hn"] if heard is None else heard(r)) + x @ W["xn"] + b["n"])
        return z, n

    both = {k: w for k, w in W.items() if k != "hz"} | {"x+h": np.vstack([W["xz"], W["hz"]])}
    right = keras_cell(("x+h", "xr", "xn"), H, np.hstack([x, np.tanh(h)]), x, x, h, both, b)
    z, n = printed()
    planted = {
        "z keeps the old": blend(1 - z, n, h),
        "no tanh in the gate": blend(*printed(z_h=h), h),
        "tanh in the reset gate too": blend(*printed(r_h=np.tanh(h)), h),
        "reset after the product": blend(*printed(heard=lambda r: r * (h @ W["hn"])), h),
        "z blind for the state (MUT1)": blend(*printed(z_h=0 * h), h),
    }
    check(blend(z, n, h), right, planted=planted)
