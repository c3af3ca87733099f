"""Square Gaussian matrices behind one interface, and the literal, dense one.

Simulation code asks a *space* for Gaussian vectors and Gaussian matrices and multiplies them with
``@``; it does not know whether the matrix is stored (``DenseSpace``) or known only through the
products asked of it (``lazy_matrix.LazySpace``). Everything is batched over independent
replicates: the leading axis of every array.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Block(ABC):
    """A block of column vectors in R^n, one for each replicate."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """Number of columns."""

    @abstractmethod
    def coordinates(self, dimension: int) -> Array:
        """Coordinates in an orthonormal basis, (replicates, dimension, columns).

        Zero-padded where the block has fewer; ``dimension`` is at least its own.
        """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """How many coordinates the block has."""

    @abstractmethod
    def __mul__(self, factor: float) -> Block:
        """The block times a number."""

    def inner(self, other: Block) -> Array:
        """All inner products, shape (replicates, columns, other.columns)."""
        common = min(self.dimension, other.dimension)  # beyond it one of them is zero
        mine = self.coordinates(self.dimension)[:, :common]
        theirs = other.coordinates(other.dimension)[:, :common]
        products: Array = np.matmul(mine.transpose(0, 2, 1), theirs)
        return products


BlockType = TypeVar("BlockType", bound=Block)


class GaussianMatrix(ABC, Generic[BlockType]):
    """An n×n matrix of independent N(0, variance) entries: ``@``, ``.T`` and ``shape``."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """``(n, n)``."""

    @property
    @abstractmethod
    def T(self) -> GaussianMatrix[BlockType]:  # the field's name for it
        """The transpose: the same random matrix seen from the other side."""

    @abstractmethod
    def __matmul__(self, block: BlockType) -> BlockType:
        """The product with a block of vectors."""


class Space(ABC, Generic[BlockType]):
    """R^n for a number of independent replicates, and the randomness drawn in it.

    Parameters
    ----------
    n : int
        Dimension, at least 1.
    replicates : int
        How many independent copies of everything are drawn.
    rng : numpy.random.Generator
    """

    def __init__(self, n: int, replicates: int, rng: np.random.Generator) -> None:
        if n < 1 or replicates < 1:
            raise ValueError(f"n = {n} and replicates = {replicates}: both must be at least 1")
        self.n = n
        self.replicates = replicates
        self.rng = rng

    @abstractmethod
    def gaussian_vectors(self, columns: int, variance: float) -> BlockType:
        """A block of independent vectors with independent N(0, variance) entries."""

    @abstractmethod
    def gaussian_matrix(self, variance: float) -> GaussianMatrix[BlockType]:
        """A matrix of independent N(0, variance) entries, independent of everything else."""


class DenseBlock(Block):
    """Vectors stored entry by entry, shape (replicates, n, columns)."""

    def __init__(self, entries: Array) -> None:
        self.entries = entries

    @property
    def columns(self) -> int:
        return int(self.entries.shape[2])

    @property
    def dimension(self) -> int:
        return int(self.entries.shape[1])

    def coordinates(self, dimension: int) -> Array:
        if dimension != self.dimension:
            raise ValueError(f"{dimension} coordinates of vectors in R^{self.dimension}")
        return self.entries

    def __mul__(self, factor: float) -> DenseBlock:
        return DenseBlock(self.entries * factor)


class DenseMatrix(GaussianMatrix[DenseBlock]):
    """Matrices stored entry by entry, shape (replicates, n, n): the referee of the lazy ones."""

    def __init__(self, entries: Array) -> None:
        self.entries = entries

    @property
    def shape(self) -> tuple[int, int]:
        return self.entries.shape[1], self.entries.shape[2]

    @property
    def T(self) -> DenseMatrix:
        return DenseMatrix(self.entries.transpose(0, 2, 1))

    def __matmul__(self, block: DenseBlock) -> DenseBlock:
        return DenseBlock(np.matmul(self.entries, block.entries))


class DenseSpace(Space[DenseBlock]):
    """R^n with every entry stored: O(n²) memory and time, no cleverness."""

    def gaussian_vectors(self, columns: int, variance: float) -> DenseBlock:
        return DenseBlock(self._draw((self.replicates, self.n, columns), variance))

    def gaussian_matrix(self, variance: float) -> DenseMatrix:
        return DenseMatrix(self._draw((self.replicates, self.n, self.n), variance))

    def _draw(self, shape: tuple[int, ...], variance: float) -> Array:
        entries = self.rng.standard_normal(shape)
        entries *= np.sqrt(variance)
        return entries
