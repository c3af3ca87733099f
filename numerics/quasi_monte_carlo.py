"""Scrambled Sobol points for integrals in many coordinates.

The Gaussian coordinates are the principal ones, in order, for the first coordinates of a Sobol sequence are
spread out best. One scrambling serves all integrals of a state evolution; independent scramblings then
repeat the evolution as a whole, and their spread holds every error there is.

References
----------
A. B. Owen, Scrambled net variance for integrals of smooth functions, Ann. Statist. 25 (1997).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy import special

from numerics.gaussian_matrix import Array
from numerics.quadrature import Estimate, Problem, Space

NAME: Final = "scrambled Sobol points"

CONFIDENCE: Final = 0.999
"""Of the intervals that scramblings give."""


class SobolSample:
    """One scrambling.

    Parameters
    ----------
    space : Space
        The variables of a recursion, which bound the number of coordinates.
    points : int
        A power of two.
    seed : SeedSequence
    """

    def __init__(self, space: Space, points: int, seed: np.random.SeedSequence) -> None:
        from scipy.stats import qmc  # imported late: it takes most of a second

        coordinates = len(space.gaussian) + sum(source.law.columns for source in space.sources)
        sequence = qmc.Sobol(coordinates, scramble=True, bits=53, seed=np.random.default_rng(seed))
        drawn = sequence.random_base2(points.bit_length() - 1).T
        self._uniform = np.clip(drawn, 2.0**-53, 1.0 - 2.0**-53)
        self._normal = special.ndtri(self._uniform)

    def expectation(self, problem: Problem) -> Estimate:
        """The mean over the points; its error is left to other scramblings.

        Raises
        ------
        NonFiniteError
        """
        directions, spread, _ = np.linalg.svd(problem.root, full_matrices=False)
        principal = replace(problem, root=directions * spread)
        values = principal.from_normal(self._normal)
        used = problem.gaussian_coordinates
        for source in problem.sources:
            placed = source.law.from_uniform(self._uniform[used : used + source.law.columns])
            values |= {variable: placed[column] for variable, column in source.variables}
            used += source.law.columns
        points = self._uniform.shape[1]
        found = np.broadcast_to(principal.integrand(values), (points,))
        return Estimate(float(found.mean()), 0.0, float(np.abs(found).mean()), points, NAME)


def student_interval(values: Array) -> tuple[Array, Array]:
    """Mean and half width of an interval that holds the mean with probability ``CONFIDENCE``.

    Parameters
    ----------
    values : array, (replicates, …)
    """
    count = len(values)
    factor = float(special.stdtrit(count - 1, 0.5 + 0.5 * CONFIDENCE))
    return values.mean(axis=0), factor * values.std(axis=0, ddof=1) / np.sqrt(count)
