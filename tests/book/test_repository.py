"""What the repository says in several places, it says alike."""

import ast
import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
import yaml
from collect_modules import modules_named
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec
from pybtex.database import parse_string

import pages


def files_of_the_repository():
    """Every file but what .gitignore names: the same in a clone and in a zip, which has no git."""
    ignored = GitIgnoreSpec.from_lines([*Path(".gitignore").read_text().splitlines(), ".git"])
    found = []
    for folder, folders, names in os.walk("."):
        here = Path(folder)
        folders[:] = [name for name in folders if not ignored.match_file(f"{here / name}/")]
        names += [name for name in folders if (here / name).is_symlink()]  # a file, to git
        found += [here / name for name in names if not ignored.match_file(here / name)]
    return sorted(found)


FILES = files_of_the_repository()
INSTALLED = {canonicalize_name(d.name): d.metadata for d in importlib.metadata.distributions()}
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")  # the first of each that README names
PROJECT = tomllib.loads(Path("pyproject.toml").read_text())["project"]
REPOSITORY = yaml.safe_load(Path("_config.yml").read_text())["repository"]["url"]
PACKAGE = Path("code/unrolled")
GROUPS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
NOTEBOOKS = pages.notebooks()
CHAPTERS = [page for page in NOTEBOOKS if page.parent.name not in ("book", "reference")]
# every way in which an address on the web names the repository (owner, name)
ADDRESSES = re.compile(
    r"(?:github\.com/|mybinder\.org/v2/gh/|colab\.research\.google\.com/github/)"
    r"([\w.-]+)/(unrolled)\b|([\w-]+)\.github\.io/(unrolled)\b"
)


def requirements(path):
    """The requirements in a file for pip, as far as they name a package."""
    lines = [line.partition("#")[0].strip() for line in Path(path).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(path):
    """Package -> version, of the lines name==version; each package stands there once."""
    pinned = {}
    for requirement in requirements(path):
        (pin,) = requirement.specifier
        assert pin.operator == "==", f"{path}: {requirement}"
        assert requirement.name not in pinned, f"{path} pins {requirement.name} twice"
        pinned[requirement.name] = pin.version
    return pinned


def published():
    """The address of the site: GitHub Pages makes it from the repository's."""
    owner, name = REPOSITORY.removeprefix("https://github.com/").split("/")
    return f"https://{owner}.github.io/{name}/"


def test_files_are_those_that_git_would_commit():
    """The walk above, held to git where there is one; a zip has none, and the walk needs none."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this copy of the book came without git: nothing to compare with")
    expected = {Path(name) for name in listed.stdout.split("\0") if name and Path(name).exists()}
    assert set(FILES) == expected


def test_one_address():
    owner = REPOSITORY.removeprefix("https://github.com/").removesuffix("/unrolled")
    wrong, found = [], 0
    for path in FILES:
        if path.suffix in (".md", ".ipynb", ".toml", ".yml", ".cff", ".py", ".txt"):
            for address in ADDRESSES.finditer(path.read_text()):
                found += 1
                if owner not in address.groups():
                    wrong.append(f"{path}: {address[0]}")
    assert not wrong, f"_config.yml says {REPOSITORY}"
    assert found > 2  # else the pattern finds nothing any more


@pytest.mark.parametrize("readme", ["README.md", "code/README.md"])
def test_readme_says_where_the_book_can_be_read(readme):
    assert published() in Path(readme).read_text()


def test_addresses_follow_from_the_settings():
    assert f"git clone {REPOSITORY}\n" in Path("README.md").read_text()
    assert PROJECT["urls"]["Homepage"] == published()
    assert PROJECT["urls"]["Repository"] == REPOSITORY


def test_one_version():
    """What is cited and what is installed is the version of pyproject.toml."""
    citation = yaml.safe_load(Path("CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["preferred-citation"]["version"] == PROJECT["version"]
    assert citation["url"] == citation["preferred-citation"]["url"] == published()
    install = f'pip install "unrolled @ git+{REPOSITORY}@v{PROJECT["version"]}"'
    assert install in Path("code/README.md").read_text()
    tags = re.compile(rf"{re.escape(REPOSITORY)}(?:\.git)?@v([\d.]+)")
    named = {
        tag for path in FILES if path.suffix == ".md" for tag in tags.findall(path.read_text())
    }
    assert named == {PROJECT["version"]}


def test_contents_exist_and_carry_their_extension():
    """Without the .md, Sphinx could take the notebook beside the page for its source."""
    listed = pages.pages()
    assert all(page.suffix == ".md" for page in listed)
    assert [page for page in listed if not page.exists()] == []
    assert len(set(listed)) == len(listed)


def test_every_page_is_in_the_contents():
    written = {path for path in FILES if path.parts[0] == "book" and path.suffix == ".md"}
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
            known = exports(path.relative_to(PACKAGE)) if path.is_dir() and path != PACKAGE else {}
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


def test_no_page_imports_what_its_execution_does_not_wait_for():
    """`pages.UNUSED` may change without any page being executed again."""
    group = pages.UNUSED.name
    for page, notebook in NOTEBOOKS.items():
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        for name in set().union(*[modules_imported(python_only(code)) for code in cells]):
            assert name.partition(".")[0] != group, page
    assert pages.UNUSED in GROUPS


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


def test_binder_has_what_the_notebooks_need():
    """It takes its versions from requirements.txt, and so repeats none."""
    text = Path(".binder/requirements.txt").read_text()
    assert "\n-c ../requirements.txt\n" in text
    needed = requirements(".binder/requirements.txt")
    count = Counter(requirement.name for requirement in needed)
    assert max(count.values()) == 1, f"listed twice: {count.most_common(1)[0][0]}"
    with_version = [requirement.name for requirement in needed if requirement.specifier]
    assert with_version == ["jupyterlab-myst"]  # the one thing that only JupyterLab needs
    book = set(pins("requirements.txt"))
    assert set(count) - {"jupyterlab-myst"} <= book, "only what is pinned there"
    brought = {"ipython", "matplotlib-inline"}  # by ipykernel
    assert names_of("all") - set(count) == brought


def names_of(extra):
    """What the package installs with an extra, those that the extra refers to included."""
    found = {Requirement(line).name for line in PROJECT["dependencies"]}
    for line in PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found.update(*map(names_of, requirement.extras))
        else:
            found.add(requirement.name)
    return found


def test_extras_hold_every_import_of_the_package():
    """What the modules import, beyond Python itself; the layers import NumPy alone.

    `all` is for readers' notebooks, `teaching` for who hands out problem sets.
    """
    needed = {name.lower().replace("_", "-") for name in imported_by("**/*.py")}
    assert needed <= names_of("all") | names_of("teaching")
    assert imported_by("layers/**/*.py") == {"numpy"}
    assert {Requirement(line).name for line in PROJECT["dependencies"]} == {"numpy"}


def imported_by(pattern):
    """The top-level names of other packages that the modules import, wherever in the file."""
    found = set()
    for path in PACKAGE.glob(pattern):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(name.name.partition(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
        if path.name == "child.py":  # a program of its own: its neighbours are on its path
            found -= {neighbour.stem for neighbour in path.parent.glob("*.py")}
    return found - set(sys.stdlib_module_names) - {"unrolled"}


def test_the_pins_fit_what_the_package_asks_for():
    book = pins("requirements.txt")
    extras = PROJECT["optional-dependencies"].values()
    for requirement in map(Requirement, chain(PROJECT["dependencies"], *extras)):
        if requirement.name in book:
            assert book[requirement.name] in requirement.specifier, requirement


def test_direct_dependencies_are_pinned_once():
    both = [*requirements("requirements.txt"), *requirements("constraints.txt")]
    pinned = Counter(
        (canonicalize_name(requirement.name), version)
        for requirement in both
        for version in PYTHONS
        if holds(requirement, version)
    )
    twice = [f"{name} for Python {version}" for (name, version), n in pinned.items() if n > 1]
    assert not twice


def holds(requirement, version):
    """Whether the line counts on a Python of that version."""
    environment = {"python_full_version": version, "python_version": version.rpartition(".")[0]}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def test_pins_suit_the_oldest_python_that_is_promised():
    """What is installed here says which Pythons it runs on; `make pins` resolves for the oldest."""
    oldest = PYTHONS[0]
    assert oldest in SpecifierSet(PROJECT["requires-python"])
    both = [*requirements("requirements.txt"), *requirements("constraints.txt")]
    pinned = {canonicalize_name(line.name): line for line in both if holds(line, oldest)}
    wanted = {
        f"{pinned[name]}": SpecifierSet(metadata.get("Requires-Python") or "")
        for name, metadata in INSTALLED.items()
        if name in pinned and metadata["Version"] in pinned[name].specifier
    }
    assert len(wanted) > 100  # else this looks at nothing
    assert {pin: str(pythons) for pin, pythons in wanted.items() if oldest not in pythons} == {}


def test_pins_name_neither_cuda_nor_a_local_build_nor_a_host():
    text = Path("constraints.txt").read_text()
    assert not re.search(r"^(nvidia|cuda|triton)|\+|://", text, re.MULTILINE)


def test_bibliography_parses():
    """A lost brace swallows the entries after it, and is else seen only by the build."""
    text = Path("book/references.bib").read_text()
    assert len(parse_string(text, "bibtex").entries) == len(re.findall(r"^@", text, re.M))


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [("vendor.github-workflows", "workflows/*.yml"), ("vendor.dependabot", "dependabot.yml")],
)
def test_settings_of_github_are_valid(schema, pattern):
    check = Path(sys.executable).with_name("check-jsonschema")
    settings = sorted(Path(".github").glob(pattern))
    command = [check, "--builtin-schema", schema, *settings]
    result = subprocess.run(command, capture_output=True, text=True)
    assert settings and result.returncode == 0, result.stdout + result.stderr


def test_the_workflow_tries_every_python_that_is_promised():
    jobs = yaml.safe_load(Path(".github/workflows/book.yml").read_text())["jobs"]
    tried = jobs["unit"]["strategy"]["matrix"]["python"]
    named = re.search(r"Python (3\.\d+), (3\.\d+) or (3\.\d+)", Path("README.md").read_text())
    assert tried == list(named.groups())
    classifiers = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: 3." in line]
    assert tried == classifiers == sorted({v.rpartition(".")[0] for v in PYTHONS})


def test_help_fits_a_terminal():
    lines = subprocess.run(["make", "help"], capture_output=True, text=True).stdout.splitlines()
    assert len(lines) > 8
    assert [line for line in lines if len(line) > 80] == []


FENCED = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)


def test_a_page_has_one_title_and_labels_of_its_own():
    """A label that is a page's file name would be found as both."""
    texts = {page: FENCED.sub("", page.read_text()) for page in Path("book").rglob("*.md")}
    names = {page.stem for page in texts}
    labels = Counter()
    for page, text in texts.items():
        assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, page
        labels.update(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))
    assert labels and max(labels.values()) == 1, labels.most_common(3)
    assert not names & labels.keys()
