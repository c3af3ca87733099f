"""The law of a Gaussian matrix given its images, (79)–(84), in innovations form.

The images of queries z_0, z_1, … under n^{-1/2} A, A with independent N(0, ν) entries, are jointly
Gaussian given the queries, independent over rows, and a row has covariance ``ν (1/n) Z^T Z``. With its
Cholesky factor L the images are ``R = 𝒢 L^T``, where 𝒢 has independent standard normal entries. Since
L grows by a row with each query, and a new column of 𝒢 is independent of all that came before, this
holds for queries chosen in view of earlier images as well: it is the conditional law, deterministic
part (83) and fresh part (84) together, without the inverse of Z̄^T Z̄.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array

DEGENERATE: Final = 1e-13
"""A query of which a smaller part, in squared norm, is outside the span of earlier ones is in it."""


class Factor:
    """A Cholesky factor that grows by a row at a time, one for each replicate.

    A query that lies in the span of earlier ones adds no direction: its row is known, its pivot is 0.
    This is the pseudo-inverse of (72d). No more than n directions are ever found.

    Parameters
    ----------
    replicates, n : int
    most : int
        Directions that may be found.

    Attributes
    ----------
    directions : int
        How many were found so far, in some replicate: a replicate that did not need one has a zero there.
    """

    def __init__(self, replicates: int, n: int, most: int) -> None:
        self._n = n
        self._rows = np.zeros((replicates, most, most))
        self._inverse_pivots = np.zeros((replicates, most))
        self._found = np.zeros(replicates, dtype=np.int64)
        self.directions = 0

    def append(self, covariances: Array, variance: Array) -> Array:
        """The row of a new query, which is kept if it brings a direction in some replicate.

        Parameters
        ----------
        covariances : array, (replicates, directions)
            ``ν (1/n) z^T z_j`` with the queries z_j that brought a direction.
        variance : array, (replicates,)
            ``ν (1/n) z^T z``.

        Returns
        -------
        array, (replicates, directions or directions + 1)
            Coefficients of the image in the innovations; the last is the pivot if there is a new one.
        """
        known = self.directions
        row = np.zeros((variance.shape[0], known + 1))
        for j in range(known):
            explained = np.einsum("rk,rk->r", self._rows[:, j, :j], row[:, :j])
            row[:, j] = (covariances[:, j] - explained) * self._inverse_pivots[:, j]
        rest = variance - np.einsum("rk,rk->r", row, row)
        new = (rest > DEGENERATE * variance) & (self._found < self._n)
        if not new.any():
            return row[:, :known]
        row[:, known] = np.sqrt(np.where(new, rest, 0.0))
        self._rows[:, known, : known + 1] = row
        np.divide(1.0, row[:, known], out=self._inverse_pivots[:, known], where=new)
        self._found += new
        self.directions += 1
        return row


def innovations(queries: Array, images: Array, variance: float) -> Array:
    """The innovations ``𝒢 = R L^{-T}`` of given images: independent N(0, 1) at every n.

    Parameters
    ----------
    queries, images : array, (replicates, k, n)
        Columns z_j and their images ``n^{-1/2} A z_j`` under one matrix.
    variance : float
        ν of the matrix.

    Returns
    -------
    array, (replicates, k, n)
        NaN where a query brought no new direction.
    """
    replicates, k, n = queries.shape
    gram = np.matmul(queries, queries.transpose(0, 2, 1)) * (variance / n)
    factor, kept = Factor(replicates, n, k), list[int]()
    found = np.zeros((replicates, k, n))
    result = np.full((replicates, k, n), np.nan)
    for j in range(k):
        row = factor.append(gram[:, j, kept], gram[:, j, j])
        if factor.directions == len(kept):
            continue
        rest = images[:, j] - np.matmul(row[:, None, :-1], found[:, : len(kept)])[:, 0]
        new = row[:, -1] > 0
        found[new, len(kept)] = rest[new] / row[new, -1, None]
        result[new, j] = found[new, len(kept)]
        kept.append(j)
    return result
