"""Theorem 3.3(b): the tangent kernel of the linear RNN tends to ``T(x)^T D(ρ) T(x') ⊗ I``.

At the given widths the measured kernel is confronted with its exact expectation, pairs of unequal
lags included. The claimed ρ_j is confronted with the derived one, with the limits of the exact
values, and with measurements at widths that cannot be told from the limit. Fluctuations around the
claimed limit must shrink like n^{-1/2}.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample
from numerics.statistics import fit_slope, resolution, root_mean_square
from proofs_check.claims import as_fraction
from proofs_check.implicit_bias.context import Context, limit_moments, mean_family, width_in_words
from proofs_check.implicit_bias.evidence import (
    claim_evidence,
    derivation_evidence,
    exact_limit_evidence,
    limit_evidence,
    span,
)
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.theorem import Check, Evidence, FamilyOfTests, Kind, Status
from theory.finite_width import MAX_EXACT_LAG, kernel_weight
from theory.finite_width_correction import leading_coefficient
from theory.implicit_bias import bound, shape
from theory.tangent_kernel import kernel_weight_law, ntk_parameterization_rho, rho_at, rho_parts

SLOPE = -0.5
EDGE = 0.3
"""The ladder estimates 1/n² corrections between this and 1 times the width of the regime's edge."""


def derivation(context: Context) -> Iterator[Evidence]:
    """The derivation (44)–(55) and the claim against its result."""
    yield derivation_evidence("b.derivation", "b", kernel_weight_law())
    yield claim_evidence("b.claim", "b", "rho", context)


def exact_kernel(context: Context) -> Iterator[Evidence]:
    """The limits of the exact kernel weights P_n against D(ρ)."""
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
    tail = f" + O(n^-{power + 1})" if power else ", exactly"
    leading = f" {relative:+.4g}/n^{power}" if power else ""
    yield Evidence(
        "b.correction",
        "b",
        Kind.INFORMATION,
        "finite-width correction",
        Status.INFORMATION,
        f"P_n({last},{last})/ρ_{last} = 1{leading}{tail}; pairs of unequal lags vanish like 1/n or faster",
        details={"leading": corrections},
    )


def bias(context: Context) -> Iterator[Evidence]:
    """The shape of ρ_j: its parts, its peak, its half-life, and the bound (22)."""
    found = shape(context.settings.variances)
    peak = "grows without end" if found.peak is None else f"peaks at lag {found.peak}"
    half = "" if found.half_life is None else f", has halved by lag {found.half_life}"
    parts = rho_parts()
    yield Evidence(
        "b.shape",
        "b",
        Kind.INFORMATION,
        "shape of ρ_j",
        Status.INFORMATION,
        f"{peak}{half}; parts: C {parts['C']}, F {parts['F']}, W {parts['W']}",
        details={
            "peak": found.peak,
            "half_life": found.half_life,
            "parts": {name: str(part) for name, part in parts.items()},
            "ntk_parameterization": str(ntk_parameterization_rho()),
        },
    )
    if context.settings.nu_W > 0:
        evidence = derivation_evidence("b.bound", "b", bound())
        yield Evidence(
            "b.bound",
            "b",
            evidence.kind,
            "bound (22)",
            evidence.status,
            f"ρ_j ≤ ({bound().result})·ν_W^j for j ≤ T, by an identity; tight at j = T",
            details=evidence.details,
        )


def kernel_at_width(context: Context) -> Iterator[Evidence]:
    """Monte Carlo of the whole kernel at the given widths against its exact expectation."""
    laboratory, e = context.laboratory, context.expectations
    for width in context.settings.widths:
        sample, lags = laboratory.given(width), e.tested_exactly(width)
        assert sample.kernel is not None  # the samples at the given widths have it
        expected = e.kernel(width, laboratory.x, laboratory.x_prime)
        mask = ~np.isnan(expected)
        mask[lags:] = False
        mask[:, :, lags:] = False
        lag_words = span(list(range(lags)))
        yield Evidence(
            "b.kernel",
            "b",
            Kind.STATISTICAL,
            f"K_n(x, x'), n = {width_in_words(width)}",
            Status.UNDECIDED,
            f"all entries up to time {lags - 1}, random x ≠ x', {sample.replicates} draws",
            mean_family(sample.kernel, expected, mask, lambda i: f"K[t={i[0]},a={i[1]}; s={i[2]},b={i[3]}]"),
            {"n": width, "replicates": sample.replicates},
        )
        weights = e.weights(width)
        lag_mask = ~np.isnan(weights) & np.triu(np.ones_like(weights, dtype=bool))
        lag_mask[lags:] = False
        lag_mask[:, lags:] = False
        yield Evidence(
            "b.weights",
            "b",
            Kind.STATISTICAL,
            f"P_n(j,k), n = {width_in_words(width)}",
            Status.UNDECIDED,
            f"lags {lag_words}, equal and unequal pairs",
            mean_family(sample.weights, weights, lag_mask, lambda i: f"P_n({i[0]},{i[1]})"),
            {"n": width, "replicates": sample.replicates, "rows": lag_table(context, width, sample)},
        )


def lag_table(context: Context, width: int, sample: Sample) -> list[dict[str, Any]]:
    """For each lag: claimed limit, exact value, measurement, resolution, and what it is good for."""
    e = context.expectations
    claimed = context.claims["rho"].numbers(context.settings.horizon, e.values)
    moments = limit_moments(sample, "rho")
    exact = np.diagonal(e.weights(width))
    resolved = resolution(moments.error, moments.mean, FAMILY_LEVEL, context.laboratory.family_size())
    shows = context.shows_limit("rho", width, moments)
    rows = []
    for lag in range(context.settings.horizon):
        in_regime = lag < e.in_regime(width)
        known = not np.isnan(exact[lag])
        used = "exact" if in_regime and known else "limit" if in_regime and shows[lag] else "information"
        rows.append(
            {
                "lag": lag,
                "claimed": claimed[lag],
                "exact": float(exact[lag]) if known else None,
                "measured": float(moments.mean[lag]),
                "standard_error": float(moments.error[lag]),
                "resolution": None if np.isnan(resolved[lag]) else float(resolved[lag]),
                "in_regime": in_regime,
                "tested_against": used,
                "correction": float(e.corrections("rho", width)[lag]),
            }
        )
    return rows


def regime(context: Context) -> Iterator[Evidence]:
    """At which widths each lag can be tested, and against what."""
    e, horizon = context.expectations, context.settings.horizon
    for width in context.settings.widths:
        regime_lags = e.in_regime(width)
        if e.tested_exactly(width) == horizon:
            continue
        rows = lag_table(context, width, context.laboratory.given(width))
        by_use = {
            use: [row["lag"] for row in rows if row["tested_against"] == use]
            for use in ("exact", "limit", "information")
        }
        between = [lag for lag in by_use["information"] if lag < regime_lags]
        outside = [lag for lag in by_use["information"] if lag >= regime_lags]
        pieces = [f"lags {span(by_use['exact'])} tested against exact values"]
        if by_use["limit"]:
            pieces.append(f"{span(by_use['limit'])} against the limit")
        if between:
            largest = max(rows[lag]["correction"] for lag in between)
            pieces.append(
                f"{span(between)} shown only: no exact value, and the correction (up to {largest:.1e}) would show"
            )
        if outside:
            pieces.append(f"{span(outside)} shown only: outside the regime (j² > n)")
        yield Evidence(
            "b.regime",
            "b",
            Kind.INFORMATION,
            f"regime, n = {width_in_words(width)}",
            Status.INFORMATION,
            "; ".join(pieces),
            details={"n": width, **by_use},
        )
    if horizon > MAX_EXACT_LAG + 1:
        yield _correction_size(context)


def _correction_size(context: Context) -> Evidence:
    """The 1/n² coefficient beyond the exact lags: extrapolated, and measured where it shows."""
    s = context.settings
    rows = []
    for lag in range(MAX_EXACT_LAG + 1, s.horizon):
        limit = rho_at(lag, s.variances)
        if not limit:
            continue
        row: dict[str, Any] = {"lag": lag, "extrapolated": float(leading_coefficient(lag, s.variances) / limit)}
        measured = _measured_coefficient(context, lag, float(limit))
        if measured is not None:
            row |= measured
        rows.append(row)
    last = rows[-1] if rows else {"lag": 0, "extrapolated": 0.0}
    summary = f"ρ_{last['lag']} is off by about {last['extrapolated']:.3g}/n² (leading coefficients, extrapolated)"
    seen = [row for row in rows if "measured" in row]
    if seen:
        best = min(seen, key=lambda row: row["error"] / row["extrapolated"])
        summary += (
            f"; measured at n = {width_in_words(best['n'])} for lag {best['lag']}: "
            f"({best['measured']:.3g} ± {1.96 * best['error']:.1g})/n² where {best['extrapolated']:.3g} "
            "is extrapolated"
        )
    top = context.laboratory.ladder_widths()[0]
    summary += f"; at n ≥ {width_in_words(top)} this is below {last['extrapolated'] / top**2:.1e}"
    return Evidence(
        "b.extrapolation",
        "b",
        Kind.INFORMATION,
        "size of the finite-width correction",
        Status.INFORMATION,
        summary,
        details={"rows": rows},
    )


def _measured_coefficient(context: Context, lag: int, limit: float) -> dict[str, Any] | None:
    """n² (mean/ρ - 1) at the smallest given width where the lag is in the regime."""
    for width in context.settings.widths:
        if lag < context.expectations.in_regime(width):
            moments = limit_moments(context.laboratory.given(width), "rho")
            return {
                "n": width,
                "measured": (float(moments.mean[lag]) / limit - 1) * width**2,
                "error": float(moments.error[lag]) / limit * width**2,
            }
    return None


def limit(context: Context) -> Iterator[Evidence]:
    """The measured limit weights against the claim."""
    yield limit_evidence("b.limit", "b", "rho", context)


def fluctuations(context: Context) -> Iterator[Evidence]:
    """The distance of one draw from the claimed limit shrinks like n^{-1/2}."""
    claimed = np.array(context.claims["rho"].numbers(context.settings.horizon, context.expectations.values))
    if not (np.all(np.isfinite(claimed)) and np.any(claimed)):
        yield Evidence(
            "b.rate",
            "b",
            Kind.INFORMATION,
            "rate of convergence",
            Status.INFORMATION,
            "the claimed weights are undefined or all zero: no relative distance to them can be formed",
        )
        return
    rows: list[dict[str, Any]] = []
    for width, sample in context.laboratory.ladder().items():
        measured = root_mean_square(_squared_distance(sample, claimed))
        rows.append({"n": width, "distance": measured.value, "relative_error": measured.log_error})
    fit = fit_slope(
        [float(np.log(row["n"])) for row in rows],
        [float(np.log(row["distance"])) for row in rows],
        [row["relative_error"] for row in rows],
    )
    low, high = fit.interval()
    p_values = np.array([fit.p_value(SLOPE)])
    given: list[dict[str, Any]] = [
        {"n": n, "distance": root_mean_square(_squared_distance(context.laboratory.given(n), claimed)).value}
        for n in context.settings.widths
    ]
    near = ", ".join(f"{row['distance']:.2g} at n = {width_in_words(row['n'])}" for row in given)
    yield Evidence(
        "b.rate",
        "b",
        Kind.STATISTICAL,
        "fluctuations shrink like n^(-1/2)",
        Status.UNDECIDED,
        f"slope {fit.slope:.4f} (95 %: {low:.4f} to {high:.4f}) from n = {width_in_words(rows[0]['n'])} to "
        f"{width_in_words(rows[-1]['n'])}; relative distance of one draw {near}",
        FamilyOfTests(lambda _: "slope", np.array([fit.slope]), np.array([SLOPE]), np.array([fit.error]), p_values),
        {"rows": rows, "given": given, "slope": fit.slope, "interval": [low, high]},
    )


def _squared_distance(sample: Sample, claimed: Array) -> Array:
    """Squared relative Frobenius distance of each draw's lag weights from the claimed limit."""
    distances = np.sum((sample.diagonal - claimed) ** 2, axis=1) + sample.off_diagonal
    return np.asarray(distances / np.sum(claimed**2), dtype=np.float64)


CHECKS: tuple[Check[Context], ...] = (
    Check("b.derivation", "b", "derivation of ρ_j", derivation),
    Check("b.exact", "b", "exact finite-width kernel", exact_kernel),
    Check("b.shape", "b", "shape of ρ_j", bias),
    Check("b.kernel", "b", "measured kernel at the given widths", kernel_at_width),
    Check("b.regime", "b", "which lags can be tested where", regime),
    Check("b.limit", "b", "measured limit", limit),
    Check("b.rate", "b", "rate of convergence", fluctuations),
)
