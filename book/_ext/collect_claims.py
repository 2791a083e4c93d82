"""Which sentences of the pages the tests claim, read without building or importing either.

The fixture `claim` (`tests/claims/conftest.py`), the site's marks (`checked_claims.py`) and the
test that all agree (`tests/book/test_claims.py`) share this module, so that they cannot disagree.
"""

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from collect_equations import (
    CLAIMS,
    Page,
    calls_of,
    page_paths,
    read_page,
    split_tests,
    summary_of,
)

SEEN = CLAIMS / "seen.json"  # when each test was last seen to hold, and how long it took
QUICK = 10.0  # seconds; a test that takes longer is marked slow
ENDS_A_SENTENCE = re.compile(r"[.:;?!][)\]”’\"'*_]*$")


@dataclass(frozen=True)
class Claim:
    """A test function that asserts what one or several sentences of its page assert."""

    sentences: tuple[str, ...]
    slow: bool
    name: str
    summary: str  # the docstring's first paragraph
    source: str
    path: Path
    first_line: int
    last_line: int

    @property
    def key(self) -> str:
        """Its name in `seen.json`."""
        return f"{self.path.name}::{self.name}"

    @property
    def digest(self) -> str:
        """What was seen to hold: another source has another digest."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:12]


@dataclass
class ClaimFile:
    """One file of claims: the tests, and slips (what, line)."""

    path: Path
    claims: list[Claim] = field(default_factory=list)
    slips: list[tuple[str, int]] = field(default_factory=list)


def claim_files(root: Path) -> list[ClaimFile]:
    """Every file of claims, read as text: nothing is imported."""
    return [read_claims(root, path) for path in sorted((root / CLAIMS).glob("test_*.py"))]


def read_claims(root: Path, path: Path) -> ClaimFile:
    """The tests of one file; every one of them claims something."""
    file = ClaimFile(path.relative_to(root))
    tests, _ = split_tests(path.read_text("utf-8"))
    for node, source, first in tests:
        calls = calls_of(node, "claim")
        summary = summary_of(node)
        if not calls:
            file.slips.append((f'{node.name} claims nothing: call claim("the sentence")', first))
        if not summary:
            file.slips.append((f"{node.name} has no docstring that says what it runs", first))
        try:
            sentences = tuple(_sentence(call) for call in calls)
        except (ValueError, TypeError):
            usage = 'claim("the sentence, to the letter"), written out'
            file.slips.append((f"{node.name}: write {usage}", first))
            continue
        slow = any(ast.unparse(item) == "pytest.mark.slow" for item in node.decorator_list)
        place = (file.path, first, node.end_lineno)
        file.claims.append(Claim(sentences, slow, node.name, summary, source, *place))
    return file


def _sentence(call: ast.Call) -> str:
    [argument] = call.args
    value = ast.literal_eval(argument)
    if not isinstance(value, str):
        raise TypeError("a sentence")
    return fold(value)


def fold(text: str) -> str:
    """The text with every run of white space made one space."""
    return " ".join(text.split())


def where(sentence: str, page: Page, text: str) -> tuple[int, int]:
    """From where to where the sentence stands in the page's text; ValueError unless it does."""
    sentence = fold(sentence)
    if not ENDS_A_SENTENCE.search(sentence):
        raise ValueError(f"quote to the end of the sentence: {sentence!r}")
    pattern = r"\s+".join(re.escape(word) for word in sentence.split())
    found = [match.span() for match in re.finditer(rf"(?<!\w){pattern}", text)]
    if not found:
        raise ValueError(f"{page.path} does not say (any more): {sentence!r}")
    if len(found) > 1:
        raise ValueError(f"{page.path} says {len(found)} times: {sentence!r}")
    if not any(sentence in fold(block) for block in page.prose):
        raise ValueError(f"{page.path} has this in code, not in its prose: {sentence!r}")
    return found[0]


def mirrored(root: Path, path: Path) -> Page:
    """The page that a file of claims (relative to the root) speaks of; ValueError if none."""
    for page in page_paths(root):
        if Page(page).claims == path:
            return read_page(root, page)
    raise ValueError(f"{path} mirrors no page: name it test_<page>.py, underscores for hyphens")


def disagreements(root: Path) -> list[str]:
    """Everything that keeps pages and claims apart, a line each: place, what, what to do."""
    return [line for file in claim_files(root) for line in _of_file(root, file)]


def _of_file(root: Path, file: ClaimFile) -> Iterator[str]:
    for what, line in file.slips:
        yield f"{file.path}:{line}: {what}"
    for name, count in Counter(claim.name for claim in file.claims).items():
        if count > 1:
            yield f"{file.path}: {count} tests are called {name}"
    try:
        page = mirrored(root, file.path)
    except ValueError as error:
        yield str(error)
        return
    text, spans = (root / page.path).read_text("utf-8"), []
    for claim in file.claims:
        for sentence in claim.sentences:
            try:
                spans.append((*where(sentence, page, text), claim.name, sentence))
            except ValueError as error:
                yield f"{file.path}:{claim.first_line}: {error}"
    for (_, end, name, _), (start, _, other, sentence) in pairwise(sorted(spans)):
        if start < end:
            yield f"{file.path}: {name} and {other} both quote {sentence!r}"


def last_seen(root: Path) -> dict[str, dict]:
    """Key of a claim -> `date`, `seconds` and `digest` of its last run that held."""
    path = root / SEEN
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def never_seen(root: Path) -> list[str]:
    """Slow claims that were not yet seen to hold as they are, and quick ones that are slow."""
    seen, complaints = last_seen(root), []
    for claim in (claim for file in claim_files(root) for claim in file.claims):
        entry = seen.get(claim.key, {})
        if claim.slow and entry.get("digest") != claim.digest:
            complaints.append(f"{claim.key} was never seen to hold as it is: run `make claims`")
        if not claim.slow and entry.get("seconds", 0) > QUICK:
            took = f"{entry['seconds']} s, more than {QUICK:g}"
            complaints.append(f"{claim.key} took {took}: mark it @pytest.mark.slow")
    return complaints
