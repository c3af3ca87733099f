"""From means at several widths to the limit n → ∞, by Richardson's method, with an honest error.

A mean at width n is its limit plus a/n + b/n² + …; none of these coefficients is known for a general
recursion. Two widths, a factor f apart, remove a/n. A third shows how large b/n² may be: that much is
allowed for, besides the statistical error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from numerics.gaussian_matrix import Array
from numerics.statistics import ROUNDING, Moments


@dataclass(frozen=True)
class Estimate:
    """A limit, entry by entry.

    Attributes
    ----------
    value : array
    error : array
        Standard error.
    residual : array
        Bound of what the widths' finite size may still contribute, as the third width shows it.
    degrees : array
        Of freedom of the error.
    """

    value: Array
    error: Array
    residual: Array
    degrees: Array

    @property
    def half_width(self) -> Array:
        """Half the length of a 95 % interval."""
        return np.asarray(special.stdtrit(self.degrees, 0.975) * self.error + self.residual)

    def p_values(self, expected: ArrayLike, tolerance: ArrayLike = 0.0) -> Array:
        """Two-sided tests of the limit: what exceeds residual, tolerance and rounding, by Student's law.

        Parameters
        ----------
        expected : array_like
        tolerance : array_like, optional
            Error of ``expected``.
        """
        expected = np.asarray(expected, dtype=np.float64)
        rounding = ROUNDING * (np.abs(expected) + np.abs(self.value))
        excess = np.maximum(np.abs(self.value - expected) - self.residual - tolerance - rounding, 0.0)
        z = np.divide(excess, self.error, out=np.where(excess > 0, np.inf, 0.0), where=self.error > 0)
        return np.asarray(2.0 * special.stdtr(self.degrees, -z))


def extrapolated(widths: Sequence[int], moments: Sequence[Moments]) -> Estimate:
    """The limit of a mean.

    Parameters
    ----------
    widths : sequence of int
        Three or more, ascending by a common factor; the last three are used.
    moments : sequence of Moments
        Of independent replicates at each of them.

    Raises
    ------
    ValueError
        With fewer than three widths.
    """
    if len(widths) < 3:
        raise ValueError(f"{len(widths)} widths: at least three are needed")
    low, middle, top = moments[-3:]
    factor = widths[-1] / widths[-2]
    weight, rest = factor / (factor - 1), 1 / (factor - 1)
    value = weight * top.mean - rest * middle.mean
    before = weight * middle.mean - rest * low.mean
    shares = [(weight * top.error) ** 2, (rest * middle.error) ** 2]
    variance = shares[0] + shares[1]
    counts = (top.count - 1, middle.count - 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # Welch and Satterthwaite
        degrees = variance**2 / sum(share**2 / max(count, 1) for share, count in zip(shares, counts, strict=True))
    rounding = ROUNDING * (weight * np.abs(top.mean) + rest * np.abs(middle.mean))  # where large means cancel
    return Estimate(
        value,
        np.sqrt(variance),
        np.abs(value - before) / (factor**2 - 1) + rounding,
        np.where(np.isfinite(degrees), degrees, float(max(min(counts), 1))),
    )


@dataclass(frozen=True)
class Rate:
    """The exponent of a quantity that shrinks like a power of n.

    Attributes
    ----------
    slope, error : float
        Extrapolated to n → ∞, with its standard error.
    residual : float
        What finite widths may still contribute.
    """

    slope: float
    error: float
    residual: float

    def p_value(self, expected: float) -> float:
        """Normal test of the exponent."""
        excess = max(abs(self.slope - expected) - self.residual, 0.0)
        return float(2.0 * special.ndtr(-excess / self.error)) if self.error > 0 else float(excess == 0)

    def interval(self) -> tuple[float, float]:
        """A 95 % confidence interval."""
        half = float(special.ndtri(0.975)) * self.error + self.residual
        return self.slope - half, self.slope + half


def extrapolated_rate(widths: Sequence[int], logarithms: Sequence[float], errors: Sequence[float]) -> Rate:
    """The exponent, from the logarithms of a quantity with independent errors.

    The slope between neighbouring widths is the exponent plus O(1/n), which is removed as above.

    Parameters
    ----------
    widths : sequence of int
        Four or more, ascending by a common factor; the last four are used.
    logarithms, errors : sequence of float

    Raises
    ------
    ValueError
        With fewer than four widths.
    """
    if len(widths) < 4:
        raise ValueError(f"{len(widths)} widths: at least four are needed")
    factor = widths[-1] / widths[-2]
    weight, rest = factor / (factor - 1), 1 / (factor - 1)
    contrast = np.array([0.0, rest, -weight - rest, weight]) / np.log(factor)
    earlier = np.array([rest, -weight - rest, weight, 0.0]) / np.log(factor)
    values, spread = np.array(logarithms[-4:]), np.array(errors[-4:])
    slope = float(contrast @ values)
    rounding = ROUNDING * float(np.abs(contrast) @ np.abs(values))
    residual = abs(slope - float(earlier @ values)) / (factor**2 - 1) + rounding
    return Rate(slope, float(np.sqrt(contrast[1:] ** 2 @ spread[1:] ** 2)), residual)
