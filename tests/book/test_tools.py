"""The tools behind `make`, tried on a small book of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from nbformat import v4, writes

import chromium
import environment
import myst_pages
import notebooks
import pages
import readers_edition
import run_layers
import serve

ROOT = Path(__file__).parents[2]
CONFIG = """\
title: Small
only_build_toc_files: true
exclude_patterns: [code]
execute: {execute_notebooks: cache, timeout: 20}
"""
HEAD = """\
---
jupytext: {text_representation: {format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---

# Title
"""


def cell(source):
    return f"\n```{{code-cell}}\n{source}\n```\n"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book to work in; the tools know no other root than the working directory."""
    monkeypatch.chdir(tmp_path)
    for folder in ("book", "code"):
        Path(folder).mkdir()
    for name in (
        "requirements.txt",
        "constraints.txt",
        "pyproject.toml",
        "CITATION.cff",
        "code/package.py",
    ):
        Path(name).touch()
    Path("_config.yml").write_text(CONFIG)
    return write_pages


def write_pages(**texts):
    first, *others = [f"book/{name}.md" for name in texts]
    chapters = "".join(f"  - file: {name}\n" for name in others)
    below = f"chapters:\n{chapters}" if others else ""
    Path("_toc.yml").write_text(f"format: jb-book\nroot: {first}\n{below}")
    for name, text in texts.items():
        Path(f"book/{name}.md").write_text(HEAD + text)


def run(tool):
    return subprocess.run([sys.executable, ROOT / "tools", tool], capture_output=True, text=True)


@pytest.fixture
def start():
    """start(tool): it runs on, in a group of its own as in a terminal; at the end none is left."""
    with ExitStack() as stack:

        def started(tool, **variables):
            process = subprocess.Popen(
                [sys.executable, ROOT / "tools", tool],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | variables,
                process_group=0,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield started


def hear(process, beginning):
    """Wait for a line of its output."""
    for line in process.stdout:
        if line.startswith(beginning):
            return line
    pytest.fail(f"it ended without {beginning!r}: {process.stderr.read()}")


def wait_for(path, process):
    """Wait until what the process runs has made a file."""
    deadline = time.monotonic() + 300  # on a machine that is busy
    while not Path(path).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"no {path} from a process that says {process.communicate()}")
        time.sleep(0.05)


def test_a_page_that_raises_is_reported_until_mended(book):
    book(good=cell("print(1)"), bad=cell("x = 1") + cell("def f():\n    1 / 0\n\nf()"))
    for again in (False, True):
        result = run("notebooks")
        assert result.returncode != 0
        assert "book/bad.md:13: cell [2], which begins `def f():`, failed" in result.stderr
        assert "ZeroDivisionError: division by zero" in result.stderr
        assert "No notebook was written" in result.stderr
        assert ("good" in result.stdout) is not again  # what ran well is kept
    book(good=cell("print(1)"), bad=cell("x = 1"))
    assert "mend the page(s) above" not in run("notebooks").stderr
    with pages.execution_cache() as cache:
        _, ran = cache.merge_match_into_notebook(pages.notebooks()[Path("book/good.md")])
    assert v4.new_output("stream", text="1\n") in ran.cells[-1].outputs


def test_what_is_executed_again(book, monkeypatch):
    ran = []
    monkeypatch.setattr(pages, "_run", lambda page, nb: ran.append(page.stem) or done(nb))

    def executed():
        ran.clear()
        assert pages.execute()
        return sorted(ran)

    book(a=cell("1"), b=cell("2"), prose="No cells.")
    assert executed() == ["a", "b"]
    assert executed() == []
    Path("book/a.md").write_text(HEAD + "Prose." + cell("1"))
    assert executed() == []
    Path("book/a.md").write_text(HEAD + cell("3"))
    assert executed() == ["a"]
    package = ["code/package.py", "code/new.py", "code/runs.csv", "code/trained.npz"]
    for change in [*package, "pyproject.toml", "requirements.txt", "constraints.txt"]:
        Path(change).write_text("# changed")
        assert executed() == ["a", "b"], change
        assert executed() == [], change


def done(notebook):
    return pages.Execution(notebook, 0.0)


def test_what_nbval_has_run_is_not_executed_again(book, monkeypatch):
    """A page is, when nbval found a fault in its notebook, or the page has changed since."""
    first = cell("# installs the package, where that is missing")
    two = first + cell("print(2)") + cell("3;")
    book(good=first + cell("print(1)\n2;"), bad=first + cell("1 / 0"), changed=cell("3"), two=two)
    for page, notebook in pages.notebooks().items():
        readers_edition.with_ids(notebook)
        if page.stem == "two":  # its last cell is a solution
            solved = v4.new_notebook(cells=notebook.cells[-1:])
            del notebook.cells[-1:]
            readers_edition.solutions_path(page).write_text(writes(solved))
        page.with_suffix(".ipynb").write_text(writes(notebook))
    options = [
        "-p",
        "nbval_results",
        "--nbval-lax",
        "--nbval-current-env",
        "--rootdir",
        ".",
        "book",
    ]
    variables = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    tests = subprocess.run([sys.executable, "-m", "pytest", *options], env=variables)
    assert tests.returncode == 1
    Path("book/changed.md").write_text(HEAD + first + cell("4"))
    ran = []
    monkeypatch.setattr(pages, "_run", lambda page, nb: ran.append(page.stem) or done(nb))
    assert pages.execute()
    assert sorted(ran) == ["bad", "changed"]
    good = pages.notebooks()[Path("book/good.md")]
    with pages.execution_cache() as cache:
        _, cached = cache.merge_match_into_notebook(good)
    assert cached.cells[-1].outputs == [v4.new_output("stream", text="1\n")]  # `;` hides the 2


def test_a_site_with_a_fault_fails_again(book):
    book(index="", page="[nowhere](nowhere.md)")
    for _ in range(2):  # Sphinx does not read a page again that has not changed
        result = run("book")
        assert result.returncode != 0
        assert "nowhere.md" in result.stderr


def test_a_notebook_is_the_same_whenever_it_is_made(book):
    book(a=cell("1") + cell("1"))

    def read():
        return readers_edition.with_ids(myst_pages.read(Path("book/a.md")))

    once = read()
    assert once == read()
    ids = {cell.id for cell in once.cells}
    assert len(ids) == len(once.cells) == 3  # equal cells have ids of their own
    book(a=cell("0") + cell("1") + cell("1"))
    assert ids < {cell.id for cell in read().cells}


def test_outputs_kept_are_short_and_plain():
    def stream(text, name="stdout"):
        return v4.new_output("stream", name=name, text=text)

    def shown(**data):
        return v4.new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})

    pieces = [stream("a"), stream("progress", "stderr"), stream("b")]
    assert notebooks.kept(pieces) == [stream("ab")]
    assert notebooks.kept([shown(text_plain="3")]) == [shown(text_plain="3")]
    assert notebooks.kept([shown(text_plain="<Figure>", image_png="…")]) == []
    assert notebooks.kept([stream("x" * 3000), stream("x", "stderr")]) == []


def test_no_suitable_python_is_explained(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in environment.DECIDES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    command = ["make", "book", "PYTHON=nopython false"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode != 0
    assert "needs 3.11, 3.12 or 3.13" in result.stderr


def test_a_page_that_takes_too_long_or_loses_its_kernel_is_reported(book):
    Path("_config.yml").write_text(CONFIG.replace("timeout: 20", "timeout: 2"))
    book(slow=cell("import time; time.sleep(60)"), dead=cell("import os; os._exit(1)"))
    result = run("notebooks")
    assert result.returncode != 0
    for page in ("slow", "dead"):
        assert f"book/{page}.md" in result.stderr, result.stderr
    assert "Traceback" not in result.stderr


ENDLESS = cell("""\
import pathlib, time
pathlib.Path("begun").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.1)""")
PATIENT = CONFIG.replace("timeout: 20", "timeout: 900")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_stop_is_answered_with_one_line(book, number, start):
    Path("_config.yml").write_text(PATIENT)
    book(a=ENDLESS)
    process = start("notebooks")
    wait_for("book/begun", process)
    begun = time.monotonic()
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=300)
    assert said.strip() == "Stopped. The same command goes on from here."
    assert process.returncode == 130
    assert time.monotonic() - begun < 300  # it did not wait for the page


def test_stopped_while_the_site_is_built(book, start):
    """Sphinx, a process of its own, neither prints a traceback nor goes on alone."""
    book(index="Prose.")
    Path("_config.yml").write_text(CONFIG + EXTENSION)
    Path("code/slow.py").write_text("from pathlib import Path\nimport os, time\n" + SETUP)
    process = start("book")
    wait_for("begun", process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert said.strip() == "Stopped. The same command goes on from here."
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("begun").read_text()), 0)


EXTENSION = "sphinx: {local_extensions: {slow: code}}\n"
SETUP = """\
def setup(app):
    Path("writing").write_text(str(os.getpid()))
    Path("writing").rename("begun")
    time.sleep(60)
"""


def test_the_second_waits_and_says_for_whom(book, start):
    Path("_config.yml").write_text(PATIENT)
    book(a=ENDLESS)
    first = start("notebooks", MAKECMDGOALS="serve")
    wait_for("book/begun", first)
    second = start("notebooks")
    line = hear(second, "Waiting for")
    assert line.startswith(f"Waiting for `make serve` (process {first.pid}, since ")
    Path("book/go").touch()
    for process in (first, second):
        said = "".join(filter(None, process.communicate(timeout=300)))
        assert "mend the page(s) above" not in said
    assert is_executed("book/a.md")


def test_the_lock_dies_with_its_process(book, start):
    Path("_config.yml").write_text(PATIENT)
    book(a=ENDLESS)
    first = start("notebooks")
    wait_for("book/begun", first)
    first.kill()
    book(a=cell("1"))
    assert "mend the page(s) above" not in run("notebooks").stderr
    assert is_executed("book/a.md")


def is_executed(page):
    """Whether the cache has what the page prints, be there a site to make notebooks from or not."""
    with pages.execution_cache() as cache:
        return pages.is_cached(cache, pages.notebooks()[Path(page)])


def test_serve_takes_the_port_it_is_given_or_the_next_that_is_free(capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("", 0)) as free:
        busy, other = taken.getsockname()[1], free.getsockname()[1]
        free.close()
        with pytest.raises(SystemExit, match="make serve PORT="):
            serve.listen(str(busy))
        assert f"Port {busy} cannot be had" in capsys.readouterr().err
        monkeypatch.setattr(serve, "PORTS", (busy, other))
        with serve.listen(None) as server:
            assert server.server_port == other
        with serve.listen(str(other)) as server:
            assert server.server_port == other


def test_a_missing_browser_is_explained(monkeypatch, tmp_path):
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        chromium.main()
    for system in ("Debian: apt install chromium", "Fedora: dnf install chromium", "macOS: brew"):
        assert system in str(ended.value)


def test_a_browser_is_found_on_the_path_and_among_macos_applications(monkeypatch, tmp_path):
    monkeypatch.setattr(chromium.Path, "home", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    app = tmp_path / "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    for path in (app, tmp_path / "chromium"):  # the second is preferred once it is there
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
        assert chromium.find() == str(path)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Environments without the pins: what `prepare` is asked for is only noted."""
    monkeypatch.chdir(tmp_path)
    Path("tools").mkdir()
    for name in environment.DECIDES:
        Path(name).touch()
    calls = []
    bare = partial(environment.venv.create, clear=True, symlinks=True)  # with pip it takes seconds
    monkeypatch.setattr(environment.venv, "create", lambda folder, **_: bare(folder))
    monkeypatch.setattr(environment, "install_torch_for_cpu", lambda: None)
    monkeypatch.setattr(environment, "pip", lambda *words, **_: calls.append(words[0]) or True)
    return calls


def test_the_environment_is_prepared_again_when_what_decides_it_changes(prepared):
    environment.main()
    assert prepared.count("install") == 2 and environment.READY.exists()
    prepared.clear()
    environment.main()
    assert prepared == []
    Path("constraints.txt").write_text("numpy==1")
    environment.main()
    assert prepared.count("install") == 2


def test_another_python_means_another_environment(prepared, monkeypatch, capsys):
    environment.main()
    first = Path(".venv/first")
    first.touch()
    environment.READY.unlink()  # an installation that was broken off goes on
    environment.main()
    assert first.exists()
    assert "in place of" not in capsys.readouterr().out
    monkeypatch.setattr(environment, "python_inside", lambda: "3.13.9")
    environment.READY.write_text("Python 3.13.9")
    environment.main()
    assert not first.exists()
    assert "in place of the one with Python 3.13.9" in capsys.readouterr().out


def test_python_given_to_make_is_looked_at_each_time(tmp_path):
    """Else make sees a .venv that is there, and takes it for the one that was asked for."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (*environment.DECIDES, "tools/__main__.py", ".venv/.ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("print('looked')" if name.endswith("__main__.py") else "")

    def prepare(*options):
        command = ["make", ".venv/.ready", *options]
        without = {name: value for name, value in os.environ.items() if name != "PYTHON"}
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=without)

    assert "up to date" in prepare().stdout
    assert "looked" in prepare(f"PYTHON={sys.executable}").stdout


def test_a_home_that_cannot_be_written_is_replaced(tmp_path):
    def cache(home):
        command = [
            "make",
            "--no-print-directory",  # which it prints where another make runs this test
            "-f",
            ROOT / "Makefile",
            "--eval",
            "show: ; @echo $$XDG_CACHE_HOME",
            "show",
        ]
        variables = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": "as it was"}
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env=variables
        )
        return result.stdout.strip()

    assert cache(tmp_path) == "as it was"
    assert cache(tmp_path / "nowhere") == str(tmp_path / "_build" / "home")


def test_a_layer_that_needs_more_than_numpy_or_a_wrong_gradient_is_noticed(monkeypatch):
    with pytest.raises(SystemExit, match="torch"):  # where the tests run there is torch
        run_layers.main()
    for layer in run_layers.layers(run_layers.unrolled.layers.rnn):
        run_layers.try_out(layer)
        monkeypatch.setattr(layer, "backward", lambda self, tape, dh: (dh, dh, dh))
        with pytest.raises(AssertionError, match="backward gives a ndarray"):
            run_layers.try_out(layer)
