"""Numbers as they stand in a file: exact, by name, and as they are shown in a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from proofs_check.errors import InputError
from proofs_check.recursion.model import Quantity
from proofs_check.recursion.words import shown

LARGEST: Final = 10**9

_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
_RATIO: Final = re.compile(r"[+-]?[0-9]{1,30}/0*[1-9][0-9]{0,29}")


def exact(text: str) -> Fraction | str:
    """A TOML float, exactly; inf, nan and what is out of proportion as the text they are."""
    digits, _, exponent = text.lower().partition("e")
    if len(digits) > 40 or len(exponent.lstrip("+-")) > 2:
        return text
    try:
        return Fraction(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class NumberReader:
    """Reads numbers; every complaint says where it is about.

    Attributes
    ----------
    source : str
        What is read, for messages.
    parameters : mapping of str to Fraction
        Numbers that may be used by name.
    """

    source: str
    parameters: Mapping[str, Fraction] = field(default_factory=dict)

    def fail(self, where: str, what: str) -> InputError:
        """A complaint about a key."""
        return InputError(f"{self.source}, {where}: {what}")

    def quantity(self, where: str, value: object) -> Quantity:
        """A number, or the name of a parameter."""
        if isinstance(value, str) and value in self.parameters:
            return Quantity(self.parameters[value], value)
        names = ", ".join(self.parameters)
        return Quantity(self._number(where, value, f", or a parameter's name ({names})" if names else ""))

    def variance(self, where: str, value: object) -> Quantity:
        """A number that is not negative, or the name of one."""
        found = self.quantity(where, value)
        if found.value < 0:
            by_name = f"{found.parameter} = " if found.parameter else ""
            raise self.fail(where, f"{by_name}{shown(found.value)}: a variance must not be negative")
        return found

    def number(self, where: str, value: object) -> Fraction:
        """A TOML number, or a text such as "1/3"."""
        return self._number(where, value, "")

    def _number(self, where: str, value: object, other: str) -> Fraction:
        number = _number_of(value)
        if number is None:
            plain = 'a finite number, of 30 digits and a two-digit exponent at most (such as 0.5, 1e-9, or "1/3")'
            raise self.fail(where, f"{shown(value)} is not {plain}{other}")
        if abs(number) > LARGEST:
            raise self.fail(where, f"{shown(value)} is larger than 10^9")
        return number


def _number_of(value: object) -> Fraction | None:
    if isinstance(value, str):
        return Fraction(value) if _DECIMAL.fullmatch(value) or _RATIO.fullmatch(value) else None
    return Fraction(value) if isinstance(value, int | Fraction) and not isinstance(value, bool) else None
