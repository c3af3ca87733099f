"""The fewest states, exactly: against Tether's formula, ranks by sympy, a nonzero minor, and by hand."""

from __future__ import annotations

import doctest
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import numerics.realization.partial_realization
from numerics.realization.partial_realization import degree, extended_by_zeros, fewest_states

Exact = NDArray[np.object_]
PRIME = 2**31 - 1  # the first that the elimination takes

SMALL = st.one_of(st.just(0), st.integers(-2, 2), st.fractions(-3, 3, max_denominator=5))
SIZES = st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))


def fractions(values: Any, shape: tuple[int, ...] | None = None) -> Exact:
    exact = np.array([Fraction(value) for value in np.asarray(values, dtype=object).ravel()], dtype=object)
    return exact.reshape(np.shape(values) if shape is None else shape)


def scalar(*values: Any) -> Exact:
    """The lags of an RNN with one input and one output."""
    return fractions(values, (len(values), 1, 1))


@st.composite
def responses(draw: st.DrawFn) -> Exact:
    """Lags with many zeros, or of an RNN with few states."""
    T, n_y, n_x = draw(SIZES)

    def array(*shape: int) -> Exact:
        return fractions(draw(st.lists(SMALL, min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))), shape)

    n = draw(st.integers(0, 3))
    return array(T, n_y, n_x) if n == 0 else response(array(n, n), array(n, n_x), array(n_y, n), T)


def response(A: Exact, F: Exact, R: Exact, T: int) -> Exact:
    """``R A^j F``, with sums that begin with a fraction so that no states give exact zeros."""
    lags, state = [], F
    for _ in range(T):
        lags.append([[sum((r * x for r, x in zip(row, x, strict=True)), Fraction(0)) for x in state.T] for row in R])
        state = A.dot(state)
    return np.array(lags, dtype=object)


def hankel_rank(L: Exact, r: int, s: int) -> int:
    blocks = [[sympy.Matrix(L[i + k].tolist()) for k in range(s)] for i in range(r)]
    return int(sympy.Matrix(sympy.BlockMatrix(blocks)).rank())


def tether(L: Exact) -> int:
    T = len(L)
    return sum(hankel_rank(L, j, T + 1 - j) for j in range(1, T + 1)) - sum(
        hankel_rank(L, j, T - j) for j in range(1, T)
    )


def assert_realized(L: Exact, states: int) -> None:
    A, F, R = fewest_states(L)
    assert len(A) == states
    assert (response(A, F, R, len(L)) == L).all()


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.realization.partial_realization)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@settings(deadline=None, max_examples=150)
@given(responses())
def test_the_rnn_has_the_given_lags_exactly(L: Exact) -> None:
    A, F, R = fewest_states(L)
    _, n_y, n_x = L.shape
    assert (A.shape, F.shape, R.shape) == ((len(A), len(A)), (len(A), n_x), (n_y, len(A)))
    assert (response(A, F, R, len(L)) == L).all()


@settings(deadline=None, max_examples=150)
@given(responses())
def test_there_are_as_many_states_as_tether_says(L: Exact) -> None:
    assert len(fewest_states(L)[0]) == degree(L)


@settings(deadline=None, max_examples=25)
@given(responses())
def test_the_degree_is_tethers_formula_with_ranks_by_sympy(L: Exact) -> None:
    assert degree(L) == tether(L)


@settings(deadline=None, max_examples=100)
@given(responses())
def test_every_entry_is_a_fraction(L: Exact) -> None:
    assert all(isinstance(entry, Fraction) for part in fewest_states(L) for entry in part.ravel().tolist())


@settings(deadline=None, max_examples=60)
@given(responses())
def test_the_mirror_image_has_as_many_states(L: Exact) -> None:
    assert len(fewest_states(L)[0]) == len(fewest_states(L.transpose(0, 2, 1))[0])


@settings(deadline=None, max_examples=60)
@given(responses(), st.fractions(-5, 5, max_denominator=7).filter(bool))
def test_neither_scaling_nor_a_faster_clock_changes_the_number_of_states(L: Exact, factor: Fraction) -> None:
    powers = fractions([factor**j for j in range(len(L))])[:, None, None]
    assert len(fewest_states(factor * L)[0]) == len(fewest_states(powers * L)[0]) == len(fewest_states(L)[0])


@settings(deadline=None, max_examples=60)
@given(responses())
def test_one_lag_more_never_takes_fewer_states(L: Exact) -> None:
    numbers = [len(fewest_states(L[:T])[0]) for T in range(1, len(L) + 1)]
    assert numbers == sorted(numbers)


@settings(deadline=None, max_examples=60)
@given(responses())
def test_extended_by_zeros_all_later_lags_are_zero(L: Exact) -> None:
    extended = extended_by_zeros(L)
    A, F, R = fewest_states(extended)
    assert (response(A, F, R, 4 * len(L))[: len(L)] == L).all()
    assert not response(A, F, R, 4 * len(L))[len(L) :].any()
    assert len(A) == hankel_rank(extended, len(L), len(L))


@pytest.mark.parametrize(
    ("lags", "states"),
    [
        (scalar(*([0] * 11), 1), 12),
        (scalar(*(Fraction(1, 2**j) for j in range(12))), 1),
        (scalar(1, 1, 2, 3, 5, 8, 13, 21), 2),
        (scalar(1, 1, 2, 3, 5, 8, 13, 22), 6),
        (scalar(*(j**3 for j in range(12))), 4),
        (scalar(1, 0, 0, 0, 0), 1),
        (scalar(1, 0, 0, 1), 3),
        (scalar(0, 0, 0), 0),
        (scalar(7), 1),
        (fractions(np.eye(3, dtype=int)[None]), 3),
        (fractions(np.ones((1, 2, 3), dtype=int)), 1),
        (fractions([[[0, 1]], [[1, 0]], [[0, 0]]]), 2),
        (fractions([[[0], [1]], [[1], [0]], [[0], [0]]]), 2),
    ],
)
def test_hand_made_responses_have_the_states_that_one_counts(lags: Exact, states: int) -> None:
    assert_realized(lags, states)
    assert degree(lags) == states


@pytest.mark.parametrize(
    ("lags", "states"),
    [
        (scalar(PRIME, 1), 1),
        (scalar(1, 1, 1 + PRIME), 2),
        (scalar(0, PRIME, 1), 2),
        (scalar(1, 0, PRIME, 1), 2),
        (fractions([[[1, 1]], [[PRIME, 0]], [[0, PRIME]]]), 2),
    ],
)
def test_a_prime_that_takes_numbers_for_zero_does_not_mislead(lags: Exact, states: int) -> None:
    assert tether(lags) == states
    assert_realized(lags, states)
    assert degree(lags) == states


def test_few_states_with_long_entries_are_found_again() -> None:
    rng = np.random.default_rng(7)
    A, F, R = (fractions(rng.integers(-(2**62), 2**62, shape)) for shape in ((5, 5), (5, 2), (2, 5)))
    assert_realized(response(A, F, R, 12), 5)


def test_a_factor_common_to_all_lags_may_be_any_product_of_primes() -> None:
    assert_realized(scalar(1, 1, 2, 3, 5, 8) * PRIME**5, 2)


def test_a_fewest_states_rnn_is_reachable_and_observable() -> None:
    L = fractions(np.random.default_rng(3).integers(-3, 4, (10, 2, 3)))
    A, F, R = fewest_states(L)
    n = len(A)
    powers = [np.linalg.matrix_power(A, j) for j in range(n)] if n else []
    reachable = sympy.Matrix(np.concatenate([power.dot(F) for power in powers], axis=1).tolist())
    observable = sympy.Matrix(np.concatenate([R.dot(power) for power in powers]).tolist())
    assert reachable.rank() == observable.rank() == n == 12


def test_a_nonzero_minor_proves_that_fewer_states_are_impossible() -> None:
    L = fractions(np.random.default_rng(4).normal(size=(20, 1, 1)))
    assert_realized(L, 10)
    hankel = sympy.Matrix(10, 10, lambda i, k: sympy.Rational(*L[i + k, 0, 0].as_integer_ratio()))
    assert hankel.det() != 0


def test_only_one_row_for_each_output_is_not_a_shift() -> None:
    A, _, _ = fewest_states(fractions(np.random.default_rng(5).normal(size=(20, 2, 3))))
    shifted = [sorted(row) == [0] * (len(A) - 1) + [1] for row in A]
    assert len(A) == 24
    assert shifted.count(False) == 2


def test_with_fewer_inputs_only_one_column_for_each_is_not_a_shift() -> None:
    A, _, _ = fewest_states(fractions(np.random.default_rng(5).normal(size=(20, 3, 2))))
    shifted = [sorted(column) == [0] * (len(A) - 1) + [1] for column in A.T]
    assert len(A) == 24
    assert shifted.count(False) == 2


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6))
def test_doubles_of_any_size_are_realized_exactly(values: list[float]) -> None:
    L = scalar(*values)
    assert_realized(L, degree(L))


def test_floats_and_integers_are_taken_as_the_numbers_they_are() -> None:
    found = fewest_states(np.array([[[0.1]], [[0.3]]]))[0]
    assert found.tolist() == [[Fraction(0.3) / Fraction(0.1)]]
    assert fewest_states([[[3]], [[2**70]]])[0].tolist() == [[Fraction(2**70, 3)]]


def test_three_inputs_and_two_outputs_in_doubles_are_realized() -> None:
    L = fractions(np.random.default_rng(6).normal(size=(40, 2, 3)))
    A, F, R = fewest_states(L)
    assert len(A) == 48
    reached, observed = [F], [R]  # lag i+k is (R A^i)(A^k F); up to the middle both have short entries
    for _ in range(15):
        reached.append(A.dot(reached[-1]))
    for _ in range(24):
        observed.append(observed[-1].dot(A))
    assert all((observed[min(j, 24)].dot(reached[j - min(j, 24)]) == L[j]).all() for j in range(40))


def test_zeros_are_appended_as_many_as_there_are_lags() -> None:
    extended = extended_by_zeros([[[1, 2]], [[3, 4]], [[5, 6]]])
    assert extended.shape == (6, 1, 2)
    assert (extended[:3].ravel() == np.arange(1, 7)).all()
    assert not extended[3:].any()
    assert all(isinstance(entry, Fraction) for entry in extended.ravel().tolist())


@pytest.mark.parametrize("function", [fewest_states, degree, extended_by_zeros])
@pytest.mark.parametrize(
    ("lags", "message"),
    [
        ([1, 2], r"impulse response: shape \(2,\), but it has three axes"),
        ([[1, 2]], r"impulse response: shape \(1, 2\), but it has three axes"),
        ([[[float("inf")]]], "impulse response: an entry is not finite"),
        ([[[float("nan")]]], "impulse response: an entry is not finite"),
    ],
)
def test_what_is_no_impulse_response_is_refused(function: Any, lags: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(lags)
