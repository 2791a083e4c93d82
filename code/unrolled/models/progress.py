"""How far a long loop is: a bar where somebody watches, and a way to stop between two steps."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def watched(first: int, steps: int) -> Iterator[tuple[Iterator[int], Callable[[str], None]]]:
    """Gives the numbers first, …, steps - 1 with a bar, and a function that notes a text on it.

    Ctrl-C, or a notebook's button *stop*, ends the numbers after the step in progress. Pressed
    twice, it is a KeyboardInterrupt at once.
    """
    with _asked_to_stop() as asked, _bar(first, steps) as bar:

        def numbers() -> Iterator[int]:
            for step in range(first, steps):
                if asked.is_set():
                    return
                yield step
                bar.update()

        yield numbers(), lambda text: bar.set_postfix_str(text, refresh=False)


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Inside, the first interruption sets the event; outside of the main thread nothing can."""
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)


def _bar(first: int, steps: int):
    """tqdm's bar: a widget in a notebook that has widgets, else a line.

    None is drawn where stderr is neither a terminal nor a notebook's, nor with TQDM_DISABLE=1 in
    the environment, tqdm's own switch. The book's pages are executed with it: they run in the same
    kernel as a reader's notebook, but nobody watches, and a built page keeps no bars.
    """
    with warnings.catch_warnings():
        # Where ipywidgets is missing: a warning at each import, and a line instead of a widget
        warnings.filterwarnings("ignore", "IProgress not found")
        from tqdm.auto import tqdm
    watched = sys.stderr.isatty() or _in_notebook()
    disable = not watched or bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=steps, initial=first, leave=False, disable=disable)


def _in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")
