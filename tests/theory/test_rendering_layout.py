import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.rendering.layout import LINE, aligned, lay_out, lay_out_alone
from theory.rendering.metrics import read, width
from theory.rendering.printer import latex
from theory.symbols import n, nu_C, nu_F, nu_W

POLYNOMIAL = latex(sp.expand((nu_W + nu_F + nu_C + 1 / n) ** 5))


def row_width(row):
    return row.scale * (width(row.left) + row.indent + width(row.right))


def bare(text):
    return "".join(text.split())


def test_a_short_formula_is_one_line():
    assert aligned(lay_out("a", "=", "b + c")) == "a = b + c"


def test_a_long_polynomial_fits_line_by_line():
    rows = lay_out("y_{1}", "=", POLYNOMIAL)
    assert len(rows) > 5
    assert max(map(row_width, rows)) <= LINE * 1.02


def test_breaking_loses_and_changes_nothing():
    rows = lay_out("y_{1}", "=", POLYNOMIAL)
    assert bare("".join(row.left + row.right for row in rows)) == bare(f"y_{{1}} = {POLYNOMIAL}")


def test_a_long_sum_is_broken_before_its_signs():
    assert all(row.right.startswith(("+", "-")) for row in lay_out("y_{1}", "=", POLYNOMIAL)[1:])


def test_a_long_left_side_stands_on_lines_of_its_own():
    rows = lay_out(POLYNOMIAL, "=", "y")
    assert rows[-1].right == "= y"
    assert all(not row.left for row in rows)


def test_delimiters_of_a_broken_group_have_a_fixed_size():
    rows = lay_out("y", "=", rf"z \left({POLYNOMIAL}\right)^{{2}}")
    text = " ".join(row.right for row in rows)
    assert r"\left(" not in text
    assert text.count(r"\Bigl(") == text.count(r"\Bigr)") == 1
    assert rows[-1].right.endswith(r"\Bigr)^{2}")


@pytest.mark.parametrize(
    ("formula", "beginning"),
    [
        (rf"\frac{{{POLYNOMIAL}}}{{n}}", r"\frac{1}{n} \Bigl("),
        (rf"\frac{{1}}{{{POLYNOMIAL}}}", r"\left(1\right)"),
        (rf"\sqrt{{{POLYNOMIAL}}}", r"\Bigl("),
    ],
)
def test_a_fraction_or_root_that_is_too_wide_becomes_a_product(formula, beginning):
    rows = lay_out_alone(formula)
    assert rows[0].right.startswith(beginning)
    assert max(map(row_width, rows)) <= LINE * 1.02


def test_a_line_that_cannot_be_broken_is_made_smaller():
    matrix = latex(sp.Matrix(1, 6, [(nu_W + nu_F + nu_C) ** 2] * 6))
    rows = lay_out("M", "=", matrix)
    assert len(rows) == 1
    assert rows[0].scale < 1


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60))
def test_every_sum_of_numbers_fits(numbers):
    rows = lay_out("s", "=", " + ".join(map(str, numbers)))
    assert max(map(row_width, rows)) <= LINE * 1.02


@pytest.mark.parametrize(
    ("formula", "least", "most"),
    [
        ("a", 0.4, 0.6),
        ("a + b", 1.9, 2.4),
        (r"\frac{a + b}{c}", 2.0, 2.8),
        (r"\sum_{j=0}^{t} a_{j}", 2.0, 3.2),
        (r"\operatorname{Cov}\left(a, b\right)", 3.0, 4.6),
    ],
)
def test_widths_are_those_of_computer_modern(formula, least, most):
    assert least <= width(formula) <= most


@pytest.mark.parametrize("formula", ["(", r"\left(a", "a]", r"\frac{a", "}", "^", r"\begin{bmatrix}a", r"f(x)_{a,(b"])
def test_malformed_latex_is_read_all_the_same(formula):
    assert isinstance(read(formula), tuple)


def test_a_function_is_not_torn_from_its_argument():
    x = sp.Symbol("x")
    rows = lay_out("y", "=", latex(sp.acos(sp.expand((x + nu_W) ** 9) / 7)))
    assert len(rows) > 1
    assert all(not row.right.rstrip().endswith(r"\arccos") for row in rows)
    assert r"\cdot" not in rows[1].right.split()[:1]
