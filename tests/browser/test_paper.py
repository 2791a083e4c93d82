"""A chapter as a PDF; each check is also held against a page that has the fault."""

import paper_faults as faults
import pytest
import yaml

import pdf
from paper import bind, leaf, press

CHAPTER = "bptt"
STYLE = "@page { size: 170mm 240mm; margin: 20mm } pre { margin: 0 }"


@pytest.fixture(scope="module")
def printed(chromium, site, root, tmp_path_factory):
    part, paths = bind.plan(yaml.safe_load((root / "_toc.yml").read_text("utf-8")))[CHAPTER]
    works = leaf.read(site, "book/reference/bibliography.html")
    document = bind.one_chapter(bind.chapter(site, part, paths), works, pdf.facts())
    return print_out(chromium, tmp_path_factory.mktemp("paper"), document)


def print_out(chromium, folder, document):
    page, target = folder / "page.html", folder / "page.pdf"
    page.write_text(document, "utf-8")
    press.press(chromium, page, target, "The authors")
    return faults.Printed(target, document)


@pytest.fixture
def plant(chromium, tmp_path):
    """Print a page with a fault."""

    def planted(body, style=STYLE, after=lambda text: text):
        made = print_out(chromium, tmp_path, f"<style>{style}</style><body>{body}")
        return faults.Printed(made.path, after(made.document))

    return planted


@pytest.mark.parametrize(
    "check",
    [faults.outline, faults.dead_links, faults.wrong_pages, faults.misplaced_labels,
     faults.fonts_left_out, faults.pixels, faults.out_of_bounds, faults.early_solutions,
     faults.headings_at_the_bottom, faults.lost_code],
    ids=lambda check: check.__name__,
)  # fmt: skip
def test_a_chapter_has_no_fault_on_paper(printed, check):
    assert not check(printed)


def test_a_chapter_has_what_the_checks_look_at(printed):
    numbers = [text for _, _, text in printed.links() if "(p." in text]
    assert len(numbers) > 20
    assert sum("Solution to" in text for text in printed.pages) > 5
    assert len(printed.soup.select(".cell_input pre")) > 10
    assert printed.pdf.docinfo["/Title"] == "4. Backpropagation through time"
    assert not printed.soup.select("button, details, script")


def test_text_with_a_number_for_each_character_keeps_its_colours(printed):
    """They stand in a <style> beside each such text on the site, which no page has on paper."""
    assert ".coloured .p3{background:" in printed.document


def test_a_heading_that_the_outline_lacks_is_found(plant):
    body = "<div class=leaf><h1>One</h1><p>a</div>"
    made = plant(body, after=lambda t: t.replace("<p>", "<h2>Two</h2><p>"))
    assert faults.outline(made) == ["Two"]


def test_a_dead_link_is_found(plant):
    assert faults.dead_links(plant('<a href="#there">a</a><p id="here">b')) == ["there"]


TWO = '<a href="#x" class="page">a <span class="at">000</span></a>' \
      '<p style="break-before: page">b<p style="break-before: page" id="x">c'  # fmt: skip


def test_page_numbers_are_those_of_the_places(plant):
    made = plant(TWO.replace("<span", "(p. <span").replace("</span>", "</span>)"))
    assert "".join(text for _, _, text in made.links()) == "a (p.3)"
    assert not faults.wrong_pages(made)


def test_a_wrong_page_number_is_found(plant, monkeypatch):
    monkeypatch.setattr(press, "SET", press.SET.replace("String(pages", "String(1 + pages"))
    made = plant(TWO.replace("<span", "(p. <span").replace("</span>", "</span>)"))
    assert len(faults.wrong_pages(made)) == 1


def test_a_label_on_another_page_is_found(plant):
    body = '<a href="#x">a</a><div id="x" class="math">b<p style="break-before: page">'
    assert faults.misplaced_labels(plant(body + '<span class="eqno">(1.2)</span></div>'))


def test_a_font_that_is_left_out_is_found(plant):
    made = plant("<p>text")
    for font in made.pdf.pages[0].Resources.Font.values():
        for part in font.get("/DescendantFonts", [font]):
            part.FontDescriptor = {"/Type": "/FontDescriptor"} and faults.pikepdf.Dictionary()
    assert faults.fonts_left_out(made)


def test_pixels_in_place_of_a_drawing_are_found(plant):
    draw = "const c = document.querySelector('canvas').getContext('2d'); c.fillRect(5, 5, 9, 9)"
    assert faults.pixels(plant(f"<canvas width=50 height=50></canvas><script>{draw}</script>"))


def test_text_out_of_bounds_is_found(plant):
    assert faults.out_of_bounds(plant("<p>word", STYLE.replace("20mm", "3mm")))


def test_a_solution_before_the_appendix_is_found(plant):
    body = '<p>Solution to 1<p><a href="#solutions">a</a><h1 style="break-before: page" '
    assert faults.early_solutions(plant(body + 'id="solutions">Solutions</h1>')) == [1]


def test_a_heading_at_the_bottom_is_found(plant):
    tall = '<a href="#x">a</a><div style="height: 150mm"></div>'
    body = f'<div class="leaf">{tall}<h2 id="x">Lonely</h2><p style="break-before: page">b</div>'
    style = STYLE + "h2 { break-after: auto }"
    assert faults.headings_at_the_bottom(plant(body, style)) == ["page 1: Lonely"]


def test_a_line_of_code_that_is_cut_is_found(plant):
    body = '<div class="cell_input"><pre>first\nsecond</pre></div>'
    style = STYLE + "pre { height: 1.2em; overflow: hidden }"
    assert faults.lost_code(plant(body, style)) == ["second"]


def test_a_long_line_is_carried_over_with_a_mark():
    pre = faults.BeautifulSoup(f"<pre>{'word ' * 30}<b>end</b></pre>", "html.parser").pre
    leaf.fold_lines(pre, columns=100)
    assert len(pre.select(".carried")) == 1
    assert all(len(line) <= 100 for line in pre.get_text().split("\n"))
    assert faults.squeeze(pre.get_text()) == "word" * 30 + "end"
