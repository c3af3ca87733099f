"""The state evolution (72) of a recursion by several routes, and the hypotheses it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.recursion.context import DIGITS, PART, ROUNDING, RecursionContext, largest
from proofs_check.theorem import Evidence, Kind, Status, shown

PREDICTED: Final = 1e-8
"""Deviation allowed between the predictor form and the covariances, relative to the largest of them."""


def hypotheses(context: RecursionContext) -> Iterator[Evidence]:
    """Lipschitz (69), and the law that the recursion starts from (70)."""
    found = context.hypotheses
    start = (
        "q_0 Gaussian of mean 0" if found.gaussian_start else "q_0 is not Gaussian: it counts among the columns of u"
    )
    if found.constant is not None:
        yield Evidence(
            f"{PART}.hypotheses",
            Kind.CERTIFIED,
            "hypotheses (69), (70)",
            Status.CONFIRMED,
            f"every G is Lipschitz, with a constant of at most {found.constant:.3g}; {start}",
            details={"constants": {one.where: one.constant for one in found.findings}},
        )
        return
    words = "not satisfied" if found.broken else "not decided"
    yield shown(f"{PART}.hypotheses", "hypotheses (69), (70)", f"{words}: see the warning; {start}")


def derivation(context: RecursionContext) -> Iterator[Evidence]:
    """(72) of this recursion, derived from Lemma C.1: the recursion of its covariances, and the first step."""
    found = context.derivation
    if isinstance(found, str):
        yield shown(f"{PART}.derivation", "derivation", found)
    elif found.verified.proved:
        yield derivation_evidence(f"{PART}.derivation", found)
    else:  # no evidence against the recursion: the derivation is written by this program
        failures = ", ".join(repr(failure.step.name) for failure in found.verified.failures)
        yield shown(f"{PART}.derivation", "derivation", f"not found for these formulas: {failures} is not proved")


def quadrature(context: RecursionContext) -> Iterator[Evidence]:
    """(72) by quadrature, and its stated error."""
    law = context.limit
    error = float(np.max(context.limit_error)) / largest(law.covariance)
    kind = "statistical error, at 99.9 %," if law.statistical else "stated error"
    missed = f"; the tolerance of {law.tolerance:g} was not reached, which the tests allow for"
    yield shown(
        f"{PART}.quadrature",
        "state evolution (72)",
        f"{law.method}; {law.nodes:.2g} evaluations, {kind} at most {error:.1e} of the largest"
        f"{'' if law.converged else missed}",
        covariance=law.covariance.tolist(),
        error=context.limit_error.tolist(),
        converged=bool(law.converged),
    )


def closed_forms(context: RecursionContext) -> Iterator[Evidence]:
    """(72) in closed form, where there is one, against the quadrature."""
    exact_values = context.closed_forms
    if isinstance(exact_values, str):
        yield shown(f"{PART}.closed", "closed forms", exact_values)
        return
    law, size = context.limit, len(exact_values)
    quadrature_values, scale = law.covariance[:size, :size], largest(law.covariance)
    apart = np.abs(exact_values - quadrature_values)
    agree = bool(np.all(apart <= context.limit_error[:size, :size] + ROUNDING * scale))
    times = size // context.recursion.q_columns - 1
    yield Evidence(
        f"{PART}.closed",
        Kind.NUMERICAL,
        "closed forms of (72)",
        Status.CONFIRMED if agree else Status.REFUTED,
        f"all pairs of times up to {times}, {DIGITS} digits; relative to the largest they differ from the quadrature "
        f"by at most {np.max(apart) / scale:.1e}",
        details={"largest": float(np.max(apart)), "digits": DIGITS},
    )


def predictors(context: RecursionContext) -> Iterator[Evidence]:
    """The predictor form (72d)–(72g) against ``ν E[Z_s^T Z_t]``."""
    form = context.limit.predictor_form()
    scale = max(float(np.max(np.abs(image), initial=0.0)) for image in form.images)
    tolerance = PREDICTED * scale
    innovations = [float(np.trace(p)) for matrix in form.innovations for p in matrix]
    yield Evidence(
        f"{PART}.predictors",
        Kind.NUMERICAL,
        "predictor form (72d)-(72g)",
        Status.CONFIRMED if form.deviation <= tolerance else Status.REFUTED,
        f"rebuilds ν E[Z_s Z_t] of all times up to {form.deviation:.1e}; innovations from {min(innovations):.3g} to "
        f"{max(innovations):.3g}",
        details={"deviation": form.deviation, "tolerance": tolerance, "innovations": innovations},
    )
