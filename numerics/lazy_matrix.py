"""A Gaussian matrix known only through the products asked of it, exact in law at every width.

This is the conditioning step of Lemma C.1's proof, (79)–(84), run as a sampler. Vectors are held by
their coordinates in an orthonormal basis of everything seen so far, which grows as new directions
appear. Of the matrix W only this is kept: orthonormal right queries U with their images Y = W U,
and orthonormal left queries V with Z = Wᵀ V. For a new right direction u ⊥ U,

    W u = V (Zᵀ u) + (I - V Vᵀ) g,    g fresh, N(0, ν I),

and the part of g outside the known basis is a χ variable with n - dim degrees of freedom along one
new basis vector. The left side is the mirror image. A query that repeats, or that lies in the span
of earlier ones in every replicate, draws nothing. When the basis has n vectors it is complete, and nothing new
appears. One product costs O(dim²), whatever n is.

Replicates share the size of the basis. A replicate whose query happens to be degenerate gets a
basis vector that it does not need, in an arbitrary new direction, and a zero column among its
queries: its law is unchanged.

Only linear recursions can be run this way: a row-wise nonlinearity needs the n entries.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array, Block, GaussianMatrix, Space

DEGENERATE: Final = 1e-10
"""A direction whose part outside the earlier queries is smaller, relatively, is in their span."""


class LazyBlock(Block):
    """Vectors given by coordinates in the basis of their space, shape (replicates, dim, columns)."""

    def __init__(self, space: LazySpace, values: Array) -> None:
        self.space = space
        self.values = values

    @property
    def columns(self) -> int:
        return int(self.values.shape[2])

    @property
    def dimension(self) -> int:
        return int(self.values.shape[1])

    def coordinates(self, dimension: int) -> Array:
        return _padded(self.values, dimension, axis=1)

    def inner(self, other: Block) -> Array:
        if not (isinstance(other, LazyBlock) and other.space is self.space):
            raise ValueError("the blocks belong to different spaces: their bases have nothing in common")
        return super().inner(other)

    def __mul__(self, factor: float) -> LazyBlock:
        return LazyBlock(self.space, self.values * factor)


class LazySpace(Space[LazyBlock]):
    """R^n seen through the vectors that occur: cost independent of n, n up to 10^18 and beyond."""

    def __init__(self, n: int, replicates: int, rng: np.random.Generator) -> None:
        super().__init__(n, replicates, rng)
        self.dimension = 0

    def gaussian_vectors(self, columns: int, variance: float) -> LazyBlock:
        return LazyBlock(self, self.standard_normal(columns) * np.sqrt(variance))

    def gaussian_matrix(self, variance: float) -> LazyMatrix:
        return LazyMatrix(self, variance)

    def standard_normal(self, columns: int) -> Array:
        """Coordinates of fresh N(0, I_n) vectors; the basis grows to hold them.

        Inside the known basis the coordinates are independent normals. Outside, the block is an
        (n-dim) × columns Gaussian matrix, written as an orthonormal frame (the new basis
        vectors) times Bartlett's triangular factor: χ with n-dim, n-dim-1, … degrees of freedom
        on its diagonal and normals above it.
        """
        known = self.dimension
        new = min(columns, self.n - known)
        values = np.zeros((self.replicates, known + new, columns))
        values[:, :known] = self.rng.standard_normal((self.replicates, known, columns))
        for i in range(new):
            values[:, known + i, i] = np.sqrt(self.rng.chisquare(float(self.n - known - i), self.replicates))
            values[:, known + i, i + 1 :] = self.rng.standard_normal((self.replicates, columns - i - 1))
        self.dimension = known + new
        return values


class _Side:
    """Orthonormal queries from one side and their images, both (replicates, queries, dim)."""

    def __init__(self, replicates: int) -> None:
        self.queries = np.zeros((replicates, 0, 0))
        self.images = np.zeros((replicates, 0, 0))

    def grow(self, dimension: int) -> None:
        self.queries = _padded(self.queries, dimension, axis=2)
        self.images = _padded(self.images, dimension, axis=2)

    def append(self, queries: Array, images: Array) -> None:
        self.queries = np.concatenate([self.queries, queries], axis=1)
        self.images = np.concatenate([self.images, images], axis=1)


class LazyMatrix(GaussianMatrix[LazyBlock]):
    """The matrix of a ``LazySpace``; see the module's description.

    Parameters
    ----------
    space : LazySpace
    variance : float
        Variance ν of the entries.
    """

    def __init__(self, space: LazySpace, variance: float) -> None:
        self.space = space
        self._variance = variance
        self._right = _Side(space.replicates)
        self._left = _Side(space.replicates)

    @property
    def shape(self) -> tuple[int, int]:
        return self.space.n, self.space.n

    @property
    def T(self) -> LazyMatrix:
        mirror = LazyMatrix(self.space, self._variance)
        mirror._right, mirror._left = self._left, self._right  # shared: one matrix, two views
        return mirror

    def __matmul__(self, block: LazyBlock) -> LazyBlock:
        if block.space is not self.space:
            raise ValueError("the block belongs to another space: its basis is not the matrix's")
        here, there, space = self._right, self._left, self.space
        here.grow(space.dimension)
        there.grow(space.dimension)
        directions, coefficients = _orthogonalize(block.coordinates(space.dimension), here.queries)

        fresh = space.standard_normal(directions.shape[1]) * np.sqrt(self._variance)
        known = directions.shape[2]
        images = np.ascontiguousarray(fresh.transpose(0, 2, 1))
        # V (Zᵀ u) + (I - V Vᵀ) g = g + V (Zᵀ u - Vᵀ g)
        determined = np.matmul(directions, there.images.transpose(0, 2, 1))
        drawn = np.matmul(images[:, :, :known], there.queries.transpose(0, 2, 1))
        images[:, :, :known] += np.matmul(determined - drawn, there.queries)

        here.grow(space.dimension)
        here.append(_padded(directions, space.dimension, axis=2), images)
        return LazyBlock(space, np.matmul(here.images.transpose(0, 2, 1), coefficients))


def _orthogonalize(block: Array, basis: Array) -> tuple[Array, Array]:
    """Split a block into known and new directions by Gram–Schmidt with reorthogonalization.

    Parameters
    ----------
    block : array, (replicates, dim, columns)
    basis : array, (replicates, known, dim)
        Orthonormal rows (or zero rows).

    Returns
    -------
    directions : array, (replicates, new, dim)
        New orthonormal rows, one for each column that adds something in some replicate; zero in
        the replicates where it adds nothing.
    coefficients : array, (replicates, known + new, columns)
        ``block = [basis; directions]ᵀ coefficients``.
    """
    replicates, _, columns = block.shape
    known = basis.shape[1]
    coefficients = np.zeros((replicates, known + columns, columns))
    residual, coefficients[:, :known] = _remove(block, basis)
    directions = np.zeros((replicates, columns, block.shape[1]))
    for i in range(columns):
        vector = residual[:, :, i : i + 1]
        norms = np.sqrt(_squared_norms(block[:, :, i : i + 1]))[:, 0]
        if i:
            vector, coefficients[:, known : known + i, i : i + 1] = _remove(vector, directions[:, :i])
            vector, again = _remove(vector, basis)  # the columns before may have cancelled almost all of it
            coefficients[:, :known, i : i + 1] += again
        length = np.sqrt(_squared_norms(vector))[:, 0]
        new = length > DEGENERATE * norms
        coefficients[:, known + i, i] = np.where(new, length, 0.0)
        directions[:, i] = vector[:, :, 0] * np.where(new, 1.0 / np.where(new, length, 1.0), 0.0)[:, None]
    used = directions.any(axis=(0, 2))
    if used.all():
        return directions, coefficients
    return directions[:, used], coefficients[:, np.concatenate([np.ones(known, dtype=bool), used])]


def _remove(vectors: Array, basis: Array) -> tuple[Array, Array]:
    """Take the part along orthonormal rows away, again where much was cancelled (Kahan's criterion)."""
    along = np.matmul(basis, vectors)
    residual = vectors - np.matmul(basis.transpose(0, 2, 1), along)
    if np.any(_squared_norms(residual) < 0.5 * _squared_norms(vectors)):
        again = np.matmul(basis, residual)
        residual -= np.matmul(basis.transpose(0, 2, 1), again)
        along += again
    return residual, along


def _squared_norms(vectors: Array) -> Array:
    return np.asarray(np.einsum("rdc,rdc->rc", vectors, vectors), dtype=np.float64)


def _padded(values: Array, size: int, axis: int) -> Array:
    missing = size - values.shape[axis]
    if missing == 0:
        return values
    shape = list(values.shape)
    shape[axis] = missing
    return np.concatenate([values, np.zeros(shape)], axis=axis)
