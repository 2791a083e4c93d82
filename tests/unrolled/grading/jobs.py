"""Jobs for workers, in a module that their processes can import."""

import os
import time
from contextlib import contextmanager


@contextmanager
def job(log):
    """Doubles numbers; some end, stop or fail the process."""

    def do(item):
        with open(log, "a") as file:
            file.write(f"{item}\n")
        if item == "dies":
            os._exit(3)
        if item == "eats":
            try:
                return len(bytearray(4 * 2**30))
            except MemoryError:
                return "refused"
        if item == "raises":
            raise KeyError("why")
        if item == "sleeps":
            time.sleep(100)
        if item == "dies once" and log.read_text().count(item) == 1:
            os._exit(3)
        return item * 2

    yield do


@contextmanager
def never():
    """Does not even start."""
    raise OSError("no room")
    yield
