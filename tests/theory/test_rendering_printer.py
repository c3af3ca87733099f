import pytest
import sympy as sp

from theory.justification import Bound, Definition, NonvanishingFactors, Rewriting
from theory.operators import Covariance, Expectation, Slope, Trace, sequence
from theory.rendering.printer import latex, step_latex, sum_latex
from theory.rendering.words import plain, spans
from theory.step import Step
from theory.symbols import F, T, W, dW, epsilon_W, i, j, n, nu_C, nu_W, path, size, t

state = sequence("rendering_h", "h_{{{0}}}", commutative=False)
value = sequence("rendering_v", "v_{{{0}}}")
raised = sequence("rendering_r", "r^{{({0})}}")
norm = sequence("rendering_norm", r"\lVert e^{{{0}}}\rVert")
root = n ** sp.Rational(-1, 2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (state(t + 1), "h_{t+1}"),
        (state(t - 1), "h_{t-1}"),
        (value(t - j), "v_{t-j}"),
        (value(t) ** 2, "v_{t}^{2}"),
        (raised(t) ** 2, r"(r^{(t)})^{2}"),
    ],
)
def test_a_sequence_is_written_by_its_template(expression, expected):
    assert latex(expression) == expected


def test_scalars_stand_before_a_word_whose_letters_keep_their_order():
    assert latex(root * W * state(t - 1)) == r"\frac{1}{\sqrt{n}} W h_{t-1}"


def test_a_negative_word_starts_with_its_sign():
    assert latex(-2 * W * F) == "- 2 W F"


def test_exponents_are_written_on_one_line():
    assert latex(n ** (-(j + 1) / 2) * W**j) == "n^{-(j+1)/2} W^{j}"


def test_equal_bases_are_joined():
    assert latex(t * nu_W**t / nu_W) == r"t \nu_{W}^{t - 1}"


def test_indices_come_first_and_deltas_last():
    assert latex(value(j) * nu_W * j * sp.KroneckerDelta(i, t)) == r"j \nu_{W} v_{j} \delta_{i t}"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Covariance(state(t), state(t)), r"\operatorname{Cov}(h_{t}, h_{t})"),
        (Expectation(value(t)), r"\operatorname{E}[v_{t}]"),
        (Trace(W * F), r"\operatorname{tr}(W F)"),
        (
            Slope(W + size * dW, size),
            r"\left.\frac{d}{d\varepsilon}\right|_{\varepsilon=0}(W + \varepsilon \tilde{W})",
        ),
        (sp.Sum(value(j) + 1, (j, 0, t)), r"\sum_{j=0}^{t} (v_{j} + 1)"),
        (sp.Sum(value(j), (i, 0, j), (j, 0, t)), r"\sum_{j=0}^{t} \sum_{i=0}^{j} v_{j}"),
        (sp.Sum(value(j), (j, 0, t)) / n, r"\frac{1}{n} \sum_{j=0}^{t} v_{j}"),
        (sp.Product(value(j), (j, 0, T - 1)), r"\prod_{j=0}^{T-1} v_{j}"),
        (sp.Matrix([[1, 0], [0, nu_W]]), r"\begin{bmatrix}1 & 0\\0 & \nu_{W}\end{bmatrix}"),
        (epsilon_W, r"\varepsilon_{W}"),
        (sp.Symbol("i''", integer=True), "i''"),
    ],
)
def test_every_operator_has_its_notation(expression, expected):
    assert latex(expression) == expected


def test_delimiters_grow_around_fractions_only():
    assert latex((nu_W + 1) ** 2) == r"(\nu_{W} + 1)^{2}"
    assert latex((nu_W / nu_C + 1) ** 2) == r"\left(1 + \frac{\nu_{W}}{\nu_{C}}\right)^{2}"


def test_the_terms_of_a_gap_are_kept_apart():
    assert sum_latex((nu_W - nu_C, nu_C)) == r"(\nu_{W} - \nu_{C}) + \nu_{C}"
    assert sum_latex((nu_W - nu_C,)) == r"\nu_{W} - \nu_{C}"


def test_the_power_of_a_norm_needs_no_parentheses():
    assert latex(norm(t) ** 2) == r"\lVert e^{t}\rVert^{2}"


def test_a_sum_does_not_start_with_a_minus_when_it_need_not():
    assert latex(t - j) == "t - j"


@pytest.mark.parametrize(
    ("by", "sign"),
    [
        (Rewriting(), "="),
        (Definition(), ":="),
        (Bound((nu_C - nu_W,)), r"\le"),
        (NonvanishingFactors(), r"\ne"),
    ],
)
def test_a_step_shows_its_relation(by, sign):
    assert step_latex(Step("s", nu_W, nu_C, "", by)) == rf"\nu_{{W}} {sign} \nu_{{C}}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (r"as $n \to \infty$, $\rho_{j} \le \nu_W^{2}$", "as n → ∞, ρ_j ≤ ν_W²"),
        (r"$\frac{1}{\sqrt{n}} \tilde{W} q_{t-1}$", "1/√n W̃ q_(t-1)"),
        (r"$\operatorname{Cov}\left(a, b\right) = \sum_{j=0}^{t} x_j$", "Cov(a, b) = Σ_(j=0)ᵗ x_j"),
        ("costs 5$ or so", "costs 5$ or so"),
    ],
)
def test_words_become_plain_text(words, expected):
    assert plain(words) == expected


def test_words_are_text_and_mathematics_in_turn():
    assert [getattr(span, "latex", None) or span.text for span in spans("if $a$ then $b$.")] == [
        "if ",
        "a",
        " then ",
        "b",
        ".",
    ]


def test_a_derivative_is_told_from_a_product():
    f = sequence("printed_along", "f_{{{0}}}")
    derivative = sp.Derivative(f(path), path)
    assert latex(derivative) == r"\frac{d f_{\lambda}}{d \lambda}"
    assert latex(derivative * f(0)).endswith(("f_{0}", latex(derivative)))


@pytest.mark.parametrize(
    ("number", "shown"),
    [(sp.sqrt(2), r"\approx {1.41421}"), (sp.acos(sp.Rational(1, 3)) / sp.pi, r"\approx {0.391827}")],
)
def test_an_irrational_number_is_shown_as_a_decimal_too(number, shown):
    assert step_latex(Step("line", sp.Symbol("y"), number, "why", Rewriting())).endswith(shown)


@pytest.mark.parametrize(
    "value", [sp.Rational(2, 3), sp.Symbol("x") * sp.sqrt(2), sp.sqrt(sp.Rational(1, 10**12)) * sp.pi]
)
def test_other_values_are_not_rounded(value):
    assert "approx" not in step_latex(Step("line", sp.Symbol("y"), value, "why", Rewriting()))
