"""`python tools book` runs tools/book.py; Ctrl-C ends it with one line instead of a traceback."""

import os
import signal
import sys
from importlib import import_module


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal, a cancelled job
        signal.signal(number, signal.default_int_handler)
    try:
        # imported in here, since a second goes by until Sphinx or Jupyter is loaded
        import_module(sys.argv[1]).main()
    except KeyboardInterrupt:
        sys.stdout.flush()
        print("\nStopped. The same command goes on from here.", file=sys.stderr, flush=True)
        os._exit(130)  # else a thread that runs a page is waited for; its kernel ends without us


if __name__ == "__main__":
    main()
