"""Three kinds of numbers, one way to compute with them: exact rationals, arbitrary precision, doubles.

Arrays of ``Fraction`` and of mpmath numbers have dtype object, doubles are NumPy's. Numbers of arbitrary
precision belong to a context of their own, so that mpmath's global precision neither matters nor changes.
Every number that comes in is read exactly: a double is the binary fraction that it is.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from threading import RLock
from typing import Any, Final, Protocol

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat, fmpz
from mpmath.ctx_mp import MPContext
from mpmath.libmp import to_rational

Array = np.ndarray[Any, Any]

DOUBLE_BITS: Final = 53

FARTHEST: Final = 100_000
"""Numbers beyond 1e±FARTHEST are refused."""

FEW: Final = 64
"""Arrays of more numbers, or of numbers with more digits, are represented by their shape."""


class NumberError(ValueError):
    """An entry that is not a finite real number; the message says which, and where."""


class Arithmetic(Protocol):
    """How the numbers of an array are kept and computed with."""

    @property
    def name(self) -> str:
        """``"rational"``, ``"arbitrary"`` or ``"float"``."""
        ...

    @property
    def bits(self) -> int | None:
        """The precision; None when it is exact."""
        ...

    def has(self, values: Array) -> bool:
        """Whether an array is one of finite numbers of this kind already."""
        ...

    def array(self, values: Array) -> Array:
        """Fractions as numbers of this kind, rounded to its precision."""
        ...

    def working(self, values: Array) -> Array:
        """Numbers of this kind as those that are fastest to compute with."""
        ...

    def finished(self, values: Array) -> Array:
        """Back from ``working``."""
        ...

    def root(self, n: int) -> Any:
        """``√n``.

        Raises
        ------
        NumberError
            When it is not a number of this kind.
        """
        ...


@dataclass(frozen=True)
class Rational:
    """Exact: ``Fraction``, computed with as FLINT's ``fmpq``."""

    name: str = "rational"
    bits: None = None

    def has(self, values: Array) -> bool:
        return values.dtype == object and all(type(value) is Fraction for value in values.ravel())

    def array(self, values: Array) -> Array:
        return values

    def working(self, values: Array) -> Array:
        return entrywise(lambda value: fmpq(value.numerator, value.denominator), values)

    def finished(self, values: Array) -> Array:
        return entrywise(
            lambda value: Fraction(int(value.p), int(value.q)), entrywise(fmpq, values)
        )  # empty sums are ints

    def root(self, n: int) -> Fraction:
        root = math.isqrt(n)
        if root * root != n:
            raise NumberError(
                f"√{n} is not rational: the weights of {n} states are exact as n^(-1/2) W, F and n^(-1/2) C "
                f"(scaled_W, F, scaled_C); W and C are with {(root + 1) ** 2} states, see padded(), or rounded, "
                "see to_float()"
            )
        return Fraction(root)


@dataclass(frozen=True)
class Arbitrary:
    """Binary floating point of any precision: mpmath's ``mpf`` in a context of its own.

    Attributes
    ----------
    bits : int
    """

    bits: int
    name: str = "arbitrary"

    @property
    def context(self) -> Any:
        """The context that the numbers belong to."""
        return _context(self.bits)

    def has(self, values: Array) -> bool:
        context = self.context
        return values.dtype == object and all(getattr(value, "context", None) is context for value in values.ravel())

    def array(self, values: Array) -> Array:
        context = self.context
        return entrywise(lambda value: context.mpf(value.numerator) / value.denominator, values)

    def working(self, values: Array) -> Array:
        return values

    def finished(self, values: Array) -> Array:
        return values

    def root(self, n: int) -> Any:
        return self.context.sqrt(n)


@dataclass(frozen=True)
class Float:
    """Double precision."""

    name: str = "float"
    bits: int = DOUBLE_BITS

    def has(self, values: Array) -> bool:
        return values.dtype == float and bool(np.isfinite(values).all())

    def array(self, values: Array) -> Array:
        return np.array([to_double(value) for value in values.ravel()], dtype=float).reshape(values.shape)

    def working(self, values: Array) -> Array:
        return values

    def finished(self, values: Array) -> Array:
        return values

    def root(self, n: int) -> float:
        return math.sqrt(n)


@cache
def _context(bits: int) -> Any:
    context = MPContext()
    context.prec = bits
    return context


def unified(**arrays: Any) -> tuple[Arithmetic, list[Array]]:
    """Arrays in one arithmetic: exact when all numbers are, of the highest precision when some are mpmath's.

    Parameters
    ----------
    **arrays : array_like
        By name, for messages.

    Raises
    ------
    NumberError
        Naming the position of an entry that is not a finite real number.
    """
    read = {name: as_array(values, name) for name, values in arrays.items()}
    arithmetic = _common(list(read.values()))
    return arithmetic, [converted(arithmetic, array, name) for name, array in read.items()]


def _common(arrays: list[Array]) -> Arithmetic:
    if all(is_exact(array) for array in arrays):
        return Rational()
    objects = [value for array in arrays if array.dtype == object for value in array.ravel()]
    precisions = [max(value.context.prec, value._mpf_[3]) for value in objects if _is_mpmath(value)]  # its own bits too
    return Arbitrary(max(precisions)) if precisions else Float()


def converted(arithmetic: Arithmetic, values: Any, what: str) -> Array:
    """Numbers in an arithmetic; the same array where it is that already.

    Raises
    ------
    NumberError
        Naming the position of an entry that is not a finite real number.
    """
    array = as_array(values, what)
    return array if arithmetic.has(array) else arithmetic.array(exact(array, what))


def as_double(value: Any, what: str) -> float:
    """One number as a double.

    Raises
    ------
    NumberError
        When it is no single finite real number.
    """
    number = exact(value, what)
    if number.ndim:
        raise NumberError(f"{what}: one number is needed, not an array of shape {number.shape}")
    return to_double(number.item())


def whole_number(value: Any, what: str, least: int = 0) -> int:
    """A whole number that is large enough.

    Raises
    ------
    NumberError
        When it is none.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise NumberError(f"{what} is {value!r}: not a whole number") from None
    if number < least:
        raise NumberError(f"{what} is {number}: at least {least}")
    return number


def exact(values: Any, what: str) -> Array:
    """Numbers as the fractions that they are.

    Parameters
    ----------
    values : array_like
        Integers, floats, ``Fraction``, ``Decimal``, SymPy's and FLINT's rationals, mpmath's real numbers.
    what : str
        What they are, for messages.

    Returns
    -------
    array of Fraction, of the same shape

    Raises
    ------
    NumberError
        Naming the position of an entry that is not a finite real number.
    """
    array = as_array(values, what)
    result = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        result[place] = _fraction(array[place], what, place)
    return result


def is_exact(values: Any) -> bool:
    """Whether all numbers are integers or fractions, as opposed to floating point."""
    array = as_array(values, "values")
    if array.dtype != object:
        return bool(np.issubdtype(array.dtype, np.integer))
    return all(isinstance(value, numbers.Rational | fmpq | fmpz | Decimal) for value in array.ravel())


def as_array(values: Any, what: str) -> Array:
    """Numbers as an array; Python's own stay as they are, whatever their size."""
    if np.ma.is_masked(values):
        raise NumberError(f"{what}: entries are masked")
    if isinstance(values, np.ndarray):
        return np.asarray(values)  # of no subclass
    try:
        return np.array(values, dtype=object)
    except ValueError:
        raise NumberError(f"{what}: rows of different lengths") from None


def _fraction(value: Any, what: str, place: tuple[int, ...]) -> Fraction:
    """One number."""
    where = f"{what}[{', '.join(map(str, place))}]" if place else what
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, list | tuple | np.ndarray):
        raise NumberError(f"{what}: rows of different lengths, see {where}")
    if isinstance(value, bool | np.bool_ | str | bytes) or value is None:
        raise NumberError(f"{where} is {value!r}: not a number")
    if isinstance(value, complex | np.complexfloating):
        raise NumberError(f"{where} is {value}: not a real number")
    if _decimal_exponent(value) > FARTHEST:
        raise NumberError(f"{where}: a number beyond 1e±{FARTHEST} has too many digits to compute with")
    try:
        return _finite(value)
    except (TypeError, AttributeError):
        raise NumberError(f"{where} is {value!r}: neither a rational nor a floating-point number") from None
    except (OverflowError, ValueError):
        raise NumberError(f"{where} is {value}: not a finite number") from None


def _is_mpmath(value: Any) -> bool:
    return hasattr(value, "_mpf_") and hasattr(value, "context")  # SymPy's have no context


def _decimal_exponent(value: Any) -> float:
    """The size of the exponent of a number that few bits may make huge."""
    if isinstance(value, Decimal) and value.is_finite():
        return abs(value.adjusted())
    if _is_mpmath(value):
        return float(abs(value._mpf_[2] + value._mpf_[3]) * math.log10(2))
    return 0


def _finite(value: Any) -> Fraction:
    if isinstance(value, fmpz):
        return Fraction(int(value))
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if _is_mpmath(value):
        if not value.context.isfinite(value):
            raise OverflowError
        return Fraction(*map(int, to_rational(value._mpf_)))  # mpmath offers no exact way in public
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, np.floating):  # float16 to longdouble
        return Fraction(*map(int, value.as_integer_ratio()))
    if isinstance(value, float | Decimal):
        return Fraction(value)
    raise TypeError


def to_double(value: Fraction) -> float:
    """The nearest double.

    Raises
    ------
    NumberError
        Beyond the largest one.
    """
    try:
        return float(value)
    except OverflowError:
        digits = round(bits_of(value) * math.log10(2))
        raise NumberError(f"a number of size about 1e{digits} is beyond double precision (1.8e308)") from None


def described(values: Array) -> str:
    """The numbers, where they are few and short; else the shape."""
    long = values.size > FEW or any(
        max(value.numerator.bit_length(), value.denominator.bit_length()) > FEW
        for value in values.ravel()
        if isinstance(value, Fraction)
    )
    return f"<{' × '.join(map(str, values.shape))} numbers>" if long else repr(values.tolist())


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """FLINT's precision, which is that of the process: one thread at a time."""
    with _PRECISION, ctx.workprec(bits):
        yield


_PRECISION: Final = RLock()


def entrywise(function: Any, values: Array) -> Array:
    """A function of every number, as an array of dtype object."""
    result = np.empty(values.shape, dtype=object)
    result.ravel()[...] = [function(value) for value in values.ravel()]
    return result


def zeros(arithmetic: Arithmetic, shape: tuple[int, ...]) -> Array:
    """Zeros of an arithmetic."""
    return arithmetic.array(np.full(shape, Fraction(0), dtype=object))


def flint_matrix(values: Array) -> fmpq_mat:
    """A matrix of fractions, (r, c), as FLINT's."""
    rows, columns = values.shape
    return fmpq_mat(rows, columns, Rational().working(values).ravel().tolist())


def ball(value: Fraction) -> arb:
    """The smallest ball of FLINT's precision that is known to hold a fraction."""
    return arb(fmpq(value.numerator, value.denominator))


def bits_of(value: Fraction) -> int:
    """``log₂`` of a number's size, to one."""
    return value.numerator.bit_length() - value.denominator.bit_length()
