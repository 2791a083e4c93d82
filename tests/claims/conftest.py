"""The fixture with which sentences of the book are claimed.

A number or a finding of the prose that its page does not print is quoted, run and asserted:

    def test_wrong_sign(claim):
        \"\"\"1,000 random networks, one sign turned round.\"\"\"
        claim("With one sign wrong, about one input in six comes out wrong.")
        ...
        assert 0.15 < share < 0.18

The test fails when the page (book/*/<page>.md for tests/claims/test_<page>.py) no longer has the
sentence. White space apart, it is quoted to the letter: Markdown, TeX and all.
"""

import ast
import re
from pathlib import Path

import pytest
from collect_claims import fold, mirrored, where


class Claim:
    """Called as claim("the sentence"); notes what was claimed."""

    def __init__(self, root: Path, path: Path):
        try:
            self.page = mirrored(root, path.relative_to(root))
        except ValueError as error:
            pytest.fail(str(error), pytrace=False)
        self.text = (root / self.page.path).read_text("utf-8")
        self.sentences: list[str] = []

    def __call__(self, sentence: str) -> None:
        """Fail unless the page has this sentence, once, in its prose."""
        try:
            where(sentence, self.page, self.text)
        except ValueError as error:
            pytest.fail(str(error), pytrace=False)
        if fold(sentence) in self.sentences:
            pytest.fail(f"claimed twice: {sentence!r}", pytrace=False)
        self.sentences.append(fold(sentence))

    def definitions(self) -> dict:
        """What the page's cells import and define, so that a claim runs the page's own code.

        Functions, classes, and values that are written down without a call; nothing is run.
        """
        namespace: dict = {"__name__": "page"}
        for cell in re.findall(r"^```\{code-cell\}.*?\n(.*?)^```", self.text, re.M | re.S):
            code = re.sub(r"\A(---\n.*?^---\n|(:[^\n]*\n)+)", "", cell.lstrip(), flags=re.M | re.S)
            if "%pip install" not in code:  # the cell that installs the package elsewhere
                for node in ast.parse(code).body:
                    if _defines(node, namespace):
                        module = ast.Module([node], [])
                        exec(compile(module, str(self.page.path), "exec"), namespace)
        return namespace


def _defines(node: ast.stmt, known: dict) -> bool:
    if isinstance(node, ast.Assign):
        parts = list(_without_lambdas(node))  # the left side too: what it writes into must be known
        names = [p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Load)]
        calls = ast.Call | ast.ListComp | ast.DictComp | ast.GeneratorExp | ast.NamedExpr
        return set(names) <= set(known) and not any(isinstance(part, calls) for part in parts)
    return isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)


def _without_lambdas(node: ast.AST):
    """All parts of an expression but the insides of functions."""
    yield node
    if not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _without_lambdas(child)


@pytest.fixture
def claim(request) -> Claim:
    """Says which sentence of the page the test is about."""
    return Claim(request.config.rootpath, request.path)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """Whatever a test here asserts, it has to say for which sentence."""
    result = yield
    used = pyfuncitem.funcargs.get("claim")
    if used is None or not used.sentences:
        pytest.fail('the test claims nothing: call claim("the sentence")', pytrace=False)
    return result
