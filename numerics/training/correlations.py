"""All that a squared loss knows of the data: correlations of inputs and outputs, computed once.

A causal linear model predicts ``ŷ_t = Σ_{j≤t} L_j x_{t-j}``, so that its **half-squared loss**
``½ Σ_i Σ_t ‖y_t - ŷ_t‖²`` is a quadratic form of the impulse response,

``½ (Σ‖y‖² - 2 Σ_j ⟨L_j, Y_j⟩ + Σ_jk ⟨L_j X_jk, L_k⟩)``,  ``X_jk = Σ x_{t-j} x_{t-k}^T``, ``Y_j = Σ y_t x_{t-j}^T``,

with gradient ``G_j = Σ_k L_k X_kj - Y_j``. Whatever is trained, a step costs the same for ten sequences and
for ten million. In the proof of Theorem 4.1, ``A`` maps L to all predictions: ``A^T A = X ⊗ I``.

Correlations of two sets of data add up, so that data can be streamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array

_CHUNK_BYTES: Final = 1 << 25
"""Sequences that are made contiguous at once, so that overlapping windows of a long record need no copy."""


@dataclass(frozen=True, eq=False)
class Correlations:
    """The sums over sequences and times that the half-squared loss is made of.

    Attributes
    ----------
    X : array, (T n_x, T n_x)
        Blocks ``X_jk = Σ_i Σ_t x_{t-j} x_{t-k}^T``, not normalized.
    Y : array, (n_y, T n_x)
        Blocks ``Y_j = Σ_i Σ_t y_t x_{t-j}^T``.
    energy, total : array, (n_y,)
        ``Σ y²`` and ``Σ y`` of each output.
    horizon : int
        T.
    count : int
        How many outputs were summed over, N T.
    """

    X: Array
    Y: Array
    energy: Array
    total: Array
    horizon: int
    count: int

    @classmethod
    def of(cls, x: Array, y: Array) -> Correlations:
        """The correlations of N sequences.

        One matrix product over the sequences, ``M[s, u] = Σ_i x_s x_u^T``, of which X_jk is the sum along a
        diagonal: ``X_jk = X_{j+1,k+1} + M[T-1-j, T-1-k]``.

        Parameters
        ----------
        x : array, (N, T, n_x)
        y : array, (N, T, n_y)

        Raises
        ------
        ValueError
            When the shapes do not belong together, or the data is not finite.
        """
        _check(x, y)
        horizon, inputs, outputs = x.shape[1], x.shape[2], y.shape[2]
        pairs, cross = _products(x, y)
        X = np.zeros((horizon + 1, inputs, horizon + 1, inputs))
        for j in reversed(range(horizon)):
            X[j, :, :horizon] = X[j + 1, :, 1:] + pairs[horizon - 1 - j, :, ::-1]
        Y = np.stack([np.einsum("tbta->ba", cross[j:, :, : horizon - j]) for j in range(horizon)], axis=1)
        size = horizon * inputs
        return cls(
            np.ascontiguousarray(X[:horizon, :, :horizon]).reshape(size, size),
            Y.reshape(outputs, size),
            np.einsum("itb,itb->b", y, y),
            np.asarray(y.sum(axis=(0, 1)), dtype=np.float64),
            horizon,
            x.shape[0] * horizon,
        )

    def __add__(self, other: Correlations) -> Correlations:
        """Those of both sets of data together."""
        if self.shape != other.shape:
            raise ValueError(f"correlations of impulse responses {self.shape} and {other.shape} do not add up")
        return Correlations(
            self.X + other.X,
            self.Y + other.Y,
            self.energy + other.energy,
            self.total + other.total,
            self.horizon,
            self.count + other.count,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """That of an impulse response, ``(T, n_y, n_x)``."""
        return self.horizon, self.Y.shape[0], self.Y.shape[1] // self.horizon

    @cached_property
    def largest_eigenvalue(self) -> float:
        """``‖A‖²`` of (62), the largest eigenvalue of X."""
        return float(max(np.linalg.eigvalsh(self.X)[-1], 0.0))

    @property
    def mean_squared_factor(self) -> float:
        """The mean-squared loss is this times the half-squared one: ``2 / (N T n_y)``.

        Gradient descent with rate η on the mean of all squared errors is gradient descent with rate
        ``η · mean_squared_factor`` here, and its B_1 is that of (62) divided by this factor.
        """
        return 2.0 / (self.count * int(self.Y.shape[0]))

    def gradient(self, L: Array) -> Array:
        """``G_j = Σ_k L_k X_kj - Y_j``, the gradient of the half-squared loss.

        Parameters
        ----------
        L : array, (…, T, n_y, n_x)

        Returns
        -------
        array, (…, T, n_y, n_x)
        """
        return blocks(rows(self._checked(L)) @ self.X - self.Y, self.horizon)

    def squared_errors(self, L: Array) -> Array:
        """``Σ_i Σ_t (y_t - ŷ_t)²`` of each output, up to rounding of ``Σ y²`` and ``Σ ŷ²``.

        Parameters
        ----------
        L : array, (…, T, n_y, n_x)

        Returns
        -------
        array, (…, n_y)
        """
        flat = rows(self._checked(L))
        explained = np.einsum("...aj,...aj->...a", flat, flat @ self.X - 2 * self.Y)
        return np.asarray(np.maximum(self.energy + explained, 0.0))

    def loss(self, L: Array) -> Array:
        """The half-squared loss, (…)."""
        return np.asarray(0.5 * self.squared_errors(L).sum(axis=-1))

    def r_squared(self, L: Array) -> Array:
        """``R² = 1 - Σ (y - ŷ)² / Σ (y - mean y)²`` of each output, (…, n_y); NaN for a constant one."""
        spread = self.energy - self.total**2 / self.count
        varies = spread > np.finfo(np.float64).eps * self.count * self.energy
        with np.errstate(over="ignore"):
            return np.asarray(1.0 - self.squared_errors(L) / np.where(varies, spread, np.nan))

    def _checked(self, L: Array) -> Array:
        if L.shape[-3:] != self.shape:
            raise ValueError(f"an impulse response of shape {L.shape[-3:]}, where the data has {self.shape}")
        return L


def predictions(L: Array, x: Array) -> Array:
    """``ŷ_t = Σ_{j≤t} L_j x_{t-j}`` of (5), as one matrix product.

    Parameters
    ----------
    L : array, (T, n_y, n_x)
    x : array, (N, T, n_x)

    Returns
    -------
    array, (N, T, n_y)
    """
    horizon, outputs, inputs = L.shape
    if x.shape[1:] != (horizon, inputs):
        raise ValueError(f"inputs of shape {x.shape}, where the impulse response has T = {horizon}, n_x = {inputs}")
    toeplitz = np.zeros((horizon, inputs, horizon, outputs))
    for start in range(horizon):
        toeplitz[start, :, start:] = L[: horizon - start].transpose(2, 0, 1)
    size = horizon * inputs
    return np.asarray(x.reshape(-1, size) @ toeplitz.reshape(size, -1)).reshape(x.shape[0], horizon, outputs)


def rows(L: Array) -> Array:
    """Blocks side by side: (…, T, n_y, n_x) as (…, n_y, T n_x)."""
    *batch, horizon, outputs, inputs = L.shape
    return np.moveaxis(L, -3, -2).reshape(*batch, outputs, horizon * inputs)


def blocks(flat: Array, horizon: int) -> Array:
    """The inverse of ``rows``."""
    *batch, outputs, size = flat.shape
    return np.ascontiguousarray(np.moveaxis(flat.reshape(*batch, outputs, horizon, size // horizon), -2, -3))


def _products(x: Array, y: Array) -> tuple[Array, Array]:
    """``Σ_i x_s x_u^T`` (T, n_x, T, n_x) and ``Σ_i y_t x_u^T`` (T, n_y, T, n_x)."""
    horizon, inputs, outputs = x.shape[1], x.shape[2], y.shape[2]
    pairs = np.zeros((horizon * inputs, horizon * inputs))
    cross = np.zeros((horizon * outputs, horizon * inputs))
    for part in _chunks(x.shape[0], 8 * horizon * (inputs + outputs)):
        flat = x[part].reshape(-1, horizon * inputs)
        pairs += flat.T @ flat
        cross += y[part].reshape(-1, horizon * outputs).T @ flat
    return pairs.reshape(horizon, inputs, horizon, inputs), cross.reshape(horizon, outputs, horizon, inputs)


def _chunks(count: int, bytes_each: int) -> Iterator[slice]:
    size = max(1, _CHUNK_BYTES // bytes_each)
    return (slice(start, start + size) for start in range(0, count, size))


def _check(x: Array, y: Array) -> None:
    if x.ndim != 3 or y.ndim != 3 or x.shape[:2] != y.shape[:2] or 0 in x.shape + y.shape:
        raise ValueError(f"x {x.shape} and y {y.shape}: (N, T, n_x) and (N, T, n_y) with the same N and T are needed")
    for name, values in (("x", x), ("y", y)):
        if not np.isfinite(values).all():
            raise ValueError(f"{name} has entries that are not finite")
