"""The tangent kernel from Gram matrices against explicit Jacobians, loops and definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from numerics.gaussian_matrix import DenseBlock, DenseMatrix, DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Grams, Parameters, run, sample_grams
from numerics.tangent_kernel import block_toeplitz, kernel, lag_weights, truncated_product

Array = NDArray[np.float64]

SEEDS = st.integers(0, 2**32 - 1)
HORIZONS = st.integers(1, 5)
CHANNELS = st.integers(1, 3)
SHAPES = st.builds(
    Parameters,
    n=st.integers(1, 12),
    horizon=HORIZONS,
    inputs=CHANNELS,
    outputs=CHANNELS,
    nu_W=st.just(0.9),
    nu_F=st.just(1.3),
    nu_C=st.just(0.7),
)


class Given(DenseSpace):
    """A dense space that hands out given W, F, Cᵀ instead of drawing them."""

    def __init__(self, W: Array, F: Array, C: Array) -> None:
        super().__init__(W.shape[0], 1, np.random.default_rng(0))
        self._W = W
        self._vectors = {1.0: F, 2.0: C.T}

    def gaussian_vectors(self, columns: int, variance: float) -> DenseBlock:
        return DenseBlock(self._vectors[variance][None])

    def gaussian_matrix(self, variance: float) -> DenseMatrix:
        return DenseMatrix(self._W[None])


def grams_of(W: Array, F: Array, C: Array, horizon: int) -> Grams:
    p = Parameters(W.shape[0], horizon, F.shape[1], C.shape[0], nu_W=0.0, nu_F=1.0, nu_C=2.0)
    return sample_grams(Given(W, F, C), p)


def jacobian(W: Array, F: Array, C: Array, x: Array) -> Array:
    """Derivatives of the outputs in all parameters by complex steps: exact to rounding."""
    sizes = (W.size, F.size, C.size)
    columns = []
    for i in range(sum(sizes)):
        step = np.zeros(sum(sizes), dtype=np.complex128)
        step[i] = 1e-30j
        dW, dF, dC = np.split(step, np.cumsum(sizes)[:2])
        y = run(W + dW.reshape(W.shape), F + dF.reshape(F.shape), C + dC.reshape(C.shape), x)
        columns.append(y.imag / 1e-30)
    return np.stack(columns, axis=-1)


def lazy_grams(p: Parameters, seed: int, replicates: int = 2) -> Grams:
    return sample_grams(LazySpace(p.n, replicates, np.random.default_rng(seed)), p)


def two_inputs(p: Parameters, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng([seed, 1])
    return rng.standard_normal((p.horizon, p.inputs)), rng.standard_normal((p.horizon, p.inputs))


def weight_tensor(grams: Grams, r: int) -> Array:
    """Coefficient of ``x_{t-j}[α] x'_{s-k}[β]`` in output pair (a, b), by loops: (T, T, n_y, n_y, n_x, n_x)."""
    _, horizon, inputs = grams.A.shape[:3]
    outputs = grams.B.shape[2]
    A, B = grams.A[r], grams.B[r]
    result = np.zeros((horizon, horizon, outputs, outputs, inputs, inputs))
    for j in range(horizon):
        for k in range(horizon):
            result[j, k] += np.multiply.outer(np.eye(outputs), A[j, :, k, :])
            result[j, k] += np.multiply.outer(B[j, :, k, :], np.eye(inputs))
            for i in range(j):
                for m in range(k):
                    result[j, k] += np.multiply.outer(B[i, :, m, :], A[j - 1 - i, :, k - 1 - m, :])
    return result


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 4), HORIZONS, CHANNELS, CHANNELS, SEEDS)
def test_the_kernel_is_the_product_of_the_jacobians(n: int, horizon: int, inputs: int, outputs: int, seed: int) -> None:
    """Definition (13), at parameters of every size."""
    rng = np.random.default_rng(seed)
    W, F, C = (rng.standard_normal(shape) for shape in ((n, n), (n, inputs), (outputs, n)))
    x, x_prime = rng.standard_normal((2, horizon, inputs))
    expected = np.tensordot(jacobian(W, F, C, x), jacobian(W, F, C, x_prime), axes=(2, 2))
    found = kernel(grams_of(W, F, C, horizon), x, x_prime)
    assert found.shape == (1, horizon, outputs, horizon, outputs)
    np.testing.assert_allclose(found[0], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_kernel_applies_the_whole_weight_tensor_to_both_inputs(p: Parameters, seed: int) -> None:
    grams, (x, x_prime) = lazy_grams(p, seed), two_inputs(p, seed)
    found = kernel(grams, x, x_prime)
    for r in range(2):
        weights = weight_tensor(grams, r)
        for t in range(p.horizon):
            for s in range(p.horizon):
                expected = np.zeros((p.outputs, p.outputs))
                for j in range(t + 1):
                    for k in range(s + 1):
                        expected += np.einsum("abcd,c,d->ab", weights[j, k], x[t - j], x_prime[s - k])
                np.testing.assert_allclose(found[r, t, :, s, :], expected, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_lag_weights_average_the_weight_tensor_over_channels(p: Parameters, seed: int) -> None:
    grams = lazy_grams(p, seed)
    found = lag_weights(grams)
    assert found.shape == (2, p.horizon, p.horizon)
    for r in range(2):
        expected = np.einsum("jkaacc->jk", weight_tensor(grams, r)) / (p.inputs * p.outputs)
        np.testing.assert_allclose(found[r], expected, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_lag_weights_are_the_kernel_of_impulses(p: Parameters, seed: int) -> None:
    """With x = x' = one unit impulse at time 0, entry (t, s) of the kernel sees lags t and s alone."""
    grams = lazy_grams(p, seed)
    found = np.zeros((2, p.horizon, p.horizon))
    for channel in range(p.inputs):
        impulse = np.zeros((p.horizon, p.inputs))
        impulse[0, channel] = 1.0
        found += np.einsum("rtasa->rts", kernel(grams, impulse, impulse)) / (p.inputs * p.outputs)
    np.testing.assert_allclose(lag_weights(grams), found, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_lag_weights_are_symmetric(p: Parameters, seed: int) -> None:
    weights = lag_weights(lazy_grams(p, seed))
    np.testing.assert_allclose(weights, weights.transpose(0, 2, 1), rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_kernel_is_symmetric_in_its_inputs(p: Parameters, seed: int) -> None:
    grams, (x, x_prime) = lazy_grams(p, seed), two_inputs(p, seed)
    swapped = kernel(grams, x_prime, x).transpose(0, 3, 4, 1, 2)
    np.testing.assert_allclose(kernel(grams, x, x_prime), swapped, rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_kernel_of_an_input_with_itself_is_positive(p: Parameters, seed: int) -> None:
    grams, (x, _) = lazy_grams(p, seed), two_inputs(p, seed)
    size = p.horizon * p.outputs
    eigenvalues = np.linalg.eigvalsh(kernel(grams, x, x).reshape(2, size, size))
    assert np.all(eigenvalues > -1e-10 * eigenvalues[:, -1:])


@settings(deadline=None, max_examples=40)
@given(SHAPES, st.floats(-3, 3), SEEDS)
def test_the_kernel_is_linear_in_each_input(p: Parameters, factor: float, seed: int) -> None:
    grams, (x, x_prime) = lazy_grams(p, seed), two_inputs(p, seed)
    both = kernel(grams, x + factor * x_prime, x_prime)
    expected = kernel(grams, x, x_prime) + factor * kernel(grams, x_prime, x_prime)
    np.testing.assert_allclose(both, expected, rtol=1e-8, atol=1e-8)


@settings(deadline=None, max_examples=40)
@given(SHAPES, SEEDS)
def test_the_kernel_leaves_the_gram_matrices_as_they_are(p: Parameters, seed: int) -> None:
    grams, (x, x_prime) = lazy_grams(p, seed), two_inputs(p, seed)
    before = [grams.A.copy(), grams.B.copy(), grams.L.copy()]
    kernel(grams, x, x_prime)
    lag_weights(grams)
    for array, copy in zip((grams.A, grams.B, grams.L), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_kernel_of_one_step_is_the_sum_of_the_two_readouts() -> None:
    """T = 1: ``K = (x·x') C Cᵀ / n + (F x · F x') I / n``; W has no part."""
    rng = np.random.default_rng(0)
    W, F, C, x, x_prime = (rng.standard_normal(shape) for shape in ((5, 5), (5, 2), (3, 5), (1, 2), (1, 2)))
    found = kernel(grams_of(W, F, C, 1), x, x_prime)[0, 0, :, 0, :]
    expected = (x[0] @ x_prime[0]) * C @ C.T / 5 + (F @ x[0]) @ (F @ x_prime[0]) * np.eye(3) / 5
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# ------------------------------------------------------------------------------------------------
# Toeplitz matrices and truncated products
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(HORIZONS, CHANNELS, SEEDS)
def test_blocks_of_the_toeplitz_matrix_are_delayed_inputs(horizon: int, inputs: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((horizon, inputs))
    toeplitz = block_toeplitz(x)
    assert toeplitz.shape == (horizon * inputs, horizon)
    for j in range(horizon):
        for t in range(horizon):
            block = toeplitz[j * inputs : (j + 1) * inputs, t]
            np.testing.assert_array_equal(block, x[t - j] if t >= j else np.zeros(inputs))


@settings(deadline=None, max_examples=40)
@given(HORIZONS, CHANNELS, CHANNELS, SEEDS)
def test_the_toeplitz_matrix_turns_an_impulse_response_into_outputs(
    horizon: int, inputs: int, outputs: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    W, F, C = (rng.standard_normal(shape) for shape in ((4, 4), (4, inputs), (outputs, 4)))
    x = rng.standard_normal((horizon, inputs))
    response = grams_of(W, F, C, horizon).L[0].transpose(1, 0, 2).reshape(outputs, horizon * inputs)
    np.testing.assert_allclose((response @ block_toeplitz(x)).T, run(W, F, C, x), rtol=1e-9, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 4), SEEDS)
def test_a_truncated_product_is_the_double_sum(replicates: int, horizon: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scalar = rng.standard_normal((replicates, horizon, horizon))
    coefficients = rng.standard_normal((replicates, horizon, horizon, m))
    expected = np.zeros_like(coefficients)
    for t in range(horizon):
        for s in range(horizon):
            for i in range(t + 1):
                for k in range(s + 1):
                    expected[:, t, s] += scalar[:, t - i, s - k, None] * coefficients[:, i, k]
    np.testing.assert_allclose(truncated_product(scalar, coefficients), expected, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 8), SEEDS)
def test_a_truncated_product_is_that_of_polynomials_in_two_variables(horizon: int, seed: int) -> None:
    one, other = np.random.default_rng(seed).standard_normal((2, horizon, horizon))
    found = truncated_product(one[None], other[None, :, :, None])[0, :, :, 0]
    np.testing.assert_allclose(found, signal.convolve2d(one, other)[:horizon, :horizon], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_one_is_neutral_in_truncated_products(horizon: int) -> None:
    one = np.zeros((1, horizon, horizon))
    one[0, 0, 0] = 1.0
    other = np.random.default_rng(0).standard_normal((1, horizon, horizon, 3))
    np.testing.assert_array_equal(truncated_product(one, other), other)
