"""The method of Ho and Kalman: on responses of known rank, near the ends of the range of doubles, and in doubt.

Residuals are relative to the largest entry of all lags.
"""

from __future__ import annotations

import doctest
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import numerics.realization.ho_kalman
from numerics.realization.ho_kalman import HoKalman, ho_kalman

Array = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
EPS = np.finfo(np.float64).eps


def system(seed: int, states: int, T: int, n_y: int, n_x: int, *, radius: float = 0.95) -> Array:
    """The response of a random RNN of spectral radius below 1."""
    rng = np.random.default_rng(seed)
    A, state, R = (rng.normal(size=shape) for shape in ((states, states), (states, n_x), (n_y, states)))
    A *= radius / np.abs(np.linalg.eigvals(A)).max()
    lags = []
    for _ in range(T):
        lags.append(R @ state)
        state = A @ state
    return np.array(lags)


def noise(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def scalar(*values: float) -> Array:
    return np.array(values, dtype=np.float64)[:, None, None]


def response(found: HoKalman, T: int) -> Array:
    lags, state = [], found.F
    for _ in range(T):
        lags.append(found.R @ state)
        state = found.A @ state
    return np.array(lags)


def residual(found: HoKalman, L: Array) -> float:
    return float(np.abs(response(found, len(L)) - L).max() / np.abs(L).max())


def hankel(L: Array, r: int) -> Array:
    return np.block([[L[i + k] for k in range(len(L) + 1 - r)] for i in range(r)])


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.realization.ho_kalman)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
def test_the_states_of_a_small_rnn_are_found_again(seed: int, states: int, n_y: int, n_x: int) -> None:
    L = system(seed, states, 40, n_y, n_x)
    found = ho_kalman(L, rank_tolerance=1e-11)
    assert found.rank == len(found.A) <= states
    assert residual(found, L) < 1e-9


def test_five_states_are_found_again_to_rounding_errors() -> None:
    for seed in range(20):
        L = system(seed, 5, 40, 2, 3)
        found = ho_kalman(L)
        assert found.rank == 5
        assert found.ambiguity is None
        assert residual(found, L) < 1e-13


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 12), st.integers(1, 3), st.integers(1, 3))
def test_with_zeros_any_response_is_reproduced_to_rounding_errors(seed: int, T: int, n_y: int, n_x: int) -> None:
    L = noise(seed, T, n_y, n_x)
    assert residual(ho_kalman(L, beyond="zero"), L) < 1e-13


def test_with_zeros_a_hundred_random_lags_are_reproduced_to_rounding_errors() -> None:
    L = noise(1, 100, 2, 3)
    found = ho_kalman(L, beyond="zero")
    assert found.rank == 200
    assert residual(found, L) < 3e-13


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(1, 8), st.integers(1, 3), st.integers(1, 3))
def test_with_zeros_all_later_lags_are_zero(seed: int, T: int, n_y: int, n_x: int) -> None:
    L = noise(seed, T, n_y, n_x)
    later = response(ho_kalman(L, beyond="zero"), 4 * T)[T:]
    assert np.abs(later).max() < 1e-13 * np.abs(L).max()


def test_with_zeros_the_matrix_is_a_contraction() -> None:
    assert np.linalg.norm(ho_kalman(noise(2, 30, 2, 3), beyond="zero").A, 2) < 1 + 1e-14


@pytest.mark.parametrize("beyond", ["free", "zero"])
@pytest.mark.parametrize("scale", [1e-307, 1e-300, 1e300, 1e307, 1.7e308])
def test_data_near_the_ends_of_the_range_are_as_accurate(beyond: Literal["free", "zero"], scale: float) -> None:
    unit = system(3, 3, 20, 2, 3, radius=0.5)
    L = scale * (unit / np.abs(unit).max())
    found = ho_kalman(L, beyond=beyond)
    assert np.isfinite(found.F).all()
    assert np.isfinite(found.R).all()
    assert residual(found, L) < 1e-13
    assert found.singular_values[0] == 1.0


def test_scaling_by_a_power_of_two_changes_no_digit() -> None:
    L = system(4, 4, 20, 2, 2)
    one, other = ho_kalman(L), ho_kalman(L * 2.0**900)
    np.testing.assert_array_equal(one.A, other.A)
    np.testing.assert_array_equal(one.F * 2.0**900, other.F)
    np.testing.assert_array_equal(one.singular_values, other.singular_values)


@pytest.mark.parametrize(
    ("base", "T"), [(0.5, 100), (0.9, 100), (0.999, 100), (-1.0, 99), (1.01, 100), (2.0, 100), (3.0, 41), (0.0, 5)]
)
def test_a_geometric_response_has_one_state(base: float, T: int) -> None:
    L = base ** np.arange(float(T))[:, None, None]
    found = ho_kalman(L)
    assert found.rank == 1
    assert found.A[0, 0] == pytest.approx(base, rel=1e-14, abs=1e-15)
    assert residual(found, L) < 1e-13


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (1, 1), (1, 4), (4, 1)])
@pytest.mark.parametrize("beyond", ["free", "zero"])
def test_one_lag_needs_as_many_states_as_its_rank(shape: tuple[int, int], beyond: Literal["free", "zero"]) -> None:
    L = noise(5, 1, *shape)
    found = ho_kalman(L, beyond=beyond)
    assert found.rank == min(shape)
    assert residual(found, L) < 1e-14
    np.testing.assert_allclose(found.A, 0.0, atol=1e-15)


@pytest.mark.parametrize("T", [2, 4, 6])
def test_half_as_many_states_as_lags_are_enough_where_nothing_repeats(T: int) -> None:
    L = noise(6, T, 1, 1)
    found = ho_kalman(L)
    assert found.rank == T // 2
    assert residual(found, L) < 1e-11


@pytest.mark.parametrize(("n_y", "n_x", "states"), [(1, 50, 7), (50, 1, 7), (2, 3, 41), (2, 3, 47), (3, 2, 47)])
def test_more_states_than_the_middle_can_show_are_found_where_the_sides_balance(
    n_y: int, n_x: int, states: int
) -> None:
    T = 10 if states == 7 else 40
    L = system(7, states, T, n_y, n_x)
    found = ho_kalman(L)
    assert found.rank == states
    assert residual(found, L) < 1e-11


def test_the_fit_of_the_outputs_never_makes_it_worse() -> None:
    L = noise(1, 100, 2, 3)
    found = ho_kalman(L)
    left = np.linalg.svd(hankel(L / 2.0 ** np.frexp(np.abs(L).max())[1], 61), full_matrices=False)[0]
    assert residual(found, L) < 10 * residual(replace(found, R=left[:2]), L)


def test_where_nothing_repeats_and_powers_overflow_it_still_answers() -> None:
    found = ho_kalman(noise(0, 300, 1, 1))
    assert found.rank == 150
    assert np.abs(np.linalg.eigvals(found.A)).max() > 100.0
    assert np.isfinite(found.R).all()


@pytest.mark.parametrize("axis", [1, 2])
def test_many_equal_inputs_or_outputs_do_not_hide_states(axis: int) -> None:
    L = np.repeat(system(8, 3, 10, 1, 1), 50, axis=axis)
    found = ho_kalman(L)
    assert found.rank == 3
    assert residual(found, L) < 1e-12


def test_a_delay_costs_a_state_for_each_lag() -> None:
    found = ho_kalman(scalar(*[0.0] * 9, *(0.5**j for j in range(31))))
    assert found.rank == 10


def test_where_only_the_last_lag_is_not_zero_there_are_as_many_states_as_lags() -> None:
    L = scalar(*[0.0] * 29, 1.0)
    found = ho_kalman(L, beyond="zero")
    assert found.rank == 30
    assert residual(found, L) < 1e-14


@pytest.mark.parametrize("beyond", ["free", "zero"])
def test_a_zero_response_has_no_states(beyond: Literal["free", "zero"]) -> None:
    found = ho_kalman(np.zeros((5, 2, 3)), beyond=beyond)
    assert (found.A.shape, found.F.shape, found.R.shape) == ((0, 0), (0, 3), (2, 0))
    assert found.rank == 0
    assert not found.singular_values.any()
    assert found.ambiguity is None
    np.testing.assert_array_equal(response(found, 5), np.zeros((5, 2, 3)))


@pytest.mark.parametrize(("beyond", "shape"), [("free", (42, 60)), ("zero", (80, 120))])
def test_the_singular_values_are_those_of_the_hankel_matrix(
    beyond: Literal["free", "zero"], shape: tuple[int, int]
) -> None:
    L = system(9, 5, 40, 2, 3)
    found = ho_kalman(L, beyond=beyond)
    matrix = hankel(L, 21) if beyond == "free" else hankel(np.concatenate([L, np.zeros((39, 2, 3))]), 40)
    values = np.linalg.svd(matrix, compute_uv=False)
    assert matrix.shape == shape
    np.testing.assert_allclose(found.singular_values, values / values[0], atol=1e-14)
    assert found.rank_tolerance == max(shape) * EPS
    assert found.beyond == beyond


def test_the_tolerance_decides_the_rank_and_is_kept() -> None:
    L = system(10, 5, 40, 2, 3)
    values = ho_kalman(L).singular_values
    for rank in range(1, 6):
        tolerance = float(values[rank])
        found = ho_kalman(L, rank_tolerance=tolerance)
        assert found.rank == rank
        assert found.rank_tolerance == tolerance


def test_of_noise_above_the_rounding_errors_the_tolerance_makes_nothing() -> None:
    L = system(11, 5, 40, 2, 3)
    noisy = L + 1e-8 * np.abs(L).max() * noise(11, *L.shape)
    found = ho_kalman(noisy, rank_tolerance=1e-6)
    assert found.rank == 5
    assert residual(found, L) < 1e-6
    assert ho_kalman(noisy).rank > 40


def test_noise_about_the_tolerance_puts_the_rank_in_doubt() -> None:
    L = system(12, 5, 40, 2, 3)
    found = ho_kalman(L + 1e-14 * np.abs(L).max() * noise(12, *L.shape))
    values, doubt = found.singular_values, found.ambiguity
    assert doubt is not None
    assert doubt.fewest == 5 == np.sum(values > 100 * found.rank_tolerance)
    assert doubt.most == np.sum(values > np.sqrt(60) * EPS) > 20
    assert (doubt.kept, doubt.dropped) == (values[found.rank - 1], values[found.rank])
    assert doubt.kept > doubt.tolerance == found.rank_tolerance >= doubt.dropped
    assert str(doubt).startswith(f"the rank is 5 to {doubt.most} with tolerances 100 times larger to smaller than")
    assert f"{doubt.kept:.1e} and {doubt.dropped:.1e}" in str(doubt)


def test_doubt_reaches_a_hundred_times_the_tolerance_to_either_side() -> None:
    L = np.diag([1.0, 1e-6])[None]
    for factor, doubtful in ((1 / 99, True), (1 / 101, False), (99, True), (101, False)):
        assert (ho_kalman(L, rank_tolerance=1e-6 * factor).ambiguity is not None) == doubtful


def test_rounding_errors_raise_no_doubt() -> None:
    for seed in range(6):
        found = ho_kalman(system(seed, 3, 200, 2, 2))
        assert found.rank == 3
        assert found.ambiguity is None


def test_without_a_dropped_singular_value_doubt_names_zero() -> None:
    doubt = ho_kalman(np.diag([1.0, 1e-15])[None]).ambiguity
    assert doubt is not None
    assert (doubt.fewest, doubt.most, doubt.kept, doubt.dropped) == (1, 2, 1e-15, 0.0)


@pytest.mark.parametrize(
    ("lags", "arguments", "message"),
    [
        ([1.0, 2.0], {}, r"impulse response: shape \(2,\), but it has three axes"),
        (np.zeros((0, 1, 1)), {}, r"impulse response: shape \(0, 1, 1\)"),
        ([[[np.nan]]], {}, "impulse response: an entry is not finite"),
        ([[[1.0]], [[np.inf]]], {}, "impulse response: an entry is not finite"),
        ([[[1.0]]], {"rank_tolerance": -1e-9}, "rank tolerance: -1e-09 is not possible"),
        ([[[1.0]]], {"rank_tolerance": 1.0}, "rank tolerance: 1.0 is not possible"),
        ([[[1.0]]], {"rank_tolerance": np.nan}, "rank tolerance: nan is not possible"),
        ([[[1.0]]], {"beyond": "periodic"}, "beyond: 'periodic' is not possible"),
    ],
)
def test_what_is_not_possible_is_refused(lags: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ho_kalman(lags, **arguments)
