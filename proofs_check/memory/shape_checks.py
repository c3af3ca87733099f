"""How short the memory is, and why: exact, from the derived ρ_j, and confronted with a search lag by lag."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import log
from typing import Final

import sympy as sp

from proofs_check.derivation_evidence import derivation_evidence
from proofs_check.implicit_bias.evidence import claim_evidence
from proofs_check.memory.context import TARGET, MemoryContext
from proofs_check.memory.words import as_decimal, percent
from proofs_check.theorem import Evidence, Kind, Status, shown
from theory.implicit_bias import LARGEST_LAG
from theory.memory import Memory, Variances
from theory.statements.theorem_3_3b import linearized_kernel
from theory.tangent_kernel import ntk_parameterization_rho, rho_at, rho_parts

SEARCHED: Final = 400
"""So many lags are searched one by one; of a longer memory only those at which something happens."""

LEVELS: Final = (Fraction(1, 2), Fraction(1, 100))


def derivation(context: MemoryContext) -> Iterator[Evidence]:
    """The derivation (44)–(55) and the claim against its result."""
    yield derivation_evidence("a.derivation", linearized_kernel())
    yield claim_evidence("a.claim", TARGET, context.kernel)


def search(context: MemoryContext) -> Iterator[Evidence]:
    """The lags at which ρ_j peaks and has come down, found in closed form, against the weights one by one."""
    memory, variances = context.memory, context.settings.variances
    if memory.peaks and memory.peaks[0] > LARGEST_LAG:
        yield shown("a.lags", "peak", f"beyond lag {LARGEST_LAG}, where weights are not computed one by one")
        return
    mistake = contradiction(memory, variances)
    yield Evidence(
        "a.lags",
        Kind.EXACT,
        "peak, half and 1 %",
        Status.REFUTED if mistake else Status.CONFIRMED,
        mistake or "these lags, against the derived weights of each lag in rational arithmetic",
    )


def contradiction(memory: Memory, variances: Variances) -> str:
    """Where lags that are said to be special contradict the derived weights; empty where they do not."""
    turns = [lag for lag in (*memory.peaks, memory.half, memory.half_of_peak, memory.hundredth) if lag is not None]
    last = max(turns, default=0) + 2
    lags = list(range(last + 1))
    if last > SEARCHED:
        lags = sorted({*range(SEARCHED // 4), *(lag + step for lag in turns for step in (-1, 0, 1) if lag + step >= 0)})
    found = {lag: rho_at(lag, variances) for lag in lags}
    top = max(found.values())
    peaks = tuple(lag for lag in lags if found[lag] == top)
    if memory.peaks and memory.peaks != peaks:
        return f"the largest weight is at {peaks}, not at {memory.peaks}"
    levels = {memory.half: found[0] / 2, memory.hundredth: found[0] / 100}
    if memory.peaks:
        levels |= {memory.half_of_peak: top / 2}
    for lag, level in levels.items():
        if lag is None or not found[0]:
            continue
        late = [other for other in lags if other >= lag and found[other] > level]
        early = lag > 0 and found[lag - 1] <= level
        if late or early:
            return f"not lag {lag} but lag {late[-1] + 1 if late else lag - 1} is where ρ_j is down to {level}"
    return ""


def shape(context: MemoryContext) -> Iterator[Evidence]:
    """How short the memory is, in words."""
    memory, weights = context.memory, context.weights
    if weights.a == 0:
        yield shown("a.shape", "how short", "there is none: every ρ_j is 0")
        return
    if weights.nu_W >= 1:
        grows = "ρ_j is the same for every lag" if weights.nu_W == 1 and not weights.b else "ρ_j grows with the lag"
        yield shown("a.shape", "how short", f"not short: {grows}. But the RNN is not stable, see (c)")
        return
    peaks = " and ".join(map(str, memory.peaks))
    words = f"largest at lag {peaks}"
    if memory.peaks[0] <= LARGEST_LAG:
        words += f", {as_decimal(weights.at(memory.peaks[0]) / weights.a)} ρ_0"
    words += f"; at most half of that from lag {_lag(memory.half_of_peak)} on, "
    words += f"at most ρ_0/2 from lag {_lag(memory.half)} on, at most 1 % of ρ_0 from lag {_lag(memory.hundredth)} on"
    yield shown("a.shape", "how short", words, peaks=list(memory.peaks), half=memory.half, hundredth=memory.hundredth)


def closed_form(context: MemoryContext) -> Iterator[Evidence]:
    """The lag of a level as a real number, to thirty digits, between the whole lags that were found."""
    lags = dict(zip(LEVELS, (context.memory.half, context.memory.hundredth), strict=True))
    numbers, closed = {}, {}
    for share, lag in lags.items():
        form = context.weights.real_lag(share)
        if form is not None and lag is not None:
            closed[str(share)], number = str(form), sp.re(sp.N(form, 30))
            numbers[share] = bool(lag - 1 < number <= lag), float(number)
    if not numbers:
        return
    right = all(between for between, _ in numbers.values())
    found = ", ".join(f"{number:.6g} for s = {share}" for share, (_, number) in numbers.items())
    yield Evidence(
        "a.closed",
        Kind.NUMERICAL,
        "in closed form",
        Status.CONFIRMED if right else Status.REFUTED,
        f"ρ_j = s ρ_0 at j = {_formula(context)}: {found}",
        details={"closed": closed},
    )


def why(context: MemoryContext) -> Iterator[Evidence]:
    """The parts of ρ_j, and what they come from."""
    parts, weights = rho_parts(), context.weights
    lag, w = context.lag, context.settings.nu_W
    words = f"training C gives {parts['C']}, F {parts['F']}, W {parts['W']}: what came j steps ago has passed through "
    words += "W j times, and each time ν_W of its mean square is left"
    if lag and weights.at(lag):
        share = float(1 - weights.a * w**lag / weights.at(lag))
        words += f"; of ρ_{lag} = {as_decimal(weights.at(lag) / weights.a)} ρ_0 training W makes {percent(share)}"
    if 0 < w < 1 and weights.a:
        words += f"; in the end ρ_j falls by the factor e in {1 / log(1 / w):.3g} lags"
    yield shown("a.why", "why", words, parts={name: str(part) for name, part in parts.items()})
    yield shown(
        "a.init",
        "set by the initialization",
        f"ν_W = {as_decimal(w)}, with ν_F and ν_C, decides all this before any data is seen",
    )
    yield shown(
        "a.convention",
        "another convention",
        f"in the NTK parameterization the same RNN has {ntk_parameterization_rho()}",
    )


def _formula(context: MemoryContext) -> str:
    return "W_-1(s ν_W^(1/x) log(ν_W)/x)/log ν_W - 1/x" if context.weights.b else "log(s)/log(ν_W)"


def _lag(lag: int | None) -> str:
    return f"beyond {LARGEST_LAG}" if lag is None else str(lag)
