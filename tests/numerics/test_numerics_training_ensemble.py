"""Ensembles of trained RNNs: whatever the number of workers, what is remembered is what was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from numerics.ensembles import Chunk, Stream, chunks, run_chunks
from numerics.gaussian_matrix import DenseSpace
from numerics.linear_rnn import Parameters
from numerics.training import Correlations, RecurrentNetwork, SpaceWeights, train
from numerics.training.ensemble import MOST, Divergence, TrainedNetworks, Training

HORIZON, STEPS, ETA = 3, 4, 0.01


def training(n: int = 10**6, eta: float = ETA, sampler: str = "lazy") -> Training:
    rng = np.random.default_rng(1)
    data = Correlations.of(rng.normal(size=(5, HORIZON, 2)), rng.normal(size=(5, HORIZON, 1)))
    p = Parameters(n, HORIZON, 2, 1, 0.8, 1.2, 0.7)
    return Training(p, data, STEPS, eta, Stream(3, (1, n)), sampler)


def trained(one: Training, chunk: Chunk) -> TrainedNetworks:
    found = one(chunk)
    assert isinstance(found, TrainedNetworks)
    return found


def test_a_chunk_does_not_depend_on_the_chunks_before() -> None:
    one = training()
    trained(one, Chunk(0, 2))
    np.testing.assert_array_equal(trained(one, Chunk(1, 2)).responses, trained(training(), Chunk(1, 2)).responses)


def test_two_workers_find_the_same_as_one() -> None:
    one = training()
    work = chunks(6, 2)
    alone, shared = (TrainedNetworks.merged(list(run_chunks(one, work, jobs))) for jobs in (1, 2))
    np.testing.assert_array_equal(alone.responses, shared.responses)
    np.testing.assert_array_equal(alone.kernel_change, shared.kernel_change)


def test_other_chunks_draw_others() -> None:
    one = training()
    assert not np.allclose(trained(one, Chunk(0, 2)).initial, trained(one, Chunk(1, 2)).initial)


def test_what_is_remembered_is_what_gradient_descent_does() -> None:
    n = 7
    one = training(n, sampler="dense")
    found = trained(one, Chunk(2, 3))
    space = DenseSpace(n, 3, one.stream.generator(2))
    network = RecurrentNetwork(SpaceWeights(space, one.parameters), HORIZON)
    start = network.krylov.kernel.matrix()
    expected = train(network, one.correlations, [0, 2, STEPS], ETA)
    np.testing.assert_allclose(found.responses[:, [0, 2, STEPS]], expected.responses.swapaxes(0, 1), rtol=1e-12)
    np.testing.assert_allclose(found.losses[:, [0, 2, STEPS]], expected.losses.T, rtol=1e-12)
    moved = np.linalg.norm(network.krylov.kernel.matrix() - start, axis=(1, 2))
    np.testing.assert_allclose(found.kernel_change[:, STEPS], moved, rtol=1e-10)
    np.testing.assert_array_equal(found.kernel_change[:, 0], 0)


def test_the_remembered_kernel_is_the_derivative_of_training() -> None:
    """With a small rate the first step is ``-η P_n G``."""
    eta = 1e-7
    one = training(50, eta, "dense")
    found = trained(one, Chunk(0, 2))
    first = found.responses[:, 1] - found.initial
    np.testing.assert_allclose(first, -eta * (found.kernel @ one.correlations.gradient(found.initial)), rtol=1e-4)


def test_merging_keeps_the_order() -> None:
    one = training()
    parts = [trained(one, Chunk(0, 2)), trained(one, Chunk(1, 1))]
    both = TrainedNetworks.merged(parts)
    assert (both.replicates, both.steps) == (3, STEPS)
    np.testing.assert_array_equal(both.responses[2], parts[1].responses[0])
    np.testing.assert_array_equal(both.kernel.A[2], parts[1].kernel.A[0])
    assert both.directions == max(part.directions for part in parts)


def test_divergence_comes_back_as_a_value_from_a_worker_too() -> None:
    one = training(40, eta=10.0)
    for found in run_chunks(one, chunks(4, 2), jobs=2):
        assert isinstance(found, Divergence)
        assert 1 <= found.step <= STEPS
        assert f"at step {found.step}" in found.words


def test_a_chunk_has_no_more_replicates_than_the_memory_holds() -> None:
    one = training()
    assert one.chunk_size == MOST
    assert replace(one, memory=int(2.5 * one.bytes)).chunk_size == 2
    assert replace(one, memory=one.bytes - 1).chunk_size == 0


@pytest.mark.parametrize(("n", "sampler", "expected"), [(10, "lazy", 10), (10**6, "lazy", 33), (50, "dense", 50)])
def test_directions_are_bounded_by_the_width_and_by_what_is_asked(n: int, sampler: str, expected: int) -> None:
    one = training(n, sampler=sampler)
    assert one.directions == expected
    assert trained(one, Chunk(0, 1)).directions <= expected
