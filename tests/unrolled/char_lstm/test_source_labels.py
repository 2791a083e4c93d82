import ast

import numpy as np
import pytest

from unrolled.char_lstm.source_labels import source_labels
from unrolled.datasets.corpus import modules


def marks(text, name):
    """The text's own letters where the label is false or 0, its value (or #) elsewhere."""
    labels = source_labels(text)[name]
    signs = ["#" if value is True else str(value) for value in labels.tolist()]
    return "".join(s if v else c for c, s, v in zip(text, signs, labels, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 'ab' + y\n", "x = ###' + y\n"),  # open after the first mark, shut after the last
        ("x = b'a' 'c'\n", "x = b##' ##'\n"),  # a prefix comes before the string
        ("x = Rb'\\'a'\n", "x = Rb####'\n"),  # an escaped mark closes nothing
        ('x = "it\'s"\n', 'x = #####"\n'),
        ("# don't\nx = ''\n", "# don't\nx = #'\n"),
        ("x = f'a{y}b' + 'c'\n", "x = f######' + ##'\n"),
        ("x = f'{y:{z}}' 'c'\n", "x = f########' ##'\n"),
        ("x = '''a'b'''\n", "x = '''a'b'''\n"),  # between triple marks is another label
    ],
)
def test_quote(text, expected):
    assert marks(text, "quote") == expected


def test_triple():
    assert marks("'''a\n\"b'''\nx = 'c'\n", "triple") == "#########'\nx = 'c'\n"
    assert marks('r"""a"""\n', "triple") == 'r######"\n'


def test_comment():
    assert marks("x = '#' # a 'b'\ny\n", "comment") == "x = '#' #######\ny\n"


def test_bracket():
    assert marks("f(a[0], {})\n", "bracket") == "f112211121)\n"
    assert marks("x = '(' # [\ny = (\n 1)\n", "bracket") == "x = '(' # [\ny = 1111)\n"
    assert marks("f'{a(b)}' + (c)\n", "bracket") == "f'{a(b)}' + 11)\n"


def test_indent_and_column():
    labels = source_labels("if a:\n    b  c\n\n    d\n")
    assert labels["indent"].tolist() == [0] * 6 + [1, 2, 3, 4, 4, 4, 4, 4, 0, 0] + [
        1,
        2,
        3,
        4,
        4,
        0,
    ]
    assert labels["column"].tolist() == [1, 2, 3, 4, 5, 0, *range(1, 9), 0, 0, 1, 2, 3, 4, 5, 0]


def test_against_the_parser():
    """Places and values of the strings that Python's parser finds, in modules of the library."""
    checked = 0
    for name, text in modules():
        if not ("s" < name < "t" and text.isascii() and len(text) < 15_000):
            continue
        labels = source_labels(text)
        inside = labels["quote"] | labels["triple"]
        starts = np.cumsum([0] + [len(line) + 1 for line in text.split("\n")])
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
                a = starts[node.lineno - 1] + node.col_offset
                b = starts[node.end_lineno - 1] + node.end_col_offset
                if text[a] in "'\"" and text[b - 1] == text[a]:
                    assert inside[a] and not inside[b - 1], (name, text[a:b])
                    checked += 1
        assert labels["bracket"][-1] == 0 and labels["bracket"].min() == 0
    assert checked > 300


@pytest.mark.parametrize(
    "text", ["x = 'a\n", "x = '''a\n", "f(1,\n", "x = ?\n", "if a:\n  b\n c\n"]
)
def test_what_is_not_python(text):
    with pytest.raises(ValueError, match="not complete Python source, near line"):
        source_labels(text)
