"""A matrix written and read step by step, for the checks of the pages on linear attention."""

import torch

T, H, D = 7, 5, 3


def draw(rng, steps=T):
    """For one sequence: q, k (T, H), v (T, D), alpha, beta (T) below 1, S_0 (H, D)."""
    q, k = rng.normal(size=(2, steps, H))
    v, S_0 = rng.normal(size=(steps, D)), rng.normal(size=(H, D))
    return q, k, v, rng.uniform(0.5, 1, steps), rng.uniform(0.1, 1, steps), S_0


def matrices(k, v, alpha, beta, S_0):
    """S_0 … S_T of the gated delta rule as torch tensors, row by row of the sums behind it."""
    S = [torch.as_tensor(S_0)]
    k, v, alpha, beta = map(torch.as_tensor, (k, v, alpha, beta))
    for t in range(len(k)):
        faded = alpha[t] * S[-1]
        found = torch.einsum("h,hd->d", k[t], faded)
        S.append(faded + torch.einsum("h,d->hd", k[t], beta[t] * (v[t] - found)))
    return S
