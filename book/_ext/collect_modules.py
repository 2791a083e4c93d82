"""What the package holds and which pages name it, read without importing or building either.

The page that lists the modules (`package_modules.py`) and the tests share this file, so that they
cannot disagree.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path("code/unrolled")


@dataclass(frozen=True)
class Module:
    """One module: where it is and what its docstring says."""

    name: str  # below `unrolled`, with dots
    path: Path  # relative to the repository
    summary: str  # the docstring's first line
    rest: str  # the paragraphs after it


@dataclass(frozen=True)
class Group:
    """A folder of modules; the package itself is one, for the modules that are in no folder.

    A folder within a group is one module more, and so is each file in it.
    """

    package: Module
    modules: list[Module]


def groups(root: Path) -> list[Group]:
    """The package's groups in the order of their names, last the modules that are in none."""
    package = root / PACKAGE
    folders = sorted(path.parent for path in package.glob("*/__init__.py"))
    return [
        *(_group(root, folder, "**/*.py") for folder in folders),
        _group(root, package, "*.py"),
    ]


def _group(root: Path, folder: Path, pattern: str) -> Group:
    package = read_module(root, folder / "__init__.py")
    modules = [
        read_module(root, path)
        for path in folder.glob(pattern)
        if not path.name.startswith("_")
        or (path.name == "__init__.py" and path != root / package.path)
    ]
    return Group(package, sorted(modules, key=lambda module: module.name))


def read_module(root: Path, path: Path) -> Module:
    """Name and docstring of one file of the package."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    summary, _, rest = docstring.partition("\n")
    parts = path.relative_to(root / PACKAGE).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return Module(name, path.relative_to(root), summary, rest.strip("\n"))


def modules_named(text: str) -> set[str]:
    """The modules that a page names in its paragraph `Modules: …`; none where it has none."""
    paragraph = re.search(r"^Modules: (.+?)(\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([\w.]+)`", paragraph[1])) if paragraph else set()
