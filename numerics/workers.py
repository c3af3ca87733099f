"""Worker processes that leave Ctrl-C to their parent, do not outlive it, and can be ended at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def available_workers() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_worker() -> None:
    """Ignore Ctrl-C, which is for the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def end_at_once(pool: ProcessPoolExecutor) -> None:
    """Kill the workers of a pool and do not wait for them."""
    for process in list((pool._processes or {}).values()):  # public only from Python 3.14 on
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
