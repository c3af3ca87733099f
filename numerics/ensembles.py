"""Replicates in chunks: seeds by chunk, any number of workers, results in order.

A chunk's randomness depends on the seed, on what is simulated and on the chunk's index, never on
the worker that runs it. Chunks come back in order and are merged in order, so that a report is
the same bit for bit on one worker and on many. Linear algebra runs single-threaded inside a chunk
for the same reason.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from numerics.workers import end_at_once, start_worker

Result = TypeVar("Result")

WINDOW: Final = 4
"""Chunks that are submitted ahead, for each worker."""


@dataclass(frozen=True)
class Stream:
    """A named source of independent generators.

    Attributes
    ----------
    seed : int
        The user's seed.
    key : tuple of int
        What is simulated, each entry below 2**128; different keys of one length give independent
        randomness.
    """

    seed: int
    key: tuple[int, ...]

    def generator(self, chunk: int = 0) -> np.random.Generator:
        """The generator of one chunk."""
        words = tuple(word for entry in (*self.key, chunk) for word in _words(entry))
        return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(self.seed, spawn_key=words)))


def _words(entry: int) -> tuple[int, ...]:
    """An integer as four words of 32 bits: always four, so that different keys never read the same."""
    if not 0 <= entry < 1 << 128:
        raise ValueError(f"key entry {entry}: must be from 0 to 2**128 - 1")
    return tuple(entry >> shift & 0xFFFFFFFF for shift in (0, 32, 64, 96))


@dataclass(frozen=True)
class Chunk:
    """A number of replicates that are drawn from one generator."""

    index: int
    replicates: int


def chunks(replicates: int, size: int, first: int = 0) -> list[Chunk]:
    """Cut a number of replicates into chunks of at most ``size``; ``first`` is the first index."""
    starts = range(0, replicates, size)
    return [Chunk(first + i, min(size, replicates - start)) for i, start in enumerate(starts)]


def run_chunks(task: Callable[[Chunk], Result], work: Sequence[Chunk], jobs: int) -> Generator[Result, None, None]:
    """Run a task on every chunk and yield the results in order.

    An interruption (Ctrl-C) reaches the caller alone: workers ignore it and are ended at once.

    Parameters
    ----------
    task : callable
        Picklable when ``jobs > 1``; a script that calls this needs the usual ``__main__`` guard.
    work : sequence of Chunk
    jobs : int
        Number of worker processes; 1 runs in this process.
    """
    if jobs == 1 or len(work) == 1:
        yield from (_single_threaded(task, chunk) for chunk in work)
        return
    waiting: deque[Future[Result]] = deque()
    remaining = iter(work)
    with _interrupts_deferred():  # workers are started here and inherit the mask
        executor = _workers(jobs)
        for chunk in islice(remaining, WINDOW * jobs):
            waiting.append(executor.submit(_single_threaded, task, chunk))
    try:
        while waiting:
            yield waiting.popleft().result()
            for chunk in islice(remaining, 1):
                waiting.append(executor.submit(_single_threaded, task, chunk))
    except BaseException:
        end_workers()
        raise


_pools: dict[int, ProcessPoolExecutor] = {}


def _workers(jobs: int) -> ProcessPoolExecutor:
    """The pool of this many workers, kept for the next call."""
    if jobs not in _pools:
        _pools[jobs] = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=start_worker)
    return _pools[jobs]


def end_workers() -> None:
    """Kill all workers at once; the next run starts new ones."""
    while _pools:
        _, executor = _pools.popitem()
        end_at_once(executor)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Hold Ctrl-C back for a moment, where the system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _single_threaded(task: Callable[[Chunk], Result], chunk: Chunk) -> Result:
    with threadpool_limits(limits=1):
        return task(chunk)
