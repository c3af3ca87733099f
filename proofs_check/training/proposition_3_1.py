"""Proposition 3.1: a wide RNN learns like a linear model, and with Theorems 3.2 and 3.3 like a scaled convolution.

The proposition is cited: it is not derived here. What is derived is the kernel that it speaks of, and what is measured
is all of it, over many orders of magnitude of n: (15), (16), and that the model is the convolution (7) of the derived
weights. A claim ``rho = …`` is about that convolution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from numerics.statistics import root_mean_square
from proofs_check.claims import Claim, compare
from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.implicit_bias.context import DERIVED
from proofs_check.implicit_bias.evidence import claim_evidence
from proofs_check.implicit_bias.false_weights import OF_THE_KERNEL, false_weights
from proofs_check.judgement import refuting_entries
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.theorem import Check, Control, ControlResult, Evidence, InterruptedRunError, Theorem, shown
from proofs_check.training import proposition_3_1_checks as checks
from proofs_check.training.ladder import exponent
from proofs_check.training.proposition_3_1_context import PARTS, TrainingContext
from theory.statements.theorem_3_2 import convolution_kernel
from theory.statements.theorem_3_3b import linearized_kernel

CITED: Final = (
    "Jacot, Gabriel, Hongler (NeurIPS 2018); Lee, Xiao, Schoenholz, Bahri, Novak, Sohl-Dickstein, Pennington "
    "(NeurIPS 2019)"
)

CONTROLS: Final[tuple[Control, ...]] = (
    false_weights("unscaled convolution"),
    false_weights("another learning rate"),
    *OF_THE_KERNEL,
)

HYPOTHESES: Final = (
    "entries of W, F, C independent, N(0, ν_W), N(0, ν_F), N(0, ν_C), as in (4)",
    "T, n_x, n_y and the training data fixed while n → ∞",
    "full-batch gradient descent on half the sum of squares, all models from one L⁰ at one rate η, small enough",
)


def derivations(context: TrainingContext) -> Iterator[Evidence]:
    """What is derived, and what is cited."""
    yield derivation_evidence("15.derivation", linearized_kernel())
    yield shown("16.cited", "cited", f"Proposition 3.1 itself, which is measured here: {CITED}")
    yield derivation_evidence("7.derivation", convolution_kernel())
    yield claim_evidence("7.claim", "rho", context.initialization)


CHECKS: Final[tuple[Check[TrainingContext], ...]] = (
    Check("15.derivation", "15", "derivation of K, and the claim", derivations),
    Check("15.kernel", "15", "kernel at the start and in training", checks.kernel),
    Check("16.rate", "16", "RNN and its linear NTK model", checks.linear),
    Check("7.rate", "7", "RNN and scaled convolution", checks.convolution),
    Check("16.table", "16", "all distances", checks.table),
)


def theorem() -> Theorem[TrainingContext]:
    """The proposition, and what it is for."""
    return Theorem(
        id="3.1",
        title="Wide RNNs learn like a linear model: that of a scaled convolution",
        source="Emami et al., Implicit Bias of Linear RNNs, ICML 2021, Proposition 3.1",
        parts=PARTS,
        hypotheses=HYPOTHESES,
        checks=CHECKS,
        controls=CONTROLS,
        prepare=TrainingContext.prepare,
        refute=run_control,
        picture=picture,
    )


def run_control(control: Control, context: TrainingContext) -> ControlResult:
    """Attack with false weights: the derivation and the trained RNNs must each refute them."""
    claim, derived = Claim.parse(control.claim), DERIVED["rho"]()
    values, horizon = context.initialization.expectations.values, context.settings.horizon
    symbolic = compare(claim, derived, values, frozenset())
    differs = any(claim.value(lag, values) != context.derived.value(lag, values) for lag in range(horizon))
    family, _ = checks.movement_family(context, claim)
    refuting = refuting_entries(family.p_values) if family.size else []
    return ControlResult(
        control,
        applicable=differs,
        symbolic=symbolic.is_refuted,
        numeric=bool(refuting),
        symbolic_reason=symbolic.reason,
        numeric_reason=_moved(family.entry(refuting[0])) if refuting else "no measurement contradicts it",
    )


def _moved(entry: dict[str, object]) -> str:
    found, error = float(str(entry["found"])), float(str(entry["standard_error"]))
    if not np.isfinite(found):
        return str(entry["what"])
    return f"{entry['what']}: the RNN moves {found:.6g} ± {1.96 * error:.1g} times as far"


def picture(context: TrainingContext) -> Picture | None:
    """Distances against n, with fitted lines; none of fewer than two widths."""
    try:
        if len(context.trained) < 2:
            return None
    except InterruptedRunError:
        return None
    quantities = checks.all_quantities(context)
    names = list(quantities)
    parts = (("impulse responses, largest distance over the steps", names[:3]), ("tangent kernel", names[3:]))
    panels = tuple(
        Panel(
            title,
            "n",
            "Frobenius norm",
            tuple(series for name in group for series in _drawn(context, name)),
            x_log=True,
            y_log=True,
        )
        for title, group in parts
    )
    return Picture("Proposition 3.1: a wide RNN learns like a scaled convolution", panels)


def _drawn(context: TrainingContext, name: str) -> Iterator[Series]:
    """Root mean squares with 95 % intervals, and the fitted power of n through them."""
    values, order = checks.all_quantities(context)[name]
    found = {n: root_mean_square(one**2) for n, one in values.items()}
    middle = [one.value for one in found.values()]
    half = [np.exp(1.96 * one.log_error) for one in found.values()]
    yield Series(
        name,
        [float(n) for n in found],
        middle,
        [value / factor for value, factor in zip(middle, half, strict=True)],
        [value * factor for value, factor in zip(middle, half, strict=True)],
        Style.POINTS,
    )
    widths = context.fitted(inverse=order == checks.ONE)
    if len(widths) < 2 or any(not (values[n] > 0).all() for n in widths):
        return
    slope = exponent({n: np.log(values[n]) for n in widths}).slope
    centre = np.mean([np.log(found[n].value) - slope * np.log(float(n)) for n in widths])
    yield Series(
        f"{name}: n^{slope:.3f}",
        [float(n) for n in widths],
        [float(np.exp(centre + slope * np.log(float(n)))) for n in widths],
        style=Style.DASHED,
    )
