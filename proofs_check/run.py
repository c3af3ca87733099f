"""Run the checks of a statement and come to a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from proofs_check.interruption import nothing_is_begun
from proofs_check.judgement import Judgement, judge
from proofs_check.picture import Picture
from proofs_check.progress import Progress
from proofs_check.registry import Entry
from proofs_check.settings import Settings
from proofs_check.theorem import ControlResult, Evidence, InterruptedRunError, Theorem


@dataclass(frozen=True)
class Verdict:
    """All that a run found.

    Attributes
    ----------
    entry : Entry
    theorem : Theorem
    settings : Settings
    claims : mapping of str to str
        Target → the formula that was checked.
    says : mapping of str to str
        Part of the statement → what was checked of it, in words.
    judgement : Judgement
    controls : tuple of ControlResult
    warnings : tuple of str
    seconds : float
        Wall time.
    picture : Picture or None
        What there is to be drawn.
    """

    entry: Entry
    theorem: Theorem[Any]
    settings: Settings
    claims: Mapping[str, str]
    says: Mapping[str, str]
    judgement: Judgement
    controls: tuple[ControlResult, ...]
    warnings: tuple[str, ...]
    seconds: float
    picture: Picture | None = None

    def __str__(self) -> str:
        from proofs_check.report.notebook import report_text

        return report_text(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        """The report, as a notebook shows it."""
        from proofs_check.report.notebook import bundle

        return bundle(self)


def run(
    entry: Entry,
    settings: Settings,
    progress: Progress | None = None,
    announce: Callable[[Sequence[str]], None] | None = None,
) -> Verdict:
    """Check a statement.

    Ctrl-C ends the measurements; what was measured so far is judged and marked as interrupted.

    Parameters
    ----------
    entry : Entry
    settings : Settings
    progress : Progress, optional
    announce : callable, optional
        Told, before anything slow begins, what the user should know about the request.

    Raises
    ------
    FormulaError
        When a claim is not understood.
    InputError
        When the request turns out to be impossible.
    """
    start = time.perf_counter()
    statement = entry.load()
    context = statement.prepare(settings, progress)
    if announce is not None:
        announce((*_ignored(entry, settings), *context.warnings))
    evidence: list[Evidence] = []
    controls: list[ControlResult] = []
    interrupted = False
    try:
        for check in statement.checks:
            try:
                for item in check.run(context):
                    evidence.append(item)
            except InterruptedRunError:
                continue  # later checks may still find what they need among the samples drawn
        controls = [statement.refute(control, context) for control in statement.controls]
    except (KeyboardInterrupt, InterruptedRunError):
        interrupted = True
    interrupted = interrupted or context.interrupted
    judgement = judge(evidence, controls, rests_on=statement.rests_on, interrupted=interrupted)
    return Verdict(
        entry,
        statement,
        settings,
        context.formulas,
        context.says,
        judgement,
        tuple(controls),
        (*_ignored(entry, settings), *context.warnings),
        time.perf_counter() - start,
        _picture(statement, context, interrupted=interrupted),
    )


def _picture(statement: Theorem[Any], context: Any, *, interrupted: bool) -> Picture | None:
    """What there is to be drawn; after an interruption nothing is measured for it."""
    if statement.picture is None:
        return None
    try:
        with nothing_is_begun() if interrupted else nullcontext():
            return statement.picture(context)
    except (KeyboardInterrupt, InterruptedRunError):
        return None


def _ignored(entry: Entry, settings: Settings) -> tuple[str, ...]:
    """A warning about options that were given and change nothing."""
    if not settings.ignored:
        return ()
    names = ", ".join(f"--{option}" for option, _ in settings.ignored)
    return (f"{names}: not used by {entry.id}, and ignored",)
