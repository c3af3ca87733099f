"""How a step is verified, and what the engines must confirm for each method.

Proofs by cases are in ``theory.cases``.

Every obligation is made from the two sides that the step displays. ``Instances`` is the one method
that does not establish its line in general: a step justified so says that it is checked at instances.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Literal

import sympy as sp

from theory.facts import Environment, Equation, Fact, Nonnegative
from theory.sums import split, written_out
from theory.symbols import INDICES
from theory.verification import Identity, Obligation, Sign
from theory.wellformed import does_not_vanish, introduces, keeps_assumptions

if TYPE_CHECKING:
    from theory.step import Step


class Relation(Enum):
    """What stands between the two sides of a step."""

    EQUAL = "="
    AT_MOST = "≤"
    NOT_EQUAL = "≠"


class Justification(ABC):
    """A method of proof together with what it needs to know."""

    relation: ClassVar[Relation] = Relation.EQUAL
    """What it can justify."""

    @property
    @abstractmethod
    def method(self) -> str:
        """The method in a word or two, for readers."""

    @abstractmethod
    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        """What must hold for the step to be true."""

    @property
    def parts(self) -> tuple[sp.Basic, ...]:
        """Expressions that are shown beside the step, such as the gap of an inequality."""
        return ()

    @property
    def general(self) -> bool:
        """Whether it proves the step for all values of its symbols."""
        return True


@dataclass(frozen=True)
class Instance:
    """Values of the symbols at which a step is checked, and what is found there by computation."""

    words: str
    values: tuple[tuple[sp.Basic, sp.Basic], ...] = ()
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:  # plain numbers are welcome
        values = tuple((symbol, sp.sympify(value, strict=True)) for symbol, value in self.values)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Definition(Justification):
    """Introduces a name, on either side: there is nothing to prove, but the name must be free."""

    @property
    def method(self) -> str:
        return "definition"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        sides = ((step.lhs, step.rhs), (step.rhs, step.lhs))
        free = [pair for pair in sides if introduces(*pair, environment)]
        if not free:
            yield Identity(step.lhs, step.rhs, f"{step.name}: the name has a meaning already")
        elif not any(keeps_assumptions(name, environment.unfold(meaning, step.uses)) for name, meaning in free):
            yield Identity(step.lhs, step.rhs, f"{step.name}: what is assumed of the name does not follow")


@dataclass(frozen=True)
class Rewriting(Justification):
    """Both sides are equal for all values of their symbols, once the facts named are used.

    Attributes
    ----------
    cases : tuple of Instance
        Explicit values at which the line is checked as well.
    scope : str
        Which, in words.
    """

    cases: tuple[Instance, ...] = ()
    scope: str = ""

    @property
    def method(self) -> str:
        return f"identity, and at {self.scope}" if self.cases else "identity"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        left, right = (environment.unfold(side, step.uses) for side in (step.lhs, step.rhs))
        yield Identity(left, right, step.name, environment.ranges(step.uses))
        yield from (at_case(step, environment, case) for case in self.cases)


@dataclass(frozen=True)
class Induction(Justification):
    """A base case at 0 and a step, for every value of an index.

    Attributes
    ----------
    variable : sympy.Symbol
        An index.
    end : "first" or "last"
        Which term is split off sums that run to the variable.

    Raises
    ------
    ValueError
        When the variable is not an index.
    """

    variable: sp.Symbol
    end: Literal["first", "last"] = "last"

    def __post_init__(self) -> None:
        _check_index(self.variable)

    @property
    def method(self) -> str:
        return f"induction on {self.variable}"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        ranges = environment.ranges(step.uses)
        yield from _unrestricted(self.variable, step, ranges)
        first, found = (
            environment.unfold(written_out(side.subs(self.variable, 0)), step.uses) for side in (step.lhs, step.rhs)
        )
        hypothesis = Equation(step.lhs, step.rhs, frozenset({self.variable}), ranges)
        again = (hypothesis, *environment.among(step.uses))
        left, right = (environment.unfold(self._following(side), step.uses, again) for side in (step.lhs, step.rhs))
        yield Identity(first, found, f"{step.name}: base case", ranges)
        yield Identity(left, right, f"{step.name}: induction step", ranges)

    def _following(self, side: sp.Basic) -> sp.Basic:
        following = side.subs(self.variable, self.variable + 1)
        for total in following.atoms(sp.Sum, sp.Product):
            last = total.limits[-1][2]
            if self.variable in last.free_symbols:
                following = split(following, last, self.end)
        return following


@dataclass(frozen=True)
class SignOfTerms(Justification):
    """An inequality that is shown by the signs of the terms of a gap.

    Attributes
    ----------
    terms : tuple of sympy.Expr
        Each is visibly non-negative.
    """

    relation: ClassVar[Relation] = Relation.AT_MOST

    terms: tuple[sp.Expr, ...]

    @property
    def parts(self) -> tuple[sp.Basic, ...]:
        return (self.terms[0] if len(self.terms) == 1 else sp.Add(*self.terms, evaluate=False),)


@dataclass(frozen=True)
class Bound(SignOfTerms):
    """``lhs ≤ rhs``, because ``rhs - lhs`` is the sum of the terms."""

    @property
    def method(self) -> str:
        return "sign of the gap"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        left, right = (environment.unfold(side, step.uses) for side in (step.lhs, step.rhs))
        known, ranges = environment.signs(step.uses), environment.ranges(step.uses)
        yield Identity(right - left, environment.unfold(sp.Add(*self.terms), step.uses), f"{step.name}: gap", ranges)
        yield from (Sign(term, known, f"{step.name}: sign") for term in self.terms)


@dataclass(frozen=True)
class InductiveBound(SignOfTerms):
    """``lhs ≤ rhs`` for every value of an index: the gap is zero at 0, and never negative if it was not before.

    The terms are those of the gap at the next value; the gap at this one may be among them.

    Attributes
    ----------
    variable : sympy.Symbol
    """

    variable: sp.Symbol

    def __post_init__(self) -> None:
        _check_index(self.variable)

    @property
    def method(self) -> str:
        return f"induction on {self.variable}, sign of the gap"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        yield from _unrestricted(self.variable, step, environment.ranges(step.uses))
        this = _fresh(self.variable)  # one value, not any
        gap = step.rhs - step.lhs
        start, grown = (
            environment.unfold(gap.subs(self.variable, value), step.uses) for value in (sp.S.Zero, this + 1)
        )
        following = [term.subs(self.variable, this) for term in self.terms]
        before = Nonnegative(gap.subs(self.variable, this), environment.ranges(step.uses))
        known = (*environment.signs(step.uses), before)
        yield Identity(start, sp.S.Zero, f"{step.name}: base case")
        yield Identity(grown, environment.unfold(sp.Add(*following), step.uses), f"{step.name}: induction step")
        yield from (Sign(term, known, f"{step.name}: sign") for term in following)


@dataclass(frozen=True)
class NonvanishingFactors(Justification):
    """``lhs ≠ rhs``: once rewritten, the difference is a product of what is known not to vanish."""

    relation: ClassVar[Relation] = Relation.NOT_EQUAL

    @property
    def method(self) -> str:
        return "a product of factors that do not vanish"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        found = environment.unfold(step.lhs - step.rhs, step.uses)
        nonzero = environment.nonzero(step.uses)
        factored = next((e for e in (found, sp.factor(found)) if does_not_vanish(e, nonzero)), found + 1)
        yield Identity(found, factored, f"{step.name}: not zero")


@dataclass(frozen=True)
class Evaluation(Justification):
    """The left side is one particular quantity, computed exactly in another way.

    Attributes
    ----------
    found : Equation
        What the left side was found to be.
    how : str
        The other way, in words.
    """

    found: Equation
    how: str

    @property
    def method(self) -> str:
        return f"computed: {self.how}"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        left, right = (environment.unfold(side, step.uses, (self.found,)) for side in (step.lhs, step.rhs))
        return (Identity(left, right, step.name),)


@dataclass(frozen=True)
class Instances(Justification):
    """The step is checked at instances only, in exact arithmetic.

    Attributes
    ----------
    cases : tuple of Instance
    scope : str
        Which instances, in words.
    """

    cases: tuple[Instance, ...]
    scope: str

    def __post_init__(self) -> None:
        if not self.cases:
            raise ValueError("instances without an instance")

    @property
    def method(self) -> str:
        return f"instances: {self.scope}"

    @property
    def general(self) -> bool:
        return False

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        return (at_case(step, environment, case) for case in self.cases)


def at_case(step: Step, environment: Environment, case: Instance, more: tuple[Fact, ...] = ()) -> Identity:
    """The step where the case puts values in place of symbols; ``more`` facts are used after those of the step."""
    values = fresh_values(case)

    def at(side: sp.Basic) -> sp.Basic:
        there = written_out(side.subs(values, simultaneous=True))
        return environment.unfold(there, step.uses, more=(*case.facts, *more), first=case.facts)

    return Identity(at(step.lhs), at(step.rhs), f"{step.name}: {case.words}")


def _fresh(index: sp.Symbol) -> sp.Symbol:
    """A symbol that occurs in no line and in no fact: one value of an index, the same in every run."""
    return sp.Dummy(f"{index.name}_0", dummy_index=0, **index.assumptions0)


def fresh_values(case: Instance) -> dict[sp.Basic, sp.Basic]:
    """The values of a case, with names for what is left open in them that occur nowhere else."""
    values = dict(case.values)
    free = set().union(*(value.free_symbols for value in values.values())) if values else set()
    own = {symbol: _fresh(symbol) for symbol in free}
    return own | {symbol: value.xreplace(own) for symbol, value in values.items()}


def _unrestricted(variable: sp.Symbol, step: Step, ranges: tuple[sp.Expr, ...]) -> Iterator[Obligation]:
    """An induction runs over all values: what restricts its variable may not be used in it."""
    for known in ranges:
        if variable in known.free_symbols:
            yield Identity(known, known + 1, f"{step.name}: {known} ≥ 0 restricts the variable of the induction")


def _check_index(variable: sp.Symbol) -> None:
    if variable not in INDICES:
        raise ValueError(f"induction on {variable}: it must be one of the indices of theory.symbols")


__all__ = [
    "Bound",
    "Definition",
    "Evaluation",
    "Induction",
    "InductiveBound",
    "Instance",
    "Instances",
    "Justification",
    "NonvanishingFactors",
    "Relation",
    "Rewriting",
    "at_case",
    "fresh_values",
]
