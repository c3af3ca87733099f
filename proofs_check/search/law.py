"""A law, and what a search for its counterexamples found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from proofs_check.progress import Progress

Example = TypeVar("Example")
Machine = TypeVar("Machine")


@dataclass(frozen=True)
class Law(Generic[Machine, Example]):
    """What must hold of every example.

    A law is a function of the example alone: it draws nothing and remembers nothing. What it calls is
    in the machine, so that a mistaken one can be put in its place.

    Attributes
    ----------
    name : str
        A short title of up to 27 letters, such as ``"targets reproduced"``; it decides what is drawn.
    part : str
        The part of the statement.
    words : str
        What must hold.
    examples : callable
        Gives the strategy that examples are drawn from; called only when they are.
    contradiction : callable
        From the operations under test and an example to what is wrong, in words; ``""`` where nothing is.
    describe : callable
        An example in words, such as ``"T = 2, L = (0, 1), nodes 1/2 and -1"``.
    sizes : callable
        The sizes of an example, such as ``{"T": 2, "n_x": 1, "n_y": 1, "n": 2}``.
    """

    name: str
    part: str
    words: str
    examples: Callable[[], SearchStrategy[Example]]
    contradiction: Callable[[Machine, Example], str]
    describe: Callable[[Example], str]
    sizes: Callable[[Example], Mapping[str, int]]


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes
    ----------
    name : str
        The law's.
    asked : int
        How many examples were to be tried.
    tried : int
        How many were: fewer when there are no more, when one contradicts, or when the user stopped it. What is tried
        to make a counterexample smaller does not count.
    sizes : mapping
        Name of a size → its value → how many of the examples that were tried have it.
    counterexample : str or None
        The smallest example that was found to contradict, and how.
    crashed : bool
        Whether the contradiction is an exception.
    interrupted : bool
        Whether the user stopped it.
    """

    name: str
    asked: int
    tried: int
    sizes: Mapping[str, Mapping[int, int]]
    counterexample: str | None
    crashed: bool
    interrupted: bool


def search(
    law: Law[Machine, Example], machine: Machine, examples: int, seed: int, progress: Progress | None = None
) -> Search:
    """Look for a counterexample.

    What is found is a function of the law, the machine, ``examples`` and ``seed``. Nothing is printed and nothing
    is written to disk.

    Parameters
    ----------
    law : Law
    machine : object
        The operations under test.
    examples : int
        How many different ones to try, at least 1.
    seed : int
    progress : Progress, optional
    """
    from proofs_check.search.engine import Recorder, explore

    recorder = Recorder(law, machine, progress)
    if progress is not None:
        progress.begin(law.name, examples)
    try:
        explore(recorder, examples, _seed_of(law.name, seed))
    finally:
        if progress is not None:
            progress.end()
    return Search(
        law.name,
        examples,
        recorder.tried,
        {name: dict(sorted(counts.items())) for name, counts in recorder.sizes.items()},
        recorder.counterexample,
        recorder.crashed,
        recorder.interrupted,
    )


def _seed_of(name: str, seed: int) -> int:
    """A seed of its own for each law."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:16], "big")
