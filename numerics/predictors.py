"""The predictor form (72d)–(72g) of a state evolution, from the second moments of Z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array

RANK_TOLERANCE: Final = float(np.finfo(np.float64).eps)
"""Eigenvalues of a correlation matrix below this share of the largest count as 0."""


@dataclass(frozen=True, eq=False)
class PredictorForm:
    """Predictors, innovations, and the covariances of the images that follow from them.

    Attributes
    ----------
    predictors : tuple of tuple of array
        ``[i][t]`` is ``F_{i,t}`` of (72d), (t d_q, d_q): the coefficients of R_{i,0} … R_{i,t-1}, stacked.
    innovations : tuple of tuple of array
        ``[i][t]`` is ``P_{i,t}`` of (72e), (d_q, d_q).
    images : tuple of array
        ``[i]`` is ``Cov(R_{i,s}, R_{i,t})`` by (72f,g), (T d_q, T d_q).
    deviation : float
        The largest difference between the images and ``ν_i E[Z_{i,s}^T Z_{i,t}]``.
    """

    predictors: tuple[tuple[Array, ...], ...]
    innovations: tuple[tuple[Array, ...], ...]
    images: tuple[Array, ...]
    deviation: float


def predictor_form(moments: Sequence[Array], variances: Sequence[float], columns: int) -> PredictorForm:
    """Equations (72d)–(72g), with the pseudo-inverse where a Gram matrix is singular.

    Parameters
    ----------
    moments : sequence of array
        For each matrix ``E[Z_s^T Z_t]``, (T d_q, T d_q), index time·d_q + column.
    variances : sequence of float
        ν_i.
    columns : int
        d_q.
    """
    found = [_of_matrix(moment, nu, columns) for moment, nu in zip(moments, variances, strict=True)]
    deviations = [
        float(np.abs(images - nu * moment).max(initial=0.0))
        for (_, _, images), moment, nu in zip(found, moments, variances, strict=True)
    ]
    predictors, innovations, images = (tuple(part) for part in zip(*found, strict=True))
    return PredictorForm(predictors, innovations, images, max(deviations))


def _of_matrix(moment: Array, nu: float, columns: int) -> tuple[tuple[Array, ...], tuple[Array, ...], Array]:
    images = np.zeros_like(moment)
    predictors, innovations = [], []
    for start in range(0, len(moment), columns):
        past, now = slice(0, start), slice(start, start + columns)
        predictor = _solved(moment[past, past], moment[past, now])  # (72d)
        explained = predictor.T @ moment[past, past] @ predictor - predictor.T @ moment[past, now]
        innovation = nu * (moment[now, now] - moment[now, past] @ predictor + explained)  # (72e), multiplied out
        images[past, now] = images[past, past] @ predictor  # (72f,g)
        images[now, past] = images[past, now].T
        images[now, now] = predictor.T @ images[past, now] + innovation
        predictors.append(predictor)
        innovations.append(0.5 * (innovation + innovation.T))
    return tuple(predictors), tuple(innovations), images


def _solved(gram: Array, right: Array) -> Array:
    """``gram^+ right`` for a positive semidefinite matrix, scaled to a unit diagonal first."""
    if not len(gram):
        return np.zeros(right.shape)
    spread = np.sqrt(np.maximum(np.diagonal(gram), 0.0))
    scale = np.where(spread > 0, spread, 1.0)
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    kept = values > RANK_TOLERANCE * values.max(initial=0.0)
    coordinates = vectors[:, kept].T @ (right / scale[:, None])
    return np.asarray(vectors[:, kept] @ (coordinates / values[kept, None]) / scale[:, None])
