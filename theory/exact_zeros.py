"""Whether an exact quantity vanishes, and roots and arcs that are right at the end of their range.

Exact numbers are decided by evaluation to many digits, and where these are all zero, by simplification;
symbolic quantities by simplification. Floating-point numbers of chosen precision, which serve to run
closed forms for many steps, count as zero when almost all of their digits are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import sympy as sp

_DIGITS: Final = 40
_SIZE: Final = 400
"""Symbolic expressions with more operations than this are not simplified."""


class UndecidedError(ValueError):
    """Nobody knows whether a quantity vanishes."""


def is_zero(quantity: sp.Expr) -> bool:
    """Whether it vanishes.

    Raises
    ------
    UndecidedError
        When that cannot be told.
    """
    if quantity.is_Rational:
        return bool(quantity == 0)
    return _is_zero(quantity)


@lru_cache(maxsize=1 << 14)
def _is_zero(quantity: sp.Expr) -> bool:
    if quantity.has(sp.Float):
        number = quantity.evalf(_digits(quantity))
        return bool(abs(number) < sp.Float(10, _digits(quantity)) ** (-_digits(quantity) * 9 // 10))
    if quantity.is_zero is not None:
        return bool(quantity.is_zero)
    if quantity.is_nonzero:
        return False
    if not quantity.free_symbols:
        if abs(quantity.evalf(_DIGITS)) > sp.Float(10) ** (5 - _DIGITS):
            return False
        if sp.simplify(quantity) == 0:
            return True
        raise UndecidedError(f"{quantity} = 0?")
    expanded = sp.expand(quantity)
    return bool(expanded == 0 or (sp.count_ops(expanded) < _SIZE and sp.simplify(expanded) == 0))


def _digits(quantity: sp.Expr) -> int:
    return int(min(number._prec for number in quantity.atoms(sp.Float))) * 3 // 10  # noqa: SLF001


def root(quantity: sp.Expr) -> sp.Expr:
    """The square root; of a floating-point number that rounding has made negative, 0."""
    if quantity.has(sp.Float) and not quantity.free_symbols:
        number = quantity.evalf(_digits(quantity))
        return sp.sqrt(max(number, sp.S.Zero))
    return sp.sqrt(quantity)


def correlation(first: sp.Expr, second: sp.Expr, covariance: sp.Expr) -> sp.Expr:
    """The covariance over the root of the product of two variances."""
    if first == second:
        return covariance / first
    return covariance / root(first * second)


def arc_cosine(cosine: sp.Expr) -> sp.Expr:
    """The angle; floating-point numbers are held within -1 … 1."""
    return sp.acos(_within(cosine))


def arc_sine(sine: sp.Expr) -> sp.Expr:
    """The angle; floating-point numbers are held within -1 … 1."""
    return sp.asin(_within(sine))


def _within(ratio: sp.Expr) -> sp.Expr:
    if ratio.has(sp.Float) and not ratio.free_symbols:
        return max(min(ratio.evalf(_digits(ratio)), sp.S.One), sp.S.NegativeOne)
    return ratio
