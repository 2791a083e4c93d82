"""What sentences of the chapter on truncated backpropagation through time say."""

import re

import numpy as np
import pytest


def test_numbers_of_the_first_pages(claim):
    """Memory and updates of a book; three steps with one weight, cut before the third."""
    claim(
        "For the whole book the states alone take 1,024 megabytes. For fifty characters they take"
        " a tenth of a megabyte."
    )
    claim("If we took fifty characters at a time, the same reading would pay for 10,000 updates.")
    claim("The sum is $0.075 - 0.115 = -0.040$.")
    claim("It would have contributed $-0.30 \\times 0.96 \\times 0.60 = -0.173$.")
    claim(
        "Its tanh was given 0.549, and $0.8 \\times (-0.20) = -0.16$ of that came from the old"
        " state. Without it, the state would have been $\\tanh 0.709 = 0.61$ and not 0.50, so the"
        " network would have *computed* something else."
    )
    state = 512 * 4
    assert 500_000 * state == 1_024e6 and abs(50 * state / 1e6 - 0.1) < 5e-3
    assert 500_000 / 50 == 10_000

    w, h, y = 0.8, np.array([0.0, 0.6, -0.2, 0.5]), np.array([np.nan, 1, 0, 1])
    slope = 1 - h**2
    Delta_3 = (h[3] - y[3]) * slope[3]
    Delta_2 = (h[2] - y[2]) * slope[2]  # nothing comes back from step 3
    Delta_1 = (h[1] - y[1] + Delta_2 * w) * slope[1]
    assert np.allclose([Delta_3, Delta_2, Delta_1], [-0.375, -0.192, -0.354], atol=5e-4)
    cut = [Delta_3 * h[2], Delta_2 * h[1], Delta_1 * h[0]]
    assert np.allclose(cut, [0.075, -0.115, 0], atol=5e-4) and abs(sum(cut) + 0.040) < 5e-4
    missing = Delta_3 * w * slope[2] * h[1]
    assert abs(missing + 0.173) < 5e-4 and abs(sum(cut) + missing + 0.213) < 5e-4
    x_3 = np.arctanh(h[3]) - w * h[2]
    assert np.allclose([np.arctanh(h[3]), x_3], [0.549, 0.709], atol=5e-4)
    assert abs(w * h[2] + 0.16) < 1e-9 and abs(np.tanh(x_3) - 0.61) < 5e-3


def test_shares_that_are_missing(claim):
    """The table of gamma to the tau, and the sentences under it."""
    claim(
        "If the supposition held there, a loss that sees ten uses would miss a hundredth of its"
        " gradient."
    )
    claim(
        "For a network whose gradient fades slowly, with $\\gamma = 0.99$, ten uses are a tenth of"
        " the gradient."
    )
    head = re.search(r"^\| uses seen \$\\tau\$ \|(.*)\|$", claim.text, re.M)
    uses = [int(tau) for tau in head[1].split("|")]
    rows = re.findall(r"^\| missing if \$\\gamma = ([\d.]+)\$ \|(.*)\|$", claim.text, re.M)
    assert uses == [5, 10, 25, 50] and [gamma for gamma, _ in rows] == ["0.63", "0.9", "0.99"]
    for gamma, row in rows:
        shares = [float(cell.strip(" %").replace("$10^{-8}$", "1e-8")) for cell in row.split("|")]
        found = [100 * float(gamma) ** tau for tau in uses]
        assert np.allclose(found, shares, rtol=0.08)
        assert all(abs(f - s) < 0.52 for f, s in zip(found, shares, strict=True))


@pytest.mark.slow
def test_twenty_other_networks(claim):
    """Seeds 100 to 119 for each way, and stories of 1,000 letters for A."""
    claim(
        "All networks of way A and nearly all of way D learnt the game, and none of the others did."
    )
    page = claim.definitions()
    seeds, found = range(100, 120), {}
    for name, (length, carry, every) in page["ways"].items():
        nets = page["learn"](seeds, length, carry, every)
        found[name] = page["share_right"](nets, 20, reset=None if carry else length)
        if name == "A":
            assert page["share_right"](nets, 1000).min() > 0.95
    assert found["A"].min() > 0.95 and np.mean(found["D"] > 0.95) >= 0.85
    assert np.abs(found["B"] - 0.5).max() < 0.08
    assert np.median(found["C"]) < 0.65 and found["C"].max() < 0.9


@pytest.mark.slow
def test_patience_does_not_help(claim):
    """Way C with 4,000 updates, seeds 0 to 9."""
    claim("After 4,000 updates these networks were still far from knowing the answer.")
    page = claim.definitions()
    nets = page["learn"](range(10), 5, True, False, updates=4000)
    shares = page["share_right"](nets, 20)
    assert np.median(shares) < 0.7 and shares.max() < 0.9
