"""Small networks, trained side by side, that must name the first symbol they have read.

Every array has an axis in front with one entry for each of S networks. They share their training
data and nothing else, and each may have a learning rate of its own.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import cross_entropy

from unrolled.datasets import tasks

H, K = 32, 4  # hidden units; symbols

Parameters = dict[str, Tensor]
Run = Callable[[Parameters, Tensor], Tensor]  # parameters, x (T, N, K) -> last states (S, N, H)


def uniform(rng: torch.Generator, *shape: int) -> Tensor:
    """Torch's default for a recurrent layer, every weight uniform between ±1/√H."""
    return (2 * torch.rand(*shape, generator=rng) - 1) / H**0.5


def draw(
    S: int,
    rng: torch.Generator,
    recurrent: str = "default",
    inputs: float | None = None,
    gain: float = 1.0,
) -> Parameters:
    """Weights of S networks with their readouts; all biases are zero.

    Parameters
    ----------
    recurrent : "default" (torch's), "orthogonal" or "identity"
    inputs : standard deviation of W_xh, if it is not to be torch's default
    gain : W_hh is multiplied by it
    """
    W_hh = {
        "default": uniform(rng, S, H, H),
        "orthogonal": torch.linalg.qr(torch.randn(S, H, H, generator=rng))[0],
        "identity": torch.eye(H).repeat(S, 1, 1),
    }
    if recurrent not in W_hh:
        raise ValueError(f"recurrent must be one of {', '.join(W_hh)}, got {recurrent!r}")
    small = None if inputs is None else inputs * torch.randn(S, K, H, generator=rng)
    W_xh = uniform(rng, S, K, H) if small is None else small
    readout = {"W_hy": uniform(rng, S, H, K), "b_y": torch.zeros(S, 1, K)}
    return {"W_xh": W_xh, "W_hh": gain * W_hh[recurrent], "b_h": torch.zeros(S, 1, H)} | readout


def plain(p: Parameters, x: Tensor, f: Callable[[Tensor], Tensor] = torch.tanh) -> Tensor:
    """The last state (S, N, H) of S plain networks that read x (T, N, K) (eq-bptt-forward)."""
    a_x = x @ p["W_xh"][:, None] + p["b_h"][:, None]  # (S, T, N, H)
    h = torch.zeros_like(a_x[:, 0])
    for a in a_x.unbind(1):
        h = f(torch.baddbmm(a, h, p["W_hh"]))
    return h


def gated(p: Parameters, x: Tensor) -> Tensor:
    """The last state of S networks with a gate for every unit (eq-vanishing-gate)."""
    W_x, W_h, b = (torch.cat([p[f"{k}h"], p[f"{k}z"]], dim=-1) for k in ("W_x", "W_h", "b_"))
    a_x = x @ W_x[:, None] + b[:, None]  # (S, T, N, 2H): both products in one
    h = torch.zeros(*a_x[:, 0].shape[:2], H)
    for a in a_x.unbind(1):
        n, z = torch.baddbmm(a, h, W_h).chunk(2, dim=-1)
        h = torch.lerp(torch.tanh(n), h, torch.sigmoid(z))  # (1 - z) n + z h
    return h


def draw_gated(S: int, rng: torch.Generator, open_by: float) -> Parameters:
    """Default weights for `gated`; the gates' biases b_z start at `open_by`."""
    gate = draw(S, rng)
    names = {"W_xz": gate["W_xh"], "W_hz": gate["W_hh"], "b_z": gate["b_h"] + open_by}
    return draw(S, rng) | names


def batch(T: int, N: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """N sequences x (T, N, K), and the first symbol of each (N,), which is the answer."""
    x, y = tasks.gap(T, N, rng, K)
    return torch.from_numpy(x), torch.from_numpy(y[-1])


def gradients(
    run: Run, p: Parameters, x: Tensor, y: Tensor
) -> tuple[Tensor, tuple[Tensor, ...], Tensor]:
    """Loss of each network (S,), the gradients, and the norm of each network's gradient (S,)."""
    u = torch.baddbmm(p["b_y"], run(p, x), p["W_hy"])  # (S, N, K)
    each = cross_entropy(u.flatten(0, 1), y.repeat(len(u)), reduction="none")
    L = each.view(len(u), -1).mean(dim=1)
    grads = torch.autograd.grad(L.sum(), list(p.values()))
    norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads]).norm(dim=0)
    return L.detach(), grads, norms


def train(
    run: Run,
    p: Parameters,
    T: int,
    rates: float | Sequence[float] | Tensor,
    rng: np.random.Generator,
    steps: int = 400,
    N: int = 32,
    make: Callable[[int, int, np.random.Generator], tuple[Tensor, Tensor]] = batch,
) -> ndarray:
    """Train S networks with Adam, norms clipped to 1; accuracy (S,) on 500 fresh sequences.

    Parameters
    ----------
    T : length of the sequences
    rates : the learning rate, or one for each network
    make : makes a batch, as `batch` does
    """
    p = {name: value.clone().requires_grad_() for name, value in p.items()}
    rates = torch.as_tensor(rates).expand(len(p["W_hh"]))[:, None, None]
    mean, square = ([torch.zeros_like(v) for v in p.values()] for _ in range(2))
    for i in range(1, steps + 1):
        _, grads, norms = gradients(run, p, *make(T, N, rng))
        shorten = torch.clamp(1 / norms, max=1)[:, None, None]
        with torch.no_grad():
            for value, g, m, s in zip(p.values(), grads, mean, square, strict=True):
                m.lerp_(shorten * g, 0.1)
                s.lerp_((shorten * g) ** 2, 0.001)
                value -= rates * m / (1 - 0.9**i) / ((s / (1 - 0.999**i)).sqrt() + 1e-8)
    with torch.no_grad():
        x, y = make(T, 500, rng)
        u = torch.baddbmm(p["b_y"], run(p, x), p["W_hy"])
    return (u.argmax(-1) == y).float().mean(dim=1).numpy()


def share_at_the_cue(run: Run, p: Parameters, T: int, rng: np.random.Generator) -> ndarray:
    """For each network (S,), the gradient at the first input over that at the last one."""
    x, y = batch(T, 32, rng)
    x.requires_grad_()
    u = torch.baddbmm(p["b_y"], run(p, x), p["W_hy"])
    shares = []
    for u_s in u:
        (dx,) = torch.autograd.grad(cross_entropy(u_s, y), x, retain_graph=True)
        first, *_, last = dx.flatten(1).norm(dim=1)
        shares.append(float(first / last))
    return np.array(shares)
