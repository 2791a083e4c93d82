"""What sentences of the page on four ways to one gradient say."""

import numpy as np

from unrolled.layers import RNN


def test_the_way_back_as_a_scan(claim):
    """1,024 steps of an RNN of 8 units, doubling the stretch that each joined pair covers."""
    claim("With $T = 1024$ steps, ten rounds give the same gradient.")
    rng, (T, D, H) = np.random.default_rng(0), (1024, 3, 8)
    net, x = RNN.init(D, H, rng), rng.normal(size=(T, 1, D))
    dh = rng.normal(size=(T, 1, H))  # the losses' own derivatives
    h, _, tape = net.forward(x, net.zeros(1))
    grads = net.backward(tape, dh)[0]

    J = (1 - h**2).transpose(0, 2, 1) * net.W_hh.T  # (T, H, H): J_t = diag(1 - h_t²) W_hhᵀ
    # δ_t = dh_t + δ_{t+1} J_{t+1}: of each step the pair (own part, factor of what comes later)
    own, factor, rounds = dh.copy(), np.concatenate([J[1:], np.zeros((1, H, H))]), 0
    stretch = 1
    while stretch < T:
        own[:-stretch] += own[stretch:] @ factor[:-stretch]
        factor[:-stretch] = factor[stretch:] @ factor[:-stretch]
        factor[-stretch:] = 0
        stretch, rounds = 2 * stretch, rounds + 1
    Delta = own * (1 - h**2)
    before = np.concatenate([np.zeros((1, 1, H)), h[:-1]])
    assert rounds == 10
    assert np.allclose(np.einsum("tnp,tnq->pq", before, Delta), grads.W_hh, rtol=1e-10)
