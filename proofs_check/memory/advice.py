"""What to change, to remember a lag: ν_W, the other variances, or the number of steps."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from proofs_check.memory.context import HALF, MemoryContext
from proofs_check.memory.learning_speed import Learning, smallest_nu_W_within
from proofs_check.memory.words import as_decimal, percent, steps_in_words, times_in_words
from proofs_check.theorem import Evidence, Kind, Status, shown
from theory.memory import GRID, Weights, common_factor, smallest_nu_W
from theory.tangent_kernel import rho_at

TWICE = 2
"""A lag that is learned in at most twice the steps that any convolution needs for it is remembered well."""

NEVER = 1e15
"""So many steps are never taken."""


def nu_W(context: MemoryContext) -> Iterator[Evidence]:
    """The smallest ν_W whose weight of the wanted lag is half of that of lag 0, and the derived weights there."""
    lag, variances = context.lag, context.settings.variances
    if lag == 0:
        yield shown("c.nu_W", "lag 0", "is remembered with every ν_W: it does not pass through W")
        return
    found = smallest_nu_W(lag, HALF, variances)
    if found is None:
        yield shown("c.nu_W", f"ν_W for lag {lag}", "with ν_F = ν_C = 0 none helps")
        return
    around = {place: weight_share(lag, place, variances) for place in (found, found - Fraction(1, GRID)) if place >= 0}
    right = around[found] >= HALF and all(share < HALF for place, share in around.items() if place < found)
    has = as_decimal(weight_share(lag, variances[0], variances))
    words = f"ν_W ≥ {as_decimal(found)} gives ρ_{lag} ≥ ρ_0/2{', and 10^-6 less does not' if found else ''}; "
    words += f"you have ν_W = {as_decimal(variances[0])}, where ρ_{lag} = {has} ρ_0"
    yield Evidence(
        "c.nu_W",
        Kind.EXACT,
        f"ν_W for lag {lag}",
        Status.CONFIRMED if right else Status.REFUTED,
        words + (": enough" if variances[0] >= found else ""),
        details={"nu_W": str(found), "shares": {str(place): str(share) for place, share in around.items()}},
    )


def weight_share(lag: int, w: Fraction, variances: tuple[Fraction, Fraction, Fraction]) -> Fraction:
    """``ρ_lag / ρ_0`` of the derived weights at another ν_W."""
    changed = (w, *variances[1:])
    return rho_at(lag, changed) / rho_at(0, changed)


def speed(context: MemoryContext) -> Iterator[Evidence]:
    """The smallest ν_W at which the wanted lag is learned fast enough."""
    lag, horizon = context.lag, context.settings.horizon
    if lag == 0:
        return
    times, title = Fraction(TWICE * horizon, horizon - lag), f"ν_W to learn lag {lag} fast"
    if context.learning.rate > 1 or context.weights.a == 0:
        yield shown("c.speed", title, "not sought: the rate exceeds B_1" if context.weights.a else "no ν_W helps")
        return
    found = smallest_nu_W_within(lag, times, horizon, context.learning.rate, context.settings.variances)
    if found is None:
        yield shown(
            "c.speed", title, f"no ν_W up to 1000 does it in {times_in_words(float(times))} times lag 0's steps"
        )
        return
    a, b = context.weights.a, context.weights.b
    right = Learning(Weights(found, a, b), horizon, context.learning.rate).is_within(lag, times)
    less = found - Fraction(1, GRID)
    if less >= 0:
        right &= not Learning(Weights(less, a, b), horizon, context.learning.rate).is_within(lag, times)
    yield Evidence(
        "c.speed",
        Kind.CERTIFIED,
        title,
        Status.CONFIRMED if right else Status.REFUTED,
        f"from ν_W = {as_decimal(found)} on it takes at most {times_in_words(float(times))} times the steps of lag 0: "
        f"sequences show it {times_in_words(horizon / (horizon - lag))} times less often, and twice that is allowed"
        + ("" if found < 1 else "; this is not stable"),
        details={"nu_W": str(found), "times": str(times)},
    )


def variances(context: MemoryContext) -> Iterator[Evidence]:
    """What larger ν_F and ν_C would do."""
    lag, found = context.lag, common_factor(context.lag, HALF, context.settings.variances)
    if lag == 0:
        return
    title = "larger ν_F and ν_C"
    if found is None:
        yield shown("c.variances", title, "change nothing: the part of training W, which they weight, is 0 here")
    elif found <= 1:
        yield shown("c.variances", title, f"are not needed: ρ_{lag} ≥ ρ_0/2 as it is; larger ones move the peak on")
    else:
        yield shown(
            "c.variances",
            title,
            f"both times {times_in_words(float(found))} give ρ_{lag} = ρ_0/2 at this ν_W too, by training W; "
            f"outputs at the start grow by the same factor",
            factor=str(found),
        )


def longer(context: MemoryContext) -> Iterator[Evidence]:
    """What more steps would do, and what fewer leave out."""
    lag, half = context.lag, context.steps(0.5)
    if lag == 0:
        return
    if not np.isfinite(half[lag]):
        yield shown("c.longer", "train longer", f"does not help: lag {lag} is never learned")
        return
    if not half[0] < NEVER:
        words = f"for lag 0, which is all but never learned at this rate; half of lag {lag} takes "
        yield shown("c.longer", "train longer", f"{words}{steps_in_words(half[lag])} steps")
        return
    reached = float(context.steps(0.1)[0])
    left = abs(1.0 - float(context.learning.progress(lag))) ** float(np.ceil(reached)) if np.isfinite(reached) else 0.0
    times = max(1.0, np.ceil(half[lag])) / max(1.0, np.ceil(half[0]))
    words = (
        f"lag {lag} needs {times_in_words(times)} times the steps of lag 0, {steps_in_words(half[lag])} for half of it"
    )
    if times < 1:
        words = f"for lag 0, not for lag {lag}, which is learned {times_in_words(1 / times)} times faster"
    words += f". Stopping early, when lag 0 is learned to 90 %, after {steps_in_words(reached)} steps, leaves "
    words += f"{percent(left)} of the error of lag {lag}"
    yield shown("c.longer", "train longer", words, left=left)


def stability(context: MemoryContext) -> Iterator[Evidence]:
    """What ν_W ≥ 1 would cost."""
    lag, w = context.lag, context.settings.nu_W
    words = "is where you are. "
    if w < 1 and context.weights.a:
        at_one = as_decimal(weight_share(lag, Fraction(1), context.settings.variances))
        words = f"is not needed: at ν_W = 1 already ρ_{lag} = {at_one} ρ_0. "
    elif w < 1:
        words = "does not help. "
    words += "It costs stability: the spectral radius of n^(-1/2) W tends to √ν_W, so that outputs grow over time "
    words += f"and one long sequence can outweigh all others{f' (√ν_W = {float(w) ** 0.5:.3g})' if w >= 1 else ''}"
    yield shown("c.stability", "ν_W ≥ 1", words)
