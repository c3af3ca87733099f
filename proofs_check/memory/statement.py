"""``check-theorem memory``: how short the memory of a linear RNN is, how long it takes to learn, what to change."""

from __future__ import annotations

from typing import Final

from proofs_check.memory import advice, controls, shape_checks, speed_checks
from proofs_check.memory.context import MemoryContext
from proofs_check.memory.pictures import picture
from proofs_check.theorem import Check, Theorem

CHECKS: Final[tuple[Check[MemoryContext], ...]] = tuple(
    Check(f"{part}.{name}", part, title, run)
    for part, name, title, run in (
        ("a", "derivation", "derivation of ρ_j", shape_checks.derivation),
        ("a", "lags", "lags at which ρ_j peaks and has come down", shape_checks.search),
        ("a", "shape", "how short the memory is", shape_checks.shape),
        ("a", "closed", "closed form", shape_checks.closed_form),
        ("a", "why", "why", shape_checks.why),
        ("b", "rates", "measured speed of each lag", speed_checks.learning_rates),
        ("b", "steps", "steps to learn a lag", speed_checks.steps),
        ("c", "nu_W", "ν_W for a lag", advice.nu_W),
        ("c", "speed", "ν_W to learn a lag fast", advice.speed),
        ("c", "variances", "ν_F and ν_C", advice.variances),
        ("c", "longer", "train longer", advice.longer),
        ("c", "stability", "stability", advice.stability),
    )
)


def theorem() -> Theorem[MemoryContext]:
    """The tool, as a statement that can be checked."""
    return Theorem(
        id="memory",
        title="The memory of a linear RNN, and how to change it",
        source="Emami et al., Implicit Bias of Linear RNNs, ICML 2021, Theorems 3.3 and 4.1",
        parts={"a": "how short, and why", "b": "how long it takes", "c": "what to change"},
        hypotheses=(
            "entries of W, F, C independent, N(0, ν_W), N(0, ν_F), N(0, ν_C), as in (4)",
            "T, n_x, n_y and the number of steps fixed while n → ∞",
            "white inputs, full-batch gradient descent on their population loss",
        ),
        checks=CHECKS,
        controls=controls.CONTROLS,
        prepare=MemoryContext.prepare,
        refute=controls.refute,
        picture=picture,
    )
