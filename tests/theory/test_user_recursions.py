"""Lemma C.1 for recursions that somebody wrote down: proved, honest about closed forms, and rendered."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from theory.averages import IndependentFactors, IntegrationByParts
from theory.closed_forms import covariances
from theory.derivation import Derivation
from theory.draft import Draft
from theory.justification import Evaluation, Rewriting
from theory.operators import Covariance, Expectation, sequence
from theory.recursion import Series, gaussian
from theory.rendering import FORMATS, render
from theory.statements.catalogue import PARTS, STATEMENTS
from theory.statements.user_recursion import statement
from theory.step import Hypothesis, Origin, verify_step
from theory.tampering import planted
from theory.verification import Outcome

sys.path.insert(0, str(Path(__file__).parent))
from recursion_examples import EXAMPLES, one, q, u, x

from theory.symbols import s, t

STEPS = 2
FEWER = {"two columns": 1}
"""Fewer steps where two are slow."""

DERIVATIONS = {name: statement(one_, FEWER.get(name, STEPS)).derivations()[0] for name, one_ in EXAMPLES.items()}
EACH = pytest.mark.parametrize("name", EXAMPLES)
CLOSED = {"linear", "perturbed", "relu", "plain relu", "relu inputs", "erf", "polynomial"}
STEPWISE = {"lag", "tanh lag", "signs", "changing"}


def in_numbers(derivation, first, last):
    """The line about the covariance of the first column at two times."""
    return derivation.step(f"at times {first} {last} 00").rhs


@EACH
def test_it_is_proved(name):
    assert DERIVATIONS[name].verified.proved
    assert not DERIVATIONS[name].verified.instances


@EACH
def test_every_hypothesis_with_facts_is_needed(name):
    assert [key for key, failed in DERIVATIONS[name].verified.necessity.items() if failed is None] == []


@EACH
def test_every_line_carries_weight(name):
    derivation = DERIVATIONS[name]
    assert [step.name for step in derivation.steps if step.name not in derivation.leaned_on] == []
    for place, (step, environment) in enumerate(derivation.environments()):
        for used in {used for used in step.uses if used in {line.name for line in derivation.steps[:place]}}:
            without = replace(step, uses=tuple(other for other in step.uses if other != used))
            assert verify_step(without, environment, stop=True).outcome is not Outcome.PROVED, (step.name, used)


@EACH
def test_planted_errors_are_noticed(name):
    lines = DERIVATIONS[name].steps
    numbers = {place for place, step in enumerate(lines) if step.rhs == 0 or step.name.startswith("at times")}
    errors = [e for e in planted(DERIVATIONS[name]) if not (e.place in numbers and e.error == "index")]  # may be true
    sample = errors[:: max(1, len(errors) // 25)]
    assert [str(tampered) for tampered in sample if tampered.caught() is None] == []


@EACH
def test_whether_a_closed_form_is_known_is_said(name):
    derivation = DERIVATIONS[name]
    standing = any(derivation.step(line).rhs.has(Expectation) for line in derivation.conclusions)
    assert standing == ("tanh" in name)
    assert standing == ("no closed form" in derivation.statement)


@EACH
def test_it_is_for_all_times_where_it_can_be(name):
    general = any({s, t} <= step.lhs.free_symbols for step in DERIVATIONS[name].steps)
    assert general == (name not in STEPWISE)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "tanh" not in name])
def test_numbers_are_those_of_the_closed_forms(name):
    steps = FEWER.get(name, STEPS)
    expected = covariances(EXAMPLES[name], steps)
    for first, last in ((1, 1), (1, 2), (2, 2))[: 3 if steps == STEPS else 1]:
        difference = in_numbers(DERIVATIONS[name], first, last) - expected[first][last][0, 0]
        assert abs(sp.N(difference, 30)) < sp.Float("1e-25")


@EACH
@pytest.mark.parametrize("form", FORMATS)
def test_it_is_written_in_every_format(name, form):
    recursion = EXAMPLES[name]
    text = render(statement(recursion, FEWER.get(name, STEPS)), form)
    assert "NOT VERIFIED" not in text
    assert "recursion_" not in text.replace("recursion_examples", "")
    if form == "markdown":
        assert recursion.title in text
        assert "Proved" in text


def test_an_offset_leaves_expectations_standing():
    recursion = one(sp.erf(q(t) + x(t)), series=(Series("x", (1, 1, 1)),))
    (derivation,) = statement(recursion).derivations()
    assert derivation.verified.proved
    assert "no closed form" in derivation.statement


@pytest.mark.parametrize(
    "formula", [q(t) / (1 + sp.Abs(q(t))), q(t) / (2 + sp.cos(q(t - 1))), (q(t) + u) / (1 + (q(t) + u) ** 2)]
)
def test_a_formula_that_divides_is_said_in_words_and_stands_for_itself(formula):
    recursion = one(formula, noises=(gaussian("u", 1),))
    (derivation,) = statement(recursion, STEPS).derivations()
    (rows,) = (h for h in derivation.hypotheses if h.name == "rows")
    assert derivation.verified.proved
    assert "no closed form" in derivation.statement
    assert "frac" in rows.words


def test_a_variance_that_vanishes_is_evaluated_apart():
    recursion = replace(EXAMPLES["relu inputs"], series=(Series("x", (0, 1, 1)),), title="Asleep at first")
    (derivation,) = statement(recursion, STEPS).derivations()
    assert derivation.verified.proved
    assert isinstance(derivation.step("at times 1 1 00").by, Evaluation)
    assert in_numbers(derivation, 1, 1) == 0
    assert in_numbers(derivation, 2, 2) == sp.Rational(3, 20)


def test_what_is_cited_is_named():
    (derivation,) = statement(EXAMPLES["relu"], STEPS).derivations()
    assert any("Price" in source for source in derivation.cited_sources)
    assert any("(71)" in source for source in derivation.cited_sources)


def test_closed_forms_are_proved_in_lemma_c_1():
    derivations = {derivation.id: derivation for derivation in STATEMENTS["C.1"].derivations()}
    assert set(PARTS) <= set(derivations)
    assert all(derivations[name].verified.proved for name in PARTS)
    assert "lemma-c.1" in render(statement(EXAMPLES["erf"], STEPS), "markdown")


f = sequence("user_f", "f_{{{0}}}", random=True, real=True)
g = sequence("user_g", "g_{{{0}}}", random=True, real=True)
PARTS_RULE = IntegrationByParts((str(f(t).func),))
APART = IndependentFactors((str(g(t).func),), (str(f(t).func),))


def derive(fact, left, right):
    draft = Draft("averages", "", "", (Hypothesis("given", "", (fact,), Origin.ASSUMPTION),))
    draft.add("line", left, right, "", Rewriting(), uses=("given",))
    return draft.finish()


def second(one_, other):
    return Expectation(one_ * other)


def test_four_gaussian_variables_are_paired():
    pairs = second(f(0), f(1)) * second(f(2), f(3)) + second(f(0), f(2)) * second(f(1), f(3))
    right = pairs + second(f(0), f(3)) * second(f(1), f(2))
    assert derive(PARTS_RULE, Expectation(f(0) * f(1) * f(2) * f(3)), right).verified.proved


@pytest.mark.parametrize(
    ("fact", "left", "right"),
    [
        (PARTS_RULE, Expectation(f(0) ** 2 * g(0) ** 2), Expectation(f(0) ** 2) * Expectation(g(0) ** 2)),
        (PARTS_RULE, Expectation(f(0) ** 4), Expectation(f(0) ** 2) ** 2),
        (PARTS_RULE, Expectation(g(0) ** 4), 3 * Expectation(g(0) ** 2) ** 2),
        (PARTS_RULE, Expectation(sp.tanh(f(0)) ** 2), 0),
        (PARTS_RULE, Expectation(sp.Abs(f(0))), 0),
        (APART, Expectation(f(0) * f(1)), Expectation(f(0)) * Expectation(f(1))),
        (APART, Expectation(g(0) * g(1)), Expectation(g(0)) * Expectation(g(1))),
        (APART, Expectation(sp.tanh(f(0) + g(0)) * f(1)), Expectation(sp.tanh(f(0) + g(0))) * Expectation(f(1))),
    ],
    ids=str,
)
def test_facts_about_averages_prove_nothing_more(fact, left, right):
    assert not derive(fact, left, right).verified.proved


def test_independent_factors_come_apart():
    left, right = Expectation(f(0) * f(1) * g(0) ** 2), Expectation(f(0) * f(1)) * Expectation(g(0) ** 2)
    assert derive(APART, left, right).verified.proved
    assert isinstance(derive(APART, left, right), Derivation)
    assert not derive(APART, left, right).without("given").verified.proved
    assert Covariance(f(0), f(1)).is_commutative
