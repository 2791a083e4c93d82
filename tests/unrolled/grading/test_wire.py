"""What can cross, crosses unchanged; whatever else comes is refused, by an exception."""

import struct
from collections import Counter, namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from unrolled.grading import wire

KEYS = st.one_of(st.text(max_size=5), st.integers(), st.tuples(st.text(max_size=3), st.integers()))
LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    st.sampled_from(sorted(wire.DTYPES)).flatmap(
        lambda name: arrays(name, array_shapes(min_dims=0, min_side=0, max_side=4))
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


def same(x, y):
    """Equal, of the same types all the way down; NaN equals NaN, and -0.0 is not 0.0."""
    if type(x) is not type(y):
        return False
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    if isinstance(x, dict):
        return same(list(x.items()), list(y.items()))
    if isinstance(x, list | tuple):
        return len(x) == len(y) and all(map(same, x, y))
    return repr(x) == repr(y)


@settings(deadline=None, max_examples=60)
@given(VALUES)
def test_values_cross_unchanged(value):
    assert same(wire.unpack(wire.pack(value)), value)


@settings(deadline=None, max_examples=80)
@given(VALUES, st.data())
def test_a_spoiled_frame_is_a_value_or_an_exception(value, data):
    frame = bytearray(wire.pack(value))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        spoiled = wire.unpack(bytes(frame))
    except Exception:
        return
    assert same(wire.unpack(wire.pack(spoiled)), spoiled)  # a value like any other


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80))
def test_bytes_of_any_kind(text):
    frame = wire.LENGTHS.pack(len(text), 0) + text
    try:
        value = wire.unpack(frame)
    except Exception:
        return
    assert type(value) in (type(None), bool, int, float, str, list, tuple, dict)


def test_numbers_of_numpy_and_narrow_integers_become_plain():
    sent = [np.float32(0.5), np.int16(3), np.bool_(True), np.arange(3, dtype=np.uint8)]
    half, three, true, numbers = wire.unpack(wire.pack(sent))
    assert (type(half), type(three), true) == (float, int, True)
    assert numbers.dtype == np.int64


def test_of_a_subclass_its_value_crosses():
    pair = namedtuple("pair", "a b")(1, 2)
    counts, both = wire.unpack(wire.pack([Counter("aab"), pair]))
    assert (type(counts), counts, type(both), both) == (dict, {"a": 2, "b": 1}, tuple, (1, 2))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "set"),
        (1j, "complex"),
        (object(), "object"),
        (len, "builtin"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (np.zeros(2, np.float16), "float16"),
        (np.zeros(2, object), "object"),
        (np.zeros(2, "U3"), "<U3"),
        (np.zeros(9 * 2**20), "72 MiB"),
        (2**5000, "bits"),
        ("x" * 5 * 2**20, "5 MiB"),
    ],
    ids=lambda x: x if isinstance(x, str) and len(x) < 20 else "",
)
def test_refused_by_name(value, named):
    with pytest.raises(wire.WireError, match=named):
        wire.pack([value])


def test_what_holds_itself_is_refused():
    endless: list = []
    endless.append(endless)
    with pytest.raises(wire.WireError, match="nested"):
        wire.pack(endless)


def frame(text, rest=b""):
    return wire.LENGTHS.pack(len(text), len(rest)) + text.encode() + rest


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 30 + "]" * 30,
        '{"array": ["float64", [1000000000000]]}',
        '{"array": ["float64", [0, 1000000000000]]}',
        '{"array": ["float64", [-1]]}',
        '{"array": ["float64", [true]]}',
        '{"array": ["object", [0]]}',
        '{"array": ["float64", [1]]}',
        '{"function": 0}',
        '{"dict": [[{"dict": []}, 1]]}',
        '{"dict": [[1, 2, 3]]}',
        '{"tuple": {"array": ["float64", [0]]}}',
        '{"tuple": [], "dict": []}',
        '{"code": "x"}',
        "{}",
        "1" * 5000,
        '{"dict": [' + ",".join(["[1,1]"] * 20_001) + "]}",
    ],
    ids=lambda text: text[:40],
)
def test_frames_that_lie(text):
    with pytest.raises(Exception) as caught:
        wire.unpack(frame(text))
    assert isinstance(caught.value, Exception)


def test_a_frame_is_as_long_as_it_says():
    whole = wire.pack(np.ones(3))
    for wrong in (whole[:-1], whole + b"x", frame("1", b"x"), whole[:4]):
        with pytest.raises((wire.WireError, struct.error)):
            wire.unpack(wrong)


@pytest.mark.parametrize("lengths", [(2**32 - 1, 0), (0, 64 * 2**20 + 1), (4 * 2**20 + 1, 0)])
def test_a_length_is_refused_before_anything_is_read(lengths):
    with pytest.raises(wire.WireError, match="too large"):
        wire.sizes(wire.LENGTHS.pack(*lengths))


def test_a_truth_value_is_true_or_false():
    value = wire.unpack(frame('{"array": ["bool", [3]]}', bytes([0, 1, 255])))
    assert value.view(np.uint8).tolist() == [0, 1, 1]


def test_arrays_have_memory_of_their_own():
    x = wire.unpack(wire.pack(np.ones(3)))
    x += 1
    assert x.flags.owndata or x.base.flags.owndata


def test_functions_cross_as_numbers():
    functions = [abs]
    whole = wire.pack({"f": (abs,)}, functions.index)
    assert wire.unpack(whole, functions.__getitem__) == {"f": (abs,)}
    with pytest.raises(wire.WireError):
        wire.unpack(whole)
