"""What every recurrent layer promises (`unrolled.layers.layer_contract`), held against all of them.

A new layer is one line in KINDS, a new wrapper one in LAYERS. What only one layer does, such as
agreeing with its counterpart in torch, is in that layer's own test file.
"""

import re
from dataclasses import is_dataclass
from functools import partial

import numpy as np
import pytest

from unrolled.layers import (
    GRU,
    LRU,
    LSTM,
    RGLRU,
    RNN,
    S6,
    SLSTM,
    Bidirectional,
    CausalConv,
    MinGRU,
    PublishedGRU,
    Stack,
    check_layer,
    fast,
    relative_error,
)
from unrolled.layers.layer_contract import check, check_parts, from_beyond, gradient_at, rows

D, H = 4, 5
KINDS = [RNN, LSTM, GRU, PublishedGRU, MinGRU, LRU, S6, RGLRU, SLSTM, CausalConv]  # with init
LAYERS = {f"{kind.__module__.split('.')[-1]}.{kind.__name__}": kind.init for kind in KINDS}
LAYERS |= {f"fast.{kind.__name__}": kind.init for kind in (fast.RNN, fast.LSTM, fast.GRU)}
LAYERS |= {
    "dilated": partial(CausalConv.init, F=3, dilation=2),
    "one tap": partial(CausalConv.init, F=1),
    "Stack": lambda D, H, rng, dtype: Stack.init(LSTM, D, [3, H], rng, dtype),
    "mixed Stack": lambda D, H, rng, dtype: Stack(
        [GRU.init(D, 3, rng, dtype), CausalConv.init(3, 2, rng, dtype), LSTM.init(2, H, rng, dtype)]
    ),
    "Stack of Stacks": lambda D, H, rng, dtype: Stack(
        [Stack.init(RNN, D, [2, 3], rng, dtype), Stack.init(GRU, 3, [H], rng, dtype)]
    ),
}
BOTH_WAYS = {
    "Bidirectional": lambda D, H, rng, dtype: Bidirectional.init(LSTM, D, H, rng, dtype),
    "unlike ways": lambda D, H, rng, dtype: Bidirectional(
        RNN.init(D, H, rng, dtype), LSTM.init(D, 2, rng, dtype)
    ),
    "Stack of both ways": lambda D, H, rng, dtype: Stack(
        [Bidirectional.init(GRU, D, 3, rng, dtype), Bidirectional.init(RNN, 6, H, rng, dtype)]
    ),
}
one_way = pytest.mark.parametrize("init", LAYERS.values(), ids=LAYERS)
every = pytest.mark.parametrize("init", (LAYERS | BOTH_WAYS).values(), ids=LAYERS | BOTH_WAYS)
SIZES = [(12, 3, D, H), (1, 3, D, H), (12, 1, D, H), (1, 1, D, H), (12, 3, 5, 1)]


def leaves(tree):
    """Every array of a layer, state, tape or list of such things; what is not an array is left."""
    if isinstance(tree, np.ndarray):
        return [tree]
    if is_dataclass(tree):
        tree = list(vars(tree).values())
    return [a for part in tree for a in leaves(part)] if isinstance(tree, list | tuple) else []


def change(tree, f):
    """The same layer or state with f(array) for every array."""
    if isinstance(tree, np.ndarray):
        return f(tree)
    if is_dataclass(tree):
        return type(tree)(**{name: change(part, f) for name, part in vars(tree).items()})
    return type(tree)(change(p, f) for p in tree) if isinstance(tree, list | tuple) else tree


def case(init, T=12, N=3, D=D, H=H):
    """A layer without zeros, x, state, dh and dlast_state."""
    rng = np.random.default_rng(0)
    layer = init(D, H, rng, float)
    for a in leaves(layer):
        a += 0.3 * rng.normal(size=a.shape)
    x, state = rng.normal(size=(T, N, D)), layer.zeros(N)
    state, dlast_state = (change(state, lambda a: rng.normal(size=a.shape)) for _ in range(2))
    return layer, x, state, rng.normal(size=layer.forward(x, state)[0].shape), dlast_state


def numbers(layer, x, state, dh, dlast_state):
    """Everything that the two passes return, in one list of arrays."""
    h, last_state, tape = layer.forward(x, state)
    return leaves([h, last_state, *layer.backward(tape, dh, dlast_state)])


def equal(left, right, error=1e-13):
    for a, b in zip(left, right, strict=True):
        assert relative_error(a, b) < error  # which compares the shapes, too


@every
@pytest.mark.parametrize(("T", "N", "D", "H"), SIZES)
def test_gradients_are_those_of_differences(init, T, N, D, H):
    layer, x, state, *_ = case(init, T, N, D, H)
    errors = check_layer(layer, x, state, np.random.default_rng(1))
    assert len(errors) == len(leaves([layer, x, state]))
    assert max(errors.values()) < 1e-7, errors


@every
def test_shapes_are_those_of_what_they_are_gradients_of(init):
    layer, x, state, dh, dlast_state = case(init)
    h, last_state, tape = layer.forward(x, state)
    assert h.shape[:2] == x.shape[:2]
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)
    assert type(grads) is type(layer) and type(last_state) is type(dstate) is type(state)
    for left, right in [(grads, layer), (dx, x), (dstate, state), (last_state, state)]:
        assert [a.shape for a in leaves(left)] == [a.shape for a in leaves(right)]
    assert change(grads, np.shape) == change(layer, np.shape)  # settings such as a dilation, too
    for part in leaves_of_stack(tape):
        assert part._fields


def leaves_of_stack(tape):
    return [p for part in tape for p in leaves_of_stack(part)] if type(tape) is list else [tape]


@one_way
@pytest.mark.parametrize("cut", [0, 1, 7, 12])
def test_two_segments_that_carry_the_state_are_one(init, cut):
    """Forward the last state starts the next segment, backward its gradient comes back to it."""
    layer, x, state, dh, dlast_state = case(init)
    h, last_state, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)
    h_a, between, tape_a = layer.forward(x[:cut], state)
    h_b, last_b, tape_b = layer.forward(x[cut:], between)
    late, dx_b, dbetween = layer.backward(tape_b, dh[cut:], dlast_state)
    early, dx_a, dstate_a = layer.backward(tape_a, dh[:cut], dbetween)
    sums = [a + b for a, b in zip(leaves(early), leaves(late), strict=True)]
    joined = [np.concatenate([h_a, h_b]), np.concatenate([dx_a, dx_b])]
    equal(leaves([joined, last_b, sums, dstate_a]), leaves([h, dx, last_state, grads, dstate]))


@every
def test_nothing_comes_back_is_zeros(init):
    layer, x, state, dh, _ = case(init)
    _, _, tape = layer.forward(x, state)
    left, right = layer.backward(tape, dh), layer.backward(tape, dh, layer.zeros(3))
    equal(leaves(left), leaves(right))


@every
def test_any_memory_may_be_read_only(init):
    """Transposed inputs, broadcast cotangents and Fortran weights give the same numbers."""
    layer, x, state, dh, dlast_state = case(init)
    dh = np.broadcast_to(np.arange(float(dh.shape[2])), dh.shape)
    right = numbers(layer, x, state, dh.copy(), dlast_state)

    def odd(a):
        a = np.asfortranarray(a)
        a.flags.writeable = False
        return a

    batch_first = np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2)
    batch_first.flags.writeable = False
    left = numbers(
        change(layer, odd), batch_first, change(state, odd), dh, change(dlast_state, odd)
    )
    equal(left, right)


@every
@pytest.mark.parametrize("T", [0, 1, 12])
def test_nothing_given_is_changed_or_given_back(init, T):
    """Neither inputs nor tape; and what comes out is the caller's to change."""
    layer, *given = case(init, T)
    x, state, dh, dlast_state = given
    h, last_state, tape = layer.forward(x, state)
    everything = leaves([layer, *given, h, last_state, tape])
    before = [a.copy() for a in everything]
    first, second = (leaves(layer.backward(tape, dh, dlast_state)) for _ in range(2))
    for a, b in zip([*before, *first], [*everything, *second], strict=True):
        np.testing.assert_array_equal(a, b)
    for a in leaves([last_state, *first]):
        assert not any(np.shares_memory(a, b) for b in leaves([layer, *given]))


@every
def test_float32_in_float32_out(init):
    layer, *given = case(init)
    right = numbers(layer, *given)
    small, *small_given = (change(part, np.float32) for part in (layer, *given))
    for a, b in zip(numbers(small, *small_given), right, strict=True):
        assert a.dtype == np.float32
        assert relative_error(a, b) < 1e-5


@every
def test_the_type_is_that_of_x_and_the_weights(init):
    layer, x, *given = case(init)
    small, small_x = change(layer, np.float32), x.astype(np.float32)
    assert {a.dtype for a in numbers(small, small_x, *given)} == {np.dtype(np.float32)}
    for mixed in [(small, x, *given), (layer, small_x, *given)]:
        assert {a.dtype for a in numbers(*mixed)} == {np.dtype(float)}


@every
def test_no_step_at_all(init):
    """The last state is the initial one, and its gradient is what comes back."""
    layer, x, state, dh, dlast_state = case(init, T=0)
    h, last_state, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)
    assert len(h) == len(dx) == 0 and not any(a.any() for a in leaves(grads))
    for left, right in [(last_state, state), (dstate, dlast_state)]:
        for a, b in zip(leaves(left), leaves(right), strict=True):
            np.testing.assert_array_equal(a, b)


@every
@pytest.mark.parametrize("T", [0, 1, 12])
def test_no_sequence_at_all(init, T):
    layer, x, state, dh, dlast_state = case(init, T, N=0)
    h, last_state, tape = layer.forward(x, state)
    grads, dx, dstate = layer.backward(tape, dh, dlast_state)
    assert h.shape[:2] == (T, 0) and dx.shape == (T, 0, D)
    assert not any(a.any() for a in leaves(grads))
    assert [a.shape for a in leaves(grads)] == [a.shape for a in leaves(layer)]
    for given in (last_state, dstate):
        assert [a.shape for a in leaves(given)] == [a.shape for a in leaves(state)]


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_init_and_zeros(init, dtype):
    one, two, other = (init(D, H, np.random.default_rng(seed), dtype) for seed in (0, 0, 1))
    assert {a.dtype for a in leaves([one, one.zeros(3)])} == {np.dtype(dtype)}
    for a, b in zip(leaves(one), leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(leaves(one)[0], leaves(other)[0])
    assert not any(a.any() for a in leaves(one.zeros(3)))
    one.forward(np.ones((2, 3, D), dtype), one.zeros(3))


def wrong_somewhere(tree, wrong):
    """Copies of a state, each with another one of its arrays replaced by wrong(array)."""
    for k in range(len(leaves(tree))):
        places = iter(range(len(leaves(tree))))
        yield change(tree, lambda a, places=places, k=k: wrong(a) if next(places) == k else a)


STATE = r"^((h_0|c_0|state)|(h_0|c_0|m_0) in state) must be "
LAST = r"^(dlast_state|d[hcm]_T in dlast_state) must be "


@every
def test_a_wrong_shape_is_named_with_what_came(init):
    layer, x, state, dh, dlast_state = case(init)
    _, _, tape = layer.forward(x, state)
    T, N, K = dh.shape
    for wrong in [(T, N, D + 1), (N, D), (T, N, D, 1)]:
        with pytest.raises(ValueError, match=re.escape(f"x must be (T, N, {D}), got {wrong}")):
            layer.forward(np.zeros(wrong), state)
    for wrong in [(T, N, K + 1), (T, N, 1), (T + 1, N, K), (T, 1, K), (N, K)]:
        with pytest.raises(ValueError, match=re.escape(f"dh must be {dh.shape}, got {wrong}")):
            layer.backward(tape, np.zeros(wrong), dlast_state)
    for wrong in (lambda a: a[..., 1:], lambda a: a[..., :1, :], lambda a: a[..., 0]):
        for s in wrong_somewhere(state, wrong):
            with pytest.raises(ValueError, match=STATE + r"\([\d, ]*\), got \([\d, ]*\)$"):
                layer.forward(x, s)
        for d in wrong_somewhere(dlast_state, wrong):
            with pytest.raises(ValueError, match=LAST + r"\([\d, ]*\), got \([\d, ]*\)$"):
                layer.backward(tape, dh, d)


@every
def test_another_number_of_parts_is_named(init):
    layer, x, state, dh, _ = case(init)
    _, _, tape = layer.forward(x, state)
    for wrong in [[*state, state[0]], state[0]] if isinstance(state, list | tuple) else [[state]]:
        with pytest.raises(ValueError, match=r"^(h_0|state) must be .*, got "):
            layer.forward(x, wrong)
        with pytest.raises(ValueError, match=r"^dlast_state must be .*, got "):
            layer.backward(tape, dh, wrong)


@every
@pytest.mark.parametrize("wrong", [lambda a: a.astype(int), np.ndarray.tolist], ids=["int", "list"])
def test_what_is_not_an_array_of_floats_is_named(init, wrong):
    layer, x, state, dh, dlast_state = case(init)
    _, _, tape = layer.forward(x, state)
    came = r"an array of floats \([\w, ]*\), got (int64|list)$"
    with pytest.raises(ValueError, match="^x must be " + came):
        layer.forward(wrong(x), state)
    with pytest.raises(ValueError, match="^dh must be " + came):
        layer.backward(tape, wrong(dh), dlast_state)
    for s in wrong_somewhere(state, wrong):
        with pytest.raises(ValueError, match=STATE + came):
            layer.forward(x, s)
    for d in wrong_somewhere(dlast_state, wrong):
        with pytest.raises(ValueError, match=LAST + came):
            layer.backward(tape, dh, d)


def test_a_letter_stands_for_any_size():
    assert check("x", np.zeros((7, 3, 4)), "T", "N", 4) == (7, 3, 4)
    assert check("x", np.zeros((0, 0), np.float32), "T", 0) == (0, 0)
    for shape, expected in [((4,), "(5,)"), ((3, 5), "(5,)"), ((), "(5,)")]:
        with pytest.raises(ValueError, match=re.escape(f"b must be {expected}, got {shape}")):
            check("b", np.zeros(shape), 5)


@pytest.mark.parametrize(
    ("wrong", "came"),
    [(np.zeros(5, bool), "bool"), (np.zeros(5, complex), "complex128"), (None, "NoneType")],
)
def test_only_arrays_of_floats(wrong, came):
    with pytest.raises(ValueError, match=rf"b must be an array of floats \(5,\), got {came}"):
        check("b", wrong, 5)


def test_parts():
    check_parts("state", (1, 2), "a pair", 2)
    for wrong, came in [([1], "list of 1"), ((1, 2, 3), "tuple of 3"), (np.zeros(2), "ndarray")]:
        with pytest.raises(ValueError, match=f"state must be a pair, got a {came}$"):
            check_parts("state", wrong, "a pair", 2)


def test_gradients_take_the_type_of_what_they_belong_to():
    like, given = np.ones((3, 2), np.float32), np.ones((3, 2))
    assert gradient_at("dh", given, like).dtype == np.float32
    assert gradient_at("dh", given, np.ones((3, 2))) is given
    copy = from_beyond("dlast_state", given, np.ones((3, 2)))
    assert not np.shares_memory(copy, given) and (copy == given).all()
    assert from_beyond("dlast_state", None, like).dtype == np.float32


def test_rows_of_nothing():
    assert rows(np.zeros((0, 3, 4))).shape == (0, 4)
    assert rows(np.zeros((2, 3, 4))).shape == (6, 4)


@every
def test_neither_nan_nor_another_tape(init):
    """They would give NaN, or an error of NumPy's, without a word about what is wrong."""
    layer, x, state, dh, dlast_state = case(init)
    _, _, tape = layer.forward(x, state)
    for wrong in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"^x must be finite, got NaN or infinity$"):
            layer.forward(np.full_like(x, wrong), state)
        with pytest.raises(ValueError, match=r"^dh must be finite"):
            layer.backward(tape, np.full_like(dh, wrong), dlast_state)
    for wrong in (dh, None, []):
        with pytest.raises(ValueError, match=r"^tape must be "):
            layer.backward(wrong, dh, dlast_state)
    with pytest.raises(ValueError, match=r"^N must be at least 0, got -1"):
        layer.zeros(-1)


@pytest.mark.parametrize("kind", KINDS)
def test_init_names_what_it_cannot_use(kind):
    rng = np.random.default_rng(0)
    for wrong, said in [
        ((0, H, rng), "D must be at least 1, got 0"),
        ((D, 2.5, rng), "H must be a whole number, got 2.5"),
        ((D, H, 0), "rng must be a NumPy generator.*, got 0"),
        ((D, H, rng, int), "dtype must be a type of floats, got "),
        ((D, H, rng, "text"), "dtype must be a type of floats, got 'text'"),
    ]:
        with pytest.raises(ValueError, match=f"^{said}"):
            kind.init(*wrong)
