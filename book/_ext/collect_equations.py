"""What the pages label and what the tests check, read without building or importing either.

The site's marks (`checked_equations.py`) and the test that both sets agree
(`tests/test_equations.py`) share this module, so that they cannot disagree.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

CHECKS = Path("tests/equations")
CLAIMS = Path("tests/claims")
PLANTED = 3  # the least number of planted errors for each equation
VERBATIM = {"code", "code-block", "code-cell", "literalinclude", "parsed-literal", "raw"}


@dataclass(frozen=True)
class Equation:
    """A numbered equation: where it stands and its TeX."""

    label: str
    tex: str
    line: int


@dataclass
class Page:
    """A page's title, equations, prose, {eq} references (label, line) and slips (what, line)."""

    path: Path  # relative to the repository, as everywhere below
    title: str = ""
    equations: list[Equation] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)  # paragraphs, list items, table cells, as typed
    references: list[tuple[str, int]] = field(default_factory=list)
    slips: list[tuple[str, int]] = field(default_factory=list)

    @property
    def checks(self) -> Path:
        """The file which holds the checks of this page's equations (the mirror rule)."""
        return CHECKS / self._mirror

    @property
    def claims(self) -> Path:
        """The file which holds the tests of this page's sentences."""
        return CLAIMS / self._mirror

    @property
    def _mirror(self) -> str:
        return f"test_{self.path.stem.replace('-', '_')}.py"


@dataclass(frozen=True)
class Check:
    """A test function that checks an equation."""

    label: str
    tolerance: float
    planted: tuple[str, ...]  # names of the planted errors, as far as they are written out
    name: str
    summary: str  # the docstring's first paragraph
    source: str
    path: Path
    first_line: int
    last_line: int


@dataclass
class CheckFile:
    """One file of checks: the checks, what surrounds them, and slips (what, line)."""

    path: Path
    checks: list[Check] = field(default_factory=list)
    shared: str = ""  # imports and helpers, the file without its checks
    slips: list[tuple[str, int]] = field(default_factory=list)


def pages(root: Path) -> list[Page]:
    """Every Markdown page of the table of contents, in reading order."""
    return [read_page(root, path) for path in page_paths(root)]


def page_paths(root: Path) -> list[Path]:
    """Where these pages are; to read all of them takes seconds, to name them does not."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    return [Path(name) for name in _toc_files(toc) if name.endswith(".md")]


def _toc_files(node) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("root", "file") if key in node)
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _toc_files(child)


def read_page(root: Path, path: Path) -> Page:
    """Labels and references, found by the parser that builds the site."""
    page = Page(path)
    extensions = {"colon_fence", "deflist", "dollarmath"}
    config = MdParserConfig(enable_extensions=extensions, dmath_double_inline=True)
    parser = create_md_parser(config, RendererHTML)
    _read_markdown(parser, (root / path).read_text("utf-8"), 1, page)
    return page


def _read_markdown(parser, text: str, start: int, page: Page) -> None:
    """Note what `text` holds; it begins at line `start` of the page."""
    tokens = parser.parse(text)
    for k, token in enumerate(tokens):
        line = start + token.map[0] if token.map else start
        if token.type == "heading_open" and token.tag == "h1" and not page.title:
            page.title = tokens[k + 1].content
        elif token.type == "math_block_label":
            page.equations.append(Equation(token.info, token.content.strip(), line))
        elif token.type in ("fence", "colon_fence"):
            _read_directive(parser, token, line, page)
        elif token.type == "inline":
            _read_inline(token, line, page)
        if token.type.startswith("math_block") and re.search(r"\\(label|tag)\b", token.content):
            page.slips.append(("\\label and \\tag make no label: write $$ … $$ (eq-…)", line))


def _read_directive(parser, token, line: int, page: Page) -> None:
    """Content of directives is Markdown again, except where it is code."""
    match = re.match(r"\s*\{([^}]+)\}", token.info)
    if not match or match[1] in VERBATIM:
        return
    options, body, offset = _split_options(token.content)
    if match[1] != "math":
        _read_markdown(parser, body, line + 1 + offset, page)
    elif "label" in options:
        page.equations.append(Equation(options["label"], body.strip(), line))


def _split_options(content: str) -> tuple[dict[str, str], str, int]:
    """A directive's options, its body, and the number of lines before the body."""
    lines = content.splitlines()
    start = end = 0
    if lines and lines[0].strip() == "---":
        start = 1
        end = next((k for k in range(1, len(lines)) if lines[k].strip() == "---"), len(lines))
    else:
        while end < len(lines) and lines[end].lstrip().startswith(":") and ":::" not in lines[end]:
            end += 1
    pairs = (re.match(r"\s*:?([\w-]+):\s*(.*?)\s*$", text) for text in lines[start:end])
    options = {pair[1]: pair[2] for pair in pairs if pair}
    offset = end + start
    return options, "\n".join(lines[offset:]), offset


def _read_inline(token, line: int, page: Page) -> None:
    page.prose.append(token.content)
    children = token.children or []
    for child, following in zip_longest(children, children[1:]):
        if child.type == "myst_role" and child.meta.get("name") == "eq":
            page.references.append((child.content.strip(), line))
        if child.type == "math_inline_double" and following is not None:
            late = re.match(r"\s*\(([^()\s]+)\)", following.content)
            if following.type == "text" and late:
                what = f"({late[1]}) labels nothing: leave an empty line before its $$"
                page.slips.append((what, line))
        if child.type == "text" and "\\begin{" in child.content:
            page.slips.append(("TeX outside mathematics: write $$ … $$ around it", line))


def check_files(root: Path) -> list[CheckFile]:
    """Every file of checks, read as text: nothing is imported."""
    return [read_checks(root, path) for path in sorted((root / CHECKS).glob("test_*.py"))]


def read_checks(root: Path, path: Path) -> CheckFile:
    """The checks of one file: test functions with the `equation` marker."""
    file = CheckFile(path.relative_to(root))
    tests, file.shared = split_tests(path.read_text("utf-8"))
    for node, source, first in tests:
        _note_check(file, node, source, first)
    return file


def split_tests(text: str) -> tuple[list[tuple[ast.FunctionDef, str, int]], str]:
    """A file's test functions (node, source, first line), and the file without them."""
    lines = text.splitlines()
    shared, tests = list(lines), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            first = min(node.lineno, *(item.lineno for item in node.decorator_list), node.lineno)
            tests.append((node, "\n".join(lines[first - 1 : node.end_lineno]), first))
            shared[first - 1 : node.end_lineno] = [None] * (node.end_lineno - first + 1)
    kept = "\n".join(line for line in shared if line is not None)
    return tests, re.sub(r"\n{3,}", "\n\n\n", kept).strip()


def _note_check(file: CheckFile, node: ast.FunctionDef, source: str, first: int) -> None:
    markers = [item for item in node.decorator_list if _is_marker(item)]
    if len(markers) != 1:
        file.slips.append((f"{node.name} has {len(markers)} equation markers, not one", first))
        return
    try:
        label, tolerance = _marker_arguments(markers[0])
    except (ValueError, TypeError, KeyError):
        usage = '@pytest.mark.equation("eq-…", tolerance=1e-10), both written out'
        file.slips.append((f"{node.name}: write {usage}", first))
        return
    calls = calls_of(node, "check")
    if not calls:
        file.slips.append((f"{node.name} never calls check(left, right, planted=…)", first))
    summary = summary_of(node)
    if not summary:
        file.slips.append((f"{node.name} has no docstring that names its two routes", first))
    planted = tuple(name for call in calls for name in _planted_names(node, call))
    place = (file.path, first, node.end_lineno)
    file.checks.append(Check(label, tolerance, planted, node.name, summary, source, *place))


def _is_marker(node: ast.expr) -> bool:
    return ast.unparse(node).startswith("pytest.mark.equation")


def calls_of(function: ast.FunctionDef, name: str) -> list[ast.Call]:
    """The calls name(…) within a function."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name]


def summary_of(function: ast.FunctionDef) -> str:
    """The docstring's first paragraph, in one line."""
    return " ".join((ast.get_docstring(function) or "").split("\n\n")[0].split())


def _marker_arguments(marker: ast.expr) -> tuple[str, float]:
    if not isinstance(marker, ast.Call) or len(marker.args) != 1:
        raise ValueError("one label")
    label = ast.literal_eval(marker.args[0])
    keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in marker.keywords}
    if not isinstance(label, str) or set(keywords) != {"tolerance"}:
        raise ValueError("a label and a tolerance")
    return label, float(keywords["tolerance"])


def _planted_names(function: ast.FunctionDef, call: ast.Call) -> list[str]:
    """Keys of `planted={…}`, given in the call or in a variable that the function sets."""
    value = next((word.value for word in call.keywords if word.arg == "planted"), None)
    while isinstance(value, ast.Name | ast.DictComp):
        value = _told_by(function, value)
    keys = value.keys if isinstance(value, ast.Dict) else []
    return [key.value for key in keys if isinstance(key, ast.Constant)]


def _told_by(function: ast.FunctionDef, value: ast.Name | ast.DictComp) -> ast.expr | None:
    """What a variable was last set to; for {name: … for name, … in wrong.items()}, `wrong`."""
    if isinstance(value, ast.DictComp):
        source = value.generators[0].iter
        named = isinstance(source, ast.Call) and ast.unparse(source).endswith(".items()")
        return source.func.value if named else None
    here = (value.lineno, value.col_offset)
    before = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == value.id
        and (node.end_lineno, node.end_col_offset) <= here
    ]
    return (
        max(before, key=lambda node: (node.end_lineno, node.end_col_offset)).value
        if before
        else None
    )


def disagreements(root: Path) -> list[str]:
    """Everything that keeps pages and checks apart, a line each: place, what, what to do."""
    book, files = pages(root), check_files(root)
    return [*_of_pages(book), *_of_checks(files), *_between(book, files)]


def _of_pages(book: list[Page]) -> Iterator[str]:
    labels = Counter(equation.label for page in book for equation in page.equations)
    for page in book:
        for what, line in page.slips:
            yield f"{page.path}:{line}: {what}"
        for equation in page.equations:
            place = f"{page.path}:{equation.line}: {equation.label}"
            if not re.fullmatch(r"eq(-[a-z0-9]+){2,}", equation.label):
                yield f"{place} is no label of the form eq-<chapter>-<name>, in lower case"
            if labels[equation.label] > 1:
                yield f"{place} labels {labels[equation.label]} equations"
        for label, line in page.references:
            if label not in labels:
                yield f"{page.path}:{line}: {{eq}}`{label}` refers to no equation of the book"
    for stem, count in Counter(page.checks for page in book).items():
        if count > 1:
            yield f"{stem} would mirror {count} pages: name the pages differently"


def _of_checks(files: list[CheckFile]) -> Iterator[str]:
    labels = Counter(check.label for file in files for check in file.checks)
    for file in files:
        for what, line in file.slips:
            yield f"{file.path}:{line}: {what}"
        for check in file.checks:
            place = f"{check.path}:{check.first_line}: {check.label}"
            if labels[check.label] > 1:
                yield f"{place} has {labels[check.label]} checks, not one"
            planted = len(set(check.planted))
            if planted < PLANTED:
                yield f"{place} plants {planted} errors: write out {PLANTED} or more by name"


def _between(book: list[Page], files: list[CheckFile]) -> Iterator[str]:
    home = {equation.label: page for page in book for equation in page.equations}
    checks = {check.label: check for file in files for check in file.checks}
    for page in book:
        for equation in page.equations:
            if equation.label not in checks:
                place = f"{page.path}:{equation.line}: {equation.label}"
                yield f"{place} has no check: write one in {page.checks}"
    for check in checks.values():
        place = f"{check.path}:{check.first_line}: {check.label}"
        if check.label not in home:
            yield f"{place} is checked here but labels no equation of the book"
        elif check.path != home[check.label].checks:
            mirror = home[check.label]
            yield f"{place} stands in {mirror.path}: its check belongs to {mirror.checks}"
