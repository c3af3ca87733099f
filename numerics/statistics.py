"""Estimators that stream and merge, and the tests that are run on them.

Every p-value here is two-sided. Tests compare with a stated value, so that nothing is tuned; the
caller collects all p-values of a run and shares one false-alarm budget among them by Holm's method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from numerics.gaussian_matrix import Array

POWER_QUANTILE: Final = 1.6448536269514722
"""Normal quantile of 95 %: an error of the stated resolution is noticed with that probability."""

ROUNDING: Final = 64 * float(np.finfo(np.float64).eps)
"""Relative rounding error allowed in a mean."""


@dataclass(frozen=True)
class Moments:
    """Count, mean, and sums of squared and cubed deviations, entry by entry; merging is exact.

    Attributes
    ----------
    count : int
    mean, squares, cubes : array
        ``squares`` is ``Σ (x - mean)²``, ``cubes`` is ``Σ (x - mean)³``.
    """

    count: int
    mean: Array
    squares: Array
    cubes: Array

    @classmethod
    def of(cls, batch: Array) -> Moments:
        """Moments over the leading axis of a batch."""
        mean = batch.mean(axis=0)
        centred = batch - mean
        squared = centred**2
        return cls(batch.shape[0], mean, squared.sum(axis=0), np.einsum("r...,r...->...", squared, centred))

    @classmethod
    def of_products(cls, batch: Array) -> Moments:
        """Moments of all products ``x_i x_k`` of a (replicates, m) batch, without forming them.

        The sums are not centred, which costs no accuracy: the deviation of a product is as
        large as its typical size.
        """
        count = batch.shape[0]
        first, second, third = ((batch**power).T @ batch**power / count for power in (1, 2, 3))
        variance = np.maximum(second - first**2, 0.0)
        return cls(count, first, count * variance, count * (third - 3 * first * second + 2 * first**3))

    def merge(self, other: Moments) -> Moments:
        """Moments of both samples together (the updates of Chan, Golub, LeVeque and of Pébay)."""
        one, two, count = self.count, other.count, self.count + other.count
        shift = other.mean - self.mean
        return Moments(
            count,
            self.mean + shift * (two / count),
            self.squares + other.squares + shift**2 * (one * two / count),
            self.cubes
            + other.cubes
            + shift**3 * (one * two * (one - two) / count**2)
            + 3 * shift * (one * other.squares - two * self.squares) / count,
        )

    @property
    def variance(self) -> Array:
        """Unbiased sample variance; infinite for a single replicate."""
        return self.squares / (self.count - 1) if self.count > 1 else np.full_like(self.mean, np.inf)

    @property
    def error(self) -> Array:
        """Standard error of the mean."""
        return np.sqrt(self.variance / self.count)

    @property
    def skewness(self) -> Array:
        """Sample skewness; 0 where there is no spread."""
        scale = (self.squares / self.count) ** 1.5
        return np.divide(self.cubes / self.count, scale, out=np.zeros_like(scale), where=scale > 0)


@dataclass(frozen=True)
class MeanTest:
    """Tests of means against stated values, entry by entry."""

    z: Array
    p_values: Array


def mean_test(moments: Moments, expected: ArrayLike) -> MeanTest:
    """Tests of ``mean = expected`` by Student's statistic, corrected for skewness.

    A Studentized mean of skewed draws has one heavy tail: at a level of 1e-6 a mean of 256
    squared normals would be refuted a hundred times too often. Hall's transformation removes the
    skewness; of the plain and the transformed statistic the less extreme counts. From 64
    replicates on the false-alarm probability is then right to within a small factor.

    The standard error is not taken to be smaller than the rounding of the mean, so that draws
    without spread must agree to rounding, and no better.

    Parameters
    ----------
    moments : Moments
    expected : array_like
        Broadcast against the mean.

    References
    ----------
    P. Hall, On the removal of skewness by transformation, J. R. Stat. Soc. B 54 (1992).
    """
    expected = np.asarray(expected, dtype=np.float64)
    deviation = moments.mean - expected
    rounding = ROUNDING * np.maximum(np.abs(expected), np.abs(moments.mean))
    error = np.hypot(moments.error, rounding)
    z = np.divide(deviation, error, out=np.zeros_like(deviation), where=error > 0)
    a = moments.skewness / np.sqrt(moments.count)
    transformed = z + a * z**2 / 3 + a**2 * z**3 / 27 + a / 6
    milder = np.minimum(np.abs(z), np.abs(transformed))
    return MeanTest(z, two_sided(milder, moments.count - 1))


def two_sided(z: Array, degrees_of_freedom: float) -> Array:
    """Two-sided p-values of Student statistics."""
    return np.asarray(2.0 * special.stdtr(max(degrees_of_freedom, 1), -np.abs(z)), dtype=np.float64)


def holm(p_values: ArrayLike) -> Array:
    """Holm's adjusted p-values: reject where they are at most the family-wise level.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1.0)
    return result


def critical_value(level: float, tests: int) -> float:
    """The z beyond which one of ``tests`` two-sided tests is rejected by Bonferroni's bound."""
    return float(-special.ndtri(level / (2 * max(tests, 1))))


def resolution(error: ArrayLike, value: ArrayLike, level: float, tests: int) -> Array:
    """The smallest relative error of ``value`` that is refuted with 95 % probability.

    Parameters
    ----------
    error, value : array_like
        Standard error and size of what is measured.
    level : float
        Family-wise false-alarm probability.
    tests : int
        Number of tests in the family.

    Returns
    -------
    array
        NaN where the value is zero.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.asarray(error, dtype=np.float64) / np.abs(np.asarray(value, dtype=np.float64))
        return np.asarray(
            (critical_value(level, tests) + POWER_QUANTILE) * np.where(np.isfinite(relative), relative, np.nan),
            dtype=np.float64,
        )


@dataclass(frozen=True)
class Slope:
    """A weighted straight-line fit ``y = a + slope·x``."""

    slope: float
    error: float

    def p_value(self, expected: float) -> float:
        """Normal test of ``slope = expected``."""
        return float(2.0 * special.ndtr(-abs(self.slope - expected) / self.error))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the slope."""
        half = float(special.ndtri(0.5 + confidence / 2)) * self.error
        return self.slope - half, self.slope + half


def fit_slope(x: Sequence[float], y: Sequence[float], errors: Sequence[float]) -> Slope:
    """Weighted least squares with known errors of y.

    Raises
    ------
    ValueError
        With fewer than two different points.
    """
    if len(set(x)) < 2:
        raise ValueError("a slope needs at least two different points")
    weights = np.asarray(errors, dtype=np.float64) ** -2.0
    abscissa, ordinate = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    centre = np.average(abscissa, weights=weights)
    spread = float(np.sum(weights * (abscissa - centre) ** 2))
    return Slope(float(np.sum(weights * (abscissa - centre) * ordinate)) / spread, spread**-0.5)


@dataclass(frozen=True)
class RootMeanSquare:
    """A root mean square with its error, and those of its logarithm."""

    value: float
    log_error: float


def root_mean_square(squares: NDArray[np.float64]) -> RootMeanSquare:
    """Root of the mean of a sample of squares; the error by the delta method, infinite where it has none."""
    mean = float(squares.mean())
    if mean == 0 or squares.size < 2:
        return RootMeanSquare(float(np.sqrt(mean)), float("inf"))
    error = float(squares.std(ddof=1)) / np.sqrt(squares.size)
    return RootMeanSquare(float(np.sqrt(mean)), float(0.5 * error / mean))


def normal_test(sample: Array) -> float:
    """Kolmogorov–Smirnov p-value of a sample against the standard normal law."""
    from scipy import stats  # imported late: it takes most of a second

    return float(stats.kstest(sample, "norm").pvalue)


def chi_square_test(sample: Array, degrees_of_freedom: int) -> float:
    """Kolmogorov–Smirnov p-value of a sample against a χ² law."""
    from scipy import stats

    return float(stats.kstest(sample, "chi2", args=(degrees_of_freedom,)).pvalue)


def same_law_test(one: Array, other: Array) -> float:
    """Two-sample Kolmogorov–Smirnov p-value: exact for small samples, asymptotic for large."""
    from scipy import stats

    exact = one.size * other.size <= 2_000_000
    return float(stats.ks_2samp(one, other, method="exact" if exact else "asymp").pvalue)
