"""Figure 4: hand velocity decoded from neurons, R² against the step, for limited and for all data.

The RNN and the scaled convolution are claimed to learn alike at every step. The unscaled convolution is shown beside
them; how the three compare at the end is Table 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from proofs_check.experiments.decoding import AXES, TOLERANCE, DecodingContext
from proofs_check.experiments.decoding_checks import CONTROLS, CUTS, coincidence, refute, setup
from proofs_check.experiments.decoding_data import ALL, LIMITED
from proofs_check.experiments.decoding_training import RNN, SCALED, UNSCALED
from proofs_check.implicit_bias.context import PAPER
from proofs_check.implicit_bias.evidence import claim_evidence
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Check, Evidence, Kind, Theorem, shown

PARTS: Final = {
    "a": f"limited data: the RNN and the scaled convolution with rho_j = {PAPER['rho']} (21) have the same R² at every "
    f"step within {TOLERANCE:g}, in the mean over initial weights",
    "b": "all data: the same",
}
"""Those of the figure."""

HYPOTHESES: Final = (
    "entries of W, F, C independent, N(0, ν_W), N(0, ν_F), N(0, ν_C), as in (4)",
    "T, n_x, n_y and the training data fixed while n → ∞",
    "full-batch gradient descent on half the sum of squares, all models from one L⁰ at one rate η",
)

_STYLES: Final = {SCALED: Style.LINE, RNN: Style.DASHED, UNSCALED: Style.LINE}


def theorem() -> Theorem[DecodingContext]:
    """Both halves of the figure."""
    return Theorem(
        id="figure-4",
        title="Decoding hand velocity from neurons: RNN and scaled convolution learn alike",
        source="Emami et al., Implicit Bias of Linear RNNs, ICML 2021, Figure 4",
        parts=PARTS,
        hypotheses=HYPOTHESES,
        checks=(
            Check("a.claim", "a", "claim against the derived formula", _claim),
            Check("a.setup", "a", "data and training", lambda context: setup("a", context)),
            Check("a.curves", "a", "curves, limited data", lambda context: _curves("a", LIMITED, context)),
            Check("b.curves", "b", "curves, all data", lambda context: _curves("b", ALL, context)),
        ),
        controls=CONTROLS,
        prepare=_prepare,
        refute=refute,
        rests_on=Kind.EXPERIMENT,
        picture=picture,
    )


def picture(context: DecodingContext) -> Picture | None:
    """R² against the step: v_x and v_y, for limited and for all data, as far as they were trained."""
    panels = [
        _panel(context, cut, place) for cut in (LIMITED, ALL) if context.reached(cut) for place in range(len(AXES))
    ]
    where = "SYNTHETIC reaching task" if context.synthetic else "recorded neurons"
    return Picture(f"Figure 4: R² of decoded hand velocity, {where}", tuple(panels)) if panels else None


def _panel(context: DecodingContext, cut: str, place: int) -> Panel:
    letter = "a" if cut == LIMITED else "b"
    return Panel(
        f"({letter}) {AXES[place]}, {CUTS[cut]}{', synthetic' if context.synthetic else ''}",
        "step",
        "R² on the test block",
        tuple(_series(context, cut, model, place) for model in _STYLES),
        x_log=True,
    )


def _series(context: DecodingContext, cut: str, model: str, place: int) -> Series:
    """The mean over the initial weights, and their range; the start has no place on a logarithmic axis."""
    curves = context.curves(cut, model)[:, 1:, place]
    low, high = (curves.min(axis=0).tolist(), curves.max(axis=0).tolist()) if len(curves) > 1 else (None, None)
    return Series(model, context.steps[1:].tolist(), curves.mean(axis=0).tolist(), low, high, _STYLES[model])


def _prepare(settings: Settings, progress: Progress | None) -> DecodingContext:
    return DecodingContext.prepare(settings, progress, dict(PARTS))


def _claim(context: DecodingContext) -> Iterator[Evidence]:
    yield claim_evidence("a.claim", "rho", context.initialization)


def _curves(part: str, cut: str, context: DecodingContext) -> Iterator[Evidence]:
    yield coincidence(part, cut, context)
    ends = [
        f"{model}: {', '.join(f'{value:.3f}' for value in context.final(cut, model).mean(axis=0))}" for model in _STYLES
    ]
    yield shown(f"{part}.ends", f"R² at the end, {CUTS[cut]}", f"v_x, v_y; {'; '.join(ends)}")
