"""The Mamba block in torch, with parts that can be left out, and a network of such blocks.

A block (Gu & Dao, 2023): the input is made wider, mixed over a few steps by a causal convolution,
goes through the selective recurrence S6, is multiplied by a gate, and made narrow again. Time is
the first axis.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unrolled import checks
from unrolled.models.tensors import embed

PARTS = ("conv", "silu", "gate", "skip", "Delta", "B", "C")


def _tree(beta: Tensor, gamma: Tensor, s_0: Tensor) -> Tensor:
    """beta, gamma (T, ...), s_0 (...) -> all states, pairs of steps being joined."""
    T = len(beta)
    if T < 4:
        states = []
        for b, g in zip(beta, gamma, strict=True):
            s_0 = torch.addcmul(b, g, s_0)
            states.append(s_0)
        return torch.stack(states)
    first, second = slice(0, T - 1, 2), slice(1, None, 2)
    pair = torch.addcmul(beta[second], gamma[second], beta[first])
    s = torch.empty_like(beta)
    s[second] = _tree(pair, gamma[second] * gamma[first], s_0)
    s[0] = torch.addcmul(beta[0], gamma[0], s_0)
    before = s[1 : T - 1 : 2]  # after steps 2, 4, …, where another step follows
    s[2::2] = torch.addcmul(beta[2::2], gamma[2::2], before)
    return s


class _Scan(torch.autograd.Function):
    """The gradient of the tree is the tree, from the last step to the first."""

    @staticmethod
    def forward(ctx, beta, gamma, s_0):
        s = _tree(beta, gamma, s_0)
        ctx.save_for_backward(s, gamma, s_0)
        return s

    @staticmethod
    def backward(ctx, ds):
        s, gamma, s_0 = ctx.saved_tensors
        later = torch.cat([torch.zeros_like(gamma[:1]), gamma[1:].flip(0)])
        delta = _tree(ds.flip(0), later, torch.zeros_like(s_0)).flip(0)
        return delta, delta * torch.cat([s_0[None], s[:-1]]), gamma[0] * delta[0]


def scan(beta: Tensor, gamma: Tensor, s_0: Tensor) -> Tensor:
    """beta, gamma (T, ...), s_0 (...) -> all states (T, ...) of s[t] = beta[t] + gamma[t] s[t-1].

    In about 2 log2(T) rounds, and so is the gradient. Raises ValueError if the shapes do not fit.
    """
    checks.kind("a tensor", Tensor, beta=beta, gamma=gamma, s_0=s_0)
    kinds = {beta.dtype, gamma.dtype, s_0.dtype}
    if len(kinds) > 1 or not beta.is_floating_point():
        raise ValueError(f"beta, gamma and s_0 must be floats of one type, got {kinds}")
    if beta.ndim == 0 or beta.shape != gamma.shape or s_0.shape != beta.shape[1:]:
        shapes = f"{tuple(beta.shape)}, {tuple(gamma.shape)} and {tuple(s_0.shape)}"
        raise ValueError(f"expected beta and gamma (T, ...) and s_0 (...), got {shapes}")
    return _Scan.apply(beta, gamma, s_0) if len(beta) else beta.clone()


class Mamba(nn.Module):
    """One block: D inputs and outputs, H units inside, S numbers of state for each unit.

    Parameters
    ----------
    without : parts to leave out, of `PARTS`. Without conv, silu, gate or skip that step does
        nothing. Without Delta, B or C it is a parameter, the same at every step, no longer made
        from the input: without all three, the recurrence is a fixed filter.

    Raises
    ------
    ValueError : if a size is not a whole number of at least 1, or a part is not of `PARTS`
    """

    def __init__(
        self, D: int, H: int, S: int = 8, taps: int = 4, without: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        checks.whole(1, D=D, H=H, S=S, taps=taps)
        parts = isinstance(without, tuple | list)
        if not parts or not all(isinstance(part, str) and part in PARTS for part in without):
            raise ValueError(f"without must be parts of {PARTS}, got {without!r}")
        self.without, self.sizes = frozenset(without), (D, H, S, taps)
        self.into = nn.Linear(D, 2 * H, bias=False)
        self.conv = nn.Conv1d(H, H, taps, groups=H)
        rank = math.ceil(D / 16)
        self.select = nn.Linear(H, rank + 2 * S, bias=False)
        self.widen = nn.Linear(rank, H)
        self.A_log = nn.Parameter(torch.arange(1.0, S + 1).log().repeat(H, 1))
        self.skip = nn.Parameter(torch.ones(H))
        self.out = nn.Linear(H, D, bias=False)
        self.fixed = nn.ParameterDict({k: nn.Parameter(torch.randn(H, S)) for k in ("B", "C")})
        Delta = torch.empty(H).uniform_(math.log(1e-3), math.log(1e-1)).exp()
        with torch.no_grad():
            self.widen.bias.copy_(Delta.expm1().log())  # softplus of it is Delta

    def step_sizes(self, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """u (T, N, H) -> Delta (T, N, H, 1), B and C (T, N, 1, S), or (H, S) if fixed."""
        _, H, S, _ = self.sizes
        self._check("u", u, H)
        a, B, C = self.select(u).split([self.widen.in_features, S, S], dim=2)
        a = self.widen.bias.expand(u.shape) if "Delta" in self.without else self.widen(a)
        B = self.fixed["B"] if "B" in self.without else B[:, :, None]
        C = self.fixed["C"] if "C" in self.without else C[:, :, None]
        return F.softplus(a)[..., None], B, C

    def forward(self, x: Tensor) -> Tensor:
        """x (T, N, D) -> (T, N, D), the state starting at zero."""
        D, _, _, taps = self.sizes
        self._check("x", x, D)
        u, gate = self.into(x).chunk(2, dim=2)
        if "conv" not in self.without:
            u = self.conv(F.pad(u.permute(1, 2, 0), (taps - 1, 0))).permute(2, 0, 1)
        if "silu" not in self.without:
            u = F.silu(u)
        Delta, B, C = self.step_sizes(u)
        keep = torch.exp(-Delta * self.A_log.exp())  # (T, N, H, S)
        write = Delta * u[..., None] * B
        h = scan(write, keep, write.new_zeros(write.shape[1:]))
        y = (h * C).sum(3)
        if "skip" not in self.without:
            y = y + self.skip * u
        if "gate" not in self.without:
            y = y * F.silu(gate)
        return self.out(y)

    def _check(self, name: str, given: Tensor, width: int) -> None:
        """ValueError unless it is (T, N, width) with a step or more, of the type of the weights."""
        fits = isinstance(given, Tensor) and given.dtype == self.skip.dtype
        if not fits or given.ndim != 3 or given.shape[2] != width or not given.numel():
            came = checks.came(given)
            raise ValueError(f"{name} must be {self.skip.dtype} (T, N, {width}), got {came}")


class MambaNetwork(nn.Module):
    """Symbols in, scores out: an embedding, blocks that are added to what comes in, a read-out.

    V symbols, `layers` blocks of width D with 2D units inside; the rest as in `Mamba`.
    """

    def __init__(
        self, V: int, D: int, layers: int = 2, S: int = 8, without: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        checks.whole(1, V=V, D=D, layers=layers)
        self.embed = nn.Embedding(V, D)
        self.norms = nn.ModuleList(nn.RMSNorm(D) for _ in range(layers + 1))
        self.blocks = nn.ModuleList(Mamba(D, 2 * D, S, without=without) for _ in range(layers))
        self.readout = nn.Linear(D, V)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (T, N), whole numbers below V -> scores (T, N, V)."""
        h = embed(self.embed, "ids", ids)
        for norm, block in zip(self.norms, self.blocks, strict=False):
            h = h + block(norm(h))
        return self.readout(self.norms[-1](h))
