"""Small networks whose gradient can be cut, for the chapter on truncation."""

from dataclasses import dataclass

import numpy as np
import torch

T, N, D, H = 7, 2, 3, 4
STEPS = range(1, T + 1)  # arrays below have a place 0 that is not used, so steps count from 1


@dataclass
class Net:
    """A plain network and a loss at every step, ℓ_t = sum(C_t * sin(h_t))."""

    x: np.ndarray  # (T + 1, N, D)
    h_0: np.ndarray  # (N, H)
    W_xh: np.ndarray
    W_hh: np.ndarray
    C: np.ndarray  # (T + 1, N, H)

    @classmethod
    def draw(cls, rng):
        shapes = [(T + 1, N, D), (N, H), (D, H), (H, H), (T + 1, N, H)]
        scale = [1, 1, 0.4, 0.6, 1]
        return cls(*(s * rng.normal(size=shape) for s, shape in zip(scale, shapes, strict=True)))

    def states(self):
        h = [self.h_0]
        for t in STEPS:
            h.append(np.tanh(self.x[t] @ self.W_xh + h[-1] @ self.W_hh))
        return h

    def autograd(self, losses=STEPS, uses=STEPS, factors=None, every_use=False):
        """∂(sum of ℓ_t, t in losses)/∂W_hh; only the W_hh of the steps `uses` counts.

        `factors[t]` multiplies what flows back from step t to t - 1. `every_use`: one gradient
        for each use, in a list, place k for step k.
        """
        copies = {k: torch.tensor(self.W_hh, requires_grad=True) for k in STEPS}
        h, L = torch.tensor(self.h_0), torch.zeros((), dtype=torch.float64)
        for t in STEPS:
            if factors is not None:
                h = factors[t] * h + (1 - factors[t]) * h.detach()
            h = torch.tanh(torch.tensor(self.x[t] @ self.W_xh) + h @ copies[t])
            if t in losses:
                L = L + (torch.tensor(self.C[t]) * torch.sin(h)).sum()
        found = torch.autograd.grad(L, list(copies.values()), allow_unused=True)
        parts = [np.zeros((H, H)) if g is None else g.numpy() for g in found]
        return [None, *parts] if every_use else sum(parts[k - 1] for k in uses)

    def terms(self):
        """G_{t,k} by autograd, one loss and one use at a time."""
        rows = {t: self.autograd(losses=[t], every_use=True) for t in STEPS}
        return {(t, k): rows[t][k] for t in STEPS for k in range(1, t + 1)}


def recursion(net, factors, transpose=True, place=1):
    """Σ h_{t-1}ᵀΔ_t by the recursion as printed; place 1: ξ_{t+1} multiplies Δ_{t+1}."""
    h, W = net.states(), net.W_hh.T if transpose else net.W_hh
    total, Delta = np.zeros((H, H)), np.zeros((N, H))
    factors = [*factors, 1.0, 1.0]
    for t in reversed(STEPS):
        own = net.C[t] * np.cos(h[t])
        Delta = (own + factors[t + place] * Delta @ W) * (1 - h[t] ** 2)
        total += h[t - 1].T @ Delta
    return total
