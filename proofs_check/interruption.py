"""Whether the user has asked to stop.

An interrupt is an exception, and an exception can be lost: Python ignores those that are raised within callbacks of
the garbage collector, of which Hypothesis has one. What takes long and calls such code looks here as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

REQUESTED: Final = threading.Event()
"""Set by the first interrupt."""


@contextmanager
def nothing_is_begun() -> Iterator[None]:
    """After an interrupt: what has been measured may be looked at, and work that would begin is interrupted, too."""
    before = REQUESTED.is_set()
    REQUESTED.set()
    try:
        yield
    finally:
        if not before:
            REQUESTED.clear()


def stop_if_requested() -> None:
    """Raise an interrupt that was lost.

    Raises
    ------
    KeyboardInterrupt
    """
    if REQUESTED.is_set():
        raise KeyboardInterrupt
