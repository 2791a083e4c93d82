import re
from xml.etree import ElementTree

import pytest
from built_math import aligned, mathml


def shape(latex, display=False):
    """The elements of a formula, without its LaTeX."""
    made = re.sub(r"<annotation.*</annotation>|</?semantics>", "", mathml(latex, display))
    return re.sub(r"</?(math|mrow)[^>]*>", "", made)


def test_the_latex_stays_with_the_formula():
    latex = r"a < b \; \& \; h_t"
    tree = ElementTree.fromstring(mathml(latex))
    assert tree.tag == "math"
    (annotation,) = tree.iter("annotation")
    assert (annotation.get("encoding"), annotation.text) == ("application/x-tex", latex)


def test_a_display_stands_on_a_line_of_its_own():
    assert 'class="tml-display"' in mathml("a", display=True)
    assert "tml-display" not in mathml("a")


def test_there_is_no_space_in_subscripts():
    on_the_line = "<mi>h</mi><mo>+</mo><mn>1</mn>"
    assert shape("h + 1") == on_the_line
    tight = '<mo lspace="0em" rspace="0em">+</mo>'
    assert shape("h_{t + 1}") == f"<msub><mi>h</mi><mi>t</mi>{tight}<mn>1</mn></msub>"
    assert tight in shape(r"\sum_{a + 1}^T", display=True)
    assert tight not in shape(r"(a + 1)^2")


def test_a_bracket_of_fixed_size_is_larger_type_about_the_same_middle():
    for latex, size, down in ((r"\Bigl( a \Bigr)", 1.8, 0.111), (r"\big| a \big|", 1.2, 0.042)):
        brackets = re.findall("<mo ([^>]*)>", shape(latex))
        assert len(brackets) == 2
        for bracket in brackets:
            assert f'style="font-size:{size}em;transform:translateY({down}em)"' in bracket
            assert 'stretchy="false"' in bracket and "size=" not in bracket
    assert 'stretchy="true"' in shape(r"\left( a \right)")  # grows with what is in it


def test_dots_have_thin_spaces_but_none_in_subscripts():
    thin = '<mo lspace="0.1667em" rspace="0.1667em">'
    assert f"{thin}…</mo>" in shape(r"x_1,\dots,x_T")
    assert f"{thin}⋯</mo>" in shape(r"x_1+\dots+x_T")
    assert '<mo lspace="0em" rspace="0em">…</mo>' in shape(r"x_{1,\dots,T}")


def test_the_name_of_an_operator_leaves_no_space_at_the_end():
    assert '"0.1667em"' not in shape(r"\tanh")
    assert '"0.1667em"' in shape(r"\tanh a")


@pytest.mark.parametrize(
    "latex, wrapped",
    [
        (r"a \\ b", True),
        (r"\begin{aligned} a \\ b \end{aligned}", False),
        (r"\begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} c \\ d \end{pmatrix}", True),
        ("a", False),
    ],
)
def test_lines_are_aligned_unless_they_are_already(latex, wrapped):
    assert aligned(latex) == (rf"\begin{{split}}{latex}\end{{split}}" if wrapped else latex)


@pytest.mark.parametrize("latex", [r"\unknown", r"a_", r"\frac{a}", r"\text{a_b}", r"{a"])
def test_what_cannot_be_read_is_refused(latex):
    with pytest.raises(ValueError, match=r"\w"):
        mathml(latex)
