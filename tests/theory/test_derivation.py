"""Derivations: what they hold together, what they refuse, and how outcomes add up."""

from dataclasses import replace

import pytest
import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Environment, Equation, Nonnegative, Nonzero
from theory.justification import Bound, Definition, Instance, Instances, NonvanishingFactors, Relation, Rewriting
from theory.operators import sequence
from theory.step import Hypothesis, Origin, Step, VerifiedStep, is_definition
from theory.symbols import T, nu_F, nu_W, t
from theory.verification import Identity, Outcome, verify

x = sp.Symbol("x", positive=True)
f = sequence("derivation_f", "f_{{{0}}}", commutative=True)
g = sequence("derivation_g", "g_{{{0}}}", commutative=True)

RIGHT = ((nu_W + 1) ** 2, nu_W**2 + 2 * nu_W + 1)
WRONG = (nu_W, nu_F)
HYPERBOLIC = (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.S.One)
OUT_OF_REACH = (sp.atan(x) + sp.atan(1 / x), sp.pi / 2)
GIVEN = Hypothesis("given", "$f$ is known", (Equation(f(t), nu_W**t),))
IDLE = Hypothesis("idle", "$g$ is known", (Equation(g(t), nu_W**t),))


def line(name, sides, *uses, by=None):
    return Step(name, *sides, "", by or Rewriting(), uses)


def derivation(*steps, hypotheses=(), conclusions=(), id="1"):  # noqa: A002
    return Derivation(id, "title", "statement", tuple(hypotheses), steps, conclusions)


def chain():
    """f_2 = ν_W² is used to find twice of it."""
    first = line("first", (f(2), nu_W**2), "given")
    return derivation(first, line("second", (2 * f(2), 2 * nu_W**2), "first"), hypotheses=(GIVEN,))


def test_a_derivation_of_true_lines_is_proved():
    verified = chain().verify()
    assert verified.proved
    assert verified.failures == ()


@pytest.mark.parametrize("bad", [WRONG, HYPERBOLIC, OUT_OF_REACH], ids=["refuted", "one engine", "unverified"])
def test_one_line_that_is_not_proved_by_both_engines_sinks_the_derivation(bad):
    verified = derivation(line("a", RIGHT), line("b", bad), line("c", RIGHT)).verify()
    assert not verified.proved
    assert [failure.step.name for failure in verified.failures] == ["b"]


@pytest.mark.parametrize(
    ("sides", "weakest"),
    [
        ((RIGHT,), Outcome.PROVED),
        ((RIGHT, HYPERBOLIC), Outcome.ONE_ENGINE),
        ((HYPERBOLIC, OUT_OF_REACH), Outcome.UNVERIFIED),
        ((OUT_OF_REACH, WRONG, HYPERBOLIC), Outcome.REFUTED),
    ],
)
def test_a_line_is_as_good_as_its_weakest_obligation(sides, weakest):
    found = VerifiedStep(line("a", RIGHT), tuple(verify(Identity(*pair)) for pair in sides))
    assert found.outcome is weakest
    assert len(found.failures) == sum(
        verification.outcome is not Outcome.PROVED for verification in found.verifications
    )


def test_a_definition_is_as_good_as_proved():
    definition = line("a", (f(0), nu_W), by=Definition())
    assert is_definition(definition)
    assert derivation(definition).verify().proved


def test_a_line_that_names_what_comes_later_is_refused():
    with pytest.raises(ValueError, match="1, step 'a' uses 'b', which does not come before it"):
        derivation(line("a", RIGHT, "b"), line("b", RIGHT))


def test_a_line_cannot_use_itself():
    with pytest.raises(ValueError, match="step 'a' uses 'a'"):
        derivation(line("a", WRONG, "a"))


@pytest.mark.parametrize("taken", ["a", "given"])
def test_a_name_that_is_taken_is_refused(taken):
    with pytest.raises(ValueError, match=f"1: the name '{taken}' is taken"):
        derivation(line("a", RIGHT), line(taken, RIGHT), hypotheses=(GIVEN,))


def test_a_conclusion_that_is_no_line_is_refused():
    with pytest.raises(KeyError, match="no step 'b'"):
        derivation(line("a", RIGHT), conclusions=("b",))


def test_facts_that_are_not_named_are_not_used():
    assert not derivation(line("a", (f(2), nu_W**2)), hypotheses=(GIVEN,)).verify().proved


def test_a_wrong_line_is_not_caught_where_it_is_used_but_where_it_stands():
    wrong = line("first", (f(2), nu_W**3), "given")
    after = line("second", (2 * f(2), 2 * nu_W**3), "first")
    failures = derivation(wrong, after, hypotheses=(GIVEN,)).verify().failures
    assert [failure.step.name for failure in failures] == ["first"]


def test_a_wrong_definition_is_caught_where_it_is_used():
    wrong = line("first", (f(2), nu_W**3), by=Definition())
    after = line("second", (2 * f(2), 2 * nu_W**2), "first")
    assert [failure.step.name for failure in derivation(wrong, after).verify().failures] == ["second"]


def test_dropping_a_hypothesis_that_is_needed_makes_a_line_fail():
    necessity = chain().verified.necessity
    assert necessity["given"].step.name == "first"
    assert necessity["given"].outcome is not Outcome.PROVED


def test_dropping_a_hypothesis_that_is_not_needed_leaves_all_proved():
    idle = Derivation("1", "", "", (GIVEN, IDLE), chain().steps)
    assert idle.verified.necessity["idle"] is None


def test_dropping_a_hypothesis_takes_its_facts_and_nothing_else():
    without = chain().without("given")
    assert [h.facts for h in without.hypotheses] == [()]
    assert without.steps == chain().steps
    assert not without.verify().proved


def test_what_is_no_hypothesis_cannot_be_dropped():
    with pytest.raises(KeyError, match="no hypothesis 'first'"):
        chain().without("first")


def test_verifying_from_a_line_on_leaves_earlier_lines_out():
    verified = derivation(line("a", WRONG), line("b", RIGHT), line("c", WRONG)).verify(from_step=1)
    assert [step.step.name for step in verified.steps] == ["b", "c"]


def test_verifying_until_a_failure_ends_there():
    verified = derivation(line("a", RIGHT), line("b", WRONG), line("c", RIGHT)).verify(stop=True)
    assert [step.step.name for step in verified.steps] == ["a", "b"]
    assert not verified.proved


def test_obligations_are_counted_over_all_lines():
    assert (
        derivation(line("d", (f(0), x), by=Definition()), line("a", RIGHT), line("b", WRONG)).verify().identities == 2
    )


def test_a_route_is_one_more_obligation():
    routes = (("another way", nu_W**2 + nu_W + nu_W + 1),)
    assert len(derivation(Step("a", *RIGHT, "", Rewriting(), routes=routes)).verify().steps[0].verifications) == 2


def test_a_route_that_arrives_elsewhere_is_refuted():
    routes = (("another way", nu_W**2 + nu_W + 1),)
    (step,) = derivation(Step("a", *RIGHT, "", Rewriting(), routes=routes)).verify().steps
    assert [(v.identity.about, v.outcome) for v in step.failures] == [("route: another way", Outcome.REFUTED)]


def test_each_relation_gives_a_fact_of_its_own():
    nothing = Environment()
    (fact,) = line("a", (f(0), x)).facts(nothing)
    (sign,) = Step("b", f(0), x, "", Bound((x,))).facts(nothing)
    (apart,) = Step("c", f(0), x, "", NonvanishingFactors()).facts(nothing)
    assert fact == Equation(f(0), x)
    assert sign == Nonnegative(x - f(0))
    assert apart == Nonzero(f(0) - x)


def test_what_is_shown_for_some_indices_holds_under_that_condition():
    ranges = Environment({"range": (Nonnegative(T - t),), "below 1": (Nonnegative(1 - nu_W),)})
    assert line("a", (f(t), x), "range").facts(ranges)[0].when == (T - t,)
    assert line("a", (f(t), x), "below 1").facts(ranges)[0].when == ()
    assert line("a", (f(t), x)).facts(ranges)[0].when == ()


def test_what_is_checked_at_instances_gives_no_fact():
    at_one = Instances((Instance("1", ((t, sp.S.One),)),), "t = 1")
    assert line("a", (f(t), x), by=at_one).facts(Environment()) == ()


@pytest.mark.parametrize(
    ("by", "relation"),
    [
        (Rewriting(), Relation.EQUAL),
        (Bound((x,)), Relation.AT_MOST),
        (NonvanishingFactors(), Relation.NOT_EQUAL),
    ],
)
def test_the_method_says_which_relation_a_line_shows(by, relation):
    assert Step("a", f(0), x, "", by).relation is relation


def test_a_line_that_divides_by_what_may_vanish_fails():
    over = line("a", (x / f(0) * f(1), f(1) * x / f(0)))
    assert not derivation(over).verify().proved
    known = Hypothesis("given", "", (Nonzero(f(t)),))
    assert derivation(replace(over, uses=("given",)), hypotheses=(known,)).verify().proved


def test_what_is_not_proved_may_not_be_used_elsewhere():
    with pytest.raises(ValueError, match="1 is not proved: 'b' fails"):
        derivation(line("a", RIGHT), line("b", WRONG)).as_hypothesis("a")


def test_what_is_used_elsewhere_keeps_its_conditions():
    below = Hypothesis("below 1", "", (Nonnegative(1 - nu_W),))
    shown = Step("a", sp.S.Zero, x * (1 - nu_W), "", Bound((x * (1 - nu_W),)), ("below 1",))
    after = Step("b", sp.S.Zero, 2 * x * (1 - nu_W), "", Bound((x * (1 - nu_W),) * 2), ("a",))
    imported = derivation(shown, after, hypotheses=(below,)).as_hypothesis("a", "b", name="from 1")
    assert [fact.when for fact in imported.facts] == [(1 - nu_W,)] * 2


def test_a_line_reads_as_it_stands():
    assert str(Step("b", f(0), x, "", Bound((x,)))) == "derivation_f(0) ≤ x"


def test_the_result_is_the_right_side_of_the_first_conclusion_or_of_the_last_line():
    steps = (line("a", RIGHT), line("b", (x, x)))
    assert derivation(*steps).result == x
    assert derivation(*steps, conclusions=("a",)).result == RIGHT[1]


def test_a_conclusion_may_be_used_elsewhere():
    hypothesis = chain().as_hypothesis("first", name="from 1")
    assert (hypothesis.name, hypothesis.origin, hypothesis.source) == ("from 1", Origin.STATEMENT, "1")
    assert derivation(line("a", (f(2), nu_W**2), "from 1"), hypotheses=(hypothesis,)).verify().proved
    assert not derivation(line("a", (f(2), nu_W**3), "from 1"), hypotheses=(hypothesis,)).verify().proved


def test_by_default_the_conclusions_are_used_or_else_the_last_line():
    assert [fact.lhs for fact in chain().as_hypothesis().facts] == [2 * f(2)]
    named = derivation(line("a", RIGHT), line("b", (x, x)), conclusions=("a",))
    assert [fact.lhs for fact in named.as_hypothesis().facts] == [RIGHT[0]]


def test_statements_that_are_built_on_are_listed_once():
    source = chain()
    both = derivation(line("a", RIGHT), hypotheses=(relies_on(source), source.as_hypothesis(name="x"), GIVEN), id="2")
    assert both.uses == ("1",)


def test_what_is_cited_and_what_is_checked_at_instances_is_told():
    cited = Hypothesis("gauss", "", (), Origin.CITED, "Gauss")
    at_one = Instances((Instance("1", ((t, sp.S.One),)),), "t = 1")
    verified = derivation(line("a", RIGHT), line("b", (t, sp.S.One), by=at_one), hypotheses=(cited, GIVEN)).verify()
    assert verified.cited == (cited,)
    assert [step.step.name for step in verified.instances] == ["b"]


def test_a_draft_computes_with_the_facts_so_far():
    draft = Draft("1", "", "", (GIVEN,))
    draft.add("first", g(t), 2 * f(t), "", Definition())
    assert draft.unfold(g(3), "first", "given") == 2 * nu_W**3
    assert draft.unfold(g(3), "given") == g(3)
    assert draft.step("first").rhs == 2 * f(t)
    assert draft.finish("first").conclusions == ("first",)


def test_a_draft_has_no_line_that_was_not_written():
    with pytest.raises(KeyError, match="1 has no step 'second'"):
        Draft("1", "", "", ()).step("second")
