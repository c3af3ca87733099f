"""How much slower one lag is learned than another, exactly, and which ν_W would make it fast enough.

White inputs show lag j of sequences of length T a number of times that goes like T - j. On their population loss a
step of gradient descent leaves ``1 - p_j`` of the error of lag j alone, and at the rate ``η = r B_1`` of (62)

``p_j = r (ρ_j / max ρ) (T - j) / T``,

whatever the number of sequences and the variance of the inputs. The unscaled convolution has ρ = 1.

**More ν_W, less delay.** Let ``L(p) = -log(1 - p)``, so that steps go like 1/L, and let r ≤ 1. With ``t = p_0`` and
``k = p_j / p_0 < 1`` the delay is ``L(t) / L(k t)``. It falls with k, which grows with ν_W, and rises with t, which
does not grow with ν_W: L is a power series with positive coefficients, so that ``t L'(t) / L(t)`` grows with t. For
k ≥ 1 there is no delay. So a lag that is fast enough at one ν_W is so at every larger one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from flint import arb, ctx, fmpq

from theory.memory import Variances, Weights, smallest_on_grid

PRECISIONS: Final = (128, 512, 2048)
"""Bits; two delays that cannot be told apart with the last are equal, for all that is said here."""


@dataclass(frozen=True)
class Learning:
    """Gradient descent on white inputs.

    Attributes
    ----------
    weights : Weights
    horizon : int
        T.
    rate : Fraction
        r, the rate in units of B_1.
    """

    weights: Weights
    horizon: int
    rate: Fraction

    def progress(self, lag: int) -> Fraction:
        """p_j, the share of the error of lag j that one step removes; 0 where nothing is learned."""
        largest = self.weights.largest(self.horizon)
        if largest == 0:
            return Fraction(0)
        return self.rate * self.weights.at(lag) / largest * Fraction(self.horizon - lag, self.horizon)

    def is_within(self, lag: int, times: Fraction) -> bool:
        """Whether the lag takes at most so many times the steps of lag 0, by ball arithmetic.

        Parameters
        ----------
        lag : int
        times : Fraction
            At least 1.
        """
        first, other = self.progress(0), self.progress(lag)
        if other >= first:
            return True
        if other <= 0 or first >= 1:
            return False
        for bits in PRECISIONS:
            gain = _difference(times, first, other, bits)
            if not gain.contains(0):
                return bool(gain > 0)
        return True


def smallest_nu_W_within(
    lag: int, times: Fraction, horizon: int, rate: Fraction, variances: Variances
) -> Fraction | None:
    """The smallest ν_W on a grid of 10^-6 at which a lag takes at most so many times the steps of lag 0.

    Parameters
    ----------
    lag, horizon : int
    times : Fraction
        At least 1.
    rate : Fraction
        At most 1.
    variances : (Fraction, Fraction, Fraction)
        Of which ν_W does not matter.

    Returns
    -------
    Fraction or None
        None where ν_W up to 1000 is too small, and where ν_F = ν_C = 0.

    Raises
    ------
    ValueError
        When the rate is larger than 1: the delay need not fall with ν_W then.
    """
    if rate > 1:
        raise ValueError(f"rate {rate}: at most 1")
    base = Learning(Weights.of(variances), horizon, rate)

    def enough(w: Fraction) -> bool:
        return replace(base, weights=Weights(w, base.weights.a, base.weights.b)).is_within(lag, times)

    return None if base.weights.a == 0 else smallest_on_grid(enough)


def _difference(times: Fraction, first: Fraction, other: Fraction, bits: int) -> arb:
    """``times · L(other) - L(first)`` as a ball."""
    before = ctx.prec
    ctx.prec = bits
    try:
        return _ball(1 - first).log() - _ball(times) * _ball(1 - other).log()
    finally:
        ctx.prec = before


def _ball(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))
