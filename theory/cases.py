"""Proof by cases, and strong induction: each case is proved, and the cases are all there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import sympy as sp

from theory.facts import Environment, Equation
from theory.justification import Instance, Justification, at_case, fresh_values
from theory.symbols import INDICES, t
from theory.verification import Identity, Obligation

if TYPE_CHECKING:
    from theory.step import Step

SMALL: Final = 3
"""Indices up to this many beyond every number in them are tried when cases must be all there are."""


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
        symbols = {e for case in self.cases for pair in case.values for v in pair for e in v.free_symbols}
        if not symbols <= INDICES:
            raise ValueError(f"cases of {', '.join(map(str, symbols - INDICES))}: only indices have cases")
        if any(case.facts for case in self.cases):
            raise ValueError("a case may not bring facts of its own")
        if not all(_is_linear(value) for case in self.cases for _, value in case.values):
            raise ValueError("the values of a case must be sums of indices and whole numbers")

    @property
    def method(self) -> str:
        return f"{len(self.cases)} cases: {self.scope}"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        swap = dict(self.exchange) | {second: first for first, second in self.exchange}
        for side in (step.lhs, step.rhs):
            yield Identity(side, side.subs(swap, simultaneous=True), f"{step.name}: exchange")
        yield Identity(sp.S(self._missed(step, swap)), sp.S.Zero, f"{step.name}: values that no case covers")
        yield from (self._case(step, environment, case) for case in self.cases)

    def _case(self, step: Step, environment: Environment, case: Instance) -> Identity:
        return at_case(step, environment, case)

    def _missed(self, step: Step, swap: dict[sp.Symbol, sp.Symbol]) -> int:
        """How many small values of the indices are covered by no case, even after the exchange."""
        indices = sorted((step.lhs.free_symbols | step.rhs.free_symbols) & INDICES, key=str)
        constants = [abs(int(c)) for case in self.cases for _, v in case.values for c in v.atoms(sp.Integer)]
        small = SMALL + max(constants, default=0)
        covered = {place for case in self.cases for place in _places(case, indices, small)}
        exchanged = {tuple(place[indices.index(swap.get(index, index))] for index in indices) for place in covered}
        return len(set(product(range(small), repeat=len(indices))) - covered - exchanged)


@dataclass(frozen=True)
class StrongInduction(Cases):
    """As cases, but each may use the line itself wherever all of its indices are smaller than the last.

    Attributes
    ----------
    variable : sympy.Symbol
        The index whose value in a case is the last; it must be at least the others there.
    """

    variable: sp.Symbol = t

    @property
    def method(self) -> str:
        return f"strong induction on {self.variable}, {super().method}"

    def obligations(self, step: Step, environment: Environment) -> Iterable[Obligation]:
        if self.variable not in step.lhs.free_symbols & INDICES:
            yield Identity(sp.S.Zero, sp.S.One, f"{step.name}: {self.variable} is not an index of the left side")
        yield from super().obligations(step, environment)
        for case in self.cases:
            values = dict(case.values)
            for index in step.lhs.free_symbols & INDICES:
                gap = sp.expand(values.get(self.variable, self.variable) - values.get(index, index))
                if not gap.is_nonnegative:
                    yield Identity(gap, gap + 1, f"{step.name}: {self.variable} is not the last in {case.words}")

    def _case(self, step: Step, environment: Environment, case: Instance) -> Identity:
        last = fresh_values(case).get(self.variable, self.variable)
        smaller = tuple(last - 1 - index for index in sorted(step.lhs.free_symbols & INDICES, key=str))
        hypothesis = Equation(step.lhs, step.rhs, when=smaller)
        return at_case(step, environment, case, (hypothesis, *environment.among(step.uses)))


def _is_linear(value: sp.Expr) -> bool:
    """Whether it is a sum of indices and whole numbers."""
    return all(term.is_Symbol or term.is_Integer for term in sp.Add.make_args(value))


def _places(case: Instance, indices: list[sp.Symbol], small: int) -> Iterator[tuple[int, ...]]:
    """The small values of the indices that a case is about."""
    values = dict(case.values)
    forms = [values.get(index, index) for index in indices]
    free = sorted(set().union(*(form.free_symbols for form in forms)), key=str)
    compiled = sp.lambdify(free, forms, modules="math")
    for numbers in product(range(small), repeat=len(free)):
        place = tuple(compiled(*numbers))
        if all(0 <= value < small for value in place):
            yield place
