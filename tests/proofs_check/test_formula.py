"""Formulas from users: exact, and never evaluated."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from proofs_check.errors import FormulaError
from proofs_check.formula import parse_formula

X, Y = sp.Symbol("x", positive=True), sp.Symbol("y", positive=True)
SYMBOLS = {"x": X, "y": Y}

numbers = st.integers(0, 99).map(str) | st.decimals(0, 9, places=2).map(str)
formulas = st.recursive(
    numbers | st.sampled_from(["x", "y"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | inner.map(lambda text: f"(-{text})")
        | st.tuples(inner, st.integers(0, 3)).map(lambda p: f"({p[0]})**{p[1]}")
    ),
    max_leaves=5,
)


def exact_value(text: str, x: Fraction, y: Fraction) -> Fraction:
    """Python's own arithmetic on the same text, with every number made a Fraction."""
    import re

    replaced = re.sub(r"(?<![\w*])(\d+(\.\d+)?)", r"F('\1')", text)
    return Fraction(eval(replaced, {"F": Fraction, "x": x, "y": y}))  # the tests' own text


@given(formulas)
@settings(deadline=None, max_examples=150)
def test_a_formula_has_the_value_of_exact_arithmetic(text):
    x, y = Fraction(3, 7), Fraction(5, 2)
    formula = parse_formula(text, SYMBOLS)
    value = formula.subs({X: sp.Rational(3, 7), Y: sp.Rational(5, 2)})
    assert Fraction(int(value.p), int(value.q)) == exact_value(text, x, y)


def test_decimals_are_exact():
    assert parse_formula("0.1", {}) == sp.Rational(1, 10)
    assert parse_formula("1e-3 + .5", {}) == sp.Rational(501, 1000)


def test_a_linear_exponent_may_hold_symbols():
    assert parse_formula("x**(2*y - 1)", SYMBOLS) == X ** (2 * Y - 1)


def test_an_exponential_of_a_logarithm_is_a_power():
    assert parse_formula("exp((y - 1)*log(x))", SYMBOLS).subs({X: 3, Y: 4}) == 27


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("__import__('os')", "__import__(…) is not allowed"),
        ("x.real", "Attribute is not allowed"),
        ("x[0]", "Subscript is not allowed"),
        ("(lambda: 1)()", "is not allowed"),
        ("[x for x in (1, 2)]", "ListComp is not allowed"),
        ("x if y else 1", "IfExp is not allowed"),
        ("x == y", "Compare is not allowed"),
        ("'text'", "is not a number"),
        ("True", "is not a number"),
        ("1j", "is not a number"),
        ("0x10", "not a plain decimal"),
        ("1e999999999", "not a plain decimal"),
        ("z + 1", "unknown name 'z' (allowed: x, y)"),
        ("x ^ 2", "write **"),
        ("9**9**9", "must be linear"),
        ("x**(y**2)", "must be linear"),
        ("x**(y*y)", "must be linear"),
        ("x**1000", "larger than"),
        ("((x**99)**99)**99", "too large"),
        ("(x + y + 1)**200", "too large"),
        ("1/0", "division by zero"),
        ("0**(-1)", "division by zero"),
        ("log(0)", "undefined"),
        ("sqrt(x, y)", "of one argument"),
        ("exp(1e20*log(x))", "too large"),
        ("sqrt", "unknown name"),
        ("x +", "cannot read"),
        ("", "cannot read"),
        ("x; y", "cannot read"),
        ("x\0", "cannot read"),
        ("(" * 400 + "x" + ")" * 400, "cannot read"),
        ("-" * 900 + "x", ""),
        ("x" * 2000, "characters"),
    ],
)
def test_what_is_not_arithmetic_is_refused(text, complaint):
    if text.startswith("---"):
        assert parse_formula(text, SYMBOLS) == X  # deep, but arithmetic: 900 signs cancel
        return
    with pytest.raises(FormulaError, match=r".*") as caught:
        parse_formula(text, SYMBOLS)
    assert complaint in str(caught.value)


def test_a_complaint_names_the_column():
    with pytest.raises(FormulaError, match=r"at column 5 of 'x \+ q'"):
        parse_formula("x + q", SYMBOLS)


def test_nothing_in_a_formula_is_executed(tmp_path):
    target = tmp_path / "touched"
    with pytest.raises(FormulaError):
        parse_formula(f"open({str(target)!r}, 'w')", SYMBOLS)
    assert not target.exists()
