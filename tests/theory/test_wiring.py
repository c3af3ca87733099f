"""Every line of every derivation carries weight: a conclusion leans on it, and fails without it."""

from dataclasses import replace
from functools import cache

import pytest

from theory.derivation import Derivation
from theory.facts import Equation
from theory.justification import Instances, Rewriting
from theory.operators import sequence
from theory.statements.catalogue import all_derivations
from theory.step import Hypothesis, Step, verify_step
from theory.symbols import nu_W, t
from theory.verification import Outcome

DERIVATIONS = {derivation.id: derivation for derivation in all_derivations()}
EACH = pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=DERIVATIONS)

HARMLESS = {
    ("2.1b", "new column"): "`rows` at i = m says the same",
    ("3.3b", "recursion"): "images of the perturbations are independent of the unperturbed ones by other facts",
    ("3.3b", "start of the recursion"): "as above",
    ("3.3b", "perturbed times: start"): "the rules it is derived by are named next to it",
    ("32", "pushes forward"): "the cost needs the trace of it only, which `forward` gives",
    ("32", "backward"): "`transport` and `roots`, named next to it, say the same",
}
"""Lines that another fact named with them makes superfluous."""

f = sequence("wiring_f", "f_{{{0}}}")
g = sequence("wiring_g", "g_{{{0}}}")
GIVEN = Hypothesis("given", "", (Equation(f(t), nu_W**t),))


def users(derivation, name):
    """The lines that name it and that a conclusion leans on, with the facts before them."""
    return [
        (step, environment)
        for step, environment in derivation.environments()
        if name in step.uses and step.name in derivation.leaned_on
    ]


def fails_without(derivation, name):
    """Whether some line in the closure of a conclusion fails when none of them may use it."""
    return any(
        verify_step(
            replace(step, uses=tuple(used for used in step.uses if used != name)), environment, stop=True
        ).outcome
        is not Outcome.PROVED
        for step, environment in users(derivation, name)
    )


@cache
def superfluous(derivation_id):
    """The lines that others use and that none of these needs."""
    derivation = DERIVATIONS[derivation_id]
    return [s.name for s in derivation.steps if users(derivation, s.name) and not fails_without(derivation, s.name)]


def without_line(derivation, name):
    steps = tuple(step for step in derivation.steps if step.name != name)
    return replace(derivation, steps=steps, conclusions=tuple(c for c in derivation.conclusions if c != name))


def chain(*uses):
    """One line, and a second that names it and what else is given."""
    first = Step("first", f(2), nu_W**2, "", Rewriting(), ("given",))
    second = Step("second", 2 * f(2), 2 * nu_W**2, "", Rewriting(), ("first", *uses))
    return Derivation("chain", "", "", (GIVEN,), (first, second))


@EACH
def test_a_conclusion_leans_on_every_line_but_checks_at_instances(derivation):
    idle = [step.name for step in derivation.steps if step.name not in derivation.leaned_on]
    assert [name for name in idle if not isinstance(derivation.step(name).by, Instances)] == []


@EACH
def test_a_conclusion_leans_on_every_hypothesis_that_gives_facts(derivation):
    assert [h.name for h in derivation.hypotheses if h.facts and h.name not in derivation.leaned_on] == []


@EACH
def test_no_conclusion_leans_on_a_check_at_instances(derivation):
    assert [s.name for s in derivation.steps if isinstance(s.by, Instances) and s.name in derivation.leaned_on] == []


@EACH
def test_a_line_that_others_use_is_needed_by_one_of_them(derivation):
    expected = [name for where, name in HARMLESS if where == derivation.id]
    assert sorted(superfluous(derivation.id)) == sorted(expected)


@EACH
def test_a_line_that_others_name_cannot_be_deleted(derivation):
    for step in derivation.steps:
        if users(derivation, step.name):
            with pytest.raises(ValueError, match="which does not come before it"):
                without_line(derivation, step.name)


@EACH
def test_a_line_that_nobody_uses_is_a_conclusion_or_a_check_at_instances(derivation):
    final = [step for step in derivation.steps if not users(derivation, step.name)]
    assert [s.name for s in final if s.name not in derivation.conclusions and not isinstance(s.by, Instances)] == []


def test_a_line_that_is_all_another_has_is_needed():
    assert fails_without(chain(), "first")


def test_a_line_that_is_named_next_to_its_reason_is_not_needed():
    assert not fails_without(chain("given"), "first")


def test_what_no_conclusion_reaches_is_not_leaned_on():
    aside = Step("aside", f(1), nu_W, "", Rewriting(), ("given",))
    with_aside = replace(chain(), steps=(*chain().steps, aside), conclusions=("second",))
    assert with_aside.leaned_on == {"given", "first", "second"}


def test_the_last_line_is_what_is_leaned_on_by_default():
    assert chain().leaned_on == {"given", "first", "second"}


def test_a_derivation_knows_the_facts_of_hypotheses_and_lines():
    assert chain().facts == {
        "given": GIVEN.facts,
        "first": (Equation(f(2), nu_W**2),),
        "second": (Equation(2 * f(2), 2 * nu_W**2),),
    }
