"""Expectations of products of factors of Gaussian forms and of other sources, with their errors.

Factors that are independent of each other are integrated apart, and an affine factor is replaced by its
regression on what the others read. For the rest, in the fewest coordinates it can be written in, there
are three rules: a tensor rule while everything is smooth (``numerics.tensor_rule``), an iterated
adaptive rule that is split at kinks (``numerics.iterated_rule``), and quasi-Monte Carlo
(``numerics.quasi_monte_carlo``) when there are too many coordinates for either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.expression import Constant, Expression, Form, Input, State, Variable, product, total
from numerics.gaussian_matrix import Array
from numerics.laws import Discrete, Law, Laws, Normal, Table, columns_of
from numerics.structure import Factor, Forms, evaluated, kinks, reads

EPSILON: Final = float(np.finfo(np.float64).eps)

ROUNDING: Final = 32 * EPSILON
"""Rounding error allowed in an integral, relative to the integral of the absolute value."""

DEGENERATE: Final = 64 * EPSILON
"""A form with a smaller share of its variance left, given others, is taken to be a function of those."""

UNCORRELATED: Final = 4 * EPSILON
"""Forms with a smaller correlation are taken to be independent."""


class NonFiniteError(ValueError):
    """A function has no finite value at a node.

    Attributes
    ----------
    factor : Factor or None
        The factor of it that has none.
    value : float
    arguments : dict
        The value of each form and variable that the factor reads there.
    """

    def __init__(
        self,
        message: str,
        factor: Factor | None = None,
        value: float = np.nan,
        arguments: Mapping[Variable, float] | None = None,
    ) -> None:
        super().__init__(message)
        self.factor, self.value, self.arguments = factor, value, dict(arguments or {})


@dataclass(frozen=True)
class Estimate:
    """An integral with its error.

    Attributes
    ----------
    value, error : float
        The error is stated, not proved: of a rule by comparing it with a coarser one, which is
        pessimistic; by quasi-Monte Carlo as Student's half width at 99.9 %.
    size : float
        The integral of the absolute value, which errors are relative to.
    nodes : int
        How many evaluations it took.
    rule : str
        The name of the rule; empty if it is composed of several integrals.
    """

    value: float
    error: float
    size: float = 0.0
    nodes: int = 0
    rule: str = ""


@dataclass(frozen=True)
class Source:
    """Columns that are jointly not Gaussian.

    Parameters
    ----------
    law : Law
    variables : tuple of (variable, int)
        What is read of it, each with its column of the law.
    """

    law: Law
    variables: tuple[tuple[Variable, int], ...]

    @property
    def atoms(self) -> tuple[Array, Array] | None:
        """All its values, (columns, atoms), with their probabilities; None if there are infinitely many."""
        return (self.law.atoms.nodes, self.law.atoms.weights) if isinstance(self.law, Discrete | Table) else None


@dataclass(frozen=True)
class Space:
    """The variables of a recursion: which are Gaussian, and the laws of those that are not.

    Parameters
    ----------
    initial, inputs : tuple of Law
        Laws of the rows of q_0 and of u.
    horizon : int
        The last time at which there are states.
    """

    initial: Laws
    inputs: Laws
    horizon: int

    @cached_property
    def gaussian(self) -> dict[Variable, int]:
        """The Gaussian variables, each with its place in their covariance matrix."""
        start = [one for one, _, law, _ in self._starting if isinstance(law, Normal)]
        later = [State(t, c) for t in range(1, self.horizon + 1) for c in range(columns_of(self.initial))]
        return {variable: place for place, variable in enumerate([*start, *later])}

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Whatever is not Gaussian."""
        found: dict[int, tuple[Law, list[tuple[Variable, int]]]] = {}
        for variable, number, law, column in self._starting:
            if not isinstance(law, Normal):
                found.setdefault(number, (law, []))[1].append((variable, column))
        return tuple(Source(law, tuple(variables)) for law, variables in found.values())

    def mean(self, variable: Variable) -> float | None:
        """The mean of a Gaussian variable, None for one that is not Gaussian."""
        return self._means.get(variable) if variable in self.gaussian else None

    def start_covariance(self) -> Array:
        """The covariance matrix of the Gaussian variables, with zeros for q_1, q_2, …."""
        found = np.zeros((len(self.gaussian),) * 2)
        at = 0
        for law in (*self.initial, *self.inputs):
            if isinstance(law, Normal):
                found[at : at + law.columns, at : at + law.columns] = law.covariance
                at += law.columns
        return found

    @cached_property
    def _starting(self) -> list[tuple[Variable, int, Law, int]]:
        """The columns of q_0 and u: variable, number of its law, law, column of the law."""
        found: list[tuple[Variable, int, Law, int]] = []
        number = 0
        for kind, laws in (("state", self.initial), ("input", self.inputs)):
            columns = [(law, number + k, column) for k, law in enumerate(laws) for column in range(law.columns)]
            for place, (law, which, column) in enumerate(columns):
                found.append((State(0, place) if kind == "state" else Input(place), which, law, column))
            number += len(laws)
        return found

    @cached_property
    def _means(self) -> dict[Variable, float]:
        means: dict[Variable, float] = dict.fromkeys(self.gaussian, 0.0)
        for variable, _, law, column in self._starting:
            if isinstance(law, Normal):
                means[variable] = float(law.centre[column])
        return means


@dataclass(frozen=True)
class Problem:
    """``E Π factors``, in as few coordinates as there are.

    Parameters
    ----------
    factors : tuple of Factor
    forms : tuple of Form
    root : array, (forms, coordinates)
        The forms are ``root @ x`` for independent standard normal x. The first columns are the first
        to be used: some form depends on x_1 alone, another on x_1 and x_2, and so on.
    sources : tuple of Source
    """

    factors: tuple[Factor, ...]
    forms: tuple[Form, ...]
    root: Array
    sources: tuple[Source, ...]

    @property
    def gaussian_coordinates(self) -> int:
        """The rank of the covariance matrix of the forms."""
        return int(self.root.shape[1])

    @cached_property
    def continuous(self) -> tuple[Source, ...]:
        """The sources with infinitely many values."""
        return tuple(source for source in self.sources if source.atoms is None)

    @cached_property
    def uniform_coordinates(self) -> int:
        """How many uniform coordinates the continuous sources are made of."""
        return sum(source.law.columns for source in self.continuous)

    @cached_property
    def kinks(self) -> tuple[Expression, ...]:
        """Expressions that vanish where a factor has a kink."""
        return tuple(dict.fromkeys(kink for factor in set(self.factors) for kink in kinks(factor)))

    @cached_property
    def smooth(self) -> bool:
        """Whether no kinks are known."""
        return not self.kinks

    def atoms(self) -> tuple[dict[Variable, Array], Array]:
        """All values of the discrete sources together, with their probabilities, both (atoms,)."""
        values: dict[Variable, Array] = {}
        weights = np.ones(1)
        for source in self.sources:
            if source.atoms is None:
                continue
            nodes, probabilities = source.atoms
            values = {variable: np.repeat(value, probabilities.size) for variable, value in values.items()}
            for variable, column in source.variables:
                values[variable] = np.tile(nodes[column], weights.size)
            weights = np.outer(weights, probabilities).ravel()
        return values, weights

    def from_uniform(self, uniform: Sequence[Array]) -> dict[Variable, Array]:
        """The variables of the continuous sources, from their uniform coordinates."""
        values: dict[Variable, Array] = {}
        at = 0
        for source in self.continuous:
            placed = source.law.from_uniform(np.stack(np.broadcast_arrays(*uniform[at : at + source.law.columns])))
            values |= {variable: placed[column] for variable, column in source.variables}
            at += source.law.columns
        return values

    def from_normal(self, coordinates: Sequence[Array]) -> dict[Variable, Array]:
        """The forms, from the Gaussian coordinates; those that are left out are taken to be 0."""
        values: dict[Variable, Array] = {}
        for form, row in zip(self.forms, self.root, strict=True):
            parts = [weight * x for weight, x in zip(row, coordinates, strict=False) if weight != 0.0]
            values[form] = np.asarray(sum(parts[1:], parts[0])) if parts else np.zeros(())
        return values

    def integrand(self, values: Mapping[Variable, Array]) -> Array:
        """The product of the factors at nodes.

        Raises
        ------
        NonFiniteError
        """
        found = np.ones(())
        for factor in self.factors:
            value = evaluated(factor, values)
            if not np.isfinite(value).all():
                raise not_finite(factor, value, values)
            found = found * value
        return found


def not_finite(factor: Factor, value: Array, values: Mapping[Variable, Array]) -> NonFiniteError:
    """The error for a factor that is not finite everywhere, at the mildest arguments where it is not."""
    forms, others = reads(factor)
    shape = value.shape
    bad = ~np.isfinite(value)
    size = np.zeros(shape)
    for variable in (*forms, *others):
        size = size + np.abs(np.broadcast_to(values[variable], shape))
    place = np.unravel_index(int(np.argmin(np.where(bad, size, np.inf))), shape)
    arguments = {variable: float(np.broadcast_to(values[variable], shape)[place]) for variable in (*forms, *others)}
    return NonFiniteError(f"{value[place]} is not finite", factor, float(value[place]), arguments)


def root_of(covariance: Array) -> Array:
    """A root S, (k, rank), with ``S S^T`` the covariance: Cholesky's, with pivots, of the correlations.

    What is left of a variance is taken to be 0 where it is below ``DEGENERATE`` of the whole.
    """
    spread = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    scale = np.where(spread > 0, spread, 1.0)
    left = covariance / np.outer(scale, scale)
    size = len(left)
    root = np.zeros((size, size))
    rank = 0
    for column in range(size):
        remaining = np.diagonal(left)
        pivot = int(np.argmax(remaining))
        if remaining[pivot] <= DEGENERATE:
            break
        root[:, column] = np.clip(left[:, pivot] / remaining[pivot], -1.0, 1.0) * np.sqrt(remaining[pivot])
        root[remaining <= DEGENERATE, column] = 0.0
        left = left - np.outer(root[:, column], root[:, column])
        left[pivot, :] = left[:, pivot] = 0.0
        rank += 1
    return np.asarray(spread[:, None] * root[:, :rank])


class Splitting:
    """Expectations of products, taken apart into problems.

    Parameters
    ----------
    forms : Forms
    space : Space
    """

    def __init__(self, forms: Forms, space: Space) -> None:
        self.forms = forms
        self.space = space
        self._vectors: dict[Form, tuple[NDArray[np.intp], Array]] = {}

    def covariance(self, forms: Sequence[Form], of_variables: Array) -> Array:
        """The covariance matrix of forms, given that of the Gaussian variables."""
        found = np.empty((len(forms), len(forms)))
        for i, one in enumerate(forms):
            places, coefficients = self._vector(one)
            for j, other in enumerate(forms[: i + 1]):
                columns, weights = self._vector(other)
                found[i, j] = found[j, i] = coefficients @ of_variables[np.ix_(places, columns)] @ weights
        return found

    def apart(self, factors: tuple[Factor, ...], of_variables: Array) -> list[tuple[Factor, ...]]:
        """The factors in groups that are independent of each other."""
        forms = list(dict.fromkeys(form for factor in factors for form in reads(factor)[0]))
        covariance = self.covariance(forms, of_variables)
        spread = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        linked = np.abs(covariance) > UNCORRELATED * np.outer(spread, spread)
        groups: list[tuple[list[Factor], set[Variable]]] = []
        for factor in factors:
            own = set(self._touched(factor, forms, linked))
            joined = [group for group in groups if group[1] & own]
            groups = [group for group in groups if not group[1] & own]
            members = [member for group in joined for member in group[0]]
            groups.append(([*members, factor], own.union(*(group[1] for group in joined))))
        return [tuple(members) for members, _ in groups]

    def problem(self, factors: tuple[Factor, ...], of_variables: Array) -> Problem:
        """A group of factors in the fewest coordinates; a single affine factor by its regression."""
        affine = [factor for factor in factors if isinstance(factor, Form)]
        others = tuple(factor for factor in factors if not isinstance(factor, Form))
        if len(affine) == 1 and others:
            factors = (self._regressed(affine[0], others, of_variables), *others)
        forms = tuple(dict.fromkeys(form for factor in factors for form in reads(factor)[0]))
        read = {variable for factor in factors for variable in reads(factor)[1]}
        sources = (
            Source(source.law, tuple(pair for pair in source.variables if pair[0] in read))
            for source in self.space.sources
        )
        root = root_of(self.covariance(forms, of_variables))
        return Problem(factors, forms, root, tuple(source for source in sources if source.variables))

    def _regressed(self, form: Form, others: tuple[Factor, ...], of_variables: Array) -> Expression:
        """``E[form | what the others read]``."""
        forms = list(dict.fromkeys(read for factor in others for read in reads(factor)[0]))
        covariance = self.covariance([*forms, form], of_variables)
        spread = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        scale = np.where(spread > 0, spread, 1.0)
        correlation = covariance / np.outer(scale, scale)
        slopes = np.linalg.pinv(correlation[:-1, :-1], rcond=DEGENERATE, hermitian=True) @ correlation[:-1, -1]
        slopes = slopes * scale[-1] / scale[:-1]
        return total(product(Constant(float(slope)), read) for slope, read in zip(slopes, forms, strict=True))

    def _touched(self, factor: Factor, forms: list[Form], linked: NDArray[np.bool_]) -> list[Variable]:
        """Labels that a factor shares with those it depends on: forms, and one variable of each source."""
        own, variables = reads(factor)
        found: list[Variable] = [*own]
        for form in own:
            found.extend(other for other, link in zip(forms, linked[forms.index(form)], strict=True) if link)
        for source in self.space.sources:
            found.extend(source.variables[0][0] for _ in range(any(pair[0] in variables for pair in source.variables)))
        return found

    def _vector(self, form: Form) -> tuple[NDArray[np.intp], Array]:
        if form not in self._vectors:
            pairs = self.forms.combination(form)
            places = np.array([self.space.gaussian[variable] for variable, _ in pairs], dtype=np.intp)
            self._vectors[form] = places, np.array([coefficient for _, coefficient in pairs])
        return self._vectors[form]
