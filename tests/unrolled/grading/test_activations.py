import numpy as np
import pytest

from unrolled.grading.activations import ACTIVATIONS, sigmoid


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_that_of_the_curve(name):
    """Against differences, as a function and as the code that solutions are written with."""
    curve = ACTIVATIONS[name]
    a = np.linspace(-3, 3, 41) + 0.01  # beside 0, where softsign's slope has a kink
    y = curve.value(a)
    measured = (curve.value(a + 1e-6) - curve.value(a - 1e-6)) / 2e-6
    np.testing.assert_allclose(curve.slope(a, y), measured, rtol=0, atol=1e-9)
    written = eval("1" + curve.slope_code.format(a="a", y="y"), {"np": np, "a": a, "y": y})
    np.testing.assert_allclose(written, curve.slope(a, y), rtol=1e-14)


@pytest.mark.parametrize("curve", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_a_curve_keeps_the_type(curve):
    a = np.linspace(-3, 3, 24, dtype="f4")
    y = curve.value(a)
    assert y.dtype == curve.slope(a, y).dtype == "f4"


def test_the_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
