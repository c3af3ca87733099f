"""Facts: where they apply, what they make of an expression, and where they do not apply."""

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.facts import Environment, Equation, Independent, Nonnegative, Nonzero, Variance, assemble
from theory.matching import match
from theory.operators import Covariance, Expectation, Trace, sequence
from theory.symbols import C, F, T, W, dW, i, j, k, n, nu_W, s, size, t
from theory.verification import Identity, Outcome, Sign, verify

f = sequence("facts_f", "f_{{{0}}}", commutative=True)
g = sequence("facts_g", "g_{{{0}}}", commutative=True)
o = sequence("facts_o", "o_{{{0},{1}}}", commutative=True)
f_vector = sequence("facts_v", "v_{{{0}}}", commutative=False)
shifts, numbers = st.integers(0, 4), st.integers(-3, 6)
indices = st.sampled_from([i, j, k, s, t])


def proved(quantity, *known):
    return verify(Sign(quantity, tuple(map(Nonnegative, known)))).outcome is Outcome.PROVED


@settings(deadline=None, max_examples=60)
@given(shifts, numbers)
def test_a_pattern_matches_the_numbers_its_index_may_take(shift, number):
    expected = {t: sp.Integer(number - shift)} if number >= shift else None
    assert match(f(t + shift), f(number)) == expected


@settings(deadline=None, max_examples=60)
@given(shifts, shifts, indices)
def test_a_pattern_matches_later_times_of_the_same_name_only(shift, later, index):
    expected = {t: index + later - shift} if later >= shift else None
    assert match(f(t + shift), f(index + later)) == expected


@settings(deadline=None, max_examples=30)
@given(shifts, shifts, shifts)
def test_two_times_and_their_distance_are_told_apart(start, first, second):
    """Covariances are symmetric: the earlier of two times is s."""
    early, late = sorted((first, second))
    node = Covariance(f_vector(early), f_vector(late))
    binding = match(Covariance(f_vector(s), f_vector(s + t + 1)), node)
    assert binding == ({s: early, t: late - early - 1} if late > early else None)


def test_a_pattern_may_be_written_with_the_symbols_of_the_node():
    assert match(o(t, s), o(s, t)) == {t: s, s: t}
    assert Equation(o(t, s), f(t) - f(s)).rewrite(o(s, t)) == f(s) - f(t)


def test_an_index_that_occurs_twice_has_one_value():
    assert match(o(t, t), o(1, 2)) is None
    assert match(o(t, t), o(2, 2)) == {t: 2}
    assert match(o(t, t + 1), o(s, s + 1)) == {t: s}


def test_an_index_that_is_fixed_means_itself_only():
    fixed = frozenset({t})
    assert match(f(t), f(s), fixed) is None
    assert match(f(t), f(t), fixed) == {}
    assert match(o(t, s), o(t, 5), fixed) == {s: 5}


@pytest.mark.parametrize("node", [f(-1), f(t - 1), f(sp.S.Half), f(nu_W), g(t), o(t, t), f(t) + 1], ids=str)
def test_a_pattern_does_not_match(node):
    assert match(f(s), node) is None


def test_a_symbol_that_is_no_index_means_itself_only():
    assert match(f(T), f(5)) is None
    assert match(f(T), f(T)) == {}


@pytest.mark.parametrize("bound", [i, j, k, s])
@pytest.mark.parametrize("outer", [i, j, k, s, t])
def test_a_sum_is_put_in_place_without_capturing_an_index(bound, outer):
    """g(t) = Σ_b o(b, t), used in a sum over any index: as when the sum is written out first."""
    fact = Equation(g(t), sp.Sum(o(bound, t), (bound, 0, 2)))
    total = sp.Sum(g(outer) * f(outer), (outer, 0, 3))
    expected = sum((o(number, time) * f(time) for number in range(3) for time in range(4)), sp.S.Zero)
    assert sp.expand(fact.rewrite(total).doit() - expected) == 0


def test_a_fact_about_every_index_applies_within_a_sum():
    assert Equation(f(t), 2 * g(t)).rewrite(sp.Sum(f(i + 1), (i, 0, T))) == sp.Sum(2 * g(i + 1), (i, 0, T))


def test_an_index_of_a_sum_is_no_value_for_an_index_outside_of_it():
    fact = Equation(sp.Sum(o(i, k), (k, 0, T)), sp.S.Zero)
    assert fact.rewrite(sp.Sum(o(k, k), (k, 0, T))) != 0


def test_a_fixed_index_is_not_the_index_of_a_sum():
    fact = Equation(f(t), sp.S.Zero, frozenset({t}))
    assert fact.rewrite(sp.Sum(f(t), (t, 0, 1))).doit() == f(0) + f(1)


def test_a_word_is_replaced_within_longer_words_in_its_order():
    fact = Equation(W * F, C)
    assert fact.rewrite(W**2 * F * W) == W * C * W
    assert fact.rewrite(F * W) == F * W


def test_a_fact_is_applied_to_every_entry_of_a_matrix():
    assert Equation(f(t), g(t)).rewrite(sp.Matrix([[f(0), 1]])) == sp.Matrix([[g(0), 1]])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Covariance(W * F, W * C), n * nu_W * Covariance(F, C)),
        (Covariance(W**2 * F, W * F), n * nu_W * Covariance(W * F, F)),
        (Covariance(W * F, C * F), Covariance(W * F, C * F)),
        (Covariance(F * W, F * W), Covariance(F * W, F * W)),
        (Covariance(W * F, F), Covariance(W * F, F)),
    ],
    ids=str,
)
def test_the_variance_of_a_matrix_is_that_of_its_images(expression, expected):
    assert Variance(W, nu_W).rewrite(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Covariance(W * F, dW * F), 0),
        (Covariance(dW * F, W * F), 0),
        (Covariance(W * F, W * C), Covariance(W * F, W * C)),
        (Covariance(F * W, dW), Covariance(F * W, dW)),
        (Covariance(F, dW * F), Covariance(F, dW * F)),
    ],
    ids=str,
)
def test_images_of_independent_matrices_are_uncorrelated(expression, expected):
    assert Independent(W, dW).rewrite(expression) == expected


def test_signs_rewrite_nothing():
    for fact in (Nonnegative(f(t)), Nonzero(f(t))):
        assert fact.rewrite(f(3)) == f(3)
        assert fact.expressions() == (f(t),)


def test_facts_are_applied_in_the_order_in_which_they_are_named():
    facts = Environment({"one": (Equation(f(t), g(t)),), "two": (Equation(g(t), nu_W**t),)})
    assert facts.unfold(f(2), ("one", "two")) == nu_W**2
    assert facts.unfold(f(2), ("two", "one")) == g(2)
    assert facts.unfold(f(2), ("nobody",)) == f(2)


def test_only_the_signs_that_are_named_are_known():
    facts = Environment({"one": (Nonnegative(f(t)), Equation(f(t), g(t))), "two": (Nonnegative(g(t)),)})
    assert facts.signs(("one",)) == (Nonnegative(f(t)),)


@pytest.mark.parametrize("quantity", [T - j, T - j + 1, nu_W * (T - j), T - j + k])
def test_a_range_shows_a_sign(quantity):
    assert proved(quantity, T - j)


@pytest.mark.parametrize("quantity", [T - j - 1, T - k, T - 1 - k, j - T, sp.S.NegativeOne, T - 2 * j, T - 5], ids=str)
def test_a_range_shows_no_other_sign(quantity):
    assert not proved(quantity, T - j)


@pytest.mark.parametrize("quantity", [f(3), f(s + 1), 2 * f(0), f(t) ** 3, f(0) + f(1), nu_W * f(2)], ids=str)
def test_a_sign_for_all_indices_shows_that_of_each(quantity):
    assert proved(quantity, f(t))


@pytest.mark.parametrize("quantity", [f(-1), f(t - 1), -f(t), f(t) - 1, f(t) - f(s), g(t), f(sp.S.Half)], ids=str)
def test_a_sign_for_all_indices_shows_no_other(quantity):
    assert not proved(quantity, f(t))


matrix = st.builds(lambda *cells: sp.ImmutableMatrix(2, 2, cells), *[st.integers(-3, 3)] * 4)


@settings(deadline=None, max_examples=40)
@given(matrix, matrix)
def test_explicit_matrices_are_put_in_place_of_symbols(one, other):
    values = {W: one, F: other}
    assert assemble(W * F - 2 * F * W + W**2, values) == one * other - 2 * other * one + one**2
    assert assemble(Trace(W * F), values) == (one * other).trace()
    assert assemble(nu_W + f(t), values) == nu_W + f(t)


def test_shapes_that_do_not_fit_equal_nothing_else():
    values = {W: sp.ImmutableMatrix([[1, 2]]), F: sp.ImmutableMatrix([[3, 4]])}
    assert verify(Identity(assemble(W * F, values), sp.Integer(11))).outcome is not Outcome.PROVED
    assert assemble(W * F, values) != assemble(F * W, values)
    assert assemble(W**2, values) != assemble(W + 1, values)


@pytest.mark.parametrize("operator", [Covariance(W, F), Expectation(W), sp.Sum(W, (i, 0, T))], ids=str)
def test_operators_of_explicit_matrices_are_not_made_up(operator):
    matrix = sp.ImmutableMatrix([[1, 2], [3, 4]])
    found = assemble(operator, {W: matrix, F: matrix})
    assert not isinstance(found, sp.MatrixBase)
    assert verify(Identity(found, sp.S.Zero)).outcome is not Outcome.PROVED


def test_a_condition_is_met_by_what_is_known_of_the_indices():
    fact = Equation(f(j), g(j), when=(T - j,))
    assert fact.rewrite(f(k), (T - k,)) == g(k)
    assert fact.rewrite(f(T), ()) == g(T)
    assert fact.rewrite(f(k), (T - j,)) == f(k)
    assert fact.rewrite(f(j + 1), (T - j,)) == f(j + 1)


def test_a_condition_on_an_index_is_not_met_by_the_index_of_a_sum():
    fact = Equation(f(j), g(j), when=(T - j,))
    assert fact.rewrite(sp.Sum(f(j), (j, 0, 9)), (T - j,)) == sp.Sum(f(j), (j, 0, 9))


def test_what_is_known_under_conditions_is_no_range():
    facts = Environment({"one": (Nonnegative(T - j), Nonnegative(T - k, when=(T - j,)), Nonnegative(f(t)))})
    assert facts.ranges(("one",)) == (T - j,)


def test_an_equation_may_not_hide_the_size_of_a_perturbation():
    with pytest.raises(ValueError, match="must depend on varepsilon"):
        Equation(f(t), size)
    assert Equation(o(t, size), size).rhs == size
