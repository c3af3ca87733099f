"""The linear NTK model (12) of a finite RNN, trained on the half-squared loss.

It is the first-order expansion of the RNN at its start, ``L = L⁰ + J (θ - θ⁰)``, so that gradient descent is
``L ← L - η P_n G`` with ``P_n = J J^T`` (``krylov.LagKernel``). ``NtkModel`` takes the steps one by one,
``train_ntk_model`` all at once; ``dual_predictions`` is (12) and (14) to the letter, with the kernel between all
pairs of sequences, for small data.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Grams
from numerics.tangent_kernel import kernel
from numerics.training.correlations import Correlations, predictions
from numerics.training.gradient_descent import Constants, Trajectory, checked_rate, checked_steps, loss_limit
from numerics.training.krylov import LagKernel
from numerics.training.spectral import Spectrum, refuse_divergence


class NtkModel:
    """The linear NTK model, to be trained step by step.

    Parameters
    ----------
    initial : array, (…, T, n_y, n_x)
        L⁰, the impulse response of the RNN.
    kernel : LagKernel
        Its tangent kernel there.
    """

    def __init__(self, initial: Array, kernel: LagKernel) -> None:
        self._L = initial
        self._kernel = kernel

    def prepare(self, steps: int) -> None:
        """Any number of steps is possible."""

    def response(self) -> Array:
        return self._L

    def descend(self, G: Array, eta: float) -> None:
        self._L = self._L - eta * (self._kernel @ G)

    def largest_weight(self) -> float:
        return self._kernel.norm()


def train_ntk_model(
    correlations: Correlations,
    initial: Array,
    kernel: LagKernel,
    steps: Iterable[int],
    eta: float | None = None,
) -> Trajectory:
    """Train the linear NTK model of one RNN, any number of steps at the cost of one.

    Parameters
    ----------
    correlations : Correlations
        Of the training data.
    initial : array, (T, n_y, n_x)
    kernel : LagKernel
        Of one replicate.
    steps : iterable of int
        The steps to give, increasing; 0 is the start.
    eta : float, optional
        The rate for the half-squared loss; ``1/(2 ‖A‖² ‖P_n‖)`` unless given.

    Raises
    ------
    DivergenceError
    ValueError
        When the steps do not increase, or the rate is not positive.
    """
    wanted = checked_steps(steps)
    weights, vectors = np.linalg.eigh(kernel.matrix())
    B_1 = Constants.of(correlations, initial, float(weights[-1])).B_1
    eta = checked_rate(eta, B_1)
    outputs = initial.shape[-2]
    # flattened (T, n_y, n_x): X acts on lags and inputs, and is the same for every output
    X = np.einsum("jakc,bd->jbakdc", correlations.X.reshape(_lagged(correlations)), np.eye(outputs))
    scale = float(np.abs(initial).max() * np.abs(correlations.X).max() + np.abs(correlations.Y).max())
    spectrum = Spectrum.of(
        X.reshape(initial.size, initial.size),
        vectors * np.sqrt(np.maximum(weights, 0.0)),
        correlations.gradient(initial).reshape(1, initial.size),
        scale,
    )
    start = correlations.loss(initial)
    refuse_divergence(spectrum, eta, wanted, loss_limit(correlations, initial) - start, B_1)
    responses = [initial + spectrum.displacement(eta, step).reshape(initial.shape) for step in wanted.tolist()]
    losses = [np.maximum(start - spectrum.loss_decrease(eta, step).sum(), 0.0) for step in wanted.tolist()]
    return Trajectory(eta, wanted, np.stack(responses), np.stack(losses))


def dual_predictions(grams: Grams, x: Array, y: Array, x_new: Array, *, steps: int, eta: float) -> Array:
    """What the linear NTK model predicts, by the dual coefficients of (14).

    ``f_lin(x) = f(x, θ⁰) + Σ_i K(x, x_i) α_i``, ``α⁰ = 0``, ``α ← α - η (f_lin(x_·) - y_·)``: the literal form, with
    the (N T n_y)² entries of the kernel (13).

    Parameters
    ----------
    grams : Grams
        Of a single replicate.
    x, y : array, (N, T, n_x) and (N, T, n_y)
    x_new : array, (M, T, n_x)
    steps : int
    eta : float
        The rate for the half-squared loss.

    Returns
    -------
    array, (M, T, n_y)
    """
    if grams.L.shape[0] != 1:
        raise ValueError(f"{grams.L.shape[0]} replicates: the dual form is that of a single one")
    size = y[0].size
    gram = _kernel_matrix(grams, x, x, size)
    start = predictions(grams.L[0], x).ravel()
    alpha = np.zeros(y.size)
    for _ in range(steps):
        alpha -= eta * (start + gram @ alpha - y.ravel())
    learned = _kernel_matrix(grams, x_new, x, size) @ alpha
    return predictions(grams.L[0], x_new) + learned.reshape(x_new.shape[0], *y.shape[1:])


def _kernel_matrix(grams: Grams, one: Array, other: Array, size: int) -> Array:
    return np.block([[kernel(grams, x, x_prime)[0].reshape(size, size) for x_prime in other] for x in one])


def _lagged(correlations: Correlations) -> tuple[int, int, int, int]:
    horizon, _, inputs = correlations.shape
    return horizon, inputs, horizon, inputs
