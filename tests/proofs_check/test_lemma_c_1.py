"""``check-theorem C.1``: recursions that pass, claims and processes that are refuted, input that is refused."""

import json
import shlex
from dataclasses import replace
from fractions import Fraction

import jsonschema
import numpy as np
import pytest

from numerics.laws import Uniform
from numerics.recursion import python_recursion
from proofs_check.judgement import judge, refuting_entries
from proofs_check.recursion import laboratory
from proofs_check.recursion.checks import CHECKS, covariance_family
from proofs_check.recursion.context import RecursionContext
from proofs_check.recursion.controls import VARIANTS, refute
from proofs_check.recursion.python import check_recursion
from proofs_check.recursion.reader import examples, read, read_text
from proofs_check.report.json_report import schema
from proofs_check.settings import Settings
from proofs_check.theorem import Outcome, Status

SMALL = ("--n", "512", "--horizon", "3", "--replicates", "64")
"""Enough for every check to run; the ladder of widths is that of any run."""

SETTINGS = Settings(
    widths=(512,), horizon=3, inputs=1, outputs=1, nu_W=Fraction(1), nu_F=Fraction(1), nu_C=Fraction(1), replicates=64,
    resolution=0.01, resolution_given=False, sampler="auto", jobs=2, seed=2021,
)  # fmt: skip

ONE_MATRIX = '[[matrix]]\nname = "A"\nvariance = {variance}\nz = ["{z}"]\n'


@pytest.fixture
def written(tmp_path):
    """Write a recursion with one matrix to a file; its name."""

    def write(z="tanh(q)", variance="1", before=""):
        path = tmp_path / "recursion.toml"
        path.write_text(before + ONE_MATRIX.format(z=z, variance=variance), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _narrow_ladder(monkeypatch):
    """Widths up to 4096: the checks are the same."""
    monkeypatch.setattr(laboratory, "LADDER_TOP", 4096)


def context_of(recursion, **changes):
    """A recursion with one matrix, the name of an example, or a recursion in Python, ready to be checked."""
    return RecursionContext.prepare(replace(SETTINGS, recursion=recursion, **changes))


def one_matrix(z, before=""):
    return read_text(before + ONE_MATRIX.format(z=z, variance=1.3))


def judged(context):
    """The judgement of the checks of a recursion, without those of the derivations."""
    evidence = [item for check in CHECKS for item in check.run(context)]
    return judge(evidence, [refute(control, context) for control in VARIANTS])


@pytest.mark.parametrize("name", ["impulse-response", "linearized-rnn", "tanh-rnn", "relu-rnn", "erf-reservoir"])
def test_the_examples_pass(command, name):
    ran = command("C.1", "--recursion", name, *SMALL, "--quiet")
    assert ran.status == 0, ran.out
    assert ran.out.startswith("PASSED")


def test_every_example_is_listed_in_the_help(command):
    help_text = "".join(command("--help").out.split())
    assert all(name in help_text for name in examples())


def test_a_true_claim_passes(command):
    ran = command("C.1", "--recursion", "impulse-response", *SMALL, "--claim", "var = nu_F*nu_W**t", "--quiet")
    assert ran.status == 0, ran.out


@pytest.mark.parametrize(
    ("claim", "first"),
    [("var = nu_F*nu_W**(t+1)", "E q_1²"), ("cov = 0.1*nu_W**s", "E q_1·q_2"), ("var = 1/(t-1)", "E q_1²")],
)
def test_a_false_claim_is_refuted_by_the_state_evolution_and_by_measurement(command, claim, first):
    ran = command("C.1", "--recursion", "impulse-response", *SMALL, "--claim", claim, "--json", "-")
    report = json.loads(ran.out)
    found = {item["check"]: item for item in report["evidence"] if item["check"] in ("71.claim", "71.claimed")}
    assert ran.status == 1
    assert {item["status"] for item in found.values()} == {"refuted"}
    assert found["71.claim"]["summary"].startswith(first)


@pytest.mark.parametrize(
    "claim", ["rho = 1", "var", "cov_x = 1", "var = s", "var = __import__('os')", "var = 1; var = 2"]
)
def test_a_claim_that_is_not_understood_is_refused(command, claim):
    ran = command("C.1", "--recursion", "impulse-response", *SMALL, "--claim", claim)
    assert ran.status == 2
    assert "--claim" in ran.err


def test_a_claim_about_one_of_several_columns_names_it(command):
    one = ("C.1", "--recursion", "linearized-rnn", *SMALL, "--quiet", "--claim")
    assert command(*one, "var = 1").status == 2
    assert command(*one, "var_dq = nu_W**t + t*nu_F*nu_W**(t-1)").status == 0


def test_measurements_refute_the_state_evolution_of_fresh_matrices():
    context = context_of(read("relu-rnn"))
    assert refuting_entries(covariance_family(context, context.fresh.covariance, context.fresh.error).p_values)
    assert not refuting_entries(covariance_family(context, context.limit.covariance, context.limit.error).p_values)


def test_the_state_evolution_refutes_a_simulation_with_fresh_matrices(monkeypatch):
    monkeypatch.setattr(laboratory, "ATTACK_SHARE", 1)
    monkeypatch.setattr(laboratory.Laboratory, "ladder", laboratory.Laboratory.fresh_ladder)
    found = judged(context_of(read("relu-rnn")))
    assert "71.covariance" in {item.check for item in found.evidence if item.status is Status.REFUTED}


def test_controls_that_are_true_of_a_recursion_are_not_counted():
    context = context_of(read("impulse-response"))
    applicable = {control.name: refute(control, context).applicable for control in VARIANTS}
    assert not applicable["fresh matrices at each step"]
    assert not applicable["one matrix for all"]
    assert applicable["variance 10 % too large"]


def test_every_control_is_refuted_by_one_of_two_examples():
    contexts = [context_of(read(name)) for name in ("relu-rnn", "linearized-rnn")]
    assert all(any(refute(control, context).refuted for context in contexts) for control in VARIANTS)


def test_a_true_variant_survives(monkeypatch):
    control = next(iter(VARIANTS))
    monkeypatch.setitem(VARIANTS, control, lambda context: context.limit.covariance)
    result = refute(control, context_of(read("relu-rnn")))
    assert (result.applicable, result.symbolic, result.numeric) == (False, False, False)


@pytest.mark.parametrize(
    ("z", "words"),
    [
        ("q**2", "not Lipschitz"),
        ("exp(q)", "not Lipschitz"),
        ("step(q)", "not Lipschitz"),
        ("sqrt(q)", "not a number at"),
        ("gelu(q)", "unknown function 'gelu'"),
        ("A.T @ q", "A^T"),
        ("q + p", "unknown name 'p'"),
        ("q + x[t]", "only what changes over time"),
        ("q[t+1]", "not known at time t"),
    ],
)
def test_a_row_function_that_cannot_be_used_is_named(command, written, z, words):
    ran = command("C.1", "--recursion", written(z), *SMALL)
    assert ran.status == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_a_negative_variance_is_refused(command, written):
    ran = command("C.1", "--recursion", written(variance="-0.5"), *SMALL)
    assert (ran.status, "must not be negative" in ran.err) == (2, True)


def test_a_series_that_ends_before_the_horizon_is_refused(command, written):
    ran = command("C.1", "--recursion", written("q*x[t]", before="[series]\nx = [1, 2]\n"), *SMALL)
    assert (ran.status, "the series x has 2 numbers" in ran.err) == (2, True)


def test_a_width_that_does_not_fit_is_refused_and_pointed_to_the_lazy_matrix(command):
    ran = command("C.1", "--n", "1e14")
    assert (ran.status, "lazy" in ran.err) == (2, True)


def test_a_recursion_outside_the_hypotheses_runs_when_asked(command, written):
    name = written("q**2/4", variance="0.5")
    ran = command("C.1", "--recursion", name, *SMALL, "--outside-hypotheses")
    assert ran.status == 0
    assert "Lemma C.1 does not cover" in " ".join(ran.out.split())
    assert "--outside-hypotheses" in shlex.split(ran.out.splitlines()[-1])


def test_a_function_of_unknown_slope_is_run_with_a_warning():
    context = context_of(one_matrix("log(1 + exp(q))"))
    assert judged(context).outcome is Outcome.PASSED
    assert "no Lipschitz constant was found" in context.warnings[0]


@pytest.mark.parametrize(
    ("z", "before"),
    [
        ("0", ""),
        ("1", ""),
        ("cos(q)", "[q]\ncovariance = 0\n"),
        ("tanh(q[0])", ""),
        ("abs(q[t-1]) + sin(q)", ""),
        ("relu(q + u)", '[u]\ncolumns = ["u"]\nrows = [1, -2, 0.5]\n'),
        ("tanh(q + u)", '[u]\ncolumns = ["u"]\nlaws = ["values(-1, 2; 2/3, 1/3)"]\n'),
        ("max(q, 0.5*q)", '[q]\nlaws = ["uniform(-1, 2)"]\n'),
    ],
)
def test_degenerate_and_unusual_recursions_pass(z, before):
    found = judged(context_of(one_matrix(z, before)))
    assert found.outcome is Outcome.PASSED, found.reasons


def test_where_everything_vanishes_nothing_shows_that_the_checks_can_fail():
    found = judged(context_of(one_matrix("q", "[q]\ncovariance = 0\n")))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reasons == ("no control is false at these parameters: nothing shows that the checks can fail",)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_smallest_widths_and_one_step_are_possible(width):
    found = judged(context_of(read("relu-rnn"), widths=(width,), horizon=1))
    assert found.outcome is Outcome.PASSED, found.reasons


def test_a_recursion_written_in_python_is_checked():
    gated = python_recursion(lambda t, q, u: u * np.tanh(q[t]), 1.5, inputs=(Uniform(0, 1),), memory=0)
    verdict = check_recursion(gated, n=512, horizon=3, replicates=64)
    assert verdict.judgement.outcome is Outcome.PASSED, verdict.judgement.reasons


def test_the_report_obeys_its_schema_and_does_not_depend_on_the_number_of_workers(command):
    reports = [
        json.loads(command("C.1", "--recursion", "erf-reservoir", *SMALL, "--jobs", jobs, "--json", "-").out)
        for jobs in ("1", "3")
    ]
    for report in reports:
        jsonschema.validate(report, schema())
        del report["timing"]
    assert reports[0] == reports[1]


def test_test_functions_of_the_user_are_measured(command, written):
    name = written(before='functions = ["max(q[1], q[2])", "abs(q[9])"]\n')
    ran = command("C.1", "--recursion", name, *SMALL)
    words = " ".join(ran.out.split())
    assert ran.status == 0
    assert "max(q[1], q[2])" in words
    assert "abs(q[9]) is about a time after the horizon" in words


def test_a_recursion_is_not_read_for_other_statements(command):
    ran = command("32", "--recursion", "missing.toml")
    assert ran.status == 0
    assert "--recursion: not used by 32" in " ".join(ran.out.split())


def test_a_test_function_that_grows_too_fast_is_named():
    context = context_of(one_matrix("tanh(q)", 'functions = ["q[1]**3"]\n'))
    assert "it is not PL(2)" in context.warnings[0]


def test_a_horizon_that_would_take_hours_is_refused(command):
    ran = command("C.1", "--horizon", "1000")
    assert (ran.status, "--horizon 1000" in ran.err) == (2, True)


def test_a_verdict_is_printed_as_its_report():
    verdict = check_recursion("impulse-response", n=512, horizon=1, replicates=64)
    assert "PASSED" in str(verdict)
    assert str(verdict).startswith("Lemma C.1")
