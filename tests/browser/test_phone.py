"""On a phone: fingers, two or three dots to a pixel, and things wider than the screen."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

CHAPTER = "book/training/bptt.html"
TABLES = "book/reference/lecture-map.html"
BOXES = {
    "article pre": CHAPTER,
    "article .formula": CHAPTER,
    "article .pst-scrollable-table-container": TABLES,
}
FIND = """([boxes, wide]) => [...document.querySelectorAll(boxes)].find(e => {
    if (!e.checkVisibility() || e.clientHeight < 20) return false;
    e.style.maxWidth = wide ? "7rem" : "";  // a page may have none that is too wide
    return wide ? e.scrollWidth > e.clientWidth + 40 : e.scrollWidth <= e.clientWidth;
})"""
ONE_LINE = """() => [...document.querySelectorAll("article pre")].find(
    e => e.checkVisibility()).textContent = "x = 1\\ny = 2" """  # a page may have none that fits
SHOW = "(e, x) => { e.scrollIntoView({block: 'center', behavior: 'instant'}); e.scrollLeft = x; }"
INSIDE = """e => {
    const box = e.getBoundingClientRect();
    const framed = e.matches("pre");  // what has no frame is looked at from a little outside
    const top = Math.max(framed ? box.top + e.clientTop : Math.floor(box.top) - 1, 80);
    const bottom = Math.min(box.bottom + (framed ? -2 : 1), 880);
    const left = framed ? Math.ceil(box.left + e.clientLeft) : Math.floor(box.left) - 1;
    const right = Math.floor(box.left + e.clientLeft + e.clientWidth) + (framed ? 0 : 2);
    return {x: left, y: top, width: right - left, height: bottom - top};
}"""
LEANING = """math => {
    math.innerHTML = "<mi>f</mi><mo>=</mo><mi>W</mi>";
    math.scrollIntoView({block: "center", behavior: "instant"});
    const box = math.getBoundingClientRect();
    return {x: box.x - 8, y: box.y - 8, width: box.width + 16, height: box.height + 16};
}"""
COVERS = """() => [...document.querySelectorAll("body *")].filter(e => {
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    return style.position === "fixed" && e.checkVisibility({visibilityProperty: true})
        && style.opacity > 0 && box.width * box.height > 0
        && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
}).map(e => e.outerHTML.slice(0, 100))"""


@pytest.fixture
def phone(open_page):
    with open_page(CHAPTER, width=390, ratio=2) as page:
        yield page
        assert not page.problems


def test_a_solution_unfolds_wherever_its_title_is_tapped(phone):
    solution = phone.locator("div.solution").first
    title = solution.locator(".admonition-title").first
    text = solution.locator("section").first
    title.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    place = phone.evaluate("scrollY")
    box = title.bounding_box()
    assert box["height"] >= 40, "too low for a finger"
    for part in (title.locator("a"), title, title.locator(".toggle-button")):
        expect(text).not_to_be_visible()
        part.tap()
        expect(text).to_be_visible()
        part.tap()
    expect(text).not_to_be_visible()
    assert phone.evaluate("scrollY") == place and "#" not in phone.url


@pytest.fixture(scope="module", params=(2, 3))
def find_box(open_page, request):
    """Three dots to a pixel, too: a line of one dot may be seen at one of them only."""
    with (
        open_page(CHAPTER, width=390, ratio=request.param) as chapter,
        open_page(TABLES, width=390, ratio=request.param) as tables,
    ):
        pages = {CHAPTER: chapter, TABLES: tables}

        def found(boxes: str, wide: bool):
            page = pages[BOXES[boxes]]
            box = page.evaluate_handle(FIND, [boxes, wide]).as_element()
            assert box, f"no such box on {BOXES[boxes]}"
            return page, box

        chapter.evaluate(ONE_LINE)
        yield found


def edges(page, box, scrolled: float, over=np.median) -> tuple[np.ndarray, np.ndarray]:
    """How much darker than the ground the left and the right edge are, column by column."""
    box.evaluate(SHOW, scrolled)
    shot = page.screenshot(clip=box.evaluate(INSIDE), animations="disabled")
    grey = np.asarray(Image.open(io.BytesIO(shot)).convert("L")).astype(int)
    ground = np.bincount(grey.ravel()).argmax()
    darker = over(ground - grey, axis=0)
    width = 7 * page.evaluate("devicePixelRatio")
    return darker[:width], darker[-width:]


@pytest.mark.parametrize("boxes", BOXES)
def test_a_box_that_scrolls_has_a_shadow_where_there_is_more(find_box, boxes):
    page, box = find_box(boxes, wide=True)
    left, right = edges(page, box, 0)
    assert right.max() > 15 and abs(left).max() <= 3
    left, right = edges(page, box, 20)
    assert right.max() > 15 and left.max() > 15
    left, right = edges(page, box, 9999)
    assert abs(right).max() <= 3 and left.max() > 15


@pytest.mark.parametrize("boxes", BOXES)
def test_a_box_that_fits_has_no_line_at_its_edges(find_box, boxes):
    page, box = find_box(boxes, wide=False)
    over = np.max if boxes.endswith("formula") else np.median  # what stands at others' edges
    assert abs(np.concatenate(edges(page, box, 0, over))).max() <= 3


def test_letters_that_lean_are_not_cut_off_in_a_line(phone):
    formula = phone.locator("article p span.math").first
    place = formula.locator("math").evaluate(LEANING)
    formula.evaluate("e => e.style.background = 'none'")
    shown = phone.screenshot(clip=place)
    formula.evaluate("e => e.style.overflow = 'visible'")
    assert shown == phone.screenshot(clip=place)


def test_the_bar_leads_home_and_shows_the_title(phone):
    bar = phone.locator(".bd-header-article")
    title = bar.locator(".header-title")
    expect(title).not_to_be_visible()  # the page's own is in sight
    phone.evaluate("scrollTo({top: 3000, behavior: 'instant'})")
    expect(title).to_be_visible()
    box = title.bounding_box()
    assert box["width"] > 100
    assert box["x"] + box["width"] <= bar.locator(".header-article-items__end").bounding_box()["x"]
    title.tap()
    expect(title).not_to_be_visible()
    phone.wait_for_function("scrollY === 0")
    bar.locator(".header-home").tap()
    expect(phone.locator("article h1")).to_be_visible()
    assert phone.url.endswith("/book/index.html")


def test_nothing_covers_the_text(phone):
    for place in (3000, 2000):  # when they scroll up, the theme would show a button
        phone.evaluate("y => scrollTo({top: y, behavior: 'instant'})", place)
        phone.wait_for_timeout(200)
    assert not phone.evaluate(COVERS)
