"""The students of the experiments: RNN, scaled and unscaled convolution, trained from one start at one rate.

Figures 1–4 and Table 1 train these three, and here the linear NTK model (12) of the RNN as well, on the same data from
the RNN's impulse response L⁰; they differ in what they look at. The unscaled convolution is the one with ρ_j = 1.
It may need a lower rate: its B_1 of (62) is ``1/‖A‖²``, that of the scaled one ``1/(‖A‖² max_j ρ_j)``, so that with
``max_j ρ_j ≥ 1`` every safe rate of the scaled one is safe for it. It is trained with the lower of η and its own B_1,
and its trajectory says which.

The RNN is drawn entry by entry, or lazily, in the same law. A step of the first moves ``8 n² T`` bytes, whatever the
columns; a step of the second asks ``2(T-1)`` products, each of which moves some arrays of the squared number of
directions that were seen, at most ``directions_bound``. By that estimate the cheaper is taken, as long as a dense
matrix fits in the memory and the directions in R^n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from numerics.gaussian_matrix import Array
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.memory import dense_bytes
from numerics.training.convolution import checked_weights, train_convolution
from numerics.training.correlations import Correlations
from numerics.training.dense_weights import DenseWeights
from numerics.training.gradient_descent import Constants, Trajectory, checked_rate, train
from numerics.training.krylov import Krylov
from numerics.training.ntk_model import train_ntk_model
from numerics.training.recurrent import RecurrentNetwork
from numerics.training.space_weights import MEMORY, SpaceWeights, directions_bound

SAMPLERS: Final = ("auto", "dense", "lazy")

_ARRAYS: Final = 8
"""Arrays of (directions / 2) × directions numbers that a lazy product moves."""


@dataclass(frozen=True, eq=False)
class Students:
    """Trajectories from one start, remembered at the same steps.

    Attributes
    ----------
    rnn, ntk, scaled, unscaled : Trajectory
        The RNN (1), its linear NTK model (12), the convolution (7) with given ρ, and that with ρ = 1. Responses are
        (k, T, n_y, n_x). All have the same η, but for an unscaled convolution that it would not be safe for.
    """

    rnn: Trajectory
    ntk: Trajectory
    scaled: Trajectory
    unscaled: Trajectory


class SingleWeights:
    """Weights of one RNN in a space, without the axis of replicates.

    Parameters
    ----------
    weights : SpaceWeights
        Of a single replicate.
    """

    def __init__(self, weights: SpaceWeights) -> None:  # type: ignore[type-arg]  # any space
        self._weights = weights

    @property
    def directions(self) -> int:
        """How many directions of R^n have been seen."""
        return self._weights.directions

    def prepare(self, horizon: int, steps: int) -> None:
        """As for many."""
        self._weights.prepare(horizon, steps)

    def krylov(self, horizon: int) -> Krylov:
        """The Krylov sequences, (T n_x, dim) and (T n_y, dim)."""
        batch = self._weights.krylov(horizon)
        return Krylov(batch.right[0], batch.left[0], batch.n, horizon)

    def descend(self, krylov: Krylov, G: Array, eta: float) -> None:
        """One step, as of a batch of one."""
        batch = Krylov(krylov.right[None], krylov.left[None], krylov.n, krylov.horizon)
        self._weights.descend(batch, G[None], eta)


def draw_network(
    parameters: Parameters, steps: int, rng: np.random.Generator, sampler: str = "auto", memory: int = MEMORY
) -> RecurrentNetwork:
    """An RNN with weights from (4) to be trained, dense or lazy; responses are (T, n_y, n_x) either way.

    Parameters
    ----------
    parameters : Parameters
    steps : int
        How many are going to be taken.
    rng : Generator
    sampler : str
        ``"dense"``, ``"lazy"``, or ``"auto"``, the cheaper one that is possible.
    memory : int
        Bytes that the weights may take.

    Raises
    ------
    ValueError
        When the sampler is unknown, or a dense matrix does not fit in the memory.
    """
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler {sampler!r}: it is one of {', '.join(SAMPLERS)}")
    if sampler == "auto":
        sampler = cheaper_sampler(parameters, steps, memory)
    if sampler == "dense":
        if dense_bytes(parameters.n) > memory:
            raise ValueError(
                f"a dense W of {parameters.n:,} states takes {dense_bytes(parameters.n) / 2**30:.3g} GiB, where "
                f"{memory / 2**30:.3g} GiB are allowed: draw it lazily, or allow more memory"
            )
        return RecurrentNetwork(DenseWeights.draw(parameters, rng), parameters.horizon)
    # the bound on directions is a pessimist: training of a wide RNN sees some hundreds, and the memory is watched
    space = LazySpace(parameters.n, 1, rng)
    return RecurrentNetwork(
        SingleWeights(SpaceWeights(space, parameters, memory, as_it_comes=True)), parameters.horizon
    )


def cheaper_sampler(parameters: Parameters, steps: int, memory: int = MEMORY) -> str:
    """``"dense"`` or ``"lazy"``: what takes fewer bytes moved, by an estimate that is a bound for the lazy one.

    Examples
    --------
    >>> [cheaper_sampler(Parameters(n, 10, 1, 1, 0.8, 1.3, 0.7), steps=200) for n in (1000, 10**9)]
    ['dense', 'lazy']
    """
    n, horizon = parameters.n, parameters.horizon
    if dense_bytes(n) > memory:
        return "lazy"
    directions = directions_bound(parameters, steps)
    if directions > n:
        return "dense"
    dense = dense_bytes(n) * horizon * (steps + 1)
    products = 2 * (horizon - 1) * (steps + 1)
    lazy = products * _ARRAYS * 8 * (directions**2 // 2) // 3  # directions grow with the steps: a third of the square
    return "lazy" if lazy < dense else "dense"


def train_students(
    correlations: Correlations,
    network: RecurrentNetwork,
    rho: ArrayLike,
    steps: Iterable[int],
    eta: float | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> Students:
    """Train all of them.

    Parameters
    ----------
    correlations : Correlations
        Of the training data.
    network : RecurrentNetwork
        Of one replicate; it is changed.
    rho : array_like, (T,)
        The weights of the scaled convolution, positive.
    steps : iterable of int
        The steps to remember, increasing; 0 is the start.
    eta : float, optional
        The rate for the half-squared loss; ``B_1 / 2`` of the scaled convolution unless given.
    progress : callable, optional
        Told the number of each step of the RNN.

    Raises
    ------
    DivergenceError
        When one of them diverges.
    ValueError
        When a weight is not positive, the steps do not increase, or the rate is not positive.
    """
    wanted = list(steps)
    weights = checked_weights(rho, correlations.horizon)
    initial, kernel = network.response().copy(), network.krylov.kernel
    eta = checked_rate(eta, Constants.of(correlations, initial, float(weights.max())).B_1)
    alone = Constants.of(correlations, initial, 1.0).B_1
    return Students(
        rnn=train(network, correlations, wanted, eta, progress),
        ntk=train_ntk_model(correlations, initial, kernel, wanted, eta),
        scaled=train_convolution(correlations, initial, weights, wanted, eta),
        unscaled=train_convolution(correlations, initial, 1.0, wanted, min(eta, alone)),
    )


def least_error(trajectory: Trajectory, correlations: Correlations) -> int:
    """Which of the remembered steps has the least loss on other data, the first of equals: optional stopping."""
    return int(np.argmin(correlations.loss(trajectory.responses)))
