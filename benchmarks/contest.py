"""How contestants are timed side by side: what every benchmark shares.

All are timed in turn, in an order drawn anew each round; figures are medians over the rounds,
ratios the median of each round's own ratio. On one thread the process is pinned to one core and
its own processor time counts, so that whatever else runs on the core is left out; on two it is
the clock on the wall. Settings that force another kernel on NumPy's BLAS than it would choose are
taken away, and which code each side uses is printed. With --quick, a tenth of the time.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

try:
    from threadpoolctl import threadpool_info
except ImportError:  # it only names the kernel: without it everything is timed all the same
    threadpool_info = None

LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read at import
FORCED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # likewise: another kernel than it would choose
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
    end = time.perf_counter() + (seconds / 10 if "--quick" in sys.argv else seconds)
    while time.perf_counter() < end or min(map(len, times.values())) < 3:
        for name in rng.permutation(list(contestants)):
            times[name].append(turn(contestants[name], calls[name]))
    return {name: np.array(values) for name, values in times.items()}


def judged(ratio: float, target: float | None, below: bool = True) -> str:
    """A ratio, beside it the target (at most, or at least) and whether it is reached."""
    if target is None:
        return f"{ratio:.2f}"
    short = ratio / target if below else target / ratio  # above 1: this much is missing
    verdict = "reached" if short <= 1 else "within 10 %" if short <= 1.1 else "missed"
    return f"{ratio:.2f}, {'≤' if below else '≥'} {target:.2f} {verdict}"


def sides() -> str:
    """Which code NumPy's BLAS, NumPy's own loops and torch run on this processor."""
    blas = ["unknown (pip install -r benchmarks/requirements.txt)"]
    if threadpool_info is not None:
        blas = [f"{lib['internal_api']} {lib['version']} {lib.get('architecture', '')}"
                for lib in threadpool_info() if lib["user_api"] == "blas"]  # fmt: skip
    loops = np.lib.introspect.opt_func_info(func_name="^(multiply|tanh)$", signature="float32")
    loops = [f"{name} {kind['current']}" for name, kinds in loops.items()
             for kind in kinds.values()]  # fmt: skip
    theirs = torch.backends.cpu.get_cpu_capability()
    return f"NumPy: BLAS {', '.join(blas)}; {', '.join(loops)}. torch: {theirs}"


def run(measure: Callable[[int, Callable], None], file: str, threads: tuple[int, ...]) -> None:
    """measure(threads, clock) in a process of its own for each number of threads.

    Of its own, since the libraries read their limits when they are imported: `file`, the script
    that calls this, is started again with the limits set.
    """
    if MINE not in os.environ:
        for count in map(str, threads):
            env = {name: value for name, value in os.environ.items() if name not in FORCED}
            env |= dict.fromkeys((*LIMITS, MINE), count)
            subprocess.run([sys.executable, file, *sys.argv[1:]], env=env, check=True)
        return
    count = int(os.environ[MINE])
    torch.set_num_threads(count)
    np.ones(3_000_000)  # 24 MB, freed at once: from now on the allocator keeps memory of that size
    clock = time.perf_counter
    if count == 1:
        clock = time.process_time
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    busy = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nOn {count} of {os.cpu_count()} cores{busy}\n  {sides()}")
    measure(count, clock)
