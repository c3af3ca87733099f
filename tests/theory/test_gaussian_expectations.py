"""Closed forms of Gaussian expectations, against quadrature, pairings, and laws that hold for any of them."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.special
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.activations import in_ridges, relu, step
from theory.exact_zeros import is_zero, root
from theory.gaussian_expectations import expectation
from theory.gaussian_moments_reference import _pairings as all_pairings

x, y, z, u = sp.symbols("x y z u", real=True)
half = sp.Rational(1, 2)
RIDGES = (relu, step, sp.erf)

small = st.integers(1, 6)
ratios = st.builds(sp.Rational, st.integers(-4, 4), st.integers(1, 4))


@st.composite
def covariances(draw, symbols=(x, y)):
    """Gram matrices: any rank, correlations of ±1 and variances of 0 among them."""
    size = len(symbols)
    root_of_it = sp.Matrix(size, size, [draw(ratios) for _ in range(size**2)])
    gram = root_of_it * root_of_it.T
    return {(symbols[i], symbols[k]): gram[i, k] for i in range(size) for k in range(i, size)}


def by_quadrature(expression, law):
    """``E f(X, Y)`` on rays: kinks of ridges lie on rays through the origin, and between these all is smooth."""
    a, b, c = (float(law.get(pair, 0)) for pair in ((x, x), (y, y), (x, y)))
    first = np.sqrt(a)
    slope = c / first if a else 0.0
    rest = np.sqrt(max(b - slope**2, 0.0))
    ramps = {"relu": lambda v: np.maximum(v, 0), "step": lambda v: (v > 1e-12) * 1.0, "erf": scipy.special.erf}
    function = sp.lambdify((x, y), in_ridges(expression), modules=[ramps, "numpy"])
    kinks = {turn % (2 * np.pi) for k in (np.pi / 2, np.arctan2(-slope, rest)) for turn in (k, k + np.pi)}
    places = np.array(sorted({0.0, 2 * np.pi, *kinks}))
    nodes, weights = np.polynomial.legendre.leggauss(80)
    radii, radial = 7 * (nodes + 1), 7 * weights
    total = 0.0
    for low, high in pairwise(places):
        angles = (low + high) / 2 + (high - low) / 2 * nodes[:, None]
        p, q = radii * np.cos(angles), radii * np.sin(angles)
        values = function(first * p, slope * p + rest * q) * np.exp(-(radii**2) / 2) * radii
        total += (high - low) / 2 * weights @ (np.broadcast_to(values, p.shape) @ radial)
    return total / (2 * np.pi)


PRODUCTS = [
    relu(x) * relu(y),
    relu(x) * step(y),
    step(x) * step(y),
    sp.erf(x) * sp.erf(y),
    sp.erf(x) * step(y),
    sp.erf(x) * relu(y),
    x * y * relu(x) * relu(y),
    x**2 * step(x) * step(-y),
    y**3 * sp.erf(x) + x * sp.erf(y),
    sp.Abs(x) * sp.Abs(y),
    sp.sign(x) * y,
    x * sp.cos(y) + sp.sin(x) * sp.sin(y) + sp.cos(x + 1) * y**2,
    x * sp.exp(y / 2) * sp.cos(x / 2),
]
LAWS = [(1, 2, half), (half, half, -half), (1, 4, 2), (0, 1, 0), (1, 1, -half * sp.sqrt(3)), (9, 1, sp.Rational(-5, 2))]


@pytest.mark.parametrize("product", PRODUCTS, ids=str)
@pytest.mark.parametrize("law", [LAWS[0], LAWS[1]], ids=str)
def test_closed_forms_agree_with_quadrature(product, law):
    covariance = {(x, x): sp.S(law[0]), (y, y): sp.S(law[1]), (x, y): sp.S(law[2])}
    found = expectation(product, covariance)
    assert abs(float(sp.N(found, 20)) - by_quadrature(product, covariance)) < 1e-8


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(PRODUCTS[:9]), covariances())
def test_closed_forms_agree_with_quadrature_at_random_covariances(product, law):
    found = expectation(product, law)
    scale = 1 + abs(float(sp.N(sum(law.values())))) ** 3
    assert abs(float(sp.N(found, 20)) - by_quadrature(product, law)) < 1e-7 * scale


@settings(deadline=None)
@given(covariances((x, y, z)), st.lists(st.sampled_from((x, y, z)), min_size=1, max_size=6))
def test_monomials_are_sums_over_pairings(law, letters):
    def covariance(pair):
        return law.get(pair, law.get(pair[::-1], 0))

    pairings = all_pairings(tuple(range(len(letters)))) if len(letters) % 2 == 0 else []
    expected = sum(sp.prod([covariance((letters[i], letters[k])) for i, k in pairing]) for pairing in pairings)
    assert expectation(sp.prod(letters), law) == expected


@settings(deadline=None, max_examples=40)
@given(covariances(), st.sampled_from(PRODUCTS), st.sampled_from(PRODUCTS), ratios, ratios)
def test_it_is_linear(law, first, second, a, b):
    together = expectation(a * first + b * second, law)
    assert abs(sp.N(together - a * expectation(first, law) - b * expectation(second, law), 20)) < 1e-12


@settings(deadline=None, max_examples=40)
@given(covariances(), st.sampled_from(PRODUCTS))
def test_names_may_be_exchanged(law, product):
    exchanged = {(y, y): law[x, x], (x, x): law[y, y], (y, x): law[x, y]}
    swap = {x: y, y: x}
    difference = expectation(product, law) - expectation(product.xreplace(swap), exchanged)
    assert abs(sp.N(difference, 20)) < 1e-10 * (1 + abs(sp.N(expectation(product, law))))


@settings(deadline=None, max_examples=40)
@given(covariances(), small, st.sampled_from(RIDGES))
def test_a_positive_factor_comes_out_of_relu_and_is_not_seen_by_a_step(law, factor, ridge):
    outside = expectation(relu(factor * x) * ridge(y), law) - factor * expectation(relu(x) * ridge(y), law)
    unseen = expectation(step(factor * x) * ridge(y), law) - expectation(step(x) * ridge(y), law)
    assert max(abs(sp.N(outside, 20)), abs(sp.N(unseen, 20))) < 1e-12


@settings(deadline=None, max_examples=40)
@given(covariances(), st.sampled_from((x**2, x * y, x**3 * y, y**4)))
def test_a_relu_and_its_mirror_image_make_the_identity(law, polynomial):
    both = expectation((relu(x) - relu(-x)) * polynomial, law)
    assert sp.simplify(both - expectation(x * polynomial, law)) == 0


@settings(deadline=None, max_examples=40)
@given(covariances(), st.sampled_from(RIDGES))
def test_a_correlation_of_one_is_the_same_variable(law, ridge):
    if law[x, x] != 0:
        equal = {(x, x): law[x, x], (y, y): 4 * law[x, x], (x, y): 2 * law[x, x]}
        difference = expectation(ridge(x) * ridge(y), equal) - expectation(ridge(x) * ridge(2 * x), equal)
        assert abs(sp.N(difference, 20)) < 1e-12


@given(covariances(), st.sampled_from(PRODUCTS))
@settings(deadline=None, max_examples=60)
def test_no_value_is_infinite_or_undefined(law, product):
    found = expectation(product, law)
    assert found is not None
    assert not found.has(sp.nan, sp.zoo, sp.oo, sp.I)


EXACT = [
    (relu(x) * relu(y), (1, 1, half), (sp.sqrt(3) / 2 + sp.pi / 3) / (2 * sp.pi)),
    (relu(x) * relu(y), (1, 1, 1), half),
    (relu(x) * relu(y), (1, 1, -1), 0),
    (relu(x) * relu(y), (1, 1, 0), 1 / (2 * sp.pi)),
    (step(x) * step(y), (1, 1, 0), sp.Rational(1, 4)),
    (step(x) * step(y), (3, 1, 0), sp.Rational(1, 4)),
    (sp.erf(x) * sp.erf(y), (half, half, half), sp.Rational(1, 3)),
    (sp.erf(x) ** 2, (half, 1, 0), sp.Rational(1, 3)),
    (relu(x) ** 2 * y**2, (0, 1, 0), 0),
    (sp.tanh(x) * y, (0, 1, 0), 0),
    (sp.tanh(x) ** 3 * y**2, (1, 1, half), 0),
    (sp.Max(x, y), (1, 1, 0), 1 / sp.sqrt(sp.pi)),
    (relu(x) * relu(-x), (1, 1, 0), 0),
    (sp.sign(x - y) + 1, (1, 1, 1), 1),
    (sp.sign(x) * sp.sign(y), (1, 1, half), sp.Rational(1, 3)),
]


@pytest.mark.parametrize(("product", "law", "value"), EXACT, ids=str)
def test_exact_covariances_give_exact_values(product, law, value):
    covariance = {(x, x): law[0], (y, y): law[1], (x, y): law[2]}
    assert sp.simplify(expectation(product, covariance) - value) == 0


def test_symbolic_covariances_give_the_arc_cosine_formula():
    a, b = sp.symbols("a b", positive=True)
    c = sp.Symbol("c", real=True)
    found = expectation(relu(x) * relu(y), {(x, x): a, (y, y): b, (x, y): c})
    expected = (sp.sqrt(a * b - c**2) + c * (sp.pi - sp.acos(c / sp.sqrt(a * b)))) / (2 * sp.pi)
    assert sp.simplify(found - expected) == 0
    assert expectation(relu(x) ** 2, {(x, x): a}) == a / 2


def test_other_variables_have_the_moments_that_are_given():
    moments = {u: lambda k: sp.Rational(1, k + 1) if k % 2 == 0 else sp.S.Zero}  # uniform between -1 and 1
    law = {(x, x): 1, (y, y): 1, (x, y): half}
    product = u**2 * sp.erf(x) * sp.erf(y)
    assert expectation(product, law, moments) == expectation(sp.erf(x) * sp.erf(y), law) / 3
    assert expectation(u * relu(x), law, moments) == 0


UNKNOWN = [
    sp.tanh(x) ** 2,
    sp.tanh(x) * sp.tanh(y),
    relu(x + 1) * relu(y),
    sp.erf(x * y) ** 2,
    relu(x) * relu(y) * relu(x + y),
    sp.exp(x) * relu(y),
    relu(u * x),
    sp.sqrt(relu(x)),
    1 / (1 + x**2),
    sp.erf(x) ** 4,
]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=str)
def test_what_has_no_closed_form_is_said_to_have_none(unknown):
    law = {(x, x): 1, (y, y): 2, (x, y): half}
    assert expectation(unknown, law, {u: lambda k: sp.S.One}) is None


def test_absolute_values_and_maxima_are_written_with_relu():
    assert in_ridges(sp.Abs(x)) == 2 * relu(x) - x
    assert in_ridges(sp.Min(x, y)) + in_ridges(sp.Max(x, y)) - x - y in (0, relu(y - x) - relu(x - y) + x - y)


def test_activations_know_numbers_and_derivatives():
    assert [relu(sp.Integer(v)) for v in (-2, 0, 3)] == [0, 0, 3]
    assert [step(sp.Integer(v)) for v in (-2, 0, 3)] == [0, 0, 1]
    assert relu(2 * x).diff(x) == 2 * step(2 * x)
    assert step(x).diff(x) == sp.DiracDelta(x)
    assert sp.latex(relu(x) ** 2) == r"\operatorname{relu}^{2}\left(x\right)"


def test_nested_radicals_that_vanish_are_seen_to():
    nested = sp.sqrt(3 + 2 * sp.sqrt(2)) - 1 - sp.sqrt(2)
    assert is_zero(nested)
    assert not is_zero(nested + sp.Rational(1, 10**30))


def test_rounding_does_not_make_a_root_imaginary():
    assert root(sp.Float("-1e-45", 50)) == 0
