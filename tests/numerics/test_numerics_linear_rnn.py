"""The linear RNN: its Gram matrices against explicit matrices, and its literal run against (9)–(10).

Statistical tests have a fixed seed; each raises a false alarm with probability 1e-6.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.linalg import matrix_power
from numpy.typing import NDArray
from scipy import stats

from numerics.gaussian_matrix import DenseBlock, DenseMatrix, DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Grams, Parameters, run, sample_grams

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
NU_W, NU_F, NU_C = 0.9, 1.3, 0.7

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = st.builds(
    Parameters,
    n=st.integers(1, 6),
    horizon=st.integers(1, 5),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    nu_W=st.just(NU_W),
    nu_F=st.just(NU_F),
    nu_C=st.just(NU_C),
)


class Recording(DenseSpace):
    """A dense space that remembers what was drawn, by its variance."""

    def __init__(self, n: int, replicates: int, rng: np.random.Generator) -> None:
        super().__init__(n, replicates, rng)
        self.drawn: dict[float, Array] = {}

    def gaussian_vectors(self, columns: int, variance: float) -> DenseBlock:
        block = super().gaussian_vectors(columns, variance)
        self.drawn[variance] = block.entries
        return block

    def gaussian_matrix(self, variance: float) -> DenseMatrix:
        matrix = super().gaussian_matrix(variance)
        self.drawn[variance] = matrix.entries
        return matrix


def drawn_rnn(p: Parameters, replicates: int, seed: int) -> tuple[Grams, list[tuple[Array, Array, Array]]]:
    """Gram matrices of dense replicates, and the W, F, C of each."""
    space = Recording(p.n, replicates, np.random.default_rng(seed))
    grams = sample_grams(space, p)
    W, F, Ct = (space.drawn[nu] for nu in (NU_W, NU_F, NU_C))
    return grams, [(W[r], F[r], Ct[r].T) for r in range(replicates)]


def impulse_response(W: Array, F: Array, C: Array, horizon: int) -> Array:
    n = W.shape[0]
    return np.array([n ** (-(j + 1) / 2) * C @ matrix_power(W, j) @ F for j in range(horizon)])


@settings(deadline=None, max_examples=60)
@given(SHAPES, SEEDS)
def test_the_right_gram_matrices_are_those_of_the_explicit_matrices(p: Parameters, seed: int) -> None:
    grams, replicates = drawn_rnn(p, 2, seed)
    for r, (W, F, _) in enumerate(replicates):
        for j in range(p.horizon):
            for k in range(p.horizon):
                expected = p.n ** (-(j + k) / 2 - 1) * F.T @ matrix_power(W.T, j) @ matrix_power(W, k) @ F
                np.testing.assert_allclose(grams.A[r, j, :, k, :], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(SHAPES, SEEDS)
def test_the_left_gram_matrices_are_those_of_the_explicit_matrices(p: Parameters, seed: int) -> None:
    grams, replicates = drawn_rnn(p, 2, seed)
    for r, (W, _, C) in enumerate(replicates):
        for j in range(p.horizon):
            for k in range(p.horizon):
                expected = p.n ** (-(j + k) / 2 - 1) * C @ matrix_power(W, j) @ matrix_power(W.T, k) @ C.T
                np.testing.assert_allclose(grams.B[r, j, :, k, :], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(SHAPES, SEEDS)
def test_the_impulse_response_is_that_of_the_explicit_matrices(p: Parameters, seed: int) -> None:
    grams, replicates = drawn_rnn(p, 2, seed)
    for r, (W, F, C) in enumerate(replicates):
        expected = impulse_response(W, F, C, p.horizon)
        np.testing.assert_allclose(grams.L[r], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(SHAPES, SEEDS)
def test_the_rnn_is_the_convolution_with_its_impulse_response(p: Parameters, seed: int) -> None:
    """Proposition 2.1(a), on the literal recursion."""
    rng = np.random.default_rng(seed)
    grams, replicates = drawn_rnn(p, 2, seed)
    for r, (W, F, C) in enumerate(replicates):
        x = rng.standard_normal((p.horizon, p.inputs))
        y = run(W, F, C, x)
        assert y.shape == (p.horizon, p.outputs)
        for t in range(p.horizon):
            expected = sum(grams.L[r, j] @ x[t - j] for j in range(t + 1))
            np.testing.assert_allclose(y[t], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
@settings(deadline=None, max_examples=40)
@given(p=SHAPES, seed=SEEDS)
def test_the_impulse_response_is_the_same_from_both_sides(
    kind: type[DenseSpace] | type[LazySpace], p: Parameters, seed: int
) -> None:
    mismatch = sample_grams(kind(p.n, 3, np.random.default_rng(seed)), p).mismatch
    assert mismatch.shape == (3,)
    assert np.all(mismatch < 1e-8)


def test_a_transpose_that_is_another_matrix_is_a_mismatch_in_every_replicate() -> None:
    class Forgetful(DenseMatrix):
        @property
        def T(self) -> DenseMatrix:
            return DenseMatrix(np.roll(self.entries, 1, axis=0))

    class ForgetfulSpace(DenseSpace):
        def gaussian_matrix(self, variance: float) -> DenseMatrix:
            return Forgetful(super().gaussian_matrix(variance).entries)

    p = Parameters(5, 2, 2, 3, NU_W, NU_F, NU_C)
    assert np.all(sample_grams(ForgetfulSpace(5, 20, np.random.default_rng(0)), p).mismatch > 1e-3)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_rnn_is_causal(p: Parameters, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, F, C = rng.standard_normal((p.n, p.n)), rng.standard_normal((p.n, p.inputs)), np.ones((p.outputs, p.n))
    x = rng.standard_normal((p.horizon, p.inputs))
    later = x.copy()
    later[-1] += 1.0
    np.testing.assert_array_equal(run(W, F, C, x)[:-1], run(W, F, C, later)[:-1])


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_rnn_is_linear_in_its_input(p: Parameters, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, F, C = rng.standard_normal((p.n, p.n)), rng.standard_normal((p.n, p.inputs)), np.ones((p.outputs, p.n))
    x, other = rng.standard_normal((2, p.horizon, p.inputs))
    together = run(W, F, C, 2 * x - 3 * other)
    np.testing.assert_allclose(together, 2 * run(W, F, C, x) - 3 * run(W, F, C, other), rtol=1e-9, atol=1e-9)


def test_the_rnn_runs_on_complex_parameters() -> None:
    rng = np.random.default_rng(0)
    W, F, C, x = (rng.standard_normal(shape) for shape in ((3, 3), (3, 2), (2, 3), (4, 2)))
    derivative = run(W + 1e-30j, F, C, x).imag / 1e-30
    difference = (run(W + 1e-5, F, C, x) - run(W - 1e-5, F, C, x)) / 2e-5
    np.testing.assert_allclose(derivative, difference, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
@pytest.mark.parametrize(("horizon", "inputs", "outputs"), [(1, 1, 1), (1, 3, 2), (4, 2, 3), (3, 1, 4)])
def test_gram_matrices_have_a_place_for_each_lag_and_channel(
    kind: type[DenseSpace] | type[LazySpace], horizon: int, inputs: int, outputs: int
) -> None:
    p = Parameters(5, horizon, inputs, outputs, NU_W, NU_F, NU_C)
    grams = sample_grams(kind(5, 7, np.random.default_rng(0)), p)
    assert grams.A.shape == (7, horizon, inputs, horizon, inputs)
    assert grams.B.shape == (7, horizon, outputs, horizon, outputs)
    assert grams.L.shape == (7, horizon, outputs, inputs)


@pytest.mark.parametrize("kind", [DenseSpace, LazySpace])
def test_without_recurrence_only_lag_zero_remains(kind: type[DenseSpace] | type[LazySpace]) -> None:
    p = Parameters(5, 4, 2, 3, 0.0, NU_F, NU_C)
    grams = sample_grams(kind(5, 3, np.random.default_rng(0)), p)
    assert not grams.L[:, 1:].any()
    assert not grams.A[:, 1:].any()
    assert not grams.B[:, :, :, 1:].any()
    assert grams.L[:, 0].all()


def test_a_space_of_another_dimension_is_refused_with_both_numbers() -> None:
    p = Parameters(5, 4, 2, 3, NU_W, NU_F, NU_C)
    with pytest.raises(ValueError, match="dimension 6, the RNN 5 states"):
        sample_grams(LazySpace(6, 1, np.random.default_rng(0)), p)


# ------------------------------------------------------------------------------------------------
# Lazily: algebra that every matrix obeys, and the dense law
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(SHAPES, SEEDS)
def test_lazy_gram_matrices_are_symmetric_and_positive(p: Parameters, seed: int) -> None:
    grams = sample_grams(LazySpace(p.n, 2, np.random.default_rng(seed)), p)
    for gram, channels in ((grams.A, p.inputs), (grams.B, p.outputs)):
        flat = gram.reshape(2, p.horizon * channels, p.horizon * channels)
        np.testing.assert_allclose(flat, flat.transpose(0, 2, 1), rtol=1e-12, atol=1e-12)
        assert np.all(np.linalg.eigvalsh(flat) > -1e-10 * np.trace(flat, axis1=1, axis2=2)[:, None])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5), SEEDS)
def test_at_width_one_a_lazy_rnn_is_made_of_three_numbers(inputs: int, outputs: int, horizon: int, seed: int) -> None:
    """``L_j = C W^j F`` with scalar W: all Gram matrices follow from those of lag 0 and from W²."""
    p = Parameters(1, horizon, inputs, outputs, NU_W, NU_F, NU_C)
    grams = sample_grams(LazySpace(1, 2, np.random.default_rng(seed)), p)
    squared = grams.L[:, :, :, :, None, None] * grams.L[:, :, None, None, :, :]
    for j in range(horizon):
        expected = np.einsum("rab,rcd->racbd", grams.B[:, 0, :, 0], grams.A[:, j, :, j])
        np.testing.assert_allclose(squared[:, j], expected, rtol=1e-9, atol=1e-30)
        expected = np.einsum("rab,rcd->racbd", grams.B[:, j, :, j], grams.A[:, 0, :, 0])
        np.testing.assert_allclose(squared[:, j], expected, rtol=1e-9, atol=1e-30)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4), SEEDS)
def test_the_hankel_matrix_of_a_lazy_impulse_response_has_rank_n(n: int, seed: int) -> None:
    """``L_{i+k}`` factors through the n states, even where 2 (T-1) > n products were asked."""
    size = n + 2
    p = Parameters(n, 2 * size - 1, 1, 1, 1.0, 1.0, 1.0)
    response = sample_grams(LazySpace(n, 1, np.random.default_rng(seed)), p).L[0, :, 0, 0]
    hankel = response[np.arange(size)[:, None] + np.arange(size)]
    singular = np.linalg.svd(hankel, compute_uv=False)
    assert singular[n] < 1e-9 * singular[0]


def test_the_hankel_matrix_has_full_rank_below_n() -> None:
    p = Parameters(6, 9, 1, 1, 1.0, 1.0, 1.0)
    response = sample_grams(LazySpace(6, 1, np.random.default_rng(0)), p).L[0, :, 0, 0]
    singular = np.linalg.svd(response[np.arange(5)[:, None] + np.arange(5)], compute_uv=False)
    assert singular[4] > 1e-6 * singular[0]


@cache
def both_samples(n: int) -> tuple[Grams, Grams]:
    p = Parameters(n, 4, 2, 1, NU_W, NU_F, NU_C)
    dense, lazy = np.random.default_rng(100 + n).spawn(2)
    return sample_grams(DenseSpace(n, 10_000, dense), p), sample_grams(LazySpace(n, 10_000, lazy), p)


STATISTICS = {
    "L_0": lambda g: g.L[:, 0, 0, 0],
    "L_1": lambda g: g.L[:, 1, 0, 1],
    "L_3": lambda g: g.L[:, 3, 0, 0],
    "L_0 L_2": lambda g: g.L[:, 0, 0, 0] * g.L[:, 2, 0, 0],
    "A_00": lambda g: g.A[:, 0, 0, 0, 0],
    "A_33": lambda g: g.A[:, 3, 0, 3, 1],
    "A_13": lambda g: g.A[:, 1, 0, 3, 0],
    "B_22": lambda g: g.B[:, 2, 0, 2, 0],
    "B_02": lambda g: g.B[:, 0, 0, 2, 0],
    "A_22 B_11": lambda g: g.A[:, 2, 0, 2, 0] * g.B[:, 1, 0, 1, 0],
    "A_11 / B_11": lambda g: g.A[:, 1, 0, 1, 0] / g.B[:, 1, 0, 1, 0],
}


@pytest.mark.parametrize("n", [1, 2, 6, 20])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_lazy_gram_matrices_have_the_dense_law(statistic: str, n: int) -> None:
    dense, lazy = (STATISTICS[statistic](grams) for grams in both_samples(n))
    assert stats.ks_2samp(dense, lazy, method="asymp").pvalue > FALSE_ALARM


def test_a_lazy_rnn_of_another_variance_would_be_told_apart() -> None:
    p = replace(Parameters(20, 4, 2, 1, NU_W, NU_F, NU_C), nu_W=NU_W * 1.2)
    wrong = sample_grams(LazySpace(20, 10_000, np.random.default_rng(0)), p)
    dense, _ = both_samples(20)
    assert stats.ks_2samp(STATISTICS["A_33"](dense), STATISTICS["A_33"](wrong), method="asymp").pvalue < FALSE_ALARM


@pytest.mark.parametrize("n", [10**18, 10**24])
def test_at_huge_width_the_gram_matrices_are_diagonal_with_known_values(n: int) -> None:
    """Off by a few n^{-1/2}: 1e-7 is 100 standard deviations at the smaller width."""
    p = Parameters(n, 6, 2, 3, NU_W, NU_F, NU_C)
    grams = sample_grams(LazySpace(n, 10, np.random.default_rng(0)), p)
    lags = np.diag(NU_W ** np.arange(6.0))
    for gram, nu, channels in ((grams.A, NU_F, 2), (grams.B, NU_C, 3)):
        expected = nu * np.einsum("jk,ab->jakb", lags, np.eye(channels))
        np.testing.assert_allclose(gram, np.broadcast_to(expected, gram.shape), rtol=0, atol=1e-7)
