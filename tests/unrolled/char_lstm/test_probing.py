import numpy as np
import pytest
from torch import tensor
from torch.linalg import lstsq

from unrolled.char_lstm import probing


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_ranks_share_ties():
    column = np.array([[3.0], [1.0], [3.0], [2.0], [3.0]])
    assert probing.ranks(column)[:, 0].tolist() == [4, 1, 4, 2, 4]


def test_auc_counts_pairs(rng):
    scores = rng.integers(0, 5, size=(40, 3)).astype(float)  # with many ties
    labels = rng.random((40, 2)) < [0.3, 0.6]
    for k, score in enumerate(scores.T):
        for m, label in enumerate(labels.T):
            d = score[label][:, None] - score[~label]
            pairs = np.where(d > 0, 1.0, np.where(d < 0, 0.0, 0.5))
            assert probing.auc(scores, labels)[k, m] == pytest.approx(pairs.mean(), abs=1e-12)


def test_auc_of_certainty_and_of_nothing():
    scores = np.arange(6.0)[:, None]
    labels = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], bool)
    right, wrong, never = probing.auc(scores, labels)[0]
    assert (right, wrong) == (1, 0) and np.isnan(never)


def test_auc_depends_on_order_alone(rng):
    scores, labels = rng.normal(size=(50, 2)), rng.random((50, 1)) < 0.4
    np.testing.assert_allclose(
        probing.auc(np.tanh(scores), labels), probing.auc(scores, labels), atol=1e-12
    )


def test_correlation(rng):
    scores, values = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    expected = np.corrcoef(scores.T, values.T)[:3, 3:]
    np.testing.assert_allclose(probing.correlation(scores, values), expected, atol=1e-12)
    flat = probing.correlation(np.ones((30, 1)), values)
    assert (flat == 0).all()  # a cell that never moves follows nothing


def test_probe_is_the_minimum(rng):
    """Against least squares on the problem with ridge written as H more equations."""
    X, y, ridge = rng.normal(size=(60, 5)) + 3, rng.normal(size=60) + 2, 0.7
    weights, mean = probing.fit_probe(X, y, ridge)
    A = np.concatenate([X - X.mean(0), np.sqrt(ridge) * np.eye(5)])
    b = np.concatenate([y - y.mean(), np.zeros(5)])
    expected = lstsq(tensor(A), tensor(b)[:, None])[0][:, 0].numpy()
    np.testing.assert_allclose(weights, expected, atol=1e-10)
    np.testing.assert_allclose(mean, X.mean(0))
    np.testing.assert_array_equal(probing.fit_probe(X, y)[0], probing.fit_probe(X, y, 1.0)[0])


def test_probe_finds_a_direction(rng):
    X = rng.normal(size=(4000, 6))
    y = X @ [0, 2, 0, -1, 0, 0] + 5
    weights, _ = probing.fit_probe(X, y, ridge=1e-6)
    np.testing.assert_allclose(weights, [0, 2, 0, -1, 0, 0], atol=1e-6)


def test_only_numbers_have_ranks():
    for wrong, came in [(np.array([[1.0], [np.nan]]), "NaN"), (np.ones(2), r"\(2,\)")]:
        with pytest.raises(ValueError, match=r"scores must be numbers \(n, K\), got " + came):
            probing.auc(wrong, np.array([[True], [False]]))


@pytest.mark.parametrize(
    ("labels", "came"),
    [
        (np.array([[0], [2]]), r"int64 \(2, 1\)"),
        (np.array([True, False]), r"bool \(2,\)"),
        (np.ones((3, 1), bool), r"bool \(3, 1\)"),
    ],
)
def test_labels_are_booleans_one_for_each_score(labels, came):
    """Labels 0 and 2 gave chances of 1.139 and -0.194."""
    with pytest.raises(ValueError, match=r"labels must be booleans \(2, M\), got " + came):
        probing.auc(np.array([[1.0], [2.0]]), labels)
