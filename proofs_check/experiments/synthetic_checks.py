"""The checks of Figures 1 and 2: formula, deviation, rest, exponents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from proofs_check.experiment import Experiment
from proofs_check.experiments.coincidence import Comparison, Task
from proofs_check.experiments.synthetic import bound, experiment_of
from proofs_check.experiments.synthetic_curves import KERNELS, CurvesContext
from proofs_check.experiments.synthetic_weights import undefined
from proofs_check.theorem import Check, Evidence, FamilyOfTests, measured, no_error, shown

PART: Final = "a"


def formula(context: CurvesContext) -> Iterator[Evidence]:
    """The claimed weights against the derived ones."""
    yield context.weights.evidence(f"{PART}.formula")


def training(context: CurvesContext) -> Iterator[Evidence]:
    """What is done, with the rates in both conventions."""
    yield rates(f"{PART}.training", context.tasks[0], context.weights.derived, experiment_of(context.settings))


def rates(check: str, task: Task, rho: Array, experiment: Experiment) -> Evidence:
    """η and B_1 of the first run, for both conventions of the loss."""
    limit, factor = bound(task.train, rho), task.train.mean_squared_factor
    return shown(
        check,
        "training",
        f"{experiment.steps} full-batch steps on {experiment.train} sequences; η = {task.eta:.3g} for the half-squared "
        f"loss, {task.eta / factor:.3g} for the mean-squared; B_1 = {limit:.3g} (62)"
        + (f"; the rates are those of run 1 of {experiment.runs}" if experiment.runs > 1 else ""),
        eta=task.eta,
        B_1=limit,
        mean_squared_eta=task.eta / factor,
    )


def deviation(context: CurvesContext) -> Iterator[Evidence]:
    """RNN and scaled convolution against what kernels of this width give."""
    claimed = context.weights.claimed
    for n in context.widths:
        found = _of_width(context, n)
        if not found:
            continue
        title, law = f"curves at n = {context.words(n)}", found[0].law
        if not context.is_judged(n):
            why = "lags j with j² > n, where tails are heavy" if context.is_safe else "η is not below B_1"
            yield shown(f"{PART}.deviation", title, f"not tested: {why}", n=n)
            continue
        summary = undefined(claimed) or (
            f"errors differ by at most {_largest(found[0], claimed)}: without the RNN's distance from its own linear "
            f"model, {found[0].deviation(claimed):.2g} standard deviations of what {KERNELS} kernels of this width do; "
            f"95 % of them stay within {np.quantile(law.suprema, 0.95):.2g}"
        )
        yield measured(
            f"{PART}.deviation", title, summary, _family(n, context, [c.p_value(claimed) for c in found]), n=n
        )


def rest(context: CurvesContext) -> Iterator[Evidence]:
    """The RNN against its own linear NTK model."""
    for n in context.widths:
        found = _of_width(context, n)
        if not found or not context.is_judged(n):
            continue
        first = found[0]
        yield measured(
            f"{PART}.rest",
            f"NTK model, n = {context.words(n)}",
            f"RNN and linear NTK model of its own kernel: errors differ by at most {_share(first.rest)}; "
            f"{first.rests.size} narrow RNNs, by 1/n: median {_share(float(np.median(first.rests)))}",
            _family(n, context, [c.rest_p_value for c in found]),
            n=n,
        )


def exponents(context: CurvesContext) -> Iterator[Evidence]:
    """How fast both vanish, from the narrowest to the widest RNN."""
    low, high = context.widths[0], context.widths[-1]
    small, large = _of_width(context, low), _of_width(context, high)
    if not small or not large or low == high:
        return
    decades = np.log(high / low)
    spreads = [float(np.median(np.abs(one[0].law.ratios).max(axis=(1, 2)))) for one in (small, large)]
    rests = [float(np.median([one.rest for one in many])) for many in (small, large)]
    slope, other = (
        float(np.log(pair[1] / pair[0]) / decades) if min(pair) > 0 else np.nan for pair in (spreads, rests)
    )
    yield shown(
        f"{PART}.exponents",
        "exponents",
        f"from n = {context.words(low)} to {context.words(high)}: kernels n^{slope:.3f} (theory -1/2), "
        f"RNN beyond its NTK model n^{other:.3f} (theory -1)",
        kernels=slope,
        rest=other,
    )


def table(context: CurvesContext) -> Iterator[Evidence]:
    """A line for each RNN."""
    claimed = context.weights.claimed
    if undefined(claimed):
        return
    rows = []
    for (n, run), one in context.comparisons.items():
        ratios = np.abs(one.log_ratios(claimed))
        moved = np.sqrt(np.sum((one.rnn - one.scaled(claimed)) ** 2, axis=(1, 2, 3))).max()
        errors = one.task.errors(one.rnn)[:, -1]
        rows.append(
            [context.words(n), str(run + 1), *(f"{error:.4g}" for error in errors)]
            + [_share(float(ratio)) for ratio in ratios.max(axis=1)]
            + [_share(float(np.quantile(np.abs(one.law.ratios).max(axis=(1, 2)), 0.95))), f"{moved:.1e}"]
        )
    names = ("training", "test")[: len(context.tasks[0].watched)]
    yield shown(
        f"{PART}.table",
        "sup over the steps",
        "below; ΔL is the Frobenius norm of the difference of impulse responses",
        table={
            "title": "last mean squared errors of the RNN; largest differences from the scaled convolution",
            "columns": ["n", "run", *names, *(f"Δ {name}" for name in names), "95 % law", "ΔL"],
            "rows": rows,
        },
    )


CHECKS: Final[tuple[Check[CurvesContext], ...]] = (
    Check("formula", PART, "ρ_j against the derived one", formula),
    Check("training", PART, "training", training),
    Check("deviation", PART, "RNN against scaled convolution", deviation),
    Check("rest", PART, "RNN against its linear NTK model", rest),
    Check("exponents", PART, "how fast both vanish", exponents),
    Check("table", PART, "errors", table),
)


def _of_width(context: CurvesContext, n: int) -> list[Comparison]:
    return [one for (width, _), one in context.comparisons.items() if width == n]


def _family(n: int, context: CurvesContext, p_values: list[float]) -> FamilyOfTests:
    unknown = no_error(np.array(p_values))
    name = f"n = {context.words(n)}"
    return FamilyOfTests(lambda run: f"{name}, run {run + 1}", unknown, unknown, unknown, np.array(p_values))


def _largest(one: Comparison, rho: Array) -> str:
    found = np.abs(one.log_ratios(rho)).max(axis=1)
    names = ("training", "test")
    return ", ".join(f"{_share(float(value))} ({name})" for value, name in zip(found, names, strict=False))


def _share(log_ratio: float) -> str:
    """A difference of logarithms as a share."""
    share = float(np.expm1(log_ratio))
    return f"{share:.1%}" if share >= 1e-3 else f"{share:.0e}"
