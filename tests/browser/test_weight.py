"""How heavy pages are, and how long a slow phone works at them.

Bytes and requests are held exactly. Times depend on the machine, so they are held, with much to
spare, against those of a bare page: the same head, bars and menus around a title and a sentence.
"""

import gzip
import re
from dataclasses import dataclass

import pytest

PAGES = [
    f"book/{name}.html"
    for name in ("training/bptt", "training/vanishing-gradients", "reference/errata")
]
BARE = "book/training/bare.html"  # made here
ARTICLE = re.compile(r'(<article class="bd-article">).*(</article>)', re.DOTALL)
SLOWER = 4  # than this machine
PACKED = (".woff", ".woff2", ".png")  # a server compresses everything else
TIMES = """() => {
    const [loading] = performance.getEntriesByType("navigation");
    const [text] = performance.getEntriesByName("first-contentful-paint");
    return [text.startTime, loading.domContentLoadedEventEnd];
}"""
LAID_OUT = "document.documentElement.classList.contains('whole')"


@dataclass
class Visit:
    bytes: int
    requests: int
    text: float  # until the first text is there, in milliseconds
    ready: float  # until the page is read


@pytest.fixture(scope="module")
def visitor(chromium, base, site):
    """`with` a new page on a phone's screen, which finds the bare page where the others are."""
    article = r"\1<section><h1>Bare</h1><p>A sentence.</p></section>\2"
    bare, found = ARTICLE.subn(article, (site / PAGES[0]).read_text())
    assert found == 1

    def opened():
        screen = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
        context = chromium.new_context(**screen)
        context.route(
            f"{base}/{BARE}", lambda route: route.fulfill(body=bare, content_type="text/html")
        )
        return context

    with opened() as context:  # the very first page of all starts the browser
        context.new_page().goto(f"{base}/{BARE}")
    return opened


@pytest.fixture(scope="module")
def visit(visitor, base):
    """The quicker of two visits to a page, each with nothing kept from before."""

    def visited(path: str) -> Visit:
        first, second = (look(visitor, f"{base}/{path}") for _ in range(2))
        times = [min(getattr(v, name) for v in (first, second)) for name in ("text", "ready")]
        return Visit(first.bytes, first.requests, *times)

    return visited


def look(visitor, address: str) -> Visit:
    with visitor() as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        weight = sum(sent(answer.url, answer.body()) for answer in answers)
        return Visit(weight, len(answers), *page.evaluate(TIMES))


def sent(address: str, body: bytes) -> int:
    return len(body if address.endswith(PACKED) else gzip.compress(body))


def longest_task(visitor, address: str) -> float:
    """The processor's time for a page's longest task, in milliseconds.

    It passes more evenly than the clock's where others use the processor too.
    """
    events, ended = [], []
    with visitor() as context:
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
        devtools.on("Tracing.tracingComplete", lambda _: ended.append(True))
        kinds = {"includedCategories": ["toplevel", "devtools.timeline"]}
        devtools.send("Tracing.start", {"traceConfig": kinds})
        page.goto(address)
        page.wait_for_function(LAID_OUT)
        page.wait_for_load_state("networkidle")
        devtools.send("Tracing.end")
        while not ended:
            page.wait_for_timeout(20)
    (thread,) = {thread_of(e) for e in events if e["name"] == "ParseHTML" and reads(e, address)}
    tasks = [e for e in events if thread_of(e) == thread and e["name"].endswith("RunTask")]
    return max(task.get("tdur", 0) for task in tasks) / 1000


def thread_of(event: dict) -> tuple[int, int]:
    return event["pid"], event["tid"]


def reads(event: dict, address: str) -> bool:
    return event.get("args", {}).get("beginData", {}).get("url") == address


@pytest.fixture(scope="module")
def bare(visit):
    return visit(BARE)


@pytest.fixture(scope="module")
def bare_longest(visitor, base):
    return sorted(longest_task(visitor, f"{base}/{BARE}") for _ in range(3))[1]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light(visit, bare, path):
    seen = visit(path)
    assert seen.bytes <= 450_000
    assert seen.requests <= 20
    assert seen.text <= 3 * bare.text
    assert seen.ready <= 5 * bare.ready


@pytest.mark.parametrize("path", PAGES)
def test_no_task_keeps_a_phone_from_answering(visitor, base, bare_longest, path):
    """One visit of three is enough: other work on the machine makes tasks longer, never shorter."""
    limit = min(3 * bare_longest, 400 / SLOWER)  # 120 ms to 160 ms times SLOWER where it is quiet
    assert any(longest_task(visitor, f"{base}/{path}") <= limit for _ in range(3))
