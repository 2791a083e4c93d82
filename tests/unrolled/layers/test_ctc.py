"""The loss over all paths, against enumeration, finite differences and torch."""

from itertools import product

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from unrolled.layers.ctc import backward, collapse, extend, fewest_frames, forward
from unrolled.layers.gradients import numerical_gradient, relative_error


def log_softmax(u):
    return u - np.logaddexp.reduce(u, axis=-1, keepdims=True)


def enumerated(log_p, labels, blank=0):
    """P of the labels: every path, read and summed."""
    T, V = log_p.shape
    paths = [path for path in product(range(V), repeat=T) if collapse(path, blank) == (*labels,)]
    return sum(np.exp(log_p[range(T), path].sum()) for path in paths)


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ([], ()),
        ([0, 0], ()),
        ([1, 1, 1], (1,)),
        ([1, 0, 1], (1, 1)),
        ([0, 2, 2, 0, 0, 1, 2], (2, 1, 2)),
    ],
)
def test_collapse(path, labels):
    assert collapse(path) == labels


def test_collapse_with_another_blank():
    assert collapse([0, 0, 3, 0, 2], blank=3) == (0, 0, 2)


def test_places():
    places, jump = extend(np.array([3, 3, 1]))
    assert places.tolist() == [0, 3, 0, 3, 0, 1, 0]
    assert np.flatnonzero(jump).tolist() == [5]  # from 3 to 1, not from 3 to 3, never to a blank


@pytest.mark.parametrize("labels", [(), (1,), (2, 2), (1, 2), (2, 2, 1), (1, 1, 1), (1, 2, 1)])
@pytest.mark.parametrize("T", [1, 3, 5])
def test_sum_over_paths(T, labels):
    log_p = log_softmax(np.random.default_rng(T).normal(size=(T, 3)))
    assert_allclose(np.exp(-forward(log_p, labels)[0]), enumerated(log_p, labels), rtol=1e-12)


def test_everything_that_can_be_said_sums_to_one():
    log_p = log_softmax(np.random.default_rng(0).normal(size=(4, 3)))
    texts = {collapse(path) for path in product(range(3), repeat=4)}
    assert sum(np.exp(-forward(log_p, text)[0]) for text in texts) == pytest.approx(1)


CASES = [(9, 4, 3), (7, 3, 7), (5, 6, 1), (1, 3, 1), (40, 12, 15), (3, 3, 0)]


@pytest.mark.parametrize(("T", "V", "U"), CASES)
@pytest.mark.parametrize("blank", [0, 2])
def test_value_and_gradient_are_those_of_torch(T, V, U, blank):
    rng = np.random.default_rng(T + V)
    symbols = np.delete(np.arange(V), blank)
    for _ in range(4):
        labels = rng.choice(symbols, size=U)
        if T == U:
            labels = symbols[np.arange(U) % 2]  # no repeats: one path only
        u = torch.tensor(3 * rng.normal(size=(T, 1, V)), requires_grad=True)
        log_p = u.log_softmax(dim=-1)
        sizes = torch.tensor([T]), torch.tensor([U])
        target = torch.tensor(labels).reshape(1, U)
        theirs = torch.nn.functional.ctc_loss(log_p, target, *sizes, blank=blank, reduction="sum")
        loss, tape = forward(log_p.detach().numpy()[:, 0], labels, blank)
        assert loss == pytest.approx(theirs.item(), rel=1e-12)
        if np.isfinite(loss):
            theirs.backward()
            assert_allclose(backward(tape), u.grad[:, 0].numpy(), atol=1e-12)


def test_a_batch_is_a_loop():
    """N = 5 sounds and texts of unequal lengths, padded as torch wants them."""
    rng = np.random.default_rng(3)
    u = torch.tensor(rng.normal(size=(12, 5, 4)), requires_grad=True)
    labels = rng.integers(1, 4, size=(5, 6))
    T, U = np.array([12, 7, 9, 11, 12]), np.array([6, 2, 4, 1, 5])
    log_p = u.log_softmax(dim=-1)
    sizes = torch.tensor(T), torch.tensor(U)
    total = torch.nn.functional.ctc_loss(log_p, torch.tensor(labels), *sizes, reduction="sum")
    total.backward()
    du, loss = np.zeros(u.shape), 0.0
    for n in range(5):
        each, tape = forward(log_p.detach().numpy()[: T[n], n], labels[n, : U[n]])
        loss, du[: T[n], n] = loss + each, backward(tape)
    assert loss == pytest.approx(total.item())
    assert_allclose(du, u.grad.numpy(), atol=1e-12)


def test_gradient_is_that_of_finite_differences():
    u = np.random.default_rng(1).normal(size=(6, 4))
    labels = np.array([2, 2, 1])
    gradient = backward(forward(log_softmax(u), labels)[1])
    difference = numerical_gradient(lambda u: forward(log_softmax(u), labels)[0], u)
    assert relative_error(gradient, difference) < 1e-8
    assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)


def test_too_few_frames():
    """Impossible: infinite, as torch has it. Torch's gradient is then NaN, ours an error."""
    log_p = log_softmax(np.zeros((3, 3)))
    for labels in ([1, 1, 1], [1, 2, 2], [1, 2, 1, 2]):
        assert fewest_frames(labels) > 3
        loss, tape = forward(log_p, labels)
        assert loss == np.inf
        with pytest.raises(ValueError, match="no path"):
            backward(tape)
    assert fewest_frames([1, 2, 1]) == 3 and np.isfinite(forward(log_p, [1, 2, 1])[0])
    assert fewest_frames([]) == 0


def test_long_sounds_do_not_underflow():
    log_p = log_softmax(np.random.default_rng(0).normal(size=(3000, 5)))
    loss, tape = forward(log_p, np.arange(200) % 4 + 1)
    assert 1000 < loss < 1e5 and np.isfinite(backward(tape)).all()


def test_float32_stays():
    log_p = log_softmax(np.random.default_rng(0).normal(size=(7, 5))).astype(np.float32)
    assert backward(forward(log_p, [1, 2])[1]).dtype == np.float32


@pytest.mark.parametrize(
    ("log_p", "labels", "blank", "said"),
    [
        (np.zeros((0, 3)), [1], 0, "at least one frame"),
        (np.zeros(3), [1], 0, "at least one frame"),
        (np.zeros((4, 3)), [1], 0, "sum to one"),  # logits
        (log_softmax(np.zeros((4, 3))), [3], 0, "in 0 ... 2"),
        (log_softmax(np.zeros((4, 3))), [0, 1], 0, "not 0"),
        (log_softmax(np.zeros((4, 3))), [[1]], 0, "labels"),
        (log_softmax(np.zeros((4, 3))), [1], 3, "blank"),
        (log_softmax(np.zeros((4, 3))), [1], 0.5, r"blank must be in 0 ... 2, got 0\.5"),
        (log_softmax(np.zeros((4, 3))), [1.7, 2.2], 0, r"whole numbers .*, got \[1\.7, 2\.2\]"),
        (log_softmax(np.zeros((4, 3))), [1.0, 2.0], 0, "whole numbers"),
        (log_softmax(np.zeros((4, 3))), ["a"], 0, "whole numbers"),
        (log_softmax(np.zeros((4, 3))).tolist(), [1], 0, "log_p must be an array of floats"),
        (None, [1], 0, "at least one frame"),
        (np.full((4, 3), 1e3), [1], 0, "sum to one"),
        (np.full((4, 3), np.nan), [1], 0, "sum to one"),
    ],
)
def test_wrong_input_is_named(log_p, labels, blank, said):
    with pytest.raises(ValueError, match=said):
        forward(log_p, labels, blank)


def test_ragged_labels_are_named():
    log_p = log_softmax(np.zeros((3, 3)))
    for call in (lambda a: forward(log_p, a), fewest_frames):
        with pytest.raises(
            ValueError, match=r"^labels must be an array of whole numbers.*, got a list"
        ):
            call([[1], [1, 2]])
