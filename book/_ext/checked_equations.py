"""Sphinx extension: a mark below every checked equation, and pages that list the checks.

The directive `{checked-equations} training` lists, page by page, each equation of one folder of
the book with its check in `tests/equations/`; `{checked-equations} gates lstm gru` only those of
these chapters. `{checks-at-a-glance}` counts those of all.
"""

import hashlib
import re
from collections.abc import Iterator
from math import floor, log10
from pathlib import Path

from collect_equations import (
    CHECKS,
    Check,
    CheckFile,
    Equation,
    Page,
    check_files,
    pages,
)
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


class mark(nodes.General, nodes.Element):
    """The mark below an equation; without text, so that the search index has none of it."""


def setup(app: Sphinx) -> ExtensionMetadata:
    # A changed check changes this value, and "env" then has every page read and written again:
    # neither the marks nor the listing can go stale.
    app.add_config_value("equation_checks_digest", "", rebuild="env", types=[str])
    app.connect("config-inited", take_digest)
    app.add_node(mark, html=(visit_mark, None), latex=(skip, None), text=(skip, None))
    app.add_directive("checked-equations", CheckedEquations)
    app.add_directive("checks-at-a-glance", ChecksAtAGlance)
    app.connect("doctree-resolved", add_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def take_digest(app: Sphinx, config) -> None:
    paths = sorted(Path(app.srcdir, CHECKS).glob("test_*.py"))
    text = b"".join(path.read_bytes() for path in paths)
    config.equation_checks_digest = hashlib.sha256(text).hexdigest()


def add_marks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """After each labelled equation, a mark which leads to the entry of its check."""
    checks = {check.label: check for file in check_files(app.srcdir) for check in file.checks}
    entries = app.env.get_domain("std").anonlabels
    for equation in list(doctree.findall(nodes.math_block)):
        check = checks.get(equation.get("label"))
        target = anchor(check.label) if check else None
        if target not in entries:
            continue
        page, fragment = entries[target]
        uri = f"{app.builder.get_relative_uri(docname, page)}#{fragment}"
        equation.parent.insert(equation.parent.index(equation) + 1, mark(uri=uri, check=check))


def visit_mark(self, node: mark) -> None:
    check = node["check"]
    count = len(check.planted)
    planted = f"; {count} planted error{'s' * (count != 1)} must fail the same test" * bool(count)
    title = self.attval(f"Both sides computed by different routes{planted}. See the check.")
    self.body.append(
        f'<div class="equation-mark"><a class="reference internal" href="{node["uri"]}"'
        f' title="{title}"><span aria-hidden="true">✓</span> checked to'
        f" {power_of_ten(check.tolerance)}</a></div>\n"
    )
    raise nodes.SkipNode


def skip(self, node: nodes.Element) -> None:
    raise nodes.SkipNode


def anchor(label: str) -> str:
    return f"check-{label}"


def power_of_ten(tolerance: float) -> str:
    """1e-10 -> '10⁻¹⁰', 5e-9 -> '5·10⁻⁹', with superscripts that a screen reader can read."""
    exponent = floor(log10(tolerance) + 1e-9)
    factor = f"{tolerance / 10.0**exponent:.3g}"
    return f"{factor}·10<sup>{exponent}</sup>".removeprefix("1·").replace("-", "−")


class CheckedEquations(SphinxDirective):
    """Lists the equations of one folder, or of some chapters in it, and their checks' source."""

    required_arguments = 1
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        listed = with_checks(self, Path("book", self.arguments[0]))
        named = " ".join(self.arguments)
        return [self.section(page, file) for page, file in listed if is_listed(page, named)]

    def section(self, page: Page, file: CheckFile) -> nodes.section:
        """All checks of one page, in the page's order, then what they share."""
        section = nodes.section(ids=[f"checks-{page.path.stem}"])
        section += nodes.title("", page.title)
        checks = {check.label: check for check in file.checks}
        for equation in page.equations:
            if equation.label in checks:
                section += self.entry(equation, checks[equation.label])
        section += nodes.paragraph("", "What these checks share:")
        section += code(file.shared)
        return section

    def entry(self, equation: Equation, check: Check) -> nodes.container:
        """The equation as printed, the two routes, the planted errors, the source."""
        entry = nodes.container(classes=["equation-check"], ids=[anchor(check.label)])
        place = (self.env.docname, anchor(check.label))
        self.env.get_domain("std").anonlabels[anchor(check.label)] = place
        head = nodes.paragraph(classes=["equation-check-head"])
        head += [nodes.inline("", "Equation "), self.equation_number(equation)]
        head += nodes.inline("", " is checked to ")
        head += nodes.raw("", power_of_ten(check.tolerance), format="html")
        head += nodes.Text(".")
        entry += head
        entry += nodes.math_block(equation.tex, equation.tex, nowrap=False, number=None)
        entry += nodes.paragraph("", check.summary)
        if check.planted:
            entry += planted_errors(check)
        entry += code(check.source)
        entry += place_in_repository(self.config, check)
        return entry

    def equation_number(self, equation: Equation) -> addnodes.pending_xref:
        options = {"refdomain": "math", "reftype": "eq", "reftarget": equation.label}
        text = nodes.literal("", equation.label)
        return addnodes.pending_xref("", text, refdoc=self.env.docname, refwarn=True, **options)


class ChecksAtAGlance(SphinxDirective):
    """A table: for each page its equations and the planted errors, with the sums."""

    def run(self) -> list[nodes.Node]:
        lines = ["| page | equations | planted errors |", "|---|---:|---:|"]
        sums, listings = [0, 0], listing_pages(self)
        for page, file in with_checks(self, Path("book")):
            counts = len(page.equations), sum(len(check.planted) for check in file.checks)
            sums = [a + b for a, b in zip(sums, counts, strict=True)]
            listing = next(at for at, named in listings.items() if is_listed(page, named))
            lines.append(f"| [{page.title}]({listing}) | {counts[0]} | {counts[1]} |")
        lines.append(f"| **all** | **{sums[0]}** | **{sums[1]}** |")
        return self.parse_text_to_nodes("\n".join(lines))


def is_listed(page: Page, named: str) -> bool:
    """Whether the directive with these arguments, a folder and perhaps chapters, has the page."""
    folder, *chapters = named.split()
    stem = page.path.stem
    of_these = any(stem == one or stem.startswith(f"{one}-") for one in chapters)
    return page.path.parent.name == folder and (of_these or not chapters)


def listing_pages(directive: SphinxDirective) -> dict[str, str]:
    """Each page that lists checks, with the arguments of its directive."""
    found = {}
    for path in sorted(Path(directive.env.srcdir, "book/reference/checks").glob("*.md")):
        directive.env.note_dependency(str(path))
        named = re.search(r"\{checked-equations\} (.+)", path.read_text("utf-8"))
        if named:
            found[f"/book/reference/checks/{path.name}"] = named[1]
    return found


def with_checks(directive: SphinxDirective, folder: Path) -> list[tuple[Page, CheckFile]]:
    """The pages in this folder that have equations, each with the file of its checks."""
    root = Path(directive.env.srcdir)
    files = {file.path: file for file in check_files(root)}
    listed = [page for page in pages(root) if page.path.is_relative_to(folder)]
    for page in listed:  # what is listed repeats their equations
        directive.env.note_dependency(str(page.path))
    return [(p, files[p.checks]) for p in listed if p.equations and p.checks in files]


def planted_errors(check: Check) -> nodes.paragraph:
    def names() -> Iterator[nodes.Node]:
        for k, name in enumerate(check.planted):
            yield nodes.Text("; " if k else "")
            yield nodes.emphasis("", name)

    head = nodes.inline("", "Must fail: ", classes=["equation-check-planted"])
    return nodes.paragraph("", "", head, *names(), nodes.Text("."))


def place_in_repository(config, check) -> nodes.paragraph:
    """A link to where the source of a check (or of a claim's test) lies."""
    theme = config.html_theme_options
    file = f"{theme['repository_url']}/blob/{theme['repository_branch']}/{check.path}"
    uri = f"{file}#L{check.first_line}-L{check.last_line}"
    text = f"{check.path}, lines {check.first_line}–{check.last_line}"
    link = nodes.reference("", text, refuri=uri, internal=False)
    return nodes.paragraph("", "", link, classes=["equation-check-place"])


def code(source: str) -> nodes.literal_block:
    return nodes.literal_block(source, source, language="python")
