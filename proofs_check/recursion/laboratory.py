"""What is drawn to confront a recursion with its state evolution: at which widths, and how often.

The number of replicates depends on the settings alone, never on the machine or the number of workers.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import IntEnum
from math import lcm
from typing import Final

import numpy as np

from numerics.ensembles import Stream, chunks
from numerics.expression import Program
from numerics.laws import Table
from numerics.memory import dense_bytes
from numerics.recursion import Recursion
from numerics.recursion_ensemble import Simulation, batch_size, bytes_needed, samples
from numerics.recursion_sample import NonFiniteRowsError, RecursionSample
from proofs_check.errors import InputError
from proofs_check.progress import Progress, Silent
from proofs_check.settings import MEMORY_SHARE, Settings, available_memory, memory_in_words
from proofs_check.theorem import InterruptedRunError

LADDER_TOP: Final = 1 << 16
FACTOR: Final = 4
"""Between two widths of the ladder."""

STEPS: Final = 4
ROWS: Final = 1 << 23
"""Rows that are drawn at the top of the ladder, over all replicates; fewer where a row has many columns.

Half as many at each width below, which matter less to the extrapolated limit."""

ATTACK_SHARE: Final = 8
"""Simulations that only have to be refuted are so many times smaller."""

FEWEST: Final = 8
MOST: Final = 1024
SMALL_WIDTHS: Final = (1, 2, 3, 8, 64)
LAW_REPLICATES: Final = 1024
DENSE_ENTRIES: Final = 1 << 28
"""Normals that all dense draws at one given width may take."""

DENSE_BYTES: Final = 1 << 30
KEPT_SHARE: Final = 100
"""Of so many rows one is kept for tests of law: few rows of one draw are all but independent."""

KEPT_ROWS: Final = 256


SAMPLERS: Final = ("conditioned", "dense", "fresh")


class Purpose(IntEnum):
    """What a stream of random numbers is for: part of its key."""

    LADDER = 0
    GIVEN = 1
    LAW = 2


@dataclass(frozen=True)
class LawPair:
    """The same recursion, drawn densely and conditioned, independently, at one width."""

    width: int
    dense: RecursionSample
    conditioned: RecursionSample


class Laboratory:
    """Draws samples on demand and keeps them.

    Parameters
    ----------
    recursion : Recursion
    settings : Settings
    functions : Program
        Test functions whose averages over the rows are kept.
    progress : Progress, optional

    Raises
    ------
    InputError
        When a width does not fit into the memory.
    """

    def __init__(
        self, recursion: Recursion, settings: Settings, functions: Program, progress: Progress | None = None
    ) -> None:
        self.settings = settings
        self.recursion = recursion
        self.functions = functions
        self.interrupted = False
        self._progress = progress or Silent()
        self._samples: dict[tuple[Purpose, int, str], RecursionSample] = {}
        self._check_memory()

    @property
    def ladder_widths(self) -> tuple[int, ...]:
        """Widths in steps of four, up to the largest that is given or to 65536.

        Where rows are given they are multiples of their number, so that each row occurs equally often.
        """
        top, laws = max(LADDER_TOP, *self.settings.widths), (*self.recursion.initial, *self.recursion.inputs)
        period = lcm(*(len(law.rows) for law in laws if isinstance(law, Table)))
        if period == 1:
            return tuple(top // FACTOR**step for step in reversed(range(STEPS)))
        lowest = period * -(-top // (period * FACTOR ** (STEPS - 1)))
        return tuple(lowest * FACTOR**step for step in range(STEPS))

    def ladder(self) -> dict[int, RecursionSample]:
        """A sample at each width of the ladder."""
        return {n: self._sample(Purpose.LADDER, n, "conditioned", self.replicates(n)) for n in self.ladder_widths}

    def fresh_ladder(self) -> dict[int, RecursionSample]:
        """The same with matrices that are drawn anew at each time, wrongly, and fewer draws."""
        counts = {n: max(FEWEST, self.replicates(n) // ATTACK_SHARE) for n in self.ladder_widths}
        return {n: self._sample(Purpose.LADDER, n, "fresh", count) for n, count in counts.items()}

    def given(self) -> dict[int, RecursionSample]:
        """A sample at each width that was asked for; at the top of the ladder the one drawn there."""
        found = {}
        for n in self.settings.widths:
            purpose = Purpose.LADDER if n in self.ladder_widths else Purpose.GIVEN
            found[n] = self._sample(purpose, n, "conditioned", self.replicates(n))
        return found

    def law_widths(self) -> tuple[int, ...]:
        """Where dense and conditioned are compared: small widths, and the given ones that fit."""
        fitting = {n for n in self.settings.widths if dense_bytes(n) * len(self.recursion.matrices) <= DENSE_BYTES}
        return tuple(sorted(fitting | set(SMALL_WIDTHS)))

    def law_pair(self, width: int) -> LawPair:
        """Independent dense and conditioned samples at one width."""
        fit = DENSE_ENTRIES // (width**2 * len(self.recursion.matrices))
        replicates = min(self._asked(LAW_REPLICATES), max(FEWEST, fit))
        dense = self._sample(Purpose.LAW, width, "dense", replicates)
        return LawPair(
            width, dense, self._sample(Purpose.LAW, width, "conditioned", self._asked(LAW_REPLICATES, width))
        )

    def replicates(self, width: int) -> int:
        """How many draws are made at a width, of the ladder or given."""
        if self.settings.replicates is not None:
            return self.settings.replicates
        columns = self.recursion.q_columns * len(self.recursion.matrices)
        effort = max(1.0, columns * self.settings.horizon / 8)
        below = round(np.log(self.ladder_widths[-1] / width) / np.log(FACTOR))
        return int(np.clip(ROWS / 2 ** min(below, 2) / (width * effort), FEWEST, MOST))

    def _asked(self, replicates: int, width: int = 1) -> int:
        asked = self.settings.replicates
        bounded = min(replicates, max(FEWEST, 8 * ROWS // (width * self.settings.horizon)))
        return bounded if asked is None else min(bounded, asked)

    def _sample(self, purpose: Purpose, width: int, sampler: str, replicates: int) -> RecursionSample:
        key = (purpose, width, sampler)
        if key not in self._samples:
            self._samples[key] = self._draw(purpose, width, sampler, replicates)
        return self._samples[key]

    def _draw(self, purpose: Purpose, width: int, sampler: str, replicates: int) -> RecursionSample:
        """Draw in chunks and merge in order; keep what there is when interrupted."""
        if self.interrupted:
            raise InterruptedRunError
        simulation = Simulation(
            self.recursion,
            n=width,
            horizon=self.settings.horizon,
            sampler=sampler,
            stream=Stream(self.settings.seed, (31, int(purpose), width, SAMPLERS.index(sampler))),
            functions=self.functions,
            rows=max(1, min(KEPT_ROWS, width // KEPT_SHARE)),
        )
        work = chunks(replicates, batch_size(simulation))
        self._progress.begin(f"{sampler} draws at n = {width:,}", len(work))
        drawn: list[RecursionSample] = []
        try:
            with closing(samples(simulation, work, self.settings.jobs)) as found:
                for sample in found:
                    drawn.append(sample)
                    self._progress.advance()
        except NonFiniteRowsError as error:
            raise InputError(f"--recursion: {error}") from None
        except KeyboardInterrupt:
            self.interrupted = True
            if sum(len(sample.second_moments) for sample in drawn) < 2:
                raise InterruptedRunError from None
        finally:
            self._progress.end()
        return _merged(drawn)

    def _check_memory(self) -> None:
        limit = int(available_memory() * MEMORY_SHARE)
        for width in self.settings.widths:
            needed = bytes_needed(self.recursion, width, self.settings.horizon, "conditioned")
            if needed > limit:
                raise InputError(
                    f"--n {width}: one draw takes about {memory_in_words(needed)}, more than the "
                    f"{memory_in_words(limit)} that may be used, since a row-wise function needs all n rows; n up to "
                    f"about {int(width * limit / needed):.2g} fits. A linear recursion runs at any width on the lazy "
                    "matrix: check-theorem 3.3"
                )


def _merged(drawn: list[RecursionSample]) -> RecursionSample:
    total = drawn[0]
    for sample in drawn[1:]:
        total = total.merge(sample)
    return total
