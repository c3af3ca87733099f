"""Two independent engines that decide whether an identity holds.

*Simplification* asks SymPy to reduce ``lhs - rhs`` to zero.

*Modular evaluation* replaces every symbol by an element of the field with p = 2**61 - 1 elements,
every integer symbol by an integer, every non-commuting symbol by a 4×4 matrix, and evaluates
``lhs - rhs`` with exact modular arithmetic. It shares no code with SymPy's simplifier. A non-zero
value refutes the identity for certain; zero at every point leaves an error probability that is
bounded by Schwartz–Zippel, degree / p for each point. Symbols that are positive are given squares,
so that half-integer powers of them can be evaluated too.

The points are derived from the identity by hashing, so that a verification is reproducible and
nobody can choose an identity to suit the points by accident.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Final

import sympy as sp

PRIME: Final = 2**61 - 1
POINTS: Final = 3
MATRIX_SIZE: Final = 4  # 4×4 matrices satisfy no polynomial identity of degree below 8
_INTEGER_RANGE: Final = (3, 1000)

Matrix = tuple[tuple[int, ...], ...]
Value = int | Matrix


class Outcome(Enum):
    """What the two engines say of an identity. Only ``PROVED`` counts as proof."""

    PROVED = "proved"
    ONE_ENGINE = "one engine only"
    REFUTED = "refuted"
    UNVERIFIED = "unverified"


class NotModularError(ValueError):
    """The expression has no meaning modulo a prime (an exponential, a cosine, …)."""


@dataclass(frozen=True)
class Identity:
    """A claim ``lhs = rhs`` between two SymPy expressions or two matrices of one shape."""

    lhs: sp.Basic
    rhs: sp.Basic
    about: str = ""

    def differences(self) -> list[sp.Expr]:
        """The scalar differences ``lhs - rhs``, one for each entry."""
        if isinstance(self.lhs, sp.MatrixBase) or isinstance(self.rhs, sp.MatrixBase):
            shapes = [getattr(side, "shape", ()) for side in (self.lhs, self.rhs)]
            if shapes[0] != shapes[1]:
                raise ValueError(f"shapes {shapes[0]} and {shapes[1]} differ in {self.about!r}")
            return [a - b for a, b in zip(self.lhs, self.rhs, strict=True)]
        return [self.lhs - self.rhs]


@dataclass(frozen=True)
class Verification:
    """What was found for one identity.

    Attributes
    ----------
    identity : Identity
    outcome : Outcome
    error_bits : float
        At the integers that were tried the modular engine is wrong with probability at most
        ``2**-error_bits`` (0 when it was silent). It speaks of these lags and times only: that an
        identity holds for every integer rests on the simplification, which must agree.
    """

    identity: Identity
    outcome: Outcome
    error_bits: float


def verify(identity: Identity) -> Verification:
    """Ask both engines about one identity."""
    differences = identity.differences()
    bits = []
    for difference in differences:
        try:
            bits.append(_modular_bits(difference))
        except NotModularError:
            bits.append(0.0)
    if any(value < 0 for value in bits):
        return Verification(identity, Outcome.REFUTED, math.inf)
    modular = all(value > 0 for value in bits)
    simplified = all(simplifies_to_zero(difference) for difference in differences)
    if modular and simplified:
        outcome = Outcome.PROVED
    else:
        outcome = Outcome.ONE_ENGINE if modular or simplified else Outcome.UNVERIFIED
    return Verification(identity, outcome, min(bits) if modular else 0.0)


def simplifies_to_zero(expression: sp.Expr) -> bool:
    """Whether SymPy reduces ``expression`` to zero; the cheap transformations come first."""
    transformations: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        sp.expand,
        lambda e: sp.expand(sp.powsimp(sp.expand(e, power_exp=True))),
        lambda e: sp.simplify(sp.expand(e, power_exp=True)),
        lambda e: sp.factor(sp.together(e)),
    )
    return any(transform(expression) == 0 for transform in transformations)


def vanishes_modulo_prime(expression: sp.Expr) -> bool:
    """Whether ``expression`` is zero at every hashed point of the field.

    Raises
    ------
    NotModularError
        When the expression cannot be evaluated modulo a prime.
    """
    return _modular_bits(expression) > 0


def _modular_bits(expression: sp.Expr) -> float:
    """Error exponent of "it vanishes", or -1 when a point shows that it does not."""
    bits, found = 0.0, 0
    for attempt in count():
        if attempt > 20 * POINTS:
            raise NotModularError("no point avoids the poles of the expression")
        evaluation = _Point(expression, attempt)
        try:
            value = evaluation.value(expression)
            degree = sum(evaluation.degree(expression))
        except ZeroDivisionError:
            continue
        if value != 0 and value != _scalar(0):
            return -1.0
        if degree >= PRIME:
            raise NotModularError("its degree is too large for this field to tell")
        bits += math.log2(PRIME / max(degree, 1))
        found += 1
        if found == POINTS:
            return bits
    raise AssertionError("unreachable")


class _Point:
    """One hashed point of the field, at which expressions are evaluated."""

    def __init__(self, expression: sp.Expr, attempt: int) -> None:
        self._seed = hashlib.sha256(f"{attempt}:{sp.srepr(expression)}".encode()).digest()

    def _hash(self, name: str) -> int:
        return int.from_bytes(hashlib.sha512(self._seed + name.encode()).digest())

    def value(self, e: sp.Expr) -> Value:
        """``e`` at this point."""
        if e.is_Rational:
            return int(e.p) * pow(int(e.q), -1, PRIME) % PRIME
        if e.is_Symbol:
            return self._symbol(e)
        if isinstance(e, sp.core.function.AppliedUndef):
            arguments = ",".join(str(self.integer(argument)) for argument in e.args)
            return self._hash(f"{e.func}({arguments})") % PRIME
        if e.is_Add:
            total = self.value(e.args[0])
            for term in e.args[1:]:
                total = _add(total, self.value(term))
            return total
        if e.is_Mul:
            product = self.value(e.args[0])
            for factor in e.args[1:]:
                product = _multiply(product, self.value(factor))
            return product
        if e.is_Pow:
            return self._power(e.base, e.exp)
        raise NotModularError(f"{e.func} has no value modulo a prime")

    def _symbol(self, symbol: sp.Symbol) -> Value:
        if symbol.is_commutative is False:
            cells = [self._hash(f"{symbol}[{i}]") % PRIME for i in range(MATRIX_SIZE**2)]
            return tuple(tuple(cells[i : i + MATRIX_SIZE]) for i in range(0, len(cells), MATRIX_SIZE))
        if symbol.is_integer:
            return self._root(symbol) ** 2 if symbol.is_positive else self._integer_symbol(symbol)
        return pow(self._root(symbol), 2, PRIME)

    def _integer_symbol(self, symbol: sp.Symbol) -> int:
        low, high = _INTEGER_RANGE
        return low + self._hash(str(symbol)) % (high - low)

    def _root(self, symbol: sp.Symbol) -> int:
        """The square root of the value of a symbol that is given a square."""
        return self._integer_symbol(symbol) if symbol.is_integer else self._hash(str(symbol)) % PRIME

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Value:
        power = self.rational(exponent)
        if power.q == 1:
            value = self.value(base)
            if isinstance(value, tuple):
                if power < 0:
                    raise NotModularError("inverse of a non-commuting symbol")
                return _matrix_power(value, int(power))
            if value == 0 and power < 0:
                raise ZeroDivisionError
            return pow(value, int(power), PRIME)
        if power.q == 2 and base.is_Symbol and base.is_positive:
            return pow(self._root(base), int(2 * power), PRIME)
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
        """As ``rational``, for arguments of unknown sequences."""
        value = self.rational(e)
        if value.q != 1:
            raise NotModularError(f"the argument {e} of a sequence is not an integer")
        return int(value)

    def degree(self, e: sp.Expr) -> tuple[int, int]:
        """Bounds on the degrees of numerator and denominator in the hashed values."""
        if e.is_Rational or (e.is_Symbol and e.is_integer and e.is_commutative):
            return 0, 0
        if e.is_Add or e.is_Mul:
            parts = [self.degree(argument) for argument in e.args]
            below = sum(part[1] for part in parts)
            if e.is_Mul:
                return sum(part[0] for part in parts), below
            return max(above + below - own for above, own in parts), below
        if e.is_Pow:
            above, below = self.degree(e.base)
            power = self.rational(e.exp)
            size = math.ceil(abs(power))
            return (above * size, below * size) if power >= 0 else (below * size, above * size)
        return 2, 0


def _scalar(c: int) -> Matrix:
    return tuple(tuple(c if i == k else 0 for k in range(MATRIX_SIZE)) for i in range(MATRIX_SIZE))


def _add(a: Value, b: Value) -> Value:
    if isinstance(a, int) and isinstance(b, int):
        return (a + b) % PRIME
    a = _scalar(a) if isinstance(a, int) else a
    b = _scalar(b) if isinstance(b, int) else b
    return tuple(tuple((x + y) % PRIME for x, y in zip(u, v, strict=True)) for u, v in zip(a, b, strict=True))


def _multiply(a: Value, b: Value) -> Value:
    if isinstance(a, int) and isinstance(b, int):
        return a * b % PRIME
    if isinstance(a, int) or isinstance(b, int):
        matrix, factor = (b, a) if isinstance(a, int) else (a, b)
        assert isinstance(matrix, tuple)
        assert isinstance(factor, int)
        return tuple(tuple(factor * x % PRIME for x in row) for row in matrix)
    columns = list(zip(*b, strict=True))
    return tuple(tuple(sum(x * y for x, y in zip(row, column, strict=True)) % PRIME for column in columns) for row in a)


def _matrix_power(matrix: Matrix, power: int) -> Value:
    result: Value = _scalar(1)
    for _ in range(power):
        result = _multiply(result, matrix)
    return result
