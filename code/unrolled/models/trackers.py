"""Two linear recurrences that may keep a state as it is, or turn it round.

What decides between them is which factors they allow: positive ones, or negative ones too.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled import checks
from unrolled.models.tensors import embed


class Diagonal(nn.Module):
    """Each unit multiplies its state by a factor that the symbol decides, and adds its own.

        h[t] = gamma * h[t-1] + (1 - |gamma|) * u        gamma, u from symbol t

    Parameters
    ----------
    symbols, V : how many symbols there are, and how many answers
    H : units
    negative : factors from -1 to 1 (a tanh), rather than from 0 to 1 (a sigmoid)
    """

    def __init__(self, symbols: int, V: int, H: int = 64, negative: bool = False) -> None:
        super().__init__()
        checks.whole(1, symbols=symbols, V=V, H=H)
        checks.kind("True or False", bool, negative=negative)
        self.table = nn.Embedding(symbols, 2 * H)
        self.read = nn.Sequential(nn.Linear(H, 64), nn.ReLU(), nn.Linear(64, V))
        self.negative = negative

    def forward(self, ids: Tensor) -> Tensor:
        """ids (T, N) -> logits (T, N, V)."""
        a, u = embed(self.table, "ids", ids).chunk(2, dim=2)  # (T, N, H) each
        gamma = torch.tanh(a) if self.negative else torch.sigmoid(a + 1)
        h, states = torch.zeros_like(u[0]), []
        for t in range(len(ids)):
            h = gamma[t] * h + (1 - gamma[t].abs()) * u[t]
            states.append(h)
        return self.read(torch.stack(states))


class Mirrors(nn.Module):
    """The delta rule in heads, with strengths up to `top`: at 2, a symbol can reflect the state.

        S[t] = (I - beta k^T k) S[t-1] + beta k^T v,    o[t] = q S[t]     in each head

    Parameters
    ----------
    symbols, V : how many symbols there are, and how many answers
    heads, H : heads, each with a matrix H x H and keys of length 1
    top : beta lies between 0 and this
    """

    def __init__(self, symbols: int, V: int, heads: int = 4, H: int = 8, top: float = 1.0) -> None:
        super().__init__()
        checks.whole(1, symbols=symbols, V=V, heads=heads, H=H)
        checks.number(0, 2, top=top)
        self.q, self.k, self.v = (nn.Embedding(symbols, heads * H) for _ in range(3))
        self.strength = nn.Embedding(symbols, heads)
        self.read = nn.Sequential(nn.Linear(heads * H, 64), nn.ReLU(), nn.Linear(64, V))
        self.sizes, self.top = (heads, H), top

    def forward(self, ids: Tensor) -> Tensor:
        """ids (T, N) -> logits (T, N, V)."""
        q, k, v = (
            embed(table, "ids", ids).unflatten(2, self.sizes) for table in (self.q, self.k, self.v)
        )  # (T, N, heads, H) each
        k, beta = F.normalize(k, dim=3), self.top * torch.sigmoid(5 * self.strength(ids))[..., None]
        S, outputs = torch.zeros_like(k[0][..., None] * v[0][..., None, :]), []
        for t in range(len(ids)):
            found = torch.einsum("nik,nikv->niv", k[t], S)
            S = S + k[t][..., None] * (beta[t] * (v[t] - found))[..., None, :]
            outputs.append(torch.einsum("nik,nikv->niv", q[t], S))
        return self.read(torch.stack(outputs).flatten(2))
