"""Recursions as data: row functions by formula and in Python."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from numpy.typing import NDArray

import numerics.recursion
from numerics.expression import Apply, Constant, Input, State
from numerics.laws import Normal, Uniform
from numerics.recursion import FormulaRows, Matrix, PythonRows, Recursion, python_recursion, vanishing

Array = NDArray[np.float64]

ROWS = 5
Q0, Q1, U = np.arange(5.0), np.array([-1.0, 0.5, 2.0, 0.0, 3.0]), np.full(5, 0.25)
VALUES = {State(0, 0): Q0, State(1, 0): Q1, Input(0): U}


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.recursion)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_a_formula_and_a_python_function_give_the_same_rows() -> None:
    formula = FormulaRows((Apply("tanh", (Apply("add", (State(1, 0), Input(0))),)),))
    function = PythonRows(lambda t, q, u: np.tanh(q[t, 0] + u[0]), 1, 1, 1)
    np.testing.assert_array_equal(formula(VALUES)[0], function(VALUES)[0])


def test_a_formula_row_function_reads_what_its_expressions_read() -> None:
    rows = FormulaRows((Apply("abs", (State(1, 0),)), Apply("add", (Input(0), State(0, 0)))))
    assert rows.columns == 2
    assert rows.variables == (State(0, 0), State(1, 0), Input(0))


def test_a_python_function_reads_all_times_unless_told() -> None:
    rows = PythonRows(lambda t, q, u: q[t], 2, 2, 1)
    assert rows.variables == (*(State(s, c) for s in range(3) for c in range(2)), Input(0))


@pytest.mark.parametrize(("memory", "first"), [(0, 3), (1, 2), (3, 0), (9, 0), (None, 0)])
def test_a_python_function_with_a_memory_reads_that_far_back(memory: int | None, first: int) -> None:
    rows = PythonRows(lambda t, q, u: q[t], 3, 1, 0, memory)
    assert [v.time for v in rows.variables if isinstance(v, State)] == list(range(first, 4))


def test_what_a_python_function_says_it_does_not_read_is_not_there() -> None:
    rows = PythonRows(lambda t, q, u: q[0], 1, 1, 1, memory=0)
    assert np.all(np.isnan(rows({State(1, 0): Q1, Input(0): U})[0]))


def test_a_python_function_sees_times_columns_and_rows_in_that_order() -> None:
    seen = {}

    def function(t: int, q: Array, u: Array) -> Array:
        seen.update(t=t, q=q.shape, u=u.shape)
        return q[t]

    values = {State(s, c): np.zeros((3, ROWS)) for s in range(2) for c in range(2)} | {Input(0): np.zeros((3, ROWS))}
    PythonRows(function, 1, 2, 1)(values)
    assert seen == {"t": 1, "q": (2, 2, 3, ROWS), "u": (1, 3, ROWS)}


@pytest.mark.parametrize("replicates", [(), (3,)])
def test_one_column_may_come_with_or_without_its_axis(replicates: tuple[int, ...]) -> None:
    values = {State(0, 0): np.random.default_rng(0).random((*replicates, ROWS))}
    (one,) = PythonRows(lambda t, q, u: q[t], 0, 1, 0)(values)
    (other,) = PythonRows(lambda t, q, u: q[t, 0], 0, 1, 0)(values)
    np.testing.assert_array_equal(one, other)


def test_a_python_function_of_the_wrong_shape_is_refused() -> None:
    rows = PythonRows(lambda t, q, u: q[t][:1], 0, 2, 0)
    with pytest.raises(ValueError, match=r"t = 0 .*\(1, 5\).*\(2, 5\).*d_q = 2"):
        rows({State(0, 0): Q0, State(0, 1): Q1})


def test_a_python_function_that_adds_up_its_rows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 1\): \(1, 5\) is needed"):
        PythonRows(lambda t, q, u: q[t].sum(axis=-1), 0, 1, 0)({State(0, 0): Q0})


def test_rows_with_too_few_columns_are_refused_with_the_matrix_and_the_time() -> None:
    matrix = Matrix("W", 1.0, lambda t: FormulaRows((State(t, 0),)))
    recursion = Recursion((matrix,), (Normal(((1.0, 0.0), (0.0, 1.0))),))
    with pytest.raises(ValueError, match="W at t = 3 gives 1 columns: d_q = 2"):
        recursion.rows(0, 3)


def test_a_recursion_counts_the_columns_of_its_laws() -> None:
    recursion = Recursion((), (Normal(((1.0, 0.0), (0.0, 1.0))), Uniform(0.0, 1.0)), (Uniform(0.0, 1.0),))
    assert (recursion.q_columns, recursion.u_columns) == (3, 1)


def test_columns_that_are_zero_are_known_to_vanish() -> None:
    assert vanishing(FormulaRows((Constant(0.0), State(0, 0), Constant(1.0)))) == (True, False, False)


def test_a_python_function_is_not_known_to_vanish() -> None:
    assert vanishing(PythonRows(lambda t, q, u: 0 * q[t], 0, 2, 0)) == (False, False)


def test_a_python_recursion_starts_standard_normal() -> None:
    recursion = python_recursion(lambda t, q, u: q[t], 1.5)
    assert recursion.initial == (Normal(((1.0,),)),)
    assert [matrix.variance for matrix in recursion.matrices] == [1.5]
