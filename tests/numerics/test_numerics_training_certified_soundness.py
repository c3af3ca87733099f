"""Certified descent where rounding is coarse, and on either side of what can be decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.training import certified, exact_correlations
from numerics.training.certified import CertifiedDescent, Interval, certified_descent
from numerics.training.exact_correlations import ExactCorrelations

Array = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
COARSE = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RHO = (Fraction(2), Fraction(1, 7), Fraction(1, 50))
ONE = (Fraction(1),)


@pytest.fixture
def few_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Balls of six digits, so that every rounding shows in doubles."""
    for module in (certified, exact_correlations):
        monkeypatch.setattr(module, "BITS", 20)
    monkeypatch.setattr(certified, "_BITS_MOST", 0)


def problem(seed: int) -> tuple[ExactCorrelations, Array]:
    """Correlations of short data, and L⁰."""
    rng = np.random.default_rng(seed)
    x, y, initial = rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 3, 1)), rng.normal(size=(3, 1, 2))
    return ExactCorrelations.of(x, y), initial


def rate(data: ExactCorrelations, share: float, rho: Sequence[Fraction] = RHO) -> float:
    return share / (float(data.squared_norm[1]) * float(max(rho)))


def exactly(data: ExactCorrelations, initial: Array, eta: float, steps: int) -> list[tuple[list[Fraction], Fraction]]:
    """Squares of what each lag has moved, and of the error, in fractions."""
    start = np.array([[Fraction(value) for value in initial[:, 0, :].ravel()]], dtype=object)
    weights = np.repeat(np.array(RHO, dtype=object), 2)
    L, found = start, []
    for _ in range(steps + 1):
        moved = [((L - start)[0, 2 * lag : 2 * lag + 2] ** 2).sum() for lag in range(3)]
        found.append((moved, (L @ data.X @ L.T - 2 * L @ data.Y.T).item() + data.energy))
        L = L - Fraction(eta) * weights * (L @ data.X - data.Y)
    return found


def is_positive_definite(matrix: NDArray[np.object_]) -> bool:
    """By elimination in fractions."""
    rest = matrix.copy()
    while rest.size:
        if rest[0, 0] <= 0:
            return False
        rest = rest[1:, 1:] - np.outer(rest[1:, 0], rest[0, 1:]) / rest[0, 0]
    return True


def descent(**changes: object) -> CertifiedDescent:
    """One lag of weight 1 at rate 1/2, of which only enclosures are known: B_1 of 1/4 to 1, B_2 of 1 to 2."""
    wide = CertifiedDescent(
        eta=0.5,
        rho=ONE,
        norm=Interval(1, 2),
        first_error=Interval(1, 1),
        B_1=Interval(0.25, 1),
        B_2=Interval(1, 2),
        moved=(np.array([[0.0], [0.7]]), np.array([[0.0], [0.8]])),
        errors=(np.ones(2), np.ones(2)),
        slope=np.array([1.5]),
        attained=np.array([False]),
    )
    return replace(wide, **changes)  # type: ignore[arg-type]


@pytest.mark.usefixtures("few_bits")
@given(SEEDS)
@COARSE
def test_the_norm_is_enclosed_whatever_the_precision(seed: int) -> None:
    """Exactly: ``λ I - X`` is not positive definite below the largest eigenvalue, and is above it."""
    data, _ = problem(seed)
    low, high = (Fraction(float(bound)) for bound in data.squared_norm)
    identity = np.array([[Fraction(int(i == k)) for k in range(6)] for i in range(6)])
    assert not is_positive_definite(low * identity - data.X)
    assert is_positive_definite(high * identity - data.X)


@pytest.mark.usefixtures("few_bits")
@pytest.mark.parametrize("share", [0.3, 1.9, 20.0])
@given(SEEDS)
@COARSE
def test_coarse_balls_enclose_descent_in_exact_arithmetic(share: float, seed: int) -> None:
    data, initial = problem(seed)
    eta = rate(data, share)
    found = certified_descent(data, initial, RHO, eta, 6)
    for step, (moved, error) in enumerate(exactly(data, initial, eta, 6)):
        for lag, square in enumerate(moved):
            assert Fraction(found.moved[0][step, lag]) ** 2 <= square <= Fraction(found.moved[1][step, lag]) ** 2
        assert Fraction(found.errors[0][step]) ** 2 <= error <= Fraction(found.errors[1][step]) ** 2


@pytest.mark.usefixtures("few_bits")
def test_coarse_roundings_add_up_over_many_steps() -> None:
    """In 40 steps more is lost than in one."""
    data, initial = problem(1)
    eta = rate(data, 0.1)
    found = certified_descent(data, initial, RHO, eta, 40)
    moved, _ = exactly(data, initial, eta, 40)[-1]
    for lag, square in enumerate(moved):
        assert Fraction(found.moved[0][-1, lag]) ** 2 <= square <= Fraction(found.moved[1][-1, lag]) ** 2
    width = (found.moved[1] - found.moved[0])[:, 0]
    assert width[-1] > 10 * width[1]


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_weights_below_1_do_not_shrink_what_later_steps_may_move(seed: int) -> None:
    """All weights small: ``√ρ_j`` and not ρ_j times the scaled gradient bounds a step."""
    data, initial = problem(seed)
    small = (Fraction(1, 100), Fraction(1, 100), Fraction(1, 100))
    eta = rate(data, 0.5, small)
    short, long = (certified_descent(data, initial, small, eta, steps) for steps in (3, 20))
    assert np.all(np.diff(long.moved[0][3:], axis=0) <= short.slope * eta)


def test_nothing_bounds_later_steps_of_descent_that_diverges() -> None:
    data, initial = problem(2)
    found = certified_descent(data, initial, RHO, rate(data, 3.0), 1)
    assert not found.holds_beyond([Fraction(10**9)] * 3)


def test_the_largest_weight_bounds_the_rate() -> None:
    """B_1 = 1/(‖A‖² max ρ_j); ``‖A‖²`` of one impulse of size 3 is 9."""
    x = np.zeros((1, 2, 1))
    x[0, 0] = 3
    found = certified_descent(ExactCorrelations.of(x, x), np.zeros((2, 1, 1)), [Fraction(1, 3), Fraction(5)], 1 / 64, 1)
    assert found.B_1.low <= 1 / 45 <= found.B_1.high
    assert found.B_1.high - found.B_1.low < 1e-14


def test_between_the_ends_of_an_enclosure_nothing_is_certain() -> None:
    """Moved by about 3/4, where the bound is 1/2 to 1."""
    between = descent()
    assert not between.holds(ONE).any()
    assert not between.fails(ONE).any()
    assert not descent(B_2=Interval(1.5, 1.5)).holds(ONE).any()
    assert not descent(B_2=Interval(1.5, 1.5)).fails(ONE).any()
    assert between.below_bound is None
    assert not between.holds_beyond(ONE)


def test_beyond_the_ends_of_an_enclosure_all_is_certain() -> None:
    assert descent(B_2=Interval(1.7, 2)).holds(ONE).all()
    assert descent(B_2=Interval(1, 1.3)).fails(ONE).all()
    assert descent(B_2=Interval(1.6, 2)).holds_beyond(ONE)
    assert descent(B_1=Interval(0.6, 1)).below_bound
    assert descent(B_1=Interval(0.2, 0.4)).below_bound is False


def test_bounds_below_the_least_double_refute_nothing_that_is_true() -> None:
    """A weight of 2^-1100 is 0 as a double, and the bound of 2^-1060 that it gives is not."""
    tiny, large = (Fraction(1, 2**1100),), Interval(2.0**41, 2.0**41)
    moved = np.array([[0.0], [2.0**-1061]])
    found = descent(B_2=large, moved=(moved, moved), slope=np.array([2.0**-1060]))
    assert found.holds(tiny).all()
    assert not found.fails(tiny).any()
    assert found.holds_beyond(tiny)


def test_equality_is_decided_in_rational_arithmetic() -> None:
    """One impulse of two channels, and an error along it: the first step uses all of the bound, the second less."""
    data = ExactCorrelations.of(np.array([[[3.0, 0.1]]]), np.full((1, 1, 1), 2.0))
    found = certified_descent(data, np.zeros((1, 1, 2)), ONE, 1 / 32, 2)
    assert found.attains(ONE).all()
    assert found.holds(ONE).all()
    assert not found.fails(ONE).any()
    below, above = [Fraction(1) - Fraction(1, 10**40)], [Fraction(1) + Fraction(1, 10**40)]
    assert not found.holds(below)[0].any()
    assert found.holds(above).all()
    assert not found.attains(above).any()


def test_what_is_almost_equal_is_not_equal() -> None:
    """Another sequence, of no input, adds 2^-402 to the squared error: far less than balls see."""
    x, y = np.zeros((2, 1, 1)), np.zeros((2, 1, 1))
    x[0], y[0], y[1] = 3, 2, 2.0**-200
    found = certified_descent(ExactCorrelations.of(x, y), np.zeros((1, 1, 1)), ONE, 1 / 32, 1)
    assert not found.attains(ONE).any()
    assert math.isclose(found.ratios(ONE).max(), 1)
