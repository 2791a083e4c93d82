"""A chapter with keys alone: reach everything, see where one is, open, close, come back."""

import pytest
from playwright.sync_api import expect

CHAPTER = "book/training/bptt.html"
HERE = """() => {
    const e = document.activeElement;
    const own = getComputedStyle(e), inner = getComputedStyle(e.firstElementChild ?? e);
    const framed = style => style.outlineStyle !== "none" && style.outlineWidth !== "0px";
    const shadow = /^rgb\\(.* 3px/.test(own.boxShadow);
    e.dataset.reached = "yes";
    return {
        tag: e.tagName,
        what: e.outerHTML.slice(0, 160),
        name: e.getAttribute("aria-label") || e.title || e.placeholder || e.textContent.trim(),
        shown: e.checkVisibility({visibilityProperty: true, opacityProperty: true}),
        marked: framed(own) || shadow || framed(inner),
    };
}"""
MISSED = """() => [...document.querySelectorAll(
    "article :is(a[href], button, summary), .bd-header-article :is(a[href], button)")].filter(
    e => e.checkVisibility({visibilityProperty: true}) && !e.dataset.reached
        && e.tabIndex >= 0 && !e.matches(".header-title")).map(e => e.outerHTML.slice(0, 120))"""
UNREACHABLE = """() => [...document.querySelectorAll(
    "article :is(pre, .formula, .pst-scrollable-table-container, span.math)")].filter(
    e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth
        && !(e.tabIndex === 0 && e.role === "group" && e.ariaLabel)
).map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def chapter(open_page):
    with open_page(CHAPTER) as page:
        page.wait_for_selector("html.whole", state="attached")
        yield page
        assert not page.problems


def tab_through(page) -> list[dict]:
    """All places that Tab comes to, until it leaves the page."""
    places = []
    for _ in range(600):
        page.keyboard.press("Tab")
        place = page.evaluate(HERE)
        if place["tag"] == "BODY":
            return places
        places.append(place)
    raise AssertionError("Tab never comes to an end")


def go_to(page, locator) -> None:
    """By Tab alone, from where the keyboard is."""
    wanted = locator.element_handle()
    for _ in range(600):
        page.keyboard.press("Tab")
        if page.evaluate("e => e === document.activeElement", wanted):
            return
    raise AssertionError("Tab does not come to it")


@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_everything_and_is_seen(open_page, width):
    with open_page(CHAPTER, width=width) as page:
        page.wait_for_selector("html.whole", state="attached")
        places = tab_through(page)
        assert len(places) > 50
        for fault in ("shown", "marked", "name"):
            assert not [place["what"] for place in places if not place[fault]], fault
        assert not page.evaluate(MISSED)


def test_what_scrolls_is_reached_and_says_what_it_is(open_page):
    with open_page(CHAPTER, width=390) as page:
        page.wait_for_selector("html.whole", state="attached")
        narrow = "e => e.style.maxWidth = '5rem'"  # a page may have none that is too wide
        page.locator("article .formula").first.evaluate(narrow)
        page.wait_for_timeout(300)
        assert page.locator("article pre[tabindex='0']:visible").count()
        assert page.locator("article .formula[tabindex='0']").count()
        assert not page.evaluate(UNREACHABLE)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.wait_for_timeout(300)
        assert not page.evaluate(UNREACHABLE)
        fits = "pre[tabindex='0'], .formula[tabindex='0']"
        assert all(
            box.evaluate("e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight")
            for box in page.locator(f"article :is({fits})").all()
        )


def test_the_first_tab_skips_to_the_text(chapter):
    chapter.keyboard.press("Tab")
    expect(chapter.get_by_role("link", name="Skip to main content")).to_be_focused()
    chapter.keyboard.press("Enter")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.closest('main') !== null")


def test_escape_closes_the_search_and_returns(chapter):
    button = chapter.locator(".search-button__button:visible").first
    go_to(chapter, button)
    chapter.keyboard.press("Enter")
    field = chapter.locator("input[type=search]:visible")
    expect(field).to_be_focused()
    chapter.keyboard.type("Jacobian")
    expect(chapter.locator(".found-list a").first).to_be_visible()
    stops = chapter.locator(".found-list a").count() + 1
    for _ in range(stops):  # round it, and to the field again
        chapter.keyboard.press("Tab")
        assert chapter.evaluate("!!document.activeElement.closest('.search-button__wrapper')")
    expect(field).to_be_focused()
    chapter.keyboard.press("Tab")
    expect(chapter.locator(".found-list a").first).to_be_focused()
    chapter.keyboard.press("Escape")
    expect(field).not_to_be_visible()
    expect(button).to_be_focused()


def test_solutions_code_and_menus_open_by_enter(chapter):
    menu = chapter.locator(".dropdown-launch-buttons")
    go_to(chapter, menu.get_by_role("button"))
    chapter.keyboard.press("Enter")
    link = menu.get_by_role("link", name="Binder")
    expect(link).to_be_visible()
    go_to(chapter, link)
    chapter.keyboard.press("Escape")
    expect(link).not_to_be_visible()
    folded = chapter.locator("article details.hide").first
    go_to(chapter, folded.locator("summary"))
    chapter.keyboard.press("Enter")
    expect(folded.locator("pre").first).to_be_visible()
    solution = chapter.locator("div.solution").first
    go_to(chapter, solution.get_by_role("button", name="Solution"))
    for shown in (True, False):
        chapter.keyboard.press("Enter")
        expect(solution.locator("section").first).to_be_visible(visible=shown)


@pytest.mark.parametrize("place", ["three-steps-by-hand", "in-short", "exercises"])
@pytest.mark.parametrize("width", [1280, 390])
def test_an_address_leads_to_its_place(chromium, base, place, width):
    """Also to one far down, where sections before it are laid out later."""
    with chromium.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{base}/{CHAPTER}#{place}")
        lands(page, place)
        page.goto("about:blank")
        page.goto(f"{base}/{CHAPTER}", wait_until="commit")  # a link, before all is laid out
        page.wait_for_selector("article h2", state="attached")
        page.evaluate(
            """place => { const a = document.createElement("a");
            a.href = "#" + place; document.querySelector("article").prepend(a); a.click(); }""",
            place,
        )
        lands(page, place)


def lands(page, place: str) -> None:
    """The section comes to rest just under the bar at the top."""
    page.wait_for_selector("html.whole", state="attached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # it is scrolled there softly
    top = page.locator(f"section#{place}").evaluate("e => e.getBoundingClientRect().top")
    assert 30 <= top <= 110
