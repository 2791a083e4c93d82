import ast
import re
import textwrap
from pathlib import Path

import pytest

import unrolled.datasets.text
from unrolled.datasets.text import Vocabulary, streams
from unrolled.figures.boxes import extent  # a function in a wrapper
from unrolled.figures.source import show, source, without_docstrings
from unrolled.layers.rnn import RNN

EXAMPLE = '''
@decorator
class Cell:
    """What it is.

    More of it.
    """

    size: int = 3

    def grow(self):
        """One line."""
        text = """not a docstring"""
        return text

    def shrink(self):
        "Nothing but a docstring."
'''


@pytest.mark.parametrize(
    "thing",
    [streams, Vocabulary.encode, Vocabulary.of, RNN, RNN.init, extent, unrolled.datasets.text],
)
def test_the_link_leads_to_the_lines_that_are_shown(thing):
    shown = source(thing)
    path, first, last = re.fullmatch(
        r"https://github\.com/\S+/blob/main/(code/unrolled/\w+/\w+\.py)#L(\d+)-L(\d+)",
        shown.address,
    ).groups()
    lines = Path(path).read_text().splitlines()[int(first) - 1 : int(last)]
    assert textwrap.dedent("\n".join(lines)) == shown.code
    name = thing.__name__.split(".")[-1]
    assert name in shown.code.split(":")[0] or thing is unrolled.datasets.text


def test_a_class_is_shown_with_its_decorator():
    assert source(RNN).code.startswith("@dataclass\nclass RNN:")


def test_markdown_and_plain_text_hold_the_same_code():
    shown = source(streams)
    place, code = shown._repr_markdown_().split("\n\n```python\n")
    assert code == f"{shown.code}\n```"
    assert place.startswith(f"[code/unrolled/datasets/text.py]({shown.address}), lines ")
    assert repr(shown).endswith(shown.code) and "code/unrolled/datasets/text.py" in repr(shown)


def test_fences_in_the_code_do_not_end_it():
    shown = source(streams)
    shown.code = '"""\n```\n"""'
    assert shown._repr_markdown_().endswith('\n````python\n"""\n```\n"""\n````')


def test_show_displays_every_object(capsys):
    show(streams, RNN.backward, docstring=False)
    printed = capsys.readouterr().out
    assert "def streams" in printed and "def backward" in printed and '"""' not in printed
    show(streams)
    assert '"""Cut ids' in capsys.readouterr().out


@pytest.mark.parametrize("thing", [len, Path, RNN.__init__, 3, lambda: 0, "streams", textwrap])
def test_only_the_package_is_shown(thing):
    with pytest.raises(ValueError, match="functions, classes and modules of unrolled, got "):
        source(thing)


def test_docstrings_are_left_out_and_nothing_else():
    assert without_docstrings(EXAMPLE) == EXAMPLE.replace(
        '    """What it is.\n\n    More of it.\n    """\n\n', ""
    ).replace('        """One line."""\n', "").rstrip("\n")


@pytest.mark.parametrize("path", Path("code/unrolled").rglob("*.py"), ids=lambda path: path.name)
def test_code_without_docstrings_does_the_same(path):
    """The two syntax trees agree once the docstrings are out of the first, too."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and len(node.body) > 1 and ast.get_docstring(node) is not None:
            del node.body[0]
    assert ast.dump(ast.parse(without_docstrings(path.read_text()))) == ast.dump(tree)
