"""Theorem 3.3: the linear RNN at initialization, its impulse response and its tangent kernel.

Parts (a) and (b) are checked in modules of their own; here they are put together with the controls:
false variants of both claims, which the symbolic side and the measurements must each refute.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from proofs_check.claims import Claim, compare
from proofs_check.implicit_bias import theorem_3_3a, theorem_3_3b
from proofs_check.implicit_bias.context import DERIVED, PARTS, TARGET_OF, Context
from proofs_check.implicit_bias.false_weights import OF_THE_KERNEL
from proofs_check.judgement import refuting_entries
from proofs_check.theorem import Check, Control, ControlResult, Theorem

CONTROLS: Final[tuple[Control, ...]] = (
    *OF_THE_KERNEL,
    Control("variance: exponent off by 1", "var = nu_C*nu_F*nu_W**(j+1)", "L_j holds j factors of W"),
    Control("variance: no decay", "var = nu_C*nu_F", "each factor of W contributes nu_W"),
    Control("variance: root of nu_W", "var = nu_C*nu_F*nu_W**(j/2)", "nu_W is a variance"),
    Control(
        "variance: grows with the lag",
        "var = (j+1)*nu_C*nu_F*nu_W**j",
        "shared weights add no extra paths: W is not transposed",
    ),
    Control("variance: F missing", "var = nu_C*nu_W**j", "the entries of F have variance nu_F"),
)

HYPOTHESES: Final = (
    "entries of W, F, C independent, N(0, ν_W), N(0, ν_F), N(0, ν_C), as in (4)",
    "T, n_x, n_y fixed while n → ∞",
    "h_{-1} = 0",
)


def theorem(parts: str = "ab") -> Theorem[Context]:
    """The statement, or one part of it.

    Parameters
    ----------
    parts : str
        ``"a"``, ``"b"`` or both.
    """
    checks: tuple[Check[Context], ...] = ()
    if "a" in parts:
        checks += theorem_3_3a.CHECKS
    if "b" in parts:
        checks += theorem_3_3b.CHECKS
    targets = {TARGET_OF[part] for part in parts}
    return Theorem(
        id="3.3" if parts == "ab" else f"3.3{parts}",
        title="The linear RNN at initialization: impulse response and tangent kernel",
        source="Emami et al., Implicit Bias of Linear RNNs, ICML 2021, Theorem 3.3",
        parts={part: PARTS[part] for part in parts},
        hypotheses=HYPOTHESES,
        checks=checks,
        controls=tuple(c for c in CONTROLS if Claim.parse(c.claim).target in targets),
        prepare=Context.prepare,
        refute=run_control,
    )


part_a = partial(theorem, "a")
part_b = partial(theorem, "b")


def run_control(control: Control, context: Context) -> ControlResult:
    """Attack the machinery with a false claim, on the symbolic side and by measurement alone."""
    claim = Claim.parse(control.claim)
    derived, values = DERIVED[claim.target](), context.expectations.values
    symbolic = compare(claim, derived, values, frozenset())
    horizon = context.settings.horizon
    truth = Claim(claim.target, "derived", derived)
    differs = [lag for lag in range(horizon) if claim.value(lag, values) != truth.value(lag, values)]
    family, _ = context.limit_family(claim)
    refuting = refuting_entries(family.p_values) if family.size else []
    entry = family.entry(refuting[0]) if refuting else None
    return ControlResult(
        control,
        applicable=bool(differs),
        symbolic=symbolic.is_refuted,
        numeric=bool(refuting),
        symbolic_reason=symbolic.reason,
        numeric_reason=_measured(entry) if entry else "no measurement contradicts it",
    )


def _measured(entry: dict[str, object]) -> str:
    found, expected, error = (float(str(entry[key])) for key in ("found", "expected", "standard_error"))
    lag, _, width = str(entry["what"]).partition(" at ")
    claimed = f"not {expected:.6g}" if np.isfinite(expected) else "the claim is undefined"
    return f"{lag}: {found:.6g} ± {1.96 * error:.1g}, {claimed} ({width})"
