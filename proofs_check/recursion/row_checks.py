"""What is checked of the rows of simulations: Gaussian, the same for both samplers, and unlike a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from numerics.ensembles import Stream
from numerics.extrapolation import extrapolated
from numerics.gaussian_matrix import Array
from numerics.recursion_sample import RecursionSample
from numerics.statistics import Moments, chi_square_test, normal_test, same_law_test
from numerics.wasserstein import distance_from_normal
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.judgement import refuting_entries
from proofs_check.recursion.context import PART, TINY, RecursionContext, is_singular, largest
from proofs_check.recursion.laboratory import LawPair
from proofs_check.theorem import (
    Evidence,
    InterruptedRunError,
    Kind,
    Status,
    measured,
    named_tests,
    shown,
)

VISIBLE: Final = 0.5
"""Deviations from the limit law, times the root of the number of rows, that a test of law may see."""

ATTACK_MARGIN: Final = 6.0
"""An attack that is simulated has fewer draws: it must stand out by this factor."""

REFERENCES: Final = 16
"""Samples of normals that a sample of rows is compared with."""


def gaussian(context: RecursionContext) -> Iterator[Evidence]:
    """Rows of one draw: Gaussian at each time, and jointly over the times."""
    width = context.laboratory.ladder_widths[-1]
    d, sigma = context.recursion.q_columns, context.limit.covariance
    rows = context.laboratory.ladder()[width].rows
    kept = rows.reshape(-1, rows.shape[-1])
    spread = np.sqrt(np.diagonal(sigma))
    moving = [place for place in range(d, context.columns) if _is_close(context, width, place, len(kept))]
    found = {f"law of {context.name(p)}": normal_test(kept[:, p] / spread[p]) for p in moving}
    block = sigma[np.ix_(moving, moving)]
    if moving and not is_singular(block):
        whitened = np.linalg.solve(np.linalg.cholesky(block), kept[:, moving].T)
        found["joint law of all times"] = chi_square_test(np.sum(whitened**2, axis=0), len(moving))
    if not found:
        words = "at no time is the variance at the largest width close enough to its limit"
        yield shown(f"{PART}.gaussian", "Gaussian rows", f"not tested: {words}")
    else:
        yield measured(
            f"{PART}.gaussian",
            "Gaussian rows",
            f"Kolmogorov–Smirnov for {len(moving)} columns and for the joint radius (χ²), {len(kept)} rows at n = "
            f"{width_in_words(width)}; {_transport(kept[:, moving[-1]] / spread[moving[-1]], context)}",
            named_tests(found),
        )


def _is_close(context: RecursionContext, width: int, place: int, rows: int) -> bool:
    """Whether the variance of one draw is so close to its limit that a test of law sees nothing but the law.

    A normal law with a variance that is off by a share e is within e/4 of the right one (sup norm), one
    with a random variance of relative variance v within 0.07 v.
    """
    limit, moments = context.limit.covariance[place, place], context.ladder_moments[width]
    if limit <= TINY * largest(context.limit.covariance):
        return False
    mean, variance = float(moments.mean[place, place]), float(moments.variance[place, place])
    off = abs(mean / limit - 1) / 4 + 0.07 * variance / limit**2
    return bool(off * np.sqrt(rows) < VISIBLE)


def _transport(standardized: Array, context: RecursionContext) -> str:
    """The Wasserstein-2 distance of rows to their Gaussian, beside that of as many independent normals."""
    rng = Stream(context.settings.seed, (32,)).generator()
    normals = rng.standard_normal((REFERENCES, standardized.size))
    found, typical = distance_from_normal(standardized, 1.0), distance_from_normal(normals, 1.0)
    return f"Wasserstein-2 distance at the last time {float(found):.2g}, of as many normals {np.mean(typical):.2g}"


def samplers(context: RecursionContext) -> Iterator[Evidence]:
    """Dense and conditioned sampling agree in law; dense images obey (79)–(84) at every width."""
    laws: dict[str, float] = {}
    fresh: dict[str, float] = {}
    counts: list[str] = []
    for width in context.laboratory.law_widths():
        try:
            pair = context.laboratory.law_pair(width)
        except InterruptedRunError:
            break
        counts.append(f"{width} ({len(pair.dense.second_moments)})")
        at = f"at n = {width_in_words(width)}"
        laws |= {f"{name} {at}": p for name, p in _same_laws(context, pair).items()}
        fresh |= {f"{name} {at}": p for name, p in _innovations(pair.dense).items()}
    if laws:
        yield measured(
            f"{PART}.dense",
            "dense and conditioned agree",
            f"in law, two samples, Kolmogorov–Smirnov, at n (dense draws): {', '.join(counts)}",
            named_tests(laws),
        )
    if fresh:
        yield measured(
            f"{PART}.conditioning",
            "conditioning (79)-(84)",
            "what earlier images do not say of a dense matrix is N(0, 1) at every width, without any tolerance",
            named_tests(fresh),
        )


def attack(context: RecursionContext) -> Iterator[Evidence]:
    """Simulate the classical wrong simplification: the same tests must notice."""
    law = context.limit
    apart = np.abs(context.fresh.covariance - law.covariance)
    if not np.any(apart > ATTACK_MARGIN * context.resolution + context.limit_error):
        return
    ladder = context.laboratory.fresh_ladder()
    found = extrapolated(list(ladder), [Moments.of(sample.second_moments) for sample in ladder.values()])
    p_values = found.p_values(law.covariance, context.limit_error)[context.tested]
    noticed = len(refuting_entries(p_values))
    yield Evidence(
        f"{PART}.attack",
        Kind.ATTACK,
        "simulated with fresh matrices",
        Status.CONFIRMED if noticed else Status.UNDECIDED,
        f"a simulation that draws new matrices at each time is refuted by {noticed} of {p_values.size} tests",
        details={"refuting": noticed, "tests": int(p_values.size)},
    )


def _same_laws(context: RecursionContext, pair: LawPair) -> dict[str, float]:
    """Two-sample tests of scalars that a draw gives."""
    last, d = context.columns - 1, context.recursion.q_columns
    places = {(last, last), (d, last), (d, d), (0, last)}
    found = {}
    for row, column in sorted(places):
        one, other = (sample.second_moments[:, row, column] for sample in (pair.dense, pair.conditioned))
        found[context.label(row, column)] = same_law_test(one, other)
    one, other = (sample.rows[:, 0, last] for sample in (pair.dense, pair.conditioned))
    found[f"a row of {context.name(last)}"] = same_law_test(one, other)
    return found


def _innovations(dense: RecursionSample) -> dict[str, float]:
    """The first row's innovations of each draw, all directions together, and their squares' sums."""
    assert dense.innovations is not None  # dense draws have them
    first = dense.innovations[:, 0]
    values = first[np.isfinite(first)]
    return {"innovations": normal_test(values)} if values.size else {}
