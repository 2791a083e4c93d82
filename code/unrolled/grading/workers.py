"""The processes that grade submissions side by side. One that breaks is replaced."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from unrolled.grading import restrict

SPAWN = multiprocessing.get_context("spawn")
TRIES = 2  # before an item is given up
MEMORY = 2 * 2**30  # bytes for a job, beyond what a process has at its start


def bounded(memory: int) -> None:
    """From now on this process can have so many bytes more; what asks for others gets an error."""
    with suppress(OSError, ValueError):  # no such thing on other systems than Linux
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[0])
        restrict.limit({"AS": pages * os.sysconf("SC_PAGE_SIZE") + memory})


class Worker:
    """A process that does one job after the other."""

    def __init__(self, job: Callable, *settings: Any):
        """Starts it: it calls `job(*settings)` once, and what that returns for each item."""
        self.connection, theirs = SPAWN.Pipe()
        arguments = (theirs, os.getpid(), job, settings)
        self.process = SPAWN.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.item: Any = None
        self.end = 0.0

    def give(self, item: tuple[Any, int], seconds: float) -> None:
        """Hands over an item, with how often it was tried, which may take so long."""
        self.item, self.end = item, time.monotonic() + seconds
        with suppress(OSError):  # it has ended: `take` will say so
            self.connection.send(item[0])

    def take(self) -> tuple[bool, Any]:
        """Whether the item went well, and its result or what went wrong."""
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            return False, "the process that graded it ended"

    def stop(self) -> None:
        """Ends the process."""
        self.connection.close()
        self.process.kill()
        self.process.join()


def work(connection: Connection, parent: int, job: Callable, settings: tuple) -> None:
    """What a worker does: an error ends it, for nobody knows what state it leaves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the judge ends its workers itself
    with suppress(AttributeError, OSError):  # no such thing on other systems than Linux
        restrict.die_with_parent(parent)
    try:
        with job(*settings) as do, suppress(EOFError):
            bounded(MEMORY)
            while True:
                connection.send((True, do(connection.recv())))
    except Exception as error:
        connection.send((False, f"{type(error).__name__}: {error}"))


def side_by_side(
    items: list, workers: int, seconds: float, job: Callable, *settings: Any
) -> Iterator[tuple[Any, bool, Any]]:
    """Each item as soon as it is done, whether it went well, and its result or what went wrong.

    Parameters
    ----------
    items
        What is to be done.
    workers
        How many processes do it.
    seconds
        How long an item may take, with the start of a process, before its process is ended.
    job
        A context manager, by name importable, that gives the function for one item.
    *settings
        What `job` is called with.
    """
    left = deque((item, 0) for item in items)  # with how often it was tried
    staff: list[Worker] = []
    try:
        while left or staff:
            while left and len(staff) < workers:
                staff.append(Worker(job, *settings))
                staff[-1].give(left.popleft(), seconds)
            for worker in finished(staff):
                (item, tries), (well, result) = worker.item, worker.take()
                if well or tries + 1 == TRIES:
                    yield item, well, result
                else:
                    left.append((item, tries + 1))
                if well and left:
                    worker.give(left.popleft(), seconds)
                else:
                    worker.stop()
                    staff.remove(worker)
    finally:
        for worker in staff:
            worker.stop()


def finished(staff: list[Worker]) -> list[Worker]:
    """The workers that have something to say; those whose time is over are ended first."""
    for worker in staff:
        if time.monotonic() > worker.end:
            worker.process.kill()
    ready = wait([worker.connection for worker in staff], timeout=0.5)
    return [worker for worker in staff if worker.connection in ready]
