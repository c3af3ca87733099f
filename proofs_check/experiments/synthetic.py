"""The synthetic experiments of Figures 1–3: sequences of a small random RNN, and students that learn from them.

The paper's values of n_x, n_y, the ν's and η are lost. Here the students have the variances that all statements have
unless told otherwise; the teacher, its inputs and its noise are those of ``numerics.experiments.teacher``; η is half of
B_1 of (62), with the ρ_j that are derived, whatever is claimed: so that RNNs do not depend on a claim.

Each teacher, network and ensemble has a stream of random numbers of its own, keyed by what it is for, n and the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from numerics.ensembles import Chunk, Stream
from numerics.experiments.sequences import Sequences
from numerics.experiments.teacher import TeacherData, random_teacher, teacher_data
from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Parameters
from numerics.training.correlations import Correlations
from numerics.training.gradient_descent import DivergenceError, train
from numerics.training.students import draw_network
from proofs_check import work as chunked
from proofs_check.errors import InputError
from proofs_check.experiment import Experiment
from proofs_check.experiments.coincidence import Task
from proofs_check.progress import Progress
from proofs_check.settings import MEMORY_SHARE, Settings, available_memory

REMEMBERED: Final = 100
"""How many steps of a longer run are looked at."""

Result = TypeVar("Result")


class Purpose(IntEnum):
    """What a stream of random numbers is for: part of its key."""

    DATA = 0
    NETWORK = 1
    KERNELS = 2
    LIMIT = 3
    NARROW = 4


def stream(settings: Settings, purpose: Purpose, n: int = 0, run: int = 0) -> Stream:
    """The random numbers for one purpose."""
    return Stream(settings.seed, (41, int(purpose), n, run))


def experiment_of(settings: Settings) -> Experiment:
    """What is asked of training."""
    if settings.experiment is None:
        raise InputError("this statement trains: its options for training are missing")
    return settings.experiment


def sequences(settings: Settings, run: int, delay: int = 0) -> tuple[TeacherData, Sequences]:
    """Sequences of the teacher of one run, and those set aside for optional stopping."""
    e, source = experiment_of(settings), stream(settings, Purpose.DATA, run=run)
    teacher = random_teacher(
        source.generator(0),
        hidden=e.teacher_states,
        inputs=settings.inputs,
        outputs=settings.outputs,
        nu_W=float(e.teacher_nu_W),
        nu_F=float(e.teacher_nu_F),
        nu_C=float(e.teacher_nu_C),
    )
    try:
        data = teacher_data(
            source.generator(1),
            teacher,
            horizon=settings.horizon,
            train=e.train,
            test=e.test + e.validation,
            snr_db=e.snr,
            delay=delay,
        )
    except ValueError as error:  # a delay or an SNR
        raise InputError(f"--horizon {settings.horizon}, --snr {e.snr:g}: {error}") from None
    if not np.all(teacher.power(settings.horizon) > 0):
        raise InputError(
            "--teacher-nu-w, --teacher-nu-f, --teacher-nu-c: with these variances an output of the teacher vanishes"
        )
    aside = Sequences(data.test.x[e.test :], data.test.y[e.test :])
    return (
        TeacherData(teacher, data.train, Sequences(data.test.x[: e.test], data.test.y[: e.test]), delay, data.noise),
        aside,
    )


def bound(correlations: Correlations, rho: Array) -> float:
    """B_1 of (62) for the half-squared loss."""
    product = correlations.largest_eigenvalue * float(np.max(rho))
    return 1.0 / product if product > 0 else np.inf


def rate(settings: Settings, correlations: Correlations, rho: Array) -> float:
    """η for the half-squared loss.

    Raises
    ------
    InputError
        When it is a multiple of a bound that is infinite.
    """
    eta = experiment_of(settings).eta
    value = eta.at(bound(correlations, rho))
    if not (0 < value < np.inf):
        raise InputError(f"--eta {eta}: a rate must be positive and finite, and B_1 = {bound(correlations, rho):g}")
    return value


def remembered(steps: int, first: int = 0) -> NDArray[np.int64]:
    """The steps that are looked at: all of a short run, else some evenly and some geometrically.

    Examples
    --------
    >>> remembered(3).tolist(), remembered(5, 2).tolist(), len(remembered(10**6)) < 110
    ([0, 1, 2, 3], [2, 3, 4, 5], True)
    """
    if steps - first <= REMEMBERED:
        return np.arange(first, steps + 1, dtype=np.int64)
    even = np.linspace(first, steps, REMEMBERED // 2)
    geometric = np.geomspace(max(first, 1), steps, REMEMBERED // 2)
    return np.unique(np.rint(np.concatenate([even, geometric])).astype(np.int64))


@dataclass(frozen=True, eq=False)
class Trained:
    """An RNN after training.

    Attributes
    ----------
    initial : array, (T, n_y, n_x)
        L⁰.
    kernel : array, (m, m)
        Its tangent kernel P_n at the start.
    responses : array, (k, T, n_y, n_x)
        Empty where it diverged.
    diverged : str
        Where, and which rate would not.
    """

    initial: Array
    kernel: Array
    responses: Array
    diverged: str = ""


@dataclass(frozen=True, eq=False)
class Training:
    """An RNN to be trained.

    Attributes
    ----------
    parameters : Parameters
    task : Task
    stream : Stream
        Of its weights, one for each chunk.
    sampler : str
    memory : int
        Bytes that its weights may take.
    """

    parameters: Parameters
    task: Task
    stream: Stream
    sampler: str
    memory: int

    def __call__(self, chunk: Chunk) -> Trained:
        """Draw and train that of one chunk."""
        steps = int(self.task.steps[-1])
        network = draw_network(
            self.parameters, steps, self.stream.generator(chunk.index), self.sampler, memory=self.memory
        )
        initial, kernel = network.response().copy(), network.krylov.kernel.matrix()
        try:
            found = train(network, self.task.train, self.task.steps.tolist(), self.task.eta)
        except DivergenceError as error:
            return Trained(initial, kernel, np.empty((0, *initial.shape)), str(error))
        return Trained(initial, kernel, found.responses)


@dataclass(frozen=True, eq=False)
class Trainings:
    """Many of them, one for each chunk."""

    plans: Sequence[Training]

    def __call__(self, chunk: Chunk) -> Trained:
        """Train one."""
        return self.plans[chunk.index](Chunk(0, 1))


def training(settings: Settings, n: int, run: int, task: Task) -> Training:
    """The RNN of one width and run.

    Raises
    ------
    InputError
        When its matrix is to be dense and does not fit.
    """
    memory = int(available_memory() * MEMORY_SHARE) // (2 * settings.jobs)
    return Training(settings.parameters(n), task, stream(settings, Purpose.NETWORK, n, run), settings.sampler, memory)


def work_through(
    task: Callable[[Chunk], Result], work: Sequence[Chunk], settings: Settings, progress: Progress, what: str
) -> Iterator[Result]:
    """Results in order, with progress; what makes no sense is the user's to mend.

    Raises
    ------
    InputError
    """
    try:
        yield from chunked.work_through(task, work, settings.jobs, progress, what)
    except ValueError as error:  # too many directions, too large a matrix
        raise InputError(f"--n, --steps, --sampler: {error}") from None
