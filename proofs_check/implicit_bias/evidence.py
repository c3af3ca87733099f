"""Evidence that the checks of both parts have in common."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from proofs_check.claims import Claim, Comparison, compare, contradiction
from proofs_check.implicit_bias.context import DERIVED, Context, width_in_words
from proofs_check.theorem import Evidence, Kind, Status, measured
from theory.verification import Outcome


def claim_evidence(check: str, target: str, context: Context) -> Evidence:
    """The claim against the derived formula, for all lags and variances."""
    claim, derived = context.claims[target], DERIVED[target]()
    found = compare(claim, derived, context.expectations.values, context.fixed)
    return comparison_evidence(check, "claim against the derived formula", claim, derived, found)


def comparison_evidence(check: str, title: str, claim: Claim, derived: sp.Expr, found: Comparison) -> Evidence:
    """What came of holding a claim against the derived formula."""
    details: dict[str, Any] = {"claimed": str(claim.formula), "derived": str(derived)}
    match found.outcome:
        case Outcome.PROVED:
            status, summary = Status.CONFIRMED, f"identical for every lag and {found.scope}: {derived}"
        case Outcome.REFUTED:
            assert found.counterexample is not None  # a refutation carries one
            status, summary = Status.REFUTED, found.counterexample.describe()
            details |= {"first_lag": found.counterexample.lag}
        case _:
            status, summary = Status.UNDECIDED, "neither a proof nor a counterexample was found"
    return Evidence(check, Kind.IDENTITY, title, status, summary, details=details)


def exact_limit_evidence(
    check: str, title: str, context: Context, target: str, limits: dict[tuple[int, int], Fraction]
) -> Evidence:
    """The limits of exact finite-width values against the claim: a second route, lag by lag.

    Parameters
    ----------
    limits : dict
        (j, k) → exact limit; off the diagonal the claim is 0.
    """
    claim, values = context.claims[target], context.expectations.values
    for (row, column), limit in sorted(limits.items()):
        claimed = claim.value(row, values) if row == column else sp.S.Zero
        exact = sp.Rational(limit.numerator, limit.denominator)
        if sp.simplify(claimed - exact) != 0:
            where = f"lag {row}" if row == column else f"lags {row}, {column}"
            summary = f"{where}: {contradiction(claimed, exact)}"
            return Evidence(check, Kind.EXACT, title, Status.REFUTED, summary, details={"first_lag": row})
    top = max(row for row, _ in limits)
    return Evidence(
        check,
        Kind.EXACT,
        title,
        Status.CONFIRMED,
        f"{len(limits)} pairs of lags up to {top}, by loop equations, for these variances",
    )


def limit_evidence(check: str, target: str, context: Context) -> Evidence:
    """Measurements at widths that cannot be told from the limit, against the claim."""
    family, lags = context.limit_family(context.claims[target])
    tested = sorted({lag for at_width in lags.values() for lag in at_width})
    missing = [lag for lag in range(context.settings.horizon) if lag not in tested]
    with np.errstate(divide="ignore", invalid="ignore"):
        corrections = {
            width: float(np.max(context.expectations.corrections(target, width)[at_width]))
            for width, at_width in lags.items()
            if at_width
        }
    used = ", ".join(width_in_words(width) for width in sorted(corrections))
    largest = max(corrections.values(), default=0.0)
    summary = (
        f"lags {span(tested)} at n = {used}; the finite-width correction there is at most {largest:.1e} of the limit"
    )
    if missing:
        summary += f"; lags {span(missing)} could not be tested"
    return measured(
        check,
        "measured limit against the claim",
        summary,
        family,
        lags={str(width): at_width for width, at_width in lags.items()},
        largest_correction={str(width): value for width, value in corrections.items()},
    )


def span(lags: list[int]) -> str:
    """A list of lags in words.

    Examples
    --------
    >>> span([0, 1, 2, 5])
    '0-2, 5'
    """
    runs: list[list[int]] = []
    for lag in sorted(lags):
        if runs and lag == runs[-1][-1] + 1:
            runs[-1].append(lag)
        else:
            runs.append([lag])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
