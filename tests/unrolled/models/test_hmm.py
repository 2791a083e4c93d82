"""The forward algorithm against a sum over every path of the latent chain."""

from itertools import product

import numpy as np
import pytest

from unrolled.models.hmm import HMM


@pytest.fixture
def hmm():
    rng = np.random.default_rng(2)
    return HMM(*(rng.dirichlet(np.ones(size), rows) for size, rows in ((3, None), (3, 3), (4, 3))))


def path_probability(hmm, z, x):
    p = hmm.pi[z[0]] * hmm.B[z[0], x[0]]
    for t in range(1, len(x)):
        p *= hmm.A[z[t - 1], z[t]] * hmm.B[z[t], x[t]]
    return p


@pytest.mark.parametrize("T", [1, 2, 5])
def test_forward_is_the_sum_over_paths(hmm, T):
    x = np.random.default_rng(T).integers(0, 4, size=T)
    paths = list(product(range(3), repeat=T))
    p = [path_probability(hmm, z, x) for z in paths]
    log_p, states = hmm.forward(x)
    assert log_p.sum() == pytest.approx(np.log(sum(p)))
    last = [sum(q for q, z in zip(p, paths, strict=True) if z[-1] == j) for j in range(3)]
    assert states[-1] == pytest.approx(np.array(last) / sum(p))


def test_a_longer_text_only_adds_terms(hmm):
    x = np.random.default_rng(0).integers(0, 4, size=9)
    log_p, states = hmm.forward(x)
    log_p_5, states_5 = hmm.forward(x[:5])
    assert log_p[:5] == pytest.approx(log_p_5) and states[:5] == pytest.approx(states_5)


def test_prediction_is_the_next_step_of_forward(hmm):
    x = np.array([2, 0, 3, 1])
    _, states = hmm.forward(x)
    following = [np.exp(hmm.forward(np.append(x, v))[0][-1]) for v in range(4)]
    assert hmm.predict(states[-1]) == pytest.approx(following)
    assert hmm.predict(states).sum(axis=-1) == pytest.approx(1)


def test_nothing_underflows(hmm):
    _, x = hmm.sample(5000, np.random.default_rng(1))
    log_p, states = hmm.forward(x)
    assert log_p.sum() < -1000  # exp of which is 0 in float64
    assert states.sum(axis=1) == pytest.approx(1)


def test_what_cannot_happen_has_probability_zero():
    hmm = HMM(np.array([1.0, 0]), np.array([[0.0, 1], [1, 0]]), np.eye(2))  # 0 1 0 1 …
    assert hmm.forward(np.array([0, 1, 0]))[0].sum() == 0
    assert np.exp(hmm.forward(np.array([0, 0, 1]))[0]) == pytest.approx([1, 0, 0])


def test_samples_have_the_model_s_frequencies(hmm):
    z, x = hmm.sample(20_000, np.random.default_rng(3))
    for j in range(3):
        assert np.bincount(x[z == j], minlength=4) / sum(z == j) == pytest.approx(
            hmm.B[j], abs=0.02
        )
        after = np.bincount(z[1:][z[:-1] == j], minlength=3) / sum(z[:-1] == j)
        assert after == pytest.approx(hmm.A[j], abs=0.03)


def test_wrong_input_says_what_was_expected(hmm):
    with pytest.raises(ValueError, match=r"A must be \(3, 3\), got \(2, 3\)"):
        HMM(hmm.pi, hmm.A[:2], hmm.B)
    with pytest.raises(ValueError, match="rows of B"):
        HMM(hmm.pi, hmm.A, hmm.B[:, :3])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([-1, 0], "from 0 to 3, got -1 to 0"),
        ([0, 4], "from 0 to 3, got 0 to 4"),
        ([0.5], "whole numbers"),
        ([[0, 1]], r"x must be \(T,\), got \(1, 2\)"),
    ],
)
def test_tokens_that_there_are_not(hmm, x, message):
    with pytest.raises(ValueError, match=message):
        hmm.forward(x)


def test_tables_of_wrong_shape(hmm):
    with pytest.raises(ValueError, match=r"pi must be \(3,\), got \(1, 3\)"):
        HMM(hmm.pi[None], hmm.A, hmm.B)
    with pytest.raises(ValueError, match="K = 0 and V = 4"):
        HMM(hmm.pi[:0], hmm.A[:0, :0], hmm.B[:0])
    with pytest.raises(ValueError, match="T must be 0 tokens or more, got -1"):
        hmm.sample(-1, np.random.default_rng(0))
    tables = HMM(hmm.pi.tolist(), hmm.A.tolist(), hmm.B.tolist())
    assert np.array_equal(tables.forward([1, 2])[0], hmm.forward([1, 2])[0])
