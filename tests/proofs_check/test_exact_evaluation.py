"""Formulas are worked out exactly, term by term."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.symbolic.evaluation import Interpretation, NoValueError, Root, ShapeError, at_most, equal, fractions
from proofs_check.symbolic.exact_arrays import (
    determinant,
    integers,
    inverse,
    orthogonal,
    positive,
    pseudo_inverse,
    solve,
    squared_norm,
)
from theory.operators import Covariance, Expectation, Trace, WideLimit, sequence
from theory.symbols import W, i, j, k, n, nu_W, t

A, B = sp.symbols("A B", commutative=False)
value = sequence("test_value", "v_{{{0}}}", commutative=True)
coin = sequence("test_coin", "c_{{{0}}}", commutative=True, random=True)


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_sum_is_summed():
    squares = Interpretation({n: 5}, {"test_value": lambda index: Fraction(index**2)})
    assert squares.value(sp.Sum(value(i), (i, 0, n - 1))) == 30


def test_an_inner_index_may_depend_on_an_outer_one():
    pairs = sp.Product(sp.Product(k - i, (i, 0, k - 1)), (k, 0, n - 1))
    assert Interpretation({n: 4}).value(pairs) == 12


def test_empty_sums_are_zero_and_empty_products_one():
    here = Interpretation({n: 0})
    assert here.value(sp.Sum(i, (i, 0, n - 1))) == 0
    assert here.value(sp.Product(i, (i, 0, n - 1))) == 1


def test_words_are_multiplied_in_order():
    one, other = integers(rng(), 2, 3), integers(rng(6), 3, 2)
    here = Interpretation({A: one, B: other})
    assert equal(here.value(A * B), one @ other)
    assert equal(here.value(B * A), other @ one)


def test_powers_of_matrices_and_roots_of_squares_are_exact():
    matrix = integers(rng(), 2, 2)
    here = Interpretation({W: matrix, n: 9, j: 3})
    assert equal(here.value(n ** (-(j + 1) / 2) * W**j), Fraction(1, 81) * (matrix @ matrix @ matrix))


def test_an_expectation_is_an_average_over_the_scenarios():
    signs = tuple({"test_coin": lambda _, sign=sign: Fraction(sign)} for sign in (-1, 1))
    here = Interpretation({}, {}, signs)
    assert here.value(Expectation(coin(0))) == 0
    assert here.value(Expectation(coin(0) ** 2 + coin(0))) == 1


def test_operators_are_given_the_values_of_their_arguments():
    names = {"test_value": lambda index: [index, 5], "WideLimit": min, "Covariance": lambda u, v: Fraction(u[0] * v[0])}
    here = Interpretation({}, names)
    assert here.value(WideLimit(value(7)) + Covariance(value(2), value(3))) == 11


def test_a_trace_and_a_delta():
    here = Interpretation({A: fractions([[1, 2], [3, 4]]), i: 1, j: 1, k: 2})
    assert here.value(Trace(A)) == 5
    assert (here.value(sp.KroneckerDelta(i, j)), here.value(sp.KroneckerDelta(i, k))) == (1, 0)


@pytest.mark.parametrize("word", [A * A, A**2, A + B, A + 1], ids=str)
def test_matrices_that_do_not_fit_are_refused(word):
    with pytest.raises(ShapeError):
        Interpretation({A: integers(rng(), 2, 3), B: integers(rng(), 3, 2)}).value(word)


@pytest.mark.parametrize(
    "expression", [sp.sqrt(nu_W), 1 / (nu_W - 2), t, value(0), value(nu_W / 3), sp.sin(nu_W)], ids=str
)
def test_what_has_no_exact_value_is_said(expression):
    with pytest.raises(NoValueError):
        Interpretation({nu_W: Fraction(2)}, {"test_other": Fraction}).value(expression)


def test_the_number_zero_is_zero_in_every_shape_and_no_other_number_is():
    zero, one = fractions(np.zeros((2, 1), dtype=int)), fractions(np.ones((2, 1), dtype=int))
    assert equal(zero, Fraction(0))
    assert not equal(one, Fraction(0))
    assert not equal(one, Fraction(1))
    assert not equal(one, one.T)


@given(st.fractions(0, 100), st.fractions(-10, 10))
def test_a_root_is_compared_by_its_square(square, bound):
    assert at_most(Root(square), bound) == (bound >= 0 and square <= bound**2)
    assert at_most(bound, Root(square)) == (bound <= 0 or bound**2 <= square)
    assert at_most(Root(square), Root(square + 1))


@pytest.mark.parametrize("size", [1, 2, 4])
def test_random_orthogonal_matrices_are_orthogonal(size):
    matrix = orthogonal(rng(size), size)
    assert equal(matrix @ matrix.T, fractions(np.eye(size, dtype=int)))


def test_a_linear_system_is_solved_exactly_also_where_a_pivot_is_zero():
    matrix, right = fractions([[0, 2], [3, 1]]), fractions([[1], [2]])
    assert equal(matrix @ solve(matrix, right), right)
    assert equal(inverse(matrix) @ matrix, fractions(np.eye(2, dtype=int)))


def test_a_singular_system_is_refused():
    with pytest.raises(NoValueError):
        inverse(fractions([[1, 2], [2, 4]]))


def test_the_generalized_inverse_of_a_singular_gram_matrix_keeps_its_vectors():
    vectors = integers(rng(), 4, 3)
    vectors[:, 2] = vectors[:, 0] + vectors[:, 1]
    inner = vectors.T @ vectors
    assert equal(vectors @ pseudo_inverse(inner) @ inner, vectors)


def test_a_determinant_is_that_of_sympy():
    matrix = integers(rng(), 4, 4)
    assert determinant(matrix) == sp.Matrix(matrix.tolist()).det()


def test_a_norm_sums_the_squares():
    assert squared_norm(fractions([[1, 2], [3, 4]])) == 30


def test_random_positive_numbers_are_distinct():
    assert len(set(positive(rng(), 12))) == 12
