"""The picture of Theorem 4.1: what lags move and their bound, what RNNs use of it, and how long a lag takes."""

from __future__ import annotations

import numpy as np

from proofs_check.implicit_bias.context import width_in_words
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.training.theorem_4_1_context import DescentContext
from proofs_check.training.theorem_4_1_ladder import use_of
from proofs_check.training.theorem_4_1_learning import SHARE, LearningSample


def picture(context: DescentContext) -> Picture | None:
    """What there is to be drawn; RNNs as far as they were trained."""
    panels = [_movement(context)]
    if context.laboratory.complete:
        panels.append(_ladder(context))
    if isinstance(context.learning.found, LearningSample):
        panels.append(_times(context, context.learning.found))
    return Picture("How far gradient descent moves the impulse response", tuple(panels))


def _movement(context: DescentContext) -> Panel:
    """``‖L_j^ℓ - L_j⁰‖`` of one certified convolution, and the bound."""
    one, horizon = context.descents[0], context.settings.horizon
    steps = np.arange(context.steps + 1)
    series = []
    for lag in sorted({0, horizon // 2, horizon - 1}):
        limit = one.B_2.low * float(context.claimed[lag]) * context.eta * steps
        series.append(Series(f"lag {lag}", steps[1:].tolist(), one.moved[1][1:, lag].tolist()))
        series.append(Series(f"lag {lag}, bound", steps[1:].tolist(), limit[1:].tolist(), style=Style.DASHED))
    return Panel(
        "Scaled convolution, certified", "step ℓ", "how far lag j has moved", tuple(series), x_log=True, y_log=True
    )


def _ladder(context: DescentContext) -> Panel:
    """What RNNs use of the bound, by width."""
    found = [use_of(context, n, networks) for n, networks in sorted(context.laboratory.complete.items())]
    widths = [float(use.n) for use in found]
    return Panel(
        "Share of the bound that is used",
        "width n",
        "share, largest over steps and lags",
        (
            Series(
                "RNNs, median and range",
                widths,
                [float(np.median(use.largest)) for use in found],
                [float(use.largest.min()) for use in found],
                [float(use.largest.max()) for use in found],
                Style.POINTS,
            ),
            Series(
                "same start, convolution, median",
                widths,
                [float(np.median(use.convolution.max(axis=1))) for use in found],
            ),
            Series("bound", widths, [1.0] * len(widths), style=Style.DASHED),
        ),
        x_log=True,
    )


def _times(context: DescentContext, sample: LearningSample) -> Panel:
    """Steps to learn half of each lag."""
    claimed = np.nan_to_num(context.numbers(context.initial.claims["rho"]))
    lags = [float(lag) for lag in range(len(claimed))]
    steps, error = sample.steps_to(SHARE)
    predicted, plain = (context.learning.predicted(SHARE, each) for each in (claimed, np.ones_like(claimed)))
    return Panel(
        "Steps to learn half of a lag",
        "lag j",
        "steps",
        (
            Series(f"RNNs, n = {width_in_words(sample.n)}", lags, *_with_ends(steps, 1.96 * error), Style.POINTS),
            Series("scaled convolution", lags, _finite(predicted)),
            Series("unscaled convolution", lags, _finite(plain), style=Style.DASHED),
        ),
        y_log=True,
    )


def _with_ends(values: np.ndarray, half: np.ndarray) -> tuple[list[float], list[float], list[float]]:
    return _finite(values), _finite(values - half), _finite(values + half)


def _finite(values: np.ndarray) -> list[float]:
    return [float(value) for value in np.where(np.isfinite(values), values, np.nan)]
