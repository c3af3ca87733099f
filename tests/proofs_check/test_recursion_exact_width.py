"""Second moments that are known exactly at a finite width."""

import numpy as np
import pytest

from numerics.ensembles import Chunk, Stream
from numerics.recursion_ensemble import Simulation
from numerics.state_evolution import state_evolution
from numerics.statistics import Moments, mean_test
from proofs_check.recursion.exact_width import exact_second_moments, linear_coefficients
from proofs_check.recursion.numeric import numeric
from proofs_check.recursion.reader import read, read_text


def recursion(z, before=""):
    return numeric(read_text(f'{before}[[matrix]]\nname = "A"\nvariance = 2\nz = {z}\n'))


def test_a_linear_recursion_is_known_throughout():
    law = state_evolution(numeric(read("impulse-response")), 3)
    found = exact_second_moments(law, 9)
    assert found[2, 2] == pytest.approx(1.3 * 0.8**2 * (1 + 2 / 9**2))
    assert found[3, 3] == pytest.approx(1.3 * 0.8**3 * (1 + 10 / 9**2 + 4 / 9**3))
    assert found[1, 3] == pytest.approx(1.3 * 0.8**2 * (2 / 9 + 1 / 9**2))
    assert not np.isnan(found).any()


def test_exact_values_of_two_columns_are_what_is_drawn():
    """One test at a level of 1e-6 for each of ten entries."""
    columns = '[q]\ncolumns = ["a", "b"]\ncovariance = [[1, 0.5], [0.5, 2]]\n'
    linear = recursion('["a - b/2", "3*b/4"]', columns)
    expected = exact_second_moments(state_evolution(linear, 2), 4)
    drawn = Simulation(linear, 4, 2, "dense", Stream(5, (1,)))(Chunk(0, 20000))
    p_values = mean_test(Moments.of(drawn.second_moments), expected).p_values
    assert np.isfinite(expected).all()
    assert p_values.min() > 1e-6


def test_lags_beyond_the_root_of_the_width_are_left_out():
    found = exact_second_moments(state_evolution(numeric(read("impulse-response")), 5), 9)
    assert np.isnan(found[4, 4])
    assert np.isfinite(found[3, 3])


def test_otherwise_only_the_first_step_is_known():
    law = state_evolution(numeric(read("relu-rnn")), 3)
    found = exact_second_moments(law, 64)
    assert np.array_equal(np.isfinite(found), np.add.outer([0, 0, 9, 9], [0, 0, 9, 9]) == 0)
    assert found[1, 1] == law.covariance[1, 1]


@pytest.mark.parametrize(("width", "known"), [(6, True), (7, False)])
def test_a_table_that_does_not_fill_the_width_leaves_nothing_exact(width, known):
    law = state_evolution(recursion('["q + u"]', '[u]\ncolumns = ["u"]\nrows = [1, 2, 3]\n'), 1)
    assert np.isfinite(exact_second_moments(law, width)).any() == known


@pytest.mark.parametrize("z", ['["tanh(q)"]', '["q + q[t-1]"]', '["q*t"]', '["q*q[0]"]', '["q + 1"]'])
def test_what_is_not_linear_in_the_present_alone_has_no_coefficients(z):
    assert linear_coefficients(recursion(z), 3) is None


@pytest.mark.parametrize(("z", "factor"), [('["q"]', 1.0), ('["-q/4 + q"]', 0.75), ('["0"]', 0.0)])
def test_linear_coefficients_are_read_off(z, factor):
    np.testing.assert_allclose(linear_coefficients(recursion(z), 3), [[factor]])
