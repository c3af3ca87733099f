from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.implicit_bias import shape
from theory.memory import (
    GRID,
    LARGEST_NU_W,
    Memory,
    Weights,
    coefficients,
    common_factor,
    smallest_nu_W,
    smallest_on_grid,
)
from theory.symbols import nu_C, nu_F
from theory.tangent_kernel import rho_at

decaying = st.fractions(0, Fraction(29, 30), max_denominator=30)
nonnegative = st.fractions(0, 8, max_denominator=12)
positive = st.fractions(Fraction(1, 12), 8, max_denominator=12)
shares = st.fractions(Fraction(1, 50), 1, max_denominator=50)
variances_of = st.tuples(st.fractions(0, 2, max_denominator=20), positive, positive)
HALF = Fraction(1, 2)
ONES = (Fraction(9, 10), Fraction(1), Fraction(1))


def weights_by_hand(variances, count):
    """(21), with the term in ``ν_W^{j-1}`` absent at lag 0."""
    w, f, c = variances
    return [c * (j * f * w ** (j - 1) + w**j) + f * w**j if j else f + c for j in range(count)]


def enough_lags(variances):
    """Beyond so many lags all is below 1 % of ρ_0, and nothing peaks."""
    w, count = variances[0], 60
    while count * w ** (count // 2) * (1 + 64 * count) > Fraction(1, 1000):
        count *= 2
    return count


def first_below_for_ever(values, level):
    return max((lag for lag, value in enumerate(values) if value > level), default=-1) + 1


def test_the_coefficients_are_read_off_the_derivation():
    assert coefficients() == (nu_C + nu_F, nu_C * nu_F)


@settings(deadline=None, max_examples=30)
@given(nonnegative, nonnegative, nonnegative)
def test_weights_are_the_derived_ones(w, f, c):
    weights = Weights.of((w, f, c))
    for lag in (0, 1, 2, 7):
        assert weights.at(lag) == rho_at(lag, (w, f, c))


@settings(deadline=None, max_examples=60)
@given(decaying, nonnegative, positive)
def test_peaks_halves_and_one_percent_are_those_found_by_search(w, f, c):
    values = weights_by_hand((w, f, c), enough_lags((w, f, c)))
    top = max(values)
    assert Memory.of((w, f, c)) == Memory(
        tuple(lag for lag, value in enumerate(values) if value == top),
        first_below_for_ever(values, values[0] / 2),
        first_below_for_ever(values, top / 2),
        first_below_for_ever(values, values[0] / 100),
    )


@settings(deadline=None, max_examples=40)
@given(decaying, nonnegative, positive)
def test_peak_and_half_life_agree_with_the_shape_of_the_bias(w, f, c):
    found, memory = shape((w, f, c)), Memory.of((w, f, c))
    assert (found.peak, found.half_life) == (memory.peaks[0], max(memory.half_of_peak, memory.peaks[0] + 1))


def test_of_two_equal_largest_weights_both_are_peaks():
    assert Memory.of((HALF, Fraction(1), Fraction(1))).peaks == (0, 1)


@pytest.mark.parametrize(
    ("variances", "memory"),
    [
        ((2, 1, 1), Memory((), None, None, None)),
        ((1, 1, 1), Memory((), None, None, None)),
        ((1, 0, 1), Memory((), None, None, None)),
        ((HALF, 0, 0), Memory((), None, None, None)),
        ((0, 4, 4), Memory((1,), 2, 2, 2)),
        ((0, 1, 1), Memory((0,), 1, 1, 2)),
        ((0, 0, 1), Memory((0,), 1, 1, 1)),
    ],
)
def test_degenerate_variances_have_the_memory_that_they_have(variances, memory):
    assert Memory.of(tuple(map(Fraction, variances))) == memory


def test_constant_weights_are_below_a_level_at_once_or_never():
    constant = Weights(Fraction(1), Fraction(3), Fraction(0))
    assert (constant.stays_below(Fraction(3)), constant.stays_below(Fraction(2))) == (0, None)


def test_a_memory_longer_than_can_be_computed_is_not_guessed():
    memory = Memory.of((1 - Fraction(1, 10**6), Fraction(1), Fraction(1)))
    assert memory == Memory((999998,), None, None, None)


@settings(deadline=None, max_examples=25)
@given(st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=50), nonnegative, positive, shares)
def test_the_closed_form_is_where_the_weight_has_that_share_beyond_the_peak(w, f, c, share):
    weights = Weights.of((w, f, c))
    if share * weights.a >= weights.at(weights.peaks()[0]):
        return
    lag = sp.N(weights.real_lag(share), 40)
    x = sp.Rational(str(weights.b / (weights.a * w)))
    assert lag.is_real
    assert abs((1 + lag * x) * sp.Rational(str(w)) ** lag - sp.Rational(str(share))) < 1e-25
    assert weights.stays_below(share * weights.a) - 1 < lag + sp.Float("1e-25", 40)
    assert lag <= weights.stays_below(share * weights.a) + sp.Float("1e-25", 40)


@pytest.mark.parametrize("variances", [(0, 1, 1), (1, 1, 1), (2, 1, 1), (HALF, 0, 0)])
def test_where_nothing_decays_there_is_no_closed_form(variances):
    assert Weights.of(tuple(map(Fraction, variances))).real_lag(HALF) is None


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), shares, positive, positive)
def test_the_smallest_variance_is_enough_stable_and_no_smaller_one_is_enough(lag, share, f, c):
    found = smallest_nu_W(lag, share, (Fraction(0), f, c))
    assert rho_at(lag, (found, f, c)) >= share * (f + c)
    assert found <= 1
    if found:
        assert rho_at(lag, (found - Fraction(1, GRID), f, c)) < share * (f + c)


def test_more_than_the_weight_of_lag_zero_may_need_an_unstable_network():
    found = smallest_nu_W(5, Fraction(10), ONES)
    assert found > 1
    assert rho_at(5, (found, *ONES[1:])) >= 20 > rho_at(5, (found - Fraction(1, GRID), *ONES[1:]))


def test_what_no_variance_does_is_not_promised():
    assert smallest_nu_W(3, HALF, (HALF, Fraction(0), Fraction(0))) is None
    assert smallest_nu_W(0, Fraction(2), ONES) is None
    assert smallest_on_grid(lambda w: w > LARGEST_NU_W) is None


def test_lag_zero_needs_no_recurrence():
    assert smallest_nu_W(0, Fraction(1), ONES) == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 30), shares, st.fractions(Fraction(1, 30), Fraction(29, 30), max_denominator=30), positive)
def test_a_common_factor_of_readin_and_readout_reaches_the_share_exactly(lag, share, w, f):
    factor = common_factor(lag, share, (w, f, Fraction(1)))
    if factor > 0:
        scaled = (w, f * factor, factor)
        assert rho_at(lag, scaled) == share * rho_at(0, scaled)


@pytest.mark.parametrize("variances", [(0, 1, 1), (HALF, 0, 1)])
def test_no_factor_replaces_training_of_recurrent_weights(variances):
    assert common_factor(3, HALF, tuple(map(Fraction, variances))) is None
