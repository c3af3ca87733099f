"""What a run is asked to do, validated: every message names the option, the value, what is allowed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log10
from typing import TYPE_CHECKING, Final

from numerics.linear_rnn import Parameters
from numerics.memory import bytes_needed, dense_bytes
from numerics.workers import available_workers
from proofs_check.errors import InputError
from proofs_check.values import MAX_WIDTH

if TYPE_CHECKING:
    from proofs_check.experiment import Experiment
    from proofs_check.recursion.model import PythonRecursion, RecursionData

MIN_REPLICATES: Final = 64
"""Fewer would leave the false-alarm probability of a mean of skewed draws to chance."""

MAX_REPLICATES: Final = 10**7
MAX_JOBS: Final = 256
DEFAULT_RESOLUTION: Final = 0.01
DEFAULT_EXAMPLES: Final = 300
MAX_EXAMPLES: Final = 10**5
MAX_DECADES: Final = 250
MEMORY_SHARE: Final = 0.8
"""Share of the machine's memory that a run may plan to use."""


@dataclass(frozen=True)
class Settings:
    """A validated request.

    Attributes
    ----------
    widths : tuple of int
        n, ascending.
    horizon, inputs, outputs : int
        T, n_x, n_y.
    nu_W, nu_F, nu_C : Fraction
        Exact variances.
    replicates : int or None
        Fixed number of replicates at each width; None to reach ``resolution``.
    resolution : float
        Relative error in ρ_j to be noticed.
    resolution_given : bool
        Whether the user asked for it: then no cap below ``MAX_REPLICATES`` applies.
    sampler : str
        ``"auto"``, ``"lazy"`` or ``"dense"``.
    jobs, seed : int
    claims : tuple of str
        The user's claims, as written; parsed by the statement's module.
    fixed : frozenset of str
        Names of the parameters that the user gave explicitly.
    ignored : tuple of (str, str)
        Options that the user gave, with their values, and that the statement does not use.
    recursion : RecursionData, PythonRecursion or None
        The recursion of Lemma C.1.
    outside_hypotheses : bool
        Whether a recursion that the lemma does not cover is run all the same.
    examples : int
        How many examples of each law are searched for one that contradicts it.
    experiment : Experiment or None
        What is asked of training.
    """

    widths: tuple[int, ...]
    horizon: int
    inputs: int
    outputs: int
    nu_W: Fraction
    nu_F: Fraction
    nu_C: Fraction
    replicates: int | None
    resolution: float
    resolution_given: bool
    sampler: str
    jobs: int
    seed: int
    claims: tuple[str, ...] = ()
    fixed: frozenset[str] = frozenset()
    ignored: tuple[tuple[str, str], ...] = ()
    recursion: RecursionData | PythonRecursion | None = None
    outside_hypotheses: bool = False
    examples: int = DEFAULT_EXAMPLES
    experiment: Experiment | None = None

    def __post_init__(self) -> None:
        for width in self.widths:
            if not 1 <= width <= MAX_WIDTH:
                raise InputError(f"--n {width}: a width is a whole number from 1 to 10^18")
        for option, value in (
            ("--horizon", self.horizon),
            ("--inputs", self.inputs),
            ("--outputs", self.outputs),
            ("--jobs", self.jobs),
        ):
            if value < 1:
                raise InputError(f"{option} {value}: must be at least 1")
        if self.jobs > MAX_JOBS:
            raise InputError(f"--jobs {self.jobs}: at most {MAX_JOBS} workers are started")
        if not 0 <= self.seed < 1 << 64:
            raise InputError(f"--seed {self.seed}: a whole number from 0 to 2^64 - 1")
        if self.replicates is not None and not MIN_REPLICATES <= self.replicates <= MAX_REPLICATES:
            raise InputError(f"--replicates {self.replicates}: from {MIN_REPLICATES} to {MAX_REPLICATES} are allowed")
        if not 1 <= self.examples <= MAX_EXAMPLES:
            raise InputError(f"--examples {self.examples}: from 1 to 10^5 are allowed")
        self._check_memory()
        self._check_range()

    @property
    def variances(self) -> tuple[Fraction, Fraction, Fraction]:
        """ν_W, ν_F, ν_C."""
        return self.nu_W, self.nu_F, self.nu_C

    def parameters(self, width: int) -> Parameters:
        """The random RNN at one width, in floating point."""
        return Parameters(
            width, self.horizon, self.inputs, self.outputs, float(self.nu_W), float(self.nu_F), float(self.nu_C)
        )

    def warnings(self) -> tuple[str, ...]:
        """What the user should know about these settings, where means at the given widths are tested."""
        found = self.model_warnings()
        if self.horizon > min(self.widths) ** 0.5:
            words = f"T = {self.horizon} is not small against √n at n = {min(self.widths)}: lags j with j² > n are "
            words += "outside the regime, where means are dominated by rare draws; they are shown but not tested there"
            return (*found, words)
        return found

    def model_warnings(self) -> tuple[str, ...]:
        """What the user should know about the random RNN."""
        found = []
        if self.nu_W >= 1:
            found.append(
                f"nu_W = {float(self.nu_W):g} ≥ 1: the spectral radius of n^(-1/2) W tends to √ν_W ≥ 1, so the RNN is "
                "not stable and outputs can grow without bound over time. What is checked fixes T and needs no "
                "stability, so it is checked all the same; but ρ_j no longer decays, and (22) bounds nothing useful."
            )
        for name, value in (("nu_W", self.nu_W), ("nu_F", self.nu_F), ("nu_C", self.nu_C)):
            if value == 0:
                found.append(f"{name} = 0: a degenerate case; weights that vanish exactly are compared with 0")
        return tuple(found)

    def _check_range(self) -> None:
        if self.nu_W and abs(log10(self.nu_W)) * 2 * self.horizon > MAX_DECADES:
            raise InputError(
                f"--nu-w {float(self.nu_W):g} with --horizon {self.horizon}: squares of nu_W^T leave the range of "
                f"double precision; at this variance a horizon up to "
                f"{int(MAX_DECADES / 2 / abs(log10(self.nu_W)))} is possible"
            )

    def _check_memory(self) -> None:
        limit = int(available_memory() * MEMORY_SHARE)
        lazy = bytes_needed(self.parameters(max(self.widths)), "lazy") * self.jobs
        if lazy > limit:
            raise InputError(
                f"--horizon {self.horizon}: one replicate takes about {memory_in_words(lazy // self.jobs)} "
                f"(it grows like T²(n_x+n_y)²), more than the {memory_in_words(limit)} that may be used; "
                f"a horizon up to about {self._largest_horizon(limit)} fits"
            )
        if self.sampler == "dense":
            for width in self.widths:
                needed = bytes_needed(self.parameters(width), "dense") * self.jobs
                if needed > limit:
                    raise InputError(
                        f"--sampler dense at n = {width}: a dense matrix takes {memory_in_words(dense_bytes(width))}"
                        f"{f' for each of {self.jobs} workers' if self.jobs > 1 else ''}, more than the "
                        f"{memory_in_words(limit)} that may be used; use --sampler lazy, which is exact in law at "
                        "every n and whose cost does not depend on n"
                    )

    def _largest_horizon(self, limit: int) -> int:
        horizon = self.horizon
        while horizon > 1:
            parameters = replace(self.parameters(max(self.widths)), horizon=horizon)
            needed = bytes_needed(parameters, "lazy") * self.jobs
            if needed <= limit:
                break
            horizon = min(horizon - 1, int(horizon * (limit / needed) ** 0.5))
        return max(1, horizon)


def available_memory() -> int:
    """Memory of this machine in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def default_jobs() -> int:
    """As many workers as processors."""
    return available_workers()


def memory_in_words(size: int) -> str:
    """A size in words."""
    for power, unit in ((60, "EiB"), (50, "PiB"), (40, "TiB"), (30, "GiB")):
        if size >= 2**power:
            return f"{size / 2**power:.3g} {unit}"
    return f"{size / 2**20:.3g} MiB"
