"""The mutations that `make mutants` draws from: cosmic-ray's, and two of our own.

cosmic-ray adds 1 to a number, which is a great deal for 0.01, and has nothing for a transpose.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from os.path import commonprefix

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.operators.provider import OperatorProvider


def is_float(node) -> bool:
    return node.type == "number" and isinstance(eval(node.value), float)


class ScaleFloat(Operator):
    """Double or halve a number with a point; 0.0 becomes 1.0."""

    FACTORS = (2.0, 0.5)

    def mutation_positions(self, node):
        if is_float(node):
            yield from [(node.start_pos, node.end_pos)] * (2 if eval(node.value) else 1)

    def mutate(self, node, index):
        node.value = repr(eval(node.value) * self.FACTORS[index] or 1.0)
        return node

    @classmethod
    def examples(cls):
        return (Example("x = 0.1", "x = 0.2"), Example("x = 0.1", "x = 0.05", occurrence=1))


class RemoveTranspose(Operator):
    """Leave out a transpose, `.T` or `.mT`."""

    def mutation_positions(self, node):
        if node.type == "trailer" and node.get_code(include_prefix=False) in (".T", ".mT"):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        for leaf in node.children:
            leaf.value = ""
        return node

    @classmethod
    def examples(cls):
        return (Example("y = x @ W.T", "y = x @ W"),)


OURS = {kind.__name__: kind for kind in (ScaleFloat, RemoveTranspose)}


HINTS = {("annassign", ":"), ("tfpdef", ":"), ("funcdef", "->")}  # where one stands, and after what
KINDS = {"operator", "number", "keyword", "comparison", "trailer", "factor", "not_test"}


def operators(patterns: list[str], ours: list[str]) -> dict[str, Operator]:
    """The mutations of cosmic-ray whose names match one of the patterns, and those of ours."""
    core = OperatorProvider()
    chosen = [name for name in core if any(re.fullmatch(pattern, name) for pattern in patterns)]
    return {name: core[name]() for name in chosen} | {name: OURS[name]() for name in ours}


@dataclass(frozen=True)
class Mutant:
    """A module with one change. `name` tells which, whatever is changed elsewhere in the module."""

    path: str
    name: str
    source: str


@dataclass(frozen=True)
class Place:
    """Where something can be changed: the line and column, and the (operator, occurrence) there."""

    path: str
    key: str
    start: tuple[int, int]
    where: str
    choices: list


def places(path: str, source: str, kinds: dict[str, Operator]) -> list[Place]:
    """Every place of a module where something can be changed, type hints apart."""
    found, seen, keys = {}, Counter(), Counter()
    lines = source.splitlines()
    for node in ast_nodes(get_ast(source)):
        if node.type not in KINDS:
            continue
        for name, kind in kinds.items():
            for start, _ in kind.mutation_positions(node):
                occurrence, seen[name] = seen[name], seen[name] + 1
                if in_hint(node) or (name == "NumberReplacer" and is_float(node)):
                    continue
                if start not in found:
                    where = ASTQuery(node).get_definition_name() or "module"
                    row, column = start
                    line = lines[row - 1]
                    column -= len(line) - len(line.lstrip())
                    key = f"{path} {where} {line.strip()} {column}"
                    keys[key] += 1
                    found[start] = Place(path, f"{key} {keys[key]}", start, where, [])
                found[start].choices.append((name, occurrence))
    return list(found.values())


def in_hint(node) -> bool:
    """Whether a node of the syntax tree belongs to a type hint."""
    while node.parent is not None:
        before = node.get_previous_sibling()
        if (node.parent.type, getattr(before, "value", "")) in HINTS:
            return True
        node = node.parent
    return False


def change(place: Place, source: str, kinds: dict[str, Operator], draw: Callable) -> Mutant | None:
    """One of the changes that are possible there; None where Python would not even read it."""
    numbers = range(len(place.choices))
    name, occurrence = place.choices[min(numbers, key=lambda i: draw(f"{place.key} {i}"))]
    changed = mutate_code(source, kinds[name], occurrence)
    try:
        compile(changed, place.path, "exec")
    except SyntaxError:
        return None
    lines = source.splitlines(keepends=True)
    first = len("".join(lines[: place.start[0] - 1]))
    first = min(first, len(commonprefix([source, changed])))
    rest = len("".join(lines[place.start[0] :]))
    before, after = (" ".join(text[first : len(text) - rest].split()) for text in (source, changed))
    return Mutant(place.path, f"{place.where}: {before}  =>  {after}", changed)


def draw_mutants(sources: dict[str, str], config: dict) -> list[Mutant]:
    """As many as the configuration says, the same ones each time.

    Each place has a number that hangs on the seed and on its own line alone, and those with the
    smallest are taken. So a change of the package replaces the mutants of the lines that it
    changes, and no others.
    """
    kinds = operators(config["mutations"]["core"], config["mutations"]["ours"])

    def draw(key: str) -> bytes:
        return hashlib.sha256(f"{config['seed']} {key}".encode()).digest()

    found = [place for path, source in sources.items() for place in places(path, source, kinds)]
    mutants: dict[tuple[str, str], Mutant] = {}
    for place in sorted(found, key=lambda place: draw(place.key)):
        mutant = change(place, sources[place.path], kinds, draw)
        if mutant:
            mutants.setdefault((mutant.path, mutant.name), mutant)
        if len(mutants) == config["number"]:
            break
    return list(mutants.values())
