"""The checks that every statement without statistics goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.symbolic.statement import Part, SymbolicContext
from proofs_check.theorem import Control, ControlResult, Evidence, Kind, Status
from theory.derivation import Derivation
from theory.tampering import Tampered, planted
from theory.verification import Outcome

PLANTED: Final = 40
"""At most so many of the errors that can be planted in a derivation are tried."""

STATUS: Final = {
    Outcome.PROVED: Status.CONFIRMED,
    Outcome.REFUTED: Status.REFUTED,
    Outcome.ONE_ENGINE: Status.UNDECIDED,
    Outcome.UNVERIFIED: Status.UNDECIDED,
}

PartCheck = Callable[[SymbolicContext], Iterator[Evidence]]


def of_part(part: Part) -> Iterator[tuple[str, str, PartCheck]]:
    """Name, title and function of each check of a part."""
    for name, words, check in (
        ("derivation", "derivation", _derivation),
        ("claim", "the paper's formulas against the derived lines", _claims),
        ("exact", "the paper's formulas worked out exactly", _exact),
        ("attack", "errors planted in the derivation", _attacks),
    ):
        yield name, words, partial(check, part)
    for place, further in enumerate(part.further):
        yield f"further-{place}", "further evidence", partial(_further, part, place, further)


def refute(control: Control, context: SymbolicContext) -> ControlResult:
    """Attack with a false variant: the derivation and the trials must each refute it."""
    part, variant = context.variant(control)
    outcome = variant.formula.compare(part.derivation(), variant.rhs)
    contradiction = context.first_contradiction(part, variant.formula, variant.rhs)
    return ControlResult(
        control,
        applicable=True,
        symbolic=outcome is Outcome.REFUTED,
        numeric=bool(contradiction),
        symbolic_reason=f"compared with the line {variant.formula.step!r}: {outcome.value}",
        numeric_reason=contradiction or "no instance contradicts it",
    )


def _derivation(part: Part, context: SymbolicContext) -> Iterator[Evidence]:  # noqa: ARG001
    yield derivation_evidence(f"{part.name}.derivation", part.derivation())


def _claims(part: Part, context: SymbolicContext) -> Iterator[Evidence]:  # noqa: ARG001
    """Each formula against the derived line."""
    derivation = part.derivation()
    for formula in part.formulas:
        if formula.is_about(derivation):
            status = STATUS[formula.compare(derivation)]
            summary = f"the derived line {formula.step!r}, for all values of its symbols"
        else:
            status, summary = Status.UNDECIDED, f"the line {formula.step!r} is about something else"
        if status is Status.REFUTED:
            summary = f"the derived line {formula.step!r} is another: {derivation.step(formula.step)}"
        yield Evidence(
            f"{part.name}.claim",
            Kind.IDENTITY,
            formula.name,
            status,
            summary,
            details={"claimed": str(formula), "derived": str(derivation.step(formula.step))},
        )


def _exact(part: Part, context: SymbolicContext) -> Iterator[Evidence]:
    """Both sides of each formula, worked out in every trial."""
    trials = context.trials[part.name]
    values, without = 0, []
    for formula in part.formulas:
        found = [text for trial in trials for text in trial.contradictions(formula, formula.rhs)]
        values += len(found)
        without += [] if found else [formula.name]
        contradiction = next((text for text in found if text), "")
        if contradiction:
            yield Evidence(
                f"{part.name}.exact",
                Kind.EXACT,
                "worked out exactly",
                Status.REFUTED,
                f"{formula.name}: {contradiction}",
            )
            return
    summary = f"{values} values in {len(trials)} instances: {part.literally}"
    if without:
        summary += f"; not worked out: {', '.join(without)}"
    yield Evidence(
        f"{part.name}.exact",
        Kind.EXACT,
        "worked out exactly",
        Status.CONFIRMED if values else Status.UNDECIDED,
        summary,
        details={"instances": [trial.words for trial in trials], "values": values},
    )


def _attacks(part: Part, context: SymbolicContext) -> Iterator[Evidence]:  # noqa: ARG001
    derivation = part.derivation()
    if derivation.verified.proved:  # else there is nothing that an attack could break
        yield _necessity(f"{part.name}.necessity", derivation)
        yield _planted(f"{part.name}.planted", derivation)


def _necessity(check: str, derivation: Derivation) -> Evidence:
    """Take each hypothesis away: a line must fail."""
    failing = derivation.verified.necessity
    needed = {name: step.step.name for name, step in failing.items() if step is not None}
    idle = [name for name in failing if name not in needed]
    words_only = [h.name for h in derivation.hypotheses if not h.facts]
    summary = f"{len(needed)} of {len(failing)}: without it, a line fails"
    if idle:
        summary += f"; no line needs {', '.join(idle)}"
    if words_only:
        summary += f"; stated in words, used by no check: {', '.join(words_only)}"
    return Evidence(
        check,
        Kind.ATTACK,
        "every hypothesis is needed",
        Status.INFORMATION if idle else Status.CONFIRMED,
        summary,
        details={"fails_without": needed, "not_needed": idle, "in_words_only": words_only},
    )


def _planted(check: str, derivation: Derivation) -> Evidence:
    """Plant errors, evenly spread over all that there are: each must be noticed."""
    errors = list(planted(derivation))
    tried = _spread(errors)
    survivors = [str(error) for error in tried if error.caught() is None]
    summary = f"{len(tried) - len(survivors)} of {len(tried)} noticed"
    if len(tried) < len(errors):
        summary += f", spread over the {len(errors)} that there are"
    if survivors:
        summary += f"; not noticed: {survivors[0]}"
    return Evidence(
        check,
        Kind.ATTACK,
        "planted errors",
        Status.UNDECIDED if survivors else Status.CONFIRMED,
        summary,
        details={"planted": len(errors), "tried": len(tried), "survivors": survivors},
    )


def _spread(errors: list[Tampered]) -> list[Tampered]:
    if len(errors) <= PLANTED:
        return errors
    return [errors[place * len(errors) // PLANTED] for place in range(PLANTED)]


def _further(
    part: Part, place: int, further: Callable[..., Iterator[Evidence]], context: SymbolicContext
) -> Iterator[Evidence]:
    check = f"{part.name}.further"
    for item in further(check, context.generator(part, 1 + place)):
        yield replace(item, check=check)
