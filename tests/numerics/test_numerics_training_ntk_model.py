"""The chain rule and the linear NTK model, against Jacobians and the dual form that they avoid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.gaussian_matrix import DenseSpace
from numerics.linear_rnn import Grams, Parameters, run, sample_grams
from numerics.training import Correlations, DenseWeights, DivergenceError, LagKernel, NtkModel, predictions, train
from numerics.training.krylov import hankel
from numerics.training.ntk_model import dual_predictions, train_ntk_model

Array = NDArray[np.float64]
SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
SEEDS = st.integers(0, 2**32 - 1)


def weights(sizes: tuple[int, int, int, int], seed: int) -> tuple[Array, Array, Array]:
    n, _, inputs, outputs = sizes
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)), rng.normal(size=(n, inputs)), rng.normal(size=(outputs, n))


def data(sizes: tuple[int, int, int, int], seed: int) -> tuple[Array, Array]:
    _, horizon, inputs, outputs = sizes
    rng = np.random.default_rng(seed + 1)
    return rng.normal(size=(3, horizon, inputs)), rng.normal(size=(3, horizon, outputs))


def time_loop_loss(W: Array, F: Array, C: Array, x: Array, y: Array) -> complex:
    """The half-squared loss of the literal recursion (1), analytic in the weights."""
    total: complex = 0.5 * sum(((b - run(W, F, C, a)) ** 2).sum() for a, b in zip(x, y, strict=True))
    return total


def complex_step(sizes: tuple[int, int, int, int], seed: int) -> list[Array]:
    """Derivatives of the loss in all entries of W, F and C, to rounding: no difference is taken."""
    given_weights, (x, y), tiny = weights(sizes, seed), data(sizes, seed), 1e-100
    gradients = []
    for which, matrix in enumerate(given_weights):
        gradient = np.empty_like(matrix)
        for index in np.ndindex(*matrix.shape):
            moved = [part.astype(complex) for part in given_weights]
            moved[which][index] += 1j * tiny
            gradient[index] = time_loop_loss(*moved, x, y).imag / tiny
        gradients.append(gradient)
    return gradients


@given(SIZES, SEEDS)
def test_the_chain_rule_gives_the_gradient_of_the_time_loop(sizes: tuple[int, int, int, int], seed: int) -> None:
    krylov = DenseWeights(*weights(sizes, seed)).krylov(sizes[1])
    G = Correlations.of(*data(sizes, seed)).gradient(krylov.response)
    left, right = krylov.gradient_W(G)
    found = left.T @ right, krylov.gradient_F(G).T, krylov.gradient_C(G)
    for one, other in zip(found, complex_step(sizes, seed), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11 * (1 + np.abs(other).max()))


@given(SIZES, SEEDS)
def test_the_gradient_in_W_has_the_rank_of_the_paper(sizes: tuple[int, int, int, int], seed: int) -> None:
    krylov = DenseWeights(*weights(sizes, seed)).krylov(sizes[1])
    left, right = krylov.gradient_W(np.ones((sizes[1], sizes[3], sizes[2])))
    assert len(left) == len(right) == (sizes[1] - 1) * min(sizes[2:])


def test_the_loss_from_the_response_is_that_of_the_time_loop() -> None:
    sizes = (4, 5, 2, 3)
    x, y = data(sizes, 1)
    response = DenseWeights(*weights(sizes, 1)).krylov(5).response
    assert Correlations.of(x, y).loss(response) == pytest.approx(time_loop_loss(*weights(sizes, 1), x, y))


def jacobian(sizes: tuple[int, int, int, int], seed: int) -> Array:
    """Derivatives of all entries of L in all weights, with n² columns for W."""
    given_weights, columns, tiny = weights(sizes, seed), [], 1e-100
    impulses = np.zeros((sizes[2], sizes[1], sizes[2]))
    impulses[:, 0] = np.eye(sizes[2])
    for which, matrix in enumerate(given_weights):
        for index in np.ndindex(*matrix.shape):
            moved = [part.astype(complex) for part in given_weights]
            moved[which][index] += 1j * tiny
            response = np.stack([run(*moved, impulse) for impulse in impulses], axis=2)
            columns.append(response.imag.ravel() / tiny)
    return np.stack(columns, axis=1)


@given(SIZES, SEEDS)
def test_the_kernel_is_that_of_the_jacobian(sizes: tuple[int, int, int, int], seed: int) -> None:
    J = jacobian(sizes, seed)
    matrix = DenseWeights(*weights(sizes, seed)).krylov(sizes[1]).kernel.matrix()
    np.testing.assert_allclose(matrix, J @ J.T, rtol=0, atol=1e-11 * np.abs(matrix).max())


def test_the_norm_is_the_largest_eigenvalue() -> None:
    J = jacobian((4, 3, 2, 2), 5)
    found = DenseWeights(*weights((4, 3, 2, 2), 5)).krylov(3).kernel.norm()
    assert found == pytest.approx(np.linalg.norm(J, ord=2) ** 2)


def test_the_hankel_matrix_has_equal_blocks_along_its_antidiagonals() -> None:
    G = np.arange(24.0).reshape(4, 3, 2)
    found = hankel(G).reshape(3, 3, 3, 2)
    for i in range(3):
        for m in range(3):
            np.testing.assert_array_equal(found[i, :, m], G[i + m + 1] if i + m + 1 < 4 else 0.0)


def test_kernels_may_be_a_batch() -> None:
    rng = np.random.default_rng(2)
    grams = sample_grams(DenseSpace(5, 3, rng), Parameters(5, 4, 2, 3, 0.8, 1.0, 1.0))
    together = LagKernel(grams.A.reshape(3, 8, 8), grams.B.reshape(3, 12, 12), 4)
    G = rng.normal(size=(3, 4, 3, 2))
    np.testing.assert_allclose((together @ G)[1], LagKernel.of(grams, 1) @ G[1], rtol=1e-12)
    assert together.norm() == pytest.approx(max(LagKernel.of(grams, k).norm() for k in range(3)))


def sample(seed: int) -> tuple[Grams, Correlations, Array, Array]:
    rng = np.random.default_rng(seed)
    horizon, inputs, outputs = rng.integers(1, 5, size=3)
    n = int(rng.integers(1, 8))
    grams = sample_grams(DenseSpace(n, 1, rng), Parameters(n, int(horizon), int(inputs), int(outputs), 0.7, 1.2, 0.9))
    x, y = rng.normal(size=(3, horizon, inputs)), rng.normal(size=(3, horizon, outputs))
    return grams, Correlations.of(x, y), x, y


@given(SEEDS)
def test_the_primal_steps_predict_what_the_dual_coefficients_do(seed: int) -> None:
    """(12) and (14) with the explicit kernel, on training and on new sequences."""
    grams, correlations, x, y = sample(seed)
    new = np.random.default_rng(seed).normal(size=(2, *x.shape[1:]))
    model = NtkModel(grams.L[0], LagKernel.of(grams, 0))
    trained = train(model, correlations, [15])
    for inputs in (x, new):
        dual = dual_predictions(grams, x, y, inputs, steps=15, eta=trained.eta)
        np.testing.assert_allclose(predictions(trained.responses[0], inputs), dual, rtol=0, atol=1e-9 * np.abs(y).max())


@given(SEEDS)
def test_all_steps_at_once_are_the_steps_one_by_one(seed: int) -> None:
    grams, correlations, _, _ = sample(seed)
    kernel, steps = LagKernel.of(grams, 0), [0, 1, 2, 10, 40]
    one = train(NtkModel(grams.L[0], kernel), correlations, steps)
    all_ = train_ntk_model(correlations, grams.L[0], kernel, steps)
    assert all_.eta == pytest.approx(one.eta)
    np.testing.assert_allclose(all_.responses, one.responses, rtol=0, atol=1e-10 * np.abs(one.responses).max())
    np.testing.assert_allclose(
        all_.losses, one.losses, rtol=0, atol=1e-11 * (one.losses[0] + correlations.energy.sum())
    )


def test_divergence_is_named() -> None:
    grams, correlations, _, _ = sample(3)
    kernel = LagKernel.of(grams, 0)
    with pytest.raises(DivergenceError) as one:
        train(NtkModel(grams.L[0], kernel), correlations, [10_000], 1e3)
    with pytest.raises(DivergenceError) as all_:
        train_ntk_model(correlations, grams.L[0], kernel, [10_000], 1e3)
    assert (one.value.step, one.value.B_1) == pytest.approx((all_.value.step, all_.value.B_1))


def test_the_dual_form_is_that_of_one_replicate() -> None:
    grams = sample_grams(DenseSpace(3, 2, np.random.default_rng(0)), Parameters(3, 2, 1, 1, 0.7, 1.2, 0.9))
    x = np.ones((1, 2, 1))
    with pytest.raises(ValueError, match="2 replicates"):
        dual_predictions(grams, x, x, x, steps=1, eta=0.1)
