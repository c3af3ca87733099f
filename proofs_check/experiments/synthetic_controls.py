"""False ρ_j: students that the RNN's curves must be told from, by the derivation and by the experiment alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from proofs_check.claims import Claim
from proofs_check.experiments.synthetic_curves import CurvesContext
from proofs_check.experiments.synthetic_weights import undefined
from proofs_check.implicit_bias.false_weights import false_weights
from proofs_check.judgement import refuting_entries
from proofs_check.theorem import Control, ControlResult

CONTROLS: Final[tuple[Control, ...]] = (
    false_weights("unscaled convolution", "lags are learned at rates ρ_j"),
    false_weights("another learning rate", "2 ρ_j at rate η is ρ_j at rate 2 η"),
    false_weights("factor j missing"),
    false_weights("W not trained"),
    false_weights("NTK parameterization"),
    false_weights("j+1 for j"),
    false_weights("C not trained"),
)


def refute(control: Control, context: CurvesContext) -> ControlResult:
    """Attack with a false claim: by the derivation, and by the curves of the widest RNN."""
    claim = Claim.parse(control.claim)
    symbolic = context.weights.compare(claim, generally=True)
    weights = context.weights.numbers(claim)
    n = context.widths[-1]
    found = [one for (width, _), one in context.comparisons.items() if width == n]
    refuting = refuting_entries(np.array([one.p_value(weights) for one in found])) if found else []
    return ControlResult(
        control,
        applicable=context.weights.differs(claim),
        symbolic=symbolic.is_refuted,
        numeric=bool(refuting),
        symbolic_reason=symbolic.reason,
        numeric_reason=_reason(context, n, weights, refuting) if found else "no RNN was trained",
    )


def _reason(context: CurvesContext, n: int, weights: Array, refuting: list[int]) -> str:
    wrong = undefined(weights)
    if wrong:
        return wrong
    if not refuting:
        return f"at n = {context.words(n)} the curves coincide"
    deviation = context.comparisons[n, refuting[0]].deviation(weights)
    return f"{deviation:.2g} standard deviations off (n = {context.words(n)})"
