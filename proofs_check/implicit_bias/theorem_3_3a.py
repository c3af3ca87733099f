"""Theorem 3.3(a): the impulse response at initialization is Gaussian in the limit.

``L_0 … L_{T-1}`` converge in distribution to independent Gaussians, the components of L_j to
i.i.d. N(0, ν_C ν_F ν_W^j). Moments are confronted with their exact finite-width values at the given
widths; the shape of the distribution is tested where its departure from the limit is below what
the test can see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.kernel_ensemble import Sample
from numerics.memory import dense_bytes
from numerics.statistics import chi_square_test, normal_test, same_law_test
from proofs_check.implicit_bias.context import Context, mean_family, width_in_words
from proofs_check.implicit_bias.evidence import (
    claim_evidence,
    derivation_evidence,
    exact_limit_evidence,
    limit_evidence,
    span,
)
from proofs_check.implicit_bias.laboratory import AUTO_DENSE_BYTES, InterruptedRunError
from proofs_check.settings import memory_in_words
from proofs_check.theorem import Check, Evidence, FamilyOfTests, Kind, Status, no_error
from theory.finite_width import response_moment
from theory.tangent_kernel import impulse_response_law

ROUNDING: Final = 1e-9
"""Rounding allowed in identities that hold exactly for every draw."""

MIXTURE_SHIFT: Final = 0.07
"""A normal scale mixture whose variance has relative variance v is within 0.07 v of normal (sup norm)."""


def derivation(context: Context) -> Iterator[Evidence]:
    """The derivation (41)–(43) and the claim against its result."""
    yield derivation_evidence("a.derivation", "a", impulse_response_law())
    yield claim_evidence("a.claim", "a", "var", context)


def exact_moments(context: Context) -> Iterator[Evidence]:
    """Exact covariances at every finite width and their limits."""
    e = context.expectations
    limits = {}
    w, f, c = context.settings.variances
    for row in range(e.exact_lags):
        for column in range(row + 1):
            series = response_moment(row, column)
            limits[row, column] = c * f * w ** ((row + column) // 2) * Fraction(series[0] if series else 0)
    yield exact_limit_evidence("a.exact", "limit of the exact covariances", context, "var", limits)
    last = e.exact_lags - 1
    yield Evidence(
        "a.moments",
        "a",
        Kind.INFORMATION,
        "exact second moments",
        Status.INFORMATION,
        f"E‖L_j‖² = n_x n_y ν_C ν_F ν_W^j m_j(n), m_{last}(n) = {_series(last)}",
        details={"m": {str(lag): list(response_moment(lag, lag)) for lag in range(e.exact_lags)}},
    )


def second_moments(context: Context) -> Iterator[Evidence]:
    """Monte Carlo second moments and all cross-covariances against the exact values at each width."""
    s, e = context.settings, context.expectations
    for width in s.widths:
        sample, lags = context.laboratory.given(width), e.tested_exactly(width)
        exact = e.products(width)
        channels = s.inputs * s.outputs
        component = np.arange(exact.shape[0]) // channels < lags
        mask = np.triu(np.outer(component, component)) & ~np.isnan(exact)
        yield Evidence(
            "a.covariance",
            "a",
            Kind.STATISTICAL,
            f"Cov L, n = {width_in_words(width)}",
            Status.UNDECIDED,
            f"all pairs of components, lags {span(list(range(lags)))}, {sample.replicates} draws",
            mean_family(sample.products, exact, mask, partial(_component_pair, s.inputs, s.outputs)),
            {"n": width, "replicates": sample.replicates},
        )
        covariance = e.covariance(width)
        lag_mask = np.triu(np.ones_like(covariance, dtype=bool)) & ~np.isnan(covariance)
        lag_mask[lags:] = False
        lag_mask[:, lags:] = False
        yield Evidence(
            "a.conditional",
            "a",
            Kind.STATISTICAL,
            f"Cov L given W, n = {width_in_words(width)}",
            Status.UNDECIDED,
            f"averaged over C, or F: same mean, less spread; lags {span(list(range(lags)))}",
            mean_family(sample.conditional, covariance, lag_mask, lambda place: f"lags {place[0]}, {place[1]}"),
            {"n": width, "replicates": sample.replicates},
        )


def limit(context: Context) -> Iterator[Evidence]:
    """The measured limit variance against the claim."""
    yield limit_evidence("a.limit", "a", "var", context)


def gaussianity(context: Context) -> Iterator[Evidence]:
    """Marginal and joint distribution of the impulse response against independent Gaussians."""
    claimed = np.array(context.claims["var"].numbers(context.settings.horizon, context.expectations.values))
    lags = np.flatnonzero(~(claimed == 0))
    top = max(context.laboratory.ladder_widths())
    p_values: list[float] = []
    labels: list[str] = []
    samples = context.limit_samples()
    for width in sorted({top, *context.settings.widths}):
        sample = samples[width]
        shown = [int(lag) for lag in lags if _is_gaussian_to_the_test(sample, int(lag))]
        if not shown:
            continue
        with np.errstate(invalid="ignore"):
            scaled = sample.response[:, shown] / np.sqrt(claimed[shown])[:, None, None]
        for position, lag in enumerate(shown):
            p_values.append(_p_value(normal_test, scaled[:, position].ravel()))
            labels.append(f"law of L_{lag} at n = {width_in_words(width)}")
        if len(shown) == len(lags):
            radius = np.einsum("rjab,rjab->r", scaled, scaled)
            degrees = scaled[0].size
            if degrees * _mixture(sample, shown) * np.sqrt(sample.replicates) < 1:
                p_values.append(_p_value(partial(chi_square_test, degrees_of_freedom=degrees), radius))
                labels.append(f"joint law of L_0 … at n = {width_in_words(width)}")
    values = np.array(p_values)
    unknown = np.full(values.shape, np.nan)
    widths = sorted({label.rpartition(" ")[2] for label in labels}, key=len)
    yield Evidence(
        "a.gaussian",
        "a",
        Kind.STATISTICAL,
        "Gaussian, and independent over lags",
        Status.UNDECIDED,
        f"Kolmogorov–Smirnov for each lag and for the joint radius (χ²), at n = {', '.join(widths)}",
        FamilyOfTests(labels.__getitem__, unknown, unknown, no_error(values), values),
    )


def two_sided(context: Context) -> Iterator[Evidence]:
    """W and Wᵀ are one matrix: ⟨P_i, Q_j⟩ depends on i + j alone, in every draw."""
    worst, draws = 0.0, 0
    for sample in context.limit_samples().values():
        worst, draws = max(worst, sample.mismatch), draws + sample.replicates
    holds = worst <= ROUNDING
    yield Evidence(
        "a.two-sided",
        "a",
        Kind.NUMERICAL,
        "W and its transpose are one",
        Status.CONFIRMED if holds else Status.REFUTED,
        f"P_i·Q_j = L_(i+j) in each of {draws} draws; largest relative difference {worst:.1e}",
        details={"largest": worst, "tolerance": ROUNDING, "draws": draws},
    )


def same_law(context: Context) -> Iterator[Evidence]:
    """Dense and lazy sampling agree in law wherever dense fits."""
    laboratory = context.laboratory
    p_values: list[float] = []
    labels: list[str] = []
    draws: dict[int, tuple[int, int]] = {}
    for width in laboratory.law_widths():
        try:
            pair = laboratory.law_pair(width)
        except InterruptedRunError:
            break  # judge the widths that were drawn
        dense, lazy = _statistics(pair.dense), _statistics(pair.lazy)
        draws[width] = pair.dense.replicates, pair.lazy.replicates
        p_values += [same_law_test(dense[name], lazy[name]) for name in dense]
        labels += [f"{name} at n = {width_in_words(width)}" for name in dense]
    if not draws:
        return
    values = np.array(p_values)
    unknown = np.full(values.shape, np.nan)
    counts = ", ".join(f"{width} ({dense_count})" for width, (dense_count, _) in draws.items())
    yield Evidence(
        "a.dense",
        "a",
        Kind.STATISTICAL,
        "dense and lazy agree in law",
        Status.UNDECIDED,
        f"two samples, Kolmogorov–Smirnov, at n (dense draws): {counts}",
        FamilyOfTests(labels.__getitem__, unknown, unknown, no_error(values), values),
        {"draws": {str(width): {"dense": pair[0], "lazy": pair[1]} for width, pair in draws.items()}},
    )
    beyond = [n for n in context.settings.widths if dense_bytes(n) > AUTO_DENSE_BYTES]
    if beyond and context.settings.sampler == "auto":
        width = beyond[0]
        yield Evidence(
            "a.dense",
            "a",
            Kind.INFORMATION,
            f"no dense draw at n = {width_in_words(width)}",
            Status.INFORMATION,
            f"one matrix would take {memory_in_words(dense_bytes(width))} and about "
            f"{_duration(laboratory.dense_seconds(width))} (--sampler dense draws it all the same); the laws are "
            "compared at smaller widths",
            details={"n": width, "bytes": dense_bytes(width)},
        )


CHECKS: tuple[Check[Context], ...] = (
    Check("a.derivation", "a", "derivation of the limit variance", derivation),
    Check("a.exact", "a", "exact finite-width moments", exact_moments),
    Check("a.covariance", "a", "measured moments at the given widths", second_moments),
    Check("a.limit", "a", "measured limit", limit),
    Check("a.gaussian", "a", "Gaussian limit", gaussianity),
    Check("a.two-sided", "a", "both sides of W agree", two_sided),
    Check("a.dense", "a", "dense and lazy agree", same_law),
)


def _component_pair(inputs: int, outputs: int, place: tuple[int, ...]) -> str:
    names = []
    for index in place:
        lag, channel = divmod(index, inputs * outputs)
        names.append(f"L_{lag}[{channel // inputs},{channel % inputs}]")
    return "E " + "·".join(names)


def _series(lag: int) -> str:
    terms = [f"{c}/n^{p}" for p, c in enumerate(response_moment(lag, lag)) if p and c]
    shown = terms[:2] + (["…"] if len(terms) > 2 else [])
    return " + ".join(["1", *shown])


def _mixture(sample: Sample, lags: list[int]) -> float:
    """Largest relative variance of the conditional variance of L_j."""
    mean = np.diagonal(sample.conditional.mean)[lags]
    spread = np.diagonal(sample.conditional.variance)[lags]
    return float(np.max(spread / mean**2)) if np.all(mean > 0) else np.inf


def _is_gaussian_to_the_test(sample: Sample, lag: int) -> bool:
    """Whether the exact law is a tenth of the test's resolution away from Gaussian, or less.

    Given W and F the components are exactly Gaussian, so that the law is a scale mixture.
    """
    draws = sample.response[:, lag].size
    # the mean of two conditional variances spreads half as much as one of them
    return bool(MIXTURE_SHIFT * 2 * _mixture(sample, [lag]) <= 0.1 / np.sqrt(draws))


def _p_value(test: Callable[[Array], float], sample: Array) -> float:
    if not np.all(np.isfinite(sample)):
        return 0.0  # the claimed variance is not a positive number
    return test(sample)


def _statistics(sample: Sample) -> dict[str, Array]:
    """The scalars whose law is compared: kernel weights and one component of L, lag by lag."""
    horizon = sample.diagonal.shape[1]
    found = {f"weight of lag {lag}": sample.diagonal[:, lag] for lag in range(horizon)}
    found |= {f"L_{lag}": sample.response[:, lag, 0, 0] for lag in range(horizon)}
    found |= {"‖L‖²": np.einsum("rjab,rjab->r", sample.response, sample.response)}
    if horizon > 1:
        found |= {"weights of unequal lags": sample.off_diagonal}
    return found


def _duration(seconds: float) -> str:
    units = ((86400 * 365, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))
    for size, name in units:
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.2g} seconds"
