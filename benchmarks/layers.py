"""How fast is the plain layer? One training step against torch's, the bare products, and a classic.

    python benchmarks/layers.py

A step is a forward and a backward pass in float32 that ends in the gradient of all parameters, of
the inputs and of the initial state, on every side: torch's layer, torch's cell in a loop over
`x.unbind(0)` (indexing `x[t]` in it would cost a backward pass over all of x at each step), and
the matrix products that no step can avoid, by the faster of NumPy and torch. All are timed in turn,
in an order drawn anew each round; figures are medians over the rounds, ratios the median of each
round's own ratio. On one thread the process is pinned to one core and its own processor time
counts, so that whatever else runs on the core is left out; on two it is the clock on the wall.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy import ndarray

from unrolled.gradients import relative_error
from unrolled.loss import cross_entropy
from unrolled.optimize import clip_value
from unrolled.rnn import RNN

# (T, N, D, H): seconds to spend; on one thread, the ratios to torch.nn.RNN and products to reach
SIZES = {
    (35, 32, 28, 32): (4, 0.25, None),
    (50, 64, 128, 128): (12, 0.80, 1.35),
    (100, 64, 256, 512): (30, 0.95, 1.25),
}
LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read at import
MINE = "UNROLLED_BENCHMARK_THREADS"  # tells a process that it measures, and on how many threads


def rounds(contestants: dict[str, Callable], seconds: float, clock: Callable) -> dict:
    """Each contestant's seconds for one call in each round, until the time is up.

    In a round all have their turn, in a new order. A turn is as many calls as fit into 10 ms (at
    least one), since in training, too, a step follows its like.
    """

    def turn(run: Callable, calls: int) -> float:
        start = clock()
        for _ in range(calls):
            run()
        return (clock() - start) / calls

    calls = {}
    for name, run in contestants.items():
        turn(run, 1)  # not counted: caches, torch's choice of kernels
        calls[name] = 1 + int(0.01 / max(turn(run, 1), 1e-5))
    times: dict[str, list] = {name: [] for name in contestants}
    rng = np.random.default_rng(0)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, times.values())) < 3:
        for name in rng.permutation(list(contestants)):
            times[name].append(turn(contestants[name], calls[name]))
    return {name: np.array(values) for name, values in times.items()}


def layers(T: int, N: int, D: int, H: int) -> dict[str, Callable]:
    """One training step of our layer, of torch's and of torch's cell: the same numbers, checked."""
    rng = np.random.default_rng(0)
    ours = RNN.init(D, H, rng, np.float32)
    x, C = (rng.normal(size=(T, N, n)).astype(np.float32) for n in (D, H))
    h_0 = np.zeros((N, H), np.float32)
    x_t, h_0_t = torch.tensor(x, requires_grad=True), torch.tensor(h_0, requires_grad=True)
    layer, cell = torch.nn.RNN(D, H), torch.nn.RNNCell(D, H)
    for module in (layer, cell):
        with torch.no_grad():
            for p, a in zip(module.parameters(), (ours.W_xh.T, ours.W_hh.T, 0, 0), strict=True):
                p.copy_(torch.as_tensor(a))

    def numpy_step():
        _, tape = ours.forward(x, h_0)
        grads, dx, _ = ours.backward(tape, C)
        return grads.W_hh, dx

    def torch_step(module, states):
        module.zero_grad()
        x_t.grad = h_0_t.grad = None
        states().backward(torch.from_numpy(C))
        return list(module.parameters())[1].grad.numpy().T, x_t.grad.numpy()

    def cell_states():
        h, states = h_0_t, []
        for x_now in x_t.unbind(0):
            h = cell(x_now, h)
            states.append(h)
        return torch.stack(states)

    steps = {
        "ours": numpy_step,
        "layer": lambda: torch_step(layer, lambda: layer(x_t, h_0_t[None])[0]),
        "cell": lambda: torch_step(cell, cell_states),
    }
    for step in steps.values():
        for a, b in zip(step(), numpy_step(), strict=True):
            assert relative_error(a, b) < 1e-4
    return steps


def products(T: int, N: int, D: int, H: int) -> dict[str, Callable]:
    """The products alone, as the formulas write them, into arrays that stand ready.

    At each step h W_hh and Δ W_hhᵀ; for all steps at once x W_xh, Δ W_xhᵀ, xᵀ Δ and hᵀ Δ (h stands
    in for Δ).
    """
    rng = np.random.default_rng(0)
    new = {name: rng.normal(size=s).astype(np.float32) for name, s in {
        "x": (T * N, D), "h": (T * N, H), "W_xh": (D, H), "W_hh": (H, H), "a": (T * N, H),
        "a_t": (N, H), "dW_xh": (D, H), "dW_hh": (H, H), "dx": (T * N, D),
    }.items()}  # fmt: skip

    def run(dot, x, h, W_xh, W_hh, a, a_t, dW_xh, dW_hh, dx, steps):
        dot(x, W_xh, out=a)
        for h_t in steps:
            dot(h_t, W_hh, out=a_t)
        for h_t in steps:
            dot(h_t, W_hh.T, out=a_t)
        dot(x.T, h, out=dW_xh)
        dot(a.T, h, out=dW_hh)
        dot(h, W_xh.T, out=dx)

    twin = {name: torch.from_numpy(a) for name, a in new.items()}
    steps = list(new["h"].reshape(T, N, H)), list(twin["h"].reshape(T, N, H))  # both: (N, H) views
    return {
        "torch": lambda: run(torch.mm, **twin, steps=steps[1]),
        "NumPy": lambda: run(np.dot, **new, steps=steps[0]),
    }


def judged(ratio: float, target: float | None, below: bool = True) -> str:
    """A ratio, beside it the target (at most, or at least) and whether it is reached."""
    if target is None:
        return f"{ratio:.2f}"
    short = ratio / target if below else target / ratio  # above 1: this much is missing
    verdict = "reached" if short <= 1 else "within 10 %" if short <= 1.1 else "missed"
    return f"{ratio:.2f}, {'≤' if below else '≥'} {target:.2f} {verdict}"


def compare_layers(threads: int, clock: Callable) -> None:
    """Print a row of times, then of ratios for each size."""
    row = "{:>15}" + 5 * " {:>9}" + "   {:<22} {:<6} {:<22} {}"
    print("  milliseconds (medians); bare products by torch, by NumPy; then ours in units of them")
    print(row.format("T,N,D,H", "ours", "nn.RNN", "cell loop", "by torch", "by NumPy",
                     "/ nn.RNN", "/ cell", "/ faster products", "/ NumPy's"))  # fmt: skip
    for size, (seconds, *targets) in SIZES.items():
        t = rounds(layers(*size) | products(*size), seconds / threads, clock)
        times = (f"{1e3 * np.median(t[name]):.2f}" for name in t)
        ratio = {name: np.median(t["ours"] / t[name]) for name in t}
        bare = max(ratio["torch"], ratio["NumPy"])
        at_layer, at_bare = targets if threads == 1 else (None, None)
        print(row.format(",".join(map(str, size)), *times, judged(ratio["layer"], at_layer),
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
    layer = RNN(*weights)
    x = np.eye(V, dtype=W_hy.dtype)[ids[:-1]]  # (T, N, V), dense, though all but one are zero
    h, tape = layer.forward(x, h_0)
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


def measure(threads: int) -> None:
    """Everything on this number of threads; `main` has set the libraries' limits."""
    torch.set_num_threads(threads)
    np.ones(3_000_000)  # 24 MB, freed at once: from now on the allocator keeps memory of that size
    clock = time.perf_counter
    if threads == 1:
        clock = time.process_time
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    busy = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nOne step of a layer on {threads} of {os.cpu_count()} cores{busy}")
    compare_layers(threads, clock)
    if threads == 1:
        characters(clock)


def main() -> None:
    """One process for each number of threads: the libraries read their limits when imported."""
    for threads in ("1", "2"):
        limits = dict.fromkeys((*LIMITS, MINE), threads)
        subprocess.run([sys.executable, __file__], env=os.environ | limits, check=True)


if __name__ == "__main__":
    measure(int(os.environ[MINE])) if MINE in os.environ else main()
