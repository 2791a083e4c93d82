"""Protocols that the exchangeable torch models share: encode, decode, make one step.

Whoever takes a model of these protocols needs to know nothing else of it: searches call `step`,
training calls the model itself, and the state in between is handed on as it came.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

State = Any  # a tensor, or a tuple of tensors, with the N sequences on the first axis


@runtime_checkable
class Decoder(Protocol):
    """Writes a sequence from a state, many tokens at once or one at a time."""

    @property
    def encode(self) -> Callable[..., State]:
        """What is to be put into words, batch first or time first as the model says -> a state."""

    def decode(self, state: State, inputs: Tensor, /) -> tuple[Tensor, State]:
        """State, tokens (T, N) -> logits (T, N, V), and the state after the last of them."""

    def step(self, state: State, tokens: Tensor, /) -> tuple[Tensor, State]:
        """State, tokens (N,) -> log-probabilities of the next ones (N, V), and the new state."""


@runtime_checkable
class Seq2Seq(Decoder, Protocol):
    """A `Decoder` whose state comes from a source sequence."""

    def encode(self, source: Tensor, lengths: Tensor, /) -> State:
        """Source (S, N), lengths (N,) -> the decoder's first state."""

    def __call__(self, source: Tensor, lengths: Tensor, target_inputs: Tensor, /) -> Tensor:
        """Logits (T, N, V) with teacher forcing: each step is given the true token before it."""
