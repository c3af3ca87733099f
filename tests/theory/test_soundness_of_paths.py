"""Attacks on proofs along a path and on facts about averages: none may prove anything false."""

import pytest
import sympy as sp

from theory.activations import relu, step
from theory.averages import IndependentFactors, IntegrationByParts
from theory.closed_forms import covariances
from theory.derivation import Derivation
from theory.facts import Equation, Nonnegative, Nonzero
from theory.gaussian_expectations import expectation
from theory.justification import Definition, NonvanishingFactors, Rewriting
from theory.modular import NotModularError, modular_bits
from theory.operators import Expectation, Given, expand_operators, is_smooth, sequence
from theory.paths import AtPlace, EqualDerivatives, SquareRoot
from theory.recursion import ExactRecursion, Matrix, Series, gaussian, series, state
from theory.statements import recursion_general
from theory.statements.user_recursion import derive, statement
from theory.step import Hypothesis, Step
from theory.symbols import F, T, W, i, nu_W, path, t

f = sequence("sound_paths_f", "f_{{{0}}}", real=True)
g = sequence("sound_paths_g", "g_{{{0}}}", real=True)
h = sequence("sound_paths_h", "h_{{{0}}}")
w = sequence("sound_paths_w", "w_{{{0}}}", real=True)
pair = sequence("sound_paths_pair", "p_{{{0},{1}}}")
A = sequence("sound_paths_A", "A_{{{0}}}", commutative=False)
B = sequence("sound_paths_B", "B_{{{0}}}", commutative=False)
R = sequence("sound_paths_R", "R_{{{0}}}", random=True, real=True)
S = sequence("sound_paths_S", "S_{{{0}}}", random=True, real=True)
X = sequence("sound_paths_X", "X_{{{0}}}", random=True, real=True)
c = sp.Symbol("sound_paths_c", real=True)
x, y, u = sp.symbols("x y u", real=True)

GIVEN = ("given",)
HALF = sp.S.Half
JUMP = (-1) ** sp.floor(2 * path)
"""1 before the middle of the path, -1 from there on; its square is 1."""

FAMILY = IntegrationByParts((str(R(t).func),))
APART = IndependentFactors((str(R(t).func),), (str(S(t).func),))


def slope(value):
    return sp.Derivative(value, path)


def proved(facts, *lines):
    """Lines are (left, right, method) or (left, right, method, names); they use everything before them by default."""
    steps = []
    for k, (left, right, by, *names) in enumerate(lines):
        uses = names[0] if names else ("given", *map(str, range(k)))
        steps.append(Step(str(k), sp.sympify(left), sp.sympify(right), "", by, uses))
    hypotheses = (Hypothesis("given", "", tuple(facts)),)
    return Derivation("attack", "", "", hypotheses, tuple(steps)).verify().proved


def is_same(left, right, *facts):
    return proved(facts, (left, right, Rewriting()))


def test_a_function_that_jumps_has_no_product_rule():
    lines = (
        (f(path), JUMP, Definition(), ()),
        (f(path) ** 2, 1, Rewriting(), ("0",)),
        (w(path), f(path) ** 2, Definition(), ()),
        (w(path), 1, Rewriting(), ("2", "1")),
    )
    assert proved((), *lines)
    assert not proved((), *lines, (slope(w(path)), 2 * f(path) * slope(f(path)), Rewriting(), ("2",)))
    assert not proved((), *lines, (f(path), 1, EqualDerivatives()))


def test_a_derivative_that_may_not_exist_gets_no_name():
    jump = (f(path), JUMP, Definition(), ())
    assert not proved((), jump, (slope(f(path)), h(path), Definition(), ()))
    assert not proved((), jump, (h(path), slope(f(path)), Definition(), ()))


def test_a_sequence_of_which_no_derivative_is_known_is_not_differentiated():
    facts = (Equation(f(0), 1), Equation(f(path) ** 2, 1))
    assert not proved(facts, (f(path) * f(path) ** 2, f(path), EqualDerivatives()))
    known = (Equation(f(0), 0), Equation(slope(f(path)), 1))
    assert proved(known, (f(path), path, EqualDerivatives()), (f(path) ** 2, path**2, EqualDerivatives()))


@pytest.mark.parametrize("condition", [path - 1, path - HALF])
def test_what_holds_on_a_part_of_the_path_says_nothing_of_derivatives(condition):
    facts = (Nonnegative(condition), Equation(f(path), 5, when=(condition,)))
    assert proved(facts, (f(path), 5, Rewriting()))
    assert not proved(facts, (slope(f(path)), 0, Rewriting()))
    words = (Nonnegative(condition), Equation(A(path) * B(path), 0, when=(condition,)))
    assert not proved(words, (slope(A(path) * B(path)), 0, Rewriting()))


def test_the_value_at_one_number_says_nothing_of_derivatives_there():
    assert not is_same(sp.Derivative(f(nu_W), nu_W), 0, Equation(f(nu_W), 2))
    assert is_same(slope(f(path)), 0, Equation(f(path), 2))


@pytest.mark.parametrize("values", [Equation(f(path), path), Equation(A(path) * B(path), 0)], ids=str)
def test_sums_do_not_leave_the_path(values):
    total = sp.Sum(values.lhs, (path, 2, 3))
    found = sp.Sum(values.rhs, (path, 2, 3)).doit()
    assert not is_same(total, found, values)


def test_integrals_do_not_use_what_holds_on_a_part_of_their_range():
    facts = (Nonnegative(path - HALF), Equation(f(path), 5, when=(path - HALF,)))
    assert not is_same(sp.Integral(f(path), (path, 0, 1)), sp.Integral(5, (path, 0, 1)), *facts)
    early = (Nonnegative(T - t), Equation(f(t), 5, when=(T - t,)))
    assert not is_same(sp.Integral(f(t), (t, 0, 2 * T)), sp.Integral(5, (t, 0, 2 * T)), *early)


def test_a_value_is_not_defined_at_two_places_at_once():
    same = (f(path * (1 - path)), path, Definition(), ())
    assert not proved((), same, (f(0), 0, AtPlace(sp.S.Zero)), (f(0), 1, AtPlace(sp.S.One)))
    assert proved((), (pair(path, t), path * t, Definition(), ()), (pair(1, t), t, AtPlace(sp.S.One)))


def test_powers_and_exponentials_that_do_not_commute_are_not_differentiated():
    for node in ((W + path * F) ** 2, (W + path * F) ** 3, sp.exp(W + path * F), A(path) ** 2):
        assert not is_smooth(node, path)
        assert expand_operators(slope(node)).has(sp.Derivative)
        assert not is_same(slope(node), sp.diff(node, path))
    assert is_same(slope(path**2 * W * F), 2 * path * W * F)


def test_that_an_index_does_not_vanish_is_not_forgotten():
    facts = (Nonzero(t), Equation(f(t), t))
    assert proved(facts, (f(t), 0, NonvanishingFactors()))
    assert not proved(facts, (f(t), 0, NonvanishingFactors()), (f(0), 0, NonvanishingFactors(), ("0",)))
    growing = (Equation(slope(f(path)), 1), Equation(f(0), 0))
    assert not proved((Nonzero(path), *growing), (f(path), path, EqualDerivatives()))


def test_what_is_known_of_indices_holds_along_the_path_for_these_only():
    early = (Nonnegative(T - t), Equation(slope(pair(t, path)), 1, when=(T - t,)), Equation(pair(t, 0), 0))
    line = (pair(t, path), path, EqualDerivatives())
    assert proved(early, line)
    assert not proved(early, line, (pair(T + 1, path), path, Rewriting(), ("0",)))


@pytest.mark.parametrize(
    ("left", "right", "by"),
    [
        (sp.asin(sp.sin(c)), c, Rewriting()),
        (sp.acos(sp.cos(c)), c, Rewriting()),
        (sp.acos(-c), -sp.acos(c), Rewriting()),
        (sp.Pow(c**2, HALF, evaluate=False), c, Rewriting()),
        (sp.sqrt(h(t) ** 2), h(t), Rewriting()),
        (sp.sqrt(h(t)) * sp.sqrt(h(i)), sp.sqrt(h(t) * h(i)), Rewriting()),
        (sp.sqrt(h(t) ** 2), h(t), SquareRoot()),
        (sp.sqrt(1 - sp.sin(path) ** 2), sp.cos(path), SquareRoot()),
        (sp.sqrt((c - 1) ** 2 * nu_W), (c - 1) * sp.sqrt(nu_W), SquareRoot()),
        (sp.erf(c + 1), sp.erf(c) + sp.erf(1), Rewriting()),
        (sp.exp(W) * sp.exp(F), sp.exp(F) * sp.exp(W), Rewriting()),
    ],
    ids=str,
)
def test_branches_of_roots_and_arcs_are_not_chosen(left, right, by):
    assert not proved((), (left, right, by))


def test_a_sign_at_other_values_is_no_sign():
    cases = (
        (sp.cos(path), sp.sqrt(1 - sp.sin(2 * path) ** 2), sp.cos(2 * path)),
        (f(t), sp.Pow(f(t - 1) ** 2, HALF, evaluate=False), f(t - 1)),
        (f(t), sp.Pow(f(path) ** 2, HALF, evaluate=False), f(path)),
    )
    for known, root, value in cases:
        assert not proved((Nonnegative(known),), (root, value, SquareRoot()))


def test_kinks_and_jumps_are_not_differentiated():
    facts = (Equation(f(0), 0), Equation(slope(f(path)), step(path - HALF)))
    assert not proved(facts, (f(path), relu(path - HALF), EqualDerivatives()))
    assert not is_same(slope(step(path - HALF)), 0)
    assert not is_same(slope(relu(path - HALF)), step(path - HALF))


@pytest.mark.parametrize("fact", [FAMILY, APART], ids=["family", "apart"])
def test_what_a_law_is_known_of_is_not_defined(fact):
    assert not proved((fact,), (R(t), X(t) ** 2, Definition()))
    assert not proved((fact, Equation(R(t), X(t))), (X(t), S(t) ** 2, Definition()))
    assert proved((fact,), (X(t), R(t) ** 2, Definition()))


def test_what_is_made_of_a_factor_is_not_independent_of_it():
    for lines in (((X(t), R(t), Definition(), ()),), ()):
        product_of_means = Expectation(R(0)) * Expectation(X(0))
        assert not proved((APART,), *lines, (Expectation(R(0) * X(0)), product_of_means, Rewriting(), GIVEN))
    assert not proved((APART,), (S(t), R(t), Definition()))
    assert is_same(Expectation(R(0) * S(0)), Expectation(R(0)) * Expectation(S(0)), APART)


def test_averages_given_a_matrix_are_another_matter():
    assert not is_same(Given(W, Expectation(R(0) ** 3)), Given(W, 0), FAMILY)


FAIR = {u: lambda k: sp.Integer((k + 1) % 2)}


@pytest.mark.parametrize(
    "expression", [u * relu(u + x), u * sp.erf(u + x), 1 / x, sp.tan(x), x * sp.exp(x**2), x / relu(x), u / x**2]
)
def test_an_average_that_only_looks_odd_is_not_zero(expression):
    assert expectation(expression, {(x, x): 1}, FAIR) is None


@pytest.mark.parametrize(
    "expression", [x * sp.tanh(x) ** 2, sp.tanh(x) / (1 + x**2), sp.tanh(x) * sp.exp(y), x * u**2 * sp.cos(u * x)]
)
def test_an_average_that_is_odd_is_zero(expression):
    assert expectation(expression, {(x, x): 1, (y, y): 2}, FAIR) == 0


def recursion(formula):
    return ExactRecursion(
        ("q",), (Matrix("W", 1, (formula,)),), sp.ImmutableMatrix([[1]]), (gaussian("u", sp.Rational(1, 4)),)
    )


@pytest.mark.parametrize("ridge", [relu, sp.erf])
def test_a_factor_that_is_part_of_a_ridge_is_not_taken_out_of_it(ridge):
    q = state("q")
    (derivation,) = statement(recursion(u * ridge(q(t) + u)), 2).derivations()
    assert derivation.verified.proved
    assert not any(step.name.startswith("covariance") and not step.rhs.has(Expectation) for step in derivation.steps)
    shown = derivation.step("at times 1 1 00").rhs
    exact = {relu: sp.Rational(7, 32), sp.erf: (sp.sqrt(6) / 42 + sp.asin(sp.Rational(5, 7)) / 2) / sp.pi}[ridge]
    assert abs(sp.N(shown - exact, 20)) < 1e-15


def test_matrices_whose_names_are_written_alike_are_not_confused():
    q = state("q")
    matrices = (Matrix("W1", 1, (relu(q(t)),)), Matrix("W_1", 1, (2 * q(t),)))
    (derivation,) = statement(ExactRecursion(("q",), matrices, sp.ImmutableMatrix([[1]])), 1).derivations()
    assert derivation.verified.proved
    assert derivation.step("at times 1 1 00").rhs == sp.Rational(9, 2)


def test_two_recursions_may_write_one_column_differently():
    q = state("q")
    for name in ("u", "Q"):
        noise = gaussian(name, 1)
        one = ExactRecursion(("q",), (Matrix("W", 1, (q(t) + noise.symbol,)),), sp.ImmutableMatrix([[1]]), (noise,))
        assert statement(one, 1).derivations()[0].step("at times 1 1 00").rhs == 2


def test_a_noise_may_have_the_name_of_a_column_at_a_time():
    q, noise = state("q"), gaussian("q_1", 1)
    one = ExactRecursion(("q",), (Matrix("W", 1, (q(t) + noise.symbol,)),), sp.ImmutableMatrix([[2]]), (noise,))
    assert covariances(one, 2)[2][2] == sp.Matrix([[4]])


def test_numbers_that_contradict_each_other_are_not_papered_over(monkeypatch):
    right = recursion_general.exact_blocks
    monkeypatch.setattr(
        recursion_general, "exact_blocks", lambda *of: [[2 * block for block in row] for row in right(*of)]
    )
    derivation = derive.__wrapped__(recursion(relu(state("q")(t) + u)), 2)
    assert next(failure.step.name for failure in derivation.verified.failures).startswith("at times")


def test_a_fixed_time_must_have_come():
    q = state("q")

    def with_formula(*at):
        return ExactRecursion(("q",), (Matrix("W", 1, (q(1),), at),), sp.ImmutableMatrix([[1]]))

    with pytest.raises(ValueError, match="in the future at time 0"):
        with_formula()
    with pytest.raises(ValueError, match="in the future at time 0"):
        with_formula((0, (q(1),)))
    (derivation,) = statement(with_formula((0, (2 * q(0),))), 2).derivations()
    assert derivation.step("at times 2 2 00").rhs == 4


def test_a_series_that_is_read_before_it_begins_is_zero():
    q, x_series = state("q"), series("x")
    one = ExactRecursion(
        ("q",),
        (Matrix("W", 1, (q(t) + x_series(t - 1),)),),
        sp.ImmutableMatrix([[1]]),
        series=(Series("x", (3, 3, 3)),),
    )
    (derivation,) = statement(one, 2).derivations()
    assert derivation.verified.proved
    assert [derivation.step(f"at times {k} {k} 00").rhs for k in (1, 2)] == [1, 10]


def test_roots_of_the_index_of_a_sum_are_not_all_the_same():
    count = sp.Symbol("count", integer=True, positive=True)
    with pytest.raises(NotModularError):
        modular_bits(sp.Sum(sp.sqrt(count), (count, 1, 4)) - 4 * sp.sqrt(count))


def test_that_a_symbol_does_not_vanish_is_not_lost_on_the_way_to_another_derivation():
    given = Hypothesis("given", "", (Nonzero(c - 1),))
    line = Step("line", c - 1, sp.S.Zero, "", NonvanishingFactors(), GIVEN)
    derivation = Derivation("apart", "", "", (given,), (line,))
    assert derivation.verified.proved
    with pytest.raises(ValueError, match="leans on"):
        derivation.as_hypothesis()
