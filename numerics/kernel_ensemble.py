"""Many random RNNs at one width, and what is remembered of them.

``Simulation`` says what to draw, ``simulate`` draws one chunk of it, and ``Sample`` holds the
result: streaming moments of everything that is compared with an exact value, and the raw draws of
the few scalars whose distribution is tested. It knows no formula for any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from numerics.ensembles import Chunk, Stream
from numerics.gaussian_matrix import Array, DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Grams, Parameters, sample_grams
from numerics.memory import bytes_needed
from numerics.statistics import Moments
from numerics.tangent_kernel import kernel, lag_weights

KEPT: Final = 1 << 14
"""Raw draws that are kept for tests of a distribution; moments are streamed over all of them."""

_BATCH: Final = 128
_BATCH_BYTES: Final = 1 << 25
"""Replicates drawn at once: enough to amortize the calls, few enough to stay near the cache."""


@dataclass(frozen=True)
class Simulation:
    """What to draw.

    Attributes
    ----------
    parameters : Parameters
    x, x_prime : tuple of tuples of float
        Two input sequences, (T, n_x); the kernel K(x, x') is measured on them.
    sampler : str
        ``"dense"`` or ``"lazy"``.
    stream : Stream
    with_kernel : bool
        Whether the whole kernel is wanted, not only the lag weights.
    """

    parameters: Parameters
    x: tuple[tuple[float, ...], ...]
    x_prime: tuple[tuple[float, ...], ...]
    sampler: str
    stream: Stream
    with_kernel: bool = True

    def __call__(self, chunk: Chunk) -> Sample:
        """Draw one chunk."""
        return simulate(self, chunk)


@dataclass(frozen=True)
class Sample:
    """What is remembered of a number of replicates.

    Attributes
    ----------
    weights : Moments
        Of the lag weights, (T, T); expectation P_n(j, k).
    kernel : Moments or None
        Of K(x, x'), (T, n_y, T, n_y).
    products : Moments
        Of all products of two components of the impulse response, (T n_y n_x, T n_y n_x).
    conditional : Moments
        Of ``½ (ν_C tr A_jk / n_x + ν_F tr B_jk / n_y)``, (T, T): the covariance of L_j and L_k
        given (W, F) or (W, C), which has their covariance as its mean and far less spread.
    diagonal : array, (kept, T)
        The lag weights (j, j) of the first ``KEPT`` replicates.
    off_diagonal : array, (kept,)
        Sum of squares of their lag weights (j, k), j ≠ k.
    response : array, (kept, T, n_y, n_x)
        Their impulse responses.
    mismatch : float
        The largest ``Grams.mismatch`` of all replicates.
    """

    weights: Moments
    kernel: Moments | None
    products: Moments
    conditional: Moments
    diagonal: Array
    off_diagonal: Array
    response: Array
    mismatch: float

    @property
    def replicates(self) -> int:
        """Number of replicates."""
        return self.weights.count

    def merge(self, other: Sample) -> Sample:
        """Both together, in this order."""
        kernels = self.kernel.merge(other.kernel) if self.kernel and other.kernel else None
        room = max(0, KEPT - self.diagonal.shape[0])
        return Sample(
            self.weights.merge(other.weights),
            kernels,
            self.products.merge(other.products),
            self.conditional.merge(other.conditional),
            _appended(self.diagonal, other.diagonal[:room]),
            _appended(self.off_diagonal, other.off_diagonal[:room]),
            _appended(self.response, other.response[:room]),
            max(self.mismatch, other.mismatch),
        )


def _appended(kept: Array, more: Array) -> Array:
    return np.concatenate([kept, more]) if more.shape[0] else kept


def simulate(simulation: Simulation, chunk: Chunk) -> Sample:
    """Draw the replicates of one chunk, a batch at a time from one generator."""
    rng = simulation.stream.generator(chunk.index)
    size = batch_size(simulation)
    total: Sample | None = None
    for start in range(0, chunk.replicates, size):
        replicates = min(size, chunk.replicates - start)
        sample = _measure(_grams(simulation, replicates, rng), simulation)
        total = sample if total is None else total.merge(sample)
    if total is None:
        raise ValueError("a chunk must hold at least one replicate")
    return total


def _grams(simulation: Simulation, replicates: int, rng: np.random.Generator) -> Grams:
    p = simulation.parameters
    if simulation.sampler == "dense":
        return sample_grams(DenseSpace(p.n, replicates, rng), p)
    return sample_grams(LazySpace(p.n, replicates, rng), p)


def batch_size(simulation: Simulation) -> int:
    """How many replicates are drawn at once."""
    one = bytes_needed(simulation.parameters, simulation.sampler)
    return max(1, min(_BATCH, _BATCH_BYTES // one))


def _measure(grams: Grams, simulation: Simulation) -> Sample:
    p = simulation.parameters
    weights = lag_weights(grams)
    diagonal = np.ascontiguousarray(np.einsum("rjj->rj", weights))
    off_diagonal = weights * (1.0 - np.eye(p.horizon))  # not by subtraction: it is far smaller
    conditional = 0.5 * (
        p.nu_C * np.einsum("rjaka->rjk", grams.A) / p.inputs + p.nu_F * np.einsum("rjaka->rjk", grams.B) / p.outputs
    )
    kernels = None
    if simulation.with_kernel:
        kernels = Moments.of(kernel(grams, np.array(simulation.x), np.array(simulation.x_prime)))
    response = grams.L
    return Sample(
        Moments.of(weights),
        kernels,
        Moments.of_products(response.reshape(response.shape[0], -1)),
        Moments.of(conditional),
        diagonal,
        np.einsum("rjk,rjk->r", off_diagonal, off_diagonal),
        response,
        float(grams.mismatch.max()),
    )
