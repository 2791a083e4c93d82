"""What sentences of book/convolution/parallel-recurrence-speed.md say."""

import numpy as np

from unrolled.layers import scan


def test_products_that_overflow_where_no_state_does(claim):
    """The loop and the package's tree over 4,096 such steps, in double precision."""
    claim(
        "With all $\\gamma_t = 100$ and all $\\beta_t = s_0 = 0$ the loop stays at 0, and a long"
        " tree says nan."
    )
    beta, gamma = np.zeros(4096), np.full(4096, 100.0)
    with np.errstate(all="ignore"):
        by_loop, by_tree = (
            scan.forward(beta, gamma, 0.0, fill)[0] for fill in (scan.sequential, scan.tree)
        )
    assert not by_loop.any()
    assert np.isnan(by_tree[-1])
