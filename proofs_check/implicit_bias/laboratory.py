"""The measurements behind a verdict on Theorem 3.3: what is drawn, how often, and at which widths.

Every check of the statement shares these samples, so that a run draws each of them once. How many
replicates are drawn depends on the settings and on the first draws, never on the machine or the
number of workers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from numerics.ensembles import Stream, chunks, run_chunks
from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample, Simulation
from numerics.memory import dense_bytes
from numerics.statistics import POWER_QUANTILE, critical_value
from proofs_check.errors import InputError
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.progress import Progress, Silent
from proofs_check.settings import MAX_REPLICATES, MIN_REPLICATES, Settings
from proofs_check.theorem import InterruptedRunError

LAZY_PILOT: Final = 4096
LAZY_GROWTH: Final = 4
"""How many times the pilot is drawn at most, unless a resolution was asked for."""

LAZY_SECONDS: Final = 20.0
"""Processor time that a pilot may take, by the estimate below: long horizons get fewer draws."""

LADDER_REPLICATES: Final = 2048
LADDER_SECONDS: Final = 3.0
"""The same for each width of the ladder and each comparison of laws."""

FEWEST: Final = 128
LADDER_WIDTHS: Final = 5
LADDER_TOP: Final = 12  # decades
SMALL_WIDTHS: Final = (1, 2, 4, 16, 64)
"""Where dense and lazy are always compared, some with fewer dimensions than products are asked."""

AUTO_DENSE_BYTES: Final = 1 << 30
DENSE_SECONDS: Final = 6.0
"""Processor time that all automatic dense comparisons may take, by the estimate below."""

DENSE_ONLY_SECONDS: Final = 24.0
"""The same where the user asked for dense sampling."""


class Purpose(IntEnum):
    """What a stream of random numbers is for: part of its key."""

    INPUTS = 0
    GIVEN = 1
    LADDER = 2
    LAW = 3


@dataclass(frozen=True)
class LawPair:
    """The same quantities drawn densely and lazily, independently, at one width."""

    width: int
    dense: Sample
    lazy: Sample


class Laboratory:
    """Draws samples on demand and keeps them.

    Parameters
    ----------
    settings : Settings
    progress : Progress
    in_regime : callable
        Width → how many lags can be tested there; the resolution is asked of these only.
    """

    def __init__(self, settings: Settings, in_regime: Callable[[int], int], progress: Progress | None = None) -> None:
        self.settings = settings
        self.interrupted = False
        self._progress = progress or Silent()
        self._in_regime = in_regime
        rng = self._stream(Purpose.INPUTS, 0).generator()
        shape = (settings.horizon, settings.inputs)
        self.x: Array = rng.standard_normal(shape)
        self.x_prime: Array = rng.standard_normal(shape)
        self._samples: dict[tuple[Purpose, int, str], Sample] = {}

    def given(self, width: int) -> Sample:
        """The sample at one of the user's widths, with enough replicates for the resolution."""
        sampler = "dense" if self.settings.sampler == "dense" else "lazy"
        key = (Purpose.GIVEN, width, sampler)
        if key not in self._samples:
            pilot = self.settings.replicates or self._pilot(width, sampler)
            sample = self._draw(key, pilot)
            if self.settings.replicates is None and not self.interrupted:
                more = self._replicates_needed(sample, width, sampler) - pilot
                sample = self._draw(key, more, sample) if more > 0 else sample
            self._samples[key] = sample
        return self._samples[key]

    def ladder_widths(self) -> tuple[int, ...]:
        """Widths in even decades, far above T², at which the limit is all that can be seen."""
        low = int(np.ceil(np.log10(1000 * self.settings.horizon**2)))
        top = max(LADDER_TOP, low + LADDER_WIDTHS - 1)
        exponents = np.unique(np.round(np.linspace(low, top, LADDER_WIDTHS)).astype(int))
        return tuple(10 ** int(e) for e in exponents)

    def ladder(self) -> dict[int, Sample]:
        """A lazy sample at each width of the ladder; at a width that is given, the one drawn there."""
        result = {}
        for width in self.ladder_widths():
            if width in self.settings.widths and self.settings.sampler != "dense":
                result[width] = self.given(width)
                continue
            key = (Purpose.LADDER, width, "lazy")
            if key not in self._samples:
                self._samples[key] = self._draw(key, self._at_most(self._ladder_replicates()))
            result[width] = self._samples[key]
        return result

    def law_widths(self) -> tuple[int, ...]:
        """Where dense and lazy are compared: small widths, and the given ones that fit."""
        fitting = {n for n in self.settings.widths if dense_bytes(n) <= AUTO_DENSE_BYTES}
        return tuple(sorted(fitting | set(SMALL_WIDTHS))) if self.settings.sampler == "auto" else SMALL_WIDTHS

    def law_pair(self, width: int) -> LawPair:
        """Independent dense and lazy samples at one width."""
        samples = []
        for sampler in ("dense", "lazy"):
            key = (Purpose.LAW, width, sampler)
            replicates = self._ladder_replicates()
            if sampler == "dense" and width not in SMALL_WIDTHS:
                share = DENSE_SECONDS / len(set(self.law_widths()) - set(SMALL_WIDTHS))
                replicates = min(replicates, max(8, int(share / self.dense_seconds(width))))
            if key not in self._samples:
                self._samples[key] = self._draw(key, self._at_most(replicates))
            samples.append(self._samples[key])
        return LawPair(width, *samples)

    def dense_seconds(self, width: int) -> float:
        """Rough time of one dense replicate: drawing n² normals and 2(T-1) products."""
        return 1e-4 + width**2 * (10e-9 + 2 * self.settings.horizon * 0.8e-9)

    def lazy_seconds(self) -> float:
        """Rough time of one lazy replicate, whatever n is: products in a basis of O(T) vectors."""
        s = self.settings
        return 1e-5 + 2e-8 * s.horizon**3 * ((s.inputs + s.outputs) / 2) ** 2

    def _ladder_replicates(self) -> int:
        return min(LADDER_REPLICATES, max(FEWEST, int(LADDER_SECONDS / self.lazy_seconds())))

    def _at_most(self, replicates: int) -> int:
        asked = self.settings.replicates
        return replicates if asked is None else min(replicates, asked)

    def _pilot(self, width: int, sampler: str) -> int:
        if sampler == "lazy":
            return min(LAZY_PILOT, max(FEWEST, int(LAZY_SECONDS / self.lazy_seconds())))
        return min(LAZY_PILOT, max(MIN_REPLICATES, int(DENSE_ONLY_SECONDS / self.dense_seconds(width))))

    def _replicates_needed(self, pilot: Sample, width: int, sampler: str) -> int:
        """Replicates that reach the resolution for every lag in the regime, capped unless asked for."""
        lags = self._in_regime(width)
        z = critical_value(FAMILY_LEVEL, self.family_size()) + POWER_QUANTILE
        needed = 0.0
        for moments in (pilot.weights, pilot.conditional):
            mean, variance = np.diagonal(moments.mean)[:lags], np.diagonal(moments.variance)[:lags]
            seen = mean > 0
            if seen.any():
                relative = float(np.max(variance[seen] / mean[seen] ** 2))
                needed = max(needed, relative * (z / self.settings.resolution) ** 2)
        replicates = int(np.ceil(needed))
        if not self.settings.resolution_given:
            return min(replicates, pilot.replicates * (LAZY_GROWTH if sampler == "lazy" else 1))
        if replicates > MAX_REPLICATES:
            possible = self.settings.resolution * (replicates / MAX_REPLICATES) ** 0.5
            raise InputError(
                f"--resolution {self.settings.resolution:g} needs about {replicates:.2g} replicates at n = {width}; "
                f"at most {MAX_REPLICATES} are drawn: ask for {possible * 1.1:.2g} or more, or a larger width, where "
                "draws fluctuate less"
            )
        return replicates

    def family_size(self) -> int:
        """A bound on the number of tests of a run, used to plan the replicates."""
        s = self.settings
        components = s.horizon * s.inputs * s.outputs
        per_width = (s.horizon * s.outputs) ** 2 + components * (components + 1) // 2 + 2 * s.horizon**2
        return len(s.widths) * per_width + 30 * s.horizon

    def _draw(self, key: tuple[Purpose, int, str], replicates: int, so_far: Sample | None = None) -> Sample:
        """Draw replicates in chunks and merge them in order; keep what there is when interrupted."""
        if self.interrupted:
            raise InterruptedRunError
        purpose, width, sampler = key
        simulation = Simulation(
            self.settings.parameters(width),
            _rows(self.x),
            _rows(self.x_prime),
            sampler,
            self._stream(purpose, width, sampler),
            with_kernel=purpose is Purpose.GIVEN,
        )
        done = -(-so_far.replicates // self._chunk(width, sampler)) if so_far else 0
        work = chunks(replicates, self._chunk(width, sampler), first=done)
        total = so_far
        self._progress.begin(f"{sampler} samples at n = {width:,}", len(work))
        try:
            with closing(run_chunks(simulation, work, self.settings.jobs)) as samples:
                for sample in samples:
                    total = sample if total is None else total.merge(sample)
                    self._progress.advance()
        except KeyboardInterrupt:
            self.interrupted = True
            if total is None or total.replicates < 2:
                raise InterruptedRunError from None
        finally:
            self._progress.end()
        assert total is not None  # there is at least one chunk
        return total

    def _chunk(self, width: int, sampler: str) -> int:
        """Replicates of one chunk: a fraction of a second of work, the same on every machine."""
        s = self.settings
        if sampler == "dense":
            return max(1, min(1024, (1 << 22) // width**2))
        return max(4, min(1024, 400_000 // (s.horizon * (s.inputs + s.outputs)) ** 2))

    def _stream(self, purpose: Purpose, width: int, sampler: str = "lazy") -> Stream:
        return Stream(self.settings.seed, (33, int(purpose), width, int(sampler == "dense")))


def _rows(x: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in x)
