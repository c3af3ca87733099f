"""Put a statement without statistics together from its parts."""

from __future__ import annotations

from typing import Final

from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.symbolic import checks
from proofs_check.symbolic.statement import Part, SymbolicContext
from proofs_check.theorem import Check, Kind, Theorem

SOURCE: Final = "Emami et al., Implicit Bias of Linear RNNs, ICML 2021"


def symbolic_theorem(identifier: str, title: str, place: str, *parts: Part) -> Theorem[SymbolicContext]:
    """Put a statement together.

    Parameters
    ----------
    identifier, title : str
    place : str
        Where in the paper it is.
    *parts : Part
    """

    def prepare(settings: Settings, progress: Progress | None) -> SymbolicContext:  # noqa: ARG001
        return SymbolicContext(parts, settings.seed)

    return Theorem(
        id=identifier,
        title=title,
        source=f"{SOURCE}, {place}",
        parts={part.name: part.says for part in parts},
        hypotheses=tuple(dict.fromkeys(h.words for part in parts for h in part.derivation().hypotheses)),
        checks=tuple(
            Check(f"{part.name}.{name}", part.name, words, check)
            for part in parts
            for name, words, check in checks.of_part(part)
        ),
        controls=tuple(variant.control() for part in parts for variant in part.variants),
        prepare=prepare,
        refute=checks.refute,
        rests_on=Kind.EXACT,
    )
