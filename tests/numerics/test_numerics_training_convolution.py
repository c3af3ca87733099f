"""Gradient descent of the scaled convolution: step by step, all at once, and within the bounds of Theorem 4.1."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.training import Constants, Convolution, Correlations, DivergenceError, predictions, train
from numerics.training.convolution import convolution_spectrum, train_convolution

Array = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)
STEPS = (0, 1, 2, 3, 10, 60)


def problem(seed: int, count: int = 4) -> tuple[Correlations, Array, Array]:
    """Correlations, a start, and weights."""
    rng = np.random.default_rng(seed)
    horizon, inputs, outputs = rng.integers(1, 5, size=3)
    x, y = rng.normal(size=(count, horizon, inputs)), rng.normal(size=(count, horizon, outputs))
    return Correlations.of(x, y), rng.normal(size=(horizon, outputs, inputs)), rng.uniform(0.1, 3.0, size=horizon)


def critical(correlations: Correlations, initial: Array, rho: Array) -> float:
    return convolution_spectrum(correlations, initial, rho).critical_rate


@given(SEEDS, st.floats(0.01, 0.99), st.integers(1, 4))
def test_all_steps_at_once_are_the_steps_one_by_one(seed: int, part: float, count: int) -> None:
    """Up to the critical rate, where modes overshoot; with few sequences, where some lags are never learned."""
    correlations, initial, rho = problem(seed, count)
    eta = part * critical(correlations, initial, rho)
    one = train(Convolution(initial, rho), correlations, STEPS, eta)
    all_ = train_convolution(correlations, initial, rho, STEPS, eta)
    np.testing.assert_allclose(all_.responses, one.responses, rtol=0, atol=1e-11 * np.abs(one.responses).max())
    np.testing.assert_allclose(
        all_.losses, one.losses, rtol=0, atol=1e-12 * (one.losses[0] + correlations.energy.sum())
    )


def test_the_steps_are_those_on_the_parameters() -> None:
    """θ_j moves by ``-η √ρ_j G_j``, and L_j with it by ``-η ρ_j G_j``: (61) with 40 digits."""
    correlations, initial, rho = problem(12)
    eta, steps = 0.5 * critical(correlations, initial, rho), 7
    with mpmath.workdps(40):
        X, Y = mpmath.matrix(correlations.X.tolist()), mpmath.matrix(correlations.Y.tolist())
        inputs = correlations.shape[2]
        flat = np.moveaxis(initial, 0, 1).reshape(Y.rows, -1)
        scale = [mpmath.sqrt(mpmath.mpf(rho[k // inputs])) for k in range(X.rows)]
        theta = mpmath.matrix(Y.rows, X.rows)
        for a in range(Y.rows):
            for k in range(X.rows):
                theta[a, k] = mpmath.mpf(flat[a, k]) / scale[k]
        for _ in range(steps):
            L = theta * mpmath.diag(scale)
            theta -= eta * (L * X - Y) * mpmath.diag(scale)
        exact = np.array((theta * mpmath.diag(scale)).tolist(), dtype=float)
    found = train_convolution(correlations, initial, rho, [steps], eta).responses[0]
    np.testing.assert_allclose(np.moveaxis(found, 0, 1).reshape(exact.shape), exact, rtol=1e-12)


def test_a_small_move_keeps_its_digits() -> None:
    correlations, initial, rho = problem(3)
    tiny = 1e-20 / correlations.largest_eigenvalue
    spectrum = convolution_spectrum(correlations, initial, rho)
    gradient = np.moveaxis(correlations.gradient(initial), 0, 1).reshape(initial.shape[1], -1)
    weights = np.repeat(rho, initial.shape[2])
    np.testing.assert_allclose(spectrum.displacement(tiny, 1000), -1000 * tiny * gradient * weights, rtol=1e-10)


def test_after_ever_so_many_steps_it_is_the_least_squares_fit() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(30, 4, 2)), rng.normal(size=(30, 4, 3))
    correlations = Correlations.of(x, y)
    found = train_convolution(correlations, np.zeros((4, 3, 2)), [1.0, 0.5, 0.2, 0.1], [10**9]).responses[0]
    columns = [predictions(unit.reshape(4, 3, 2), x).ravel() for unit in np.eye(24)]
    best = np.linalg.lstsq(np.stack(columns, axis=1), y.ravel(), rcond=None)[0]
    np.testing.assert_allclose(found.ravel(), best, rtol=1e-9)


def test_what_the_data_does_not_show_stays_where_it_was() -> None:
    """Inputs that are 0 half of the time leave directions unseen, in which no number of steps may drift."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(3, 6, 2)), rng.normal(size=(3, 6, 1))
    x[:, :3] = 0.0
    x[:, :, 1] = x[:, :, 0] / 3
    initial = rng.normal(size=(6, 1, 2))
    found = train_convolution(Correlations.of(x, y), initial, 0.7, [10**15]).responses[0]
    unseen = found - initial
    np.testing.assert_allclose(unseen[3:], 0.0, atol=1e-12)
    np.testing.assert_allclose(unseen @ np.array([1.0, -3.0]), 0.0, atol=1e-12)


def test_a_channel_too_small_for_its_eigenvalue_is_learned_all_the_same() -> None:
    """Its modes have eigenvalues of 1e-24 of the largest, which are rounding; its gradient is not."""
    rng = np.random.default_rng(14)
    x, y = rng.normal(size=(9, 4, 2)), rng.normal(size=(9, 4, 1))
    x[:, :, 1] *= 1e-12
    correlations, initial = Correlations.of(x, y), np.zeros((4, 1, 2))
    run = train_convolution(correlations, initial, 1.0, [200])
    one = train(Convolution(initial), correlations, [200]).responses
    np.testing.assert_allclose(run.responses[0, :, 0, 1], one[0, :, 0, 1], rtol=1e-2)


@given(SEEDS, st.floats(0.05, 0.999))
def test_no_lag_moves_farther_than_the_theorem_allows(seed: int, part: float) -> None:
    """(25) with the constants (62): ``‖L_j^ℓ - L_j⁰‖_F ≤ B_2 ρ_j η ℓ`` for η < B_1."""
    correlations, initial, rho = problem(seed)
    constants = Constants.of(correlations, initial, rho.max())
    run = train_convolution(correlations, initial, rho, range(41), part * constants.B_1)
    moved = np.linalg.norm(run.responses - initial, axis=(2, 3))
    assert (moved <= constants.B_2 * rho * run.eta * run.steps[:, None] * (1 + 1e-12)).all()
    assert (np.diff(run.losses) <= 1e-12 * (run.losses[0] + correlations.energy.sum())).all()


def test_half_of_the_bound_would_be_refuted() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(1, 1, 1)), rng.normal(size=(1, 1, 1))
    correlations, initial, rho = Correlations.of(x, y), np.zeros((1, 1, 1)), np.array([0.4])
    constants = Constants.of(correlations, initial, 0.4)
    run = train_convolution(correlations, initial, rho, [1], 0.1 * constants.B_1)
    assert abs(run.responses[0]).item() > 0.5 * constants.B_2 * 0.4 * run.eta


@given(SEEDS)
def test_the_constants_are_those_of_the_proof(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, L = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4, 2)), rng.normal(size=(4, 2, 2))
    A = np.stack([predictions(unit.reshape(L.shape), x).ravel() for unit in np.eye(L.size)], axis=1)
    error = np.linalg.norm(y.ravel() - A @ L.ravel())
    found = Constants.of(Correlations.of(x, y), L, 2.5)
    norm = np.linalg.norm(A, ord=2)
    assert (found.operator_norm, found.initial_error) == pytest.approx((norm, error))
    bounds = found.B_1, found.B_2
    assert bounds == pytest.approx((1 / (norm**2 * 2.5), norm * error))


def test_the_default_rate_is_half_of_b_1() -> None:
    correlations, initial, rho = problem(9)
    B_1 = Constants.of(correlations, initial, rho.max()).B_1
    assert train_convolution(correlations, initial, rho, [1]).eta == pytest.approx(B_1 / 2)
    assert train(Convolution(initial, rho), correlations, [1]).eta == pytest.approx(B_1 / 2)


def test_weights_of_one_are_the_plain_convolution() -> None:
    correlations, initial, rho = problem(10)
    eta = 0.5 * critical(correlations, initial, np.ones_like(rho))
    found = train(Convolution(initial), correlations, [1], eta).responses[0]
    np.testing.assert_allclose(found, initial - eta * correlations.gradient(initial), rtol=1e-12)


def test_starts_may_be_a_batch() -> None:
    correlations, initial, rho = problem(11)
    starts = np.stack([initial, -initial, 2 * initial])
    batch = train_convolution(correlations, starts, rho, STEPS)
    single = train_convolution(correlations, starts[1], rho, STEPS)
    np.testing.assert_allclose(batch.responses[:, 1], single.responses, rtol=1e-12)
    np.testing.assert_allclose(batch.losses[:, 1], single.losses, rtol=1e-12)


@given(SEEDS, st.floats(1.01, 40.0))
def test_divergence_is_named_with_its_first_step(seed: int, part: float) -> None:
    correlations, initial, rho = problem(seed)
    eta = part * critical(correlations, initial, rho)
    with pytest.raises(DivergenceError, match="is necessary") as at_once:
        train_convolution(correlations, initial, rho, [3, 10**7], eta)
    with pytest.raises(DivergenceError, match="η < B_1") as by_steps:
        train(Convolution(initial, rho), correlations, [100_000], eta)
    assert at_once.value.step == by_steps.value.step
    safe = at_once.value.B_1
    assert safe <= critical(correlations, initial, rho) / 2 * (1 + 1e-9)
    before = train_convolution(correlations, initial, rho, [by_steps.value.step - 1], eta)
    assert np.isfinite(before.losses).all()


def test_a_step_beyond_all_floating_point_numbers_is_named_too() -> None:
    correlations, initial, rho = problem(1)
    for eta in (1e200, 1e300):
        with pytest.raises(DivergenceError) as caught:
            train(Convolution(initial, rho), correlations, [5], eta)
        assert caught.value.step == 1
        with pytest.raises(DivergenceError) as caught:
            train_convolution(correlations, initial, rho, [5], eta)
        assert caught.value.step == 1


def test_nothing_to_learn_from_changes_nothing() -> None:
    correlations = Correlations.of(np.zeros((2, 3, 1)), np.ones((2, 3, 1)))
    initial = np.ones((3, 1, 1))
    for found in (
        train_convolution(correlations, initial, 1.0, [0, 10**6]),
        train(Convolution(initial), correlations, [0, 5]),
    ):
        np.testing.assert_array_equal(found.responses[1], initial)
    assert np.isinf(Constants.of(correlations, initial, 1.0).B_1)


def test_progress_is_told() -> None:
    correlations, initial, rho = problem(4)
    told: list[int] = []
    train(Convolution(initial, rho), correlations, [2, 4], progress=told.append)
    assert told == [1, 2, 3, 4]


@pytest.mark.parametrize("steps", [[], [-1, 2], [3, 3], [4, 1]])
def test_steps_that_do_not_increase_are_refused(steps: list[int]) -> None:
    correlations, initial, rho = problem(4)
    with pytest.raises(ValueError, match="they must increase"):
        train_convolution(correlations, initial, rho, steps)
    with pytest.raises(ValueError, match="they must increase"):
        train(Convolution(initial, rho), correlations, steps)


@pytest.mark.parametrize("eta", [0.0, -1.0, np.inf, np.nan])
def test_a_rate_that_is_not_positive_is_refused(eta: float) -> None:
    correlations, initial, rho = problem(4)
    with pytest.raises(ValueError, match="the rate must be positive"):
        train_convolution(correlations, initial, rho, [1], eta)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_not_positive_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Convolution(np.zeros((2, 1, 1)), [1.0, wrong])


def test_weights_of_another_horizon_are_refused() -> None:
    with pytest.raises(ValueError, match="T = 2"):
        Convolution(np.zeros((2, 1, 1)), [1.0, 1.0, 1.0])
