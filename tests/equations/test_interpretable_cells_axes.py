"""The equations of book/gates/interpretable-cells-axes.md, each against an independent route."""

import numpy as np
import pytest
import torch

from unrolled.char_lstm import probing

H = 5


@pytest.mark.equation("eq-cells-probe", tolerance=1e-9)
def test_probe(check, rng):
    """Left: as printed; right: the minimum of the printed loss, by Newton's method on autograd."""
    X, y, ridge = rng.normal(size=(31, H)) + 2, rng.normal(size=31) + 1, rng.uniform(2, 4)
    centred = X - X.mean(0), y - y.mean()
    X_c, y_c = map(torch.tensor, centred)

    def loss(w):
        return ((X_c @ w - y_c) ** 2).sum() + ridge * (w**2).sum()

    zero = torch.zeros(H, dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(loss, zero)
    curve = torch.autograd.functional.hessian(loss, zero)
    right = -torch.linalg.solve(curve, slope)  # exact: the loss is quadratic

    def printed(X, y, ridge):
        return np.linalg.inv(X.T @ X + ridge * np.eye(X.shape[1])) @ X.T @ y

    planted = {
        "not centred": printed(X, y, ridge),
        "ridge with the other sign": printed(*centred, -ridge),
        "twice the ridge": printed(*centred, 2 * ridge),
        "no ridge": printed(*centred, 0),
        "the matrix not inverted": (centred[0].T @ centred[0] + ridge * np.eye(H))
        @ (centred[0].T @ centred[1]),
    }
    check(printed(*centred, ridge), right, planted=planted)
    assert np.allclose(probing.fit_probe(X, y, ridge)[0], printed(*centred, ridge), rtol=1e-9)


@pytest.mark.equation("eq-cells-rotation", tolerance=1e-10)
def test_rotation(check, rng):
    """Left: both lines in turned axes, as printed; right: w by least squares on X and √λ I."""
    X, y, ridge = rng.normal(size=(31, H)), rng.normal(size=31), rng.uniform(2, 4)
    U = np.linalg.qr(rng.normal(size=(H, H)))[0]
    longer = np.vstack([X, np.sqrt(ridge) * np.eye(H)])
    w = np.linalg.lstsq(longer, np.append(y, np.zeros(H)), rcond=None)[0]

    def printed(U, ridge=ridge):
        turned = np.linalg.inv(U.T @ X.T @ X @ U + ridge * np.eye(H)) @ U.T @ X.T @ y
        return turned, X @ U @ turned

    planted = {
        "U for its transpose": (U @ w, X @ U @ U @ w),
        "any invertible matrix": printed(U * np.arange(1, H + 1)),
        "the same w in the turned axes": (w, X @ U @ w),
        "no ridge in the turned axes": printed(U, ridge=0),
    }
    check(printed(U), (U.T @ w, X @ w), planted=planted)
