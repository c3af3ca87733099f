"""Hypotheses and steps: what a derivation is made of, and how one line of it is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import sympy as sp

from theory.facts import Environment, Equation, Fact, Nonnegative, Nonzero
from theory.justification import Definition, Justification, Relation
from theory.symbols import INDICES, path
from theory.verification import Identity, Obligation, Outcome, Verification, verify
from theory.wellformed import denominators, does_not_vanish


class Origin(Enum):
    """Where a hypothesis comes from."""

    ASSUMPTION = "assumption"
    """Part of the statement."""

    STATEMENT = "statement"
    """Proved by another derivation of this package."""

    CITED = "cited"
    """A theorem of the literature that is not proved here."""


@dataclass(frozen=True)
class Hypothesis:
    """Something assumed, with the facts that it gives to the proof.

    Attributes
    ----------
    name : str
        Unique within the derivation, such as ``"start"``.
    words : str
        What is assumed, in words; mathematics between dollar signs.
    facts : tuple of Fact
    origin : Origin
    source : str
        The id of the statement, or the reference of a cited theorem.
    cites : tuple of str
        References of the theorems that a statement takes for granted.
    """

    name: str
    words: str
    facts: tuple[Fact, ...] = ()
    origin: Origin = Origin.ASSUMPTION
    source: str = ""
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    Attributes
    ----------
    name : str
        Unique within the derivation, such as ``"recursion"``.
    lhs, rhs : sympy.Basic
        What the line says: ``lhs relation rhs``.
    reason : str
        Why it holds, in words; mathematics between dollar signs.
    by : Justification
        How it is verified.
    uses : tuple of str
        Names of hypotheses and earlier steps, in the order in which they are applied.
    equation : str
        The paper's number, such as ``"43"``; empty when the line is ours.
    routes : tuple of (str, sympy.Basic)
        Values of the right side found by other ways: what they are, and the value.
    """

    name: str
    lhs: sp.Basic
    rhs: sp.Basic
    reason: str
    by: Justification
    uses: tuple[str, ...] = ()
    equation: str = ""
    routes: tuple[tuple[str, sp.Basic], ...] = ()

    def __post_init__(self) -> None:
        for side in ("lhs", "rhs"):  # plain numbers are welcome
            object.__setattr__(self, side, sp.sympify(getattr(self, side), strict=True))

    @property
    def relation(self) -> Relation:
        """What stands between the sides: each method shows one relation."""
        return self.by.relation

    def obligations(self, environment: Environment) -> Iterator[Obligation]:
        """What the engines must confirm."""
        yield from self.by.obligations(self, environment)
        for divisor in self._divisors(environment):
            yield Identity(divisor, divisor + 1, f"{self.name}: a divisor may vanish")
        for name, value in self.routes:
            yield Identity(value, environment.unfold(self.rhs, self.uses), f"route: {name}")

    def _divisors(self, environment: Environment) -> Iterator[sp.Expr]:
        """What the line divides by without knowing that it is not zero."""
        nonzero = environment.nonzero(self.uses)
        for side in (self.lhs, self.rhs, *self.by.parts):
            for divisor in denominators(side):
                unfolded = environment.unfold(divisor, self.uses)
                if not any(does_not_vanish(e, nonzero) for e in (divisor, unfolded)):
                    yield divisor

    def facts(self, environment: Environment) -> tuple[Fact, ...]:
        """What later steps may use, under the conditions on indices and paths that this one has used.

        Nothing, when it has used that an index does not vanish: no condition says so.
        """
        when = tuple(known for known in environment.ranges(self.uses) if known.free_symbols & (INDICES | {path}))
        if not self.by.general or environment.restrictions(self.uses):
            return ()
        if self.relation is Relation.EQUAL:
            return (Equation(self.lhs, self.rhs, when=when),)
        if self.relation is Relation.NOT_EQUAL:
            return (Nonzero(self.lhs - self.rhs, when),)
        return (Nonnegative(self.rhs - self.lhs, when),)

    def __str__(self) -> str:
        return f"{self.lhs} {self.relation.value} {self.rhs}"

    def _repr_latex_(self) -> str:
        from theory.rendering.printer import step_latex

        return f"$\\displaystyle {step_latex(self)}$"


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

    @property
    def failures(self) -> tuple[Verification, ...]:
        """The obligations that are not proved."""
        return tuple(v for v in self.verifications if v.outcome is not Outcome.PROVED)


def verify_step(step: Step, environment: Environment, *, stop: bool = False) -> VerifiedStep:
    """Verify one step against the facts that come before it; with ``stop``, until one obligation fails."""
    found: list[Verification] = []
    for obligation in step.obligations(environment):
        found.append(verify(obligation))
        if stop and found[-1].outcome is not Outcome.PROVED:
            break
    return VerifiedStep(step, tuple(found))


def is_definition(step: Step) -> bool:
    """Whether a step introduces a name: there is nothing to prove."""
    return isinstance(step.by, Definition)
