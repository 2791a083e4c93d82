"""Sphinx extension: Python without colour for plain names and signs.

They are black in any case, but each has a tag of its own: a third of a page's weight.
"""

from collections.abc import Iterator

from ipython_pygments_lexers import IPython3Lexer
from pygments.lexer import Lexer
from pygments.lexers.python import PythonLexer
from pygments.token import Name, Operator, Punctuation, Text, Whitespace
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PLAIN = (Name, Operator, Punctuation, Text, Whitespace)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_lexer("python", QuietPython)
    app.add_lexer("ipython3", QuietIPython)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Quiet(Lexer):
    def get_tokens_unprocessed(self, text: str, *stack) -> Iterator:
        for position, token, value in super().get_tokens_unprocessed(text, *stack):
            yield position, Text if token in PLAIN else token, value


class QuietPython(Quiet, PythonLexer):
    pass


class QuietIPython(Quiet, IPython3Lexer):
    pass
