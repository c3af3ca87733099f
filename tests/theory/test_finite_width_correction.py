import math
from fractions import Fraction

import pytest
import sympy as sp

from theory import finite_width_correction
from theory.finite_width import MAX_EXACT_LAG, kernel_weight
from theory.finite_width_correction import (
    exact_coefficient,
    leading_coefficient,
    quasi_polynomial,
    relative_correction,
    relative_response_correction,
)
from theory.gaussian_moments import trace_moment
from theory.symbols import j, nu_C, nu_F, nu_W
from theory.tangent_kernel import rho_at

GENERIC = (Fraction(4, 5), Fraction(13, 10), Fraction(7, 10))
FAR = [14, pytest.param(15, marks=pytest.mark.slow), pytest.param(16, marks=pytest.mark.slow)]


def at_lag(part, lag):
    return quasi_polynomial(part)[lag % 2].subs(j, lag)


def test_the_known_coefficients_of_the_response():
    assert [exact_coefficient("C", lag) for lag in range(9)] == [0, 0, 2, 10, 28, 62, 118, 204, 328]


def test_the_coefficient_of_the_response_grows_like_the_fourth_power_over_24_for_either_parity():
    assert {sp.Poly(p, j).LC() for part in "CF" for p in quasi_polynomial(part)} == {sp.Rational(1, 24)}


@pytest.mark.parametrize("part", ["C", "F", "W"])
@pytest.mark.parametrize("lag", range(MAX_EXACT_LAG + 1))
def test_the_quasi_polynomial_reproduces_every_exact_coefficient(part, lag):
    assert at_lag(part, lag) == exact_coefficient(part, lag)


@pytest.mark.parametrize("lag", FAR)
def test_the_quasi_polynomial_predicts_the_response_beyond_its_data(lag):
    """In ``E tr(G^j G^{jᵀ})`` the coefficient of 1/n² stands at n^{j-1}."""
    assert at_lag("C", lag) == trace_moment("G" * lag + "t" * lag)[lag - 1]


@pytest.mark.parametrize("lag", FAR)
def test_the_quasi_polynomial_predicts_the_recurrent_part_beyond_its_data(lag):
    splits = [(i, k) for i in range(lag) for k in range(lag)]
    moments = (trace_moment("G" * i + "t" * k, "t" * (lag - 1 - i) + "G" * (lag - 1 - k)) for i, k in splits)
    assert at_lag("W", lag) == sum(moment[lag - 1] for moment in moments if len(moment) >= lag)


@pytest.mark.parametrize("part", ["C", "W"])
@pytest.mark.parametrize("lag", [MAX_EXACT_LAG - 1, MAX_EXACT_LAG])
def test_an_exact_value_that_contradicts_the_fit_is_an_error(monkeypatch, part, lag):
    def disturbed(name, at):
        return exact_coefficient(name, at) + (at == lag)

    monkeypatch.setattr(finite_width_correction, "exact_coefficient", disturbed)
    with pytest.raises(ArithmeticError, match=f"the {part} part at lag {lag} is"):
        quasi_polynomial.__wrapped__(part)


@pytest.mark.parametrize("lag", range(MAX_EXACT_LAG + 1))
def test_the_leading_coefficient_is_that_of_the_exact_weight(lag):
    values = dict(zip((nu_W, nu_F, nu_C), (sp.Rational(v.numerator, v.denominator) for v in GENERIC), strict=True))
    exact = sp.sympify(kernel_weight(lag, lag).coefficient(2)).subs(values)
    assert leading_coefficient(lag, GENERIC) == Fraction(int(exact.p), int(exact.q))


@pytest.mark.parametrize("lag", [2, 5, 9, MAX_EXACT_LAG, MAX_EXACT_LAG + 1, 20])
def test_twice_the_width_has_a_quarter_of_the_correction(lag):
    once, twice = (relative_correction(lag, width, GENERIC) for width in (10**6, 2 * 10**6))
    assert once > 0
    assert once / twice == pytest.approx(4, rel=1e-4)


@pytest.mark.parametrize("lag", [2, 5, 9, MAX_EXACT_LAG, MAX_EXACT_LAG + 1, 20])
def test_twice_the_width_has_a_quarter_of_the_response_correction(lag):
    once, twice = (relative_response_correction(lag, width) for width in (10**6, 2 * 10**6))
    assert once > 0
    assert once / twice == pytest.approx(4, rel=1e-4)


def test_beyond_the_exact_lags_the_leading_term_is_close_to_the_exact_correction():
    lag, width = MAX_EXACT_LAG + 1, 10**6
    exact = kernel_weight(lag, lag).at(width, GENERIC) / rho_at(lag, GENERIC) - 1
    assert relative_correction(lag, width, GENERIC) == pytest.approx(float(exact), rel=1e-3)


def test_a_small_lag_is_corrected_exactly():
    """P_n(2,2) with ν_W = ν_F = ν_C = 1 is ``4 + 6/n²``."""
    assert relative_correction(2, 3, (Fraction(1),) * 3) == pytest.approx(float(Fraction(6, 36)), rel=1e-15)


def test_a_small_response_is_corrected_exactly():
    assert relative_response_correction(3, 10) == pytest.approx(0.104, rel=1e-15)


def test_the_largest_exact_lag_is_still_corrected_exactly():
    """At width 1 the leading term would be far off."""
    exact = kernel_weight(MAX_EXACT_LAG, MAX_EXACT_LAG).at(1, GENERIC) / rho_at(MAX_EXACT_LAG, GENERIC) - 1
    assert relative_correction(MAX_EXACT_LAG, 1, GENERIC) == pytest.approx(float(exact), rel=1e-15)


def test_the_largest_exact_lag_of_the_response_is_still_corrected_exactly():
    """``E w^26 = 25!!`` for one Gaussian w."""
    assert relative_response_correction(MAX_EXACT_LAG, 1) == math.prod(range(1, 2 * MAX_EXACT_LAG, 2)) - 1


@pytest.mark.parametrize("lag", [0, 1])
def test_the_first_two_lags_need_no_correction(lag):
    assert relative_correction(lag, 1, GENERIC) == relative_response_correction(lag, 1) == 0


def test_a_vanishing_limit_has_no_relative_correction():
    assert relative_correction(2, 5, (Fraction(0), Fraction(1), Fraction(1))) == 0


def test_corrections_grow_with_the_lag_across_the_end_of_the_exact_ones():
    corrections = [relative_correction(lag, 10**4, GENERIC) for lag in range(2, MAX_EXACT_LAG + 6)]
    assert corrections == sorted(set(corrections))
