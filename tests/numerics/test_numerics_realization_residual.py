"""Certified residuals: never below the truth, and close to it; the truth is computed with fractions, by hand."""

from __future__ import annotations

import math
import random
import time
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

from numerics.realization import LinearRNN, Residual
from numerics.realization.arithmetic import Arbitrary, exact
from numerics.realization.residual import _is_tight, entry_scales, residual, residual_as_run

Array = np.ndarray[Any, Any]
LARGEST = Fraction(math.ldexp(2 - 2**-52, 1023))


def response(rnn: LinearRNN, horizon: int) -> Array:
    """``n^{-(j+1)/2} C W^j F`` in fractions."""
    W, F, C = (exact(array, "") for array in (rnn.scaled_W, rnn.F, rnn.scaled_C))
    if W.ndim == 1:
        W = np.array([[W[i] if i == j else Fraction(0) for j in range(len(W))] for i in range(len(W))], dtype=object)
    found = []
    for _ in range(horizon):
        found.append(C @ F)
        F = W @ F
    return np.array(found, dtype=object)


def truth(rnn: LinearRNN, target: Array) -> tuple[Fraction, Fraction]:
    far = abs(response(rnn, len(target)) - target)
    sizes = [abs(value) for value in target.ravel()]
    smallest = min((size for size in sizes if size), default=Fraction(1))
    shares = [distance / (size or smallest) for distance, size in zip(far.ravel(), sizes, strict=True)]
    return max(far.ravel()) / (max(sizes) or 1), max(shares)


def drawn(draw: random.Random) -> tuple[LinearRNN, Array]:
    """Weights from 1e-200 to 1e200, and a target that is near, far, or zero."""
    horizon, outputs, inputs, n = (draw.randint(1, most) for most in (5, 2, 2, 4))

    def numbers(*shape: int) -> Array:
        size = math.prod(shape)
        kinds = [0.0, draw.gauss(0, 1), 10.0 ** draw.randint(-200, 200)]
        return np.array([draw.choice([*kinds, draw.gauss(0, 1)]) for _ in range(size)]).reshape(shape)

    W = numbers(n) if draw.random() < 0.4 else numbers(n, n)
    F = numbers(n, inputs)
    if draw.random() < 0.3:
        F = Arbitrary(80).array(exact(F, "F") / Fraction(3))
    rnn = LinearRNN(W, F, numbers(outputs, n))
    near = response(rnn, horizon) * (1 + Fraction(draw.randint(-5, 5), 10 ** draw.randint(1, 40)))
    far = exact([draw.gauss(0, 1) for _ in range(near.size)], "").reshape(near.shape)
    return rnn, draw.choice([near, near, far, near * 0])


@pytest.mark.parametrize("tolerance", [1e-300, 1e-12, 0.999])
@pytest.mark.parametrize("seed", range(40))
def test_the_residual_is_never_below_the_truth_and_close_to_it(seed: int, tolerance: float) -> None:
    rnn, target = drawn(random.Random(seed))
    found = residual(rnn, target, tolerance)
    for bound, true in zip((found.relative, found.entrywise), truth(rnn, target), strict=True):
        if bound == math.inf:
            assert true > LARGEST
        else:
            assert Fraction(bound) >= true
            assert bound - true <= 0.002 * true + 0.002 * Fraction(tolerance) + Fraction(1, 2**1073)


@pytest.mark.parametrize("tolerance", [5e-324, 1e-12])
def test_weights_that_reproduce_the_target_exactly_have_no_residual_to_speak_of(tolerance: float) -> None:
    rnn = LinearRNN([[0.1, 0.2], [0.3, 0.4]], [[0.7], [1e-200]], [[0.1, 1e200]])
    found = residual(rnn, response(rnn, 5), tolerance)
    assert found.entrywise <= 0.002 * tolerance


def test_the_residual_of_rational_weights_is_exact() -> None:
    rnn = LinearRNN([Fraction(1, 3)], [[1]], [[1]])
    target = response(rnn, 3)
    assert residual(rnn, target, 1e-12) == Residual(0.0, 0.0, (0, 0, 0))
    target[1] += Fraction(1, 10**30)
    assert residual(rnn, target, 1e-12).entrywise == pytest.approx(3e-30, rel=1e-12)


def test_a_residual_below_the_smallest_double_is_not_zero() -> None:
    rnn = LinearRNN([1], [[1]], [[1]])
    target = exact([1 + Fraction(1, 10**400)], "L").reshape(1, 1, 1)
    assert residual(rnn, target, 1e-12).relative == 5e-324


def test_a_residual_beyond_the_largest_double_is_infinite() -> None:
    rnn = LinearRNN([1], [[10**400]], [[1]])
    assert residual(rnn, exact([[[1]]], "L"), 1e-12).relative == math.inf


def test_the_worst_entry_is_named() -> None:
    rnn = LinearRNN([0.5, 0.25], [[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]], [[1.0, 1.0], [1.0, 0.0]])
    target = response(rnn, 4)
    target[2, 0, 1] *= 1 + Fraction(1, 1000)
    found = residual(rnn, target, 1e-12)
    assert found.worst == (2, 0, 1)
    assert found.entrywise == pytest.approx(1e-3, rel=2e-3)
    assert found.relative < found.entrywise


def test_entries_that_are_zero_are_measured_by_the_smallest_other_one() -> None:
    scales = entry_scales(exact([[[5, 0]], [[-2, 3]]], "L"))
    assert scales.ravel().tolist() == [5, 2, 2, 3]
    assert entry_scales(exact([[[0, 0]]], "L")).ravel().tolist() == [1, 1]


def test_measuring_leaves_the_target_alone() -> None:
    target = exact([[[0, -1]]], "L")
    entry_scales(target)
    assert target.ravel().tolist() == [0, -1]


def test_a_target_of_zeros_is_measured_absolutely() -> None:
    rnn = LinearRNN([0.5], [[1.0]], [[0.125]])
    found = residual(rnn, exact(np.zeros((2, 1, 1), dtype=int), "L"), 1e-12)
    assert found.relative == pytest.approx(0.125, rel=1e-3)


@pytest.mark.parametrize("dtype", [int, float])
def test_no_states_are_as_far_as_the_target_is_large(dtype: type) -> None:
    rnn = LinearRNN(np.zeros((0, 0), dtype), np.zeros((0, 2), dtype), np.zeros((1, 0), dtype))
    assert residual(rnn, exact([[[3, 4]]], "L"), 1e-12).relative == 1.0


def test_no_lags_leave_nothing_to_miss() -> None:
    rnn = LinearRNN([0.5], [[1.0]], [[0.125]])
    assert residual(rnn, exact(np.zeros((0, 1, 1), dtype=int), "L"), 1e-12) == Residual(0.0, 0.0, (0, 0, 0))


def test_what_doubles_put_out_is_measured_with_their_rounding_errors() -> None:
    rnn = LinearRNN([0.1, 0.7], [[1.0], [1.0]], [[1.0, -1.0 / 3]])
    target = response(rnn, 8)
    exactly = exact(rnn.impulse_response(8), "L")
    found = residual_as_run(rnn, target)
    true = max(abs(exactly - target).ravel()) / max(abs(target).ravel())
    assert 0 < true <= Fraction(found.relative) <= true * (1 + Fraction(1, 10**15))
    assert residual(rnn, target, 1e-12).relative < found.relative


def test_overflow_in_doubles_is_an_infinite_residual_at_its_place() -> None:
    rnn = LinearRNN([1e200], [[1.0]], [[1.0]])
    assert residual_as_run(rnn, response(rnn, 4)) == Residual(math.inf, math.inf, (2, 0, 0))


def test_neither_overflow_nor_underflow_warns_or_raises() -> None:
    with np.errstate(all="raise"):
        residual_as_run(LinearRNN([1e-200], [[1.0]], [[1.0]]), exact(np.ones((4, 1, 1), dtype=int), "L"))
        residual_as_run(LinearRNN([1e200], [[1.0]], [[1.0]]), exact(np.ones((4, 1, 1), dtype=int), "L"))


def test_cancellation_of_hundreds_of_digits_is_resolved() -> None:
    """The outputs 1e200 (1 - 1) + 1e-200, where 64 bits see nothing of the last."""
    rnn = LinearRNN([1.0, 1.0, 1.0], [[1.0]] * 3, [[1e200, -1e200, 1e-200]])
    target = exact([1e-200, 1e-200], "L").reshape(2, 1, 1)
    assert residual(rnn, target, 1e-12).entrywise < 1e-14
    assert residual(rnn, target * 2, 1e-12).entrywise == pytest.approx(0.5, rel=2e-3)


def test_cancellation_that_was_not_foreseen_is_resolved() -> None:
    """``1 + (1 - 1) 10^(300 j - 400)``: beyond doubles in size, so that the first precision is too low."""
    rnn = LinearRNN([1.0, 1e300, 1e300], [[1]] * 3, [[1, mpmath.mpf("1e-400"), -mpmath.mpf("1e-400")]])
    found = residual(rnn, exact(np.ones((12, 1, 1), dtype=int), "L"), 1e-12)
    assert found.entrywise < 1e-14


@pytest.mark.parametrize(
    ("middle", "radius", "tight"),
    [
        (1.0, 2.0**-11, True),
        (1.0, 2.0**-9, False),
        (0.0, 2.0**-51, True),
        (0.0, 2.0**-49, False),
        (-1.0, 2.0**-49, False),
        (math.inf, 0.0, False),
        (0.0, 0.0, True),
    ],
)
def test_a_ball_is_tight_next_to_its_distance_or_the_tolerance(middle: float, radius: float, tight: bool) -> None:
    assert _is_tight(flint.arb(middle, radius), 2.0**-40) is tight


def test_weights_of_any_precision_are_certified_beyond_their_own_digits() -> None:
    with mpmath.workprec(400):
        rnn = LinearRNN([mpmath.mpf(1) / 3], [[1]], [[1]])
    target = exact([1, Fraction(1, 3), Fraction(1, 9)], "L").reshape(3, 1, 1)
    found = residual(rnn, target, 1e-300)
    assert 2.0**-403 < found.entrywise < 2.0**-398


def test_a_hundred_lags_of_unstable_weights_take_no_time() -> None:
    start = time.perf_counter()
    rnn = LinearRNN(np.full((4, 4), 1e30), np.ones((4, 1)), np.ones((1, 4)))
    assert residual(rnn, response(rnn, 100), 1e-300).entrywise <= 1e-300
    assert time.perf_counter() - start < 5
