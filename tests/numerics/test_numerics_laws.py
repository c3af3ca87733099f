"""Laws of rows: draws, quantiles, atoms and ranges speak of the same law.

Statistical tests have a fixed seed; each raises a false alarm with probability 1e-6 for each number
it compares; there are about 150 of these.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from numerics import laws
from numerics.laws import Discrete, Law, Normal, Table, Uniform, columns_of
from numerics.statistics import Moments, mean_test

Array = NDArray[np.float64]

FALSE_ALARM = 1e-6
DRAWS = 40_000

ROWS = ((1.0, -2.0), (0.5, 0.0), (3.0, 1.0), (-1.0, 1.0), (0.0, 0.25))

EXPECTED: dict[str, tuple[Law, list[float], list[list[float]]]] = {
    "normal": (Normal(((2.0,),), (0.5,)), [0.5], [[2.0]]),
    "correlated": (Normal(((2.0, 0.6), (0.6, 0.5)), (1.0, -1.0)), [1.0, -1.0], [[2.0, 0.6], [0.6, 0.5]]),
    "singular": (Normal(((1.0, 2.0), (2.0, 4.0))), [0.0, 0.0], [[1.0, 2.0], [2.0, 4.0]]),
    "partly constant": (Normal(((0.0, 0.0), (0.0, 3.0)), (7.0, 0.0)), [7.0, 0.0], [[0.0, 0.0], [0.0, 3.0]]),
    "uniform": (Uniform(-1.0, 2.0), [0.5], [[0.75]]),
    "two values": (Discrete((-1.0, 1.0), (0.25, 0.75)), [0.5], [[0.75]]),
    "five values": (Discrete((3.0, 0.0, 1.0, -2.0, 5.0), (0.2,) * 5), [1.4], [[5.84]]),
    "constant": (Discrete((1.5,), (1.0,)), [1.5], [[0.0]]),
    "table": (Table(ROWS), list(np.mean(ROWS, axis=0)), np.cov(np.array(ROWS).T, bias=True).tolist()),
}

every_law = pytest.mark.parametrize("name", EXPECTED)


def assert_has_moments(sample: Array, mean: list[float], covariance: list[list[float]]) -> None:
    """Of (columns, draws)."""
    second = np.einsum("ir,jr->rij", sample, sample)
    assert np.all(mean_test(Moments.of(sample.T), mean).p_values > FALSE_ALARM)
    expected = np.array(covariance) + np.outer(mean, mean)
    assert np.all(mean_test(Moments.of(second), expected).p_values > FALSE_ALARM)


@every_law
def test_draws_have_the_mean_and_covariance_of_the_law(name: str) -> None:
    law, mean, covariance = EXPECTED[name]
    sample = law.draw(np.random.default_rng(1), 0, (DRAWS,))
    assert sample.shape == (law.columns, DRAWS)
    assert_has_moments(sample, mean, covariance)


@every_law
def test_rows_from_uniform_variables_have_the_mean_and_covariance_of_the_law(name: str) -> None:
    law, mean, covariance = EXPECTED[name]
    uniform = np.random.default_rng(2).random((law.columns, DRAWS))
    sample = law.from_uniform(uniform)
    assert sample.shape == (law.columns, DRAWS)
    assert_has_moments(sample, mean, covariance)


def test_wrong_moments_would_be_noticed() -> None:
    law, mean, _ = EXPECTED["correlated"]
    sample = law.draw(np.random.default_rng(1), 0, (DRAWS,))
    with pytest.raises(AssertionError):
        assert_has_moments(sample, mean, [[2.0, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_rows_from_uniform_variables_follow_the_law(name: str) -> None:
    law, (mean,), ((variance,),) = EXPECTED[name]
    reference = {"normal": stats.norm(mean, np.sqrt(variance)), "uniform": stats.uniform(-1, 3)}[name]
    levels = (np.arange(2000) + 0.5) / 2000
    np.testing.assert_allclose(law.from_uniform(levels[None])[0], reference.ppf(levels), rtol=1e-12, atol=1e-12)
    assert stats.kstest(law.draw(np.random.default_rng(3), 0, (DRAWS,))[0], reference.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", ["two values", "five values", "constant", "table"])
def test_equally_spaced_levels_give_each_atom_its_share(name: str) -> None:
    law, _, _ = EXPECTED[name]
    assert isinstance(law, Discrete | Table)
    levels = (np.arange(1000) + 0.5) / 1000
    rows = law.from_uniform(np.tile(levels, (law.columns, 1)))
    for row, weight in zip(law.atoms.nodes.T, law.atoms.weights, strict=True):
        assert np.mean(np.all(rows == row[:, None], axis=0)) == pytest.approx(weight, abs=1e-3)


@pytest.mark.parametrize("name", ["two values", "five values", "constant", "table"])
def test_atoms_have_the_mean_and_covariance_of_the_law(name: str) -> None:
    law, mean, covariance = EXPECTED[name]
    assert isinstance(law, Discrete | Table)
    nodes, weights = law.atoms
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(nodes @ weights, mean, rtol=1e-12)
    np.testing.assert_allclose((nodes * weights) @ nodes.T - np.outer(mean, mean), covariance, atol=1e-12)


def test_a_value_is_taken_on_an_interval_that_holds_its_left_end() -> None:
    law = Discrete((3.0, 1.0, 2.0), (0.25, 0.25, 0.5))
    levels = np.array([[0.0, 0.25 - 1e-9, 0.25, 0.5 - 1e-9, 0.5, 1 - 1e-9]])
    np.testing.assert_array_equal(law.from_uniform(levels), [[3, 3, 1, 1, 2, 2]])


@pytest.mark.parametrize("level", [0.0, 1.0 - 2**-53, 0.25, 0.2, 0.4])
@pytest.mark.parametrize("name", ["two values", "five values", "constant", "table", "uniform"])
def test_extreme_levels_stay_in_the_range(name: str, level: float) -> None:
    law, _, _ = EXPECTED[name]
    rows = law.from_uniform(np.full((law.columns, 1), level))
    for value, (low, high) in zip(rows[:, 0], law.ranges, strict=True):
        assert low <= value <= high


@every_law
def test_draws_stay_in_the_ranges(name: str) -> None:
    law, _, _ = EXPECTED[name]
    sample = law.draw(np.random.default_rng(4), 3, (1000,))
    assert len(law.ranges) == law.columns
    for column, (low, high) in zip(sample, law.ranges, strict=True):
        assert low <= column.min()
        assert column.max() <= high


@every_law
def test_a_column_is_constant_exactly_where_its_range_is_a_point(name: str) -> None:
    law, _, covariance = EXPECTED[name]
    assert [low == high for low, high in law.ranges] == [covariance[i][i] == 0 for i in range(law.columns)]


@every_law
def test_replicates_come_before_rows(name: str) -> None:
    law, _, _ = EXPECTED[name]
    assert law.draw(np.random.default_rng(0), 0, (3, 11)).shape == (law.columns, 3, 11)


@every_law
def test_the_same_generator_gives_the_same_rows(name: str) -> None:
    law, _, _ = EXPECTED[name]
    one, other = (law.draw(np.random.default_rng(5), 0, (50,)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


# ------------------------------------------------------------------------------------------------
# Gaussian laws
# ------------------------------------------------------------------------------------------------

FACTORS = st.integers(1, 4).flatmap(
    lambda rows: st.lists(st.lists(st.integers(-3, 3), min_size=rows, max_size=rows), min_size=1, max_size=4)
)


@settings(deadline=None, max_examples=100)
@given(FACTORS, st.integers(0, 2**32 - 1))
def test_the_root_of_a_covariance_is_a_root_however_different_the_scales(factor: list[list[int]], seed: int) -> None:
    scales = 10.0 ** np.random.default_rng(seed).integers(-5, 5, (len(factor), 1))
    scaled = scales * np.array(factor, dtype=np.float64)
    covariance = scaled @ scaled.T
    root = Normal(tuple(map(tuple, covariance))).root
    spread = np.sqrt(np.diagonal(covariance))
    assert np.all(np.abs(root @ root.T - covariance) <= 1e-13 * np.outer(spread, spread))


@settings(deadline=None, max_examples=50)
@given(FACTORS)
def test_what_does_not_vary_does_not_vary_to_the_root_of_rounding(factor: list[list[int]]) -> None:
    """The same column twice: an eigenvalue of rounding, 1e-16, would let them differ by 1e-8."""
    first = np.array(factor, dtype=np.float64)
    both = np.concatenate([first, first])
    sample = Normal(tuple(map(tuple, both @ both.T))).draw(np.random.default_rng(0), 0, (20,))
    size = np.abs(sample).max(initial=1.0)
    assert np.max(np.abs(sample[: len(first)] - sample[len(first) :])) <= 1e-13 * size


def test_a_column_without_variance_is_its_mean_exactly() -> None:
    law = Normal(((3.0, 0.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 2.0)), (0.0, 0.1, 0.0))
    np.testing.assert_array_equal(law.draw(np.random.default_rng(0), 0, (100,))[1], 0.1)


def test_a_covariance_of_zero_gives_the_mean() -> None:
    law = Normal(((0.0, 0.0), (0.0, 0.0)), (1.0, -2.0))
    np.testing.assert_array_equal(law.draw(np.random.default_rng(0), 0, (2,)), [[1, 1], [-2, -2]])


# ------------------------------------------------------------------------------------------------
# Tables
# ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**15), st.integers(1, 30))
def test_rows_of_a_table_repeat_from_any_row_on(first: int, count: int) -> None:
    drawn = Table(ROWS).draw(np.random.default_rng(0), first, (count,))
    np.testing.assert_array_equal(drawn.T, [ROWS[(first + i) % len(ROWS)] for i in range(count)])


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.data())
def test_blocks_of_a_table_are_the_whole(count: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, count))
    law, rng = Table(ROWS), np.random.default_rng(0)
    parts = [law.draw(rng, 0, (2, cut)), law.draw(rng, cut, (2, count - cut))]
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), law.draw(rng, 0, (2, count)))


def test_every_replicate_has_the_same_table() -> None:
    drawn = Table(ROWS).draw(np.random.default_rng(0), 2, (3, 4))
    np.testing.assert_array_equal(drawn, np.broadcast_to(drawn[:, :1], drawn.shape))


def test_a_table_draws_nothing_from_the_generator() -> None:
    rng = np.random.default_rng(0)
    Table(ROWS).draw(rng, 0, (100,))
    assert rng.random() == np.random.default_rng(0).random()


# ------------------------------------------------------------------------------------------------
# Several laws
# ------------------------------------------------------------------------------------------------

SEVERAL = (Normal(((1.0, 0.0), (0.0, 0.0))), Uniform(0.0, 1.0), Table(ROWS), Discrete((4.0,), (1.0,)))


def test_columns_of_several_laws_are_counted_one_after_the_other() -> None:
    drawn = laws.draw(SEVERAL, np.random.default_rng(0), 0, (10,))
    assert columns_of(SEVERAL) == 6 == len(drawn) == len(laws.ranges(SEVERAL))
    np.testing.assert_array_equal(drawn[1], 0)
    np.testing.assert_array_equal(drawn[3:5].T, np.tile(ROWS, (2, 1)))
    np.testing.assert_array_equal(drawn[5], 4)


def test_different_laws_are_uncorrelated() -> None:
    drawn = laws.draw((Uniform(0.0, 1.0),) * 2, np.random.default_rng(0), 0, (DRAWS,))
    assert stats.pearsonr(*drawn).pvalue > FALSE_ALARM


def test_no_laws_have_no_columns() -> None:
    assert laws.draw((), np.random.default_rng(0), 0, (2, 5)).shape == (0, 2, 5)
    assert laws.ranges(()) == ()
    assert columns_of(()) == 0


def test_drawn_rows_of_several_laws_may_be_written_to() -> None:
    laws.draw((Table(ROWS),), np.random.default_rng(0), 0, (10,))[:] = 0.0
