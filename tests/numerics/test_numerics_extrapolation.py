"""Richardson's method on means and exponents: exact on a/n, honest on b/n², calibrated, and able to refute.

Statistical tests have a fixed seed. Unless said otherwise each raises a false alarm with probability
1e-6; there are about 15 of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from numerics.extrapolation import Estimate, Rate, extrapolated, extrapolated_rate
from numerics.statistics import Moments, root_mean_square

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
COEFFICIENTS = st.floats(-100, 100).map(lambda x: round(x, 3))
LADDERS = st.tuples(st.sampled_from([2, 4, 8, 10]), st.integers(1, 1000)).map(
    lambda pair: [pair[1] * pair[0] ** k for k in range(4)]
)


def known(value: float | Array, count: int = 8) -> Moments:
    """Moments of draws that are all equal."""
    return Moments.of(np.repeat(np.atleast_1d(value)[None], count, axis=0))


def ladder(widths: list[int], limit: float, *coefficients: float) -> list[Moments]:
    return [known(limit + sum(c / n ** (k + 1) for k, c in enumerate(coefficients))) for n in widths]


# ------------------------------------------------------------------------------------------------
# Without noise
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(LADDERS, COEFFICIENTS, COEFFICIENTS)
def test_a_correction_of_order_one_over_n_is_removed_exactly(widths: list[int], limit: float, a: float) -> None:
    found = extrapolated(widths, ladder(widths, limit, a))
    size = abs(limit) + abs(a) / widths[-3]
    assert found.value[0] == pytest.approx(limit, abs=1e-14 * size)
    assert found.residual[0] <= 1e-12 * size
    assert found.p_values(limit)[0] == 1.0


@settings(deadline=None, max_examples=200)
@given(LADDERS, COEFFICIENTS, COEFFICIENTS, COEFFICIENTS)
def test_a_correction_of_order_one_over_n_squared_is_allowed_for(
    widths: list[int], limit: float, a: float, b: float
) -> None:
    found = extrapolated(widths, ladder(widths, limit, a, b))
    assert abs(found.value[0] - limit) <= found.residual[0] * (1 + 1e-6)
    assert found.p_values(limit)[0] == 1.0


def test_no_more_is_allowed_for_than_the_correction_of_second_order() -> None:
    widths = [64, 256, 1024]
    found = extrapolated(widths, ladder(widths, 2.0, 3.0, 5.0))
    assert found.residual[0] == pytest.approx(abs(found.value[0] - 2.0), rel=1e-6)


def test_only_the_last_three_widths_count() -> None:
    widths = [16, 64, 256, 1024]
    moments = ladder(widths, 2.0, 3.0, 5.0)
    one, other = extrapolated(widths, moments), extrapolated(widths[1:], moments[1:])
    assert (one.value, one.residual) == (other.value, other.residual)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_widths_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} widths: at least three"):
        extrapolated([10, 100][:count], [known(1.0)] * count)


@settings(deadline=None, max_examples=100)
@given(st.floats(-1e6, 1e6), LADDERS)
def test_what_has_no_spread_agrees_with_itself_to_rounding(value: float, widths: list[int]) -> None:
    found = extrapolated(widths, [known(value)] * 4)
    assert found.error[0] == 0
    assert found.p_values(value)[0] == 1.0
    assert found.p_values(value * (1 + 4e-16))[0] == 1.0


@pytest.mark.parametrize("expected", [0.5001, 0.0, -0.5])
def test_what_has_no_spread_refutes_every_other_value(expected: float) -> None:
    assert extrapolated([10, 100, 1000], [known(0.5)] * 3).p_values(expected)[0] == 0.0


def test_zero_is_not_any_small_number() -> None:
    assert extrapolated([10, 100, 1000], [known(0.0)] * 3).p_values(1e-300)[0] == 0.0


def test_large_means_may_cancel_to_a_limit_of_zero() -> None:
    """2 (a/2n) - a/n is 0 up to the rounding of a/n, not up to that of 0."""
    widths = [3, 6, 12]
    found = extrapolated(widths, ladder(widths, 0.0, 1e6 / 7))
    assert found.p_values(0.0)[0] == 1.0


def test_a_tolerance_is_allowed_for() -> None:
    found = extrapolated([10, 100, 1000], [known(0.5)] * 3)
    assert found.p_values(0.6, 0.1 + 1e-12)[0] == 1.0
    assert found.p_values(0.6, 0.09)[0] == 0.0


def test_a_single_replicate_refutes_nothing() -> None:
    found = extrapolated([10, 100, 1000], [Moments.of(np.array([[float(k)]])) for k in range(3)])
    assert found.p_values(100.0)[0] == 1.0


def test_a_single_replicate_at_the_largest_width_refutes_nothing() -> None:
    many = Moments.of(np.random.default_rng(0).standard_normal((50, 1)))
    found = extrapolated([10, 100, 1000], [many, many, Moments.of(np.array([[3.0]]))])
    assert found.p_values(100.0)[0] == 1.0


def test_arrays_are_extrapolated_entry_by_entry() -> None:
    widths, limits = [10, 100, 1000], np.array([[1.0, 2.0], [3.0, 4.0]])
    found = extrapolated(widths, [Moments.of(np.repeat((limits + 1 / n)[None], 5, axis=0)) for n in widths])
    np.testing.assert_allclose(found.value, limits, rtol=1e-12)
    assert found.p_values(limits).shape == found.half_width.shape == (2, 2)


# ------------------------------------------------------------------------------------------------
# With noise
# ------------------------------------------------------------------------------------------------


def measured(widths: list[int], counts: list[int], entries: int, seed: int, *coefficients: float) -> Estimate:
    """Means of normal draws, of standard deviation 2, whose limit is 1."""
    rng = np.random.default_rng(seed)
    moments = []
    for n, count in zip(widths, counts, strict=True):
        mean = 1.0 + sum(c / n ** (k + 1) for k, c in enumerate(coefficients))
        moments.append(Moments.of(rng.normal(mean, 2.0, (count, entries))))
    return extrapolated(widths, moments)


@pytest.mark.parametrize("level", [0.2, 0.05, 1e-3])
@pytest.mark.parametrize("counts", [[400, 60, 20], [20, 20, 20], [10, 200, 8]])
def test_true_limits_are_refuted_no_more_often_than_stated(counts: list[int], level: float) -> None:
    p_values = measured([100, 1000, 10_000], counts, 20_000, counts[1], 3.0, 7.0).p_values(1.0)
    assert stats.binomtest(int(np.sum(p_values <= level)), p_values.size, level, "greater").pvalue > FALSE_ALARM


def test_p_values_of_true_limits_are_close_to_uniform() -> None:
    """What is allowed for second order is noise here, about 1/100 of the error: hardly conservative."""
    p_values = measured([100, 1000, 10_000], [60, 60, 60], 20_000, 0, 3.0).p_values(1.0)
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > FALSE_ALARM
    assert stats.kstest(p_values[p_values < 0.9] / 0.9, "uniform").statistic < 0.03


def test_intervals_hold_the_limit_at_least_as_often_as_stated() -> None:
    found = measured([100, 1000, 10_000], [100, 50, 25], 20_000, 1, 3.0)
    held = int(np.sum(np.abs(found.value - 1.0) <= found.half_width))
    assert stats.binomtest(held, 20_000, 0.95, "less").pvalue > FALSE_ALARM
    assert held < 0.97 * 20_000


def test_the_error_is_the_spread_of_the_estimate() -> None:
    found = measured([100, 1000, 10_000], [300, 300, 100], 20_000, 2, 3.0)
    assert np.sqrt(np.mean(found.error**2)) == pytest.approx(np.std(found.value), rel=0.03)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_limit_ten_errors_off_is_refuted(sign: int) -> None:
    found = measured([100, 1000, 10_000], [4000, 4000, 1000], 1000, 3, 3.0)
    assert np.all(found.p_values(1.0 + sign * 10 * 2 / np.sqrt(1000)) < 1e-8)


def test_the_value_at_finite_width_is_refuted_as_the_limit() -> None:
    """The mean at n = 100 is off by 0.3, the limit is known to 0.02."""
    assert np.all(measured([100, 1000, 10_000], [10_000] * 3, 100, 4, 30.0).p_values(1.3) < 1e-8)


# ------------------------------------------------------------------------------------------------
# Exponents
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=200)
@given(LADDERS, st.sampled_from([-0.5, -0.25, -1.0]), st.floats(-1, 1), st.floats(-3, 3))
def test_the_exponent_of_a_power_is_found_exactly(widths: list[int], slope: float, a: float, constant: float) -> None:
    """Up to a/n in the logarithm."""
    found = extrapolated_rate(widths, [constant + slope * float(np.log(n)) + a / n for n in widths], [0.0] * 4)
    assert found.slope == pytest.approx(slope, abs=1e-12)
    assert found.p_value(slope) == 1.0
    assert found.p_value(slope + 1e-3) < 1e-8


@settings(deadline=None, max_examples=100)
@given(LADDERS, st.floats(-1, 1), st.floats(-1, 1))
def test_second_order_is_allowed_for_in_an_exponent(widths: list[int], a: float, b: float) -> None:
    values = [-0.5 * float(np.log(n)) + a / n + b / n**2 for n in widths]
    found = extrapolated_rate(widths, values, [0.0] * 4)
    assert abs(found.slope + 0.5) <= found.residual * (1 + 1e-6)


WIDTHS = [4**k for k in range(5, 9)]


def rate_of(slope: float, seed: int, noise: float = 0.03) -> Rate:
    errors = [noise] * len(WIDTHS)
    rng = np.random.default_rng(seed)
    return extrapolated_rate(WIDTHS, [slope * float(np.log(n)) + float(rng.normal(0, noise)) for n in WIDTHS], errors)


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_of_one_half_is_recovered(seed: int) -> None:
    found = rate_of(-0.5, seed)
    assert found.p_value(-0.5) > FALSE_ALARM
    low, high = found.interval()
    assert low < found.slope < high


@pytest.mark.parametrize("seed", range(3))
def test_a_rate_of_one_quarter_is_told_apart_from_one_half(seed: int) -> None:
    """Eight errors apart."""
    found = rate_of(-0.25, seed, noise=0.015)
    assert found.p_value(-0.5) < 1e-4
    assert found.p_value(-0.25) > FALSE_ALARM


def test_true_exponents_are_refuted_no_more_often_than_stated() -> None:
    p_values = np.array([rate_of(-0.5, seed).p_value(-0.5) for seed in range(4000)])
    for level in (0.2, 0.05):
        assert stats.binomtest(int(np.sum(p_values <= level)), 4000, level, "greater").pvalue > FALSE_ALARM


def test_the_distance_of_a_mean_shrinks_at_the_rate_one_half() -> None:
    rng = np.random.default_rng(5)
    squares = [rng.standard_normal(4000) ** 2 / n for n in WIDTHS]
    found = [root_mean_square(one) for one in squares]
    rate = extrapolated_rate(WIDTHS, [float(np.log(one.value)) for one in found], [one.log_error for one in found])
    assert rate.p_value(-0.5) > FALSE_ALARM
    assert rate.p_value(-0.25) < 1e-6


@pytest.mark.parametrize("count", [0, 2, 3])
def test_fewer_than_four_widths_give_no_rate(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} widths: at least four"):
        extrapolated_rate(WIDTHS[:count], [0.0] * count, [1.0] * count)


def test_an_exponent_of_infinite_error_refutes_nothing() -> None:
    assert extrapolated_rate(WIDTHS, [0.0] * 4, [float("inf")] * 4).p_value(-0.5) == 1.0
