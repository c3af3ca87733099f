"""State evolution of a recursion that somebody wrote down: its covariances, from Lemma C.1.

Where formulas depend on the present and on fixed times, the recursion of the covariances is derived for
all times s and t, by the closed forms that are proved in this package (polynomials, relu, step, erf); where
none is known, expectations are left standing. Formulas that reach back in time, that change with time, or
that need other closed forms are worked out for the first times, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy.core.function import AppliedUndef

from theory.derivation import Derivation
from theory.recursion import ExactRecursion
from theory.statements.catalogue import Statement
from theory.statements.recursion_general import General
from theory.statements.recursion_stepwise import Stepwise
from theory.statements.recursion_writer import exact_blocks
from theory.symbols import t


@dataclass(frozen=True)
class RecursionStatement(Statement):
    """What Lemma C.1 says of a recursion, as something that can be rendered.

    Attributes
    ----------
    recursion : ExactRecursion or None
    steps : int
        How many steps are written out in numbers.
    """

    recursion: ExactRecursion | None = None
    steps: int = 3

    def derivations(self) -> tuple[Derivation, ...]:
        assert self.recursion is not None
        return (derive(self.recursion, self.steps),)


def statement(recursion: ExactRecursion, steps: int = 3) -> RecursionStatement:
    """Lemma C.1 for a recursion.

    Parameters
    ----------
    recursion : ExactRecursion
    steps : int
        How many steps are written out in numbers.
    """
    about = "state evolution of a recursion, by Lemma C.1"
    return RecursionStatement("recursion", recursion.title, about, ("user_recursion",), recursion, steps)


@cache
def derive(recursion: ExactRecursion, steps: int = 3) -> Derivation:
    """The covariances of a recursion: for all times where that can be done, otherwise for the first ones."""
    if not _needs_concrete_times(recursion):
        general = General(recursion, steps)
        derivation = general.derivation()
        if derivation.verified.proved and not (general.standing and exact_blocks(recursion, steps)):
            return derivation
        if any(failure.step.name.startswith("at times") for failure in derivation.verified.failures):
            return derivation  # two ways contradict each other, and the page must say so
    return Stepwise(recursion, steps).derivation()


def _needs_concrete_times(recursion: ExactRecursion) -> bool:
    """Whether formulas change with time or reach back."""
    for matrix in recursion.matrices:
        values = set().union(*(formula.atoms(AppliedUndef) for formula in matrix.row))
        states = [value for value in values if str(value.func) in recursion.columns]
        if matrix.at or any(value.args[0] != t and not value.args[0].is_Integer for value in states):
            return True
    return False
