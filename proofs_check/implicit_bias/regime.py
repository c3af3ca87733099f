"""Which lags can be tested at which width, and how large the finite-width correction is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from numerics.kernel_ensemble import Sample
from numerics.statistics import resolution
from proofs_check.implicit_bias.context import Context, limit_moments, width_in_words
from proofs_check.implicit_bias.evidence import span
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.theorem import Evidence, shown
from theory.finite_width import MAX_EXACT_LAG
from theory.finite_width_correction import leading_coefficient
from theory.tangent_kernel import rho_at


def lag_table(context: Context, width: int, sample: Sample, target: str) -> list[dict[str, Any]]:
    """For each lag: claimed limit, exact value, measurement, resolution, and what it is tested against.

    Parameters
    ----------
    target : str
        ``"rho"`` for the kernel weights, ``"var"`` for the variances of L_j.
    """
    e = context.expectations
    claimed = context.claims[target].numbers(context.settings.horizon, e.values)
    moments = limit_moments(sample, target)
    exact = np.diagonal(e.weights(width) if target == "rho" else e.covariance(width))
    resolved = resolution(moments.error, moments.mean, FAMILY_LEVEL, context.laboratory.family_size())
    shows_limit = context.shows_limit(target, width, moments)
    corrections = e.corrections(target, width)
    rows = []
    for lag in range(context.settings.horizon):
        in_regime, known = lag < e.in_regime(width), bool(np.isfinite(exact[lag]))
        used = "exact" if in_regime and known else "limit" if shows_limit[lag] else "information"
        rows.append(
            {
                "lag": lag,
                "claimed": claimed[lag],
                "exact": float(exact[lag]) if known else None,
                "measured": float(moments.mean[lag]),
                "standard_error": float(moments.error[lag]),
                "resolution": float(resolved[lag]) if np.isfinite(resolved[lag]) else None,
                "in_regime": in_regime,
                "tested_against": used,
                "correction": float(corrections[lag]),
            }
        )
    return rows


def regime(context: Context) -> Iterator[Evidence]:
    """At which widths each lag can be tested, and against what; nothing where all are tested exactly."""
    for width in context.settings.widths:
        if context.expectations.tested_exactly(width) < context.settings.horizon:
            yield _regime_at(context, width)
    if context.settings.horizon > MAX_EXACT_LAG + 1:
        yield _correction_size(context)


def _regime_at(context: Context, width: int) -> Evidence:
    rows = lag_table(context, width, context.laboratory.given(width), "rho")
    uses = {
        use: [row["lag"] for row in rows if row["tested_against"] == use] for use in ("exact", "limit", "information")
    }
    inside = [lag for lag in uses["information"] if rows[lag]["in_regime"]]
    outside = [lag for lag in uses["information"] if not rows[lag]["in_regime"]]
    pieces = [f"lags {span(uses['exact'])} tested against exact values"]
    if uses["limit"]:
        pieces.append(f"{span(uses['limit'])} against the limit")
    if inside:
        largest = max(rows[lag]["correction"] for lag in inside)
        pieces.append(f"{span(inside)} shown only: no exact value, and the correction (up to {largest:.1e}) would show")
    if outside:
        pieces.append(f"{span(outside)} shown only: outside the regime (j² > n)")
    return shown("b.regime", f"regime, n = {width_in_words(width)}", "; ".join(pieces), n=width, **uses)


def _correction_size(context: Context) -> Evidence:
    """The 1/n² coefficient beyond the exact lags: extrapolated, and measured where it shows."""
    rows = [
        _coefficients(context, lag, float(limit))
        for lag in range(MAX_EXACT_LAG + 1, context.settings.horizon)
        if (limit := rho_at(lag, context.settings.variances))
    ]
    title = "size of the finite-width correction"
    if not rows:
        return shown("b.extrapolation", title, "every limit beyond the exact lags is 0", rows=rows)
    last = rows[-1]
    summary = f"ρ_{last['lag']} is off by about {last['extrapolated']:.3g}/n² (leading coefficients, extrapolated)"
    seen = [row for row in rows if row["measured"] is not None and row["error"] < 0.3 * row["extrapolated"]]
    if seen:
        best = min(seen, key=lambda row: row["error"] / row["extrapolated"])
        summary += (
            f"; measured at n = {width_in_words(best['n'])} for lag {best['lag']}: "
            f"({best['measured']:.3g} ± {1.96 * best['error']:.1g})/n² where {best['extrapolated']:.3g} "
            "is extrapolated"
        )
    lowest = context.laboratory.ladder_widths()[0]
    summary += f"; at n ≥ {width_in_words(lowest)} this is below {last['extrapolated'] / lowest**2:.1e}"
    return shown("b.extrapolation", title, summary, rows=rows)


def _coefficients(context: Context, lag: int, limit: float) -> dict[str, Any]:
    """n² (P_n/ρ - 1): extrapolated, and measured at the smallest given width where the lag is in the regime."""
    extrapolated = float(leading_coefficient(lag, context.settings.variances)) / limit
    row: dict[str, Any] = {"lag": lag, "extrapolated": extrapolated, "n": None, "measured": None, "error": None}
    width = next((n for n in context.settings.widths if lag < context.expectations.in_regime(n)), None)
    if width is not None:
        moments = limit_moments(context.laboratory.given(width), "rho")
        row["n"] = width
        row["measured"] = (float(moments.mean[lag]) / limit - 1) * width**2
        row["error"] = float(moments.error[lag]) / limit * width**2
    return row
