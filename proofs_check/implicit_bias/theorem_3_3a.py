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
from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.implicit_bias.context import Context, lag_mask, mean_family, width_in_words
from proofs_check.implicit_bias.evidence import (
    claim_evidence,
    exact_limit_evidence,
    limit_evidence,
    span,
)
from proofs_check.implicit_bias.laboratory import LawPair
from proofs_check.implicit_bias.regime import lag_table
from proofs_check.settings import memory_in_words
from proofs_check.theorem import (
    Check,
    Evidence,
    InterruptedRunError,
    Kind,
    Status,
    measured,
    named_tests,
    shown,
)
from theory.finite_width import response_moment
from theory.statements.theorem_3_3a import impulse_response

ROUNDING: Final = 1e-9
"""Rounding allowed in identities that hold exactly for every draw."""

MIXTURE_SHIFT: Final = 0.07
"""A normal scale mixture whose variance has relative variance v is within 0.07 v of normal (sup norm)."""


def derivation(context: Context) -> Iterator[Evidence]:
    """The derivation (41)–(43) and the claim against its result."""
    yield derivation_evidence("a.derivation", impulse_response())
    yield claim_evidence("a.claim", "var", context)


def exact_moments(context: Context) -> Iterator[Evidence]:
    """Exact covariances at every finite width and their limits."""
    e = context.expectations
    w, f, c = context.settings.variances
    limits = {}
    for row in range(e.exact_lags):
        for column in range(row + 1):
            series = response_moment(row, column)
            limits[row, column] = c * f * w ** ((row + column) // 2) * Fraction(series[0] if series else 0)
    yield exact_limit_evidence("a.exact", "limit of the exact covariances", context, "var", limits)
    last = e.exact_lags - 1
    yield shown(
        "a.moments",
        "exact second moments",
        f"E‖L_j‖² = n_x n_y ν_C ν_F ν_W^j m_j(n), m_{last}(n) = {_series(last)}",
        m={str(lag): list(response_moment(lag, lag)) for lag in range(e.exact_lags)},
    )


def second_moments(context: Context) -> Iterator[Evidence]:
    """Monte Carlo second moments and all cross-covariances against the exact values at each width."""
    s, e = context.settings, context.expectations
    for width in s.widths:
        sample, lags = context.laboratory.given(width), e.tested_exactly(width)
        channels = s.inputs * s.outputs
        tested = span(list(range(lags)))
        yield measured(
            "a.covariance",
            f"Cov L, n = {width_in_words(width)}",
            f"all pairs of components, lags {tested}, {sample.replicates} draws",
            mean_family(
                sample.products,
                e.products(width),
                lag_mask(s.horizon * channels, lags * channels),
                partial(_component_pair, s.inputs, s.outputs),
            ),
            n=width,
            replicates=sample.replicates,
        )
        yield measured(
            "a.conditional",
            f"Cov L given W, n = {width_in_words(width)}",
            f"averaged over C, or F: same mean, less spread; lags {tested}",
            mean_family(
                sample.conditional,
                e.covariance(width),
                lag_mask(s.horizon, lags),
                lambda place: f"lags {place[0]}, {place[1]}",
            ),
            n=width,
            replicates=sample.replicates,
            rows=lag_table(context, width, sample, "var"),
        )


def limit(context: Context) -> Iterator[Evidence]:
    """The measured limit variance against the claim."""
    yield limit_evidence("a.limit", "var", context)


def gaussianity(context: Context) -> Iterator[Evidence]:
    """Marginal and joint distribution of the impulse response against independent Gaussians."""
    claimed = np.array(context.claims["var"].numbers(context.settings.horizon, context.expectations.values))
    lags = [int(lag) for lag in np.flatnonzero(~(claimed == 0))]
    samples = context.limit_samples()
    found: dict[str, float] = {}
    used = []
    for width in sorted({max(context.laboratory.ladder_widths()), *context.settings.widths}):
        sample, at = samples[width], f"at n = {width_in_words(width)}"
        visible = [lag for lag in lags if _is_gaussian_to_the_test(sample, lag)]
        if not visible:
            continue
        used.append(width_in_words(width))
        with np.errstate(invalid="ignore"):
            scaled = sample.response[:, visible] / np.sqrt(claimed[visible])[:, None, None]
        for position, lag in enumerate(visible):
            found[f"law of L_{lag} {at}"] = _p_value(normal_test, scaled[:, position].ravel())
        degrees = scaled[0].size
        if visible == lags and degrees * _mixture(sample, lags) * np.sqrt(sample.response.shape[0]) < 1:
            test = partial(chi_square_test, degrees_of_freedom=degrees)
            found[f"joint law {at}"] = _p_value(test, np.einsum("rjab,rjab->r", scaled, scaled))
    if not found:
        reason = "every claimed variance is 0" if not lags else "at no width is the law close enough to its limit"
        yield shown("a.gaussian", "Gaussian, and independent over lags", f"not tested: {reason}")
        return
    yield measured(
        "a.gaussian",
        "Gaussian, and independent over lags",
        f"Kolmogorov–Smirnov for each lag and for the joint radius (χ²), at n = {', '.join(used)}",
        named_tests(found),
    )


def two_sided(context: Context) -> Iterator[Evidence]:
    """W and Wᵀ are one matrix: ⟨P_i, Q_j⟩ depends on i + j alone, in every draw."""
    if context.settings.horizon == 1:
        return  # W is not used at all
    samples = context.limit_samples().values()
    worst, draws = max(sample.mismatch for sample in samples), sum(sample.replicates for sample in samples)
    yield Evidence(
        "a.two-sided",
        Kind.NUMERICAL,
        "W and its transpose are one",
        Status.CONFIRMED if worst <= ROUNDING else Status.REFUTED,
        f"P_i·Q_j = L_(i+j) in each of {draws} draws; largest relative difference {worst:.1e}",
        details={"largest": worst, "tolerance": ROUNDING, "draws": draws},
    )


def same_law(context: Context) -> Iterator[Evidence]:
    """Dense and lazy sampling agree in law wherever dense fits."""
    laboratory = context.laboratory
    found: dict[str, float] = {}
    draws: dict[int, LawPair] = {}
    for width in laboratory.law_widths():
        try:
            pair = draws[width] = laboratory.law_pair(width)
        except InterruptedRunError:
            break  # judge the widths that were drawn
        dense, lazy = _statistics(pair.dense), _statistics(pair.lazy)
        for name in dense:
            found[f"{name} at n = {width_in_words(width)}"] = same_law_test(dense[name], lazy[name])
    if draws:
        counts = ", ".join(f"{width} ({pair.dense.replicates})" for width, pair in draws.items())
        yield measured(
            "a.dense",
            "dense and lazy agree in law",
            f"two samples, Kolmogorov–Smirnov, at n (dense draws): {counts}",
            named_tests(found),
            draws={str(n): {"dense": p.dense.replicates, "lazy": p.lazy.replicates} for n, p in draws.items()},
        )
    beyond = [n for n in context.settings.widths if n not in laboratory.law_widths()]
    if beyond and context.settings.sampler == "auto":
        yield shown(
            "a.dense",
            f"no dense draw at n = {width_in_words(beyond[0])}",
            f"one matrix would take {memory_in_words(dense_bytes(beyond[0]))} and about "
            f"{_duration(laboratory.dense_seconds(beyond[0]))} (--sampler dense draws it where it fits); the laws are "
            "compared at smaller widths",
            n=beyond[0],
            bytes=dense_bytes(beyond[0]),
        )


CHECKS: Final[tuple[Check[Context], ...]] = (
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
