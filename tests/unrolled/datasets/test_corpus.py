import hashlib
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from unrolled.datasets import corpus

TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n"


def test_documentation_is_every_topic_in_order(monkeypatch):
    topics = {"with": "\nThe with statement\n", "assert": "Assert\n\n"}
    assert len(corpus.documentation()) > 400_000
    monkeypatch.setattr(corpus.pydoc_data.topics, "topics", topics)
    assert corpus.documentation() == "Assert\n\nThe with statement\n"


def test_source_code_of_this_python():
    text = corpus.source_code(limit=50_000)
    assert len(text) == 50_000 and "import" in text
    assert text == corpus.source_code(limit=60_000)[:50_000]


def test_source_code_is_in_order_and_skips_what_is_no_library(monkeypatch, tmp_path):
    files = [
        "b.py",
        "a/z.py",
        "a/test/t.py",
        "site-packages/s.py",
        "idlelib/i.py",
        "a.txt",
        "c/d.py",
        "a/b.py",
    ]
    for name in [*files, "_sysconfigdata_linux.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{name};")
    monkeypatch.setattr(corpus.sysconfig, "get_path", {"stdlib": str(tmp_path)}.get)
    assert corpus.source_code() == "a/b.py;a/z.py;b.py;c/d.py;"
    assert corpus.source_code(limit=8) == "a/b.py;a"
    assert list(corpus.modules())[:2] == [("a/b.py", "a/b.py;"), ("a/z.py", "a/z.py;")]


def test_source_code_without_sources_says_what_else_there_is(monkeypatch, tmp_path):
    monkeypatch.setattr(corpus.sysconfig, "get_path", {"stdlib": str(tmp_path)}.get)
    with pytest.raises(FileNotFoundError, match=r"documentation\(\)"):
        corpus.source_code()


def test_read_takes_utf8(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9fe\r\n")
    assert corpus.read_file(path) == "grüße\n"  # no byte order mark, one kind of line end
    path.write_bytes("grüße".encode("latin-1"))
    with pytest.raises(ValueError, match=r"mine\.txt is not UTF-8 \(byte 2\): save it as UTF-8"):
        corpus.read_file(str(path))
    path.write_text("")
    with pytest.raises(ValueError, match=r"mine\.txt is empty"):
        corpus.read_file(path)


def test_split_keeps_every_character():
    train, held_out = corpus.hold_out_end("0123456789" * 3, held_out=0.2)
    assert train + held_out == "0123456789" * 3 and held_out == "456789"
    assert [len(part) for part in corpus.hold_out_end("x" * 50)] == [45, 5]
    for share in (0, 1, 10):
        with pytest.raises(ValueError, match="between 0 and 1"):
            corpus.hold_out_end("text", held_out=share)


@pytest.fixture
def served(monkeypatch):
    """Serves TEXT as the corpus "play" from this machine; yields the list of paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        know(monkeypatch, server.server_port, TEXT)
        yield asked
        server.shutdown()
        thread.join()


def know(monkeypatch, port, text):
    """Let "play" be the name of a text on a port of this machine."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = corpus.Known(f"http://127.0.0.1:{port}/play", "play.txt", sha256)
    monkeypatch.setitem(corpus.KNOWN, "play", known)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_fetch_downloads_once(served, tmp_path):
    assert corpus.fetch("play", tmp_path) == TEXT
    assert corpus.fetch("play", tmp_path) == TEXT
    assert served == ["/play"]
    (tmp_path / "play.txt").write_text("spoilt")
    assert corpus.fetch("play", tmp_path) == TEXT  # what is kept is checked as well
    assert served == ["/play", "/play"]


def test_fetch_keeps_nothing_with_a_wrong_checksum(served, monkeypatch, tmp_path):
    know(monkeypatch, corpus.KNOWN["play"].address.split(":")[-1].split("/")[0], "something else")
    with pytest.raises(ConnectionError, match=r"is not play.*by hand"):
        corpus.fetch("play", tmp_path)
    assert served == ["/play"] and not list(tmp_path.iterdir())


def test_fetch_without_a_network_says_what_to_do(monkeypatch, tmp_path):
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        know(monkeypatch, port := taken.getsockname()[1], TEXT)
        with pytest.raises(ConnectionError) as raised:
            corpus.fetch("play", tmp_path)
        assert f"http://127.0.0.1:{port}/play" in str(raised.value)  # where it is
        assert str(tmp_path / "play.txt") in str(raised.value)  # where to put it
        (tmp_path / "play.txt").write_bytes(TEXT.encode())
        assert corpus.fetch("play", tmp_path) == TEXT  # and then it is taken


def test_fetch_knows_what_it_knows(tmp_path):
    with pytest.raises(ValueError, match="no corpus is called 'hamlet'; there is tinyshakespeare"):
        corpus.fetch("hamlet", tmp_path)


def test_only_fetch_needs_pooch():
    code = "import sys; sys.modules['pooch'] = None; from unrolled.datasets import documentation"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_text_too_short_to_part():
    for text in ("", "a", "text"):
        with pytest.raises(
            ValueError, match=f"of {len(text)} symbols is too short to hold out 10%"
        ):
            corpus.hold_out_end(text)
    with pytest.raises(ValueError, match="got bytes"):
        corpus.hold_out_end(b"some bytes")
    with pytest.raises(ValueError, match="limit must be at least 1 character, got -3"):
        corpus.source_code(-3)


def test_a_kept_file_of_other_bytes_is_named(monkeypatch, tmp_path):
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        know(monkeypatch, taken.getsockname()[1], TEXT)
        (tmp_path / "play.txt").write_text("another play")
        with pytest.raises(ConnectionError, match="the file that is there has other bytes"):
            corpus.fetch("play", tmp_path)
