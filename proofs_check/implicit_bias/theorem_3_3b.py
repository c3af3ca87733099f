"""Theorem 3.3(b): the tangent kernel of the linear RNN tends to ``T(x)^T D(ρ) T(x') ⊗ I``.

At the given widths the measured kernel is confronted with its exact expectation, pairs of unequal
lags included. The claimed ρ_j is confronted with the derived one, with the limits of the exact
values, and with measurements at widths that cannot be told from the limit. Fluctuations around the
claimed limit must shrink like n^{-1/2}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample
from numerics.statistics import fit_slope, root_mean_square
from proofs_check.claims import as_fraction
from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.implicit_bias.context import Context, lag_mask, mean_family, width_in_words
from proofs_check.implicit_bias.evidence import (
    claim_evidence,
    exact_limit_evidence,
    limit_evidence,
    span,
)
from proofs_check.implicit_bias.regime import lag_table, regime
from proofs_check.theorem import Check, Evidence, FamilyOfTests, measured, shown
from theory.finite_width import kernel_weight
from theory.implicit_bias import shape
from theory.statements.bound_22 import decay
from theory.statements.theorem_3_3b import linearized_kernel
from theory.tangent_kernel import ntk_parameterization_rho, rho_parts

SLOPE: Final = -0.5
LARGEST_WEIGHT: Final = 1e100


def derivation(context: Context) -> Iterator[Evidence]:
    """The derivation (44)–(55) and the claim against its result."""
    yield derivation_evidence("b.derivation", linearized_kernel())
    yield claim_evidence("b.claim", "rho", context)


def exact_kernel(context: Context) -> Iterator[Evidence]:
    """The limits of the exact kernel weights P_n against D(ρ), and the leading corrections."""
    e = context.expectations
    limits, corrections = {}, {}
    for row in range(e.exact_lags):
        for column in range(row + 1):
            weight = kernel_weight(row, column)
            limits[row, column] = as_fraction(weight.limit().subs(e.values))
            power, coefficient = weight.leading_correction()
            if power:
                corrections[f"{row},{column}"] = {"power": power, "coefficient": str(coefficient)}
    yield exact_limit_evidence("b.exact", "limit of the exact kernel P_n", context, "rho", limits)
    last = e.exact_lags - 1
    power, coefficient = kernel_weight(last, last).leading_correction()
    relative = float(as_fraction(coefficient.subs(e.values)) / limits[last, last]) if limits[last, last] else 0.0
    diagonal = f"P_n({last},{last})/ρ_{last} = 1"
    diagonal += f" + {relative:.4g}/n^{power} + O(n^-{power + 1})" if power else " exactly"
    if not limits[last, last]:
        diagonal = f"ρ_{last} = 0"
    yield shown(
        "b.correction",
        "finite-width correction",
        f"{diagonal}; pairs of unequal lags vanish like 1/n or faster",
        leading=corrections,
    )


def bias(context: Context) -> Iterator[Evidence]:
    """The shape of ρ_j: its parts, its peak, its half-life, and the bound (22)."""
    found, parts = shape(context.settings.variances), rho_parts()
    peak = "grows without end" if found.peak is None else f"peaks at lag {found.peak}"
    half = "" if found.half_life is None else f", has halved by lag {found.half_life}"
    yield shown(
        "b.shape",
        "shape of ρ_j",
        f"{peak}{half}; parts from training C: {parts['C']}, F: {parts['F']}, W: {parts['W']}",
        peak=found.peak,
        half_life=found.half_life,
        parts={name: str(part) for name, part in parts.items()},
        ntk_parameterization=str(ntk_parameterization_rho()),
    )
    if context.settings.nu_W == 0:
        yield shown("b.bound", "bound (22)", "needs ν_W > 0")
    else:
        largest = decay().step("largest").rhs
        yield replace(
            derivation_evidence("b.bound", decay()),
            title="bound (22)",
            summary=f"ρ_j ≤ ({largest})·ν_W^j for j ≤ T, by an identity; tight at j = T",
        )


def kernel_at_width(context: Context) -> Iterator[Evidence]:
    """Monte Carlo of the whole kernel at the given widths against its exact expectation."""
    laboratory, e = context.laboratory, context.expectations
    for width in context.settings.widths:
        sample, lags = laboratory.given(width), e.tested_exactly(width)
        assert sample.kernel is not None  # the samples at the given widths have it
        expected = e.kernel(width, laboratory.x, laboratory.x_prime)
        inside = np.zeros(expected.shape, dtype=bool)
        inside[:lags, :, :lags] = True
        yield measured(
            "b.kernel",
            f"K_n(x, x'), n = {width_in_words(width)}",
            f"all entries up to time {lags - 1}, random x ≠ x', {sample.replicates} draws",
            mean_family(sample.kernel, expected, inside, lambda i: f"K[t={i[0]},a={i[1]}; s={i[2]},b={i[3]}]"),
            n=width,
            replicates=sample.replicates,
        )
        yield measured(
            "b.weights",
            f"P_n(j,k), n = {width_in_words(width)}",
            f"lags {span(list(range(lags)))}, equal and unequal pairs",
            mean_family(
                sample.weights,
                e.weights(width),
                lag_mask(context.settings.horizon, lags),
                lambda i: f"P_n({i[0]},{i[1]})",
            ),
            n=width,
            replicates=sample.replicates,
            rows=lag_table(context, width, sample, "rho"),
        )


def limit(context: Context) -> Iterator[Evidence]:
    """The measured limit weights against the claim."""
    yield limit_evidence("b.limit", "rho", context)


def fluctuations(context: Context) -> Iterator[Evidence]:
    """The distance of one draw from the claimed limit shrinks like n^{-1/2}."""
    claimed = np.array(context.claims["rho"].numbers(context.settings.horizon, context.expectations.values))
    rows: list[dict[str, Any]] = []
    if np.all(np.isfinite(claimed)) and 0 < np.abs(claimed).max() < LARGEST_WEIGHT:
        for width, sample in context.laboratory.ladder().items():
            distance = root_mean_square(_squared_distance(sample, claimed))
            rows.append({"n": width, "distance": distance.value, "relative_error": distance.log_error})
    if not rows or any(not 0 < row["relative_error"] < np.inf for row in rows):
        yield shown(
            "b.rate",
            "rate of convergence",
            "the claimed weights are undefined, zero or too large: no relative distance to them can be formed",
            rows=rows,
        )
        return
    fit = fit_slope(
        [float(np.log(row["n"])) for row in rows],
        [float(np.log(row["distance"])) for row in rows],
        [row["relative_error"] for row in rows],
    )
    low, high = fit.interval()
    given = {
        n: root_mean_square(_squared_distance(context.laboratory.given(n), claimed)).value
        for n in context.settings.widths
    }
    near = ", ".join(f"{distance:.2g} at n = {width_in_words(n)}" for n, distance in given.items())
    yield measured(
        "b.rate",
        "fluctuations shrink like n^(-1/2)",
        f"slope {fit.slope:.4f} (95 %: {low:.4f} to {high:.4f}) from n = {width_in_words(rows[0]['n'])} to "
        f"{width_in_words(rows[-1]['n'])}; relative distance of one draw {near}",
        FamilyOfTests(
            lambda _: "slope",
            np.array([fit.slope]),
            np.array([SLOPE]),
            np.array([fit.error]),
            np.array([fit.p_value(SLOPE)]),
        ),
        rows=rows,
        given=[{"n": n, "distance": distance} for n, distance in given.items()],
        slope=fit.slope,
        interval=[low, high],
    )


def _squared_distance(sample: Sample, claimed: Array) -> Array:
    """Squared relative Frobenius distance of each draw's lag weights from the claimed limit."""
    distances = np.sum((sample.diagonal - claimed) ** 2, axis=1) + sample.off_diagonal
    return np.asarray(distances / np.sum(claimed**2), dtype=np.float64)


CHECKS: Final[tuple[Check[Context], ...]] = (
    Check("b.derivation", "b", "derivation of ρ_j", derivation),
    Check("b.exact", "b", "exact finite-width kernel", exact_kernel),
    Check("b.shape", "b", "shape of ρ_j", bias),
    Check("b.kernel", "b", "measured kernel at the given widths", kernel_at_width),
    Check("b.regime", "b", "which lags can be tested where", regime),
    Check("b.limit", "b", "measured limit", limit),
    Check("b.rate", "b", "rate of convergence", fluctuations),
)
