"""How heavy pages are, and how long a slow phone works at them.

Bytes and requests are held exactly. Times depend on the machine, so they are held, with much to
spare, against those of a page of the same look with next to nothing on it.
"""

import gzip
from dataclasses import dataclass

import pytest

PAGES = [
    f"book/{name}.html"
    for name in ("training/bptt", "training/vanishing-gradients", "reference/errata")
]
BARE = "genindex.html"
SLOWER = 4  # than this machine
PACKED = (".woff", ".woff2", ".png")  # a server compresses everything else
LONG_TASKS = """window.tasks = [];
new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
    .observe({entryTypes: ["longtask"]});"""
TIMES = """() => {
    const [loading] = performance.getEntriesByType("navigation");
    const [text] = performance.getEntriesByName("first-contentful-paint");
    return [text.startTime, loading.domContentLoadedEventEnd, Math.max(50, ...tasks)];
}"""


@dataclass
class Visit:
    bytes: int
    requests: int
    text: float  # until the first text is there, in milliseconds
    ready: float  # until the page is read and its script has run
    longest: float  # that the page did not answer to a finger


@pytest.fixture(scope="module")
def visit(chromium, base):
    """The quicker of two visits to a page, each with nothing kept from before."""
    chromium.new_page().goto(f"{base}/{BARE}")  # the very first page of all starts the browser

    def visited(path: str) -> Visit:
        first, second = look(chromium, f"{base}/{path}"), look(chromium, f"{base}/{path}")
        times = [
            min(getattr(v, name) for v in (first, second)) for name in ("text", "ready", "longest")
        ]
        return Visit(first.bytes, first.requests, *times)

    return visited


def look(chromium, address: str) -> Visit:
    screen = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    with chromium.new_context(**screen) as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(LONG_TASKS)
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        weight = sum(sent(answer.url, answer.body()) for answer in answers)
        return Visit(weight, len(answers), *page.evaluate(TIMES))


def sent(address: str, body: bytes) -> int:
    return len(body if address.endswith(PACKED) else gzip.compress(body))


@pytest.fixture(scope="module")
def bare(visit):
    return visit(BARE)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light(visit, bare, path):
    seen = visit(path)
    assert seen.bytes <= 450_000
    assert seen.requests <= 20
    assert seen.text <= 3 * bare.text
    assert seen.ready <= 5 * bare.ready
    assert seen.longest <= 6 * bare.longest
