"""Blocks, dense matrices and dense spaces.

Statistical tests have a fixed seed; each raises a false alarm with probability 1e-6.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from numerics.gaussian_matrix import DenseBlock, DenseMatrix, DenseSpace, Space
from numerics.lazy_matrix import LazySpace

FALSE_ALARM = 1e-6

SIZES = st.integers(1, 6)
SEEDS = st.integers(0, 2**32 - 1)
SPACES = st.sampled_from([DenseSpace, LazySpace])


def space_of(kind: type[Space], n: int, replicates: int, seed: int) -> Space:
    return kind(n, replicates, np.random.default_rng(seed))


@settings(deadline=None, max_examples=60)
@given(SIZES, st.integers(1, 4), SIZES, SIZES, SEEDS)
def test_inner_products_are_those_of_the_columns(n: int, replicates: int, columns: int, others: int, seed: int) -> None:
    space = DenseSpace(n, replicates, np.random.default_rng(seed))
    one, other = space.gaussian_vectors(columns, 1.0), space.gaussian_vectors(others, 1.0)
    products = one.inner(other)
    assert products.shape == (replicates, columns, others)
    for r in range(replicates):
        for i in range(columns):
            for k in range(others):
                expected = sum(one.entries[r, :, i] * other.entries[r, :, k])
                assert products[r, i, k] == pytest.approx(expected, rel=1e-10, abs=1e-10)


@settings(deadline=None, max_examples=60)
@given(SPACES, st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), SEEDS)
def test_inner_products_are_symmetric(kind: type[Space], n: int, columns: int, others: int, seed: int) -> None:
    space = space_of(kind, n, 3, seed)
    one, other = space.gaussian_vectors(columns, 1.0), space.gaussian_vectors(others, 1.0)
    np.testing.assert_allclose(one.inner(other), other.inner(one).transpose(0, 2, 1), rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(SPACES, st.integers(1, 9), st.integers(1, 3), st.floats(-100, 100), SEEDS)
def test_a_factor_comes_out_of_inner_products(
    kind: type[Space], n: int, columns: int, factor: float, seed: int
) -> None:
    space = space_of(kind, n, 2, seed)
    one, other = space.gaussian_vectors(columns, 1.0), space.gaussian_vectors(2, 1.0)
    np.testing.assert_allclose((one * factor).inner(other), factor * one.inner(other), rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(SPACES, st.integers(1, 9), st.integers(1, 3), SEEDS)
def test_the_transpose_is_the_adjoint(kind: type[Space], n: int, columns: int, seed: int) -> None:
    space = space_of(kind, n, 3, seed)
    W = space.gaussian_matrix(0.7)
    q, p = space.gaussian_vectors(columns, 1.0), space.gaussian_vectors(2, 1.0)
    np.testing.assert_allclose(p.inner(W @ q), (W.T @ p).inner(q), rtol=0, atol=1e-8 * (n + 3) ** 2)


@settings(deadline=None, max_examples=60)
@given(SPACES, st.integers(1, 9), st.integers(1, 3), SEEDS)
def test_gram_matrices_have_at_most_n_dimensions(kind: type[Space], n: int, columns: int, seed: int) -> None:
    space = space_of(kind, n, 2, seed)
    block = space.gaussian_vectors(columns + n, 1.0)
    eigenvalues = np.linalg.eigvalsh(block.inner(block))
    assert np.all(eigenvalues[:, :columns] < 1e-9 * eigenvalues[:, -1:])
    assert np.all(eigenvalues > -1e-9 * eigenvalues[:, -1:])


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
def test_blocks_and_matrices_tell_their_sizes(kind: type[Space]) -> None:
    space = space_of(kind, 5, 2, 0)
    W, block = space.gaussian_matrix(1.0), space.gaussian_vectors(3, 1.0)
    assert W.shape == W.T.shape == (5, 5)
    assert block.columns == (W @ block).columns == (block * 2.0).columns == 3
    assert block.coordinates(block.dimension).shape == (2, block.dimension, 3)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
def test_no_variance_is_zero(kind: type[Space]) -> None:
    space = space_of(kind, 4, 2, 0)
    zero = space.gaussian_vectors(2, 0.0)
    assert not zero.inner(zero).any()
    image = space.gaussian_matrix(0.0) @ space.gaussian_vectors(2, 1.0)
    assert not image.inner(image).any()


def test_a_dense_product_is_the_matrix_product_of_each_replicate() -> None:
    space = DenseSpace(4, 3, np.random.default_rng(0))
    W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
    right, left = W @ q, W.T @ q
    for r in range(3):
        np.testing.assert_allclose(right.entries[r], W.entries[r] @ q.entries[r], rtol=1e-12)
        np.testing.assert_allclose(left.entries[r], W.entries[r].T @ q.entries[r], rtol=1e-12)


def test_the_transpose_of_the_dense_transpose_is_the_matrix() -> None:
    W = DenseSpace(4, 3, np.random.default_rng(0)).gaussian_matrix(1.0)
    np.testing.assert_array_equal(W.T.T.entries, W.entries)
    np.testing.assert_array_equal(W.T.entries[1, 2, 3], W.entries[1, 3, 2])


def test_blocks_of_different_dimension_meet_in_the_common_one() -> None:
    short = DenseBlock(np.arange(1.0, 5.0).reshape(1, 2, 2))
    long = DenseBlock(np.arange(1.0, 7.0).reshape(1, 3, 2))
    expected = short.entries[0].T @ long.entries[0, :2]
    np.testing.assert_array_equal(short.inner(long)[0], expected)
    np.testing.assert_array_equal(long.inner(short)[0], expected.T)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
@pytest.mark.parametrize(("n", "replicates"), [(0, 1), (-1, 1), (1, 0), (2, -5)])
def test_an_empty_space_is_refused_with_its_sizes(kind: type[Space], n: int, replicates: int) -> None:
    with pytest.raises(ValueError, match=f"n = {n} and replicates = {replicates}.*at least 1"):
        space_of(kind, n, replicates, 0)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
def test_the_same_seed_draws_the_same(kind: type[Space]) -> None:
    forms = []
    for seed in (3, 3, 4):
        space = space_of(kind, 6, 5, seed)
        W, q = space.gaussian_matrix(1.0), space.gaussian_vectors(2, 1.0)
        forms.append(q.inner(W @ (W.T @ q)))
    np.testing.assert_array_equal(forms[0], forms[1])
    assert not np.any(forms[0] == forms[2])


def dense_matrix(variance: float = 2.5) -> DenseMatrix:
    return DenseSpace(5, 4000, np.random.default_rng(11)).gaussian_matrix(variance)


@pytest.mark.parametrize("variance", [0.3, 2.5])
def test_dense_entries_are_normal_with_the_variance(variance: float) -> None:
    entries = dense_matrix(variance).entries.ravel()
    assert stats.kstest(entries, "norm", args=(0.0, np.sqrt(variance))).pvalue > FALSE_ALARM


def test_dense_entries_with_the_standard_deviation_for_the_variance_would_be_noticed() -> None:
    entries = dense_matrix(2.5).entries.ravel()
    assert stats.kstest(entries, "norm", args=(0.0, 2.5)).pvalue < FALSE_ALARM


def test_dense_entries_are_uncorrelated_within_a_matrix() -> None:
    """The sum of squared correlations of m components is about χ² with m (m-1) / 2 degrees of freedom."""
    entries = dense_matrix().entries.reshape(4000, 25)
    correlations = np.corrcoef(entries, rowvar=False)[np.triu_indices(25, 1)]
    assert stats.chi2.sf(4000 * np.sum(correlations**2), correlations.size) > FALSE_ALARM


def test_dense_vectors_are_normal_with_the_variance() -> None:
    vectors = DenseSpace(5, 4000, np.random.default_rng(12)).gaussian_vectors(3, 0.4).entries
    assert vectors.shape == (4000, 5, 3)
    assert stats.kstest(vectors.ravel(), "norm", args=(0.0, np.sqrt(0.4))).pvalue > FALSE_ALARM


def test_two_dense_matrices_are_uncorrelated() -> None:
    space = DenseSpace(5, 4000, np.random.default_rng(13))
    one, two = (space.gaussian_matrix(1.0).entries.ravel() for _ in range(2))
    assert stats.pearsonr(one, two).pvalue > FALSE_ALARM


def test_replicates_of_a_dense_matrix_are_uncorrelated() -> None:
    entries = dense_matrix().entries
    assert stats.pearsonr(entries[:-1].ravel(), entries[1:].ravel()).pvalue > FALSE_ALARM
