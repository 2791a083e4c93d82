"""The linear recurrent unit (Orvieto et al. 2023): linear states that turn and shrink.

    z[t] = lam * z[t-1] + gamma * (x[t] B)        entry by entry, complex numbers
    lam = exp(-exp(nu) + i exp(phi))              so that |lam| < 1 whatever nu is

Complex numbers travel as their parts, real ones first: weights (D, 2H), states (N, 2H). A
matrix of 2H rows behind the layer reads them, as Re(z C) with a complex C does.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers import scan
from unrolled.layers.layer_contract import (
    check,
    check_init,
    check_tape,
    from_beyond,
    gradient_at,
    rows,
)


class LRUTape(NamedTuple):
    """What `LRU.backward` needs."""

    x: ndarray  # (T, N, D)
    u: ndarray  # (T, N, H) complex, x B
    z: ndarray  # (T + 1, N, H) complex; z[t] is the state before step t
    fill: scan.Fill


@dataclass
class LRU:
    """H complex states. The gradient of the parameters has the same fields."""

    nu: ndarray  # (H,) ln of -ln |lam|
    phi: ndarray  # (H,) ln of the angle of lam
    log_gamma: ndarray  # (H,) ln of what scales the inputs
    W_xh: ndarray  # (D, 2H) real parts of B, then imaginary ones

    @classmethod
    def init(
        cls,
        D: int,
        H: int,
        rng: np.random.Generator,
        dtype: DTypeLike = float,
        ring: tuple[float, float] = (0.9, 0.999),
        turn: float = np.pi,
    ) -> "LRU":
        """Eigenvalues spread evenly over a ring of these radii, with angles up to `turn`.

        gamma is √(1 - |lam|²), which gives states of size 1 on white noise (`eq-space-gamma`).

        Raises ValueError unless 0 < ring[0] < ring[1] < 1 and 0 < turn <= π.
        """
        check_init(rng, dtype, D=D, H=H)
        if not isinstance(ring, list | tuple) or len(ring) != 2:
            raise ValueError(f"ring must be two radii, got {checks.came(ring)}")
        inner, outer = ring
        for radius in ring:
            checks.number(ring=radius)
        checks.number(turn=turn)
        if not (0 < inner < outer < 1 and 0 < turn <= np.pi):
            raise ValueError(
                f"expected 0 < inner < outer < 1 and 0 < turn <= π, got {inner}, {outer}, {turn}"
            )
        squared = rng.uniform(inner**2, outer**2, H)  # evenly over the ring's area
        angle = turn * (1 - rng.random(H))  # above 0
        nu, log_gamma = np.log(-np.log(squared) / 2), np.log1p(-squared) / 2
        W_xh = rng.normal(size=(D, 2 * H)) / np.sqrt(2 * D)
        return cls(*(a.astype(dtype) for a in (nu, np.log(angle), log_gamma, W_xh)))

    @property
    def eigenvalues(self) -> ndarray:
        """lam (H,), complex (`eq-space-exponential`)."""
        return np.exp(-np.exp(self.nu) + 1j * np.exp(self.phi))

    def zeros(self, N: int) -> ndarray:
        """The initial state (N, 2H) of sequences that begin with nothing."""
        checks.whole(N=N)
        return np.zeros((N, 2 * len(self.nu)), self.nu.dtype)

    def forward(
        self, x: ndarray, h_0: ndarray, fill: scan.Fill = scan.tree
    ) -> tuple[ndarray, ndarray, LRUTape]:
        """x (T, N, D), h_0 (N, 2H) -> states (T, N, 2H), h_T (N, 2H), tape (`eq-space-step`).

        Raises ValueError if x or h_0 has another shape, or is not of floats.
        """
        checks.function(fill=fill)
        D, H = self.W_xh.shape[0], len(self.nu)
        T, N, _ = check("x", x, "T", "N", D)
        check("h_0", h_0, N, 2 * H)
        u = joined((rows(x) @ self.W_xh).reshape(T, N, 2 * H))
        z = np.empty((T + 1, N, H), u.dtype)
        z[0] = joined(h_0)
        lam = np.broadcast_to(self.eigenvalues.astype(u.dtype), u.shape)
        fill(z, np.exp(self.log_gamma) * u, lam)
        h = parts(z)
        return h[1:], h[-1].copy(), LRUTape(x, u, z, fill)

    def backward(
        self, tape: LRUTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["LRU", ndarray, ndarray]:
        """dh (T, N, 2H), dlast_state (N, 2H) -> gradients, dx (T, N, D), dh_0 (N, 2H).

        A gradient at a complex number is that at its real part plus i times that at its imaginary
        one. Through a product with lam it comes back multiplied by lam's conjugate.

        Raises ValueError if dh or dlast_state has another shape, or is not of floats.
        """
        check_tape(tape, LRUTape)
        x, u, z, fill = tape
        h = parts(z)
        lam, gamma = self.eigenvalues.astype(u.dtype), np.exp(self.log_gamma)
        own = joined(gradient_at("dh", dh, h[1:]))
        delta = np.empty_like(z)  # delta[t] is the gradient at z[t], from all later steps
        delta[-1] = joined(from_beyond("dlast_state", dlast_state, h[-1]))
        back = np.broadcast_to(lam.conj(), u.shape)
        if len(u):
            delta[-1] += own[-1]
            earlier = np.concatenate([np.zeros_like(own[:1]), own[:-1]])  # what z[t] has of its own
            fill(delta[::-1], earlier[::-1], back)
        dlam = (delta[1:] * z[:-1].conj()).sum(axis=(0, 1))
        turned = (dlam.conj() * lam).astype(u.dtype)
        dlog_gamma = gamma * (delta[1:].conj() * u).sum(axis=(0, 1)).real
        du = rows(parts(gamma * delta[1:]))
        grads = LRU(
            -np.exp(self.nu) * turned.real,
            -np.exp(self.phi) * turned.imag,
            dlog_gamma,
            rows(x).T @ du,
        )
        return grads, (du @ self.W_xh.T).reshape(x.shape), parts(delta[0])


def joined(a: ndarray) -> ndarray:
    """Real parts, then imaginary ones (..., 2H) -> complex numbers (..., H)."""
    checks.array("a", a)
    real, imaginary = np.split(a, 2, axis=-1)
    return real + 1j * imaginary


def parts(z: ndarray) -> ndarray:
    """Complex numbers (..., H) -> real parts, then imaginary ones (..., 2H)."""
    checks.array("z", z)
    return np.concatenate([z.real, z.imag], axis=-1)
