"""The causal convolution as a recurrent layer: its state is the inputs it still reaches back to.

    y[t] = b + sum over k of x[t - (F - 1 - k) d] W[k]

A filter of F taps, d steps apart, sees the last (F - 1) d inputs beside the present one. Kept as
the state, they let the layer go on where a segment has ended; a state of zeros is the zeros that
`Conv` puts before a sequence with padding "causal". Stride and other padding have no such state:
they are `Conv`'s.
"""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.typing import DTypeLike

from unrolled import checks
from unrolled.layers.conv import Conv, ConvTape
from unrolled.layers.layer_contract import check, check_tape, from_beyond


@dataclass
class CausalConv:
    """Weights, and how far the taps are apart. The gradient is a CausalConv too."""

    W: ndarray  # (F, D, H): W[-1] weighs the present input, W[0] the earliest
    b: ndarray  # (H,)
    dilation: int = 1  # steps from one tap to the next; not learnt

    @classmethod
    def init(
        cls,
        D: int,
        H: int,
        rng: np.random.Generator,
        dtype: DTypeLike = float,
        F: int = 3,
        dilation: int = 1,
    ) -> "CausalConv":
        """As `Conv.init`: Gaussian weights that keep the inputs' variance, and no bias."""
        checks.whole(1, dilation=dilation)
        conv = Conv.init(D, H, F, rng, dtype)
        return cls(conv.W, conv.b, dilation)

    def zeros(self, N: int) -> ndarray:
        """The initial state ((F - 1) d, N, D) of sequences that begin with nothing."""
        checks.whole(N=N)
        F, D, _ = self.W.shape
        return np.zeros(((F - 1) * self.dilation, N, D), self.W.dtype)

    def forward(self, x: ndarray, state: ndarray) -> tuple[ndarray, ndarray, ConvTape]:
        """Slide the filters over N sequences of T steps.

        Parameters
        ----------
        x : (T, N, D) inputs
        state : ((F - 1) d, N, D) the inputs before them

        Returns
        -------
        y : (T, N, H); y[t] sees x[t] and what came before
        last_state : ((F - 1) d, N, D) the last inputs, the next segment's state
        tape : what `backward` needs

        Raises
        ------
        ValueError : if x or the state has another shape, or is not of floats
        """
        F, D, H = self.W.shape
        T, N, _ = check("x", x, "T", "N", D)
        check("state", state, (F - 1) * self.dilation, N, D)
        dtype = np.result_type(x, self.W)
        wide = np.concatenate([state, x], dtype=dtype, casting="same_kind")
        if T == 0:  # no window to slide
            tape = ConvTape(wide, steps=0, before=0, stride=1, dilation=self.dilation)
            return np.empty((0, N, H), dtype), wide, tape
        y, tape = Conv(self.W, self.b).forward(wide, dilation=self.dilation)
        return y, wide[T:], tape

    def backward(
        self, tape: ConvTape, dh: ndarray, dlast_state: ndarray | None = None
    ) -> tuple["CausalConv", ndarray, ndarray]:
        """The way back (`eq-conv-grad-weights`, `eq-conv-grad-inputs`).

        Parameters
        ----------
        tape : from `forward`; it stays as it was
        dh : (T, N, H) ∂L/∂y
        dlast_state : ((F - 1) d, N, D) what comes back from beyond the last step; None for nothing

        Returns
        -------
        grads : the gradient of each parameter
        dx : (T, N, D) gradient at the inputs
        dstate : ((F - 1) d, N, D) gradient at the initial state

        Raises
        ------
        ValueError : if dh or dlast_state has another shape, or is not of floats
        """
        check_tape(tape, ConvTape)
        check("dh", dh, tape.steps, tape.x.shape[1], len(self.b))
        beyond = from_beyond("dlast_state", dlast_state, tape.x[tape.steps :])
        grads, dwide = Conv(self.W, self.b).backward(tape, dh)
        dwide[tape.steps :] += beyond
        before = len(dwide) - tape.steps
        return CausalConv(grads.W, grads.b, self.dilation), dwide[before:], dwide[:before]
