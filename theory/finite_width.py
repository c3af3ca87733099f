"""The tangent kernel and the impulse response at every finite width, exactly.

``L_j = n^{-(j+1)/2} C W^j F`` is a word in the parameters. Differentiating it strikes out one
letter at a time and leaves a prefix and a suffix; the kernel pairs two occurrences of the same
parameter and multiplies prefix with prefix and suffix with suffix. Averaging over C and F closes
each product into a trace of words in W, and the loop equations of ``gaussian_moments`` give its
exact expectation. So ``E K_n(x, x') = T(x)^T (P_n ⊗ I) T(x') ⊗ I`` with

``P_n(j,k) = ν_W^{(j+k)/2} (ν_F c_C + ν_C c_F) + ν_C ν_F ν_W^{(j+k-2)/2} c_W``,

where c_C, c_F, c_W are polynomials in 1/n: what training C, F and W alone contributes. Their
constant terms are the limit, found here without state evolution: a second proof of (21) for
each explicit lag.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import sympy as sp

from theory.gaussian_moments import trace_moment
from theory.symbols import n, nu_C, nu_F, nu_W

MAX_EXACT_LAG: Final = 13
"""Largest lag whose exact values are computed in well under a second (words grow like 2^j)."""

Series = tuple[int, ...]
"""A polynomial in 1/n by its ascending coefficients."""

Variances = tuple[Fraction, Fraction, Fraction]
"""ν_W, ν_F, ν_C."""


@dataclass(frozen=True)
class Occurrence:
    """One letter struck out of ``C W^j F``: which parameter, and the powers of W on each side.

    ``prefix`` is None when C itself was struck out (nothing stands before it), and ``suffix``
    is None when F was.
    """

    parameter: str
    prefix: int | None
    suffix: int | None


def occurrences(lag: int) -> Iterator[Occurrence]:
    """The product rule: each letter of ``C W^lag F`` struck out once."""
    yield Occurrence("C", None, lag)
    for i in range(lag):
        yield Occurrence("W", i, lag - 1 - i)
    yield Occurrence("F", lag, None)


@dataclass(frozen=True)
class FiniteWidthWeight:
    """The exact weight ``P_n(j,k)`` of ``x_{t-j}·x'_{s-k}`` in the expected kernel.

    Attributes
    ----------
    row, column : int
        The lags j and k.
    parts : dict of str to tuple of int
        For each of ``"C"``, ``"F"``, ``"W"`` the ascending coefficients in 1/n of its polynomial.
    """

    row: int
    column: int
    parts: dict[str, Series]

    def expression(self) -> sp.Expr:
        """As a SymPy expression in n, ν_W, ν_F, ν_C.

        Examples
        --------
        >>> kernel_weight(1, 1).expression()
        nu_C*nu_F + nu_C*nu_W + nu_F*nu_W
        """
        return sum((factor * _series_expression(self.parts[name]) for name, factor in self._factors()), sp.S.Zero)

    def coefficient(self, power: int) -> sp.Expr:
        """The coefficient of ``n**-power``; power 0 is the limit as n → ∞."""
        return sum((factor * _entry(self.parts[name], power) for name, factor in self._factors()), sp.S.Zero)

    def limit(self) -> sp.Expr:
        """``lim P_n(j,k)`` as n → ∞."""
        return self.coefficient(0)

    def leading_correction(self) -> tuple[int, sp.Expr]:
        """The first power of 1/n after the limit and its coefficient; ``(0, 0)`` when there is none."""
        for power in range(1, max(map(len, self.parts.values()), default=0)):
            coefficient = self.coefficient(power)
            if coefficient != 0:
                return power, coefficient
        return 0, sp.S.Zero

    def at(self, width: int, variances: Variances) -> Fraction:
        """The exact value at a width, as a rational number.

        Parameters
        ----------
        width : int
            n ≥ 1, any size.
        variances : (Fraction, Fraction, Fraction)
            ν_W, ν_F, ν_C; zero is allowed.
        """
        w, f, c = variances
        total = self.row + self.column
        if total % 2:
            return Fraction(0)
        half = total // 2
        value = w**half * (f * _evaluate(self.parts["C"], width) + c * _evaluate(self.parts["F"], width))
        if self.parts["W"]:  # absent when a lag is 0: then ν_W^{half-1} must not be formed
            value += c * f * w ** (half - 1) * _evaluate(self.parts["W"], width)
        return value

    def _factors(self) -> Iterator[tuple[str, sp.Expr]]:
        half = sp.Rational(self.row + self.column, 2)
        yield "C", nu_F * nu_W**half
        yield "F", nu_C * nu_W**half
        yield "W", nu_C * nu_F * nu_W ** (half - 1)


@cache
def kernel_weight(row: int, column: int) -> FiniteWidthWeight:
    """Derive ``P_n(row, column)`` from the product rule and the loop equations.

    Raises
    ------
    ValueError
        For a negative lag.
    """
    if min(row, column) < 0:
        raise ValueError(f"lags ({row}, {column}): must not be negative")
    scale = row + column + 2  # P_n carries n^{-scale/2}
    parts: dict[str, Series] = {"C": (), "F": (), "W": ()}
    if scale % 2 == 0:
        for left in occurrences(row):
            for right in occurrences(column):
                if left.parameter == right.parameter:
                    moment = trace_moment(*_traces(left, right))
                    parts[left.parameter] = _sum(parts[left.parameter], _in_inverse_width(moment, scale // 2))
    return FiniteWidthWeight(row, column, parts)


def _traces(left: Occurrence, right: Occurrence) -> Iterator[str]:
    """The traces that remain once C and F are averaged out.

    ``E_C[(C W^i)(C W^l)^T] = ν_C tr(W^i W^{lT}) I`` and ``E_F[(W^i F)^T (W^l F)] = ν_F tr(W^{iT} W^l) I``.
    """
    if left.prefix is not None and right.prefix is not None:
        yield "G" * left.prefix + "t" * right.prefix
    if left.suffix is not None and right.suffix is not None:
        yield "t" * left.suffix + "G" * right.suffix


@cache
def response_moment(row: int, column: int) -> Series:
    """Coefficients in 1/n of ``m_{jk}(n)``, the exact cross-covariance of L_j and L_k.

    ``E[L_j L_k] = ν_C ν_F ν_W^{(j+k)/2} m_{jk}(n)`` for one component, 0 between different
    components, and ``m_jj = m_j``, so ``E‖L_j‖_F² = n_x n_y ν_C ν_F ν_W^j m_j(n)`` exactly, see (24).

    Examples
    --------
    >>> response_moment(3, 3)
    (1, 0, 10, 4)
    """
    if (row + column) % 2:
        return ()
    return _in_inverse_width(trace_moment("G" * row + "t" * column), (row + column + 2) // 2)


def response_covariance(row: int, column: int, width: int, variances: Variances) -> Fraction:
    """``E[L_j L_k]`` of one component at width n, exactly."""
    w, f, c = variances
    if (row + column) % 2:
        return Fraction(0)
    return c * f * w ** ((row + column) // 2) * _evaluate(response_moment(row, column), width)


def _in_inverse_width(moment: Series, top: int) -> Series:
    """Turn ascending powers of n into ascending powers of 1/n after division by n**top."""
    padded = moment + (0,) * (top + 1 - len(moment))
    coefficients = list(reversed(padded))
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    return tuple(coefficients)


def _entry(series: Series, power: int) -> int:
    return series[power] if power < len(series) else 0


def _sum(a: Series, b: Series) -> Series:
    return tuple(_entry(a, i) + _entry(b, i) for i in range(max(len(a), len(b))))


def _evaluate(series: Series, width: int) -> Fraction:
    return sum((Fraction(c, width**power) for power, c in enumerate(series)), Fraction(0))


def _series_expression(series: Series) -> sp.Expr:
    return sp.Add(*(c * n**-power for power, c in enumerate(series)))
