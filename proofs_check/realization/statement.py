"""Proposition 2.1 and its parts: the derivations, and searches for counterexamples to their laws."""

from __future__ import annotations

from typing import Final, TypeAlias

from proofs_check.composition import JoinedContext, joined
from proofs_check.realization.controls import SEARCH_CONTROLS
from proofs_check.realization.laws import SEARCHED
from proofs_check.realization.machine import MACHINE, Machine
from proofs_check.realization.states import CHECK, claimed
from proofs_check.search.statement import Laws, SearchContext
from proofs_check.symbolic import proposition_2_1
from proofs_check.symbolic.statement import SymbolicContext
from proofs_check.theorem import Kind, Theorem

RealizationContext: TypeAlias = JoinedContext[SymbolicContext, SearchContext]

LAWS: Final[Laws[Machine]] = Laws(SEARCHED, MACHINE, SEARCH_CONTROLS, claimed, (CHECK,))


def theorem() -> Theorem[RealizationContext]:
    """Both parts."""
    return _searched(proposition_2_1.theorem())


def part_a() -> Theorem[RealizationContext]:
    """A linear RNN is a convolution."""
    return _searched(proposition_2_1.part_a(), "a")


def part_b() -> Theorem[RealizationContext]:
    """A convolution is a linear RNN."""
    return _searched(proposition_2_1.part_b(), "b")


def _searched(symbolic: Theorem[SymbolicContext], part: str = "") -> Theorem[RealizationContext]:
    return joined(symbolic, LAWS.theorem(part), rests_on=Kind.EXACT)
