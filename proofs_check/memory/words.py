"""Numbers as they are read: shares, steps, lags."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, isfinite


def as_decimal(value: Fraction) -> str:
    """Four digits, or all of a short decimal.

    Examples
    --------
    >>> as_decimal(Fraction(9, 10)), as_decimal(Fraction(889001, 10**6)), as_decimal(Fraction(10, 3))
    ('0.9', '0.889001', '3.333')
    """
    exact = f"{float(value):.12g}"
    return exact if len(exact) <= 8 else f"{float(value):.4g}"


def percent(share: float) -> str:
    """A share in percent, never rounded to all or to nothing.

    Examples
    --------
    >>> percent(0.5), percent(0.99996), percent(2e-6)
    ('50 %', 'more than 99.9 %', '0.0002 %')
    """
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.3g} %"


def compact(value: float, digits: int = 3) -> str:
    """A number in as few letters as a table has room for: a small one to three digits.

    Examples
    --------
    >>> compact(2.5), compact(0.00084001), compact(25600.0), compact(2.96157e-12, 5)
    ('2.5', '8.4e-4', '2.56e4', '2.96e-12')
    """
    text = f"{value:.{digits}g}"
    if 0 < abs(value) < 1e-2:
        text = f"{value:.{min(digits, 3) - 1}e}"
    mantissa, power, exponent = text.partition("e")
    if not power:
        return text
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def steps_in_words(steps: float) -> str:
    """Whole steps; ``never`` where there are not enough.

    Examples
    --------
    >>> steps_in_words(0.2), steps_in_words(123456.5), steps_in_words(1.23e9), steps_in_words(float("inf"))
    ('1', '123457', '1.2e9', 'never')
    """
    if not isfinite(steps):
        return "never"
    return str(max(1, ceil(steps))) if steps < 1e6 else compact(steps, 2)


def times_in_words(factor: float) -> str:
    """A factor.

    Examples
    --------
    >>> times_in_words(2.5), times_in_words(123456.0)
    ('2.5', '1.23e5')
    """
    return compact(factor)
