"""The checks that a recursion goes through; here, what is measured against its state evolution (72)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from numerics.extrapolation import Estimate, extrapolated, extrapolated_rate
from numerics.gaussian_matrix import Array
from numerics.recursion_sample import RecursionSample
from numerics.statistics import Moments, mean_test, root_mean_square
from numerics.wasserstein import gaussian_distance
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.recursion import evolution_checks, row_checks
from proofs_check.recursion.context import PART, ROUNDING, TINY, WIDENED, RecursionContext, is_singular, largest
from proofs_check.recursion.exact_width import exact_second_moments
from proofs_check.theorem import (
    Check,
    Evidence,
    FamilyOfTests,
    Kind,
    Status,
    measured,
    shown,
    slope_tests,
)

APART: Final = 1e-9
"""Covariances that differ by less than this share of the largest variance are taken to be the same."""

SHOWN_TIMES: Final = 13


def exact(context: RecursionContext) -> Iterator[Evidence]:
    """At the given widths: second moments that are known exactly there."""
    for width, sample in context.laboratory.given().items():
        expected = exact_second_moments(context.limit, width)
        mask = context.tested & np.isfinite(expected)
        if not mask.any():
            continue
        moments = Moments.of(sample.second_moments)
        last = (np.argwhere(mask).max() + 1) // context.recursion.q_columns - 1
        yield measured(
            f"{PART}.exact",
            f"exact at n = {width_in_words(width)}",
            f"second moments up to time {last}, which are known at every width; {moments.count} draws",
            _means(moments, expected, context.limit_error, mask, context),
            n=width,
        )


def covariance(context: RecursionContext) -> Iterator[Evidence]:
    """The measured limit of all second moments against (72)."""
    widths = context.laboratory.ladder_widths
    counts = [context.ladder_moments[n].count for n in widths]
    yield measured(
        f"{PART}.covariance",
        "measured limit against (72)",
        f"all pairs of times, from n = {', '.join(map(width_in_words, widths[-3:]))} with "
        f"{', '.join(map(str, counts[-3:]))} draws; 1/n removed, 1/n² allowed for",
        covariance_family(context, context.limit.covariance, context.limit_error),
        table=_table(context),
    )


def claims(context: RecursionContext) -> Iterator[Evidence]:
    """The user's conjecture against (72), and against the measured limit."""
    law = context.limit
    for claim in context.claims:
        claimed = claim.covariances(law.covariance, context.data)
        name = f"your claim: {claim.target}"
        apart = np.abs(claimed - law.covariance)
        differs = ~(apart <= context.limit_error + ROUNDING * np.max(np.abs(law.covariance)))
        places = sorted((max(i, j), i, j) for i, j in np.argwhere(differs & context.tested))
        if places:
            _, row, column = (int(i) for i in places[0])
            summary = f"{context.label(row, column)}: claimed {claimed[row, column]:.6g}, (72) gives "
            summary += f"{law.covariance[row, column]:.6g} ± {context.limit_error[row, column]:.0e}"
        else:
            summary = f"agrees with (72) at all times up to {context.settings.horizon}, to {np.max(apart):.1e}"
        status = Status.REFUTED if places else Status.CONFIRMED
        yield Evidence(f"{PART}.claim", Kind.NUMERICAL, f"{name} against (72)", status, summary)
        yield measured(
            f"{PART}.claimed",
            f"{name}, measured",
            "the measured limit against the claim",
            covariance_family(context, claimed, context.limit_error),
        )


def covariance_family(context: RecursionContext, expected: Array, tolerance: Array) -> FamilyOfTests:
    """The measured limit against given covariances, those of one time first; what is undefined is refuted."""
    found = context.measured
    places = [(int(i), int(j)) for i, j in np.argwhere(context.tested)]
    d = context.recursion.q_columns
    places.sort(key=lambda place: (place[0] // d != place[1] // d, place))
    p_values = np.where(np.isnan(expected), 0.0, found.p_values(np.nan_to_num(expected), tolerance))
    which = tuple(np.array(places).T)
    return _of_limits(lambda index: context.label(*places[index]), found, expected, p_values, which)


def _of_limits(
    label: Callable[[int], str], found: Estimate, expected: Array, p_values: Array, which: Any = ...
) -> FamilyOfTests:
    """Tests of extrapolated limits, at the places that an index selects."""
    error = found.half_width / 1.96  # of which reports make a 95 % interval
    return FamilyOfTests(label, found.value[which], expected[which], error[which], p_values[which])


def functions(context: RecursionContext) -> Iterator[Evidence]:
    """Averages of pseudo-Lipschitz functions over the rows against their expectation in the limit."""
    ladder = context.laboratory.ladder()
    limits = context.limit.expect_all(context.laboratory.functions)
    found = extrapolated(list(ladder), [Moments.of(sample.functions) for sample in ladder.values()])
    expected = np.array([one.value for one in limits])
    tolerance = np.array([one.error * (WIDENED if context.limit.statistical else 1.0) for one in limits])
    yield measured(
        f"{PART}.functions",
        "PL(2) test functions",
        f"{', '.join(context.names[:3])}, …: averages over rows, extrapolated, against (72)",
        _of_limits(context.names.__getitem__, found, expected, found.p_values(expected, tolerance)),
        functions={name: float(value) for name, value in zip(context.names, expected, strict=True)},
    )


def independence(context: RecursionContext) -> Iterator[Evidence]:
    """Images of different matrices are uncorrelated in the limit."""
    count = len(context.recursion.matrices)
    if count < 2:
        return
    ladder = context.laboratory.ladder()
    found = extrapolated(list(ladder), [Moments.of(sample.images) for sample in ladder.values()])
    size = found.value.shape[0] // count
    mask = np.kron(np.triu(np.ones((count, count)), 1), np.ones((size, size))) > 0
    names = [matrix.name for matrix in context.recursion.matrices]

    def label(index: int) -> str:
        row, column = (int(i) for i in np.argwhere(mask)[index])
        words = [f"{names[place // size]} z_{place % size // context.recursion.q_columns}" for place in (row, column)]
        return " and ".join(words)

    yield measured(
        f"{PART}.independence",
        "independent matrices",
        f"images of {' and '.join(names)} are uncorrelated, at all pairs of times",
        _of_limits(label, found, np.zeros_like(found.value), found.p_values(0.0), mask),
    )


def rate(context: RecursionContext) -> Iterator[Evidence]:
    """How fast: the distance of one draw's covariances to (72), and the Wasserstein distance (32)."""
    law, widths = context.limit, context.laboratory.ladder_widths
    moving = np.flatnonzero(np.diagonal(law.covariance) > TINY * largest(law.covariance))  # others vanish in every draw
    if not moving.size:
        yield shown(f"{PART}.rate", "rate", "every column vanishes")
        return
    block = law.covariance[np.ix_(moving, moving)]
    distances: dict[str, Callable[[RecursionSample], Array]] = {
        "Frobenius norm": lambda sample: np.asarray(
            np.linalg.norm(sample.second_moments - law.covariance, axis=(1, 2))
        ),
        "Wasserstein-2 (32)": lambda sample: gaussian_distance(sample.second_moments[:, moving][:, :, moving], block),
    }
    singular = is_singular(block)
    ladder = context.laboratory.ladder()
    for name, distance in distances.items():
        found = [root_mean_square(distance(ladder[n]) ** 2) for n in widths]
        at_top = f"{found[-1].value:.2g} in one draw at n = {width_in_words(widths[-1])}"
        if not all(one.value > 1e-12 and np.isfinite(one.log_error) for one in found):
            yield shown(f"{PART}.rate", f"rate, {name}", f"nothing fluctuates: {at_top}")
            continue
        slope = extrapolated_rate(widths, [float(np.log(one.value)) for one in found], [one.log_error for one in found])
        low, high = slope.interval()
        words = f"slope {slope.slope:.3f} (95 %: {low:.3f} to {high:.3f}) over n; {at_top}"
        if name != "Frobenius norm" and singular:
            yield shown(
                f"{PART}.rate", f"rate, {name}", f"{words}; the limit is singular, so that -1/2 is not expected"
            )
            continue
        yield measured(
            f"{PART}.rate",
            f"rate, {name}",
            words,
            slope_tests({"slope": slope}, -0.5),
            widths=list(widths),
            distances=[one.value for one in found],
        )


def _means(
    moments: Moments, expected: Array, tolerance: Array, mask: NDArray[np.bool_], context: RecursionContext
) -> FamilyOfTests:
    """Tests of means at one width, up to the error of what is expected."""
    nearest = np.clip(moments.mean, expected - tolerance, expected + tolerance)
    test = mean_test(moments, nearest)
    places = [(int(i), int(j)) for i, j in np.argwhere(mask)]
    return FamilyOfTests(
        lambda index: context.label(*places[index]),
        moments.mean[mask],
        expected[mask],
        moments.error[mask],
        test.p_values[mask],
    )


def _table(context: RecursionContext) -> dict[str, Any]:
    """Variances and neighbouring covariances: (72), measured, and off by."""
    law, found = context.limit, context.measured
    d, horizon = context.recursion.q_columns, context.settings.horizon
    rows = []
    for time in _spread(range(horizon + 1)):
        for column in range(d):
            place = time * d + column
            rows.append(_row(context, place, place, law.covariance, found))
        if time >= 2:
            rows.append(_row(context, d, time * d, law.covariance, found))
    top = width_in_words(context.laboratory.ladder_widths[-1])
    return {
        "title": f"second moments of a row; measured up to n = {top}",
        "columns": ["", "(72)", "measured", "± 95 %", "off"],
        "rows": rows,
    }


def _row(context: RecursionContext, row: int, column: int, expected: Array, found: Estimate) -> list[str]:
    value, limit, half = (float(a[row, column]) for a in (found.value, expected, found.half_width))
    limit = 0.0 if abs(limit) <= ROUNDING * np.max(np.abs(expected)) else limit
    return [context.label(row, column), f"{limit:.6g}", f"{value:.6g}", f"{half:.2g}", f"{value - limit:+.1e}"]


def _spread(times: Sequence[int]) -> list[int]:
    if len(times) <= SHOWN_TIMES:
        return list(times)
    return sorted({round(i * (len(times) - 1) / (SHOWN_TIMES - 1)) for i in range(SHOWN_TIMES)})


CHECKS: Final[tuple[Check[RecursionContext], ...]] = tuple(
    Check(f"{PART}.{name}", PART, title, run)
    for name, title, run in (
        ("hypotheses", "hypotheses", evolution_checks.hypotheses),
        ("derivation", "derivation of its state evolution", evolution_checks.derivation),
        ("quadrature", "state evolution by quadrature", evolution_checks.quadrature),
        ("closed", "closed forms", evolution_checks.closed_forms),
        ("predictors", "predictor form", evolution_checks.predictors),
        ("exact", "exact second moments", exact),
        ("covariance", "measured limit", covariance),
        ("claim", "the user's claim", claims),
        ("functions", "test functions", functions),
        ("independence", "independent matrices", independence),
        ("rate", "rate", rate),
        ("gaussian", "Gaussian rows", row_checks.gaussian),
        ("dense", "dense and conditioned agree", row_checks.samplers),
        ("attack", "simulated with fresh matrices", row_checks.attack),
    )
)
