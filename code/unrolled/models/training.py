"""One short training loop for the book's torch models."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm


@dataclass
class History:
    """What a training run leaves behind, beside the trained model."""

    loss: list[float] = field(default_factory=list)  # of each step's batch, before its update
    measured: dict[int, Any] = field(default_factory=dict)  # updates made -> measure()'s answer
    seconds: float = 0.0  # spent on training, measuring left out


def cross_entropy_loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of -log softmax(model(x))[y] over all positions, in nats; model(x) is (..., V)."""
    u = model(x)
    return nn.functional.cross_entropy(u.flatten(0, -2), y.flatten())


def train(
    model: nn.Module,
    batches: Iterable[tuple],
    loss: Callable[..., Tensor] = cross_entropy_loss,
    *,
    steps: int,
    learning_rate: float = 1e-3,
    clip: float | None = None,
    decay: float = 0.0,
    measure: Callable[[], Any] | None = None,
    every: int = 100,
) -> History:
    """Minimise `loss(model, *batch)` with Adam, one step for each batch.

    Parameters
    ----------
    batches : tuples of tensors or NumPy arrays
    loss : gives the number to minimise, such as the functions named `…_loss`
    clip : the longest gradient; a longer one is cut to this norm
    decay : over this share of the steps, the last, the learning rate falls in a straight line to 0
    measure : called before the first update, after every `every` updates, and after the last, in
        evaluation mode and without gradients

    Raises
    ------
    ValueError : if the batches run out
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history, batches = History(), iter(batches)
    # disable=None: a bar in a terminal, and nothing between the lines of a page
    for step in tqdm(range(steps), disable=None, leave=False):
        if measure is not None and step % every == 0:
            history.measured[step] = _measured(model, measure)
        start = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            raise ValueError(f"{steps} steps need as many batches, got {step}")
        value = loss(model, *map(torch.as_tensor, batch))
        optimizer.param_groups[0]["lr"] = learning_rate * _share(step, steps, decay)
        optimizer.zero_grad()
        value.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        history.loss.append(value.item())
        history.seconds += time.perf_counter() - start
    if measure is not None:
        history.measured[steps] = _measured(model, measure)
    return history


def _share(step: int, steps: int, decay: float) -> float:
    """1, and from step (1 - decay) steps on, a straight line that reaches 0 after the last."""
    return min(1.0, (steps - step) / (decay * steps)) if decay else 1.0


@torch.no_grad()
def _measured(model: nn.Module, measure: Callable[[], Any]) -> Any:
    """measure()'s answer in evaluation mode; the model is in training mode again after it."""
    model.eval()
    answer = measure()
    model.train()
    return answer
