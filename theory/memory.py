"""How short the memory is that the variances give, which lags it reaches, and which ν_W would reach further.

Gradient descent learns lag j at a rate proportional to ρ_j (17). Divided by ν_W^j the derived ρ_j is a straight line
in j, ``ρ_j = (a ν_W + b j) ν_W^(j-1)``, with ``a = ν_C + ν_F`` from training C and F and ``b = ν_C ν_F`` from training
W; a and b are read off the derivation. While ν_W < 1, ρ_j rises to its peak and falls for ever after, so that it has
come down to a level once and for all at one lag, which bisection finds in exact arithmetic. As a real number it is
``j = W_-1(z) / log ν_W - 1/x`` with ``x = b / (a ν_W)``, ``z = s ν_W^(1/x) log(ν_W) / x`` at the share s of ρ_0, where
W_-1 is the lower branch of Lambert's function.

**More ν_W, more memory.** ρ_0 = a does not depend on ν_W, and ρ_j is a polynomial in it without negative
coefficients. So ``ρ_j ≥ s ρ_0`` holds from some ν_W on, and at ν_W = 1, where ``ρ_j = a + b j``, for every s ≤ 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import sympy as sp

from theory.implicit_bias import LARGEST_LAG
from theory.symbols import VARIANCES, j, nu_W
from theory.tangent_kernel import rho

Variances = tuple[Fraction, Fraction, Fraction]
"""ν_W, ν_F, ν_C."""

GRID: Final = 10**6
"""A ν_W is found to so many parts of 1."""

LARGEST_NU_W: Final = 1000


@dataclass(frozen=True)
class Weights:
    """The weights ``ρ_j = (a ν_W + b j) ν_W^(j-1)`` at given variances, as rational numbers.

    Attributes
    ----------
    nu_W, a, b : Fraction
    """

    nu_W: Fraction
    a: Fraction
    b: Fraction

    @classmethod
    def of(cls, variances: Variances) -> Weights:
        """The derived weights; zeros are allowed.

        Examples
        --------
        >>> Weights.of((Fraction(1, 2), Fraction(1), Fraction(1))).at(1)
        Fraction(2, 1)
        """
        values = {s: sp.Rational(v.numerator, v.denominator) for s, v in zip(VARIANCES, variances, strict=True)}
        a, b = (value.subs(values) for value in coefficients())
        return cls(variances[0], Fraction(int(a.p), int(a.q)), Fraction(int(b.p), int(b.q)))

    def at(self, lag: int) -> Fraction:
        """ρ_j of one lag."""
        return self.a if lag == 0 else self.nu_W ** (lag - 1) * (self.a * self.nu_W + lag * self.b)

    def largest(self, horizon: int) -> Fraction:
        """The largest of the first T weights, where ρ_j has one peak or grows."""
        peaks = self.peaks()
        return self.at(horizon - 1 if not peaks else min(peaks[0], horizon - 1))

    def peaks(self) -> tuple[int, ...]:
        """The lags of the largest weight: one, or two neighbours; none where there is no largest or all are."""
        if self.a == 0 or self.nu_W >= 1:
            return ()
        first = _first_peak(self)
        a_w, b = self.a * self.nu_W, self.b
        tied = self.nu_W * (a_w + (first + 1) * b) == a_w + first * b if self.nu_W else (first, b) == (0, self.a)
        return (first, first + 1) if tied else (first,)

    def stays_below(self, level: Fraction) -> int | None:
        """The first lag from which on every weight is at most the level; None without one by ``LARGEST_LAG``.

        Parameters
        ----------
        level : Fraction
            Positive.
        """
        peaks = self.peaks()
        if not peaks:
            return 0 if self._never_above(level) else None
        if peaks[0] > LARGEST_LAG:
            return None
        if self.at(peaks[0]) <= level:
            return 0
        return _first(lambda lag: self.at(lag) <= level, peaks[-1], LARGEST_LAG)

    def real_lag(self, share: Fraction) -> sp.Expr | None:
        """The real number j beyond the peak with ``ρ_j = share · ρ_0``, in closed form.

        Parameters
        ----------
        share : Fraction
            Positive, and below that of the peak.
        """
        if self.a == 0 or not 0 < self.nu_W < 1:
            return None
        s, w, x = (sp.Rational(v.numerator, v.denominator) for v in (share, self.nu_W, self.b / (self.a * self.nu_W)))
        if x == 0:
            return sp.log(s) / sp.log(w)
        return sp.LambertW(s * w ** (1 / x) * sp.log(w) / x, -1) / sp.log(w) - 1 / x

    def _never_above(self, level: Fraction) -> bool:
        """Whether constant weights, or none, are at most the level."""
        constant = self.nu_W == 1 and self.b == 0
        return self.a == 0 or (constant and self.a <= level)


@cache
def coefficients() -> tuple[sp.Expr, sp.Expr]:
    """The a and b of ``ρ_j = a ν_W^j + b j ν_W^(j-1)``, read off the derived ρ_j.

    Examples
    --------
    >>> coefficients()
    (nu_C + nu_F, nu_C*nu_F)
    """
    line = sp.Poly(sp.simplify(sp.expand(rho() / nu_W**j)), j)
    slope, offset = line.all_coeffs()
    a, b = sp.expand(offset), sp.expand(slope * nu_W)
    if {j, nu_W} & (a.free_symbols | b.free_symbols):
        raise ArithmeticError(f"ρ_j = {rho()} is not a straight line in j times ν_W^j")
    return a, b


@dataclass(frozen=True)
class Memory:
    """How far the memory reaches at given variances.

    Attributes
    ----------
    peaks : tuple of int
        Where ρ_j is largest.
    half, half_of_peak, hundredth : int or None
        The first lags from which on ρ_j is at most half of ρ_0, half of its largest, and 1 % of ρ_0; None where ρ_j
        never stays so small, or not by lag ``LARGEST_LAG``.
    """

    peaks: tuple[int, ...]
    half: int | None
    half_of_peak: int | None
    hundredth: int | None

    @classmethod
    def of(cls, variances: Variances) -> Memory:
        """That of the derived weights.

        Examples
        --------
        >>> Memory.of((Fraction(9, 10), Fraction(1), Fraction(1)))
        Memory(peaks=(8,), half=36, half_of_peak=24, hundredth=80)
        """
        weights = Weights.of(variances)
        if weights.a == 0:
            return cls((), None, None, None)
        peaks = weights.peaks()
        top = weights.at(peaks[0]) if peaks and peaks[0] <= LARGEST_LAG else None
        return cls(
            peaks,
            weights.stays_below(weights.a / 2),
            None if top is None else weights.stays_below(top / 2),
            weights.stays_below(weights.a / 100),
        )


def smallest_nu_W(lag: int, share: Fraction, variances: Variances) -> Fraction | None:
    """The smallest ν_W on a grid of 10^-6 with ``ρ_lag ≥ share · ρ_0``; None where ν_W up to 1000 is too small.

    The ν_W among the variances does not matter. Below 1 one is always found while the share is less than 1.

    Parameters
    ----------
    lag : int
    share : Fraction
        Positive.
    variances : (Fraction, Fraction, Fraction)
    """
    base = Weights.of(variances)

    def enough(w: Fraction) -> bool:
        return Weights(w, base.a, base.b).at(lag) >= share * base.a

    return None if base.a == 0 else smallest_on_grid(enough)


def smallest_on_grid(enough: Callable[[Fraction], bool]) -> Fraction | None:
    """The smallest multiple of 10^-6, up to 1000, from which on a condition holds that holds from some ν_W on."""
    if enough(Fraction(0)):
        return Fraction(0)
    found = _first(lambda place: enough(Fraction(place, GRID)), 0, LARGEST_NU_W * GRID)
    return None if found is None else Fraction(found, GRID)


def common_factor(lag: int, share: Fraction, variances: Variances) -> Fraction | None:
    """By how much ν_F and ν_C must both be multiplied so that ``ρ_lag = share · ρ_0``; None where that is no help.

    ``ρ_lag / ρ_0 = ν_W^lag (1 + lag f x)`` with the factor f, since a grows like f and b like f².
    """
    weights = Weights.of(variances)
    if lag == 0 or not weights.nu_W or not weights.b:
        return None
    x = weights.b / (weights.a * weights.nu_W)
    return (share / weights.nu_W**lag - 1) / (lag * x)


def _first_peak(weights: Weights) -> int:
    """The first lag of the largest weight, for 0 ≤ ν_W < 1 and a > 0."""
    if weights.nu_W == 0:
        return 1 if weights.b > weights.a else 0
    if weights.b == 0:
        return 0
    w, x = weights.nu_W, weights.b / (weights.a * weights.nu_W)
    turning = (w * (1 + x) - 1) / (x * (1 - w))  # ρ_{j+1} ≤ ρ_j  iff  j ≥ turning
    return max(0, -((-turning.numerator) // turning.denominator))


def _first(holds: Callable[[int], bool], low: int, end: int) -> int | None:
    """The first number after ``low`` from which on a condition holds, if it does at ``end``; by bisection."""
    step = 1
    while not holds(min(low + step, end)):
        if low + step >= end:
            return None
        low, step = low + step, 2 * step
    high = min(low + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
