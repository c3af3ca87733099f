"""Lazy training: the law of training with stored matrices at every width, and Proposition 3.1 at great ones.

Statistical tests have a fixed seed. Each comparison raises a false alarm with probability 1e-6; there are 45 of
them here, so that a new seed fails with probability below 5e-5.
"""

from __future__ import annotations

import doctest
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from numerics.gaussian_matrix import DenseSpace
from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.training import (
    Constants,
    Correlations,
    DivergenceError,
    LagKernel,
    RecurrentNetwork,
    SpaceWeights,
    TooManyDirectionsError,
    Trajectory,
    space_weights,
    train,
    train_convolution,
    train_ntk_model,
)

Array = NDArray[np.float64]
FALSE_ALARM = 1e-6
"""Of each statistical comparison."""

REPLICATES = 6000
HORIZON, INPUTS, OUTPUTS, STEPS, ETA = 3, 2, 1, 2, 0.02
SMALL_ETA = 1e-3
"""For small widths, where the norm of the kernel has a heavy tail and some of the runs would diverge."""


def parameters(n: int) -> Parameters:
    return Parameters(n, HORIZON, INPUTS, OUTPUTS, 0.8, 1.2, 0.7)


@cache
def data() -> Correlations:
    rng = np.random.default_rng(8)
    return Correlations.of(rng.normal(size=(3, HORIZON, INPUTS)), rng.normal(size=(3, HORIZON, OUTPUTS)))


def lazy(n: int, replicates: int, seed: int, steps: list[int], eta: float | None = ETA) -> Trajectory:
    weights = SpaceWeights(LazySpace(n, replicates, np.random.default_rng(seed)), parameters(n), as_it_comes=True)
    return train(RecurrentNetwork(weights, HORIZON), data(), steps, eta)


def explicit(n: int, replicates: int, seed: int, eta: float = ETA) -> tuple[Array, Array]:
    """L at the start and after training, from arrays W, F, C and matrix powers, by nothing of the package."""
    rng, correlations = np.random.default_rng(seed), data()
    W = rng.normal(size=(replicates, n, n)) * 0.8**0.5
    F = rng.normal(size=(replicates, n, INPUTS)) * 1.2**0.5
    C = rng.normal(size=(replicates, OUTPUTS, n)) * 0.7**0.5
    X = correlations.X.reshape(HORIZON, INPUTS, HORIZON, INPUTS)
    Y = correlations.Y.reshape(OUTPUTS, HORIZON, INPUTS)
    seen = []
    for _ in range(STEPS + 1):
        Wn = W / n**0.5
        right, left = [F], [C]
        for _ in range(HORIZON - 1):
            right.append(Wn @ right[-1])
            left.append(left[-1] @ Wn)
        L = np.stack([C @ q for q in right], axis=1) / n**0.5
        seen.append(L)
        G = np.einsum("rkab,kbjc->rjac", L, X) - Y.transpose(1, 0, 2)
        dC = sum(G[:, j] @ right[j].transpose(0, 2, 1) for j in range(HORIZON)) / n**0.5
        dF = sum(left[j].transpose(0, 2, 1) @ G[:, j] for j in range(HORIZON)) / n**0.5
        dW = np.zeros_like(W)
        for j in range(HORIZON):
            for i in range(j):
                dW += left[i].transpose(0, 2, 1) @ G[:, j] @ right[j - 1 - i].transpose(0, 2, 1) / n
        W, F, C = W - eta * dW, F - eta * dF, C - eta * dC
    return seen[0], seen[-1]


def statistics(start: Array, end: Array) -> list[Array]:
    moved = end - start
    return [
        *(end[:, j, 0, 0] for j in range(HORIZON)),
        *(moved[:, j, 0, 0] for j in range(HORIZON)),
        (moved**2).sum(axis=(1, 2, 3)),
        (end * start).sum(axis=(1, 2, 3)),
        data().loss(end),
    ]


def alike(one: Array, other: Array) -> float:
    """Two-sample Kolmogorov–Smirnov p-value."""
    return float(stats.ks_2samp(one, other, method="asymp").pvalue)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 24])
def test_lazy_training_has_the_law_of_training_stored_weights(n: int) -> None:
    """Also where the basis is completed on the way."""
    rate = ETA if n >= 8 else SMALL_ETA
    found = lazy(n, REPLICATES, 10 + n, [0, STEPS], rate).responses
    for one, other in zip(statistics(*found), statistics(*explicit(n, REPLICATES, 50 + n, rate)), strict=True):
        assert alike(one, other) > FALSE_ALARM


def test_another_width_would_be_told_apart() -> None:
    found = statistics(*lazy(3, REPLICATES, 13, [0, STEPS], SMALL_ETA).responses)
    wrong = statistics(*explicit(8, REPLICATES, 58, SMALL_ETA))
    assert min(alike(one, other) for one, other in zip(found, wrong, strict=True)) < FALSE_ALARM


def test_another_rate_would_be_told_apart() -> None:
    found = statistics(*lazy(8, REPLICATES, 18, [0, STEPS]).responses)
    wrong = statistics(*explicit(8, REPLICATES, 58, 1.15 * ETA))
    assert min(alike(one, other) for one, other in zip(found, wrong, strict=True)) < FALSE_ALARM


def test_a_dense_space_trains_by_the_same_code() -> None:
    n, seed = 6, 3
    weights = SpaceWeights(DenseSpace(n, 4, np.random.default_rng(seed)), parameters(n))
    found = train(RecurrentNetwork(weights, HORIZON), data(), [0, STEPS], ETA).responses
    start, end = explicit(n, 4, seed)
    np.testing.assert_allclose(found[0], start, rtol=1e-10)
    np.testing.assert_allclose(found[1], end, rtol=1e-10)


def one_channel(n: int, replicates: int, *, steps: int, with_lag: bool = True) -> tuple[Trajectory, Trajectory, Array]:
    """30 steps of the RNN and of the scaled convolution, and the weights ρ_j, T = 5."""
    horizon, rng = 5, np.random.default_rng(21)
    correlations = Correlations.of(rng.normal(size=(20, horizon, 1)), rng.normal(size=(20, horizon, 1)))
    p = Parameters(n, horizon, 1, 1, 0.8, 1.0, 1.0)
    lag = np.arange(horizon)
    rho = 2 * 0.8**lag + with_lag * lag * 0.8 ** np.maximum(lag - 1, 0)
    weights = SpaceWeights(LazySpace(n, replicates, np.random.default_rng(22)), p)
    eta = 0.5 * Constants.of(correlations, np.zeros((horizon, 1, 1)), rho.max()).B_1
    found = train(RecurrentNetwork(weights, horizon), correlations, range(steps + 1), eta)
    return found, train_convolution(correlations, found.responses[0], rho, range(steps + 1), eta), rho


def test_the_distance_from_the_scaled_convolution_falls_like_the_root_of_the_width() -> None:
    """Proposition 3.1 seen directly, over ten orders of magnitude; a root mean square of 16 draws at each width.

    Their relative errors of about 0.15 make one of about 0.008 in the slope: 0.05 are more than five of it.
    """
    widths = np.array([1e4, 1e6, 1e9, 1e12, 1e14])
    distances = []
    for n in widths:
        rnn, convolution, _ = one_channel(int(n), 16, steps=30)
        distances.append(np.sqrt(np.mean((rnn.responses[-1] - convolution.responses[-1]) ** 2)))
    slope = np.polyfit(np.log(widths), np.log(distances), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.05)
    assert 1e-4 < distances[0] < 1e-2


@pytest.mark.parametrize("with_lag", [True, False])
def test_weights_without_the_part_of_W_would_be_refuted(with_lag: bool) -> None:
    rnn, convolution, _ = one_channel(10**12, 4, steps=30, with_lag=with_lag)
    distance = np.abs(rnn.responses[-1] - convolution.responses[-1]).max()
    assert (distance < 1e-4 * np.abs(rnn.responses[-1] - rnn.responses[0]).max()) == with_lag


def test_no_lag_of_a_wide_rnn_moves_farther_than_the_theorem_allows() -> None:
    """(25), (65)–(67): with the constants of the convolution, at a width where their difference is negligible."""
    rnn, _, rho = one_channel(10**12, 8, steps=30)
    moved = np.linalg.norm(rnn.responses - rnn.responses[0], axis=(3, 4))
    rng = np.random.default_rng(21)
    correlations = Correlations.of(rng.normal(size=(20, 5, 1)), rng.normal(size=(20, 5, 1)))
    for replicate in range(8):
        constants = Constants.of(correlations, rnn.responses[0, replicate], rho.max())
        bound = constants.B_2 * rho * rnn.eta * rnn.steps[:, None]
        assert (moved[:, replicate] <= bound * (1 + 1e-5)).all()
    assert rnn.eta < constants.B_1


def test_a_wide_rnn_follows_its_ntk_model_closer_than_the_limit() -> None:
    """The kernel P_n of the draw itself takes most of the finite width into account in the first steps."""
    n, horizon, rng = 10**6, 5, np.random.default_rng(31)
    correlations = Correlations.of(rng.normal(size=(20, horizon, 2)), rng.normal(size=(20, horizon, 1)))
    weights = SpaceWeights(LazySpace(n, 1, rng), Parameters(n, horizon, 2, 1, 0.8, 1.0, 1.0))
    network = RecurrentNetwork(weights, horizon)
    kernel = network.krylov.kernel
    single = LagKernel(kernel.A[0], kernel.B[0], horizon)
    rnn = train(network, correlations, [0, 1])
    linear = train_ntk_model(correlations, rnn.responses[0, 0], single, [1], rnn.eta).responses[0]
    lag = np.arange(horizon)
    rho = 2 * 0.8**lag + lag * 0.8 ** np.maximum(lag - 1, 0)
    limit = train_convolution(correlations, rnn.responses[0, 0], rho, [1], rnn.eta).responses[0]
    assert np.abs(rnn.responses[1, 0] - linear).max() < 0.5 * np.abs(rnn.responses[1, 0] - limit).max()


def test_the_threshold_of_the_lazy_matrix_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same draws with a threshold a thousand times as high: what it drops is that small, at every width.

    Were W⁰ asked about whole vectors, and not about their moves, L would change by 1e-3 at this width.
    """
    n, horizon = 10**12, 4
    rng = np.random.default_rng(41)
    correlations = Correlations.of(rng.normal(size=(9, horizon, 1)), rng.normal(size=(9, horizon, 1)))
    found = []
    for threshold in (1e-10, 1e-7):
        monkeypatch.setattr("numerics.lazy_matrix.DEGENERATE", threshold)
        space = LazySpace(n, 1, np.random.default_rng(42))
        weights = SpaceWeights(space, Parameters(n, horizon, 1, 1, 0.8, 1.0, 1.0))
        found.append(train(RecurrentNetwork(weights, horizon), correlations, [25]).responses)
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-6 * np.abs(found[0]).max())


def test_the_number_of_directions_is_within_its_bound() -> None:
    p = parameters(10**9)
    weights = SpaceWeights(LazySpace(p.n, 1, np.random.default_rng(5)), p)
    train(RecurrentNetwork(weights, HORIZON), data(), [3], ETA)
    assert (INPUTS + OUTPUTS) * HORIZON < weights.directions <= space_weights.directions_bound(p, 3)


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(space_weights)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_a_run_that_may_need_all_of_the_space_is_refused_before_it_starts() -> None:
    space = LazySpace(100, 1, np.random.default_rng(6))
    network = RecurrentNetwork(SpaceWeights(space, parameters(100)), HORIZON)
    with pytest.raises(TooManyDirectionsError, match=r"20 steps with T = 3.* 129 directions, and R\^100 has fewer"):
        train(network, data(), [20], ETA)
    assert space.dimension == INPUTS + OUTPUTS


def test_a_run_that_may_need_more_memory_is_refused_before_it_starts() -> None:
    space = LazySpace(10**9, 1, np.random.default_rng(7))
    network = RecurrentNetwork(SpaceWeights(space, parameters(10**9), memory=10**6), HORIZON)
    with pytest.raises(TooManyDirectionsError, match=r"0\.000931 GiB are allowed"):
        train(network, data(), [50], ETA)
    assert space.dimension == INPUTS + OUTPUTS


def test_a_run_that_goes_as_it_comes_stops_when_the_memory_is_used_up() -> None:
    space = LazySpace(10**9, 1, np.random.default_rng(7))
    weights = SpaceWeights(space, parameters(10**9), memory=10**5, as_it_comes=True)
    with pytest.raises(TooManyDirectionsError, match="directions have been seen"):
        train(RecurrentNetwork(weights, HORIZON), data(), [50], ETA)
    assert space.dimension < 60


def test_another_horizon_is_refused() -> None:
    weights = SpaceWeights(LazySpace(9, 1, np.random.default_rng(8)), parameters(9))
    with pytest.raises(ValueError, match="made for T = 3"):
        RecurrentNetwork(weights, 4).prepare(1)


def test_a_space_of_another_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="dimension 9, the RNN 8 states"):
        SpaceWeights(LazySpace(9, 1, np.random.default_rng(8)), parameters(8))


def test_divergence_says_how_many_replicates_diverged() -> None:
    with pytest.raises(DivergenceError, match=r"\([1-9]\d* of 50 replicates diverged\)") as caught:
        lazy(2, 50, 1, [40], 0.2)
    assert caught.value.eta == 0.2
