"""False state evolutions: each must be refuted by (72) and by the measurements alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from numerics.expression import Expression, Program, product
from numerics.gaussian_matrix import Array
from numerics.recursion import FormulaRows
from proofs_check.judgement import refuting_entries
from proofs_check.recursion.checks import APART, covariance_family
from proofs_check.recursion.context import RecursionContext, largest
from proofs_check.theorem import Control, ControlResult

Covariances = Callable[[RecursionContext], Array]


def _fresh(context: RecursionContext) -> Array:
    return context.fresh.covariance


def _variances(change: Callable[[float], float]) -> Covariances:
    def changed(context: RecursionContext) -> Array:
        matrices = tuple(replace(one, variance=change(one.variance)) for one in context.recursion.matrices)
        return context.limit_of(replace(context.recursion, matrices=matrices)).covariance

    return changed


def _innovations_alone(context: RecursionContext) -> Array:
    """Q_{t+1} from innovations, without what earlier images predict."""
    law, d = context.limit, context.recursion.q_columns
    found = np.zeros_like(law.covariance)
    found[:d, :d] = law.covariance[:d, :d]
    for matrix in law.predictor_form().innovations:
        for time, innovation in enumerate(matrix):
            place = slice((time + 1) * d, (time + 2) * d)
            found[place, place] += innovation
    return found


def _shifted(context: RecursionContext) -> Array:
    """Q_t with the second moments of Z_t instead of Z_{t-1}."""
    law, d = context.limit, context.recursion.q_columns
    found = law.covariance.copy()
    size = context.settings.horizon * d
    found[:size, :size] = _images(context)
    return found


def _centred(context: RecursionContext) -> Array:
    """The covariance of Z in place of its second moment."""
    law, d = context.limit, context.recursion.q_columns
    found = law.covariance.copy()
    for place, matrix in enumerate(context.recursion.matrices):
        means = _expected(context, _columns(context, place))
        if means.size:
            found[d:, d:] -= matrix.variance * np.outer(means, means)
    return found


def _columns(context: RecursionContext, place: int) -> list[Expression]:
    """The columns of Z_{i,0} … Z_{i,T-1}; none of functions that are written in Python."""
    rows = [context.recursion.rows(place, t) for t in range(context.settings.horizon)]
    return [column for row in rows if isinstance(row, FormulaRows) for column in row.expressions]


def _expected(context: RecursionContext, functions: list[Expression]) -> Array:
    return np.array([one.value for one in context.limit.expect_all(Program(tuple(functions)))])


def _one_matrix(context: RecursionContext) -> Array:
    """One matrix in the place of all: images are correlated."""
    law, d = context.limit, context.recursion.q_columns
    found = law.covariance.copy()
    matrices = context.recursion.matrices
    for one in range(len(matrices)):
        for other in range(one):
            factor = float(np.sqrt(matrices[one].variance * matrices[other].variance))
            cross = factor * _cross_moments(context, one, other)
            found[d:, d:] += cross + cross.T
    return found


def _cross_moments(context: RecursionContext, one: int, other: int) -> Array:
    """``E[Z_{i,s}^T Z_{k,t}]`` for two matrices."""
    left, right = _columns(context, one), _columns(context, other)
    found = _expected(context, [product(a, b) for a in left for b in right])
    size = context.settings.horizon * context.recursion.q_columns
    return found.reshape(size, size) if found.size else np.zeros((size, size))


def _images(context: RecursionContext) -> Array:
    law = context.limit
    blocks = [m.variance * z for m, z in zip(context.recursion.matrices, law.second_moments, strict=True)]
    return np.asarray(np.sum(blocks, axis=0))


VARIANTS: Final[dict[Control, Covariances]] = {
    Control("fresh matrices at each step", "Cov(Q_s, Q_t) = 0 for s ≠ t", "the matrix is shared by all times"): _fresh,
    Control(
        "predictor term missing", "Q_(t+1) = Σ_i R̃_(i,t)", "earlier images predict a part of the next (72g)"
    ): _innovations_alone,
    Control("variance 10 % too large", "1.1 ν_i", "A_i has variance ν_i"): _variances(lambda nu: 1.1 * nu),
    Control("variance squared", "ν_i²", "A_i occurs once"): _variances(lambda nu: nu**2),
    Control("standard deviation for variance", "ν_i^(1/2)", "ν_i is a variance"): _variances(lambda nu: nu**0.5),
    Control("time not shifted", "Cov(Q_s, Q_t) = Σ_i ν_i E[Z_s Z_t]", "z_t goes into q_(t+1)"): _shifted,
    Control(
        "mean of Z subtracted", "Cov(Q_(s+1), Q_(t+1)) = Σ_i ν_i Cov(Z_s, Z_t)", "second moments count, not covariances"
    ): _centred,
    Control("one matrix for all", "A_i = A", "the matrices are independent"): _one_matrix,
}
"""Each false variant, and the covariances of Q_0 … Q_T that it claims."""


def refute(control: Control, context: RecursionContext) -> ControlResult:
    """Attack with a false variant: (72) and the measurements must each refute it."""
    law, claimed = context.limit, VARIANTS[control](context)
    apart = np.abs(claimed - law.covariance)
    row, column = (int(i) for i in np.unravel_index(np.argmax(apart - context.limit_error), apart.shape))
    differs = bool(np.max(apart) > APART * largest(law.covariance))
    resolved = bool(np.any(apart > context.limit_error + context.resolution))
    family = covariance_family(context, claimed, context.limit_error)
    refuting = refuting_entries(family.p_values)
    entry = family.entry(refuting[0]) if refuting else None
    where = f"{context.label(row, column)}: (72) gives {law.covariance[row, column]:.6g}"
    return ControlResult(
        control,
        applicable=differs and resolved,
        symbolic=bool(apart[row, column] > context.limit_error[row, column]),
        numeric=entry is not None,
        symbolic_reason=f"{where} ± {context.limit_error[row, column]:.0e}, not {claimed[row, column]:.6g}",
        numeric_reason=f"{entry['what']}: {entry['found']:.6g} ± {1.96 * entry['standard_error']:.1g}, not "
        f"{entry['expected']:.6g}"
        if entry
        else "no measurement contradicts it",
        remark="closer to the truth than this run can tell, so not a control here" if differs else "",
    )
