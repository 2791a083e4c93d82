"""Import every module of unrolled.layers, and run each layer there and back, on NumPy alone."""

import importlib
import inspect
import pkgutil
import sys
from dataclasses import fields, is_dataclass
from importlib.util import find_spec

import numpy as np

import unrolled.layers

T = N = S = 5  # equal: that it runs is the question here, its numbers have tests of their own
SIZES = {"D": 4, "H": 4, "A": 4, "F": 2, "L": 2}  # what `init` can ask for
FOREIGN = ("torch", "matplotlib", "keras", "tqdm")


def main() -> None:
    there = [name for name in FOREIGN if find_spec(name)]
    if there:
        sys.exit(f"This trial says nothing where there is more than NumPy: {', '.join(there)}")
    names = sorted(found.name for found in pkgutil.iter_modules(unrolled.layers.__path__))
    for name in names:
        module = importlib.import_module(f"unrolled.layers.{name}")
        for layer in layers(module):
            try_out(layer)
            print(f"{name}.{layer.__name__} runs", flush=True)


def layers(module) -> list[type]:
    """The module's own dataclasses that make their parameters."""
    classes = [thing for _, thing in inspect.getmembers(module, inspect.isclass)]
    own = [thing for thing in classes if thing.__module__ == module.__name__]
    return [thing for thing in own if is_dataclass(thing) and hasattr(thing, "init")]


def try_out(layer: type) -> None:
    """Forward and backward once: the gradient is finite, and of the layer's own kind."""
    rng = np.random.default_rng(0)
    made = layer.init(**{name: SIZES.get(name, rng) for name in required(layer.init)})
    out, *_, tape = forward(made, rng)
    grads, *inputs = made.backward(tape, rng.normal(size=out.shape))
    assert type(grads) is layer, f"{layer.__name__}.backward gives a {type(grads).__name__}"
    for gradient in arrays([*(getattr(grads, field.name) for field in fields(grads)), *inputs]):
        assert np.isfinite(gradient).all(), layer.__name__


def forward(layer, rng: np.random.Generator):
    """Its outputs. A state is one array, or two, or one such for each part: the first that fits."""
    h = np.zeros((N, SIZES["H"]))
    values = {
        "x": rng.normal(size=(T, N, SIZES["D"])),
        "h_0": h,
        "Q": rng.normal(size=(N, T, SIZES["H"])),
        "K": rng.normal(size=(N, S, SIZES["H"])),
        "M": rng.normal(size=(N, S, SIZES["D"])),
        "mask": np.ones((N, S), bool),
    }
    refused = ValueError("takes none of the states that are known here")
    for state in (h, (h, h), ((h, h), (h, h))):
        known = values | {"state": state, "states": state}
        try:
            return layer.forward(**{name: known[name] for name in required(layer.forward)})
        except (ValueError, AttributeError, TypeError) as error:
            refused = error
    raise refused


def required(function) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty]


def arrays(tree) -> list[np.ndarray]:
    if isinstance(tree, np.ndarray):
        return [tree]
    return [array for part in tree for array in arrays(part)]


if __name__ == "__main__":
    main()
