"""What the repository says in several places, it says alike."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from collect_modules import modules_named
from pybtex.database import parse_string

import pages

TRACKED = [
    Path(name)
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if Path(name).exists()
]
PACKAGE = Path("code/unrolled")
GROUPS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
NOTEBOOKS = pages.notebooks()
CHAPTERS = [page for page in NOTEBOOKS if page.parent.name not in ("book", "reference")]
# every way in which an address on the web names the repository (owner, name)
ADDRESSES = re.compile(
    r"(?:github\.com/|mybinder\.org/v2/gh/|colab\.research\.google\.com/github/)"
    r"([\w.-]+)/(unrolled)\b|([\w-]+)\.github\.io/(unrolled)\b"
)


def pins(path):
    """Package -> version, of the lines name==version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", Path(path).read_text(), re.MULTILINE))


def test_one_address():
    url = yaml.safe_load(Path("_config.yml").read_text())["repository"]["url"]
    owner = url.removeprefix("https://github.com/").removesuffix("/unrolled")
    wrong, found = [], 0
    for path in TRACKED:
        if path.suffix in (".md", ".ipynb", ".toml", ".yml", ".cff", ".py", ".txt"):
            for address in ADDRESSES.finditer(path.read_text()):
                found += 1
                if owner not in address.groups():
                    wrong.append(f"{path}: {address[0]}")
    assert not wrong, f"_config.yml says {url}"
    assert found > 2  # else the pattern finds nothing any more


def test_contents_exist_and_carry_their_extension():
    """Without the .md, Sphinx could take the notebook beside the page for its source."""
    listed = pages.pages()
    assert all(page.suffix == ".md" for page in listed)
    assert [page for page in listed if not page.exists()] == []
    assert len(set(listed)) == len(listed)


def test_every_page_is_in_the_contents():
    written = {path for path in TRACKED if path.parts[0] == "book" and path.suffix == ".md"}
    assert written - set(pages.pages()) == set()


def exports(group):
    """Name -> module that defines it, of what `unrolled.<group>` re-exports."""
    tree = ast.parse((PACKAGE / group / "__init__.py").read_text())
    lines = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {name.asname or name.name: line.module for line in lines for name in line.names}


def modules_imported(code):
    """Dotted names, below `unrolled`, of the modules from which Python source takes something."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "unrolled":
            path = PACKAGE.joinpath(*node.module.split(".")[1:])
            known = exports(path.name) if path.is_dir() and path != PACKAGE else {}
            for name in node.names:
                inside = f"{node.module}.{name.name}" if path.is_dir() else node.module
                found.add(known.get(name.name, inside).removeprefix("unrolled."))
    return found


@pytest.mark.parametrize("page", CHAPTERS, ids=str)
def test_page_names_its_modules(page):
    """Whoever reads a chapter finds the code it imports: a paragraph `Modules: …` near its end."""
    cells = NOTEBOOKS[page].cells
    python = [cell.source for cell in cells if cell.cell_type == "code"]
    imported = set().union(*[modules_imported(python_only(code)) for code in python])
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    others = "the paragraph that begins `Modules: ` names others than the imports"
    assert modules_named(prose) == imported, others


def python_only(cell):
    """The cell without IPython's own lines, which begin with % or !."""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", cell, flags=re.MULTILINE)


def test_modules_and_tests_mirror_each_other():
    def modules(folder, pattern, prefix=""):
        paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob(pattern)]
        return {path.with_name(path.name.removeprefix(prefix)).as_posix() for path in paths}

    assert modules(PACKAGE, "[!_]*.py") == modules(Path("tests/unrolled"), "test_*.py", "test_")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_group_says_what_lives_there_and_hides_no_module(group):
    """`from unrolled.layers import scan` is the module: no function may take its name."""
    package = importlib.import_module(f"unrolled.{group.name}")
    assert package.__doc__.count(".") >= 2, "a paragraph, please"
    names = getattr(package, "__all__", [])
    assert names == sorted(set(names)) or set(names) == set(exports(group.name))
    assert not set(names) & {path.stem for path in group.glob("*.py")}


def test_ruff_is_the_same_before_a_commit_and_in_the_tests():
    hooks = yaml.safe_load(Path(".pre-commit-config.yaml").read_text())["repos"]
    assert hooks[0]["rev"] == "v" + pins("requirements.txt")["ruff"]


def test_binder_has_the_pins_of_the_book():
    book = pins("requirements.txt")
    binder = pins(".binder/requirements.txt")
    assert binder.pop("jupyterlab-myst")  # the one thing that only JupyterLab needs
    assert binder == {name: book[name] for name in binder}
    package = re.search(r"^dependencies = \[(.*)\]", Path("pyproject.toml").read_text(), re.M)[1]
    assert set(re.findall(r'"([\w-]+)', package)) - set(binder) == set()


def test_direct_dependencies_are_pinned_once():
    assert set(pins("requirements.txt")) & set(pins("constraints.txt")) == set()


def test_bibliography_parses():
    """A lost brace swallows the entries after it, and is else seen only by the build."""
    text = Path("book/references.bib").read_text()
    assert len(parse_string(text, "bibtex").entries) == len(re.findall(r"^@", text, re.M))


def test_workflows_are_valid():
    check = Path(sys.executable).with_name("check-jsonschema")
    workflows = sorted(Path(".github/workflows").glob("*.yml"))
    command = [check, "--builtin-schema", "vendor.github-workflows", *workflows]
    result = subprocess.run(command, capture_output=True, text=True)
    assert workflows and result.returncode == 0, result.stdout + result.stderr
