"""The page that lists the package: every module once, with one line, a source and its pages."""

import ast
import io
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from collect_equations import pages
from collect_modules import PACKAGE, groups, modules_named
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).parents[2]
URL = "https://example.org/book"
LISTED = [module for group in groups(ROOT) for module in group.modules]


def test_every_module_is_listed_once():
    written = {path.relative_to(ROOT) for path in (ROOT / PACKAGE).rglob("*.py")}
    inner = {path for path in written if path.name == "__init__.py" and len(path.parts) > 4}
    written = {path for path in written if not path.name.startswith("_")} | inner
    assert Counter(module.path for module in LISTED) == Counter(written)
    assert all(group.modules for group in groups(ROOT))


@pytest.mark.parametrize("module", LISTED, ids=lambda module: module.name)
def test_a_module_says_in_one_line_what_it_holds(module):
    assert 10 < len(module.summary) <= 97 and module.summary.endswith(".")
    first, second, *_ = (ROOT / module.path).read_text().splitlines()
    assert first.removesuffix('"""') == f'"""{module.summary}' and second == ""


NOT_YET = re.compile(r"(layers|bakeoff)\.")  # groups in which not all are described


@pytest.mark.parametrize(
    "module", [m for m in LISTED if not NOT_YET.match(m.name)], ids=lambda module: module.name
)
def test_functions_with_many_arguments_describe_each(module):
    for node in ast.walk(ast.parse((ROOT / module.path).read_text())):
        if isinstance(node, ast.FunctionDef) and not re.match("_[^_]", node.name):
            given = [arg.arg for arg in node.args.args + node.args.kwonlyargs]
            if len(given) - (given[:1] in (["self"], ["cls"])) >= 6:
                described = re.search("^Parameters$", ast.get_docstring(node) or "", re.MULTILINE)
                assert described, f"{node.name} has {len(given)} arguments and no Parameters"


def test_pages_name_modules_that_exist():
    known = {module.name for module in LISTED}
    for page in pages(ROOT):
        assert modules_named((ROOT / page.path).read_text()) <= known, page.path


def test_the_page_is_in_the_contents_and_its_directive_on():
    assert Path("book/reference/package.md") in [page.path for page in pages(ROOT)]
    assert "```{package-modules}" in (ROOT / "book/reference/package.md").read_text()
    sphinx = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]
    assert "package_modules" in sphinx["config"]["extensions"]


# A book of two pages, about a package of three modules


@pytest.fixture(scope="module")
def listing(tmp_path_factory):
    """Section id -> the section, as HTML."""
    root = tmp_path_factory.mktemp("book")
    files = {
        "code/unrolled/__init__.py": '"""The package."""',
        "code/unrolled/convert.py": '"""Convert a | b.\n\nMore of it."""',
        "code/unrolled/some_cells/__init__.py": '"""Cells.\n\nThey have `x`."""',
        "code/unrolled/some_cells/plain.py": '"""A plain cell."""',
        "code/unrolled/some_cells/other.py": '"""Another cell."""',
        "code/unrolled/some_cells/quick/__init__.py": '"""Quick cells."""',
        "code/unrolled/some_cells/quick/plain.py": '"""A quick plain cell."""',
        "code/unrolled/some_cells/_private.py": '"""Nobody sees it."""',
        "_toc.yml": "root: book/package.md\nchapters:\n  - file: book/cells.md\n",
        "book/package.md": "# All\n\n```{package-modules}\n```\n\n```{toctree}\ncells\n```\n",
        "book/cells.md": "# Cells\n\nModules: `some_cells.plain`\nand `convert`.\n\n`other`",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    theme = {"repository_url": URL, "repository_branch": "main"}
    config = {
        "extensions": ["myst_parser", "package_modules"],
        "root_doc": "book/package",
        "exclude_patterns": ["code", "_build"],
        "html_theme_options": theme,
        "suppress_warnings": ["config.cache"],
    }
    with docutils_namespace():
        places = root, None, root / "_build", root / "_build/doctrees"
        warnings = io.StringIO()
        app = Sphinx(*places, "html", config, status=None, warning=warnings)
        app.build()
    faults = [line for line in warnings.getvalue().splitlines() if "theme option" not in line]
    assert not faults
    page = BeautifulSoup((root / "_build/book/package.html").read_text(), "html.parser")
    return {section["id"]: section for section in page.find_all("section")}


def rows(section):
    return [row.find_all("td") for row in section.find_all("tr") if row.find("td")]


def test_a_group_has_its_paragraph_and_its_modules(listing):
    section = listing["package-some-cells"]
    assert [p.get_text() for p in section.find_all("p", recursive=False)] == [
        "Cells.",
        "They have x.",
    ]
    texts = [[cell.get_text() for cell in row] for row in rows(section)]
    assert texts == [
        ["some_cells.other", "Another cell.", "on no page"],
        ["some_cells.plain", "A plain cell.", "Cells"],
        ["some_cells.quick", "Quick cells.", "on no page"],
        ["some_cells.quick.plain", "A quick plain cell.", "on no page"],
    ]


def test_the_module_links_to_its_source_and_the_page_to_itself(listing):
    (name, _, where) = rows(listing["package-some-cells"])[1]
    assert name.a["href"] == f"{URL}/blob/main/code/unrolled/some_cells/plain.py"
    assert where.a["href"].startswith("cells.html")


def test_modules_in_no_group_come_last(listing):
    assert list(listing)[-1] == "package-top"
    [row] = rows(listing["package-top"])
    assert [cell.get_text() for cell in row] == ["convert", "Convert a | b.", "Cells"]
