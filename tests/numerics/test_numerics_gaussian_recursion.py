"""Gaussian recursions: the conditioned sampler has the law of the dense one, at every width.

Statistical tests have a fixed seed; each raises a false alarm with probability 1e-6, shared among its
entries by Bonferroni's bound.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.conditioning import innovations
from numerics.dense_recursion import dense
from numerics.ensembles import Chunk, Stream
from numerics.expression import Apply, Constant, Expression, Input, Program, State, product, total
from numerics.gaussian_recursion import BLOCK, conditioned
from numerics.laws import Laws, Normal, Table
from numerics.recursion import FormulaRows, Matrix, Recursion, python_recursion
from numerics.recursion_ensemble import SAMPLERS, Simulation, batch_size, simulate
from numerics.recursion_sample import RecursionSample
from numerics.statistics import Moments, mean_test, normal_test, same_law_test

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
NU = 1.5
ONE: Laws = (Normal(((1.0,),)),)
TWO: Laws = (Normal(((1.0, 0.6), (0.6, 2.0))),)
INPUT: Laws = (Normal(((0.5,),)),)
TABLE: Laws = (Table(((1.0,), (-0.5,), (2.0,))),)


def apply(function: str, *arguments: Expression) -> Expression:
    return Apply(function, arguments)


def recursion(
    columns: Callable[[int], tuple[Expression, ...]], *, nu: float = NU, initial: Laws = ONE, inputs: Laws = ()
) -> Recursion:
    return Recursion((Matrix("W", nu, lambda t: FormulaRows(columns(t))),), initial, inputs)


def two_matrices() -> Recursion:
    """One matrix with a linear and a nonlinear column, one with a column that vanishes."""

    def first(t: int) -> FormulaRows:
        return FormulaRows((State(t, 0), apply("tanh", State(t, 1))))

    def second(t: int) -> FormulaRows:
        return FormulaRows((Constant(0.0), total([apply("relu", State(t, 0)), State(0, 1), Input(0)])))

    return Recursion((Matrix("A", 1.2, first), Matrix("B", 0.7, second)), TWO, INPUT)


RECURSIONS = {
    "tanh with input": recursion(lambda t: (apply("tanh", total([State(t, 0), Input(0)])),), inputs=INPUT),
    "tanh with repeated rows": recursion(lambda t: (apply("tanh", total([State(t, 0), Input(0)])),), inputs=TABLE),
    "relu": recursion(lambda t: (apply("relu", State(t, 0)),)),
    "linear": recursion(lambda t: (State(t, 0),)),
    "affine": recursion(lambda t: (total([product(Constant(0.5), State(t, 0)), Input(0)]),), inputs=INPUT),
    "memory": recursion(lambda t: (total([State(0, 0), apply("tanh", State(max(0, t - 1), 0)), State(t, 0)]),)),
    "the same query again": recursion(lambda t: (apply("cos", State(0, 0)) if t % 2 else apply("abs", State(0, 0)),)),
    "a constant": recursion(lambda t: (Constant(1.0 + t),)),
    "two columns": recursion(lambda t: (apply("tanh", State(t, 1)), apply("relu", State(t, 0))), initial=TWO),
    "two matrices": two_matrices(),
    "in Python": python_recursion(lambda t, q, u: np.tanh(q[t] + 0.5 * q[0] + u), 1.3, inputs=INPUT),
}
WITHOUT_INPUT = [name for name, one in RECURSIONS.items() if not one.inputs and len(one.matrices) == 1]
HORIZON = 3


@cache
def drawn(name: str, n: int, sampler: str, replicates: int, block: int = BLOCK) -> RecursionSample:
    stream = Stream(7, (SAMPLERS.index(sampler), n, block))
    functions = Program((apply("abs", State(HORIZON, 0)), apply("cos", total([State(1, 0), State(2, 0)]))))
    simulation = Simulation(RECURSIONS[name], n, HORIZON, sampler, stream, functions, rows=2, block=block)
    return simulate(simulation, Chunk(0, replicates))


def statistics_of(sample: RecursionSample) -> Array:
    """Everything that is compared, (R, statistics): each a function of the whole draw."""
    below = np.tril_indices(sample.second_moments.shape[1])
    images = np.tril_indices(sample.images.shape[1])
    parts = [sample.second_moments[:, *below], sample.images[:, *images], sample.functions]
    return np.concatenate([*parts, sample.rows.reshape(sample.replicates, -1)], axis=1)


def smallest_p(one: RecursionSample, other: RecursionSample) -> float:
    """Of two-sample tests of all statistics, times their number."""
    pairs = list(zip(statistics_of(one).T, statistics_of(other).T, strict=True))
    return len(pairs) * min(same_law_test(a, b) for a, b in pairs)


# ------------------------------------------------------------------------------------------------
# One law
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("name", RECURSIONS)
def test_dense_and_conditioned_agree_in_law(name: str, n: int) -> None:
    replicates = 3000 if n < 64 else 600
    assert smallest_p(drawn(name, n, "dense", replicates), drawn(name, n, "conditioned", replicates)) > FALSE_ALARM


@pytest.mark.parametrize("name", ["tanh with repeated rows", "two matrices"])
def test_the_law_does_not_depend_on_the_blocks(name: str) -> None:
    assert smallest_p(drawn(name, 8, "dense", 3000), drawn(name, 8, "conditioned", 600, block=3)) > FALSE_ALARM


@pytest.mark.parametrize(
    ("name", "n"), [(name, n) for name in RECURSIONS for n in (1, 8, 64) if (name, n) != ("linear", 64)]
)
def test_fresh_matrices_at_every_step_are_told_apart(name: str, n: int) -> None:
    """Those of the linear recursion have the same limit: it takes a small n."""
    replicates = 3000 if n < 64 else 600
    assert smallest_p(drawn(name, n, "dense", replicates), drawn(name, n, "fresh", replicates)) < FALSE_ALARM


@pytest.mark.parametrize("n", [1, 3, 8])
@pytest.mark.parametrize("name", RECURSIONS)
def test_fresh_matrices_have_the_law_of_stored_ones_that_are_drawn_anew(name: str, n: int) -> None:
    functions = Program((apply("abs", State(HORIZON, 0)), apply("cos", total([State(1, 0), State(2, 0)]))))
    rng = np.random.default_rng(n)
    stored = dense(RECURSIONS[name], n, HORIZON, 3000, rng, fresh=True).sample(functions, rows=2)
    assert smallest_p(stored, drawn(name, n, "fresh", 3000)) > FALSE_ALARM


# ------------------------------------------------------------------------------------------------
# Exact values
# ------------------------------------------------------------------------------------------------


def test_the_mean_square_of_the_first_step_is_exact_at_every_width() -> None:
    for n in (1, 4, 30):
        sample = drawn("relu", n, "conditioned", 20_000)
        tested = mean_test(Moments.of(sample.second_moments[:, 1, 1]), NU / 2)
        assert tested.p_values > FALSE_ALARM / 3


@pytest.mark.parametrize("sampler", ["dense", "conditioned"])
@pytest.mark.parametrize("n", [2, 5, 20])
def test_a_linear_recursion_has_its_exact_finite_width_moments(sampler: str, n: int) -> None:
    exact = [1.0, NU, NU**2 * (1 + 2 / n**2), NU**3 * (1 + 10 / n**2 + 4 / n**3)]
    sample = drawn("linear", n, sampler, 20_000)
    tested = mean_test(Moments.of(np.einsum("rkk->rk", sample.second_moments)), exact)
    assert tested.p_values.min() > FALSE_ALARM / 4


@pytest.mark.parametrize("n", [2, 5])
def test_fresh_matrices_miss_the_finite_width_moments(n: int) -> None:
    sample = drawn("linear", n, "fresh", 20_000)
    moments = Moments.of(np.einsum("rkk->rk", sample.second_moments))
    assert mean_test(moments, [NU**t for t in range(4)]).p_values.min() > FALSE_ALARM / 4
    assert mean_test(moments, [1.0, NU, NU**2 * (1 + 2 / n**2), NU**3]).p_values[2] < FALSE_ALARM


# ------------------------------------------------------------------------------------------------
# Innovations
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("name", RECURSIONS)
def test_the_innovations_of_a_dense_draw_are_standard_normal(name: str, n: int) -> None:
    found = dense(RECURSIONS[name], n, 4, 400, np.random.default_rng(n)).innovations()
    assert normal_test(found[np.isfinite(found)]) > FALSE_ALARM


@pytest.mark.parametrize("name", RECURSIONS)
def test_the_innovations_of_a_dense_draw_are_uncorrelated(name: str) -> None:
    """Products of all pairs of columns, by rows; a recursion may leave few of a column."""
    n = 8
    found = dense(RECURSIONS[name], n, 4, 2000, np.random.default_rng(1)).innovations()
    flat = found.transpose(0, 3, 1, 2).reshape(2000 * n, -1)
    pairs = [(j, k) for j in range(flat.shape[1]) for k in range(j)]
    products = [flat[:, j] * flat[:, k] for j, k in pairs]
    kept = [values[np.isfinite(values)] for values in products]
    tested = [float(mean_test(Moments.of(values), 0.0).p_values) for values in kept if values.size > 1000]
    assert min(tested, default=1.0) * len(pairs) > FALSE_ALARM


def test_there_are_as_many_innovations_as_directions() -> None:
    found = dense(RECURSIONS["linear"], 3, 6, 50, np.random.default_rng(0)).innovations()
    assert np.array_equal(np.isfinite(found).sum(axis=2), np.full((50, 1, 3), 3))


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_images_under_a_matrix_of_another_variance_have_other_innovations(scale: float) -> None:
    run = dense(RECURSIONS["linear"], 8, 3, 500, np.random.default_rng(2))
    found = innovations(run.queries[:, 0], run.images[:, 0], scale * NU)
    assert (normal_test(found.ravel()) > FALSE_ALARM) == (scale == 1.0)


# ------------------------------------------------------------------------------------------------
# What holds in each draw
# ------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(WITHOUT_INPUT)
WIDTHS = st.integers(1, 9)
HORIZONS = st.integers(1, 6)
BLOCKS = st.integers(1, 10)
SEEDS = st.integers(0, 2**32 - 1)


def columns_of(name: str, q: Array) -> Array:
    """The queries of all times, (T d_q, n), from the rows of a draw, (n, K)."""
    rows = RECURSIONS[name].rows
    d_q = RECURSIONS[name].q_columns
    values = {State(t, c): q[:, t * d_q + c] for t in range(q.shape[1] // d_q) for c in range(d_q)}
    found = [column for t in range(q.shape[1] // d_q - 1) for column in rows(0, t)(values)]
    return np.array([np.broadcast_to(column, q.shape[0]) for column in found])


@settings(deadline=None, max_examples=150)
@given(NAMES, WIDTHS, HORIZONS, BLOCKS, SEEDS)
def test_one_matrix_maps_every_query_to_its_image(name: str, n: int, horizon: int, block: int, seed: int) -> None:
    sample = conditioned(RECURSIONS[name], n, horizon, 1, np.random.SeedSequence(seed), rows=n, block=block)
    queries, images = columns_of(name, sample.rows[0]), sample.rows[0].T[RECURSIONS[name].q_columns :]
    scales = np.linalg.norm(queries, axis=1, keepdims=True) + 1e-300
    rest = images / scales - queries / scales @ np.linalg.lstsq(queries / scales, images / scales, rcond=1e-9)[0]
    assert np.abs(rest).max() < 1e-5


def test_no_one_matrix_maps_every_query_to_its_image_when_it_is_drawn_anew() -> None:
    sample = conditioned(RECURSIONS["linear"], 2, 4, 1, np.random.SeedSequence(0), rows=2, fresh=True)
    queries, images = columns_of("linear", sample.rows[0]), sample.rows[0].T[1:]
    assert np.abs(images - queries @ np.linalg.lstsq(queries, images)[0]).max() > 0.1


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(RECURSIONS)), WIDTHS, HORIZONS, BLOCKS, SEEDS)
def test_the_second_moments_are_those_of_the_rows(name: str, n: int, horizon: int, block: int, seed: int) -> None:
    sample = conditioned(RECURSIONS[name], n, horizon, 1, np.random.SeedSequence(seed), rows=n, block=block)
    q = sample.rows[0]
    np.testing.assert_allclose(sample.second_moments[0], q.T @ q / n, rtol=1e-9, atol=1e-11 * np.abs(q).max() ** 2)


@settings(deadline=None, max_examples=50)
@given(NAMES, WIDTHS, HORIZONS, BLOCKS, SEEDS)
def test_the_images_of_one_matrix_are_the_states(name: str, n: int, horizon: int, block: int, seed: int) -> None:
    sample = conditioned(RECURSIONS[name], n, horizon, 1, np.random.SeedSequence(seed), block=block)
    d_q = RECURSIONS[name].q_columns
    np.testing.assert_allclose(sample.images, sample.second_moments[:, d_q:, d_q:], rtol=1e-12)


@settings(deadline=None, max_examples=50)
@given(NAMES, WIDTHS, HORIZONS, BLOCKS, SEEDS)
def test_row_averages_are_those_of_the_rows(name: str, n: int, horizon: int, block: int, seed: int) -> None:
    program = Program((apply("abs", State(horizon, 0)), Constant(2.0), product(State(0, 0), State(1, 0))))
    seeds = np.random.SeedSequence(seed)
    sample = conditioned(RECURSIONS[name], n, horizon, 1, seeds, functions=program, rows=n, block=block)
    q, d_q = sample.rows[0], RECURSIONS[name].q_columns
    expected = [np.abs(q[:, horizon * d_q]).mean(), 2.0, (q[:, 0] * q[:, d_q]).mean()]
    np.testing.assert_allclose(sample.functions[0], expected, rtol=1e-9, atol=1e-12)


def test_dense_draws_remember_the_same_things() -> None:
    run = dense(RECURSIONS["two matrices"], 5, 2, 3, np.random.default_rng(0))
    sample = run.sample(lambda values: [values[Input(0)], 1.0], rows=9)
    assert sample.rows.shape == (3, 5, 6)
    assert sample.images.shape == (3, 8, 8)
    assert sample.innovations is not None
    assert sample.innovations.shape == (3, 5, 8)
    np.testing.assert_allclose(sample.functions, np.stack([run.u[:, 0].mean(axis=1), np.ones(3)], axis=1))
    np.testing.assert_allclose(sample.second_moments[1], sample.rows[1].T @ sample.rows[1] / 5)


# ------------------------------------------------------------------------------------------------
# Degenerate cases
# ------------------------------------------------------------------------------------------------


def once(one: Recursion, n: int = 5, horizon: int = 4, sampler: str = "conditioned") -> RecursionSample:
    return simulate(Simulation(one, n, horizon, sampler, Stream(3, (1,)), rows=n), Chunk(0, 4))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_matrix_of_variance_zero_gives_zero(sampler: str) -> None:
    assert not once(recursion(lambda t: (State(t, 0),), nu=0.0), sampler=sampler).rows[:, :, 1:].any()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_states_that_start_at_zero_stay_there(sampler: str) -> None:
    sample = once(recursion(lambda t: (apply("tanh", State(t, 0)),), initial=(Normal(((0.0,),)),)), sampler=sampler)
    assert not sample.rows.any()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_states_that_start_equal_stay_equal(sampler: str) -> None:
    equal: Laws = (Normal(((1.0, 1.0), (1.0, 1.0))),)
    sample = once(
        recursion(lambda t: (apply("tanh", State(t, 0)), apply("tanh", State(t, 1))), initial=equal), sampler=sampler
    )
    np.testing.assert_allclose(sample.rows[:, :, ::2], sample.rows[:, :, 1::2], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("query", [apply("tanh", State(0, 0)), State(0, 0), Constant(2.0)])
def test_a_query_that_repeats_has_the_same_image(query: Expression) -> None:
    q = once(recursion(lambda t: (query,))).rows
    np.testing.assert_allclose(q[:, :, 2:], q[:, :, 1:-1], rtol=1e-6)


def test_a_query_that_repeats_has_another_image_under_fresh_matrices() -> None:
    q = once(recursion(lambda t: (apply("tanh", State(0, 0)),)), sampler="fresh").rows
    assert not np.isclose(q[:, :, 2:], q[:, :, 1:-1], rtol=1e-3).all()


def test_one_row_is_a_random_product() -> None:
    """At n = 1 the matrix is a number: q_{t+1} / q_t is the same at every t."""
    q = once(recursion(lambda t: (State(t, 0),)), n=1, horizon=9).rows[:, 0]
    np.testing.assert_allclose(q[:, 2:] * q[:, :-2], q[:, 1:-1] ** 2, rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_many_more_steps_than_directions_do_not_blow_up(n: int) -> None:
    sample = once(recursion(lambda t: (apply("tanh", State(t, 0)),)), n=n, horizon=40)
    assert np.isfinite(sample.second_moments).all()
    assert np.abs(sample.rows).max() < 40


@pytest.mark.parametrize("shift", [1e-3, 1e-6, 1e-9])
def test_queries_that_are_almost_equal_have_images_that_are_almost_equal(shift: float) -> None:
    def columns(t: int) -> tuple[Expression, ...]:
        return (apply("tanh", total([State(0, 0), product(Constant(shift * t), apply("cos", State(0, 0)))])),)

    q = once(recursion(columns), n=200).rows
    assert np.abs(q[:, :, 2:] - q[:, :, 1:-1]).max() < 20 * (shift + 1e-6)


def test_a_horizon_of_one_is_one_product() -> None:
    assert once(RECURSIONS["two matrices"], horizon=1).second_moments.shape == (4, 4, 4)


def test_replicates_of_small_widths_are_drawn_together() -> None:
    simulation = Simulation(RECURSIONS["relu"], 64, 12, "conditioned", Stream(0, (1,)))
    assert batch_size(simulation) > 100
