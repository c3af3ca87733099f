"""(25) for the scaled convolution, certified on the data of the run: no number here is estimated.

Gradient descent is followed in balls from several draws of L⁰, and ``‖L_j^ℓ - L_j⁰‖_F ≤ B_2 ρ_j η ℓ`` is decided for
every lag and every step. Beyond the last step it holds since no later one moves a lag by more than it adds to the
bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from numerics.training.certified import CertifiedDescent
from numerics.training.convolution import convolution_spectrum
from proofs_check.symbolic.descent import PART as DERIVED
from proofs_check.symbolic.descent import RATE
from proofs_check.theorem import Control, ControlResult, Evidence, Kind, Status, shown
from proofs_check.training.theorem_4_1_context import BOUND, DescentContext, shown_lags
from theory.statements.theorem_4_1b import A_norm, rho_top
from theory.verification import Outcome

BEYOND: Final = 1.9
"""A multiple of B_1 at which the bound still holds: up to 2 B_1 errors do not grow."""

CLEARLY: Final = 1.1
"""A rate this much beyond the critical one breaks the bound after few steps."""

RATE_STEPS: Final = (8, 64, 512)

RATES: Final = {
    Control("3 B_1, on these data", "η < 3 B_1 suffices for (25)", "steps of more than 2 overshoot"): 3,
    Control("100 B_1, on these data", "η < 100 B_1 suffices for (25)", "steps of more than 2 overshoot"): 100,
}
"""False bounds of the rate, in B_1."""


def constants(context: DescentContext) -> Iterator[Evidence]:
    """B_1 and B_2 of (62), enclosed, and the rate of the run."""
    one, experiment = context.descents[0], context.laboratory.experiment
    mean_squared = context.eta / context.laboratory.correlations.mean_squared_factor
    largest = max(each.B_2.high for each in context.descents)
    rate = f"η = {context.eta:.6g} ({experiment.eta}); for the mean squared error that is {mean_squared:.4g}"
    if one.below_bound:
        status, words = Status.CONFIRMED, rate
    else:
        status, words = Status.UNDECIDED, f"{rate}; it is not below B_1, and (25) says nothing: --eta 0.5B_1 is below"
    yield Evidence(
        f"{BOUND}.constants",
        Kind.CERTIFIED,
        "η < B_1 = 1/(‖A‖² max ρ_j)",
        status,
        f"B_1 = {one.B_1}, ‖A‖² = {one.norm.high**2:.6g}, both sides enclosed; B_2 = ‖A‖‖e⁰‖ up to {largest:.6g} over "
        f"{len(context.descents)} draws of L⁰; {words}",
        details={
            "B_1": [one.B_1.low, one.B_1.high],
            "operator_norm": [one.norm.low, one.norm.high],
            "B_2": [[each.B_2.low, each.B_2.high] for each in context.descents],
            "eta": context.eta,
            "eta_for_mean_squared_error": mean_squared,
        },
    )


def errors(context: DescentContext) -> Iterator[Evidence]:
    """(63): errors do not grow."""
    grown = [(start, step + 1) for start, one in enumerate(context.descents) for step in np.flatnonzero(one.grows)]
    stay = all(one.stays.all() for one in context.descents)
    if grown:
        start, step = grown[0]
        status, summary = Status.REFUTED, f"‖e^{step}‖ > ‖e⁰‖ from draw {start} of L⁰, certainly"
    elif stay:
        left = max(one.errors[1][-1] / one.first_error.low for one in context.descents)
        status = Status.CONFIRMED
        summary = f"every step up to {context.steps}, {len(context.descents)} draws of L⁰; {left:.3g} of it is left"
    else:
        status, summary = Status.UNDECIDED, "the balls do not separate ‖e^ℓ‖ from ‖e⁰‖"
    yield Evidence(f"{BOUND}.errors", Kind.CERTIFIED, "errors do not grow (63)", status, summary)


def bound(context: DescentContext) -> Iterator[Evidence]:
    """The bound at every step and lag, and beyond the last step."""
    weights = context.claimed
    status, summary = _decide(context.descents, weights)
    yield Evidence(
        f"{BOUND}.bound", Kind.CERTIFIED, "bound (25), convolution", status, summary, details=_details(context, weights)
    )


def sharpness(context: DescentContext) -> Iterator[Evidence]:
    """What happens above B_1."""
    one = context.descents[0]
    at = context.at_rate(BEYOND * one.B_1.low, context.steps)
    holds = at.holds(context.rho).all() and at.holds_beyond(context.rho)
    critical = _critical_rate(context) / one.B_1.low
    yield shown(
        f"{BOUND}.sharpness",
        "above B_1",
        f"at {BEYOND:g} B_1 the bound {'holds, too' if holds else 'was not decided'}: errors do not grow up to 2 B_1, "
        f"and on these data descent diverges from {critical:.3g} B_1 on",
        critical=critical,
    )


def refute_rate(control: Control, context: DescentContext) -> ControlResult:
    """Attack with a larger bound of the rate: the derived line is another, and descent breaks the bound for certain."""
    factor = RATES[control]
    outcome = RATE.compare(DERIVED.derivation(), factor / (A_norm**2 * rho_top))
    one = context.descents[0]
    rate, critical = factor * one.B_1.low, _critical_rate(context)
    applicable = rate > CLEARLY * critical
    broken = next(filter(None, (_broken(context, rate, steps) for steps in RATE_STEPS)), "") if applicable else ""
    return ControlResult(
        control,
        applicable=applicable,
        symbolic=outcome is Outcome.REFUTED,
        numeric=bool(broken),
        symbolic_reason=f"compared with the line {RATE.step!r}: {outcome.value}",
        numeric_reason=broken or "the bound was not seen to fail",
        remark=f"on these data descent converges up to {critical / one.B_1.low:.3g} B_1, and the bound holds",
    )


def first_failure(descents: Sequence[CertifiedDescent], rho: Sequence[Fraction]) -> str:
    """Where a bound with given weights is certainly exceeded, in words; empty where nowhere."""
    for start, one in enumerate(descents):
        failing = np.argwhere(one.fails(rho))
        if failing.size:
            step, lag = (int(i) for i in failing[0])
            moved, allowed = one.moved[0][step + 1, lag], one.B_2.high * float(rho[lag]) * one.eta * (step + 1)
            return f"lag {lag}, ℓ = {step + 1}, draw {start} of L⁰: moved by {moved:.4g}, more than {allowed:.4g}"
    return ""


def _decide(descents: Sequence[CertifiedDescent], rho: Sequence[Fraction]) -> tuple[Status, str]:
    failure = first_failure(descents, rho)
    if failure:
        return Status.REFUTED, failure
    for start, one in enumerate(descents):
        open_ = np.argwhere(~one.holds(rho))
        if open_.size:
            step, lag = (int(i) for i in open_[0])
            return Status.UNDECIDED, f"lag {lag}, ℓ = {step + 1}, draw {start} of L⁰: the balls do not decide"
    steps, lags = descents[0].moved[0][1:].shape
    words = f"{steps} steps, {lags} lags, {len(descents)} draws of L⁰"
    if not all(one.holds_beyond(rho) for one in descents):
        return Status.UNDECIDED, f"holds for {words}; beyond the last step it was not decided"
    attained = np.logical_or.reduce([one.attains(rho) for one in descents])
    if attained.any():
        return Status.CONFIRMED, (
            f"{words}, and every later step, none of which moves lag j by more than B_2 ρ_j η; lag "
            f"{int(np.argmax(attained))} attains it at ℓ = 1: equality, decided in rational arithmetic"
        )
    ratio, lag, step = _tightest(descents, rho)
    return Status.CONFIRMED, (
        f"{words}, and every later step, none of which moves lag j by more than B_2 ρ_j η; at most {ratio:.3g} of the "
        f"bound is used, by lag {lag} at ℓ = {step}"
    )


def _tightest(descents: Sequence[CertifiedDescent], rho: Sequence[Fraction]) -> tuple[float, int, int]:
    ratios = np.max([one.ratios(rho) for one in descents], axis=0)
    step, lag = np.unravel_index(int(np.argmax(ratios)), ratios.shape)
    return float(ratios[step, lag]), int(lag), int(step) + 1


def _details(context: DescentContext, rho: Sequence[Fraction]) -> dict[str, Any]:
    with np.errstate(divide="ignore"):
        ratios = np.array([one.ratios(rho) for one in context.descents])
    steps: NDArray[np.intp] = np.argmax(ratios.max(axis=0), axis=0) + 1
    rows = [
        [
            str(lag),
            f"{float(rho[lag]):.5g}",
            f"{ratios[:, :, lag].max():.3g}",
            str(steps[lag]),
            f"{ratios[:, -1, lag].max():.3g}",
        ]
        for lag in shown_lags(len(rho))
    ]
    return {
        "largest": ratios.max(axis=(0, 1)).tolist(),
        "table": {
            "title": f"share of the bound (25) that the convolution uses, largest of {len(ratios)} draws of L⁰",
            "columns": ["lag", "ρ_j", "largest", "at ℓ", f"at ℓ = {context.steps}"],
            "rows": rows,
        },
    }


def _critical_rate(context: DescentContext) -> float:
    """``2/λ_max`` of the scaled convolution: beyond it descent diverges."""
    weights = np.array([float(weight) for weight in context.rho])
    return convolution_spectrum(context.laboratory.correlations, context.starts[0], weights).critical_rate


def _broken(context: DescentContext, rate: float, steps: int) -> str:
    one = context.at_rate(rate, steps)
    failure = first_failure([one], context.rho)
    growth = np.flatnonzero(one.grows)
    if not failure:
        return ""
    return f"{failure}{f'; ‖e^{growth[0] + 1}‖ > ‖e⁰‖' if growth.size else ''}, certainly"
