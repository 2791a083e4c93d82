"""Serve the site on this machine, and build it again whenever a file of the book is saved."""

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from watchfiles import watch

PORT = 8000
FOLDERS = ["book", "code", "tests/equations", "_config.yml", "_toc.yml"]
KINDS = (".md", ".py", ".yml", ".bib", ".css", ".js", ".html")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args): ...


def build() -> None:
    """In a process of its own, so that a changed package is read anew."""
    subprocess.run([sys.executable, "tools/book.py"])


def main() -> None:
    build()
    server = ThreadingHTTPServer(("127.0.0.1", PORT), partial(Quiet, directory="_build/html"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Serving http://127.0.0.1:{PORT}; Ctrl-C ends it.", flush=True)
    existing = [folder for folder in FOLDERS if Path(folder).exists()]
    wanted = lambda change, path: path.endswith(KINDS)  # noqa: E731
    for changes in watch(*existing, watch_filter=wanted, raise_interrupt=False):
        print(f"Saved: {', '.join(sorted(path for _, path in changes))}", flush=True)
        build()


if __name__ == "__main__":
    main()
