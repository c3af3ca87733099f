"""Work in threads: results in order, whatever the number of threads.

NumPy and BLAS let other threads run while they work on an array, so that threads do for large arrays
what processes do for many small ones, without copies and for functions that cannot be pickled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


def run_in_threads(task: Callable[[Work], Result], work: Sequence[Work], jobs: int) -> Generator[Result, None, None]:
    """Run a task on every piece of work and yield the results in order.

    When a task fails, or the caller is interrupted or stops early, no further task starts, and those
    that run are waited for: none of them writes to anything afterwards.

    Parameters
    ----------
    task : callable
    work : sequence
    jobs : int
        Number of threads; 1 runs in this one. At most one piece for each thread is finished ahead.
    """
    if jobs <= 1 or len(work) <= 1:
        for piece in work:
            yield task(piece)
        return
    remaining = iter(work)
    executor = ThreadPoolExecutor(min(jobs, len(work)))
    try:
        waiting: deque[Future[Result]] = deque(executor.submit(task, piece) for piece in islice(remaining, 2 * jobs))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(executor.submit(task, piece) for piece in islice(remaining, 1))
            yield result
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
