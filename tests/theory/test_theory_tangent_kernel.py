import ast
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory import tangent_kernel
from theory.finite_width import kernel_weight
from theory.state_evolution import GaussianRecursion, LinearRow, RandomMatrix
from theory.statements import theorem_3_3b
from theory.symbols import VARIANCES, W, dq, dW, epsilon_W, j, n, nu_C, nu_F, nu_W, q, t
from theory.tangent_kernel import (
    PERTURBATIONS,
    evaluate,
    impulse_recursion,
    linearize,
    ntk_parameterization_rho,
    perturbed_law,
    perturbed_recursion,
    rho,
    rho_at,
    rho_parts,
    variance,
)
from theory.verification import Identity, Outcome, verify

PACKAGE = Path(theory.__file__).parent
MODULES = {str(path.relative_to(PACKAGE)): path for path in PACKAGE.rglob("*.py")}
PAPER_RHO = nu_C * (j * nu_F * nu_W ** (j - 1) + nu_W**j) + nu_F * nu_W**j

lags = st.integers(0, 12)
nonnegative = st.fractions(0, 3, max_denominator=10)


def proved(lhs, rhs):
    return verify(Identity(lhs, rhs)).outcome is Outcome.PROVED


def without(recursion, name):
    return GaussianRecursion(tuple(m for m in recursion.matrices if m.name != name), recursion.initial)


def with_variance(recursion, name, nu):
    matrices = (RandomMatrix(m.name, nu if m.name == name else m.variance, m.row) for m in recursion.matrices)
    return GaussianRecursion(tuple(matrices), recursion.initial)


def with_transposed_rows(recursion):
    matrices = (
        RandomMatrix(m.name, m.variance, LinearRow(tuple(b.T for b in m.row.coefficients))) for m in recursion.matrices
    )
    return GaussianRecursion(tuple(matrices), recursion.initial)


WRONG_RECURSIONS = {
    "W not perturbed": lambda r: without(r, "W~"),
    "variance of W halved": lambda r: with_variance(r, "W", nu_W / 2),
    "variance of F for W": lambda r: with_variance(r, "W", nu_F),
    "variance of W for its perturbation": lambda r: with_variance(r, "W~", nu_W),
    "q and its perturbation exchanged": with_transposed_rows,
    "starts exchanged": lambda r: GaussianRecursion(
        r.matrices, sp.ImmutableMatrix.diag(r.initial[1, 1], r.initial[0, 0])
    ),
    "F not perturbed": lambda r: GaussianRecursion(r.matrices, sp.ImmutableMatrix.diag(nu_F, 0)),
}


def test_the_derived_weight_is_the_one_of_the_paper():
    assert proved(rho(), PAPER_RHO)


def test_the_derived_variance_is_the_one_of_the_paper():
    assert proved(variance(), nu_C * nu_F * nu_W**j)


@pytest.mark.parametrize(
    ("part", "expected"),
    [("C", nu_F * nu_W**j), ("F", nu_C * nu_W**j), ("W", j * nu_C * nu_F * nu_W ** (j - 1))],
)
def test_training_one_parameter_alone_gives_its_part(part, expected):
    assert sp.expand(rho_parts()[part] - expected) == 0


def test_the_parts_add_up_to_the_weight():
    assert proved(sp.Add(*rho_parts().values()), PAPER_RHO)


def test_the_ntk_parameterization_counts_every_factor_once():
    assert proved(ntk_parameterization_rho(), (j + 2) * nu_C * nu_F * nu_W**j)


def test_the_weight_without_perturbation_is_zero():
    assert rho((sp.S.Zero,) * 3) == 0


@settings(deadline=None, max_examples=15)
@given(st.tuples(*[st.integers(0, 5).map(sp.Integer)] * 3))
def test_the_weight_is_linear_in_the_variances_of_the_perturbation(perturbation):
    parts = rho_parts()
    expected = sp.Add(*(e * parts[name] for e, name in zip(perturbation, "WFC", strict=True)))
    assert sp.expand(rho(perturbation) - expected) == 0


@pytest.mark.parametrize("lag", range(13))
def test_the_weight_of_each_lag_is_the_limit_of_finite_widths(lag):
    """Loop equations reach ρ_j without state evolution."""
    assert sp.expand(rho().subs(j, lag) - kernel_weight(lag, lag).limit()) == 0


@pytest.mark.parametrize("part", ["C", "F", "W"])
@pytest.mark.parametrize("lag", range(9))
def test_each_part_is_the_limit_of_the_same_part_at_finite_widths(part, lag):
    series = kernel_weight(lag, lag).parts[part]
    factor = {"C": nu_F, "F": nu_C, "W": nu_C * nu_F / nu_W}[part] * nu_W**lag
    assert sp.expand(rho_parts()[part].subs(j, lag) - factor * (series[0] if series else 0)) == 0


@settings(deadline=None, max_examples=40)
@given(lags, st.tuples(nonnegative, nonnegative, nonnegative))
def test_the_value_at_a_lag_is_a_rational_and_allows_zeros(lag, values):
    w, f, c = values
    assert rho_at(lag, values) == (f + c) * w**lag + (lag * f * c * w ** (lag - 1) if lag else 0)


@pytest.mark.parametrize(("lag", "expected"), [(0, 5), (1, 6), (2, 0), (7, 0)])
def test_a_vanishing_recurrent_variance_leaves_the_weights_of_two_lags(lag, expected):
    assert rho_at(lag, (Fraction(0), Fraction(2), Fraction(3))) == expected


def test_the_lag_is_substituted_before_the_variances():
    assert evaluate(j * nu_W ** (j - 1), 0, (Fraction(0), Fraction(1), Fraction(1))) == 0


def test_the_variances_are_read_in_the_order_W_F_C():
    values = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 5))
    assert tuple(evaluate(nu, 0, values) for nu in (nu_W, nu_F, nu_C)) == values
    assert (nu_W, nu_F, nu_C) == VARIANCES


def test_linearizing_a_product_gives_the_product_rule():
    assert linearize(W, dW).derivative == sp.expand((W * dq + dW * q) / sp.sqrt(n))


def test_linearizing_reads_off_the_rows_of_45():
    rows = linearize(W, dW).rows
    assert rows == {W: sp.eye(2), dW: sp.Matrix([[0, 1], [0, 0]])}


def test_the_recursion_of_the_response_is_the_perturbed_one_without_perturbation():
    block = perturbed_recursion().matrices[0].row.coefficients[0][0, 0]
    assert impulse_recursion().matrices[0].row.coefficients[0] == sp.Matrix([[block]])


def test_one_run_of_the_engine_gives_the_recurrences_of_the_covariances():
    sigma, kappa, tau = (sp.Function(name)(t) for name in ("sigma", "kappa", "tau"))
    following = {r.sequence: r.following for r in perturbed_law().recurrences}
    expected = {sigma: nu_W * sigma, kappa: nu_W * kappa, tau: nu_W * tau + epsilon_W * sigma}
    assert all(proved(following[name], expected[name]) for name in expected)


def test_every_recurrence_starts_where_the_recursion_does():
    assert [r.initial for r in perturbed_law().recurrences] == [nu_F, 0, PERTURBATIONS[1]]


def test_solutions_of_the_recurrences_are_proved_by_induction():
    law = perturbed_law()
    obligations = [o for r in law.recurrences for o in r.obligations(law.sequences)]
    assert [verify(o).outcome for o in obligations] == [Outcome.PROVED] * 6


def test_the_response_and_its_perturbation_are_uncorrelated():
    assert perturbed_law().sequences[sp.Function("kappa")(t)] == 0


@pytest.mark.parametrize("error", WRONG_RECURSIONS)
def test_the_result_follows_the_recursion_and_not_the_paper(monkeypatch, error):
    """A wrong recursion derives a wrong weight: the right one is nowhere put in."""
    monkeypatch.setattr(
        tangent_kernel,
        "perturbed_recursion",
        lambda *variances: WRONG_RECURSIONS[error](perturbed_recursion(*variances)),
    )
    monkeypatch.setattr(tangent_kernel, "perturbed_law", perturbed_law.__wrapped__)
    assert verify(Identity(rho(), PAPER_RHO)).outcome is Outcome.REFUTED


@pytest.mark.parametrize("error", WRONG_RECURSIONS)
def test_an_engine_that_runs_on_a_wrong_recursion_contradicts_the_derivation(monkeypatch, error):
    """The derivation finds the weight by itself: the engine is a second route, and routes must agree."""
    law = tangent_kernel.perturbed_law
    monkeypatch.setattr(
        tangent_kernel,
        "perturbed_recursion",
        lambda *variances: WRONG_RECURSIONS[error](perturbed_recursion(*variances)),
    )
    monkeypatch.setattr(tangent_kernel, "perturbed_law", law.__wrapped__)
    failures = theorem_3_3b.linearized_kernel.__wrapped__().verify().failures
    assert "weight by variances" in {failure.step.name for failure in failures}
    assert all(v.identity.about.startswith("route") for failure in failures for v in failure.failures)


def test_a_wrong_response_recursion_gives_a_wrong_variance(monkeypatch):
    wrong = with_variance(impulse_recursion(), "W", nu_W**2)
    monkeypatch.setattr(tangent_kernel, "impulse_recursion", lambda: wrong)
    assert verify(Identity(variance(), nu_C * nu_F * nu_W**j)).outcome is Outcome.REFUTED


def test_a_perturbation_of_another_size_changes_the_weight():
    assert rho((epsilon_W, sp.S.One, sp.S.One)).coeff(epsilon_W) == rho_parts()["W"]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_theory_imports_nothing_random_nothing_floating_and_no_claims(module):
    """Explicit matrices of statements come from a seeded generator; rendering writes MathML."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    more = {"statements": {"random"}, "rendering": {"latex2mathml"}}.get(module.partition("/")[0], set())
    roots = {name.split(".")[0] for name in imported}
    assert roots <= {"sympy", "theory"} | (sys.stdlib_module_names - {"random", "secrets", "statistics", "time"}) | more
