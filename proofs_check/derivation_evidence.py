"""What a derivation is worth as evidence: verified line by line, and what it leaves open, by name."""

from __future__ import annotations

from collections import Counter

from proofs_check.theorem import Evidence, Kind, Status
from theory.derivation import Derivation, VerifiedDerivation
from theory.verification import POINTS, Outcome


def derivation_evidence(check: str, derivation: Derivation) -> Evidence:
    """Verify a derivation; lines of which only instances are checked, and the theorems it rests on, are named."""
    verified = derivation.verified
    if verified.proved:
        status, summary = Status.CONFIRMED, _size(verified) + _reservations(verified)
    else:
        refuted = any(step.outcome is Outcome.REFUTED for step in verified.failures)
        status = Status.REFUTED if refuted else Status.UNDECIDED
        summary = "; ".join(f"line {f.step.name!r} is {f.outcome.value}" for f in verified.failures)
    return Evidence(
        check,
        Kind.IDENTITY,
        "derivation",
        status,
        summary,
        details={
            "hypotheses": [hypothesis.words for hypothesis in derivation.hypotheses],
            "cited": list(derivation.cited_sources),
            "methods": dict(Counter(s.step.by.method for s in verified.steps)),
            "steps": [
                {
                    "name": s.step.name,
                    "equation": s.step.equation,
                    "statement": str(s.step),
                    "reason": s.step.reason,
                    "method": s.step.by.method,
                    "hypotheses": list(s.step.uses),
                    "outcome": s.outcome.value,
                    "identities": len(s.verifications),
                }
                for s in verified.steps
            ],
            "result": str(derivation.result),
        },
    )


def _size(verified: VerifiedDerivation) -> str:
    lines = len(verified.steps)
    return f"{lines} lines, {verified.identities} identities, each by SymPy and modulo 2^61-1 at {POINTS} points"


def _reservations(verified: VerifiedDerivation) -> str:
    """What is not established in general, and what is not proved here."""
    found = ""
    for words, leaned_on in (("instances only", True), ("also checked at instances", False)):
        lines = [
            f"{s.step.name} ({s.step.by.method.partition(': ')[2]})"
            for s in verified.instances
            if (s.step.name in verified.derivation.leaned_on) is leaned_on
        ]
        found += f"; {words}: {', '.join(lines)}" if lines else ""
    sources = verified.derivation.cited_sources
    if sources:
        found += f"; cited, here or in what it builds on: {', '.join(sources)}"
    return _plain(found)


def _plain(text: str) -> str:
    """Words with simple mathematics between dollar signs, without LaTeX."""
    for code, character in (("$", ""), (r"\le ", "≤ "), (r"\ge ", "≥ "), (r"\to ", "→ "), (r"\infty", "∞")):
        text = text.replace(code, character)
    return text
