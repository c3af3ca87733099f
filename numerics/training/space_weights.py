"""Training an RNN whose weights live in a space: lazily at any width, exactly in law.

With a ``LazySpace`` the matrix W⁰ is known only through the products asked of it, and training adds to it a matrix in
the span of the vectors seen, ``W = W⁰ + Δ``. Vectors and Δ are held by coordinates in the growing orthonormal basis,
and n enters only as a number: 10^12 states cost what a thousand do. With a ``DenseSpace`` the same code trains
a batch of stored matrices.

Training moves each vector of the Krylov sequences, of length about √n, by a vector of length about 1, and L by as
much as it moves the latter. So W⁰ is asked about what has been moved, ``δ_j = q_j^ℓ - q_j^0``, and never about the sum,
in which the digits that matter would fall under the threshold of the lazy matrix: at n = 10^12 an L off by 1e-5.

A step asks T - 1 products on each side, each of which may show a new direction for each of its columns. The wider
the RNN, the sooner a move lies in the span of the earlier ones, to ``lazy_matrix.DEGENERATE`` of its length: at
n = 10^12, T = 10 and two channels the first 60 steps show 680 directions, where 2,200 are possible.
"""

from __future__ import annotations

from typing import Final, Generic, cast

import numpy as np

from numerics.gaussian_matrix import Array, BlockType, DenseBlock, GaussianMatrix, Space
from numerics.lazy_matrix import LazyBlock, LazySpace
from numerics.linear_rnn import Parameters
from numerics.training.krylov import Krylov

MEMORY: Final = 1 << 31
"""How many bytes lazy training may take, unless said otherwise."""


class TooManyDirectionsError(ValueError):
    """Lazy training would see more directions than R^n has, or than memory holds."""


def directions_bound(parameters: Parameters, steps: int) -> int:
    """How many directions training shows at most: F and C, and every product of ``steps`` steps and of the start.

    Examples
    --------
    >>> directions_bound(Parameters(10**9, 5, 1, 1, 0.5, 1.0, 1.0), steps=30)
    250
    """
    columns = parameters.inputs + parameters.outputs
    return columns * (1 + (parameters.horizon - 1) * (steps + 1))


def training_bytes(directions: int, replicates: int = 1) -> int:
    """An upper estimate of the memory of lazy training.

    Queries and their images from both sides, twice while they grow; Δ, and twice its like while it changes.
    """
    return 8 * replicates * 7 * directions**2


class SpaceWeights(Generic[BlockType]):
    """The weights of some RNNs in a space, drawn from (4).

    Parameters
    ----------
    space : Space
        Lazy or dense; its replicates are trained together, on the same data.
    parameters : Parameters
    memory : int
        Bytes that lazy training may take.
    as_it_comes : bool
        Start long runs too, which might need more directions than there are or more memory, but mostly do not;
        then the memory is watched step by step.
    """

    def __init__(
        self, space: Space[BlockType], parameters: Parameters, memory: int = MEMORY, *, as_it_comes: bool = False
    ) -> None:
        if space.n != parameters.n:
            raise ValueError(f"the space has dimension {space.n}, the RNN {parameters.n} states")
        self._space = space
        self._parameters = parameters
        self._memory = memory
        self._as_it_comes = as_it_comes
        self._W0 = space.gaussian_matrix(parameters.nu_W)
        self._F = _rows(space.gaussian_vectors(parameters.inputs, parameters.nu_F))
        self._C = _rows(space.gaussian_vectors(parameters.outputs, parameters.nu_C))
        self._moved_F, self._moved_C = np.zeros_like(self._F), np.zeros_like(self._C)
        self._change = np.zeros((space.replicates, 0, 0))
        self._start: tuple[list[Array], list[Array]] | None = None

    @property
    def directions(self) -> int:
        """How many directions of R^n have been seen."""
        return self._space.dimension if isinstance(self._space, LazySpace) else self._space.n

    def prepare(self, horizon: int, steps: int) -> None:
        p = self._parameters
        if horizon != p.horizon:
            raise ValueError(f"data with T = {horizon}, where the RNN was made for T = {p.horizon}")
        if not isinstance(self._space, LazySpace) or self._as_it_comes:
            return
        bound = directions_bound(p, steps)
        run = f"{steps} steps with T = {horizon}, n_x = {p.inputs}, n_y = {p.outputs} may need {bound:,} directions"
        if bound > p.n:
            raise TooManyDirectionsError(f"{run}, and R^{p.n} has fewer: train with dense weights, or fewer steps")
        self._check_memory(bound, run)

    def krylov(self, horizon: int) -> Krylov:
        if self._start is None:
            right, left = [self._F], [self._C]
            for _ in range(horizon - 1):
                right.append(self._times(self._W0, right[-1]))
                left.append(self._times(self._W0.T, left[-1]))
            self._start = right, left
            return self._sequences(*self._start)
        return self._sequences(
            self._moved(self._W0, self._start[0], self._moved_F, np.swapaxes(self._change, 1, 2)),
            self._moved(self._W0.T, self._start[1], self._moved_C, self._change),
        )

    def descend(self, krylov: Krylov, G: Array, eta: float) -> None:
        dimension = krylov.right.shape[-1]
        if isinstance(self._space, LazySpace):
            self._check_memory(dimension, f"{dimension:,} directions have been seen")
        self._moved_C = _padded(self._moved_C, dimension) - eta * krylov.gradient_C(G)
        self._moved_F = _padded(self._moved_F, dimension) - eta * krylov.gradient_F(G)
        left, right = krylov.gradient_W(G)
        change = np.swapaxes(left, 1, 2) @ (right * -eta)
        old = self._change.shape[1]
        change[:, :old, :old] += self._change
        self._change = change

    def _check_memory(self, directions: int, what: str) -> None:
        needed = training_bytes(directions, self._space.replicates)
        if needed > self._memory:
            raise TooManyDirectionsError(
                f"{what}, {needed / 2**30:.3g} GiB for {self._space.replicates} replicates, where "
                f"{self._memory / 2**30:.3g} GiB are allowed: take fewer steps or allow more memory"
            )

    def _moved(self, base: GaussianMatrix[BlockType], start: list[Array], moved: Array, change: Array) -> list[Array]:
        """The sequence after training, from its moves ``δ_{j+1} = n^{-1/2} (W⁰ δ_j + Δ (q_j + δ_j))``."""
        deviations = [moved]
        for vectors in start[:-1]:
            image = self._times(base, deviations[-1])
            pushed = _on_common_basis(vectors, deviations[-1], change.shape[1]) @ change
            deviations.append(_sum(image, pushed * float(self._space.n) ** -0.5))
        return [_sum(one, other) for one, other in zip(start, deviations, strict=True)]

    def _sequences(self, right: list[Array], left: list[Array]) -> Krylov:
        dimension = self.directions
        return Krylov(_stacked(right, dimension), _stacked(left, dimension), self._space.n, len(right))

    def _times(self, base: GaussianMatrix[BlockType], vectors: Array) -> Array:
        """``n^{-1/2} W⁰ q`` or its mirror image, for vectors in rows."""
        return np.asarray(_rows(base @ self._block(np.swapaxes(vectors, 1, 2))) * float(self._space.n) ** -0.5)

    def _block(self, values: Array) -> BlockType:
        if isinstance(self._space, LazySpace):
            return cast("BlockType", LazyBlock(self._space, values))
        return cast("BlockType", DenseBlock(values))


def _rows(block: BlockType) -> Array:
    return np.ascontiguousarray(np.swapaxes(block.coordinates(block.dimension), 1, 2))


def _stacked(parts: list[Array], dimension: int) -> Array:
    return np.concatenate([_padded(part, dimension) for part in parts], axis=1)


def _sum(one: Array, other: Array) -> Array:
    dimension = max(one.shape[2], other.shape[2])
    return _padded(one, dimension) + _padded(other, dimension)


def _on_common_basis(one: Array, other: Array, dimension: int) -> Array:
    """The sum of two blocks of vectors, only the first coordinates of it."""
    return _padded(one[:, :, :dimension], dimension) + _padded(other[:, :, :dimension], dimension)


def _padded(vectors: Array, dimension: int) -> Array:
    missing = dimension - vectors.shape[2]
    return np.pad(vectors, ((0, 0), (0, 0), (0, missing))) if missing else vectors
