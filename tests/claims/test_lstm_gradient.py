"""What sentences of book/gates/lstm-gradient.md say."""

import numpy as np
import pytest
import torch


@pytest.mark.parametrize("seed", [0, 1])
def test_when_the_product_is_exact(claim, seed):
    """∂c_{k+2}/∂c_k by autograd, h_k moving with c_k, beside the product of the page's terms."""
    claim(
        "It is exact if $W_{ho} = 0$ (then $Q = 0$), and also if only the output gate listens to"
        " $h$ (then $K = 0$)."
    )
    claim("In general it is an approximation.")
    rng, H, D = np.random.default_rng(seed), 5, 4
    W_xh, b_h = torch.tensor(rng.normal(size=(D, 4 * H))), torch.tensor(rng.normal(size=4 * H))
    xs, c_k = torch.tensor(rng.normal(size=(2, D))), torch.tensor(rng.normal(size=H))
    o_k = torch.sigmoid(torch.tensor(rng.normal(size=H)))

    def off(W_hh):
        def step(x, h, c):
            i, f, g, o = (x @ W_xh + h @ W_hh + b_h).chunk(4)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            return o.sigmoid() * c.tanh(), c, o.sigmoid()

        def two(c):
            h, c, _ = step(xs[0], o_k * c.tanh(), c)
            return step(xs[1], h, c)[1]

        _, c, o = step(xs[0], o_k * c_k.tanh(), c_k)
        A = [  # each with its output gate before held
            torch.autograd.functional.jacobian(lambda c: step(xs[0], o_k * c.tanh(), c)[1], c_k),
            torch.autograd.functional.jacobian(lambda c: step(xs[1], o * c.tanh(), c)[1], c),
        ]
        return (torch.autograd.functional.jacobian(two, c_k) - A[1] @ A[0]).norm().item()

    W_hh = torch.tensor(rng.normal(size=(H, 4 * H)))
    of_o = torch.arange(4 * H) >= 3 * H
    assert off(W_hh * ~of_o) < 1e-12
    assert off(W_hh * of_o) < 1e-12
    assert off(W_hh) > 1e-3
