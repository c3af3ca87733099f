"""The training of Figure 4 and Table 1: random RNNs on both cuts, beside the convolutions from the same start.

One repetition draws the weights of one RNN, the same for limited and for all data. It depends on the seed, on n and on
its number alone: not on the number of workers or on what else is trained.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.ensembles import Chunk, Stream
from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Parameters
from numerics.memory import dense_bytes
from numerics.training import (
    Correlations,
    DivergenceError,
    NtkModel,
    TooManyDirectionsError,
    train,
    train_convolution,
)
from numerics.training.gradient_descent import Model
from numerics.training.space_weights import MEMORY
from numerics.training.students import cheaper_sampler, draw_network, least_error
from proofs_check.progress import Progress
from proofs_check.work import work_through

RNN, NTK, SCALED, UNSCALED = "RNN", "linear NTK model", "scaled convolution", "unscaled convolution"
MODELS: Final = (RNN, NTK, SCALED, UNSCALED)

_STREAM: Final = 42
_FIRST: Final = 50
"""Up to here every step is looked at; R² rises steeply at first."""

_FURTHER: Final = 60
"""How many steps are looked at after that, at equal ratios."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """One cut, as a worker needs it.

    Attributes
    ----------
    train, test : Correlations
    validation : Correlations or None
    eta : float
        For the half-squared loss.
    """

    train: Correlations
    validation: Correlations | None
    test: Correlations
    eta: float


@dataclass(frozen=True, eq=False)
class Trained:
    """One repetition on one cut.

    Attributes
    ----------
    initial : array, (T, n_y, n_x)
        L⁰, of all models.
    curves : dict
        Model → R² on the test block after each of the steps, (k, n_y).
    last, early : dict
        Model → which of the steps it ends with: the last, or that of the least validation error, if there is any.
    responses, early_responses : dict
        Model → L after that step.
    """

    initial: Array
    curves: dict[str, Array]
    last: dict[str, int]
    early: dict[str, int]
    responses: dict[str, Array]
    early_responses: dict[str, Array]


@dataclass(frozen=True)
class Failure:
    """Why a repetition came to nothing, in words."""

    words: str


@dataclass(frozen=True, eq=False)
class Lessons:
    """All that is to be trained; called with a chunk by a worker.

    Attributes
    ----------
    parameters : Parameters
    cuts : tuple of Lesson
    rho : array, (T,)
        The weights of the scaled convolution.
    largest : float
        ``max_j ρ_j`` as derived.
    steps : array of int, (k,)
        Those that are looked at.
    seed : int
    sampler : str
    stopping : bool
        Whether each model is taken at the step of its least validation error.
    """

    parameters: Parameters
    cuts: tuple[Lesson, ...]
    rho: Array
    largest: float
    steps: NDArray[np.int64]
    seed: int
    sampler: str
    stopping: bool

    @property
    def drawn(self) -> str:
        """``"dense"`` or ``"lazy"``: the same on every machine."""
        if self.sampler != "auto":
            return self.sampler
        return cheaper_sampler(self.parameters, int(self.steps[-1]))

    @property
    def _memory(self) -> int:
        """Bytes that the weights may take; a dense matrix was checked with the request."""
        return MEMORY if self.drawn == "lazy" else dense_bytes(self.parameters.n)

    def __call__(self, chunk: Chunk) -> Trained | Failure:
        """Repetition ``index // cuts`` on cut ``index % cuts``."""
        repetition, place = divmod(chunk.index, len(self.cuts))
        cut = self.cuts[place]
        rng = Stream(self.seed, (_STREAM, self.parameters.n, repetition)).generator()
        steps = self.steps.tolist()
        try:
            network = draw_network(self.parameters, steps[-1], rng, self.drawn, self._memory)
            initial, kernel = network.response().copy(), network.krylov.kernel
            runs = {
                RNN: train(_Bounded(network, self.largest), cut.train, steps, cut.eta),
                NTK: train(_Bounded(NtkModel(initial, kernel), self.largest), cut.train, steps, cut.eta),
                SCALED: train_convolution(cut.train, initial, self.rho, steps, cut.eta),
                UNSCALED: train_convolution(cut.train, initial, 1.0, steps, safe_rate(cut)),
            }
        except (DivergenceError, TooManyDirectionsError) as error:  # as words: they have to travel from a worker
            return Failure(str(error))
        validation = cut.validation
        early = {name: least_error(run, validation) for name, run in runs.items()} if validation else {}
        last = early if self.stopping else dict.fromkeys(runs, len(steps) - 1)
        return Trained(
            initial,
            {name: cut.test.r_squared(run.responses) for name, run in runs.items()},
            last,
            early,
            *({name: runs[name].responses[place].copy() for name, place in one.items()} for one in (last, early)),
        )


class _Bounded:
    """A model of which B_1 is known: the norm of its kernel, dear with many channels, is not worked out."""

    def __init__(self, model: Model, largest: float) -> None:
        self.prepare, self.response, self.descend = model.prepare, model.response, model.descend
        self._largest = largest

    def largest_weight(self) -> float:
        return self._largest


def safe_rate(cut: Lesson) -> float:
    """The rate of the unscaled convolution: that of all, unless its own B_1 is lower."""
    return min(cut.eta, 1 / cut.train.largest_eigenvalue)


def watched_steps(last: int) -> NDArray[np.int64]:
    """The steps that are looked at: all of the first, then more and more seldom."""
    first = np.arange(min(last, _FIRST) + 1)
    further = np.geomspace(_FIRST, last, _FURTHER) if last > _FIRST else np.array([last])
    return np.unique(np.concatenate([first, np.rint(further)])).astype(np.int64)


def train_all(
    lessons: Lessons, repetitions: int, jobs: int, progress: Progress
) -> tuple[dict[tuple[int, int], Trained | Failure], bool]:
    """Train every repetition on every cut; an interruption keeps what is complete.

    Returns
    -------
    found : dict
        (repetition, cut) → what came of it.
    interrupted : bool
    """
    work = [Chunk(index, 1) for index in range(repetitions * len(lessons.cuts))]
    found: dict[tuple[int, int], Trained | Failure] = {}
    what = f"training at n = {lessons.parameters.n:,}, {int(lessons.steps[-1])} steps"
    try:
        with closing(work_through(lessons, work, jobs, progress, what)) as results:
            for chunk, result in zip(work, results, strict=True):
                repetition, place = divmod(chunk.index, len(lessons.cuts))
                found[repetition, place] = result
    except KeyboardInterrupt:
        return found, True
    return found, False
