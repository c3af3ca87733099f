"""Quadrature rules against moments, closed forms and symmetries: polynomials, kinks, jumps, degenerate laws."""

from __future__ import annotations

from collections.abc import Callable
from math import acos, asin, exp, factorial, isfinite, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics import iterated_rule, tensor_rule
from numerics.expectations import Expectations, NeedsSampleError, Usage, solve
from numerics.expression import Apply, Constant, Expression, Input, State
from numerics.iterated_rule import CLENSHAW, KRONROD, PanelRule
from numerics.laws import Discrete, Law, Normal, Table, Uniform
from numerics.quadrature import Estimate, NonFiniteError, Problem, Space, Splitting, root_of
from numerics.recursion import PythonRows
from numerics.structure import Factor, Forms, Term

Array = NDArray[np.float64]
X, Y, Z = State(0, 0), State(0, 1), State(0, 2)
U = Input(0)


def f(name: str, *arguments: Expression) -> Expression:
    return Apply(name, arguments)


def times(*factors: Expression | float) -> Expression:
    return Apply("multiply", tuple(Constant(one) if isinstance(one, float) else one for one in factors))


def plus(*terms: Expression | float) -> Expression:
    return Apply("add", tuple(Constant(one) if isinstance(one, float) else one for one in terms))


def power(base: Expression, exponent: int) -> Expression:
    return Apply("power", (base, Constant(float(exponent))))


class Setting:
    """Expectations of expressions in jointly Gaussian X, Y, Z and inputs."""

    def __init__(self, covariance: Array, inputs: tuple[Law, ...] = (), tolerance: float = 1e-12) -> None:
        space = Space((Normal(tuple(map(tuple, covariance))),), inputs, 0)
        self.forms = Forms(space.mean)
        self.gaussian = space.start_covariance()
        self.splitting = Splitting(self.forms, space)
        self.tolerance = tolerance
        self.usage = Usage()
        self.expectations = Expectations(
            self.splitting, self.gaussian, self.usage, tolerance=tolerance, limit=4_000_000
        )

    def expect(self, *factors: Expression) -> Estimate:
        found = [Term(1.0, ())]
        for factor in factors:
            found = [
                Term(a.coefficient * b.coefficient, a.factors + b.factors)
                for a in found
                for b in self.forms.reduced(factor)
            ]
        return self.expectations.of_terms(found)

    def problem(self, *factors: Factor) -> Problem:
        return self.splitting.problem(factors, self.gaussian)


def correlated(rho: float, one: float = 1.0, other: float = 1.0) -> Array:
    """A 2 × 2 covariance matrix with given standard deviations."""
    return np.array([[one**2, rho * one * other], [rho * one * other, other**2]])


def assert_found(found: Estimate, expected: float, size: float, relative: float = 1e-12) -> None:
    """Within a relative error of ``size``, and within the stated error."""
    assert abs(found.value - expected) <= relative * size
    assert abs(found.value - expected) <= found.error + 1e-14 * size
    assert found.error <= 100 * relative * size


CORRELATIONS = st.one_of(
    st.floats(-1.0, 1.0),
    st.sampled_from([-1.0, 1.0, 0.0, 1e-9, 0.5, 1 - 1e-12, 1 - 1e-6, 1 - 1e-3, -1 + 1e-9, 0.999]),
)
SPREADS = st.one_of(st.floats(1e-3, 30.0), st.sampled_from([0.0, 1e-9, 1.0]))


# ------------------------------------------------------------------------------------------------
# The rules themselves
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "degree", "smooth"), [(KRONROD, 31, 19), (CLENSHAW, 33, 23)])
def test_a_panel_rule_is_exact_up_to_its_degree_and_states_so(rule: PanelRule, degree: int, smooth: int) -> None:
    for exponent in range(degree + 2):
        exact = 0.0 if exponent % 2 else 2.0 / (exponent + 1)
        values = rule.nodes**exponent
        assert abs(rule.weights @ values - exact) < 1e-14 or exponent > degree
        assert (np.abs(values @ rule.checks).sum() < 1e-14) == (
            exponent <= smooth or (rule is KRONROD and exponent % 2 == 1)
        )


@pytest.mark.parametrize("exponent", [0, 1, 2])
def test_an_unknown_kink_is_never_worse_than_stated(exponent: int) -> None:
    """``(x - p)_+^k`` on [-1, 1], for p all over the panel."""
    for p in np.linspace(-1, 1, 20001)[1:-1]:
        values = np.maximum(CLENSHAW.nodes - p, 0) ** exponent if exponent else (CLENSHAW.nodes > p).astype(float)
        exact = (1 - p) ** (exponent + 1) / (exponent + 1)
        assert abs(CLENSHAW.weights @ values - exact) <= np.abs(values @ CLENSHAW.checks).sum() + 1e-15


def test_the_panels_of_the_normal_law_hold_all_of_it() -> None:
    for level in range(1, 7):
        for coordinate in range(4):
            nodes, weights = tensor_rule.normal_rule(level, coordinate)
            for power_, exact in ((0, 1.0), (1, 0.0), (2, 1.0), (4, 3.0), (6, 15.0), (8, 105.0)):
                assert abs(weights @ nodes**power_ - exact) < 2e-13 * max(exact, 1.0)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_a_root_gives_the_covariance_back_with_its_rank(size: int, rank: int, seed: int) -> None:
    factors = np.random.default_rng(seed).normal(size=(size, min(rank, size)))
    covariance = factors @ factors.T
    root = root_of(covariance)
    assert root.shape[1] <= max(rank, 0)
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-13 * max(1.0, np.abs(covariance).max(initial=0.0)))


def test_the_rank_does_not_depend_on_units() -> None:
    covariance = np.array([[1.0, 0.3, 0.7], [0.3, 2.0, 2.3], [0.7, 2.3, 3.0]])
    covariance[2] = covariance[:, 2] = covariance[0] + covariance[1]
    covariance[2, 2] = covariance[0, 2] + covariance[1, 2]
    units = np.diag([1e-8, 1.0, 1e9])
    root = root_of(units @ covariance @ units)
    assert root.shape == (3, 2)
    np.testing.assert_allclose(root @ root.T, units @ covariance @ units, rtol=1e-13)


def test_nothing_varies_without_variance() -> None:
    assert root_of(np.zeros((2, 2))).shape == (2, 0)
    assert Setting(np.zeros((2, 2))).expect(f("relu", plus(X, 2.0)), f("cos", Y)).value == 2.0


# ------------------------------------------------------------------------------------------------
# Polynomials
# ------------------------------------------------------------------------------------------------


def isserlis(a: int, b: int, covariance: Array) -> float:
    """``E X^a Y^b`` by the number of pairings."""
    total = 0.0
    for mixed in range(min(a, b) + 1):
        left, right = a - mixed, b - mixed
        if left % 2 or right % 2:
            continue
        count = factorial(a) * factorial(b) / factorial(mixed)
        count /= 2 ** (left // 2 + right // 2) * factorial(left // 2) * factorial(right // 2)
        total += count * covariance[0, 1] ** mixed * covariance[0, 0] ** (left // 2) * covariance[1, 1] ** (right // 2)
    return total


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 5), st.integers(0, 5), CORRELATIONS, SPREADS, SPREADS)
def test_both_rules_integrate_polynomials(a: int, b: int, rho: float, one: float, other: float) -> None:
    setting = Setting(correlated(rho, one, other))
    forms = setting.forms
    factors = (power(forms.form({X: 1.0}), a), power(forms.form({Y: 1.0}), b))
    problem = setting.problem(*factors)
    exact = isserlis(a, b, correlated(rho, one, other))
    size = sqrt(isserlis(2 * a, 0, setting.gaussian) * isserlis(0, 2 * b, setting.gaussian))
    for rule in (tensor_rule.tensor_rule, iterated_rule.iterated_rule):
        assert_found(rule(problem, 1e-12, 4_000_000), exact, size)


@settings(deadline=None, max_examples=40)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_fourth_moments_are_those_of_isserlis(a: float, b: float, c: float) -> None:
    root = np.array([[1.0, 0.0, 0.0], [a, 0.8, 0.0], [b, c, 0.5]])
    s = root @ root.T
    found = Setting(s).expect(X, Y, Z, plus(X, Z))
    exact = 2 * s[0, 1] * s[0, 2] + s[0, 0] * s[1, 2] + s[0, 1] * s[2, 2] + 2 * s[0, 2] * s[1, 2]
    assert_found(found, exact, 10.0)


# ------------------------------------------------------------------------------------------------
# Kinks and jumps
# ------------------------------------------------------------------------------------------------


def arc_cosine(rho: float) -> float:
    """``E relu(X) relu(Y)`` for unit variances."""
    angle = acos(max(-1.0, min(1.0, rho)))
    return (sqrt(max(1 - rho**2, 0.0)) + (pi - angle) * rho) / (2 * pi)


def moment_of_absolutes(rho: float) -> float:
    """``E |X Y|``."""
    return 2 / pi * (sqrt(max(1 - rho**2, 0.0)) + rho * asin(rho))


CLOSED: dict[str, tuple[Expression, Expression, Callable[[float], float]]] = {
    "arc-cosine kernel of degree 1": (f("relu", X), f("relu", Y), arc_cosine),
    "arc-cosine kernel of degree 0": (f("step", X), f("step", Y), lambda rho: 0.25 + asin(rho) / (2 * pi)),
    "signs": (f("sign", X), f("sign", Y), lambda rho: 2 / pi * asin(rho)),
    "absolute values": (f("abs", X), f("abs", Y), moment_of_absolutes),
    "a step and an affine function": (f("step", X), Y, lambda rho: rho / sqrt(2 * pi)),
    "a relu and a square": (f("relu", X), power(Y, 2), lambda rho: (1 + rho**2) / sqrt(2 * pi)),
    "a maximum": (f("maximum", X, Y), Constant(1.0), lambda rho: sqrt(max(1 - rho, 0.0) / pi)),
    "a minimum": (f("minimum", X, Y), Constant(1.0), lambda rho: -sqrt(max(1 - rho, 0.0) / pi)),
    "the square of a maximum": (f("maximum", X, Y), f("maximum", X, Y), lambda rho: 1.0),
    "a leaky relu": (
        f("maximum", X, times(0.1, X)),
        f("maximum", Y, times(0.1, Y)),
        lambda rho: 0.81 * arc_cosine(rho) + 0.1 * rho,
    ),
    "a product under a kink": (f("abs", times(X, Y)), Constant(1.0), moment_of_absolutes),
}


@pytest.mark.parametrize("name", CLOSED)
@settings(deadline=None, max_examples=25)
@given(rho=CORRELATIONS)
def test_kinked_functions_have_their_closed_forms(name: str, rho: float) -> None:
    one, other, exact = CLOSED[name]
    found = Setting(correlated(rho)).expect(one, other)
    # a correlation within 1e-11 of ±1 is only known to 1e-16, and arcs and distances take a root of that
    slack = 3e-7 if 0 < 1 - abs(rho) < 1e-11 else 1e-12
    assert abs(found.value - exact(rho)) <= slack
    assert found.error <= 1e-10


@settings(deadline=None, max_examples=60)
@given(CORRELATIONS, SPREADS, SPREADS)
def test_the_arc_cosine_kernel_is_homogeneous(rho: float, one: float, other: float) -> None:
    found = Setting(correlated(rho, one, other)).expect(f("relu", X), f("relu", Y))
    assert_found(found, one * other * arc_cosine(rho), one * other)


@pytest.mark.parametrize("scale", [1e-140, 1e-30, 1e30, 1e140])
def test_extreme_scales_lose_nothing(scale: float) -> None:
    found = Setting(correlated(0.6, scale, scale)).expect(f("relu", X), f("relu", Y))
    assert abs(found.value / scale**2 - arc_cosine(0.6)) < 1e-13


def normal_density(x: float) -> float:
    return exp(-0.5 * x * x) / sqrt(2 * pi)


@settings(deadline=None, max_examples=40)
@given(st.floats(-4.0, 4.0), st.floats(0.05, 3.0))
def test_kinks_away_from_the_origin_are_found(threshold: float, spread: float) -> None:
    from scipy.special import ndtr

    setting = Setting(correlated(0.0, spread, 1.0))
    at = threshold / spread
    exact = spread * normal_density(at) - threshold * float(ndtr(-at))
    found = setting.expect(f("relu", plus(X, -threshold)))
    assert abs(found.value - exact) <= found.error + 1e-15 * (spread + abs(threshold))
    assert_found(setting.expect(f("step", plus(X, -threshold))), float(ndtr(-at)), 1.0)


@settings(deadline=None, max_examples=25)
@given(st.floats(-2.0, 2.0), st.floats(0.3, 3.0))
def test_a_kink_that_is_not_affine_is_found(level: float, slope: float) -> None:
    """``step(sinh-like(X) - c)`` jumps where its argument changes sign."""
    from scipy.special import ndtr

    inner = plus(times(slope, X), f("tanh", X), -level)
    low, high = -20.0, 20.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope * middle + np.tanh(middle) < level else (low, middle)
    assert_found(Setting(correlated(0.0)).expect(f("step", inner)), float(ndtr(-low)), 1.0)


def test_two_roots_on_a_line_are_both_found() -> None:
    from scipy.special import ndtr

    inside = f("step", plus(1.0, times(-1.0, power(X, 2))))
    assert_found(Setting(correlated(0.3)).expect(inside), float(ndtr(1.0) - ndtr(-1.0)), 1.0)


def test_a_disc_in_the_plane() -> None:
    """The kink is a circle: ``P(X² + Y² < 2)`` is ``1 - 1/e``."""
    inside = f("step", plus(2.0, times(-1.0, power(X, 2)), times(-1.0, power(Y, 2))))
    found = Setting(correlated(0.0), tolerance=1e-6).expect(inside)
    assert abs(found.value - (1 - exp(-1.0))) <= found.error <= 1e-5


# ------------------------------------------------------------------------------------------------
# Smooth functions
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(CORRELATIONS, st.floats(0.01, 10.0), st.floats(0.01, 10.0))
def test_the_arcsine_kernel(rho: float, one: float, other: float) -> None:
    exact = 2 / pi * asin(2 * rho * one * other / sqrt((1 + 2 * one**2) * (1 + 2 * other**2)))
    assert_found(Setting(correlated(rho, one, other)).expect(f("erf", X), f("erf", Y)), exact, 1.0)


@settings(deadline=None, max_examples=30)
@given(st.floats(0.0, 12.0), st.floats(0.0, 12.0), st.floats(-1.0, 1.0))
def test_characteristic_functions_are_not_aliased(a: float, b: float, rho: float) -> None:
    found = Setting(correlated(rho)).expect(f("cos", plus(times(a, X), times(b, Y))))
    assert_found(found, exp(-0.5 * (a * a + b * b + 2 * rho * a * b)), 1.0)


def test_a_steep_function_is_resolved() -> None:
    steep = Setting(correlated(0.7)).expect(f("erf", times(40.0, X)), f("erf", times(40.0, Y)))
    exact = 2 / pi * asin(2 * 0.7 * 1600 / (1 + 2 * 1600))
    assert_found(steep, exact, 1.0)


@settings(deadline=None, max_examples=30)
@given(CORRELATIONS)
def test_an_affine_factor_is_replaced_by_its_regression(rho: float) -> None:
    """Stein's lemma: ``E Y h(X) = Cov(X, Y) E h'(X)``."""
    setting = Setting(correlated(rho, 1.3, 0.7))
    slope = 1.0 - setting.expect(power(f("tanh", X), 2)).value
    assert_found(setting.expect(Y, f("tanh", X)), rho * 1.3 * 0.7 * slope, 1.0)


def test_independent_groups_are_integrated_apart() -> None:
    setting = Setting(np.diag([1.0, 4.0, 9.0]))
    found = setting.expect(f("relu", X), f("relu", Y), f("abs", Z))
    assert_found(found, 2 * 3 / (2 * pi) * sqrt(2 / pi), 1.0)
    assert max(setting.usage.coordinates.values()) == 1


# ------------------------------------------------------------------------------------------------
# Sources that are not Gaussian
# ------------------------------------------------------------------------------------------------


def test_a_uniform_source_is_integrated() -> None:
    setting = Setting(correlated(0.6), (Uniform(-1.0, 2.0),))
    assert_found(setting.expect(power(U, 2), f("relu", X), f("relu", Y)), arc_cosine(0.6), 1.0)
    assert_found(setting.expect(f("relu", times(U, X)), f("relu", times(U, Y))), arc_cosine(0.6), 1.0)
    assert_found(setting.expect(f("abs", plus(U, -0.5))), 0.75, 1.0)
    exact = sum(2 / pi * asin(2 * u * u * 0.6 / (1 + 2 * u * u)) * w for u, w in zip(*uniform(-1.0, 2.0), strict=True))
    assert_found(setting.expect(f("erf", times(U, X)), f("erf", times(U, Y))), exact, 1.0)


def uniform(low: float, high: float) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(80)
    return low + (high - low) * (nodes + 1) / 2, weights / 2


def test_kinks_that_move_with_a_uniform_source_are_found() -> None:
    """``E relu(X - U)`` for U uniform on [0, 1] is ``∫ φ(u) - u Φ(-u) du``."""
    from scipy.special import ndtr

    nodes, weights = uniform(0.0, 1.0)
    exact = float(weights @ (np.exp(-0.5 * nodes**2) / sqrt(2 * pi) - nodes * ndtr(-nodes)))
    setting = Setting(correlated(0.6), (Uniform(0.0, 1.0),))
    assert_found(setting.expect(f("relu", plus(X, times(-1.0, U)))), exact, 1.0)


@pytest.mark.parametrize(
    "law",
    [Discrete((-1.0, 0.5, 3.0), (0.2, 0.5, 0.3)), Table(((-1.0,), (0.5,), (3.0,), (0.5,))), Discrete((2.0,), (1.0,))],
)
def test_atoms_are_summed_over(law: Discrete | Table) -> None:
    setting = Setting(correlated(0.6), (law,))
    nodes, weights = law.atoms
    exact = sum(w * u * u * (arc_cosine(0.6)) for u, w in zip(nodes[0], weights, strict=True))
    assert_found(setting.expect(f("relu", times(U, X)), f("relu", times(U, Y))), exact, abs(exact))
    assert_found(setting.expect(U), float(weights @ nodes[0]), 3.0)


def test_columns_of_one_table_stay_together_and_those_of_two_laws_are_independent() -> None:
    rows = ((1.0, 10.0), (2.0, 30.0), (4.0, -50.0))
    together = Setting(correlated(0.0), (Table(rows),))
    assert_found(together.expect(Input(0), Input(1)), (10.0 + 60.0 - 200.0) / 3, 100.0)
    apart = Setting(correlated(0.0), (Discrete((1.0, 2.0), (0.5, 0.5)), Discrete((10.0, 30.0), (0.25, 0.75))))
    assert_found(apart.expect(Input(0), Input(1)), 1.5 * 25.0, 100.0)


def test_the_mean_of_a_gaussian_input_counts() -> None:
    setting = Setting(correlated(0.0), (Normal(((4.0,),), (3.0,)),))
    assert_found(setting.expect(power(U, 2)), 13.0, 13.0)
    assert_found(setting.expect(U, plus(X, U)), 13.0, 13.0)


# ------------------------------------------------------------------------------------------------
# Functions without a formula, limits, failures
# ------------------------------------------------------------------------------------------------


def opaque(setting: Setting, function: Callable[[Array], Array]) -> Factor:
    """A function of X, Y, Z about which nothing is known."""
    columns = setting.splitting.space.initial[0].columns
    rows = PythonRows(lambda t, q, u: np.broadcast_to(function(q[0]), q[0].shape), 0, columns, 0)
    return setting.forms.columns(rows)[0][0].factors[0]


@settings(deadline=None, max_examples=12)
@given(st.floats(-0.9, 0.9), st.floats(-1.5, 1.5))
def test_unknown_kinks_are_closed_in_on_with_an_honest_error(rho: float, threshold: float) -> None:
    setting = Setting(correlated(rho))
    exact = setting.expect(f("relu", plus(X, -threshold)), f("relu", plus(Y, -threshold)))
    factor = opaque(setting, lambda q: np.maximum(q[0] - threshold, 0) * np.maximum(q[1] - threshold, 0))
    found = solve(setting.problem(factor), 1e-11, 4_000_000)
    assert abs(found.value - exact.value) <= found.error + exact.error
    assert found.error <= 1e-7


def test_unknown_kinks_on_a_line_cost_little() -> None:
    setting = Setting(np.ones((1, 1)))
    found = solve(setting.problem(opaque(setting, lambda q: np.abs(q[0] - 0.3))), 1e-12, 100_000)
    from scipy.special import ndtr

    assert_found(found, 2 * normal_density(0.3) + 0.3 * (1 - 2 * float(ndtr(-0.3))), 1.0)


def test_what_has_too_many_coordinates_needs_a_sample() -> None:
    setting = Setting(np.eye(3) + 0.2)
    relus = [f("relu", plus(X, times(float(k), Y), times(float(k * k), Z), f("tanh", X))) for k in range(1, 6)]
    setting.expectations.limit = 2000
    with pytest.raises(NeedsSampleError):
        setting.expect(*relus)


@pytest.mark.parametrize("rule", [tensor_rule.tensor_rule, iterated_rule.iterated_rule])
def test_too_few_nodes_are_admitted(rule: Callable[[Problem, float, int], Estimate]) -> None:
    setting = Setting(correlated(0.5))
    problem = setting.problem(*(setting.forms.reduced(f("tanh", one))[0].factors[0] for one in (X, Y)))
    assert not isfinite(rule(problem, 1e-12, 10).error) or rule(problem, 1e-12, 10).error > 1e-12


@pytest.mark.parametrize("function", ["log", "sqrt"])
def test_a_function_without_a_finite_value_is_refused(function: str) -> None:
    with pytest.raises(NonFiniteError) as caught:
        Setting(correlated(0.5)).expect(f(function, X))
    assert np.isnan(caught.value.value)
    (value,) = caught.value.arguments.values()
    assert -1.0 < value < 0.0
