"""Wasserstein-2 distances against other formulas, and as distances."""

from __future__ import annotations

import doctest

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

import numerics.wasserstein
from numerics.wasserstein import distance_from_normal, gaussian_distance

Array = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)


def covariance(seed: int, size: int, rank: int) -> Array:
    factors = np.random.default_rng(seed).normal(size=(size, rank))
    return np.asarray(factors @ factors.T)


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.wasserstein)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def reference(one: Array, other: Array) -> float:
    """``tr(A + B - 2 (A^½ B A^½)^½)`` with 60 digits."""
    with mpmath.workdps(60):
        a, b = mpmath.matrix(one.tolist()), mpmath.matrix(other.tolist())

        def root(matrix: mpmath.matrix) -> mpmath.matrix:
            values, vectors = mpmath.eigsy(matrix)
            return vectors * mpmath.diag([mpmath.sqrt(max(value, 0)) for value in values]) * vectors.T

        half = root(a)
        middle = root((half * b * half + (half * b * half).T) / 2)
        square = sum((a + b - 2 * middle)[i, i] for i in range(len(one)))
        return float(mpmath.sqrt(max(square, 0)))


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_the_distance_is_that_of_the_formula_with_traces(seed: int, size: int, one: int, other: int) -> None:
    a, b = covariance(seed, size, one), covariance(seed + 1, size, other)
    exact = reference(a, b)
    assert abs(gaussian_distance(a, b) - exact) < 1e-6 * (1.0 if min(one, other) < size else 1e-4)


@settings(deadline=None, max_examples=100)
@given(SEEDS, st.integers(1, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_it_is_a_distance(seed: int, size: int, p: int, q: int, r: int) -> None:
    a, b, c = (covariance(seed + k, size, rank) for k, rank in enumerate((p, q, r)))
    ab, ba, bc, ac = (gaussian_distance(x, y) for x, y in ((a, b), (b, a), (b, c), (a, c)))
    assert ab >= 0
    assert abs(ab - ba) < 1e-6
    assert ac <= ab + bc + 1e-6
    assert gaussian_distance(a, a) < 1e-13 * (1 + np.sqrt(np.trace(a)))


def test_small_distances_keep_their_digits() -> None:
    a = covariance(3, 4, 4)
    exact = 0.5e-9 * np.sqrt(np.trace(a))
    assert gaussian_distance(a, a * (1 + 1e-9)) == pytest.approx(exact, rel=1e-4)


def test_commuting_covariances_differ_in_their_deviations() -> None:
    assert gaussian_distance(np.diag([4.0, 9.0, 0.0]), np.diag([1.0, 1.0, 1.0])) == pytest.approx(np.sqrt(6.0))


def test_leading_axes_are_a_batch() -> None:
    batch = np.stack([covariance(k, 3, 2) for k in range(6)]).reshape(2, 3, 3, 3)
    found = gaussian_distance(batch, np.eye(3))
    assert found.shape == (2, 3)
    assert found[1, 2] == pytest.approx(float(gaussian_distance(batch[1, 2], np.eye(3))))


@pytest.mark.parametrize(("one", "other"), [(np.eye(2), np.eye(3)), (np.ones((2, 3)), np.ones((2, 3))), (1.0, 1.0)])
def test_what_is_no_covariance_matrix_is_refused(one: Array, other: Array) -> None:
    with pytest.raises(ValueError, match="square matrices of one size"):
        gaussian_distance(one, other)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.integers(1, 12), st.floats(0.0, 3.0))
def test_a_sample_is_matched_in_order(seed: int, count: int, spread: float) -> None:
    """Against a fine midpoint rule for ``∫ (x_(⌈nu⌉) - σ z(u))² du``, which is off by its outermost cells."""
    sample = np.random.default_rng(seed).normal(size=count)
    cells = 200_000 * count
    u = (np.arange(cells) + 0.5) / cells
    square = np.mean((np.repeat(np.sort(sample), 200_000) - spread * special.ndtri(u)) ** 2)
    assert distance_from_normal(sample, spread**2) == pytest.approx(np.sqrt(square), abs=1e-4)


def test_a_large_normal_sample_is_close() -> None:
    """The expected square is about ``log log n / n``; the distance exceeds 0.02 with probability below 1e-9."""
    sample = np.random.default_rng(5).normal(size=(3, 100_000)) * 1.3
    assert (distance_from_normal(sample, 1.69) < 0.02).all()
    assert (distance_from_normal(sample, 1.0) > 0.25).all()


def test_a_point_mass() -> None:
    assert distance_from_normal(np.zeros(7), 4.0) == pytest.approx(2.0)
    assert distance_from_normal(np.full(7, 3.0), 0.0) == 3.0


def test_a_negative_variance_is_refused() -> None:
    with pytest.raises(ValueError, match="variance: -1"):
        distance_from_normal(np.zeros(3), -1.0)
