"""A small network that reads letters from a tape, with or without a pause button."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled import checks
from unrolled.models.mamba import scan
from unrolled.models.tensors import embed


class Recorder(nn.Module):
    """Reads a tape of symbols, then says the K letters from its last state.

    Parameters
    ----------
    symbols : how many there are, the blank included
    K, V : letters on a tape, and letters of the alphabet
    H : units
    selective : whether a unit's step Delta depends on the symbol that is read. Otherwise each unit
        has one Delta for all steps, and the units together are a fixed filter.
    """

    def __init__(self, symbols: int, K: int, V: int, H: int = 32, selective: bool = True) -> None:
        super().__init__()
        checks.whole(1, symbols=symbols, K=K, V=V, H=H)
        checks.kind("True or False", bool, selective=selective)
        self.write = nn.Embedding(symbols, H)
        self.pace = nn.Embedding(symbols, H) if selective else None
        if selective:
            nn.init.zeros_(self.pace.weight)
        self.bias = nn.Parameter(torch.linspace(-4, 2, H))  # slow units and quick ones
        self.read = nn.Linear(H, K * V)
        self.answers = K, V

    def steps(self, ids: Tensor) -> Tensor:
        """ids (T, N) -> Delta (T, N, H), how far each unit's clock moves at each step."""
        embed(self.write, "ids", ids)  # refuses other ids
        if self.pace is None:
            return F.softplus(self.bias.expand(*ids.shape, -1))
        return F.softplus(self.bias + self.pace(ids))

    def forward(self, ids: Tensor) -> Tensor:
        """ids (T, N) -> scores of the letters (K, N, V)."""
        u = embed(self.write, "ids", ids)  # what a symbol stands for, (T, N, H)
        keep = torch.exp(-self.steps(ids))
        h = scan((1 - keep) * u, keep, torch.zeros_like(keep[0]))
        return self.read(h[-1]).unflatten(1, self.answers).transpose(0, 1)


class AnyFilter(nn.Module):
    """All fixed filters at once: a score is a sum of one number for each place and symbol.

    Whatever a fixed filter and a linear read-out do with tapes of T places, this network can do.
    """

    def __init__(self, T: int, symbols: int, K: int, V: int) -> None:
        super().__init__()
        checks.whole(1, T=T, symbols=symbols, K=K, V=V)
        self.table = nn.Embedding(T * symbols, K * V)
        nn.init.zeros_(self.table.weight)
        self.sizes = T, symbols, K, V

    def forward(self, ids: Tensor) -> Tensor:
        """ids (T, N) -> scores of the letters (K, N, V)."""
        checks.kind("a tensor", Tensor, ids=ids)
        T, symbols, K, V = self.sizes
        if ids.ndim != 2 or len(ids) != T or ids.dtype != torch.int64:
            raise ValueError(
                f"ids must be whole numbers ({T}, N), got {tuple(ids.shape)} {ids.dtype}"
            )
        if ids.numel() and not 0 <= ids.min() <= ids.max() < symbols:
            raise ValueError(f"ids must be from 0 to {symbols - 1}, got {ids.min()} to {ids.max()}")
        places = torch.arange(T)[:, None] * symbols
        return self.table(places + ids).sum(0).unflatten(1, (K, V)).transpose(0, 1)
