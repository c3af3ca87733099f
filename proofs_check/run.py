"""Run the checks of a statement and come to a verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass

from proofs_check.implicit_bias.context import Context
from proofs_check.implicit_bias.laboratory import InterruptedRunError
from proofs_check.implicit_bias.theorem_3_3 import run_control, theorem
from proofs_check.judgement import Judgement, judge
from proofs_check.progress import Progress
from proofs_check.registry import Entry
from proofs_check.settings import Settings
from proofs_check.theorem import ControlResult, Evidence, Theorem


@dataclass(frozen=True)
class Verdict:
    """All that a run found.

    Attributes
    ----------
    theorem : Theorem
    settings : Settings
    claims : dict of str to str
        Target → the formula that was checked.
    judgement : Judgement
    controls : tuple of ControlResult
    warnings : tuple of str
    seconds : float
        Wall time.
    """

    theorem: Theorem[Context]
    settings: Settings
    claims: dict[str, str]
    judgement: Judgement
    controls: tuple[ControlResult, ...]
    warnings: tuple[str, ...]
    seconds: float


def run(entry: Entry, settings: Settings, progress: Progress | None = None) -> Verdict:
    """Check a statement.

    Ctrl-C ends the measurements; what was measured so far is judged and marked as interrupted.

    Raises
    ------
    FormulaError
        When a claim is not understood.
    InputError
        When the request turns out to be impossible.
    """
    start = time.perf_counter()
    statement = theorem(entry.parts)
    context = Context.prepare(settings, progress)
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
        controls = [run_control(control, context) for control in statement.controls]
    except (KeyboardInterrupt, InterruptedRunError):
        interrupted = True
    judgement = judge(evidence, controls, interrupted=interrupted or context.laboratory.interrupted)
    return Verdict(
        statement,
        settings,
        {target: claim.text for target, claim in context.claims.items()},
        judgement,
        tuple(controls),
        settings.warnings(),
        time.perf_counter() - start,
    )
