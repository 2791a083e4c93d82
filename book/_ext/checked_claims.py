"""Sphinx extension: a small mark after every sentence that a test claims, and a list of them.

The mark is put into the page's source as it is read, as the role {claim}; the directive
`{checked-claims}` lists, page by page, the sentences and the tests in `tests/claims/`.
"""

import hashlib
import re
from pathlib import Path

from checked_equations import code, place_in_repository, skip
from collect_claims import CLAIMS, Claim, claim_files, last_seen, mirrored, where
from collect_equations import Page, pages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import ExtensionMetadata

TITLE = "A test runs what this sentence says. See the test."


class claim_mark(nodes.Inline, nodes.Element):
    """The mark behind a sentence; without text, so that the search index has none of it."""


def setup(app: Sphinx) -> ExtensionMetadata:
    # as for the checks of equations: a changed test changes this value, and all is read again
    app.add_config_value("claims_digest", "", rebuild="env", types=[str])
    app.connect("config-inited", take_digest)
    app.connect("source-read", mark_sentences)
    app.add_role("claim", ClaimRole())
    app.add_node(claim_mark, html=(visit_mark, None), latex=(skip, None), text=(skip, None))
    app.add_directive("checked-claims", CheckedClaims)
    app.connect("doctree-resolved", lead_to_the_list)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def take_digest(app: Sphinx, config) -> None:
    paths = sorted(path for path in Path(app.srcdir, CLAIMS).glob("*.*"))
    text = b"".join(path.read_bytes() for path in paths)
    config.claims_digest = hashlib.sha256(text).hexdigest()


def mark_sentences(app: Sphinx, docname: str, content: list[str]) -> None:
    """Write {claim}`anchor k` after each sentence that a test of this page quotes."""
    root = Path(app.srcdir)
    path = Path(app.env.doc2path(docname)).relative_to(root)
    for file in claim_files(root):
        if file.path == Page(path).claims:
            content[0] = with_marks(content[0], mirrored(root, file.path), file.claims)


def with_marks(text: str, page: Page, claims: list[Claim]) -> str:
    """The page's text with a role behind each quoted sentence."""
    marks = [
        (where(sentence, page, text)[1], f"{{claim}}`{anchor(claim, k)}`")
        for claim in claims
        for k, sentence in enumerate(claim.sentences)
    ]
    for end, role in sorted(marks, reverse=True):  # from the end, so that places stay right
        text = text[:end] + role + text[end:]
    return text


def anchor(claim: Claim, k: int | None = None) -> str:
    """Where the claim is listed or, with k, where its k-th sentence stands."""
    words = f"claim-{claim.path.stem}-{claim.name}".replace("test_", "").replace("_", "-").lower()
    return words if k is None else f"{words}-at-{k}"


class ClaimRole(SphinxRole):
    """{claim}`claim-page-name-at-0`: the mark."""

    def run(self) -> tuple[list[nodes.Node], list]:
        return [claim_mark(ids=[self.text], target=self.text.rpartition("-at-")[0])], []


def lead_to_the_list(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each mark its address; without the listing page in the build there are no marks."""
    entries = app.env.get_domain("std").anonlabels
    for mark in list(doctree.findall(claim_mark)):
        if mark["target"] in entries:
            page, fragment = entries[mark["target"]]
            mark["uri"] = f"{app.builder.get_relative_uri(docname, page)}#{fragment}"
        else:
            mark.parent.remove(mark)


def visit_mark(self, node: claim_mark) -> None:
    self.body.append(
        f'<sup class="claim-mark" id="{node["ids"][0]}"><a class="reference internal"'
        f' href="{node["uri"]}" title="{TITLE}" aria-label="{TITLE}">✓</a></sup>'
    )
    raise nodes.SkipNode


class CheckedClaims(SphinxDirective):
    """Lists the claimed sentences of the book, page by page, with the source of their tests."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        self.seen = last_seen(root)
        files = {file.path: file for file in claim_files(root)}
        listed = [page for page in pages(root) if page.claims in files]
        return [self.section(page, files[page.claims].claims) for page in listed]

    def section(self, page: Page, claims: list[Claim]) -> nodes.section:
        section = nodes.section(ids=[f"claims-{page.path.stem}"])
        section += nodes.title("", page.title)
        for claim in claims:
            section += self.entry(page, claim)
        return section

    def entry(self, page: Page, claim: Claim) -> nodes.container:
        """The sentences, each leading to its place; what is run, when it held, and the test."""
        entry = nodes.container(classes=["equation-check"], ids=[anchor(claim)])
        place = (self.env.docname, anchor(claim))
        self.env.get_domain("std").anonlabels[anchor(claim)] = place
        for k, sentence in enumerate(claim.sentences):
            quote = nodes.block_quote("", *self.parse_text_to_nodes(without_targets(sentence)))
            quote.children[-1] += [nodes.Text(" "), self.back(page, claim, k)]
            entry += quote
        entry += nodes.paragraph("", f"{claim.summary} {self.holds(claim)}")
        entry += code(claim.source)
        entry += place_in_repository(self.config, claim)
        return entry

    def back(self, page: Page, claim: Claim, k: int) -> nodes.reference:
        docname = page.path.with_suffix("").as_posix()
        uri = self.env.app.builder.get_relative_uri(self.env.docname, docname)
        refuri = f"{uri}#{anchor(claim, k)}"
        return nodes.reference("", "where it stands", refuri=refuri, internal=True)

    def holds(self, claim: Claim) -> str:
        entry = self.seen.get(claim.key)
        if not entry:
            return "Runs whenever the book is tested."
        return f"Last seen to hold on {entry['date']}, in {entry['seconds']:.3g} seconds."


def without_targets(sentence: str) -> str:
    """[text](target) -> text, since a target is written as seen from the sentence's own page."""
    return re.sub(r"\[([^\]]+)\]\([^)\s]*\)", r"\1", sentence)
