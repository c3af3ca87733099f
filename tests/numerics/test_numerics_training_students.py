from dataclasses import replace

import numpy as np
import pytest

from numerics.linear_rnn import Parameters
from numerics.statistics import same_law_test
from numerics.training import Correlations, DivergenceError
from numerics.training.students import SingleWeights, cheaper_sampler, draw_network, least_error, train_students

RHO = np.array([2.0, 2.5, 2.7, 2.8])


def data(seed=0, count=30, horizon=4, inputs=2, outputs=3):
    rng = np.random.default_rng(seed)
    return Correlations.of(
        rng.standard_normal((count, horizon, inputs)), rng.standard_normal((count, horizon, outputs))
    )


def parameters(n):
    return Parameters(n, 4, 2, 3, 0.8, 1.3, 0.7)


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_responses_have_no_axis_of_replicates_whatever_the_weights(sampler):
    network = draw_network(parameters(300), 5, np.random.default_rng(1), sampler)
    students = train_students(data(), network, RHO, [0, 2, 5])
    for one in (students.rnn, students.ntk, students.scaled, students.unscaled):
        assert one.responses.shape == (3, 4, 3, 2)
        assert one.losses.shape == (3,)
    assert network.krylov.kernel.matrix().shape == (24, 24)


def test_all_students_start_at_the_response_of_the_network():
    network = draw_network(parameters(50), 5, np.random.default_rng(2))
    initial = network.response().copy()
    students = train_students(data(), network, RHO, [0, 5])
    for one in (students.rnn, students.ntk, students.scaled, students.unscaled):
        np.testing.assert_allclose(one.responses[0], initial, rtol=1e-13)
        assert not np.allclose(one.responses[1], initial)


def test_an_rnn_in_a_space_is_trained_as_one_entry_by_entry():
    def after(sampler, seed):
        network = draw_network(parameters(200), 20, np.random.default_rng(seed), sampler)
        students = train_students(data(), network, RHO, [0, 20])
        return students.rnn.responses[1, 3, 0, 0] - students.scaled.responses[1, 3, 0, 0]

    # p < 1e-5 by chance
    dense, lazy = (np.array([after(sampler, seed) for seed in range(50)]) for sampler in ("dense", "lazy"))
    assert same_law_test(dense, lazy) > 1e-5


def test_the_network_follows_its_own_ntk_model_more_closely_than_the_convolution():
    students = train_students(data(), draw_network(parameters(10**6), 30, np.random.default_rng(3)), RHO, [30])
    own = np.abs(students.rnn.responses - students.ntk.responses).max()
    scaled = np.abs(students.rnn.responses - students.scaled.responses).max()
    assert own < 0.1 * scaled


def test_the_unscaled_convolution_keeps_the_rate_where_that_is_safe():
    students = train_students(data(), draw_network(parameters(50), 5, np.random.default_rng(4)), RHO, [5])
    assert students.unscaled.eta == students.scaled.eta == students.rnn.eta == students.ntk.eta


def test_the_unscaled_convolution_gets_its_own_bound_where_the_rate_would_not_be_safe():
    correlations = data()
    small = Parameters(50, 4, 2, 3, 0.1, 0.01, 0.01)
    network = draw_network(small, 5, np.random.default_rng(5))
    students = train_students(correlations, network, 0.02 * 0.1 ** np.arange(4), [2])
    assert students.unscaled.eta == pytest.approx(1 / correlations.largest_eigenvalue)
    assert students.unscaled.eta < students.scaled.eta


def test_a_rate_that_diverges_is_named():
    with pytest.raises(DivergenceError, match="diverged"):
        train_students(data(), draw_network(parameters(50), 50, np.random.default_rng(6)), RHO, [50], eta=1.0)


@pytest.mark.parametrize(
    ("n", "steps", "expected"),
    [(1000, 200, "dense"), (10**5, 200, "lazy"), (10**12, 10**6, "lazy"), (3000, 10**5, "dense"), (8000, 30, "lazy")],
)
def test_the_cheaper_sampler_is_taken_that_is_possible(n, steps, expected):
    assert cheaper_sampler(Parameters(n, 10, 1, 1, 0.8, 1.3, 0.7), steps) == expected


def test_a_dense_matrix_that_does_not_fit_is_refused_before_it_is_drawn():
    with pytest.raises(ValueError, match="draw it lazily"):
        draw_network(parameters(10**6), 5, np.random.default_rng(7), "dense")
    with pytest.raises(ValueError, match="auto, dense, lazy"):
        draw_network(parameters(10), 5, np.random.default_rng(7), "sparse")


def test_optional_stopping_takes_the_first_step_of_least_error_on_other_data():
    network = draw_network(parameters(100), 300, np.random.default_rng(8))
    steps = range(0, 301, 10)
    students = train_students(data(count=5), network, RHO, steps)
    validation = data(seed=9)
    found = least_error(students.scaled, validation)
    losses = [float(validation.loss(L)) for L in students.scaled.responses]
    assert losses.index(min(losses)) == found
    repeated = replace(students.scaled, responses=students.scaled.responses[[0, found, found]])
    assert least_error(repeated, validation) == 1


def test_directions_are_counted_through_the_wrapper():
    network = draw_network(parameters(10**9), 3, np.random.default_rng(10))
    network.response()
    weights = network._weights
    assert isinstance(weights, SingleWeights)
    assert weights.directions == 20
