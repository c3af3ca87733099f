"""Teacher data, and random RNNs of many widths that are trained on it: what 3.1 and 4.1 measure.

The data, and what is drawn at a width, depend on the seed and the settings alone: not on the other widths, on the
order in which they are asked for, or on the number of workers. All RNNs descend at one rate, a multiple of the bound
B_1 of (62) for given weights ρ_j.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from enum import IntEnum
from typing import Final

import numpy as np

from numerics.ensembles import Chunk, Stream, chunks
from numerics.experiments import TeacherData, random_teacher, teacher_data
from numerics.gaussian_matrix import Array
from numerics.training import Constants, Correlations, DivergenceError, TooManyDirectionsError, train_convolution
from numerics.training.ensemble import Divergence, TrainedNetworks, Training
from proofs_check.errors import InputError
from proofs_check.experiment import Experiment
from proofs_check.progress import Progress, Silent
from proofs_check.settings import MIN_REPLICATES, Settings, memory_in_words
from proofs_check.theorem import InterruptedRunError
from proofs_check.work import work_through

LONG: Final = 300.0
"""Seconds of processor time beyond which the user is told."""


class Purpose(IntEnum):
    """What a stream of random numbers is for: part of its key."""

    DATA = 0
    NETWORKS = 1


class Laboratory:
    """Draws and trains on demand, and keeps the result.

    Parameters
    ----------
    settings : Settings
        With an experiment.
    rho : array, (T,)
        The weights whose B_1 the rate is a multiple of.
    progress : Progress, optional

    Attributes
    ----------
    data : TeacherData
    correlations, new_correlations : Correlations
        Of the training data, and of the sequences that are new to the models.
    B_1, eta : float
        For the half-squared loss.
    effort : float
        How far training moves (W, F, C) in the limit, from an L⁰ of 0 (``effort_of``).
    complete : dict
        Width → what was drawn there.
    diverged : dict
        Width → when gradient descent diverged there.
    interrupted : bool

    Raises
    ------
    InputError
        When the rate is so large that the scaled convolution diverges.
    """

    def __init__(self, settings: Settings, rho: Array, progress: Progress | None = None) -> None:
        assert settings.experiment is not None  # a statement about training has one
        self.settings = settings
        self.experiment: Experiment = settings.experiment
        self.interrupted = False
        self.complete: dict[int, TrainedNetworks] = {}
        self.diverged: dict[int, Divergence] = {}
        self._progress = progress or Silent()
        self.data = self._draw_data()
        self.correlations = Correlations.of(self.data.train.x, self.data.train.y)
        self.new_correlations = Correlations.of(self.data.test.x, self.data.test.y)
        zero = np.zeros(self.correlations.shape)
        self.B_1 = Constants.of(self.correlations, zero, float(np.max(rho))).B_1
        self.eta = self.experiment.eta.at(self.B_1)
        try:
            learned = train_convolution(self.correlations, zero, rho, [self.experiment.steps], self.eta).responses[0]
        except DivergenceError as error:
            raise InputError(f"--eta {self.experiment.eta}: {error}") from None
        variances = float(settings.nu_W), float(settings.nu_F), float(settings.nu_C)
        self.effort = effort_of(learned, np.asarray(rho), variances)

    @property
    def replicates(self) -> int:
        """How many RNNs are drawn at each width."""
        return self.settings.replicates or MIN_REPLICATES

    def check(self, widths: tuple[int, ...]) -> tuple[str, ...]:
        """What the user should know before training at these widths starts.

        Raises
        ------
        InputError
            When the memory does not suffice at one of them.
        """
        for n in widths:
            training = self.training(n)
            if training.chunk_size == 0 and training.sampler == "dense":
                raise InputError(
                    f"--sampler dense at n = {n}: training one RNN takes {memory_in_words(training.bytes)}, more than "
                    f"the {memory_in_words(training.memory)} that it may; --sampler lazy is exact in law at every n"
                )
            if training.chunk_size == 0:
                raise InputError(
                    f"--steps {training.steps} with --horizon {self.settings.horizon}: training one RNN at n = {n} "
                    f"shows about {training.directions:,} directions of R^n and takes "
                    f"{memory_in_words(training.bytes)}, more than the {memory_in_words(training.memory)} that it "
                    "may; take fewer steps, a shorter horizon or fewer channels"
                )
        seconds = self.replicates * sum(self.training(n).seconds for n in widths)
        if seconds <= LONG:
            return ()
        steps = f"--steps {self.experiment.steps} with --horizon {self.settings.horizon}"
        networks = f"{self.replicates} RNNs at each of {len(widths)} widths"
        return (f"{steps}: about {seconds / 60:.0f} minutes of processor time for {networks}",)

    def training(self, n: int) -> Training:
        """What is drawn at a width, and how it is trained; densely at the given widths alone, if that is asked for."""
        dense = self.settings.sampler == "dense" and n in self.settings.widths
        sampler = "dense" if dense else "lazy"
        return Training(
            self.settings.parameters(n),
            self.correlations,
            self.experiment.steps,
            self.eta,
            self._stream(Purpose.NETWORKS, n, sampler),
            sampler,
        )

    def trained(self, n: int) -> TrainedNetworks | Divergence:
        """The RNNs of one width.

        Raises
        ------
        InputError
            When they take too much memory.
        InterruptedRunError
            When the user stopped the run before they were complete.
        """
        if n in self.diverged:
            return self.diverged[n]
        if n not in self.complete:
            found = self._draw(n)
            if isinstance(found, Divergence):
                self.diverged[n] = found
                return found
            self.complete[n] = found
        return self.complete[n]

    def train_all(self, widths: tuple[int, ...]) -> dict[int, TrainedNetworks]:
        """The RNNs of several widths, except those that diverged; after an interruption what is complete.

        Raises
        ------
        InterruptedRunError
            When the user stopped the run before any was.
        """
        found = {}
        for n in widths:
            try:
                one = self.trained(n)
            except InterruptedRunError:
                continue
            if isinstance(one, TrainedNetworks):
                found[n] = one
        if not found and self.interrupted:
            raise InterruptedRunError
        return found

    def _draw(self, n: int) -> TrainedNetworks | Divergence:
        """Draw and train in chunks, merged in order; an incomplete width is of no use."""
        if self.interrupted:
            raise InterruptedRunError
        training = self.training(n)
        work = chunks(self.replicates, training.chunk_size)
        what = f"training at n = {n:,}"
        try:
            return train_many(training, work, self.settings.jobs, self._progress, what)
        except TooManyDirectionsError as error:
            raise InputError(f"--steps {training.steps} at n = {n}: {error}, or a shorter horizon") from None
        except KeyboardInterrupt:
            self.interrupted = True
            raise InterruptedRunError from None

    def _draw_data(self) -> TeacherData:
        s, e = self.settings, self.experiment
        teacher = random_teacher(
            self._stream(Purpose.DATA).generator(0),
            hidden=e.teacher_states,
            inputs=s.inputs,
            outputs=s.outputs,
            nu_W=float(e.teacher_nu_W),
            nu_F=float(e.teacher_nu_F),
            nu_C=float(e.teacher_nu_C),
        )
        return teacher_data(
            self._stream(Purpose.DATA).generator(1),
            teacher,
            horizon=s.horizon,
            train=e.train,
            test=e.test,
            snr_db=e.snr,
        )

    def _stream(self, purpose: Purpose, n: int = 0, sampler: str = "lazy") -> Stream:
        return Stream(self.settings.seed, (310, int(purpose), n, int(sampler == "dense")))


def effort_of(learned: Array, rho: Array, variances: tuple[float, float, float]) -> float:
    """How far (W, F, C) move in the limit when L learns something: about the change of some log ρ_j, times n.

    The sum of the squares of the moves of W, F and C is ``Σ ‖L_j‖²/ρ_j``. Each of them counts in units of the variance
    that changes the logarithm of some ρ_j by 1; otherwise the scale of the weights would matter.

    Parameters
    ----------
    learned : array, (T, n_y, n_x)
        What the convolution adds to L.
    rho : array, (T,)
    variances : tuple of float
        ν_W, ν_F, ν_C.
    """
    nu_W, nu_F, nu_C = variances
    squares = np.einsum("jab,jab->j", learned, learned) / rho**2
    j = np.arange(rho.size)
    power, once = nu_W**j, j * nu_W ** np.maximum(j - 1.0, 0.0)
    twice = j * (j - 1) * nu_W ** np.maximum(j - 2.0, 0.0)
    parts = (  # of each lag in the squared move of one matrix, and the derivative of ρ_j by its variance
        (nu_F * power, nu_F * once + power),
        (nu_C * power, nu_C * once + power),
        (nu_C * nu_F * once, nu_C * nu_F * twice + (nu_C + nu_F) * once),
    )
    return float(sum((squares @ share) * np.max(slope / rho) for share, slope in parts))


def train_many(
    training: Training, work: Sequence[Chunk], jobs: int, progress: Progress, what: str
) -> TrainedNetworks | Divergence:
    """All RNNs of one width in order, or how the first of them diverged."""
    parts = []
    with closing(work_through(training, work, jobs, progress, what)) as results:
        for part in results:
            if isinstance(part, Divergence):
                return part
            parts.append(part)
    return TrainedNetworks.merged(parts)
