"""The rows of a simulation in blocks that stay in the cache, each with its own generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final, TypeVar

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.threads import run_in_threads

Result = TypeVar("Result")

_GROUPS: Final = 4
"""Groups of blocks for each thread: enough to even out their speeds."""


@dataclass(frozen=True)
class Block:
    """A block of rows.

    Attributes
    ----------
    pieces : slice
        The part of the leading axis of every array that it is: all replicates, or one block of one.
    first, rows : int
        Its first row, and how many there are.
    generator : numpy.random.Generator
    """

    pieces: slice
    first: int
    rows: int
    generator: np.random.Generator


class RowBlocks:
    """Rows laid out in arrays (pieces, columns, width).

    A piece is a replicate, when n is small and replicates are run together in one block, or a block
    of rows of a single replicate; the last may be shorter than the array is wide.

    Parameters
    ----------
    n, replicates : int
    size : int
        Rows in a block, at most.
    seeds : SeedSequence
        Spawns a generator for each block.
    jobs : int
        Number of threads.
    """

    def __init__(self, n: int, replicates: int, size: int, seeds: np.random.SeedSequence, jobs: int) -> None:
        count = -(-n // size)
        self.together = count == 1
        if replicates > 1 and not self.together:
            raise ValueError(f"{replicates} replicates of n = {n} rows: beyond {size} rows they are run one by one")
        self.width = -(-n // count)
        starts = range(0, n, self.width)
        self.pieces = replicates if self.together else len(starts)
        self._jobs = jobs
        self._blocks = [
            Block(
                slice(0, replicates) if self.together else slice(place, place + 1),
                start,
                min(self.width, n - start),
                np.random.Generator(np.random.SFC64(seed)),  # the fastest of NumPy's
            )
            for place, (start, seed) in enumerate(zip(starts, seeds.spawn(len(starts)), strict=True))
        ]

    def run(self, task: Callable[[Block], Result]) -> list[Result]:
        """Run a task on every block; results in order, whatever the number of threads."""
        groups = min(len(self._blocks), _GROUPS * self._jobs) if self._jobs > 1 else 1
        bounds = np.linspace(0, len(self._blocks), groups + 1).astype(int)
        work = [self._blocks[start:stop] for start, stop in pairwise(bounds)]

        def several(blocks: Sequence[Block]) -> list[Result]:
            with np.errstate(all="ignore"):
                return [task(block) for block in blocks]

        return list(chain.from_iterable(run_in_threads(several, work, self._jobs)))

    def total(self, parts: Array) -> Array:
        """Sums over the rows, (R, …), from sums over those of each piece, (pieces, …)."""
        return parts if self.together else parts.sum(axis=0, keepdims=True)
