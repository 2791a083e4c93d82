"""Layers on top of each other: the states of one are the inputs of the next.

    h^(l)[t] = layer l of (h^(l-1)[t], h^(l)[t-1]),    h^(0)[t] = x[t]

A layer is anything with `forward(x, state) -> h, tape` and `backward(tape, dh) -> grads, dx,
dstate`, and so is the stack.
"""

from dataclasses import dataclass
from typing import Any

from numpy import ndarray

from unrolled.layers.bidirectional import Bidirectional


@dataclass
class Stack:
    """L layers, the lowest first. Their gradient has the same fields: it is a Stack too."""

    layers: list[Any]

    def forward(
        self, x: ndarray, states: list, lengths: ndarray | None = None
    ) -> tuple[ndarray, list]:
        """Run N sequences through all layers (`eq-deep-stack`).

        Parameters
        ----------
        x : (T, N, D) inputs
        states : one initial state for each layer, of that layer's kind
        lengths : (N,) of sequences that end before step T; only bidirectional layers need them

        Returns
        -------
        h : (T, N, H) states of the highest layer
        tape : what `backward` needs, one part for each layer

        Raises
        ------
        ValueError : if number of states or a shape do not fit
        """
        if len(states) != len(self.layers):
            raise ValueError(f"states must be {len(self.layers)}, one a layer, got {len(states)}")
        h, tape = x, []
        for layer, state in zip(self.layers, states, strict=True):
            more = (lengths,) if isinstance(layer, Bidirectional | Stack) else ()
            h, part = layer.forward(h, state, *more)
            tape.append(part)
        return h, tape

    def backward(self, tape: list, dh: ndarray) -> tuple["Stack", ndarray, list]:
        """From the highest layer down: each one's dx is the dh of the one below (`eq-deep-down`).

        Parameters
        ----------
        tape : from `forward`
        dh : (T, N, H) gradient of each step's own loss at the highest states

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstates : gradients at the initial states, one for each layer
        """
        grads, dstates = [], []
        for layer, part in zip(self.layers[::-1], tape[::-1], strict=True):
            g, dh, dstate = layer.backward(part, dh)
            grads.append(g)
            dstates.append(dstate)
        return Stack(grads[::-1]), dh, dstates[::-1]
