"""The half-squared loss from correlations, against the sums over sequences and times that it stands for."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from numerics.training import correlations as module
from numerics.training.correlations import Correlations, blocks, predictions, rows

Array = NDArray[np.float64]
SIZES = st.tuples(*[st.integers(1, 4)] * 4)
SEEDS = st.integers(0, 2**32 - 1)


def data(sizes: tuple[int, int, int, int], seed: int) -> tuple[Array, Array, Array]:
    """x, y and an impulse response, small integers so that all sums are exact."""
    count, horizon, inputs, outputs = sizes
    rng = np.random.default_rng(seed)
    shapes = (count, horizon, inputs), (count, horizon, outputs), (horizon, outputs, inputs)
    x, y, L = (rng.integers(-4, 5, size=shape).astype(float) for shape in shapes)
    return x, y, L


def convolved(L: Array, x: Array) -> Array:
    """(5) to the letter."""
    result = np.zeros((x.shape[0], x.shape[1], L.shape[1]), dtype=np.result_type(L, x))
    for i, sequence in enumerate(x):
        for t in range(x.shape[1]):
            for j in range(t + 1):
                result[i, t] += L[j] @ sequence[t - j]
    return result


@given(SIZES, SEEDS)
def test_predictions_are_the_convolution(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, _, L = data(sizes, seed)
    np.testing.assert_array_equal(predictions(L, x), convolved(L, x))


@given(SIZES, SEEDS)
def test_the_correlations_are_the_sums_of_their_definition(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, y, _ = data(sizes, seed)
    _, horizon, inputs, outputs = sizes
    found = Correlations.of(x, y)
    for j in range(horizon):
        cross = sum(np.outer(b[t], a[t - j]) for a, b in zip(x, y, strict=True) for t in range(j, horizon))
        np.testing.assert_array_equal(found.Y.reshape(outputs, horizon, inputs)[:, j], cross)
        for k in range(horizon):
            pairs = sum(np.outer(a[t - j], a[t - k]) for a in x for t in range(max(j, k), horizon))
            np.testing.assert_array_equal(found.X.reshape(horizon, inputs, horizon, inputs)[j, :, k], pairs)


@given(SIZES, SEEDS)
def test_the_loss_is_half_of_the_summed_squares(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, y, L = data(sizes, seed)
    assert Correlations.of(x, y).loss(L) == 0.5 * np.sum((y - convolved(L, x)) ** 2)


@given(SIZES, SEEDS)
def test_the_mean_squared_loss_differs_by_its_factor(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, y, L = data(sizes, seed)
    found = Correlations.of(x, y)
    assert found.loss(L) * found.mean_squared_factor == pytest.approx(np.mean((y - convolved(L, x)) ** 2))


@given(SIZES, SEEDS)
def test_the_gradient_is_a_quotient_of_differences(sizes: tuple[int, int, int, int], seed: int) -> None:
    """Central differences of a quadratic function are its derivative; in rational arithmetic, exactly."""
    x, y, L = data(sizes, seed)
    exact = np.vectorize(Fraction, otypes=[object])
    xs, ys, step = exact(x), exact(y), Fraction(1, 3)

    def loss(response: NDArray[np.object_]) -> Fraction:
        total = Fraction(0)
        for a, b in zip(xs, ys, strict=True):
            for t in range(len(a)):
                error = b[t] - sum(response[j] @ a[t - j] for j in range(t + 1))
                total += (error @ error) / 2
        return total

    gradient = Correlations.of(x, y).gradient(L)
    for index in np.ndindex(*L.shape):
        forward, backward = exact(L), exact(L)
        forward[index] += step
        backward[index] -= step
        assert (loss(forward) - loss(backward)) / (2 * step) == Fraction(gradient[index])


def test_responses_may_be_a_batch() -> None:
    x, y, _ = data((3, 4, 2, 3), 0)
    batch = np.random.default_rng(1).normal(size=(5, 2, 4, 3, 2))
    found = Correlations.of(x, y)
    np.testing.assert_allclose(found.gradient(batch)[4, 1], found.gradient(batch[4, 1]), rtol=1e-12)
    assert found.loss(batch)[3, 0] == pytest.approx(float(found.loss(batch[3, 0])))
    assert found.r_squared(batch).shape == (5, 2, 3)


@given(SIZES, SEEDS)
def test_the_largest_eigenvalue_is_the_squared_norm_of_the_predictions(
    sizes: tuple[int, int, int, int], seed: int
) -> None:
    x, y, L = data(sizes, seed)
    columns = [predictions(unit.reshape(L.shape), x).ravel() for unit in np.eye(L.size)]
    norm = np.linalg.norm(np.stack(columns, axis=1), ord=2)
    assert Correlations.of(x, y).largest_eigenvalue == pytest.approx(norm**2, abs=1e-9)


@given(SIZES, SEEDS)
def test_correlations_add_up(sizes: tuple[int, int, int, int], seed: int) -> None:
    x, y, L = data(sizes, seed)
    other_x, other_y, _ = data(sizes, seed + 1)
    together = Correlations.of(np.concatenate([x, other_x]), np.concatenate([y, other_y]))
    added = Correlations.of(x, y) + Correlations.of(other_x, other_y)
    np.testing.assert_array_equal(added.gradient(L), together.gradient(L))
    assert (added.loss(L), added.count) == (together.loss(L), together.count)


def test_sequences_are_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, L = data((4, 3, 2, 2), 5)
    whole = Correlations.of(x, y)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 1)
    np.testing.assert_array_equal(Correlations.of(x, y).gradient(L), whole.gradient(L))


def test_overlapping_windows_need_no_copy() -> None:
    record, target = np.random.default_rng(3).normal(size=(2, 50, 2))
    x, y = (sliding_window_view(part, 6, axis=0).transpose(0, 2, 1) for part in (record, target))
    found, copied = Correlations.of(x, y), Correlations.of(x.copy(), y.copy())
    np.testing.assert_allclose(found.X, copied.X, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.Y, copied.Y, rtol=1e-12, atol=1e-12)


def test_r_squared_is_one_minus_the_unexplained_part() -> None:
    x, y, L = data((6, 4, 2, 2), 7)
    errors = ((y - convolved(L, x)) ** 2).sum(axis=(0, 1))
    spread = ((y - y.mean(axis=(0, 1))) ** 2).sum(axis=(0, 1))
    np.testing.assert_allclose(Correlations.of(x, y).r_squared(L), 1 - errors / spread, rtol=1e-12)


def test_a_constant_output_has_no_r_squared() -> None:
    x, y, L = data((3, 4, 2, 2), 8)
    y[:, :, 1] = 0.1
    found = Correlations.of(x, y).r_squared(L)
    assert np.isfinite(found[0])
    assert np.isnan(found[1])


@given(SIZES, SEEDS)
def test_rows_and_blocks_are_inverse(sizes: tuple[int, int, int, int], seed: int) -> None:
    _, _, L = data(sizes, seed)
    np.testing.assert_array_equal(blocks(rows(L), L.shape[0]), L)
    np.testing.assert_array_equal(rows(L), np.concatenate(list(L), axis=1))


@pytest.mark.parametrize(
    ("x", "y"),
    [((3, 4, 2), (3, 5, 1)), ((3, 4, 2), (2, 4, 1)), ((3, 4), (3, 4)), ((0, 4, 2), (0, 4, 1)), ((3, 4, 0), (3, 4, 1))],
)
def test_shapes_that_do_not_belong_together_are_refused(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="with the same N and T are needed"):
        Correlations.of(np.ones(x), np.ones(y))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_data_that_is_not_finite_is_refused(wrong: float) -> None:
    x, y, _ = data((2, 3, 1, 1), 0)
    y[1, 2, 0] = wrong
    with pytest.raises(ValueError, match="y has entries that are not finite"):
        Correlations.of(x, y)


def test_another_horizon_is_refused() -> None:
    x, y, L = data((2, 3, 2, 1), 0)
    found = Correlations.of(x, y)
    with pytest.raises(ValueError, match="where the data has"):
        found.gradient(L[:2])
    with pytest.raises(ValueError, match="where the impulse response has T = 2"):
        predictions(L[:2], x)
    with pytest.raises(ValueError, match="do not add up"):
        _ = found + Correlations.of(x[:, :2], y[:, :2])
