"""Many small LSTMs side by side, whose gates can be forced open or shut, and their training.

Forcing makes of one program the plain network, the cell of 1997 and all that lies between. Every
array has an axis of M networks in front; all M networks learn from the same batches.
"""

from collections.abc import Callable, Sequence

import torch
from numpy import ndarray
from torch import Generator, Tensor

from unrolled import checks
from unrolled.decoding.sampling import check_rng
from unrolled.layers.layer_contract import check_parts

SHUT, FREE, OPEN = -1000.0, 0.0, 1000.0  # added to a gate's pre-activation
Kind = tuple[float, float, float, float, float]  # added to i, f and o; tanh at the output?; b_f
Parameters = dict[str, Tensor]


def draw(
    kinds: Sequence[Kind], S: int, D: int, V: int, rng: Generator, H: int = 12
) -> tuple[Parameters, dict[str, Tensor]]:
    """S networks of each kind: weights by torch's default, and what makes them their kind.

    Parameters
    ----------
    kinds : (added to i, to f, to o; 1 for a tanh at the output, else 0; b_f)
    D, V, H : inputs, outputs and units of each network

    Returns
    -------
    p : W_xh (M, D, 4H), W_hh (M, H, 4H), b_h (M, 1, 4H), W_hy (M, H, V), b_y (M, 1, V)
    kind : what `run` adds and whether it squashes
    """
    checks.whole(1, S=S, D=D, V=V, H=H)
    check_rng(rng)
    for of_one in (kinds := checks.items("kinds", kinds)):
        check_parts("each of kinds", of_one, "five numbers", 5)
        checks.number(
            -1e6, 1e6, **{f"number {i} of a kind in kinds": x for i, x in enumerate(of_one)}
        )
    checks.whole(1, **{"number of kinds": len(kinds)})
    M = S * len(kinds)
    shapes = {"W_xh": (M, D, 4 * H), "W_hh": (M, H, 4 * H), "W_hy": (M, H, V)}
    p = {name: (2 * torch.rand(s, generator=rng) - 1) / H**0.5 for name, s in shapes.items()}
    each = torch.tensor(kinds).repeat_interleave(S, dim=0)  # (M, 5)
    i, f, o, squash, b_f = each.T[..., None, None]
    one, zero = torch.ones(1, 1, H), torch.zeros(M, 1, H)
    p["b_h"] = torch.cat([zero, b_f * one, zero, zero], dim=-1)
    p["b_y"] = torch.zeros(M, 1, V)
    return p, {"force": torch.cat([i * one, f * one, zero, o * one], dim=-1), "squash": squash}


def run(p: Parameters, kind: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden and cell states, each (M, T, N, H), of M networks that read x (T, N, D)."""
    H = p["W_hh"].shape[1]
    a_x = x @ p["W_xh"][:, None] + (p["b_h"] + kind["force"])[:, None]  # (M, T, N, 4H)
    a_x, W = a_x.transpose(2, 3).contiguous(), p["W_hh"].mT  # features first: faster
    h = c = torch.zeros_like(a_x[:, 0, :H])  # (M, H, N)
    states = []
    for a in a_x.unbind(1):
        a = torch.baddbmm(a, W, h)
        g = torch.tanh(a[:, 2 * H : 3 * H])
        i, f, _, o = torch.sigmoid(a).chunk(4, dim=1)
        c = f * c + i * g
        h = o * torch.lerp(c, torch.tanh(c), kind["squash"])  # c, or tanh c
        states.append((h, c))
    h, c = (torch.stack(s, dim=1).mT for s in zip(*states, strict=True))
    return h, c


def readout(p: Parameters, h: Tensor) -> Tensor:
    """Logits (M, T, N, V) from hidden states (M, T, N, H)."""
    return h @ p["W_hy"][:, None] + p["b_y"][:, None]


def cross_entropy_loss(u: Tensor, y: Tensor) -> Tensor:
    """Each network's mean (M,) over all answers y (T, N) from 0 on; others are not counted."""
    log_p = torch.log_softmax(u, dim=-1)
    wanted = log_p.gather(-1, y.clamp(min=0).expand(len(u), *y.shape)[..., None])[..., 0]
    return -(wanted * (y >= 0)).flatten(1).sum(dim=1) / (y >= 0).sum()


def last_answer_loss(u: Tensor, y: Tensor) -> Tensor:
    """Each network's cross-entropy (M,) at the last step alone."""
    return cross_entropy_loss(u[:, -1:], y[-1:])


def train(
    p: Parameters,
    kind: dict[str, Tensor] | None,
    batch: Callable[[], tuple[ndarray, ndarray]],
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int,
    rate: float,
    run: Callable = run,
    fall: float = 0.4,
) -> Parameters:
    """The weights after so many updates by Adam, each network's gradient cut to norm 1.

    Adam's squares are averaged over a hundred steps (beta_2 = 0.99), since there are few.

    Parameters
    ----------
    batch : gives new x (T, N, D) and y (T, N)
    loss : from logits (M, T, N, V) and y to one number for each network (M,)
    fall : over this share of the updates, the last, the rate falls in a straight line to 0
    """
    p = {name: value.clone().requires_grad_() for name, value in p.items()}
    mean, square = ([torch.zeros_like(v) for v in p.values()] for _ in range(2))
    for k in range(1, steps + 1):
        x, y = map(torch.from_numpy, batch())
        total = loss(readout(p, run(p, kind, x)[0]), y).sum()
        grads = torch.autograd.grad(total, list(p.values()))
        norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads]).norm(dim=0)
        shorten = torch.clamp(1 / norms, max=1)[:, None, None]
        rate_k = rate * min(1, (steps - k + 1) / (fall * steps))
        with torch.no_grad():
            for value, g, m, s in zip(p.values(), grads, mean, square, strict=True):
                m.lerp_(shorten * g, 0.1)
                s.lerp_((shorten * g) ** 2, 0.01)
                value -= rate_k * m / (1 - 0.9**k) / ((s / (1 - 0.99**k)).sqrt() + 1e-8)
    return {name: value.detach() for name, value in p.items()}
