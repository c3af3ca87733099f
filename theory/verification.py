"""Two independent engines that decide whether an identity holds, and two that decide a sign.

*Simplification* asks SymPy to reduce ``lhs - rhs`` to zero; sums are first brought to common limits.
*Modular evaluation* (``theory.modular``) evaluates ``lhs - rhs`` exactly in a large prime field.

A sign is read off the way a quantity is written, as sums and products of what is known to be
non-negative, and SymPy's own reasoning from assumptions must come to the same conclusion.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import sympy as sp

from theory.facts import Nonnegative, ranges_among
from theory.modular import MATRIX_SIZE, POINTS, PRIME, NotModularError, modular_bits, vanishes_modulo_prime
from theory.sums import index_ranges, merge_deltas, vanishes

__all__ = [
    "MATRIX_SIZE",
    "POINTS",
    "PRIME",
    "Identity",
    "NotModularError",
    "Obligation",
    "Outcome",
    "Sign",
    "Verification",
    "simplifies_to_zero",
    "vanishes_modulo_prime",
    "verify",
]


class Outcome(Enum):
    """What the two engines say of an obligation. Only ``PROVED`` counts as proof."""

    PROVED = "proved"
    ONE_ENGINE = "one engine only"
    REFUTED = "refuted"
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Identity:
    """A claim ``lhs = rhs`` between two SymPy expressions or two matrices of one shape.

    Attributes
    ----------
    lhs, rhs : sympy.Basic
    about : str
        What it says, in a word or two.
    given : tuple of sympy.Expr
        Quantities known to be non-negative, such as ``n_y - 1 - a``: an index within its range.
    """

    lhs: sp.Basic
    rhs: sp.Basic
    about: str = ""
    given: tuple[sp.Expr, ...] = ()

    def differences(self) -> list[sp.Expr]:
        """The scalar differences ``lhs - rhs``, one for each entry."""
        if isinstance(self.lhs, sp.MatrixBase) or isinstance(self.rhs, sp.MatrixBase):
            shapes = [getattr(side, "shape", ()) for side in (self.lhs, self.rhs)]
            if 0 in (self.lhs, self.rhs):  # the zero matrix of whatever shape
                return list(self.lhs if self.rhs == 0 else self.rhs)
            if shapes[0] != shapes[1]:
                raise ValueError(f"shapes {shapes[0]} and {shapes[1]} differ in {self.about!r}")
            return [a - b for a, b in zip(self.lhs, self.rhs, strict=True)]
        return [self.lhs - self.rhs]


@dataclass(frozen=True)
class Sign:
    """A claim ``quantity ≥ 0``.

    Attributes
    ----------
    quantity : sympy.Expr
        Written as sums and products of what is known to be non-negative.
    known : tuple of Nonnegative
        Facts about signs, beyond what the symbols say.
    about : str
    """

    quantity: sp.Expr
    known: tuple[Nonnegative, ...] = ()
    about: str = "sign"


Obligation = Identity | Sign


@dataclass(frozen=True)
class Verification:
    """What was found for one obligation.

    Attributes
    ----------
    identity : Identity or Sign
    outcome : Outcome
    error_bits : float
        At the integers that were tried the modular engine is wrong with probability at most
        ``2**-error_bits`` (0 when it was silent). It speaks of these lags and times only: that an
        identity holds for every integer rests on the simplification, which must agree.
    """

    identity: Obligation
    outcome: Outcome
    error_bits: float


def verify(obligation: Obligation) -> Verification:
    """Ask both engines about one obligation."""
    return _verify_sign(obligation) if isinstance(obligation, Sign) else _verify_identity(obligation)


def _verify_identity(identity: Identity) -> Verification:
    bits = []
    try:
        differences = identity.differences()
    except ValueError:
        return Verification(identity, Outcome.REFUTED, math.inf)
    for difference in differences:
        try:
            bits.append(modular_bits(difference))
        except NotModularError:
            bits.append(0.0)
    if any(value < 0 for value in bits):
        return Verification(identity, Outcome.REFUTED, math.inf)
    modular = all(value > 0 for value in bits)
    simplified = all(simplifies_to_zero(difference, identity.given) for difference in differences)
    if modular and simplified:
        outcome = Outcome.PROVED
    else:
        outcome = Outcome.ONE_ENGINE if modular or simplified else Outcome.UNVERIFIED
    return Verification(identity, outcome, min(bits) if modular else 0.0)


def _verify_sign(sign: Sign) -> Verification:
    engines = (_visibly_nonnegative(sign.quantity, sign.known), _nonnegative_by_assumption(sign.quantity, sign.known))
    if all(engines):
        return Verification(sign, Outcome.PROVED, math.inf)
    return Verification(sign, Outcome.ONE_ENGINE if any(engines) else Outcome.UNVERIFIED, 0.0)


def simplifies_to_zero(expression: sp.Expr, given: tuple[sp.Expr, ...] = ()) -> bool:
    """Whether SymPy reduces ``expression`` to zero; the cheap transformations come first."""
    if expression.has(sp.KroneckerDelta):
        expression = merge_deltas(expression)
    if expression.has(sp.Sum):
        return vanishes(expression, simplifies_to_zero, given)
    transformations: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        sp.expand,
        lambda e: sp.expand(sp.powsimp(sp.expand(e, power_exp=True))),
        lambda e: sp.simplify(sp.expand(e, power_exp=True)),
        lambda e: sp.factor(sp.together(e)),
    )
    return any(transform(expression) == 0 for transform in transformations)


def _visibly_nonnegative(quantity: sp.Expr, known: tuple[Nonnegative, ...]) -> bool:
    """Whether the way it is written shows that it is not negative."""
    if quantity.is_number or quantity.is_Symbol or isinstance(quantity, sp.core.function.AppliedUndef):
        shown = bool(quantity.is_nonnegative)
    elif isinstance(quantity, sp.Add | sp.Mul):
        shown = all(_visibly_nonnegative(part, known) for part in quantity.args)
    elif isinstance(quantity, sp.Pow):
        even = quantity.exp.is_even and quantity.base.is_real
        shown = bool(even) or (bool(quantity.exp.is_real) and _visibly_nonnegative(quantity.base, known))
    elif isinstance(quantity, sp.Sum):
        shown = _visibly_nonnegative(quantity.function, _inside(quantity, known))
    else:
        shown = False
    return shown or _exceeds(quantity, known)


def _inside(total: sp.Sum, known: tuple[Nonnegative, ...]) -> tuple[Nonnegative, ...]:
    """What is known within a sum: its indices run over their limits, and nothing else is known of them."""
    bound = {limit[0] for limit in total.limits}
    limits = [Nonnegative(side) for side in index_ranges(total)]
    return (*(fact for fact in known if not (fact.is_range and fact.quantity.free_symbols & bound)), *limits)


def _exceeds(quantity: sp.Expr, known: tuple[Nonnegative, ...]) -> bool:
    """Whether the quantity is a known one, or that plus something non-negative."""
    ranges = ranges_among(known)
    return any(
        fact.covers(quantity, ranges)
        or (bool(sp.expand(quantity - fact.quantity).is_nonnegative) and fact.covers(fact.quantity, ranges))
        for fact in known
    )


def _nonnegative_by_assumption(quantity: sp.Expr, known: tuple[Nonnegative, ...]) -> bool:
    """Put a non-negative symbol in place of what is known, and let SymPy reason."""
    return bool(_marked(quantity, known).is_nonnegative)


def _marked(node: sp.Basic, known: tuple[Nonnegative, ...]) -> sp.Basic:
    """From the outside in, so that ``2 - x`` is seen before the x in it; a sum becomes one of its terms."""
    if isinstance(node, sp.Expr) and not node.is_nonnegative:
        ranges = ranges_among(known)
        if (isinstance(node, sp.Add) and _exceeds(node, known)) or any(fact.covers(node, ranges) for fact in known):
            return sp.Dummy("known", nonnegative=True)
    if isinstance(node, sp.Sum):
        return _marked(node.function, _inside(node, known))
    return node.func(*(_marked(argument, known) for argument in node.args)) if node.args else node
