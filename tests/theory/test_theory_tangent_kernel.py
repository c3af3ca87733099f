import ast
import subprocess
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
from theory.symbols import VARIANCES, W, dq, dW, epsilon_W, j, n, nu_C, nu_F, nu_W, q, t
from theory.tangent_kernel import (
    FIXED_HORIZON,
    INITIALIZATION,
    PERTURBATIONS,
    evaluate,
    impulse_recursion,
    impulse_response_law,
    kernel_weight_law,
    linearize,
    ntk_parameterization_rho,
    perturbed_recursion,
    rho,
    rho_at,
    rho_parts,
    variance,
)
from theory.verification import Identity, Outcome, verify

PACKAGE = Path(theory.__file__).parent
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


@pytest.mark.parametrize("law", [impulse_response_law, kernel_weight_law])
def test_the_derivation_is_proved(law):
    assert law().verify().proved


@pytest.mark.parametrize("law", [impulse_response_law, kernel_weight_law])
def test_the_derivation_is_wrong_with_probability_below_two_to_the_minus_100(law):
    assert law().verify().error_bits > 100


@pytest.mark.parametrize("law", [impulse_response_law, kernel_weight_law])
def test_the_hypotheses_name_the_initialization_and_the_fixed_horizon(law):
    assert {INITIALIZATION, FIXED_HORIZON} <= set(law().hypotheses)


def shown(law, equation):
    return [(step.lhs, step.rhs) for step in law().steps if step.equation == equation]


def test_the_response_is_shown_as_a_recursion_in_symbols_that_do_not_commute():
    ((lhs, rhs),) = shown(impulse_response_law, "(41)")
    assert not lhs.is_commutative
    assert rhs == W * q / sp.sqrt(n)


def test_the_variance_of_the_response_is_shown_as_a_recurrence_and_as_its_solution():
    sigma = sp.Function("sigma")
    assert shown(impulse_response_law, "(43)") == [(sigma(t + 1), nu_W * sigma(t)), (sigma(t), nu_F * nu_W**t)]


def test_the_covariance_of_the_perturbed_response_is_shown_as_a_recurrence():
    sigma, kappa, tau = (sp.Function(name) for name in ("sigma", "kappa", "tau"))
    ((lhs, rhs),) = shown(kernel_weight_law, "(50)")
    assert lhs == sp.Matrix([[sigma(t + 1), kappa(t + 1)], [kappa(t + 1), tau(t + 1)]])
    assert rhs == sp.Matrix(
        [[nu_W * sigma(t), nu_W * kappa(t)], [nu_W * kappa(t), nu_W * tau(t) + epsilon_W * sigma(t)]]
    )


def test_the_perturbed_response_is_shown_in_symbols_that_do_not_commute():
    assert [(lhs.is_commutative, rhs) for lhs, rhs in shown(kernel_weight_law, "(44)")] == [
        (False, sp.expand((W * dq + dW * q) / sp.sqrt(n)))
    ]


def test_the_last_line_shown_is_the_weight_of_the_paper():
    _, shown_weight = shown(kernel_weight_law, "(55)")[-1]
    assert proved(shown_weight.subs(t, j), PAPER_RHO)


@pytest.mark.parametrize("error", WRONG_RECURSIONS)
def test_the_result_follows_the_recursion_and_not_the_paper(monkeypatch, error):
    """A wrong recursion derives a wrong weight: the right one is nowhere put in."""
    monkeypatch.setattr(
        tangent_kernel,
        "perturbed_recursion",
        lambda *variances: WRONG_RECURSIONS[error](perturbed_recursion(*variances)),
    )
    result = kernel_weight_law.__wrapped__().result.subs(dict.fromkeys(PERTURBATIONS, 1))
    assert verify(Identity(result, PAPER_RHO)).outcome is Outcome.REFUTED


def test_a_wrong_response_recursion_derives_a_wrong_variance(monkeypatch):
    wrong = with_variance(impulse_recursion(), "W", nu_W**2)
    monkeypatch.setattr(tangent_kernel, "impulse_recursion", lambda: wrong)
    result = impulse_response_law.__wrapped__().result
    assert verify(Identity(result, nu_C * nu_F * nu_W**j)).outcome is Outcome.REFUTED


def test_a_perturbation_of_another_size_changes_the_weight():
    assert rho((epsilon_W, sp.S.One, sp.S.One)).coeff(epsilon_W) == rho_parts()["W"]


def test_derivations_are_verified_where_claims_and_simulations_cannot_be_imported():
    program = (
        "import sys; sys.modules.update(proofs_check=None, numerics=None);"
        "from theory.tangent_kernel import impulse_response_law, kernel_weight_law;"
        "from theory.implicit_bias import bound;"
        "print(all(d().verify().proved for d in (impulse_response_law, kernel_weight_law, bound)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "True\n"


@pytest.mark.parametrize("module", sorted(path.stem for path in PACKAGE.glob("*.py")))
def test_theory_imports_nothing_random_nothing_floating_and_no_claims(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in imported}
    assert roots <= {"sympy", "theory"} | (sys.stdlib_module_names - {"random", "secrets", "statistics", "time"})
