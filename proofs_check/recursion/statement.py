"""Lemma C.1 as it is checked: its derivations (79), (72), and the limit (71) on a recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from proofs_check.progress import Progress
from proofs_check.recursion import checks, controls
from proofs_check.recursion.context import PART, SAYS, RecursionContext
from proofs_check.settings import Settings
from proofs_check.symbolic import lemma_c_1
from proofs_check.symbolic.checks import refute as refute_symbolically
from proofs_check.symbolic.statement import SymbolicContext
from proofs_check.theorem import Check, Control, ControlResult, Evidence, Theorem

LIMIT: Final = (
    "the rows of G are Lipschitz (69), and (q_0, u) converges with Q_0 Gaussian, independent of U (70)",
    "T fixed while n → ∞",
)

Inner = TypeVar("Inner", SymbolicContext, RecursionContext)


@dataclass(frozen=True)
class LemmaContext:
    """One run: the derivations, and a recursion."""

    symbolic: SymbolicContext
    recursion: RecursionContext

    @property
    def formulas(self) -> dict[str, str]:
        """No formula of the lemma can be claimed."""
        return {**self.symbolic.formulas, **self.recursion.formulas}

    @property
    def says(self) -> dict[str, str]:
        """Part → what is checked of it."""
        return {**self.symbolic.says, **self.recursion.says}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        return (*self.symbolic.warnings, *self.recursion.warnings)

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped a check that kept what it had."""
        return self.symbolic.interrupted or self.recursion.interrupted


def theorem() -> Theorem[LemmaContext]:
    """All three parts."""
    symbolic = lemma_c_1.theorem()

    def prepare(settings: Settings, progress: Progress | None) -> LemmaContext:
        return LemmaContext(symbolic.prepare(settings, progress), RecursionContext.prepare(settings, progress))

    return Theorem(
        id=symbolic.id,
        title="Gaussian recursions and their state evolution",
        source=symbolic.source,
        parts={**symbolic.parts, PART: SAYS},
        hypotheses=(*symbolic.hypotheses, *LIMIT),
        checks=(
            *(_of(check, lambda context: context.symbolic) for check in symbolic.checks),
            *(_of(check, lambda context: context.recursion) for check in checks.CHECKS),
        ),
        controls=(*symbolic.controls, *controls.VARIANTS),
        prepare=prepare,
        refute=refute,
    )


def refute(control: Control, context: LemmaContext) -> ControlResult:
    """Attack the derivations, or the limit, with a false variant."""
    if control in controls.VARIANTS:
        return controls.refute(control, context.recursion)
    return refute_symbolically(control, context.symbolic)


def _of(check: Check[Inner], part: Callable[[LemmaContext], Inner]) -> Check[LemmaContext]:
    """A check of one part, as a check of the whole."""

    def run(context: LemmaContext) -> Iterable[Evidence]:
        return check.run(part(context))

    return Check(check.name, check.part, check.title, run)
