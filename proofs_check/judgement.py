"""From evidence to a verdict: one false-alarm budget, and what each outcome requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from numerics.statistics import holm
from proofs_check.theorem import ControlResult, Evidence, Kind, Outcome, Status

FAMILY_LEVEL: Final = 1e-4
"""Probability that a run with only true claims refutes anything, over all its tests together."""

REPORTED_REFUTATIONS: Final = 20

DEEDS: Final = {
    Kind.STATISTICAL: ("measurement", "nothing was measured"),
    Kind.EXACT: ("exact computation", "nothing was computed exactly"),
    Kind.EXPERIMENT: ("experiment", "no experiment came to a decision"),
}
"""What confronts a derivation, by the kind of its evidence; and the reason when there is none."""


@dataclass(frozen=True)
class Judgement:
    """Evidence with the statistical part decided, and the outcome.

    Attributes
    ----------
    evidence : tuple of Evidence
    outcome : Outcome
    tests : int
        Size of the family.
    reasons : tuple of str
        What led to the outcome, when it is not PASSED.
    """

    evidence: tuple[Evidence, ...]
    outcome: Outcome
    tests: int
    reasons: tuple[str, ...]


def judge(
    evidence: Sequence[Evidence],
    controls: Sequence[ControlResult],
    *,
    rests_on: Kind = Kind.STATISTICAL,
    interrupted: bool = False,
) -> Judgement:
    """Share the false-alarm budget by Holm's method and decide.

    A refutation refutes. Without one, a control that survives, an undecided check, or no
    evidence of the kind that the statement rests on make the verdict inconclusive.
    """
    families = [item.tests.p_values for item in evidence if item.tests is not None]
    adjusted = holm(np.concatenate(families)) if families else np.zeros(0)
    judged, start = [], 0
    for item in evidence:
        if item.tests is None:
            judged.append(item)
            continue
        stop = start + item.tests.size
        judged.append(_decided(item, adjusted[start:stop]))
        start = stop
    reasons = [f"{item.title}: {item.summary}" for item in judged if item.status is Status.REFUTED]
    outcome = Outcome.REFUTED if reasons else Outcome.PASSED
    if outcome is Outcome.PASSED:
        reasons = _gaps(judged, controls, rests_on)
        outcome = Outcome.INCONCLUSIVE if reasons else Outcome.PASSED
    if interrupted:
        outcome = Outcome.INTERRUPTED
    return Judgement(tuple(judged), outcome, int(adjusted.size), tuple(reasons))


def refuting_entries(p_values: np.ndarray[Any, np.dtype[np.float64]], level: float = FAMILY_LEVEL) -> list[int]:
    """Indices that Holm's method refutes when the tests are a family of their own."""
    return [int(i) for i in np.flatnonzero(holm(p_values) <= level)]


def _decided(item: Evidence, adjusted: np.ndarray[Any, np.dtype[np.float64]]) -> Evidence:
    tests = item.tests
    assert tests is not None  # for the type checker
    if tests.size == 0:
        return replace(item, status=Status.INFORMATION)
    worst = int(np.argmin(tests.p_values))
    refuting = np.flatnonzero(adjusted <= FAMILY_LEVEL)
    details = {
        **item.details,
        "tests": tests.size,
        "worst": {**tests.entry(worst), "adjusted_p_value": float(adjusted[worst])},
        "refuted": [tests.entry(int(i)) for i in refuting[:REPORTED_REFUTATIONS]],
        "refuted_count": int(refuting.size),
    }
    if refuting.size == 0:
        return replace(item, status=Status.CONFIRMED, details=details)
    first = int(refuting[0])
    summary = f"{_contradiction(tests.entry(first))}; {refuting.size} of {tests.size} tests refute. {item.summary}"
    return replace(item, status=Status.REFUTED, summary=summary, details=details)


def _contradiction(entry: dict[str, Any]) -> str:
    found, expected, error = entry["found"], entry["expected"], entry["standard_error"]
    if not np.isfinite(found):
        return f"{entry['what']}: p = {entry['p_value']:.1e}"
    measured = f"{entry['what']}: measured {found:.6g} ± {1.96 * error:.1g} (95 %)"
    if not np.isfinite(expected):
        return f"{measured}, the claim is undefined"
    return f"{measured}, expected {expected:.6g}"


def _gaps(evidence: Sequence[Evidence], controls: Sequence[ControlResult], rests_on: Kind) -> list[str]:
    deed, absence = DEEDS[rests_on]
    gaps = [f"{item.title}: {item.summary}" for item in evidence if item.status is Status.UNDECIDED]
    gaps += [
        f"control {result.control.name!r} survived: {_survival(result, deed)}"
        for result in controls
        if result.applicable and not result.refuted
    ]
    if controls and not any(result.applicable for result in controls):
        gaps.append("no control is false at these parameters: nothing shows that the checks can fail")
    if not any(item.kind is rests_on and item.status is Status.CONFIRMED for item in evidence):
        gaps.append(absence)
    return gaps


def _survival(result: ControlResult, deed: str) -> str:
    sides = [
        ("derivation", result.symbolic, result.symbolic_reason),
        (deed, result.numeric, result.numeric_reason),
    ]
    return "; ".join(f"{side}: {reason}" for side, refuted, reason in sides if not refuted)
