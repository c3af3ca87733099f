"""Proposition 3.1 measured: RNNs, their linear NTK models and the scaled convolution over a ladder of widths.

What shrinks has an exponent, which is tested: -1/2 where a finite network is compared with the limit, -1 where it is
compared with itself (``ladder``). The exponents would be right for weights that are off by less than the distances
are; means of signed differences find much less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.statistics import Slope, mean_test, resolution, root_mean_square
from proofs_check.claims import Claim
from proofs_check.implicit_bias.context import width_in_words
from proofs_check.implicit_bias.evidence import span
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.theorem import Evidence, FamilyOfTests, Kind, Status, measured, named_tests, shown, slope_tests
from proofs_check.training.ladder import PAIRS, exponent, some_steps
from proofs_check.training.proposition_3_1_context import TrainingContext

HALF: Final = -0.5
ONE: Final = -1.0

Quantities = dict[str, dict[int, Array]]
"""What shrinks → width → its value in each draw."""


def kernel(context: TrainingContext) -> Iterator[Evidence]:
    """(15): the kernel at the start tends to the limit, and hardly changes in training."""
    found = context.distances(context.claim)
    if isinstance(found, dict):
        yield _rate(context, "15.kernel", {"P_n → D(ρ)": {n: one.kernel for n, one in found.items()}}, HALF)
    change = {n: networks.kernel_change.max(axis=1) for n, (networks, _) in context.trained.items()}
    yield _rate(context, "15.change", {"P_n in training": change}, ONE)


def linear(context: TrainingContext) -> Iterator[Evidence]:
    """(16): the RNN follows its own linear NTK model, in L and on new sequences."""
    for n, divergence in context.laboratory.diverged.items():
        yield shown("16.diverged", f"left out: n = {width_in_words(n)}", divergence.words)
    found = context.distances(context.derived)
    if isinstance(found, dict):
        yield _rate(context, "16.rate", _pair(found, PAIRS[0]), ONE)


def convolution(context: TrainingContext) -> Iterator[Evidence]:
    """The RNN and its linear NTK model follow the scaled convolution of the claimed weights."""
    found = context.distances(context.claim)
    if isinstance(found, str):
        yield Evidence("7.rate", Kind.NUMERICAL, "claimed convolution", Status.REFUTED, found)
        return
    yield _rate(context, "7.rate", _pair(found, PAIRS[1]), HALF)
    yield _rate(context, "7.linear", _pair(found, PAIRS[2]), HALF)
    family, resolved = movement_family(context, context.claim)
    widths = ", ".join(width_in_words(n) for n in reversed(context.signed()))
    if not context.signed():
        yield _undecided(context, "7.moved", "how far each lag moves", "at no width is a mean of order 1/n negligible")
        return
    if not family.size:
        yield shown("7.moved", "how far each lag moves", "not tested: nothing moves")
        return
    steps = ", ".join(map(str, some_steps(context.laboratory.experiment.steps)))
    lags = np.flatnonzero(np.isfinite(resolved))
    yield measured(
        "7.moved",
        "how far each lag moves",
        f"along the convolution's move, on average 1 times as far: lags {span([int(lag) for lag in lags])} after "
        f"{steps} step{'s' * (steps != '1')} at n = {widths}; an error of {np.nanmax(resolved):.1e} in any one "
        f"ρ_j would be noticed (lag {int(np.nanargmin(resolved))}: {np.nanmin(resolved):.1e})",
        family,
        resolution=[None if np.isnan(value) else float(value) for value in resolved],
    )


def movement_family(context: TrainingContext, claim: Claim) -> tuple[FamilyOfTests, Array]:
    """Tests of how far the RNNs' lags move along the convolution's, and the errors in ρ_j that they would notice.

    Returns
    -------
    family : FamilyOfTests
        The first step first, and there by lag: that a lag moves wrongly shows before it drags others along.
    resolution : array, (T,)
        Relative; NaN for a lag that does not move.
    """
    found = context.movements(claim)
    resolved = np.full(context.settings.horizon, np.nan)
    if isinstance(found, str):
        return named_tests({found: 0.0}), resolved
    rows: list[tuple[int, int, int, float, float, float]] = []
    for n, one in found.items():
        p_values = mean_test(one.excess, 0.0).p_values
        for place, step in enumerate(some_steps(context.laboratory.experiment.steps)):
            for lag in np.flatnonzero(one.length[place] > 0).tolist():
                ratio = 1.0 + float(one.excess.mean[place, lag] / one.length[place, lag])
                rows.append((step, lag, n, ratio, float(one.error[place, lag]), float(p_values[place, lag])))
    rows.sort(key=lambda row: (row[0], row[1], -row[2]))
    columns = np.array([row[3:] for row in rows]).reshape(-1, 3)
    for one in found.values():  # after one step the relative error of ρ_j is that of the move
        relative = np.divide(one.excess.error[0], one.length[0], out=resolved * np.nan, where=one.length[0] > 0)
        resolved = np.fmin(resolved, resolution(relative, 1.0, FAMILY_LEVEL, len(rows)))
    labels = [f"lag {lag} after {_steps(step)} at n = {width_in_words(n)}" for step, lag, n, *_ in rows]
    ones = np.ones(len(rows))
    return FamilyOfTests(labels.__getitem__, columns[:, 0], ones, columns[:, 1], columns[:, 2]), resolved


def table(context: TrainingContext) -> Iterator[Evidence]:
    """How it was trained, and all distances."""
    lab = context.laboratory
    networks = [one for one, _ in context.trained.values()]
    if not networks:
        return
    losses = np.mean([one.losses.mean(axis=0) for one in networks], axis=0)
    yield shown(
        "16.training",
        "gradient descent",
        f"{lab.experiment.steps} steps on {lab.experiment.train} sequences of a teacher; η = {lab.eta:.4g}, "
        f"B_1 = {lab.B_1:.4g}, for half the sum of squares (η = {lab.eta / lab.correlations.mean_squared_factor:.4g} "
        f"for the mean square); loss {losses[0]:.4g} → {losses[-1]:.4g}; {lab.replicates} RNNs at each width, each in "
        f"{max(one.directions for one in networks)} dimensions of R^n at most",
        eta=lab.eta,
        B_1=lab.B_1,
        mean_squared_eta=lab.eta / lab.correlations.mean_squared_factor,
        directions={str(n): one.directions for n, (one, _) in context.trained.items()},
    )
    quantities = all_quantities(context)
    slopes = {name: _slope(context, values, order) for name, (values, order) in quantities.items()}
    rows = [[width_in_words(n), *(_size(values.get(n)) for values, _ in quantities.values())] for n in context.trained]
    rows.append(["slope", *("—" if slope is None else f"{slope.slope:.3f}" for slope in slopes.values())])
    rows.append(["± 95 %", *("" if slope is None else f"{1.96 * slope.error:.3f}" for slope in slopes.values())])
    yield shown(
        "16.table",
        "distances",
        f"root mean squares over the draws; L moves by about {_moved(context)}",
        table={
            "title": f"largest distance over {lab.experiment.steps} steps, root mean square of {lab.replicates} draws",
            "columns": ["n", *quantities],
            "rows": rows,
        },
    )


def all_quantities(context: TrainingContext) -> dict[str, tuple[dict[int, Array], float]]:
    """What is drawn against n, by short names, with the expected exponents."""
    found = context.distances(context.claim)
    if isinstance(found, str):
        found = context.distances(context.derived)
    assert isinstance(found, dict)  # the derived weights are positive, and their convolution converges
    change = {n: networks.kernel_change.max(axis=1) for n, (networks, _) in context.trained.items()}
    return {
        "RNN–NTK": ({n: one.responses[PAIRS[0]] for n, one in found.items()}, ONE),
        "RNN–conv": ({n: one.responses[PAIRS[1]] for n, one in found.items()}, HALF),
        "NTK–conv": ({n: one.responses[PAIRS[2]] for n, one in found.items()}, HALF),
        "P_n–D(ρ)": ({n: one.kernel for n, one in found.items()}, HALF),
        "P_n moves": (change, ONE),
    }


def _pair(found: dict[int, Any], name: str) -> Quantities:
    return {
        name: {n: one.responses[name] for n, one in found.items()},
        f"{name}, predictions": {n: one.predictions[name] for n, one in found.items()},
    }


def _rate(context: TrainingContext, check: str, quantities: Quantities, expected: float) -> Evidence:
    """Tests of exponents."""
    title = f"{next(iter(quantities))}: n^({'-1/2' if expected == HALF else '-1'})"
    slopes = {name: _slope(context, values, expected) for name, values in quantities.items()}
    known = {name: slope for name, slope in slopes.items() if slope is not None}
    widths = context.fitted(inverse=expected == ONE)
    if len(widths) < 2:
        return _undecided(context, check, title, "fewer than two widths show it")
    if not known:
        return shown(check, title, "not tested: nothing moves")
    words = [f"{'in predictions ' if 'pred' in name else ''}{_interval(slope)}" for name, slope in known.items()]
    first = next(iter(quantities.values()))
    lowest = min(first)
    return measured(
        check,
        title,
        f"slope {'; '.join(words)}; from n = {width_in_words(widths[0])} to {width_in_words(widths[-1])}; "
        f"{root_mean_square(first[lowest] ** 2).value:.2g} at n = {width_in_words(lowest)}, root mean square",
        slope_tests({f"slope of {name}": slope for name, slope in known.items()}, expected),
        slopes={name: {"slope": slope.slope, "interval": list(slope.interval())} for name, slope in known.items()},
        widths=list(widths),
    )


def _undecided(context: TrainingContext, check: str, title: str, why: str) -> Evidence:
    """What no width of the run decides; the further training moves the weights, the wider the RNNs that would."""
    summary = f"{why}; training moves the weights by about {context.laboratory.effort**0.5:.2g}, 1 is little"
    return Evidence(check, Kind.STATISTICAL, title, Status.UNDECIDED, summary)


def _slope(context: TrainingContext, values: dict[int, Array], expected: float) -> Slope | None:
    """The exponent, where two widths show it."""
    widths = context.fitted(inverse=expected == ONE)
    if len(widths) < 2 or any(not (values[n] > 0).all() for n in widths):
        return None
    return exponent({n: np.log(values[n]) for n in widths})


def _interval(slope: Slope) -> str:
    low, high = slope.interval()
    return f"{slope.slope:.4f} (95 %: {low:.4f} to {high:.4f})"


def _size(values: Array | None) -> str:
    return "—" if values is None else f"{root_mean_square(values**2).value:.2e}"


def _moved(context: TrainingContext) -> str:
    found = context.distances(context.derived)
    assert isinstance(found, dict)  # the derived weights are positive, and their convolution converges
    return f"{np.sqrt(np.mean([np.mean(one.moved**2) for one in found.values()])):.2g}"


def _steps(count: int) -> str:
    return f"{count} step{'s' * (count > 1)}"
