"""Formulas typed by a user, turned into SymPy without executing anything.

The text is parsed by Python's own grammar into a syntax tree, and only numbers, known names,
``+ - * / **``, parentheses and a few functions are walked; everything else is refused with its
column. Decimals are exact: ``0.1`` is 1/10. Sizes are bounded before anything is computed, so that
``9**9**9`` is refused rather than evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb
from typing import Final

import sympy as sp

from proofs_check.errors import FormulaError

MAX_LENGTH: Final = 1000
MAX_DEGREE: Final = 256
MAX_TERMS: Final = 4000
MAX_DIGITS: Final = 60


def _exponential(argument: sp.Expr) -> sp.Expr:
    """exp, with sums and logarithms in the exponent resolved: exp(j log x) is x**j."""
    result = sp.S.One
    for term in sp.Add.make_args(sp.expand(argument)):
        logarithm = next((factor for factor in sp.Mul.make_args(term) if isinstance(factor, sp.log)), None)
        if logarithm is None:
            result *= sp.exp(term)
        else:
            result *= logarithm.args[0] ** (term / logarithm)
    return result


FUNCTIONS: Final[Mapping[str, Callable[[sp.Expr], sp.Expr]]] = {"sqrt": sp.sqrt, "exp": _exponential, "log": sp.log}


CHOICES: Final[Mapping[str, Callable[..., sp.Expr]]] = {"min": sp.Min, "max": sp.Max}
"""Functions of several arguments; for formulas that are evaluated only, since no engine proves identities of them."""


@dataclass(frozen=True)
class _Part:
    """A parsed part and bounds on its size: degree, number of terms when expanded."""

    value: sp.Expr
    degree: int
    terms: int
    depth: int = 0
    """How deeply functions are nested."""


def parse_formula(text: str, symbols: Mapping[str, sp.Symbol], *, choices: bool = False) -> sp.Expr:
    """Parse a formula in the given symbols.

    Parameters
    ----------
    text : str
        Such as ``"nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j)"``.
    symbols : mapping of str to sympy.Symbol
        The names that are allowed.
    choices : bool
        Whether ``min`` and ``max`` are allowed.

    Raises
    ------
    FormulaError
        For anything else than arithmetic in these symbols, or a formula that is too large.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> parse_formula("0.1*x**2 + 1", {"x": x})
    x**2/10 + 1
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters: at most {MAX_LENGTH} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None)
        where = f" at column {column}" if column else ""
        raise FormulaError(f"cannot read the formula {_shortened(text)!r}{where}: not arithmetic") from None
    try:
        return _Walker(text.strip(), symbols, choices=choices).part(tree.body).value
    except RecursionError:
        raise FormulaError("the formula is nested too deeply") from None


class _Walker:
    def __init__(self, text: str, symbols: Mapping[str, sp.Symbol], *, choices: bool) -> None:
        self._text = text
        self._symbols = symbols
        self._choices = CHOICES if choices else {}

    def _refuse(self, node: ast.expr, what: str) -> FormulaError:
        return FormulaError(f"{what}, at column {node.col_offset + 1} of {_shortened(self._text)!r}")

    def part(self, node: ast.expr) -> _Part:
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self.part(node.operand)
                sign = -1 if isinstance(node.op, ast.USub) else 1
                return _Part(sign * inner.value, inner.degree, inner.terms, inner.depth)
            case ast.BinOp(op=ast.Pow()):
                return self._power(node)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(op=ast.BitXor()):
                raise self._refuse(node, "'^' is not a power here (write **)")
        kind = type(node).__name__
        functions = ", ".join([*FUNCTIONS, *self._choices])
        raise self._refuse(node, f"{kind} is not allowed (only numbers, names, + - * / ** and {functions})")

    def _number(self, node: ast.Constant) -> _Part:
        literal = ast.get_source_segment(self._text, node) or ""
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._refuse(node, f"{literal!r} is not a number")
        mantissa, _, exponent = literal.lower().replace("_", "").partition("e")
        is_hexadecimal = isinstance(node.value, int) and not mantissa.isdigit()
        if is_hexadecimal or len(mantissa) > MAX_DIGITS or len(exponent.lstrip("+-")) > 2:
            raise self._refuse(node, f"the number {literal!r} is not a plain decimal of reasonable size")
        return _Part(sp.Rational(literal.replace("_", "")), 0, 1)

    def _name(self, node: ast.Name) -> _Part:
        if node.id not in self._symbols:
            raise self._refuse(node, f"unknown name {node.id!r} (allowed: {', '.join(self._symbols)})")
        return _Part(self._symbols[node.id], 1, 1)

    def _arithmetic(self, node: ast.BinOp) -> _Part:
        left, right = self.part(node.left), self.part(node.right)
        depth = max(left.depth, right.depth)
        if isinstance(node.op, ast.Add | ast.Sub):
            value = left.value + right.value if isinstance(node.op, ast.Add) else left.value - right.value
            return self._bounded(node, _Part(value, max(left.degree, right.degree), left.terms + right.terms, depth))
        if isinstance(node.op, ast.Div):
            if right.value.is_zero:
                raise self._refuse(node, "division by zero")
            value = left.value / right.value
        else:
            value = left.value * right.value
        return self._bounded(node, _Part(value, left.degree + right.degree, left.terms * right.terms, depth))

    def _power(self, node: ast.BinOp) -> _Part:
        base, exponent = self.part(node.left), self.part(node.right)
        size = self._exponent_size(node, exponent)
        if base.value.is_Rational:
            bits = max(int(base.value.p).bit_length(), int(base.value.q).bit_length())
            if bits * size > 4000:
                raise self._refuse(node, "this power is too large")
            if base.value.is_zero and exponent.value.is_negative:
                raise self._refuse(node, "division by zero")
        whole = abs(int(exponent.value)) if exponent.value.is_Integer else 1
        terms = comb(base.terms + whole - 1, whole) if base.terms > 1 else 1
        part = _Part(base.value**exponent.value, max(base.degree, 1) * size, terms, base.depth)
        return self._bounded(node, part)

    def _exponent_size(self, node: ast.BinOp, exponent: _Part) -> int:
        """Bound on the exponent for lags of order one; refuses all that is not linear."""
        value = sp.expand(exponent.value)
        if exponent.depth or value.has(sp.Pow) or exponent.degree > 1:
            raise self._refuse(node, "the exponent must be linear in the symbols, without powers")
        coefficients = [abs(term.as_coeff_Mul()[0]) for term in sp.Add.make_args(value)]
        size = int(sp.ceiling(sum(coefficients)))
        if size > MAX_DEGREE:
            raise self._refuse(node, f"the exponent is larger than {MAX_DEGREE}")
        return size

    def _call(self, node: ast.Call) -> _Part:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is not None and name in self._choices and len(node.args) > 1 and not node.keywords:
            return self._choice(node, self._choices[name])
        if name is None or name not in FUNCTIONS or len(node.args) != 1 or node.keywords:
            several = "; min and max, of several" if self._choices else ""
            raise self._refuse(
                node,
                f"{name or 'this'}(…) is not allowed (functions: {', '.join(FUNCTIONS)}, of one argument{several})",
            )
        argument = self.part(node.args[0])
        if argument.depth >= 2:
            raise self._refuse(node, "functions are nested more than twice")
        if argument.value.is_zero and name == "log":
            raise self._refuse(node, "log(0) is undefined")
        if name == "exp":
            self._check_exponential(node, argument)
        return _Part(FUNCTIONS[name](argument.value), argument.degree, 1, argument.depth + 1)

    def _choice(self, node: ast.Call, function: Callable[..., sp.Expr]) -> _Part:
        parts = [self.part(argument) for argument in node.args]
        degree, depth = max(part.degree for part in parts), max(part.depth for part in parts)
        value = function(*(part.value for part in parts))
        return self._bounded(node, _Part(value, degree, sum(part.terms for part in parts), depth + 1))

    def _check_exponential(self, node: ast.expr, argument: _Part) -> None:
        """exp(c log x) is the power x**c: its exponent is bounded as that of any power."""
        coefficients = [
            abs(sp.Rational(term.as_coeff_Mul()[0]))
            for term in sp.Add.make_args(sp.expand(argument.value))
            if term.as_coeff_Mul()[0].is_Rational
        ]
        if argument.degree > 8 or any(c > MAX_DEGREE for c in coefficients):
            raise self._refuse(node, "this exponential is too large")

    def _bounded(self, node: ast.expr, part: _Part) -> _Part:
        if part.degree > MAX_DEGREE or part.terms > MAX_TERMS:
            raise self._refuse(node, "this part of the formula is too large")
        return part


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else text[:57] + "..."
