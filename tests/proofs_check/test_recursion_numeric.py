"""Recursions in floating point: formulas bound to a time, and evaluated as anybody would."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.expression import Apply, Constant, Expression, Input, State, walk
from numerics.laws import Discrete, Normal, Table, Uniform
from numerics.recursion import FormulaRows, Recursion, vanishing
from proofs_check.errors import InputError
from proofs_check.recursion.model import RecursionData
from proofs_check.recursion.numeric import numeric, numeric_functions
from proofs_check.recursion.reader import read, read_text

ROWS = 9
SERIES = [1.0, -0.5, 2.0]
HEAD = """
[parameters]
a = 0.7
b = "-1/3"
[series]
x = [1, -0.5, 2]
[u]
columns = ["u"]
laws = ["uniform(-1, 1)"]
[q]
columns = ["q", "p"]
"""


def written(formula: str, at: str = "") -> RecursionData:
    return read_text(f'{HEAD}[[matrix]]\nname = "W"\nvariance = "a"\nz = ["{formula}", 0]\n{at}\n', "mine.toml")


def bound(formula: str, t: int, at: str = "") -> Expression:
    rows = numeric(written(formula, at)).rows(0, t)
    assert isinstance(rows, FormulaRows)
    return rows.expressions[0]


STATES = {State(s, c): np.random.default_rng(10 * s + c).normal(size=ROWS) for s in range(4) for c in range(2)}
VALUES = {**STATES, Input(0): np.random.default_rng(99).uniform(-1, 1, ROWS)}


def evaluated(formula: str, t: int, at: str = "") -> np.ndarray:
    rows = numeric(written(formula, at)).rows(0, t)
    return np.broadcast_to(rows(VALUES)[0], ROWS)


class Column:
    """A column of q as Python's own arithmetic sees it: before time 0 it is 0."""

    def __init__(self, column: int, row: int, t: int) -> None:
        self.history = [float(STATES[State(s, column)][row]) for s in range(t + 1)]

    def __getitem__(self, time: int) -> float:
        return self.history[time] if time >= 0 else 0.0


def by_python(formula: str, t: int, row: int) -> float:
    names: dict[str, object] = {"t": t, "a": 0.7, "b": -1 / 3, "u": float(VALUES[Input(0)][row])}
    names |= {"q": Column(0, row, t), "p": Column(1, row, t)}
    names["x"] = type("Series", (), {"__getitem__": lambda _, s: SERIES[s] if s >= 0 else 0.0})()
    functions: dict[str, Callable[..., float]] = {
        "tanh": math.tanh,
        "erf": math.erf,
        "sin": math.sin,
        "cos": math.cos,
        "exp": math.exp,
        "abs": abs,
        "max": max,
        "min": min,
        "relu": lambda x: max(x, 0.0),
        "step": lambda x: float(x > 0),
        "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    }
    return float(eval(formula, {"__builtins__": {}}, {**names, **functions}))  # the tests' own text


FORMULAS = st.recursive(
    st.sampled_from(
        ["q[t]", "p[t]", "q[t-1]", "p[t-2]", "q[0]", "u", "a", "b", "t", "x[t]", "x[t-1]", "x[1]", "0.25", "2"]
    ),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", ">", "<"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | inner.map(lambda one: f"({one} / 4)")
        | inner.map(lambda one: f"(1 / (2 + abs({one})))")
        | inner.map(lambda one: f"(-{one})")
        | st.tuples(inner, st.sampled_from(["0", "1", "2", "3"])).map(lambda p: f"({p[0]})**{p[1]}")
        | st.tuples(st.sampled_from(["tanh", "erf", "sin", "cos", "abs", "relu", "step", "sign"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        )
        | st.tuples(st.sampled_from(["max", "min"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})")
    ),
    max_leaves=8,
)


def part_values(formula: str, t: int) -> float:
    """The largest absolute value of any part."""
    rows = numeric(written(formula)).rows(0, t)
    assert isinstance(rows, FormulaRows)
    parts = FormulaRows(tuple(walk(rows.expressions[0])))(VALUES)
    return max(float(np.max(np.abs(part))) for part in parts)


@settings(deadline=None, max_examples=200)
@given(FORMULAS, st.integers(0, 2))
def test_a_formula_has_the_value_of_pythons_arithmetic(formula: str, t: int) -> None:
    found = evaluated(formula, t)
    rounding = 1e-12 * (1 + part_values(formula, t))
    jumps = ("step", "sign", "<", ">")
    for row in range(ROWS):
        expected = by_python(formula, t, row)
        if not any(jump in formula for jump in jumps):
            assert found[row] == pytest.approx(expected, rel=1e-9, abs=rounding)
        elif abs(found[row] - expected) > rounding:  # a jump may be decided by rounding, in few rows
            assert np.sum([abs(found[r] - by_python(formula, t, r)) > rounding for r in range(ROWS)]) < ROWS or t == 0


@pytest.mark.parametrize("t", [0, 1, 2])
def test_a_formula_without_jumps_is_exact_to_rounding(t: int) -> None:
    formula = "tanh(a*q[t] + x[t]*u - p[t-1]/3) + max(q[t], b)*exp(-abs(p[t])) + q[0]**2*t"
    expected = [by_python(formula, t, row) for row in range(ROWS)]
    np.testing.assert_allclose(evaluated(formula, t), expected, rtol=1e-14)


def test_an_indicator_is_one_above_zero_and_zero_below() -> None:
    q = VALUES[State(1, 0)]
    np.testing.assert_array_equal(evaluated("q > 0", 1), q > 0)
    np.testing.assert_array_equal(evaluated("q < 0", 1), q < 0)
    np.testing.assert_array_equal(evaluated("q > p", 1), q > VALUES[State(1, 1)])


@pytest.mark.parametrize(
    ("formula", "t", "expected"),
    [
        ("q[t-1]", 0, Constant(0.0)),
        ("q[t-1]", 1, State(0, 0)),
        ("q + p[t-2]", 1, State(1, 0)),
        ("x[t-1]", 0, Constant(0.0)),
        ("x[t-1]", 2, Constant(-0.5)),
        ("tanh(q[t-3])", 2, Constant(0.0)),
        ("q[0]", 2, State(0, 0)),
        ("x", 2, Constant(2.0)),
        ("x[t-2]*q", 1, Constant(0.0)),
        ("t", 2, Constant(2.0)),
        ("t*q", 1, State(1, 0)),
        ("q**x[0]", 0, State(0, 0)),
        ("q**0", 0, Constant(1.0)),
        ("1/3", 0, Constant(1 / 3)),
        ("q*0.1", 0, Apply("multiply", (State(0, 0), Constant(0.1)))),
        ("2*3 + b*3", 0, Constant(5.0)),
    ],
)
def test_at_a_time_numbers_are_worked_out_and_what_is_before_time_0_is_0(
    formula: str, t: int, expected: Expression
) -> None:
    assert bound(formula, t) == expected


def test_decimals_become_the_nearest_floating_point_numbers() -> None:
    data = read_text('[[matrix]]\nname = "W"\nvariance = 0.1\nz = 0.30000000000000001\n')
    recursion = numeric(data)
    assert recursion.matrices[0].variance == 0.1
    assert recursion.rows(0, 0)({}) == [0.3]


def test_a_column_that_is_zero_is_known_to_vanish() -> None:
    assert vanishing(numeric(written("x[t-1]*q")).rows(0, 0)) == (True, True)


def test_a_fixed_time_in_the_future_is_refused_with_a_way_out() -> None:
    recursion = numeric(written("q[2]"))
    for t in (0, 1):
        with pytest.raises(
            InputError, match=rf"mine.toml, matrix W at t = {t}: q\[2\] is not known yet .*at = {{ {t} ="
        ):
            recursion.rows(0, t)
    assert recursion.rows(0, 2).variables == (State(2, 0),)


def test_other_formulas_at_some_times_replace_the_general_one() -> None:
    at = 'at = { 0 = ["u", "p"], 1 = [0, 0] }'
    recursion = numeric(written("q[2]", at))
    assert [recursion.rows(0, t).variables for t in range(3)] == [(State(0, 1), Input(0)), (), (State(2, 0),)]


@pytest.mark.parametrize("formula", ["x*q", "x[t+1]*q", "x[7]"])
def test_a_series_that_is_too_short_is_refused_with_the_horizon(formula: str) -> None:
    with pytest.raises(InputError, match=r"matrix W at t = 3: the series x has 3 numbers, for t = 0 to 2; .*--horizon"):
        numeric(written(formula)).rows(0, 3)


@pytest.mark.parametrize(
    ("formula", "what"),
    [
        ("1/0", r"divide\(1, 0\)"),
        ("q/(x - x)", r"divide\(1, 0\)"),
        ("log(0)*q", r"log\(0\)"),
        ("sqrt(b)", r"sqrt\(-0.333333\)"),
        ("(-8)**(1/3)", r"power\(-8, 0.333333\)"),
        ("exp(1000)", r"exp\(1000\)"),
        ("1e99*1e99*1e99*1e99", "multiply"),
        ("0**-1", r"power\(0, -1\)"),
    ],
)
def test_a_number_that_is_not_finite_is_refused_with_its_origin(formula: str, what: str) -> None:
    with pytest.raises(InputError, match=rf"mine.toml, matrix W at t = 1: {what}.* is not a finite number"):
        bound(formula, 1)


def test_an_exponent_that_turns_out_large_is_refused() -> None:
    with pytest.raises(InputError, match="matrix W at t = 80: the exponent 80 is not between -64 and 64"):
        numeric(written("q**t")).rows(0, 80)


def test_rows_are_bound_once() -> None:
    recursion = numeric(written("tanh(q)"))
    assert recursion.rows(0, 1) is recursion.rows(0, 1)


def test_laws_are_those_of_the_file() -> None:
    text = """
        [parameters]
        nu = 0.5
        [q]
        columns = ["q", "p"]
        covariance = [["nu", 0.1], [0.1, 2]]
        [u]
        columns = ["a", "b", "c", "d"]
        laws = ["normal(1, nu)", "uniform(-1, 2)", "values(1, 2; 0.25, 0.75)", "constant(3)"]
        [[matrix]]
        name = "W"
        variance = 1
        z = ["q", "p"]
    """
    recursion = numeric(read_text(text))
    assert recursion.initial == (Normal(((0.5, 0.1), (0.1, 2.0)), (0.0, 0.0)),)
    assert recursion.inputs == (
        Normal(((0.5,),), (1.0,)),
        Uniform(-1.0, 2.0),
        Discrete((1.0, 2.0), (0.25, 0.75)),
        Discrete((3.0,), (1.0,)),
    )


def test_rows_of_the_file_are_a_table() -> None:
    text = '[u]\ncolumns = ["u", "v"]\nrows = [[1, "1/2"], [0, -1]]\n[[matrix]]\nname = "W"\nvariance = 1\nz = "q"\n'
    assert numeric(read_text(text)).inputs == (Table(((1.0, 0.5), (0.0, -1.0))),)


def test_test_functions_may_read_every_time() -> None:
    data = read_text(
        'functions = ["abs(q[5])*q[0]", "x[1]"]\n[series]\nx = [1, 2]\n[[matrix]]\nname="W"\nvariance=1\nz="q"'
    )
    first, second = numeric_functions(data, data.functions)
    assert first == Apply("multiply", (Apply("abs", (State(5, 0),)), State(0, 0)))
    assert second == Constant(2.0)


def test_a_test_function_beyond_its_series_is_refused() -> None:
    data = read_text('functions = ["x[9]"]\n[series]\nx = [1, 2]\n[[matrix]]\nname="W"\nvariance=1\nz="q"', "mine.toml")
    with pytest.raises(InputError, match=r"mine.toml, functions: x\[9\]: the series x has 2 numbers"):
        numeric_functions(data, data.functions)


@pytest.mark.parametrize("name", ["tanh-rnn", "relu-rnn", "erf-reservoir", "impulse-response", "linearized-rnn"])
def test_every_example_gives_finite_rows(name: str) -> None:
    recursion: Recursion = numeric(read(name))
    rng = np.random.default_rng(0)
    for place in range(len(recursion.matrices)):
        for t in range(6):
            rows = recursion.rows(place, t)
            columns = rows({variable: rng.normal(size=ROWS) for variable in rows.variables})
            assert len(columns) == recursion.q_columns
            assert all(np.all(np.isfinite(column)) for column in columns)


def test_long_sums_are_evaluated() -> None:
    assert evaluated(" + ".join(["q"] * 180), 1) == pytest.approx(180 * VALUES[State(1, 0)])


@settings(deadline=None, max_examples=50)
@given(st.fractions(-1000, 1000, max_denominator=10**6))
def test_a_ratio_in_a_file_is_rounded_once(value: Fraction) -> None:
    data = read_text(f'[parameters]\na = "{value}"\n[[matrix]]\nname = "W"\nvariance = 1\nz = "a"\n')
    assert numeric(data).rows(0, 0)({}) == [float(value)]
