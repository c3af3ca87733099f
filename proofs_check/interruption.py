"""Whether the user has asked to stop.

An interrupt is an exception, and an exception can be lost: Python ignores those that are raised within callbacks of
the garbage collector, of which Hypothesis has one. What takes long and calls such code looks here as well.
"""

from __future__ import annotations

import threading
from typing import Final

REQUESTED: Final = threading.Event()
"""Set by the first interrupt."""


def stop_if_requested() -> None:
    """Raise an interrupt that was lost.

    Raises
    ------
    KeyboardInterrupt
    """
    if REQUESTED.is_set():
        raise KeyboardInterrupt
