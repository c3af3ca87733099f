"""Ensembles of kernels: reproducible, mergeable, and right on average at finite width.

Statistical tests have a fixed seed; each family of entries raises a false alarm with probability
1e-6, shared among its entries by Bonferroni's bound.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from numerics import kernel_ensemble
from numerics.ensembles import Chunk, Stream
from numerics.kernel_ensemble import Sample, Simulation, batch_size, simulate
from numerics.linear_rnn import Grams, Parameters, sample_grams
from numerics.statistics import Moments

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
NU_W, NU_F, NU_C = 0.9, 1.3, 0.7
N, T, INPUTS, OUTPUTS = 8, 4, 2, 1
REPLICATES = 8000


def simulation(sampler: str = "lazy", *, n: int = N, seed: int = 1, with_kernel: bool = True) -> Simulation:
    rng = np.random.default_rng(0)
    x, x_prime = (tuple(map(tuple, rng.standard_normal((T, INPUTS)).tolist())) for _ in range(2))
    p = Parameters(n, T, INPUTS, OUTPUTS, NU_W, NU_F, NU_C)
    return Simulation(p, x, x_prime, sampler, Stream(seed, (int(sampler == "dense"),)), with_kernel)


def everything(sample: Sample) -> list[Array]:
    families = [sample.weights, sample.kernel, sample.products, sample.conditional]
    moments = [array for family in families if family is not None for array in (family.mean, family.squares)]
    return [*moments, sample.diagonal, sample.off_diagonal, sample.response]


def equal(one: Sample, other: Sample) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(everything(one), everything(other), strict=True))


# ------------------------------------------------------------------------------------------------
# Reproducible, whatever the batches
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_the_same_chunk_is_the_same_sample(sampler: str) -> None:
    assert equal(simulate(simulation(sampler), Chunk(3, 300)), simulate(simulation(sampler), Chunk(3, 300)))


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_a_simulation_is_called_to_simulate(sampler: str) -> None:
    assert equal(simulation(sampler)(Chunk(0, 5)), simulate(simulation(sampler), Chunk(0, 5)))


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_another_chunk_or_seed_is_another_sample(sampler: str) -> None:
    here = simulate(simulation(sampler), Chunk(0, 5)).diagonal
    assert not np.any(here == simulate(simulation(sampler), Chunk(1, 5)).diagonal)
    assert not np.any(here == simulate(simulation(sampler, seed=2), Chunk(0, 5)).diagonal)


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_leaving_the_kernel_out_changes_nothing_else(sampler: str) -> None:
    whole = simulate(simulation(sampler), Chunk(0, 50))
    without = simulate(simulation(sampler, with_kernel=False), Chunk(0, 50))
    assert without.kernel is None
    assert equal(replace(whole, kernel=None), without)


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_sample_has_the_same_shape_whatever_the_batches(
    sampler: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = [array.shape for array in everything(simulate(simulation(sampler), Chunk(0, 60)))]
    monkeypatch.setattr(kernel_ensemble, "_BATCH", batch)
    sample = simulate(simulation(sampler), Chunk(0, 60))
    assert [array.shape for array in everything(sample)] == shapes
    assert sample.replicates == sample.weights.count == sample.products.count == sample.conditional.count == 60


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_what_is_remembered_has_a_place_for_each_lag_and_channel(sampler: str) -> None:
    sample = simulate(simulation(sampler), Chunk(0, 6))
    assert sample.weights.mean.shape == sample.conditional.mean.shape == (T, T)
    assert sample.kernel is not None
    assert sample.kernel.mean.shape == (T, OUTPUTS, T, OUTPUTS)
    assert sample.products.mean.shape == (T * OUTPUTS * INPUTS, T * OUTPUTS * INPUTS)
    assert sample.diagonal.shape == (6, T)
    assert sample.off_diagonal.shape == (6,)
    assert sample.response.shape == (6, T, OUTPUTS, INPUTS)


def test_the_batches_of_a_chunk_are_all_remembered() -> None:
    """300 replicates are drawn in three batches; the moments agree with the raw draws of all."""
    sample = simulate(simulation(), Chunk(0, 300))
    assert batch_size(simulation()) < 300
    raw = Moments.of(sample.diagonal)
    np.testing.assert_allclose(np.diagonal(sample.weights.mean), raw.mean, rtol=1e-12)
    np.testing.assert_allclose(np.diagonal(sample.weights.squares), raw.squares, rtol=1e-9)
    flat = sample.response.reshape(300, -1)
    products = Moments.of(flat[:, :, None] * flat[:, None, :])
    np.testing.assert_allclose(sample.products.mean, products.mean, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(sample.products.squares, products.squares, rtol=1e-9)


def test_the_off_diagonal_is_the_sum_of_the_squared_other_weights() -> None:
    sample = simulate(simulation(), Chunk(0, 1))
    weights = sample.weights.mean
    expected = np.sum(weights**2) - np.sum(np.diagonal(weights) ** 2)
    assert sample.off_diagonal[0] == pytest.approx(expected, rel=1e-10)
    np.testing.assert_array_equal(sample.diagonal[0], np.diagonal(weights))


def test_the_off_diagonal_of_a_huge_width_is_not_lost_to_rounding() -> None:
    """Entries of size n^{-1/2} = 1e-9 beside a diagonal of size 1: squares of 1e-18, below its rounding error."""
    sample = simulate(simulation(n=10**18), Chunk(0, 200))
    assert np.all((sample.off_diagonal > 1e-20) & (sample.off_diagonal < 1e-14))


def test_a_batch_holds_fewer_replicates_where_each_is_larger() -> None:
    sizes = [batch_size(simulation("dense", n=n)) for n in (8, 400, 3000, 10**6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[1] > sizes[2] == sizes[3] == 1


def test_the_width_does_not_change_a_lazy_batch() -> None:
    assert batch_size(simulation(n=10**3)) == batch_size(simulation(n=10**18)) > 1


def test_a_chunk_without_replicates_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one replicate"):
        simulate(simulation(), Chunk(0, 0))


# ------------------------------------------------------------------------------------------------
# Merging
# ------------------------------------------------------------------------------------------------


def test_merged_samples_hold_the_replicates_of_both_in_order() -> None:
    one, other = (simulate(simulation(), Chunk(i, 10 + i)) for i in (0, 1))
    both = one.merge(other)
    assert both.replicates == both.weights.count == both.conditional.count == 21
    np.testing.assert_array_equal(both.diagonal, np.concatenate([one.diagonal, other.diagonal]))
    np.testing.assert_array_equal(both.off_diagonal, np.concatenate([one.off_diagonal, other.off_diagonal]))
    np.testing.assert_array_equal(both.response, np.concatenate([one.response, other.response]))


def test_merged_samples_hold_the_moments_of_both() -> None:
    one, other = (simulate(simulation(), Chunk(i, 10 + i)) for i in (0, 1))
    both = one.merge(other)
    for name in ("weights", "kernel", "products", "conditional"):
        merged = getattr(one, name).merge(getattr(other, name))
        np.testing.assert_array_equal(getattr(both, name).mean, merged.mean)
        np.testing.assert_array_equal(getattr(both, name).squares, merged.squares)


def test_samples_with_and_without_kernel_merge_without_kernel() -> None:
    one, other = simulate(simulation(), Chunk(0, 3)), simulate(simulation(with_kernel=False), Chunk(1, 3))
    assert one.merge(other).kernel is None
    assert other.merge(one).kernel is None


def test_a_sample_remembers_the_largest_mismatch_of_its_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    def mismatched(*args: object) -> Grams:
        grams = sample_grams(*args)
        return replace(grams, mismatch=np.array([1e-9, 1e-3, 1e-6]))

    monkeypatch.setattr(kernel_ensemble, "sample_grams", mismatched)
    assert simulate(simulation(), Chunk(0, 3)).mismatch == 1e-3


def test_merged_samples_remember_the_larger_mismatch() -> None:
    one, other = (replace(simulate(simulation(), Chunk(0, 3)), mismatch=value) for value in (1e-3, 1e-5))
    assert one.merge(other).mismatch == other.merge(one).mismatch == 1e-3


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
@pytest.mark.parametrize("n", [1, 3, 100])
def test_no_replicate_has_a_mismatch_beyond_rounding(sampler: str, n: int) -> None:
    assert simulate(simulation(sampler, n=n), Chunk(0, 200)).mismatch < 1e-8


def test_samples_without_kernel_merge_without_kernel() -> None:
    one, other = (simulate(simulation(with_kernel=False), Chunk(i, 3)) for i in (0, 1))
    assert one.merge(other).kernel is None
    assert one.merge(other).replicates == 6


# ------------------------------------------------------------------------------------------------
# Right on average, at width 8
# ------------------------------------------------------------------------------------------------


@cache
def drawn(sampler: str) -> Sample:
    return simulate(simulation(sampler), Chunk(0, REPLICATES))


def smallest_p(found: Array, expected: ArrayLike, error: Array) -> float:
    """Bonferroni's p-value of a family of z-tests."""
    z = np.abs(found - expected) / error
    return float(np.min(2 * stats.norm.sf(z)) * z.size)


M = np.array([1.0, 1.0, 1 + 2 / N**2, 1 + 10 / N**2 + 4 / N**3])
"""m_j(n), the exact growth of ``n^{-j} |G^j q|² / |q|²``."""


@pytest.mark.parametrize("family", ["weights", "kernel", "products", "conditional"])
def test_dense_and_lazy_samples_have_the_same_mean(family: str) -> None:
    dense, lazy = (getattr(drawn(sampler), family) for sampler in ("dense", "lazy"))
    assert smallest_p(dense.mean, lazy.mean, np.hypot(dense.error, lazy.error)) > FALSE_ALARM


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_the_conditional_covariance_has_the_exact_mean(sampler: str) -> None:
    conditional = drawn(sampler).conditional
    expected = NU_C * NU_F * NU_W ** np.arange(T) * M
    assert smallest_p(np.diagonal(conditional.mean), expected, np.diagonal(conditional.error)) > FALSE_ALARM


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_the_conditional_covariance_of_infinite_width_is_refuted_at_lag_three(sampler: str) -> None:
    conditional = drawn(sampler).conditional
    z = (conditional.mean[3, 3] - NU_C * NU_F * NU_W**3) / conditional.error[3, 3]
    assert z > 4.9


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_components_of_the_impulse_response_have_the_exact_covariance(sampler: str) -> None:
    products = drawn(sampler).products
    variances = np.repeat(NU_C * NU_F * NU_W ** np.arange(T) * M, INPUTS * OUTPUTS)
    lags, channels = np.divmod(np.arange(T * INPUTS), INPUTS)
    known = (channels[:, None] != channels) | ((lags[:, None] + lags) % 2 == 1) | np.eye(T * INPUTS, dtype=bool)
    assert smallest_p(products.mean[known], np.diag(variances)[known], products.error[known]) > FALSE_ALARM


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_the_conditional_covariance_is_the_covariance_with_less_spread(sampler: str) -> None:
    """The same mean as the products of the impulse response, for each pair of lags.

    It averages two conditional expectations of them, so that the difference spreads less than
    the products do.
    """
    sample = drawn(sampler)
    shape = (T, INPUTS, T, INPUTS)
    products = np.einsum("jaka->jk", sample.products.mean.reshape(shape)) / INPUTS
    errors = np.einsum("jaka->jk", sample.products.error.reshape(shape)) / INPUTS
    assert smallest_p(products, sample.conditional.mean, errors) > FALSE_ALARM
    assert np.all(np.diagonal(sample.conditional.error) < np.diagonal(sample.products.error)[::INPUTS])


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_lag_weights_have_their_exact_means(sampler: str) -> None:
    weights = drawn(sampler).weights
    both, all_three = NU_C + NU_F, NU_C * NU_F * NU_W
    expected = {
        (0, 0): both,
        (0, 1): 0.0,
        (1, 1): both * NU_W + NU_C * NU_F,
        (0, 2): both * NU_W / N,
        (1, 2): 0.0,
        (2, 2): both * NU_W**2 * M[2] + 2 * all_three * (1 + 1 / N**2),
        (1, 3): both * NU_W**2 * (2 / N + 1 / N**2) + all_three * (2 / N + 1 / N**2),
        (3, 3): both * NU_W**3 * M[3] + NU_W * all_three * (3 + 20 / N**2 + 4 / N**3),
    }
    index = tuple(np.array(list(expected)).T)
    assert smallest_p(weights.mean[index], np.array(list(expected.values())), weights.error[index]) > FALSE_ALARM


@pytest.mark.parametrize("sampler", ["dense", "lazy"])
def test_the_kernel_has_the_mean_that_its_lag_weights_give(sampler: str) -> None:
    """``E K = Σ_{j,k} P_n(j, k) x_{t-j}·x'_{s-k}``.

    The right side with measured weights is the average of K over rotations of the channels, so
    that the difference spreads less than K itself.
    """
    sample, sim = drawn(sampler), simulation(sampler)
    x, x_prime = np.array(sim.x), np.array(sim.x_prime)
    assert sample.kernel is not None
    expected = np.zeros((T, T))
    for t in range(T):
        for s in range(T):
            for j in range(t + 1):
                for k in range(s + 1):
                    expected[t, s] += sample.weights.mean[j, k] * (x[t - j] @ x_prime[s - k])
    found, error = sample.kernel.mean[:, 0, :, 0], sample.kernel.error[:, 0, :, 0]
    assert smallest_p(found, expected, error) > FALSE_ALARM
