"""Steps to learn a lag: expected correlations, predicted steps, and what is measured of trajectories."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.training import Convolution, Correlations, RecurrentNetwork, SpaceWeights, predictions, train
from numerics.training.gradient_descent import Trajectory
from numerics.training.learning_times import (
    input_powers,
    measured_weights,
    overlaps,
    predicted_steps,
    remaining_shares,
    steps_to_share,
    white_correlations,
)

Array = NDArray[np.float64]
RHO = np.array([2.0, 2.5, 1.2])
ETA = 0.05


def target() -> Array:
    return np.random.default_rng(4).normal(size=(3, 2, 1))


def trained(steps: int) -> Trajectory:
    initial = np.random.default_rng(5).normal(size=(3, 2, 1))
    return train(Convolution(initial, RHO), white_correlations(target(), 2.0), range(steps + 1), ETA)


def test_expected_correlations_are_the_mean_over_all_signs() -> None:
    """Inputs of signs have the moments of white inputs, and there are finitely many."""
    L = target()
    x = np.array(list(product((-1.5, 1.5), repeat=3)))[:, :, None]
    found, exact = white_correlations(L, 4.0, 1.5**2), Correlations.of(x, predictions(L, x))
    np.testing.assert_allclose(found.X, 4 * exact.X / len(x), atol=1e-12)
    np.testing.assert_allclose(found.Y, 4 * exact.Y / len(x), atol=1e-12)
    np.testing.assert_allclose(found.energy, 4 * exact.energy / len(x))
    np.testing.assert_array_equal(found.total, 0)
    assert (found.horizon, found.count) == (3, 12)


def test_noise_adds_its_energy_and_nothing_else() -> None:
    quiet, noisy = white_correlations(target(), 2.0), white_correlations(target(), 2.0, noise=[0.5, 2.0])
    np.testing.assert_allclose(noisy.energy - quiet.energy, [6 * 0.25, 6 * 4.0])
    np.testing.assert_array_equal(noisy.Y, quiet.Y)
    np.testing.assert_allclose(quiet.loss(target()), 0, atol=1e-12)


def test_each_lag_is_learned_at_a_rate_of_its_own() -> None:
    shares = remaining_shares(trained(10), target())
    factors = 1 - ETA * RHO * input_powers(3, 2.0)
    np.testing.assert_allclose(shares, factors ** np.arange(11)[:, None], rtol=1e-9)


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1])
def test_measured_steps_are_the_predicted_ones(share: float) -> None:
    found = trained(60)
    measured = steps_to_share(found.steps, remaining_shares(found, target()), share)
    np.testing.assert_allclose(measured, predicted_steps(share, RHO, input_powers(3, 2.0), ETA), rtol=1e-9)


def test_weights_are_read_off_what_is_left() -> None:
    found = trained(7)
    left = overlaps(found, target())
    weights = measured_weights(left[7] / left[0], 7, input_powers(3, 2.0), ETA)
    np.testing.assert_allclose(weights, RHO, rtol=1e-9)


def test_a_wide_rnn_learns_lag_0_by_training_C_and_F() -> None:
    """Its rate is ν_C + ν_F, up to fluctuations of 1e-4 at n = 10^9; 0.2 % is far beyond them."""
    L = np.full((2, 1, 1), 3.0)
    weights = SpaceWeights(LazySpace(10**9, 16, np.random.default_rng(1)), Parameters(10**9, 2, 1, 1, 0.8, 1.3, 0.7))
    found = train(RecurrentNetwork(weights, 2), white_correlations(L), range(4), 0.1)
    left = overlaps(found, L).sum(axis=1)
    rho = measured_weights(left[3] / left[0], 3, input_powers(2), 0.1)
    np.testing.assert_allclose(rho[0], 2.0, rtol=2e-3)
    assert abs(rho[1] - 2.51) < 5e-3


def test_a_share_may_be_reached_at_once_or_never() -> None:
    steps = np.array([0, 1, 4])
    shares = np.array([[1.0, 1.0, 1.0, np.nan], [0.0, 1.0, 0.4, np.nan], [0.0, 0.9, 0.1, np.nan]])
    found = steps_to_share(steps, shares, 0.5)
    assert 0 < found[0] < 0.01
    assert np.isinf(found[1])
    assert found[2] == pytest.approx(np.log(0.5) / np.log(0.4))
    assert np.isnan(found[3])


def test_steps_between_remembered_ones_are_interpolated_geometrically() -> None:
    assert steps_to_share(np.array([0, 10]), np.array([1.0, 0.25]), 0.5) == pytest.approx(5)


def test_what_does_not_shrink_is_never_learned() -> None:
    np.testing.assert_array_equal(predicted_steps(0.5, [0.0, 2.0, 3.0], 1.0, 1.0), np.inf)
    assert predicted_steps(0.5, 1.0, 1.0, 1.0) == 0


def test_lags_without_an_error_have_no_share() -> None:
    L = target()
    start = L + np.array([0.0, 1.0, 0.0])[:, None, None]
    found = train(Convolution(start, RHO), white_correlations(L), [0, 1], ETA)
    assert np.isnan(remaining_shares(found, L)[:, [0, 2]]).all()
    assert np.isfinite(remaining_shares(found, L)[:, 1]).all()


def test_shares_need_the_start() -> None:
    found = train(Convolution(target(), RHO), white_correlations(target()), [1, 2], ETA)
    for function in (remaining_shares, overlaps):
        with pytest.raises(ValueError, match="step 0"):
            function(found, target())


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        predicted_steps(share, 1.0, 1.0, 0.1)


@pytest.mark.parametrize(
    ("response", "sequences", "variance"),
    [(np.ones((2, 1)), 1, 1), (np.full((2, 1, 1), np.nan), 1, 1), (target(), 0, 1), (target(), 1, -1)],
)
def test_impossible_populations_are_refused(response: Array, sequences: float, variance: float) -> None:
    with pytest.raises(ValueError, match=r"impulse response|positive"):
        white_correlations(response, sequences, variance)
