"""Claims are proved as identities or refuted by an exact counterexample."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.claims import SYMBOLS, Claim, compare, evaluate
from proofs_check.errors import FormulaError
from proofs_check.implicit_bias.context import PAPER
from proofs_check.implicit_bias.theorem_3_3 import CONTROLS
from theory.tangent_kernel import rho, variance
from theory.verification import Outcome

DERIVED = {"rho": rho, "var": variance}
RUN = {
    SYMBOLS["T"]: sp.Integer(6), SYMBOLS["n_x"]: sp.Integer(1), SYMBOLS["n_y"]: sp.Integer(1),
    SYMBOLS["nu_W"]: sp.Rational(4, 5), SYMBOLS["nu_F"]: sp.Rational(13, 10), SYMBOLS["nu_C"]: sp.Rational(7, 10),
}  # fmt: skip


def confront(text: str, run=RUN, fixed=()):
    claim = Claim.parse(text)
    return compare(claim, DERIVED[claim.target](), run, frozenset(SYMBOLS[name] for name in fixed))


@pytest.mark.parametrize("target", ["rho", "var"])
def test_the_papers_claim_is_proved(target):
    assert confront(f"{target} = {PAPER[target]}").outcome is Outcome.PROVED


@pytest.mark.parametrize(
    "text",
    [
        "rho = (nu_C + nu_F)*nu_W**j*(1 + j*nu_F*nu_C/(nu_W*(nu_C + nu_F)))",
        "rho = nu_W**(j-1)*(j*nu_C*nu_F + nu_W*nu_C + nu_W*nu_F)",
        "rho_j = (nu_C*nu_F*j + (nu_C + nu_F)*nu_W)*nu_W**j/nu_W",
        "var = nu_C*nu_F*sqrt(nu_W)**(2*j)",
        "var = nu_C*nu_F*exp(j*log(nu_W))",
        "ρ_j = (ν_C + ν_F)*ν_W**j + j*ν_C*ν_F*ν_W**(j-1)",
    ],
)
def test_a_claim_in_another_form_is_proved(text):
    assert confront(text).outcome is Outcome.PROVED


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_every_control_is_refuted_by_the_derivation(control):
    found = confront(control.claim)
    assert found.outcome is Outcome.REFUTED
    assert found.counterexample is not None
    assert found.counterexample.at_run


@given(st.integers(0, 5), st.sampled_from(["+", "-"]), st.integers(1, 9))
@settings(deadline=None, max_examples=25)
def test_a_claim_that_fails_from_one_lag_on_names_that_lag(lag, sign, size):
    vanishing = "*".join(f"(j-{i})" for i in range(lag)) or "1"
    found = confront(f"rho = {PAPER['rho']} {sign} {size}/1000*({vanishing})")
    assert found.counterexample is not None
    assert found.counterexample.lag == lag


def test_a_claim_that_fails_beyond_the_horizon_only_is_refuted():
    vanishing = "*".join(f"(j-{i})" for i in range(6))
    found = confront(f"var = {PAPER['var']} + {vanishing}")
    assert found.counterexample is not None
    assert found.counterexample.lag == 6


def test_a_claim_true_at_this_runs_values_only_is_refuted_elsewhere():
    at_one = {**RUN, SYMBOLS["nu_F"]: sp.Integer(1)}
    text = "rho = nu_C*(j*nu_W**(j-1) + nu_W**j) + nu_W**j"
    found = confront(text, at_one)
    assert found.counterexample is not None
    assert not found.counterexample.at_run
    assert "nu_F" in found.counterexample.describe()


def test_a_parameter_that_the_user_fixed_restricts_the_claim():
    at_one = {**RUN, SYMBOLS["nu_F"]: sp.Integer(1)}
    text = "rho = nu_C*(j*nu_W**(j-1) + nu_W**j) + nu_W**j"
    assert confront(text, at_one, fixed=["nu_F"]).outcome is Outcome.PROVED


def test_decimals_of_fixed_parameters_are_compared_exactly():
    text = "var = 0.91*0.8**j"
    assert confront(text, fixed=["nu_W", "nu_F", "nu_C"]).outcome is Outcome.PROVED
    assert confront("var = 0.9100001*0.8**j", fixed=["nu_W", "nu_F", "nu_C"]).outcome is Outcome.REFUTED


def test_an_undefined_claim_is_refuted_where_it_is_undefined():
    found = confront("rho = nu_F/j")
    assert found.counterexample is not None
    assert found.counterexample.lag == 0
    assert "undefined" in found.counterexample.describe()


def test_the_paper_s_formula_holds_at_variance_zero():
    zero = {**RUN, SYMBOLS["nu_W"]: sp.Integer(0)}
    values = [Claim.parse(f"rho = {PAPER['rho']}").value(lag, zero) for lag in range(4)]
    assert values == [sp.Integer(2), sp.Rational(91, 100), 0, 0]
    assert confront(f"rho = {PAPER['rho']}", zero, fixed=["nu_W"]).outcome is Outcome.PROVED


def test_the_description_says_by_how_much():
    found = confront("rho = nu_C*nu_W**j + nu_F*nu_W**j")
    assert found.counterexample is not None
    assert found.counterexample.describe() == "lag 1: claimed 1.6, derived 2.51 (-36.25%)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rho = 1e30", "claimed 1e+30, derived 2 (difference 1e+30)"),
        ("rho = (j-100)**255", "claimed -1.00000e+510, derived 2 (difference -1.00000e+510)"),
        (f"rho = {PAPER['rho']} + 1e-30", "claimed 2, derived 2 (difference 1e-30)"),
        ("rho = sqrt(-1)", "the claim is undefined"),
    ],
)
def test_the_description_shows_a_difference_of_any_size(text, words):
    found = confront(text)
    assert found.counterexample is not None
    assert words in found.counterexample.describe()


def test_a_claim_false_for_some_order_of_the_variances_only_is_refuted():
    found = confront(f"rho = {PAPER['rho']} + sqrt((nu_C - nu_F)**2) - nu_F + nu_C")
    assert found.outcome is Outcome.REFUTED


def test_the_scope_of_a_restricted_claim_is_said():
    at_one = {**RUN, SYMBOLS["nu_F"]: sp.Integer(1)}
    found = confront("rho = nu_C*(j*nu_W**(j-1) + nu_W**j) + nu_W**j", at_one, fixed=["nu_F"])
    assert found.scope == "nu_F = 1"
    assert confront(f"rho = {PAPER['rho']}").scope == "all positive variances"


@pytest.mark.parametrize("text", ["3", "rho", "kappa = 1", "rho == 1", "= 3"])
def test_what_is_not_a_claim_is_refused(text):
    with pytest.raises(FormulaError):
        Claim.parse(text)


def test_the_lag_is_substituted_first():
    zero = {**RUN, SYMBOLS["nu_W"]: sp.Integer(0)}
    formula = SYMBOLS["j"] * SYMBOLS["nu_W"] ** (SYMBOLS["j"] - 1)
    assert evaluate(formula, 0, zero) == 0
    assert evaluate(formula, 1, zero) == 1


def test_a_claim_shows_itself_in_a_notebook():
    shown = Claim.parse("rho = nu_F*nu_W**j")._repr_latex_()
    assert shown == r"$\displaystyle \rho_{j} = \nu_{F} \nu_{W}^{j}$"
