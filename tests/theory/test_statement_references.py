"""Results of the derivations, against the same things computed in other ways."""

import math
from itertools import product

import numpy as np
import pytest
import scipy.linalg
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.finite_width import kernel_weight, response_moment
from theory.gaussian_moments_reference import trace_moment_by_enumeration
from theory.operators import Trace
from theory.statements.bound_22 import decay
from theory.statements.distance_32 import first, gaussian_distance, mixed, second
from theory.statements.lemma_b_1 import basis, image, image_transposed
from theory.statements.lemma_b_1 import dimension as basis_dimension
from theory.statements.proposition_2_1 import node, realization, unrolling
from theory.statements.theorem_3_2 import convolution_kernel, signal, signal_prime, toeplitz, toeplitz_prime
from theory.statements.theorem_3_2 import rho as rho_of
from theory.statements.theorem_3_3a import impulse_response
from theory.statements.theorem_3_3b import linearized_kernel
from theory.statements.theorem_4_1a import initial_norm
from theory.statements.theorem_4_1a import moment as moment_of
from theory.symbols import C, F, T, W, a, b, j, m, n, n_x, n_y, nu_C, nu_F, nu_W, s, t

integers = st.integers(-3, 3)


def matrices(rows, columns):
    return st.lists(integers, min_size=rows * columns, max_size=rows * columns).map(
        lambda cells: sp.ImmutableMatrix(rows, columns, cells)
    )


@pytest.mark.parametrize("lag", range(7))
def test_the_weight_of_the_kernel_is_the_limit_of_finite_widths(lag):
    weight = linearized_kernel().step("weight").rhs
    assert sp.expand(weight.subs(j, lag) - kernel_weight(lag, lag).limit()) == 0


def test_the_weight_of_another_lag_is_another():
    weight = linearized_kernel().step("weight").rhs
    assert sp.expand(weight.subs(j, 3) - kernel_weight(2, 2).limit()) != 0


@pytest.mark.parametrize("lag", range(7))
def test_the_variance_of_the_impulse_response_is_the_limit_of_finite_widths(lag):
    leading = response_moment(lag, lag)[0]
    assert impulse_response().result.subs(j, lag) == leading * nu_C * nu_F * nu_W**lag


@settings(deadline=None, max_examples=20)
@given(matrices(2, 2), matrices(2, 1), matrices(1, 2), st.lists(integers, min_size=4, max_size=4))
def test_a_convolution_with_the_impulse_response_is_the_network(recurrent, inwards, outwards, inputs):
    """W, F, C in integers, time step by time step."""
    hidden, outputs = sp.zeros(2, 1), []
    for value in inputs:
        hidden = recurrent * hidden / sp.sqrt(n) + inwards * value
        outputs.append((outwards * hidden)[0] / sp.sqrt(n))
    response = unrolling().step("impulse response solved").rhs
    values = [explicit(response.subs(j, lag), {W: recurrent, F: inwards, C: outwards}) for lag in range(4)]
    convolved = [sum(values[lag] * inputs[time - lag] for lag in range(time + 1)) for time in range(4)]
    assert [sp.expand(one - other) for one, other in zip(outputs, convolved, strict=True)] == [0] * 4


def explicit(word, values):
    numbers, letters = word.args_cnc()
    total = sp.eye(1)
    for letter in letters:
        base, power = letter.as_base_exp()
        total = total * (values[base] if power == 1 else values[base] ** power)
    return sp.Mul(*numbers) * total[0]


def vandermonde(size):
    """The derived product of differences, multiplied out for an explicit number of nodes."""
    found = realization().step("determinant").rhs
    (inner, _, inner_last), (outer, _, outer_last) = found.limits
    return math.prod(
        found.function.subs({inner: lower, outer: upper})
        for upper in range(outer_last.subs(m, size) + 1)
        for lower in range(inner_last.subs(outer, upper) + 1)
    )


@pytest.mark.parametrize("size", range(5))
def test_the_determinant_of_the_system_is_that_of_vandermonde(size):
    matrix = sp.Matrix(size, size, lambda row, column: node(column) ** row)
    assert sp.expand(vandermonde(size) - matrix.det()) == 0


def test_equal_nodes_make_the_system_singular():
    assert sp.expand(vandermonde(3).subs(node(2), node(0))) == 0


def test_several_channels_need_one_block_each():
    assert realization().step("size").rhs == T * n_x * n_y


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(integers, integers), min_size=3, max_size=3))
def test_a_sum_over_a_basis_is_the_sum_over_a_rotated_one(components):
    """The right side of (38) with T(v) = T·v does not depend on which orthonormal basis it is."""
    total = basis().result.subs(basis_dimension, 2).doit()
    rotation = sp.Matrix([[3, -4], [4, 3]]) / 5
    ((p, q), (x, y), _) = components

    def at(vectors):
        left, right = sp.Matrix([[p, q]]), sp.Matrix([[x, y]])
        values = {}
        for place in range(2):
            values[image(place)] = (left * vectors[:, place])[0]
            values[image_transposed(place)] = (right * vectors[:, place])[0]
        return total.subs(values)

    assert at(sp.eye(2)) == at(rotation) == p * x + q * y


@pytest.mark.parametrize(("horizon", "inputs"), [(1, 1), (2, 1), (3, 2)])
def test_the_kernel_is_the_product_of_toeplitz_matrices(horizon, inputs):
    """T(x)ᵀ D T(x'), with random integers as inputs."""
    generator = np.random.default_rng(17)
    one, other = (generator.integers(-4, 5, size=(horizon, inputs)) for _ in range(2))
    weights = [sp.Integer(2 + lag) for lag in range(horizon)]
    whole = convolution_kernel().step("kernel").rhs.subs({T: horizon, n_x: inputs, a: 0, b: 0})

    def shifted(values):
        rows = [
            [int(values[time - lag, channel]) if time >= lag else 0 for time in range(horizon)]
            for lag, channel in product(range(horizon), range(inputs))
        ]
        return sp.Matrix(rows)

    diagonal = sp.diag(*(weights[lag] for lag, _ in product(range(horizon), range(inputs))))
    expected = shifted(one).T * diagonal * shifted(other)
    values = {rho_of(lag): weights[lag] for lag in range(horizon)}
    for lag, channel, time in product(range(horizon), range(inputs), range(horizon)):
        values[toeplitz(lag, channel, time)] = shifted(one)[lag * inputs + channel, time]
        values[toeplitz_prime(lag, channel, time)] = shifted(other)[lag * inputs + channel, time]
    for row, column in product(range(horizon), repeat=2):
        assert whole.subs({t: row, s: column}).doit().subs(values) == expected[row, column]


@pytest.mark.parametrize("lag", range(5))
def test_the_moments_of_the_initial_size_are_those_of_every_pairing(lag):
    derived = initial_norm().step(f"moment {lag}").rhs
    counted = trace_moment_by_enumeration("G" * lag + "t" * lag)
    assert sp.expand(derived * n ** (lag + 1) - sum(c * n**power for power, c in enumerate(counted))) == 0


@pytest.mark.parametrize("lag", range(4))
def test_the_mean_square_at_every_width_is_that_of_finite_widths(lag):
    derived = (
        initial_norm().step("exact").rhs.subs(j, lag).subs(moment_of(lag), initial_norm().step(f"moment {lag}").rhs)
    )
    series = sum(c * n**-power for power, c in enumerate(response_moment(lag, lag)))
    assert sp.expand(derived - n_x * n_y * nu_C * nu_F * nu_W**lag * series) == 0


def test_the_limit_of_the_mean_square_is_that_of_the_moments():
    limit = initial_norm().step("limit").rhs
    exact = initial_norm().step("exact").rhs
    for lag in range(4):
        value = exact.subs(j, lag).subs(moment_of(lag), initial_norm().step(f"moment {lag}").rhs)
        assert sp.limit(value, n, sp.oo) == limit.subs(j, lag)


@pytest.mark.parametrize(("horizon", "w"), [(1, sp.Rational(1, 2)), (5, sp.Rational(3, 2)), (9, sp.Rational(9, 10))])
def test_the_weights_of_every_lag_obey_the_bound(horizon, w):
    values = {nu_W: w, nu_F: sp.Rational(4, 3), nu_C: sp.Rational(1, 5)}
    bound = decay().step("largest").rhs.subs(T, horizon)
    weight = linearized_kernel().step("weight").rhs
    gaps = [(bound * nu_W**lag - weight.subs(j, lag)).subs(values) for lag in range(horizon + 2)]
    assert all(gap > 0 for gap in gaps[:horizon])
    assert gaps[horizon] == 0
    assert gaps[horizon + 1] < 0


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_of_gaussians_is_that_of_matrix_square_roots(seed):
    generator = np.random.default_rng(seed)
    one, other = (factor @ factor.T + 0.1 * np.eye(4) for factor in generator.normal(size=(2, 4, 4)))
    root = scipy.linalg.sqrtm(one).real
    middle = scipy.linalg.sqrtm(root @ other @ root).real
    values = {Trace(first): np.trace(one), Trace(second): np.trace(other), Trace(mixed): np.trace(middle)}
    found = float(gaussian_distance().step("upper").rhs.subs(values))
    # the least mean square distance, by the map of a coupling: x ↦ A x with A = S^{-1} M S^{-1}
    coupling = np.linalg.inv(root) @ middle @ np.linalg.inv(root)
    assert np.allclose(coupling @ one @ coupling, other)
    cost = np.trace((np.eye(4) - coupling) @ one @ (np.eye(4) - coupling).T)
    assert math.isclose(found, cost, rel_tol=1e-9)


def test_both_bounds_of_the_distance_are_the_same():
    assert gaussian_distance().step("upper").rhs == gaussian_distance().step("lower").lhs


def test_inputs_before_the_start_are_in_the_kernel_as_they_come():
    kernel = convolution_kernel().step("entries").rhs
    assert {value.func for value in kernel.atoms(sp.core.function.AppliedUndef)} >= {
        signal(0, 0).func,
        signal_prime(0, 0).func,
    }
