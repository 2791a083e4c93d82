"""From HTML with mathematics in LaTeX to PDF, by Chromium and MathJax on this machine.

Neither asks the network. Chromium is the browser that `make browser` uses, and MathJax comes with
the package sphinx-mathjax-offline.
"""

import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = ("Google Chrome", "Chromium")  # macOS, where they are not on the PATH
SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run"),
    *("--disable-sync", "--disable-background-networking", "--disable-component-update"),
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"  # no name of a host is found
SETTINGS = """\
<script>MathJax = {
  svg: {fontCache: "none"}, options: {enableMenu: false, enableAssistiveMml: false},
  tex: {packages: {"[-]": ["noerrors", "noundefined"]}},
  startup: {ready() { MathJax.startup.defaultReady(); MathJax.startup.promise.then(
    () => document.body.classList.add("typeset")); }}};</script>
<script src="%s"></script>
"""
PATIENCE = 120  # seconds for one start of the browser


def browser() -> str:
    """The path of Chromium or Chrome."""
    places = [f"/Applications/{name}.app/Contents/MacOS/{name}" for name in APPLICATIONS]
    path = next(filter(None, map(shutil.which, [*NAMES, *places])), None)
    if path is None:
        raise FileNotFoundError(
            "a paper is printed by Chromium or Chrome, and neither is installed"
        )
    return path


def mathjax() -> Path:
    """The script that sets mathematics, as SVG."""
    package = find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("formulas need MathJax: pip install sphinx-mathjax-offline")
    return Path(package.submodule_search_locations[0]) / "static" / "mathjax" / "tex-svg-full.js"


def typeset(html: str) -> str:
    """The page with its mathematics drawn as SVG, so that it needs neither scripts nor fonts."""
    page = html.replace("</head>", f"{SETTINGS % mathjax().as_uri()}</head>", 1)
    drawn = _run(page, ["--virtual-time-budget=60000", "--dump-dom"])
    if wrong := re.findall(r'data-mjx-error="(.*?)"', drawn):
        raise ValueError(f"html must hold mathematics that MathJax can read, got {wrong}")
    if not re.search(r'<body[^>]*class="[^"]*typeset', drawn):
        raise OSError("MathJax did not finish")
    return re.sub(r"<script.*?</script>\s*", "", drawn, flags=re.DOTALL)


def to_pdf(html: str, path: Path) -> None:
    """Print a page that needs no script to a file; its style says the size of the paper."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _run(html, ["--no-pdf-header-footer", f"--print-to-pdf={path.absolute()}"])


def _run(page: str, switches: list[str]) -> str:
    """What Chromium says when it opens a page."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        command = [browser(), *SWITCHES, OFFLINE, f"--user-data-dir={folder}/profile"]
        command += [*switches, file.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace")[-500:]
            raise OSError(f"Chromium failed: {said}") from None
        except subprocess.TimeoutExpired:
            raise OSError(f"Chromium has not finished in {PATIENCE} seconds") from None
    return done.stdout.decode("utf-8")
