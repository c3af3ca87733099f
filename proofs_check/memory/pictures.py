"""The picture of a memory: weights over lags, and steps to learn them."""

from __future__ import annotations

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.training.learning_times import input_powers, predicted_steps
from proofs_check.memory.context import HALF, MemoryContext
from proofs_check.memory.words import as_decimal
from proofs_check.picture import Panel, Picture, Series, Style
from theory.memory import Weights, smallest_nu_W


def picture(context: MemoryContext) -> Picture | None:
    """Weights and steps, with what was measured as far as it came; None where there is no memory."""
    weights, horizon = context.weights, context.settings.horizon
    if weights.a == 0:
        return None
    variances, lags = context.settings.variances, tuple(float(lag) for lag in range(horizon))
    first = float(weights.a)
    others = np.array([float(weights.a * weights.nu_W**lag) for lag in range(horizon)])
    name = f"ν_W = {as_decimal(weights.nu_W)}"
    panels = [
        [
            Series(f"ρ_j, {name}", lags, _listed(context.rho / first)),
            Series("part of training C and F", lags, _listed(others / first), style=Style.DASHED),
            Series("part of training W", lags, _listed((context.rho - others) / first), style=Style.DASHED),
        ],
        [
            Series(f"RNN, {name}", lags, _listed(context.steps(0.5))),
            Series("unscaled convolution", lags, _listed(context.unscaled_steps(0.5)), style=Style.DASHED),
        ],
    ]
    advised = smallest_nu_W(context.lag, HALF, variances)
    if advised is not None and advised != weights.nu_W:
        other = Weights(advised, weights.a, weights.b)
        rho = np.array([float(other.at(lag)) for lag in range(horizon)])
        label = f"ν_W = {as_decimal(advised)}, for lag {context.lag}"
        panels[0].append(Series(label, lags, _listed(rho / first)))
        panels[1].append(Series(label, lags, _listed(_steps(context, rho, float(other.largest(horizon))))))
    found = context.laboratory.measured
    if found is not None:
        ends = [found.value + side * found.half_width for side in (-1, 1)]
        weighed = [_listed(one / first) for one in (found.value, *ends)]
        counted = [_listed(context.steps(0.5, np.maximum(one, 0.0))) for one in (found.value, *reversed(ends))]
        panels[0].append(Series("measured", lags, weighed[0], weighed[1], weighed[2], Style.POINTS))
        panels[1].append(Series("measured", lags, counted[0], counted[1], counted[2], Style.POINTS))
    return Picture(
        f"The memory of a linear RNN: {name}, ν_F = {as_decimal(variances[1])}, ν_C = {as_decimal(variances[2])}",
        (
            Panel("weight of a lag", "lag j", "ρ_j / ρ_0", tuple(panels[0])),
            Panel(
                f"steps to learn half of a lag, η = {context.experiment.eta}",
                "lag j",
                "steps",
                tuple(panels[1]),
                y_log=True,
            ),
        ),
    )


def _steps(context: MemoryContext, rho: Array, largest: float) -> Array:
    """Steps of another RNN, its rate the same multiple of its own B_1."""
    powers = input_powers(context.settings.horizon)
    return predicted_steps(0.5, rho, powers, float(context.learning.rate) / (float(powers[0]) * largest))


def _listed(values: Array) -> list[float]:
    """Floats; what is infinite is a gap."""
    return [float(value) if np.isfinite(value) else float("nan") for value in values]
