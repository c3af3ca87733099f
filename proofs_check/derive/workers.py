"""Many documents at once, on the processors there are; the results and their order do not depend on it."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from numerics.workers import end_at_once, start_worker
from proofs_check.derive.documents import Document, Product, produce
from proofs_check.errors import InputError


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
            end_at_once(pool)
            raise
        pool.shutdown()


def _start_worker(scratch: str) -> None:
    """As any worker, and leave temporary files to the parent."""
    tempfile.tempdir = scratch
    start_worker()
