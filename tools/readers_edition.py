"""The two notebooks of a page: what a reader works through, and the solutions beside it.

Their text comes from the page as Sphinx has resolved it (`resolved_pages` keeps it), their code
from the page's source. A code cell has the same id and source here and on the page, so that what
it printed there can be put in here, and the other way round.
"""

import hashlib
import pickle
import sys
import tomllib
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from nbformat import NotebookNode, v4

from answer_cells import answer
from cell_names import made, taken
from plain_markdown import Answer, Block, Code, Exercise, Page

RESOLVED = Path("_build/.resolved")
STYLE = "plot.use_style()"
FOLDED = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
BIBLIOGRAPHY = Path("book/reference/bibliography.md")


def reader_path(page: Path) -> Path:
    return page.with_suffix(".ipynb")


def solutions_path(page: Path) -> Path:
    return page.with_name(f"{page.stem}-solutions.ipynb")


def both_paths(page: Path) -> tuple[Path, Path]:
    return solutions_path(page), reader_path(page)  # where both have a cell, the reader's counts


def resolved(page: Path) -> nodes.document:
    """The page's doctree. FileNotFoundError with what to do, where the book was not built."""
    extensions = str(Path("book/_ext").resolve())
    if extensions not in sys.path:  # its classes come from there
        sys.path.append(extensions)
    path = RESOLVED / page.with_suffix(".pickle")
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `make book`")
    return pickle.loads(path.read_bytes())


@cache
def settings() -> dict:
    """Where the repository is, from _config.yml, and what is released, from pyproject.toml."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    repository = yaml.safe_load(Path("_config.yml").read_text("utf-8"))["repository"]
    return {"version": project["version"], **repository}


def install_cell() -> str:
    version, url = settings()["version"], settings()["url"]
    return f"""\
# Run this cell first. Where the book's package is missing (Colab, Kaggle with its Internet on,
# your own Jupyter), it is installed. NumPy and PyTorch stay as they are.
from importlib.util import find_spec

if find_spec("unrolled") is None:
    print("Installing unrolled {version}, which takes about a minute …")
    %pip install --quiet "unrolled[all] @ git+{url}@v{version}"
    print("Done.")"""


class Sheet:
    """A notebook in the making: Markdown gathers in one cell until code or a heading comes."""

    def __init__(self, source: NotebookNode) -> None:
        self.source = source
        self.cells: list[NotebookNode] = []
        self.text: list[str] = []

    def add(self, block: str | Code) -> None:
        """Markdown, or the page's cell with this index."""
        if isinstance(block, Code):
            self.flush()
            cell = self.source.cells[block.index]
            self.cells.append(v4.new_code_cell(cell.source, id=cell.id, metadata=metadata(cell)))
            return
        if block.startswith("#"):
            self.flush()
        self.text.append(block)

    def flush(self) -> None:
        if self.text:
            self.cells.append(unnamed(v4.new_markdown_cell("\n\n".join(self.text))))
        self.text = []

    def own(self, source: str) -> None:
        """A code cell that the page does not have."""
        self.flush()
        self.cells.append(unnamed(v4.new_code_cell(source)))

    def notebook(self) -> NotebookNode:
        self.flush()
        identify(self.cells)
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        return v4.new_notebook(
            cells=self.cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
        )


def unnamed(cell: NotebookNode) -> NotebookNode:
    cell.id = ""  # not the one by chance
    return cell


def identify(cells: list[NotebookNode]) -> None:
    """Ids from the content, so that adding a cell changes no other's; of equal cells, by order."""
    seen = {cell.id for cell in cells}
    for cell in cells:
        if cell.id:  # the page's
            continue
        content = f"{cell.cell_type}\n{cell.source}"
        while (cell_id := hashlib.sha256(content.encode()).hexdigest()[:8]) in seen:
            content += "\n"
        seen.add(cell_id)
        cell.id = cell_id


def metadata(cell: NotebookNode) -> dict:
    """What notebooks understand of it: cells that the site folds are folded here, too."""
    tags = cell.metadata.get("tags", [])
    jupyter = dict(cell.metadata.get("jupyter", {}))
    if FOLDED & set(tags):
        jupyter["source_hidden"] = True
    if "hide-output" in tags:
        jupyter["outputs_hidden"] = True
    result = {"cellView": "form"} if jupyter.get("source_hidden") else {}  # Colab's word for it
    return result | ({"jupyter": jupyter} if jupyter else {}) | ({"tags": tags} if tags else {})


def unfold(cell: NotebookNode) -> None:
    cell.metadata.pop("cellView", None)
    jupyter = cell.metadata.get("jupyter", {})
    jupyter.pop("source_hidden", None)
    if not jupyter:
        cell.metadata.pop("jupyter", None)


def with_ids(source: NotebookNode) -> NotebookNode:
    """The page's cells as Sphinx reads them, each with its id."""
    identify([unnamed(cell) for cell in source.cells])
    return source


def editions(page: Path, source: NotebookNode) -> dict[Path, NotebookNode]:
    """What a reader works through, and the solutions, where the page has any; nothing has run."""
    with_ids(source)
    text = Page(resolved(page))
    blocks = with_hidden_cells(text.blocks(), text, source)
    reader = Sheet(source)
    reader.own(install_cell())
    given = names_without_solutions(text, source)
    told = False
    for block in blocks:
        if isinstance(block, Exercise):
            if not told:
                told = True
                reader.add(where_solutions_are(page))
            reader.add(f"### {block.title}")
            add_all(reader, block.statement)
        elif isinstance(block, Answer):
            add_answer(reader, text.exercises[block.label], given)
        else:
            reader.add(block)
        if block == blocks[0]:
            reader.add(where_the_page_is(text))
    if text.cited:
        reader.add(works(text))
    found = {reader_path(page): reader.notebook()}
    if any(exercise.solution for exercise in text.exercises.values()):
        found[solutions_path(page)] = solutions(source, text, blocks)
    return found


def with_hidden_cells(blocks: list[Block], text: Page, source: NotebookNode) -> list[Block]:
    """Cells that the site does not show run before the next that it shows, or at the end."""
    streams = [blocks]
    for exercise in text.exercises.values():
        streams += [exercise.statement, exercise.solution]
    shown = {block.index: stream for stream in streams for block in stream if type(block) is Code}
    code = [k for k, cell in enumerate(source.cells) if cell.cell_type == "code"][1:]
    for k in reversed(code):
        if k not in shown:
            later = min((index for index in shown if index > k), default=None)
            stream = shown[k] = blocks if later is None else shown[later]
            stream.insert(len(stream) if later is None else stream.index(Code(later)), Code(k))
    return blocks


def add_all(sheet: Sheet, blocks: list[Block]) -> None:
    for block in blocks:
        sheet.add(block)


def code_of(blocks: list[Block], source: NotebookNode) -> str:
    return "\n\n".join(source.cells[b.index].source for b in blocks if isinstance(b, Code))


def names_without_solutions(text: Page, source: NotebookNode) -> set[str]:
    """What the cells of the reader's notebook define."""
    solved = {b.index for e in text.exercises.values() for b in e.solution if type(b) is Code}
    names: set[str] = set()
    for index, cell in enumerate(source.cells):
        if index > 0 and cell.cell_type == "code" and index not in solved:
            names |= made(cell.source)
    return names


def add_answer(reader: Sheet, exercise: Exercise, given: set[str]) -> None:
    statement = "\n\n".join(block for block in exercise.statement if isinstance(block, str))
    if statement.startswith(("*Pen", "*Read")):
        reader.add("**Your answer:** …")
        reader.flush()
        return
    place, check = answer(statement, code_of(exercise.solution, reader.source), given)
    reader.own(place)
    if check:
        reader.own(check)


def where_the_page_is(text: Page) -> str:
    return f"*This notebook is [a page of the book]({text.address}). Its links lead to the site.*"


def where_solutions_are(page: Path) -> str:
    name = solutions_path(page)
    address = f"{settings()['url']}/blob/{settings()['branch']}/{name.as_posix()}"
    return (
        "Write your answers into the cells below the exercises. Where a check follows, run it "
        "after your answer, and for a second try begin at the exercise's first cell. "
        f"The solutions are in the notebook [{name.name}]({address}) beside this one."
    )


def works(text: Page) -> str:
    """The works that the page cites, in the order of the bibliography."""
    cited = [f"- {entry}" for address, entry in bibliography().items() if address in text.cited]
    return "\n".join(["## Works cited", "", *cited])


@cache
def bibliography() -> dict[str, str]:
    """Each work that the book cites, by its address on the site."""
    doctree = resolved(BIBLIOGRAPHY)
    say, entries = Page(doctree), {}
    for citation in doctree.findall(nodes.citation):
        entry = " ".join("".join(map(say.inline, citation[1].children)).split())
        entries[f"{say.address}#{citation['ids'][0]}"] = entry
    return entries


def solutions(source: NotebookNode, text: Page, blocks: list[Block]) -> NotebookNode:
    """Each exercise by itself: what it asks, the cells it begins from, and its solution."""
    sheet = Sheet(source)
    every = [block for each in text.exercises.values() for block in each.statement + each.solution]
    if any(isinstance(block, Code) for block in every):
        sheet.own(install_cell())
        if any(STYLE in cell.source for cell in source.cells):
            sheet.own(f"from unrolled.figures import plot\n\n{STYLE}")
    sheet.add(f"# Solutions: {str(blocks[0]).lstrip('# ')}")
    sheet.add(f"*The exercises are on [this page of the book]({text.address}).*")
    if before := from_the_page(source, text, blocks):
        sheet.add("## What the page has made\n\nSome of the solutions go on from these cells.")
        add_all(sheet, before)
    for exercise in text.exercises.values():
        if exercise.solution:
            sheet.add(f"## {exercise.title}")
            add_all(sheet, exercise.statement)
            add_all(sheet, beginning(exercise, blocks))
            sheet.add("### Solution")
            for block in exercise.solution:
                sheet.add(block)
                if isinstance(block, Code):  # folded on the site, but here it is what one came for
                    unfold(sheet.cells[-1])
    return sheet.notebook()


def from_the_page(source: NotebookNode, text: Page, blocks: list[Block]) -> list[Block]:
    """The page's cells that make what an exercise takes from outside of itself."""
    solved = {b.index for e in text.exercises.values() for b in e.solution if type(b) is Code}
    found: set[int] = set()
    for exercise in text.exercises.values():
        own = [b for b in exercise.statement + beginning(exercise, blocks) if type(b) is Code]
        code = own + [b for b in exercise.solution if type(b) is Code]
        if not code:
            continue
        missing = taken(code_of(code, source))
        for k in range(code[0].index - 1, 0, -1):
            cell = source.cells[k]
            if cell.cell_type == "code" and k not in solved and missing & made(cell.source):
                found.add(k)
                missing = (missing - made(cell.source)) | taken(cell.source)
    return [Code(k) for k in sorted(found)]


def beginning(exercise: Exercise, blocks: list[Block]) -> list[Block]:
    """What stands on the page between the exercise and its solution."""
    if not exercise.solution:
        return []
    start = blocks.index(exercise) + 1
    return blocks[start : blocks.index(Answer(exercise.label), start)]
