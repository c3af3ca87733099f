"""Two theorems as one: each check and each control goes to the context that it was written for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from proofs_check.picture import Picture
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Check, Context, ContextType, Control, ControlResult, Evidence, Kind, Theorem

First = TypeVar("First", bound=Context)
Second = TypeVar("Second", bound=Context)


@dataclass(frozen=True)
class JoinedContext(Generic[First, Second]):
    """One run of both."""

    first: First
    second: Second

    @property
    def formulas(self) -> dict[str, str]:
        """Target → the formula that is checked."""
        return {**self.first.formulas, **self.second.formulas}

    @property
    def says(self) -> dict[str, str]:
        """Part → what is checked of it."""
        return {**self.first.says, **self.second.says}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        return (*self.first.warnings, *self.second.warnings)

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped a check that kept what it had."""
        return self.first.interrupted or self.second.interrupted


def joined(
    first: Theorem[First], second: Theorem[Second], *, rests_on: Kind, title: str = ""
) -> Theorem[JoinedContext[First, Second]]:
    """Put a theorem together from two that say different things about one statement.

    Parameters
    ----------
    first : Theorem
        Gives the id, the source and, unless there is another, the title.
    second : Theorem
        Its controls are others than those of the first; its picture comes first.
    rests_on : Kind
        The evidence without which there is no pass.
    title : str
    """
    assert not set(first.controls) & set(second.controls)

    def prepare(settings: Settings, progress: Progress | None) -> JoinedContext[First, Second]:
        return JoinedContext(first.prepare(settings, progress), second.prepare(settings, progress))

    def refute(control: Control, context: JoinedContext[First, Second]) -> ControlResult:
        if control in second.controls:
            return second.refute(control, context.second)
        return first.refute(control, context.first)

    def picture(context: JoinedContext[First, Second]) -> Picture | None:
        drawn = second.picture(context.second) if second.picture else None
        return drawn or (first.picture(context.first) if first.picture else None)

    return Theorem(
        id=first.id,
        title=title or first.title,
        source=first.source,
        parts={**first.parts, **second.parts},
        hypotheses=(*first.hypotheses, *second.hypotheses),
        checks=(
            *(_of(check, lambda context: context.first) for check in first.checks),
            *(_of(check, lambda context: context.second) for check in second.checks),
        ),
        controls=(*first.controls, *second.controls),
        prepare=prepare,
        refute=refute,
        rests_on=rests_on,
        picture=picture if first.picture or second.picture else None,
    )


def _of(
    check: Check[ContextType], part: Callable[[JoinedContext[Any, Any]], ContextType]
) -> Check[JoinedContext[Any, Any]]:
    """A check of one, as a check of both."""

    def run(context: JoinedContext[Any, Any]) -> Iterable[Evidence]:
        return check.run(part(context))

    return Check(check.name, check.part, check.title, run)
