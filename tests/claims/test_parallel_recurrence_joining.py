"""What sentences of book/convolution/parallel-recurrence-joining.md say."""

from math import log2


def test_work_and_chain_of_the_tree(claim):
    """The two formulas of eq-parallel-work, which has a check of its own, at one length."""
    claim(
        "For $T=4096$ the tree does two and a half times the work, in a chain of 45 operations"
        " instead of 8,192."
    )
    T = 4096
    assert 2.45 < (5 * T - 3) / (2 * T) < 2.55
    assert 4 * log2(T) - 3 == 45 and 2 * T == 8192
