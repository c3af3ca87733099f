"""Which widths a run trains at, and which of them show an exponent or a mean of 0."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import numpy as np
import pytest

from proofs_check.training import ladder


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((50,), (50, 10**4, 10**5, 10**6, 10**7, 10**9, 10**12)),
        ((10**5, 10**6, 10**7, 10**8), (10**5, 10**6, 10**7, 10**8)),
        ((10**4, 10**5, 2 * 10**5, 10**6), (10**4, 10**5, 2 * 10**5, 10**6, 10**7, 10**9, 10**12)),
    ],
)
def test_the_ladder_keeps_what_is_given(given: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert ladder.ladder(given, 10, 64) == expected


@pytest.mark.parametrize("rule", [ladder.lowest_fitted, ladder.lowest_signed])
def test_longer_horizons_and_more_draws_need_wider_networks(rule: Callable[[int, int], int]) -> None:
    assert rule(10, 64) < rule(20, 64)
    assert rule(10, 64) < rule(10, 640)


@pytest.mark.parametrize("rule", [ladder.lowest_fitted, ladder.lowest_signed])
def test_training_that_moves_far_needs_wider_networks(rule: Callable[[int, int, float], int]) -> None:
    assert rule(10, 64, 0.1) == rule(10, 64, 4.0) < rule(10, 64, 40.0)


def test_a_ladder_for_long_moves_has_four_widths_that_resolve_and_one_for_means() -> None:
    for effort in (10.0, 300.0, 5e3, 1e5):
        found = ladder.ladder((2,), 5, 64, effort)
        assert max(found) >= ladder.lowest_signed(5, 64, effort)
        assert sum(n >= ladder.lowest_fitted(5, 64, effort) for n in found) >= 3


def test_what_is_of_order_one_over_n_needs_less_width_after_a_long_move() -> None:
    inverse, root = (ladder.lowest_fitted(5, 64, 400.0, inverse=inverse) for inverse in (True, False))
    assert (inverse, root) == (2400 * 1000, 2400 * 10000)
    assert ladder.shows_exponent(10**11, 5, 64, 400.0, inverse=True)
    assert not ladder.shows_exponent(10**11 + 1, 5, 64, 400.0, inverse=True)


def test_the_largest_distance_may_lie_in_the_middle() -> None:
    path = np.zeros((2, 4, 3, 1, 1))
    path[0, 2, 1], path[1, 1, 0] = 5.0, -3.0
    assert ladder._largest(path).tolist() == [5.0, 3.0]


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(ladder)
    assert outcome.attempted > 0
    assert outcome.failed == 0
