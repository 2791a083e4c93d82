"""Put changed source in the place of the package's own, and bring the package's own back.

A place is a module and a dotted name in it, "unrolled.layers.lstm:LSTM.forward". Source for it runs
in its module, as if it stood in that file, and is undone completely by `restore`.
"""

import ast
import builtins
import dis
import importlib
import inspect
import linecache
import sys
import textwrap
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

KEPT = ("__code__", "__defaults__", "__kwdefaults__", "__annotations__", "__doc__")
_originals: dict[str, tuple[Any, FunctionType | None]] = {}  # place -> what was there, its copy
_texts: dict[str, str] = {}  # place -> source as last changed
_guests: set[tuple[str, str]] = set()  # module and name of what cells have added to a module


def redefine(place: str, text: str, notebook: dict[str, Any]) -> None:
    """Run `text` in the module of `place`, such as "unrolled.layers.lstm:LSTM.forward".

    What it defines by that name takes the old one's place, in the package and in the notebook's
    names; others that it defines are added to the module. Raises ValueError if it does not define
    that name, or changes another one of the module, and whatever the text itself raises. Then
    everything stays as it was.
    """
    module, name = _parts(place)
    old = _resolve(module, name)
    new = _run(module, name, text, notebook)
    for inner in [p for p in _originals if p.startswith(f"{place}.")]:  # a class has new methods
        restore(_resolve(*_parts(inner)), notebook)
    plain = "." not in name and _plain(old) and _plain(new)
    _originals.setdefault(place, (old, _copied(old) if plain else None))
    if plain:
        _swap(old, new)  # so that whoever holds the function, under any name, has the new one
    else:
        _rebind(module, name, old, new, notebook)
    _texts[place] = text.strip("\n")


def restore(thing: object, notebook: dict[str, Any]) -> None:
    """Bring back the package's own function, method or class; ValueError if it has none such."""
    place = place_of(thing)
    if place not in _originals:
        return
    module, name = _parts(place)
    now, (original, copy) = _resolve(module, name), _originals.pop(place)
    del _texts[place]
    if copy is not None:
        _swap(original, copy)
    if now is not original:
        _rebind(module, name, now, original, notebook)


def place_of(thing: object) -> str:
    """Where something of the package is defined, as "module:name"; ValueError for all else."""
    place = _name(thing)
    try:
        if place not in _texts:
            source_at(place)
        return place
    except (ValueError, TypeError, OSError):
        expected = "a function, method or class of unrolled"
        raise ValueError(f"show.edit takes {expected}, got {thing!r}") from None


def original(thing: object) -> tuple[object, str | None]:
    """What a thing was before it was changed here, and its new source; else itself and None."""
    place = _name(thing)
    if place not in _texts:
        return thing, None
    before, copy = _originals[place]
    return _function(copy or before), _texts[place]


def _resolve(module: ModuleType, name: str) -> Any:
    """What stands at a place; for a method, what its class holds (a classmethod, perhaps)."""
    found: Any = module
    for part in name.split("."):
        if not isinstance(found, ModuleType | type) or part not in vars(found):
            raise ValueError(f"there is no {name} in {module.__name__}")
        found = vars(found)[part]
    return found


def _function(thing: Any) -> Any:
    """The function in a classmethod, staticmethod or decorator."""
    return inspect.unwrap(getattr(thing, "__func__", thing))


def source_at(place: str) -> str:
    """The source at a place, as last changed."""
    if place in _texts:
        return _texts[place]
    return textwrap.dedent(inspect.getsource(_function(_resolve(*_parts(place))))).strip("\n")


def _name(thing: object) -> str:
    thing = inspect.unwrap(thing) if callable(thing) else thing
    return f"{getattr(thing, '__module__', '')}:{getattr(thing, '__qualname__', '')}"


def _parts(place: str) -> tuple[ModuleType, str]:
    """The module and the dotted name of a place."""
    module, _, name = place.strip().partition(":")
    if module.partition(".")[0] != "unrolled" or not name:
        raise ValueError(f"expected a place such as unrolled.layers.rnn:RNN, got {place!r}")
    return importlib.import_module(module), name


def _run(module: ModuleType, name: str, text: str, notebook: dict[str, Any]) -> Any:
    """What `text` defines as `name`; nothing that the module had of its own is changed."""
    code = _compiled(name, text)
    _borrow(module, code, notebook)
    names, first = vars(module), name.partition(".")[0]
    own = {key: names[key] for key in names if (module.__name__, key) not in _guests}
    try:
        exec(code, names)
        new = _resolve(module, name)
        others = [key for key in own if names.get(key) is not own[key] and key != first]
    finally:
        names.update(own)
        _guests.update((module.__name__, key) for key in names if key not in own)
    if others:
        raise ValueError(f"a cell changes one thing: {name} here, not {', '.join(others)} too")
    if name != first:
        _bring_home(_function(new), _resolve(module, name.rpartition(".")[0]))
    return new


def _compiled(name: str, text: str) -> CodeType:
    """The code of a cell; around a method stands its class, for the sake of super()."""
    *outer, last = name.split(".")
    tree = ast.parse(text)
    places = [i for i, node in enumerate(tree.body) if getattr(node, "name", None) == last]
    if not places:
        raise ValueError(f"the cell must define {last}, to change {name}")
    for part in reversed(outer):
        around = ast.parse(f"class {part}: pass").body[0]
        around.body = [tree.body[places[-1]]]
        tree.body[places[-1]] = ast.copy_location(around, around.body[0])
    file = f"<{name}, changed>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # for tracebacks
    return compile(tree, file, "exec")


def _bring_home(method: Any, home: type) -> None:
    """Let super() and __class__ in a method mean its true class."""
    if "__class__" in method.__code__.co_freevars:
        cell = method.__closure__[method.__code__.co_freevars.index("__class__")]
        cell.cell_contents = home


def _borrow(module: ModuleType, code: CodeType, notebook: dict[str, Any]) -> None:
    """Lend a module those names of the notebook which the code needs and the module lacks."""
    for name in _globals(code):
        guest = (module.__name__, name)
        lacks = not hasattr(module, name) and not hasattr(builtins, name)
        if name in notebook and (lacks or guest in _guests):
            _guests.add(guest)
            setattr(module, name, notebook[name])


def _globals(code: CodeType) -> Iterator[str]:
    """The global names that code reads, in its functions too."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _plain(thing: Any) -> bool:
    """Is it a function that any other code can be put into?"""
    return isinstance(thing, FunctionType) and thing.__closure__ is None


def _copied(f: FunctionType) -> FunctionType:
    copy = FunctionType(f.__code__, f.__globals__, f.__name__)
    _swap(copy, f)
    return copy


def _swap(f: FunctionType, new: FunctionType) -> None:
    for key in KEPT:
        setattr(f, key, getattr(new, key))


def _rebind(module: ModuleType, name: str, old: Any, new: Any, notebook: dict[str, Any]) -> None:
    """Put `new` where `old` is: in its class, or under every name of the package and notebook."""
    outer, _, last = name.rpartition(".")
    if outer:
        setattr(_resolve(module, outer), last, new)
        return
    package = [vars(m) for key, m in sys.modules.items() if key.partition(".")[0] == "unrolled"]
    for names in [*package, notebook]:
        for key in [key for key, value in names.items() if value is old]:
            names[key] = new
