"""Expectations of row functions of jointly Gaussian states, each integral by the rule that suits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from numerics import iterated_rule, quasi_monte_carlo, tensor_rule
from numerics.expression import Form
from numerics.gaussian_matrix import Array
from numerics.quadrature import EPSILON, Estimate, Problem, Splitting
from numerics.structure import Column, Factor, Term

ACCEPTABLE: Final = 1e-5
"""A rule that has not converged is kept if its relative error is below; quasi-Monte Carlo would not do better."""

TENSOR_COORDINATES: Final = 4
ITERATED_COORDINATES: Final = 3

UNKNOWN_COORDINATES: Final = 3
UNKNOWN_LIMIT: Final = 200_000
UNKNOWN_SAFETY: Final = 10.0
"""A function of which no formula is known may have kinks, about which tensor rules may agree by accident. They are
used from this number of coordinates on, with so many nodes if there still is the iterated rule, and the error
is multiplied."""


class NeedsSampleError(Exception):
    """An integral has too many coordinates for quadrature."""


@dataclass
class Usage:
    """Which rules were used, for how many integrals, in how many coordinates, and the factors they failed for."""

    integrals: Counter[str] = field(default_factory=Counter)
    coordinates: dict[str, int] = field(default_factory=dict)
    nodes: int = 0
    hard: set[tuple[Factor, ...]] = field(default_factory=set)

    def add(self, estimate: Estimate, coordinates: int) -> None:
        self.integrals[estimate.rule] += 1
        self.coordinates[estimate.rule] = max(coordinates, self.coordinates.get(estimate.rule, 0))
        self.nodes += estimate.nodes

    @property
    def words(self) -> str:
        """A line for a report."""
        rules = []
        for rule, count in self.integrals.items():
            most = self.coordinates[rule]
            reach = f" in up to {most} coordinates" if most > 1 else ""
            rules.append(f"{count} integral{'' if count == 1 else 's'} by {rule}{reach}")
        return ", ".join(rules) or "no integrals"


def solve(problem: Problem, tolerance: float, limit: int) -> Estimate:
    """The best that quadrature can do within a number of nodes; with an infinite error if that is nothing.

    Parameters
    ----------
    problem : Problem
    tolerance : float
        Relative to the integral of the absolute value.
    limit : int
    """
    coordinates = problem.gaussian_coordinates + problem.uniform_coordinates
    unknown = any(isinstance(factor, Column) for factor in problem.factors)
    found = [Estimate(np.nan, np.inf)]
    if coordinates == 0:
        return replace(tensor_rule.tensor_rule(problem, tolerance, limit), rule="finite sums")
    if problem.smooth and (UNKNOWN_COORDINATES if unknown else 1) <= coordinates <= TENSOR_COORDINATES:
        most = min(limit, UNKNOWN_LIMIT) if unknown and coordinates <= ITERATED_COORDINATES else limit
        tensor = tensor_rule.tensor_rule(problem, tolerance, most)
        found.append(replace(tensor, error=UNKNOWN_SAFETY * tensor.error) if unknown else tensor)
        if found[-1].error <= 3 * tolerance * found[-1].size:
            return found[-1]
    if coordinates <= ITERATED_COORDINATES:
        found.append(iterated_rule.iterated_rule(problem, tolerance, limit))
    return min(found, key=lambda one: one.error)


class Expectations:
    """Expectations of products of terms under one covariance matrix; each integral is computed once.

    Parameters
    ----------
    splitting : Splitting
    covariance : array
        Of the Gaussian variables; entries may still be filled in, before they are first read.
    usage : Usage
    tolerance : float
        Of each integral, relative to that of the absolute value.
    limit : int
        Bound on the nodes of one integral.
    sample : callable, optional
        Gives the points for what has too many coordinates.
    """

    def __init__(
        self,
        splitting: Splitting,
        covariance: Array,
        usage: Usage,
        *,
        tolerance: float,
        limit: int,
        sample: Callable[[], quasi_monte_carlo.SobolSample] | None = None,
    ) -> None:
        self.splitting = splitting
        self.covariance = covariance
        self.tolerance = tolerance
        self.limit = limit
        self.usage = usage
        self._draw = sample
        self._sample: quasi_monte_carlo.SobolSample | None = None
        self._known: dict[tuple[Factor, ...], Estimate] = {}

    def of_terms(self, terms: Sequence[Term]) -> Estimate:
        """``E Σ terms``.

        Raises
        ------
        NonFiniteError
        NeedsSampleError
            When quadrature fails and there is no sample.
        """
        value = error = size = 0.0
        for term in terms:
            found = self._of(term.factors)
            value += term.coefficient * found.value
            error += abs(term.coefficient) * found.error
            size += abs(term.coefficient) * found.size
        return Estimate(value, error + EPSILON * size, size)

    def of_product(self, one: Sequence[Term], other: Sequence[Term]) -> Estimate:
        """``E (Σ one)(Σ other)``."""
        return self.of_terms([Term(a.coefficient * b.coefficient, a.factors + b.factors) for a in one for b in other])

    def _of(self, factors: tuple[Factor, ...]) -> Estimate:
        if factors not in self._known:
            value, bound, size = 1.0, 1.0, 1.0
            for group in self.splitting.apart(factors, self.covariance):
                found = self._of_group(group)
                value *= found.value
                bound *= abs(found.value) + found.error
                size *= found.size
            self._known[factors] = Estimate(value, bound - abs(value), size)
        return self._known[factors]

    def _of_group(self, factors: tuple[Factor, ...]) -> Estimate:
        if factors in self._known:
            return self._known[factors]
        forms = [factor for factor in factors if isinstance(factor, Form)]
        if len(forms) == len(factors) <= 2:
            found = self._of_forms(forms)
        else:
            problem = self.splitting.problem(factors, self.covariance)
            coordinates = problem.gaussian_coordinates + problem.uniform_coordinates
            found = Estimate(np.nan, np.inf)
            if factors not in self.usage.hard:
                found = solve(problem, self.tolerance, self.limit)
            if not found.error <= max(3 * self.tolerance, ACCEPTABLE) * found.size:
                if self._draw is None:
                    raise NeedsSampleError
                self._sample = self._sample or self._draw()
                self.usage.hard.add(factors)
                found = self._sample.expectation(problem)
            self.usage.add(found, coordinates)
        self._known[factors] = found
        return found

    def _of_forms(self, forms: Sequence[Form]) -> Estimate:
        if len(forms) == 1:
            return Estimate(0.0, 0.0)
        covariance = self.splitting.covariance(forms, self.covariance)
        size = float(np.sqrt(covariance[0, 0] * covariance[1, 1]))
        return Estimate(float(covariance[0, 1]), 4 * EPSILON * size, size)
