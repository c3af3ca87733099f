"""Table 1: R² of three trained models that decode hand velocity, with limited data and with all of it.

The paper's three claims, each by itself: that the RNN and the scaled convolution do alike; that with limited data the
scaled convolution does better than the unscaled one; that with all data it does worse. How much bias is left depends on
ν_W and on the number of steps, which are lost, so that a table of other choices is shown, too. On synthetic data the
second and the third would be about lags that we chose, and are shown, not judged. The second is about models that are
trained to the end; what it would be with early stopping, another way to save variance, is shown beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from proofs_check.experiments.decoding import TOLERANCE, DecodingContext
from proofs_check.experiments.decoding_checks import (
    CONTROLS,
    coincidence,
    difference_table,
    ordering,
    refute,
    score_table,
    setup,
    stopped_early,
)
from proofs_check.experiments.decoding_choices import choices
from proofs_check.experiments.decoding_data import ALL, LIMITED
from proofs_check.experiments.decoding_training import SCALED, UNSCALED
from proofs_check.experiments.figure_4 import HYPOTHESES
from proofs_check.implicit_bias.context import PAPER
from proofs_check.implicit_bias.evidence import claim_evidence
from proofs_check.progress import Progress
from proofs_check.settings import Settings
from proofs_check.theorem import Check, Evidence, Kind, Theorem

PARTS: Final = {
    "1": f"the RNN and the scaled convolution with rho_j = {PAPER['rho']} (21) decode alike throughout training, "
    f"within {TOLERANCE:g} in R², in the mean over initial weights",
    "2": "with limited data the scaled convolution decodes better than the unscaled one",
    "3": "with all data the unscaled convolution decodes better than the scaled one",
}
"""The claims of the paper."""


def theorem() -> Theorem[DecodingContext]:
    """All three claims."""
    return Theorem(
        id="table-1",
        title="Decoding hand velocity from neurons: three models, limited data and all",
        source="Emami et al., Implicit Bias of Linear RNNs, ICML 2021, Table 1",
        parts=PARTS,
        hypotheses=HYPOTHESES,
        checks=(
            Check("1.setup", "1", "data and training", _alike),
            Check("2.ordering", "2", "limited data", _limited),
            Check("3.ordering", "3", "all data", _all),
            Check("3.tables", "3", "the table", _tables),
        ),
        controls=CONTROLS,
        prepare=_prepare,
        refute=refute,
        rests_on=Kind.EXPERIMENT,
    )


def _prepare(settings: Settings, progress: Progress | None) -> DecodingContext:
    return DecodingContext.prepare(settings, progress, dict(PARTS))


def _alike(context: DecodingContext) -> Iterator[Evidence]:
    yield claim_evidence("1.claim", "rho", context.initialization)
    yield from setup("1", context)
    for cut in (LIMITED, ALL):
        yield coincidence("1", cut, context)


def _limited(context: DecodingContext) -> Iterator[Evidence]:
    yield ordering("2", LIMITED, SCALED, UNSCALED, context, judged=not context.synthetic)
    yield from stopped_early("2", LIMITED, context)


def _all(context: DecodingContext) -> Iterator[Evidence]:
    yield ordering("3", ALL, UNSCALED, SCALED, context, judged=not context.synthetic)


def _tables(context: DecodingContext) -> Iterator[Evidence]:
    yield score_table("3", context)
    yield difference_table("3", context)
    yield choices("3", context)
