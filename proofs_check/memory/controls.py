"""False memories: each must be refuted by the derivation, and by training RNNs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from proofs_check.claims import Claim, compare
from proofs_check.implicit_bias.false_weights import false_weights
from proofs_check.judgement import refuting_entries
from proofs_check.memory.context import TARGET, MemoryContext
from proofs_check.memory.speed_checks import family
from proofs_check.theorem import Control, ControlResult
from theory.tangent_kernel import rho

CONTROLS: Final = (
    false_weights("unscaled convolution", "every lag would be learned alike"),
    false_weights("factor j missing"),
    Control(
        "exponent off by one",
        "rho = nu_C*(j*nu_F*nu_W**j + nu_W**(j+1)) + nu_F*nu_W**(j+1)",
        "lag 0 does not pass through W",
    ),
    false_weights("W not trained", "what makes the memory longer is missing"),
    false_weights(
        "root of nu_W for nu_W",
        "states shrink like the spectral radius √ν_W, weights like their squares",
        called="root of nu_W",
    ),
    false_weights(
        "variance of L_j for rho_j", "that is the variance of L_j at the start", called="as the impulse response"
    ),
    false_weights("NTK parameterization", "another convention"),
    false_weights(
        "another learning rate", "a convolution with 2ρ at rate η is one with ρ at rate 2η", called="twice the rate"
    ),
)


def refute(control: Control, context: MemoryContext) -> ControlResult:
    """Attack with a false claim, on the symbolic side and by measurement alone."""
    claim, derived, values = Claim.parse(control.claim), rho(), context.kernel.expectations.values
    symbolic = compare(claim, derived, values, frozenset())
    truth, horizon = Claim(TARGET, "derived", derived), context.settings.horizon
    differs = any(claim.value(lag, values) != truth.value(lag, values) for lag in range(horizon))
    tests = family(context, claim)
    refuting = refuting_entries(tests.p_values)
    entry = tests.entry(refuting[0]) if refuting else None
    return ControlResult(
        control,
        applicable=differs,
        symbolic=symbolic.is_refuted,
        numeric=entry is not None,
        symbolic_reason=symbolic.reason,
        numeric_reason=_measured(entry) if entry else "no measurement contradicts it",
    )


def _measured(entry: Mapping[str, Any]) -> str:
    claimed = f"not {entry['expected']:.6g}" if isfinite(entry["expected"]) else "the claim is undefined"
    return f"{entry['what']}: {entry['found']:.6g} ± {1.96 * entry['standard_error']:.1g}, {claimed}"
