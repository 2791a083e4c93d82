"""Import every module of unrolled.layers, and run each layer there and back, on NumPy alone."""

import importlib
import inspect
import pkgutil
import sys
from dataclasses import fields, is_dataclass
from importlib.util import find_spec

import numpy as np

import unrolled.layers

T, N, S = 6, 5, 3
D, H = 3, 4
# What `init` and `forward` can ask for, by name; the state of a recurrent layer is its `zeros`
SIZES = {"D": D, "H": H, "V": 2, "A": 2, "F": 2, "sizes": [H, H], "kind": unrolled.layers.LSTM}
FOREIGN = ("torch", "matplotlib", "keras", "tqdm")


def main() -> None:
    there = [name for name in FOREIGN if find_spec(name)]
    if there:
        sys.exit(f"This trial says nothing where there is more than NumPy: {', '.join(there)}")
    found = pkgutil.walk_packages(unrolled.layers.__path__, "unrolled.layers.")
    for name in sorted(module.name for module in found):
        for layer in layers(importlib.import_module(name)):
            try_out(layer)
            print(f"{name.removeprefix('unrolled.layers.')}.{layer.__name__} runs", flush=True)


def layers(module) -> list[type]:
    """The module's own dataclasses that make their parameters."""
    classes = [thing for _, thing in inspect.getmembers(module, inspect.isclass)]
    own = [thing for thing in classes if thing.__module__ == module.__name__]
    return [thing for thing in own if is_dataclass(thing) and hasattr(thing, "init")]


def try_out(layer: type) -> None:
    """There and back once: the gradient is finite, and of the layer's own kind."""
    rng = np.random.default_rng(0)
    stack = unrolled.layers.Stack.init(**choose(unrolled.layers.Stack.init, SIZES | {"rng": rng}))
    made = layer.init(**choose(layer.init, SIZES | {"rng": rng, "stack": stack}))
    inputs = {
        "x": rng.normal(size=(T, N, D)),
        "Q": rng.normal(size=(T, N, H)),
        "K": rng.normal(size=(S, N, H)),
        "M": rng.normal(size=(S, N, D)),
        "mask": np.ones((S, N), bool),
    }
    if hasattr(made, "zeros"):
        inputs["h_0"] = inputs["state"] = made.zeros(N)
    out, *_, tape = made.forward(**choose(made.forward, inputs))
    back = made.backward(tape, rng.normal(size=out.shape))
    grads, *others = back if isinstance(back, tuple) else (back,)
    assert type(grads) is layer, f"{layer.__name__}.backward gives a {type(grads).__name__}"
    assert all(np.isfinite(array).all() for array in arrays([grads, *others])), layer.__name__


def choose(function, known: dict) -> dict:
    """The values of the arguments that have no default."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: known[p.name] for p in parameters if p.default is p.empty}


def arrays(tree) -> list[np.ndarray]:
    """All arrays in nested lists, tuples and dataclasses."""
    if isinstance(tree, np.ndarray):
        return [tree]
    if is_dataclass(tree):
        tree = [getattr(tree, field.name) for field in fields(tree)]
    return [a for part in tree for a in arrays(part)] if isinstance(tree, list | tuple) else []


if __name__ == "__main__":
    main()
