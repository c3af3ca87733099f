"""What Figures 1 and 2 share: RNNs beside scaled convolutions, and the laws that they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from numerics.ensembles import Chunk, Stream, chunks
from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Parameters
from numerics.training.correlations import Correlations
from proofs_check.experiments.coincidence import Comparison, Law, Task, kernel_draws
from proofs_check.experiments.synthetic import (
    Purpose,
    Trained,
    Training,
    Trainings,
    bound,
    experiment_of,
    rate,
    remembered,
    sequences,
    stream,
    training,
    work_through,
)
from proofs_check.experiments.synthetic_context import SyntheticContext
from proofs_check.theorem import InterruptedRunError

WIDE: Final = 10**9
"""An RNN of at least this width is always trained: at 1000 the curves cannot tell similar claims apart."""

KERNELS: Final = 4096
"""Kernels that the law of a deviation is made of."""

CHUNK: Final = 256
NARROW: Final = 128
"""Width of the RNNs from which the law of the rest is taken; T² where that is more."""

NARROW_NETWORKS: Final = 128
NARROW_STEPS: Final = 128_000
"""Steps of all of these together; a quarter of them are trained in any case."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """Deviations of linear models with fresh kernels, in chunks."""

    parameters: Parameters
    task: Task
    initial: Array
    limit: Array
    stream: Stream

    def __call__(self, chunk: Chunk) -> Array:
        """``log E - log E_limit`` of one chunk, (replicates, watched, k)."""
        kernels = kernel_draws(self.parameters, chunk.replicates, self.stream.generator(chunk.index))
        limit = self.task.linear(self.initial, self.limit[None])
        return self.task.log_ratios(self.task.linear(self.initial, kernels), limit)


@dataclass(frozen=True, eq=False)
class NarrowNetworks:
    """The rest of narrow RNNs, in chunks: infinite where one diverged."""

    training: Training

    def __call__(self, chunk: Chunk) -> Array:
        """Those of one chunk, (replicates,)."""
        found = []
        for place in range(chunk.replicates):
            trained = self.training(Chunk(chunk.index * CHUNK + place, 1))
            if trained.diverged:
                found.append(np.inf)
                continue
            task = self.training.task
            ntk = task.linear(trained.initial, trained.kernel[None])[0]
            found.append(float(np.abs(task.log_ratios(trained.responses, ntk)).max()))
        return np.array(found)


@dataclass
class CurvesContext(SyntheticContext):
    """One run of Figure 1 or 2.

    Attributes
    ----------
    with_test : bool
        Whether test errors are looked at.
    first : float
        The share of the steps after which it is looked.
    """

    with_test: bool = True
    first: float = 0.0

    @property
    def widths(self) -> tuple[int, ...]:
        """The given ones, and one that is wide."""
        given = self.settings.widths
        return given if max(given) >= WIDE else (*given, WIDE)

    def is_judged(self, n: int) -> bool:
        """Whether something is claimed of this width, and the laws speak of it: all lags j have j² ≤ n, and η < B_1."""
        return n >= (self.settings.horizon - 1) ** 2 and self.is_safe

    @property
    def is_safe(self) -> bool:
        """Whether η is below B_1 of (62) in every run."""
        return all(task.eta < bound(task.train, self.weights.derived) for task in self.tasks)

    @cached_property
    def tasks(self) -> list[Task]:
        """What is learned in each run."""
        return [self._task(run) for run in self.runs]

    @cached_property
    def comparisons(self) -> dict[tuple[int, int], Comparison]:
        """(n, run) → the RNN and its laws; what is complete when the user stops.

        Raises
        ------
        InterruptedRunError
            When nothing is.
        """
        if self.interrupted:
            raise InterruptedRunError
        found: dict[tuple[int, int], Comparison] = {}
        try:
            places = [(n, run) for n in self.widths for run in self.runs]
            trained = self._trained(places)
            narrow: dict[tuple[int, int], Array] = {}
            for (n, run), network in zip(places, trained, strict=True):
                found[n, run] = self._comparison(n, run, network, narrow)
        except KeyboardInterrupt:
            self.interrupted = True
        if not found:
            raise InterruptedRunError
        return found

    def _task(self, run: int) -> Task:
        e = experiment_of(self.settings)
        data, _ = sequences(self.settings, run)
        train = Correlations.of(data.train.x, data.train.y)
        watched = (train, Correlations.of(data.test.x, data.test.y)) if self.with_test else (train,)
        eta = rate(self.settings, train, self.weights.derived)
        return Task(train, watched, remembered(e.steps, int(self.first * e.steps)), eta)

    def _trained(self, places: Sequence[tuple[int, int]]) -> list[Trained]:
        plans = [training(self.settings, n, run, self.tasks[run]) for n, run in places]
        if self.settings.widths != self.widths:
            plans[-len(self.runs) :] = [_lazy(plan) for plan in plans[-len(self.runs) :]]
        work = [Chunk(index, 1) for index in range(len(plans))]
        found = list(work_through(Trainings(plans), work, self.settings, self.progress, "training"))
        return [self.converged(n, one) for (n, _), one in zip(places, found, strict=True)]

    def _comparison(self, n: int, run: int, network: Trained, narrow: dict[tuple[int, int], Array]) -> Comparison:
        task, s = self.tasks[run], self.settings
        kernels = Kernels(
            s.parameters(n), task, network.initial, self.limit_kernel(), stream(s, Purpose.KERNELS, n, run)
        )
        ratios = work_through(kernels, chunks(KERNELS, CHUNK), s, self.progress, f"kernels at n = {self.words(n)}")
        law = Law(np.concatenate(list(ratios)))
        width = min(n, max(NARROW, s.horizon**2))
        if (width, run) not in narrow:
            narrow[width, run] = self._rests(width, run)
        ntk = task.linear(network.initial, network.kernel[None])[0]
        return Comparison(task, network.initial, network.responses, ntk, law, narrow[width, run] * (width / n))

    def _rests(self, width: int, run: int) -> Array:
        s = self.settings
        plan = Training(s.parameters(width), self.tasks[run], stream(s, Purpose.NARROW, width, run), "dense", 1 << 40)
        affordable = NARROW_STEPS // experiment_of(s).steps
        count = min(NARROW_NETWORKS, max(NARROW_NETWORKS // 4, affordable))
        work, what = chunks(count, 8), f"{count} RNNs of n = {width}"
        return np.concatenate(list(work_through(NarrowNetworks(plan), work, s, self.progress, what)))


def _lazy(plan: Training) -> Training:
    return Training(plan.parameters, plan.task, plan.stream, "lazy", plan.memory)
