"""Theorem 4.1, (24): the size of the impulse response at initialization, exactly at every width.

Averaging over C and F leaves ``m_j(n) = n^{-(j+1)} E tr(G^j G^{jT})``, whose limit is 1 for every j: at
leading order a letter is paired such that it cuts the word in two, and that pairs each letter of G^j with
the one opposite to it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import sympy as sp

from theory import tangent_kernel
from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation
from theory.gaussian_moments import polynomial, trace_moment
from theory.gaussian_moments_reference import trace_moment_by_enumeration
from theory.justification import Definition, Evaluation, Induction, Instance, Instances, Rewriting
from theory.operators import Expectation, WideLimit, sequence
from theory.statements.model import root
from theory.statements.proposition_2_1 import unrolling
from theory.step import Hypothesis, Origin
from theory.sums import carried_out
from theory.symbols import a, b, c, i, j, k, l, n, n_x, n_y, nu_C, nu_F, nu_W, p

response = sequence("L_entry", r"L_{{{0},{1}{2}}}", commutative=True, random=True)
output_weight = sequence("C_entry", r"C_{{{0}{1}}}", commutative=True, random=True)
input_weight = sequence("F_entry", r"F_{{{0}{1}}}", commutative=True, random=True)
image = sequence("v_entry", r"(W^{{{0}}} F)_{{{1}{2}}}", commutative=True, random=True)
power_W = sequence("W_power", r"(W^{{{0}}})_{{{1}{2}}}", commutative=True, random=True)
power_G = sequence("G_power", r"(G^{{{0}}})_{{{1}{2}}}", commutative=True, random=True)
norm = sequence("norm_L", r"\operatorname{{E}}\|L_{{{0}}}\|_F^2", commutative=True)
square_sum = sequence("S_G", r"\operatorname{{E}}\operatorname{{tr}}(G^{{{0}}} G^{{{0}\top}})", commutative=True)
moment = sequence("m", r"m_{{{0}}}(n)", commutative=True)
leading = sequence("c", r"c_{{{0},{1}}}", commutative=True)

EXACT_LAGS: Final = range(7)
INSTANCES: Final = range(4)


@cache
def initial_norm() -> Derivation:
    """(24) with its exact value at every width, and the limit for every lag."""
    draft = Draft(
        "24",
        "The size of the impulse response at initialization",
        "The mean square of the impulse response is known exactly at every width, and so is its limit:",
        (relies_on(unrolling()), *_hypotheses()),
    )
    _average(draft)
    _exact_values(draft)
    _leading_coefficients(draft)
    found = draft.unfold(WideLimit(norm(j)), "exact", "moment: definition", "leading order", "diagonal")
    draft.add(
        "limit",
        WideLimit(norm(j)),
        found,
        "in the limit only the leading coefficient of the moment remains, for every lag",
        Rewriting(),
        uses=("exact", "moment: definition", "leading order", "diagonal"),
        equation="24",
        routes=((r"$n_x n_y$ times the variance of Theorem 3.3(a)", n_x * n_y * tangent_kernel.variance()),),
    )
    return draft.finish("exact", "limit", *(f"moment {lag}" for lag in EXACT_LAGS))


def _hypotheses() -> tuple[Hypothesis, ...]:
    """(9) by entries, what is random, and the loop equations at leading order."""
    outputs = output_weight(a, p) * output_weight(a, l) * image(j, p, c) * image(j, l, c)
    inputs = power_W(j, p, i) * power_W(j, p, l) * input_weight(i, c) * input_weight(l, c)
    return (
        Hypothesis(
            "norm",
            r"the squared Frobenius norm of $L_j$ is the sum of the squares of its $n_y \times n_x$ entries",
            (Equation(norm(j), sp.Sum(Expectation(response(j, a, c) ** 2), (c, 0, n_x - 1), (a, 0, n_y - 1))),),
        ),
        Hypothesis(
            "entries",
            "the impulse response (9), entry by entry",
            (
                Equation(
                    response(j, a, c), root ** (j + 1) * sp.Sum(output_weight(a, p) * image(j, p, c), (p, 0, n - 1))
                ),
            ),
        ),
        Hypothesis(
            "images",
            "the columns that the powers of $W$ map those of $F$ to, entry by entry",
            (Equation(image(j, p, c), sp.Sum(power_W(j, p, i) * input_weight(i, c), (i, 0, n - 1))),),
        ),
        Hypothesis(
            "random C",
            r"the entries of $C$ are uncorrelated, of variance $\nu_C$, and independent of $W$ and $F$",
            (
                Equation(
                    Expectation(outputs), nu_C * sp.KroneckerDelta(p, l) * Expectation(image(j, p, c) * image(j, l, c))
                ),
            ),
        ),
        Hypothesis(
            "random F",
            r"the entries of $F$ are uncorrelated, of variance $\nu_F$, and independent of $W$",
            (
                Equation(
                    Expectation(inputs),
                    nu_F * sp.KroneckerDelta(i, l) * Expectation(power_W(j, p, i) * power_W(j, p, l)),
                ),
            ),
        ),
        Hypothesis(
            "standard G",
            r"$W = \sqrt{\nu_W}\, G$ with independent standard Gaussian entries of $G$",
            (
                Equation(power_W(j, p, i), nu_W ** (j / 2) * power_G(j, p, i)),
                Equation(square_sum(j), sp.Sum(Expectation(power_G(j, p, i) ** 2), (i, 0, n - 1), (p, 0, n - 1))),
            ),
        ),
        Hypothesis(
            "leading order",
            r"as $n \to \infty$, $n^{-1 - (k + b)/2} \operatorname{E} \operatorname{tr}(G^k G^{b \top})$ tends to "
            r"the number "
            r"$c_{k,b}$ of planar pairings of a letter $G$ with a letter $G^{\top}$; such a pairing of the first "
            r"letter cuts "
            "the word in two, each of which is paired in itself",
            (
                Equation(WideLimit(square_sum(j) / n ** (j + 1)), leading(j, j)),
                Equation(leading(k + 1, b + 1), sp.Sum(leading(k, b - l) * leading(0, l), (l, 0, b))),
                Equation(leading(0, b), sp.KroneckerDelta(b, 0)),
            ),
            Origin.CITED,
            "the genus expansion of Gaussian matrices",
        ),
    )


def _average(draft: Draft) -> None:
    """Average over C, then over F."""
    for letter, square, source, index in (
        ("C", Expectation(response(j, a, c) ** 2), "entries", p),
        ("F", Expectation(image(j, p, c) ** 2), "images", i),
    ):
        uses: tuple[str, ...] = (source, f"random {letter}")
        draft.add(
            f"average over {letter}",
            square,
            sp.powsimp(carried_out(draft.unfold(square, *uses), (index,))),
            f"expand the square; only equal entries of ${letter}$ remain",
            Rewriting(),
            uses=uses,
        )
    moments = draft.add(
        "moment: definition",
        moment(j),
        square_sum(j) / n ** (j + 1),
        "the moment of a standard Gaussian matrix that will remain",
        Definition(),
    )
    uses = ("norm", "average over C", "average over F", "standard G")
    total = carried_out(draft.unfold(norm(j), *uses), (i, p))
    unit = carried_out(draft.unfold(moments.rhs, "standard G"), (i, p))
    factor = sp.powsimp(sp.simplify(total / unit))
    draft.add(
        "exact",
        norm(j),
        factor * moment(j),
        "at every width $n$",
        Rewriting(),
        uses=(*uses, "moment: definition", "standard G"),
        equation="24",
    )


def _exact_values(draft: Draft) -> None:
    """The moments of small lags, as polynomials in 1/n."""
    for lag in EXACT_LAGS:
        words = "G" * lag + "t" * lag
        value = sp.expand(polynomial(trace_moment(words)) / n ** (lag + 1))
        draft.add(
            f"moment {lag}",
            moment(lag),
            value,
            "by the loop equations" if lag == EXACT_LAGS[0] else "the next moment, likewise",
            Evaluation(
                Equation(square_sum(lag), polynomial(trace_moment_by_enumeration(words))),
                "every pairing of the letters, enumerated",
            ),
            uses=("moment: definition",),
        )


def _leading_coefficients(draft: Draft) -> None:
    """The leading coefficient of the moment is 1 for every lag."""
    start = leading(k + 1, b + 1)
    draft.add(
        "opposite",
        start,
        carried_out(draft.unfold(start, "leading order"), ()),
        r"what is cut off, a power of $G^\top$ alone, cannot be paired unless it is empty",
        Rewriting(),
        uses=("leading order",),
    )
    draft.add(
        "opposite instances",
        start,
        leading(k, b),
        "the same, against the exact polynomials",
        Instances(tuple(_coefficients(x, y) for x in INSTANCES for y in INSTANCES), r"$k, b \le 3$"),
    )
    draft.add(
        "diagonal",
        leading(j, j),
        sp.S.One,
        "so every letter is paired with the one opposite to it, in one way",
        Induction(j),
        uses=("opposite", "leading order"),
    )


def _coefficients(x: int, y: int) -> Instance:
    """The coefficients of the exact polynomials that one instance of the recursion is about."""

    def found(left: int, right: int) -> Equation:
        coefficients = trace_moment("G" * left + "t" * right)
        power = sp.Rational(2 + left + right, 2)
        value = coefficients[power] if power.is_Integer and power < len(coefficients) else 0
        return Equation(leading(left, right), sp.Integer(value))

    values = ((k, sp.Integer(x)), (b, sp.Integer(y)))
    return Instance(f"k = {x}, b = {y}", values, (found(x + 1, y + 1), found(x, y)))
