"""Checks of the tensors that the torch models are given.

Shapes and types cost nothing beside a step of a network. What no model knows beforehand, whether
all ids are in its vocabulary, is said by the embedding itself, and here in words.
"""

from typing import Any

from torch import Tensor, nn

from unrolled import checks


def embed(table: nn.Embedding, name: str, ids: Tensor, axes: int = 2) -> Tensor:
    """The rows of the table for ids (T, N), or (N,) with one axis; ValueError for other ids."""
    if not isinstance(ids, Tensor) or ids.dim() != axes or ids.numel() == 0:
        expected = "(T, N)" if axes == 2 else "(N,)"
        raise ValueError(f"{name} must be a tensor {expected} of ids, got {checks.came(ids)}")
    try:
        return table(ids)
    except (IndexError, RuntimeError):
        most = table.num_embeddings - 1
        came = (
            checks.came(ids)
            if ids.is_floating_point() or ids.is_complex()
            else f"{ids.min()} to {ids.max()}"
        )
        raise ValueError(f"{name} must be whole numbers from 0 to {most}, got {came}") from None


def check(name: str, tensor: Tensor, like: Tensor, *shape: int) -> None:
    """ValueError unless this is a tensor of that shape, of the same type as `like`."""
    fits = isinstance(tensor, Tensor) and tensor.dtype == like.dtype
    if not fits or tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must be {like.dtype} {shape}, got {checks.came(tensor)}")


def check_targets(name: str, y: Tensor, u: Tensor) -> None:
    """ValueError unless y (...) are classes for the logits u (..., V): whole numbers below V."""
    whole = isinstance(y, Tensor) and not y.is_floating_point() and y.element_size() == 8
    if not whole or y.shape != u.shape[:-1]:
        came = checks.came(y)
        raise ValueError(f"{name} must be int64 {tuple(u.shape[:-1])}, got {came}")
    if y.numel() and not 0 <= int(y.min()) <= int(y.max()) < u.shape[-1]:
        came = f"{int(y.min())} to {int(y.max())}"
        raise ValueError(f"{name} must be from 0 to {u.shape[-1] - 1}, got {came}")


def check_model(model: Any, kind: Any = nn.Module, name: str = "model") -> None:
    """ValueError unless this is a torch model, of the kind that is needed."""
    checks.kind(f"a {getattr(kind, '__name__', 'model')}", kind, **{name: model})
