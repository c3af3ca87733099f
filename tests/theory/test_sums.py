"""Sums with symbolic limits, against adding up at small integers."""

from fractions import Fraction
from hashlib import sha256
from itertools import product
from math import prod

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.operators import sequence
from theory.sums import carried_out, into_sum, is_nonnegative, outermost, rename_bound, split, vanishes
from theory.symbols import T, a, b, c, i, j, k, n_x, t
from theory.verification import simplifies_to_zero

f = sequence("sums_f", "f_{{{0}}}", commutative=True)
o = sequence("sums_o", "o_{{{0},{1}}}", commutative=True)
v = sequence("sums_v", "v_{{{0}}}", commutative=False)
delta = sp.KroneckerDelta
POINTS = [dict(zip((T, t, j), values, strict=True)) for values in product((1, 2, 3), (0, 1, 3), (0, 2, 4))]


class AmbiguousError(Exception):
    """An empty sum that ends more than one before it starts is read differently by different people."""


def value(e, at):
    """Add up, term by term; unknown sequences have pseudo-random values."""
    if e.is_Symbol:
        return Fraction(at[e])
    if isinstance(e, sp.Sum | sp.Product):
        return over_range(e, at)
    if e.is_Rational:
        return Fraction(int(e.p), int(e.q))
    return combined(e, [value(argument, at) for argument in e.args])


def over_range(e, at):
    body, (index, low, high) = outermost(e)
    first, last = (int(value(limit, at)) for limit in (low, high))
    if last < first - 1:
        raise AmbiguousError
    terms = [value(body, at | {index: number}) for number in range(first, last + 1)]
    return prod(terms, start=Fraction(1)) if isinstance(e, sp.Product) else sum(terms, Fraction(0))


def combined(e, parts):
    if e.is_Add:
        return sum(parts, Fraction(0))
    if e.is_Mul:
        return prod(parts, start=Fraction(1))
    if e.is_Pow:
        return parts[0] ** int(parts[1])
    if isinstance(e, delta):
        return Fraction(int(parts[0] == parts[1]))
    return Fraction(1 + sha256(f"{e.func}{parts}".encode()).digest()[0], 7)


def agree(one, other, points=POINTS):
    """Whether two expressions have equal values wherever both have one; some point must."""
    found = 0
    for at in points:
        try:
            same = value(one, at) == value(other, at)
        except AmbiguousError:
            continue
        if not same:
            return False
        found += 1
    assert found
    return True


bodies = st.sampled_from(
    [f(i), f(i) * f(k), o(i, k), o(k, i), sp.S.One, f(i + 1), f(j) * o(i, k), i * f(i), f(k) ** 2, sp.Integer(2) * i]
)
deltas = st.sampled_from(
    [
        sp.S.One,
        delta(i, k),
        delta(i, j),
        delta(k, j),
        delta(i, 0),
        delta(i, k + 1),
        delta(i, 2),
        delta(i, k) * delta(k, j),
    ]
)
inner_limits = st.sampled_from([(0, T - 1), (0, T), (1, T), (0, k), (0, t), (0, k - 1), (k, T + 1), (0, 2), (1, k)])
outer_limits = st.sampled_from([(0, T - 1), (0, T), (1, T), (0, t), (0, T + 1), (0, 2), (1, 2)])


@st.composite
def sums(draw):
    total = draw(deltas) * draw(bodies)
    low, high = draw(inner_limits)
    total = sp.Sum(total, (i, low, high))
    if draw(st.booleans()):
        total = draw(st.sampled_from([f(k), sp.S.One, delta(k, j)])) * total
    low, high = draw(outer_limits)
    return draw(st.sampled_from([1, -2, 3])) * sp.Sum(total, (k, low, high))


@settings(deadline=None, max_examples=150)
@given(sums())
def test_carrying_a_sum_out_does_not_change_it(total):
    assert agree(total, carried_out(total, (a, b, c)))


@settings(deadline=None, max_examples=60)
@given(sums(), sums())
def test_carrying_two_sums_out_does_not_change_their_sum(one, other):
    assert agree(one + other, carried_out(one + other, (a, b, c)))


@settings(deadline=None, max_examples=100)
@given(sums(), sums())
def test_a_difference_that_vanishes_is_zero_at_every_point(one, other):
    if vanishes(one - other, simplifies_to_zero):
        assert agree(one, other)


@settings(deadline=None, max_examples=40)
@given(sums())
def test_a_sum_less_itself_under_other_names_vanishes(total):
    renamed = rename_bound(total.args[-1] if isinstance(total, sp.Mul) else total, {k})
    factor = total / total.args[-1] if isinstance(total, sp.Mul) else sp.S.One
    assert vanishes(total - factor * renamed, simplifies_to_zero)


@settings(deadline=None, max_examples=40)
@given(sums(), st.sampled_from([sp.S.One, f(0), f(j)]))
def test_a_sum_does_not_vanish_against_itself_with_a_term_too_many(total, extra):
    assert not vanishes(total - (total + extra), simplifies_to_zero)


@settings(deadline=None, max_examples=60)
@given(bodies, st.sampled_from(["first", "last"]), st.integers(0, 1), st.sampled_from([T, T + 1, T + 2]))
def test_splitting_a_term_off_does_not_change_a_sum(body, end, low, last):
    total = sp.Sum(body, (i, low, last))
    points = [at | {k: number} for at in POINTS for number in (0, 1)]
    taken = split(total, last, end)
    assert taken != total
    assert agree(total, taken, points)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["first", "last"]))
def test_splitting_a_factor_off_does_not_change_a_product(end):
    total = sp.Product(f(i) + 1, (i, 0, T))
    assert agree(total, split(total, T, end))


def test_only_sums_that_end_there_are_split():
    total = sp.Sum(f(i), (i, 0, T)) + sp.Sum(f(i), (i, 0, t))
    assert split(total, T, "last") == sp.Sum(f(i), (i, 0, T - 1)) + f(T) + sp.Sum(f(i), (i, 0, t))


@pytest.mark.parametrize("index", [j, T, T + 1, sp.Integer(3)])
def test_a_delta_does_not_select_what_may_lie_outside(index):
    total = sp.Sum(delta(i, index) * f(i), (i, 0, T - 1))
    assert not vanishes(total - f(index), simplifies_to_zero)


@pytest.mark.parametrize("index", [sp.S.Zero, T - 1])
def test_a_delta_selects_what_lies_inside(index):
    total = sp.Sum(delta(i, index) * f(i), (i, 0, T - 1))
    assert vanishes(total - f(index), simplifies_to_zero)


def test_a_delta_selects_what_is_known_to_lie_inside():
    total = sp.Sum(delta(i, j) * f(i), (i, 0, T - 1))
    assert vanishes(total - f(j), simplifies_to_zero, (T - 1 - j,))
    assert not vanishes(total - f(j), simplifies_to_zero, (T - j,))


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([f(i), o(i, j), sp.S.One]), st.sampled_from([f(i), f(k), sp.S.One, i]))
def test_a_product_of_sums_is_a_sum_of_products(one, other):
    """The indices of the two are the same, and one of them stands outside as well."""
    product_of_sums = sp.Sum(one, (i, 0, T)) * sp.Sum(other, (i, 0, t)) * f(i)
    points = [at | {i: 2, k: 1} for at in POINTS]
    joined = into_sum(product_of_sums)
    assert isinstance(joined, sp.Sum)
    assert agree(product_of_sums, joined, points)


def test_the_square_of_a_sum_is_a_double_sum():
    square = sp.Sum(f(i), (i, 0, T)) ** 2
    assert agree(square, into_sum(square))
    assert len(into_sum(square).atoms(sp.Sum)) == 2 or len(into_sum(square).limits) == 2


def test_words_keep_their_order_when_sums_are_joined():
    joined = into_sum(sp.Sum(v(i), (i, 0, 1)) * sp.Sum(v(i + 2), (i, 0, 1)))
    assert sp.expand(joined.doit() - (v(0) + v(1)) * (v(2) + v(3))) == 0


def test_a_renamed_index_is_none_of_those_in_use():
    total = sp.Sum(o(i, j), (i, 0, j))
    renamed = rename_bound(total, {i})
    assert renamed.limits[0][0] != i
    assert agree(total, renamed)


def test_a_renamed_index_captures_no_index_of_the_summand():
    primed = sp.Symbol("i'", integer=True, nonnegative=True)
    renamed = rename_bound(sp.Sum(o(i, primed), (i, 0, T)), {i})
    assert primed in renamed.free_symbols


def test_constants_are_counted():
    assert carried_out(sp.Sum(f(j), (i, 0, T - 1), (k, 0, n_x - 1)), (a, b)) == T * n_x * f(j)


@pytest.mark.parametrize(
    ("expression", "known", "expected"),
    [
        (T - 1, (), True),
        (T - 2, (), False),
        (j, (), True),
        (-j, (), False),
        (T - j, (T - 1 - j,), True),
        (T - 1 - j, (T - j,), False),
        (T - k, (T - j,), False),
    ],
    ids=str,
)
def test_an_index_is_known_not_to_be_negative(expression, known, expected):
    assert is_nonnegative(expression, known) is expected


def test_the_values_here_tell_different_sums_apart():
    assert not agree(sp.Sum(f(i), (i, 0, T)), sp.Sum(f(i), (i, 0, T - 1)))
    assert not agree(sp.Sum(o(i, k), (i, 0, k), (k, 0, 2)), sp.Sum(o(k, i), (i, 0, k), (k, 0, 2)))
