"""The modular engine, against exact evaluation of the same expression at the same point."""

from math import prod

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.modular import MATRIX_SIZE, PRIME, NotModularError, _Point, modular_bits, vanishes_modulo_prime
from theory.operators import Covariance, Expectation, Trace, sequence
from theory.symbols import C, F, T, W, a, i, j, k, n, nu_F, nu_W, t

f = sequence("modular_f", "f_{{{0}}}", commutative=True)
o = sequence("modular_o", "o_{{{0},{1}}}", commutative=True)
v = sequence("modular_v", "v_{{{0}}}", commutative=False)
delta = sp.KroneckerDelta

terms = st.sampled_from(
    [f(i), o(i, k), i * f(k), delta(i, k), delta(i, j) * f(i), nu_W**i, f(i + k) / nu_F, sp.Integer(3), nu_W * f(j)]
)
ranges = st.sampled_from([(0, T - 1), (1, T), (0, t), (0, t - 1), (2, T + t)])
joins = st.sampled_from([sp.Sum, sp.Product])


@st.composite
def nested(draw):
    inner = draw(joins)(draw(terms) + draw(terms), (i, *draw(ranges)))
    return draw(joins)(inner * draw(st.sampled_from([f(k), sp.S.One])) + draw(terms).subs(i, k), (k, *draw(ranges)))


def field(number):
    return int(number.p) * pow(int(number.q), -1, PRIME) % PRIME


def written_out(e, point):
    """The expression with integers in place of indices and all sums and products carried out by SymPy."""
    integers = {symbol: point.value(symbol) for symbol in e.free_symbols if symbol.is_integer}
    return e.subs(integers).doit()


def evaluated(e, point):
    """A rational expression in symbols and values of sequences, in the field; no code of the engine but its values."""
    if e.is_Rational:
        return field(e)
    if e.is_Add:
        return sum(evaluated(argument, point) for argument in e.args) % PRIME
    if e.is_Mul:
        return prod(evaluated(argument, point) for argument in e.args) % PRIME
    if e.is_Pow:
        return pow(evaluated(e.base, point), int(e.exp), PRIME)
    return point.value(e)


@settings(deadline=None, max_examples=60)
@given(nested(), st.integers(0, 5))
def test_sums_and_products_have_the_value_of_their_terms(e, attempt):
    point = _Point(e, attempt, short=True)
    assert point.value(e) == evaluated(written_out(e, point), point)


@settings(deadline=None, max_examples=40)
@given(nested())
def test_an_expression_less_itself_vanishes_and_one_more_does_not(e):
    renamed = e.func(e.function.xreplace({k: a}), (a, *e.limits[0][1:]))
    assert vanishes_modulo_prime(sp.Add(e, -renamed, evaluate=False))
    assert modular_bits(e - renamed + nu_W) == -1


words = st.lists(
    st.tuples(st.sampled_from([W, F, C, v(0), v(1)]), st.sampled_from([1, 1, 2, -1])), min_size=1, max_size=4
)
matrices = st.lists(
    words.map(lambda found: sp.Mul(*(letter**power for letter, power in found))), min_size=1, max_size=3
).map(lambda found: sp.Add(*(number * word for number, word in enumerate(found, start=2))))


def as_matrix(e, point):
    """Products, sums and inverses of 4×4 matrices by SymPy, reduced modulo the prime."""
    if e.is_Rational:
        return field(e) * sp.eye(MATRIX_SIZE)
    if e.is_Add:
        return sum((as_matrix(argument, point) for argument in e.args), sp.zeros(MATRIX_SIZE)).applyfunc(reduced)
    if e.is_Mul:
        total = sp.eye(MATRIX_SIZE)
        for argument in e.args:
            total = (total * as_matrix(argument, point)).applyfunc(reduced)
        return total
    if e.is_Pow:
        base = as_matrix(e.base, point)
        return ((base.inv_mod(PRIME) if e.exp < 0 else base) ** abs(e.exp)).applyfunc(reduced)
    return sp.Matrix(point.value(e))


def reduced(number):
    return number % PRIME


@settings(deadline=None, max_examples=25)
@given(matrices)
def test_words_have_the_value_of_the_product_of_their_matrices(e):
    point = _Point(e, 0, short=False)
    found = point.value(e)
    expected = as_matrix(e, point)
    if isinstance(found, int):  # all letters cancelled
        found = (found * sp.eye(MATRIX_SIZE)).tolist()
    assert sp.Matrix(found) == expected
    assert point.value(Trace(e)) == expected.trace() % PRIME


@pytest.mark.parametrize(
    "e", [W * F - F * W, W * F * W**-1 - F, (W * F) ** 2 - W**2 * F**2, v(0) * v(1) - v(1) * v(0)], ids=str
)
def test_words_in_another_order_are_told_apart(e):
    assert not vanishes_modulo_prime(e)


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (Trace(W * F) - Trace(F * W), True),
        (Trace(W * F * C) - Trace(F * W * C), False),
        (Trace(W**-1 * F * W) - Trace(F), True),
        (Trace(W * W**-1) - 4, True),  # the matrices are 4×4 here: the other engine does not agree
        (W * (W + F) ** -1 - (1 + F * W**-1) ** -1, True),
    ],
    ids=str,
)
def test_traces_and_inverses(e, expected):
    assert vanishes_modulo_prime(sp.expand(e)) is expected


@pytest.mark.parametrize(
    "e",
    [
        sp.Sum(f(i), (i, 0, T - 1)) - sp.Sum(f(i), (i, 0, T)),
        sp.Sum(delta(i, j) * f(i), (i, 0, T - 1)) - 2 * f(j),
        sp.Sum(o(i, k), (i, 0, T), (k, 0, T)) - sp.Sum(o(i, i), (i, 0, T)),
        sp.Sum(o(i, k), (i, 0, k), (k, 0, T)) - sp.Sum(o(i, k), (k, 0, i), (i, 0, T)),
        sp.Product(f(i), (i, 0, T)) - f(0),
        Covariance(W, F) - Covariance(W, C),
        Expectation(f(0)) - Expectation(f(1)),
        delta(j, k) - 1,
    ],
    ids=str,
)
def test_what_is_false_does_not_vanish(e):
    assert modular_bits(e) == -1


def test_an_index_that_is_bound_does_not_change_the_free_one_of_its_name():
    e = sp.Sum(f(j), (j, 0, 2)) * f(j)
    point = _Point(e, 0, short=True)
    free = point.value(f(j))
    assert point.value(e) == sum(point.value(f(number)) for number in range(3)) * free % PRIME
    assert point.value(f(j)) == free


@pytest.mark.parametrize("high", [-2, -7])
def test_a_sum_that_ends_before_it_could_is_refused(high):
    with pytest.raises(NotModularError, match="read differently"):
        vanishes_modulo_prime(sp.Sum(f(i), (i, 0, high)) + nu_W)


def test_an_empty_sum_is_zero_and_an_empty_product_one():
    assert vanishes_modulo_prime(sp.Sum(f(i), (i, 0, -1)) + sp.Product(f(i), (i, 0, -1)) - 1)


def test_a_pole_is_avoided():
    """j is 0 at one point in three."""
    assert vanishes_modulo_prime(sp.Sum(1 / j, (i, 1, T)) - T / j)


def test_the_root_of_the_width_squares_to_the_width():
    assert vanishes_modulo_prime(sp.sqrt(n) * sp.sqrt(n) * nu_W - nu_W * n)
    assert not vanishes_modulo_prime(sp.sqrt(n) - n)


def test_the_order_of_equal_hashes_does_not_depend_on_the_process():
    e = nu_W**t * f(3)
    assert (
        _Point(e, 0, short=False).value(e) == _Point(e, 0, short=False).value(e) != _Point(e, 1, short=False).value(e)
    )


class Unknown(sp.Function):
    """Not an unknown sequence: SymPy knows a class of this name."""

    nargs = 1


def test_what_has_no_meaning_modulo_a_prime_is_named():
    with pytest.raises(NotModularError, match="Unknown"):
        vanishes_modulo_prime(Unknown(nu_W))


x = sp.Symbol("modular_x", positive=True)


def test_sines_and_cosines_lie_on_a_circle():
    assert vanishes_modulo_prime(sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1)


def test_arcs_are_complements():
    assert vanishes_modulo_prime(sp.asin(x / 3) + sp.acos(x / 3) - sp.pi / 2)


@pytest.mark.parametrize(
    "unknown",
    [
        sp.sin(2 * x) - 2 * sp.sin(x) * sp.cos(x),
        sp.sin(x) - sp.cos(x),
        sp.sqrt(x**4 + 2 * x**2 + 1) - x**2 - 1,
        sp.pi - 3,
        sp.acos(x) - sp.acos(-x),
        sp.erf(x) - x,
    ],
    ids=str,
)
def test_a_value_says_nothing_of_functions_of_which_little_is_known(unknown):
    with pytest.raises(NotModularError):
        vanishes_modulo_prime(unknown)


def test_what_is_the_same_function_of_the_same_value_cancels():
    assert vanishes_modulo_prime(sp.acos((x + 1) ** 2) - sp.acos(x**2 + 2 * x + 1, evaluate=False))
    assert vanishes_modulo_prime(sp.sqrt((x + 1) ** 2 + 1) - sp.sqrt(x**2 + 2 * x + 2))
