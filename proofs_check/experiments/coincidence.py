"""How far the curves of a finite RNN may be from those of the scaled convolution: a law, not a tolerance.

To first order the RNN trains as its linear NTK model, whose kernel P_n is random and tends to ``D(ρ)``: Theorem 3.3(b).
Given L⁰, the deviation of the RNN's error curve from the scaled convolution's is therefore that of a linear model with
a kernel that is drawn at the same n from the law of P_n. Kernels are drawn lazily at any width, and such a model is
trained in closed form, so that this law is a sample of thousands. No formula for ρ goes into it: it is centred at a
kernel that is measured at n = 10^18.

Two things are compared with laws, each a supremum over the steps and over training and test error:

- the **deviation**, ``|log E_RNN - log E_scaled|`` in units of its standard deviation at each step. L⁰ is odd in C,
  and P_n is even, so that they are uncorrelated, and independent as n → ∞: the law given L⁰ is that of fresh kernels;
- the **rest**, ``|log E_RNN - log E_NTK|`` with the RNN's own kernel, which is of order 1/n. Its law is that of narrow
  RNNs, ``rest n / narrow`` wide. It is taken off the deviation, so that what is left is at most the linear model's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.gaussian_matrix import Array
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters, sample_grams
from numerics.training.correlations import Correlations
from numerics.training.krylov import LagKernel

TAIL: Final = 0.05
"""The share of a sample from which its tail is extrapolated,"""

FEWEST: Final = 32
"""unless these are fewer draws, and never more than half of them."""

NOISE: Final = 1e-12
"""Differences of logarithms that are rounding."""

REST_NOISE: Final = 2e-10
"""The like after training a lazily drawn RNN, which stops asking for directions at 1e-10."""

HUGE: Final = 1e3
"""The logarithm of an error that is not finite."""

SMALL: Final = 1e-13
"""Of the energy of the data: errors below are rounding."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned, and what is looked at.

    Attributes
    ----------
    train : Correlations
        Of the training data.
    watched : tuple of Correlations
        Of the data whose errors are compared: training, and test.
    steps : array of int, (k,)
    eta : float
        For the half-squared loss.
    """

    train: Correlations
    watched: tuple[Correlations, ...]
    steps: NDArray[np.int64]
    eta: float

    def errors(self, responses: Array) -> Array:
        """Mean squared errors, (…, watched, k), of responses (…, k, T, n_y, n_x)."""
        found = [data.loss(responses) * data.mean_squared_factor for data in self.watched]
        return np.stack(found, axis=-2)

    def log_ratios(self, one: Array, other: Array) -> Array:
        """``log E_one - log E_other``, (…, watched, k), with the digits of the difference."""
        return np.stack([_log_ratio(data, one, other) for data in self.watched], axis=-2)

    def linear(self, initial: Array, kernels: Array) -> Array:
        """Responses (r, k, T, n_y, n_x) of linear models with kernels (r, m, m) from one start."""
        return linear_responses(self.train, initial, kernels, self.steps, self.eta)


def linear_responses(
    correlations: Correlations, initial: Array, kernels: Array, steps: NDArray[np.int64], eta: float
) -> Array:
    """Gradient descent of many linear models from one start, any number of steps at the cost of one.

    With a kernel ``K = R R^T`` and ``R^T X R = U Λ U^T``, ``L^ℓ = L⁰ - R U f_ℓ(Λ) U^T R^T G⁰`` where
    ``f_ℓ(λ) = (1 - (1 - ηλ)^ℓ)/λ``.

    Parameters
    ----------
    correlations : Correlations
    initial : array, (T, n_y, n_x)
    kernels : array, (r, m, m)
        Symmetric and positive semidefinite, on flattened responses.
    steps : array of int, (k,)
    eta : float

    Returns
    -------
    array, (r, k, T, n_y, n_x)
    """
    horizon, outputs, inputs = correlations.shape
    blocks = correlations.X.reshape(horizon, inputs, horizon, inputs)
    X = np.einsum("jakc,bd->jbakdc", blocks, np.eye(outputs)).reshape(initial.size, initial.size)
    weights, vectors = np.linalg.eigh(kernels)
    roots = vectors * np.sqrt(np.maximum(weights, 0.0))[:, None, :]
    values, modes = np.linalg.eigh(np.swapaxes(roots, 1, 2) @ X @ roots)
    modes = roots @ modes
    gradient = np.einsum("rpm,p->rm", modes, correlations.gradient(initial).ravel())
    gone = _gone(eta * np.maximum(values, 0.0), steps)
    moved = np.einsum("rpm,rkm->rkp", modes, gradient[:, None, :] * eta * gone)
    return np.asarray(initial - moved.reshape(*moved.shape[:2], *initial.shape))


def kernel_draws(parameters: Parameters, replicates: int, rng: np.random.Generator) -> Array:
    """Tangent kernels P_n of random RNNs at their start, (replicates, m, m); the cost does not depend on n."""
    grams = sample_grams(LazySpace(parameters.n, replicates, rng), parameters)
    size_x, size_y = parameters.horizon * parameters.inputs, parameters.horizon * parameters.outputs
    kernel = LagKernel(grams.A.reshape(-1, size_x, size_x), grams.B.reshape(-1, size_y, size_y), parameters.horizon)
    return kernel.matrix()


def lag_diagonal(rho: ArrayLike, outputs: int, inputs: int) -> Array:
    """``D(ρ)`` on flattened responses, (m, m)."""
    return np.diag(np.repeat(np.asarray(rho, dtype=np.float64), outputs * inputs))


@dataclass(frozen=True, eq=False)
class Law:
    """The deviation of linear models with random kernels from that with their limit, given L⁰.

    Attributes
    ----------
    ratios : array, (r, watched, k)
        ``log E - log E_limit``.
    """

    ratios: Array

    @property
    def spread(self) -> Array:
        """Root mean square at each step, (watched, k), not below rounding."""
        return np.asarray(np.hypot(np.sqrt(np.mean(self.ratios**2, axis=0)), NOISE))

    @property
    def suprema(self) -> Array:
        """The deviation of each model, (r,)."""
        return self.supremum(self.ratios)

    def supremum(self, ratios: Array) -> Array:
        """The deviation of curves (…, watched, k) in units of the spread."""
        return np.asarray(np.max(np.abs(ratios) / self.spread, axis=(-2, -1)))


@dataclass(frozen=True, eq=False)
class Comparison:
    """One RNN, and what is compared with it.

    Attributes
    ----------
    task : Task
    initial : array, (T, n_y, n_x)
        L⁰.
    rnn, ntk : array, (k, T, n_y, n_x)
        Responses of the RNN, and of its linear NTK model.
    law : Law
        Of the deviation, given L⁰.
    rests : array, (r,)
        The rest of other RNNs, brought to this n.
    """

    task: Task
    initial: Array
    rnn: Array
    ntk: Array
    law: Law
    rests: Array

    def scaled(self, rho: Array) -> Array:
        """Responses of the scaled convolution with some weights, (k, T, n_y, n_x)."""
        outputs, inputs = self.initial.shape[1:]
        return np.asarray(self.task.linear(self.initial, lag_diagonal(rho, outputs, inputs)[None])[0])

    def log_ratios(self, rho: Array) -> Array:
        """``log E_RNN - log E_scaled``, (watched, k)."""
        return self.task.log_ratios(self.rnn, self.scaled(rho))

    @property
    def rest(self) -> float:
        """The largest ``|log E_RNN - log E_NTK|``."""
        return float(np.abs(self.task.log_ratios(self.rnn, self.ntk)).max())

    def deviation(self, rho: Array) -> float:
        """The deviation from a scaled convolution, less the rest, in units of the spread."""
        rest = self.law.supremum(self.task.log_ratios(self.rnn, self.ntk))
        return max(0.0, float(self.law.supremum(self.log_ratios(rho)) - rest))

    def p_value(self, rho: Array) -> float:
        """How probable so large a deviation is for the limit of P_n; 0 for weights that no convolution has."""
        if not (np.isfinite(rho) & (rho >= 0)).all():
            return 0.0
        return tail_probability(self.deviation(rho), self.law.suprema)

    @property
    def rest_p_value(self) -> float:
        """How probable so large a rest is; what rounding may be is not counted."""
        return tail_probability(max(0.0, self.rest - REST_NOISE), self.rests)


def tail_probability(observed: float, sample: Array) -> float:
    """The probability that a draw is as large as what was observed, for a sample of such draws.

    In the sample it is the rank: exact for exchangeable draws. In the upper tail it is Pareto's law with Hill's index,
    reduced by two of its standard errors; polynomials of Gaussians have lighter tails than any power.

    Examples
    --------
    >>> tail_probability(2.5, np.arange(1.0, 10.0))
    0.8
    """
    drawn = np.sort(sample)
    above = int(np.sum(drawn >= observed))
    count = min(max(FEWEST, round(TAIL * drawn.size)), drawn.size // 2)
    rank = (1 + above) / (1 + drawn.size)
    threshold, top = float(drawn[-count - 1]), float(drawn[-1])
    if not 0 < threshold < min(observed, top):
        return rank
    index = count / float(np.sum(np.log(drawn[-count:] / threshold)))
    cautious = index * max(0.0, 1 - 2 * count**-0.5)
    return min(1.0, (1 + count) / (1 + drawn.size) * float((threshold / observed) ** cautious))


def _gone(rates: Array, steps: NDArray[np.int64]) -> Array:
    """``(1 - (1 - ηλ)^ℓ) / (ηλ)``, (r, k, m), of ηλ (r, m); ℓ where it is 0."""
    rate, step = rates[:, None, :], steps.astype(np.float64)[None, :, None]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        below = -np.expm1(step * np.log1p(-np.minimum(rate, 1.0)))
        beyond = 1 - np.where(steps % 2 == 1, -1.0, 1.0)[None, :, None] * np.abs(rate - 1) ** step
        found = np.where(rate < 1, below, beyond) / rate
    return np.where(rate > 0, np.where(step > 0, found, 0.0), step)


def _log_ratio(data: Correlations, one: Array, other: Array) -> Array:
    """``log E_one - log E_other``, (…, k): by the difference where it is small, and never infinite."""
    floor = SMALL * float(data.energy.sum())
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        base = data.loss(other) + floor
        gradients = data.gradient(one) + data.gradient(other)
        relative = 0.5 * np.sum((one - other) * gradients, axis=(-3, -2, -1)) / base
        small = np.abs(relative) < 0.5
        found = np.where(small, np.log1p(np.where(small, relative, 0.0)), np.log((data.loss(one) + floor) / base))
    return np.asarray(np.clip(np.nan_to_num(found, nan=HUGE), -HUGE, HUGE))
