"""What Table 1 would say under other choices: the convolutions with other ν_W and other numbers of steps.

Both are what bias is made of. With few steps the lags of small ρ_j have not been learned, which saves variance; with
ever more steps both convolutions approach one least-squares fit, and the difference between them 0. Only convolutions
are trained here, in closed form, from an L⁰ that has the variances of each ν_W.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from numerics.ensembles import Stream
from numerics.gaussian_matrix import Array
from numerics.training import Constants, Correlations, DivergenceError, train_convolution
from proofs_check.claims import Claim
from proofs_check.experiments.decoding import DecodingContext
from proofs_check.experiments.decoding_data import ALL, LIMITED
from proofs_check.experiments.decoding_request import positive_weights
from proofs_check.implicit_bias.context import DERIVED, Context
from proofs_check.theorem import Evidence, shown

MEMORIES: Final = (Fraction(3, 10), Fraction(1, 2), Fraction(7, 10), Fraction(9, 10))
FACTORS: Final = (Fraction(1, 5), Fraction(1), Fraction(5), Fraction(25))
"""Numbers of steps, in those of the run."""

_STREAM: Final = 44


def choices(part: str, context: DecodingContext) -> Evidence:
    """Scaled less unscaled, on both cuts, and what the validation block says of the scaled one."""
    steps = sorted({max(1, round(factor * context.experiment.steps)) for factor in FACTORS})
    rows, synthetic = [], ", SYNTHETIC data" if context.synthetic else ""
    for memory in MEMORIES:
        for name in (ALL, LIMITED):
            try:
                found = _compared(context, memory, name, steps)
            except DivergenceError:
                continue
            rows.append(
                [f"ν_W = {float(memory):g}, {name}", *(" ".join(f"{value:+.3f}" for value in one) for one in found)]
            )
    return shown(
        f"{part}.choices",
        "other choices",
        f"scaled - unscaled, for other ν_W and numbers of steps, η = {context.experiment.eta} of each; in the end both "
        "convolutions are one least-squares fit",
        table={
            "title": f"R² scaled - unscaled, v_x v_y, after so many steps{synthetic}",
            "columns": ["", *(f"{step}" for step in steps)],
            "rows": rows,
        },
    )


def _compared(context: DecodingContext, memory: Fraction, name: str, steps: list[int]) -> Array:
    """``R²_scaled - R²_unscaled`` on the test block, (k, 2)."""
    settings = replace(context.settings, nu_W=memory)
    rho = positive_weights(Claim("rho", "derived", DERIVED["rho"]()), Context.prepare(settings))
    assert not isinstance(rho, str)  # ν_W is positive here, and so are the other two
    cut = context.data.cut(name)
    initial = _start(context, float(memory), cut.train)
    eta = context.experiment.eta.at(Constants.of(cut.train, initial, float(rho.max())).B_1)
    scores = [
        cut.test.r_squared(train_convolution(cut.train, initial, weights, steps, rate).responses)
        for weights, rate in ((rho, eta), (np.ones_like(rho), min(eta, 1 / cut.train.largest_eigenvalue)))
    ]
    return np.asarray(scores[0] - scores[1])


def _start(context: DecodingContext, memory: float, train: Correlations) -> Array:
    """L⁰ of a wide RNN, Theorem 3.3(a)."""
    settings = context.settings
    variance = float(settings.nu_C * settings.nu_F) * memory ** np.arange(settings.horizon)
    normal = Stream(settings.seed, (_STREAM, 0)).generator().standard_normal(train.shape)
    return np.asarray(np.sqrt(variance)[:, None, None] * normal)
