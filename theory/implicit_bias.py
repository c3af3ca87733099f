"""The shape of the bias: where ρ_j peaks and when it has halved.

With ``x = ν_F ν_C / (ν_W (ν_C + ν_F))`` the weights are ``ρ_j = (ν_C + ν_F) ν_W^j (1 + j x)``. They
need not decrease from the start: ``ρ_{j+1} ≤ ρ_j`` exactly when ``ν_W (1 + (j+1) x) ≤ 1 + j x``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

LARGEST_LAG = 1 << 16
"""A half-life beyond this is not computed: exact powers would take too long."""


@dataclass(frozen=True)
class Shape:
    """How long the memory is that the variances give.

    Attributes
    ----------
    peak : int or None
        The lag with the largest ρ_j (the first of them); None when ρ_j grows for ever or is zero.
    half_life : int or None
        The first lag after the peak with ρ_j at most half of the peak's; None without one.
    """

    peak: int | None
    half_life: int | None


def shape(variances: tuple[Fraction, Fraction, Fraction]) -> Shape:
    """Peak lag and half-life, in exact arithmetic.

    Parameters
    ----------
    variances : (Fraction, Fraction, Fraction)
        ν_W, ν_F, ν_C ≥ 0.

    Examples
    --------
    >>> shape((Fraction(9, 10), Fraction(1), Fraction(1)))
    Shape(peak=8, half_life=24)
    """
    w, f, c = variances
    if f + c == 0:  # every weight is zero
        return Shape(peak=None, half_life=None)
    if w >= 1:
        flat = w == 1 and f * c == 0
        return Shape(peak=0 if flat else None, half_life=None)
    if w == 0 or f * c == 0:  # at most two lags, or a geometric decay, which peaks at once
        peak = 1 if w == 0 and f * c > f + c else 0
    else:
        x = f * c / (w * (f + c))
        turning = (w * (1 + x) - 1) / (x * (1 - w))  # ρ_{j+1} ≤ ρ_j  iff  j ≥ turning
        peak = max(0, -((-turning.numerator) // turning.denominator))
    return Shape(peak=peak, half_life=_half_life(peak, variances))


def _half_life(peak: int, variances: tuple[Fraction, Fraction, Fraction]) -> int | None:
    """First lag after the peak where ρ has halved; ρ decreases there, so bisection is right."""
    w, f, c = variances

    def halved(lag: int) -> bool:
        if w == 0:
            return lag > 1 or 2 * f * c <= f + c
        # 2 ρ_lag ≤ ρ_peak, divided by w^{peak-1}
        return 2 * w ** (lag - peak) * (w * (f + c) + lag * f * c) <= w * (f + c) + peak * f * c

    step = 1
    while not halved(peak + step):
        if peak + step >= LARGEST_LAG:
            return None
        step = min(2 * step, LARGEST_LAG - peak)
    low, high = peak, peak + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if halved(middle) else (middle, high)
    return high
