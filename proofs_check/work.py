"""Work in chunks, on as many workers as were asked for, with progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TypeVar

from numerics.ensembles import Chunk, run_chunks
from proofs_check.interruption import stop_if_requested
from proofs_check.progress import Progress

Result = TypeVar("Result")


def work_through(
    task: Callable[[Chunk], Result], work: Sequence[Chunk], jobs: int, progress: Progress, what: str
) -> Generator[Result, None, None]:
    """Results in order, each reported once it has been taken in; closed early, it does no more.

    Parameters
    ----------
    task : callable
    work : sequence of Chunk
    jobs : int
    progress : Progress
    what : str
        What the user is told.

    Raises
    ------
    KeyboardInterrupt
        When the user stops it, or had stopped the run before.
    """
    stop_if_requested()
    progress.begin(what, len(work))
    try:
        with closing(run_chunks(task, work, jobs)) as found:
            for result in found:
                yield result
                progress.advance()
    finally:
        progress.end()
