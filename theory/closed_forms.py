"""State evolution (72) of a recursion in formulas, by closed forms of Gaussian expectations.

``gaussian_recursion`` hands a recursion to the engine of ``theory.state_evolution``. ``covariances`` is
the short way, ``Cov(Q_{s+1}, Q_{t+1}) = Σ_i ν_i E[Z_{i,s}^T Z_{i,t}]``, exactly or to a number of digits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.gaussian_expectations import expectation
from theory.gaussian_ridges import NoClosedFormError
from theory.recursion import ExactRecursion
from theory.state_evolution import Blocks, Covariance, GaussianRecursion, RandomMatrix


@dataclass(frozen=True)
class FormulaRow:
    """The rows of one matrix of a recursion.

    Parameters
    ----------
    recursion : ExactRecursion
    index : int
        Which matrix.
    """

    recursion: ExactRecursion
    index: int
    _known: dict[sp.Basic, sp.Expr] = field(default_factory=dict, compare=False, repr=False)

    def cross_moment(self, s: int, t: int, covariance: Covariance) -> sp.Matrix:
        """``E[Z_s^T Z_t]``.

        Raises
        ------
        NoClosedFormError
            When no closed form is known for an entry.
        """
        rows = [self.recursion.rows(self.index, time) for time in (s, t)]
        return sp.Matrix(len(rows[0]), len(rows[1]), lambda a, b: self._mean(rows[0][a] * rows[1][b], covariance))

    def _mean(self, product: sp.Expr, covariance: Covariance) -> sp.Expr:
        columns = self.recursion.columns
        states = sorted(product.atoms(AppliedUndef), key=str)
        names = {value: sp.Symbol(f"{value.func}[{value.args[0]}]", real=True) for value in states}
        law = {
            (names[one], names[other]): covariance(int(one.args[0]), int(other.args[0]))[
                columns.index(str(one.func)), columns.index(str(other.func))
            ]
            for one, other in combinations_with_replacement(states, 2)
        }
        values, moments = self.recursion.values, {}
        for u in self.recursion.noises:
            if u.moment is not None:
                moments[u.symbol] = u.moment
            elif u.variance is not None and product.has(u.symbol):
                law[u.symbol, u.symbol] = u.variance.subs(values)
        key = sp.Tuple(product, *(sp.Tuple(*pair, value) for pair, value in law.items()))
        if key not in self._known:
            found = expectation(product.xreplace(names), law, moments)
            if found is None:
                raise NoClosedFormError(f"no closed form is known for the expectation of {product}")
            self._known[key] = found
        return self._known[key]


def gaussian_recursion(recursion: ExactRecursion) -> GaussianRecursion:
    """The recursion as the engine of (72) takes it."""
    matrices = tuple(
        RandomMatrix(matrix.name, recursion.variance(i), FormulaRow(recursion, i))
        for i, matrix in enumerate(recursion.matrices)
    )
    return GaussianRecursion(matrices, sp.ImmutableMatrix(recursion.initial.subs(recursion.values)))


def covariances(recursion: ExactRecursion, steps: int, digits: int | None = None) -> Blocks:
    """``E[Q_s^T Q_t]`` for all s, t up to a number of steps.

    Parameters
    ----------
    recursion : ExactRecursion
    steps : int
    digits : int, optional
        Decimal digits of floating-point numbers that carry the closed forms from step to step; exact
        expressions, which grow with every step, when it is not given.

    Returns
    -------
    list of lists of sympy.Matrix
        ``blocks[s][t]``.

    Raises
    ------
    NoClosedFormError
        When an expectation has no closed form that is known.
    """
    given = gaussian_recursion(recursion)
    working = None if digits is None else 2 * digits + 20  # roots of small differences lose half of the digits
    none = sp.zeros(*given.initial.shape)
    blocks: Blocks = [[_rounded(sp.Matrix(given.initial), working)]]
    for now in range(steps):
        column = [none]  # Q_0 is independent of every A_i
        for earlier in range(now + 1):
            total = none
            for matrix in given.matrices:
                total += matrix.variance * matrix.row.cross_moment(earlier, now, lambda s, t: blocks[s][t])
            column.append(_rounded(total, working))
        for row, block in zip(blocks, column, strict=False):
            row.append(block)
        blocks.append([block.T for block in column[:-1]] + [column[-1]])
    return blocks if digits is None else [[block.evalf(digits) for block in row] for row in blocks]


def _rounded(block: sp.Matrix, digits: int | None) -> sp.Matrix:
    return block.applyfunc(sp.expand) if digits is None else block.evalf(digits)
