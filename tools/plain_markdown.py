"""A page's doctree as Markdown that every notebook renders, with its code cells in their places.

What a page says with directives and roles is said here with headings, quotations, links to the
site and numbers, as the site shows them. Nothing else than Markdown, `$…$` and `<details>` is left.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin

from docutils import nodes

CODE = "cell_code"  # how MyST-NB marks the container of a code cell
EXERCISES = ("exercise_node", "exercise_enumerable_node")
# What stands on the site alone: addresses, lists of pages, marks beside equations
SILENT = (
    "comment",
    "compound",
    "index",
    "mark",
    "raw",
    "substitution_definition",
    "system_message",
    "target",
    "title",
    "toctree",
)
SPECIAL = re.compile(r"([\\`*_\[\]<>$~|])")
BEGINS_A_BLOCK = re.compile(r"^(\s*)([#+-]|\d+[.)])(?=\s)", re.MULTILINE)


class Code(NamedTuple):
    """Where the code cell with this index among the page's cells stands."""

    index: int


@dataclass
class Exercise:
    """An exercise, and its solution as soon as it was met: each a list of Markdown and cells."""

    label: str
    title: str
    statement: list
    solution: list


class Answer(NamedTuple):
    """Where the solution of the exercise with this label stands on the site."""

    label: str


Block = str | Code | Exercise | Answer


class Page:
    """Turns one page's doctree into blocks; afterwards, `cited` has the addresses of works."""

    def __init__(self, doctree: nodes.document) -> None:
        self.doctree = doctree
        self.address = doctree["address"]
        self.numbers, self.section_numbers = doctree["numbers"], doctree["section_numbers"]
        self.cited: dict[str, None] = {}  # in the order of the page
        self.exercises: dict[str, Exercise] = {}
        self.in_table = False

    def blocks(self) -> list[Block]:
        return list(self.below(self.doctree, level=0))

    def below(self, node: nodes.Element, level: int) -> Iterator[Block]:
        for child in node.children:
            yield from self.block(child, level)

    def block(self, node: nodes.Node, level: int) -> Iterator[Block]:
        """What a node that stands by itself becomes."""
        kind = type(node).__name__
        if kind in SILENT:
            return
        if isinstance(node, nodes.TextElement) and kind not in ("literal_block", "math_block"):
            text = self.inline(node).strip()
            if text:
                yield BEGINS_A_BLOCK.sub(r"\1\\\2", text) if kind == "paragraph" else text
        elif kind in EXERCISES:
            yield self.exercise(node)
        elif kind == "solution_node":
            self.exercises[node["target_label"]].solution += self.below(node[1], level)
            yield Answer(node["target_label"])
        elif handle := getattr(self, f"{kind.removesuffix('_node')}_", None):
            yield from handle(node, level)
        else:
            yield from self.below(node, level)

    # The kinds of blocks

    def section_(self, node: nodes.section, level: int) -> Iterator[Block]:
        if isinstance(node[0], nodes.title):
            number = self.section_numbers.get(f"#{node['ids'][0]}" if level else "")
            shown = f"{'.'.join(map(str, number))}. " if number else ""
            yield f"{'#' * (level + 1)} {shown}{self.inline(node[0]).strip()}"
        yield from self.below(node, level + 1)

    def container_(self, node: nodes.container, level: int) -> Iterator[Block]:
        if node.get("nb_element") != CODE:
            yield from self.below(node, level)
            return
        yield Code(node["cell_index"])
        for figure in node.findall(nodes.figure):
            for caption in figure.findall(nodes.caption):
                number = self.number("figure", figure)
                yield (
                    f"**Figure {number}.** {self.inline(caption)}"
                    if number
                    else (f"*{self.inline(caption)}*")
                )

    def math_block_(self, node: nodes.math_block, level: int) -> Iterator[Block]:
        number = self.number("displaymath", node)
        tag = f"\n\\tag{{{number}}}" if number else ""
        yield f"$$\n{node.astext().strip()}{tag}\n$$"

    def literal_block_(self, node: nodes.literal_block, level: int) -> Iterator[Block]:
        yield f"```{node.get('language', '')}\n{node.astext()}\n```"

    def bullet_list_(self, node: nodes.bullet_list, level: int) -> Iterator[Block]:
        yield self.items(node, ["-"] * len(node))

    def enumerated_list_(self, node: nodes.enumerated_list, level: int) -> Iterator[Block]:
        start = node.get("start", 1)
        yield self.items(node, [f"{start + k}." for k in range(len(node))])

    def items(self, node: nodes.Element, signs: list[str]) -> str:
        texts = []
        for sign, item in zip(signs, node.children, strict=True):
            text = self.text(item)
            texts.append(f"{sign} " + indent(text, " " * (len(sign) + 1)).lstrip())
        loose = any("\n\n" in text for text in texts)
        return ("\n\n" if loose else "\n").join(texts)

    def definition_list_(self, node: nodes.definition_list, level: int) -> Iterator[Block]:
        for item in node.children:
            terms = [self.inline(t) for t in item.children if isinstance(t, nodes.term)]
            meant = [self.text(d) for d in item.children if isinstance(d, nodes.definition)]
            yield f"**{', '.join(terms)}**\n\n" + "\n\n".join(meant)

    def block_quote_(self, node: nodes.block_quote, level: int) -> Iterator[Block]:
        yield quote(self.text(node))

    def transition_(self, node: nodes.transition, level: int) -> Iterator[Block]:
        yield "---"

    def table_(self, node: nodes.table, level: int) -> Iterator[Block]:
        self.in_table = True
        rows = [[self.cell(entry) for entry in row.children] for row in node.findall(nodes.row)]
        aligned = [entry.get("classes", []) for entry in next(node.findall(nodes.row)).children]
        self.in_table = False
        rules = {"text-right": "---:", "text-center": ":---:"}
        rule = [next((rules[c] for c in each if c in rules), "---") for each in aligned]
        yield "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])

    def cell(self, entry: nodes.entry) -> str:
        return " ".join(self.inline(child).strip() for child in entry.children).replace("\n", " ")

    def admonition_(self, node: nodes.Element, level: int) -> Iterator[Block]:
        title = self.inline(node[0]).strip() if isinstance(node[0], nodes.title) else ""
        yield from self.boxed(node, title, "dropdown" in node["classes"])

    def note_(self, node: nodes.Element, level: int) -> Iterator[Block]:
        yield from self.boxed(node, type(node).__name__.capitalize(), False)

    warning_ = tip_ = hint_ = important_ = seealso_ = attention_ = caution_ = note_

    def boxed(self, node: nodes.Element, title: str, folded: bool) -> Iterator[Block]:
        text = self.text(node)
        if folded:
            yield f"<details>\n<summary><b>{title}</b></summary>\n\n{text}\n\n</details>"
        else:
            yield quote(f"**{title}**\n\n{text}" if title else text)

    def proof_(self, node: nodes.Element, level: int) -> Iterator[Block]:
        """`Proof.` stands at its beginning, and the proof in an admonition of its own."""
        inner = node[0] if isinstance(node[0], nodes.admonition) else node
        yield quote(self.text(inner).replace("Proof.", "*Proof.*", 1))

    def numbered(self, node: nodes.Element, level: int) -> Iterator[Block]:
        """A proposition, say, with its number."""
        kind = node["type"]
        title = f"{kind.capitalize()} {self.number(kind, node)}{self.inline(node[0])}"
        yield quote(f"**{title}.** " + self.text(node[1]))

    proposition_ = theorem_ = lemma_ = definition_ = corollary_ = algorithm_ = numbered

    def exercise(self, node: nodes.Element) -> Exercise:
        number = f" {self.number('exercise', node)}" if "enumerable" in type(node).__name__ else ""
        title = f"Exercise{number}{self.inline(node[0])}"
        found = Exercise(node["label"], title, list(self.below(node[1], 3)), [])
        self.exercises[found.label] = found
        return found

    def text(self, node: nodes.Element) -> str:
        """All blocks of a node that holds no code cell."""
        blocks = list(self.below(node, 3))
        assert all(isinstance(block, str) for block in blocks), node
        return "\n\n".join(blocks)

    def number(self, kind: str, node: nodes.Element) -> str:
        found = (self.numbers.get(kind, {}).get(name) for name in node["ids"])
        return next((".".join(map(str, number)) for number in found if number), "")

    # Within a line

    def inline(self, node: nodes.Node) -> str:
        kind = type(node).__name__
        if isinstance(node, nodes.Text):
            text = SPECIAL.sub(r"\\\1", str(node).replace("\n", " "))
            return re.sub(r"(?<=\w)\\_(?=\w)", "_", text)
        if handle := getattr(self, f"inline_{kind}", None):
            return handle(node)
        return "" if kind in SILENT and kind != "title" else self.inside(node)

    def inside(self, node: nodes.Element) -> str:
        return "".join(map(self.inline, node.children))

    def inline_math(self, node: nodes.math) -> str:
        tex = " ".join(node.astext().split())
        return f"${in_a_table(tex) if self.in_table else tex}$"

    def inline_math_block(self, node: nodes.math_block) -> str:
        return f" $$ {' '.join(node.astext().split())} $$ "

    def inline_literal(self, node: nodes.literal) -> str:
        text = node.astext().replace("\n", " ")
        text = text.replace("|", "\\|") if self.in_table else text
        fence = "``" if "`" in text else "`"
        return f"{fence}{text}{fence}"

    def inline_emphasis(self, node: nodes.emphasis) -> str:
        return marked("*", self.inside(node))

    def inline_strong(self, node: nodes.strong) -> str:
        return marked("**", self.inside(node))

    def inline_superscript(self, node: nodes.superscript) -> str:
        return f"<sup>{self.inside(node)}</sup>"

    def inline_subscript(self, node: nodes.subscript) -> str:
        return f"<sub>{self.inside(node)}</sub>"

    def inline_reference(self, node: nodes.reference) -> str:
        """A link: all of them lead to the site, since places in a notebook differ by program."""
        if "refid" in node:
            address = f"{self.address}#{node['refid']}"
        else:
            address = urljoin(self.address, node.get("refuri", ""))
        if "bibtex-citation" in getattr(node.parent, "attributes", {}).get("classes", ()):
            self.cited[address] = None
        text = self.inside(node)
        return f"[{text}]({address.replace('(', '%28').replace(')', '%29')})" if text else ""

    inline_number_reference = inline_reference

    def inline_image(self, node: nodes.image) -> str:
        raise ValueError(f"a picture in running text: {node}")


def marked(sign: str, text: str) -> str:
    """Emphasis, with the spaces at its ends outside of it."""
    inner = text.strip()
    if not inner:
        return text
    start, _, end = text.partition(inner)
    return f"{start}{sign}{inner}{sign}{end}"


def in_a_table(tex: str) -> str:
    """LaTeX without the bar that would end the cell."""
    return tex.replace("\\|", "\\Vert ").replace("|", "\\vert ")


def one_line(text: str) -> str:
    """Displayed formulas on one line: where every line begins with a sign, they would hold it."""
    return re.sub(
        r"^\$\$\n(.*?)\n\$\$$",
        lambda found: f"$$ {' '.join(found[1].split())} $$",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )


def quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in one_line(text).splitlines())


def indent(text: str, by: str) -> str:
    return "\n".join(f"{by}{line}".rstrip() for line in one_line(text).splitlines())
