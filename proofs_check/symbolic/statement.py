"""Statements that are checked without statistics: their formulas, exact trials, and false variants.

A ``Formula`` is what the paper says of one line of a derivation, in the derivation's symbols. The
derivation never sees it. It is compared with the derived line by both engines; and in ``Trial``s,
where every symbol and sequence has an exact value that is computed literally, its two sides are
worked out and compared. A ``Variant`` is a formula with a wrong right side: the comparison and the
trials must each refute it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from proofs_check.symbolic.evaluation import Interpretation, ShapeError, at_most, equal
from proofs_check.theorem import Control
from theory.derivation import Derivation
from theory.facts import Nonnegative
from theory.justification import Relation
from theory.operators import Covariance, WideLimit
from theory.verification import Identity, Outcome, verify

Test = Callable[[Interpretation, Any], str]


@dataclass(frozen=True)
class Formula:
    """What the paper says of one line.

    Attributes
    ----------
    name : str
        Such as ``"impulse response (9)"``.
    step : str
        The line of the derivation that says the same.
    lhs, rhs : sympy.Basic
    relation : Relation
    mirrored : bool
        The line reads ``rhs ≤ lhs``.
    spelled_out : tuple of str
        Lines whose facts both sides are rewritten with before they are compared.
    test : callable, optional
        Puts a claimed value to the test where the left side has no value of its own, such as a
        constant of which something is promised: from the trial and the value to a contradiction
        in words, empty when there is none.
    """

    name: str
    step: str
    lhs: sp.Basic
    rhs: sp.Basic
    relation: Relation = Relation.EQUAL
    spelled_out: tuple[str, ...] = ()
    test: Test | None = None
    mirrored: bool = False

    def __str__(self) -> str:
        return self.with_right_side(self.rhs)

    def with_right_side(self, rhs: sp.Basic) -> str:
        """The line with a right side, as text."""
        left, right = (rhs, self.lhs) if self.mirrored else (self.lhs, rhs)
        return f"{left} {self.relation.value} {right}"

    def holds(self, left: Any, right: Any) -> bool:
        """Whether the relation is true of two values."""
        if self.relation is Relation.EQUAL:
            return equal(left, right)
        return at_most(right, left) if self.mirrored else at_most(left, right)

    def sides(self, derivation: Derivation) -> tuple[sp.Basic, sp.Basic]:
        """The sides of the derived line that correspond to ours."""
        step = derivation.step(self.step)
        return (step.rhs, step.lhs) if self.mirrored else (step.lhs, step.rhs)

    def compare(self, derivation: Derivation, rhs: sp.Basic | None = None) -> Outcome:
        """The right side, or another one, against that of the derived line."""
        *_, (_, environment) = derivation.environments()
        claimed, derived = self.rhs if rhs is None else rhs, self.sides(derivation)[1]
        ours, theirs = (environment.unfold(side, self.spelled_out) for side in (claimed, derived))
        given = tuple(f.quantity for h in derivation.hypotheses for f in h.facts if isinstance(f, Nonnegative))
        return verify(Identity(ours, theirs, self.name, given)).outcome

    def is_about(self, derivation: Derivation) -> bool:
        """Whether the derived line has the same left side and relation."""
        return self.sides(derivation)[0] == self.lhs and derivation.step(self.step).relation is self.relation


@dataclass(frozen=True)
class Variant:
    """A formula with a wrong right side.

    Attributes
    ----------
    formula : Formula
    name : str
    rhs : sympy.Basic
    why : str
        Why it is false.
    """

    formula: Formula
    name: str
    rhs: sp.Basic
    why: str

    def control(self) -> Control:
        """As the report shows it."""
        return Control(self.name, self.formula.with_right_side(self.rhs), self.why)


@dataclass(frozen=True)
class Trial:
    """One random instance, all of whose values are exact.

    Attributes
    ----------
    words : str
        Its sizes, such as ``"n = 4, T = 3"``.
    interpretation : Interpretation
    ranges : mapping of sympy.Symbol to range
        The values that the free indices take.
    """

    words: str
    interpretation: Interpretation
    ranges: Mapping[sp.Symbol, range] = field(default_factory=dict)

    def is_about(self, formula: Formula) -> bool:
        """Whether the formula means something here; a left side that is put to a test needs no value."""
        known = {*self.interpretation.symbols, *self.ranges}
        random = {name for scenario in self.interpretation.scenarios for name in scenario}
        sides = (formula.rhs,) if formula.test else (formula.lhs, formula.rhs)
        symbols = set().union(*(side.free_symbols for side in sides))
        called = (sp.core.function.AppliedUndef, Covariance, WideLimit)
        sequences = {str(f.func) for side in sides for f in side.atoms(*called)}
        return symbols <= known and sequences <= {*self.interpretation.sequences, *random}

    def contradictions(self, formula: Formula, rhs: sp.Basic) -> Iterator[str]:
        """Where the two sides disagree, in words; an empty string where they agree."""
        if not self.is_about(formula):
            return
        free = formula.lhs.free_symbols | rhs.free_symbols
        indices = sorted((index for index in self.ranges if index in free), key=str)
        for values in product(*(self.ranges[index] for index in indices)):
            here = dict(zip(indices, values, strict=True))
            yield self._contradiction(formula, rhs, here)

    def _contradiction(self, formula: Formula, rhs: sp.Basic, here: Mapping[sp.Symbol, int]) -> str:
        place = ", ".join([self.words, *(f"{index} = {value}" for index, value in here.items())])
        interpretation = self.interpretation.at(here)
        try:
            claimed = interpretation.value(rhs)
        except ShapeError as error:
            return f"{place}: {error}"
        if formula.test is not None:
            found = formula.test(interpretation, claimed)
            return f"{place}: {found}" if found else ""
        true = interpretation.value(formula.lhs)
        return "" if formula.holds(true, claimed) else f"{place}: {_differ(formula, true, claimed)}"


def _differ(formula: Formula, true: Any, claimed: Any) -> str:
    if isinstance(claimed, Fraction) and isinstance(true, np.ndarray):
        return f"a matrix, not {_short(claimed)}"
    if np.shape(true) != np.shape(claimed):
        return f"shape {np.shape(true)}, not {np.shape(claimed)}"
    if isinstance(true, np.ndarray):
        place = tuple(int(i) for i in np.argwhere(true != claimed)[0])
        return f"entry {place} is {_short(true[place])}, not {_short(claimed[place])}"
    bound = "at least " if formula.mirrored else "at most "
    return f"{_short(true)}, not {'' if formula.relation is Relation.EQUAL else bound}{_short(claimed)}"


def _short(value: Any) -> str:
    """A number in few characters: exact when it is short."""
    text = str(value)
    if len(text) <= 12:
        return text
    number = float(value.square) ** 0.5 if hasattr(value, "square") else float(value)
    return f"{number:.6g}"


@dataclass(frozen=True)
class Part:
    """One part of a statement.

    Attributes
    ----------
    name : str
    says : str
        What the paper says, in words.
    derivation : callable
        Gives the derivation.
    formulas : tuple of Formula
    trials : callable
        Draws the trials of a run.
    literally : str
        How the trials find the left sides.
    variants : tuple of Variant
    further : tuple of callable
        More evidence, from a random generator.
    """

    name: str
    says: str
    derivation: Callable[[], Derivation]
    formulas: tuple[Formula, ...]
    trials: Callable[[np.random.Generator], Iterator[Trial]]
    literally: str
    variants: tuple[Variant, ...]
    further: tuple[Callable[[str, np.random.Generator], Any], ...] = ()


@dataclass(frozen=True)
class SymbolicContext:
    """One run."""

    parts: tuple[Part, ...]
    seed: int

    formulas: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def says(self) -> dict[str, str]:
        """Part → what the paper says."""
        return {part.name: part.says for part in self.parts}

    @cached_property
    def trials(self) -> dict[str, tuple[Trial, ...]]:
        """The trials of each part."""
        return {part.name: tuple(part.trials(self.generator(part))) for part in self.parts}

    def generator(self, part: Part, purpose: int = 0) -> np.random.Generator:
        """Random numbers for a part; the same whichever statement it is checked within."""
        key = int.from_bytes(part.name.encode(), "big")
        return np.random.default_rng(np.random.SeedSequence([self.seed, key, purpose]))

    def variant(self, control: Control) -> tuple[Part, Variant]:
        """The variant that a control shows, and its part."""
        return next((p, v) for p in self.parts for v in p.variants if v.control() == control)

    def first_contradiction(self, part: Part, formula: Formula, rhs: sp.Basic) -> str:
        """Where the trials refute a right side; empty when they do not."""
        found = (text for trial in self.trials[part.name] for text in trial.contradictions(formula, rhs))
        return next((text for text in found if text), "")
