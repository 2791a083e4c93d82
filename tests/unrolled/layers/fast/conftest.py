"""What every fast layer is held to: the plain one. Promises of both: test_layer_contract.py."""

import numpy as np
import pytest

from unrolled import layers
from unrolled.layers import fast, relative_error

SIZES = {  # T, N, D, H
    "usual": (7, 3, 4, 5),
    "one step": (1, 3, 4, 5),
    "one sequence": (7, 1, 4, 5),
    "no step": (0, 3, 4, 5),
    "no sequence": (7, 0, 4, 5),
    "more steps than one chunk of slopes": (90, 9, 3, 24),
    "weights in blocks, with AVX-512": (3, 70, 12, 96),
}
CASES = {name: {"size": size} for name, size in SIZES.items()}
CASES |= {
    "nothing comes back": {"size": (7, 3, 4, 5), "cut": True},
    "other memory": {"size": (7, 3, 4, 5), "turned": True},
    "float32": {"size": (7, 3, 4, 5), "dtype": np.float32},
}


def arrays(tree):
    """Every array of an output, in order."""
    if isinstance(tree, np.ndarray):
        return [tree]
    parts = tree if isinstance(tree, tuple) else vars(tree).values()
    return [a for part in parts for a in arrays(part)]


def both(name, size, dtype=float, turned=False, cut=False):
    """All that the fast and the plain layer return from the same numbers."""
    T, N, D, H = size
    rng = np.random.default_rng(0)
    plain = getattr(layers, name).init(D, H, rng, dtype)
    for a in vars(plain).values():
        a += 0.3 * rng.normal(size=a.shape).astype(dtype)

    def draw(*shape):
        a = rng.normal(size=shape).astype(dtype)
        return np.asfortranarray(a) if turned else a

    def state():
        zeros = plain.zeros(N)
        return tuple(draw(*z.shape) for z in zeros) if isinstance(zeros, tuple) else draw(N, H)

    x, dh, start, late = draw(T, N, D), draw(T, N, H), state(), None if cut else state()
    for layer in (getattr(fast, name)(**vars(plain)), plain):
        h, last_state, tape = layer.forward(x, start)
        yield [*arrays((h, last_state)), *arrays(layer.backward(tape, dh, late))]


@pytest.fixture(params=CASES.values(), ids=CASES)
def agree(request):
    """Asserts that the fast and the plain layer of a name give the same numbers."""

    def check(name):
        for left, right in zip(*both(name, **request.param), strict=True):
            assert left.shape == right.shape and left.dtype == right.dtype
            assert relative_error(left, right) < (1e-5 if right.dtype == np.float32 else 1e-12)

    return check
