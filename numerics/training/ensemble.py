"""Many random RNNs of one width, trained on the same data with the same rate, and what is remembered of them.

``Training`` says what is drawn and how it is trained; called with a chunk of replicates it draws them from the
chunk's own generator, so that ``ensembles.run_chunks`` gives the same on any number of workers. Replicates of a
chunk are trained together. It knows none of the limits that the results are compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from numerics.ensembles import Chunk, Stream
from numerics.gaussian_matrix import Array, DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.training.correlations import Correlations
from numerics.training.gradient_descent import DivergenceError, train
from numerics.training.krylov import LagKernel
from numerics.training.recurrent import RecurrentNetwork
from numerics.training.space_weights import MEMORY, SpaceWeights, directions_bound, training_bytes

MOST: Final = 4
"""Replicates that are trained together. A basis holds what any of them needs, so that more would be slower."""

NEW: Final = 30
"""After so many steps hardly any new direction is seen: what moves lies in the span of what has moved before."""


@dataclass(frozen=True, eq=False)
class Training:
    """What is drawn, and how it is trained.

    Attributes
    ----------
    parameters : Parameters
    correlations : Correlations
        Of the training data.
    steps : int
    eta : float
        The rate for the half-squared loss.
    stream : Stream
    sampler : str
        ``"lazy"`` or ``"dense"``; lazily any width is possible, those with fewer dimensions than products included.
    memory : int
        Bytes that one chunk may take; it is watched in every step.
    """

    parameters: Parameters
    correlations: Correlations
    steps: int
    eta: float
    stream: Stream
    sampler: str = "lazy"
    memory: int = MEMORY

    @property
    def directions(self) -> int:
        """How many directions of R^n one replicate shows, about: at most, if there are at most ``NEW`` steps."""
        n = self.parameters.n
        return n if self.sampler == "dense" else min(n, directions_bound(self.parameters, min(self.steps, NEW)))

    @property
    def bytes(self) -> int:
        """What one replicate takes, about."""
        return training_bytes(self.directions)

    @property
    def chunk_size(self) -> int:
        """How many replicates are trained together: the same on every machine; 0 where not even one fits."""
        return min(MOST, self.memory // self.bytes)

    @property
    def seconds(self) -> float:
        """Rough processor time of one replicate: products in a basis of that many vectors."""
        p = self.parameters
        return 1e-9 * self.steps * (p.horizon - 1) * (p.inputs + p.outputs) * float(self.directions) ** 2

    def __call__(self, chunk: Chunk) -> TrainedNetworks | Divergence:
        """Draw and train the replicates of one chunk."""
        rng = self.stream.generator(chunk.index)
        p, steps = self.parameters, range(self.steps + 1)
        space = (DenseSpace if self.sampler == "dense" else LazySpace)(p.n, chunk.replicates, rng)
        weights: SpaceWeights[Any] = SpaceWeights(space, p, self.memory, as_it_comes=True)
        network = RecurrentNetwork(weights, p.horizon)
        start = network.krylov.kernel
        matrix = start.matrix()
        change = np.zeros((chunk.replicates, self.steps + 1))

        def compare(step: int) -> None:
            change[:, step] = np.linalg.norm(network.krylov.kernel.matrix() - matrix, axis=(1, 2))

        try:
            found = train(network, self.correlations, steps, self.eta, compare)
        except DivergenceError as error:  # as a value: it has to travel from a worker
            return Divergence(error.step, str(error))
        responses = np.ascontiguousarray(np.swapaxes(found.responses, 0, 1))
        return TrainedNetworks(responses, found.losses.T.copy(), start, change, weights.directions)


@dataclass(frozen=True)
class Divergence:
    """A chunk in which at least one network diverged.

    Attributes
    ----------
    step : int
        The first step after which a loss was too large.
    words : str
        What ``DivergenceError`` says.
    """

    step: int
    words: str


@dataclass(frozen=True, eq=False)
class TrainedNetworks:
    """Replicates at one width, in order.

    Attributes
    ----------
    responses : array, (replicates, steps + 1, T, n_y, n_x)
        The impulse response L^ℓ after each step, L⁰ first.
    losses : array, (replicates, steps + 1)
        The half-squared loss on the training data.
    kernel : LagKernel
        The tangent kernel on impulse responses at the start, of each replicate.
    kernel_change : array, (replicates, steps + 1)
        ``‖P_n^ℓ - P_n⁰‖_F`` of the kernel's matrix on impulse responses.
    directions : int
        The most directions of R^n that a chunk has seen.
    """

    responses: Array
    losses: Array
    kernel: LagKernel
    kernel_change: Array
    directions: int

    @property
    def replicates(self) -> int:
        """How many there are."""
        return int(self.responses.shape[0])

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return int(self.responses.shape[1]) - 1

    @property
    def initial(self) -> Array:
        """L⁰, (replicates, T, n_y, n_x)."""
        return self.responses[:, 0]

    @classmethod
    def merged(cls, parts: Sequence[TrainedNetworks]) -> TrainedNetworks:
        """All replicates of some parts, in this order."""
        first = parts[0]
        return cls(
            _joined(part.responses for part in parts),
            _joined(part.losses for part in parts),
            LagKernel(
                _joined(part.kernel.A for part in parts),
                _joined(part.kernel.B for part in parts),
                first.kernel.horizon,
            ),
            _joined(part.kernel_change for part in parts),
            max(part.directions for part in parts),
        )


def _joined(arrays: Iterable[Array]) -> Array:
    return np.concatenate(list(arrays))
