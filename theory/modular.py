"""Exact evaluation in the field with p = 2**61 - 1 elements: the second engine.

Every symbol is replaced by an element of the field, every index and every size by an integer, every
non-commuting symbol by a 4×4 matrix, every value of an unknown sequence by a hash of its arguments;
then the expression is evaluated. No code is shared with SymPy's simplifier. Zero leaves an error
probability that is bounded by Schwartz–Zippel, degree / p for each point, and a non-zero value refutes an
identity for certain. Symbols that are positive are given squares, so that half-integer powers of them can be
evaluated too. Sines, arcs, other roots and pi are known by few of their properties: with them, a value that
is not zero says nothing.

Where sums, products or Kronecker deltas occur, sizes are 4 or 9 (3 to 5 where sums are deeply nested)
and indices 0 to 2, so that sums are short and indices lie within them; at every second point the indices
of the deltas agree, so that the terms that they select are seen.

The points are derived from the expression by hashing: a verification is reproducible, and nobody
can choose an identity to suit the points by accident.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cached_property
from itertools import count
from typing import Final

import sympy as sp

from theory.operators import Covariance, Expectation, Given, Trace, WideLimit, expand_operators
from theory.symbols import path

PRIME: Final = 2**61 - 1
POINTS: Final = 3
MATRIX_SIZE: Final = 4  # 4×4 matrices satisfy no polynomial identity of degree below 8
_INTEGER_RANGE: Final = (3, 1000)
_SHORT_SIZES: Final = (4, 9)
_SHORTEST_SIZES: Final = (3, 4, 5)
_SHORT_INDICES: Final = 3
_DEEP: Final = 3  # nested sums

_FORMAL: Final = (sp.sin, sp.cos, sp.asin, sp.acos, sp.erf, sp.exp)

Matrix = tuple[tuple[int, ...], ...]
Value = int | Matrix


class NotModularError(ValueError):
    """The expression has no meaning modulo a prime (an exponential, a cosine, …)."""


def modular_bits(expression: sp.Expr) -> float:
    """Error exponent of "it vanishes", or -1 when a point shows that it does not.

    Raises
    ------
    NotModularError
        When the expression cannot be evaluated modulo a prime.
    """
    bits, found = 0.0, 0
    short = expression.has(sp.Sum, sp.Product, sp.KroneckerDelta)
    points = 2 * POINTS if short else POINTS
    for attempt in count():
        if attempt > 20 * points:
            raise NotModularError("no point avoids the poles of the expression")
        evaluation = _Point(expression, attempt, short=short)
        try:
            value = evaluation.value(expression)
            degree = sum(evaluation.degree(expression))
        except ZeroDivisionError:
            continue
        if value not in (0, _scalar(0)):
            if expression.has(sp.pi, *_FORMAL) or _has_roots(expression):
                raise NotModularError("it holds at most by properties of functions that are not known here")
            return -1.0
        if degree >= PRIME:
            raise NotModularError("its degree is too large for this field to tell")
        bits += math.log2(PRIME / max(degree, 1))
        found += 1
        if found == points:
            return bits
    raise AssertionError("unreachable")


def vanishes_modulo_prime(expression: sp.Expr) -> bool:
    """Whether ``expression`` is zero at every hashed point of the field.

    Raises
    ------
    NotModularError
        When the expression cannot be evaluated modulo a prime.
    """
    return modular_bits(expression) > 0


class _Point:
    """One hashed point of the field, at which expressions are evaluated."""

    def __init__(self, expression: sp.Expr, attempt: int, *, short: bool) -> None:
        self._source, self._attempt, self._short = expression, attempt, short
        self._bound: dict[sp.Symbol, int] = {}
        self._operators: dict[tuple[sp.Expr, frozenset[tuple[sp.Symbol, Value]]], Value] = {}

    @cached_property
    def _seed(self) -> bytes:
        return hashlib.sha256(f"{self._attempt}:{sp.srepr(self._source)}".encode()).digest()

    def _hash(self, name: str) -> int:
        return int.from_bytes(hashlib.sha512(self._seed + name.encode()).digest())

    def value(self, e: sp.Expr) -> Value:
        """``e`` at this point."""
        if e.is_Rational:
            return int(e.p) * pow(int(e.q), -1, PRIME) % PRIME
        if e.is_Symbol:
            return self._symbol(e)
        if e.is_Add:
            return self._fold(e.args, _add)
        if e.is_Mul:
            return self._fold(e.args, _multiply)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        return self._special(e)

    def _special(self, e: sp.Expr) -> Value:
        if isinstance(e, sp.core.function.AppliedUndef):
            return self._hashed(e, self._name(e))
        if isinstance(e, sp.KroneckerDelta):
            return int(self.integer(e.args[0]) == self.integer(e.args[1]))
        if isinstance(e, sp.Sum | sp.Product):
            return self._over_range(e, _add if isinstance(e, sp.Sum) else _multiply, int(isinstance(e, sp.Product)))
        if isinstance(e, Trace):
            matrix = self.value(e.args[0])
            return (
                sum(matrix[i][i] for i in range(MATRIX_SIZE)) % PRIME
                if isinstance(matrix, tuple)
                else matrix * MATRIX_SIZE
            )
        if isinstance(e, Covariance | Expectation | Given | WideLimit | sp.Derivative):
            return self._operator(e)
        return self._formal(e)

    def _name(self, value: sp.Expr) -> str:
        """A value of a sequence, with the integers of this point."""
        return f"{value.func}({','.join(map(self._argument, value.args))})"

    def _argument(self, argument: sp.Expr) -> str:
        if path in argument.free_symbols:
            return f"at {self.value(argument)}"
        return str(argument) if argument.is_Rational else str(self.integer(argument))

    def _formal(self, e: sp.Expr) -> int:
        """A function of the value of its argument: any at all, but sin² + cos² = 1 and asin + acos = pi/2."""
        if e is sp.pi:
            return self._hash("pi") % PRIME
        if not isinstance(e, _FORMAL):
            raise NotModularError(f"{e.func} has no value modulo a prime")
        argument = self.value(e.args[0])
        if isinstance(e, sp.asin):
            return int(self._formal(sp.pi) * pow(2, -1, PRIME) - self._hash(f"acos({argument})")) % PRIME
        if isinstance(e, sp.sin | sp.cos):
            half = self._hash(f"tan({argument})/2") % PRIME
            scale = pow(1 + half**2, -1, PRIME)
            return (2 * half if isinstance(e, sp.sin) else 1 - half**2) * scale % PRIME
        return self._hash(f"{e.func}({argument})") % PRIME

    def _fold(self, arguments: tuple[sp.Expr, ...], join: Callable[[Value, Value], Value]) -> Value:
        total = self.value(arguments[0])
        for argument in arguments[1:]:
            total = join(total, self.value(argument))
        return total

    def _over_range(self, e: sp.Expr, join: Callable[[Value, Value], Value], start: int) -> Value:
        """A sum or product, term by term; the last of its limits is the outermost."""
        *inner, (index, low, high) = e.limits
        body = e.func(e.function, *inner) if inner else e.function
        total: Value = start
        before = self._bound.get(index)
        first, last = self.integer(low), self.integer(high)
        if last < first - 1:
            raise NotModularError(f"the range from {low} to {high} is read differently by different people")
        for number in range(first, last + 1):
            self._bound[index] = number
            total = join(total, self.value(body))
        if before is None:
            self._bound.pop(index, None)
        else:
            self._bound[index] = before
        return total

    def _hashed(self, e: sp.Expr, name: str) -> Value:
        if e.is_commutative is False:
            cells = [self._hash(f"{name}[{i}]") % PRIME for i in range(MATRIX_SIZE**2)]
            return tuple(tuple(cells[i : i + MATRIX_SIZE]) for i in range(0, len(cells), MATRIX_SIZE))
        return self._hash(name) ** 2 % PRIME if e.is_positive else self._hash(name) % PRIME

    def _operator(self, e: sp.Expr) -> Value:
        """An operator that stays unevaluated: a hash of it, with the indices of this point in it."""
        values = {s: self._symbol(s) for s in e.free_symbols if s.is_integer and not s.is_positive}
        key = (e, frozenset(values.items()))
        if key not in self._operators:
            here = expand_operators(e.subs(values, simultaneous=True))
            self._operators[key] = self._hashed(e, sp.srepr(here))
        return self._operators[key]

    def _symbol(self, symbol: sp.Symbol) -> Value:
        if symbol in self._bound:
            return self._bound[symbol]
        if symbol.is_commutative is False:
            return self._hashed(symbol, str(symbol))
        if symbol.is_integer:
            return self._integer_symbol(symbol)
        return pow(self._root(symbol), 2, PRIME)

    def _integer_symbol(self, symbol: sp.Symbol) -> int:
        chosen = self._hash(str(symbol))
        if self._short and self._attempt % 2 == 0 and symbol in self._delta_indices:
            return self._hash("index of the deltas") % _SHORT_INDICES
        if self._short:
            return self._sizes[chosen % len(self._sizes)] if symbol.is_positive else chosen % _SHORT_INDICES
        low, high = _INTEGER_RANGE
        number = low + chosen % (high - low)
        return number**2 if symbol.is_positive else number

    @cached_property
    def _delta_indices(self) -> set[sp.Symbol]:
        deltas = self._source.atoms(sp.KroneckerDelta)
        return {symbol for delta in deltas for symbol in delta.free_symbols if not symbol.is_positive}

    @cached_property
    def _sizes(self) -> tuple[int, ...]:
        return _SHORTEST_SIZES if _depth(self._source) >= _DEEP else _SHORT_SIZES

    def _root(self, symbol: sp.Symbol) -> int:
        """The square root of the value of a symbol that is positive.

        Raises
        ------
        ZeroDivisionError
            When the integer chosen is not a square: another point must be tried.
        """
        if not symbol.is_integer:
            return self._hash(str(symbol)) % PRIME
        root = math.isqrt(self._integer_symbol(symbol))
        if root**2 != self._integer_symbol(symbol):
            raise ZeroDivisionError
        return root

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Value:
        power = self.rational(exponent)
        if power.q == 1:
            value = self.value(base)
            if isinstance(value, tuple):
                return _matrix_power(value if power >= 0 else _inverse(value), abs(int(power)))
            if value == 0 and power < 0:
                raise ZeroDivisionError
            return pow(value, int(power), PRIME)
        if power.q == 2:
            if base.is_Symbol and base.is_positive and base not in self._bound:
                return pow(self._root(base), int(2 * power), PRIME)
            if isinstance(base, sp.core.function.AppliedUndef) and base.is_positive:
                return pow(self._hash(self._name(base)), int(2 * power), PRIME)
            if base.is_commutative and base not in self._bound:
                return pow(self._hash(f"root of {self.value(base)}") % PRIME, int(2 * power), PRIME)
        raise NotModularError(f"the power {base}**({exponent})")

    def rational(self, e: sp.Expr) -> sp.Rational:
        """An exponent or an argument as an exact rational: its symbols must be integers."""
        values = {}
        for symbol in e.free_symbols:
            if not symbol.is_integer:
                raise NotModularError(f"the exponent {e} is not an integer")
            values[symbol] = self._symbol(symbol)
        result = e.subs(values)
        if not result.is_Rational:
            raise NotModularError(f"the exponent {e} is not rational")
        return result

    def integer(self, e: sp.Expr) -> int:
        """As ``rational``, for arguments of unknown sequences and limits of sums."""
        value = self.rational(e)
        if value.q != 1:
            raise NotModularError(f"the argument {e} of a sequence is not an integer")
        return int(value)

    def degree(self, e: sp.Expr) -> tuple[int, int]:
        """Bounds on the degrees of numerator and denominator in the hashed values."""
        if e.is_Rational or isinstance(e, sp.KroneckerDelta) or (e.is_Symbol and e.is_integer and e.is_commutative):
            return 0, 0
        if e.is_Add or e.is_Mul:
            parts = [self.degree(argument) for argument in e.args]
            below = sum(part[1] for part in parts)
            if e.is_Mul:
                return sum(part[0] for part in parts), below
            return max(above + below - own for above, own in parts), below
        if e.is_Pow:
            return self._degree_of_power(e)
        if isinstance(e, _FORMAL):
            above, below = self.degree(e.args[0])
            return 2 + above, 2 + below
        return self._degree_over_range(e) if isinstance(e, sp.Sum | sp.Product) else (2, 0)

    def _degree_of_power(self, e: sp.Pow) -> tuple[int, int]:
        above, below = self.degree(e.base)
        power = self.rational(e.exp)
        size = math.ceil(abs(power))
        if e.base.is_commutative is False and power < 0:  # Cramer's rule
            return MATRIX_SIZE * size * above, MATRIX_SIZE * size * above
        return (above * size, below * size) if power >= 0 else (below * size, above * size)

    def _degree_over_range(self, e: sp.Expr) -> tuple[int, int]:
        """Every term may have the degree of the worst; exponents grow with the index."""
        longest = 1
        for index, _, _ in e.limits:
            self._bound[index] = max(_SHORT_SIZES) + _SHORT_INDICES
            longest *= max(_SHORT_SIZES) + _SHORT_INDICES
        above, below = self.degree(e.function)
        for index, _, _ in e.limits:
            self._bound.pop(index, None)
        return above * longest + below * longest, below * longest


def _has_roots(expression: sp.Expr) -> bool:
    """Whether it has square roots of anything but positive symbols and sequences."""
    simple = (sp.Symbol, sp.core.function.AppliedUndef)
    roots = (power for power in expression.atoms(sp.Pow) if power.exp.is_Rational and power.exp.q == 2)
    return any(not (isinstance(power.base, simple) and power.base.is_positive) for power in roots)


def _depth(expression: sp.Basic) -> int:
    """How many indices are summed over at once, at most."""
    below = max((_depth(argument) for argument in expression.args), default=0)
    if isinstance(expression, sp.Mul):
        below = sum(_depth(argument) for argument in expression.args)
    return below + len(expression.limits) if isinstance(expression, sp.Sum | sp.Product) else below


def _scalar(number: int) -> Matrix:
    return tuple(tuple(number if i == k else 0 for k in range(MATRIX_SIZE)) for i in range(MATRIX_SIZE))


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        return (left + right) % PRIME
    a = _scalar(left) if isinstance(left, int) else left
    b = _scalar(right) if isinstance(right, int) else right
    return tuple(tuple((x + y) % PRIME for x, y in zip(u, v, strict=True)) for u, v in zip(a, b, strict=True))


def _multiply(left: Value, right: Value) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        return left * right % PRIME
    if isinstance(left, int) or isinstance(right, int):
        matrix, factor = (right, left) if isinstance(left, int) else (left, right)
        assert isinstance(matrix, tuple)
        assert isinstance(factor, int)
        return tuple(tuple(factor * x % PRIME for x in row) for row in matrix)
    columns = list(zip(*right, strict=True))
    return tuple(
        tuple(sum(x * y for x, y in zip(row, column, strict=True)) % PRIME for column in columns) for row in left
    )


def _matrix_power(matrix: Matrix, power: int) -> Value:
    result: Value = _scalar(1)
    square: Value = matrix
    while power:
        if power & 1:
            result = _multiply(result, square)
        square = _multiply(square, square)
        power >>= 1
    return result


def _inverse(matrix: Matrix) -> Matrix:
    """Gauss–Jordan elimination.

    Raises
    ------
    ZeroDivisionError
        For a singular matrix.
    """
    rows = [[*row, *unit] for row, unit in zip(matrix, _scalar(1), strict=True)]
    for column in range(MATRIX_SIZE):
        pivot = next((r for r in range(column, MATRIX_SIZE) if rows[r][column]), None)
        if pivot is None:
            raise ZeroDivisionError
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = pow(rows[column][column], -1, PRIME)
        rows[column] = [x * scale % PRIME for x in rows[column]]
        for other in range(MATRIX_SIZE):
            if other != column and rows[other][column]:
                factor = rows[other][column]
                rows[other] = [(x - factor * y) % PRIME for x, y in zip(rows[other], rows[column], strict=True)]
    return tuple(tuple(row[MATRIX_SIZE:]) for row in rows)
