"""What theory says about a run: exact values at its widths, and which lags can be tested where.

A test against an exact value is meaningful while lag² ≤ n. Beyond, moments are heavy-tailed and the
mean of any affordable number of draws is dominated by draws that do not occur: a z-score means
nothing there. Exact values themselves end at ``MAX_EXACT_LAG``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from numerics.gaussian_matrix import Array
from numerics.tangent_kernel import block_toeplitz
from proofs_check.claims import Values
from proofs_check.settings import Settings
from theory import symbols
from theory.finite_width import MAX_EXACT_LAG, kernel_weight, response_covariance
from theory.finite_width_correction import relative_correction, relative_response_correction


class Expectations:
    """Exact and limit values for one run's settings; matrices hold NaN where no exact value is known."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.values: Values = {
            symbols.nu_W: _rational(settings.nu_W),
            symbols.nu_F: _rational(settings.nu_F),
            symbols.nu_C: _rational(settings.nu_C),
            symbols.T: sp.Integer(settings.horizon),
            symbols.n_x: sp.Integer(settings.inputs),
            symbols.n_y: sp.Integer(settings.outputs),
        }
        self.exact_lags = min(settings.horizon, MAX_EXACT_LAG + 1)
        self.weights = cache(self._weights)
        self.covariance = cache(self._covariance)
        self.corrections = cache(self._corrections)

    def in_regime(self, width: int) -> int:
        """How many lags 0, 1, … have lag² ≤ n at this width."""
        return min(self.settings.horizon, int(np.sqrt(float(min(width, 1 << 52)))) + 1)

    def tested_exactly(self, width: int) -> int:
        """How many lags are tested against exact values at this width."""
        return min(self.exact_lags, self.in_regime(width))

    def products(self, width: int) -> Array:
        """Exact covariance of the components of L, (T n_y n_x) squared."""
        channels = np.eye(self.settings.inputs * self.settings.outputs)
        with np.errstate(invalid="ignore"):
            covariance = self.covariance(width)
            block = np.einsum("jk,cd->jckd", np.nan_to_num(covariance), channels)
            block[np.isnan(covariance)[:, None, :, None] & np.ones_like(block, dtype=bool)] = np.nan
        size = self.settings.horizon * channels.shape[0]
        return np.asarray(block.reshape(size, size), dtype=np.float64)

    def kernel(self, width: int, x: Array, x_prime: Array) -> Array:
        """Exact mean kernel ``T(x)^T (P_n ⊗ I) T(x') ⊗ I``, (T, n_y, T, n_y); NaN beyond the exact lags."""
        s = self.settings
        weights = np.kron(np.nan_to_num(self.weights(width)), np.eye(s.inputs))
        scalar = block_toeplitz(x).T @ weights @ block_toeplitz(x_prime)
        scalar[self.exact_lags :] = np.nan
        scalar[:, self.exact_lags :] = np.nan
        kernel = np.zeros((s.horizon, s.outputs, s.horizon, s.outputs))
        kernel[:] = np.where(np.isnan(scalar), np.nan, 0.0)[:, None, :, None]
        for a in range(s.outputs):
            kernel[:, a, :, a] = scalar
        return kernel

    def _weights(self, width: int) -> Array:
        """P_n, (T, T)."""
        result = np.full((self.settings.horizon,) * 2, np.nan)
        for row in range(self.exact_lags):
            for column in range(row + 1):
                value = float(kernel_weight(row, column).at(width, self.settings.variances))
                result[row, column] = result[column, row] = value
        return result

    def _covariance(self, width: int) -> Array:
        """Exact covariance of L_j and L_k for one component, (T, T)."""
        result = np.full((self.settings.horizon,) * 2, np.nan)
        for row in range(self.exact_lags):
            for column in range(row + 1):
                value = float(response_covariance(row, column, width, self.settings.variances))
                result[row, column] = result[column, row] = value
        return result

    def _corrections(self, target: str, width: int) -> Array:
        """Relative distance of each lag from its limit; extrapolated beyond the exact lags, (T,)."""
        lags = range(self.settings.horizon)
        if target == "var":
            return np.array([relative_response_correction(lag, width) for lag in lags])
        return np.array([relative_correction(lag, width, self.settings.variances) for lag in lags])


def _rational(value: object) -> sp.Rational:
    return sp.Rational(str(value))
