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
AXIS = 0.25  # em from the base line up to the middle of a minus, in Latin Modern Math
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
    tree = ElementTree.fromstring(made)
    tighten_scripts(tree)
    tighten_dots(tree)
    tighten_end(tree)
    enlarge_brackets(tree)
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def tighten_scripts(formula: ElementTree.Element) -> None:
    """Take the space around + and = out of sub- and superscripts, as TeX does.

    Browsers put the same space there as on the line.
    """
    for parent in formula.iter():
        if parent.tag in SCRIPTS:
            for script in list(parent)[1:]:
                for operator in script.iter("mo"):
                    operator.attrib = {"lspace": "0em", "rspace": "0em"} | operator.attrib


def tighten_dots(formula: ElementTree.Element) -> None:
    """Give dots thin spaces, as TeX does: browsers take them for an operator between two terms."""
    for operator in formula.iter("mo"):
        if operator.text in ("…", "⋯"):
            operator.attrib = {"lspace": THIN, "rspace": THIN} | operator.attrib


def tighten_end(formula: ElementTree.Element) -> None:
    """Take away the space behind the name of an operator, such as tanh, where nothing follows."""
    *_, last = formula[0][0].iter()
    if last.tag == "mspace":
        last.set("width", "0em")


def enlarge_brackets(formula: ElementTree.Element) -> None:
    r"""Give brackets of a fixed size, such as \bigl(, their own width.

    Chromium leaves as much room for one as its widest form would take. So it is not stretched but
    set in larger type, and lowered until its middle is again on the height of a minus.
    """
    for bracket in formula.iter("mo"):
        if size := bracket.attrib.pop("minsize", "").removesuffix("em"):
            del bracket.attrib["maxsize"]
            down = AXIS * (1 - 1 / float(size))
            bracket.attrib |= {"stretchy": "false", "lspace": "0em", "rspace": "0em"}
            bracket.set("style", f"font-size:{size}em;transform:translateY({down:.3f}em)")


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
