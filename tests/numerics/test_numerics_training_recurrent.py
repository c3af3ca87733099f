"""Training the RNN itself with stored weights, against gradient descent written out, and against PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.linear_rnn import Parameters, run
from numerics.training import (
    Constants,
    Correlations,
    DenseWeights,
    DivergenceError,
    NtkModel,
    RecurrentNetwork,
    dense_weights,
    predictions,
    train,
)

Array = NDArray[np.float64]
Weights = tuple[Array, Array, Array]
SEEDS = st.integers(0, 2**32 - 1)


def problem(seed: int, n: int, horizon: int, inputs: int, outputs: int) -> tuple[Weights, Array, Array]:
    rng = np.random.default_rng(seed)
    W, F, C = rng.normal(size=(n, n)), rng.normal(size=(n, inputs)), rng.normal(size=(outputs, n))
    return (W, F, C), rng.normal(size=(4, horizon, inputs)), rng.normal(size=(4, horizon, outputs))


def back_propagated(W: Array, F: Array, C: Array, x: Array, y: Array) -> Weights:
    """Gradients of the half-squared loss by back-propagation through time, sequence by sequence."""
    scale = len(W) ** -0.5
    dW, dF, dC = np.zeros_like(W), np.zeros_like(F), np.zeros_like(C)
    for sequence, target in zip(x, y, strict=True):
        states = [np.zeros(len(W))]
        for value in sequence:
            states.append(scale * W @ states[-1] + F @ value)
        back = np.zeros(len(W))
        for t in reversed(range(len(x[0]))):
            error = scale * C @ states[t + 1] - target[t]
            dC += scale * np.outer(error, states[t + 1])
            back = scale * (C.T @ error + W.T @ back)
            dW += scale * np.outer(back, states[t])
            dF += np.outer(back, sequence[t])
    return dW, dF, dC


def written_out(weights: Weights, x: Array, y: Array, eta: float, steps: int) -> tuple[Weights, list[float]]:
    W, F, C = (part.copy() for part in weights)
    losses = []
    for step in range(steps + 1):
        losses.append(0.5 * sum(((b - run(W, F, C, a)) ** 2).sum() for a, b in zip(x, y, strict=True)))
        if step < steps:
            dW, dF, dC = back_propagated(W, F, C, x, y)
            W, F, C = W - eta * dW, F - eta * dF, C - eta * dC
    return (W, F, C), losses


@given(SEEDS, st.tuples(st.integers(1, 9), st.integers(1, 5), st.integers(1, 6), st.integers(1, 6)), st.integers(1, 3))
def test_training_is_gradient_descent_on_W_F_and_C(seed: int, sizes: tuple[int, int, int, int], rows: int) -> None:
    """Few channels and many take different ways through BLAS; blocks of W of any size."""
    n, horizon, _, _ = sizes
    weights, x, y = problem(seed, *sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense_weights, "_BLOCK_BYTES", 8 * n * rows)
        dense = DenseWeights(*weights)
    correlations, network = Correlations.of(x, y), RecurrentNetwork(dense, horizon)
    B_1 = Constants.of(correlations, network.response(), network.largest_weight()).B_1
    run_ = train(network, correlations, range(7), B_1 / 50)  # so small an RNN may diverge at B_1 / 2
    expected, losses = written_out(weights, x, y, run_.eta, 6)
    np.testing.assert_allclose(run_.losses, losses, rtol=1e-9)
    for found, value in zip((dense.W, dense.F, dense.C), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=0, atol=1e-9 * np.abs(value).max())


def test_the_given_weights_are_not_changed() -> None:
    weights, x, y = problem(1, 4, 3, 2, 2)
    before = [part.copy() for part in weights]
    train(RecurrentNetwork(DenseWeights(*weights), 3), Correlations.of(x, y), [3])
    for one, other in zip(weights, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_can_be_looked_at_between_steps() -> None:
    """An update of W that still waits is done when W is asked for, and only once."""
    weights, x, y = problem(2, 6, 4, 2, 1)
    correlations = Correlations.of(x, y)
    looked, not_looked = DenseWeights(*weights), DenseWeights(*weights)
    for dense in (looked, not_looked):
        network = RecurrentNetwork(dense, 4)
        for _ in range(5):
            network.descend(correlations.gradient(network.response()), 1e-3)
            if dense is looked:
                np.testing.assert_array_equal(dense.W.copy(), dense.W)
    np.testing.assert_allclose(looked.W, not_looked.W, rtol=1e-12)
    assert np.abs(looked.W - weights[0]).max() > 1e-6


def test_a_trained_response_predicts_what_the_trained_network_does() -> None:
    weights, x, y = problem(3, 6, 4, 2, 3)
    dense = DenseWeights(*weights)
    trained = train(RecurrentNetwork(dense, 4), Correlations.of(x, y), [8])
    literal = np.stack([run(dense.W, dense.F, dense.C, sequence) for sequence in x])
    np.testing.assert_allclose(predictions(trained.responses[0], x), literal, rtol=1e-10)


def torch_descent(weights: Weights, x: Array, y: Array, eta: float, steps: int) -> list[Array]:
    """Stochastic gradient descent of PyTorch on the whole batch, by its automatic differentiation."""
    torch: Any = pytest.importorskip("torch")
    W, F, C = (torch.tensor(part, requires_grad=True) for part in weights)
    optimizer = torch.optim.SGD([W, F, C], lr=eta)
    inputs, targets, scale = torch.tensor(x), torch.tensor(y), len(weights[0]) ** -0.5
    for _ in range(steps):
        optimizer.zero_grad()
        state, loss = torch.zeros(len(x), len(weights[0]), dtype=torch.float64), 0.0
        for t in range(x.shape[1]):
            state = scale * state @ W.T + inputs[:, t] @ F.T
            loss = loss + 0.5 * ((targets[:, t] - scale * state @ C.T) ** 2).sum()
        loss.backward()
        optimizer.step()
    return [part.detach().numpy() for part in (W, F, C)]


@pytest.mark.parametrize(("n", "inputs", "outputs"), [(50, 2, 2), (8, 3, 1)])
def test_pytorch_arrives_at_the_same_weights(n: int, inputs: int, outputs: int) -> None:
    pytest.importorskip("torch")
    weights, x, y = problem(4, n, 6, inputs, outputs)
    dense = DenseWeights(*weights)
    trained = train(RecurrentNetwork(dense, 6), Correlations.of(x, y), [20])
    expected = torch_descent(weights, x, y, trained.eta, 20)
    for found, value in zip((dense.W, dense.F, dense.C), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=0, atol=1e-10)


def wide(n: int, seed: int) -> tuple[DenseWeights, Correlations]:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(10, 3, 1)), rng.normal(size=(10, 3, 1))
    return DenseWeights.draw(Parameters(n, 3, 1, 1, 0.6, 1.0, 1.0), rng), Correlations.of(x, y)


def test_the_first_step_is_that_of_the_ntk_model_up_to_the_square_of_the_rate() -> None:
    ratio = []
    for eta in (1e-4, 1e-5):
        dense, correlations = wide(20, 5)
        network = RecurrentNetwork(dense, 3)
        model = NtkModel(network.response(), network.krylov.kernel)
        linear = train(model, correlations, [1], eta).responses[0]
        ratio.append(np.abs(train(network, correlations, [1], eta).responses[0] - linear).max() / eta**2)
    assert ratio[0] == pytest.approx(ratio[1], rel=0.05)


def test_drawn_weights_have_their_variances() -> None:
    """χ² tests; a false alarm has probability below 1e-8 in each."""
    dense = DenseWeights.draw(Parameters(300, 2, 3, 2, 0.5, 1.5, 3.0), np.random.default_rng(6))
    for part, variance in ((dense.W, 0.5), (dense.F, 1.5), (dense.C, 3.0)):
        assert abs((part**2).mean() / variance - 1) < 6 * (2 / part.size) ** 0.5


def test_divergence_is_named_and_never_a_nan() -> None:
    dense, correlations = wide(12, 7)
    with pytest.raises(DivergenceError, match="gradient descent diverged: with η = 30 ") as caught:
        train(RecurrentNetwork(dense, 3), correlations, [0, 1000], 30.0)
    assert 1 <= caught.value.step <= 10
    assert 0 < caught.value.B_1 < 1


def test_numbers_beyond_floating_point_are_named_too() -> None:
    dense, correlations = wide(12, 7)
    with pytest.raises(DivergenceError) as caught:
        train(RecurrentNetwork(dense, 3), correlations, [5], 1e308)
    assert caught.value.step == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda W, F, C: (W[:2], F, C),
        lambda W, F, C: (W, F[:2], C),
        lambda W, F, C: (W, F, C[:, :2]),
        lambda W, F, C: (W, F[:, 0], C),
    ],
)
def test_weights_that_do_not_belong_together_are_refused(spoil: Callable[[Array, Array, Array], Weights]) -> None:
    weights, _, _ = problem(1, 4, 3, 2, 2)
    with pytest.raises(ValueError, match="are needed"):
        DenseWeights(*spoil(*weights))


def test_a_horizon_of_nothing_is_refused() -> None:
    weights, _, _ = problem(1, 4, 3, 2, 2)
    with pytest.raises(ValueError, match="horizon 0"):
        RecurrentNetwork(DenseWeights(*weights), 0)
