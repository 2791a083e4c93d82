import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
import sphinx_book_theme
from fontTools.ttLib import TTFont
from icon_fonts import cut_down
from light_pages import OPTIONS, Bundles, one_script, one_stylesheet, with_sizes

THEME = Path(sphinx_book_theme.__file__).parent.with_name("pydata_sphinx_theme")


@pytest.fixture
def bundles(tmp_path):
    static = tmp_path / "_static"
    (static / "styles").mkdir(parents=True)
    return Bundles(static, {"house"})


def written(bundles, **files):
    for name, text in files.items():
        kind = "css" if "{" in text or "@" in text else "js"
        (bundles.static / f"{name}.{kind}").write_text(text)


def test_a_page_gets_one_stylesheet_in_the_order_of_the_others(bundles):
    written(bundles, basic="p {color: red}", a="p {color: green}", b="p {color: blue}")
    (bundles.static / "styles" / "theme.css").write_text('@import "../basic.css";')
    links = ["styles/theme.css?digest=1", "b.css", "a.css?v=2"]
    html = '<html data-content_root="../">\n' + "".join(
        f'<link rel="stylesheet" type="text/css" href="../_static/{link}" />\n' for link in links
    )
    light = one_stylesheet(html + '<link rel="icon" href="../_static/icon.svg"/>', bundles)
    (address,) = re.findall(r'rel="stylesheet" href="\.\./(.*?)"', light)
    text = (bundles.static.parent / address).read_text()
    assert re.findall("color: (.*)}", text) == ["red", "blue", "green"]
    assert 'rel="icon"' in light and one_stylesheet(light, bundles) == light


def test_addresses_are_those_seen_from_the_bundle(bundles):
    sheet = "a {src: url(../fonts/f.woff2)} b {src: url('data:x')} c {src: url(q.png)}"
    (bundles.static / "styles" / "theme.css").write_text('@import "../basic.css";' + sheet)
    written(bundles, basic="d {src: url(file.png)}")
    text = bundles.styles(["styles/theme.css"])
    assert 'url("fonts/f.woff2")' in text and 'url("styles/q.png")' in text
    assert "url('data:x')" in text and 'url("file.png")' in text


def test_a_page_gets_one_script_that_waits(bundles):
    written(
        bundles,
        documentation_options="const D = 1;",
        first='"use strict";\none = 1',
        last="two = 2",
    )
    page = '<script src="_static/documentation_options.js"></script>\n<script>D.page</script>\n'
    page += '<script src="_static/first.js?v=1"></script>\n<body>'
    page += '<script src="_static/last.js"></script>'
    light = one_script(page, bundles)
    assert light.index("const D = 1;") < light.index("defer src=") < light.index("D.page")
    (address,) = re.findall(r'defer src="(.*?)"', light)
    text = (bundles.static.parent / address).read_text()
    assert text.index("one = 1") < text.index("two = 2")
    assert not text.strip().startswith('"use strict"')  # it would hold for the others too
    assert one_script(light, bundles) == light


def test_the_page_that_searches_keeps_its_scripts(bundles):
    names = (OPTIONS, "doctools.js", "searchtools.js")
    page = "".join(f'<script src="_static/{name}"></script>' for name in names)
    assert one_script(page, bundles) == page


def test_icons_in_use_and_no_others_are_kept():
    static = THEME / "theme" / "pydata_sphinx_theme" / "static"
    (sheet,) = static.glob("vendor/fontawesome/*/css/all.min.css")
    theirs, others = sheet.read_text(), "p::after {content: '\\f107'}"
    light, _ = cut_down([theirs, others], {"house", "github"}, static)
    assert ".fa-house:before" in light and ".fa-github:before" in light
    assert ".fa-ghost:before" not in light and len(light) < len(theirs) / 2
    fonts = [TTFont(BytesIO(b64decode(data))) for data in re.findall(r"base64,([^\"]+)", light)]
    signs = set().union(*(font.getBestCmap() for font in fonts))
    assert signs >= {0xF015, 0xF107, 0xF09B} and len(signs) < 10


def test_pictures_wait_and_keep_their_place(tmp_path):
    images = tmp_path / "_images"
    images.mkdir()
    (images / "a.svg").write_text('<?xml?>\n<svg width="72pt" height="36pt" viewBox="0 0 72 36">')
    html = with_sizes('<img alt="A" src="../_images/a.svg" />', tmp_path / "book" / "a.html")
    assert html == '<img loading="lazy" width="96" height="48" alt="A" src="../_images/a.svg" />'
    assert with_sizes(html, tmp_path / "book" / "a.html") == html
