"""How much slower one lag is learned than another."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.memory.learning_speed import Learning, smallest_nu_W_within
from theory.memory import GRID, Weights

nonnegative = st.fractions(0, 8, max_denominator=12)
positive = st.fractions(Fraction(1, 12), 8, max_denominator=12)
variances_of = st.tuples(st.fractions(0, 2, max_denominator=20), positive, positive)
HALF = Fraction(1, 2)
ONES = (Fraction(9, 10), Fraction(1), Fraction(1))


def weights_by_hand(variances, count):
    """(21), with the term in ``ν_W^{j-1}`` absent at lag 0."""
    w, f, c = variances
    return [c * (j * f * w ** (j - 1) + w**j) + f * w**j if j else f + c for j in range(count)]


def test_a_step_removes_what_weight_and_number_of_sightings_say():
    learning = Learning(Weights.of(ONES), 5, HALF)
    values = weights_by_hand(ONES, 5)
    expected = [HALF * value / max(values) * Fraction(5 - lag, 5) for lag, value in enumerate(values)]
    assert [learning.progress(lag) for lag in range(5)] == expected


def test_of_growing_weights_the_last_is_the_largest():
    assert Learning(Weights(Fraction(2), Fraction(2), Fraction(1)), 4, Fraction(1)).progress(3) == Fraction(1, 4)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 6),
    st.integers(1, 30),
    variances_of,
    st.fractions(Fraction(1, 10), Fraction(19, 20), max_denominator=20),
)
def test_a_delay_is_decided_as_by_powers_of_rational_numbers(lag, times, variances, rate):
    learning = Learning(Weights.of(variances), 7, rate)
    slow, fast = 1 - learning.progress(lag), 1 - learning.progress(0)
    assert learning.is_within(lag, Fraction(times)) == (slow**times <= fast)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 6),
    st.fractions(1, 30, max_denominator=5),
    variances_of,
    st.fractions(0, 1, max_denominator=20),
    st.fractions(Fraction(1, 10), 1, max_denominator=20),
)
def test_a_lag_that_is_fast_enough_stays_so_when_recurrent_weights_grow(lag, times, variances, more, rate):
    learning = Learning(Weights.of(variances), 7, rate)
    larger = replace(learning, weights=Weights.of((variances[0] + more, *variances[1:])))
    assert learning.is_within(lag, times) <= larger.is_within(lag, times)


def test_the_smallest_variance_for_a_delay_is_enough_and_no_smaller_one_is():
    found = smallest_nu_W_within(9, Fraction(20), 10, HALF, ONES)
    weights = Weights.of(ONES)
    for w, enough in ((found, True), (found - Fraction(1, GRID), False)):
        learning = Learning(replace(weights, nu_W=w), 10, HALF)
        assert ((1 - learning.progress(9)) ** 20 <= 1 - learning.progress(0)) is enough


def test_equal_delays_are_within_each_other():
    weights = Weights(HALF, Fraction(1), Fraction(1))  # 1, 3/2, …
    assert Learning(weights, 3, Fraction(1, 4)).is_within(1, Fraction(1))


def test_a_rate_beyond_the_bound_is_refused():
    with pytest.raises(ValueError, match="at most 1"):
        smallest_nu_W_within(1, Fraction(2), 3, Fraction(3, 2), ONES)


def test_without_readin_and_readout_no_lag_is_ever_fast():
    nothing = (HALF, Fraction(0), Fraction(0))
    assert smallest_nu_W_within(1, Fraction(2), 3, HALF, nothing) is None
    assert Learning(Weights.of(nothing), 3, HALF).progress(1) == 0
