"""Expressions: what a program computes is what NumPy computes on the same tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special

from numerics import expression as expressions
from numerics.expression import (
    FUNCTIONS,
    Apply,
    Constant,
    Expression,
    Form,
    Input,
    Program,
    State,
    product,
    replaced,
    total,
    walk,
)

Array = NDArray[np.float64]

Q, P, U, FORM = State(0, 0), State(1, 0), Input(0), Form(0)
VARIABLES = (Q, P, U, FORM)
UNARY = (
    "abs", "relu", "step", "sign", "tanh", "sigmoid", "softplus", "erf", "sin", "cos", "exp", "log", "sqrt",
)  # fmt: skip
MANY = ("add", "multiply", "maximum", "minimum")

REFERENCE: dict[str, Callable[..., Any]] = {
    "add": lambda *a: reduce(lambda x, y: x + y, a),
    "multiply": lambda *a: reduce(lambda x, y: x * y, a),
    "maximum": lambda *a: reduce(lambda x, y: np.where(np.isnan(x) | (x > y), x, y), a),
    "minimum": lambda *a: reduce(lambda x, y: np.where(np.isnan(x) | (x < y), x, y), a),
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "abs": lambda x: np.where(x < 0, -x, x),
    "relu": lambda x: np.where(x < 0, 0.0, x),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "sign": lambda x: np.where(x > 0, 1.0, np.where(x < 0, -1.0, x * 0.0)),
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(x / 2)),
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "tanh": lambda x: -np.expm1(-2 * np.abs(x)) / (1 + np.exp(-2 * np.abs(x))) * np.sign(x),
    "erf": lambda x: 1 - special.erfc(x),
    "sin": lambda x: np.imag(np.exp(1j * x)),
    "cos": lambda x: np.real(np.exp(1j * x)),
    "exp": lambda x: np.e**x,
    "log": lambda x: np.log2(x) * np.log(2),
    "sqrt": lambda x: x**0.5,
}

constants = st.floats(-3, 3).map(lambda x: Constant(round(x, 2) + 0.0))
exponents = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0]).map(Constant)


def trees(leaves: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(lambda f, a: Apply(f, (a,)), st.sampled_from(UNARY), inner)
            | st.builds(lambda f, a: Apply(f, tuple(a)), st.sampled_from(MANY), st.lists(inner, min_size=1, max_size=3))
            | st.builds(lambda a, b: Apply("divide", (a, b)), inner, inner)
            | st.builds(lambda a, b: Apply("power", (a, b)), inner, exponents)
        ),
        max_leaves=8,
    )


TREES = trees(st.sampled_from(VARIABLES) | constants)
VALUES = {v: np.random.default_rng(i).normal(0.2, 1.5, (2, 7)) for i, v in enumerate(VARIABLES)}


def evaluated(expression: Expression) -> Any:
    if isinstance(expression, Constant):
        return np.float64(expression.value)
    if isinstance(expression, Apply):
        with np.errstate(all="ignore"):
            return REFERENCE[expression.function](*map(evaluated, expression.arguments))
    return VALUES[expression]


def well_conditioned(expression: Expression) -> bool:
    """Whether no part is so large, or so close to a jump, that rounding decides."""
    for part in walk(expression):
        values = np.asarray(evaluated(part))
        if not np.all(np.isfinite(values)) or np.any(np.abs(values) > 1e3) or np.any(np.abs(values) < 1e-3):
            return False
    return True


@settings(deadline=None, max_examples=300)
@given(TREES)
def test_a_program_computes_what_numpy_computes(tree: Expression) -> None:
    (found,) = Program((tree,))(VALUES)
    if well_conditioned(tree):
        np.testing.assert_allclose(np.broadcast_to(found, (2, 7)), np.broadcast_to(evaluated(tree), (2, 7)), rtol=1e-6)


@pytest.mark.parametrize("function", UNARY)
def test_each_function_of_one_argument_is_the_one_of_its_name(function: str) -> None:
    values = np.array([-700.0, -2.5, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 2.0, 30.0, 700.0])
    with np.errstate(all="ignore"):
        expected = REFERENCE[function](values)
        (found,) = Program((Apply(function, (Q,)),))({Q: values})
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-15)


def test_the_indicator_is_zero_at_zero() -> None:
    (found,) = Program((Apply("step", (Q,)),))({Q: np.array([-1.0, -0.0, 0.0, 5e-324])})
    np.testing.assert_array_equal(found, [0, 0, 0, 1])


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([-2.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 2.5]))
def test_small_whole_powers_agree_with_the_general_power(exponent: float) -> None:
    base = np.abs(VALUES[Q]) + 0.1
    (found,) = Program((Apply("power", (Q, Constant(exponent))),))({Q: base})
    np.testing.assert_allclose(found, np.power(base, exponent), rtol=1e-14)


@settings(deadline=None, max_examples=100)
@given(st.lists(TREES, min_size=1, max_size=3))
def test_expressions_evaluated_together_give_what_they_give_alone(outputs: list[Expression]) -> None:
    together = Program(tuple(outputs))(VALUES)
    for one, output in zip(together, outputs, strict=True):
        np.testing.assert_array_equal(one, Program((output,))(VALUES)[0])


@settings(deadline=None, max_examples=100)
@given(TREES)
def test_an_evaluation_changes_none_of_its_values(tree: Expression) -> None:
    before = {variable: values.copy() for variable, values in VALUES.items()}
    Program((tree, Apply("add", (tree, Q))))(VALUES)
    for variable, values in VALUES.items():
        np.testing.assert_array_equal(values, before[variable])


def test_common_parts_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(argument: Array) -> Array:
        calls.append(1)
        return np.tanh(argument)

    monkeypatch.setitem(FUNCTIONS, "tanh", counted)
    shared = Apply("tanh", (Apply("add", (Q, U)),))
    Program((shared, Apply("multiply", (shared, shared)), Apply("abs", (shared,))))(VALUES)
    assert len(calls) == 1


@settings(deadline=None, max_examples=100)
@given(trees(constants))
def test_an_output_without_variables_is_a_number(tree: Expression) -> None:
    (found,) = Program((tree,))({})
    assert isinstance(found, float)


@pytest.mark.parametrize("function", UNARY)
def test_every_function_of_a_constant_is_a_number(function: str) -> None:
    (found,) = Program((Apply(function, (Constant(0.5),)),))({})
    assert isinstance(found, float)


def test_a_program_reads_its_variables_in_order() -> None:
    outputs = (Apply("add", (Form(1), Input(3), State(2, 0))), Apply("abs", (State(0, 5),)), Input(1))
    assert Program(outputs).variables == (State(0, 5), State(2, 0), Input(1), Input(3), Form(1))


def test_variables_of_different_kinds_are_different() -> None:
    (found,) = Program((Apply("add", (Input(0), Form(0))),))({Input(0): np.array([1.0]), Form(0): np.array([10.0])})
    assert found == np.array([11.0])


def test_a_function_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'gelu'.*tanh"):
        Apply("gelu", (Q,))


@pytest.mark.parametrize(
    ("function", "count"),
    [("tanh", 0), ("tanh", 2), ("divide", 1), ("divide", 3), ("power", 1), ("add", 0), ("relu", 2), ("maximum", 0)],
)
def test_a_wrong_number_of_arguments_is_refused(function: str, count: int) -> None:
    """Of ``np.tanh`` a second argument would be overwritten."""
    with pytest.raises(ValueError, match=f"{function} takes .* not {count}"):
        Apply(function, (Q,) * count)


def test_walking_visits_arguments_before_what_is_applied_to_them() -> None:
    inner = Apply("tanh", (Q,))
    tree = Apply("add", (inner, Constant(1.0)))
    assert list(walk(tree)) == [Q, inner, Constant(1.0), tree]


@settings(deadline=None, max_examples=60)
@given(TREES)
def test_replacing_nothing_changes_nothing(tree: Expression) -> None:
    assert replaced(tree, lambda _: None) == tree


def test_replacement_takes_the_outermost_part() -> None:
    inner = Apply("tanh", (Q,))
    tree = Apply("add", (inner, Q))
    assert replaced(tree, {inner: P, Q: U}.get) == Apply("add", (P, U))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([*VARIABLES, Constant(0.0), Constant(2.5), Apply("tanh", (Q,))]), max_size=4))
def test_a_total_is_the_sum_of_its_terms(terms: list[Expression]) -> None:
    (found,) = Program((total(terms),))(VALUES)
    expected = sum((np.broadcast_to(one, (2, 7)) for one in Program(tuple(terms))(VALUES)), start=np.zeros((2, 7)))
    np.testing.assert_allclose(np.broadcast_to(found, (2, 7)), expected, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([*VARIABLES, Constant(0.0), Constant(1.0), Constant(2.5)]), max_size=4))
def test_a_product_is_the_product_of_its_factors(factors: list[Expression]) -> None:
    (found,) = Program((product(*factors),))(VALUES)
    expected = np.prod([np.broadcast_to(one, (2, 7)) for one in Program(tuple(factors))(VALUES)], axis=0)
    np.testing.assert_allclose(np.broadcast_to(found, (2, 7)), np.broadcast_to(expected, (2, 7)), rtol=1e-12)


def test_terms_that_are_0_and_factors_that_are_1_leave_no_trace() -> None:
    assert total([Constant(0.0), Q, Constant(0.0)]) == Q
    assert total([]) == Constant(0.0)
    assert product(Constant(1.0), Q) == Q
    assert product() == Constant(1.0)
    assert product(Q, Constant(0.0)) == Constant(0.0)


def test_every_function_states_how_many_arguments_it_takes() -> None:
    assert set(expressions._ARGUMENTS) <= set(FUNCTIONS)
    assert set(FUNCTIONS) == {*UNARY, *MANY, "divide", "power"}
