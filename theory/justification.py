"""How a step is verified, and what the engines must confirm for each method.

Every obligation is made from the two sides that the step displays. ``Instances`` is the one method
that does not establish its line in general: a step justified so says that it is checked at instances.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import sympy as sp

from theory.facts import Environment, Equation, Fact, Nonnegative
from theory.sums import outermost, split
from theory.symbols import INDICES
from theory.verification import Identity, Obligation, Sign
from theory.wellformed import introduces, keeps_assumptions

if TYPE_CHECKING:
    from theory.step import Step


SMALL: Final = 3
"""Indices up to this many beyond every number in them are tried when cases must be all there are."""


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
            environment.unfold(_concrete(side.subs(self.variable, 0)), step.uses) for side in (step.lhs, step.rhs)
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
        this = sp.Symbol(f"this {self.variable}", integer=True, nonnegative=True)  # one value, not any
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
    """``lhs ≠ 0``: once rewritten it is a quantity that a hypothesis says is not zero."""

    relation: ClassVar[Relation] = Relation.NOT_EQUAL

    @property
    def method(self) -> str:
        return "a product of factors that do not vanish"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        found = environment.unfold(step.lhs - step.rhs, step.uses)
        nonzero = environment.nonzero(step.uses)
        known = nonzero[0] if nonzero else found + 1  # nothing is known not to vanish
        yield Identity(found, known, f"{step.name}: not zero")


@dataclass(frozen=True)
class Cases(Justification):
    """Each case is proved, and together the cases are all there are.

    Attributes
    ----------
    cases : tuple of Instance
        Values of the symbols, and what the left side is called in that case.
    scope : str
        Which cases, in words.
    exchange : tuple of (sympy.Symbol, sympy.Symbol)
        Indices that may change places all at once, because the line does not change with them.
    """

    cases: tuple[Instance, ...]
    scope: str
    exchange: tuple[tuple[sp.Symbol, sp.Symbol], ...] = ()

    def __post_init__(self) -> None:
        symbols = {e for case in self.cases for pair in case.values for v in pair for e in sp.S(v).free_symbols}
        if not symbols <= INDICES:
            raise ValueError(f"cases of {', '.join(map(str, symbols - INDICES))}: only indices have cases")

    @property
    def method(self) -> str:
        return f"{len(self.cases)} cases: {self.scope}"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        swap = dict(self.exchange) | {second: first for first, second in self.exchange}
        for side in (step.lhs, step.rhs):
            yield Identity(side, side.subs(swap, simultaneous=True), f"{step.name}: exchange")
        yield Identity(sp.S(self._missed(step, swap)), sp.S.Zero, f"{step.name}: values that no case covers")
        yield from (at_case(step, environment, case) for case in self.cases)

    def _missed(self, step: Step, swap: dict[sp.Symbol, sp.Symbol]) -> int:
        """How many small values of the indices are covered by no case, even after the exchange."""
        indices = sorted((step.lhs.free_symbols | step.rhs.free_symbols) & INDICES, key=str)
        constants = [abs(int(c)) for case in self.cases for _, v in case.values for c in sp.S(v).atoms(sp.Integer)]
        small = SMALL + max(constants, default=0)
        covered = {place for case in self.cases for place in _places(case, indices, small)}
        exchanged = {tuple(place[indices.index(swap.get(index, index))] for index in indices) for place in covered}
        return len(set(product(range(small), repeat=len(indices))) - covered - exchanged)


def _places(case: Instance, indices: list[sp.Symbol], small: int) -> Iterator[tuple[int, ...]]:
    """The small values of the indices that a case is about."""
    values = dict(case.values)
    forms = [sp.sympify(values.get(index, index), strict=True) for index in indices]
    free = sorted(set().union(*(form.free_symbols for form in forms)), key=str)
    compiled = sp.lambdify(free, forms, modules="math")
    for numbers in product(range(small), repeat=len(free)):
        place = tuple(compiled(*numbers))
        if all(0 <= value < small for value in place):
            yield place


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


def at_case(step: Step, environment: Environment, case: Instance) -> Identity:
    """The step where the case puts values in place of symbols."""
    values = dict(case.values)

    def at(side: sp.Basic) -> sp.Basic:
        there = _concrete(side.subs(values, simultaneous=True))
        return environment.unfold(there, step.uses, more=case.facts, first=case.facts)

    return Identity(at(step.lhs), at(step.rhs), f"{step.name}: {case.words}")


def _concrete(expression: sp.Basic) -> sp.Basic:
    """Write out sums and products whose limits have become numbers, from the outside in."""

    def short(node: sp.Basic) -> bool:
        if not isinstance(node, sp.Sum | sp.Product):
            return False
        _, low, high = node.limits[-1]
        return bool(low.is_Integer and high.is_Integer and high >= low - 1)  # shorter than empty has no agreed meaning

    def written_out(node: sp.Basic) -> sp.Basic:
        body, (index, low, high) = outermost(node)
        join = sp.Add if isinstance(node, sp.Sum) else sp.Mul
        return join(*(_concrete(body.subs(index, value)) for value in range(int(low), int(high) + 1)))

    return expression.replace(short, written_out)


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
    "Cases",
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
]
