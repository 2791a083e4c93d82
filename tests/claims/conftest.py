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
