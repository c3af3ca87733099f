"""Tensor rules for smooth integrands: trapezoidal in Gaussian coordinates, Gauss–Legendre in uniform ones.

With a Gaussian weight the trapezoidal rule converges geometrically for analytic integrands. Unlike Gauss and
Hermite's, whose nodes spread out with their number, it keeps doing so for tanh of a large variance.
Levels differ by the golden ratio and every grid is shifted, so that no symmetry and no frequency makes two
rules agree that are both wrong.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.quadrature import ROUNDING, Estimate, Problem

NAME: Final = "tensor rules"

REACH: Final = 9.5
"""Gaussian coordinates beyond are left out: even x^8 has less than 1e-15 of its integral there."""

NORMAL_POINTS: Final = (26, 42, 68, 110, 178, 288, 466, 754, 1220, 1974, 3194, 5168, 8362)
"""The number of nodes of a Gaussian coordinate, level by level."""

UNIFORM_POINTS: Final = (8, 13, 21, 34, 55, 89, 144, 233, 377, 610)
"""The number of nodes of a uniform coordinate."""

CHUNK: Final = 1 << 17
"""How many nodes are evaluated at once."""


@lru_cache(maxsize=64)
def normal_rule(level: int, coordinate: int) -> tuple[Array, Array]:
    """Nodes and weights for the standard normal law; the grid of each level and coordinate is shifted differently."""
    points = NORMAL_POINTS[level]
    shift = (0.3 + 0.6180339887498949 * level + 0.41421356237309515 * coordinate) % 1.0
    nodes = REACH * (2.0 * (np.arange(points) + shift) / points - 1.0)
    density = np.exp(-0.5 * nodes**2)
    return nodes, density / density.sum()


@lru_cache(maxsize=16)
def uniform_rule(level: int) -> tuple[Array, Array]:
    """Nodes and weights for the uniform law on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(UNIFORM_POINTS[level])
    return 0.5 + 0.5 * nodes, 0.5 * weights


def tensor_rule(problem: Problem, tolerance: float, limit: int) -> Estimate:
    """Integrate with finer and finer rules until refining any coordinate makes no difference.

    Parameters
    ----------
    problem : Problem
    tolerance : float
        Relative to the integral of the absolute value.
    limit : int
        Bound on the nodes of one rule.

    Returns
    -------
    Estimate
        Its error is twice the sum over the coordinates of what refining each changes, which is about
        the error before the refinement. It is infinite if a first comparison would take too many nodes.
    """
    uniform, normal = problem.uniform_coordinates, problem.gaussian_coordinates
    atoms = problem.atoms()[1].size
    points = (UNIFORM_POINTS,) * uniform + (NORMAL_POINTS,) * normal
    found: dict[tuple[int, ...], tuple[float, float]] = {}
    used = 0

    def integral(levels: tuple[int, ...]) -> float:
        nonlocal used
        if levels not in found:
            found[levels] = _rule(problem, levels)
            used += _count(atoms, points, levels)
        return found[levels][0]

    levels = (0,) * (uniform + normal)
    best = Estimate(np.nan, np.inf, rule=NAME)
    while True:
        finer = [tuple(level + (k == place) for k, level in enumerate(levels)) for place in range(len(levels))]
        if any(max(one) >= len(points[np.argmax(one)]) or _count(atoms, points, one) > limit for one in finer):
            return best
        coarse = integral(levels)
        changes = np.array([integral(one) - coarse for one in finer])
        size = found[levels][1]
        error = float(np.abs(changes).sum())
        best = Estimate(coarse + float(changes.sum()), 2.0 * error + ROUNDING * size, size, used, NAME)
        if error <= tolerance * size:
            return best
        enough = tolerance * size / len(levels)
        levels = tuple(level + (abs(change) > enough) for level, change in zip(levels, changes, strict=True))


def _count(atoms: int, points: tuple[tuple[int, ...], ...], levels: tuple[int, ...]) -> int:
    return int(atoms * np.prod([float(own[level]) for own, level in zip(points, levels, strict=True)]))


def _rule(problem: Problem, levels: tuple[int, ...]) -> tuple[float, float]:
    """The integral of the function and of its absolute value.

    Rows are all combinations of atoms, uniform coordinates and x_1; the other Gaussian coordinates
    have an axis each, so that what reads x_1 alone is evaluated once for each row.
    """
    uniform = problem.uniform_coordinates
    rules = [uniform_rule(level) for level in levels[:uniform]]
    rules += [normal_rule(level, k) for k, level in enumerate(levels[uniform:])]
    values, weights = problem.atoms()
    axes: list[Array] = []
    for place, probability in rules[: uniform + 1]:
        axes = [np.repeat(axis, place.size) for axis in axes] + [np.tile(place, weights.size)]
        values = {variable: np.repeat(value, place.size) for variable, value in values.items()}
        weights = np.outer(weights, probability).ravel()

    inner = rules[uniform + 1 :]
    shape = tuple(place.size for place, _ in inner)
    shaped = [place.reshape(-1, *(1,) * (len(inner) - 1 - k)) for k, (place, _) in enumerate(inner)]
    column = (-1, *(1,) * len(inner))
    rows = max(1, CHUNK // int(np.prod(shape)))
    total = size = 0.0
    for first in range(0, weights.size, rows):
        part = slice(first, first + rows)
        own = [axis[part].reshape(column) for axis in axes]
        here = {variable: value[part].reshape(column) for variable, value in values.items()}
        here |= problem.from_uniform(own[:uniform]) | problem.from_normal([*own[uniform:], *shaped])
        found = np.broadcast_to(problem.integrand(here), (weights[part].size, *shape))
        total += _weighted(found, weights[part], inner)
        size += _weighted(np.abs(found), weights[part], inner)
    return total, size


def _weighted(found: Array, weights: Array, inner: list[tuple[Array, Array]]) -> float:
    for _, density in reversed(inner):
        found = found @ density
    return float(found @ weights)
