"""Students of delayed outputs, ``y_t = ỹ_{t-delay} + noise``: what Figure 3 is made of.

With a delay the teacher's L_j stands at lag j + delay, where a student that learns lags at rates ρ_j is slow.

**What is measured.** The outputs before the delay are noise alone, and the more there are of them the less error there
is to make: averaged over all outputs the error of a student that learns nothing *falls* with the delay. The test
error is therefore the mean square over the outputs ``t ≥ delay``, which carry the signal, divided by the mean power of
the teacher's outputs without delay: 1 is what predicting 0 gives, about, and at 20 dB the noise leaves 0.01. It is that
after the last step; or, with optional stopping, of each student at that one of the steps that are looked
at, all or about a hundred, where its error on sequences set aside is least.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from numerics.ensembles import Chunk
from numerics.experiments.sequences import Sequences
from numerics.gaussian_matrix import Array
from numerics.training.correlations import Correlations
from proofs_check.errors import InputError
from proofs_check.experiment import Stopping
from proofs_check.experiments.coincidence import Law, Task, kernel_draws, lag_diagonal
from proofs_check.experiments.synthetic import (
    Purpose,
    Trained,
    Trainings,
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

KERNELS: Final = 99
"""Kernels that an RNN is ranked among."""


@dataclass(frozen=True, eq=False)
class Delayed:
    """What is learned in one run with one delay.

    Attributes
    ----------
    task : Task
        Its only watched data are the test outputs that carry the signal.
    aside : Correlations or None
        Of the sequences for optional stopping.
    power : float
        Mean power of the teacher's outputs without delay.
    """

    task: Task
    aside: Correlations | None
    power: float

    def stopped(self, responses: Array) -> Array:
        """The response at which training ends, (…, 1, T, n_y, n_x), of those at the remembered steps."""
        if self.aside is None:
            return responses[..., -1:, :, :, :]
        best = np.argmin(self.aside.loss(responses), axis=-1)
        return np.take_along_axis(responses, best[..., None, None, None, None], axis=-4)

    def linear(self, initial: Array, kernels: Array) -> Array:
        """Those of linear models, (r, 1, T, n_y, n_x)."""
        return self.stopped(self.task.linear(initial, kernels))

    def convolution(self, initial: Array, rho: Array) -> Array:
        """That of a convolution with some weights, (1, T, n_y, n_x)."""
        return np.asarray(self.linear(initial, lag_diagonal(rho, *initial.shape[1:])[None])[0])

    def unscaled(self, initial: Array) -> Array:
        """That of the unscaled convolution, at its own B_1 where the rate is not safe for it."""
        alone = Task(
            self.task.train,
            self.task.watched,
            self.task.steps,
            min(self.task.eta, 1 / self.task.train.largest_eigenvalue),
        )
        return Delayed(alone, self.aside, self.power).convolution(initial, np.ones(initial.shape[0]))

    def error(self, response: Array) -> float:
        """The test error of a response (1, T, n_y, n_x)."""
        return float(self.task.errors(response)[0, 0]) / self.power


@dataclass(frozen=True, eq=False)
class DelayRun:
    """One initial RNN, trained with each delay.

    Attributes
    ----------
    delayed : list of Delayed
    initial : array, (T, n_y, n_x)
        L⁰, the same for all.
    rnn, ntk : list of array, (1, T, n_y, n_x)
    law : Law
        Of the deviations at each delay, given L⁰.
    """

    delayed: list[Delayed]
    initial: Array
    rnn: list[Array]
    ntk: list[Array]
    law: Law

    def errors(self, rho: Array) -> dict[str, Array]:
        """The test error of each student at each delay, (delays,)."""
        scaled = [one.convolution(self.initial, rho) for one in self.delayed]
        unscaled = [one.unscaled(self.initial) for one in self.delayed]
        return {
            name: np.array([one.error(L) for one, L in zip(self.delayed, found, strict=True)])
            for name, found in (("RNN", self.rnn), ("scaled", scaled), ("unscaled", unscaled))
        }

    def rank(self, rho: Array) -> float:
        """The rank of the RNN's deviation, less its rest, among those of fresh kernels.

        About uniform on (0, 1]; that the rest is taken off makes it larger.
        """
        scaled = [one.convolution(self.initial, rho) for one in self.delayed]
        found = self.law.supremum(self._ratios(scaled)) - self.law.supremum(self._ratios(self.ntk))
        return float((1 + np.sum(self.law.suprema >= found)) / (1 + self.law.suprema.size))

    def _ratios(self, others: list[Array]) -> Array:
        pairs = zip(self.delayed, self.rnn, others, strict=True)
        return np.concatenate([one.task.log_ratios(rnn, other) for one, rnn, other in pairs])


@dataclass
class DelayContext(SyntheticContext):
    """One run of Figure 3."""

    def __post_init__(self) -> None:
        delays, horizon = self.delays, self.settings.horizon
        if len(delays) < 2 or delays[0] < 0 or delays[-1] >= horizon:
            asked = f"--delays {','.join(map(str, delays))} with --horizon {horizon}"
            raise InputError(f"{asked}: at least two delays are needed, each from 0 to {horizon - 1}")

    @property
    def delays(self) -> tuple[int, ...]:
        """In steps, ascending."""
        return experiment_of(self.settings).delays

    @cached_property
    def found(self) -> dict[int, list[DelayRun]]:
        """Width → its runs, as many as are complete when the user stops.

        Raises
        ------
        InterruptedRunError
            When none is.
        """
        if self.interrupted:
            raise InterruptedRunError
        tasks = [[self._delayed(run, delay) for delay in self.delays] for run in self.runs]
        found: dict[int, list[DelayRun]] = {n: [] for n in self.settings.widths}
        try:
            for n in self.settings.widths:
                plans = [training(self.settings, n, run, one.task) for run in self.runs for one in tasks[run]]
                work = [Chunk(index, 1) for index in range(len(plans))]
                trained: list[Trained] = []
                what = f"training at n = {self.words(n)}"
                for one in work_through(Trainings(plans), work, self.settings, self.progress, what):
                    trained.append(self.converged(n, one))
                    if len(trained) == len(self.delays):
                        run = len(found[n])
                        found[n].append(self._run(n, run, tasks[run], trained))
                        trained = []
        except KeyboardInterrupt:
            self.interrupted = True
        complete = {n: many for n, many in found.items() if many}
        if not complete:
            raise InterruptedRunError
        return complete

    def _delayed(self, run: int, delay: int) -> Delayed:
        e = experiment_of(self.settings)
        data, aside = sequences(self.settings, run, delay)
        train = Correlations.of(data.train.x, data.train.y)
        stops = e.stopping is Stopping.VALIDATION
        steps = remembered(e.steps) if stops else np.array([e.steps], dtype=np.int64)
        task = Task(train, (carrying(data.test, delay),), steps, rate(self.settings, train, self.weights.derived))
        power = float(np.mean(data.teacher.power(self.settings.horizon)))
        return Delayed(task, Correlations.of(aside.x, aside.y) if stops else None, power)

    def _run(self, n: int, run: int, delayed: list[Delayed], trained: list[Trained]) -> DelayRun:
        s, first, limit = self.settings, trained[0], self.limit_kernel()[None]
        kernels = kernel_draws(s.parameters(n), KERNELS, stream(s, Purpose.KERNELS, n, run).generator())
        ratios = [
            one.task.log_ratios(one.linear(first.initial, kernels), one.linear(first.initial, limit)) for one in delayed
        ]
        return DelayRun(
            delayed,
            first.initial,
            [one.stopped(network.responses) for one, network in zip(delayed, trained, strict=True)],
            [one.linear(first.initial, first.kernel[None])[0] for one in delayed],
            Law(np.concatenate(ratios, axis=1)),
        )


def carrying(data: Sequences, delay: int) -> Correlations:
    """Correlations of the outputs ``t ≥ delay`` alone, with all inputs that they depend on."""
    count, horizon, inputs = data.x.shape
    lagged = np.zeros((count, horizon, horizon, inputs))
    for lag in range(horizon):
        lagged[:, lag:, lag] = data.x[:, : horizon - lag]
    rows = lagged[:, delay:].reshape(-1, horizon * inputs)
    y = data.y[:, delay:].reshape(rows.shape[0], -1)
    return Correlations(rows.T @ rows, y.T @ rows, np.sum(y**2, axis=0), y.sum(axis=0), horizon, rows.shape[0])
