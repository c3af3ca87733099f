"""Windows of a recording: each is where it says, and no block knows of another."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.experiments import Recording, Sequences, Split, Standardization, first_minutes, load_recording, split
from numerics.training.correlations import Correlations, blocks

PUBLISHED = os.environ.get("CHECK_THEOREM_S1_DATA")


def recording(bins: int, seed: int = 0, starts: tuple[int, ...] = (0,)) -> Recording:
    """Velocity tells the bin, so that windows say where they are from."""
    spikes = np.random.default_rng(seed).poisson(2.0, size=(bins, 3))
    velocity = np.stack([np.arange(bins), -2.0 * np.arange(bins)], axis=1)
    return Recording(spikes, velocity, 0.05, np.array(starts), synthetic=True, source="counted bins")


def bins_of(part: Sequences, of: Split) -> NDArray[np.int64]:
    """Which bins the windows are of, (N, T)."""
    return np.rint(of.velocity.invert(part.y)[:, :, 0]).astype(np.int64)


@given(st.integers(1, 9), st.integers(200, 400), st.integers(0, 9))
def test_a_window_is_t_consecutive_bins_of_both(horizon: int, bins: int, gap: int) -> None:
    data = recording(bins)
    found = split(data, horizon, gap=gap)
    for part in (found.train, found.validation, found.test):
        where = bins_of(part, found)
        np.testing.assert_array_equal(where, where[:, :1] + np.arange(horizon))
        np.testing.assert_allclose(found.spikes.invert(part.x), data.spikes[where], atol=1e-12)


@given(st.integers(1, 9), st.integers(200, 400), st.integers(0, 9))
def test_blocks_follow_each_other_and_the_gap_is_between_them(horizon: int, bins: int, gap: int) -> None:
    found = split(recording(bins), horizon, gap=gap)
    parts = [bins_of(part, found) for part in (found.train, found.validation, found.test)]
    assert parts[0].min() == 0
    assert parts[2].max() == bins - 1
    for earlier, later in pairwise(parts):
        assert later.min() - earlier.max() == gap + 1
    for part, (first, last) in zip(parts, found.blocks, strict=True):
        np.testing.assert_array_equal(part[:, 0], np.arange(first, last - horizon + 1))


def test_the_gap_is_a_window_unless_given() -> None:
    found = split(recording(200), 6)
    assert found.blocks == ((0, 140), (146, 160), (166, 200))


def test_windows_are_views_of_one_record() -> None:
    found = split(recording(5000), 40)
    whole = found.train.x
    assert np.shares_memory(whole[0], whole[39])
    assert np.shares_memory(found.train.y[0], found.train.y[39])


def test_the_training_alone_sets_the_scale() -> None:
    one, other = recording(200), recording(200)
    other.spikes[141:] += 100
    other.velocity[141:] *= -7
    first, second = split(one, 5), split(other, 5)
    np.testing.assert_array_equal(first.train.x, second.train.x)
    np.testing.assert_array_equal(first.train.y, second.train.y)
    assert not np.allclose(first.test.x, second.test.x)


def test_the_bins_of_the_training_block_have_mean_0_and_variance_1() -> None:
    found = split(recording(200), 1)
    for values in (found.train.x, found.train.y):
        np.testing.assert_allclose(values.mean(axis=(0, 1)), 0.0, atol=1e-12)
        np.testing.assert_allclose(values.std(axis=(0, 1)), 1.0, rtol=1e-12)


def test_a_neuron_silent_in_training_is_not_scaled() -> None:
    data = recording(200)
    data.spikes[:140, 1] = 0
    found = split(data, 5)
    assert not found.train.x[:, :, 1].any()
    np.testing.assert_array_equal(found.test.x[:, 0, 1], data.spikes[165:196, 1])


def test_a_constant_whose_variance_is_rounding_is_not_scaled() -> None:
    assert Standardization.of(np.full((7, 1), 0.1)).scale == 1.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_standardization_is_undone(values: list[float]) -> None:
    column = np.array(values)[:, None]
    found = Standardization.of(column)
    np.testing.assert_allclose(found.invert(found.apply(column)), column, rtol=1e-9, atol=1e-6)


@given(st.sets(st.integers(1, 299), max_size=20), st.integers(1, 6))
def test_without_joints_no_window_runs_across_one(joints: set[int], horizon: int) -> None:
    starts = (0, *sorted(joints))
    data = recording(300, starts=starts)
    found = split(data, horizon, across_joints=False)
    everything = split(data, horizon)
    for part, whole in ((found.train, everything.train), (found.test, everything.test)):
        expected = [
            window for window in bins_of(whole, everything).tolist() if not joints & set(window[1:])
        ]  # a window may begin at a joint
        assert bins_of(part, found).tolist() == expected


def test_if_all_windows_run_across_joints_that_is_said() -> None:
    data = recording(100, starts=tuple(range(0, 100, 3)))
    with pytest.raises(ValueError, match="run across joints"):
        split(data, 4, across_joints=False)


def test_there_may_be_no_validation() -> None:
    found = split(recording(100), 5, (0.8, 0.0, 0.2))
    assert (len(found.train), len(found.validation), len(found.test)) == (76, 0, 11)
    assert found.validation.x.shape == (0, 5, 3)


def test_limited_data_is_the_beginning() -> None:
    data = recording(12000, starts=(0, 100, 5400, 6000))
    found = first_minutes(data)
    assert found.bins == 5400
    assert found.minutes == pytest.approx(4.5)
    assert found.starts.tolist() == [0, 100]
    np.testing.assert_array_equal(found.spikes, data.spikes[:5400])
    np.testing.assert_array_equal(found.velocity, data.velocity[:5400])


def test_limited_training_leaves_the_test_alone() -> None:
    data = recording(12000)
    limited, whole = split(data, 5, train_minutes=4.5), split(data, 5)
    assert limited.blocks == ((0, 5400), *whole.blocks[1:])
    assert bins_of(limited.train, limited).max() == 5399
    np.testing.assert_array_equal(bins_of(limited.test, limited), bins_of(whole.test, whole))
    np.testing.assert_allclose(limited.spikes.mean, data.spikes[:5400].mean(axis=0))


@pytest.mark.parametrize("minutes", [0.0, -1.0, 0.2, np.nan])
def test_more_minutes_than_there_are_are_refused(minutes: float) -> None:
    with pytest.raises(ValueError, match=r"^minutes: .* the recording has 0\.1667"):
        first_minutes(recording(200), minutes)
    with pytest.raises(ValueError, match=r"train_minutes: .* the training block has 0\.1167"):
        split(recording(200), 5, train_minutes=minutes)


@pytest.mark.parametrize(
    "fractions", [(0.5, 0.5), (0.5, 0.1, 0.2), (1.0, 0.0, 0.0), (0.0, 0.5, 0.5), (1.2, -0.4, 0.2), (np.nan, 0.5, 0.5)]
)
def test_fractions_that_do_not_add_up_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        split(recording(100), 2, fractions)


@pytest.mark.parametrize(("bins", "name"), [(3, "training"), (30, "validation"), (70, "validation")])
def test_a_block_too_short_for_a_window_is_named(bins: int, name: str) -> None:
    with pytest.raises(ValueError, match=rf"the {name} block has \d+ bins and no window of T = 8"):
        split(recording(bins), 8)


def test_a_test_too_short_for_a_window_is_named() -> None:
    with pytest.raises(ValueError, match="the test block has 6 bins"):
        split(recording(100), 7, (0.7, 0.17, 0.13))


@pytest.mark.parametrize(("horizon", "gap", "name"), [(0, None, "horizon"), (-1, None, "horizon"), (3, -1, "gap")])
def test_horizons_and_gaps_that_are_not_possible_are_refused(horizon: int, gap: int | None, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        split(recording(100), horizon, gap=gap)


def test_sequences_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="the same N and T"):
        Sequences(np.zeros((3, 4, 1)), np.zeros((3, 5, 1)))


@pytest.mark.skipif(not PUBLISHED, reason="CHECK_THEOREM_S1_DATA is not set: the path of s1_data.mat")
def test_ridge_regression_decodes_the_published_recording() -> None:
    assert PUBLISHED
    found = split(load_recording(PUBLISHED), 15)
    train, test = Correlations.of(found.train.x, found.train.y), Correlations.of(found.test.x, found.test.y)
    L = blocks(np.asarray(np.linalg.solve(train.X + 1e5 * np.eye(len(train.X)), train.Y.T).T, dtype=np.float64), 15)
    np.testing.assert_allclose(test.r_squared(L), [0.643, 0.656], atol=0.005)
