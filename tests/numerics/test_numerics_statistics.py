"""Estimators and tests: algebra of moments, calibration and power of every test.

Statistical tests have a fixed seed. Unless said otherwise each raises a false alarm with
probability 1e-6; there are about 30 of them.
"""

from __future__ import annotations

import doctest
from math import comb

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats

import numerics.statistics
from numerics.statistics import (
    Moments,
    Slope,
    chi_square_test,
    critical_value,
    fit_slope,
    holm,
    mean_test,
    normal_test,
    resolution,
    root_mean_square,
    same_law_test,
    two_sided,
)

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6

SEEDS = st.integers(0, 2**32 - 1)
P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.statistics)
    assert outcome.attempted > 0
    assert outcome.failed == 0


# ------------------------------------------------------------------------------------------------
# Moments
# ------------------------------------------------------------------------------------------------


def assert_same_moments(one: Moments, other: Moments, scale: float = 1.0) -> None:
    assert one.count == other.count
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-11, atol=1e-12 * scale)
    np.testing.assert_allclose(one.squares, other.squares, rtol=1e-9, atol=1e-11 * one.count * scale**2)


SAMPLES = arrays(
    np.float64,
    st.tuples(st.integers(2, 30), st.integers(1, 3)),
    elements=st.floats(-1000, 1000).map(lambda value: round(value, 4)),
)


@settings(deadline=None, max_examples=100)
@given(SAMPLES)
def test_moments_are_the_mean_and_variance_of_the_sample(sample: Array) -> None:
    moments = Moments.of(sample)
    assert moments.count == len(sample)
    np.testing.assert_allclose(moments.mean, sample.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.variance, sample.var(axis=0, ddof=1), rtol=1e-9, atol=1e-18)


@settings(deadline=None, max_examples=100)
@given(SAMPLES)
def test_the_standard_error_is_that_of_the_mean(sample: Array) -> None:
    np.testing.assert_allclose(Moments.of(sample).error, stats.sem(sample, axis=0), rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=200)
@given(SAMPLES, st.data())
def test_merged_moments_are_those_of_the_whole(sample: Array, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(sample) - 1))
    merged = Moments.of(sample[:cut]).merge(Moments.of(sample[cut:]))
    assert_same_moments(merged, Moments.of(sample), scale=float(np.abs(sample).max()))


@settings(deadline=None, max_examples=100)
@given(SAMPLES, st.data())
def test_moments_merged_from_many_parts_are_those_of_the_whole(sample: Array, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(sample) - 1))))
    total, *parts = (Moments.of(part) for part in np.split(sample, cuts))
    for part in parts:
        total = total.merge(part)
    assert_same_moments(total, Moments.of(sample), scale=float(np.abs(sample).max()))


def test_merging_is_accurate_far_from_zero() -> None:
    """The textbook formula Σx² - (Σx)²/N would lose every digit of the variance."""
    sample = 1e9 + np.random.default_rng(0).standard_normal((1000, 2))
    merged = Moments.of(sample[:300]).merge(Moments.of(sample[300:]))
    np.testing.assert_allclose(merged.variance, (sample - 1e9).var(axis=0, ddof=1), rtol=1e-6)


@settings(deadline=None, max_examples=100)
@given(SAMPLES)
def test_moments_of_products_are_those_of_the_products(sample: Array) -> None:
    products = sample[:, :, None] * sample[:, None, :]
    assert_same_moments(Moments.of_products(sample), Moments.of(products), scale=float(np.abs(products).max()))


@settings(deadline=None, max_examples=50)
@given(SAMPLES, st.data())
def test_merged_moments_of_products_are_those_of_the_whole(sample: Array, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(sample) - 1))
    merged = Moments.of_products(sample[:cut]).merge(Moments.of_products(sample[cut:]))
    assert_same_moments(merged, Moments.of_products(sample), scale=float(np.abs(sample).max()) ** 2)


@settings(deadline=None, max_examples=50)
@given(SAMPLES)
def test_moments_of_products_never_have_a_negative_variance(sample: Array) -> None:
    constant = np.tile(sample[:1], (len(sample), 1))
    assert np.all(Moments.of_products(constant).squares >= 0)


def test_moments_keep_the_shape_of_what_they_are_of() -> None:
    moments = Moments.of(np.zeros((5, 2, 3, 4)))
    assert moments.mean.shape == moments.squares.shape == moments.variance.shape == moments.error.shape == (2, 3, 4)


def test_a_single_replicate_has_infinite_variance_and_error() -> None:
    moments = Moments.of(np.array([[1.0, 2.0]]))
    assert np.all(np.isposinf(moments.variance))
    assert np.all(np.isposinf(moments.error))


def test_a_single_replicate_refutes_nothing() -> None:
    test = mean_test(Moments.of(np.array([[1.0, 2.0]])), [100.0, -3.0])
    np.testing.assert_array_equal(test.p_values, [1.0, 1.0])


def test_two_single_replicates_make_a_sample() -> None:
    merged = Moments.of(np.array([[1.0]])).merge(Moments.of(np.array([[4.0]])))
    assert (merged.count, merged.mean[0], merged.variance[0]) == (2, 2.5, 4.5)


# ------------------------------------------------------------------------------------------------
# Tests of means
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [40, 200])
def test_p_values_of_a_true_mean_are_close_to_uniform(count: int) -> None:
    """The less extreme of two statistics is taken: never too small, and hardly too large."""
    sample = np.random.default_rng(count).normal(3.0, 2.0, (count, 20_000))
    p_values = mean_test(Moments.of(sample), 3.0).p_values
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > FALSE_ALARM
    assert stats.kstest(p_values, "uniform").statistic < 0.05


def test_p_values_do_not_depend_on_how_the_moments_were_merged() -> None:
    sample = np.random.default_rng(0).gamma(1.0, 1.0, (12, 200))
    merged = Moments.of(sample[:1]).merge(Moments.of(sample[1:7])).merge(Moments.of(sample[7:]))
    whole = mean_test(Moments.of(sample), 1.0).p_values
    np.testing.assert_allclose(mean_test(merged, 1.0).p_values, whole, rtol=1e-9)


def test_skewed_draws_cause_no_false_alarms() -> None:
    """At level 1e-5, means of 256 squared normals: about 2 of 200 000 are expected, at most 16 allowed.

    Student's statistic alone gives about 25 times the level. The false-alarm probability of this
    test is below 1e-6 even where the level is exceeded threefold.
    """
    rng = np.random.default_rng(11)
    alarms = plain = 0
    for _ in range(20):
        sample = rng.standard_normal((256, 10_000)) ** 2
        test = mean_test(Moments.of(sample), 1.0)
        alarms += int(np.sum(test.p_values < 1e-5))
        plain += int(np.sum(two_sided(test.z, 255) < 1e-5))
    assert alarms <= 16
    assert plain > 16


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 15), st.floats(-3, 3), SEEDS)
def test_a_mean_test_of_symmetric_draws_is_students(pairs: int, expected: float, seed: int) -> None:
    half = np.random.default_rng(seed).standard_normal((pairs, 3))
    sample = np.concatenate([half, -half])
    test, reference = mean_test(Moments.of(sample), expected), stats.ttest_1samp(sample, expected)
    np.testing.assert_allclose(test.z, reference.statistic, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(test.p_values, reference.pvalue, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 60), SEEDS)
def test_the_skewness_of_products_is_that_of_the_products(count: int, seed: int) -> None:
    batch = np.random.default_rng(seed).normal(1.0, 1.0, (count, 3))
    products = np.einsum("ri,rk->rik", batch, batch)
    np.testing.assert_allclose(Moments.of_products(batch).skewness, stats.skew(products), atol=1e-8)


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_a_false_mean_is_refuted(shift: float) -> None:
    """Ten standard errors off."""
    sample = np.random.default_rng(1).normal(2.0, 1.0, (10_000, 5))
    assert np.all(mean_test(Moments.of(sample), 2.0 + shift).p_values < 1e-6)


def test_each_entry_is_tested_against_its_own_value() -> None:
    sample = np.random.default_rng(2).normal([0.0, 1.0, 2.0], 1.0, (10_000, 3))
    p_values = mean_test(Moments.of(sample), [0.0, 1.5, 2.0]).p_values
    assert list(p_values < 1e-6) == [False, True, False]


def test_the_sign_of_z_tells_which_side_the_sample_is_on() -> None:
    sample = np.random.default_rng(2).normal(0.0, 1.0, (1000, 1))
    assert mean_test(Moments.of(sample), 1.0).z[0] < 0 < mean_test(Moments.of(sample), -1.0).z[0]


def test_an_entry_without_spread_agrees_when_it_is_equal() -> None:
    test = mean_test(Moments.of(np.tile([0.0, 0.5, -3.0], (100, 1))), [0.0, 0.5, -3.0])
    np.testing.assert_array_equal(test.p_values, 1.0)


def test_an_entry_without_spread_agrees_to_rounding() -> None:
    test = mean_test(Moments.of(np.full((64, 1), 0.5)), 0.5 * (1 + 4e-16))
    assert test.p_values[0] > 0.5


@pytest.mark.parametrize("expected", [0.5001, 0.0, -0.5])
def test_an_entry_without_spread_is_refuted_when_it_is_different(expected: float) -> None:
    assert mean_test(Moments.of(np.full((64, 1), 0.5)), expected).p_values[0] == 0.0


def test_zero_is_not_any_small_number() -> None:
    assert mean_test(Moments.of(np.zeros((64, 1))), 1e-300).p_values[0] == 0.0


@settings(deadline=None, max_examples=200)
@given(st.floats(0.1, 10.0), st.integers(2, 2000))
def test_equal_numbers_agree_with_themselves(value: float, count: int) -> None:
    assert mean_test(Moments.of(np.full((count, 1), value)), value).p_values[0] > 0.5


@settings(deadline=None, max_examples=50)
@given(st.floats(-40, 40), st.integers(1, 200))
def test_two_sided_p_values_are_students(z: float, degrees: int) -> None:
    assert two_sided(np.array(z), degrees) == pytest.approx(2 * stats.t.sf(abs(z), degrees), rel=1e-6, abs=1e-300)


# ------------------------------------------------------------------------------------------------
# Many tests at once
# ------------------------------------------------------------------------------------------------


def naive_holm(p_values: list[float]) -> list[float]:
    """Definition: the largest of (m - k) p_(k) over all p_(k) up to one's own, at most 1."""
    m = len(p_values)
    order = sorted(range(m), key=lambda i: (p_values[i], i))
    rank = {i: k for k, i in enumerate(order)}
    return [min(1.0, max((m - k) * p_values[order[k]] for k in range(rank[i] + 1))) for i in range(m)]


@settings(deadline=None, max_examples=200)
@given(P_VALUES)
def test_holms_p_values_follow_their_definition(p_values: list[float]) -> None:
    np.testing.assert_allclose(holm(p_values), naive_holm(p_values), rtol=1e-14)


@settings(deadline=None, max_examples=200)
@given(P_VALUES, st.floats(1e-6, 0.5))
def test_holms_p_values_decide_as_the_step_down_procedure(p_values: list[float], level: float) -> None:
    rejected = set()
    for k, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        if (len(p_values) - k) * p_values[i] > level:
            break
        rejected.add(i)
    assert set(np.flatnonzero(holm(p_values) <= level)) == rejected


@settings(deadline=None, max_examples=100)
@given(P_VALUES)
def test_holms_p_values_lie_between_the_raw_ones_and_bonferronis(p_values: list[float]) -> None:
    adjusted, raw = holm(p_values), np.array(p_values)
    assert np.all(adjusted >= raw)
    assert np.all(adjusted <= np.minimum(1.0, raw * raw.size))


@settings(deadline=None, max_examples=100)
@given(P_VALUES)
def test_holms_p_values_keep_the_order(p_values: list[float]) -> None:
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(holm(p_values)[order]) >= 0)


@settings(deadline=None, max_examples=100)
@given(P_VALUES, SEEDS)
def test_holms_p_values_follow_a_permutation(p_values: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(p_values))
    np.testing.assert_array_equal(holm(np.array(p_values)[order]), holm(p_values)[order])


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]).size == 0


def test_holm_of_one_is_itself() -> None:
    assert holm([0.03]).tolist() == [0.03]


@pytest.mark.parametrize("true", [1, 4, 10])
def test_holms_method_keeps_the_family_wise_level(true: int) -> None:
    """Ten hypotheses, some of them true, the others certainly refuted; level 20 %."""
    rng = np.random.default_rng(true)
    families, level = 5000, 0.2
    p_values = np.where(np.arange(10) < true, rng.uniform(size=(families, 10)), 1e-12)
    alarms = sum(bool(np.any(holm(row)[:true] <= level)) for row in p_values)
    assert stats.binomtest(alarms, families, level, alternative="greater").pvalue > FALSE_ALARM
    exact = 1 - (1 - level / true) ** true  # all false ones are rejected first
    assert stats.binomtest(alarms, families, exact).pvalue > FALSE_ALARM


@pytest.mark.parametrize("level", [0.05, 1e-3, 1e-9])
@pytest.mark.parametrize("tests", [1, 7, 10_000])
def test_the_critical_value_bounds_the_family_wise_false_alarm(level: float, tests: int) -> None:
    """Among independent z's the probability is ``1 - (1 - 2Φ(-z))^tests``, just below the level."""
    single = 2 * stats.norm.sf(critical_value(level, tests))
    exact = -np.expm1(tests * np.log1p(-single))
    assert level * (1 - level) <= exact * (1 + 1e-9) <= level * (1 + 2e-9)


def test_no_tests_are_judged_like_one() -> None:
    assert critical_value(0.01, 0) == critical_value(0.01, 1)


@pytest.mark.parametrize(("level", "tests"), [(0.01, 1), (1e-3, 20), (1e-9, 500)])
def test_an_error_of_the_stated_resolution_is_refuted_in_95_percent_of_all_runs(level: float, tests: int) -> None:
    error, value, runs = 0.3, -4.0, 20_000
    wrong = value * (1 + float(resolution(error, value, level, tests)))
    measured = np.random.default_rng(tests).normal(value, error, runs)
    p_values = two_sided((measured - wrong) / error, 1e9)
    refuted = int(np.sum(p_values * tests <= level))
    assert stats.binomtest(refuted, runs, 0.95).pvalue > FALSE_ALARM


def test_half_the_stated_resolution_is_refuted_far_less_often() -> None:
    half = 0.5 * float(resolution(1.0, 1.0, 1e-3, 20))
    measured = np.random.default_rng(0).normal(1.0, 1.0, 2000)
    assert np.mean(two_sided((measured - 1.0 - half), 1e9) * 20 <= 1e-3) < 0.2


def test_the_resolution_is_the_share_of_the_error_in_the_value() -> None:
    single = float(resolution(1.0, 1.0, 0.01, 3))
    np.testing.assert_allclose(
        resolution([1.0, 2.0, 3.0], [10.0, -10.0, 1.0], 0.01, 3), single * np.array([0.1, 0.2, 3])
    )


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_a_zero_value_has_no_relative_resolution(error: float) -> None:
    assert np.isnan(resolution(error, 0.0, 0.01, 1))


def test_an_infinite_error_resolves_nothing() -> None:
    assert np.isnan(resolution(np.inf, 1.0, 0.01, 1))


# ------------------------------------------------------------------------------------------------
# Slopes and root mean squares
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.1, 10)),
        min_size=3,
        max_size=10,
    )
)
def test_a_fitted_slope_is_that_of_weighted_least_squares(points: list[tuple[float, float, float]]) -> None:
    x, y, errors = (list(column) for column in zip(*points, strict=True))
    assume(np.ptp(x) > 0.1)
    coefficients, covariance = np.polyfit(x, y, 1, w=1 / np.array(errors), cov="unscaled")
    found = fit_slope(x, y, errors)
    assert found.slope == pytest.approx(coefficients[0], rel=1e-7, abs=1e-7)
    assert found.error == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-7)


@settings(deadline=None, max_examples=50)
@given(st.floats(-5, 5), st.floats(-5, 5), SEEDS)
def test_points_on_a_line_give_its_slope(slope: float, intercept: float, seed: int) -> None:
    x = np.arange(6.0)
    errors = np.random.default_rng(seed).uniform(0.1, 3, 6)
    assert fit_slope(list(x), list(intercept + slope * x), list(errors)).slope == pytest.approx(slope, abs=1e-10)


def test_two_points_make_a_slope() -> None:
    found = fit_slope([1.0, 3.0], [2.0, 8.0], [0.6, 0.8])
    assert found.slope == pytest.approx(3.0)
    assert found.error == pytest.approx(0.5)  # √(0.6² + 0.8²) / 2


@pytest.mark.parametrize("points", [0, 1])
def test_a_slope_of_fewer_than_two_points_is_refused(points: int) -> None:
    with pytest.raises(ValueError, match="at least two different points"):
        fit_slope([1.0] * points, [1.0] * points, [1.0] * points)


def test_the_interval_covers_the_slope_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    errors, x, covered = np.array([0.5, 1.0, 2.0, 0.7]), [0.0, 1.0, 2.0, 4.0], 0
    for _ in range(4000):
        low, high = fit_slope(x, list(2.0 * np.array(x) + rng.normal(0, errors)), list(errors)).interval(0.9)
        covered += low <= 2.0 <= high
    assert stats.binomtest(covered, 4000, 0.9).pvalue > FALSE_ALARM


def test_p_values_of_a_true_slope_are_uniform() -> None:
    rng = np.random.default_rng(1)
    errors, x = np.array([0.5, 1.0, 2.0]), [0.0, 1.0, 2.0]
    p_values = [fit_slope(x, list(rng.normal(0, errors)), list(errors)).p_value(0.0) for _ in range(4000)]
    assert stats.kstest(p_values, "uniform").pvalue > FALSE_ALARM


@settings(deadline=None, max_examples=50)
@given(st.floats(-5, 5), st.floats(0.01, 3), st.floats(0.5, 0.999))
def test_the_ends_of_an_interval_have_its_p_value(slope: float, error: float, confidence: float) -> None:
    fitted = Slope(slope, error)
    for end in fitted.interval(confidence):
        assert fitted.p_value(end) == pytest.approx(1 - confidence, rel=1e-6)


def test_the_interval_is_that_of_95_percent_unless_asked() -> None:
    assert Slope(1.0, 0.5).interval() == Slope(1.0, 0.5).interval(0.95)
    assert Slope(1.0, 0.5).interval()[1] == pytest.approx(1 + 0.5 * 1.959964, rel=1e-6)


def test_a_root_mean_square_is_the_root_of_the_mean() -> None:
    assert root_mean_square(np.array([9.0, 16.0, 25.0, 0.0])).value == pytest.approx(np.sqrt(12.5))


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 30), SEEDS)
def test_the_error_of_the_logarithm_is_half_the_relative_error_of_the_mean(size: int, seed: int) -> None:
    squares = np.random.default_rng(seed).chisquare(2, size)
    assert root_mean_square(squares).log_error == pytest.approx(0.5 * stats.sem(squares) / squares.mean(), rel=1e-9)


def test_the_error_of_the_logarithm_is_its_standard_deviation() -> None:
    """χ²_3 squares: over many samples the logarithm spreads by its stated error, to 5 %.

    The standard deviation of 4000 values is known to 1.1 %: five per cent are 4.5 of them, and
    the delta method itself is off by less than 1 % at this size.
    """
    squares = np.random.default_rng(0).chisquare(3, (4000, 500))
    estimates = [root_mean_square(row) for row in squares]
    spread = np.std(np.log([estimate.value for estimate in estimates]))
    assert np.mean([estimate.log_error for estimate in estimates]) == pytest.approx(spread, rel=0.05)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.01, 100), SEEDS)
def test_the_error_of_the_logarithm_does_not_depend_on_the_unit(unit: float, seed: int) -> None:
    squares = np.random.default_rng(seed).chisquare(2, 50)
    one, other = root_mean_square(squares), root_mean_square(squares * unit**2)
    assert other.log_error == pytest.approx(one.log_error, rel=1e-9)
    assert other.value == pytest.approx(one.value * unit, rel=1e-9)


# ------------------------------------------------------------------------------------------------
# Tests of laws
# ------------------------------------------------------------------------------------------------


def normal_sample(size: int = 20_000, seed: int = 3) -> Array:
    return np.random.default_rng(seed).standard_normal(size)


def test_a_standard_normal_sample_passes_the_normal_test() -> None:
    assert normal_test(normal_sample()) > FALSE_ALARM


@pytest.mark.parametrize(
    "sample",
    [
        normal_sample() * 1.1,
        normal_sample() + 0.07,
        np.random.default_rng(0).uniform(-np.sqrt(3), np.sqrt(3), 20_000),
        np.random.default_rng(0).standard_t(4, 20_000) / np.sqrt(2),
        normal_sample() * normal_sample(seed=4),
    ],
    ids=["scaled", "shifted", "uniform", "Student", "product of normals"],
)
def test_a_sample_of_another_law_fails_the_normal_test(sample: Array) -> None:
    assert normal_test(sample) < FALSE_ALARM


@pytest.mark.parametrize("degrees", [1, 3, 12])
def test_a_chi_square_sample_passes_its_test(degrees: int) -> None:
    sample = np.sum(normal_sample(10_000 * degrees, seed=degrees).reshape(-1, degrees) ** 2, axis=1)
    assert chi_square_test(sample, degrees) > FALSE_ALARM


@pytest.mark.parametrize("degrees", [1, 3, 12])
def test_a_chi_square_sample_of_other_degrees_of_freedom_fails(degrees: int) -> None:
    sample = np.random.default_rng(degrees).chisquare(degrees, 10_000)
    assert chi_square_test(sample, degrees + 1) < FALSE_ALARM


@pytest.mark.parametrize("size", [60, 1000, 3000], ids=["tiny", "exact", "asymptotic"])
def test_samples_of_one_law_pass_the_two_sample_test(size: int) -> None:
    assert same_law_test(normal_sample(size, seed=5), normal_sample(size + 7, seed=6)) > FALSE_ALARM


@pytest.mark.parametrize("size", [60, 1000, 3000], ids=["tiny", "exact", "asymptotic"])
def test_the_two_sample_test_notices_a_shift(size: int) -> None:
    """By 10 standard errors of the difference."""
    shift = 10 * np.sqrt(2 / size)
    assert same_law_test(normal_sample(size, seed=5), normal_sample(size, seed=6) + shift) < FALSE_ALARM


def test_the_two_sample_test_notices_a_scale() -> None:
    assert same_law_test(normal_sample(4000, seed=5), 1.3 * normal_sample(4000, seed=6)) < FALSE_ALARM


def test_the_two_sample_test_is_exact_for_small_samples() -> None:
    """Separated samples are the least likely arrangement: 2 of the C(2m, m) orders."""
    low, high = np.arange(8.0), np.arange(8.0) + 100
    assert same_law_test(low, high) == pytest.approx(2 / comb(16, 8), rel=1e-9)


def test_the_two_sample_test_is_symmetric() -> None:
    one, other = normal_sample(300, seed=1), normal_sample(500, seed=2)
    assert same_law_test(one, other) == pytest.approx(same_law_test(other, one), rel=1e-9)


def test_the_two_sample_test_keeps_its_level() -> None:
    """Samples of 40 and 50: the exact test at 10 % refuses at most 10 % of all true hypotheses."""
    rng = np.random.default_rng(0)
    p_values = [same_law_test(rng.standard_normal(40), rng.standard_normal(50)) for _ in range(1000)]
    assert (
        stats.binomtest(int(np.sum(np.array(p_values) <= 0.1)), 1000, 0.1, alternative="greater").pvalue > FALSE_ALARM
    )
