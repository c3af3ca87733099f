"""How long it takes to learn a lag: measured by training random RNNs, and what that means in steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from numerics.extrapolation import Estimate
from numerics.gaussian_matrix import Array
from numerics.statistics import Moments
from proofs_check.claims import Claim
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.implicit_bias.evidence import span
from proofs_check.memory.context import TARGET, MemoryContext
from proofs_check.memory.words import compact, steps_in_words
from proofs_check.theorem import Evidence, FamilyOfTests, measured, shown
from theory.tangent_kernel import evaluate, rho_parts

SHOWN_LAGS: Final = 12
TENTH: Final = 0.1
NEAR: Final = 0.1
"""At widths that show the limit less well a lag is said to be near it within this share."""


def learning_rates(context: MemoryContext) -> Iterator[Evidence]:
    """The measured speed of each lag, for n → ∞, against the claimed ρ_j."""
    laboratory = context.laboratory
    found = laboratory.limit()
    widths = ", ".join(map(width_in_words, laboratory.widths))
    yield measured(
        "b.rates",
        "measured weights",
        f"{laboratory.replicates} random RNNs at each n = {widths}, {laboratory.steps} steps of gradient descent; what "
        "is left of the error of each lag shows ρ_j; 1/n removed, 1/n² allowed for",
        family(context, context.kernel.claims[TARGET]),
        weights=found.value.tolist(),
        half_widths=found.half_width.tolist(),
    )
    for width in context.settings.widths:
        if width not in laboratory.widths:
            yield _at_width(context, width)


def family(context: MemoryContext, claim: Claim) -> FamilyOfTests:
    """The measured weights against claimed ones; what is undefined is refuted."""
    found = context.laboratory.limit()
    claimed = np.array(claim.numbers(context.settings.horizon, context.kernel.expectations.values))
    p_values = found.p_values(np.nan_to_num(claimed), context.laboratory.rounding)
    return FamilyOfTests(
        lambda lag: f"lag {lag}",
        found.value,
        claimed,
        found.half_width / 1.96,  # of which reports make a 95 % interval
        np.where(np.isnan(claimed), 0.0, p_values),
    )


def _at_width(context: MemoryContext, width: int) -> Evidence:
    """How far an RNN of the user's width is from the limit."""
    title = f"at n = {width_in_words(width)}"
    found: Moments = context.laboratory.sample(width)
    if np.isnan(found.mean).any():
        return shown("b.width", title, "too narrow: gradient descent diverges at half of the B_1 of the limit")
    near = np.abs(found.mean - context.rho) <= NEAR * context.rho
    count = context.settings.horizon if near.all() else int(np.argmin(near))
    lags = f"at lags {span(list(range(count)))}" if count else "at no lag"
    return shown(
        "b.width",
        title,
        f"the mean of {found.count} RNNs is within {NEAR:.0%} of ρ_j {lags}"
        + ("" if near.all() else "; for later ones this n is too small to see the limit"),
        n=width,
        weights=found.mean.tolist(),
    )


def steps(context: MemoryContext) -> Iterator[Evidence]:
    """How many steps the weights mean."""
    lag, experiment = context.lag, context.experiment
    if context.weights.a == 0:
        yield shown("b.steps", "steps", "no number of them: every gradient is 0")
        return
    words = f"half-squared loss, summed: η = {experiment.eta} = {context.eta:.4g}, B_1 = {context.B_1:.4g}; for the "
    factor = 2 / (experiment.train * context.settings.horizon * context.settings.outputs)
    words += f"mean-squared loss η = {context.eta / factor:.4g}"
    yield shown("b.eta", "rate", words, eta=context.eta, B_1=context.B_1, mean_squared_eta=context.eta / factor)
    half, plain = context.steps(0.5), context.unscaled_steps(0.5)
    yield shown(
        "b.steps",
        "steps to half the error",
        f"{_pair(half, lag)}; the unscaled convolution at the same multiple of its own B_1: {_pair(plain, lag)}, more "
        "for late lags only because sequences show them less often",
        table=table(context),
        half=[float(one) if np.isfinite(one) else None for one in half],
    )


def _pair(counts: Array, lag: int) -> str:
    return ", ".join(f"lag {one}: {steps_in_words(float(counts[one]))}" for one in dict.fromkeys((0, lag)))


def table(context: MemoryContext) -> dict[str, Any]:
    """Weights, their parts, and steps, of some lags."""
    half, tenth, plain = context.steps(0.5), context.steps(TENTH), context.unscaled_steps(0.5)
    found, rho = context.laboratory.measured, context.rho
    parts, variances = rho_parts(), context.settings.variances
    rows = []
    for lag in selected(context):
        shares = [compact(float(evaluate(parts[name], lag, variances))) for name in "CFW"]
        relative = compact(rho[lag] / rho[0]) if rho[0] else "—"
        counts = [steps_in_words(float(one[lag])) for one in (half, tenth, plain)]
        rows.append([str(lag), compact(rho[lag], 5), measured_in_words(found, lag), relative, *shares, *counts])
    return {
        "title": f"ν_W = {float(variances[0]):g}: weights; what training C, F, W alone gives; steps to learn half and "
        "90 %, and half in the unscaled convolution (5)",
        "columns": ["lag", "ρ_j", "measured", "ρ_j/ρ_0", "C", "F", "W", "half", "90 %", "(5)"],
        "rows": rows,
    }


def selected(context: MemoryContext) -> Sequence[int]:
    """All lags when there are few; else the first, the last, the wanted and some between."""
    horizon = context.settings.horizon
    if horizon <= SHOWN_LAGS:
        return range(horizon)
    spread = {round(place * (horizon - 1) / (SHOWN_LAGS - 2)) for place in range(SHOWN_LAGS - 1)}
    return sorted(spread | {context.lag})


def measured_in_words(found: Estimate | None, lag: int) -> str:
    """A measured weight, to the digits that mean something."""
    if found is None:
        return "—"
    value, half = float(found.value[lag]), float(found.half_width[lag])
    if not 0 < half < abs(value):
        return compact(value, 2)
    return compact(value, int(np.clip(np.ceil(np.log10(abs(value) / half)), 1, 5)))
