"""Row functions taken apart: forms, factors and kinks."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import numerics.structure
from numerics.expression import Apply, Constant, Expression, Form, Input, Program, State, Variable, walk
from numerics.recursion import PythonRows
from numerics.structure import Column, Forms, evaluated, is_affine_in_forms, kinks, reads

Array = NDArray[np.float64]

MEANS: dict[Variable, float] = {State(0, 0): 0.0, State(1, 0): 0.0, State(2, 1): 0.0, Input(0): 0.25}
VARIABLES = (*MEANS, Input(1))

LEAVES = st.one_of(
    st.sampled_from(VARIABLES),
    st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]).map(Constant),
)


def applied(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    many = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Apply, st.sampled_from(["add", "multiply", "maximum", "minimum"]), many),
        st.builds(lambda f, x: Apply(f, (x,)), st.sampled_from(["abs", "relu", "tanh", "erf", "sin", "cos"]), inner),
        st.builds(lambda x, p: Apply("power", (x, Constant(p))), inner, st.sampled_from([0.0, 1.0, 2.0, 3.0])),
        st.builds(lambda x, c: Apply("divide", (x, Constant(c))), inner, st.sampled_from([-4.0, 2.0])),
        st.builds(lambda x, y: Apply("divide", (x, Apply("add", (Constant(2.0), Apply("cos", (y,)))))), inner, inner),
    )


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(LEAVES, applied, max_leaves=12)


def new_forms() -> Forms:
    return Forms(MEANS.get)


def q(time: int, column: int = 0) -> State:
    return State(time, column)


def plus(*terms: Expression) -> Expression:
    return Apply("add", terms)


def times(coefficient: float, expression: Expression) -> Expression:
    return Apply("multiply", (Constant(coefficient), expression))


def values_of(forms: Forms, drawn: dict[Variable, Array]) -> dict[Variable, Array]:
    """Values of all forms, which are centred, and of what is not Gaussian."""
    found = dict(drawn)
    for place in range(len(forms._combinations)):
        parts = forms.combination(Form(place))
        found[Form(place)] = sum(weight * (drawn[one] - MEANS[one]) for one, weight in parts) + np.zeros(5)
    return found


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(numerics.structure)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@settings(deadline=None, max_examples=300)
@given(EXPRESSIONS, st.integers(0, 2**32 - 1))
def test_a_reduced_expression_has_the_values_of_the_expression(expression: Expression, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn: dict[Variable, Array] = {variable: rng.normal(size=5) for variable in VARIABLES}
    forms = new_forms()
    terms = forms.reduced(expression)
    values = values_of(forms, drawn)
    found = np.zeros(5)
    size = np.ones(5)
    for term in terms:
        part = term.coefficient * np.ones(5)
        for factor in term.factors:
            part = part * evaluated(factor, values)
        found += part
        size += np.abs(part)
    expected = np.asarray(Program((expression,))(drawn)[0]) + np.zeros(5)
    assert (np.abs(found - expected) <= 1e-9 * size * np.maximum(1.0, np.abs(expected))).all()


@settings(deadline=None, max_examples=200)
@given(EXPRESSIONS)
def test_gaussian_variables_are_read_through_forms_alone(expression: Expression) -> None:
    for term in new_forms().reduced(expression):
        for factor in term.factors:
            assert set(reads(factor)[1]) <= {Input(1)}


def test_an_affine_expression_is_one_form_and_a_constant() -> None:
    forms = new_forms()
    constant, affine = forms.reduced(plus(times(2.0, plus(q(1), Input(0))), Constant(1.0), times(-0.5, q(0))))
    assert (constant.coefficient, constant.factors) == (1.5, ())
    assert affine.coefficient == 1.0
    assert [forms.combination(form) for form in affine.factors] == [((q(0), -0.5), (q(1), 2.0), (Input(0), 2.0))]


def test_what_cancels_is_not_read() -> None:
    assert new_forms().reduced(plus(q(1), times(-1.0, q(1)))) == ()
    tanh = Apply("tanh", (q(1),))
    assert new_forms().reduced(plus(tanh, times(-1.0, tanh))) == ()


def test_a_nonlinear_function_of_a_sum_reads_one_form() -> None:
    (term,) = new_forms().reduced(Apply("tanh", (plus(q(2, 1), times(0.7, Input(0)), times(0.1, q(0))),)))
    (factor,) = term.factors
    assert reads(factor) == ((Form(0),), ())


@pytest.mark.parametrize("function", ["maximum", "minimum"])
def test_an_extremum_of_two_affine_functions_reads_one_form_at_a_time(function: str) -> None:
    terms = new_forms().reduced(Apply(function, (q(0), plus(q(1), Constant(2.0)))))
    assert [[len(reads(factor)[0]) for factor in term.factors] for term in terms] == [[1], [1]]
    (kink,) = kinks(terms[1].factors[0])
    assert is_affine_in_forms(kink)


def test_equal_combinations_are_one_form() -> None:
    forms = new_forms()
    assert forms.form({q(0): 1.0, q(1): 2.0}) == forms.form({q(1): 2.0, q(0): 1.0})
    assert forms.form({q(0): 1.0}) != forms.form({q(0): 2.0})


def test_products_fall_into_factors() -> None:
    (term,) = new_forms().reduced(times(3.0, Apply("multiply", (Input(1), times(2.0, Apply("tanh", (q(0),))), q(1)))))
    assert term.coefficient == 6.0
    assert term.factors == (Input(1), Apply("tanh", (Form(0),)), Form(1))


def test_constants_are_folded() -> None:
    (term,) = new_forms().reduced(Apply("tanh", (times(2.0, Constant(0.5)),)))
    assert term.factors == ()
    assert term.coefficient == np.tanh(1.0)


@pytest.mark.parametrize("function", ["relu", "abs", "step", "sign"])
def test_the_argument_is_the_kink(function: str) -> None:
    forms = new_forms()
    (term,) = forms.reduced(Apply(function, (plus(q(1), Constant(-0.5)),)))
    (kink,) = kinks(term.factors[0])
    assert kink == plus(Form(0), Constant(-0.5))
    assert is_affine_in_forms(kink)


def test_a_product_vanishes_where_a_factor_does() -> None:
    (term,) = new_forms().reduced(Apply("abs", (Apply("multiply", (q(1), Apply("tanh", (q(0),)))),)))
    found = kinks(term.factors[0])
    assert len(found) == 2
    assert {type(kink) for kink in found} == {Form, Apply}


def test_inner_kinks_are_found_and_smooth_functions_have_none() -> None:
    forms = new_forms()
    inner = Apply("relu", (plus(q(0), Constant(1.0)),))
    (term,) = forms.reduced(Apply("tanh", (Apply("step", (plus(inner, Constant(-2.0)),)),)))
    assert len(kinks(term.factors[0])) == 2
    (smooth,) = forms.reduced(Apply("tanh", (Apply("sin", (q(0),)),)))
    assert kinks(smooth.factors[0]) == ()


def test_a_sum_with_a_uniform_input_is_affine_and_a_product_with_it_is_not() -> None:
    assert is_affine_in_forms(plus(Form(0), Apply("sin", (Input(1),))))
    assert not is_affine_in_forms(Apply("multiply", (Form(0), Input(1))))


def test_a_python_function_reads_each_variable_as_a_form_and_gets_the_means_back() -> None:
    rows = PythonRows(lambda t, q, u: np.stack([q[1, 0] + u[0], q[0, 0] * u[1]]), 1, 2, 2)
    forms = Forms({**MEANS, State(0, 1): 0.0, State(1, 1): 0.0}.get)
    for column, terms in enumerate(forms.columns(rows)):
        (term,) = terms
        (factor,) = term.factors
        assert isinstance(factor, Column)
        assert len(reads(factor)[0]) == 5
        assert reads(factor)[1] == (Input(1),)
        assert kinks(factor) == ()
        values: dict[Variable, Array] = {form: np.zeros((3, 1)) for form in reads(factor)[0]}
        values[Input(1)] = np.ones((1, 4))
        assert np.array_equal(evaluated(factor, values), np.full((3, 4), 0.25 if column == 0 else 0.0))


def test_forms_are_written_with_their_means() -> None:
    forms = new_forms()
    form = forms.form({q(1): 1.0, Input(0): -2.0})
    assert forms.words(form, 1.0, 1) == "q_1 + -2·u[0] = 0.5"
    assert forms.words(q(2, 1), 0.5, 2) == "q_2[1] = 0.5"


def test_a_kink_of_what_is_evaluated_is_walked_through() -> None:
    expression = Apply("maximum", (Form(0), Apply("tanh", (Form(1),))))
    (kink,) = kinks(expression)
    assert {part for part in walk(kink) if isinstance(part, Form)} == {Form(0), Form(1)}
