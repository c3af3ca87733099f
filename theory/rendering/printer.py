"""Expressions of derivations as LaTeX that needs nothing but amsmath.

SymPy's printer is taught the notation of ``theory.operators``: sequences by their templates, slopes,
covariances, expectations and traces. Words in non-commuting symbols stay in order, with the scalars
in front; exponents are written on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from theory.justification import Definition, Relation
from theory.operators import TEMPLATES
from theory.symbols import INDICES, size

if TYPE_CHECKING:
    from theory.derivation import Derivation
    from theory.step import Step

RELATIONS: Final[dict[Relation, str]] = {
    Relation.EQUAL: "=",
    Relation.AT_MOST: r"\le",
    Relation.NOT_EQUAL: r"\ne",
}

DIGITS: Final = 6
"""Of the decimal that is shown beside an irrational number."""

_TALL: Final = re.compile(r"\\(frac|sum|prod|begin|sqrt)(?![a-z])")
_WORDS: Final = re.compile(r"_\{(max|min)\}")
_ENCLOSED: Final = re.compile(r"\{[^{}]*\}|\([^()]*\)|\\\|.*?\\\||\\lVert.*?\\rVert|\\langle.*?\\rangle")
_SETTINGS: Final[dict[str, Any]] = {
    "mat_str": "bmatrix",
    "mat_delim": "",
    "fold_short_frac": False,
    "inv_trig_style": "full",
}


class Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's LaTeX printer with the operators and sequences of derivations."""

    def _print_Symbol(self, expr: sp.Symbol, style: str = "plain") -> str:
        primes = len(expr.name) - len(expr.name.rstrip("'"))
        bare = expr.name.removesuffix("'" * primes)
        printed = str(super()._print_Symbol(sp.Symbol(bare), style))
        printed = _WORDS.sub(r"_{\\mathrm{\1}}", printed)
        return re.sub(r"^\\epsilon(?![a-zA-Z])", r"\\varepsilon", printed) + "'" * primes

    def _print_Function(self, expr: sp.Expr, exp: str | None = None) -> str:
        template = TEMPLATES.get(str(expr.func))
        if template is None:
            printed = str(super()._print_Function(expr, exp))
            name, opening, rest = printed.partition(r"{\left(")  # without the braces a long argument can be broken
            return rf"{name}\left({rest[:-1]}" if opening and rest.endswith(r"\right)}") else printed
        printed = template.format(*(self._compact(argument) for argument in expr.args))
        if exp is None:
            return printed
        return rf"\left({printed}\right)^{{{exp}}}" if _raised_already(printed) else f"{printed}^{{{exp}}}"

    def _print_Slope(self, expr: sp.Expr, exp: str | None = None) -> str:
        body, variable = expr.args
        name = self._print(variable)
        slope = rf"\left.\frac{{d}}{{d{name}}}\right|_{{{name}=0}}\left({self._print(body)}\right)"
        return self._raised(slope, exp)

    def _print_Derivative(self, expr: sp.Derivative) -> str:
        variable = self._print(expr.variables[0])
        if len(expr.variables) > 1:
            return str(super()._print_Derivative(expr))
        if isinstance(expr.expr, AppliedUndef):
            return rf"\frac{{d {self._print(expr.expr)}}}{{d {variable}}}"
        return rf"\frac{{d}}{{d {variable}}} \left({self._print(expr.expr)}\right)"

    def _print_Covariance(self, expr: sp.Expr, exp: str | None = None) -> str:
        arguments = ", ".join(self._print(argument) for argument in expr.args)
        return self._raised(rf"\operatorname{{Cov}}\left({arguments}\right)", exp)

    def _print_Given(self, expr: sp.Expr, exp: str | None = None) -> str:
        inside = ", ".join(self._print(argument) for argument in expr.args[1].args)
        return self._raised(rf"\operatorname{{Cov}}\left({inside} \mid {self._print(expr.args[0])}\right)", exp)

    def _print_WideLimit(self, expr: sp.Expr) -> str:
        return rf"\lim_{{n \to \infty}} {self._print(expr.args[0])}"

    def _print_Expectation(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._raised(rf"\operatorname{{E}}\left[{self._print(expr.args[0])}\right]", exp)

    def _print_Trace(self, expr: sp.Expr, exp: str | None = None) -> str:
        return self._raised(rf"\operatorname{{tr}}\left({self._print(expr.args[0])}\right)", exp)

    def _print_KroneckerDelta(self, expr: sp.Expr, exp: str | None = None) -> str:
        indices = [self._compact(argument) for argument in expr.args]
        joined = " ".join(indices) if all(len(argument.args) == 0 for argument in expr.args) else ",".join(indices)
        return rf"\delta_{{{joined}}}" + (f"^{{{exp}}}" if exp else "")

    def _print_Sum(self, expr: sp.Sum) -> str:
        return self._over(r"\sum", expr)

    def _print_Product(self, expr: sp.Product) -> str:
        return self._over(r"\prod", expr)

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.as_base_exp()
        written = sp.fraction(sp.together(exponent))[1] != 1 and exponent not in (sp.S.Half, -sp.S.Half)
        if written and not base.is_number:
            if exponent.is_Rational and exponent < 0:
                return rf"\frac{{1}}{{{self._power(base, -exponent)}}}"
            return self._power(base, exponent)
        if not expr.is_commutative:
            return self._power(base, exponent)
        return str(super()._print_Pow(expr))

    def _print_Add(self, expr: sp.Add, order: str | None = None) -> str:
        terms = sorted(self._as_ordered_terms(expr, order=order), key=lambda term: size in term.free_symbols)
        first = next((place for place, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        terms.insert(0, terms.pop(first))
        printed = [str(self._print(term)) for term in terms]
        signed = [text if text.startswith("-") or not place else f"+ {text}" for place, text in enumerate(printed)]
        return " ".join(re.sub(r"^-\s*", "- ", text) for text in signed)

    def _print_Mul(self, expr: sp.Mul) -> str:
        numbers, letters = expr.args_cnc()
        if not letters:
            sums = [factor for factor in expr.args if isinstance(factor, sp.Sum | sp.Product)]
            if not sums:
                return self._product(expr)
            letters, numbers = sums, [factor for factor in numbers if factor not in sums]
        if numbers and numbers[0].is_number and numbers[0].is_extended_negative:
            return f"- {self._word([-numbers[0], *numbers[1:]], letters)}"
        return self._word(numbers, letters)

    def _product(self, expr: sp.Mul) -> str:
        """Scalars: numbers, indices, symbols, sequences, sums in parentheses, deltas; over what is divided by."""
        number, rest = sp.powsimp(expr, combine="exp").as_coeff_Mul()
        above = [] if abs(number.p) == 1 else [sp.Integer(abs(number.p))]
        below = [] if number.q == 1 else [sp.Integer(number.q)]
        for factor in sorted(rest.as_ordered_factors(), key=_rank):
            base, exponent = factor.as_base_exp()
            divides = exponent.is_Rational and exponent < 0 and not base.is_Rational
            if divides:
                below.append(base**-exponent)
            elif factor != 1:
                above.append(factor)
        sign = "- " if number < 0 else ""
        if not below:
            return sign + self._factors(above, alone=len(above) == 1 and not sign)
        return rf"{sign}\frac{{{self._factors(above or [sp.S.One])}}}{{{self._factors(below)}}}"

    def _factors(self, factors: list[sp.Expr], *, alone: bool = True) -> str:
        """Factors beside each other, sums in parentheses unless they stand alone."""
        if len(factors) == 1 and alone:
            return str(self._print(factors[0]))
        printed = [rf"\left({self._print(f)}\right)" if f.is_Add else str(self._print(f)) for f in factors]
        joined = printed[0]
        for before, text in pairwise(printed):
            joined += (r" \cdot " if before[-1:].isdigit() and text[:1].isdigit() else " ") + text
        return joined

    def _word(self, numbers: list[sp.Expr], letters: list[sp.Expr]) -> str:
        """Scalars in front of letters in order."""
        scalar = sp.Mul(*numbers, evaluate=True)
        if isinstance(scalar, sp.Sum | sp.Product):
            front = rf"\left({self._print(scalar)}\right) "
        else:
            front = "" if scalar == 1 else self._factors([scalar], alone=False) + " "
        last = len(letters) - 1
        return front + " ".join(
            rf"\left({self._print(letter)}\right)"
            if letter.is_Add or (isinstance(letter, sp.Sum | sp.Product) and place < last)
            else str(self._print(letter))
            for place, letter in enumerate(letters)
        )

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        written = self._compact(exponent)
        if getattr(base, "is_Function", False):
            return str(self._print(base, exp=written))
        if isinstance(base, sp.Symbol) and "^" not in self._print(base):
            return f"{self._print(base)}^{{{written}}}"
        return rf"\left({self._print(base)}\right)^{{{written}}}"

    def _compact(self, expr: sp.Expr) -> str:
        """An index or an exponent, with fractions on one line."""
        numerator, denominator = sp.fraction(sp.together(expr))
        if denominator == 1 or not denominator.is_Integer:
            return str(self._print(expr)).replace(" - ", "-").replace(" + ", "+").replace("- ", "-")
        sign = ""
        if numerator.could_extract_minus_sign():
            sign, numerator = "-", sp.expand(-numerator)
        printed = self._compact(numerator)
        return sign + (f"({printed})" if numerator.is_Add else printed) + f"/{denominator}"

    def _over(self, operator: str, expr: sp.Expr) -> str:
        """A sum or a product, the outer index first."""
        signs = [
            rf"{operator}_{{{self._print(index)}={self._compact(low)}}}^{{{self._compact(high)}}}"
            for index, low, high in reversed(expr.limits)
        ]
        body = self._print(expr.function)
        if expr.function.is_Add or body.startswith("-") or (operator == r"\prod" and expr.function.is_Mul):
            body = rf"\left({body}\right)"
        return " ".join((*signs, body))

    @staticmethod
    def _raised(printed: str, exp: str | None) -> str:
        return printed if exp is None else f"{printed}^{{{exp}}}"


def _raised_already(printed: str) -> bool:
    """Whether a symbol has a superscript of its own, outside of delimiters and subscripts."""
    while True:
        shorter = _ENCLOSED.sub("", printed)
        if shorter == printed:
            return "^" in printed
        printed = shorter


def _rank(factor: sp.Expr) -> int:
    """Where a scalar stands in a product."""
    base = factor.as_base_exp()[0]
    if factor in INDICES:
        return 0
    if isinstance(base, AppliedUndef):
        return 2 if len(base.args) == 1 else 3
    if isinstance(base, sp.KroneckerDelta):
        return 6
    if base.is_Add:
        return 5
    return 4 if base.is_Function else 1


def latex(expr: sp.Basic) -> str:
    r"""An expression as LaTeX.

    Examples
    --------
    >>> from theory.symbols import n, nu_W, j
    >>> latex(nu_W**j / n)
    '\\frac{\\nu_{W}^{j}}{n}'
    """
    return _settled(str(Printer(_SETTINGS).doprint(expr)))


def _settled(printed: str) -> str:
    """Let delimiters grow only around what stands out of the line."""
    opened: list[re.Match[str]] = []
    dropped: list[tuple[int, int]] = []
    for found in re.finditer(r"\\(left|right)(?![a-z])\s*(\\?.)", printed):
        if found[1] == "left":
            opened.append(found)
            continue
        start = opened.pop()
        inside = printed[start.end() : found.start()]
        if start[2] in "([" and found[2] in ")]" and not _TALL.search(inside):
            dropped += [(side.start(), side.start(2)) for side in (start, found)]
    for start_at, end_at in sorted(dropped, reverse=True):
        printed = printed[:start_at] + printed[end_at:]
    return printed


def sum_latex(terms: Iterable[sp.Expr]) -> str:
    """A sum whose terms are kept apart, such as a gap of which every term has a sign."""
    terms = tuple(terms)
    if len(terms) == 1:
        return latex(terms[0])
    printed = [latex(term) for term in terms]
    return _settled(
        " + ".join(
            rf"\left({text}\right)" if term.is_Add or text.startswith("-") else text
            for term, text in zip(terms, printed, strict=True)
        )
    )


def step_sides(step: Step) -> tuple[str, str, str]:
    """Left side, relation and right side of a step."""
    relation = ":=" if isinstance(step.by, Definition) and step.relation is Relation.EQUAL else RELATIONS[step.relation]
    return latex(step.lhs), relation, latex(step.rhs) + _rounded(step.rhs)


def _rounded(expression: sp.Basic) -> str:
    """About how much an irrational number is, for readers."""
    if not (isinstance(expression, sp.Expr) and expression.is_number and expression.is_commutative):
        return ""
    if expression.is_Rational or not expression.atoms(sp.Pow, sp.Function, sp.NumberSymbol):
        return ""
    value = expression.evalf(DIGITS)
    shown = f"{float(value):.{DIGITS}g}" if value.is_Float else "e"
    return "" if "e" in shown else rf" \approx {{{shown}}}"


def step_latex(step: Step) -> str:
    """A step on one line."""
    return " ".join(step_sides(step))


def derivation_latex(derivation: Derivation) -> str:
    """All lines of a derivation, broken and aligned, for notebooks."""
    from theory.rendering.layout import aligned, lay_out

    rows = [row for step in derivation.steps for row in lay_out(*step_sides(step))]
    return rf"$\displaystyle {aligned(rows, always=True)}$"
