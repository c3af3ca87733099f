"""Linear RNNs with given weights, against the recursion (1) as the paper writes it."""

from __future__ import annotations

import doctest
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import numerics.realization.rnn
from numerics.realization import InaccurateRealizationError, LinearRNN, NumberError, ShapeError, realize, to_float
from numerics.realization.arithmetic import Arbitrary, Float, Rational, exact

Array = np.ndarray[Any, Any]


def weights(n: int, inputs: int, outputs: int, *, seed: int = 0, kind: str = "rational") -> tuple[Array, Array, Array]:
    """W, F, C in the paper's parameterization."""
    draw = np.random.default_rng(seed)
    found = [draw.integers(-5, 6, shape) for shape in ((n, n), (n, inputs), (outputs, n))]
    if kind == "float":
        return tuple(array / 7.0 for array in found)  # type: ignore[return-value]
    return tuple(exact(array, "") / Fraction(7) for array in found)  # type: ignore[return-value]


def recursion(W: Array, F: Array, C: Array, x: Array, root: Any) -> Array:
    """``h_t = n^{-1/2} W h_{t-1} + F x_t, y_t = n^{-1/2} C h_t``, one sum at a time."""
    n, inputs, outputs = len(W), F.shape[1], len(C)
    state = [Fraction(0)] * n
    result = []
    for x_t in x:
        state = [
            sum(W[i][k] * state[k] for k in range(n)) / root + sum(F[i][a] * x_t[a] for a in range(inputs))
            for i in range(n)
        ]
        result.append([sum(C[b][i] * state[i] for i in range(n)) / root for b in range(outputs)])
    return np.array(result, dtype=object)


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.realization.rnn)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 1), (1, 3), (2, 3)])
def test_outputs_are_those_of_the_recursion_of_the_paper(inputs: int, outputs: int) -> None:
    W, F, C = weights(4, inputs, outputs)
    x = exact(np.arange(6 * inputs).reshape(6, inputs) - 5, "x") / Fraction(3)
    assert (LinearRNN.from_weights(W, F, C)(x) == recursion(W, F, C, x, Fraction(2))).all()


def test_outputs_in_doubles_are_those_of_the_recursion_of_the_paper() -> None:
    W, F, C = weights(3, 2, 2, kind="float")
    x = np.random.default_rng(1).normal(size=(6, 2))
    found = LinearRNN.from_weights(W, F, C)(x)
    assert found.dtype == float
    assert found == pytest.approx(recursion(W, F, C, x, math.sqrt(3)).astype(float), rel=1e-12)


def test_the_impulse_response_is_the_response_to_impulses() -> None:
    W, F, C = weights(4, 2, 3)
    found = LinearRNN.from_weights(W, F, C).impulse_response(5)
    for a in range(2):
        impulse = exact(np.zeros((5, 2), dtype=int), "x")
        impulse[0, a] = Fraction(1)
        assert (found[:, :, a] == recursion(W, F, C, impulse, Fraction(2))).all()


def test_the_impulse_response_has_the_powers_of_the_width_that_the_paper_gives_it() -> None:
    W, F, C = weights(9, 1, 1)
    L = LinearRNN.from_weights(W, F, C).impulse_response(4)
    powers = [C @ np.linalg.matrix_power(W, j) @ F / Fraction(3) ** (j + 1) for j in range(4)]
    assert np.array_equal(L, np.array(powers, dtype=object))


@pytest.mark.parametrize("kind", ["rational", "float"])
def test_no_lag_has_an_empty_impulse_response(kind: str) -> None:
    rnn = LinearRNN.from_weights(*weights(4, 2, 3, kind=kind))
    assert rnn.impulse_response(0).shape == (0, 3, 2)


def test_the_weights_of_the_paper_come_back() -> None:
    W, F, C = weights(4, 2, 3)
    rnn = LinearRNN.from_weights(W, F, C)
    assert (rnn.W == W).all()
    assert (rnn.F == F).all()
    assert (rnn.C == C).all()


def test_the_weights_of_a_diagonal_rnn_are_a_matrix() -> None:
    rnn = LinearRNN([1, 2, 3, 4], [[1]] * 4, [[1] * 4])
    assert np.array_equal(rnn.W, np.diag([2, 4, 6, 8]))
    assert (rnn.C == 2).all()


@pytest.mark.parametrize("which", ["W", "C"])
def test_rational_weights_need_a_square_number_of_states(which: str) -> None:
    rnn = LinearRNN([1, 2], [[1], [1]], [[1, 1]])
    with pytest.raises(NumberError, match=r"√2 is not rational: the weights of 2 states .* with 4 states"):
        getattr(rnn, which)
    assert getattr(rnn.padded(), which).shape[-1] == 4


def test_from_weights_refuses_rational_weights_of_another_number_of_states() -> None:
    with pytest.raises(NumberError, match="√3 is not rational"):
        LinearRNN.from_weights(*weights(3, 1, 1))


@pytest.mark.parametrize(
    ("W", "F", "C"),
    [
        (1, [[1]], [[1]]),
        (1, 1, 1),
        ([[1, 2]], [[1]], [[1]]),
        ([[1]], [1], [[1]]),
        ([[1]], [[1]], [1]),
        ([[1]], [[1], [2]], [[1]]),
        ([[1]], [[1]], [[1, 2]]),
        ([[[1]]], [[1]], [[1]]),
        ([], [], []),
        ([[1]], [[1], [2]], [[1, 2]]),
    ],
)
@pytest.mark.parametrize("constructor", [LinearRNN, LinearRNN.from_weights])
def test_weights_that_do_not_fit_together_are_refused_with_their_shapes(
    constructor: Any, W: Any, F: Any, C: Any
) -> None:
    shapes = f"W {np.shape(W)}, F {np.shape(F)}, C {np.shape(C)}: needed are (n, n) or (n,), (n, n_x), (n_y, n)"
    with pytest.raises(ShapeError) as caught:
        constructor(W, F, C)
    assert str(caught.value) == shapes


def test_a_weight_that_is_no_number_is_refused_with_its_place() -> None:
    with pytest.raises(NumberError, match=r"F\[1, 0\] is nan"):
        LinearRNN([0.5, 0.5], [[1.0], [math.nan]], [[1.0, 1.0]])
    with pytest.raises(NumberError, match=r"scaled_C\[0, 1\] is inf"):
        LinearRNN(np.eye(2), np.ones((2, 1)), np.array([[0.0, np.inf]]))


def test_weights_given_as_lists_of_floats_are_doubles() -> None:
    rnn = LinearRNN([[0.5]], [[1.0]], [[1.0]])
    assert rnn.arithmetic == Float()
    assert {array.dtype for array in (rnn.scaled_W, rnn.F, rnn.scaled_C)} == {np.dtype(float)}


def test_one_float_makes_doubles_and_one_number_of_mpmath_makes_all_of_its_kind() -> None:
    assert LinearRNN([[1]], [[Fraction(1, 3)]], [[1]]).arithmetic == Rational()
    assert LinearRNN([[1]], [[Fraction(1, 3)]], [[1.0]]).arithmetic == Float()
    with mpmath.workprec(99):
        assert LinearRNN([[mpmath.mpf(1)]], [[Fraction(1, 3)]], [[1.0]]).arithmetic == Arbitrary(99)


def test_what_the_caller_does_to_its_arrays_does_not_change_the_rnn() -> None:
    W, F, C = np.eye(1) / 2, np.ones((1, 1)), np.ones((1, 1))
    rnn = LinearRNN(W, F, C)
    for array in (W, F, C):
        array[...] = 9.0
    assert rnn.impulse_response(2).ravel().tolist() == [1.0, 0.5]


def test_weights_may_be_read_only_and_in_any_order_of_memory() -> None:
    W, F, C = weights(3, 2, 2, kind="float")
    other = [np.asfortranarray(array) for array in (W, F, C)]
    for array in other:
        array.setflags(write=False)
    assert (LinearRNN(*other).impulse_response(4) == LinearRNN(W, F, C).impulse_response(4)).all()


@pytest.mark.parametrize("kind", ["rational", "float"])
@pytest.mark.parametrize("diagonal", [False, True])
def test_leading_axes_of_the_inputs_are_a_batch(kind: str, diagonal: bool) -> None:
    W, F, C = weights(4, 2, 3, kind=kind)
    rnn = LinearRNN(np.diag(W) if diagonal else W, F, C)
    batch = np.random.default_rng(0).integers(-3, 4, (2, 3, 5, 2))
    found = rnn(batch)
    assert found.shape == (2, 3, 5, 3)
    assert found[1, 2].astype(float) == pytest.approx(rnn(batch[1, 2]).astype(float), rel=1e-13)


def test_a_single_input_is_a_list_and_so_is_a_single_output() -> None:
    rnn = LinearRNN([[Fraction(1, 2)]], [[1]], [[1]])
    assert rnn([1, 0, 0]).tolist() == [1, Fraction(1, 2), Fraction(1, 4)]
    assert LinearRNN([[1]], [[1]], [[1], [2]])([1, 0]).tolist() == [[1, 2], [1, 2]]


def test_no_input_in_time_gives_no_output() -> None:
    rnn = LinearRNN.from_weights(*weights(4, 2, 3))
    assert rnn(np.zeros((0, 2), dtype=int)).shape == (0, 3)
    assert rnn(np.zeros((0, 5, 2), dtype=int)).shape == (0, 5, 3)


def test_inputs_are_read_exactly() -> None:
    rnn = LinearRNN([[1]], [[1]], [[1]])
    assert rnn([0.1])[0] == Fraction(0.1)
    assert rnn([2**70])[0] == 2**70


@pytest.mark.parametrize("x", [5, [[1, 2]], np.ones((3, 4, 3)), "abc"])
def test_inputs_of_another_shape_are_refused(x: Any) -> None:
    rnn = LinearRNN([[1]], [[1]], [[1]])
    with pytest.raises((ShapeError, NumberError), match=r"x has shape|x is 'abc'"):
        rnn(x)


@pytest.mark.parametrize("kind", ["rational", "float"])
@pytest.mark.parametrize("x", [np.array([0.0, math.nan]), [0.0, math.nan]])
def test_an_input_that_is_no_number_is_refused_with_its_place(kind: str, x: Any) -> None:
    with pytest.raises(NumberError, match=r"x\[1\] is nan"):
        LinearRNN.from_weights(*weights(4, 1, 1, kind=kind))(x)


@pytest.mark.parametrize("dtype", [int, float])
def test_no_states_give_zero(dtype: type) -> None:
    rnn = LinearRNN(np.zeros((0, 0), dtype), np.zeros((0, 2), dtype), np.zeros((3, 0), dtype))
    assert (rnn.n, rnn.inputs, rnn.outputs) == (0, 2, 3)
    assert (rnn.impulse_response(4) == np.zeros((4, 3, 2))).all()
    assert (rnn(np.ones((5, 2), dtype)) == np.zeros((5, 3))).all()
    assert rnn.W.shape == (0, 0)
    assert LinearRNN.from_weights(rnn.W, rnn.F, rnn.C).n == 0


@pytest.mark.parametrize("diagonal", [False, True])
def test_states_change_places(diagonal: bool) -> None:
    W, F, C = weights(4, 1, 1)
    rnn = LinearRNN(np.diag(W) if diagonal else W, F, C)
    order = [2, 0, 3, 1]
    found = rnn.permuted(order)
    assert found.F[0, 0] == F[2, 0]
    assert (found.dense().scaled_W[0, 1]) == rnn.dense().scaled_W[2, 0]
    assert (found.impulse_response(5) == rnn.impulse_response(5)).all()


@pytest.mark.parametrize("order", [[0, 0], [-1, 0], [0], [0, 1, 2], "ab"])
def test_what_is_no_permutation_is_refused(order: Any) -> None:
    with pytest.raises(ShapeError, match="each of 0 … 1 once"):
        LinearRNN([1, 2], [[1], [1]], [[1, 1]]).permuted(order)


def test_a_permutation_of_truth_values_is_not_a_mask() -> None:
    assert LinearRNN([1, 2], [[1], [1]], [[1, 1]]).permuted([True, False]).scaled_W.tolist() == [2, 1]


@pytest.mark.parametrize(("n", "wanted"), [(1, 1), (2, 4), (4, 4), (5, 9)])
def test_padding_gives_the_next_square_number_of_states(n: int, wanted: int) -> None:
    W, F, C = weights(n, 2, 1)
    for rnn in (LinearRNN(W, F, C), LinearRNN(np.diag(W), F, C)):
        padded = rnn.padded()
        assert padded.n == wanted
        assert padded.is_diagonal == rnn.is_diagonal
        assert (padded.impulse_response(4) == rnn.impulse_response(4)).all()


@pytest.mark.parametrize("states", [0, 1])
def test_padding_to_fewer_states_is_refused(states: int) -> None:
    with pytest.raises(ShapeError, match=rf"padded\({states}\): there are 2 states already"):
        LinearRNN([1, 2], [[1], [1]], [[1, 1]]).padded(states)


def test_other_coordinates_are_exact_for_rational_weights() -> None:
    W, F, C = weights(3, 2, 2)
    S = exact([[1, 2, 0], [0, 1, 5], [1, 0, 1]], "S")
    found = LinearRNN(W, F, C).similar(S)
    assert (found.F == S @ F).all()
    assert (found.scaled_C @ S == C).all()
    assert (found.scaled_W @ S == S @ W).all()


@pytest.mark.parametrize(
    ("S", "error", "message"),
    [
        ([[1, 2], [2, 4]], ShapeError, "S is singular"),
        ([[0.1, 0.2], [0.1, 0.2]], ShapeError, "S is singular"),
        ([[1]], ShapeError, r"S has shape \(1, 1\): needed is \(2, 2\)"),
        ([[1, 0], [0, math.nan]], NumberError, r"S\[1, 1\] is nan"),
    ],
)
def test_coordinates_that_are_none_are_refused(S: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LinearRNN([1, 2], [[1], [1]], [[1, 1]]).similar(S)


def test_doubles_are_the_binary_fractions_that_they_are() -> None:
    rnn = LinearRNN([[0.1]], [[1.0]], [[1.0]]).exact()
    assert rnn.arithmetic == Rational()
    assert rnn.impulse_response(3)[2, 0, 0] == Fraction(0.1) ** 2


def test_a_realization_rounds_to_doubles_where_nothing_cancels() -> None:
    rnn = to_float(LinearRNN([Fraction(1, 3), Fraction(-1, 7)], [[1], [1]], [[1, 2]]), 20)
    assert rnn.arithmetic == Float()
    assert rnn.certificate is not None
    assert rnn.certificate.horizon == 20
    assert 0 < rnn.certificate.accuracy < 1e-15


def test_rounding_a_vandermonde_realization_of_many_lags_is_refused_with_the_weights() -> None:
    response = (np.random.default_rng(0).normal(size=40)).tolist()
    with pytest.raises(InaccurateRealizationError, match=r"large weights cancel\. realize\(L, 'ho-kalman'") as caught:
        to_float(realize(response))
    rnn = caught.value.rnn
    assert rnn.certificate is not None
    assert rnn.certificate.accuracy > 1e-9
    assert np.abs(rnn.impulse_response(40).ravel() - response).max() > 1e-9


def test_rounding_a_weight_beyond_doubles_is_refused() -> None:
    with pytest.raises(NumberError, match="about 1e400 is beyond double precision"):
        to_float(LinearRNN([[10**400]], [[1]], [[1]]))


def test_outputs_beyond_doubles_are_not_within_the_tolerance() -> None:
    with pytest.raises(InaccurateRealizationError, match="off by inf times its largest entry"):
        to_float(LinearRNN([[10**200]], [[1]], [[1]]), 3)


@pytest.mark.parametrize("tolerance", ["1", math.nan, None, [0.1, 0.2]])
def test_a_tolerance_of_rounding_that_is_no_number_is_refused(tolerance: Any) -> None:
    with pytest.raises(NumberError, match="tolerance"):
        to_float(LinearRNN([[1]], [[1]], [[1]]), 3, tolerance)


def test_no_lag_survives_rounding_trivially() -> None:
    rnn = to_float(LinearRNN([[Fraction(1, 3)]], [[1]], [[1]]), 0)
    assert rnn.certificate is not None
    assert rnn.certificate.accuracy == 0


@pytest.mark.parametrize(
    ("horizon", "words"), [(2.5, r"horizon is 2\.5: not a whole number"), (-1, "horizon is -1: at least 0")]
)
def test_a_horizon_that_is_no_number_of_lags_is_refused(horizon, words):
    with pytest.raises(NumberError, match=words):
        LinearRNN([[0.5]], [[1.0]], [[1.0]]).impulse_response(horizon)


def test_a_number_of_states_that_is_not_whole_is_refused():
    with pytest.raises(NumberError, match=r"states is 3\.5: not a whole number"):
        LinearRNN([[0.5]], [[1.0]], [[1.0]]).padded(3.5)
