"""The bootstrap over time: what it resamples, and that its intervals are neither too narrow nor too wide."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.experiments import Sequences
from numerics.gaussian_matrix import Array
from numerics.training import Correlations
from proofs_check.experiments.decoding_bootstrap import BLOCKS, Interval, TestBlock, block_length

T, INPUTS = 4, 3


def windows(rng: np.random.Generator, bins: int = 403) -> Sequences:
    """Overlapping windows of white inputs, and of outputs that follow the last of them, with noise."""
    x = rng.standard_normal((bins, INPUTS))
    y = x[:, :2] + rng.standard_normal((bins, 2))
    starts = np.arange(bins - T + 1)[:, None] + np.arange(T)
    return Sequences(x[starts], y[starts])


def response() -> Array:
    L = np.zeros((T, 2, INPUTS))
    L[0, :, :2] = np.eye(2)
    return L


def test_the_block_itself_has_the_r_squared_of_its_correlations() -> None:
    test = windows(np.random.default_rng(0))
    block = TestBlock(test, np.random.default_rng(1), 10)
    expected = Correlations.of(test.x, test.y).r_squared(response())
    np.testing.assert_allclose(block.r_squared(block.errors(response()))[0], expected, rtol=1e-12)


def test_a_resample_is_of_whole_blocks_of_consecutive_windows() -> None:
    """Errors that are the number of the window: sums over resamples are those of runs of consecutive numbers."""
    test = windows(np.random.default_rng(0), 40 + T - 1)
    block = TestBlock(test, np.random.default_rng(1), 50)
    numbers = np.repeat(np.arange(40.0)[:, None], 2, axis=1)
    assert block.block == 5
    sums = block._sums(numbers)[1:, 0]
    runs = {sum((start + k) % 40 for k in range(5)) for start in range(40)}
    reachable = runs
    for _ in range(7):
        reachable = {one + other for one in reachable for other in runs}
    assert set(sums.astype(int)) <= reachable
    assert len(set(sums)) > 10


def test_each_window_is_as_likely_as_any_other() -> None:
    """How often a window is taken is a mean of 2000 with a standard error of 0.02."""
    block = TestBlock(windows(np.random.default_rng(0), 40 + T - 1), np.random.default_rng(1))
    taken = block._sums(np.eye(40))[1:].mean(axis=0)
    assert np.abs(taken - 1).max() < 0.15


def test_an_interval_leaves_as_much_above_it_as_below() -> None:
    found = Interval.of(7.0, np.arange(1001.0))
    assert (found.value, found.low, found.high) == pytest.approx((7.0, 25.0, 975.0))


def test_models_are_resampled_together() -> None:
    test = windows(np.random.default_rng(0))
    block = TestBlock(test, np.random.default_rng(1))
    errors = block.errors(response())
    np.testing.assert_array_equal(block.r_squared(errors), block.r_squared(errors.copy()))
    better = block.r_squared(0.99 * errors) - block.r_squared(errors)
    assert Interval.of(better[0, 0], better[1:, 0]).low > 0  # far less than either is known by itself


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    """A model that knows the truth, on 100 test blocks: 95 % intervals cover R² = 1/2 in at least 83 of them.

    With a coverage of 95 % fewer have probability 2e-6. Single windows, resampled as if they were independent, are far
    from it.
    """
    blocks = single = 0
    for seed in range(100):
        test = windows(np.random.default_rng([1, seed]))
        blocks += covers(TestBlock(test, np.random.default_rng([2, seed]), 200))
        single += covers(single_windows(test, seed))
    assert blocks >= 83
    assert single < 83


def covers(block: TestBlock) -> bool:
    scores = block.r_squared(block.errors(response()))[:, 0]
    found = Interval.of(scores[0], scores[1:])
    return found.low <= 0.5 <= found.high


def single_windows(test: Sequences, seed: int) -> TestBlock:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proofs_check.experiments.decoding_bootstrap.BLOCK", 0)
        return TestBlock(test, np.random.default_rng([3, seed]), 200)


def test_short_tests_have_shorter_blocks() -> None:
    assert block_length(7000, 15) == 150
    assert block_length(400, 15) == 400 // BLOCKS
    assert block_length(3, 15) == 1
