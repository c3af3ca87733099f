"""How many steps a wide RNN takes to learn a lag, against the claimed ρ_j.

On the expected loss of white inputs the share ``1 - η ρ_j N (T - j)`` of the error of lag j is left by a step. So ρ_j
is read off RNNs of 10^9 states and more, without a look at their kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.training.ensemble import Divergence
from proofs_check.claims import Claim, compare
from proofs_check.implicit_bias.context import DERIVED, width_in_words
from proofs_check.implicit_bias.evidence import claim_evidence
from proofs_check.implicit_bias.false_weights import false_weights
from proofs_check.judgement import refuting_entries
from proofs_check.theorem import Control, ControlResult, Evidence, FamilyOfTests, Kind, Status, measured
from proofs_check.training.certified_bound import first_failure
from proofs_check.training.theorem_4_1_context import TIMES, DescentContext, shown_lags
from proofs_check.training.theorem_4_1_learning import SHARE, LearningSample

TENTH: Final = 0.1

COARSE: Final = 0.5
"""Weights that are known no better than to this share of them are not measured."""

FALSE: Final = (
    Control("ν_W^(j+1) for ρ_j", "rho = nu_W**(j+1)", "ρ_j has three parts, and decays later"),
    false_weights("unscaled convolution", "an RNN does not learn all lags at one rate"),
    false_weights(
        "another learning rate", "at rate η weights 2 ρ_j are weights ρ_j at rate 2η", called="twice the rate"
    ),
    false_weights("W not trained"),
    false_weights("lag shifted by one"),
    false_weights("NTK parameterization", "another convention, with other rates"),
)
"""False weights."""


def conjecture(context: DescentContext) -> Iterator[Evidence]:
    """The claim against the derived weights."""
    yield claim_evidence(f"{TIMES}.conjecture", "rho", context.initial)


def rates(context: DescentContext) -> Iterator[Evidence]:
    """Weights that are read off learning, against the claim."""
    title = "ρ_j from learning lag j"
    sample = context.learning.sample()
    if isinstance(sample, Divergence):
        yield Evidence(f"{TIMES}.rates", Kind.EXPERIMENT, title, Status.UNDECIDED, f"diverged at step {sample.step}")
        return
    claimed = context.numbers(context.initial.claims["rho"])
    relative = float(np.max(1.96 * sample.errors / np.abs(sample.weights)))
    family = sample.family(claimed)
    if not relative <= COARSE and not refuting_entries(family.p_values):
        words = f"a lag is measured to {relative:.1g} of ρ_j only: nothing is decided"
        yield Evidence(
            f"{TIMES}.rates",
            Kind.EXPERIMENT,
            title,
            Status.UNDECIDED,
            words,
            details={"table": _table(context, sample, claimed)},
        )
        return
    yield measured(
        f"{TIMES}.rates",
        title,
        f"{sample.replicates} RNNs, n = {width_in_words(sample.n)}, where a bias of order 1/n does not show; each to "
        f"{relative:.1g} or better; η = {sample.eta:.4g} = {sample.eta / context.learning.B_1:.3g} B_1 of this loss",
        family,
        table=_table(context, sample, claimed),
    )


def refute(control: Control, context: DescentContext) -> ControlResult:
    """Attack with false weights, by the derivation and by learning alone."""
    claim = Claim.parse(control.claim)
    values = context.initial.expectations.values
    symbolic = compare(claim, DERIVED["rho"](), values, frozenset())
    differs = context.weights(claim) != context.rho
    reason = _measured(context, claim) if differs else ""
    exceeded = first_failure(context.descents, context.weights(claim)) if reason else ""
    return ControlResult(
        control,
        applicable=differs,
        symbolic=symbolic.is_refuted,
        numeric=bool(reason),
        symbolic_reason=symbolic.reason,
        numeric_reason=f"{reason}{f'; the bound fails, too: {exceeded}' if exceeded else ''}"
        if reason
        else "no measurement contradicts it",
    )


def _measured(context: DescentContext, claim: Claim) -> str:
    """The first lag whose learning contradicts a claim, in words."""
    sample = context.learning.sample()
    if not isinstance(sample, LearningSample):
        return ""
    family: FamilyOfTests = sample.family(context.numbers(claim))
    refuting = refuting_entries(family.p_values)
    if not refuting:
        return ""
    lag = refuting[0]
    return f"lag {lag}: {family.found[lag]:.6g} ± {1.96 * family.error[lag]:.1g}, not {family.expected[lag]:.6g}"


def _table(context: DescentContext, sample: LearningSample, claimed: Array) -> dict[str, Any]:
    half, half_error = sample.steps_to(SHARE)
    tenth, _ = sample.steps_to(TENTH)
    weights = np.nan_to_num(claimed)
    predicted, plain = (context.learning.predicted(SHARE, each) for each in (weights, np.ones_like(weights)))
    last = len(sample.left) - 1
    rows = [
        [
            str(lag),
            f"{claimed[lag]:.5g}",
            f"{sample.weights[lag]:.6g}",
            _count(predicted[lag]),
            f"{'' if half[lag] <= last else '~'}{_count(half[lag])}",
            f"{1.96 * half_error[lag]:.1g}",
            f"{'' if tenth[lag] <= last else '~'}{_count(tenth[lag])}",
            _count(plain[lag]),
        ]
        for lag in shown_lags(len(claimed))
    ]
    return {
        "title": "steps to learn half of a lag, and 90 % of it; ~ goes on at the measured rate",
        "columns": ["lag", "ρ_j", "measured", "half: ρ_j says", "measured", "± 95 %", "90 %", "unscaled"],
        "rows": rows,
    }


def _count(steps: float) -> str:
    return "never" if np.isinf(steps) else f"{steps:.4g}"
