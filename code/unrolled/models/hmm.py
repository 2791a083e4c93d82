"""The hidden Markov model, with the forward algorithm and sampling.

z_1, z_2, … is a Markov chain over K latent values, never observed; each z_t emits a token x_t.
The forward algorithm (Baum et al. 1970; Rabiner 1989) carries K numbers from token to token, and
they say all that the past says about the future.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from unrolled import checks
from unrolled.datasets.text import check_ids


@dataclass
class HMM:
    """The model's three tables of probabilities; every row sums to one."""

    pi: ndarray  # (K,) P(z_1 = i)
    A: ndarray  # (K, K) P(z_{t+1} = j | z_t = i) in row i
    B: ndarray  # (K, V) P(x_t = v | z_t = j) in row j

    def __post_init__(self) -> None:
        self.pi, self.A, self.B = (
            checks.array(name, table, "biuf") for name, table in vars(self).items()
        )
        K, V = self.pi.size, self.B.shape[-1] if self.B.ndim else 0
        if K == 0 or V == 0:
            raise ValueError(f"a model needs latent values and tokens, got K = {K} and V = {V}")
        for name, shape in {"pi": (K,), "A": (K, K), "B": (K, V)}.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must be {shape}, got {getattr(self, name).shape}")
        for name, table in vars(self).items():
            if table.min() < 0 or not np.allclose(table.sum(axis=-1), 1):
                raise ValueError(f"the rows of {name} must be probabilities that sum to one")

    def forward(self, x: ndarray) -> tuple[ndarray, ndarray]:
        """x (T,) tokens -> log P(x_t | x_1 … x_{t-1}), (T,), and P(z_t | x_1 … x_t), (T, K).

        Equation eq-sequences-forward, divided by its sum at each step, so that nothing
        underflows; the logarithms of these sums are the first result. Their sum is log P(x).
        """
        x = check_ids(x, self.B.shape[1], "x")
        if x.ndim != 1:
            raise ValueError(f"x must be (T,), got {x.shape}")
        T, K = len(x), len(self.pi)
        scale, states = np.empty(T), np.empty((T, K))
        expected = self.pi  # (K,) P(z_t | x_1 … x_{t-1})
        for t in range(T):
            joint = expected * self.B[:, x[t]]  # (K,) P(z_t, x_t | x_1 … x_{t-1})
            scale[t] = joint.sum()
            states[t] = joint / (scale[t] or 1)  # an impossible token leaves no state: all zeros
            expected = states[t] @ self.A
        with np.errstate(divide="ignore"):  # log P = -inf for what cannot happen
            return np.log(scale), states

    def predict(self, state: ndarray) -> ndarray:
        """P(z_t | x_1 … x_t) (..., K) -> P(x_{t+1} | x_1 … x_t) (..., V)."""
        state = checks.array("state", state, "biuf")
        if state.shape[-1:] != self.pi.shape or not np.isfinite(state).all():
            expected = f"finite numbers (..., {len(self.pi)})"
            raise ValueError(f"state must be {expected}, got {checks.came(state)}")
        return state @ self.A @ self.B

    def sample(self, T: int, rng: np.random.Generator) -> tuple[ndarray, ndarray]:
        """Draw latent values z (T,) and the tokens x (T,) that they emit."""
        checks.integer(T=T)
        checks.generator(rng)
        if T < 0:
            raise ValueError(f"T must be 0 tokens or more, got {T}")
        z, x = np.empty(T, int), np.empty(T, int)
        u = rng.random((T, 2))
        pi, A, B = (np.cumsum(table, axis=-1) for table in (self.pi, self.A, self.B))
        for t in range(T):
            row = A[z[t - 1]] if t else pi
            z[t] = row.searchsorted(u[t, 0] * row[-1], side="right")  # first above u: P is the gap
            x[t] = B[z[t]].searchsorted(u[t, 1] * B[z[t], -1], side="right")
        return z, x
