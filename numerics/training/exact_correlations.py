"""The correlations of data in doubles, exactly: doubles are binary fractions, and so are sums of their products.

Of these exact numbers ``‖A‖²``, the largest eigenvalue of X, is enclosed from both sides. A Rayleigh quotient is below
it; for any invertible V the matrix ``V^{-1} X V`` has the same eigenvalues, and by Gershgorin none exceeds the largest
sum of a row. With V near the eigenvectors both agree to many digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

import numpy as np
from flint import arb, arb_mat, fmpz_mat
from numpy.typing import NDArray

from numerics.gaussian_matrix import Array
from numerics.realization.arithmetic import ball, entrywise, exact, precision

Exact = NDArray[np.object_]

BITS: Final = 192
"""Of the balls: 58 digits."""

_BATCH: Final = 1 << 18
"""Numbers of the data that are made whole numbers at once."""


@dataclass(frozen=True, eq=False)
class ExactCorrelations:
    """All that the half-squared loss knows of the data, as the fractions that it is.

    Attributes
    ----------
    X : array of Fraction, (T n_x, T n_x)
    Y : array of Fraction, (n_y, T n_x)
    energy : Fraction
        ``Σ ‖y‖²``.
    horizon : int
    """

    X: Exact
    Y: Exact
    energy: Fraction
    horizon: int

    @classmethod
    def of(cls, x: Array, y: Array) -> ExactCorrelations:
        """The exact correlations of N sequences.

        Parameters
        ----------
        x : array, (N, T, n_x)
        y : array, (N, T, n_y)
        """
        count, horizon, inputs = x.shape
        outputs = y.shape[2]
        unit_x, unit_y = _unit(x), _unit(y)
        pairs: Exact = np.zeros((horizon * inputs, horizon * inputs), dtype=object)
        cross: Exact = np.zeros((horizon * outputs, horizon * inputs), dtype=object)
        energy = 0
        size = max(1, _BATCH // (horizon * (inputs + outputs)))
        for start in range(0, count, size):
            flat_x = _whole(x[start : start + size].reshape(-1, horizon * inputs), unit_x)
            flat_y = _whole(y[start : start + size].reshape(-1, horizon * outputs), unit_y)
            pairs = pairs + _numbers(flat_x.transpose() * flat_x)
            cross = cross + _numbers(flat_y.transpose() * flat_x)
            energy += sum(int(value) ** 2 for value in flat_y.entries())
        pairs = pairs.reshape(horizon, inputs, horizon, inputs)
        cross = cross.reshape(horizon, outputs, horizon, inputs)
        X: Exact = np.zeros((horizon + 1, inputs, horizon + 1, inputs), dtype=object)
        for j in reversed(range(horizon)):  # X_jk = X_{j+1,k+1} + M[T-1-j, T-1-k]
            X[j, :, :horizon] = X[j + 1, :, 1:] + pairs[horizon - 1 - j, :, ::-1]
        Y = np.stack([sum(cross[t, :, t - j] for t in range(j, horizon)) for j in range(horizon)], axis=1)
        size = horizon * inputs
        scale_x, scale_y = Fraction(2) ** unit_x, Fraction(2) ** unit_y
        return cls(
            X[:horizon, :, :horizon].reshape(size, size) * scale_x**2,
            Y.reshape(outputs, size) * (scale_x * scale_y),
            energy * scale_y**2,
            horizon,
        )

    @property
    def inputs(self) -> int:
        """n_x."""
        return len(self.X) // self.horizon

    @cached_property
    def squared_norm(self) -> tuple[arb, arb]:
        """A lower and an upper bound of ``‖A‖²``."""
        _, vectors = np.linalg.eigh(self.X.astype(np.float64))
        with precision(BITS):
            X, V = ball_matrix(self.X), ball_matrix(exact(vectors, "eigenvectors"))
            images = X * V
            size = len(self.X)
            column = [V[i, size - 1] for i in range(size)]
            above, below = arb(0), arb(0)
            for i, v in enumerate(column):
                above += v * images[i, size - 1]
                below += v * v
            similar = V.solve(images)
            upper = arb(0)
            for i in range(size):
                upper = upper.max(sum((abs(similar[i, k]) for k in range(size) if k != i), similar[i, i]))
            return (above / below).lower(), upper.upper()


def _unit(values: Array) -> int:
    """A power of 2 of which all numbers are multiples."""
    mantissas, exponents = np.frexp(values)
    used = exponents[mantissas != 0]
    return int(used.min()) - 53 if used.size else 0


def _whole(values: Array, unit: int) -> fmpz_mat:
    """Numbers as multiples of a power of 2."""
    if not np.isfinite(values).all():
        raise ValueError("entries that are not finite have no exact value")
    mantissas, exponents = np.frexp(values)
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    shifts = np.where(whole != 0, exponents - 53 - unit, 0)
    entries = [int(value) << int(shift) for value, shift in zip(whole.flat, shifts.flat, strict=True)]
    return fmpz_mat(values.shape[0], values.shape[1], entries)


def _numbers(matrix: fmpz_mat) -> Exact:
    return np.array([int(value) for value in matrix.entries()], dtype=object).reshape(matrix.nrows(), matrix.ncols())


def ball_matrix(values: Exact) -> arb_mat:
    """Balls around fractions."""
    return arb_mat(entrywise(ball, values).tolist())
