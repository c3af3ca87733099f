"""Formulas of row functions, as a user writes them, parsed without executing anything.

``tanh(q + x[t]*u)`` speaks of one row at a symbolic time t: a column name alone means its present
value, ``q[t-1]`` an earlier one, ``q[0]`` that of a fixed time, ``x[t]`` a number of a series. What
reaches before time 0 is 0. The text is parsed by Python's own grammar, and only what is named here is
walked; everything else is refused with its column.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Final, NamedTuple

from proofs_check.errors import FormulaError
from proofs_check.recursion.words import in_decimals, shortened, shown

MAX_LENGTH: Final = 2000
MAX_PARTS: Final = 400
MAX_DEPTH: Final = 40
MAX_DIGITS: Final = 30
MAX_EXPONENT: Final = 64
MAX_BITS: Final = 512

UNARY: Final = ("tanh", "sigmoid", "softplus", "erf", "relu", "step", "sign", "abs", "sin", "cos", "exp", "log", "sqrt")
SEVERAL: Final = {"max": "maximum", "min": "minimum"}
TIME: Final = "t"
_FUNCTIONS: Final = ", ".join((*UNARY, *SEVERAL))
_KINDS: Final[dict[type[ast.AST], str]] = {
    **dict.fromkeys((ast.BinOp, ast.UnaryOp, ast.BoolOp), "this operator"),
    ast.Compare: "this comparison",
    ast.IfExp: "if",
}
RESERVED: Final = (*UNARY, *SEVERAL, TIME, "n", "transpose")


class Moment(NamedTuple):
    """A time: ``offset`` after t where ``relative``, else from 0."""

    relative: bool
    offset: int

    def at(self, t: int) -> int:
        """The time that is meant at time t."""
        return t + self.offset if self.relative else self.offset


NOW: Final = Moment(relative=True, offset=0)


@dataclass(frozen=True)
class Number:
    """An exact number."""

    value: Fraction


@dataclass(frozen=True)
class Parameter:
    """A named number."""

    name: str


@dataclass(frozen=True)
class Time:
    """The time t, as a number."""


@dataclass(frozen=True)
class Term:
    """An entry of a series."""

    name: str
    moment: Moment


@dataclass(frozen=True)
class StateColumn:
    """A column of q at some time."""

    name: str
    moment: Moment


@dataclass(frozen=True)
class InputColumn:
    """A column of u."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function of ``numerics.expression.FUNCTIONS``."""

    function: str
    arguments: tuple[Part, ...]


Part = Number | Parameter | Time | Term | StateColumn | InputColumn | Call


@dataclass(frozen=True)
class Formula:
    """A formula as it was written, and as it was understood."""

    text: str
    part: Part

    def parts(self) -> Iterator[Part]:
        """Every part of it."""
        waiting = [self.part]
        while waiting:
            part = waiting.pop()
            yield part
            if isinstance(part, Call):
                waiting += part.arguments


@dataclass(frozen=True)
class Vocabulary:
    """The names that formulas may use.

    Attributes
    ----------
    states, inputs, parameters, series, matrices : tuple of str
        Matrices are known so that a formula which asks for one can be told why not.
    """

    states: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    matrices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of them, for a message."""
        groups = [*self.states, *self.inputs, *self.parameters, *(f"{name}[t]" for name in self.series), TIME]
        return ", ".join(groups)


TRANSPOSED: Final = (
    "a recursion that needs A^T is outside Lemma C.1, which never transposes its matrices (with A^T an Onsager term "
    "appears); linear recursions with both sides of a matrix run on the lazy matrix: numerics.lazy_matrix.LazySpace, "
    "or check-theorem 3.3"
)


def parse(text: object, vocabulary: Vocabulary) -> Formula:
    """Parse a formula.

    Raises
    ------
    FormulaError
        Naming what is not understood, its column, and what is allowed.

    Examples
    --------
    >>> parse("relu(q[t-1]) + 0.5", Vocabulary(states=("q",))).part.function
    'add'
    """
    if isinstance(text, int | Fraction) and not isinstance(text, bool):
        return _number(Fraction(text))
    if not isinstance(text, str):
        raise FormulaError(f"{shown(text)} is not a formula: a text such as 'tanh(q)' is needed")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters: at most {MAX_LENGTH} are allowed")
    text = " ".join(text.split())
    if not text:
        raise FormulaError("the formula is empty: a text such as 'tanh(q)' is needed")
    if re.search(r"(?<!['\w])[A-Za-z]\w*\s*(['′†ᵀ⊤]|\^\s*(T\b|⊤))", text):
        raise FormulaError(f"{shortened(text)!r}: {TRANSPOSED}")
    if foreign := re.search(r"[^ -~]|[\"'#\\]", text):  # also what Python would take for another letter, or a comment
        raise FormulaError(
            f"the character {foreign[0]!r} is not allowed, at column {foreign.start() + 1} of {shortened(text)!r} "
            f"(only numbers, {vocabulary.words}, + - * / **, >, < and {_FUNCTIONS})"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None)
        where = "" if column is None else f" at column {column or len(text) + 1}"
        raise FormulaError(
            f"cannot read the formula {shortened(text)!r}{where}: not arithmetic (only numbers, {vocabulary.words}, "
            f"+ - * / **, >, < and {_FUNCTIONS})"
        ) from None
    size = sum(1 for _ in ast.walk(tree))
    if size > 3 * MAX_PARTS:
        raise FormulaError(
            f"the formula {shortened(text)!r} has about {size // 3} parts: at most {MAX_PARTS} are allowed"
        )
    return Formula(text, _Reader(text, vocabulary).part(tree.body, 0))


def _number(value: Fraction) -> Formula:
    """A formula that is a number, as it is."""
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise FormulaError(f"the number has more than {MAX_DIGITS} digits")
    return Formula(in_decimals(value), Number(value))


class _Reader:
    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._known = vocabulary

    def _refuse(self, node: ast.AST, what: str) -> FormulaError:
        return FormulaError(f"{what}, at column {getattr(node, 'col_offset', 0) + 1} of {shortened(self._text)!r}")

    def part(self, node: ast.expr, depth: int) -> Part:
        if depth > MAX_DEPTH:
            raise self._refuse(node, "the formula is nested too deeply")
        match node:
            case ast.Constant() | ast.Name() | ast.Subscript():
                return self._atom(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                inner = self.part(node.operand, depth + 1)
                return _negative(inner) if isinstance(node.op, ast.USub) else inner
            case ast.BinOp():
                return self._binary(node, depth)
            case ast.Compare(ops=[ast.Gt() | ast.Lt()]):
                return self._comparison(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._matrix(node) if isinstance(node, ast.Attribute) else self._foreign(node)

    def _atom(self, node: ast.Constant | ast.Name | ast.Subscript) -> Part:
        if isinstance(node, ast.Constant):
            return self._number(node)
        return self._name(node) if isinstance(node, ast.Name) else self._subscript(node)

    def _foreign(self, node: ast.expr) -> FormulaError:
        kind = _KINDS.get(type(node), type(node).__name__)
        allowed = f"only numbers, {self._known.words}, + - * / **, >, < and {_FUNCTIONS}"
        return self._refuse(node, f"{kind} is not allowed ({allowed})")

    def _binary(self, node: ast.BinOp, depth: int) -> Part:
        if isinstance(node.op, ast.BitXor):
            raise self._refuse(node, "'^' is not a power here (write **)")
        if isinstance(node.op, ast.MatMult):
            raise self._matrix(node)
        if isinstance(node.op, ast.Pow):
            return self._power(node, depth)
        if isinstance(node.op, ast.Add | ast.Sub):
            parts = self._chain(node, (ast.Add, ast.Sub), depth)
            return Call("add", tuple(_negative(part) if op is ast.Sub else part for op, part in parts))
        if isinstance(node.op, ast.Mult):
            return Call("multiply", tuple(part for _, part in self._chain(node, (ast.Mult,), depth)))
        if not isinstance(node.op, ast.Div):
            raise self._foreign(node)
        return Call("divide", (self.part(node.left, depth + 1), self.part(node.right, depth + 1)))

    def _chain(
        self, node: ast.expr, operators: tuple[type[ast.operator], ...], depth: int
    ) -> list[tuple[type[ast.operator], Part]]:
        """All terms of a sum, or factors of a product, with what is before them: a long one is not deep."""
        chain: list[tuple[type[ast.operator], ast.expr]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, operators):
            chain.append((type(node.op), node.right))
            node = node.left
        return [(op, self.part(one, depth + 1)) for op, one in [(operators[0], node), *reversed(chain)]]

    def _matrix(self, node: ast.expr) -> FormulaError:
        """An attribute or a product of matrices: perhaps a transpose is meant."""
        if any(isinstance(part, ast.Attribute) and part.attr in ("T", "mT", "transpose") for part in ast.walk(node)):
            return self._refuse(node, TRANSPOSED)
        if isinstance(node, ast.BinOp):
            return self._refuse(node, "matrices are not multiplied in a formula: z is what its matrix is applied to")
        return self._refuse(node, "attributes are not allowed")

    def _number(self, node: ast.Constant) -> Number:
        literal = ast.get_source_segment(self._text, node) or ""
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self._refuse(node, f"{shown(literal)} is not a number")
        mantissa, _, exponent = literal.lower().replace("_", "").partition("e")
        is_hexadecimal = isinstance(node.value, int) and not mantissa.isdigit()
        if is_hexadecimal or len(mantissa) > MAX_DIGITS or len(exponent.lstrip("+-")) > 2:
            raise self._refuse(node, f"the number {shown(literal)} is not a plain decimal of reasonable size")
        return Number(Fraction(literal.replace("_", "")))

    def _name(self, node: ast.Name) -> Part:
        name, known = node.id, self._known
        if name == TIME:
            return Time()
        if name in known.states:
            return StateColumn(name, NOW)
        if name in known.inputs:
            return InputColumn(name)
        if name in known.parameters:
            return Parameter(name)
        if name in known.series:
            return Term(name, NOW)
        if name in known.matrices:
            raise self._refuse(node, f"{name!r} is a matrix: a row function sees one row and no matrix")
        if name.endswith("T") and name[:-1].rstrip("_") in known.matrices:
            raise self._refuse(node, f"{name!r}: {TRANSPOSED}")
        if name in (*UNARY, *SEVERAL):
            raise self._refuse(node, f"the function {name!r} needs an argument in parentheses")
        raise self._refuse(node, f"unknown name {name!r} (allowed: {known.words}; functions: {_FUNCTIONS})")

    def _subscript(self, node: ast.Subscript) -> Part:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        moment = _moment(node.slice)
        if name not in (*self._known.states, *self._known.series):
            allowed = ", ".join((*self._known.states, *self._known.series))
            raise self._refuse(node, f"only what changes over time has an index: {allowed}")
        if moment is None:
            raise self._refuse(node, f"the index of {name!r} must be t, t-1, t-2, …, or a whole number from 0 on")
        if name in self._known.series:
            return Term(name, moment)
        if moment.relative and moment.offset > 0:
            raise self._refuse(node, f"{name}[t+{moment.offset}] is not known at time t")
        return StateColumn(name, moment)

    def _power(self, node: ast.BinOp, depth: int) -> Part:
        base, exponent = self.part(node.left, depth + 1), self.part(node.right, depth + 1)
        if any(isinstance(part, StateColumn | InputColumn) for part in Formula("", exponent).parts()):
            raise self._refuse(node, "the exponent must not depend on q or u (write exp(…))")
        power = Call("power", (base, exponent))
        if _degree(exponent) > 1:
            raise self._refuse(node, "a power in an exponent is not allowed")
        if _degree(power) > MAX_EXPONENT:
            raise self._refuse(node, f"exponents, multiplied where powers are nested, go up to {MAX_EXPONENT}")
        return power

    def _comparison(self, node: ast.Compare, depth: int) -> Part:
        left, right = self.part(node.left, depth + 1), self.part(node.comparators[0], depth + 1)
        if isinstance(node.ops[0], ast.Lt):
            left, right = right, left
        zero = Number(Fraction(0))
        return Call("step", (left if right == zero else Call("add", (left, _negative(right))),))

    def _call(self, node: ast.Call, depth: int) -> Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "transpose":
            raise self._refuse(node, TRANSPOSED)
        if isinstance(node.func, ast.Attribute):
            raise self._matrix(node)
        if name not in (*UNARY, *SEVERAL):
            raise self._refuse(node, f"unknown function {name or 'of this kind'!r} (there is {_FUNCTIONS})")
        if node.keywords:
            raise self._refuse(node, f"the arguments of {name} have no names")
        arguments = tuple(self.part(argument, depth + 1) for argument in node.args)
        if name in SEVERAL:
            if len(arguments) < 2:
                raise self._refuse(node, f"{name} takes two or more arguments, not {len(arguments)}")
            return Call(SEVERAL[name], arguments)
        if len(arguments) != 1:
            raise self._refuse(node, f"{name} takes one argument, not {len(arguments)}")
        return Call(name, arguments)


def _moment(node: ast.expr) -> Moment | None:
    """``t``, ``t-2``, ``t+1`` or ``3``."""
    match node:
        case ast.Name(id="t"):
            return NOW
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Moment(relative=False, offset=value)
        case ast.BinOp(left=ast.Name(id="t"), op=ast.Sub() | ast.Add(), right=ast.Constant(value=int(value))) if (
            not isinstance(value, bool)
        ):
            return Moment(relative=True, offset=-value if isinstance(node.op, ast.Sub) else value)
    return None


def _degree(part: Part) -> Fraction:
    """The largest product of nested exponents, as far as they are numbers."""
    if not isinstance(part, Call):
        return Fraction(1)
    inner = max(map(_degree, part.arguments))
    if part.function != "power":
        return inner
    exponent = _value(part.arguments[1])
    return inner * max(Fraction(1), abs(exponent)) if exponent is not None else max(inner, Fraction(2))


def _value(part: Part) -> Fraction | None:
    """The value of what has no names in it and is rational, and of which no power is taken."""
    if isinstance(part, Number):
        return part.value
    values = [_value(argument) for argument in part.arguments] if isinstance(part, Call) else [None]
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not isinstance(part, Call):
        return None
    match part.function:
        case "add":
            return sum(known, Fraction(0))
        case "multiply":
            return prod(known, start=Fraction(1))
        case "divide" if known[1]:
            return known[0] / known[1]
    return None


def _negative(part: Part) -> Part:
    return Number(-part.value) if isinstance(part, Number) else Call("multiply", (Number(Fraction(-1)), part))
