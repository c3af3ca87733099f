"""The operators, against what they stand for: explicit matrices and finite averages."""

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from theory.operators import Covariance, Expectation, Slope, Trace, expand_operators, is_random, sequence, words
from theory.symbols import C, F, W, dW, i, nu_F, nu_W, size, t

R = sequence("operators_R", "R_{{{0}}}", commutative=True, random=True)
f = sequence("operators_f", "f_{{{0}}}", commutative=True)
g = sequence("operators_g", "g_{{{0}}}({1})", commutative=True)
V = sequence("operators_V", "V_{{{0}}}", commutative=False, random=True)

EXPLICIT = {
    W: sp.ImmutableMatrix([[1, 2], [3, 5]]),
    dW: sp.ImmutableMatrix([[0, -1], [2, 7]]),
    F: sp.ImmutableMatrix([[2, 1], [1, 1]]),
    C: sp.ImmutableMatrix([[1, -3], [0, 2]]),
}
letters = st.sampled_from([W, F, C])
word = st.lists(letters, min_size=1, max_size=4).map(lambda found: sp.Mul(*found))
number = st.sampled_from([sp.Integer(1), sp.Integer(-2), nu_W, nu_F * nu_W, sp.Rational(1, 3)])
polynomial = st.lists(st.tuples(number, word), min_size=1, max_size=3).map(
    lambda terms: sp.Add(*(a * w for a, w in terms))
)
scalars = st.lists(
    st.sampled_from([R(0), R(1), R(0) * R(1), R(0) ** 2, f(0), nu_W, sp.Integer(3), f(0) * R(1) + 1]),
    min_size=1,
    max_size=3,
).map(lambda factors: sp.Mul(*factors))


def explicit(e, values=EXPLICIT):
    """A polynomial in letters and inverses, with matrices in place of the letters."""
    total = sp.zeros(2, 2)
    for coefficient, spelled in words(e):
        term = sp.eye(2)
        for letter in spelled:
            base, power = letter.as_base_exp()
            term = term * values[base] ** power
        total += coefficient * term
    return total.applyfunc(sp.expand)


def traced(e):
    """A combination of traces, in numbers."""
    return sp.expand(e.replace(Trace, lambda inside: explicit(inside).trace()))


def average(e):
    """Expectations over four equally likely values of R(0) and R(1), which are correlated."""
    outcomes = [{R(0): 0, R(1): 1}, {R(0): 2, R(1): -1}, {R(0): 3, R(1): 3}, {R(0): -1, R(1): 5}]

    def mean(inside):
        return sp.Add(*(inside.subs(outcome) for outcome in outcomes)) / len(outcomes)

    return sp.expand(e.doit().replace(Expectation, mean))


@settings(deadline=None, max_examples=60)
@given(polynomial, polynomial, polynomial, number)
def test_a_covariance_is_linear_on_either_side(one, other, third, factor):
    left = expand_operators(Covariance(one + factor * other, third))
    right = expand_operators(Covariance(one, third)) + factor * expand_operators(Covariance(other, third))
    assert sp.expand(left - right) == 0


@settings(deadline=None, max_examples=40)
@given(polynomial, polynomial)
def test_a_covariance_is_symmetric(one, other):
    assert expand_operators(Covariance(one, other)) == expand_operators(Covariance(other, one))


@settings(deadline=None, max_examples=40)
@given(word, word, word)
def test_covariances_of_different_words_are_different(one, other, third):
    assume(one != other)
    assert expand_operators(Covariance(one, third)) != expand_operators(Covariance(other, third))


def test_the_covariance_with_nothing_is_zero():
    assert Covariance(W, 0) == Covariance(sp.S.Zero, W) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(letters, st.sampled_from([1, 1, 2, -1, -2])), min_size=1, max_size=5), number)
def test_working_a_trace_out_does_not_change_it(spelled, factor):
    e = sp.Mul(factor, *(letter**power for letter, power in spelled))
    assert traced(expand_operators(Trace(e + W)) - Trace(e + W)) == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(letters, min_size=1, max_size=5), st.integers(0, 4))
def test_a_trace_does_not_change_when_its_word_is_rotated(spelled, turn):
    turn %= len(spelled)
    one, other = (expand_operators(Trace(sp.Mul(*found))) for found in (spelled, spelled[turn:] + spelled[:turn]))
    assert one == other


@settings(deadline=None, max_examples=40)
@given(st.lists(letters, min_size=3, max_size=5), st.lists(letters, min_size=3, max_size=5))
def test_traces_of_words_that_are_no_rotations_differ(one, other):
    assume(all(one[turn:] + one[:turn] != other for turn in range(len(one))))
    assert expand_operators(Trace(sp.Mul(*one))) != expand_operators(Trace(sp.Mul(*other)))


@settings(deadline=None, max_examples=40)
@given(polynomial, letters)
def test_a_change_of_basis_keeps_the_trace(e, basis):
    assert sp.expand(expand_operators(Trace(basis**-1 * e * basis)) - expand_operators(Trace(e))) == 0


perturbed = st.lists(
    st.sampled_from([W + size * dW, F, C + size**2 * W, (W + size * dW) ** 2, size * F, (W + size * dW) ** -1]),
    min_size=1,
    max_size=3,
).map(lambda factors: sp.Mul(*factors))


@settings(deadline=None, max_examples=40)
@given(perturbed)
def test_a_slope_is_the_derivative_at_zero_of_explicit_matrices(e):
    moved = e.replace(lambda node: node == W + size * dW, lambda _: sp.Symbol("M", commutative=False))
    values = EXPLICIT | {sp.Symbol("M", commutative=False): EXPLICIT[W] + size * EXPLICIT[dW]}
    expected = explicit_product(moved, values).diff(size).subs(size, 0)
    assert sp.simplify(explicit(expand_operators(Slope(e, size))) - expected) == sp.zeros(2, 2)


def explicit_product(e, values):
    total = sp.eye(2)
    for factor in sp.Mul.make_args(e):
        base, power = factor.as_base_exp()
        if base.is_commutative:
            total = total * factor
        elif isinstance(base, sp.Add):
            total = total * sum((explicit_product(term, values) for term in base.args), sp.zeros(2, 2)) ** power
        else:
            total = total * values[base] ** power
    return total


@pytest.mark.parametrize("e", [g(0, size), size * g(0, size), size + g(1, size), (W + size * dW) ** t], ids=str)
def test_the_slope_of_what_is_not_known_yet_stays(e):
    assert expand_operators(Slope(e, size)) == Slope(e, size)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(number, scalars), min_size=1, max_size=3))
def test_working_an_expectation_out_does_not_change_it(terms):
    e = Expectation(sp.Add(*(a * w for a, w in terms)))
    assert sp.expand(average(expand_operators(e)) - average(e)) == 0


@pytest.mark.parametrize(
    "e",
    [
        sp.Sum(R(i) * f(i), (i, 0, 1)),
        sp.Sum(R(i), (i, 0, 1)) ** 2,
        sp.Sum(f(i) * R(i), (i, 0, 1)) * sp.Sum(R(i), (i, 0, 1)),
        nu_W * (R(0) + sp.Sum(R(i) ** 2, (i, 0, 1))),
        f(0) * R(0) * sp.Sum(f(i), (i, 0, 1)),
    ],
    ids=str,
)
def test_the_expectation_of_sums_is_that_of_their_terms(e):
    worked = expand_operators(Expectation(e))
    assert sp.expand(average(worked) - average(Expectation(e))) == 0


def test_averages_here_are_not_multiplicative():
    assert average(Expectation(R(0) * R(1))) != average(Expectation(R(0)) * Expectation(R(1)))


@pytest.mark.parametrize("e", [R(0) * R(1), R(0) ** 2, 1 / R(0), R(0) ** nu_W], ids=str)
def test_an_expectation_of_something_random_stays(e):
    assert expand_operators(Expectation(e)) == Expectation(e)


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (V(0) * W, Expectation(V(0)) * W),
        (W * V(0), W * Expectation(V(0))),
        (nu_W * W * V(0) * F * V(1) * C, nu_W * W * Expectation(V(0) * F * V(1)) * C),
        (R(0) * W, Expectation(R(0)) * W),
        (R(0) * W * V(0), W * Expectation(R(0) * V(0))),
    ],
    ids=str,
)
def test_an_expectation_keeps_words_in_their_order(e, expected):
    assert expand_operators(Expectation(e)) == expected


@pytest.mark.parametrize("e", [Covariance(R(0), R(1)), Covariance(R(0) * W, F), Covariance(W + 1, F)], ids=str)
def test_a_covariance_of_anything_but_vectors_with_constant_coefficients_stays(e):
    assert expand_operators(e) == e


def test_what_was_not_declared_random_is_constant():
    assert is_random(R(3) + 1)
    assert not is_random(f(3) + nu_W)
    assert expand_operators(Expectation(f(3) * nu_W)) == f(3) * nu_W


def test_a_name_is_written_in_one_way_only():
    sequence("operators_once", "a_{{{0}}}")
    with pytest.raises(ValueError, match="'operators_once' is already written 'a_"):
        sequence("operators_once", "b_{{{0}}}")


@settings(deadline=None, max_examples=40)
@given(polynomial)
def test_the_words_of_a_polynomial_add_up_to_it(e):
    assert sp.expand(sp.Add(*(a * sp.Mul(*spelled) for a, spelled in words(e))) - e) == 0
    assert all(letter.is_Symbol for _, spelled in words(e) for letter in spelled)


def test_every_order_of_operators_is_worked_out():
    assert expand_operators(Trace(Slope((W + size * dW) * F, size))) == expand_operators(Trace(F * dW))
    assert expand_operators(sp.Matrix([[Trace(W + F)]])) == sp.Matrix([[Trace(W) + Trace(F)]])
