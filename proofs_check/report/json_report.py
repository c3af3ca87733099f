"""A verdict as JSON, described by ``report.schema.json`` beside this module.

Everything but ``timing`` is a function of the command: the same bytes on one worker and on many.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from importlib import resources
from typing import Any

from proofs_check import __version__
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.options import OPTIONS, Option
from proofs_check.report.command import reproducing_command
from proofs_check.run import Verdict
from proofs_check.theorem import ControlResult, Evidence

FORMAT = 1


def to_json(verdict: Verdict) -> str:
    """The report as a JSON text with sorted keys, ending in a newline."""
    return json.dumps(_plain(as_mapping(verdict)), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON schema that every report obeys."""
    text = resources.files(__package__).joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def as_mapping(verdict: Verdict) -> dict[str, Any]:
    """The report as nested mappings and lists."""
    theorem, judgement = verdict.theorem, verdict.judgement
    return {
        "format": FORMAT,
        "version": __version__,
        "theorem": {
            "id": theorem.id,
            "title": theorem.title,
            "source": theorem.source,
            "parts": dict(theorem.parts),
            "hypotheses": list(theorem.hypotheses),
        },
        "settings": _settings(verdict),
        "claims": dict(verdict.claims),
        "verdict": {
            "outcome": judgement.outcome.word,
            "exit_status": judgement.outcome.exit_status,
            "explanation": judgement.outcome.explanation,
            "reasons": list(judgement.reasons),
            "statistical_tests": judgement.tests,
            "false_alarm_probability": FAMILY_LEVEL,
        },
        "evidence": [_evidence(item) for item in judgement.evidence],
        "controls": [_control(result) for result in verdict.controls],
        "warnings": list(verdict.warnings),
        "reproduce": reproducing_command(verdict.entry, verdict.settings),
        "timing": {"seconds": round(verdict.seconds, 3)},
    }


def _settings(verdict: Verdict) -> dict[str, Any]:
    """The options that the report depends on."""
    s, used = verdict.settings, verdict.entry.options
    values = {_key(option): option.values.plain(option.of(s)) for option in OPTIONS if option.name in used}
    return values | {"fixed": sorted(s.fixed)}


def _key(option: Option) -> str:
    return "n" if option.key == "widths" else option.key


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "check": item.check,
        "part": item.part,
        "kind": item.kind.value,
        "is_proof": item.kind.is_proof,
        "title": item.title,
        "status": item.status.value,
        "summary": item.summary,
        "details": dict(item.details),
    }


def _control(result: ControlResult) -> dict[str, Any]:
    return {
        "name": result.control.name,
        "claim": result.control.claim,
        "why_false": result.control.why,
        "applicable": result.applicable,
        "refuted": result.refuted,
        "symbolic": {"refuted": result.symbolic, "reason": result.symbolic_reason},
        "numeric": {"refuted": result.numeric, "reason": result.numeric_reason},
    }


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Fraction):
        return str(value)
    return value
