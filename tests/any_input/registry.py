"""Every public callable of the package, and valid calls of them.

`@valid("layers.rnn.RNN.forward")` marks a function that makes the arguments of a call, as a dict;
"self" in it is the object whose method it is. A method is looked up on it.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any

import unrolled


@dataclass(frozen=True)
class Call:
    """One valid call, and what may be otherwise with this callable."""

    name: str
    make: Callable[[], dict[str, Any]]
    changes: tuple[str, ...] = ()  # arguments that it changes in place, as its docstring says
    also: tuple[str, ...] = ()  # words by which its messages may name an argument
    left: tuple[str, ...] = ()  # arguments that something handed in judges, such as a model
    whole: tuple[str, ...] = ()  # arguments that are things made by the package, taken as they are
    overflows: bool = False  # what grows step by step may leave the floats: NumPy warns
    infinite: bool = False  # its docstring speaks of infinite results
    nan: bool = False  # its docstring speaks of NaN

    def __call__(self, arguments: dict[str, Any]) -> Any:
        """Call it; of an iterator or a context take what a caller would meet first."""
        arguments = dict(arguments)
        owner = arguments.pop("self", None)
        f = find(self.name) if owner is None else getattr(owner, self.name.rpartition(".")[2])
        result = f(*arguments.pop("", ()), **arguments)
        if hasattr(result, "__enter__"):
            with result as entered:
                return entered
        return (
            [x for x, _ in zip(result, range(3), strict=False)]
            if inspect.isgenerator(result)
            else result
        )

    @property
    def names(self) -> set[str]:
        """The names of all arguments that it can take, and those of `also`."""
        f = find(self.name)
        return {*inspect.signature(f).parameters, *self.also} - {"self"}


CALLS: dict[str, Call] = {}


def valid(*names: str, **options: Any) -> Callable:
    """Register a function that makes the arguments of a valid call of this or these callables."""

    def register(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        CALLS.update({name: Call(name, make, **options) for name in names})
        return make

    return register


def find(name: str) -> Any:
    """The callable of a name without "unrolled."."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module("unrolled." + ".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise ValueError(f"nothing is called {name!r}")


def public() -> Iterator[tuple[str, Any]]:
    """(name, callable) for every function, class and method without a leading underscore."""
    for info in pkgutil.walk_packages(unrolled.__path__, "unrolled."):
        if info.ispkg or info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != info.name:
                continue
            path = f"{info.name.removeprefix('unrolled.')}.{name}"
            if inspect.isclass(thing):
                yield from ((f"{path}.{k}", f) for k, f in methods(thing))
            if callable(thing) and not keeps_only(thing):
                yield path, thing


def methods(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods that a class defines itself; those of a protocol do nothing."""
    for name, thing in vars(cls).items():
        method = isinstance(thing, classmethod | staticmethod) or inspect.isfunction(thing)
        if method and not name.startswith("_") and not getattr(cls, "_is_protocol", False):
            yield name, getattr(cls, name)


def keeps_only(thing: Any) -> bool:
    """Is it a class that keeps what it is given, a NamedTuple, a plain dataclass, a protocol?"""
    if not inspect.isclass(thing):
        return False
    plain = is_dataclass(thing) and not hasattr(thing, "__post_init__")
    return plain or hasattr(thing, "_fields") or getattr(thing, "_is_protocol", False)
