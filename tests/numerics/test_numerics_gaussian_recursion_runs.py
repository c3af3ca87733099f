"""Gaussian recursions: threads, samples, and complaints."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from numerics.dense_recursion import dense
from numerics.ensembles import Chunk, Stream, chunks
from numerics.expression import Apply, Constant, Expression, Input, Program, State, product, total
from numerics.gaussian_recursion import conditioned
from numerics.laws import Laws, Normal, Table
from numerics.recursion import FormulaRows, Matrix, Recursion, python_recursion
from numerics.recursion_ensemble import SAMPLERS, Simulation, batch_size, samples, simulate
from numerics.recursion_sample import NonFiniteRowsError, RecursionSample
from numerics.threads import run_in_threads

Array = NDArray[np.float64]

ONE: Laws = (Normal(((1.0,),)),)
TWO: Laws = (Normal(((1.0, 0.6), (0.6, 2.0))),)
INPUT: Laws = (Normal(((0.5,),)),)


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
PYTHON = python_recursion(lambda t, q, u: np.tanh(q[t] + u), 1.5, inputs=INPUT, memory=0)


def arrays(sample: RecursionSample) -> Iterator[Array]:
    yield from (sample.second_moments, sample.images, sample.functions, sample.rows)
    if sample.innovations is not None:
        yield sample.innovations


def equal(one: RecursionSample, other: RecursionSample) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(arrays(one), arrays(other), strict=True))


# ------------------------------------------------------------------------------------------------
# Reproducible on any number of threads
# ------------------------------------------------------------------------------------------------


def simulation(one: Recursion, n: int, sampler: str = "conditioned", *, seed: int = 1, block: int = 1000) -> Simulation:
    functions = Program((Apply("abs", (State(2, 0),)),))
    return Simulation(one, n, 5, sampler, Stream(seed, (4,)), functions, rows=3, block=block)


@pytest.mark.parametrize("jobs", [2, 5])
@pytest.mark.parametrize("one", [WITH_INPUT, PAIR, PYTHON])
def test_threads_share_the_blocks_of_a_large_width_and_change_nothing(one: Recursion, jobs: int) -> None:
    work = [Chunk(0, 1), Chunk(1, 2)]
    alone, shared = (list(samples(simulation(one, 20_500), work, number)) for number in (1, jobs))
    assert all(equal(a, b) for a, b in zip(alone, shared, strict=True))


@pytest.mark.parametrize("jobs", [2, 5])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_threads_share_the_chunks_of_a_small_width_and_change_nothing(sampler: str, jobs: int) -> None:
    work = chunks(100, 9)
    alone, shared = (list(samples(simulation(PAIR, 7, sampler), work, number)) for number in (1, jobs))
    assert all(equal(a, b) for a, b in zip(alone, shared, strict=True))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_another_chunk_or_seed_is_another_sample(sampler: str) -> None:
    here = simulate(simulation(WITH_INPUT, 7, sampler), Chunk(0, 5)).rows
    assert not np.any(here == simulate(simulation(WITH_INPUT, 7, sampler), Chunk(1, 5)).rows)
    assert not np.any(here == simulate(simulation(WITH_INPUT, 7, sampler, seed=2), Chunk(0, 5)).rows)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_simulation_is_called_to_simulate(sampler: str) -> None:
    assert equal(simulation(PAIR, 3, sampler)(Chunk(2, 4)), simulate(simulation(PAIR, 3, sampler), Chunk(2, 4)))


@pytest.mark.parametrize("n", [3, 2500])
def test_replicates_and_blocks_of_one_chunk_differ(n: int) -> None:
    rows = simulate(simulation(WITH_INPUT, n), Chunk(0, 40)).rows
    assert np.unique(rows).size == rows.size


def test_formulas_and_functions_in_python_draw_the_same() -> None:
    one, other = (simulate(simulation(each, 2500), Chunk(0, 1)) for each in (WITH_INPUT, PYTHON))
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(arrays(one), arrays(other), strict=True))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 5), max_size=20), st.integers(1, 6))
def test_results_of_threads_come_in_order(work: list[int], jobs: int) -> None:
    def task(piece: int) -> int:
        time.sleep(piece * 1e-4)
        return piece

    assert list(run_in_threads(task, work, jobs)) == work


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_thread_reaches_the_caller(jobs: int) -> None:
    done = run_in_threads(lambda piece: 1 // piece, [1, 1, 0, 1], jobs)
    assert list(islice(done, 2)) == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(done)


@pytest.mark.parametrize("jobs", [1, 3])
def test_nothing_runs_after_the_caller_has_stopped(jobs: int) -> None:
    running, lock, started = [0], threading.Lock(), [0]

    def task(_: int) -> None:
        with lock:
            running[0] += 1
            started[0] += 1
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    with closing(run_in_threads(task, range(100), jobs)) as done:
        next(done)
    assert running == [0]
    assert started[0] < 20


def test_an_interruption_in_a_simulation_ends_its_threads() -> None:
    class Stop(BaseException):
        """As an interruption is, no error."""

    def functions(values: object) -> list[float]:
        raise Stop

    before = threading.active_count()
    interrupted = Simulation(WITH_INPUT, 5000, 2, "conditioned", Stream(0, (1,)), functions, block=500)
    with pytest.raises(Stop):
        list(samples(interrupted, [Chunk(0, 1)], 3))
    assert threading.active_count() == before


# ------------------------------------------------------------------------------------------------
# Samples
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_merging_joins_the_replicates_in_order(sampler: str) -> None:
    one, other = (simulate(simulation(PAIR, 4, sampler), Chunk(index, 3)) for index in (0, 1))
    merged = one.merge(other)
    assert merged.replicates == 6
    assert all(
        np.array_equal(whole, np.concatenate(parts), equal_nan=True)
        for whole, *parts in zip(arrays(merged), arrays(one), arrays(other), strict=True)
    )


def test_samples_at_different_widths_are_not_merged() -> None:
    one, other = (simulate(simulation(PAIR, n), Chunk(0, 1)) for n in (4, 5))
    with pytest.raises(ValueError, match="different widths: n = 4, 5"):
        one.merge(other)


@pytest.mark.parametrize(
    ("sampler", "n"), [(s, n) for s in SAMPLERS for n in (1, 2, 2500) if (s, n) != ("dense", 2500)]
)
def test_the_shapes_are_those_that_are_promised(sampler: str, n: int) -> None:
    sample = simulate(simulation(PAIR, n, sampler), Chunk(0, 2))
    kept = min(n, 3)
    assert [one.shape for one in arrays(sample)][:4] == [(2, 12, 12), (2, 20, 20), (2, 1), (2, kept, 12)]
    assert (sample.innovations is not None) == (sampler == "dense")


def test_a_chunk_is_drawn_in_batches() -> None:
    drawn = simulation(WITH_INPUT, 1000)
    size = batch_size(drawn)
    whole, first = (simulate(drawn, Chunk(0, count)) for count in (size + 2, size))
    assert whole.replicates == size + 2
    assert np.array_equal(whole.rows[:size], first.rows)


# ------------------------------------------------------------------------------------------------
# Complaints
# ------------------------------------------------------------------------------------------------

LOGARITHM = recursion(lambda t: (Apply("log", (State(t, 0),)),), initial=(Table(((2.0,), (-1.5,), (3.0,))),))


@pytest.mark.parametrize("block", [2, 100])
def test_rows_that_are_not_finite_are_reported_with_an_example(block: int) -> None:
    with pytest.raises(
        NonFiniteRowsError, match=r"G of W at t = 0 .* in 4 of 12 rows, for one at q_0\[0\] = -1.5"
    ) as error:
        conditioned(LOGARITHM, 12, 3, 1, np.random.SeedSequence(0), block=block)
    assert (error.value.matrix, error.value.time, error.value.count) == ("W", 0, 4)
    assert error.value.arguments == {State(0, 0): -1.5}


def test_the_dense_sampler_reports_the_same() -> None:
    with pytest.raises(NonFiniteRowsError, match=r"G of W at t = 0 .* in 8 of 24 rows, for one at q_0\[0\] = -1.5"):
        dense(LOGARITHM, 12, 3, 2, np.random.default_rng(0))


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_the_matrix_and_the_time_of_bad_rows_are_named(sampler: str, value: float) -> None:
    def first(t: int) -> FormulaRows:
        return FormulaRows((tanh(State(t, 0)),))

    def second(t: int) -> FormulaRows:
        return FormulaRows((Constant(value if t == 2 else 1.0),))

    one = Recursion((Matrix("A", 1.0, first), Matrix("B", 1.0, second)), ONE)
    with pytest.raises(NonFiniteRowsError, match=r"G of B at t = 2 .* in 30 of 30 rows"):
        simulate(Simulation(one, 10, 4, sampler, Stream(0, (1,))), Chunk(0, 3))


def test_a_linear_recursion_that_overflows_is_reported() -> None:
    one = recursion(lambda t: (product(Constant(1e120), State(t, 0)),))
    with pytest.raises(NonFiniteRowsError, match="G of W at t = 1"):
        conditioned(one, 10, 4, 1, np.random.SeedSequence(0))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_large_values_that_can_be_squared_are_welcome(sampler: str) -> None:
    one = recursion(lambda t: (product(Constant(1e60), tanh(State(t, 0))),))
    sample = simulate(Simulation(one, 10, 2, sampler, Stream(0, (1,))), Chunk(0, 3))
    assert np.isfinite(sample.second_moments).all()


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_sizes_below_one_are_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1 each"):
        conditioned(WITH_INPUT, *sizes, np.random.SeedSequence(0))
    with pytest.raises(ValueError, match="at least 1 each"):
        dense(WITH_INPUT, *sizes, np.random.default_rng(0))


def test_large_widths_are_run_one_by_one() -> None:
    with pytest.raises(ValueError, match="one by one"):
        conditioned(WITH_INPUT, 11, 2, 2, np.random.SeedSequence(0), block=10)


def test_an_unknown_sampler_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of dense, conditioned, fresh"):
        simulation(WITH_INPUT, 5, "lazy")


def test_an_empty_chunk_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one replicate"):
        simulate(simulation(WITH_INPUT, 5), Chunk(0, 0))
