"""Hypothesis, used as a search engine.

Hypothesis is made for test suites, where another run may try other examples, failures are printed,
and remembered on disk. A report is to be the same for everybody, so that everything that depends on
the surroundings is switched off here:

- the seed is given, and every setting, so that no profile (there is one for CI machines) matters;
- nothing depends on how long something takes: no deadline, no health check, and a counterexample is made
  smaller by a limited number of attempts, which end long before Hypothesis' own limit of five minutes;
- Hypothesis sometimes draws constants that it finds in the source of whichever modules are loaded and are
  not installed as packages, and writes them to a folder ``.hypothesis``: it finds none.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic

from hypothesis import HealthCheck, Phase, Verbosity, currently_in_test_context, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import HypothesisException, Unsatisfiable

from proofs_check.interruption import stop_if_requested
from proofs_check.progress import Progress, Silent
from proofs_check.search.law import Example, Law, Machine

ATTEMPTS: Final = 2000
"""At most so many attempts are made at a smaller counterexample."""


class ContradictedError(Exception):
    """The example contradicts the law; it is the same exception for all, so that the smallest of all is sought."""


class _Enough(BaseException):
    """No more attempts; not an Exception, so that Hypothesis lets it pass."""


class Recorder(Generic[Machine, Example]):
    """A law as it is run by Hypothesis, and what came of it.

    Parameters
    ----------
    law : Law
    machine : object
    progress : Progress or None
    """

    def __init__(self, law: Law[Machine, Example], machine: Machine, progress: Progress | None) -> None:
        self.law = law
        self._machine = machine
        self._progress = Silent() if progress is None else progress
        self._attempts = 0
        self.tried = 0
        self.sizes: dict[str, Counter[int]] = {}
        self.counterexample: str | None = None
        self.crashed = False
        self.interrupted = False

    def run(self, example: Example) -> None:
        """Run the law.

        Raises
        ------
        ContradictedError
            When the example contradicts it.
        """
        stop_if_requested()
        shrinking = self.counterexample is not None
        if shrinking:
            self._attempts += 1
            if self._attempts > ATTEMPTS:
                raise _Enough
        contradiction, crashed = self._contradiction(example)
        if contradiction:
            self.counterexample = f"{self._described(example)}: {contradiction}"
            self.crashed = crashed
        if not shrinking:
            self._count(example)
        if contradiction:
            raise ContradictedError

    def _contradiction(self, example: Example) -> tuple[str, bool]:
        """What is wrong, and whether it is an exception."""
        try:
            return self.law.contradiction(self._machine, example), False
        except HypothesisException:  # such as an assumption that does not hold
            raise
        except Exception as error:
            return in_words(error), True

    def _described(self, example: Example) -> str:
        try:
            return self.law.describe(example)
        except Exception:
            return repr(example)

    def _count(self, example: Example) -> None:
        self.tried += 1
        for name, value in self.law.sizes(example).items():
            self.sizes.setdefault(name, Counter())[value] += 1
        self._progress.advance()


def explore(recorder: Recorder[Any, Any], examples: int, seed: int) -> None:
    """Let Hypothesis run a law on different examples, and make the first counterexample smaller."""
    if currently_in_test_context():
        _elsewhere(lambda: _explore(recorder, examples, seed))
    else:
        _explore(recorder, examples, seed)


def _explore(recorder: Recorder[Any, Any], examples: int, seed: int) -> None:
    try:
        with _no_constants_of_loaded_modules():
            _test(recorder, examples, seed)()
    except (ContradictedError, _Enough, Unsatisfiable):
        pass  # what there is to say of it has been recorded
    except KeyboardInterrupt:
        recorder.interrupted = True
    except HypothesisException:
        if recorder.counterexample is None:
            raise  # else the law holds now and not then, and the example is no less a counterexample


def _test(recorder: Recorder[Any, Any], examples: int, seed: int) -> Callable[[], None]:
    """The law as a test."""

    def law(example: Any) -> None:
        recorder.run(example)

    chosen = settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        deadline=None,
        print_blob=False,
        backend="hypothesis",
    )
    return seeded(seed)(chosen(given(recorder.law.examples())(law)))


def in_words(error: Exception) -> str:
    """What went wrong inside a law."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _elsewhere(work: Callable[[], None]) -> None:
    """In a thread of its own, where Hypothesis does not know that it is running already."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for error in failed:
        raise error


@contextmanager
def _no_constants_of_loaded_modules() -> Iterator[None]:
    """Let Hypothesis find no constants in the source of the modules that happen to be loaded.

    There is no setting for it. Whole numbers between -100 and 100 are never affected; versions that do not collect
    constants, or do so in a way that is not known here, are left as they are.
    """
    try:
        from hypothesis.internal.conjecture import providers
    except ImportError:
        yield
        return
    names = ("_get_local_constants", "CONSTANTS_CACHE", "GLOBAL_CONSTANTS")
    if not all(hasattr(providers, name) for name in names):
        yield
        return
    module: Any = providers
    collect, cache, known = (getattr(module, name) for name in names)
    none = dict.fromkeys(known, ()) if isinstance(known, dict) else type(known)()
    module._get_local_constants = lambda: none  # noqa: SLF001
    module.CONSTANTS_CACHE = type(cache)(1024)  # what is there may have been found with others
    try:
        yield
    finally:
        module._get_local_constants, module.CONSTANTS_CACHE = collect, cache  # noqa: SLF001
