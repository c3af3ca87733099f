import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from theory import verification
from theory.modular import _Point
from theory.symbols import T, n, nu_C, nu_F, nu_W, t
from theory.verification import (
    POINTS,
    PRIME,
    Identity,
    NotModularError,
    Outcome,
    simplifies_to_zero,
    vanishes_modulo_prime,
    verify,
)

ROOT = Path(__file__).parents[2]
half = sp.Rational(1, 2)
W, V = sp.symbols("W V", commutative=False)
x = sp.Symbol("x", positive=True)
y = sp.Symbol("y", real=True)
sigma, tau = sp.Function("sigma"), sp.Function("tau")

TRUE = {
    "polynomial": ((nu_W + nu_F) ** 3, nu_W**3 + 3 * nu_W**2 * nu_F + 3 * nu_W * nu_F**2 + nu_F**3),
    "induction step of tau": (
        nu_W * (nu_W**t + t * nu_F * nu_W ** (t - 1)) + nu_F * nu_W**t,
        nu_W ** (t + 1) + (t + 1) * nu_F * nu_W**t,
    ),
    "symbolic exponents": ((nu_W**t + nu_F**t) ** 2, nu_W ** (2 * t) + 2 * (nu_W * nu_F) ** t + nu_F ** (2 * t)),
    "half of a symbolic exponent": ((nu_W ** (t / 2) + 1) * (nu_W ** (t / 2) - 1), nu_W**t - 1),
    "square roots": (
        (sp.sqrt(nu_W) + sp.sqrt(nu_F)) * (sp.sqrt(nu_W) - sp.sqrt(nu_F)),
        nu_W - nu_F,
    ),
    "root of the width": ((nu_W / sp.sqrt(n) + sp.sqrt(n)) ** 2, nu_W**2 / n + 2 * nu_W + n),
    "partial fractions": (1 / (nu_W * (nu_W + 1)), 1 / nu_W - 1 / (nu_W + 1)),
    "geometric sum": ((nu_W**T - 1) / (nu_W - 1) * nu_W + 1, (nu_W ** (T + 1) - 1) / (nu_W - 1)),
    "unknown sequences": ((sigma(t) + tau(t + 1)) ** 2, sigma(t) ** 2 + 2 * sigma(t) * tau(t + 1) + tau(t + 1) ** 2),
    "argument of a sequence": (sigma(t) * (sigma(t) + 1), sigma(t) ** 2 + sigma(t)),
    "non-commuting product": ((W + V) * (W - V), W**2 - W * V + V * W - V**2),
    "non-commuting cube": (W * (V * W + nu_W) * V - nu_W * W * V, W * V * W * V),
    "matrix": (
        sp.Matrix([[nu_W, 1], [0, nu_F]]) ** 2 - sp.Matrix([[0, nu_W], [0, 0]]),
        sp.Matrix([[nu_W**2, nu_F], [0, (nu_F + 1) ** 2 - 2 * nu_F - 1]]),
    ),
}

FALSE = {
    "sign": ((nu_W - nu_F) ** 2, nu_W**2 + 2 * nu_W * nu_F + nu_F**2),
    "sign of a root": (sp.sqrt(nu_W), -sp.sqrt(nu_W)),
    "coefficient": ((nu_W + 1) ** 3, nu_W**3 + 3 * nu_W**2 + 2 * nu_W + 1),
    "exponent": (t * nu_F * nu_W**t, t * nu_F * nu_W ** (t - 1)),
    "half exponent": (n**-half, n**-1),
    "index of a lag": (t * nu_W**t, (t + 1) * nu_W**t),
    "index of a sequence": (sigma(t + 1), sigma(t)),
    "one sequence for another": (sigma(t), tau(t)),
    "swapped variances": (nu_C * (nu_W**t + t * nu_F), nu_F * (nu_W**t + t * nu_C)),
    "width for horizon": (n * nu_W, T * nu_W),
    "additive constant": (nu_W**t + 1, nu_W**t),
    "power of a sum": ((nu_W + nu_F) ** t, nu_W**t + nu_F**t),
    "commuting matrices": (W * V, V * W),
    "binomial of matrices": ((W + V) ** 2, W**2 + 2 * W * V + V**2),
    "one entry of a matrix": (sp.Matrix([[nu_W, 0], [0, nu_F]]), sp.Matrix([[nu_W, 0], [1, nu_F]])),
    "transposed matrix": (sp.Matrix([[0, nu_W], [nu_F, 0]]), sp.Matrix([[0, nu_F], [nu_W, 0]])),
}

exponents = st.integers(0, 3)
monomials = st.builds(
    lambda c, a, b, d: c * nu_W**a * nu_F ** (b * half) * nu_C ** (d * t),
    st.fractions(-3, 3, max_denominator=4).filter(bool).map(lambda q: sp.Rational(q.numerator, q.denominator)),
    exponents,
    exponents,
    exponents,
)
polynomials = st.lists(monomials, min_size=1, max_size=3).map(lambda terms: sp.Add(*terms))
letters = st.lists(st.sampled_from([W, V]), min_size=2, max_size=7)


@pytest.mark.parametrize("name", TRUE)
def test_both_engines_prove(name):
    lhs, rhs = TRUE[name]
    assert lhs != rhs
    assert verify(Identity(lhs, rhs)).outcome is Outcome.PROVED


@pytest.mark.parametrize("name", FALSE)
def test_a_planted_error_is_refuted_in(name):
    lhs, rhs = FALSE[name]
    assert verify(Identity(lhs, rhs)).outcome is Outcome.REFUTED


@pytest.mark.parametrize("name", FALSE)
def test_simplification_alone_does_not_accept(name):
    lhs, rhs = FALSE[name]
    assert not all(simplifies_to_zero(difference) for difference in Identity(lhs, rhs).differences())


@settings(deadline=None, max_examples=25)
@given(polynomials, polynomials)
def test_expanding_a_product_is_proved(one, other):
    assert verify(Identity(one * other, sp.expand(one * other))).outcome is Outcome.PROVED


@settings(deadline=None, max_examples=25)
@given(polynomials, polynomials, monomials)
def test_a_product_with_one_term_too_many_is_refuted(one, other, extra):
    assert verify(Identity(one * other, sp.expand(one * other) + extra)).outcome is Outcome.REFUTED


@settings(deadline=None, max_examples=25)
@given(letters, letters)
def test_two_different_words_in_non_commuting_symbols_are_never_equal(one, other):
    assume(one != other)
    assert verify(Identity(sp.Mul(*one), sp.Mul(*other))).outcome is Outcome.REFUTED


@settings(deadline=None, max_examples=25)
@given(st.integers(-5, 5).filter(bool), st.integers(1, 7))
def test_a_wrong_rational_is_refuted_however_it_is_written(p, q):
    assert verify(Identity(sp.Rational(p, q) + nu_W, nu_W)).outcome is Outcome.REFUTED


def test_what_only_simplification_proves_is_not_proved():
    identity = Identity(sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.S.One)
    assert verify(identity).outcome is Outcome.ONE_ENGINE


def test_what_only_simplification_proves_has_no_error_bits():
    assert verify(Identity(sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.S.One)).error_bits == 0


def test_what_only_modular_evaluation_confirms_is_not_proved(monkeypatch):
    monkeypatch.setattr(verification, "simplifies_to_zero", lambda *_: False)
    assert verify(Identity(*TRUE["polynomial"])).outcome is Outcome.ONE_ENGINE


def test_a_true_identity_that_neither_engine_can_prove_is_unverified():
    assert verify(Identity(sp.atan(x) + sp.atan(1 / x), sp.pi / 2)).outcome is Outcome.UNVERIFIED


def test_a_false_identity_outside_both_engines_is_unverified():
    assert verify(Identity(sp.sin(x), sp.cos(x))).outcome is Outcome.UNVERIFIED


def test_one_false_entry_refutes_a_matrix_although_another_cannot_be_evaluated():
    lhs, rhs = sp.Matrix([[sp.sin(x), nu_W]]), sp.Matrix([[sp.sin(x) + 1 - 1, nu_F]])
    assert verify(Identity(lhs, rhs)).outcome is Outcome.REFUTED


def test_one_entry_that_cannot_be_evaluated_keeps_a_matrix_from_being_proved():
    lhs = sp.Matrix([[sp.cosh(x) ** 2 - sp.sinh(x) ** 2, (nu_W + 1) ** 2]])
    rhs = sp.Matrix([[1, nu_W**2 + 2 * nu_W + 1]])
    assert verify(Identity(lhs, rhs)).outcome is Outcome.ONE_ENGINE


@pytest.mark.parametrize(
    "expression",
    [sp.sin(x), sp.exp(x), sp.pi, sp.I, x**y, nu_W ** (half * sp.pi), sp.sqrt(2), sp.sqrt(x + 1)],
    ids=str,
)
def test_what_has_no_value_modulo_a_prime_is_said_to_have_none(expression):
    with pytest.raises(NotModularError):
        vanishes_modulo_prime(expression)


def test_an_expression_with_poles_everywhere_has_no_value():
    with pytest.raises(NotModularError, match="poles"):
        vanishes_modulo_prime(1 / ((y + 1) ** 2 - y**2 - 2 * y - 1))


def test_multiples_of_the_prime_vanish_modulo_the_prime_but_do_not_count_as_proof():
    identity = Identity(PRIME * nu_W, sp.S.Zero)
    assert vanishes_modulo_prime(identity.lhs)
    assert verify(identity).outcome is not Outcome.PROVED


def test_shapes_that_differ_are_an_error_that_names_the_identity():
    with pytest.raises(ValueError, match=r"shapes \(1, 2\) and \(2, 1\) differ in 'rows'"):
        Identity(sp.zeros(1, 2), sp.zeros(2, 1), "rows").differences()


def test_matrices_of_different_shapes_are_not_equal():
    assert verify(Identity(sp.zeros(1, 2), sp.zeros(2, 1))).outcome is Outcome.REFUTED
    assert verify(Identity(sp.eye(1), sp.S.One)).outcome is Outcome.REFUTED


def test_zero_is_the_zero_matrix_of_any_shape():
    assert verify(Identity(sp.zeros(1, 2), sp.S.Zero)).outcome is Outcome.PROVED
    assert verify(Identity(sp.S.Zero, sp.ones(2, 1))).outcome is Outcome.REFUTED


def test_a_proof_is_wrong_with_probability_below_two_to_the_minus_100():
    assert verify(Identity(*TRUE["induction step of tau"])).error_bits > 100


def test_a_refutation_is_certain():
    assert verify(Identity(*FALSE["sign"])).error_bits == math.inf


@pytest.mark.parametrize("degree", [2, 5, 30])
def test_the_certainty_is_that_of_schwartz_and_zippel_at_each_point(degree):
    """The symbol x is the square of what is drawn, which doubles the degree."""
    proof = verify(Identity((x + 1) ** degree, sp.expand((x + 1) ** degree)))
    assert proof.outcome is Outcome.PROVED
    assert proof.error_bits == pytest.approx(POINTS * math.log2(PRIME / (2 * degree)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.Rational(2, 3), (0, 0)),
        (x, (2, 0)),
        (x**5, (10, 0)),
        (1 / x, (0, 2)),
        (x + 1 / x, (4, 2)),
        ((x + 1) ** 2 / (x + 2) ** 3, (4, 6)),
        (sp.sqrt(x), (2, 0)),
        (W * V * W, (6, 0)),
        (sigma(t), (2, 0)),
        (n + t, (0, 0)),
    ],
    ids=str,
)
def test_the_degrees_of_numerator_and_denominator(expression, expected):
    assert _Point(expression, 0, short=False).degree(expression) == expected


def test_the_degree_of_a_symbolic_power_is_that_at_the_point():
    point = _Point(x**t, 0, short=False)
    assert point.degree(x**t) == (2 * point.value(t), 0)


@settings(deadline=None, max_examples=25)
@given(polynomials, polynomials, polynomials)
def test_the_degree_is_never_underestimated(one, other, third):
    expression = (one / other + third).subs(t, 2)
    above, below = _Point(expression, 0, short=False).degree(expression)
    roots = sp.symbols("a b c", positive=True)
    drawn = expression.subs({nu: root**2 for nu, root in zip((nu_W, nu_F, nu_C), roots, strict=True)})
    numerator, denominator = (sp.Poly(part, *roots).total_degree() for part in sp.fraction(sp.cancel(drawn)))
    assert (numerator <= above, denominator <= below) == (True, True)


def test_integer_symbols_stay_small_enough_for_exponents():
    points = [_Point(nu_W**t, attempt, short=False) for attempt in range(20)]
    assert all(3 <= point.value(t) < 1000 for point in points)
    assert all(3 <= point.value(sp.sqrt(n)) < 1000 for point in points)


def test_a_matrix_is_as_certain_as_its_least_certain_entry():
    one, other = TRUE["polynomial"], TRUE["symbolic exponents"]
    matrix = Identity(sp.Matrix([[one[0], other[0]]]), sp.Matrix([[one[1], other[1]]]))
    assert verify(matrix).error_bits == min(verify(Identity(*pair)).error_bits for pair in (one, other))


def test_the_points_depend_on_the_identity_and_on_the_attempt():
    points = [(nu_W, 0), (nu_W, 1), (nu_W + nu_F, 0), (nu_W - nu_F, 0)]
    assert len({_Point(*point, short=False).value(nu_W) for point in points}) == len(points)


def test_positive_symbols_are_squares_of_their_roots():
    point = _Point(nu_W, 0, short=False)
    assert point.value(sp.sqrt(nu_W)) ** 2 % PRIME == point.value(nu_W)


def test_the_points_do_not_depend_on_the_hash_seed_of_the_process():
    program = (
        "from theory.symbols import nu_W, nu_F, t;"
        "from theory.modular import _Point;"
        "e = (nu_W + nu_F)**t - nu_F*nu_W/(nu_W + 3);"
        "print(_Point(e, 0, short=False).value(e))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1


def test_a_degree_beyond_the_field_is_silent_and_does_not_refute():
    base, huge = sp.Symbol("base", positive=True), sp.Symbol("huge", integer=True, positive=True)
    power = base ** (huge**4)
    assert verify(Identity((power + 1) ** 2, power**2 + 2 * power + 1)).outcome is not Outcome.REFUTED


def test_a_sequence_at_a_fraction_has_no_modular_value():
    f, time = sp.Function("f"), sp.Symbol("time", integer=True, nonnegative=True)
    with pytest.raises(NotModularError):
        vanishes_modulo_prime(f(time + sp.Rational(1, 2)) - f(time + sp.Rational(1, 4)))
