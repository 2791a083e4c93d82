"""Show the package's own source in a page, so that a page never holds a copy of it."""

import ast
import inspect
import textwrap
from pathlib import Path

from unrolled.figures import editing, redefinition

REPOSITORY = "https://github.com/unrolled-book/unrolled"
PACKAGE = Path(__file__).resolve().parents[1]  # code/unrolled


class Source:
    """Source text that a notebook displays highlighted, below a link to where it stands."""

    def __init__(self, code: str, file: str, first: int, last: int, changed: bool = False) -> None:
        self.code = code
        self.file = f"code/unrolled/{file}"
        self.lines = f"lines {first}–{last}" + ", changed here" * changed
        self.address = f"{REPOSITORY}/blob/main/{self.file}#L{first}-L{last}"

    def __repr__(self) -> str:
        return f"# {self.file}, {self.lines}\n{self.code}"

    def _repr_markdown_(self) -> str:
        # Markdown, not HTML: the site and Jupyter highlight it as they do all other code
        fence = "````" if "```" in self.code else "```"
        place = f"[{self.file}]({self.address}), {self.lines}"
        return f"{place}\n\n{fence}python\n{self.code}\n{fence}"


class Show:
    """`show(f)` displays source; `show.edit(f)` opens it in a cell, to be changed and run."""

    edit = staticmethod(editing.edit)
    restore = staticmethod(editing.restore)

    def __call__(self, *objects: object, docstring: bool = True) -> None:
        """Display the source of functions, methods, classes or modules of this package.

        `docstring=False` leaves the docstrings out, for where the page's prose says the same.
        """
        from IPython.display import display  # only here: the package works outside of notebooks

        display(*[source(thing, docstring) for thing in objects])


show = Show()


def source(thing: object, docstring: bool = True) -> Source:
    """What `show` displays for one object. ValueError where its source is not in this package."""
    own, changed = redefinition.original(thing)
    try:
        file = Path(inspect.getsourcefile(inspect.unwrap(own))).resolve()
        lines, first = inspect.getsourcelines(inspect.unwrap(own))
    except (TypeError, OSError):
        file = None
    if file is None or not file.is_relative_to(PACKAGE):
        raise ValueError(f"show takes functions, classes and modules of unrolled, got {thing!r}")
    code = changed or textwrap.dedent("".join(lines)).strip("\n")
    code = code if docstring else without_docstrings(code)
    first = max(first, 1)  # a module's source is said to begin at line 0
    name = file.relative_to(PACKAGE).as_posix()
    return Source(code, name, first, first + len(lines) - 1, changed is not None)


def without_docstrings(code: str) -> str:
    """Python source without its docstrings, the lines they stand in and one blank line after."""
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            text = node.body[0]
            for i in range(text.lineno - 1, text.end_lineno):
                lines[i] = None
            if not (lines[text.end_lineno] or "").strip():
                lines[text.end_lineno] = None
    return "\n".join(line for line in lines if line is not None)
