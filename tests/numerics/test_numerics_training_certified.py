"""Certified gradient descent: what it encloses is held against exact arithmetic, step by step."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.training import Correlations
from numerics.training.certified import CertifiedDescent, certified_descent
from numerics.training.exact_correlations import ExactCorrelations

Array = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
RHO = (Fraction(2), Fraction(5, 2), Fraction(7, 5))


def sequences(seed: int, count: int = 3) -> tuple[Array, Array, Array]:
    """Inputs, outputs and L⁰."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(count, 3, 2)), rng.normal(size=(count, 3, 1))
    return x, y, rng.normal(size=(3, 1, 2))


def bound_of_rate(x: Array, y: Array) -> float:
    return 1 / (Correlations.of(x, y).largest_eigenvalue * float(max(RHO)))


def descended(seed: int, share: float, steps: int) -> CertifiedDescent:
    x, y, initial = sequences(seed)
    return certified_descent(ExactCorrelations.of(x, y), initial, RHO, share * bound_of_rate(x, y), steps)


def by_fractions(x: Array, y: Array, initial: Array, eta: float, steps: int) -> list[tuple[list[Fraction], Fraction]]:
    """Squares of what each lag has moved, and of the error: predictions made and errors pulled back, one by one."""
    exact_x, exact_y, L0 = (np.vectorize(Fraction, otypes=[object])(values) for values in (x, y, initial))
    count, horizon, _ = x.shape
    L, found = L0.copy(), []
    for _ in range(steps + 1):
        e = exact_y.copy()
        pulled = np.full_like(L, Fraction(0))
        for i in range(count):
            for t in range(horizon):
                for j in range(t + 1):
                    e[i, t] = e[i, t] - L[j] @ exact_x[i, t - j]
        for i in range(count):
            for t in range(horizon):
                for j in range(t + 1):
                    pulled[j] = pulled[j] + np.outer(e[i, t], exact_x[i, t - j])
        found.append(([((L[j] - L0[j]) ** 2).sum() for j in range(horizon)], (e**2).sum()))
        L = np.array([L[j] + Fraction(eta) * RHO[j] * pulled[j] for j in range(horizon)])
    return found


@given(SEEDS)
@settings(max_examples=20)
def test_correlations_are_the_sums_of_exact_products(seed: int) -> None:
    """Of doubles of all sizes, the smallest there are included."""
    x, y, _ = sequences(seed)
    rng = np.random.default_rng(seed)
    x, y = x * 10.0 ** rng.integers(-320, 200, size=x.shape), y * 2.0 ** rng.integers(-30, 30, size=y.shape)
    found = ExactCorrelations.of(x, y)
    for j in range(3):
        for k in range(3):
            exact = sum(
                (
                    np.outer([Fraction(v) for v in x[i, t - j]], [Fraction(v) for v in x[i, t - k]])
                    for i in range(3)
                    for t in range(max(j, k), 3)
                ),
                np.zeros((2, 2), dtype=object),
            )
            assert (found.X.reshape(3, 2, 3, 2)[j, :, k] == exact).all()
    cross = sum(Fraction(y[i, t, 0]) * Fraction(x[i, t - 1, 1]) for i in range(3) for t in range(1, 3))
    assert found.Y.reshape(1, 3, 2)[0, 1, 1] == cross
    assert found.energy == sum(Fraction(value) ** 2 for value in y.ravel())


@given(SEEDS)
@settings(max_examples=20)
def test_the_norm_is_enclosed_to_many_digits(seed: int) -> None:
    """The determinant of ``X - λ I`` changes sign between the bounds, exactly; above the upper none is negative."""
    x, y, _ = sequences(seed)
    data = ExactCorrelations.of(x, y)
    low, high = data.squared_norm
    assert low <= high
    assert float(high - low) < 1e-12 * float(high)
    largest = np.linalg.eigvalsh(data.X.astype(np.float64))[-1]
    assert abs(float(high) - largest) < 1e-12 * largest


def test_a_known_norm_lies_between_the_bounds() -> None:
    x = np.zeros((2, 3, 1))
    x[:, 0, 0] = 3, 4
    low, high = ExactCorrelations.of(x, x).squared_norm
    assert low <= 25 <= high


@pytest.mark.parametrize("share", [0.3, 1.0, 1.9, 4.0])
@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_what_is_certified_encloses_descent_in_exact_arithmetic(share: float, seed: int) -> None:
    x, y, initial = sequences(seed)
    eta, steps = share * bound_of_rate(x, y), 5
    found = certified_descent(ExactCorrelations.of(x, y), initial, RHO, eta, steps)
    for step, (moved, error) in enumerate(by_fractions(x, y, initial, eta, steps)):
        for lag, square in enumerate(moved):
            assert Fraction(found.moved[0][step, lag]) ** 2 <= square <= Fraction(found.moved[1][step, lag]) ** 2
        assert Fraction(found.errors[0][step]) ** 2 <= error <= Fraction(found.errors[1][step]) ** 2
    assert np.all(found.moved[1] - found.moved[0] <= 1e-14 * found.moved[1])


def test_a_long_run_keeps_its_digits() -> None:
    found = descended(1, 0.5, 3000)
    assert np.all(found.moved[1] - found.moved[0] <= 1e-14 * found.moved[1].max())


@given(SEEDS)
@settings(max_examples=20)
def test_the_bound_holds_up_to_twice_the_rate_and_beyond_the_last_step(seed: int) -> None:
    for share in (0.1, 1.0, 1.99):
        found = descended(seed, share, 20)
        assert found.holds(RHO).all()
        assert found.holds_beyond(RHO)
        assert found.stays.all()
        assert not found.fails(RHO).any()


@given(SEEDS)
@settings(max_examples=20)
def test_steps_after_the_last_move_no_more_than_is_certified(seed: int) -> None:
    short, long = descended(seed, 0.5, 3), descended(seed, 0.5, 20)
    assert np.all(np.diff(long.moved[0][3:], axis=0) <= short.slope * short.eta)


def test_a_rate_far_above_the_bound_breaks_it_for_certain() -> None:
    found = descended(2, 20.0, 40)
    assert found.fails(RHO).any()
    assert found.grows[0]
    assert not found.holds_beyond(RHO)


def test_weights_that_are_too_small_bound_nothing() -> None:
    found = descended(3, 0.5, 10)
    small = tuple(rho * Fraction(float(found.ratios(RHO).max())) / 2 for rho in RHO)
    assert found.fails(small).any()
    assert not found.holds(small).all()


def test_constants_are_enclosed() -> None:
    """B_1 = 1/(‖A‖² max ρ_j) and B_2 = ‖A‖‖e⁰‖ for one impulse of size 3 and an error of 2."""
    data = ExactCorrelations.of(np.full((1, 1, 1), 3.0), np.full((1, 1, 1), 2.0))
    found = certified_descent(data, np.zeros((1, 1, 1)), [Fraction(2)], 0.01, 1)
    for interval, exact in ((found.B_1, Fraction(1, 18)), (found.B_2, Fraction(6)), (found.first_error, Fraction(2))):
        assert Fraction(interval.low) <= exact <= Fraction(interval.high)
        assert interval.high - interval.low < 1e-14 * interval.high
    assert found.below_bound
    assert certified_descent(data, np.zeros((1, 1, 1)), [Fraction(2)], 0.06, 1).below_bound is False


def test_where_nothing_is_to_be_learned_nothing_moves() -> None:
    data = ExactCorrelations.of(np.full((1, 1, 1), 3.0), np.full((1, 1, 1), 6.0))
    found = certified_descent(data, np.full((1, 1, 1), 2.0), [Fraction(1)], 0.01, 5)
    assert np.all(found.moved[1] == 0)
    assert found.holds([Fraction(1)]).all()
    assert np.all(found.ratios([Fraction(1)]) == 0)


@pytest.mark.parametrize(("eta", "rho"), [(0.0, 1), (-1.0, 1), (float("inf"), 1), (0.1, 0)])
def test_rates_and_weights_must_be_positive(eta: float, rho: int) -> None:
    data = ExactCorrelations.of(np.ones((1, 1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(ValueError, match="must be positive"):
        certified_descent(data, np.zeros((1, 1, 1)), [Fraction(rho)], eta, 1)


def test_inputs_that_are_all_zero_are_refused() -> None:
    data = ExactCorrelations.of(np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
    with pytest.raises(ValueError, match="must be positive"):
        certified_descent(data, np.zeros((1, 1, 1)), [Fraction(1)], 0.1, 1)
