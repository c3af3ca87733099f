"""Proof by cases and by strong induction: what they prove, and what they must not prove."""

import pytest
import sympy as sp

from theory.cases import SMALL, Cases, StrongInduction
from theory.derivation import Derivation
from theory.facts import Equation, Nonnegative
from theory.justification import Instance, Rewriting
from theory.operators import Covariance, sequence
from theory.statements.lemma_c_1a import state_evolution
from theory.step import Hypothesis, Step
from theory.symbols import T, W, a, b, j, k, nu_W, r, s, t
from theory.verification import Outcome

f = sequence("strong_f", "f_{{{0}}}")
g = sequence("strong_g", "g_{{{0}}}")
o = sequence("strong_o", "o_{{{0},{1}}}")
v = sequence("strong_v", "v_{{{0}}}", commutative=False)
c = sp.Symbol("strong_c", real=True)
LATER, SAME = ((s, a), (t, a + r + 1)), ((s, a), (t, a))
TEN = sp.Add(sp.Rational(21, 2), sp.Rational(-1, 2), evaluate=False)
"""Ten, without an integer in it."""


def cases(*values, exchange=(), method=Cases, **more):
    return method(tuple(Instance(str(value), value) for value in values), "", exchange, **more)


def strong(*values, exchange=(), variable=t):
    return cases(*values, exchange=exchange, method=StrongInduction, variable=variable)


def equal(left, right):
    return Equation(sp.sympify(left), sp.sympify(right))


def one(left, right, by, *facts):
    step = Step("line", sp.sympify(left), sp.sympify(right), "", by, ("given",))
    return Derivation("cases", "", "", (Hypothesis("given", "", facts),), (step,))


def cov(first, second):
    return Covariance(v(first), v(second))


def is_proved(build):
    try:
        return build().verify().proved
    except ValueError:
        return False


TRUE = {
    "a recursion over all earlier values": lambda: one(
        f(t), 0, strong(((t, 0),), ((t, a + 1),)), equal(f(0), 0), equal(f(t + 1), sp.Sum(f(k) * g(k), (k, 0, t)))
    ),
    "a recursion over two earlier values": lambda: one(
        f(t),
        2**t,
        strong(((t, 0),), ((t, 1),), ((t, a + 2),)),
        equal(f(0), 1),
        equal(f(1), 2),
        equal(f(t + 2), f(t + 1) + 2 * f(t)),
    ),
    "a sum that is empty at first is its own base": lambda: one(
        f(t), 0, strong(((t, a),)), equal(f(t), sp.Sum(f(k), (k, 0, t - 1)))
    ),
    "two times, the later one being the last": lambda: one(
        cov(s, t),
        nu_W * Covariance(W * v(s), W * v(t)),
        strong(LATER, SAME, exchange=((s, t),)),
        equal(cov(s, s + r + 1), nu_W * Covariance(W * v(s), W * v(s + r + 1))),
        equal(cov(t, t), nu_W * Covariance(W * v(t), W * v(t))),
    ),
    "cases that need no induction": lambda: one(
        f(t), 0, cases(((t, 0),), ((t, a + 1),)), equal(f(0), 0), equal(f(t + 1), 0)
    ),
}

FALSE = {
    "a wrong base": lambda: one(f(t), 0, strong(((t, 0),), ((t, a + 1),)), equal(f(0), 1), equal(f(t + 1), f(t))),
    "a wrong step": lambda: one(f(t), 0, strong(((t, 0),), ((t, a + 1),)), equal(f(0), 0), equal(f(t + 1), f(t) + 1)),
    "no base": lambda: one(f(t), 0, strong(((t, a + 1),)), equal(f(t + 1), f(t))),
    "a base that is missing in the middle": lambda: one(
        f(t), 0, strong(((t, 0),), ((t, a + 2),)), equal(f(0), 0), equal(f(t + 2), f(t))
    ),
    "the line itself at the same index": lambda: one(f(t), 0, strong(((t, a),)), equal(f(t), 2 * f(t) - f(t))),
    "the line itself at the same index within a sum": lambda: one(
        f(t), 0, strong(((t, a),)), equal(f(t), sp.Sum(f(k) * g(k), (k, 0, t)))
    ),
    "the line itself at a larger index": lambda: one(
        f(t), 0, strong(((t, 0),), ((t, a + 1),)), equal(f(0), 0), equal(f(t + 1), f(t + 2))
    ),
    "the line itself at any index, in a sum": lambda: one(
        f(t), 0, strong(((t, a),)), equal(f(t), sp.Sum(f(k) * g(k), (k, 0, T)))
    ),
    "the line itself at 0": lambda: one(f(t), 0, strong(((t, a),)), equal(f(t), f(0))),
    "nothing but the line itself": lambda: one(f(t), 0, strong(((t, a),))),
    "nothing but the line itself, without an index": lambda: one(c, 0, strong(())),
    "nothing but the line itself, with an index on the right": lambda: one(f(0), g(t), strong(())),
    "nothing but the line itself, for a variable that it has not": lambda: one(f(s), 0, strong(LATER)),
    "a variable that is not the last": lambda: one(
        o(s, t), 0, strong(((t, 0),), ((t, a + 1),)), equal(o(s, 0), 0), equal(o(s, t + 1), o(s + 1, t + 2))
    ),
    "a variable that is not the last in one case": lambda: one(
        o(s, t), 0, strong(((s, a + r), (t, a)), LATER), equal(o(s + r, s), 0), equal(o(s, s + r + 1), 0)
    ),
    "a variable that is a size": lambda: one(f(t), 0, strong(((t, a),), variable=T)),
    "an exchange that changes the line": lambda: one(
        o(s, t), 0, strong(LATER, SAME, exchange=((s, t),)), equal(o(s, s + r + 1), 0), equal(o(s, s), 0)
    ),
    "an earlier time that is not earlier": lambda: one(
        cov(s, t),
        0,
        strong(LATER, SAME, exchange=((s, t),)),
        equal(cov(s, s + r + 1), cov(s, s + r + 2)),
        equal(cov(s, s), 0),
    ),
    "a case that shares an index with the line": lambda: one(  # 2 on the diagonal, 1 off it
        cov(s, t),
        2,
        strong(((s, t + r + 1),), ((s, t),), exchange=((s, t),), variable=s),
        equal(cov(t, t), 2),
        equal(cov(t, t + r + 1), cov(t + r + 1, t + r + 5)),
    ),
    "a parameter of a case that a sum is over": lambda: one(  # f = 1, and the g from 5 on add up to 1
        f(t), 0, strong(((t, a),)), equal(f(t), c), equal(c, sp.Sum(g(a) * f(3), (a, 5, T + 5)))
    ),
    "a parameter of a case that is restricted": lambda: one(
        f(t), g(t), strong(((t, a),)), Nonnegative(T - 1 - a), Equation(f(b), g(b), when=(T - 1 - b,))
    ),
    "a parameter that is restricted, without induction": lambda: one(
        f(s), g(s), cases(((s, a),)), Nonnegative(T - 1 - a), Equation(f(b), g(b), when=(T - 1 - b,))
    ),
    "a parameter of a case that captures an index of a sum": lambda: one(  # the sum of a row, and the trace
        f(s), sp.Sum(o(s, a), (a, 0, T)), cases(((s, a),)), equal(f(t), sp.Sum(o(k, k), (k, 0, T)))
    ),
    "a parameter that captures an index of a short sum": lambda: one(
        f(s), sp.Sum(o(s, a), (a, 0, 1)), cases(((s, a),)), equal(f(t), o(0, 0) + o(1, 1))
    ),
    "a case that brings its own facts": lambda: one(
        f(t), 0, Cases((Instance("all", ((t, a),), (equal(f(a), 0),)),), "")
    ),
    "even values only": lambda: one(f(t), 0, cases(((t, 2 * a),)), equal(f(2 * a), 0)),
    "values up to ten": lambda: one(f(s), 0, cases(((s, sp.Min(a, TEN)),)), equal(f(sp.Min(a, TEN)), 0)),
    "the diagonal only": lambda: one(o(s, t), 0, cases(SAME), equal(o(s, s), 0)),
}


@pytest.mark.parametrize("name", TRUE)
def test_cases_prove(name):
    assert is_proved(TRUE[name])


@pytest.mark.parametrize("name", FALSE)
def test_cases_do_not_prove_from(name):
    assert not is_proved(FALSE[name])


def test_the_variance_identity_is_proved_by_strong_induction():
    (found,) = (one for one in state_evolution().verified.steps if one.step.name == "variance identity")
    assert isinstance(found.step.by, StrongInduction)
    assert found.outcome is Outcome.PROVED


@pytest.mark.parametrize("dropped", ["images", "innovation", "predictors"])
def test_the_variance_identity_needs(dropped):
    failures = state_evolution().without(dropped).verify(stop=True).failures
    assert failures[0].step.name == "variance identity"


def test_cases_alone_do_not_prove_the_variance_identity():
    """What is known of earlier images is the line itself."""
    derivation = state_evolution()
    step = derivation.step("variance identity")
    weaker = Cases(step.by.cases, step.by.scope, step.by.exchange)
    without_induction = Step(step.name, step.lhs, step.rhs, "", weaker, step.uses)
    assert not Derivation("cases", "", "", derivation.hypotheses, (without_induction,)).verify().proved


def test_a_line_shown_by_induction_holds_at_every_index():
    shown = TRUE["a recursion over two earlier values"]()
    after = Step("after", f(10), 1024, "", Rewriting(), ("line",))
    assert Derivation("after", "", "", shown.hypotheses, (*shown.steps, after)).verify().proved


def test_a_method_says_over_what_it_runs():
    assert strong(((t, 0),), ((t, a + 1),)).method.startswith("strong induction on t, 2 cases")


@pytest.mark.parametrize("wrong", [T, sp.Symbol("y", positive=True)], ids=str)
def test_only_indices_have_cases(wrong):
    with pytest.raises(ValueError, match="only indices have cases"):
        cases(((wrong, 0),))


def test_what_no_case_covers_is_counted():
    failures = one(o(s, t), 0, cases(SAME), equal(o(s, s), 0)).verify().failures[0].failures
    assert [v.identity.lhs for v in failures] == [SMALL**2 - SMALL]


def test_an_exchange_covers_the_other_half():
    by = cases(LATER, SAME, exchange=((s, t),))
    facts = (equal(cov(s, s + r + 1), 0), equal(cov(s, s), 0))
    assert one(cov(s, t), 0, by, *facts).verify().proved
    assert not one(cov(s, t), 0, cases(LATER, SAME), *facts).verify().proved


def test_an_index_of_the_right_side_must_be_covered_too():
    assert not is_proved(lambda: one(f(s) * 0 + c, f(j) - f(j) + g(t), cases(((t, 0),)), equal(g(0), c)))
