"""The appendix: exact values at every width, generated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sympy as sp

from theory.finite_width import kernel_weight, response_moment
from theory.rendering.document import Block, Document, Formula, Heading, Math, Paragraph, Text
from theory.rendering.layout import lay_out
from theory.rendering.numbering import label
from theory.rendering.printer import latex
from theory.symbols import n

LARGEST_LAG: Final = 6


def exact_values(largest: int = LARGEST_LAG) -> Document:
    """The moments ``m_j(n)`` and the weights ``P_n(j, k)`` that are not zero, for lags up to the largest.

    Parameters
    ----------
    largest : int
    """
    return Document("Exact values at every width", (*_moments(largest), *_weights(largest)))


def _moments(largest: int) -> Iterator[Block]:
    yield Heading(1, (Text("Moments of the impulse response"),), label("exact", "moments"))
    yield Paragraph(
        (
            Text("The expected squared norm of the impulse response at lag "),
            Math("j"),
            Text(" is "),
            Math(r"n_x n_y \nu_C \nu_F \nu_W^{j} m_j(n)"),
            Text(", with"),
        )
    )
    for lag in range(largest + 1):
        series = response_moment(lag, lag)
        moment = " + ".join(_term(value, power) for power, value in enumerate(series) if value) or "0"
        yield Formula(lay_out(f"m_{{{lag}}}(n)", "=", moment), f"m.{lag}", label("exact", f"m-{lag}"))


def _weights(largest: int) -> Iterator[Block]:
    yield Heading(1, (Text("Weights of the expected tangent kernel"),), label("exact", "weights"))
    yield Paragraph(
        (
            Text("The weight "),
            Math("P_n(j,k)"),
            Text(" of "),
            Math(r"x_{t-j} \cdot x'_{s-k}"),
            Text(" in the expected tangent kernel at width "),
            Math("n"),
            Text(" is symmetric in "),
            Math("j"),
            Text(" and "),
            Math("k"),
            Text("; up to these lags what is not listed is zero."),
        )
    )
    for row in range(largest + 1):
        for column in range(row, largest + 1):
            weight = kernel_weight(row, column).expression()
            if weight != 0:
                shown = lay_out(f"P_n({row},{column})", "=", _by_width(weight))
                yield Formula(shown, f"P.{row}.{column}", label("exact", f"P-{row}-{column}"))


def _by_width(weight: sp.Expr) -> str:
    """A weight by powers of 1/n, each coefficient factored."""
    inverse = sp.Symbol("inverse", positive=True)
    coefficients = sp.Poly(sp.expand(weight).subs(n, 1 / inverse), inverse).all_coeffs()[::-1]
    parts = []
    for power, value in enumerate(coefficients):
        if value == 0:
            continue
        number, rest = sp.factor(value).as_coeff_Mul()
        written = rf"\left({latex(rest)}\right)" if rest.is_Add and (power or number != 1) else latex(rest)
        front = "" if power == 0 and number == 1 else _term(number, power)
        parts.append(f"{front} {written}".strip())
    return " + ".join(parts)


def _term(value: sp.Integer | int, power: int) -> str:
    return str(value) if power == 0 else rf"\frac{{{value}}}{{{_power(power)}}}"


def _power(power: int) -> str:
    return "n" if power == 1 else f"n^{{{power}}}"
