"""The estimate of the memory of a simulation, against itself and against what is allocated."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.ensembles import Chunk, Stream
from numerics.gaussian_matrix import DenseSpace
from numerics.kernel_ensemble import Simulation, batch_size, simulate
from numerics.linear_rnn import Parameters
from numerics.memory import bytes_needed, dense_bytes

SAMPLERS = st.sampled_from(["dense", "lazy"])
SHAPES = st.builds(
    Parameters,
    n=st.integers(1, 10**6),
    horizon=st.integers(1, 40),
    inputs=st.integers(1, 5),
    outputs=st.integers(1, 5),
    nu_W=st.just(0.9),
    nu_F=st.just(1.0),
    nu_C=st.just(1.0),
)


@pytest.mark.parametrize("n", [1, 7, 100])
def test_the_bytes_of_a_dense_matrix_are_those_it_takes(n: int) -> None:
    assert dense_bytes(n) == DenseSpace(n, 1, np.random.default_rng(0)).gaussian_matrix(1.0).entries.nbytes


@settings(deadline=None, max_examples=100)
@given(SHAPES, SAMPLERS, st.sampled_from(["n", "horizon", "inputs", "outputs"]), st.integers(1, 10))
def test_a_larger_simulation_never_needs_less(p: Parameters, sampler: str, name: str, more: int) -> None:
    larger = replace(p, **{name: getattr(p, name) + more})
    assert bytes_needed(larger, sampler) >= bytes_needed(p, sampler)


@settings(deadline=None, max_examples=50)
@given(SHAPES, SAMPLERS, st.sampled_from(["horizon", "inputs", "outputs"]))
def test_more_lags_or_channels_need_more(p: Parameters, sampler: str, name: str) -> None:
    larger = replace(p, **{name: getattr(p, name) + 1})
    assert bytes_needed(larger, sampler) > bytes_needed(p, sampler)


@settings(deadline=None, max_examples=50)
@given(SHAPES, SAMPLERS, st.integers(1, 1000))
def test_replicates_need_as_many_times_as_much(p: Parameters, sampler: str, replicates: int) -> None:
    assert bytes_needed(p, sampler, replicates) == replicates * bytes_needed(p, sampler)


@settings(deadline=None, max_examples=50)
@given(SHAPES)
def test_a_dense_simulation_needs_at_least_its_matrix(p: Parameters) -> None:
    assert bytes_needed(p, "dense") > dense_bytes(p.n)


@settings(deadline=None, max_examples=50)
@given(SHAPES)
def test_a_lazy_simulation_needs_the_same_at_every_large_width(p: Parameters) -> None:
    wide = replace(p, n=10**9)
    assert bytes_needed(wide, "lazy") == bytes_needed(replace(p, n=10**18), "lazy")


CASES = [
    ("dense", Parameters(300, 4, 1, 1, 0.9, 1.0, 1.0)),
    ("dense", Parameters(60, 4, 2, 1, 0.9, 1.0, 1.0)),
    ("dense", Parameters(1000, 4, 2, 2, 0.9, 1.0, 1.0)),
    ("lazy", Parameters(10**6, 10, 1, 1, 0.9, 1.0, 1.0)),
    ("lazy", Parameters(10**6, 20, 3, 2, 0.9, 1.0, 1.0)),
    ("lazy", Parameters(10**18, 30, 1, 1, 0.9, 1.0, 1.0)),
    ("lazy", Parameters(8, 10, 2, 1, 0.9, 1.0, 1.0)),
]


@pytest.mark.parametrize(("sampler", "p"), CASES)
def test_the_estimate_is_enough_and_not_ten_times_too_much(sampler: str, p: Parameters) -> None:
    """One batch, as it is drawn in a run; a tenth more is allowed for what does not scale with it."""
    x = tuple(tuple(row) for row in np.ones((p.horizon, p.inputs)).tolist())
    simulation = Simulation(p, x, x, sampler, Stream(0, (1,)))
    replicates = batch_size(simulation)
    simulate(simulation, Chunk(0, 1))  # imports and caches
    tracemalloc.start()
    try:
        simulate(simulation, Chunk(0, replicates))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    estimate = bytes_needed(p, sampler, replicates)
    assert peak <= 1.1 * estimate
    assert estimate <= 10 * peak
