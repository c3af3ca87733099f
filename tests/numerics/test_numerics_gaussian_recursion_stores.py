"""Gaussian recursions: what is stored, and the estimate of the memory it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.conditioning import Factor
from numerics.ensembles import Chunk, Stream
from numerics.expression import Apply, Constant, Expression, Input, Program, State, product, total
from numerics.laws import Laws, Normal
from numerics.query_columns import Combination, evaluation, layout, linear_terms, steps
from numerics.recursion import FormulaRows, Matrix, Recursion, python_recursion
from numerics.recursion_ensemble import SAMPLERS, Simulation, batch_size, bytes_needed, simulate

Array = NDArray[np.float64]

ONE: Laws = (Normal(((1.0,),)),)
TWO: Laws = (Normal(((1.0, 0.6), (0.6, 2.0))),)
INPUT: Laws = (Normal(((0.5,),)),)
GIB = 2**30


def tanh(argument: Expression) -> Expression:
    return Apply("tanh", (argument,))


def recursion(columns: Callable[[int], tuple[Expression, ...]], *, initial: Laws = ONE, inputs: Laws = ()) -> Recursion:
    return Recursion((Matrix("W", 1.5, lambda t: FormulaRows(columns(t))),), initial, inputs)


def pair(f: Callable[[Expression], Expression]) -> Recursion:
    """z_1 = (f(q), f(q̃)) and z_2 = (0, f(q)), with d_q = 2."""

    def first(t: int) -> FormulaRows:
        return FormulaRows((f(State(t, 0)), f(State(t, 1))))

    def second(t: int) -> FormulaRows:
        return FormulaRows((Constant(0.0), f(State(t, 0))))

    return Recursion((Matrix("A", 1.2, first), Matrix("B", 0.7, second)), TWO)


WITH_INPUT = recursion(lambda t: (tanh(total([State(t, 0), Input(0)])),), inputs=INPUT)
PAIR = pair(tanh)
LINEAR_PAIR = pair(lambda one: one)
PYTHON = python_recursion(lambda t, q, u: np.tanh(q[t] + u), 1.5, inputs=INPUT, memory=0)


# ------------------------------------------------------------------------------------------------
# What is stored
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        (State(1, 0), {State(1, 0): 1.0}),
        (Constant(0.0), {}),
        (Constant(1.0), None),
        (tanh(State(1, 0)), None),
        (Apply("add", (State(1, 0), Input(0), State(1, 0))), {State(1, 0): 2.0, Input(0): 1.0}),
        (Apply("add", (State(1, 0), Constant(1.0))), None),
        (
            Apply("multiply", (Constant(3.0), Apply("add", (State(1, 0), Input(0))), Constant(0.5))),
            {State(1, 0): 1.5, Input(0): 1.5},
        ),
        (Apply("multiply", (State(1, 0), Input(0))), None),
        (Apply("multiply", (Constant(np.inf), Input(0))), None),
        (Apply("divide", (Input(0), Constant(4.0))), {Input(0): 0.25}),
        (Apply("divide", (Input(0), Constant(0.0))), None),
    ],
)
def test_linear_combinations_are_recognized(expression: Expression, terms: dict[Expression, float] | None) -> None:
    assert linear_terms(expression) == terms


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.integers(0, 2**32 - 1))
def test_a_linear_combination_is_what_it_is_recognized_as(weights: list[float], seed: int) -> None:
    variables = [State(0, 0), State(1, 0), Input(0)]
    expression = total([product(Constant(w), one) for w, one in zip(weights, variables, strict=True)])
    terms = linear_terms(expression)
    values = dict(zip(variables, np.random.default_rng(seed).standard_normal((3, 4)), strict=True))
    assert terms is not None
    expected = sum(w * values[one] for one, w in terms.items())
    np.testing.assert_allclose(Program((expression,))(values)[0], expected, rtol=1e-12, atol=1e-12)


def test_linear_columns_are_not_stored() -> None:
    found = layout(steps(LINEAR_PAIR, 12), fresh=False)
    assert (found.directions, found.computed) == ((24, 12), 0)


def test_a_column_that_two_matrices_multiply_is_stored_once() -> None:
    found = layout(steps(PAIR, 12), fresh=False)
    assert (found.directions, found.computed, found.mixed) == ((24, 12), 24, False)


def test_a_column_that_repeats_brings_one_direction() -> None:
    found = layout(steps(recursion(lambda t: (tanh(Input(0)),), inputs=INPUT), 12), fresh=False)
    assert (found.directions, found.computed) == ((1,), 1)


def test_fresh_matrices_keep_the_columns_of_one_time() -> None:
    found = layout(steps(PAIR, 12), fresh=True)
    assert (found.directions, found.computed) == ((24, 12), 2)


def test_columns_of_formulas_and_of_python_are_evaluated_together() -> None:
    calls = []

    def function(t: int, q: Array, u: Array) -> Array:
        calls.append(t)
        return np.stack([q[t, 1], 2 * q[t, 1]])

    def formula(t: int) -> FormulaRows:
        return FormulaRows((State(t, 0), tanh(State(t, 0))))

    python = python_recursion(function, 1.0, initial=TWO).matrices[0]
    (step,) = steps(Recursion((Matrix("A", 1.0, formula), python), TWO), 1)
    assert isinstance(step.queries[0][0], Combination)
    found = evaluation(step.computed)
    values = {State(0, 0): np.array([1.0]), State(0, 1): np.array([3.0])}
    assert [float(np.ravel(one)[0]) for one in found(values)] == [np.tanh(1.0), 3.0, 6.0]
    assert calls == [0]


def factored(gram: Array, n: int) -> tuple[Array, list[int]]:
    """The rows of the factor, (R, k, k), and which of them brought a direction."""
    replicates, k, _ = gram.shape
    factor, kept, rows = Factor(replicates, n, k), list[int](), np.zeros_like(gram)
    for j in range(k):
        row = factor.append(gram[:, j, kept], gram[:, j, j])
        kept += [j] if factor.directions > len(kept) else []
        rows[:, j, : row.shape[1]] = row
    return rows, kept


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_factor_gives_the_covariances_even_when_they_are_singular(k: int, rank: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((3, k, rank)) @ rng.standard_normal((3, rank, 6))
    gram = vectors @ vectors.transpose(0, 2, 1)
    rows, _ = factored(gram, 6)
    np.testing.assert_allclose(rows @ rows.transpose(0, 2, 1), gram, atol=1e-12 * np.abs(gram).max())


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_only_new_directions_are_kept(rank: int, more: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = np.linalg.qr(rng.standard_normal((3, 6, rank)))[0].transpose(0, 2, 1)
    vectors = np.concatenate([frames, rng.standard_normal((3, more, rank)) @ frames], axis=1)
    _, kept = factored(vectors @ vectors.transpose(0, 2, 1), 10)
    assert kept == list(range(rank))


def test_there_are_no_more_directions_than_rows() -> None:
    assert factored(np.eye(5)[None], 3)[1] == [0, 1, 2]


# ------------------------------------------------------------------------------------------------
# Memory
# ------------------------------------------------------------------------------------------------


def test_ten_million_rows_fit_where_they_must() -> None:
    assert bytes_needed(WITH_INPUT, 10**7, 12, "conditioned") < 2.2 * GIB
    assert bytes_needed(LINEAR_PAIR, 10**7, 12, "conditioned") < 3 * GIB
    assert bytes_needed(PAIR, 10**7, 12, "conditioned") < 5 * GIB


CASES = [
    ("conditioned", WITH_INPUT, 200_000, 4),
    ("conditioned", PAIR, 100_000, 6),
    ("conditioned", LINEAR_PAIR, 100_000, 6),
    ("conditioned", PYTHON, 200_000, 4),
    ("conditioned", PAIR, 500, 12),
    ("conditioned", WITH_INPUT, 2, 12),
    ("fresh", PAIR, 100_000, 6),
    ("dense", PAIR, 700, 3),
    ("dense", WITH_INPUT, 20, 6),
]


@pytest.mark.parametrize(("sampler", "one", "n", "horizon"), CASES)
def test_the_estimate_is_enough_and_not_three_times_too_much(
    sampler: str, one: Recursion, n: int, horizon: int
) -> None:
    """One batch; a tenth more is allowed for what does not scale with it."""
    drawn = Simulation(one, n, horizon, sampler, Stream(0, (1,)))
    replicates = batch_size(drawn)
    simulate(drawn, Chunk(0, 1))  # imports and caches
    tracemalloc.start()
    try:
        simulate(drawn, Chunk(0, replicates))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    estimate = bytes_needed(one, n, horizon, sampler, replicates)
    assert peak <= 1.1 * estimate
    assert estimate <= 3 * peak


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 10**6), st.integers(1, 10), st.sampled_from(SAMPLERS), st.sampled_from([PAIR, WITH_INPUT]))
def test_a_larger_simulation_never_needs_less(n: int, horizon: int, sampler: str, one: Recursion) -> None:
    here = bytes_needed(one, n, horizon, sampler)
    assert bytes_needed(one, n + 1, horizon, sampler) > here
    assert bytes_needed(one, n, horizon + 1, sampler) > here
    assert bytes_needed(one, n, horizon, sampler, 2) == 2 * here
