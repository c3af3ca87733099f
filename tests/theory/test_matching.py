"""Where a pattern applies: indices settled together, ranges, bound indices, words and sums in numbers."""

import pytest
import sympy as sp

from theory.facts import Environment, Equation, Nonnegative
from theory.matching import match, replace_word
from theory.operators import Trace, expand_operators, sequence
from theory.sums import written_out
from theory.symbols import C, F, T, W, a, b, i, j, k, n, nu_W, r, s, t

f = sequence("matching_f", "f_{{{0}}}")
g = sequence("matching_g", "g_{{{0}}}")
o = sequence("matching_o", "o_{{{0},{1}}}")
o3 = sequence("matching_o3", "o_{{{0},{1},{2}}}")
v = sequence("matching_v", "v_{{{0}}}", commutative=False)
row = sequence("matching_row", "v_{{{0}}}^{{\\top}}", commutative=False)
mu = sequence("matching_mu", "\\mu_{{{0}}}")
EIGEN = Equation(row(i) * W, mu(i) * row(i))


@pytest.mark.parametrize(
    ("pattern", "node", "expected"),
    [
        (o(t + s, s), o(7, 3), {t: 4, s: 3}),
        (o(s, t + s), o(j, j + k + 1), {s: j, t: k + 1}),
        (o3(t + s + r, s + r, r), o3(9, 5, 1), {t: 4, s: 4, r: 1}),
        (o(t - s, s), o(2, 3), {t: 5, s: 3}),
        (f(t) * nu_W**s, f(2) * nu_W**5, {t: 2, s: 5}),
    ],
    ids=str,
)
def test_an_index_may_be_settled_by_another_argument(pattern, node, expected):
    assert match(pattern, node) == expected


@pytest.mark.parametrize(
    ("pattern", "node"),
    [
        (f(t + s), f(5)),
        (o(t + s, t + s), o(5, 5)),
        (o(t + s, s), o(3, 4)),
        (o3(t, s, t + s), o3(1, 1, 3)),
        (o(2 * t, t), o(3, 1)),
        (f(2 * t), f(4)),
        (f(t**2), f(4)),
    ],
    ids=str,
)
def test_what_is_not_settled_or_contradicts_itself_does_not_match(pattern, node):
    assert match(pattern, node) is None


def test_a_value_that_may_be_negative_is_refused():
    assert match(f(t), f(T - 5)) is None
    assert match(f(t), f(k - 1)) is None


def test_a_value_that_is_not_negative_within_a_range_is_taken():
    assert match(f(t), f(T - 5), ranges=(T - 5,)) == {t: T - 5}
    assert match(f(t), f(k - 1), ranges=(k - 1,)) == {t: k - 1}


def test_another_range_does_not_help():
    assert match(f(t), f(T - 5), ranges=(T - 4,)) is None
    assert match(f(t), f(T - 5), ranges=(5 - T,)) is None


def test_a_range_is_used_where_it_is_named():
    environment = Environment({"range": (Nonnegative(T - 5),), "zero": (Equation(f(t), sp.S.Zero),)})
    assert environment.unfold(f(T - 5), ("range", "zero")) == 0
    assert environment.unfold(f(T - 5), ("zero",)) == f(T - 5)


def test_the_limits_of_a_sum_are_a_range_within_it():
    fact = Equation(f(t), g(t))
    assert fact.rewrite(sp.Sum(f(k - 1), (k, 1, T))) == sp.Sum(g(k - 1), (k, 1, T))
    assert fact.rewrite(sp.Sum(f(T - k), (k, 0, T))) == sp.Sum(g(T - k), (k, 0, T))
    assert fact.rewrite(sp.Sum(f(k - 1), (k, 0, T))) == sp.Sum(f(k - 1), (k, 0, T))


def test_what_is_known_outside_of_an_index_is_not_known_of_the_index_of_a_sum():
    assert Equation(f(t), g(t)).rewrite(sp.Sum(f(k - 1), (k, 0, T)), (k - 1,)) == sp.Sum(f(k - 1), (k, 0, T))


@pytest.mark.parametrize(
    ("pattern", "node"),
    [
        (sp.Sum(o(i, k), (k, 0, T)), sp.Sum(o(k, k), (k, 0, T))),
        (sp.Sum(o(i, k), (k, 0, T)), sp.Sum(o(k + 1, k), (k, 0, T))),
        (f(i) * sp.Sum(o(i, k), (k, 0, T)), f(k) * sp.Sum(o(k, k), (k, 0, T))),
        (sp.Product(o(i, k), (k, 0, T)), sp.Product(o(k, k), (k, 0, T))),
    ],
    ids=str,
)
def test_an_index_that_is_bound_there_is_no_value(pattern, node):
    assert match(pattern, node) is None


def test_an_index_that_is_bound_further_out_is_a_value():
    rows = Equation(sp.Sum(o(i, k), (k, 0, T)), f(i))
    assert rows.rewrite(sp.Sum(g(j) * sp.Sum(o(j, k), (k, 0, T)), (j, 0, 3))) == sp.Sum(g(j) * f(j), (j, 0, 3))


def test_an_eigenvector_is_found_within_longer_words():
    assert EIGEN.rewrite(F * row(3) * W * C) == mu(3) * F * row(3) * C


def test_an_eigenvector_is_found_again_and_again():
    word = row(j) * W**2 * F
    assert sp.expand(EIGEN.rewrite(EIGEN.rewrite(word)) - mu(j) ** 2 * row(j) * F) == 0


def test_an_eigenvector_has_the_eigenvalue_of_its_own_index():
    assert EIGEN.rewrite(row(2) * W + row(5) * W) == mu(2) * row(2) + mu(5) * row(5)


def test_an_eigenvector_within_a_sum_has_the_index_of_the_sum():
    assert EIGEN.rewrite(sp.Sum(row(k) * W, (k, 0, T))) == sp.Sum(mu(k) * row(k), (k, 0, T))


@pytest.mark.parametrize("word", [W * row(1), row(1) * F * W, row(1) * W**-1, F * W], ids=str)
def test_letters_in_another_order_are_left_alone(word):
    assert EIGEN.rewrite(word) == word


@pytest.mark.parametrize("word", [row(2) * W * v(0), W * v(0) * row(2), v(0) * row(2) * W], ids=str)
def test_a_word_is_found_in_a_trace_however_it_is_rotated(word):
    found = expand_operators(EIGEN.rewrite(expand_operators(Trace(word))))
    assert found == expand_operators(mu(2) * Trace(row(2) * v(0)))


def test_a_word_is_not_found_in_a_trace_in_a_wrong_order():
    trace = expand_operators(Trace(W * row(2) * v(0)))
    assert expand_operators(EIGEN.rewrite(trace)) == trace


def test_a_word_outside_of_a_trace_is_not_rotated():
    assert EIGEN.rewrite(W * v(0) * row(2)) == W * v(0) * row(2)


def test_two_indices_of_a_word_must_fit():
    rule = Equation(v(t) * W * v(t), F)
    assert rule.rewrite(v(3) * W * v(3)) == F
    assert rule.rewrite(v(3) * W * v(4)) == v(3) * W * v(4)


def test_a_word_is_not_used_at_a_negative_index():
    assert Equation(W * v(t), F).rewrite(W * v(t - 1)) == W * v(t - 1)


@pytest.mark.parametrize("coefficient", [sp.Integer(2), nu_W, n * nu_W**t], ids=str)
def test_a_rule_is_divided_by_a_coefficient_that_is_not_zero(coefficient):
    assert sp.simplify(replace_word(W * v(t), coefficient * W * v(t), F) * coefficient) == F


@pytest.mark.parametrize("coefficient", [t, f(0), sp.Symbol("z", real=True), a * b], ids=str)
def test_a_rule_is_not_divided_by_a_coefficient_that_may_be_zero(coefficient):
    assert replace_word(W * v(t), coefficient * W * v(t), F) == W * v(t)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (sp.Sum(f(i), (i, 0, 2)), f(0) + f(1) + f(2)),
        (sp.Sum(f(i), (i, 3, 3)), f(3)),
        (sp.Sum(f(i), (i, 3, 2)), 0),
        (sp.Product(f(i), (i, 0, 1)), f(0) * f(1)),
        (sp.Product(f(i), (i, 0, -1)), 1),
        (sp.Sum(o(i, k), (i, 0, k), (k, 0, 1)), o(0, 0) + o(0, 1) + o(1, 1)),
        (sp.Sum(sp.Sum(f(i), (i, 0, i)), (i, 0, 2)), 3 * f(0) + 2 * f(1) + f(2)),
        (sp.Product(v(i), (i, 0, 1)), v(0) * v(1)),
        (nu_W * sp.Sum(f(i), (i, 0, 1)) + g(0), nu_W * (f(0) + f(1)) + g(0)),
    ],
    ids=str,
)
def test_a_sum_with_limits_that_are_numbers_is_written_out(total, expected):
    assert sp.expand(written_out(total) - expected) == 0


@pytest.mark.parametrize("total", [sp.Sum(f(i), (i, 0, T)), sp.Sum(f(i), (i, 3, 1)), sp.Sum(f(i), (i, 0, t))], ids=str)
def test_other_sums_are_not_written_out(total):
    assert written_out(total) == total


def test_only_the_inner_sum_remains_where_the_outer_limits_are_numbers():
    assert written_out(sp.Sum(o(i, k), (i, 0, T), (k, 0, 1))) == sp.Sum(o(i, 0), (i, 0, T)) + sp.Sum(o(i, 1), (i, 0, T))


def test_a_sum_that_gets_numbers_while_it_is_unfolded_is_written_out():
    environment = Environment({"sum": (Equation(g(t), sp.Sum(f(i), (i, 0, t))),)})
    assert environment.unfold(g(2), ("sum",)) == f(0) + f(1) + f(2)
