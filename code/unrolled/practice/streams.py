"""Documents read as streams: the state set back row by row, and a loader that can go on.

A document is a row of ids, with its start and end marks if it has any. Inputs and targets stay
within it: nobody is asked to guess how the next document begins.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn

from unrolled import checks


class Segment(NamedTuple):
    """T steps of N columns: each array is (T, N)."""

    inputs: ndarray
    targets: ndarray
    fresh: ndarray  # True where a document begins


class Loader(Iterator):
    """Segments without end; a column whose document is over takes the next that nobody has.

    Every document is read once in each epoch, in a new order. Nothing is left over.
    """

    def __init__(self, documents: Sequence[Sequence[int]], N: int, T: int, seed: int = 0) -> None:
        """Documents of at least two ids each, for N columns and segments of T steps."""
        checks.whole(1, N=N, T=T)
        checks.whole(seed=seed)
        self.documents = _rows(documents)
        self.N, self.T, self.seed = int(N), int(T), int(seed)
        self.epoch, self.next = 0, 0  # of the order, which place is next
        self._order = self._shuffled()
        self.columns = [[self._take(), 0] for _ in range(self.N)]  # document, place in it

    def _shuffled(self) -> ndarray:
        """The order of this epoch, a function of seed and epoch alone."""
        rng = np.random.default_rng([self.seed, self.epoch])
        return rng.permutation(len(self.documents))

    def _take(self) -> int:
        if self.next == len(self.documents):
            self.epoch, self.next = self.epoch + 1, 0
            self._order = self._shuffled()
        self.next += 1
        return int(self._order[self.next - 1])

    def __next__(self) -> Segment:
        """The next segment."""
        shape = self.T, self.N
        inputs, targets = np.empty(shape, np.int64), np.empty(shape, np.int64)
        fresh = np.zeros(shape, bool)
        for t in range(self.T):  # step by step, so that documents are given out in order of time
            for n, (document, place) in enumerate(self.columns):
                ids = self.documents[document]
                inputs[t, n], targets[t, n], fresh[t, n] = ids[place], ids[place + 1], place == 0
                over = place + 2 == len(ids)
                self.columns[n] = [self._take(), 0] if over else [document, place + 1]
        return Segment(inputs, targets, fresh)

    def state(self) -> dict[str, Any]:
        """Where it stands: a few whole numbers, which JSON can keep."""
        numbers = {"seed": self.seed, "T": self.T, "epoch": self.epoch, "next": self.next}
        return {**numbers, "columns": [list(column) for column in self.columns]}

    @classmethod
    def resume(cls, documents: Sequence[Sequence[int]], state: dict[str, Any]) -> "Loader":
        """A loader that goes on at the token where the other one stood."""
        names = {"seed", "T", "epoch", "next", "columns"}
        if not isinstance(state, dict) or set(state) != names:
            raise ValueError(f"state must be what `state()` gave, got {checks.came(state)}")
        columns = checks.items("columns of state", state["columns"])
        columns = [checks.items("each of columns of state", column) for column in columns]
        if not columns or any(len(column) != 2 for column in columns):
            raise ValueError(f"columns of state must be pairs, got {columns}")
        checks.whole(1, **{"T of state": state["T"]})
        checks.whole(**{"seed of state": state["seed"], "epoch of state": state["epoch"]})
        loader = cls(documents, len(columns), state["T"], state["seed"])
        checks.whole(0, len(loader.documents), **{"next of state": state["next"]})
        for document, place in columns:
            checks.whole(0, len(loader.documents) - 1, **{"a document of state": document})
            checks.whole(0, len(loader.documents[document]) - 2, **{"a place of state": place})
        loader.epoch, loader.next, loader.columns = state["epoch"], state["next"], columns
        loader._order = loader._shuffled()
        return loader


def run(layer: nn.RNNBase, x: Tensor, fresh: Tensor, state: Any) -> tuple[Tensor, Any]:
    """A layer of torch's over x (T, N, D), each row starting from zero where it is fresh.

    `fresh` is (T, N), `state` as the layer takes it -> every state (T, N, H), and the last.
    The steps between two resets, in whatever rows, are one call of the layer.
    """
    checks.kind("a recurrent layer of torch's", nn.RNNBase, layer=layer)
    checks.kind("a tensor", Tensor, x=x, fresh=fresh)
    if x.ndim != 3 or x.shape[2] != layer.input_size or fresh.shape != x.shape[:2]:
        expected = f"x must be (T, N, {layer.input_size}) and fresh (T, N)"
        raise ValueError(f"{expected}, got {tuple(x.shape)} and {tuple(fresh.shape)}")
    if x.dtype != layer.weight_ih_l0.dtype:
        raise ValueError(f"x must be of {layer.weight_ih_l0.dtype}, got {x.dtype}")
    if fresh.dtype != torch.bool:
        raise ValueError(f"fresh must be true or false, got {fresh.dtype}")
    outputs = []
    for start, end in stretches(fresh):
        state = _zeroed(state, fresh[start])
        h, state = layer(x[start:end], state)
        outputs.append(h)
    return (torch.cat(outputs) if outputs else x.new_zeros(0, x.shape[1], layer.hidden_size)), state


def stretches(fresh: Tensor) -> list[tuple[int, int]]:
    """Where to cut T steps so that documents begin at first steps only: (start, end) of each."""
    checks.kind("a tensor", Tensor, fresh=fresh)
    if fresh.ndim != 2 or fresh.dtype != torch.bool:
        raise ValueError(f"fresh must be (T, N), true or false, got {checks.came(fresh)}")
    T = len(fresh)
    starts = sorted({0, *fresh.any(dim=1).nonzero()[:, 0].tolist()}) if T else []
    return list(zip(starts, [*starts[1:], T], strict=True)) if T else []


def _zeroed(state: Any, rows: Tensor) -> Any:
    """The state (layers, N, H), or a pair of such, with these rows at zero."""
    if isinstance(state, tuple):
        return tuple(_zeroed(part, rows) for part in state)
    return torch.where(rows[:, None], torch.zeros_like(state), state)


def _rows(documents: Sequence[Sequence[int]]) -> list[ndarray]:
    rows = [checks.array("each of documents", ids) for ids in checks.items("documents", documents)]
    for ids in rows:
        if ids.ndim != 1 or len(ids) < 2 or ids.dtype.kind not in "iu":
            raise ValueError(f"documents must be at least two ids each, got {checks.came(ids)}")
    if not rows:
        raise ValueError("documents must be at least one, got none")
    return rows
