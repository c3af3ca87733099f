"""Methods of proof for functions of a place on a path from 0 to 1, and for square roots.

Two functions with the same derivative everywhere on the path and the same value at its start are equal.
What is known all along a path is known at each place on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.facts import Environment, Equation, Nonnegative
from theory.justification import Justification
from theory.operators import is_smooth
from theory.symbols import path
from theory.verification import Identity, Obligation, Sign

if TYPE_CHECKING:
    from theory.step import Step


@dataclass(frozen=True)
class EqualDerivatives(Justification):
    """Both sides have the same derivative along the path, and the same value at its start.

    They must be polynomials in the place, in sines, cosines and exponentials of such, and in sequences
    whose argument is the place itself; of a sequence, the derivative must be known.
    """

    @property
    def method(self) -> str:
        return rf"equal derivatives, and equal at ${sp.latex(path)} = 0$"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        for known in (*environment.ranges(step.uses), *environment.restrictions(step.uses)):
            if path in known.free_symbols:
                yield Identity(known, known + 1, f"{step.name}: {known} restricts the path")
        for side in (step.lhs, step.rhs):
            if not is_smooth(side, path):
                yield Identity(sp.S.Zero, sp.S.One, f"{step.name}: it must be smooth to be differentiated")
        for value in (step.lhs - step.rhs).atoms(AppliedUndef):
            if environment.unfold(sp.Derivative(value, path), step.uses).has(sp.Derivative):
                yield Identity(value, value + 1, f"{step.name}: nobody knows that {value} has a derivative")
        start, found = (environment.unfold(side.subs(path, 0), step.uses) for side in (step.lhs, step.rhs))
        yield Identity(start, found, f"{step.name}: at the start")
        left, right = (environment.unfold(sp.diff(side, path), step.uses) for side in (step.lhs, step.rhs))
        yield Identity(left, right, f"{step.name}: derivatives")


@dataclass(frozen=True)
class AtPlace(Justification):
    """An identity, with what earlier lines say all along the path used at one place.

    Attributes
    ----------
    place : sympy.Rational
        Between 0 and 1.

    Raises
    ------
    ValueError
        When it is not on the path.
    """

    place: sp.Rational

    def __post_init__(self) -> None:
        if not (self.place.is_Rational and 0 <= self.place <= 1):
            raise ValueError(f"{self.place} is not between 0 and 1")

    @property
    def method(self) -> str:
        return rf"the path at ${sp.latex(path)} = {sp.latex(self.place)}$"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        there = tuple(self._there(environment, step))
        left, right = (environment.unfold(side, step.uses, there) for side in (step.lhs, step.rhs))
        yield Identity(left, right, step.name, environment.ranges(step.uses))

    def _there(self, environment: Environment, step: Step) -> Iterator[Equation]:
        """The facts of the step that are about values along the path, at this place."""
        for name in step.uses:
            for fact in environment.facts.get(name, ()):
                if isinstance(fact, Equation) and isinstance(fact.lhs, AppliedUndef) and fact.lhs.has(path):
                    when = tuple(condition.subs(path, self.place) for condition in fact.when)
                    left, right = (side.subs(path, self.place) for side in (fact.lhs, fact.rhs))
                    yield Equation(left, right, fact.fixed, when)


@dataclass(frozen=True)
class SquareRoot(Justification):
    """``sqrt(x) = y``, because ``y² = x`` and y is visibly not negative."""

    @property
    def method(self) -> str:
        return "its square, and its sign"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        if not (isinstance(step.lhs, sp.Pow) and step.lhs.exp == sp.S.Half):
            yield Identity(sp.S.Zero, sp.S.One, f"{step.name}: the left side is no square root")
            return
        inside, square = (environment.unfold(side, step.uses) for side in (step.lhs.base, step.rhs**2))
        known: tuple[Nonnegative, ...] = environment.signs(step.uses)
        yield Identity(inside, square, f"{step.name}: square")
        yield Sign(step.rhs, known, f"{step.name}: sign")
