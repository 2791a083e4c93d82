"""What sentences of the page that turns ten lines into a layer say."""

import numpy as np

from unrolled.layers import RNN, gradients


class WrongSign(RNN):
    """What comes back from the next step is subtracted."""

    def backward(self, tape, dh, dlast_state=None):
        return wrong_backward(self, tape, dh, dlast_state, -self.W_hh.T)


class NotTransposed(RNN):
    """What comes back from the next step goes through W_hh."""

    def backward(self, tape, dh, dlast_state=None):
        return wrong_backward(self, tape, dh, dlast_state, self.W_hh)


def wrong_backward(net, tape, dh, from_next, back):
    """The sweep, with `back` for the transposed W_hh."""
    h, Delta = tape.h, np.empty_like(dh)
    for t in reversed(range(len(dh))):
        Delta[t] = (dh[t] + from_next) * (1 - h[t + 1] ** 2)
        from_next = Delta[t] @ back
    W_xh, W_hh = (np.tensordot(a, Delta, ([0, 1], [0, 1])) for a in (tape.x, h[:-1]))
    return RNN(W_xh, W_hh, Delta.sum(axis=(0, 1))), Delta @ net.W_xh.T, from_next


def test_errors_of_the_difference_and_of_mistakes(claim):
    """Thirty networks of the page's sizes, and two mistakes in each."""
    claim("Errors below $10^{-8}$ are those of the finite difference itself.")
    claim("A wrong sign or a missing transpose gives errors from a tenth upwards.")
    for seed in range(30):
        rng = np.random.default_rng(seed)
        net = RNN.init(4, 5, rng)
        x, h_0 = rng.normal(size=(7, 3, 4)), rng.normal(size=(3, 5))
        assert max(gradients.check_layer(net, x, h_0, rng).values()) < 1e-8
        for wrong in (WrongSign, NotTransposed):
            assert min(gradients.check_layer(wrong(**vars(net)), x, h_0, rng).values()) > 0.1
