"""The strategies that laws of RNNs are tested with: what they draw, and what it shrinks to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

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
    matrices,
    rationals,
    responses_with_nodes,
    rnns_with_inputs,
    whole_matrices,
)

Array = np.ndarray[Any, Any]


UNSHRUNK = settings(phases=(Phase.generate,), max_examples=1000)


def anything(_: Any) -> bool:
    return True


def test_all_strategies_are_offered() -> None:
    defined = {name for name in vars(strategies) if not name.startswith("_") and name.islower()}
    assert set(strategies.__all__) <= defined
    assert all(getattr(strategies, name).__doc__ for name in strategies.__all__)


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


@given(st.integers(0, 4), st.integers(0, 4), st.integers(1, 127), st.data())
def test_whole_matrices_have_their_shape_and_bound(rows: int, columns: int, bound: int, data: Any) -> None:
    found = data.draw(whole_matrices(rows, columns, bound, (4, 4)))
    assert [len(row) for row in found] == [columns] * rows
    assert all(type(entry) is int and abs(entry) <= bound for row in found for entry in row)


def test_entries_of_matrices_become_zero_then_small_then_positive() -> None:
    def large(x: Any) -> bool:
        return max(abs(entry) for row in x for entry in row) > 4

    assert find(whole_matrices(2, 3, 9, (5, 5)), large) == ((5, 0, 0), (0, 0, 0))
    assert find(matrices(2, 3, within=(5, 5)), large).tolist() == [[5, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("sizes", "message"), [((3, 1, 1, (2, 2)), "within"), ((1, 1, 128), "255")])
def test_matrices_of_impossible_sizes_are_refused(sizes: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        whole_matrices(*sizes)


@given(matrices(2, 3, 60), matrices(2, 3, 200, whole=True), matrices(2, 3, whole=True))
def test_matrices_have_numbers_within_any_bound(any_number: Array, large: Array, whole: Array) -> None:
    numbers = [*any_number.ravel(), *large.ravel(), *whole.ravel()]
    assert len(numbers) == 18
    assert all(type(number) is Fraction for number in numbers)
    assert all(number.denominator in (1, 2, 3, 7) for number in numbers)
    assert all(number.denominator == 1 for number in numbers[6:])
    assert max(abs(number) for number in numbers[:6]) <= 60
    assert max(abs(number) for number in numbers[12:]) <= 9


def test_numbers_beyond_small_whole_ones_are_drawn() -> None:
    for bound, whole, least in ((9, False, 8), (9, True, 8), (60, False, 59), (200, True, 150)):
        strategy = matrices(1, 2, bound, whole=whole)
        assert np.abs(find(strategy, lambda x, least=least: np.abs(x).max() > least, settings=UNSHRUNK)).max() > least
    assert find(matrices(2, 2), lambda x: any(value.denominator == 7 for value in x.ravel())).any()


@pytest.mark.parametrize("count", [0, 1, 5, 12, 60, 200])
def test_there_are_as_many_distinct_nodes_as_are_needed(count: int) -> None:
    nodes = find(distinct_nodes(count), anything)
    assert len(set(nodes)) == len(nodes) == count
    assert nodes == find(distinct_nodes(count + 1), anything)[:count]


def test_long_impulse_responses_are_drawn_and_shrink() -> None:
    assert len(find(impulse_responses(50, 1, 1), lambda L: len(L) > 45, settings=UNSHRUNK)) > 45
    found = find(impulse_responses(50), lambda L: len(L) > 1 and bool(L[-1].any()))
    assert found.tolist() == [[[0]], [[1]]]


def test_large_networks_are_drawn() -> None:
    assert find(linear_rnns(40), lambda rnn: rnn.n > 30, settings=UNSHRUNK).n > 30


@given(linear_rnns(diagonal=True, whole=True), linear_rnns(diagonal=False))
def test_rnns_may_be_of_one_kind(whole: LinearRNN, dense: LinearRNN) -> None:
    assert whole.is_diagonal
    assert not dense.is_diagonal
    assert all(
        abs(value) in (0, 1, 2, 3) for part in (whole.scaled_W, whole.F, whole.scaled_C) for value in part.ravel()
    )


@given(impulse_responses(entries=st.just(Fraction(5))), linear_rnns(entries=finite_floats()))
def test_entries_may_be_given(L: Array, rnn: LinearRNN) -> None:
    assert (L == 5).all()
    assert rnn.arithmetic.name == "float"


def test_the_same_arguments_give_the_same_strategy() -> None:
    assert linear_rnns(3) is linear_rnns(3)
    assert rationals(4) is rationals(4)
