"""Proposition 2.1(b): from an impulse response to weights; the weights are run by hand, in fractions."""

from __future__ import annotations

import doctest
import math
import sys
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

from numerics.realization import (
    Certificate,
    InaccurateRealizationError,
    LinearRNN,
    NodeError,
    NumberError,
    ShapeError,
    realize,
)
from numerics.realization.arithmetic import exact
from numerics.realization.realize import read_response
from numerics.realization.residual import residual

Array = np.ndarray[Any, Any]


def certificate(rnn: LinearRNN) -> Certificate:
    assert rnn.certificate is not None
    return rnn.certificate


def response(rnn: LinearRNN, horizon: int) -> Array:
    """``n^{-(j+1)/2} C W^j F`` in fractions, one sum at a time."""
    W, F, C = (exact(array, "") for array in (rnn.dense().scaled_W, rnn.F, rnn.scaled_C))
    n = len(W)
    found = np.empty((horizon, len(C), F.shape[1]), dtype=object)
    for column in range(F.shape[1]):
        state = list(F[:, column])
        for lag in range(horizon):
            for row in range(len(C)):
                found[lag, row, column] = sum((C[row, i] * state[i] for i in range(n)), Fraction(0))
            state = [sum((W[i, k] * state[k] for k in range(n) if W[i, k]), Fraction(0)) for i in range(n)]
    return found


def worst(rnn: LinearRNN, L: Any) -> Fraction:
    """The largest error relative to its entry, or to the smallest one where that is 0."""
    target = read_response(L)
    sizes = [abs(value) for value in target.ravel()]
    smallest = min((size for size in sizes if size), default=Fraction(1))
    far = abs(response(rnn, len(target)) - target).ravel()
    return max(distance / (size or smallest) for distance, size in zip(far, sizes, strict=True))


def drawn(horizon: int, outputs: int = 1, inputs: int = 1, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=(horizon, outputs, inputs))


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(sys.modules[realize.__module__])  # the package has a function of this name
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(
    "L",
    [
        [2**70, 1, -(3**50)],
        np.array([2**64 - 1, 2**63], dtype=np.uint64),
        np.array([-(2**63), 1]),
        np.array([-128, 127], dtype=np.int8),
        [Fraction(1, 3), 0, Fraction(-2, 7)],
        [Decimal("0.1"), Decimal(2)],
        [sympy.Rational(1, 3), sympy.Integer(-5)],
        [flint.fmpq(1, 3), flint.fmpz(2)],
        range(5),
        [7],
        [0, 0, 0],
        np.zeros((3, 2, 1), dtype=int),
        [Fraction(1, 10**300), 10**300, 1],
        [[[1, 2, 3], [4, 5, 6]], [[-7, 8, 0], [0, 0, 1]]],
    ],
)
def test_integers_and_fractions_are_realized_exactly(L: Any) -> None:
    rnn = realize(L)
    assert worst(rnn, L) == 0
    assert certificate(rnn).arithmetic == "rational"
    assert certificate(rnn).accuracy == 0


@pytest.mark.parametrize("tolerance", [0.999, 1e-3, 1e-12, 1e-300])
@pytest.mark.parametrize(
    "L",
    [
        [0.1],
        [0.0],
        [0.0, 0.0, 0.0],
        [0.1, 0.2, 0.0, -1e5],
        [1e-300, 1e300, 1.0, -1e-300],
        [5e-324, 1.0],
        [5e-324, 5e-324],
        [-0.0, 1.7e308],
        np.array([0.1, 65504], dtype=np.float16),
        np.array([0.1, 2], dtype=np.float32),
        np.array([1, 3], dtype=np.longdouble) / 7,
        np.array([1.0, 2.0], dtype=">f8"),
        np.arange(12.0)[::-3],
        np.asfortranarray(np.arange(12.0).reshape(3, 2, 2)),
        [mpmath.mpf("0.1"), mpmath.mpf("1e1000")],
        mpmath.matrix([1, 2, 3]),
        [1, Fraction(1, 3), 0.1, np.float32(0.1), Decimal("0.1"), mpmath.mpf(1) / 3],
        drawn(5, outputs=3, inputs=1),
        drawn(4, outputs=1, inputs=3),
    ],
)
def test_floating_point_numbers_are_realized_to_the_tolerance_entry_by_entry(L: Any, tolerance: float) -> None:
    rnn = realize(L, tolerance=tolerance)
    given = list(L) if isinstance(L, mpmath.matrix) else L
    assert worst(rnn, given) <= Fraction(certificate(rnn).accuracy) <= Fraction(tolerance)
    assert certificate(rnn).arithmetic == "arbitrary"


@pytest.mark.parametrize("arithmetic", ["rational", "arbitrary", "float"])
def test_the_arithmetic_asked_for_is_used(arithmetic: str) -> None:
    for L in ([1, 2, 3], [1.0, 2.0, 3.0]):
        assert certificate(realize(L, arithmetic=arithmetic)).arithmetic == arithmetic
        assert worst(realize(L, arithmetic=arithmetic), L) < Fraction(1, 10**12)


def test_floats_are_realized_as_the_fractions_that_they_are() -> None:
    rnn = realize([0.1, 0.2], arithmetic="rational")
    assert response(rnn, 2).ravel().tolist() == [Fraction(0.1), Fraction(0.2)]


@pytest.mark.parametrize(("outputs", "inputs"), [(1, 1), (3, 2), (2, 3)])
def test_there_is_a_block_of_states_for_each_pair_of_an_output_and_an_input(outputs: int, inputs: int) -> None:
    rnn = realize(drawn(4, outputs, inputs))
    assert (rnn.n, rnn.outputs, rnn.inputs) == (4 * outputs * inputs, outputs, inputs)
    assert rnn.is_diagonal


@pytest.mark.parametrize(
    "nodes",
    [
        [0.1, 0.2, 0.3],
        [Fraction(1, 3), Fraction(2, 3), Fraction(1, 7)],
        [mpmath.mpf(1) / 3, 2, Decimal("0.7")],
        np.array([200, 100, 255], dtype=np.uint8),
        [1e200, -1e200, 1e-200],
        [1e-200, 2e-200, 3e-200],
        [5e-324, 1e-323, 1.0],
        [Fraction(10) ** 400, 1, 2],
        [1, 1 + Fraction(1, 2**5000), 2],
        [Fraction(10**5000 + 1, 10**5000), 1, 2],
    ],
)
@pytest.mark.parametrize("arithmetic", ["rational", "arbitrary"])
def test_nodes_of_any_kind_and_size_will_do(nodes: Any, arithmetic: str) -> None:
    L = [1, -2, 3]
    rnn = realize(L, nodes=nodes, arithmetic=arithmetic)
    assert worst(rnn, L) <= certificate(rnn).accuracy <= 1e-12
    eigenvalues = exact(rnn.scaled_W, "W")
    assert max(abs(eigenvalues / exact(nodes, "nodes") - 1)) < Fraction(1, 10**12)


def test_the_eigenvalues_are_the_nodes_in_the_order_given() -> None:
    nodes = [Fraction(1, 3), -2, Fraction(1, 7)]
    assert realize([1, 2, 3], nodes=nodes).scaled_W.tolist() == nodes
    assert certificate(realize([1, 2, 3], nodes=nodes)).nodes.tolist() == nodes  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "nodes", [[1e200, -1e200, 1.0], [1e-200, -1e-200, 2e-200], [1, 1 + Fraction(1, 2**200), 2], [1e308, 1e307, 1]]
)
def test_a_system_that_has_no_solution_in_doubles_is_refused_with_alternatives(nodes: Any) -> None:
    with pytest.raises((NumberError, InaccurateRealizationError), match="Use arithmetic='arbitrary'"):
        realize([1, 2, 3], nodes=nodes, arithmetic="float")


def test_doubles_are_used_where_they_suffice() -> None:
    L = drawn(8)
    rnn = realize(L, arithmetic="float")
    assert rnn.scaled_C.dtype == float
    far = np.abs(rnn.impulse_response(8) - L).max() / np.abs(L).max()
    assert 0 < far <= certificate(rnn).accuracy <= 1e-12


def test_doubles_that_miss_the_tolerance_are_refused_with_reason_and_alternatives() -> None:
    L = drawn(40)
    with pytest.raises(InaccurateRealizationError) as caught:
        realize(L, arithmetic="float")
    far = np.abs(caught.value.rnn.impulse_response(40) - L).max() / np.abs(L).max()
    assert 1e-12 < far <= certificate(caught.value.rnn).accuracy
    message = str(caught.value)
    assert (
        f"off by {certificate(caught.value.rnn).accuracy:.2g} times the largest entry of L, the tolerance is 1e-12"
        in message
    )
    for words in ("condition number", "'arbitrary'", "'rational'", "'ho-kalman'"):
        assert words in message


def test_it_is_the_residual_that_decides_and_not_the_condition_number() -> None:
    rnn = realize([1, 2, 3], nodes=[1.0, math.nextafter(1, 2), 2.0], arithmetic="float")
    assert certificate(rnn).condition_number > 1e16  # type: ignore[operator]
    assert worst(rnn, [1, 2, 3]) < Fraction(1, 10**12)


def test_weights_that_miss_the_tolerance_are_given_on_request() -> None:
    rnn = realize(drawn(40), arithmetic="float", refuse=False)
    assert not certificate(rnn).holds


def test_entries_that_doubles_cannot_hold_are_refused() -> None:
    with pytest.raises(NumberError, match="about 1e400 is beyond double precision"):
        realize([10**400, 1], arithmetic="float")


def test_subnormal_entries_in_doubles_are_judged_by_what_is_put_out() -> None:
    with pytest.raises(InaccurateRealizationError):
        realize([5e-324, 5e-324], arithmetic="float")


def test_warnings_and_traps_of_numpy_do_not_matter() -> None:
    with np.errstate(all="raise"):
        assert worst(realize([1e-300, 1e300, 1e-300]), [1e-300, 1e300, 1e-300]) < 1
        realize([1e-300, 1e-308, 1e300], arithmetic="float", refuse=False)


@pytest.mark.parametrize(
    ("L", "error", "message"),
    [
        ([1.0, math.nan], NumberError, r"L\[1\] is nan"),
        (np.array([[[1.0, 2.0]], [[3.0, -math.inf]]]), NumberError, r"L\[1, 0, 1\] is -inf"),
        ([True, 1], NumberError, r"L\[0\] is True"),
        (None, NumberError, "L is None"),
        ("12", NumberError, "L is '12'"),
        ([[1], [1, 2]], NumberError, "rows of different lengths"),
        ([], ShapeError, r"L has shape \(0,\): at least one lag"),
        (np.zeros((3, 0, 1)), ShapeError, r"L has shape \(3, 0, 1\): at least one lag, one output and one input"),
        (5, ShapeError, r"L has shape \(\): needed is \(T, n_y, n_x\)"),
        ([[1, 2], [3, 4]], ShapeError, r"L has shape \(2, 2\): needed is \(T, n_y, n_x\), or \(T,\)"),
    ],
)
@pytest.mark.parametrize("method", ["vandermonde", "ho-kalman"])
def test_what_is_no_impulse_response_is_refused(L: Any, error: type[Exception], message: str, method: str) -> None:
    with pytest.raises(error, match=message):
        realize(L, method)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "foo"}, "method='foo': allowed are 'vandermonde', 'ho-kalman'"),
        ({"method": None}, "method=None: allowed are"),
        ({"arithmetic": "double"}, "arithmetic='double': allowed are 'auto', 'rational', 'arbitrary', 'float'"),
        ({"method": "ho-kalman", "beyond": "x"}, "beyond='x': allowed are 'free', 'zero'"),
        ({"beyond": "free"}, "beyond='free': an option of method='ho-kalman'"),
        ({"tolerance": 0}, "tolerance=0.0: between 0 and 1"),
        ({"tolerance": 1}, "tolerance=1.0: between 0 and 1"),
        ({"tolerance": -1e-3}, "tolerance=-0.001: between 0 and 1"),
        ({"tolerance": Fraction(1, 10**400)}, "tolerance=0.0: between 0 and 1"),
        ({"tolerance": math.nan}, "tolerance is nan: not a finite number"),
        ({"tolerance": "1e-3"}, "tolerance is '1e-3': not a number"),
        ({"tolerance": [0.1, 0.2]}, "tolerance: one number is needed"),
        ({"method": "ho-kalman", "rank_tolerance": 1, "arithmetic": "float"}, "rank_tolerance=1.0: from 0 to 1"),
        ({"method": "ho-kalman", "rank_tolerance": "x"}, "rank_tolerance is 'x': not a number"),
        ({"rank_tolerance": 0.1}, "rank_tolerance: an option of method='ho-kalman' in doubles"),
        ({"method": "ho-kalman", "rank_tolerance": 0.1}, "rank_tolerance: an option .* in doubles"),
        ({"method": "ho-kalman", "nodes": [1, 2, 3]}, "nodes: an option of method='vandermonde'"),
        ({"method": "ho-kalman", "arithmetic": "arbitrary"}, "arithmetic='arbitrary': for method='vandermonde'"),
    ],
)
def test_options_that_are_unknown_or_do_not_go_together_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        realize([1, 2, 3], **options)


@pytest.mark.parametrize("tolerance", [Fraction(1, 10), Decimal("0.1"), np.float32(0.1), mpmath.mpf("0.1")])
def test_a_tolerance_is_a_number_of_any_kind(tolerance: Any) -> None:
    found = certificate(realize([0.3, 0.7], tolerance=tolerance))
    assert type(found.tolerance) is float
    assert "2 states for 2 lags" in str(found)


def test_a_finer_tolerance_takes_more_bits() -> None:
    bits = [certificate(realize(drawn(10), tolerance=tolerance)).bits for tolerance in (1e-3, 1e-30, 1e-300)]
    assert bits == sorted(set(bits))  # type: ignore[type-var]
    assert bits[0] < 120  # type: ignore[operator]


def test_what_the_caller_gave_is_left_alone() -> None:
    L, nodes = np.array([1.0, 0.0, 2.0]), np.array([0.5, -0.5, 0.25])
    fractions = exact([1, 0, 2], "L")
    for array in (L, nodes):
        array.setflags(write=False)
    for arithmetic in ("rational", "arbitrary", "float"):
        realize(L, nodes=nodes, arithmetic=arithmetic)
        realize(fractions, arithmetic=arithmetic)
    assert fractions.tolist() == [1, 0, 2]


def test_near_nodes_are_reported_with_their_gap() -> None:
    found = certificate(realize([1, 2, 3], nodes=[1, 1 + 2**-40, Fraction(1, 2)]))
    assert any("nodes 0 and 1 (about 1) differ by 9.1e-13 of their size only" in remark for remark in found.remarks)
    assert found.remarks[0] in str(found)


def test_equal_nodes_are_refused_by_name() -> None:
    with pytest.raises(NodeError, match="nodes 0 and 2 are both 1/2"):
        realize([1, 2, 3], nodes=[0.5, 1, Fraction(1, 2)])


def test_the_certificate_says_what_was_done() -> None:
    lines = str(certificate(realize([1, 2], nodes=[1, Fraction(1, 2)]))).splitlines()
    assert lines == [
        "Vandermonde (35): 2 states for 2 lags, exact rational weights",
        "  residual 0, exactly",
        "  2 nodes from 1/2 to 1, at least 0.5 of their size apart",
        "  condition number 8",
    ]


def test_the_certificate_counts_in_the_singular() -> None:
    assert str(certificate(realize([7], nodes=[1]))).splitlines() == [
        "Vandermonde (35): 1 state for 1 lag, exact rational weights",
        "  residual 0, exactly",
        "  1 node, 1",
        "  condition number 1",
    ]


def test_the_certificate_of_doubles_tells_weights_and_run_apart() -> None:
    text = str(certificate(realize(drawn(8), arithmetic="float")))
    assert "weights in double precision" in text
    assert "entry by entry (certified)" in text
    assert "when run in doubles" in text


def test_lags_beyond_the_last_follow_the_nodes() -> None:
    rnn = realize([1, 0], nodes=[Fraction(1, 2), Fraction(1, 3)])
    L = response(rnn, 4).ravel()
    assert [L[j + 2] - Fraction(5, 6) * L[j + 1] + L[j] / 6 for j in (0, 1)] == [0, 0]


@pytest.mark.parametrize("arithmetic", ["rational", "float"])
def test_the_fewest_states_are_found(arithmetic: str) -> None:
    rnn = realize([1, 1, 2, 3, 5, 8], "ho-kalman", arithmetic=arithmetic)
    assert rnn.n == 2
    assert worst(rnn, [1, 1, 2, 3, 5, 8]) <= (0 if arithmetic == "rational" else Fraction(1, 10**12))


@pytest.mark.parametrize("L", [[0, 0], [0.0, 0.0], np.zeros((3, 2, 1))])
def test_nothing_needs_no_states(L: Any) -> None:
    rnn = realize(L, "ho-kalman")
    assert rnn.n == 0
    assert worst(rnn, L) == 0


def test_a_hundred_lags_of_three_inputs_and_two_outputs_are_certified_within_five_seconds() -> None:
    L = drawn(100, outputs=2, inputs=3)
    start = time.perf_counter()
    rnn = realize(L)
    assert time.perf_counter() - start < 5
    assert rnn.n == 600
    assert certificate(rnn).residual.entrywise <= 1e-12
    found = rnn.impulse_response(100).astype(float)
    assert np.abs(found / L - 1).max() < 1e-12


def test_forty_lags_are_exact_within_five_seconds() -> None:
    L = [Fraction(10) ** int(power) for power in np.random.default_rng(0).integers(-300, 300, 40)]
    start = time.perf_counter()
    rnn = realize(L)
    assert time.perf_counter() - start < 5
    assert rnn.impulse_response(40).ravel().tolist() == L


def test_a_coarse_rank_tolerance_is_the_tolerance_unless_another_is_given():
    noise = 1e-3 * np.random.default_rng(0).standard_normal(60)
    L = 0.9 ** np.arange(60) + noise
    rnn = realize(L, "ho-kalman", rank_tolerance=1e-2)
    assert (rnn.n, rnn.certificate.tolerance) == (1, 1e-2)
    with pytest.raises(InaccurateRealizationError, match="a larger tolerance"):
        realize(L, "ho-kalman", rank_tolerance=1e-2, tolerance=1e-6)


def test_entries_that_are_lost_beside_the_largest_are_told():
    certificate = realize([1e300] * 5 + [1e-300], "ho-kalman").certificate
    assert "small entries are lost" in str(certificate)


def test_a_wrong_entry_of_dense_exact_weights_is_noticed():
    rnn = realize([1, 1, 2, 3, 5, 8, 13], "ho-kalman")
    target = exact([1, 1, 2, 3, 5, 8, 14], "L")[:, None, None]
    assert residual(rnn, target, 1e-12).relative == pytest.approx(1 / 14)
