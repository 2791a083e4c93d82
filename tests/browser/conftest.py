"""The built site in Debian's Chromium, served from this machine, with every other host cut off."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

import chromium as installed

SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --disable-background-networking"
    " --disable-component-update --disable-sync --no-first-run"
)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="session")
def base(site) -> Iterator[str]:
    """The address under which the site is served."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = installed.find()
    if path is None:
        pytest.fail(installed.ADVICE, pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def open_page(chromium, base):
    """`with open_page(path, width, theme) as page`; what goes wrong there is in `page.problems`.

    `ratio` is how many dots of the screen make a pixel; with more than one, fingers touch it.
    """

    @contextmanager
    def opened(
        path: str, width: int = 1280, theme: str = "light", ratio: int = 1
    ) -> Iterator[Page]:
        size = {"width": width, "height": 900}
        screen = {"color_scheme": theme, "device_scale_factor": ratio, "has_touch": ratio > 1}
        with chromium.new_context(viewport=size, **screen) as context:
            page = context.new_page()
            watch(page, base)
            page.goto(path if path.startswith("file:") else f"{base}/{path}")
            settle(page)
            yield page

    return opened


def watch(page: Page, base: str) -> None:
    """Cut off every host but ours, and note every error."""
    page.problems = []

    def refuse(route: Route) -> None:
        page.problems.append(f"asks another host for {route.request.url}")
        route.abort()

    def note_message(message) -> None:
        if message.type in ("error", "warning"):
            page.problems.append(f"console {message.type}: {message.text}")

    def note_answer(answer) -> None:
        if answer.status >= 400:
            page.problems.append(f"{answer.status} for {answer.url}")

    def note_failure(request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a picture that was under way when one left
            page.problems.append(f"failed: {request.url}")

    page.route(lambda url: not url.startswith((base, "data:", "file:")), refuse)
    page.on("console", note_message)
    page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
    page.on("requestfailed", note_failure)
    page.on("response", note_answer)


def settle(page: Page) -> None:
    """Wait until the fonts are there and nothing moves any more."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready.then(() => null)")
    page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
