"""Exact evaluation of a formula, where its symbols have been given values.

Numbers are rationals, matrices are arrays of rationals, and sequences are functions that compute
their values literally. Nothing is simplified: sums are summed, products are multiplied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from math import isqrt
from operator import add
from typing import Any, Final, TypeAlias

import numpy as np
import sympy as sp

from theory.operators import Covariance, Expectation, Trace, WideLimit

Matrix: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]
"""A matrix of Fractions."""


class NoValueError(ValueError):
    """A formula has no exact value here."""


class ShapeError(NoValueError):
    """Matrices that do not fit are added or multiplied."""


@dataclass(frozen=True)
class Root:
    """A non-negative number that is known by its square, such as a norm."""

    square: Fraction

    def __str__(self) -> str:
        try:
            return str(square_root(self.square))
        except NoValueError:
            return f"√({self.square})"


Value: TypeAlias = Fraction | Matrix | Root
Sequence: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Interpretation:
    """Values for the symbols and sequences of a formula.

    Attributes
    ----------
    symbols : mapping of sympy.Symbol to Fraction, int or Matrix
    sequences : mapping of str to callable
        Name of a sequence → a function from its indices to its value; "Covariance" and "WideLimit"
        are functions of the values of their arguments, which may be of any kind.
    scenarios : tuple of mapping
        Sequences that are random: their values in each of several equally likely cases.
    """

    symbols: Mapping[sp.Symbol, Any]
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    scenarios: tuple[Mapping[str, Sequence], ...] = ()

    def at(self, values: Mapping[sp.Symbol, Any]) -> Interpretation:
        """The same, with values for further symbols."""
        return replace(self, symbols={**self.symbols, **values})

    def value(self, expression: sp.Basic) -> Any:
        """The exact value of an expression.

        Raises
        ------
        ShapeError
            When matrices do not fit.
        NoValueError
            When there is none for another reason: a division by zero, an irrational root, or a symbol
            that means nothing here.
        """
        try:
            return self._value(expression)
        except (ZeroDivisionError, IndexError, KeyError) as error:
            raise NoValueError(f"{expression} has no value here") from error

    def _value(self, node: sp.Basic) -> Any:
        for kinds, rule in _RULES:
            if isinstance(node, kinds):
                return rule(self, node)
        raise NoValueError(f"{type(node).__name__} cannot be evaluated")

    def _symbol(self, node: sp.Symbol) -> Any:
        value = self.symbols[node]
        return Fraction(value) if isinstance(value, int) else value

    def _called(self, node: sp.Function) -> Any:
        return self.sequences[str(node.func)](*(_index(self._value(index)) for index in node.args))

    def _operator(self, node: sp.Function) -> Any:
        return self.sequences[str(node.func)](*(self._value(argument) for argument in node.args))

    def _delta(self, node: sp.KroneckerDelta) -> Fraction:
        first, second = (self._value(index) for index in node.args)
        return Fraction(first == second)

    def _fold(self, node: sp.Basic) -> Any:
        join = _plus if isinstance(node, sp.Add) else _times
        return reduce(join, (self._value(part) for part in node.args))

    def _total(self, node: sp.Sum | sp.Product) -> Any:
        """Sum or multiply over the outermost index, one value after another."""
        *inner, (index, low, high) = node.limits
        body = node.func(node.function, *inner) if inner else node.function
        join, start = (_plus, Fraction(0)) if isinstance(node, sp.Sum) else (_times, Fraction(1))
        values = range(_index(self._value(low)), _index(self._value(high)) + 1)
        found = [self.at({index: value})._value(body) for value in values]  # noqa: SLF001
        return reduce(join, found) if found else start

    def _average(self, expression: sp.Expr) -> Any:
        """Over the scenarios."""
        cases = [replace(self, sequences={**self.sequences, **case}) for case in self.scenarios]
        total = reduce(add, (case._value(expression) for case in cases))  # noqa: SLF001
        return total * Fraction(1, len(cases))


_RULES: Final[tuple[tuple[Any, Callable[[Interpretation, Any], Any]], ...]] = (
    (sp.Rational, lambda _, node: Fraction(int(node.p), int(node.q))),
    (sp.Symbol, Interpretation._symbol),  # noqa: SLF001
    (sp.Add | sp.Mul, Interpretation._fold),  # noqa: SLF001
    (sp.Pow, lambda here, node: _power(here.value(node.base), here.value(node.exp))),
    (sp.Sum | sp.Product, Interpretation._total),  # noqa: SLF001
    (sp.KroneckerDelta, Interpretation._delta),  # noqa: SLF001
    (Trace, lambda here, node: sum(np.diagonal(here.value(node.args[0])), Fraction(0))),
    (Expectation, lambda here, node: here._average(node.args[0])),  # noqa: SLF001
    (Covariance | WideLimit, Interpretation._operator),  # noqa: SLF001
    (sp.core.function.AppliedUndef, Interpretation._called),  # noqa: SLF001
)
"""How each kind of node is evaluated."""


def _index(value: Any) -> int:
    if value.denominator != 1:
        raise NoValueError(f"{value} is not an index")
    return int(value)


def _plus(left: Any, right: Any) -> Any:
    if np.shape(left) != np.shape(right):
        if isinstance(left, Fraction) and left == 0:
            return right
        if isinstance(right, Fraction) and right == 0:
            return left
        raise ShapeError(f"shapes {np.shape(left)} and {np.shape(right)} cannot be added")
    return left + right


def _times(left: Any, right: Any) -> Any:
    if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
        return left * right
    if left.shape[1] != right.shape[0]:
        raise ShapeError(f"shapes {left.shape} and {right.shape} cannot be multiplied")
    return left @ right


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, np.ndarray):
        return matrix_power(base, _index(exponent))
    if exponent.denominator == 2:
        return square_root(base) ** exponent.numerator
    return base ** _index(exponent)


def matrix_power(matrix: Matrix, exponent: int) -> Matrix:
    """Multiplied out, one factor after another."""
    if exponent < 0 or matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(f"a {matrix.shape[0]}×{matrix.shape[1]} matrix has no power {exponent}")
    return reduce(np.matmul, [matrix] * exponent, identity(matrix.shape[0]))


def identity(size: int) -> Matrix:
    """The identity matrix of Fractions."""
    return fractions(np.eye(size, dtype=int))


def fractions(values: Any) -> Matrix:
    """An array of Fractions."""
    array = np.asarray(values)
    flat = [Fraction(value if isinstance(value, Fraction) else int(value)) for value in array.ravel()]
    result = np.empty(len(flat), dtype=object)
    result[:] = flat
    return result.reshape(array.shape)


def square_root(number: Fraction) -> Fraction:
    """The exact root of a rational that has one."""
    top, bottom = isqrt(number.numerator), isqrt(number.denominator)
    if top * top != number.numerator or bottom * bottom != number.denominator:
        raise NoValueError(f"√({number}) is not rational")
    return Fraction(top, bottom)


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same, shapes included; the number 0 is zero in every shape."""
    if isinstance(left, Fraction) != isinstance(right, Fraction):
        number, matrix = (left, right) if isinstance(left, Fraction) else (right, left)
        return number == 0 and not np.any(matrix)
    return np.shape(left) == np.shape(right) and bool(np.all(left == right))


def at_most(left: Fraction | Root, right: Fraction | Root) -> bool:
    """Whether a number is at most another; roots are compared by their squares."""
    return _signed_square(left) <= _signed_square(right)


def _signed_square(number: Fraction | Root) -> Fraction:
    """Increases with the number."""
    return number.square if isinstance(number, Root) else number * abs(number)
