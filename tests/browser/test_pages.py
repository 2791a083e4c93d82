"""Every page as a reader sees it: on a desk and on a phone, in light and in dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

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
        && !e.closest("mjx-assistive-mml, .visually-hidden, .toggle-hidden");
}).map(e => e.outerHTML.slice(0, 200))"""
UNTYPESET = """() => {
    const walker = document.createTreeWalker(document.querySelector("article"),
        NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (/\\$\\$|\\\\[()\\[\\]]|\\\\begin\\{/.test(node.textContent)
            && !node.parentElement.closest("pre, code, script, mjx-container"))
            found.push(node.textContent.trim().slice(0, 80));
    }
    return found;
}"""


WIDTHS = (1280, 390)
THEMES = ("light", "dark")


@pytest.fixture(scope="module", params=WIDTHS)
def width(request) -> int:
    """The window's: of a desk, of a phone."""
    return request.param


@pytest.fixture(scope="module")
def opened(open_page, html, site, width):
    """A page in a window, loaded and typeset once for both themes and all the tests below."""
    with open_page(html.relative_to(site).as_posix(), width) as page:
        yield page


@pytest.fixture(scope="module", params=THEMES)
def theme(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def view(opened, theme):
    """The page in a theme, which follows the system's as the reader changes that."""
    opened.emulate_media(color_scheme=theme)
    opened.wait_for_selector(f"html[data-theme={theme}]")
    return opened


def test_the_page_loads_quietly(view):
    assert not view.problems


def test_a_picture_of_it_is_taken(view, width, theme, book_page, root):
    folder = root / "_build" / "screenshots" / f"{width}-{theme}"
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(book_page.path.with_suffix(".png").parts[1:])
    view.screenshot(path=folder / name, full_page=True, animations="disabled")
    assert (folder / name).stat().st_size > 0


def test_mathematics_is_typeset(opened):
    formulas = opened.locator("article .math")
    typeset = opened.locator("article .math:has(mjx-container)")
    assert typeset.count() == formulas.count()
    errors = opened.locator("mjx-merror, [data-mjx-error]")
    assert not errors.evaluate_all("all => all.map(e => e.outerHTML.slice(0, 300))")
    assert not opened.evaluate(UNTYPESET)


def test_nothing_sticks_out_or_is_cut_off(opened, width):
    found = opened.evaluate(SIDEWAYS)
    assert found["page"] <= width and not found["out"], found
    assert not opened.evaluate(CUT_OFF)


@pytest.mark.parametrize("width", WIDTHS[:1], indirect=True)
def test_text_has_contrast(view):
    context = {"exclude": [["mjx-container"]]}  # the colour of the text around it, and slow
    options = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    violations = Axe().run(view, context, options).response["violations"]
    nodes = [node for violation in violations for node in violation["nodes"]]
    faults = [f"{node['target'][0]}: {node['any'][0]['message']}" for node in nodes]
    assert not faults, "\n".join(faults[:20])


def test_figures_keep_their_colours_on_light_paper(view, theme):
    for image in view.locator("article img").all():
        image.scroll_into_view_if_needed()
        assert image.evaluate("i => i.decode().then(() => i.naturalWidth > 0)")
        assert image.get_attribute("alt").strip(), image.get_attribute("src")
        assert image.evaluate("i => getComputedStyle(i).filter") == "none"
        paper = image.evaluate("i => getComputedStyle(i).backgroundColor")
        assert theme == "light" or paper == "rgb(255, 255, 255)"
