"""The book in other hands: out of the zip without a network, on paper, cited, and missed."""

import zipfile

import pytest
import yaml
from playwright.sync_api import expect

import offline

CHAPTER = "book/training/bptt.html"
CODE = "pre, .highlight, [class*='highlight-'], .cell_input, .cell_output, .output"
IN_ONE_PIECE = """all => all.filter(e => {
    const style = getComputedStyle(e);
    return style.overflow !== "visible" || style.breakInside === "avoid"
        || style.display === "flex";
}).map(e => e.className)"""


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """The folder that comes out of the zip."""
    folder = tmp_path_factory.mktemp("offline")
    with zipfile.ZipFile(offline.pack(site, folder / "unrolled.zip")) as archive:
        archive.extractall(folder)
    return folder / "unrolled"


@pytest.fixture
def without_network(chromium, unpacked):
    """A page of the unpacked book; what it could not load is in `page.problems`."""
    with chromium.new_context(offline=True) as context:
        page = context.new_page()
        page.problems = []
        page.on("request", lambda r: r.url.startswith("http") and page.problems.append(r.url))
        page.on("requestfailed", lambda request: page.problems.append(request.url))
        page.on("pageerror", lambda error: page.problems.append(f"{error}"))
        page.goto((unpacked / "index.html").as_uri())
        page.wait_for_url("**/book/index.html")
        yield page


def test_the_zip_opens_without_a_network(without_network):
    page = without_network
    page.locator(f'.bd-sidebar-primary a[href$="{CHAPTER.removeprefix("book/")}"]').click()
    expect(page.locator("article h1")).to_contain_text("Backpropagation through time")
    formula = page.locator("article math").first
    assert formula.bounding_box()["width"] > 5
    for font in ('16px "Latin Modern Math"', '900 16px "Font Awesome 6 Free"'):
        assert page.evaluate("font => document.fonts.load(font).then(f => f.length)", font), font
    assert not page.problems


def test_the_zip_can_be_searched_without_a_network(without_network, unpacked):
    page = without_network
    page.goto((unpacked / "search.html").as_uri() + "?q=Jacobian")
    result = page.locator('#search-results a[href*="bptt-index-form.html"]').first
    expect(result).to_be_visible()
    result.click()
    expect(page.locator("article h1")).to_contain_text("The index form")


def test_a_click_copies_the_citation_of_a_section(open_page, root):
    cff = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    with open_page(CHAPTER) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        section = page.locator("section#three-steps-by-hand > h2")
        section.hover()
        sign = section.get_by_role("button")
        sign.click()
        expect(sign).to_have_text("copied")
        expect(page.get_by_role("status").filter(has_text="copied")).to_be_attached()
        copied = page.evaluate("navigator.clipboard.readText()")
        number = section.locator(".section-number").inner_text().strip()
        address = f"{cff['url']}{CHAPTER}#three-steps-by-hand"
        author = cff["authors"][0]["name"]
        assert copied == (
            f"{author} ({cff['preferred-citation']['year']}). “{number} Three steps by hand.”"
            f" In {cff['title']}, version {cff['version']}. {address}"
        )
        assert not page.problems


def test_paper_has_no_empty_frames_stubs_or_solutions(open_page):
    with open_page(CHAPTER) as page:
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        title = page.locator("h1:visible")
        assert title.count() == 1
        assert title.inner_text()[0].isdigit(), "the chapter's number"
        for hidden in (".solution", "details.hide summary", "button.cite", ".toggle-button"):
            assert page.locator(hidden).count(), hidden
            assert not page.locator(f"{hidden}:visible").count(), hidden
        shown = page.locator(f"article :is({CODE}):visible")
        assert shown.count()
        assert shown.evaluate_all(IN_ONE_PIECE) == [], "moved as a whole, its frame stays behind"


def test_what_the_reader_opened_is_printed(open_page):
    with open_page(CHAPTER) as page:
        solution = page.locator("div.solution").first
        solution.get_by_role("button").click()
        page.emulate_media(media="print")
        assert solution.locator("section").first.is_visible()


@pytest.mark.parametrize("address", ["nowhere.html", "book/training/nowhere/else/"])
def test_the_page_for_missing_pages_works_at_any_depth(chromium, site, address):
    """As GitHub Pages serves it: below /unrolled/, under the address that is missing."""
    home = "https://unrolled-book.github.io/unrolled/"

    def serve(route):
        path = site / route.request.url.removeprefix(home)
        if route.request.url.startswith(home) and path.is_file():
            route.fulfill(path=path)
        else:
            route.fulfill(path=site / "404.html", status=404)

    with chromium.new_context() as context:
        page = context.new_page()
        page.route("**/*", serve)
        page.goto(home + address)
        expect(page.get_by_role("heading")).to_have_text("There is no such page")
        for link in page.get_by_role("link").all():
            target = link.evaluate("a => a.href")
            assert (site / target.removeprefix(home)).is_file(), target
        page.get_by_role("link").first.click()
        expect(page.locator("article h1")).to_contain_text("Unrolled")
