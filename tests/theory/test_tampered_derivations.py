"""Plant an error in every place of every line of every derivation, and see that none survives."""

from functools import cache

import pytest
import sympy as sp

from theory.draft import Draft
from theory.facts import Equation, Nonzero
from theory.justification import Bound, Definition, Instance, Instances, NonvanishingFactors, Rewriting
from theory.operators import sequence
from theory.statements.catalogue import all_derivations
from theory.step import Hypothesis
from theory.symbols import T, W, i, j, nu_F, nu_W, t
from theory.tampering import mutations, planted, survivors

DERIVATIONS = {derivation.id: derivation for derivation in all_derivations()}
f = sequence("tampered_f", "f_{{{0}}}", commutative=True)
g = sequence("tampered_g", "g_{{{0}}}", commutative=True)


@cache
def errors(name):
    """What is planted in a derivation, and what of it is caught."""
    found = tuple(planted(DERIVATIONS[name]))
    return found, tuple(tampered for tampered in found if tampered.caught() is not None)


def derive(*lines, facts=()):
    draft = Draft("tampered", "", "", (Hypothesis("given", "", tuple(facts)),))
    for number, (lhs, rhs, by, uses) in enumerate(lines):
        draft.add(str(number), lhs, rhs, "", by, uses=uses)
    return draft.finish()


def wrongs(derivation):
    return [(tampered.place, tampered.side, tampered.wrong) for tampered in planted(derivation)]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_no_planted_error_survives(name):
    planted_errors, caught = errors(name)
    assert [str(tampered) for tampered in planted_errors if tampered not in caught] == []


@pytest.mark.parametrize("name", DERIVATIONS)
def test_an_error_can_be_planted_in_every_line(name):
    places = {tampered.place for tampered in errors(name)[0]}
    steps = DERIVATIONS[name].steps
    assert [step.name for place, step in enumerate(steps) if place not in places] == []


def test_every_planted_error_is_caught(record_property):
    counts = {name: tuple(map(len, errors(name))) for name in DERIVATIONS}
    for name, (number, caught) in counts.items():
        record_property(name, f"{caught} of {number} caught")
    number, caught = (sum(column) for column in zip(*counts.values(), strict=True))
    record_property("share", f"{caught / number:.0%}")
    assert number > 1000
    assert caught / number == 1


@pytest.mark.parametrize("kind", ["sign", "exponent", "index", "variances", "factor", "range", "term"])
def test_errors_of_each_kind_are_planted(kind):
    assert any(kind in tampered.error for name in DERIVATIONS for tampered in errors(name)[0])


def test_an_error_in_the_terms_of_a_gap_is_planted():
    assert any("gap" in tampered.side for tampered in errors("22")[0])


def test_a_definition_that_nobody_uses_may_be_wrong():
    sloppy = derive((f(j), nu_W**j, Definition(), ()), (nu_W + nu_W, 2 * nu_W, Rewriting(), ()))
    assert {tampered.place for tampered in survivors(sloppy)} == {0}


def test_a_definition_that_is_used_may_not_be_wrong():
    used = derive((f(j), nu_W**j, Definition(), ()), (2 * f(j), 2 * nu_W**j, Rewriting(), ("0",)))
    assert survivors(used) == []


def test_instances_that_miss_let_an_error_through():
    """At t = 0 nobody sees which variance it is."""
    at_zero = Instances((Instance("t = 0", ((t, sp.S.Zero),), (Equation(f(0), sp.S.One),)),), "t = 0")
    assert any(s.wrong == nu_F**t for s in survivors(derive((f(t), nu_W**t, at_zero, ()))))


def test_instances_that_hit_let_nothing_through():
    facts = [Equation(f(time), nu_W**time) for time in range(3)]
    cases = tuple(Instance(str(time), ((t, sp.Integer(time)),), (facts[time],)) for time in (1, 2))
    assert survivors(derive((f(t), nu_W**t, Instances(cases, "t = 1, 2"), ()))) == []


def test_an_inequality_with_room_to_spare_is_held_to_its_gap():
    assert survivors(derive((nu_W, nu_W + nu_F, Bound((nu_F,)), ()))) == []


def test_a_caught_error_names_the_line_that_fails():
    used = derive((f(j), nu_W**j, Definition(), ()), (2 * f(j), 2 * nu_W**j, Rewriting(), ("0",)))
    wrong = [tampered for tampered in planted(used) if (tampered.place, tampered.side) == (0, "rhs")]
    assert {tampered.caught().step.name for tampered in wrong} == {"1"}


def test_what_is_defined_must_be_a_name():
    used = derive((f(j), nu_W**j, Definition(), ()), (2 * f(j), 2 * nu_W**j, Rewriting(), ("0",)))
    (wrong,) = (tampered for tampered in planted(used) if tampered.wrong == -f(j))
    assert wrong.caught().step.name == "0"


def test_an_error_is_one_change_in_one_line():
    original = DERIVATIONS["B.1"]
    for tampered in planted(original):
        changed = [a != b for a, b in zip(original.steps, tampered.derivation.steps, strict=True)]
        assert changed == [place == tampered.place for place in range(len(original.steps))]
        assert tampered.derivation.hypotheses == original.hypotheses


def test_a_multiple_of_zero_is_no_error():
    lines = derive((f(0), sp.S.Zero, Rewriting(), ("given",)), facts=(Equation(f(0), sp.S.Zero),))
    assert (0, "lhs", -f(0)) not in wrongs(lines)
    assert (0, "lhs", f(0) + 1) in wrongs(lines)


def test_a_multiple_of_what_does_not_vanish_is_no_error():
    lines = derive((f(0), sp.S.Zero, NonvanishingFactors(), ("given",)), facts=(Nonzero(f(0)),))
    assert not {(0, "lhs", -f(0)), (0, "lhs", 2 * f(0))} & set(wrongs(lines))


def test_a_line_whose_index_is_renamed_throughout_is_no_error():
    lines = derive((f(t), g(t), Rewriting(), ("given",)), facts=(Equation(f(t), g(t)),))
    assert all(wrong != 0 for _, _, wrong in wrongs(lines))
    assert (0, "lhs", f(t + 1)) in wrongs(lines)  # on one side only it is an error


def test_a_line_that_holds_at_its_explicit_matrices_is_no_error():
    """The square of a projection is the projection."""
    projection = sp.ImmutableMatrix([[1, 0], [0, 0]])
    case = Instance("projection", (), (Equation(W, projection),))
    lines = derive((W * W, W, Rewriting((case,), ""), ("given",)), facts=(Equation(W**2, W),))
    assert (0, "rhs", W**2) not in wrongs(lines)
    assert (0, "rhs", -W) in wrongs(lines)


@pytest.mark.parametrize(
    ("expression", "error", "wrong"),
    [
        (nu_W + nu_F, "sign", -nu_W - nu_F),
        (nu_W - nu_F, "sign of a term", nu_W + nu_F),
        (nu_W**j, "exponent", nu_W ** (j + 1)),
        (nu_W * nu_F, "exponent", nu_W**2 * nu_F),
        (f(j) + 1, "index", f(j + 1) + 1),
        (nu_W**2 + nu_F, "variances of W and F exchanged", nu_F**2 + nu_W),
        (sp.Sum(f(i), (i, 0, T - 1)), "range", sp.Sum(f(i), (i, 0, T))),
        (W * W, "factor", 2 * W * W),
    ],
    ids=str,
)
def test_an_error_is_made_in_one_place(expression, error, wrong):
    assert (error, wrong) in list(mutations(expression))


@pytest.mark.parametrize(
    "expression", [nu_W, nu_W**2 * nu_F, f(t) + 1, sp.S.Zero, sp.ImmutableMatrix([[1, 0]])], ids=str
)
def test_an_error_is_never_the_same_expression(expression):
    found = [wrong for _, wrong in mutations(expression)]
    assert found
    assert expression not in found


def test_every_entry_of_a_matrix_is_tampered_with():
    matrix = sp.ImmutableMatrix([[nu_W, nu_F], [1, 2]])
    changed = {tuple(a != b for a, b in zip(matrix, wrong, strict=True)) for _, wrong in mutations(matrix)}
    assert {places.index(True) for places in changed} == {0, 1, 2, 3}
    assert all(sum(places) == 1 for places in changed)
