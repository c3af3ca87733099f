"""A derivation is a sequence of steps, and each step says how it is verified.

A step shows ``lhs = rhs`` and carries the identities that must hold for it to be true. They need
not look like the step itself: a solution for every t is shown as one formula and verified by
induction, as a base case and a step. Both engines of ``verification`` must confirm every
identity; a step that they do not both confirm is unverified and sinks its derivation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

import sympy as sp

from theory.verification import Identity, Outcome, Verification, verify


class Method(Enum):
    """How a step is verified."""

    DEFINITION = "definition"
    """Introduces a name or repeats a hypothesis: there is nothing to prove."""

    IDENTITY = "identity"
    """Both sides are equal for all values of the symbols."""

    INDUCTION = "induction"
    """A base case and a step, both identities, for every t."""


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Parameters
    ----------
    equation : str
        The paper's number, such as ``"(43)"``; empty when the line is ours.
    lhs, rhs : sympy.Basic
        What the line says: ``lhs = rhs``.
    reason : str
        Why it holds, in words.
    method : Method
    obligations : tuple of Identity
        What must be confirmed. Empty for a definition, and for nothing else.
    """

    equation: str
    lhs: sp.Basic
    rhs: sp.Basic
    reason: str
    method: Method
    obligations: tuple[Identity, ...] = ()

    def __post_init__(self) -> None:
        if (self.method is Method.DEFINITION) == bool(self.obligations):
            raise ValueError(
                f"step {self.equation or self.reason!r}: a {self.method.value} with {len(self.obligations)} obligations"
            )


@dataclass(frozen=True)
class VerifiedStep:
    """A step together with what the two engines found."""

    step: Step
    verifications: tuple[Verification, ...]

    @property
    def outcome(self) -> Outcome:
        """The weakest outcome among the obligations; a definition is as good as proved."""
        order = (Outcome.REFUTED, Outcome.UNVERIFIED, Outcome.ONE_ENGINE)
        found = {verification.outcome for verification in self.verifications}
        return next((outcome for outcome in order if outcome in found), Outcome.PROVED)


@dataclass(frozen=True)
class Derivation:
    """A named sequence of steps that ends in a result.

    Attributes
    ----------
    name : str
        Such as ``"3.3b"``.
    title : str
    hypotheses : tuple of str
        What is assumed, in words.
    steps : tuple of Step
    result : sympy.Expr
        The outcome. Nothing in a derivation may take the paper's formula for it as an input.
    """

    name: str
    title: str
    hypotheses: tuple[str, ...]
    steps: tuple[Step, ...]
    result: sp.Expr = field(default=sp.S.Zero)

    def verify(self) -> VerifiedDerivation:
        """Verify every step with both engines."""
        return VerifiedDerivation(
            self,
            tuple(VerifiedStep(step, tuple(verify(o) for o in step.obligations)) for step in self.steps),
        )


@dataclass(frozen=True)
class VerifiedDerivation:
    """A derivation with the outcome of each of its steps."""

    derivation: Derivation
    steps: tuple[VerifiedStep, ...]

    @property
    def proved(self) -> bool:
        """Whether both engines confirmed every obligation of every step."""
        return all(step.outcome is Outcome.PROVED for step in self.steps)

    @property
    def failures(self) -> tuple[VerifiedStep, ...]:
        """The steps that are not proved."""
        return tuple(step for step in self.steps if step.outcome is not Outcome.PROVED)

    @property
    def identities(self) -> int:
        """How many identities were confirmed or tried."""
        return sum(len(step.verifications) for step in self.steps)

    @property
    def error_bits(self) -> float:
        """At the integers tried, the modular engine errs with probability at most ``2**-error_bits``.

        The union bound over the identities is applied by subtracting the log of their number.
        """
        bits = [v.error_bits for v in _all(self.steps)]
        return min(bits) - max(len(bits) - 1, 0).bit_length() if bits else 0.0


def _all(steps: Iterable[VerifiedStep]) -> Iterable[Verification]:
    return (verification for step in steps for verification in step.verifications)
