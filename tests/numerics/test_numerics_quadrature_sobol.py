"""Quasi-Monte Carlo: right, with intervals that hold as often as they say."""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest
from scipy import stats

from numerics.expression import Apply, Constant, Expression, Input, State
from numerics.laws import Discrete, Normal, Table, Uniform
from numerics.quadrature import Problem, Space, Splitting
from numerics.quasi_monte_carlo import CONFIDENCE, SobolSample, student_interval
from numerics.structure import Forms

X, Y, Z = State(0, 0), State(0, 1), State(0, 2)
COVARIANCE = ((1.0, 0.5, 0.2), (0.5, 2.0, -0.3), (0.2, -0.3, 1.5))
SPACE = Space(
    (Normal(COVARIANCE),), (Uniform(-1.0, 2.0), Discrete((1.0, 4.0), (0.75, 0.25)), Table(((1.0,), (3.0,)))), 0
)


def problem(*factors: Expression) -> Problem:
    forms = Forms(SPACE.mean)
    parts = tuple(factor for one in factors for factor in forms.reduced(one)[0].factors)
    return Splitting(forms, SPACE).problem(parts, SPACE.start_covariance())


def times(*factors: Expression) -> Expression:
    return Apply("multiply", factors)


def plus(*terms: Expression) -> Expression:
    return Apply("add", terms)


def estimates(of: Problem, points: int, replicates: int, seed: int) -> np.ndarray:
    seeds = [np.random.SeedSequence(seed, spawn_key=(k,)) for k in range(replicates)]
    return np.array([SobolSample(SPACE, points, one).expectation(of).value for one in seeds])


CASES = {
    "a product of three": (problem(X, Y, Apply("multiply", (Z, Z))), 0.5 * 1.5 + 2 * 0.2 * -0.3),
    "a cosine": (problem(Apply("cos", (plus(X, Y, Z),))), exp(-0.5 * (4.5 + 2 * 0.4))),
    "a kink": (problem(Apply("relu", (plus(X, Y),))), sqrt(4.0 / (2 * pi))),
    "sources": (problem(times(Input(0), Input(1), Input(2), X, X)), 0.5 * 1.75 * 2.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mean_is_right_within_its_interval(name: str) -> None:
    """Each raises a false alarm with probability 1e-3."""
    of, exact = CASES[name]
    mean, half = student_interval(estimates(of, 4096, 16, 11))
    assert abs(mean - exact) <= half
    assert half < 0.02


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of 120 intervals at 99.9 % at most 3 may miss, which a false alarm exceeds with probability 7e-6."""
    of, exact = CASES["a kink"]
    assert stats.binom.sf(3, 120, 1 - CONFIDENCE) < 1e-5
    missed = 0
    for seed in range(120):
        mean, half = student_interval(estimates(of, 64, 16, 1000 + seed))
        missed += abs(mean - exact) > half
    assert missed <= 3


def test_intervals_are_not_much_too_wide() -> None:
    """The half width is Student's quantile times the spread that the means have."""
    of, _ = CASES["a kink"]
    found = [student_interval(estimates(of, 64, 16, 5000 + seed)) for seed in range(40)]
    means, halves = (np.array(part) for part in zip(*found, strict=True))
    assert 2.0 < halves.mean() / means.std() < 8.0


def test_the_error_shrinks_faster_than_by_monte_carlo() -> None:
    of, _ = CASES["a cosine"]
    coarse, fine = (student_interval(estimates(of, points, 16, 3))[1] for points in (64, 4096))
    assert fine < coarse / 16  # Monte Carlo: 8


def test_a_scrambling_can_be_repeated() -> None:
    of, _ = CASES["sources"]
    assert np.array_equal(estimates(of, 64, 2, 1), estimates(of, 64, 2, 1))
    assert not np.array_equal(estimates(of, 64, 2, 1), estimates(of, 64, 2, 2))


def test_a_degenerate_law_is_sampled() -> None:
    constant = problem(Apply("cos", (Constant(0.0),)), Apply("abs", (Input(1),)))
    assert SobolSample(SPACE, 1024, np.random.SeedSequence(0)).expectation(constant).value == pytest.approx(1.75, 1e-2)
