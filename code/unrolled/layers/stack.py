"""Layers on top of each other: the states of one are the inputs of the next.

    h^(l)[t] = layer l of (h^(l-1)[t], h^(l)[t-1]),    h^(0)[t] = x[t]

A layer is anything that keeps the contract of `layer_contract.Layer`, and so does the stack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.bidirectional import Bidirectional
from unrolled.layers.layer_contract import check_class, check_parts


@dataclass
class Stack:
    """L layers, the lowest first. Their gradient has the same fields: it is a Stack too."""

    layers: list[Any]

    @classmethod
    def init(
        cls,
        kind: Any,
        D: int,
        sizes: Sequence[int],
        rng: np.random.Generator,
        dtype: DTypeLike = float,
    ) -> "Stack":
        """One layer of a kind for each size, the lowest first: `Stack.init(LSTM, D, [H, H], rng)`.

        For layers of several kinds, or bidirectional ones, give a list to `Stack` itself.
        """
        check_class(kind)
        checks.kind("a list of sizes, one a layer", list | tuple, sizes=sizes)
        checks.whole(1, **{"number of sizes": len(sizes)})
        for size in sizes:
            checks.whole(1, **{"each of sizes": size})
        inputs = [D, *sizes[:-1]]
        pairs = zip(inputs, sizes, strict=True)
        return cls([kind.init(size, H, rng, dtype) for size, H in pairs])

    def zeros(self, N: int) -> list[Any]:
        """The initial states of N sequences that begin with nothing, one for each layer."""
        checks.whole(N=N)
        return [layer.zeros(N) for layer in self.layers]

    def forward(
        self, x: ndarray, state: Sequence[Any], lengths: ndarray | None = None
    ) -> tuple[ndarray, list[Any], list[Any]]:
        """Run N sequences through all layers (`eq-deep-stack`).

        Parameters
        ----------
        x : (T, N, D) inputs
        state : one initial state for each layer, of that layer's kind
        lengths : (N,) of sequences that end before step T; only bidirectional layers need them

        Returns
        -------
        h : (T, N, H) states of the highest layer
        last_state : each layer's state after the last step
        tape : what `backward` needs, one part for each layer

        Raises
        ------
        ValueError : if number of states or a shape do not fit
        """
        L = len(self.layers)
        check_parts("state", state, f"a list of {L}, one a layer", L)
        h, last_state, tape = x, [], []
        for layer, start in zip(self.layers, state, strict=True):
            more = (lengths,) if isinstance(layer, Bidirectional | Stack) else ()
            h, last, part = layer.forward(h, start, *more)
            last_state.append(last)
            tape.append(part)
        return h, last_state, tape

    def backward(
        self, tape: list[Any], dh: ndarray, dlast_state: Sequence[Any] | None = None
    ) -> tuple["Stack", ndarray, list[Any]]:
        """From the highest layer down: each one's dx is the dh of the one below (`eq-deep-down`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) gradient of each step's own loss at the highest states
        dlast_state : what comes back to each layer's last state from beyond the last step, a list
            with one part for each layer; None, whole or in part, for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstate : gradients at the initial states, one for each layer

        Raises
        ------
        ValueError : if dh or dlast_state does not fit
        """
        L = len(self.layers)
        beyond = [None] * L if dlast_state is None else dlast_state
        check_parts("dlast_state", beyond, f"a list of {L}, one a layer", L)
        check_parts("tape", tape, f"a list of {L}, one a layer", L)
        grads, dstate = [], []
        for layer, part, last in zip(self.layers[::-1], tape[::-1], beyond[::-1], strict=True):
            g, dh, d = layer.backward(part, dh, last)
            grads.append(g)
            dstate.append(d)
        return Stack(grads[::-1]), dh, dstate[::-1]
