"""What a reader does with the book: searches, launches, follows a mark, opens a solution."""

import pytest
from playwright.sync_api import expect

CHAPTER = "book/training/bptt.html"


@pytest.fixture
def chapter(open_page):
    with open_page(CHAPTER) as page:
        yield page


def test_search_finds_jacobian(chapter):
    chapter.get_by_role("button", name="Search").first.click()
    chapter.locator("input[type=search]:visible").fill("Jacobian")
    page = "book/training/bptt-index-form.html"
    expect(chapter.locator(f'.found-list a[href*="{page}"]').first).to_be_visible()
    assert not chapter.problems


def test_there_is_one_search_field(chapter):
    assert chapter.locator(".search-button-field:visible, input[type=search]:visible").count() == 1


def test_the_launch_menu_has_its_links(chapter):
    menu = chapter.locator(".dropdown-launch-buttons")
    menu.get_by_role("button").click()
    for name in ("Binder", "Colab", "Kaggle"):
        link = menu.get_by_role("link", name=name)
        expect(link).to_be_visible()
        assert link.get_attribute("href").endswith("book/training/bptt.ipynb")


def test_a_mark_leads_to_its_check_and_the_number_back(chapter):
    mark = chapter.locator(".equation-mark a").first
    label = mark.get_attribute("href").partition("#check-")[2]
    mark.click()
    entry = chapter.locator(f"#check-{label}")
    expect(entry).to_be_in_viewport()
    expect(entry).to_contain_text("def test_")
    bar = chapter.locator(".bd-header-article").bounding_box()
    assert entry.bounding_box()["y"] >= bar["y"] + bar["height"] - 1, "hidden below the top bar"
    entry.locator(f"a[href$='#equation-{label}']").click()
    expect(chapter.locator(f"#equation-{label}")).to_be_in_viewport()
    assert not chapter.problems


def test_a_solution_opens_on_a_click(chapter):
    solution = chapter.locator("div.solution").first
    text = solution.locator("section").first
    expect(text).not_to_be_visible()
    solution.get_by_role("button").click()
    expect(text).to_be_visible()


def test_hidden_code_opens_on_a_click(chapter):
    details = chapter.locator("details.hide").first
    expect(details.locator("pre").first).not_to_be_visible()
    details.locator("summary").click()
    expect(details.locator("pre").first).to_be_visible()


def test_the_reader_can_choose_the_theme(chapter):
    root = chapter.locator("html")
    themes = set()
    for _ in range(3):  # auto, light, dark
        themes.add(root.get_attribute("data-theme"))
        chapter.locator(".theme-switch-button:visible").click()
    assert themes == {"light", "dark"}


def test_the_book_reads_without_a_server(open_page, site):
    with open_page((site / CHAPTER).as_uri()) as page:
        assert page.locator("article math").count() > 0
        assert not [problem for problem in page.problems if "another host" in problem]


def test_a_formula_is_copied_as_latex(chapter):
    """The one in the middle of what is selected, and those that are selected in part."""
    copied = chapter.evaluate("""() => {
        const box = document.createElement("p");
        box.innerHTML = document.querySelector("article .math math").outerHTML.repeat(3);
        const [first, , last] = box.children;
        first.after(" and "), last.before(" or ");
        document.querySelector("article").append(box);
        const leaf = math => math.querySelector("mi").firstChild;
        document.getSelection().setBaseAndExtent(leaf(first), 0, leaf(last), 1);
        const clipboardData = new DataTransfer();
        const event = new ClipboardEvent("copy", {clipboardData, bubbles: true, cancelable: true});
        document.dispatchEvent(event);
        box.remove();
        return clipboardData.getData("text/plain");
    }""")
    latex = chapter.locator("article .math math annotation").first.text_content()
    assert copied.strip() == f"${latex}$ and ${latex}$ or ${latex}$"


def test_lines_of_a_formula_are_aligned(chapter):
    """What stands before the = ends at it, in lines of different length."""
    gaps = chapter.evaluate("""() => [...document.querySelectorAll("article mtd.tml-right")].map(
        e => e.getBoundingClientRect().right - e.lastElementChild.getBoundingClientRect().right
    )""")
    assert len(gaps) > 5 and max(map(abs, gaps)) < 1
