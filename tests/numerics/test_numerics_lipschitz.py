"""Bounds of values and slopes are never exceeded; slopes that grow without end are found, and no others."""

from __future__ import annotations

from functools import reduce
from math import e, inf, pi, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from numerics.expression import Apply, Constant, Expression, Input, Program, State, Variable, walk
from numerics.lipschitz import Bounds, bounds, outgrows_squares, steepest

Q, P, U, V = State(0, 0), State(1, 0), Input(0), Input(1)
LINE = (-inf, inf)
RANGES: dict[Variable, tuple[float, float]] = {Q: LINE, P: LINE, U: (-1.0, 1.0), V: (0.5, 1.5)}

UNARY = ("abs", "relu", "step", "sign", "tanh", "erf", "sin", "cos", "exp", "log", "sqrt")
MANY = ("add", "multiply", "maximum", "minimum")


def number(value: float) -> Expression:
    return Constant(float(value))


def f(name: str, *arguments: Expression | float) -> Expression:
    return Apply(name, tuple(number(one) if isinstance(one, int | float) else one for one in arguments))


def add(*terms: Expression | float) -> Expression:
    return f("add", *terms)


def times(*factors: Expression | float) -> Expression:
    return f("multiply", *factors)


def power(base: Expression, exponent: float) -> Expression:
    return f("power", base, exponent)


def minus(one: Expression) -> Expression:
    return times(-1, one)


# ------------------------------------------------------------------------------------------------
# Bounds
# ------------------------------------------------------------------------------------------------

constants = st.floats(-3, 3).map(lambda x: Constant(round(x, 2) + 0.0))
exponents = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0])
TREES = st.recursive(
    st.sampled_from([Q, P, U, V]) | constants,
    lambda inner: (
        st.builds(f, st.sampled_from(UNARY), inner)
        | st.builds(lambda name, a: f(name, *a), st.sampled_from(MANY), st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda a, b: f("divide", a, b), inner, inner)
        | st.builds(power, inner, exponents)
    ),
    max_leaves=8,
)

ends = st.sampled_from([-30.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 30.0, 900.0])
intervals = st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair))) | st.just(LINE)


def points_in(ranges: dict[Variable, tuple[float, float]], count: int, seed: int) -> dict[Variable, np.ndarray]:
    rng = np.random.default_rng(seed)
    found = {}
    for variable, (low, high) in ranges.items():
        if low == -inf:
            found[variable] = rng.standard_normal(count) * 10.0 ** rng.integers(-2, 2, count)
        else:
            inside = rng.uniform(low, high, count) if low < high else np.full(count, low)
            found[variable] = np.where(rng.random(count) < 0.2, rng.choice([low, high], count), inside)
    return found


def paths(points: dict[Variable, np.ndarray], seed: int) -> dict[Variable, np.ndarray]:
    """Other points, from far to very near."""
    rng = np.random.default_rng(seed)
    share = 10.0 ** rng.uniform(-6, 0, len(points[Q]))
    return {v: x + share * (rng.permutation(x) - x) for v, x in points.items()}


@settings(deadline=None, max_examples=400)
@given(TREES, st.tuples(intervals, intervals, intervals, intervals), st.integers(0, 2**32 - 1))
def test_values_and_slopes_stay_within_their_bounds(
    tree: Expression, intervals: tuple[tuple[float, float], ...], seed: int
) -> None:
    ranges = dict(zip((Q, P, U, V), intervals, strict=True))
    found = bounds(tree, ranges)
    one = points_in(ranges, 300, seed)
    other = paths(one, seed)
    parts = Program(tuple(walk(tree)))
    with np.errstate(all="ignore"):
        sizes = [np.abs(np.broadcast_to(part, 300)) for at in (one, other) for part in parts(at)]
        rounding = 1e-13 * np.max(sizes, axis=0)
        first, second = (np.broadcast_to(parts(at)[-1], 300) for at in (one, other))
        sound = np.isfinite(rounding) & (rounding < 1e-3)
        distance = np.sqrt(sum((one[v] - other[v]) ** 2 for v in ranges))
        assert np.all((first >= found.low - rounding)[sound])
        assert np.all((first <= found.high + rounding)[sound])
        # a difference of rounded values says nothing about a slope when they are as close as rounding
        steep = np.abs(first - second) > found.slope * distance * (1 + 1e-9) + 1e6 * rounding
    assert not np.any(steep[sound])


@settings(deadline=None, max_examples=300)
@given(TREES, st.tuples(intervals, intervals, intervals, intervals))
def test_bounds_are_always_numbers_in_order(tree: Expression, intervals: tuple[tuple[float, float], ...]) -> None:
    found = bounds(tree, dict(zip((Q, P, U, V), intervals, strict=True)))
    assert found.low <= found.high
    assert found.slope >= 0


ENDS = (-30.0, -2.0, -0.5, 0.0, 0.5, 2.0, 30.0)


@pytest.mark.parametrize("ends", [(low, high) for low in ENDS for high in ENDS if low < high])
@pytest.mark.parametrize("function", UNARY)
def test_each_function_is_bounded_on_each_interval(function: str, ends: tuple[float, float]) -> None:
    expression = f(function, Q)
    found = bounds(expression, {Q: ends})
    points = np.union1d(np.linspace(*ends, 4001), np.clip([-1e-6, 0, 1e-6], *ends))
    values = np.asarray(Program((expression,))({Q: points})[0])
    slopes = np.abs(np.diff(values)) / np.diff(points)
    slopes = slopes[np.isfinite(slopes)]
    assert np.all(np.isnan(values) | ((values >= found.low - 1e-12) & (values <= found.high * (1 + 1e-12) + 1e-12)))
    assert np.max(slopes, initial=0.0) <= found.slope * (1 + 1e-9) + 1e-9
    if found.slope < inf and function not in ("sin", "cos"):
        assert found.slope <= np.max(slopes) * 1.1 + 1e-9


EXACT: dict[str, tuple[Expression, Bounds]] = {
    "tanh": (f("tanh", Q), Bounds(-1, 1, 1)),
    "erf": (f("erf", Q), Bounds(-1, 1, 2 / sqrt(pi))),
    "relu": (f("relu", Q), Bounds(0, inf, 1)),
    "abs": (f("abs", Q), Bounds(0, inf, 1)),
    "sin": (f("sin", times(3, Q)), Bounds(-1, 1, 3)),
    "leaky relu": (f("maximum", Q, times(0.1, Q)), Bounds(-inf, inf, 1)),
    "clipped": (f("minimum", f("maximum", Q, -1), 2), Bounds(-1, 2, 1)),
    "hat": (f("relu", add(1, minus(f("abs", Q)))), Bounds(0, 1, 1)),
    "bounded factor": (times(V, f("tanh", Q)), Bounds(-1.5, 1.5, 2.5)),
    "affine": (add(times(2, Q), 5, times(-3, P)), Bounds(-inf, inf, 5)),
    "bounded square": (power(U, 2), Bounds(0, 1, 2)),
    "square of tanh": (power(f("tanh", Q), 2), Bounds(0, 1, 2)),
    "exp of what is bounded": (f("exp", U), Bounds(1 / e, e, e)),
    "exp(-|q|)": (f("exp", minus(f("abs", Q))), Bounds(0, 1, 1)),
    "reciprocal away from 0": (f("divide", 1, V), Bounds(1 / 1.5, 2, 4)),
    "log away from 0": (f("log", V), Bounds(np.log(0.5), np.log(1.5), 2)),
    "sqrt away from 0": (f("sqrt", V), Bounds(sqrt(0.5), sqrt(1.5), 1 / (2 * sqrt(0.5)))),
    "step that does not jump": (f("step", V), Bounds(1, 1, 0)),
    "constant": (number(2.5), Bounds(2.5, 2.5, 0)),
    "sign of 0": (f("sign", number(0)), Bounds(0, 0, 0)),
}


@pytest.mark.parametrize("name", EXACT)
def test_bounds_of_common_functions_are_sharp(name: str) -> None:
    expression, expected = EXACT[name]
    found = bounds(expression, RANGES)
    assert (found.low, found.high, found.slope) == pytest.approx((expected.low, expected.high, expected.slope))


NOT_LIPSCHITZ: dict[str, Expression] = {
    "x^2": power(Q, 2),
    "0.001 x^2": times(0.001, power(Q, 2)),
    "x^3": power(Q, 3),
    "x^64": power(Q, 64),
    "|x|^1.5": power(f("abs", Q), 1.5),
    "x|x|": times(Q, f("abs", Q)),
    "exp": f("exp", Q),
    "exp(-x)": f("exp", minus(Q)),
    "exp(x/10)": f("exp", times(0.1, Q)),
    "x y": times(Q, P),
    "x u y": times(Q, U, P),
    "x times a bounded u": times(Q, U),
    "x tanh(y)": times(Q, f("tanh", P)),
    "x sin(y)": times(Q, f("sin", P)),
    "x sin(x)": times(Q, f("sin", Q)),
    "sin(x^2)": f("sin", power(Q, 2)),
    "sin(x y)": f("sin", times(Q, P)),
    "cos(x^2 + y)": f("cos", add(power(Q, 2), P)),
    "step": f("step", Q),
    "0.001 step": times(0.001, f("step", Q)),
    "step(x - 5)": f("step", add(Q, -5)),
    "step(x + y - 1)": f("step", add(Q, P, -1)),
    "step(u)": f("step", U),
    "step(v - 1)": f("step", add(V, -1)),
    "sign": f("sign", add(Q, -3)),
    "y step(x)": times(f("step", Q), P),
    "sqrt|x|": f("sqrt", f("abs", Q)),
    "sqrt|x - 2|": f("sqrt", f("abs", add(Q, -2))),
    "cube root": power(f("abs", Q), 1 / 3),
    "log|x|": f("log", f("abs", Q)),
    "1/x": f("divide", 1, Q),
    "tanh(x)/x^2": f("divide", f("tanh", Q), power(Q, 2)),
}


@pytest.mark.parametrize("name", NOT_LIPSCHITZ)
def test_slopes_that_grow_without_end_are_found(name: str) -> None:
    expression = NOT_LIPSCHITZ[name]
    assert bounds(expression, RANGES).slope == inf
    found = steepest([expression], RANGES)
    assert found is not None
    assert found.slope > 20


def test_a_jump_far_from_zero_is_found_in_the_range_of_its_variable() -> None:
    ranges = {U: (1000.0, 2000.0)}
    found = steepest([f("step", add(U, -1500))], ranges)
    assert found is not None
    assert found.at == pytest.approx((1500,), abs=0.01)


def test_the_place_is_named_by_the_variables_that_vary() -> None:
    ranges = {**RANGES, P: (4.0, 4.0)}
    found = steepest([add(f("step", add(Q, -1)), P)], ranges)
    assert found is not None
    assert found.at == pytest.approx((1,), abs=1e-3)


def test_one_column_that_is_not_lipschitz_is_enough() -> None:
    assert steepest([f("tanh", Q), f("step", P)], RANGES) is not None


softplus = f("log", add(1, f("exp", Q)))
LIPSCHITZ: dict[str, Expression] = {
    "x step(x)": times(Q, f("step", Q)),
    "(x - 1) step(x - 1)": times(add(Q, -1), f("step", add(Q, -1))),
    "x/(1 + x^2)": f("divide", Q, add(1, power(Q, 2))),
    "x^3/(1 + x^2)": f("divide", power(Q, 3), add(1, power(Q, 2))),
    "x^4/(1 + |x|^3)": f("divide", power(Q, 4), add(1, power(f("abs", Q), 3))),
    "xy/(1 + x^2 + y^2)": f("divide", times(Q, P), add(1, power(Q, 2), power(P, 2))),
    "norm": f("sqrt", add(power(Q, 2), power(P, 2))),
    "sqrt(x^2)": f("sqrt", power(Q, 2)),
    "sqrt(10^6 + x^2)": f("sqrt", add(1e6, power(Q, 2))),
    "x tanh(x/1000)": times(Q, f("tanh", times(1e-3, Q))),
    "softplus": softplus,
    "softplus(5 x)": f("log", add(1, f("exp", times(5, Q)))),
    "mish": times(Q, f("tanh", softplus)),
    "swish": f("divide", Q, add(1, f("exp", minus(Q)))),
    "gelu": times(0.5, Q, add(1, f("erf", times(sqrt(0.5), Q)))),
    "elu": add(f("relu", Q), times(f("step", minus(Q)), add(f("exp", f("minimum", Q, 0)), -1))),
    "sigmoid": f("divide", 1, add(1, f("exp", minus(Q)))),
    "steep sigmoid": f("divide", 1, add(1, f("exp", times(-1000, Q)))),
    "x exp(-x^2)": times(Q, f("exp", minus(power(Q, 2)))),
    "exp(-x^2)": f("exp", minus(power(Q, 2))),
    "narrow": f("exp", times(-1000, power(Q, 2))),
    "log(1 + x^2)": f("log", add(1, power(Q, 2))),
    "large and flat": add(1e6, f("exp", minus(power(Q, 2)))),
    "10^6 x": times(1e6, Q),
}


@pytest.mark.parametrize("name", LIPSCHITZ)
def test_no_wolf_is_cried_at_a_lipschitz_function(name: str) -> None:
    assert steepest([LIPSCHITZ[name]], RANGES) is None


def of_one(inner: Expression) -> list[Expression]:
    """Lipschitz functions of a Lipschitz function, most of them not recognized by ``bounds``."""
    return [
        f("tanh", inner),
        f("sin", inner),
        f("relu", inner),
        times(inner, f("step", inner)),
        f("divide", inner, add(1, power(inner, 2))),
        f("log", add(1, f("exp", inner))),
        times(inner, f("exp", minus(power(inner, 2)))),
        f("sqrt", add(0.5, power(inner, 2))),
        f("divide", inner, add(1, f("exp", minus(inner)))),
        times(f("tanh", inner), f("cos", inner)),
    ]


TAME = st.recursive(
    st.sampled_from([Q, P, U, V]),
    lambda inner: (
        inner.flatmap(lambda one: st.sampled_from(of_one(one)))
        | st.builds(lambda a, b: add(a, times(b, Q)), inner, st.floats(-3, 3))
        | st.builds(lambda a, b: f("maximum", a, b), inner, inner)
        | st.builds(lambda a, b: add(a, minus(b)), inner, inner)
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(TAME, min_size=1, max_size=2))
def test_no_wolf_is_cried_at_random_lipschitz_functions(expressions: list[Expression]) -> None:
    sizes = [sum(1 for _ in walk(one)) for one in expressions]
    assume(max(sizes) < 60)
    assert steepest(expressions, RANGES) is None


@settings(deadline=None, max_examples=100)
@given(TREES)
def test_where_a_bound_is_small_no_wolf_is_cried(tree: Expression) -> None:
    assume(bounds(tree, RANGES).slope < 1e4)
    assert steepest([tree], RANGES) is None


def test_what_does_not_vary_has_no_slope() -> None:
    assert steepest([number(1)], RANGES) is None
    assert steepest([f("step", Q)], {Q: (0.0, 0.0)}) is None


@pytest.mark.parametrize("low", [25.0, 30.0, 400.0])
def test_a_saturated_function_of_what_is_steep_is_not_called_lipschitz(low: float) -> None:
    """tanh(25 + sqrt|x|) has a vertical tangent, though tanh' rounds to 0 there."""
    for name in ("tanh", "erf"):
        assert bounds(f(name, add(low, f("sqrt", f("abs", Q)))), RANGES).slope == inf
    assert bounds(f("exp", minus(add(10 * low, f("sqrt", f("abs", Q))))), RANGES).slope == inf


@pytest.mark.parametrize(
    "expression",
    [
        *(f("divide", 1, number(0)), power(number(-1), 0.5), f("log", number(0)), f("sqrt", number(-1)), f("sqrt", U)),
        *(f("step", f("exp", f("sqrt", Q))), f("relu", minus(f("exp", f("sqrt", Q)))), f("sign", add(1, f("sqrt", Q)))),
    ],
)
def test_what_is_not_a_number_is_not_called_lipschitz(expression: Expression) -> None:
    assert bounds(expression, RANGES).slope == inf


def test_large_exponents_do_not_overflow() -> None:
    found = bounds(f("exp", Q), {Q: (800.0, 900.0)})
    assert found.low <= found.high == inf


def test_infinite_ends_do_not_become_nan() -> None:
    huge = reduce(lambda inner, _: power(inner, 64), range(6), add(2, f("abs", Q)))
    found = bounds(add(huge, Q), RANGES)
    assert (found.low, found.high, found.slope) == (-inf, inf, inf)


@pytest.mark.parametrize(("function", "constant"), [("sigmoid", 0.25), ("softplus", 1.0)])
def test_smooth_activations_have_the_constant_that_is_known(function, constant):
    expression = Apply(function, (State(0, 0),))
    assert bounds(expression, {State(0, 0): (-inf, inf)}).slope == pytest.approx(constant)


@pytest.mark.parametrize(
    ("function", "grows"),
    [(("power", 3.0), True), (("power", 2.0), False), (("exp", None), True), (("abs", None), False)],
)
def test_what_outgrows_squares_is_seen(function, grows):
    name, exponent = function
    arguments = (State(0, 0),) if exponent is None else (State(0, 0), Constant(exponent))
    assert outgrows_squares(Apply(name, arguments), {State(0, 0): (-inf, inf)}) is grows
