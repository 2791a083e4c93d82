"""Every page as a reader sees it: on a desk and on a phone, in light and in dark."""

import itertools
import json
import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from collect_equations import page_paths

SIDEWAYS = """() => {
    const width = document.documentElement.clientWidth;
    const clips = element => {
        for (let e = element.parentElement; e && e !== document.body; e = e.parentElement) {
            const overflow = getComputedStyle(e).overflowX;
            const fixed = getComputedStyle(e).position === "fixed";
            if (overflow !== "visible" || fixed) return true;
        }
        return false;
    };
    const out = [...document.querySelectorAll("body *")].filter(
        e => e.getBoundingClientRect().right > width + 1 && !clips(e)
            && getComputedStyle(e).visibility === "visible");
    return {
        page: document.scrollingElement.scrollWidth,
        out: out.map(e => `<${e.tagName.toLowerCase()} class="${e.className}"> `
            + e.textContent.trim().slice(0, 60)),
    };
}"""
CUT_OFF = """() => [...document.querySelectorAll("article *")].filter(e => {
    const style = getComputedStyle(e);
    return style.overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1
        && style.visibility === "visible" && e.clientWidth > 1
        && !e.closest("annotation, .visually-hidden, .toggle-hidden");
}).map(e => e.outerHTML.slice(0, 200))"""
UNTYPESET = """() => {
    const walker = document.createTreeWalker(document.querySelector("article"),
        NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (/\\$\\$|\\\\[()\\[\\]]|\\\\begin\\{/.test(node.textContent)
            && !node.parentElement.closest("pre, code, script, math"))
            found.push(node.textContent.trim().slice(0, 80));
    }
    return found;
}"""
KEEPS_ITS_PLACE = """i => Math.abs(
    i.getAttribute("width") / i.getAttribute("height") - i.naturalWidth / i.naturalHeight) < 0.02
    && i.loading === "lazy" """

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # what another theme can spoil
UNFOLD = """() => {
    document.documentElement.classList.add("whole");
    for (const e of document.querySelectorAll(".toggle-hidden"))
        e.classList.remove("toggle-hidden");
    for (const e of document.querySelectorAll("article details")) e.open = true;
    return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));
}"""

WIDTHS = (1280, 390)  # of a desk, of a phone


def pytest_generate_tests(metafunc):
    """All that looks at a page in a window of one width comes together: it is opened once.

    With a parameter for each, pytest would put the tests into another order.
    """
    if "place" in metafunc.fixturenames:
        places = list(itertools.product(WIDTHS, page_paths(metafunc.config.rootpath)))
        names = [f"{width}-{path}" for width, path in places]
        metafunc.parametrize("place", places, ids=names, scope="module")


@pytest.fixture(scope="module")
def opened(open_page, place):
    """A page in a window, loaded and typeset once for all the tests below."""
    width, path = place
    with open_page(path.with_suffix(".html").as_posix(), width) as page:
        yield page
        assert not page.problems  # the tests changed the theme and scrolled


def in_both_themes(page):
    """The page in one theme, then in the other: it follows the system's when that changes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.wait_for_selector(f"html[data-theme={theme}]")
        yield theme


def test_the_page_loads_quietly(opened):
    assert not opened.problems


if "PICTURES" in os.environ:  # for people to look at; it takes minutes, and can hardly fail

    def test_a_picture_of_it_is_taken(opened, place, root):
        width, path = place
        for theme in in_both_themes(opened):
            folder = root / "_build" / "screenshots" / f"{width}-{theme}"
            folder.mkdir(parents=True, exist_ok=True)
            name = "-".join(path.with_suffix(".png").parts[1:])
            opened.screenshot(path=folder / name, full_page=True, animations="disabled")
            assert (folder / name).stat().st_size > 0


def test_mathematics_is_typeset(opened):
    formulas = opened.locator("article .math")
    typeset = opened.locator("article .math:has(math annotation)")
    assert typeset.count() == formulas.count()
    fonts = "[...document.fonts].filter(f => f.family.includes('Math')).map(f => f.status)"
    assert opened.evaluate(fonts) == ["loaded" if formulas.count() else "unloaded"]
    assert not opened.evaluate(UNTYPESET)


def test_nothing_sticks_out_or_is_cut_off(opened, place):
    width, _ = place
    found = opened.evaluate(SIDEWAYS)
    assert found["page"] <= width and not found["out"], found
    assert not opened.evaluate(CUT_OFF)


def test_figures_keep_their_colours_on_light_paper(opened):
    for theme in in_both_themes(opened):
        for image in opened.locator("article img").all():
            image.scroll_into_view_if_needed()
            assert image.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
            assert image.evaluate(KEEPS_ITS_PLACE), image.get_attribute("src")
            assert image.get_attribute("alt").strip(), image.get_attribute("src")
            assert image.evaluate("i => getComputedStyle(i).filter") == "none"
            paper = image.evaluate("i => getComputedStyle(i).backgroundColor")
            assert theme == "light" or paper == "rgb(255, 255, 255)"


def test_axe_finds_nothing(opened, place):
    """At all its rules; of those, a phone in the dark needs no second look at the colours."""
    context = {"exclude": [["math"]]}  # the colour of the text around it, and slow
    rules = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    narrow = place[0] == WIDTHS[1]
    opened.evaluate(UNFOLD)
    # axe passes over text on a gradient: the shadows of what scrolls
    opened.add_style_tag(content="article * { background-image: none !important }")
    for theme in ("dark",) if narrow else ("light", "dark"):
        opened.emulate_media(color_scheme=theme)
        opened.wait_for_selector(f"html[data-theme={theme}]")
        options = rules
        if narrow:
            options = rules | {"rules": {"color-contrast": {"enabled": False}}}
        elif theme == "dark":
            options = {"runOnly": {"type": "rule", "values": COLOURS}}
        found = Axe().run(opened, context, json.dumps(options)).response["violations"]
        faults = [
            f"{theme}, {rule['id']}: {node['target'][0]}: {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]
        assert not faults, "\n".join(faults[:20])
