"""How fast are the layers? One training step against torch's, the bare products, and a classic.

    python benchmarks/layers.py [--quick]

The layer that a reader meets (plain) and the one laid out for speed (fast) run beside torch's. A
step is a forward and a backward pass in float32 that ends in the gradient of all parameters, of
the inputs and of the initial state, on every side: torch's layer, torch's cell in a loop over
`x.unbind(0)` (indexing `x[t]` in it would cost a backward pass over all of x at each step), and
the matrix products that no step can avoid, by the faster of NumPy and torch. --quick takes a tenth
of the time.

A ratio to torch's layer depends on the processor, since torch's BLAS is faster than NumPy's on some
and slower on others. Beside it stands what NumPy's bare products alone take of torch's time
("bare"): a layer gets below that only by better products.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from contest import judged, rounds, run
from numpy import ndarray

from unrolled import layers as plain
from unrolled.layers import fast
from unrolled.layers.gradients import relative_error
from unrolled.layers.loss import cross_entropy
from unrolled.layers.optimize import clip_value

# (T, N, D, H): seconds to spend on a layer; on one thread, the ratios to reach: of the fast RNN,
# LSTM and GRU to torch's layer, of the plain LSTM and GRU to the fast ones, of the fast RNN to the
# bare products
SIZES = {
    (35, 32, 28, 32): (4, (0.20, 1.25, 0.36), None, None),
    (50, 64, 128, 128): (10, (0.42, 1.10, 0.50), 1.25, 1.35),
    (100, 64, 256, 512): (20, (0.47, 0.82, 0.46), 1.25, 1.25),
}
KINDS = ("RNN", "LSTM", "GRU")


def layers(name: str, T: int, N: int, D: int, H: int) -> dict[str, Callable]:
    """One training step of ours, of torch's and of torch's cell: the same numbers, checked."""
    rng, pair = np.random.default_rng(0), name == "LSTM"
    ours = getattr(plain, name).init(D, H, rng, np.float32)
    laid_out = getattr(fast, name)(**vars(ours))
    x, C = (rng.normal(size=(T, N, n)).astype(np.float32) for n in (D, H))
    zero = np.zeros((N, H), np.float32)
    states = [torch.tensor(zero, requires_grad=True) for _ in range(1 + pair)]
    x_t = torch.tensor(x, requires_grad=True)
    layer, cell = getattr(torch.nn, name)(D, H), getattr(torch.nn, f"{name}Cell")(D, H)
    for module in (layer, cell):
        with torch.no_grad():
            for p, a in zip(
                module.parameters(), (ours.W_xh.T, ours.W_hh.T, ours.b_h, 0), strict=True
            ):
                p.copy_(torch.as_tensor(a))

    def numpy_step(layer):
        _, _, tape = layer.forward(x, (zero, zero) if pair else zero)
        grads, dx, _ = layer.backward(tape, C)
        return grads.W_hh, dx

    def torch_step(module, outputs):
        module.zero_grad()
        for a in (x_t, *states):
            a.grad = None
        outputs().backward(torch.from_numpy(C))
        return list(module.parameters())[1].grad.numpy().T, x_t.grad.numpy()

    def layer_outputs():
        first = tuple(s[None] for s in states)
        return layer(x_t, first if pair else first[0])[0]

    def cell_outputs():
        state = tuple(states) if pair else states[0]
        outputs = []
        for x_now in x_t.unbind(0):
            state = cell(x_now, state)
            outputs.append(state[0] if pair else state)
        return torch.stack(outputs)

    steps = {
        "plain": lambda: numpy_step(ours),
        "fast": lambda: numpy_step(laid_out),
        "layer": lambda: torch_step(layer, layer_outputs),
        "cell": lambda: torch_step(cell, cell_outputs),
    }
    for step in steps.values():
        for a, b in zip(step(), numpy_step(ours), strict=True):
            assert relative_error(a, b) < 1e-4
    return steps


def products(blocks: int, T: int, N: int, D: int, H: int) -> dict[str, Callable]:
    """The products alone, as the formulas write them, into arrays that stand ready.

    At each step h W_hh and Δ W_hhᵀ; for all steps at once x W_xh, Δ W_xhᵀ, xᵀ Δ and hᵀ Δ, where Δ
    and the weights have `blocks` blocks of H columns.
    """
    rng, K = np.random.default_rng(0), blocks * H
    new = {name: rng.normal(size=s).astype(np.float32) for name, s in {
        "x": (T * N, D), "h": (T * N, H), "Delta": (T * N, K), "W_xh": (D, K), "W_hh": (H, K),
        "a": (T * N, K), "a_t": (N, K), "dh_t": (N, H), "dW_xh": (D, K), "dW_hh": (H, K),
        "dx": (T * N, D),
    }.items()}  # fmt: skip

    def run(dot, x, h, Delta, W_xh, W_hh, a, a_t, dh_t, dW_xh, dW_hh, dx, steps):
        dot(x, W_xh, out=a)
        for h_t, _ in steps:
            dot(h_t, W_hh, out=a_t)
        for _, Delta_t in steps:
            dot(Delta_t, W_hh.T, out=dh_t)
        dot(x.T, Delta, out=dW_xh)
        dot(h.T, Delta, out=dW_hh)
        dot(Delta, W_xh.T, out=dx)

    twin = {name: torch.from_numpy(a) for name, a in new.items()}
    steps = [list(zip(arrays["h"].reshape(T, N, H), arrays["Delta"].reshape(T, N, K), strict=True))
             for arrays in (new, twin)]  # fmt: skip
    return {
        "torch": lambda: run(torch.mm, **twin, steps=steps[1]),
        "NumPy": lambda: run(np.dot, **new, steps=steps[0]),
    }


def compare_layers(name: str, threads: int, clock: Callable) -> None:
    """Print a row of times, then of ratios for each size."""
    row = "{:>15}" + 6 * " {:>9}" + "   {:<22} {:<6} {:<22} {:<6} {:<22} {}"
    print(
        f"\n{name}: milliseconds (medians); bare products by torch, by NumPy; then ratios of fast"
    )
    print(row.format("T,N,D,H", "plain", "fast", f"nn.{name}", "cell loop", "by torch", "by NumPy",
                     f"/ nn.{name}", "bare", "plain / fast", "/ cell", "/ faster products",
                     "/ NumPy's"))  # fmt: skip
    blocks = {"RNN": 1, "LSTM": 4, "GRU": 3}[name]
    for size, (seconds, at_layers, at_plain, at_bare) in SIZES.items():
        t = rounds(layers(name, *size) | products(blocks, *size), seconds / threads, clock)
        times = (f"{1e3 * np.median(t[name]):.2f}" for name in t)
        ratio = {name: np.median(t["fast"] / t[name]) for name in t}
        bare = max(ratio["torch"], ratio["NumPy"])
        at_layer, rnn = at_layers[KINDS.index(name)], name == "RNN"
        targets = at_layer, None if rnn else at_plain, at_bare if rnn else None
        at_layer, at_plain, at_bare = targets if threads == 1 else (None, None, None)
        print(row.format(",".join(map(str, size)), *times, judged(ratio["layer"], at_layer),
                         f"{np.median(t['NumPy'] / t['layer']):.2f}",
                         judged(np.median(t["plain"] / t["fast"]), at_plain),
                         f"{ratio['cell']:.2f}", judged(bare, at_bare),
                         f"{ratio['NumPy']:.2f}"), flush=True)  # fmt: skip


# The classic: a character model, one sequence and one step at a time, in columns and in float64.

T, H, V = 25, 100, 65


def classic_gradients(parameters: list[ndarray], ids: ndarray, h: ndarray) -> list[ndarray]:
    """Gradients of the loss summed over one segment: ids (T + 1,), h (H, 1)."""
    W_hx, W_hh, W_yh, b_h, b_y = parameters
    loss, steps = 0.0, []
    for now, after in pairwise(ids):
        x = np.zeros((V, 1))
        x[now] = 1
        before, h = h, np.tanh(np.dot(W_hx, x) + np.dot(W_hh, h) + b_h)
        u = np.dot(W_yh, h) + b_y
        p = np.exp(u) / np.sum(np.exp(u))
        loss -= np.log(p[after, 0])
        steps.append((x, before, h, p, after))
    gradients = [np.zeros_like(p) for p in parameters]
    dW_hx, dW_hh, dW_yh, db_h, db_y = gradients
    dh_next = np.zeros_like(h)
    for x, before, h_t, p, after in reversed(steps):
        du = np.copy(p)
        du[after] -= 1
        dW_yh += np.dot(du, h_t.T)
        db_y += du
        da = (np.dot(W_yh.T, du) + dh_next) * (1 - h_t * h_t)
        db_h += da
        dW_hx += np.dot(da, x.T)
        dW_hh += np.dot(da, before.T)
        dh_next = np.dot(W_hh.T, da)
    return gradients


def our_gradients(parameters: list[ndarray], ids: ndarray, h_0: ndarray) -> list[ndarray]:
    """Gradients of the mean loss over a batch of segments: ids (T + 1, N), h_0 (N, H)."""
    *weights, W_hy, b_y = parameters
    layer = fast.RNN(*weights)
    x = np.eye(V, dtype=W_hy.dtype)[ids[:-1]]  # (T, N, V), dense, though all but one are zero
    h, _, tape = layer.forward(x, h_0)
    rows = h.reshape(-1, H)  # (T N, H)
    u = rows @ W_hy
    u += b_y
    _, du = cross_entropy(u, ids[1:].reshape(-1))
    grads, _, _ = layer.backward(tape, (du @ W_hy.T).reshape(h.shape))
    return [*vars(grads).values(), rows.T @ du, np.ones(len(du), du.dtype) @ du]


def characters(clock: Callable) -> None:
    """Print the time per character of training a character model, ours against the classic."""
    rng = np.random.default_rng(0)
    shapes = ((H, V), (H, H), (V, H), (H, 1), (V, 1))
    columns = [0.01 * rng.normal(size=shape) for shape in shapes]
    W_hx, W_hh, W_yh, b_h, b_y = columns
    rows = [W_hx.T, W_hh.T, b_h[:, 0], W_yh.T, b_y[:, 0]]
    ids = rng.integers(V, size=(T + 1, 32))

    right = classic_gradients(columns, ids[:, 0], np.zeros((H, 1)))
    for a, i in zip(
        our_gradients(rows, ids[:, :1], np.zeros((1, H))), (0, 1, 3, 2, 4), strict=True
    ):
        assert relative_error(T * a.reshape(right[i].T.shape), right[i].T) < 1e-10  # the same

    def training(gradients: Callable, parameters: list[ndarray], ids: ndarray, h: ndarray):
        memory = [np.zeros_like(p) for p in parameters]

        def step():
            grads = gradients(parameters, ids, h)
            clip_value(grads, 5)
            for p, g, m in zip(parameters, grads, memory, strict=True):
                m += g * g  # Adagrad
                p -= 0.1 * g / np.sqrt(m + 1e-8)

        return step

    def ours(N: int, dtype: type) -> Callable:
        parameters = [np.array(p, dtype, order="C") for p in rows]
        return training(our_gradients, parameters, ids[:, :N], np.zeros((N, H), dtype))

    contestants = {  # its step, characters in it, how many times as fast it should be at least
        "classic, 1 sequence, float64": (
            training(classic_gradients, columns, ids[:, 0], np.zeros((H, 1))), T, None),
        "ours, 1 sequence, float64": (ours(1, np.float64), T, None),
        "ours, 1 sequence, float32": (ours(1, np.float32), T, 4),
        "ours, 32 sequences, float32": (ours(32, np.float32), 32 * T, 20),
    }  # fmt: skip
    t = rounds({name: step for name, (step, *_) in contestants.items()}, 10, clock)
    print(f"\nTraining a character model (T = {T}, H = {H}, V = {V}), ids in, updated weights out")
    print("  microseconds a character, medians; then how many times as fast as the classic")
    each = {name: t[name] / count for name, (_, count, _) in contestants.items()}
    for name, (_, _, target) in contestants.items():
        gain = np.median(each["classic, 1 sequence, float64"] / each[name])
        print(
            f"{name:>30} {1e6 * np.median(each[name]):8.2f}   {judged(gain, target, below=False)}"
        )


def measure(threads: int, clock: Callable) -> None:
    """Everything on this number of threads."""
    for name in KINDS:
        compare_layers(name, threads, clock)
    if threads == 1:
        characters(clock)


if __name__ == "__main__":
    run(measure, __file__, threads=(1, 2))
