import math
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.implicit_bias import LARGEST_LAG, Shape, shape
from theory.statements.bound_22 import decay, largest
from theory.symbols import T, j, nu_C, nu_F, nu_W
from theory.tangent_kernel import rho

decaying = st.fractions(Fraction(1, 30), Fraction(29, 30), max_denominator=30)
nonnegative = st.fractions(0, 8, max_denominator=12)
positive = st.fractions(Fraction(1, 12), 8, max_denominator=12)


def weight(lag, variances):
    """(21), with the term in ``ν_W^{j-1}`` absent at lag 0."""
    w, f, c = variances
    return (f + c) * w**lag + (lag * f * c * w ** (lag - 1) if lag else 0)


def shape_by_search(variances):
    """Compare the weights one by one; past ``w/(1-w)`` they only fall, since (1 + 1/j) w < 1."""
    w = variances[0]
    weights = [weight(lag, variances) for lag in range(math.floor(w / (1 - w)) + 3)]
    peak = weights.index(max(weights))
    half_life = peak + 1
    while 2 * weight(half_life, variances) > weights[peak]:
        half_life += 1
    return Shape(peak, half_life)


def gap(horizon, lag):
    """``ρ_max ν_W^j - ρ_j`` with all its symbols positive."""
    bound = decay().step("largest").rhs
    return sp.expand((bound * nu_W**j - rho()).subs({T: horizon, j: lag}))


@settings(deadline=None, max_examples=80)
@given(decaying, positive, positive)
def test_peak_and_half_life_are_those_found_by_search(w, f, c):
    assert shape((w, f, c)) == shape_by_search((w, f, c))


@settings(deadline=None, max_examples=30)
@given(decaying, nonnegative, nonnegative.filter(bool))
def test_a_vanishing_variance_of_readin_or_readout_leaves_a_geometric_decay(w, zero_or_not, c):
    for variances in ((w, Fraction(0), c), (w, c, Fraction(0)), (w, zero_or_not, c)):
        assert shape(variances) == shape_by_search(variances)


@settings(deadline=None, max_examples=30)
@given(nonnegative, nonnegative.filter(bool))
def test_without_recurrence_the_shape_is_found_among_two_lags(f, c):
    assert shape((Fraction(0), f, c)) == shape_by_search((Fraction(0), f, c))


@settings(deadline=None, max_examples=30)
@given(decaying, positive, positive)
def test_exchanging_readin_and_readout_changes_nothing(w, f, c):
    assert shape((w, f, c)) == shape((w, c, f))


@settings(deadline=None, max_examples=30)
@given(st.fractions(1, 4, max_denominator=12), positive, positive)
def test_an_unstable_network_has_neither_peak_nor_half_life(w, f, c):
    assert shape((w, f, c)) == Shape(None, None)


@settings(deadline=None, max_examples=30)
@given(st.fractions(0, 2, max_denominator=12))
def test_without_any_weight_there_is_neither_peak_nor_half_life(w):
    assert shape((w, Fraction(0), Fraction(0))) == Shape(None, None)


def test_constant_weights_peak_at_once_and_never_halve():
    assert shape((Fraction(1), Fraction(0), Fraction(1))) == Shape(0, None)


def test_growing_weights_never_peak():
    assert shape((Fraction(2), Fraction(0), Fraction(1))) == Shape(None, None)


def test_of_two_equal_largest_weights_the_first_is_the_peak():
    """ν_W = 1/2, ν_F = ν_C = 1 gives ρ_0 = ρ_1 = 2."""
    variances = (Fraction(1, 2), Fraction(1), Fraction(1))
    assert weight(0, variances) == weight(1, variances) == 2
    assert shape(variances).peak == 0


def test_a_weight_of_exactly_half_the_peak_has_halved():
    """ν_W = 1/2, ν_F = 0 gives ρ_1 = ρ_0/2."""
    assert shape((Fraction(1, 2), Fraction(0), Fraction(3))) == Shape(0, 1)


@pytest.mark.parametrize(
    ("f", "c", "expected"),
    [
        (Fraction(4), Fraction(4), Shape(1, 2)),  # ρ = 8, 16, 0
        (Fraction(2), Fraction(2), Shape(0, 2)),  # ρ = 4, 4, 0
        (Fraction(1), Fraction(1), Shape(0, 1)),  # ρ = 2, 1, 0
        (Fraction(0), Fraction(1), Shape(0, 1)),  # ρ = 1, 0
    ],
)
def test_without_recurrence(f, c, expected):
    assert shape((Fraction(0), f, c)) == expected


def test_a_half_life_beyond_the_largest_lag_is_not_computed():
    slow = 1 - Fraction(1, 4 * LARGEST_LAG)
    assert shape((slow, Fraction(0), Fraction(1))) == Shape(0, None)


def test_a_long_half_life_is_exact():
    """w^h ≤ 1/2 at the first h: 999/1000 needs 693 steps."""
    w = Fraction(999, 1000)
    assert 2 * w**692 > 1 >= 2 * w**693
    assert shape((w, Fraction(0), Fraction(1))) == Shape(0, 693)


def test_the_bound_is_the_one_of_the_paper():
    assert decay().result == largest * nu_W**j
    assert sp.expand(decay().step("largest").rhs - (nu_C * (T * nu_F / nu_W + 1) + nu_F)) == 0


@pytest.mark.parametrize("horizon", [1, 2, 7])
def test_the_bound_is_tight_at_the_horizon(horizon):
    assert gap(horizon, horizon) == 0


@pytest.mark.parametrize("horizon", [1, 2, 7])
def test_the_gap_is_positive_before_the_horizon(horizon):
    assert all(gap(horizon, lag).is_positive for lag in range(horizon))


def test_beyond_the_horizon_the_bound_fails():
    assert gap(7, 8).is_negative


def test_the_bound_assumes_a_horizon_but_no_stability():
    assert "horizon" in decay().step("bound").uses
    assert not {"contraction", "existing lags"} & set(decay().step("bound").uses)


def test_the_weights_that_exist_stay_below_the_bound():
    """By as much as "not attained" says, which is exact at the last lag."""
    to_spare = decay().step("not attained").lhs - decay().step("bound").lhs
    assert all(sp.expand(gap(7, lag) - to_spare.subs(j, lag)).is_nonnegative for lag in range(7))
    assert sp.expand(gap(7, 6) - to_spare.subs(j, 6)) == 0


def test_a_long_half_life_is_found():
    gap = Fraction(1, 24000)
    c = 2 * (1 - gap) * Fraction(10003, 10000) * gap
    assert shape((1 - gap, c, c)).half_life == 40287
