"""Sphinx extension: the directive `{package-modules}` lists the package, group by group.

Each module stands there with the first line of its docstring, a link to its source, and the pages
whose paragraph `Modules: …` names it.
"""

from pathlib import Path

from collect_equations import Page, pages
from collect_modules import Group, Module, groups, modules_named
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_directive("package-modules", PackageModules)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class PackageModules(SphinxDirective):
    """A section for each group: its docstring, and a table of its modules."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        teaching: dict[str, list[Page]] = {}
        for page in pages(root):
            self.env.note_dependency(str(page.path))
            for name in modules_named((root / page.path).read_text("utf-8")):
                teaching.setdefault(name, []).append(page)
        return [self.section(group, teaching) for group in groups(root) if group.modules]

    def section(self, group: Group, teaching: dict[str, list[Page]]) -> nodes.section:
        name = group.package.name
        section = nodes.section(ids=[f"package-{name.replace('_', '-') or 'top'}"])
        section += nodes.title("", name or "in no group")
        text = [group.package.summary, group.package.rest] if name else []
        rows = ["| module | what it holds | pages |", "|---|---|---|"]
        for module in group.modules:
            self.env.note_dependency(str(module.path))
            found = teaching.get(module.name, [])
            where = " · ".join(f"[{page.title}](/{page.path})" for page in found) or "on no page"
            rows.append(f"| {self.link(module)} | {cell(module.summary)} | {where} |")
        self.env.note_dependency(str(group.package.path))
        section += self.parse_text_to_nodes("\n\n".join([*text, "\n".join(rows)]))
        return section

    def link(self, module: Module) -> str:
        """The module's name, which leads to its source in the repository."""
        theme = self.config.html_theme_options
        file = f"{theme['repository_url']}/blob/{theme['repository_branch']}/{module.path}"
        return f"[`{module.name}`]({file})"


def cell(text: str) -> str:
    """Text that stays within its cell of a table."""
    return text.replace("|", r"\|")
