"""“Run here”: a page's cells run on a Jupyter server on this machine, as a reader would do it."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PAGE = "book/training/vanishing-gradients-powers.html"
OTHER = "book/gates/lstm-history.html"
LONG = 120_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Server:
    """A Jupyter server in the book's folder that pages from `origin` may ask."""

    def __init__(self, root, folder, origin: str) -> None:
        self.token = secrets.token_hex(16)
        (folder / "config.json").write_text(json.dumps({"IdentityProvider": {"token": self.token}}))
        words = ["--no-browser", "--ServerApp.port=0", f"--ServerApp.root_dir={root}"]
        words += ["--allow-root", f"--ServerApp.allow_origin={origin}"]
        paths = {name: str(folder) for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
        paths["IPYTHONDIR"] = str(folder / "ipython")
        command = [sys.executable, "-m", "jupyter_server", f"--config={folder / 'config.json'}"]
        environment = os.environ | paths | {"PYTHONPATH": str(root / "code")}
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen([*command, *words], env=environment, stderr=log)
        until = time.monotonic() + 60
        while not (found := list(folder.glob("jpserver-*.json"))):
            assert self.process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "the Jupyter server does not start"
            time.sleep(0.1)
        self.url = json.loads(found[0].read_text())["url"].replace("localhost", "127.0.0.1")

    def ask(self, path: str, method: str = "GET"):
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}api/{path}", method=method, headers=headers)
        return json.loads(urllib.request.urlopen(request).read() or "null")

    def kernels(self) -> list[str]:
        return [kernel["id"] for kernel in self.ask("kernels")]

    def kill(self) -> None:
        """End every kernel as a machine does that runs out of memory."""
        listed = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)])
        for process in listed.split():
            os.kill(int(process), 9)


@pytest.fixture(scope="module")
def server(root, base, tmp_path_factory):
    made = Server(root, tmp_path_factory.mktemp("jupyter"), base)
    yield made
    made.process.terminate()
    made.process.wait(20)


@pytest.fixture
def visit(open_page, server):
    """`with visit(path) as page`: the page may ask the Jupyter server, and no other host."""

    @contextmanager
    def visited(path: str, width: int = 1280, theme: str = "light"):
        with open_page(path, width, theme) as page:
            page.wait_for_selector("html.whole", state="attached")
            page.route(f"{server.url}**", lambda route: route.continue_())
            yield page

    return visited


def asked(page: Page) -> list[str]:
    """The addresses of all that the page has loaded."""
    return page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")


def press(page: Page) -> None:
    page.locator(".dropdown-launch-buttons > button").click()
    page.get_by_role("button", name="Run here").click()
    expect(page.locator(".live-panel")).to_be_focused()


def connect(page: Page, server: Server) -> None:
    press(page)
    page.get_by_label("Address").fill(f"{server.url}?token={server.token}")
    page.get_by_role("button", name="Connect", exact=True).click()
    says(page, "Ready")


def says(page: Page, words: str) -> None:
    expect(page.locator(".live-status")).to_contain_text(words, timeout=LONG)


def code(page: Page, number: int):
    """A cell's editor, unfolded."""
    unfold = "all => all.forEach(details => { details.open = true; })"
    cell(page, number).locator("details").evaluate_all(unfold)
    return page.get_by_label(f"Code of cell {number}", exact=True)


def source(page: Page, number: int) -> str:
    return "\n".join(code(page, number).locator(".cm-line").all_text_contents())


def rewrite(page: Page, number: int, text: str) -> None:
    code(page, number).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def run(page: Page, number: int) -> None:
    """By keys alone."""
    code(page, number).focus()
    page.keyboard.press("Shift+Enter")


def cell(page: Page, number: int):
    return page.locator("article .cell").nth(number - 1)


def picture(page: Page):
    return page.locator("article .cell figure img").first


def with_picture(page: Page) -> int:
    """The number of the first cell that draws."""
    found = "all => 1 + all.findIndex(cell => cell.querySelector('figure img'))"
    return page.locator("article .cell").evaluate_all(found)


def test_nothing_is_asked_for_before_the_click(visit):
    with visit(PAGE) as page:
        assert not [url for url in asked(page) if "/live/" in url or "cells.json" in url]
        press(page)
        assert [url for url in asked(page) if url.endswith("/live/libraries.min.js")]
        assert not page.problems, "another host is asked before one is chosen"


def test_a_changed_number_makes_a_new_figure_in_the_old_ones_place(visit, server):
    with visit(PAGE) as page:
        number = with_picture(page)
        caption = page.locator("article .cell figcaption").first.inner_text()
        connect(page, server)
        run(page, number)
        says(page, "All that you asked for has run")
        first = picture(page).get_attribute("src")
        assert first.startswith("data:image/svg+xml"), "drawn as the book draws"
        changed = re.sub(r"figsize=\((\d)", "figsize=(1\\1", source(page, number), count=1)
        assert changed != source(page, number)
        rewrite(page, number, changed)
        expect(cell(page, number)).to_contain_text("changed, not yet run")
        run(page, number)
        expect(picture(page)).not_to_have_attribute("src", first, timeout=LONG)
        assert page.locator("article .cell").nth(number - 1).locator("img").count() == 1
        assert page.locator("article .cell figcaption").first.inner_text() == caption
        assert not page.problems


def test_all_cells_run_hidden_ones_too_and_print_what_the_book_prints(visit, server):
    """In the page's folder, in the page's order; the solutions' cells among them."""
    with visit(OTHER) as page:
        printed = page.locator("article .cell .stream pre").all_text_contents()
        connect(page, server)
        rewrite(
            page, 1, "import os\n" + source(page, 1) + "\nprint(os.getcwd(), find_spec.__name__)"
        )
        page.get_by_role("button", name="Run all cells").click()
        says(page, "All that you asked for has run")
        now = page.locator("article .cell .stream pre").all_text_contents()
        assert [text for text in now if "find_spec" in text] == [now[0]]
        assert "book/gates find_spec" in now[0], "the first cell is one that the page does not show"
        assert [text.strip() for text in now[1:]] == [text.strip() for text in printed]
        assert page.locator(".live-tools span", has_text="has run").count() == len(
            page.locator(".live-tools").all()
        )


def test_an_error_stops_and_is_told(visit, server):
    with visit(PAGE) as page:
        connect(page, server)
        rewrite(page, 1, "1 / 0")
        page.get_by_role("button", name="Run all cells").click()
        says(page, "Stopped in cell 1. ZeroDivisionError: division by zero")
        expect(cell(page, 1).locator(".traceback")).to_contain_text("1 / 0")
        assert page.locator(".live-tools span", has_text="has run").count() == 0


def test_a_lost_kernel_is_told_and_regained(visit, server):
    with visit(PAGE) as page:
        connect(page, server)
        rewrite(page, 1, "kept = 21\nprint(2 * kept)")
        run(page, 1)
        says(page, "All that you asked for has run")
        server.kill()
        says(page, "Python has ended, and what it had computed is lost")
        cell(page, 1).locator(".stream pre").evaluate("e => e.textContent = 'old'")
        page.get_by_role("button", name="Reconnect and run again").click()
        expect(cell(page, 1).locator(".stream pre")).to_have_text("42\n", timeout=LONG)
        says(page, "All that you asked for has run")


def test_a_kernel_lost_while_a_cell_runs_is_told(visit, server):
    with visit(PAGE) as page:
        connect(page, server)
        rewrite(page, 1, "import time\nprint('here')\ntime.sleep(100)")
        run(page, 1)
        expect(cell(page, 1).locator(".stream pre")).to_have_text("here\n", timeout=LONG)
        server.kill()
        says(page, "Python has ended")
        expect(cell(page, 1)).to_contain_text("did not end")


def test_a_running_cell_can_be_stopped(visit, server):
    with visit(PAGE) as page:
        connect(page, server)
        rewrite(page, 1, "import time\nprint('here')\ntime.sleep(100)")
        run(page, 1)
        expect(cell(page, 1).locator(".stream pre")).to_have_text("here\n", timeout=LONG)
        page.get_by_role("button", name="Stop").click()
        says(page, "Stopped in cell 1. KeyboardInterrupt")


def test_two_pages_at_once_do_not_share_their_variables(visit, server):
    """Nor do two tabs with the same page."""
    with visit(PAGE) as one, visit(PAGE) as two, visit(OTHER) as three:
        for value, page in enumerate((one, two, three)):
            connect(page, server)
            rewrite(page, 1, f"value = globals().get('value', {value})\nprint(value)")
        for page in (one, two, three):
            run(page, 1)
        for value, page in enumerate((one, two, three)):
            expect(cell(page, 1).locator(".stream pre")).to_have_text(f"{value}\n", timeout=LONG)


def test_a_page_that_is_left_leaves_no_kernel(visit, server):
    with visit(PAGE) as page:
        before = server.kernels()
        connect(page, server)
        assert len(server.kernels()) == len(before) + 1
        page.unroute_all()  # a request that is looked at does not outlive its page
        page.goto("about:blank")
        until = time.monotonic() + 20
        while len(server.kernels()) > len(before):
            assert time.monotonic() < until, "the kernel goes on running"
            page.wait_for_timeout(200)


@pytest.mark.parametrize(
    ("address", "token", "words"),
    [
        ("http://127.0.0.1:9/", "", "No Jupyter server answers this page at http://127.0.0.1:9/"),
        ("not an address", "", "“not an address” is no address"),
        (None, "wrong", "does not accept this token"),
    ],
)
def test_a_wrong_address_or_token_is_told(visit, server, address, token, words):
    with visit(PAGE) as page:
        press(page)
        page.get_by_label("Address").fill(address or server.url)
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Connect", exact=True).click()
        says(page, words)
        expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()


def test_on_binder_a_server_is_waited_for_and_used_by_the_next_page(visit, server):
    """A stand-in for mybinder.org tells what that tells, then hands over the server here."""
    told = [
        {"phase": "building", "message": "Step 1"},
        {"phase": "ready", "url": server.url, "token": server.token},
    ]
    lines = "".join(f"data: {json.dumps(message)}\n\n" for message in told)
    with visit(PAGE) as page:
        builds = []

        def answer(route) -> None:
            builds.append(route.request.url)
            route.fulfill(
                body=lines,
                headers={"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*"},
            )

        page.route("https://mybinder.org/**", answer)
        for _ in range(2):
            press(page)
            page.get_by_role("button", name="Run on Binder").click()
            says(page, "Ready")
            assert builds == ["https://mybinder.org/build/gh/unrolled-book/unrolled/main"]
            page.reload()


def test_what_binder_cannot_do_is_told(visit):
    failed = {"phase": "failed", "message": "no room"}
    with visit(PAGE) as page:
        headers = {"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": "*"}
        body = f"data: {json.dumps(failed)}\n\n"
        page.route("https://mybinder.org/**", lambda r: r.fulfill(body=body, headers=headers))
        press(page)
        page.get_by_role("button", name="Run on Binder").click()
        says(page, "Binder could not start: no room")


UNFOLD = """() => {
    for (const e of document.querySelectorAll("article details")) e.open = true;
    return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));
}"""


def no_faults(page: Page) -> None:
    page.evaluate(UNFOLD)
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found = Axe().run(page, context={"exclude": [["math"]]}, options=options).response["violations"]
    assert not found, [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_live_page_breaks_no_rule_of_accessibility(visit, server, theme, width):
    with visit(PAGE, width, theme) as page:
        press(page)
        no_faults(page)
        page.get_by_label("Address").fill(f"{server.url}?token={server.token}")
        page.get_by_role("button", name="Connect", exact=True).click()
        says(page, "Ready")
        rewrite(page, 1, "x = None  # 'a comment'\nprint('text', 1.5)")
        run(page, 1)
        says(page, "All that you asked for has run")
        no_faults(page)
        wide = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 1
