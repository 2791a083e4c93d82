"""How well the numbers in a state predict a label: AUC, correlation, a linear probe."""

import numpy as np
from numpy import ndarray

from unrolled import checks


def ranks(scores: ndarray) -> ndarray:
    """scores (n, K) -> the rank of each within its column, from 1 to n; ties share the mean.

    Raises ValueError if the scores have another shape, or one of them is NaN, which has no rank.
    """
    scores = checks.array("scores", scores)
    if scores.dtype.kind not in "biuf":
        raise ValueError(f"scores must be numbers (n, K), got {scores.dtype}")
    if scores.ndim != 2 or np.isnan(scores).any():
        came = "NaN" if scores.ndim == 2 else scores.shape
        raise ValueError(f"scores must be numbers (n, K), got {came}")
    out = np.empty(scores.shape)
    for k, column in enumerate(scores.T):
        _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
        out[:, k] = (counts.cumsum() - (counts - 1) / 2)[inverse]
    return out


def auc(scores: ndarray, labels: ndarray) -> ndarray:
    """scores (n, K), labels (n, M) of bool -> (K, M), each by eq-cells-auc.

    The chance that a random place with the label scores higher than a random place without it,
    ties counting half. NaN for a label that is everywhere or nowhere. Raises ValueError for
    scores without a rank, and for labels of another length or type.
    """
    return auc_of_ranks(ranks(scores), labels)


def auc_of_ranks(ranked: ndarray, labels: ndarray) -> ndarray:
    """The same where the `ranks` (n, K) are known, which saves sorting again for other labels."""
    ranked, labels = _columns("ranked", ranked), checks.array("labels", labels)
    if labels.dtype != bool or labels.ndim != 2 or len(labels) != len(ranked):
        came = f"{labels.dtype} {labels.shape}"
        raise ValueError(f"labels must be booleans ({len(ranked)}, M), got {came}")
    labels = labels.astype(float)  # sums of ranks need all its digits
    present = labels.sum(axis=0)  # (M,)
    absent = len(labels) - present
    with np.errstate(invalid="ignore", divide="ignore"):
        return (ranked.T @ labels - present * (present + 1) / 2) / (present * absent)


def correlation(scores: ndarray, values: ndarray) -> ndarray:
    """scores (n, K), values (n, M) -> Pearson's r (K, M) by eq-cells-correlation."""
    scores, values = _columns("scores", scores), _columns("values", values)
    if len(scores) != len(values) or len(scores) == 0:
        raise ValueError(f"scores and values must be as many, got {len(scores)}, {len(values)}")
    return _standardised(scores).T @ _standardised(values) / len(scores)


def fit_probe(X: ndarray, y: ndarray, ridge: float = 1.0) -> tuple[ndarray, ndarray]:
    """X (n, H), y (n,) -> weights (H,) and mean (H,) of X: the probe is (X - mean) @ weights.

    Ridge regression by its normal equations (eq-cells-probe).
    """
    X, y = _columns("X", X), checks.array("y", y, "biuf")
    checks.number(np.finfo(float).tiny, ridge=ridge)
    if y.shape != X.shape[:1] or len(X) == 0 or not np.isfinite(y).all():
        raise ValueError(f"y must be finite numbers ({len(X)},), one at least, got {y.shape}")
    X = X.astype(np.result_type(X, np.float32), copy=False)  # linear algebra knows no float16
    mean = X.mean(axis=0)
    centred = X - mean
    A = centred.T @ centred + ridge * np.eye(X.shape[1], dtype=X.dtype)
    return np.linalg.solve(A, centred.T @ (y - y.mean())), mean


def _columns(name: str, given: ndarray) -> ndarray:
    """Numbers (n, K) as an array; ValueError for anything else, and for NaN and infinity."""
    given = checks.array(name, given, "biuf")
    if given.ndim != 2 or not np.isfinite(given).all():
        raise ValueError(f"{name} must be finite numbers (n, K), got {checks.came(given)}")
    return given


def _standardised(values: ndarray) -> ndarray:
    """Mean 0, mean square 1 in each column; zeros where a column is constant."""
    centred = values - values.mean(axis=0)
    scale = np.sqrt((centred**2).mean(axis=0))
    return centred / np.where(scale > 0, scale, 1)
