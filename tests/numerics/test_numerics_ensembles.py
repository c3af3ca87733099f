"""Chunks, streams, and running them on any number of workers."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from threadpoolctl import threadpool_info, threadpool_limits

from numerics.ensembles import Chunk, Stream, chunks, end_workers, run_chunks
from numerics.kernel_ensemble import Sample, Simulation
from numerics.linear_rnn import Parameters
from numerics.workers import available_workers

COUNTS = st.integers(1, 500)


@settings(deadline=None, max_examples=100)
@given(COUNTS, st.integers(1, 60))
def test_chunks_hold_all_replicates(replicates: int, size: int) -> None:
    assert sum(chunk.replicates for chunk in chunks(replicates, size)) == replicates


@settings(deadline=None, max_examples=100)
@given(COUNTS, st.integers(1, 60))
def test_all_chunks_but_the_last_are_full(replicates: int, size: int) -> None:
    *full, last = chunks(replicates, size)
    assert all(chunk.replicates == size for chunk in full)
    assert 1 <= last.replicates <= size


@settings(deadline=None, max_examples=100)
@given(COUNTS, st.integers(1, 60), st.integers(0, 1000))
def test_chunks_are_numbered_from_the_first(replicates: int, size: int, first: int) -> None:
    work = chunks(replicates, size, first)
    assert [chunk.index for chunk in work] == list(range(first, first + len(work)))


@settings(deadline=None, max_examples=100)
@given(COUNTS, st.integers(1, 60), st.integers(1, 10))
def test_more_replicates_keep_the_full_chunks_of_fewer(replicates: int, size: int, more: int) -> None:
    few, many = chunks(replicates, size), chunks(replicates + more, size)
    assert many[: len(few) - 1] == few[:-1]


def test_no_replicates_are_no_chunks() -> None:
    assert chunks(0, 5) == []


# ------------------------------------------------------------------------------------------------
# Streams
# ------------------------------------------------------------------------------------------------

KEYS = st.lists(st.integers(0, 2**31), min_size=1, max_size=4).map(tuple)


def first_draws(stream: Stream, chunk: int = 0) -> list[int]:
    return list(stream.generator(chunk).integers(0, 2**63, 4))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**64), KEYS, st.integers(0, 100))
def test_equal_streams_draw_the_same(seed: int, key: tuple[int, ...], chunk: int) -> None:
    assert first_draws(Stream(seed, key), chunk) == first_draws(Stream(seed, key), chunk)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**64), KEYS, KEYS)
def test_streams_of_different_keys_differ(seed: int, key: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert (first_draws(Stream(seed, key)) == first_draws(Stream(seed, other))) == (key == other)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**64), KEYS)
def test_a_longer_key_is_another_key(seed: int, key: tuple[int, ...]) -> None:
    assert first_draws(Stream(seed, key)) != first_draws(Stream(seed, (*key, 0)))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**64), KEYS, st.integers(0, 100), st.integers(0, 100))
def test_chunks_of_a_stream_differ(seed: int, key: tuple[int, ...], chunk: int, other: int) -> None:
    same = first_draws(Stream(seed, key), chunk) == first_draws(Stream(seed, key), other)
    assert same == (chunk == other)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**64), st.integers(0, 2**64), KEYS)
def test_streams_of_different_seeds_differ(seed: int, other: int, key: tuple[int, ...]) -> None:
    assert (first_draws(Stream(seed, key)) == first_draws(Stream(other, key))) == (seed == other)


@settings(deadline=None, max_examples=20)
@given(KEYS, st.integers(1, 5))
def test_other_draws_do_not_disturb_a_stream(key: tuple[int, ...], drawn: int) -> None:
    stream = Stream(1, key)
    expected = first_draws(stream)
    stream.generator().standard_normal(drawn)
    stream.generator(1).standard_normal(drawn)
    assert first_draws(stream) == expected


def test_neighbouring_streams_are_uncorrelated() -> None:
    """Pearson's test for each pair of six; each raises a false alarm with probability 1e-6."""
    streams = [Stream(0, (a,)).generator(c).standard_normal(50_000) for a in (0, 1, 2) for c in (0, 1)]
    for i in range(6):
        for k in range(i):
            assert stats.pearsonr(streams[i], streams[k]).pvalue > 1e-6


# ------------------------------------------------------------------------------------------------
# Running
# ------------------------------------------------------------------------------------------------


def simulation() -> Simulation:
    x = ((1.0,), (0.5,), (-1.0,))
    return Simulation(Parameters(40, 3, 1, 1, 0.9, 1.0, 1.0), x, x, "lazy", Stream(5, (1,)))


def arrays_of(samples: Iterator[Sample]) -> list[np.ndarray]:
    """Everything that was measured, of all chunks in order and of their merger."""
    found: list[np.ndarray] = []
    total: Sample | None = None
    for sample in samples:
        total = sample if total is None else total.merge(sample)
        found += [sample.diagonal, total.weights.mean, total.weights.squares, total.response, total.off_diagonal]
        assert total.kernel is not None
        found += [total.kernel.mean, total.products.squares, total.conditional.squares]
    return found


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_results_bit_for_bit() -> None:
    work = chunks(230, 25)
    one = arrays_of(run_chunks(simulation(), work, jobs=1))
    for jobs in (2, 3):
        other = arrays_of(run_chunks(simulation(), work, jobs))
        assert len(one) == len(other) == 80
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("replicates", [0, 1, 40])
def test_results_come_in_the_order_of_the_work(jobs: int, replicates: int) -> None:
    work = chunks(replicates, 1, first=7)[::-1]
    assert list(run_chunks(attrgetter("index"), work, jobs)) == [chunk.index for chunk in work]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_task_reaches_the_caller_and_the_next_run_works(jobs: int) -> None:
    work = chunks(4, 1)
    with pytest.raises(AttributeError, match="unheard_of"):
        list(run_chunks(attrgetter("unheard_of"), work, jobs))
    assert list(run_chunks(attrgetter("index"), work, jobs)) == [0, 1, 2, 3]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_is_given_up_early_keeps_what_it_gave(jobs: int) -> None:
    results = run_chunks(attrgetter("replicates"), chunks(64, 3), jobs)
    assert [next(results), next(results)] == [3, 3]
    results.close()
    assert list(run_chunks(attrgetter("index"), chunks(6, 3), jobs)) == [0, 1]


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that workers can import: they are started afresh and share nothing but the path."""
    (tmp_path / "tasks_for_workers.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)
    end_workers()  # those already started do not know the path
    return importlib.import_module("tasks_for_workers")


TASKS = """
import os, signal, time

def process_id(chunk):
    return os.getpid()

def interrupted(chunk):
    os.kill(os.getpid(), signal.SIGINT)
    return chunk.index

def slow(chunk):
    time.sleep(30.0 if chunk.index else 0.0)
    return os.getpid()
"""


def test_several_workers_are_other_processes(tasks: ModuleType) -> None:
    workers = set(run_chunks(tasks.process_id, chunks(4, 1), jobs=2))
    assert os.getpid() not in workers


def test_an_interruption_of_the_caller_ends_the_run_and_the_next_one_works() -> None:
    results = run_chunks(attrgetter("replicates"), chunks(64, 3), jobs=2)
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt())
    assert list(run_chunks(attrgetter("index"), chunks(6, 3), jobs=2)) == [0, 1]


def test_workers_ignore_the_interruption_that_is_meant_for_the_caller(tasks: ModuleType) -> None:
    try:
        assert list(run_chunks(tasks.interrupted, chunks(4, 1), jobs=2)) == [0, 1, 2, 3]
    except KeyboardInterrupt:  # which would end the whole test run
        pytest.fail("a worker passed the interruption on")


def test_a_run_that_is_given_up_ends_its_workers_at_once(tasks: ModuleType) -> None:
    results = run_chunks(tasks.slow, chunks(6, 1), jobs=2)
    worker = next(results)
    start = time.monotonic()
    results.close()
    while is_running(worker):
        assert time.monotonic() - start < 20
        time.sleep(0.05)


def is_running(process: int) -> bool:
    multiprocessing.active_children()  # joins those that have ended
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_worker_is_this_process_and_works_when_asked() -> None:
    done: list[int] = []
    results = run_chunks(lambda chunk: done.append(chunk.index), chunks(5, 1), jobs=1)
    assert done == []
    next(results)
    assert done == [0]
    list(results)
    assert done == [0, 1, 2, 3, 4]


def test_a_single_chunk_is_run_in_this_process() -> None:
    assert list(run_chunks(lambda _: os.getpid(), [Chunk(0, 1)], jobs=8)) == [os.getpid()]


def test_linear_algebra_is_single_threaded_inside_a_chunk_and_as_before_outside() -> None:
    def threads(_: Chunk | None = None) -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with threadpool_limits(limits=2, user_api="blas"):
        outside = threads()
        if max(outside, default=1) < 2:
            pytest.skip("the linear algebra here has no second thread to be kept from")
        (inside,) = run_chunks(threads, [Chunk(0, 1)], jobs=1)
        assert set(inside) == {1}
        assert threads() == outside


def test_there_is_at_least_one_worker_and_no_more_than_processors() -> None:
    assert 1 <= available_workers() <= (os.cpu_count() or 1)


def test_large_key_entries_are_told_from_pairs_of_small_ones() -> None:
    draws = [Stream(1, key).generator().random() for key in ((2**32,), (0, 1), (2**32, 0), (0, 1, 0))]
    assert len(set(draws)) == len(draws)
