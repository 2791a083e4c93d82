"""The equations of book/convolution/parallel-recurrence-joining.md, each by another route."""

import numpy as np
import pytest
from linear_steps import T, draw, join, states, swapped

from unrolled.layers import scan


class Counted:
    """A number that knows how many operations lie before it, one after the other."""

    def __init__(self, tally, depth=0):
        self.tally, self.depth = tally, depth

    def _after(self, other):
        self.tally.append(1)
        return Counted(self.tally, 1 + max(self.depth, other.depth))

    __add__ = __mul__ = _after


@pytest.mark.equation("eq-parallel-associative", tolerance=1e-12)
def test_associative(check, rng):
    """Left: the last two joined first; middle and right: the first two, and the closed form."""
    beta, gamma, _ = draw(rng)
    p, q, r = zip(beta[:3], gamma[:3], strict=True)
    third = beta[2] + gamma[2] * beta[1] + gamma[2] * gamma[1] * beta[0], gamma[:3].prod(axis=0)

    def both(operator, p=p, q=q, r=r):
        return operator(p, operator(q, r)), operator(operator(p, q), r)

    planted = {
        "order changed, too": both(join, q, p, r),
        "later step first": both(swapped),
        "the earlier gamma": both(lambda p, q: (q[0] + p[1] * p[0], q[1] * p[1])),
        "gammas added": both(lambda p, q: (q[0] + q[1] * p[0], q[1] + p[1])),
    }
    check(both(join), (third, third), planted=planted)
    with pytest.raises(AssertionError):  # not every rule is associative
        np.testing.assert_allclose(*both(lambda p, q: (q[0] + p[1] * p[0], q[1] * p[1])))


@pytest.mark.equation("eq-parallel-prefix", tolerance=1e-12)
def test_prefix(check, rng):
    """Left: states by the loop; right: from the joined steps, grouped from the right."""
    beta, gamma, s_0 = draw(rng)

    def joined(t, operator=join):
        total = (beta[t - 1], gamma[t - 1])
        for k in range(t - 2, -1, -1):
            total = operator((beta[k], gamma[k]), total)
        return total

    def printed(operator=join, start=lambda c: c * s_0, last=T):
        pairs = [joined(t, operator) for t in range(1, last + 1)]
        return np.stack([b + start(c) for b, c in pairs])

    planted = {
        "last step first": printed(operator=swapped),
        "s_0 not multiplied": printed(start=lambda c: s_0),
        "s_0 forgotten": printed(start=lambda c: 0),
        "one step short": np.concatenate([s_0[None], printed(last=T - 1)]),
    }
    check(states(beta, gamma, s_0)[1:], printed(), planted=planted)


@pytest.mark.equation("eq-parallel-work", tolerance=1e-12)
def test_work(check, rng, monkeypatch):
    """Left: the formulas; right: operations of the package's tree, counted one by one."""
    monkeypatch.setattr(scan, "SHORT", 2)  # down to a single step
    levels = rng.permutation(np.arange(2, 10))[:5]  # T ≥ 4
    counted = []
    for steps in 2**levels:
        tally = []
        beta, gamma = np.array([[Counted(tally) for _ in range(steps)] for _ in "bg"])
        s = np.array([Counted(tally) for _ in range(steps + 1)])
        scan.tree(s[:, None], beta[:, None], gamma[:, None])
        counted.append((len(tally), max(entry.depth for entry in s)))
    work, depth = np.array(counted).T
    planted = {
        "T log T operations": (2 * 2**levels * (levels + 1), 4 * levels - 3),
        "one sweep": (5 * 2**levels - 3, 2 * levels + 1),
        "no overlap": (5 * 2**levels - 3, 4 * levels + 2),
    }
    check((5 * 2**levels - 3, 4 * levels - 3), (work, depth), planted=planted)
