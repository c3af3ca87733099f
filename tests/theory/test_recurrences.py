import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.recurrences import Recurrence, solve
from theory.symbols import nu_F, nu_W, t
from theory.verification import Outcome, verify

sigma, kappa, tau = (sp.Function(name)(t) for name in ("sigma", "kappa", "tau"))
SIGMA = Recurrence(sigma, nu_F, nu_W * sigma)
TAU = Recurrence(tau, sp.S.One, nu_W * tau + sigma)
small = st.fractions(-3, 3, max_denominator=3).map(lambda q: sp.Rational(q.numerator, q.denominator))


def outcomes(recurrence, solutions):
    return [verify(obligation).outcome for obligation in recurrence.obligations(solutions)]


def iterate(recurrence, steps):
    """The sequence by its definition, one value after the other."""
    values = [recurrence.initial]
    for _ in range(steps):
        values.append(sp.expand(recurrence.following.subs(recurrence.sequence, values[-1]).subs(t, len(values) - 1)))
    return values


def test_a_geometric_recurrence_is_solved():
    assert solve([SIGMA])[sigma] == nu_F * nu_W**t


def test_a_sequence_may_drive_another():
    difference = solve([SIGMA, TAU])[tau] - (nu_W**t + t * nu_F * nu_W ** (t - 1))
    assert sp.simplify(difference) == 0


def test_the_order_of_the_recurrences_does_not_matter():
    assert solve([TAU, SIGMA]) == solve([SIGMA, TAU])


def test_a_sequence_that_starts_and_stays_at_zero_is_zero():
    assert solve([Recurrence(kappa, sp.S.Zero, nu_W * kappa)]) == {kappa: 0}


def test_the_name_is_that_of_the_sequence():
    assert TAU.name == "tau"


@settings(deadline=None, max_examples=25)
@given(small.filter(bool), small, small, small)
def test_the_solution_of_a_linear_recurrence_is_the_iterated_sequence(a, b, c, initial):
    recurrence = Recurrence(sigma, initial, a * sigma + b + c * t)
    solution = solve([recurrence])[sigma]
    assert [sp.expand(solution.subs(t, time)) for time in range(5)] == iterate(recurrence, 4)


@settings(deadline=None, max_examples=25)
@given(small.filter(bool), small, small)
def test_a_solution_is_proved_by_induction(a, b, initial):
    recurrence = Recurrence(sigma, initial, a * sigma + b)
    assert outcomes(recurrence, solve([recurrence])) == [Outcome.PROVED, Outcome.PROVED]


@settings(deadline=None, max_examples=25)
@given(small.filter(bool), small, small, st.sampled_from([1, t, nu_W, nu_F * nu_W**t]), st.integers(1, 3))
def test_a_wrong_solution_is_caught_by_its_obligations(a, b, initial, error, times):
    recurrence = Recurrence(sigma, initial, a * sigma + b)
    wrong = {sigma: solve([recurrence])[sigma] + times * error}
    assert Outcome.REFUTED in outcomes(recurrence, wrong)


def test_a_wrong_start_is_caught_by_the_base_case_alone():
    assert outcomes(SIGMA, {sigma: 2 * nu_F * nu_W**t}) == [Outcome.REFUTED, Outcome.PROVED]


def test_a_wrong_growth_is_caught_by_the_induction_step_alone():
    assert outcomes(SIGMA, {sigma: nu_F * nu_W ** (2 * t)}) == [Outcome.PROVED, Outcome.REFUTED]


def test_coupled_recurrences_are_refused_by_name():
    coupled = [Recurrence(sigma, sp.S.One, tau), Recurrence(tau, sp.S.One, sigma), Recurrence(kappa, sp.S.One, kappa)]
    with pytest.raises(ValueError, match="sigma, tau are coupled"):
        solve(coupled)


def test_a_sequence_that_nobody_solves_is_refused():
    with pytest.raises(ValueError, match="tau are coupled"):
        solve([TAU])


def test_a_recurrence_without_a_closed_form_is_refused_by_name():
    with pytest.raises(ValueError, match="no closed form found for tau"):
        solve([Recurrence(tau, nu_F, nu_W * tau + sp.gamma(t + sp.Rational(1, 2)) ** 2)])
