"""Writing a derivation: line after line, with right sides that are computed from the facts so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from theory.derivation import Derivation, named
from theory.facts import Environment
from theory.justification import Justification
from theory.step import Hypothesis, Origin, Step


def relies_on(derivation: Derivation, words: str = "") -> Hypothesis:
    """Another derivation that is used in words, without a fact of it being rewritten with."""
    words = words or derivation.title
    return Hypothesis(derivation.id, words, (), Origin.STATEMENT, derivation.id, derivation.cited_sources)


@dataclass
class Draft:
    """A derivation being written: hypotheses first, then line after line.

    ``unfold`` gives a writer what the facts so far make of an expression, so that right sides are
    computed and not typed.
    """

    id: str
    title: str
    statement: str
    hypotheses: tuple[Hypothesis, ...]
    steps: list[Step] = field(default_factory=list)

    def add(
        self,
        name: str,
        lhs: sp.Basic,
        rhs: sp.Basic,
        reason: str,
        by: Justification,
        *,
        uses: tuple[str, ...] = (),
        equation: str = "",
        routes: tuple[tuple[str, sp.Basic], ...] = (),
    ) -> Step:
        """Append a line."""
        step = Step(name, lhs, rhs, reason, by, uses, equation, routes)
        self.steps.append(step)
        return step

    def unfold(self, expression: sp.Basic, *names: str) -> sp.Basic:
        """The expression, rewritten with hypotheses and earlier lines."""
        return Environment(self.finish().facts).unfold(expression, names)

    def step(self, name: str) -> Step:
        """The line of this name; KeyError when there is none."""
        return named(self.steps, name, self.id)

    def finish(self, *conclusions: str) -> Derivation:
        """The derivation as it stands."""
        return Derivation(self.id, self.title, self.statement, self.hypotheses, tuple(self.steps), conclusions)
