"""Gradient descent of the scaled convolution (7), ``L_j = √ρ_j θ_j``; with ρ = 1 that of the plain one (5).

A step on θ moves L by ``-η ρ_j G_j``: lags are learned at rates ρ_j. ``Convolution`` takes the steps one by one
(``gradient_descent.train``), ``train_convolution`` all at once by an eigen-decomposition of ``D^{1/2} X D^{1/2}``.
The loss is the half-squared one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from numerics.gaussian_matrix import Array
from numerics.training.correlations import Correlations, blocks, rows
from numerics.training.gradient_descent import Constants, Trajectory, checked_rate, checked_steps, loss_limit
from numerics.training.spectral import Spectrum, refuse_divergence


class Convolution:
    """A scaled convolution as a model to be trained step by step: the referee of ``train_convolution``.

    Parameters
    ----------
    initial : array, (…, T, n_y, n_x)
        L⁰; the parameters start at ``θ_j = L⁰_j / √ρ_j`` (60).
    rho : array_like, (T,) or scalar
        The weights of (7), positive.
    """

    def __init__(self, initial: Array, rho: ArrayLike = 1.0) -> None:
        self._rho = checked_weights(rho, initial.shape[-3])
        self._scale = np.sqrt(self._rho)[:, None, None]
        self.theta: Array = initial / self._scale

    def prepare(self, steps: int) -> None:
        """Any number of steps is possible."""

    def response(self) -> Array:
        return np.asarray(self._scale * self.theta)

    def descend(self, G: Array, eta: float) -> None:
        self.theta = self.theta - eta * self._scale * G

    def largest_weight(self) -> float:
        return float(self._rho.max())


def train_convolution(
    correlations: Correlations,
    initial: Array,
    rho: ArrayLike,
    steps: Iterable[int],
    eta: float | None = None,
) -> Trajectory:
    """Train a scaled convolution, any number of steps at the cost of one.

    Parameters
    ----------
    correlations : Correlations
        Of the training data.
    initial : array, (…, T, n_y, n_x)
    rho : array_like, (T,) or scalar
        The weights of (7), positive; 1 for the plain convolution.
    steps : iterable of int
        The steps to give, increasing; 0 is the start.
    eta : float, optional
        The rate for the half-squared loss; ``B_1 / 2`` unless given.

    Returns
    -------
    Trajectory

    Raises
    ------
    DivergenceError
    ValueError
        When a weight is not positive, the steps do not increase, or the rate is not positive.
    """
    wanted = checked_steps(steps)
    weights = checked_weights(rho, correlations.horizon)
    B_1 = Constants.of(correlations, initial, float(weights.max())).B_1
    eta = checked_rate(eta, B_1)
    spectrum = convolution_spectrum(correlations, initial, weights)
    start = correlations.loss(initial)
    refuse_divergence(spectrum, eta, wanted, loss_limit(correlations, initial) - start, B_1)
    responses, losses = [], []
    for step in wanted.tolist():
        responses.append(initial + blocks(spectrum.displacement(eta, step), correlations.horizon))
        losses.append(np.maximum(start - spectrum.loss_decrease(eta, step).sum(axis=-1), 0.0))
    return Trajectory(eta, wanted, np.stack(responses), np.stack(losses))


def convolution_spectrum(correlations: Correlations, initial: Array, weights: Array) -> Spectrum:
    """The modes of ``D^{1/2} X D^{1/2}``, the same for every output; gradient (…, n_y, T n_x)."""
    root = np.diag(np.repeat(np.sqrt(weights), correlations.shape[2]))
    scale = float(np.abs(rows(initial)).max(initial=0.0) * np.abs(correlations.X).max() + np.abs(correlations.Y).max())
    return Spectrum.of(correlations.X, root, rows(correlations.gradient(initial)), scale)


def checked_weights(rho: ArrayLike, horizon: int) -> Array:
    """The weights (T,), all positive."""
    weights = np.asarray(rho, dtype=np.float64)
    if weights.shape not in {(), (horizon,)}:
        raise ValueError(f"ρ of shape {weights.shape}: one weight for each of T = {horizon} lags is needed")
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError(f"ρ = {weights}: the weights must be positive")
    return np.broadcast_to(weights, (horizon,))
