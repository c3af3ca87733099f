"""Many documents at once, on the processors there are; the results and their order do not depend on it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from proofs_check.derive.documents import Document, Product, produce
from proofs_check.errors import InputError


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def produce_all(
    wanted: Sequence[Document], formats: tuple[str, ...], jobs: int, done: Callable[[Product], None] = lambda _: None
) -> tuple[Product, ...]:
    """Verify and write documents.

    Parameters
    ----------
    wanted : sequence of Document
    formats : tuple of str
    jobs : int
        Worker processes; with one, everything happens in this process.
    done : callable
        Told of each product, in the order of ``wanted``.

    Raises
    ------
    InputError
        When a worker was ended from outside.
    """
    found = []
    for product in _products(wanted, formats, min(jobs, len(wanted))):
        done(product)
        found.append(product)
    return tuple(found)


def _products(wanted: Sequence[Document], formats: tuple[str, ...], jobs: int) -> Iterator[Product]:
    if jobs <= 1:
        for document in wanted:
            yield produce(document, formats)
        return
    with _pool(jobs) as pool:
        try:
            yield from pool.map(produce, wanted, [formats] * len(wanted))
        except BrokenProcessPool:
            raise InputError("a worker process was ended from outside, perhaps for memory; try --jobs 1") from None


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool that is gone at once when something goes wrong."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="derive-theorem-", ignore_cleanup_errors=True) as scratch:
        pool = ProcessPoolExecutor(jobs, spawn, initializer=_start_worker, initargs=(scratch,))
        try:
            yield pool
        except BaseException:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001  public only from Python 3.14 on
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _start_worker(scratch: str) -> None:
    """Ignore Ctrl-C, which is for the parent, do not outlive it, and leave temporary files to it."""
    tempfile.tempdir = scratch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
