"""Figure 1: the training dynamics of a linear RNN and of the scaled convolution (21), on synthetic sequences.

The paper: "the curves are identical", training and test error, for n = 1000. At finite n they are not: the kernel P_n
of one RNN is off its limit by a few percent at n = 1000, and so are the curves. What is judged is whether they
differ by no more than that, ``coincidence``, and by ever less: an RNN of 10^9 states is trained beside the given ones.
"""

from __future__ import annotations

from typing import Final

from proofs_check.experiments.synthetic_curves import CurvesContext
from proofs_check.experiments.synthetic_statement import curves_context, curves_theorem, first_run
from proofs_check.experiments.synthetic_weights import undefined
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Theorem

SAYS: Final = (
    "trained from the same start, the RNN and the scaled convolution with {} have the same training and test error at "
    "each step, as n → ∞"
)


def theorem() -> Theorem[CurvesContext]:
    """The statement of Figure 1."""
    return curves_theorem(1, "the RNN trains like the scaled convolution", SAYS, prepare, picture)


def prepare(settings: Settings, progress: Progress | None = None) -> CurvesContext:
    """Read the claim; nothing is trained yet."""
    return curves_context(SAYS, settings, progress)


def picture(context: CurvesContext) -> Picture | None:
    """Training and test error over the steps, of the first run."""
    found = first_run(context)
    if not found or undefined(context.weights.claimed):
        return None
    panels = []
    for place, name in enumerate(("training", "test")):
        series: list[Series] = []
        for n, one in found.items():
            steps = one.task.steps.tolist()
            scaled, rnn = (one.task.errors(L)[place].tolist() for L in (one.scaled(context.weights.claimed), one.rnn))
            series += [
                Series(f"scaled convolution, L⁰ of n = {context.words(n)}", steps, scaled),
                Series(f"RNN, n = {context.words(n)}", steps, rnn, style=Style.DASHED),
            ]
        panels.append(Panel(f"{name} error", "step", "mean squared error", tuple(series), y_log=True))
    return Picture("Figure 1: training dynamics on synthetic data", tuple(panels))
