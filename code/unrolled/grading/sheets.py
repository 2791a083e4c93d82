"""The sheet of a problem set: a notebook with gaps for students, and the same one solved.

A set's `sheet.md` is a notebook in MyST Markdown. `{{name}}` stands for what is drawn. In code

    ### BEGIN SOLUTION
    norm = np.sqrt(sum((grad**2).sum() for grad in grads))
    ### STUDENTS GET
    #| norm = sum((grad**2).sum() for grad in grads)
    ### END SOLUTION

is a gap: the solved notebook has the first part, the student's the second one, which may be
left out. In prose, what stands between `<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->` is
in the solved notebook only.

The judge runs every cell anew for each test. So a cell that calls a student's function, to show
something, does so below `if in_notebook:`, which the first cell defines.
"""

import hashlib
import re
from pathlib import Path

from unrolled.grading.draw import Draw
from unrolled.grading.tasks import SETS, ProblemSet

SITE = "https://unrolled-book.github.io/unrolled"
GAP = re.compile(
    r"^(?P<indent> *)### BEGIN SOLUTION\n(?P<solution>.*?)"
    r"(?:^ *### STUDENTS GET\n(?P<instead>.*?))?^ *### END SOLUTION\n?",
    re.DOTALL | re.MULTILINE,
)
PROSE_GAP = re.compile(r"<!-- BEGIN SOLUTION -->\n(.*?)<!-- END SOLUTION -->\n?", re.DOTALL)
TODO = 'raise NotImplementedError("your work goes here")\n'


def filled(text: str, given: dict) -> str:
    """The text with what is given in the place of its `{{name}}`, indented as the name was.

    Raises
    ------
    ValueError
        A name that is not given.
    """

    def value(match: re.Match) -> str:
        indent, name = match["indent"] or "", match["name"]
        if name not in values:
            raise ValueError(f"the sheet names {name!r}, which is not among {sorted(values)}")
        return indent + str(values[name]).replace("\n", "\n" + indent)

    values = {"site": SITE, **given}
    return re.sub(r"(?P<indent>^ +)?\{\{(?P<name>\w+)\}\}", value, text, flags=re.MULTILINE)


def with_gaps(source: str) -> str:
    """A code cell as students get it."""

    def gap(match: re.Match) -> str:
        if match["instead"] is None:
            return match["indent"] + TODO
        return re.sub(r"^( *)#\| ?", r"\1", match["instead"], flags=re.MULTILINE)

    return GAP.sub(gap, source)


def solved(source: str) -> str:
    """A code cell with the solution and without the marks."""
    return GAP.sub(lambda match: match["solution"], source)


def cells(name: str, given: dict, solution: bool, folder: Path = SETS) -> list[tuple[str, str]]:
    """The sheet's cells, each with its kind, "markdown" or "code".

    Parameters
    ----------
    name
        The set.
    given
        What the sheet prints, by name.
    solution
        Whether the cells are the solved ones or those with gaps.
    folder
        Where the sets are.
    """
    import jupytext  # who only practises need not have it

    text = filled((folder / name / "sheet.md").read_text(encoding="utf-8"), given)
    code = solved if solution else with_gaps
    prose = (lambda t: PROSE_GAP.sub(r"\1", t)) if solution else (lambda t: PROSE_GAP.sub("", t))
    notebook = jupytext.reads(text, fmt="md:myst")
    return [
        (cell.cell_type, (code if cell.cell_type == "code" else prose)(cell.source).strip("\n"))
        for cell in notebook.cells
    ]


def notebook(cells: list[tuple[str, str]]) -> str:
    """The cells as a notebook, in the text of an `.ipynb`, the same whenever it is made."""
    import nbformat.v4

    book = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    for number, (kind, source) in enumerate(cells):
        new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        cell_id = hashlib.sha256(f"{number} {source}".encode()).hexdigest()[:8]
        book.cells.append(new(source, id=cell_id))
    return nbformat.writes(book) + "\n"


def given(problem_set: ProblemSet, name: str, key: str, student: str = "") -> dict:
    """What the sheet prints: one for the course, or a sheet of this student's own."""
    draw = Draw(key, name, "sheet", student) if student else Draw(key, name, "sheet")
    return problem_set.draw_given(draw)
