"""Theorem 4.1 as it is checked: its derivations, the size of the impulse response (24), and how far it moves (25).

(25) is certified for the scaled convolution and measured for the RNN along a ladder of widths; how long each lag takes
to be learned is measured against ρ_j. The loss is the half-squared one.
"""

from __future__ import annotations

from typing import Any, Final

from proofs_check.composition import joined
from proofs_check.symbolic import theorem_4_1 as symbolic
from proofs_check.theorem import Check, Control, ControlResult, Kind, Theorem
from proofs_check.training import certified_bound, theorem_4_1_ladder, theorem_4_1_times
from proofs_check.training.theorem_4_1_context import BOUND, TIMES, DescentContext
from proofs_check.training.theorem_4_1_picture import picture
from proofs_check.training.theorem_4_1_size import size

TITLE: Final = "Gradient descent and the impulse response: its size (24), and how far it moves (25)"

CHECKS: Final[tuple[Check[DescentContext], ...]] = (
    Check(f"{BOUND}.constants", BOUND, "constants (62)", certified_bound.constants),
    Check(f"{BOUND}.errors", BOUND, "errors do not grow", certified_bound.errors),
    Check(f"{BOUND}.bound", BOUND, "bound for the convolution", certified_bound.bound),
    Check(f"{BOUND}.sharpness", BOUND, "above the bound of the rate", certified_bound.sharpness),
    Check(f"{BOUND}.rnn", BOUND, "bound for RNNs", theorem_4_1_ladder.within),
    Check(f"{BOUND}.approach", BOUND, "use of the bound", theorem_4_1_ladder.approach),
    Check(f"{TIMES}.conjecture", TIMES, "claim against the derived weights", theorem_4_1_times.conjecture),
    Check(f"{TIMES}.rates", TIMES, "weights from learning", theorem_4_1_times.rates),
)


def theorem() -> Theorem[Any]:
    """All of it."""
    measured = joined(size(), descent(), rests_on=Kind.STATISTICAL)
    return joined(symbolic.theorem(), measured, rests_on=Kind.STATISTICAL, title=TITLE)


def initial_size() -> Theorem[Any]:
    """(24) alone."""
    title = "The size of the impulse response at initialization"
    return joined(symbolic.initial_size(), size(), rests_on=Kind.STATISTICAL, title=title)


def movement() -> Theorem[Any]:
    """(25) alone."""
    title = "How far gradient descent moves each lag of the impulse response"
    return joined(symbolic.movement(), descent(), rests_on=Kind.STATISTICAL, title=title)


def descent() -> Theorem[DescentContext]:
    """(25), certified and measured."""
    return Theorem(
        id=BOUND,
        title="",
        source="",
        parts={BOUND: "", TIMES: ""},
        hypotheses=("η < B_1 for the half-squared loss",),
        checks=CHECKS,
        controls=(*theorem_4_1_times.FALSE, *certified_bound.RATES),
        prepare=DescentContext.prepare,
        refute=_refute,
        picture=picture,
    )


def _refute(control: Control, context: DescentContext) -> ControlResult:
    if control in certified_bound.RATES:
        return certified_bound.refute_rate(control, context)
    return theorem_4_1_times.refute(control, context)
