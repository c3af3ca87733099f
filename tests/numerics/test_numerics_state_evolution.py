"""The state evolution (72): known laws, degenerate ones, memory, predictors, and stated errors that hold."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import numerics.state_evolution
from numerics.expression import Apply, Constant, Expression, Input, Program, State
from numerics.laws import Discrete, Laws, Normal, Table, Uniform
from numerics.quadrature import NonFiniteError
from numerics.recursion import FormulaRows, Matrix, Recursion, python_recursion
from numerics.state_evolution import LimitLaw, state_evolution

Array = NDArray[np.float64]
STANDARD: Laws = (Normal(((1.0,),)),)


def f(name: str, *arguments: Expression) -> Expression:
    return Apply(name, arguments)


def times(*factors: Expression | float) -> Expression:
    return Apply("multiply", tuple(Constant(one) if isinstance(one, float) else one for one in factors))


def plus(*terms: Expression | float) -> Expression:
    return Apply("add", tuple(Constant(one) if isinstance(one, float) else one for one in terms))


def q(time: int, column: int = 0) -> State:
    return State(time, column)


def one_matrix(
    row: Callable[[int], Expression], nu: float = 1.5, inputs: Laws = (), initial: Laws = STANDARD
) -> Recursion:
    return Recursion((Matrix("A", nu, lambda t: FormulaRows((row(t),))),), initial, inputs)


def in_scale(law: LimitLaw) -> Array:
    spread = np.sqrt(np.diagonal(law.covariance))
    return np.outer(spread, spread)


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.state_evolution)
    assert outcome.attempted > 0
    assert outcome.failed == 0


# ------------------------------------------------------------------------------------------------
# Known laws
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 3.0), st.floats(0.1, 2.0), st.integers(1, 8))
def test_a_linear_recursion_is_a_geometric_sequence(nu: float, variance: float, horizon: int) -> None:
    law = state_evolution(one_matrix(q, nu, initial=(Normal(((variance,),)),)), horizon)
    np.testing.assert_allclose(law.covariance, np.diag(variance * nu ** np.arange(horizon + 1)), rtol=1e-13)
    assert law.converged
    assert law.nodes == 0


def test_the_linear_rnn_of_the_paper() -> None:
    """z_1 = (q, q̃), z_2 = (0, q), P_0 = diag(ν_F', 1): τ_t = ν_W^t + t ν_F ν_W^(t-1) times its start."""
    nu_w, nu_f, horizon = 0.8, 1.3, 6
    recursion = Recursion(
        (
            Matrix("W", nu_w, lambda t: FormulaRows((q(t, 0), q(t, 1)))),
            Matrix("F", nu_f, lambda t: FormulaRows((Constant(0.0), q(t, 0)))),
        ),
        (Normal(((1.0, 0.0), (0.0, 1.0))),),
    )
    law = state_evolution(recursion, horizon)
    for t in range(horizon + 1):
        expected = np.diag([nu_w**t, nu_w**t + t * nu_f * nu_w ** (t - 1)])
        np.testing.assert_allclose(law.block(t, t), expected, rtol=1e-13, atol=1e-15)
    off = law.covariance.copy()
    for t in range(horizon + 1):
        off[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] = 0
    assert np.abs(off).max() == 0.0
    assert law.predictor_form().deviation < 1e-14


def test_a_start_of_its_own_variance_scales_its_part() -> None:
    recursion = Recursion(
        (
            Matrix("W", 0.8, lambda t: FormulaRows((q(t, 0), q(t, 1)))),
            Matrix("F", 1.3, lambda t: FormulaRows((Constant(0.0), q(t, 0)))),
        ),
        (Normal(((1.3, 0.0), (0.0, 1.0))),),
    )
    law = state_evolution(recursion, 5)
    second = [law.block(t, t)[1, 1] for t in range(6)]
    np.testing.assert_allclose(second, [0.8**t + t * 1.3 * 1.3 * 0.8 ** (t - 1) for t in range(6)], rtol=1e-13)


def arc_cosine(aa: float, ab: float, bb: float) -> float:
    rho = min(max(ab / sqrt(aa * bb), -1.0), 1.0)
    return sqrt(aa * bb) * (sqrt(1 - rho**2) + (pi - np.arccos(rho)) * rho) / (2 * pi)


def arcsine(aa: float, ab: float, bb: float) -> float:
    return 2 / pi * float(np.arcsin(2 * ab / sqrt((1 + 2 * aa) * (1 + 2 * bb))))


def iterated(kernel: Callable[[float, float, float], float], nu: float, drive: float, horizon: int) -> Array:
    """The covariance of Q for G a function of ``q_t + √drive·u``."""
    found = np.zeros((horizon + 1, horizon + 1))
    found[0, 0] = 1.0
    for t in range(horizon):
        for s in range(t + 1):
            value = nu * kernel(found[s, s] + drive, found[s, t] + drive, found[t, t] + drive)
            found[s + 1, t + 1] = found[t + 1, s + 1] = value
    return found


@pytest.mark.parametrize(("function", "kernel"), [("relu", arc_cosine), ("erf", arcsine)])
@settings(deadline=None, max_examples=8)
@given(nu=st.floats(0.2, 2.2), drive=st.floats(0.0, 2.0))
def test_kernels_in_closed_form(
    function: str, kernel: Callable[[float, float, float], float], nu: float, drive: float
) -> None:
    row = lambda t: f(function, plus(q(t), times(drive**0.5, Input(0))))  # noqa: E731
    law = state_evolution(one_matrix(row, nu, STANDARD), 6)
    exact = iterated(kernel, nu, drive, 6)
    assert (np.abs(law.covariance - exact) <= law.error + 1e-13 * in_scale(law)).all()
    assert law.converged


def test_one_step_is_one_moment() -> None:
    law = state_evolution(one_matrix(lambda t: f("relu", q(t)), 1.7), 1)
    np.testing.assert_allclose(law.covariance, np.diag([1.0, 0.85]), rtol=1e-13)
    (moments,) = law.second_moments
    np.testing.assert_allclose(moments, [[0.5]], rtol=1e-13)
    form = law.predictor_form()
    assert form.predictors[0][0].shape == (0, 1)
    np.testing.assert_allclose(form.innovations[0][0], [[0.85]], rtol=1e-13)


def test_matrices_add_up() -> None:
    matrices = tuple(
        Matrix(name, nu, lambda t, g=g: FormulaRows((f(g, q(t)),)))  # type: ignore[misc]
        for name, nu, g in (("A", 0.7, "relu"), ("B", 1.1, "tanh"))
    )
    both = state_evolution(Recursion(matrices, STANDARD), 1)
    apart = [state_evolution(Recursion((matrix,), STANDARD), 1).covariance[1, 1] for matrix in matrices]
    assert both.covariance[1, 1] == pytest.approx(sum(apart), rel=1e-12)


# ------------------------------------------------------------------------------------------------
# Laws of q_0 and u
# ------------------------------------------------------------------------------------------------


def test_a_start_that_is_not_gaussian() -> None:
    law = state_evolution(one_matrix(lambda t: f("abs", q(t)), 2.0, initial=(Uniform(1.0, 2.0),)), 2)
    second = 7 / 3
    mixed = 2.0 * 1.5 * sqrt(2 * second) * sqrt(2 / pi)
    expected = [[second, 0, 0], [0, 2 * second, mixed], [0, mixed, 4 * second]]
    np.testing.assert_allclose(law.covariance, expected, rtol=1e-12, atol=1e-15)


def test_a_start_with_a_mean_has_its_second_moments_in_its_block() -> None:
    law = state_evolution(one_matrix(q, 1.0, initial=(Normal(((1.0,),), (2.0,)),)), 2)
    np.testing.assert_allclose(law.covariance, np.diag([5.0, 5.0, 5.0]), rtol=1e-13)


@pytest.mark.parametrize("law", [Uniform(-1.0, 2.0), Discrete((0.0, 1.0), (0.5, 0.5)), Table(((0.2,), (0.7,), (1.9,)))])
def test_a_shared_input_correlates_the_times(law: Uniform | Discrete | Table) -> None:
    """``G = u q_t + u``: Cov(Q_{s+1}, Q_{t+1}) = ν E[u²] (1 + Cov(Q_s, Q_t))."""
    nu, horizon = 0.6, 4
    nodes, weights = (
        law.atoms if not isinstance(law, Uniform) else (np.array([[-1.0, 0.5, 2.0]]), np.array([1, 4, 1]) / 6)
    )
    second = float(weights @ nodes[0] ** 2)
    expected = np.zeros((horizon + 1, horizon + 1))
    expected[0, 0] = 1.0
    for t in range(horizon):
        for s in range(t + 1):
            expected[s + 1, t + 1] = expected[t + 1, s + 1] = nu * second * (1 + expected[s, t])
    found = state_evolution(one_matrix(lambda t: plus(times(Input(0), q(t)), Input(0)), nu, (law,)), horizon)
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-12)


# ------------------------------------------------------------------------------------------------
# Degenerate laws
# ------------------------------------------------------------------------------------------------


def test_images_that_are_always_the_same_are_handled() -> None:
    """``G = tanh(u)`` at every time: all Q_t are one variable, and every Gram matrix has rank one."""
    law = state_evolution(one_matrix(lambda t: f("tanh", Input(0)), 2.0, STANDARD), 6)
    assert np.ptp(law.covariance[1:, 1:]) < 1e-13
    form = law.predictor_form()
    assert form.deviation < 1e-13
    for t in range(1, 6):
        assert np.abs(form.predictors[0][t]).max() <= 1.0 + 1e-9
        assert np.abs(form.innovations[0][t]).max() < 1e-13


@pytest.mark.parametrize("function", ["relu", "tanh", "step"])
def test_states_that_are_always_the_same_are_handled(function: str) -> None:
    """``G = g(u)`` first and then ``g(q_t)`` of equal states: correlations are exactly 1."""
    row = lambda t: Input(0) if t < 2 else f(function, q(t))  # noqa: E731
    law = state_evolution(one_matrix(row, 1.0, STANDARD), 6)
    assert law.converged
    assert np.isfinite(law.covariance).all()
    assert law.predictor_form().deviation < 1e-12
    assert law.block(1, 2)[0, 0] == pytest.approx(1.0, rel=1e-12)


def test_nothing_varies_if_the_matrix_vanishes() -> None:
    law = state_evolution(one_matrix(lambda t: f("relu", plus(q(t), 1.0)), 0.0), 4)
    np.testing.assert_array_equal(law.covariance[1:, 1:], np.zeros((4, 4)))
    np.testing.assert_allclose(law.second_moments[0][1:, 1:], np.ones((3, 3)), rtol=1e-13)
    assert law.predictor_form().deviation == 0.0


def test_a_vanishing_row_function_has_a_vanishing_image() -> None:
    law = state_evolution(one_matrix(lambda t: Constant(0.0)), 3)
    np.testing.assert_array_equal(law.covariance, np.diag([1.0, 0.0, 0.0, 0.0]))
    assert all(np.array_equal(block, np.zeros(block.shape)) for block in law.predictor_form().predictors[0])


def test_a_singular_start_is_handled() -> None:
    initial = (Normal(((1.0, 2.0), (2.0, 4.0))),)
    rows = lambda t: FormulaRows((f("relu", q(t, 0)), f("relu", q(t, 1))))  # noqa: E731
    law = state_evolution(Recursion((Matrix("A", 1.0, rows),), initial), 4)
    for t in range(5):
        block = law.block(t, t)
        assert abs(np.linalg.det(block / block[0, 0])) < 1e-11
    assert law.predictor_form().deviation < 1e-12


@settings(deadline=None, max_examples=20)
@given(st.floats(-12, 0))
def test_nearly_singular_gram_matrices_do_not_blow_up(exponent: float) -> None:
    small = 10.0**exponent
    row = lambda t: f("tanh", plus(Input(0), times(small, q(t))))  # noqa: E731
    law = state_evolution(one_matrix(row, 1.0, STANDARD), 6)
    form = law.predictor_form()
    assert form.deviation < 1e-13
    # nothing that is predicted is larger than what there is
    for t in range(1, 6):
        predicted = form.predictors[0][t].T @ law.second_moments[0][:t, :t] @ form.predictors[0][t]
        assert predicted <= law.second_moments[0][t, t] * (1 + 1e-6)
        assert form.innovations[0][t] >= -1e-12


# ------------------------------------------------------------------------------------------------
# Predictors, fresh matrices, memory
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["tanh", "relu", "erf", "abs"])
def test_the_predictor_form_is_the_covariance_form(function: str) -> None:
    row = lambda t: f(function, plus(q(t), times(0.5, Input(0))))  # noqa: E731
    law = state_evolution(one_matrix(row, 1.4, STANDARD), 8)
    form = law.predictor_form()
    assert form.deviation < 1e-12
    np.testing.assert_allclose(form.images[0], law.covariance[1:, 1:], atol=1e-12)


def test_predictors_solve_the_normal_equations_in_two_columns() -> None:
    rows = lambda t: FormulaRows((f("tanh", plus(q(t, 0), Input(0))), f("relu", plus(q(t, 1), q(t, 0)))))  # noqa: E731
    recursion = Recursion((Matrix("A", 0.9, rows),), (Normal(((1.0, 0.3), (0.3, 2.0))),), STANDARD)
    law = state_evolution(recursion, 5)
    form = law.predictor_form()
    assert form.deviation < 1e-11
    for t in range(1, 5):
        gram, right = law.second_moments[0][: 2 * t, : 2 * t], law.second_moments[0][: 2 * t, 2 * t : 2 * t + 2]
        np.testing.assert_allclose(gram @ form.predictors[0][t], right, atol=1e-11)
        assert np.linalg.eigvalsh(form.innovations[0][t]).min() > 0


def test_fresh_matrices_forget_and_have_no_predictors() -> None:
    recursion = one_matrix(lambda t: f("relu", plus(q(t), times(0.5, Input(0)))), 1.4, STANDARD)
    fresh, same = (state_evolution(recursion, 5, fresh=fresh) for fresh in (True, False))
    np.testing.assert_array_equal(fresh.covariance, np.diag(np.diagonal(fresh.covariance)))
    np.testing.assert_allclose(np.diagonal(fresh.covariance), np.diagonal(same.covariance), rtol=1e-12)
    assert same.covariance[1, 2] > 0.1
    with pytest.raises(ValueError, match="no predictors"):
        fresh.predictor_form()


def test_fresh_matrices_change_the_variances_once_there_is_memory() -> None:
    recursion = one_matrix(lambda t: f("relu", plus(q(t), q(max(t - 1, 0)))), 0.5)
    fresh, same = (state_evolution(recursion, 4, fresh=fresh) for fresh in (True, False))
    assert same.covariance[4, 4] > fresh.covariance[4, 4] * 1.05


def test_memory_is_read() -> None:
    """``G = q_0 + relu(q_{t-1})``, with q_0 independent of the rest."""
    row = lambda t: plus(q(0), f("relu", q(max(t - 1, 0))))  # noqa: E731
    law = state_evolution(one_matrix(row, 0.5), 3)
    (moments,) = law.second_moments
    variance = 0.5 * (1 + 0.5 + 2 * 0.5)  # of Q_1: E (q + relu q)² = 1 + 1/2 + 2·1/2
    assert law.covariance[1, 1] == pytest.approx(variance, rel=1e-12)
    assert law.covariance[2, 2] == pytest.approx(variance, rel=1e-12)
    # E Z_0 Z_2 = E (q_0 + relu q_0)(q_0 + relu q_1) = 1 + 1/2 + E relu(q_0) E relu(q_1)
    assert moments[0, 2] == pytest.approx(1.5 + sqrt(variance) / (2 * pi), rel=1e-12)
    assert law.predictor_form().deviation < 1e-13


# ------------------------------------------------------------------------------------------------
# Functions written in Python, and quasi-Monte Carlo
# ------------------------------------------------------------------------------------------------


def test_a_python_function_without_memory_agrees_with_its_formula() -> None:
    python = python_recursion(lambda t, q, u: np.tanh(q[t] + 0.5 * u), 1.5, inputs=STANDARD, memory=0)
    formula = one_matrix(lambda t: f("tanh", plus(q(t), times(0.5, Input(0)))), 1.5, STANDARD)
    one, other = state_evolution(python, 3), state_evolution(formula, 3)
    assert not one.statistical
    assert (np.abs(one.covariance - other.covariance) <= one.error + other.error).all()


def test_a_kink_of_a_python_function_is_closed_in_on() -> None:
    python = python_recursion(lambda t, q, u: np.maximum(q[t] - 0.1, 0), 1.5, memory=0)
    formula = one_matrix(lambda t: f("relu", plus(q(t), -0.1)), 1.5)
    one, other = state_evolution(python, 4), state_evolution(formula, 4)
    assert (np.abs(one.covariance - other.covariance) <= one.error + other.error).all()
    assert one.error.max() < 1e-9


def test_a_python_function_with_all_its_memory_needs_quasi_monte_carlo() -> None:
    """28 intervals at 99.9 %: one misses with probability below 3 %; the seed is fixed."""
    python = python_recursion(lambda t, q, u: np.maximum(q[t] + 0.5 * q[0], 0), 1.2)
    formula = one_matrix(lambda t: f("relu", plus(q(t), times(0.5, q(0)))), 1.2)
    sampled, exact = state_evolution(python, 6, points=1 << 11), state_evolution(formula, 6)
    assert sampled.statistical
    assert not sampled.converged
    assert "16 runs with independent scramblings of 2048 points" in sampled.method
    assert (np.abs(sampled.covariance - exact.covariance) <= sampled.error + exact.error).all()
    assert 0 < (sampled.error / in_scale(sampled)).max() < 0.02
    assert sampled.predictor_form().deviation < 1e-9
    found, expected = (law.expect(f("maximum", q(1), q(6))) for law in (sampled, exact))
    assert abs(found.value - expected.value) <= found.error + expected.error
    assert found.error < 0.01


def test_quasi_monte_carlo_repeats_itself_with_the_seed() -> None:
    python = python_recursion(lambda t, q, u: np.maximum(q[t] + 0.5 * q[0], 0), 1.2)
    one, same, other = (
        state_evolution(python, 5, points=128, replicates=4, nodes=1000, seed=seed).covariance for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


# ------------------------------------------------------------------------------------------------
# Test functions, errors, complaints
# ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def relu_law() -> LimitLaw:
    row = lambda t: f("relu", plus(q(t), times(0.5, Input(0))))  # noqa: E731
    return state_evolution(one_matrix(row, 1.4, (Normal(((1.0,),)), Uniform(0.0, 2.0))), 4)


def test_functions_of_second_order_have_their_expectations(relu_law: LimitLaw) -> None:
    c = relu_law.covariance
    expected = {
        f("abs", q(2)): sqrt(2 * c[2, 2] / pi),
        f("maximum", q(1), q(3)): sqrt((c[1, 1] + c[3, 3] - 2 * c[1, 3]) / (2 * pi)),
        times(q(2), Input(0)): 0.0,
        times(q(2), q(4)): c[2, 4],
        f("abs", times(q(2), Input(1))): sqrt(2 * c[2, 2] / pi),
        f("cos", plus(q(1), q(2))): np.exp(-(c[1, 1] + c[2, 2] + 2 * c[1, 2]) / 2),
        plus(times(q(3), q(3)), Input(1), 2.0): c[3, 3] + 3.0,
        f("maximum", q(0), q(0)): 0.0,
    }
    for function, exact in expected.items():
        found = relu_law.expect(function)
        assert abs(found.value - exact) <= found.error + 1e-13, function
        assert found.error < 1e-9
    assert len(relu_law.expect_all(Program(tuple(expected)))) == len(expected)


def test_a_function_of_many_states_is_sampled(relu_law: LimitLaw) -> None:
    """Its error comes from scramblings: the false-alarm probability is 1e-3."""
    wide = f("maximum", q(1), q(2), q(3), q(4), q(0))
    found = relu_law.expect(wide)
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(5), relu_law.covariance, 400_000).max(axis=1)
    assert found.rule == "scrambled Sobol points"
    assert found.error < 1e-3
    assert abs(found.value - draws.mean()) < found.error + 4 * draws.std() / sqrt(400_000)


def test_what_there_is_not_cannot_be_averaged(relu_law: LimitLaw) -> None:
    with pytest.raises(ValueError, match=r"there is no q_5 up to T = 4"):
        relu_law.expect(q(5))
    with pytest.raises(ValueError, match=r"there is no u\[2\]"):
        relu_law.expect(Input(2))


@settings(deadline=None, max_examples=6)
@given(st.sampled_from(["tanh", "relu", "erf", "abs", "step"]), st.floats(0.3, 2.5), st.floats(-1.0, 1.0))
def test_a_loose_tolerance_states_an_error_that_holds(function: str, nu: float, shift: float) -> None:
    recursion = one_matrix(lambda t: f(function, plus(q(t), shift)), nu)
    loose, fine = (state_evolution(recursion, 6, tolerance) for tolerance in (1e-4, 1e-10))
    assert (np.abs(loose.covariance - fine.covariance) <= loose.error + fine.error).all()


def test_the_error_covers_what_earlier_errors_do() -> None:
    """In a recursion that amplifies, the error of a late variance is more than that of its own integral."""
    law = state_evolution(one_matrix(lambda t: f("relu", plus(q(t), 0.5)), 20.0), 8)
    assert (law.error[8, 8] / law.covariance[8, 8]) > 3 * (law.error[1, 1] / law.covariance[1, 1])


def test_a_value_that_is_not_finite_names_matrix_time_and_arguments() -> None:
    with pytest.raises(NonFiniteError, match=r"G of A at t = 0 is nan where q_0 \+ 0\.5·u\[0\] = -"):
        state_evolution(one_matrix(lambda t: f("sqrt", plus(q(t), times(0.5, Input(0)))), 1.0, STANDARD), 2)
    late = one_matrix(lambda t: q(t) if t < 2 else f("log", q(t)))
    with pytest.raises(NonFiniteError, match=r"G of A at t = 2 is nan where q_2 = -"):
        state_evolution(late, 4)
    with pytest.raises(NonFiniteError, match=r"G of A at t = 0 has a constant that is not finite"):
        state_evolution(one_matrix(lambda t: f("divide", Constant(1.0), Constant(0.0))), 1)
    python = python_recursion(lambda t, q, u: np.log(q[t]), 1.0, memory=0)
    with pytest.raises(NonFiniteError, match=r"G of A at t = 0 is nan where q_0 = -"):
        state_evolution(python, 1)


def test_a_test_function_that_is_not_finite_is_refused(relu_law: LimitLaw) -> None:
    with pytest.raises(NonFiniteError, match=r"the function is nan where q_2 = -"):
        relu_law.expect(f("log", q(2)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"horizon": 0}, "horizon: 0"),
        ({"tolerance": 0.0}, "tolerance: 0.0"),
        ({"points": 100}, "points: 100"),
        ({"replicates": 1}, "replicates: 1"),
    ],
)
def test_parameters_out_of_range_are_named(parameters: dict[str, int | float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        state_evolution(one_matrix(q), **{"horizon": 2, **parameters})  # type: ignore[arg-type]
