"""Limits in the width, and covariances given a matrix: what they let through and what not."""

import pytest
import sympy as sp

from theory.facts import Environment, Equation, Independent, Unaffected, Variance
from theory.operators import Covariance, Expectation, Given, Trace, WideLimit, expand_operators, sequence
from theory.symbols import C, F, T, W, j, n, n_x, n_y, nu_F, nu_W

wide = sequence("limits_wide", "N_{{{0}}}", wide=True)
R = sequence("limits_R", "R_{{{0}}}", random=True)
GAUSSIAN = Variance(W, nu_W, conditional=True)


def limit(expression):
    return expand_operators(WideLimit(expression))


def unfold(expression, *facts):
    return Environment({"given": facts}).unfold(expression, ("given",))


@pytest.mark.parametrize("constant", [sp.Integer(3), nu_W**j, n_x * n_y, T * j, sp.sqrt(nu_F)], ids=str)
def test_constants_come_out_of_a_limit(constant):
    assert limit(constant * wide(0)) == constant * WideLimit(wide(0))
    assert limit(constant) == constant


@pytest.mark.parametrize(
    "kept",
    [n, 1 / n, n**j, wide(0), wide(j) / n, Expectation(R(0)), Trace(W), sp.Symbol("unknown", positive=True)],
    ids=str,
)
def test_what_may_depend_on_the_width_does_not_come_out(kept):
    assert limit(kept) == WideLimit(kept)


def test_a_limit_of_a_product_is_not_split():
    assert limit(wide(0) * wide(1)) == WideLimit(wide(0) * wide(1))
    assert limit(wide(0) ** 2) == WideLimit(wide(0) ** 2)
    assert limit(n * wide(0)) == WideLimit(n * wide(0))


def test_a_limit_of_a_sum_is_not_split():
    assert limit(wide(0) + wide(1)) == WideLimit(wide(0) + wide(1))


def test_what_cancels_the_width_is_constant():
    assert limit(nu_W * n / n) == nu_W
    assert limit(n**j * nu_W / n**j) == nu_W


def test_a_limit_that_is_known_is_put_in_place():
    known = Equation(WideLimit(wide(j) / n ** (j + 1)), nu_W**j)
    assert unfold(WideLimit(nu_F * wide(2) / n**3), known) == nu_F * nu_W**2
    assert unfold(WideLimit(nu_F * wide(2) / n**2), known) == nu_F * WideLimit(wide(2) / n**2)


def test_a_covariance_is_that_given_the_matrix_until_more_is_known():
    assert unfold(Covariance(W * F, W * C), GAUSSIAN) == n * nu_W * Given(W, Covariance(C, F))


def test_a_matrix_that_affects_nothing_may_be_forgotten():
    assert unfold(Covariance(W * F, W * C), GAUSSIAN, Unaffected(W)) == n * nu_W * Covariance(C, F)


def test_another_matrix_that_affects_nothing_does_not_help():
    found = unfold(Covariance(W * F, W * F), GAUSSIAN, Unaffected(C))
    assert found == n * nu_W * Given(W, Covariance(F, F))


def test_what_is_conditional_must_hold():
    unaffected = Unaffected(W, when=(sp.Integer(-1),))
    assert unfold(Covariance(W * F, W * F), GAUSSIAN, unaffected).has(Given)


@pytest.mark.parametrize(
    "fact", [Equation(Covariance(F, F), nu_F), Variance(F, nu_F), Independent(F, C), GAUSSIAN], ids=str
)
def test_what_is_known_of_covariances_is_not_known_given_a_matrix(fact):
    for inside in (Covariance(F, F), Covariance(F, C), Covariance(W * F, W * F)):
        assert unfold(Given(W, inside), fact) == Given(W, inside)


def test_without_a_condition_a_variance_gives_the_covariance_at_once():
    assert unfold(Covariance(W * F, W * F), Variance(W, nu_W)) == n * nu_W * Covariance(F, F)
