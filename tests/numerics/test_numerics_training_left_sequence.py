"""Many inputs and few outputs: training by the left Krylov sequence is the same training."""

from __future__ import annotations

import numpy as np
import pytest

from numerics.gaussian_matrix import Array
from numerics.linear_rnn import Parameters
from numerics.training import Correlations, DenseWeights, RecurrentNetwork, dense_weights, train

MANY = Parameters(30, 5, 8, 2, 0.5, 0.1, 1.0)


def draw() -> DenseWeights:
    return DenseWeights.draw(MANY, np.random.default_rng(0))


def data() -> Correlations:
    rng = np.random.default_rng(1)
    return Correlations.of(rng.normal(size=(20, 5, 8)), rng.normal(size=(20, 5, 2)))


def both_ways() -> tuple[DenseWeights, DenseWeights]:
    one = draw()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense_weights, "_FEW", 100)
        other = draw()
        two_sided = other.krylov(5)
    assert not isinstance(two_sided, dense_weights.LeftSequence)
    assert isinstance(one.krylov(5), dense_weights.LeftSequence)
    return one, other


def test_both_sequences_give_one_response_and_one_kernel() -> None:
    one = draw().krylov(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense_weights, "_FEW", 100)
        other = draw().krylov(5)
    np.testing.assert_allclose(one.response, other.response, rtol=1e-12)
    np.testing.assert_allclose(one.kernel.matrix(), other.kernel.matrix(), rtol=1e-12, atol=1e-15)


def test_both_ways_to_train_end_with_the_same_weights() -> None:
    one, other = both_ways()
    trained = train(RecurrentNetwork(one, 5), data(), [7], 1e-3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense_weights, "_FEW", 100)
        expected = train(RecurrentNetwork(other, 5), data(), [7], 1e-3)
    np.testing.assert_allclose(trained.responses, expected.responses, rtol=1e-11, atol=1e-14)
    for found, value in ((one.W, other.W), (one.F, other.F), (one.C, other.C)):
        same(found, value)


def same(found: Array, value: Array) -> None:
    np.testing.assert_allclose(found, value, rtol=0, atol=1e-12 * np.abs(value).max())


def test_a_right_sequence_is_not_worked_out_from_later_weights() -> None:
    weights = draw()
    early = weights.krylov(5)
    weights.descend(early, data().gradient(early.response), 1e-3)
    with pytest.raises(RuntimeError, match="trained since"):
        _ = early.right
