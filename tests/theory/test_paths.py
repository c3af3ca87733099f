"""Proofs along a path, and attacks on them: none may prove anything false."""

import pytest
import sympy as sp

from theory.activations import step
from theory.derivation import Derivation
from theory.facts import Equation, Nonnegative
from theory.justification import Definition, Rewriting
from theory.operators import Expectation, expand_operators, is_smooth, sequence
from theory.paths import AtPlace, EqualDerivatives, SquareRoot
from theory.step import Hypothesis, Step
from theory.symbols import path, t

f = sequence("paths_f", "f_{{{0}}}", real=True)
g = sequence("paths_g", "g_{{{0}}}", real=True)
R = sequence("paths_R", "R_{{{0}}}", real=True, random=True)
a, b = sp.symbols("paths_a paths_b", positive=True)
c = sp.Symbol("paths_c", real=True)
END = sp.S.One


def slope(value, is_what):
    return Equation(sp.Derivative(value, path), is_what)


def derive(facts, *lines):
    steps = tuple(
        Step(str(k), sp.sympify(left), sp.sympify(right), "", by, ("given", *map(str, range(k))))
        for k, (left, right, by) in enumerate(lines)
    )
    return Derivation("path", "", "", (Hypothesis("given", "", tuple(facts)),), steps)


def proved(facts, *lines):
    return derive(facts, *lines).verified.proved


GROWTH = (Equation(f(0), 1), slope(f(path), sp.exp(path)))


def test_equal_derivatives_and_an_equal_start_are_enough():
    assert proved(GROWTH, (f(path), sp.exp(path), EqualDerivatives()))


def test_trigonometric_functions_are_found():
    facts = (Equation(f(0), 0), slope(f(path), a * sp.cos(a * path)))
    assert proved(facts, (f(path), sp.sin(a * path), EqualDerivatives()))


def test_what_holds_along_the_path_holds_at_its_places():
    facts = (Equation(f(0), 0), slope(f(path), 2 * path))
    lines = (f(path), path**2, EqualDerivatives()), (f(sp.Rational(1, 2)), "1/4", AtPlace(sp.Rational(1, 2)))
    assert proved(facts, *lines)


def test_a_place_must_be_on_the_path():
    for place in (sp.Integer(2), sp.Integer(-1), sp.pi / 4):
        with pytest.raises(ValueError, match="between 0 and 1"):
            AtPlace(place)


@pytest.mark.parametrize(
    ("facts", "right"),
    [
        ((slope(f(path), 2 * path),), path**2),  # nothing is known of the start
        ((Equation(f(0), 1), slope(f(path), 2 * path)), path**2),  # another start
        ((Equation(f(0), 0),), path**2),  # nothing is known of the derivative
        ((Equation(f(0), 0), slope(f(path), path)), path**2),  # another derivative
        ((Equation(f(0), 0), slope(g(path), 2 * path)), path**2),  # of another function
        ((Equation(f(0), 0), slope(f(path), 0)), step(path - sp.Rational(1, 2))),
        ((Equation(f(0), 0), slope(f(path), 0)), sp.floor(path)),
        ((Equation(f(0), 0), slope(f(path), 0)), sp.Piecewise((0, path < 1), (1, True))),
        ((Equation(f(0), -1), slope(f(path), 0)), sp.Abs(path - sp.Rational(1, 2)) / (path - sp.Rational(1, 2))),
        ((Equation(f(0), 0), slope(f(path), 1)), f(path)),  # it says nothing, so it must say so of the start
    ],
    ids=str,
)
def test_less_than_that_is_not(facts, right):
    derivation = derive(facts, (f(path), right, EqualDerivatives()))
    assert not derivation.verified.proved or right == f(path)


def test_a_function_that_jumps_is_no_constant():
    """Its derivative is 0 where it has one; the definition hides the jump."""
    jump = sp.Piecewise((0, path < sp.Rational(1, 2)), (1, True))
    lines = (f(path), jump, Definition()), (f(0), 0, AtPlace(sp.S.Zero)), (f(path), 0, EqualDerivatives())
    assert not proved((), *lines)


def test_a_value_that_was_defined_is_not_defined_along_the_path():
    lines = (f(0), 5, Definition()), (f(path), path, Definition()), (f(0), 0, AtPlace(sp.S.Zero))
    assert not proved((), *lines)
    lines = (f(path), path, Definition()), (f(0), 5, Definition()), (f(0), 0, AtPlace(sp.S.Zero))
    assert not proved((), *lines)


def test_a_definition_along_the_path_alone_is_fine():
    assert proved((), (f(path), path**2, Definition()), (f(END), 1, AtPlace(END)))


def test_a_name_may_not_hide_the_place():
    with pytest.raises(ValueError, match="must depend on lambda"):
        Equation(c, path * a)
    with pytest.raises(ValueError, match="must depend on lambda"):
        derive((), (c, path * a, Definition())).verify()


def test_the_place_itself_is_not_defined():
    assert not proved((), (path, 1, Definition()))


def test_a_restricted_path_is_not_a_path():
    facts = (*GROWTH, Nonnegative(path - sp.Rational(1, 2)))
    assert not proved(facts, (f(path), sp.exp(path), EqualDerivatives()))


def test_what_was_shown_on_a_part_of_the_path_is_not_used_on_all_of_it():
    half = sp.Rational(1, 2)
    restricted = Hypothesis("part", "", (Nonnegative(path - half), Equation(f(path), path)))
    line = Step("line", f(path), path, "", Rewriting(), ("part",))
    (fact,) = Derivation("part", "", "", (restricted,), (line,)).facts["line"]
    assert path - half in fact.when


def test_averages_are_not_differentiated():
    node = sp.Derivative(Expectation(sp.cos(path * R(t))), path)
    assert expand_operators(node).has(sp.Derivative)
    assert not is_smooth(Expectation(R(path)), path)


@pytest.mark.parametrize(
    "expression", [sp.sqrt(path), 1 / (path + 1), sp.Abs(path - 1), f(path**2), f(2 * path), sp.log(path), sp.erf(path)]
)
def test_only_what_is_plainly_smooth_counts_as_smooth(expression):
    assert not is_smooth(expression, path)


def test_derivatives_of_smooth_expressions_are_carried_out():
    assert expand_operators(sp.Derivative(path**2 * f(t), path)) == 2 * path * f(t)
    assert expand_operators(sp.Derivative(f(path), path)) == sp.Derivative(f(path), path)


def test_a_root_is_what_has_the_square_and_the_sign():
    facts = (Equation(c, a - b),)
    assert proved((), (sp.sqrt((a + b) ** 2 + 2 * a + 1), a + b, SquareRoot())) is False
    assert proved((), (sp.sqrt(sp.expand((a + b) ** 2), evaluate=False), a + b, SquareRoot()))
    assert not proved(facts, (sp.sqrt(a**2 - 2 * a * b + b**2), a - b, SquareRoot()))  # it may be negative
    assert proved((Nonnegative(a - b),), (sp.sqrt(a**2 - 2 * a * b + b**2), a - b, SquareRoot()))


def test_what_is_no_root_is_not_shown_to_be_one():
    assert not proved((), (a**2, a**2, SquareRoot()))
