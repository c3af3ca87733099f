"""False memories: each must be refuted by the derivation, and by training RNNs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from proofs_check.claims import Claim, compare
from proofs_check.judgement import refuting_entries
from proofs_check.memory.context import TARGET, MemoryContext
from proofs_check.memory.speed_checks import family
from proofs_check.theorem import Control, ControlResult
from theory.tangent_kernel import rho
from theory.verification import Outcome

CONTROLS: Final = (
    Control("unscaled convolution", "rho = 1", "every lag would be learned alike"),
    Control(
        "factor j missing",
        "rho = nu_C*(nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j",
        "W is shared by j steps, and each contributes",
    ),
    Control(
        "exponent off by one",
        "rho = nu_C*(j*nu_F*nu_W**j + nu_W**(j+1)) + nu_F*nu_W**(j+1)",
        "lag 0 does not pass through W",
    ),
    Control("W not trained", "rho = nu_C*nu_W**j + nu_F*nu_W**j", "what makes the memory longer is missing"),
    Control(
        "root of nu_W",
        "rho = nu_C*(j*nu_F*nu_W**((j-1)/2) + nu_W**(j/2)) + nu_F*nu_W**(j/2)",
        "states shrink like the spectral radius √ν_W, weights like their squares",
    ),
    Control("as the impulse response", "rho = nu_C*nu_F*nu_W**j", "that is the variance of L_j at the start"),
    Control("NTK parameterization", "rho = (j+2)*nu_C*nu_F*nu_W**j", "another convention"),
    Control(
        "twice the rate",
        "rho = 2*(nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j)",
        "a convolution with 2ρ at rate η is one with ρ at rate 2η",
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
        symbolic=symbolic.outcome is Outcome.REFUTED,
        numeric=entry is not None,
        symbolic_reason=symbolic.counterexample.describe() if symbolic.counterexample else symbolic.outcome.value,
        numeric_reason=_measured(entry) if entry else "no measurement contradicts it",
    )


def _measured(entry: Mapping[str, Any]) -> str:
    claimed = f"not {entry['expected']:.6g}" if isfinite(entry["expected"]) else "the claim is undefined"
    return f"{entry['what']}: {entry['found']:.6g} ± {1.96 * entry['standard_error']:.1g}, {claimed}"
