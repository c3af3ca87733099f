"""What was found in a file, as it fits into a message."""

from __future__ import annotations

from fractions import Fraction


def in_decimals(value: Fraction) -> str:
    """An exact number as it is usually written: as a decimal where it is a short one, else as a ratio."""
    for places in range(16):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = f"{abs(scaled.numerator):0{places + 1}d}"
            point = len(digits) - places
            return "-" * (value < 0) + digits[:point] + "." * (places > 0) + digits[point:]
    return str(value)


def shown(value: object) -> str:
    """Anything that a file may hold."""
    try:
        return shortened(in_decimals(value) if isinstance(value, Fraction) else repr(value))
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        return f"a very large {type(value).__name__}"


def shortened(text: str) -> str:
    """A text that fits into a message."""
    text = text.strip()
    return text if len(text) <= 60 else text[:57] + "..."
