"""Serve the site on this machine, and build it again whenever a file of the book is saved."""

import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from watchfiles import watch

from processes import run

PORTS = range(8000, 8020)  # the first that is free, unless PORT names one
FOLDERS = ["book", "code", "tests/equations", "_config.yml", "_toc.yml"]
KINDS = (".md", ".py", ".csv", ".npz", ".yml", ".bib", ".css", ".js", ".html", ".svg")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args): ...


def build() -> None:
    """In a process of its own, so that a changed package is read anew."""
    run([sys.executable, "tools", "book"])


def listen(port: str | None) -> ThreadingHTTPServer:
    """A server of the site: on that port, else on the first free one."""
    for number in [int(port)] if port else PORTS:
        try:
            return ThreadingHTTPServer(
                ("127.0.0.1", number), partial(Quiet, directory="_build/html")
            )
        except OSError as error:
            print(f"Port {number} cannot be had: {error.strerror}.", file=sys.stderr, flush=True)
    sys.exit("Name one that is free: make serve PORT=8765")


def main() -> None:
    server = listen(os.environ.get("PORT"))  # before the build: nobody waits for a port in vain
    build()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Serving http://127.0.0.1:{server.server_port}; Ctrl-C ends it.", flush=True)
    existing = [folder for folder in FOLDERS if Path(folder).exists()]
    wanted = lambda change, path: path.endswith(KINDS)  # noqa: E731
    for changes in watch(*existing, watch_filter=wanted, raise_interrupt=True):
        print(f"Saved: {', '.join(sorted(path for _, path in changes))}", flush=True)
        build()
