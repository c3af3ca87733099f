"""Figure 2: the training error of Figure 1, from closer by.

From the last nine tenths of the steps only, and the training error alone, with the band in which 95 % of the kernels of
the same width put it, given L⁰. The experiment is that of Figure 1, with the same random numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from proofs_check.experiments.synthetic_curves import CurvesContext
from proofs_check.experiments.synthetic_statement import curves_context, curves_theorem, first_run
from proofs_check.experiments.synthetic_weights import undefined
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Theorem

FIRST: Final = 0.1
"""The share of the steps that are left out."""

SAYS: Final = (
    "trained from the same start, the RNN and the scaled convolution with {} have the same training error, from a "
    "tenth of the steps on, as n → ∞"
)


def theorem() -> Theorem[CurvesContext]:
    """The statement of Figure 2."""
    title = "the training error of the RNN and of the scaled convolution, from closer by"
    return curves_theorem(2, title, SAYS, prepare, picture)


def prepare(settings: Settings, progress: Progress | None = None) -> CurvesContext:
    """Read the claim; nothing is trained yet."""
    return curves_context(SAYS, settings, progress, with_test=False, first=FIRST)


def picture(context: CurvesContext) -> Picture | None:
    """Training error of the first run, a panel for each given width, with the predicted band."""
    found = first_run(context)
    if not found or undefined(context.weights.claimed):
        return None
    panels = []
    for n, one in found.items():
        steps = one.task.steps.tolist()
        scaled = one.task.errors(one.scaled(context.weights.claimed))[0]
        low, high = (scaled * np.exp(edge) for edge in np.quantile(one.law.ratios[:, 0], (0.025, 0.975), axis=0))
        series = (
            Series("scaled convolution, 95 % of kernels", steps, scaled.tolist(), low.tolist(), high.tolist()),
            Series("RNN", steps, one.task.errors(one.rnn)[0].tolist(), style=Style.DASHED),
        )
        panels.append(Panel(f"n = {context.words(n)}", "step", "training error", series, y_log=True))
    return Picture("Figure 2: training error from closer by", tuple(panels), columns=min(2, len(panels)))
