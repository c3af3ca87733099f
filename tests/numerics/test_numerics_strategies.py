"""The strategies that laws of RNNs are tested with: what they draw, and what it shrinks to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from numerics import strategies
from numerics.realization import LinearRNN
from numerics.strategies import (
    arrays,
    distinct_nodes,
    extreme_rationals,
    finite_floats,
    impulse_responses,
    input_sequences,
    invertible_matrices,
    linear_rnns,
    rationals,
    responses_with_nodes,
    rnns_with_inputs,
)

Array = np.ndarray[Any, Any]


UNSHRUNK = settings(phases=(Phase.generate,), max_examples=1000)


def anything(_: Any) -> bool:
    return True


def test_all_strategies_are_offered() -> None:
    defined = {name for name in vars(strategies) if not name.startswith("_") and name.islower()}
    assert set(strategies.__all__) <= defined


@given(impulse_responses(4, 3, 2))
def test_impulse_responses_have_lags_outputs_and_inputs_within_bounds(L: Array) -> None:
    horizon, outputs, inputs = L.shape
    assert 1 <= horizon <= 4
    assert 1 <= outputs <= 2
    assert 1 <= inputs <= 3
    assert all(type(value) is Fraction for value in L.ravel())


@pytest.mark.parametrize("shape", [(4, 1, 1), (1, 2, 1), (1, 1, 3)])
def test_impulse_responses_reach_their_bounds(shape: tuple[int, int, int]) -> None:
    assert find(impulse_responses(4, 3, 2), lambda L: L.shape == shape, settings=UNSHRUNK).shape == shape


def test_impulse_responses_shrink_to_one_zero() -> None:
    assert find(impulse_responses(), anything).tolist() == [[[0]]]
    assert find(impulse_responses(), lambda L: L.any()).tolist() == [[[1]]]


@given(st.integers(1, 6).flatmap(lambda count: st.tuples(st.just(count), distinct_nodes(count))))
def test_distinct_nodes_are_distinct_and_not_zero(drawn: tuple[int, list[Fraction]]) -> None:
    count, nodes = drawn
    assert len(set(nodes)) == len(nodes) == count
    assert all(nodes)


@given(distinct_nodes(3, finite_floats()))
def test_distinct_nodes_may_be_floats(nodes: list[float]) -> None:
    assert len(set(nodes)) == 3
    assert all(nodes)


@given(responses_with_nodes(max_horizon=4))
def test_there_is_a_node_for_every_lag(drawn: tuple[Array, list[Fraction]]) -> None:
    assert len(drawn[0]) == len(drawn[1])


@given(linear_rnns(3, 2, 2))
def test_rnns_are_rational_and_within_bounds(rnn: LinearRNN) -> None:
    assert rnn.arithmetic.name == "rational"
    assert 1 <= rnn.n <= 3
    assert 1 <= rnn.inputs <= 2
    assert 1 <= rnn.outputs <= 2


def test_rnns_are_dense_and_diagonal() -> None:
    assert find(linear_rnns(), lambda rnn: rnn.is_diagonal and rnn.n > 1, settings=UNSHRUNK).n > 1
    assert find(linear_rnns(), lambda rnn: not rnn.is_diagonal and rnn.n > 1, settings=UNSHRUNK).n > 1


def test_rnns_shrink_to_one_state_of_zero() -> None:
    rnn = find(linear_rnns(), anything)
    assert (rnn.scaled_W.tolist(), rnn.F.tolist(), rnn.scaled_C.tolist()) == ([[0]], [[0]], [[0]])


@given(rnns_with_inputs(5, max_inputs=3))
def test_inputs_fit_their_rnn(drawn: tuple[LinearRNN, Array]) -> None:
    rnn, x = drawn
    assert rnn(x).shape == (len(x), rnn.outputs)
    assert 1 <= len(x) <= 5


@given(input_sequences(2, 3, finite_floats()))
def test_inputs_of_floats_are_arrays_of_doubles(x: Array) -> None:
    assert x.dtype == float
    assert x.shape[1] == 2


@given(st.integers(1, 4).flatmap(invertible_matrices))
def test_invertible_matrices_are_invertible(S: Array) -> None:
    size = len(S)
    entries = [flint.fmpq(value.numerator, value.denominator) for value in S.ravel()]
    assert flint.fmpq_mat(size, size, entries).det() != 0


def test_invertible_matrices_are_more_than_triangular() -> None:
    assert find(invertible_matrices(2), lambda S: S.all(), settings=UNSHRUNK).shape == (2, 2)
    assert find(invertible_matrices(2), lambda S: not S[0, 0], settings=UNSHRUNK)[1, 0] != 0


def test_extreme_numbers_are_large_and_small() -> None:
    assert find(extreme_rationals(), lambda value: value > 2**63) > 2**63
    assert 0 < find(extreme_rationals(), lambda value: 0 < value < Fraction(1, 10**200)) < Fraction(1, 10**200)
    assert find(extreme_rationals(), anything) == 0


@given(rationals(4))
def test_small_fractions_are_within_their_bound(value: Fraction) -> None:
    assert abs(value) <= 4
    assert value.denominator in (1, 2, 3, 7)


@given(arrays((2, 0), rationals()))
def test_arrays_may_be_empty(array: Array) -> None:
    assert array.shape == (2, 0)
