"""How many steps gradient descent takes to learn a lag, measured and predicted from the weight of the lag.

With white inputs of variance σ² the expected correlations are diagonal, ``X_jj = N (T - j) σ² I``: N sequences of
length T show lag j T - j times each. On that *population loss* lag j of a scaled convolution is learned by itself,

``L_j^ℓ - L*_j = (1 - η ρ_j N (T - j) σ²)^ℓ (L_j⁰ - L*_j)``,

and so is that of an infinitely wide RNN. Of a share s of its first error it is rid of all but s after
``log s / log(1 - η ρ_j X_jj)`` steps, a number that need not be whole; and from what a number of steps leaves, the
weight ρ_j can be read off. The loss is the half-squared one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.gaussian_matrix import Array
from numerics.training.correlations import Correlations, rows
from numerics.training.gradient_descent import Trajectory


def white_correlations(
    target: Array, sequences: float = 1.0, variance: float = 1.0, noise: ArrayLike = 0.0
) -> Correlations:
    """The expected correlations of white inputs and of the outputs of a convolution.

    Parameters
    ----------
    target : array, (T, n_y, n_x)
        L*, the impulse response that is learned.
    sequences : float
        N.
    variance : float
        σ² of each input.
    noise : array_like, (n_y,) or scalar
        Standard deviation of the noise of each output.

    Returns
    -------
    Correlations

    Raises
    ------
    ValueError
        When a number is not positive, or the target is not finite.
    """
    if target.ndim != 3 or 0 in target.shape or not np.isfinite(target).all():
        raise ValueError(f"target of shape {target.shape}: a finite impulse response (T, n_y, n_x) is needed")
    if not (0 < sequences < np.inf and 0 < variance < np.inf):
        raise ValueError(f"{sequences} sequences of variance {variance}: both must be positive")
    horizon, outputs, inputs = target.shape
    powers = input_powers(horizon, sequences, variance)
    count = sequences * horizon
    spread = np.broadcast_to(np.asarray(noise, dtype=np.float64), (outputs,))
    return Correlations(
        np.diag(np.repeat(powers, inputs)),
        rows(target * powers[:, None, None]),
        np.einsum("j,jab,jab->a", powers, target, target) + count * spread**2,
        np.zeros(outputs),
        horizon,
        max(1, round(count)),
    )


def input_powers(horizon: int, sequences: float = 1.0, variance: float = 1.0) -> Array:
    """``N (T - j) σ²``, the entries of X_jj for white inputs, (T,)."""
    return np.asarray(sequences * variance * np.arange(horizon, 0, -1, dtype=np.float64))


def predicted_steps(share: float, rho: ArrayLike, powers: ArrayLike, eta: float) -> Array:
    """Steps until a share of the first error of each lag is left, ``log s / log|1 - η ρ_j X_jj|``.

    Parameters
    ----------
    share : float
        Between 0 and 1.
    rho, powers : array_like, (T,)
        ρ_j, and the entries of X_jj.
    eta : float

    Returns
    -------
    array, (T,)
        Infinite where the error does not shrink.
    """
    _check_share(share)
    removed = eta * np.asarray(rho, dtype=np.float64) * np.asarray(powers, dtype=np.float64)
    removed = np.where(removed > 1, 2.0 - removed, removed)  # |1 - removed| is the same
    with np.errstate(divide="ignore"):
        steps = np.log(share) / np.log1p(-np.maximum(removed, 0.0))
    return np.where(removed > 0, steps, np.inf)


def remaining_shares(trajectory: Trajectory, target: Array) -> Array:
    """``‖L_j^ℓ - L*_j‖_F / ‖L_j⁰ - L*_j‖_F`` at the remembered steps, of which the first must be 0.

    Parameters
    ----------
    trajectory : Trajectory
    target : array, (…, T, n_y, n_x)

    Returns
    -------
    array, (k, …, T)
        NaN where nothing was to be learned.
    """
    if trajectory.steps[0] != 0:
        raise ValueError(f"the first remembered step is {trajectory.steps[0]}: shares need step 0")
    errors = np.linalg.norm(trajectory.responses - target, axis=(-2, -1))
    shares: Array = np.divide(errors, errors[0], out=np.full_like(errors, np.nan), where=errors[0] > 0)
    return shares


def overlaps(trajectory: Trajectory, target: Array) -> Array:
    """``⟨L_j^ℓ - L*_j, L_j⁰ - L*_j⟩`` at the remembered steps, (k, …, T): of sums over replicates shares are made.

    The mean of shares of many RNNs need not exist, since an error may be small at the start by accident; the share
    of means does.
    """
    if trajectory.steps[0] != 0:
        raise ValueError(f"the first remembered step is {trajectory.steps[0]}: shares need step 0")
    errors = trajectory.responses - target
    return np.asarray(np.einsum("k...ab,...ab->k...", errors, errors[0]))


def steps_to_share(steps: NDArray[np.int64], shares: Array, share: float) -> Array:
    """The number of steps after which a share was left for the first time, interpolated geometrically.

    Parameters
    ----------
    steps : array of int, (k,)
    shares : array, (k, …)
    share : float
        Between 0 and 1.

    Returns
    -------
    array, (…)
        Infinite where it was never reached; NaN where a share is.
    """
    _check_share(share)
    below = shares <= share
    last = np.argmax(below, axis=0)
    before = np.maximum(last - 1, 0)
    high = np.take_along_axis(shares, before[None], axis=0)[0]
    low = np.maximum(np.take_along_axis(shares, last[None], axis=0)[0], np.finfo(np.float64).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(last > 0, np.log(high / share) / np.log(high / low), 0.0)
    found = steps[before] + part * (steps[last] - steps[before])
    return np.where(np.isnan(shares).any(axis=0), np.nan, np.where(below.any(axis=0), found, np.inf))


def measured_weights(share: ArrayLike, step: ArrayLike, powers: ArrayLike, eta: float) -> Array:
    """``ρ̂_j = (1 - s^{1/ℓ}) / (η X_jj)``, the weights that leave shares s after ℓ steps, while ``η ρ_j X_jj < 1``.

    Parameters
    ----------
    share : array_like, (…, T)
        Positive.
    step : array_like, (T,) or scalar
        ℓ, at least 1.
    powers : array_like, (T,)
        The entries of X_jj.
    eta : float
    """
    with np.errstate(invalid="ignore"):
        logs = np.log(np.asarray(share, dtype=np.float64)) / np.asarray(step, dtype=np.float64)
    return np.asarray(-np.expm1(logs) / (eta * np.asarray(powers, dtype=np.float64)))


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError(f"share {share}: it must be between 0 and 1")
