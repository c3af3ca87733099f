"""Progress is an object that is handed in; the silent one does nothing."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Progress(Protocol):
    """Told what is being done; never asked for anything."""

    def begin(self, what: str, total: int) -> None:
        """A piece of work with ``total`` parts starts."""
        ...

    def advance(self) -> None:
        """One part is done."""
        ...

    def end(self) -> None:
        """The piece of work is over, finished or not."""
        ...


class Silent:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None:
        """Ignored."""

    def advance(self) -> None:
        """Ignored."""

    def end(self) -> None:
        """Ignored."""


class Heartbeat:
    """Plain lines on standard error, at most one every few seconds: for pipes and logs."""

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._last = time.monotonic()
        self._what, self._total, self._done = "", 0, 0

    def begin(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._say()

    def advance(self) -> None:
        self._done += 1
        self._say()

    def end(self) -> None:
        """Nothing to clear."""

    def _say(self) -> None:
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            print(f"{self._what}: {self._done} of {self._total}", file=sys.stderr, flush=True)


class Bar:
    """A bar on a terminal's standard error, gone when the work is done."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._running = False

    def begin(self, what: str, total: int) -> None:
        if not self._running:
            self._progress.start()
            self._running = True
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._progress.add_task(what, total=total)

    def advance(self) -> None:
        self._progress.advance(self._progress.task_ids[-1])

    def end(self) -> None:
        self._progress.stop()
        self._running = False
