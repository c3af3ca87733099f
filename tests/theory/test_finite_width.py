import math
from collections import Counter
from fractions import Fraction
from functools import cache

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.finite_width import kernel_weight, occurrences, response_covariance, response_moment
from theory.symbols import n, nu_C, nu_F, nu_W

lags = st.integers(0, 7)
positive = st.fractions(Fraction(1, 20), 5, max_denominator=20)
variances = st.tuples(positive, positive, positive)
widths = st.integers(1, 10**6)
GENERIC = (Fraction(4, 5), Fraction(13, 10), Fraction(7, 10))

both = nu_C + nu_F
product_CF = nu_C * nu_F


def double_factorial(odd):
    return math.prod(range(odd, 0, -2))


def substitute(expression, width, values):
    pairs = zip((nu_W, nu_F, nu_C), values, strict=True)
    value = expression.subs({symbol: sp.Rational(v.numerator, v.denominator) for symbol, v in pairs}).subs(n, width)
    return Fraction(int(value.p), int(value.q))


@cache
def response(lag, width):
    """``C W^lag F`` as a polynomial in the entries: a Counter of sorted tuples of entry names."""
    row = {i: Counter({(("C", 0, i),): 1}) for i in range(width)}
    for _ in range(lag):
        row = {
            b: Counter({(*word, ("W", a, b)): c for a in range(width) for word, c in row[a].items()})
            for b in range(width)
        }
    total = Counter()
    for i in range(width):
        for word, c in row[i].items():
            total[tuple(sorted((*word, ("F", i, 0))))] += c
    return total


@cache
def gradient(lag, width):
    """The derivative of ``C W^lag F`` with respect to each entry."""
    derivatives = {}
    for word, c in response(lag, width).items():
        for entry, power in Counter(word).items():
            struck = list(word)
            struck.remove(entry)
            derivatives.setdefault(entry, Counter())[tuple(struck)] += c * power
    return derivatives


def mean_of_product(one, other, values):
    """``E[one · other]``, entry by entry: every moment of one Gaussian entry is explicit."""
    nu = dict(zip("WFC", values, strict=True))
    total = Fraction(0)
    for left, c in one.items():
        for right, d in other.items():
            powers = Counter(left + right)
            if all(power % 2 == 0 for power in powers.values()):
                total += c * d * math.prod(nu[e[0]] ** (p // 2) * double_factorial(p - 1) for e, p in powers.items())
    return total


def kernel_weight_by_entries(row, column, width, values):
    """``P_n(row, column)`` from the definition of the tangent kernel, one input and one output."""
    if (row + column) % 2:
        return Fraction(0)
    left, right = gradient(row, width), gradient(column, width)
    total = sum(mean_of_product(left[entry], right[entry], values) for entry in left.keys() & right.keys())
    return total / width ** ((row + column + 2) // 2)


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (0, 0, both),
        (1, 1, both * nu_W + product_CF),
        (0, 2, both * nu_W / n),
        (2, 2, both * nu_W**2 * (1 + 2 / n**2) + 2 * product_CF * nu_W * (1 + 1 / n**2)),
        (
            3,
            3,
            both * nu_W**3 * (1 + 10 / n**2 + 4 / n**3) + product_CF * nu_W**2 * (3 + 20 / n**2 + 4 / n**3),
        ),
        (1, 3, both * nu_W**2 * (2 / n + 1 / n**2) + product_CF * nu_W * (2 / n + 1 / n**2)),
    ],
)
def test_the_known_weights(row, column, expected):
    assert sp.expand(kernel_weight(row, column).expression() - expected) == 0


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("width", [1, 2])
def test_weights_agree_with_derivatives_entry_by_entry(row, column, width):
    assert kernel_weight(row, column).at(width, GENERIC) == kernel_weight_by_entries(row, column, width, GENERIC)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 1), (0, 2), (2, 2), (1, 3), (3, 3)])
def test_weights_agree_with_derivatives_entry_by_entry_at_width_three(row, column):
    assert kernel_weight(row, column).at(3, GENERIC) == kernel_weight_by_entries(row, column, 3, GENERIC)


@settings(deadline=None, max_examples=30)
@given(lags, lags, variances)
def test_at_width_one_weights_are_moments_of_one_gaussian(row, column, values):
    """``L_j = C W^j F`` with scalars: derivatives and moments are those of monomials."""
    w, f, c = values
    half, odd = divmod(row + column, 2)
    expected = Fraction(0)
    if not odd:
        expected = (f + c) * w**half * double_factorial(2 * half - 1)
        if row and column:
            expected += c * f * row * column * w ** (half - 1) * double_factorial(2 * half - 3)
    assert kernel_weight(row, column).at(1, values) == expected


@settings(deadline=None, max_examples=40)
@given(lags, lags, widths, variances)
def test_the_value_is_that_of_the_expression(row, column, width, values):
    weight = kernel_weight(row, column)
    assert weight.at(width, values) == substitute(weight.expression(), width, values)


@settings(deadline=None, max_examples=40)
@given(lags, lags, widths, variances)
def test_weights_are_symmetric_in_the_lags(row, column, width, values):
    assert kernel_weight(row, column).at(width, values) == kernel_weight(column, row).at(width, values)


@settings(deadline=None, max_examples=20)
@given(lags, lags)
def test_lags_with_an_odd_sum_do_not_mix(row, column):
    weight = kernel_weight(row, column + 1 if (row + column) % 2 == 0 else column)
    assert (weight.at(3, GENERIC), weight.expression()) == (0, 0)


@settings(deadline=None, max_examples=40)
@given(lags, lags)
def test_coefficients_are_counts(row, column):
    parts = kernel_weight(row, column).parts
    assert all(isinstance(c, int) and c >= 0 for series in parts.values() for c in series)


@settings(deadline=None, max_examples=40)
@given(lags, lags)
def test_training_readin_and_readout_contribute_alike(row, column):
    parts = kernel_weight(row, column).parts
    assert parts["C"] == parts["F"]


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([1, 2, 3, 10]), variances)
def test_the_expected_kernel_is_positive_definite_at_every_width(width, values):
    rows = [[kernel_weight(j, k).at(width, values) for k in range(5)] for j in range(5)]
    matrix = sp.Matrix(5, 5, lambda j, k: sp.Rational(rows[j][k].numerator, rows[j][k].denominator))
    assert all(matrix[:size, :size].det() > 0 for size in range(1, 6))


@pytest.mark.parametrize("gap", [2, 4, 6])
@pytest.mark.parametrize("lag", range(4))
def test_different_lags_decouple_in_the_limit(lag, gap):
    assert kernel_weight(lag, lag + gap).limit() == 0


@settings(deadline=None, max_examples=25)
@given(lags, lags)
def test_the_expression_is_the_sum_of_its_coefficients(row, column):
    weight = kernel_weight(row, column)
    series = sum(weight.coefficient(power) * n**-power for power in range(20))
    assert sp.expand(weight.expression() - series) == 0


@pytest.mark.parametrize("lag", [0, 1])
def test_the_first_two_lags_have_no_correction(lag):
    assert kernel_weight(lag, lag).leading_correction() == (0, 0)


@pytest.mark.parametrize("lag", range(2, 10))
def test_the_correction_of_one_lag_is_of_second_order(lag):
    power, coefficient = kernel_weight(lag, lag).leading_correction()
    assert power == 2
    assert sp.expand(coefficient - kernel_weight(lag, lag).coefficient(2)) == 0


def test_the_correction_between_two_lags_is_of_first_order():
    power, coefficient = kernel_weight(1, 3).leading_correction()
    assert power == 1
    assert sp.expand(coefficient - 2 * nu_W * (both * nu_W + product_CF)) == 0


@pytest.mark.parametrize(("lag", "expected"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_a_vanishing_recurrent_variance_leaves_two_lags(lag, expected):
    assert kernel_weight(lag, lag).at(5, (Fraction(0), Fraction(1), Fraction(1))) == expected


@pytest.mark.parametrize("column", [2, 4])
def test_a_vanishing_recurrent_variance_mixes_no_lags(column):
    assert kernel_weight(0, column).at(5, (Fraction(0), Fraction(1), Fraction(1))) == 0


@settings(deadline=None, max_examples=20)
@given(lags, lags, widths, positive)
def test_without_variance_in_readin_and_readout_the_kernel_vanishes(row, column, width, w):
    assert kernel_weight(row, column).at(width, (w, Fraction(0), Fraction(0))) == 0


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1), (-2, -2)])
def test_negative_lags_are_refused_with_their_values(pair):
    with pytest.raises(ValueError, match=rf"lags \({pair[0]}, {pair[1]}\): must not be negative"):
        kernel_weight(*pair)


@pytest.mark.parametrize("lag", range(5))
def test_each_letter_is_struck_out_once(lag):
    """Prefix, letter and suffix together are always ``C W^lag F``."""
    struck = list(occurrences(lag))
    assert Counter(o.parameter for o in struck) == Counter({"C": 1, "F": 1, "W": lag})
    assert {(o.prefix, o.suffix) for o in struck if o.parameter == "W"} == {(i, lag - 1 - i) for i in range(lag)}
    assert {(o.prefix, o.suffix) for o in struck if o.parameter != "W"} == {(None, lag), (lag, None)}


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        (0, (1,)),
        (1, (1,)),
        (2, (1, 0, 2)),
        (3, (1, 0, 10, 4)),
        (4, (1, 0, 28, 28, 48)),
        (5, (1, 0, 62, 110, 468, 304)),
    ],
)
def test_the_known_moments_of_the_response(lag, expected):
    assert response_moment(lag, lag) == expected


@pytest.mark.parametrize("lag", range(10))
def test_at_width_one_the_response_has_the_moments_of_a_power(lag):
    assert sum(response_moment(lag, lag)) == double_factorial(2 * lag - 1)


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize("column", range(5))
def test_response_covariances_agree_with_the_entries_of_a_small_network(row, column):
    scale = Fraction(2) ** ((row + column + 2) // 2)
    expected = mean_of_product(response(row, 2), response(column, 2), GENERIC) / scale
    assert response_covariance(row, column, 2, GENERIC) == expected


@settings(deadline=None, max_examples=30)
@given(lags, lags)
def test_the_response_moment_is_the_readout_part_of_the_kernel(row, column):
    """Training C alone sees ``W^j F``, whose covariance is that of the response."""
    assert response_moment(row, column) == kernel_weight(row, column).parts["C"]


@settings(deadline=None, max_examples=20)
@given(lags, lags, widths, variances)
def test_response_covariances_obey_cauchy_and_schwarz(row, column, width, values):
    product = response_covariance(row, row, width, values) * response_covariance(column, column, width, values)
    assert response_covariance(row, column, width, values) ** 2 <= product
