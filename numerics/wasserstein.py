"""Wasserstein-2 distances (32): between Gaussian laws, and of a sample from one.

Theorem 3.2 and Lemma C.1 speak of convergence in the second order, PL(2), which is convergence in this
distance. Both formulas here are sums of squares, so that small distances keep their digits.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from numerics.gaussian_matrix import Array


def gaussian_distance(one: ArrayLike, other: ArrayLike) -> Array:
    """The distance between N(0, one) and N(0, other).

    It is the distance ``‖A - B O‖_F`` between roots of the covariances that are brought into line by the
    best orthogonal O, which a singular value decomposition of ``B A`` gives. The sum of traces that is
    commonly written loses half of the digits where the two are close.

    Parameters
    ----------
    one, other : array_like, (…, k, k)
        Symmetric and positive semidefinite, possibly singular; leading axes are broadcast.

    Returns
    -------
    array, (…)

    Raises
    ------
    ValueError
        When the last two axes are not those of square matrices of one size.

    Examples
    --------
    >>> gaussian_distance(np.diag([4.0, 1.0]), np.diag([1.0, 1.0]))
    array(1.)
    """
    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if first.ndim < 2 or first.shape[-2:] != second.shape[-2:] or first.shape[-1] != first.shape[-2]:
        raise ValueError(f"covariances: shapes {first.shape} and {second.shape} are not square matrices of one size")
    a, b = np.broadcast_arrays(_root(first), _root(second))
    left, _, right = np.linalg.svd(b @ a)
    return np.asarray(np.linalg.norm(a - b @ (left @ right), axis=(-2, -1)))


def distance_from_normal(sample: ArrayLike, variance: float) -> Array:
    """The distance between the empirical law of a sample and N(0, variance).

    In one dimension the best coupling is in order: the i-th smallest of n values is matched with the
    i-th n-th of the normal law. What is left of the square are the differences from the means of those
    parts, and their variances.

    Parameters
    ----------
    sample : array_like, (…, n)
    variance : float
        At least 0.

    Returns
    -------
    array, (…)

    Examples
    --------
    >>> distance_from_normal([-0.5, 0.5], 0.0)
    array(0.5)
    """
    if not variance >= 0:
        raise ValueError(f"variance: {variance} is not possible, it must be at least 0")
    ordered = np.sort(np.asarray(sample, dtype=np.float64), axis=-1)
    centres, within = _cells(ordered.shape[-1])
    spread = float(np.sqrt(variance))
    return np.asarray(np.sqrt(np.mean((ordered - spread * centres) ** 2, axis=-1) + variance * within))


@lru_cache(maxsize=16)
def _cells(count: int) -> tuple[Array, float]:
    """The means of the n equally likely parts of the standard normal law, in order, and the mean variance in them."""
    edges = special.ndtri(np.arange(1, count // 2 + 1) / count)
    lower = -count * np.diff(np.exp(-0.5 * edges**2), prepend=0.0) / np.sqrt(2 * np.pi)
    centres = np.concatenate([lower, np.zeros(count % 2), -lower[::-1]])
    return centres, float(max(1.0 - np.mean(centres**2), 0.0))


def _root(covariance: Array) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    noise = covariance.shape[-1] * np.finfo(np.float64).eps * np.abs(values).max(axis=-1, keepdims=True, initial=0.0)
    values = np.where(values > noise, values, 0.0)
    return np.asarray(vectors * np.sqrt(values)[..., None, :] @ np.swapaxes(vectors, -1, -2))
