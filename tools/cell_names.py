"""Which names a cell's source makes, and which it takes from the cells before it."""

import builtins
import symtable
from collections.abc import Iterator

ALWAYS = frozenset([*dir(builtins), "get_ipython", "display"])


def made(source: str) -> set[str]:
    """The names that are there once the cell has run."""
    symbols = _table(source).get_symbols()
    found = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    return found | {
        s.get_name() for t in _inner(_table(source)) for s in t.get_symbols() if _sets(s)
    }


def taken(source: str) -> set[str]:
    """The names that it needs and does not make itself."""
    table = _table(source)
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    used |= {s.get_name() for t in _inner(table) for s in t.get_symbols() if s.is_global()}
    return used - made(source) - ALWAYS


def _table(source: str) -> symtable.SymbolTable:
    plain = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
    return symtable.symtable("\n".join(plain), "<cell>", "exec")


def _inner(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Functions, classes and comprehensions at any depth."""
    for child in table.get_children():
        yield child
        yield from _inner(child)


def _sets(symbol: symtable.Symbol) -> bool:
    return symbol.is_declared_global() and symbol.is_assigned()
