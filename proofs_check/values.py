"""How the values of options are read from text, written back, and put into a report as data.

Every complaint names the option, what was given, and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from proofs_check.errors import InputError
from proofs_check.experiment import Joints, Rate, Stopping

MAX_WIDTH: Final = 10**18
_NUMBER: Final = r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?"


@dataclass(frozen=True)
class Values:
    """What an option can be.

    Attributes
    ----------
    read : callable
        From the option, with its dashes, and a text to a value.
    write : callable
        From a value to a text that is read as the same value.
    plain : callable
        From a value to what JSON can say.
    """

    read: Callable[[str, str], Any]
    write: Callable[[Any], str] = str
    plain: Callable[[Any], Any] = lambda value: value


def read_whole(option: str, text: str) -> int:
    """Read a whole number; ``1e4`` is one.

    Examples
    --------
    >>> read_whole("--steps", "1e4")
    10000
    """
    value = _fraction(text)
    if value is None or value.denominator != 1:
        raise InputError(f"{option} {text.strip() or 'nothing'}: a whole number is needed")
    return int(value)


def read_wholes(option: str, text: str) -> tuple[int, ...]:
    """Read whole numbers separated by commas; ``0-4`` stands for all from 0 to 4.

    Examples
    --------
    >>> read_wholes("--delays", "0-3, 10,8")
    (0, 1, 2, 3, 8, 10)
    """
    found: set[int] = set()
    for item in text.split(","):
        span = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", item.strip())
        if span is None or not 0 <= int(span[2] or span[1]) - int(span[1]) <= 10**4:
            raise InputError(
                f"{option} {item.strip() or 'nothing'}: whole numbers from 0 on, separated by commas; 0-4 is 0,1,2,3,4"
            )
        found.update(range(int(span[1]), int(span[2] or span[1]) + 1))
    return tuple(sorted(found))


def read_widths(option: str, text: str) -> tuple[int, ...]:
    """Read widths: whole numbers separated by commas; ``1e9`` is allowed, ``4096.5`` is not.

    Examples
    --------
    >>> read_widths("--n", "64,1e3,512")
    (64, 512, 1000)
    """
    widths = set()
    for item in text.split(","):
        number = item.strip().replace("_", "")
        if not re.fullmatch(r"\d{1,30}(\.\d{1,30})?([eE]\+?\d{1,2})?", number):
            raise InputError(
                f"{option} {item.strip() or 'nothing'}: a width is a whole number from 1 to 10^18, such as "
                "4096 or 1e9; several are separated by commas"
            )
        value = Fraction(number)
        if value.denominator != 1:
            raise InputError(f"{option} {item.strip()}: a width is a whole number")
        widths.add(int(value))
    return tuple(sorted(widths))


def read_variance(option: str, text: str) -> Fraction:
    """Read a variance exactly: a decimal or a fraction, at least 0."""
    if not re.fullmatch(rf"{_NUMBER}|\d{{1,30}}/\d{{1,30}}", text.strip()):
        raise InputError(f"{option} {text or 'nothing'}: a variance is a finite number ≥ 0, such as 0.8, 1e-3 or 4/5")
    try:
        value = Fraction(text.strip())
    except ZeroDivisionError:
        raise InputError(f"{option} {text}: division by zero") from None
    if value < 0:
        raise InputError(f"{option} {text}: a variance must not be negative")
    if value > 1000:
        raise InputError(f"{option} {text}: a variance of at most 1000 is supported")
    return value


def read_share(option: str, text: str) -> float:
    """Read ``0.1%`` or ``0.001``, between 0 and 1."""
    number = text.strip()
    scale = Fraction(1)
    if number.endswith("%"):
        number, scale = number[:-1].strip(), Fraction(1, 100)
    value = _fraction(number)
    if value is None or not 0 < value * scale < 1:
        raise InputError(f"{option} {text}: a relative error between 0 and 1, such as 0.1% or 0.001")
    return float(value * scale)


def read_real(option: str, text: str) -> float:
    """Read a finite number."""
    value = _fraction(text)
    if value is None:
        raise InputError(f"{option} {text.strip() or 'nothing'}: a finite number is needed, such as 4.5 or 1e-3")
    return float(value)


def read_rate(option: str, text: str) -> Rate:
    """Read a learning rate: ``1e-3``, or ``0.5 B_1`` for half of the bound.

    Examples
    --------
    >>> read_rate("--eta", "0.5 B_1"), read_rate("--eta", "1e-3")
    (Rate(value=0.5, of_bound=True), Rate(value=0.001, of_bound=False))
    """
    parts = re.fullmatch(r"(?P<number>[^*Bb]*?)\s*\*?\s*(?P<bound>[Bb]_?1)?", text.strip())
    number = parts["number"] if parts else ""
    value = Fraction(1) if parts and parts["bound"] and not number else _fraction(number)
    if parts is None or value is None or not 0 < value <= 10**300:
        raise InputError(
            f"{option} {text or 'nothing'}: a positive rate for the half-squared loss, such as 1e-3, or a multiple of "
            "the bound of Theorem 4.1, such as '0.5 B_1'"
        )
    return Rate(float(value), of_bound=bool(parts["bound"]))


def read_fractions(option: str, text: str) -> tuple[float, float, float]:
    """Read the shares of training, validation and test, which add up to 1.

    Examples
    --------
    >>> read_fractions("--fractions", "0.7, 0.1, 0.2")
    (0.7, 0.1, 0.2)
    """
    shares = [value for value in map(_fraction, text.split(",")) if value is not None]
    if len(shares) == 3 == text.count(",") + 1 and sum(shares) == 1:
        train, validation, test = shares
        if train > 0 and validation >= 0 and test > 0:
            return float(train), float(validation), float(test)
    raise InputError(
        f"{option} {text}: shares of training, validation and test that add up to 1, such as 0.7,0.1,0.2; "
        "only the validation may be 0"
    )


def write_decimal(value: Fraction) -> str:
    """A variance as a decimal where it has one, else as a fraction."""
    reduced = value.denominator
    for factor in (2, 5):
        while reduced % factor == 0:
            reduced //= factor
    return f"{float(value):.15g}" if reduced == 1 and Fraction(f"{float(value):.15g}") == value else str(value)


def write_real(value: float) -> str:
    """A number in as few digits as say it."""
    return min(f"{value:.15g}", repr(value), key=lambda text: (float(text) != value, len(text)))


def choice(kind: Callable[[str], Any], *allowed: str) -> Values:
    """One of some words."""

    def read(option: str, text: str) -> Any:
        if text not in allowed:
            raise InputError(f"{option} {text or 'nothing'}: allowed are {', '.join(allowed)}")
        return kind(text)

    return Values(read, str, str)


def _list(separator: str, write: Callable[[Any], str] = str) -> Callable[[Any], str]:
    return lambda items: separator.join(map(write, items))


def _fraction(text: str | None) -> Fraction | None:
    """A decimal number exactly; None where it is none, or none that a double can hold."""
    if text is None or not re.fullmatch(_NUMBER, text.strip()):
        return None
    try:
        value = Fraction(text.strip())
        float(value)
    except OverflowError:
        return None
    return value


def _read_recursion(_option: str, text: str) -> Any:
    from proofs_check.recursion.reader import read

    return read(text)


WHOLE: Final = Values(read_whole)
WHOLES: Final = Values(read_wholes, _list(","), list)
WIDTHS: Final = Values(read_widths, _list(","), list)
VARIANCE: Final = Values(read_variance, write_decimal, write_decimal)
SHARE: Final = Values(read_share, write_real)
REAL: Final = Values(read_real, write_real)
RATE: Final = Values(read_rate, str, str)
FRACTIONS: Final = Values(read_fractions, _list(",", write_real), list)
SAMPLER: Final = choice(str, "auto", "lazy", "dense")
STOPPING: Final = choice(Stopping, *Stopping)
JOINTS: Final = choice(Joints, *Joints)
FILE: Final = Values(lambda _, text: Path(text), str, lambda path: None if path is None else str(path))
RECURSION: Final = Values(
    _read_recursion,
    lambda recursion: str(recursion.source),
    lambda recursion: None if recursion is None else recursion.source,
)
FLAG: Final = Values(lambda *_: True, lambda _: "")
