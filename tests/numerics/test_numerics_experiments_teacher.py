"""Data of a teacher: the linear RNN (1), a delay, and noise of the power that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics.experiments import Teacher, random_teacher, teacher_data
from numerics.linear_rnn import run
from numerics.training.correlations import predictions

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(*[st.integers(1, 5)] * 4)


def teacher(sizes: tuple[int, ...], seed: int) -> Teacher:
    hidden, inputs, outputs = sizes
    return random_teacher(np.random.default_rng(seed), hidden=hidden, inputs=inputs, outputs=outputs)


@given(SIZES, SEEDS)
def test_it_responds_as_the_recursion_does(sizes: tuple[int, int, int, int], seed: int) -> None:
    horizon, *rest = sizes
    one = teacher(tuple(rest), seed)
    x = np.random.default_rng(seed + 1).normal(size=(3, horizon, rest[1]))
    expected = [run(one.W, one.F, one.C, sequence) for sequence in x]
    np.testing.assert_allclose(one.respond(x), expected, rtol=1e-10, atol=1e-12)


@given(SIZES, SEEDS)
def test_its_impulse_response_is_that_of_equation_9(sizes: tuple[int, int, int, int], seed: int) -> None:
    horizon, *rest = sizes
    one, n = teacher(tuple(rest), seed), rest[0]
    for j, L_j in enumerate(one.response(horizon)):
        expected = n ** (-(j + 1) / 2) * one.C @ np.linalg.matrix_power(one.W, j) @ one.F
        np.testing.assert_allclose(L_j, expected, rtol=1e-10, atol=1e-12)


@given(SIZES, SEEDS)
def test_the_power_is_the_expectation_over_white_inputs(sizes: tuple[int, int, int, int], seed: int) -> None:
    """Over white inputs E y² is the sum over unit inputs, at all times, of the squared response."""
    horizon, *rest = sizes
    one = teacher(tuple(rest), seed)
    units = np.eye(horizon * rest[1]).reshape(-1, horizon, rest[1])
    expected = np.mean(np.sum(one.respond(units) ** 2, axis=0), axis=0)
    np.testing.assert_allclose(one.power(horizon), expected, rtol=1e-10)


@given(SEEDS, st.integers(0, 7))
def test_the_same_generator_gives_the_same_data(seed: int, delay: int) -> None:
    one, other = (teacher_data(np.random.default_rng(seed), horizon=8, delay=delay) for _ in range(2))
    for mine, yours in ((one.train, other.train), (one.test, other.test)):
        np.testing.assert_array_equal(mine.x, yours.x)
        np.testing.assert_array_equal(mine.y, yours.y)


def test_shapes_are_those_of_figure_1_unless_given() -> None:
    found = teacher_data(np.random.default_rng(0))
    assert found.train.x.shape == found.train.y.shape == found.test.x.shape == found.test.y.shape == (50, 10, 1)
    assert found.teacher.W.shape == (4, 4)
    wide = teacher_data(np.random.default_rng(0), teacher((6, 2, 3), 1), horizon=7, train=4, test=9)
    assert (wide.train.x.shape, wide.train.y.shape) == ((4, 7, 2), (4, 7, 3))
    assert (wide.test.x.shape, wide.test.y.shape) == ((9, 7, 2), (9, 7, 3))
    assert wide.noise.shape == (3,)


@given(SEEDS, st.integers(0, 5))
def test_a_delay_puts_the_impulse_response_at_later_lags(seed: int, delay: int) -> None:
    found = teacher_data(np.random.default_rng(seed), teacher((4, 2, 3), seed), horizon=6, snr_db=np.inf, delay=delay)
    L = np.zeros((6, 3, 2))
    L[delay:] = found.teacher.response(6 - delay)
    for part in (found.train, found.test):
        np.testing.assert_allclose(part.y, predictions(L, part.x), rtol=1e-10, atol=1e-12)


def test_another_delay_changes_neither_the_teacher_nor_inputs_nor_noise() -> None:
    one, other = (teacher_data(np.random.default_rng(4), horizon=9, delay=delay) for delay in (0, 3))
    np.testing.assert_array_equal(one.teacher.W, other.teacher.W)
    np.testing.assert_array_equal(one.test.x, other.test.x)
    clean = one.teacher.respond(one.test.x)
    np.testing.assert_allclose(other.test.y[:, 3:] - clean[:, :6], (one.test.y - clean)[:, 3:], atol=1e-12)
    np.testing.assert_allclose(other.test.y[:, :3], (one.test.y - clean)[:, :3], atol=1e-12)


def test_more_sequences_begin_with_the_same_ones() -> None:
    few, many = (teacher_data(np.random.default_rng(5), train=count, test=7) for count in (3, 8))
    np.testing.assert_array_equal(few.train.x, many.train.x[:3])
    np.testing.assert_allclose(few.train.y, many.train.y[:3], atol=1e-12)
    np.testing.assert_array_equal(few.test.y, many.test.y)


def test_training_and_test_are_not_the_same() -> None:
    found = teacher_data(np.random.default_rng(6))
    assert (found.train.x != found.test.x).all()
    noise = [part.y - found.teacher.respond(part.x) for part in (found.train, found.test)]
    assert (noise[0] != noise[1]).all()


@pytest.mark.parametrize("snr_db", [20.0, 0.0, -10.0])
def test_the_noise_has_the_power_that_was_asked_for(snr_db: float) -> None:
    """Of 60 000 samples, to 5 standard errors, for each output; and white."""
    one = teacher((4, 2, 3), 8)
    found = teacher_data(np.random.default_rng(9), one, train=6000, snr_db=snr_db)
    noise = found.train.y - one.respond(found.train.x)
    np.testing.assert_allclose(10 * np.log10(one.power(10) / found.noise**2), snr_db, atol=1e-9)
    tolerance = 5 * np.sqrt(2 / 60_000)
    np.testing.assert_allclose(np.mean(noise**2, axis=(0, 1)) / found.noise**2, 1.0, atol=tolerance)
    neighbours = np.mean(noise[:, 1:] * noise[:, :-1], axis=(0, 1)) / found.noise**2
    np.testing.assert_allclose(neighbours, 0.0, atol=tolerance)


def test_the_signal_has_its_power() -> None:
    one = teacher((4, 1, 2), 10)
    found = teacher_data(np.random.default_rng(11), one, train=20_000, snr_db=np.inf)
    np.testing.assert_allclose(np.mean(found.train.y**2, axis=(0, 1)), one.power(10), rtol=0.05)


def test_weights_have_their_variances() -> None:
    found = random_teacher(np.random.default_rng(12), hidden=200, inputs=200, outputs=200, nu_W=0.3, nu_F=2.0, nu_C=5.0)
    for weights, variance in ((found.W, 0.3), (found.F, 2.0), (found.C, 5.0)):
        assert np.mean(weights**2) == pytest.approx(variance, rel=5 * np.sqrt(2 / 40_000))


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"inputs": 0}, {"outputs": -1}])
def test_sizes_that_are_not_possible_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: .* at least 1"):
        random_teacher(np.random.default_rng(0), **wrong)


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf])
def test_variances_that_are_not_possible_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"^nu_W: .* at least 0 and finite"):
        random_teacher(np.random.default_rng(0), nu_W=value)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"horizon": 0}, "^horizon: 0"),
        ({"train": 0}, "^train: 0"),
        ({"test": -1}, "^test: -1"),
        ({"delay": -1}, "^delay: -1"),
        ({"delay": 10}, "from 0 to T - 1 = 9"),
    ],
)
def test_numbers_that_are_not_possible_are_refused(wrong: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        teacher_data(np.random.default_rng(0), **wrong)


@pytest.mark.parametrize("snr_db", [np.nan, -np.inf, -301.0])
def test_signals_without_limit_of_noise_are_refused(snr_db: float) -> None:
    with pytest.raises(ValueError, match=r"^snr_db: "):
        teacher_data(np.random.default_rng(0), snr_db=snr_db)
