"""Second moments that are known exactly at a finite width n: no tolerance is needed for these."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from numerics.expression import Apply, Constant, Expression, State
from numerics.gaussian_matrix import Array
from numerics.laws import Normal, Table
from numerics.recursion import FormulaRows, Recursion
from numerics.state_evolution import LimitLaw
from theory.finite_width import MAX_EXACT_LAG, response_moment


def exact_second_moments(law: LimitLaw, width: int) -> Array:
    """``E n^{-1} q_s^T q_t`` at a width, (K, K), NaN where it is not known.

    The first step is exact at every width, since A is independent of z_0. A linear recursion with one
    matrix is known throughout, by loop equations: ``E n^{-1} tr(M^{sT} M^t)`` for ``M = n^{-1/2} A``.
    Lags s with s² > n are left out: there the mean of any affordable number of draws means nothing.

    Parameters
    ----------
    law : LimitLaw
        (72) of the recursion.
    width : int
    """
    recursion = law.recursion
    found = np.full_like(law.covariance, np.nan)
    if not _rows_complete(recursion, width):
        return found
    first = 2 * recursion.q_columns
    found[:first, :first] = law.covariance[:first, :first]
    coefficients = linear_coefficients(recursion, law.horizon)
    if coefficients is not None:
        times = 1 + min(law.horizon, MAX_EXACT_LAG, int(np.sqrt(width)))
        for s in range(times):
            for t in range(s, times):
                block = _linear_block(recursion, coefficients, s, t, width)
                _place(found, s, t, block)
    return found


def linear_coefficients(recursion: Recursion, horizon: int) -> Array | None:
    """B with ``z_t = q_t B`` at all times, where there is one matrix and it is so; else None."""
    if len(recursion.matrices) != 1 or not all(isinstance(law, Normal) for law in recursion.initial):
        return None
    found = [_linear(recursion.rows(0, t), t, recursion.q_columns) for t in range(horizon)]
    if any(one is None for one in found):
        return None
    known = [one for one in found if one is not None]
    return known[0] if all(np.array_equal(known[0], one) for one in known) else None


def _linear(rows: object, t: int, columns: int) -> Array | None:
    if not isinstance(rows, FormulaRows):
        return None
    found = np.zeros((columns, columns))
    for column, expression in enumerate(rows.expressions):
        for term in _parts(expression, "add"):
            factor, state = _scaled_state(term)
            if term == Constant(0.0):
                continue
            if state is None or state.time != t:
                return None
            found[state.column, column] += factor
    return found


def _parts(expression: Expression, function: str) -> tuple[Expression, ...]:
    """The terms of a sum, or the factors of a product, also of one within another; else the expression alone."""
    if isinstance(expression, Apply) and expression.function == function:
        return tuple(part for argument in expression.arguments for part in _parts(argument, function))
    return (expression,)


def _scaled_state(term: Expression) -> tuple[float, State | None]:
    """A number times a column of q."""
    factor, state = 1.0, None
    for part in _parts(term, "multiply"):
        if isinstance(part, Constant):
            factor *= part.value
        elif isinstance(part, State) and state is None:
            state = part
        else:
            return 0.0, None
    return factor, state


def _linear_block(recursion: Recursion, coefficients: Array, s: int, t: int, width: int) -> Array:
    moment = float(sum((Fraction(c, width**power) for power, c in enumerate(response_moment(s, t))), Fraction(0)))
    nu, powers = recursion.matrices[0].variance, [np.linalg.matrix_power(coefficients, lag) for lag in (s, t)]
    initial = _initial_second_moment(recursion)
    return np.asarray(nu ** ((s + t) / 2) * moment * (powers[0].T @ initial @ powers[1]))


def _initial_second_moment(recursion: Recursion) -> Array:
    from scipy.linalg import block_diag

    laws = [law for law in recursion.initial if isinstance(law, Normal)]
    means = np.concatenate([law.centre for law in laws])
    return np.asarray(block_diag(*(np.array(law.covariance) for law in laws)) + np.outer(means, means))


def _place(found: Array, s: int, t: int, block: Array) -> None:
    size = block.shape[0]
    rows, columns = slice(s * size, (s + 1) * size), slice(t * size, (t + 1) * size)
    found[rows, columns], found[columns, rows] = block, block.T


def _rows_complete(recursion: Recursion, width: int) -> bool:
    """Whether given rows fill the width evenly, so that averages over them are those of the limit."""
    laws = (*recursion.initial, *recursion.inputs)
    return all(width % len(law.rows) == 0 for law in laws if isinstance(law, Table))
