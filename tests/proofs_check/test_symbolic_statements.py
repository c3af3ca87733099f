"""Every statement without statistics passes, and notices what is false."""

import json
from dataclasses import replace
from fractions import Fraction

import jsonschema
import pytest
import sympy as sp

from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.registry import ENTRIES, find
from proofs_check.report.json_report import schema, to_json
from proofs_check.run import run
from proofs_check.settings import Settings
from proofs_check.symbolic import bound_22, checks, lemma_b_1, proposition_2_1, theorem_3_2
from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.theorem import Kind, Outcome, Status
from theory.symbols import j, nu_W
from theory.tampering import mutations
from theory.verification import Outcome as Proof

SETTINGS = Settings(
    widths=(4096,), horizon=10, inputs=1, outputs=1, nu_W=Fraction(4, 5), nu_F=Fraction(13, 10),
    nu_C=Fraction(7, 10), replicates=None, resolution=0.01, resolution_given=False, sampler="auto", jobs=1, seed=2021,
)  # fmt: skip

SYMBOLIC = [entry.id for entry in ENTRIES.values() if not entry.targets and not entry.within] + ["72", "79"]
PARTS = [entry.id for entry in ENTRIES.values() if not entry.targets and entry.within]


@pytest.fixture(scope="module", autouse=True)
def _few_planted_errors():
    """All of them are planted where the derivations are tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "PLANTED", 8)
        yield


@pytest.fixture(scope="module", params=SYMBOLIC)
def verdict(request):
    return run(find(request.param), SETTINGS)


def test_the_statement_passes(verdict):
    assert verdict.judgement.outcome is Outcome.PASSED, verdict.judgement.reasons


def test_every_control_is_refuted_by_both_sides(verdict):
    assert len(verdict.controls) >= 4 * len(verdict.theorem.parts)
    assert [r.control.name for r in verdict.controls if not (r.symbolic and r.numeric)] == []


def test_every_part_is_derived_claimed_worked_out_and_attacked(verdict):
    for part in verdict.theorem.parts:
        found = {item.check.rpartition(".")[2] for item in verdict.judgement.evidence if item.part == part}
        assert {"derivation", "claim", "exact", "necessity", "planted"} <= found


def test_the_report_obeys_the_schema(verdict):
    report = json.loads(to_json(verdict))
    jsonschema.Draft202012Validator(schema()).validate(report)
    assert set(report["settings"]) == {"seed", "fixed"} | ({"examples"} if verdict.entry.id == "2.1" else set())


def test_cited_theorems_and_instances_are_named(verdict):
    for item in verdict.judgement.evidence:
        if item.title == "derivation":
            assert all(source in item.summary for source in item.details["cited"])
            assert ("instances" in item.summary) == any(m.startswith("instances") for m in item.details["methods"])


def test_what_is_cited_in_what_a_statement_builds_on_is_named():
    (item,) = (i for i in run(find("22"), SETTINGS).judgement.evidence if i.title == "derivation")
    assert "the limit law (71)" in item.summary
    assert not bound_22.decay().verified.cited


@pytest.mark.parametrize(
    ("conclusions", "words"),
    [((), "also checked at instances: determinant instances"), (("determinant instances",), "instances only")],
)
def test_a_check_at_instances_counts_only_where_a_conclusion_uses_it(conclusions, words):
    derivation = proposition_2_1.realization()
    item = derivation_evidence("b", replace(derivation, conclusions=conclusions or derivation.conclusions))
    assert words in item.summary


@pytest.mark.parametrize("identifier", PARTS)
def test_each_part_can_be_checked_alone(identifier):
    found = run(find(identifier), SETTINGS)
    assert found.judgement.outcome is Outcome.PASSED
    assert len(found.theorem.parts) == 1


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
@pytest.mark.parametrize("identifier", ["22", "32", "72", "79", "stability"])
def test_any_seed_passes(identifier, seed):
    assert run(find(identifier), replace(SETTINGS, seed=seed)).judgement.outcome is Outcome.PASSED


def test_another_seed_works_other_numbers_out():
    one, other = (run(find("22"), replace(SETTINGS, seed=seed)).controls[0].numeric_reason for seed in (1, 2))
    assert one != other


def refuted_by(monkeypatch, module, formula, rhs):
    """The checks that refute a statement whose paper says something false."""
    wrong = replace(formula, rhs=rhs)
    formulas = tuple(wrong if f is formula else f for f in module.PART.formulas)
    part = replace(module.PART, formulas=formulas)
    monkeypatch.setattr(module, "PART", part)
    found = run(find(module.theorem().id), SETTINGS)
    assert found.judgement.outcome is Outcome.REFUTED
    assert found.judgement.outcome.exit_status == 1
    return {item.check[len(part.name) + 1 :] for item in found.judgement.evidence if item.status is Status.REFUTED}


@pytest.mark.parametrize("variant", lemma_b_1.VARIANTS, ids=lambda variant: variant.name)
def test_a_false_claim_is_refuted_by_the_derivation_and_exactly(monkeypatch, variant):
    assert refuted_by(monkeypatch, lemma_b_1, variant.formula, variant.rhs) == {"claim", "exact"}


def test_a_bound_that_is_too_small_is_refuted_exactly(monkeypatch):
    found = refuted_by(monkeypatch, bound_22, bound_22.BOUND, bound_22.BOUND.rhs * sp.Rational(99, 100))
    assert found == {"claim", "exact"}


def test_a_bound_that_is_true_but_another_is_refuted_by_the_derivation_alone(monkeypatch):
    assert refuted_by(monkeypatch, bound_22, bound_22.BOUND, bound_22.BOUND.rhs + nu_W**j) == {"claim"}


@pytest.mark.parametrize("identifier", SYMBOLIC)
def test_no_formula_is_confirmed_with_an_error_anywhere_in_it(identifier):
    context = ENTRIES[identifier].load().prepare(SETTINGS, None)
    confirmed = [
        (formula.name, error, wrong)
        for part in getattr(context, "first", context).parts
        for formula in part.formulas
        for error, wrong in mutations(formula.rhs)
        if formula.compare(part.derivation(), wrong) is Proof.PROVED
    ]
    assert confirmed == []


def test_a_delta_that_hides_a_false_weight_does_not_hide_it(monkeypatch):
    variant = next(v for v in theorem_3_2.VARIANTS if v.name == "square of rho")
    assert "claim" in refuted_by(monkeypatch, theorem_3_2, variant.formula, variant.rhs)


def test_a_formula_about_something_else_is_not_confirmed(monkeypatch):
    formula = replace(bound_22.CONSTANT, lhs=sp.Symbol("something_else"))
    monkeypatch.setattr(bound_22, "PART", replace(bound_22.PART, formulas=(formula, bound_22.BOUND)))
    assert run(find("22"), SETTINGS).judgement.outcome is Outcome.INCONCLUSIVE


def test_a_control_that_is_true_survives(monkeypatch):
    harmless = replace(bound_22.VARIANTS[0], rhs=bound_22.BOUND.rhs)
    monkeypatch.setattr(bound_22, "PART", replace(bound_22.PART, variants=(harmless,)))
    found = run(find("22"), SETTINGS)
    assert found.judgement.outcome is Outcome.INCONCLUSIVE
    assert "survived" in found.judgement.reasons[0]


def test_a_derivation_with_an_error_is_not_confirmed():
    derivation = bound_22.decay()
    wrong = replace(derivation.steps[1], rhs=derivation.steps[1].rhs + 1)
    broken = replace(derivation, steps=(derivation.steps[0], wrong, *derivation.steps[2:]))
    part = replace(bound_22.PART, derivation=lambda: broken)
    theorem = symbolic_theorem("22", "broken", "(22)", part)
    context = theorem.prepare(SETTINGS, None)
    (item,) = (e for check in theorem.checks for e in check.run(context) if e.title == "derivation")
    assert item.status is Status.REFUTED
    assert repr(wrong.name) in item.summary


def test_a_wrong_realization_is_noticed(monkeypatch):
    original = proposition_2_1.realized

    def transposed(nodes, target):
        width, (weights, entry, exit_), found = original(nodes, target)
        return width, (weights, entry, -exit_), found

    monkeypatch.setattr(proposition_2_1, "realized", transposed)
    found = run(find("2.1b"), SETTINGS)
    refuted = {item.title for item in found.judgement.evidence if item.status is Status.REFUTED}
    assert refuted == {"worked out exactly", "targets reproduced"}


def test_the_radius_of_gaussian_matrices_is_shown_and_not_judged():
    (item,) = (i for i in run(find("stability"), SETTINGS).judgement.evidence if i.kind is Kind.INFORMATION)
    assert all(0.9 < ratio < 1.2 for ratio in item.details["ratios"])


@pytest.mark.parametrize("identifier", ["22", "B.1"])
def test_the_number_of_workers_changes_nothing(identifier):
    one, other = (json.loads(to_json(run(find(identifier), replace(SETTINGS, jobs=jobs)))) for jobs in (1, 2))
    one.pop("timing"), other.pop("timing")
    assert one == other
