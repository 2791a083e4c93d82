"""What sentences of the page on wrong backward passes say."""

import numpy as np

from unrolled.layers import RNN


def passing(page, T=6, start=1.0, last_only=False):
    """The twins that have the true gradient on such input, one network of ten draws each."""
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        net = RNN.init(4, 5, rng)
        x, h_0, dh = (rng.normal(size=size) for size in [(T, 3, 4), (3, 5), (T, 3, 5)])
        dh[: T - 1 if last_only else 0] = 0
        truth, wrong = page["twins"](net, x, start * h_0, dh)
        found.append({name for name, G in wrong.items() if np.allclose(G, truth)})
    assert all(names == found[0] for names in found)
    return found[0]


def test_which_test_finds_it(claim):
    """Seven twins under three careless settings."""
    claim(
        "With $h_0 = 0$ the version without the first step passes, because the term it leaves out"
        " is zero."
    )
    claim("With a loss at the last step only, no twin passes for that reason alone.")
    claim(
        'With $T = 1$ there is no way back through time, so "last use only", "each loss to its own'
        ' step only" and "$W_{hh}$ not transposed" pass.'
    )
    page = claim.definitions()
    assert passing(page) == set()
    assert passing(page, start=0.0) == {"first step left out"}
    assert passing(page, last_only=True) == set()
    own = {"last use only", "each loss to its own step only", "W_hh not transposed"}
    assert passing(page, T=1) == own
