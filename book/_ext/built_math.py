"""Sphinx extension: formulas are typeset when the book is built, as MathML that browsers draw.

No script runs on the reader's side. Temml, a JavaScript program in `temml/`, turns LaTeX into
MathML in an embedded engine, so that who builds the book needs no node. The LaTeX stays in the
page as an annotation, which is what copying a formula gives (`unrolled.js`).
"""

import atexit
import re
from functools import cache
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

TEMML = Path(__file__).with_name("temml") / "temml.min.js"  # 0.13.5, from npm
SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
THIN = "0.1667em"
WHOLE = re.compile(r"\s*\\begin\{(\w+\*?)\}((?!\\end\{\1\}).)*\\end\{\1\}\s*", re.DOTALL)
logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> ExtensionMetadata:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


@cache
def engine() -> MiniRacer:
    """Temml, loaded."""
    engine = MiniRacer()
    atexit.register(engine.close)  # else Python waits for its thread for ever
    engine.eval(TEMML.read_text())
    return engine


@cache
def mathml(latex: str, display: bool = False) -> str:
    """The formula as MathML, with its LaTeX as an annotation.

    Raises
    ------
    ValueError
        Temml cannot read it.
    """
    options = {"displayMode": display, "annotate": True, "throwOnError": True}
    try:
        made = engine().call("temml.renderToString", latex.strip(), options)
    except JSEvalException as error:
        said = str(error).partition("ParseError:")[2].strip().splitlines()
        raise ValueError(" ".join(said[:2]) or str(error)) from error
    return tight(made)


def tight(made: str) -> str:
    """With the spaces that TeX sets, where browsers set wider ones.

    There is none around + and = in sub- and superscripts, nor at brackets such as \\bigl(, which
    browsers take for operators between two terms. Dots have thin ones. An operator's name leaves
    none behind it where the formula ends.
    """
    tree = ElementTree.fromstring(made)
    scripts = [s for parent in tree.iter() if parent.tag in SCRIPTS for s in list(parent)[1:]]
    operators = [operator for script in scripts for operator in script.iter("mo")]
    for operator in operators + tree.findall(".//mo[@minsize]"):
        operator.attrib = {"lspace": "0em", "rspace": "0em"} | operator.attrib
    for dots in [operator for operator in tree.iter("mo") if operator.text in ("…", "⋯")]:
        dots.attrib = {"lspace": THIN, "rspace": THIN} | dots.attrib
    *_, last = tree[0][0].iter()
    if last.tag == "mspace":
        last.set("width", "0em")
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(typeset(node, node.astext(), display=False) + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """The number first, as in Sphinx's own renderer: the theme sets it at the right."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    box = typeset(node, aligned(node.astext()), display=True)
    self.body.append(f'<div class="formula">{box}</div></div>\n')
    raise nodes.SkipNode


def aligned(latex: str) -> str:
    """Several lines of a display are aligned at their &, as Sphinx does it."""
    broken = r"\\" in latex and not WHOLE.fullmatch(latex)
    return rf"\begin{{split}}{latex}\end{{split}}" if broken else latex


def typeset(node: nodes.Node, latex: str, display: bool) -> str:
    """The formula; where it cannot be read, a warning and its LaTeX."""
    try:
        return mathml(latex, display)
    except ValueError as error:
        logger.warning("formula: %s", error, location=node, type="math")
        return f"<code>{escape(latex)}</code>"
