from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from numerics.experiments import teacher_data
from numerics.linear_rnn import Parameters
from numerics.training import Correlations, LagKernel, train, train_convolution, train_ntk_model
from numerics.training.students import draw_network
from proofs_check.experiments.coincidence import (
    Comparison,
    Law,
    Task,
    kernel_draws,
    lag_diagonal,
    linear_responses,
    tail_probability,
)

T = 5
NU = (0.8, 1.3, 0.7)
LAGS = np.arange(T)
RHO = NU[2] * (LAGS * NU[1] * NU[0] ** (LAGS - 1.0) + NU[0] ** LAGS) + NU[1] * NU[0] ** LAGS
STEPS = np.arange(41)


def parameters(n):
    return Parameters(n, T, 1, 1, *NU)


@cache
def task():
    data = teacher_data(np.random.default_rng(3), horizon=T)
    train_data, test_data = (Correlations.of(one.x, one.y) for one in (data.train, data.test))
    return Task(train_data, (train_data, test_data), STEPS, 0.5 / (train_data.largest_eigenvalue * RHO.max()))


@cache
def limit():
    return kernel_draws(parameters(10**18), 64, np.random.default_rng(4)).mean(axis=0)


@cache
def rests(width=64):
    found = []
    for seed in range(64):
        network = draw_network(parameters(width), 40, np.random.default_rng([width, seed]), "dense")
        initial, kernel = network.response().copy(), network.krylov.kernel.matrix()
        rnn = train(network, task().train, STEPS.tolist(), task().eta).responses
        found.append(np.abs(task().log_ratios(rnn, task().linear(initial, kernel[None])[0])).max())
    return np.array(found)


def compared(n, seed, *, rate=1.0, push=0.0, kernels=512):
    """An RNN of n states, perhaps trained wrongly, beside what it should have done."""
    rng = np.random.default_rng([n, seed, 1])
    network = draw_network(parameters(n), 40, rng)
    initial, kernel = network.response().copy(), network.krylov.kernel.matrix()
    rnn = train(network, task().train, STEPS.tolist(), rate * task().eta).responses
    initial = initial + push
    drawn = task().linear(initial, kernel_draws(parameters(n), kernels, rng))
    law = Law(task().log_ratios(drawn, task().linear(initial, limit()[None])))
    ntk = task().linear(initial, kernel[None])[0]
    width = min(n, 64)
    return Comparison(task(), initial, rnn, ntk, law, rests(width) * (width / n))


def several_channels():
    rng = np.random.default_rng(5)
    correlations = Correlations.of(rng.standard_normal((20, 4, 2)), rng.standard_normal((20, 4, 3)))
    return correlations, rng.standard_normal((4, 3, 2)), rng


def test_the_linear_models_include_the_scaled_convolution():
    correlations, initial, _ = several_channels()
    rho, steps = np.array([2.0, 1.5, 1.0, 0.5]), np.array([0, 1, 7, 500])
    expected = train_convolution(correlations, initial, rho, steps.tolist(), 0.01)
    found = linear_responses(correlations, initial, lag_diagonal(rho, 3, 2)[None], steps, 0.01)
    np.testing.assert_allclose(found[0], expected.responses, atol=1e-11)


@pytest.mark.parametrize("share", [0.3, 1.0, 1.95])
def test_the_linear_models_include_the_ntk_model_of_an_rnn(share):
    correlations, initial, rng = several_channels()
    network = draw_network(Parameters(20, 4, 2, 3, *NU), 1, rng)
    kernel: LagKernel = network.krylov.kernel
    eta, steps = share / (correlations.largest_eigenvalue * kernel.norm()), np.array([0, 1, 2, 5, 40])
    expected = train_ntk_model(correlations, initial, kernel, steps.tolist(), eta)
    found = linear_responses(correlations, initial, kernel.matrix()[None], steps, eta)
    np.testing.assert_allclose(found[0], expected.responses, atol=1e-10)


def test_lags_of_weight_zero_are_not_learned():
    correlations, initial, _ = several_channels()
    kernel = lag_diagonal([2.0, 1.0, 0.0, 0.0], 3, 2)[None]
    found = linear_responses(correlations, initial, kernel, np.array([100]), 0.01)[0, 0]
    np.testing.assert_allclose(found[2:], initial[2:])
    assert np.abs(found[:2] - initial[:2]).max() > 0.1


def test_ratios_of_errors_keep_the_digits_of_a_small_difference():
    one = task().linear(np.ones((T, 1, 1)), lag_diagonal(RHO, 1, 1)[None])[0]
    exact = [task().log_ratios(one + size, one) / size for size in (1e-6, 1e-11)]
    np.testing.assert_allclose(exact[1], exact[0], rtol=1e-3, atol=1e-3 * np.abs(exact[0]).max())


def test_a_perfect_fit_has_a_ratio_that_is_finite():
    rng = np.random.default_rng(6)
    x, L = rng.standard_normal((9, T, 1)), np.ones((1, T, 1, 1))
    clean = Correlations.of(x, np.cumsum(x, axis=1))
    exact = Task(clean, (clean,), STEPS, 0.1)
    assert np.isfinite(exact.log_ratios(L, L + 0.1)).all()
    assert np.isfinite(exact.log_ratios(L, L)).all()


def test_tail_probabilities_are_ranks_within_the_sample():
    sample = np.arange(1.0, 200.0)
    assert tail_probability(100.0, sample) == pytest.approx(101 / 200)
    assert tail_probability(0.0, sample) == 1.0


def test_tail_probabilities_fall_beyond_the_sample_and_never_vanish():
    sample = np.abs(np.random.default_rng(7).standard_normal(4000))
    found = [tail_probability(x, sample) for x in (3.0, 4.0, 10.0, 1e3, 1e6)]
    assert all(one > other > 0 for one, other in pairwise(found))
    assert found[-1] < 1e-20


@pytest.mark.parametrize("law", ["normal", "square", "cube"])
def test_tail_probabilities_raise_no_more_alarms_than_they_say(law):
    def draw(rng, size):
        return np.abs(rng.standard_normal(size)) ** {"normal": 1, "square": 2, "cube": 3}[law]

    rng = np.random.default_rng(8)
    alarms = np.zeros(3)
    for _ in range(40):
        sample, fresh = draw(rng, 1000), draw(rng, 1000)
        found = np.array([tail_probability(x, sample) for x in fresh[fresh > np.sort(sample)[-100]]])
        alarms += [np.sum(found < level) for level in (1e-2, 1e-3, 1e-4)]
    # expected at most 400, 40, 4 of 40000; more than these by chance with probability below 1e-6
    assert (alarms <= [520, 80, 20]).all()


def test_a_sample_without_spread_refutes_by_rank_alone():
    assert tail_probability(2.0, np.ones(99)) == pytest.approx(0.01)


def test_diverged_networks_in_a_sample_make_it_cautious():
    sample = np.concatenate([np.full(10, np.inf), np.arange(1.0, 91.0)])
    assert tail_probability(1e9, sample) >= 10 / 101


@pytest.mark.slow
def test_true_networks_raise_no_alarm():
    found = [compared(100, seed) for seed in range(150)]
    deviations = np.array([one.p_value(RHO) for one in found])
    rest = np.array([one.rest_p_value for one in found])
    # for uniform p-values these fail with probability 3e-6, 2e-7 and 0.03 at the most
    for p_values in (deviations, rest):
        assert np.sum(p_values < 0.05) <= 22
        assert np.sum(p_values < 0.003) <= 6
    assert min(deviations.min(), rest.min()) > 1e-4


@pytest.mark.parametrize("n", [1000, 10**6])
def test_the_true_weights_are_not_refuted(n):
    one = compared(n, 1)
    assert one.p_value(RHO) > 1e-3
    assert one.rest_p_value > 1e-3


@pytest.mark.parametrize("change", [lambda rho: 2 * rho, lambda rho: 0 * rho + 1, lambda rho: 1.1 * rho])
def test_other_weights_are_refuted_at_a_large_width(change):
    assert compared(10**9, 2).p_value(change(RHO)) < 1e-5


def test_the_unscaled_convolution_is_refuted_at_the_width_of_the_paper():
    assert compared(1000, 2, kernels=2048).deviation(np.ones(T)) > 3 * compared(1000, 2).deviation(RHO)


@pytest.mark.parametrize("rate", [0.8, 1.25, 2.0])
def test_a_network_trained_at_another_rate_is_refuted(rate):
    assert compared(10**6, 3, rate=rate).rest_p_value < 1e-4


def test_a_network_with_another_start_is_refuted():
    assert compared(10**8, 4, push=0.05).rest_p_value < 1e-4


def test_weights_that_no_convolution_has_are_refuted():
    one = compared(1000, 5)
    assert one.p_value(-RHO) == 0.0
    assert one.p_value(np.where(LAGS == 2, np.nan, RHO)) == 0.0


def test_a_difference_counts_at_whatever_step_and_in_whichever_data_it_is():
    law = Law(np.ones((3, 2, 4)))
    for place in np.ndindex(2, 4):
        ratios = np.zeros((2, 4))
        ratios[place] = -5.0
        assert law.supremum(ratios) == pytest.approx(5.0)


def test_the_rest_is_taken_off_a_deviation_once():
    one = compared(1000, 1)
    whole, rest = (one.law.supremum(one.task.log_ratios(one.rnn, other)) for other in (one.scaled(2 * RHO), one.ntk))
    assert 0.01 < rest < whole
    assert one.deviation(2 * RHO) == pytest.approx(whole - rest)


def test_deviations_shrink_like_the_root_of_n_and_the_rest_like_n():
    narrow, wide = (compared(n, 6) for n in (10**4, 10**8))
    # the spread of 512 kernels is known to a few percent
    ratio = np.median(narrow.law.spread[:, 1:] / wide.law.spread[:, 1:])
    assert 30 < ratio < 300
    assert 1e3 < narrow.rest / wide.rest < 1e5
