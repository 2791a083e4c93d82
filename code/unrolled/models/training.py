"""One short training loop for the book's torch models."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unrolled import checks
from unrolled.models.checkpoint import Checkpoint
from unrolled.models.progress import watched
from unrolled.models.tensors import check_model, check_targets

FASTEST = 1000  # learning rate: with any as large nothing is learnt


@dataclass
class History:
    """What a training run leaves behind, beside the trained model."""

    loss: list[float] = field(default_factory=list)  # of each step's batch, before its update
    measured: dict[int, Any] = field(default_factory=dict)  # updates made -> measure()'s answer
    seconds: float = 0.0  # spent on training, measuring left out
    stopped: bool = False  # by Ctrl-C or a notebook's button, before all steps were made
    checkpoint: Checkpoint | None = None  # of a run stopped between two updates, to `resume`


def cross_entropy_loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean of -log softmax(model(x))[y] in nats; model(x) is (..., V).

    Over all positions but those where y is -100, which torch's cross-entropy leaves out.
    """
    checks.function(model=model)
    checks.kind("a tensor of classes", Tensor, y=y)
    counted = y != -100
    if not counted.any():
        raise ValueError(f"a batch needs at least one target, got y of shape {tuple(y.shape)}")
    u = model(x)
    check_targets("y", y.where(counted, torch.zeros_like(y)), u)
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
    resume: Checkpoint | None = None,
    keep: str | Path | None = None,
) -> History:
    """Minimise `loss(model, *batch)` with Adam, one step for each batch.

    Ctrl-C (in a notebook the button *stop*) ends the run after the step in progress: the model is
    as far as it got, and `history.checkpoint` lets it go on.

    Parameters
    ----------
    batches : tuples of tensors or NumPy arrays
    loss : gives the number to minimise, such as the functions named `…_loss`
    clip : the longest gradient; a longer one is cut to this norm
    decay : over this share of the steps, the last, the learning rate falls in a straight line to 0
    measure : called before the first update, after every `every` updates, and after the last, in
        evaluation mode and without gradients
    resume : where to go on. All else must be as it was at the start of the run: the batches begin
        anew, and as many as were used are passed over. What `loss` or `measure` remember from one
        call to the next is not kept.
    keep : a file for a `Checkpoint`, written after every `every` updates and at the end

    Raises
    ------
    ValueError : if the batches run out, or an argument is out of range
    """
    _check_parts(model, loss, measure)
    _check(steps, every, clip, decay, learning_rate)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    run, batches = _Run(model, optimizer, measure, every, keep), checks.iterator("batches", batches)
    if resume is not None:
        run.go_on(resume, batches, steps)
    model.train()  # dropout is on, whatever the model did before
    with suppress(KeyboardInterrupt), watched(run.done, steps) as (numbers, note):
        for step in numbers:
            run.before(step)
            start = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                raise ValueError(f"{steps} steps need as many batches, got {step}")
            if not isinstance(batch, list | tuple):
                raise ValueError(f"batches must be tuples of tensors, got {checks.came(batch)}")
            value = loss(model, *map(torch.as_tensor, batch))
            optimizer.param_groups[0]["lr"] = learning_rate * _share(step, steps, decay)
            optimizer.zero_grad()
            value.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            run.after(value.item(), time.perf_counter() - start)
            note(f"loss {value.item():.3f}")
    return run.end(steps)


class _Run:
    """The bookkeeping around the steps: history, measuring, checkpoints."""

    def __init__(self, model, optimizer, measure, every, keep) -> None:
        self.model, self.optimizer, self.measure = model, optimizer, measure
        self.every, self.keep = every, keep
        self.history, self.done = History(), 0  # done: updates made before this call
        self.between = True  # two updates, not in the middle of one

    def go_on(self, checkpoint: Checkpoint, batches: Iterator[tuple], steps: int) -> None:
        """Pass over the batches that were used, then set everything as it was."""
        self.done = len(checkpoint.loss)
        if self.done > steps:
            raise ValueError(f"steps must be at least the {self.done} made already, got {steps}")
        for step in range(self.done):
            if next(batches, None) is None:
                raise ValueError(f"{self.done} batches were used already, got {step} to pass over")
        self.history = History(**checkpoint.restore(self.model, self.optimizer))

    def checkpoint(self) -> Checkpoint:
        so_far = {name: getattr(self.history, name) for name in ("loss", "measured", "seconds")}
        return Checkpoint.of(self.model, self.optimizer, **so_far)

    def before(self, step: int) -> None:
        if step % self.every == 0:
            if self.measure is not None:
                with evaluating(self.model):
                    self.history.measured[step] = self.measure()
            if self.keep is not None and step > self.done:
                self.checkpoint().save(self.keep)
        self.between = False

    def after(self, loss: float, seconds: float) -> None:
        self.history.loss.append(loss)
        self.history.seconds += seconds
        self.between = True

    def end(self, steps: int) -> History:
        history = self.history
        history.stopped = len(history.loss) < steps
        if self.measure is not None and not history.stopped:
            with evaluating(self.model):
                history.measured[steps] = self.measure()
        if self.between and history.stopped:
            history.checkpoint = self.checkpoint()
        if self.between and self.keep is not None:
            self.checkpoint().save(self.keep)
        return history


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, without gradients; afterwards each part's mode is as before."""
    check_model(model)
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes.items():
            part.training = training


def _share(step: int, steps: int, decay: float) -> float:
    """1, and from step (1 - decay) steps on, a straight line that reaches 0 after the last."""
    return min(1.0, (steps - step) / (decay * steps)) if decay else 1.0


def _check_parts(model: nn.Module, loss: Callable, measure: Callable | None) -> None:
    check_model(model)
    checks.function(loss=loss)
    if measure is not None:
        checks.function(measure=measure)


def _check(steps: int, every: int, clip: float | None, decay: float, learning_rate: float) -> None:
    checks.number(0, FASTEST, learning_rate=learning_rate)
    checks.integer(steps=steps, every=every)
    checks.number(-math.inf, math.inf, clip=0 if clip is None else clip)
    checks.kind("a number", Real, decay=decay)
    if steps < 0:
        raise ValueError(f"steps must be 0 or more, got {steps}")
    if every < 1:
        raise ValueError(f"every must be at least 1 step, got {every}")
    if clip is not None and not 0 < clip <= math.inf:
        raise ValueError(f"clip must be a norm above 0, or None, got {clip}")
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must be a share from 0 to 1, got {decay}")
