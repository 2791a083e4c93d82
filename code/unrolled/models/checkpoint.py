"""Files of trained models and of training runs, and all that a run needs to go on.

A file is written whole or not at all, it is read on any machine, and reading it runs no code.
"""

import copy
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unrolled import checks


@dataclass
class Checkpoint:
    """A training run between two updates.

    With it and the same arguments `train` goes on to the numbers of a run that was never stopped,
    bit for bit. The batches are not kept, only how many were read (one for each loss).
    """

    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    generator: Tensor  # the state of torch's random numbers, which dropout draws
    loss: list[float]  # the history so far
    measured: dict[int, Any]
    seconds: float

    @classmethod
    def of(cls, model: nn.Module, optimizer: torch.optim.Optimizer, **history: Any) -> "Checkpoint":
        """A copy of everything as it is now; `history` gives loss, measured and seconds."""
        _check_run(model, optimizer)
        states = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
        return cls(*states, torch.get_rng_state(), **copy.deepcopy(history))

    def restore(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
        """Set model, optimiser and torch's random numbers as they were -> the history so far."""
        _check_run(model, optimizer)
        try:
            model.load_state_dict(self.model)
            optimizer.load_state_dict(copy.deepcopy(self.optimizer))
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"the checkpoint is of another model: {error}") from None
        torch.set_rng_state(self.generator)
        return copy.deepcopy(
            {name: getattr(self, name) for name in ("loss", "measured", "seconds")}
        )

    def save(self, path: str | Path) -> None:
        """Keep it in a file."""
        write(vars(self), path)

    @classmethod
    def load(cls, path: str | Path) -> "Checkpoint":
        """The checkpoint that `save` wrote, or `train` with `keep`."""
        return cls(**read(path, cls.__dataclass_fields__, "Checkpoint.save"))


def write(contents: dict[str, Any], path: str | Path) -> None:
    """Write a file beside `path` and move it there once it is whole, so that no good file is lost.

    ValueError for contents that `read` would refuse.
    """
    checks.path(path)
    path = Path(path).resolve()  # where a link leads, so that the link stays
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        torch.save(contents, beside)
        try:
            torch.load(beside, map_location="cpu", weights_only=True)
        except Exception as error:
            raise ValueError(
                "contents: a file keeps numbers, strings, tensors, and lists and dicts of them (no "
                f"arrays of NumPy), got something else: {error}"
            ) from None
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: str | Path, keys: Iterable[str], writer: str) -> dict[str, Any]:
    """The contents that `write` wrote, on the CPU. ValueError for any other file."""
    checks.path(path)
    checks.text(writer=writer)
    keys = checks.items("keys", keys)
    refusal = f"path: {path} is not a file that {writer} wrote"
    try:
        contents = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise  # it is not there, or may not be read, and the error says so
    except Exception as error:  # of many kinds, from a KeyError to an error of the unpickler's
        raise ValueError(refusal) from error
    if not isinstance(contents, dict) or sorted(contents, key=repr) != sorted(keys, key=repr):
        raise ValueError(refusal)
    return contents


def _check_run(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    checks.kind("a torch model", nn.Module, model=model)
    checks.kind("an optimiser of torch's", torch.optim.Optimizer, optimizer=optimizer)
