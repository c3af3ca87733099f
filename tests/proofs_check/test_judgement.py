"""One false-alarm budget, and what each outcome requires."""

import numpy as np
import pytest

from proofs_check.judgement import FAMILY_LEVEL, judge
from proofs_check.theorem import Control, ControlResult, Evidence, FamilyOfTests, Kind, Outcome, Status


def family(*p_values: float) -> FamilyOfTests:
    p = np.array(p_values)
    return FamilyOfTests(lambda index: f"entry {index}", np.ones(p.size), np.full(p.size, 2.0), np.full(p.size, 0.1), p)


def statistical(*p_values: float) -> Evidence:
    return Evidence("a.test", Kind.STATISTICAL, "a test", Status.UNDECIDED, "", family(*p_values))


def proof(status: Status) -> Evidence:
    return Evidence("a.proof", Kind.IDENTITY, "a proof", status, "why")


def control(*, symbolic: bool = True, numeric: bool = True, applicable: bool = True) -> ControlResult:
    return ControlResult(Control("variant", "rho = 1", "it is"), applicable, symbolic, numeric, "s", "n")


def test_proofs_and_unremarkable_tests_pass():
    found = judge([proof(Status.CONFIRMED), statistical(0.3, 0.02)], [control()])
    assert found.outcome is Outcome.PASSED
    assert found.reasons == ()
    assert all(item.status is Status.CONFIRMED for item in found.evidence)


def test_one_impossible_test_refutes():
    found = judge([statistical(0.3, 1e-9)], [control()])
    assert found.outcome is Outcome.REFUTED
    assert "entry 1" in found.reasons[0]


def test_the_budget_is_shared_by_all_tests_of_a_run():
    alone = judge([statistical(FAMILY_LEVEL / 2)], [control()])
    among_many = judge([statistical(FAMILY_LEVEL / 2), statistical(*np.linspace(0.1, 1, 50))], [control()])
    assert alone.outcome is Outcome.REFUTED
    assert among_many.outcome is Outcome.PASSED


def test_the_first_refuting_entry_is_named():
    found = judge([statistical(1e-20, 0.5, 1e-30)], [])
    assert "entry 0" in found.evidence[0].summary
    assert found.evidence[0].details["refuted_count"] == 2


def test_a_refuted_proof_refutes():
    assert judge([proof(Status.REFUTED), statistical(0.5)], [control()]).outcome is Outcome.REFUTED


def test_an_undecided_proof_is_inconclusive():
    assert judge([proof(Status.UNDECIDED), statistical(0.5)], [control()]).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("side", ["symbolic", "numeric"])
def test_a_control_that_survives_on_either_side_is_inconclusive(side):
    found = judge([statistical(0.5)], [control(**{side: False})])
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "survived" in found.reasons[0]


def test_a_control_that_is_true_here_does_not_count():
    assert judge([statistical(0.5)], [control(), control(numeric=False, applicable=False)]).outcome is Outcome.PASSED


def test_controls_that_are_all_true_here_are_inconclusive():
    assert judge([statistical(0.5)], [control(applicable=False)]).outcome is Outcome.INCONCLUSIVE


def test_a_run_without_measurements_is_inconclusive():
    assert judge([proof(Status.CONFIRMED)], [control()]).outcome is Outcome.INCONCLUSIVE


def exact(status: Status = Status.CONFIRMED) -> Evidence:
    return Evidence("a.exact", Kind.EXACT, "worked out", status, "why")


def test_a_statement_that_rests_on_exact_evidence_needs_no_measurement():
    assert judge([proof(Status.CONFIRMED), exact()], [control()], rests_on=Kind.EXACT).outcome is Outcome.PASSED


def test_a_derivation_alone_is_inconclusive():
    found = judge([proof(Status.CONFIRMED)], [control()], rests_on=Kind.EXACT)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reasons == ("nothing was computed exactly",)


def test_an_attack_that_goes_unnoticed_is_inconclusive():
    unnoticed = Evidence("a.planted", Kind.ATTACK, "planted errors", Status.UNDECIDED, "one survives")
    assert judge([exact(), unnoticed], [control()], rests_on=Kind.EXACT).outcome is Outcome.INCONCLUSIVE


def test_a_survivor_is_named_with_the_side_that_it_survived():
    found = judge([exact()], [control(numeric=False)], rests_on=Kind.EXACT)
    assert "exact computation: n" in found.reasons[0]


def test_an_interruption_overrides_every_other_outcome():
    assert judge([statistical(1e-30)], [], interrupted=True).outcome is Outcome.INTERRUPTED


def test_exit_statuses_are_those_of_the_command():
    assert [outcome.exit_status for outcome in Outcome] == [0, 1, 3, 130]
