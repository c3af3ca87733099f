"""Lemma C.1 as it is checked: its derivations (79), (72), and the limit (71) on a recursion."""

from __future__ import annotations

from typing import Final

from proofs_check.composition import JoinedContext, joined
from proofs_check.recursion import checks, controls
from proofs_check.recursion.context import PART, SAYS, RecursionContext
from proofs_check.symbolic import lemma_c_1
from proofs_check.symbolic.statement import SymbolicContext
from proofs_check.theorem import Kind, Theorem

LIMIT: Final = (
    "the rows of G are Lipschitz (69), and (q_0, u) converges with Q_0 Gaussian, independent of U (70)",
    "T fixed while n → ∞",
)


def theorem() -> Theorem[JoinedContext[SymbolicContext, RecursionContext]]:
    """All three parts."""
    return joined(
        lemma_c_1.theorem(), limit(), title="Gaussian recursions and their state evolution", rests_on=Kind.STATISTICAL
    )


def limit() -> Theorem[RecursionContext]:
    """The limit (71), measured on a recursion."""
    return Theorem(
        id="71",
        title="The limit of a Gaussian recursion",
        source="",
        parts={PART: SAYS},
        hypotheses=LIMIT,
        checks=checks.CHECKS,
        controls=tuple(controls.VARIANTS),
        prepare=RecursionContext.prepare,
        refute=controls.refute,
    )
