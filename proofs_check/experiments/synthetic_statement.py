"""Figures 1 and 2 as theorems: the same experiment, hypotheses, checks and controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from proofs_check.experiments import synthetic_checks, synthetic_controls
from proofs_check.experiments.coincidence import Comparison
from proofs_check.experiments.synthetic_curves import CurvesContext
from proofs_check.experiments.synthetic_weights import DERIVED_WORDS, LagWeights
from proofs_check.picture import Picture
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings
from proofs_check.theorem import InterruptedRunError, Theorem

SOURCE: Final = "Emami et al., Implicit Bias of Linear RNNs, ICML 2021"
HYPOTHESES: Final = (
    "the same start, rate and data; full batches, half-squared loss",
    "η below B_1 of (62)",
    "n → ∞ while T, n_x, n_y and the data are fixed",
)


def curves_theorem(
    figure: int,
    title: str,
    says: str,
    prepare: Callable[[Settings, Progress | None], CurvesContext],
    picture: Callable[[CurvesContext], Picture | None],
) -> Theorem[CurvesContext]:
    """The statement of a figure.

    Parameters
    ----------
    figure : int
        Its number.
    title : str
    says : str
        What it states, with a place for the weights.
    prepare, picture : callable
    """
    return Theorem(
        id=f"figure-{figure}",
        title=f"Figure {figure}: {title}",
        source=f"{SOURCE}, Figure {figure}",
        parts={synthetic_checks.PART: says.format(DERIVED_WORDS)},
        hypotheses=HYPOTHESES,
        checks=synthetic_checks.CHECKS,
        controls=synthetic_controls.CONTROLS,
        prepare=prepare,
        refute=synthetic_controls.refute,
        picture=picture,
    )


def curves_context(
    says: str, settings: Settings, progress: Progress | None, *, with_test: bool = True, first: float = 0.0
) -> CurvesContext:
    """One run of a figure; nothing is trained yet."""
    weights = LagWeights.read(settings)
    parts = {synthetic_checks.PART: says.format(weights.words)}
    return CurvesContext(settings, weights, parts, progress or Silent(), with_test=with_test, first=first)


def first_run(context: CurvesContext) -> dict[int, Comparison]:
    """What was found in the first run, by width, of the given ones."""
    try:
        found = context.comparisons
    except InterruptedRunError:
        return {}
    return {n: found[n, 0] for n in context.settings.widths if (n, 0) in found}
