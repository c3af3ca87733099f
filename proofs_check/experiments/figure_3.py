"""Figure 3: test error against the delay of the outputs, for the RNN and both convolutions.

The paper: RNN and scaled convolution coincide, and their error grows with the delay, as they are biased towards short
memory; that of the unscaled convolution stays "almost the same", slightly changing at large delays, where fewer
outputs carry the signal. Every run has a teacher, data and initial weights of its own, shared by its delays.

- **Coincide**: at each width every run ranks its RNN among models with fresh kernels of that width; the ranks are
  uniform if ρ_j is right, and together are tested by Fisher's method.
- **Grow**: the slope of the error over the delays is positive, by the sign test over the runs.
- **Flat**: the slope of the unscaled one is less than a tenth of the scaled one's, by the same test.

A sign test assumes nothing of the law of the errors; it decides at 10^-4, which takes 14 runs that agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy import special

from numerics.gaussian_matrix import Array
from proofs_check.claims import Claim
from proofs_check.experiments import synthetic_controls
from proofs_check.experiments.synthetic import experiment_of
from proofs_check.experiments.synthetic_checks import rates
from proofs_check.experiments.synthetic_delays import KERNELS, DelayContext, DelayRun
from proofs_check.experiments.synthetic_statement import SOURCE
from proofs_check.experiments.synthetic_weights import DERIVED_WORDS, LagWeights, undefined
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.picture import Panel, Picture, Series, Style
from proofs_check.progress import Progress, Silent
from proofs_check.settings import Settings
from proofs_check.theorem import (
    Check,
    Control,
    ControlResult,
    Evidence,
    InterruptedRunError,
    Kind,
    Status,
    Theorem,
    measured,
    named_tests,
    shown,
)

FLAT: Final = 0.1
"""A slope is flat beside another if it is less than this share of it."""

COARSE: Final = 5
"""So many of the controls are far enough from the truth to be told from it by the last step at n = 1000."""

PARTS: Final = {
    "a": "RNN and scaled convolution with {} have the same test error at each delay, as n → ∞",
    "b": "their test error grows with the delay; that of the unscaled convolution stays almost the same",
}
CONTROLS: Final = synthetic_controls.CONTROLS[:COARSE]
HYPOTHESES: Final = (
    "the same start, rate, data and number of steps: after infinitely many all three would be least squares",
    "η below B_1 of (62)",
)


def theorem() -> Theorem[DelayContext]:
    """The statement of Figure 3."""
    return Theorem(
        id="figure-3",
        title="Figure 3: memory is short, test error grows with the delay",
        source=f"{SOURCE}, Figure 3",
        parts={part: text.format(DERIVED_WORDS) for part, text in PARTS.items()},
        hypotheses=HYPOTHESES,
        checks=CHECKS,
        controls=CONTROLS,
        prepare=prepare,
        refute=refute,
        rests_on=Kind.EXPERIMENT,
        picture=picture,
    )


def prepare(settings: Settings, progress: Progress | None = None) -> DelayContext:
    """Read the claim; nothing is trained yet."""
    weights = LagWeights.read(settings)
    return DelayContext(
        settings, weights, {part: text.format(weights.words) for part, text in PARTS.items()}, progress or Silent()
    )


def formula(context: DelayContext) -> Iterator[Evidence]:
    """The claimed weights against the derived ones."""
    yield context.weights.evidence("a.formula")


def training(context: DelayContext) -> Iterator[Evidence]:
    """What is done, with the rates in both conventions."""
    task = next(iter(context.found.values()))[0].delayed[0].task
    yield rates("a.training", task, context.weights.derived, experiment_of(context.settings))


def coincide(context: DelayContext) -> Iterator[Evidence]:
    """RNN and scaled convolution: all ranks together."""
    claimed = context.weights.claimed
    wrong = undefined(claimed)
    for n, runs in context.found.items():
        title = f"coincide at n = {context.words(n)}"
        if n < (context.settings.horizon - 1) ** 2:
            yield shown("a.coincide", title, "not tested: lags j with j² > n, where tails are heavy", n=n)
            continue
        summary = wrong or (
            f"{len(runs)} runs, each ranked among {KERNELS} kernels by the largest deviation over the delays; errors "
            f"differ by {np.expm1(np.median([_difference(run, claimed) for run in runs])):.0%} (median), those of such "
            f"kernels by {np.expm1(_expected(runs)):.0%}"
        )
        yield measured(
            "a.coincide", title, summary, named_tests({f"n = {context.words(n)}": _coincidence(runs, claimed)}), n=n
        )


def grow(context: DelayContext) -> Iterator[Evidence]:
    """The error of the biased students over the delays."""
    for n, runs in _usable(context).items():
        errors = [run.errors(context.weights.claimed) for run in runs]
        for name in ("RNN", "scaled"):
            slopes = np.array([_slope(context, one[name]) for one in errors])
            yield _by_sign(
                "b.grow",
                f"{name} grows, n = {context.words(n)}",
                slopes,
                f"slope {np.median(slopes):.2g} for each step of delay (median), positive",
                n=n,
            )


def flat(context: DelayContext) -> Iterator[Evidence]:
    """The error of the unscaled student beside the scaled one's."""
    for n, runs in _usable(context).items():
        errors = [run.errors(context.weights.claimed) for run in runs]
        scaled, unscaled = (np.array([_slope(context, one[name]) for one in errors]) for name in ("scaled", "unscaled"))
        title = f"unscaled flat, n = {context.words(n)}"
        if _at_least(int(np.sum(scaled > 0)), scaled.size) > FAMILY_LEVEL:
            summary = "beside a scaled one that is not seen to grow nothing is steep; fewer --steps or a smaller --nu-w"
            yield Evidence("b.flat", Kind.EXPERIMENT, title, Status.UNDECIDED, summary, details={"n": n})
            continue
        yield _by_sign(
            "b.flat",
            title,
            FLAT * np.abs(scaled) - np.abs(unscaled),
            f"slope {np.median(unscaled):.2g} (median), less than {FLAT:g} of the scaled one's {np.median(scaled):.2g}",
            n=n,
        )


def table(context: DelayContext) -> Iterator[Evidence]:
    """A line for each delay."""
    e = experiment_of(context.settings)
    rows = []
    for n, runs in _usable(context).items():
        errors = [run.errors(context.weights.claimed) for run in runs]
        for place, delay in enumerate(context.delays):
            cells = [_interval(np.array([one[name][place] for one in errors])) for name in errors[0]]
            words = (f"{mid:.3g} ({low:.2g}-{high:.2g})" for mid, low, high in cells)
            rows.append([str(delay), context.words(n), *words])
    yield shown(
        "b.table",
        "errors",
        "below; after the last step"
        + (", or at the least validation error" if e.stopping.value != "never" else "")
        + ", at outputs t ≥ delay, over the power of the teacher; 1 is that of predicting 0, "
        f"{10 ** (-e.snr / 10):.2g} that of the noise",
        table={
            "title": "test error: median of the runs (quartiles)",
            "columns": ["delay", "n", "RNN", "scaled", "unscaled"],
            "rows": rows,
        },
    )


CHECKS: Final[tuple[Check[DelayContext], ...]] = (
    Check("formula", "a", "ρ_j against the derived one", formula),
    Check("training", "a", "training", training),
    Check("coincide", "a", "RNN against scaled convolution", coincide),
    Check("grow", "b", "biased students", grow),
    Check("flat", "b", "unscaled convolution", flat),
    Check("table", "b", "errors", table),
)


def refute(control: Control, context: DelayContext) -> ControlResult:
    """Attack with a false claim: by the derivation, and by the ranks at the largest width."""
    claim = Claim.parse(control.claim)
    symbolic, weights = context.weights.compare(claim, generally=True), context.weights.numbers(claim)
    n, runs = max(context.found.items())
    p_value = _coincidence(runs, weights)
    return ControlResult(
        control,
        applicable=context.weights.differs(claim),
        symbolic=symbolic.is_refuted,
        numeric=p_value <= FAMILY_LEVEL,
        symbolic_reason=symbolic.reason,
        numeric_reason=undefined(weights) or f"ranks among kernels: p = {p_value:.1e} (n = {context.words(n)})",
    )


def picture(context: DelayContext) -> Picture | None:
    """Test error over the delays, median and quartiles, a panel for each width."""
    try:
        found = _usable(context)
    except InterruptedRunError:
        return None
    panels = []
    for n, runs in found.items():
        errors = [run.errors(context.weights.claimed) for run in runs]
        series: list[Series] = []
        for name, style in (("scaled", Style.LINE), ("RNN", Style.DASHED), ("unscaled", Style.POINTS)):
            at_delays = np.array([one[name] for one in errors]).T
            columns = np.array([_interval(values) for values in at_delays])
            label = name if name == "RNN" else f"{name} convolution"
            mid, low, high = columns.T.tolist()
            series.append(Series(label, list(context.delays), mid, low, high, style))
        panels.append(Panel(f"n = {context.words(n)}", "delay", "test error", tuple(series), y_log=True))
    return Picture("Figure 3: test error and delay", tuple(panels)) if panels else None


def _usable(context: DelayContext) -> dict[int, list[DelayRun]]:
    return {} if undefined(context.weights.claimed) else context.found


def _coincidence(runs: list[DelayRun], rho: Array) -> float:
    """Fisher's method on the ranks, which are at least uniform: 0 for weights that no convolution has."""
    if undefined(rho):
        return 0.0
    statistic = -2 * np.sum(np.log([run.rank(rho) for run in runs]))
    return float(special.chdtrc(2 * len(runs), statistic))


def _difference(run: DelayRun, rho: Array) -> float:
    """The largest difference of errors over the delays."""
    errors = run.errors(rho)
    return float(np.max(np.abs(np.log(errors["RNN"] / errors["scaled"]))))


def _expected(runs: list[DelayRun]) -> float:
    """The same of models with fresh kernels."""
    return float(np.median([np.median(np.abs(run.law.ratios).max(axis=(1, 2))) for run in runs]))


def _slope(context: DelayContext, errors: Array) -> float:
    centred = np.array(context.delays) - np.mean(context.delays)
    return float(centred @ errors / (centred @ centred))


def _by_sign(check: str, title: str, values: Array, summary: str, n: int) -> Evidence:
    """The sign test of "positive", decided either way at the level of the whole report."""
    positive = int(np.sum(values > 0))
    for_it, against = (_at_least(k, values.size) for k in (positive, int(np.sum(values < 0))))
    status = Status.UNDECIDED
    if min(for_it, against) <= FAMILY_LEVEL:
        status = Status.CONFIRMED if for_it < against else Status.REFUTED
    words = f"{summary} in {positive} of {values.size} runs"
    words += f", p = {for_it:.1e}" if status is Status.CONFIRMED else ""
    words += ": that decides nothing, take more --runs" if status is Status.UNDECIDED else ""
    details = {"n": n, "positive": positive, "runs": values.size, "p_for": for_it, "p_against": against}
    return Evidence(check, Kind.EXPERIMENT, title, status, words, details=details)


def _at_least(heads: int, tosses: int) -> float:
    """The probability of so many heads of a fair coin, or more."""
    return float(special.bdtrc(heads - 1, tosses, 0.5)) if heads else 1.0


def _interval(values: Array) -> tuple[float, float, float]:
    low, mid, high = np.quantile(values, (0.25, 0.5, 0.75))
    return float(mid), float(low), float(high)
