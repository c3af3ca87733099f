"""The synthetic reaching task: a hand that arrives, and neurons that fire as they are tuned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics.experiments import Tuning, random_tuning, reach_velocity, reaching_task

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 200), st.integers(1, 5))
def test_the_same_generator_gives_the_same_task(seed: int, bins: int, neurons: int) -> None:
    one, other = (reaching_task(np.random.default_rng(seed), bins, neurons) for _ in range(2))
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_array_equal(one.velocity, other.velocity)
    assert one.spikes.shape == (bins, neurons)
    assert one.velocity.shape == (bins, 2)


def test_one_generator_gives_one_task_after_the_other() -> None:
    rng = np.random.default_rng(0)
    assert (reaching_task(rng, 50).velocity != reaching_task(rng, 50).velocity).any()


def test_it_says_that_it_is_synthetic() -> None:
    found = reaching_task(np.random.default_rng(0), 10, 7)
    assert found.synthetic
    assert found.source == "synthetic reaching task, 7 cosine-tuned Poisson neurons"
    assert found.starts.tolist() == [0]


@given(SEEDS)
def test_the_hand_stays_in_the_square_and_rests_at_targets(seed: int) -> None:
    """In bins of 1 ms; a bell-shaped speed is 0 at both ends of a reach, which last 0.6 to 1.2 s."""
    velocity = reach_velocity(np.random.default_rng(seed), 10_000, 1e-3)
    position = np.cumsum(velocity, axis=0) * 1e-3
    assert np.abs(position).max() < 10.05
    speed = np.linalg.norm(velocity, axis=1)
    rests = 1 + np.flatnonzero((speed[1:-1] <= speed[:-2]) & (speed[1:-1] < speed[2:]))
    assert (speed[rests] < 0.05).all()
    assert (np.diff(rests) >= 598).all()
    assert (np.diff(rests) <= 1202).all()


@given(SEEDS)
def test_a_reach_has_the_speed_of_least_jerk(seed: int) -> None:
    """The fourth differences of a polynomial of degree 4 in time are constant within the first reach."""
    velocity = reach_velocity(np.random.default_rng(seed), 500, 1e-3)
    fourth = np.diff(velocity, n=4, axis=0) / 1e-12
    assert np.ptp(fourth, axis=0) == pytest.approx(0.0, abs=1e-1 * np.abs(fourth).max())
    assert np.abs(fourth).max() > 10.0


def test_a_reach_is_in_time_and_space_what_its_speed_says() -> None:
    """The mean speed of least jerk is 8/15 of the peak; reaches between targets are 10.4 cm long on average."""
    velocity = reach_velocity(np.random.default_rng(1), 1_000_000, 1e-2)
    speed = np.linalg.norm(velocity, axis=1)
    assert speed.mean() == pytest.approx(20 * 0.5214 / 0.9, rel=0.02)
    peaks = speed[1:-1][(speed[1:-1] >= speed[:-2]) & (speed[1:-1] > speed[2:])]
    assert peaks.mean() == pytest.approx(15 / 8 * 20 * 0.5214 * np.log(2) / 0.6, rel=0.02)


def test_the_hand_is_as_smooth_as_its_bins_are_fine() -> None:
    coarse, fine = (
        np.abs(np.diff(reach_velocity(np.random.default_rng(0), 2 * bins, 4.0 / bins), axis=0)).max()
        for bins in (1000, 10_000)
    )
    assert fine == pytest.approx(coarse / 10, rel=0.05)


@given(SEEDS, st.integers(1, 4), st.integers(0, 4), st.integers(0, 4))
def test_rates_are_the_cosine_of_the_velocity_at_the_lag(seed: int, neurons: int, before: int, after: int) -> None:
    rng = np.random.default_rng(seed)
    velocity = rng.normal(size=(before + 6 + after, 2))
    directions, lags = rng.normal(size=(neurons, 2)), rng.integers(-before, after + 1, neurons)
    tuning = Tuning(directions, rng.uniform(size=neurons), rng.uniform(size=neurons), lags)
    found = tuning.rates(velocity, before, after)
    assert found.shape == (6, neurons)
    for t, i in np.ndindex(*found.shape):
        drive = float(velocity[before + t + lags[i]] @ directions[i])
        assert found[t, i] == pytest.approx(max(0.0, tuning.baselines[i] + tuning.gains[i] * drive))


def test_velocity_that_does_not_reach_to_the_lags_is_refused() -> None:
    tuning = Tuning(np.ones((2, 2)), np.ones(2), np.ones(2), np.array([-1, 3]))
    for before, after in ((0, 3), (1, 2)):
        with pytest.raises(ValueError, match="lags from -1 to 3 bins"):
            tuning.rates(np.zeros((9, 2)), before, after)


@pytest.mark.parametrize("lag", [-3, 0, 5])
def test_a_neuron_is_best_explained_at_its_lag_and_direction(lag: int) -> None:
    direction = np.array([[0.6, -0.8]])
    tuning = Tuning(direction, np.array([2.0]), np.array([60.0]), np.array([lag]))
    found = reaching_task(np.random.default_rng(1), 20_000, tuning=tuning)
    counts = found.spikes[10:-10, 0] - found.spikes[10:-10, 0].mean()
    fits = {}
    for j in range(-8, 9):
        moved = found.velocity[10 + j : len(found.velocity) - 10 + j]
        weights, left, *_ = np.linalg.lstsq(moved, counts, rcond=None)
        fits[j] = left.item(), weights
    best = min(fits, key=lambda j: fits[j][0])
    assert best == lag
    weights = fits[best][1]
    assert weights / np.linalg.norm(weights) @ direction[0] > 0.995


def test_counts_are_poisson() -> None:
    """Of a neuron that does not care for the hand, mean and variance are one: 20 000 bins, 5 standard errors."""
    tuning = Tuning(np.ones((1, 2)), np.zeros(1), np.array([40.0]), np.zeros(1, dtype=np.int64))
    counts = reaching_task(np.random.default_rng(2), 20_000, tuning=tuning).spikes
    assert counts.mean() == pytest.approx(2.0, abs=5 * np.sqrt(2.0 / 20_000))
    assert counts.var() == pytest.approx(2.0, abs=5 * np.sqrt((2.0 + 2 * 2.0**2) / 20_000))


def test_baselines_have_the_recorded_mean_and_median() -> None:
    """40 000 neurons: the mean has a standard error of 0.05, the median of 0.034."""
    tuning = random_tuning(np.random.default_rng(3), 40_000)
    assert tuning.baselines.mean() == pytest.approx(9.2, abs=0.25)
    assert np.median(tuning.baselines) == pytest.approx(6.4, abs=0.17)
    np.testing.assert_allclose(np.linalg.norm(tuning.directions, axis=1), 1.0)
    assert (tuning.lags.min(), tuning.lags.max()) == (-2, 6)


@pytest.mark.parametrize(("bins", "neurons", "width", "name"), [(0, 1, 0.05, "bins"), (5, 0, 0.05, "neurons")])
def test_sizes_that_are_not_possible_are_refused(bins: int, neurons: int, width: float, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: 0 is not possible"):
        reaching_task(np.random.default_rng(0), bins, neurons, width)


@pytest.mark.parametrize("width", [0.0, -1.0, 0.6, np.nan])
def test_bins_that_miss_reaches_are_refused(width: float) -> None:
    with pytest.raises(ValueError, match=r"reaches of 0\.6 s need shorter bins"):
        reaching_task(np.random.default_rng(0), 5, 1, width)
