"""Does a recursion satisfy the hypotheses of Lemma C.1? Lipschitz (69), and the law (70) it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, inf, isfinite
from typing import Final

import numpy as np

from numerics.expression import Expression, Input, State, Variable, replaced
from numerics.gaussian_matrix import Array
from numerics.laws import Law, Normal, draw
from numerics.lipschitz import bounds, steepest
from numerics.recursion import FormulaRows, Recursion

GAUSSIAN: Final = (-inf, inf)
PROBES: Final = 4096


@dataclass(frozen=True)
class Finding:
    """What is known about one row function.

    Attributes
    ----------
    where : str
        The matrix and the first time for which it holds.
    constant : float or None
        A Lipschitz constant; None where none was found.
    witness : str
        Where the slope grows without end; empty where that was not seen.
    undefined : str
        Where it is not a number; empty where that was not seen.
    """

    where: str
    constant: float | None
    witness: str = ""
    undefined: str = ""


@dataclass(frozen=True)
class Hypotheses:
    """What is known about a recursion up to a horizon.

    Attributes
    ----------
    findings : tuple of Finding
        One for each different row function.
    gaussian_start : bool
        Whether q_0 is Gaussian of mean 0.
    """

    findings: tuple[Finding, ...]
    gaussian_start: bool

    @property
    def undefined(self) -> tuple[Finding, ...]:
        """Row functions that are not a number somewhere."""
        return tuple(one for one in self.findings if one.undefined)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """Row functions that are not Lipschitz."""
        return tuple(one for one in self.findings if one.witness)

    @property
    def open(self) -> tuple[Finding, ...]:
        """Row functions of which it is not known."""
        return tuple(one for one in self.findings if one.constant is None and not one.witness and not one.undefined)

    @property
    def constant(self) -> float | None:
        """A Lipschitz constant of all of them."""
        constants = [one.constant for one in self.findings]
        return max((c for c in constants if c is not None), default=0.0) if None not in constants else None


def in_words(variable: Variable) -> str:
    """A column of q or u, as messages call it.

    Examples
    --------
    >>> in_words(State(3, 0)), in_words(Input(1))
    ('q_3[0]', 'u[1]')
    """
    if isinstance(variable, State):
        return f"q_{variable.time}[{variable.column}]"
    return f"u[{variable.column}]" if isinstance(variable, Input) else str(variable)


def examine(recursion: Recursion, horizon: int) -> Hypotheses:
    """Examine every row function of the first ``horizon`` steps."""
    seen: dict[object, None] = {}
    findings = []
    variables, drawn = ranges(recursion, horizon), _drawn(recursion)
    for place, matrix in enumerate(recursion.matrices):
        for t in range(horizon):
            rows = recursion.rows(place, t)
            key = _shape(rows, t, variables) if isinstance(rows, FormulaRows) else "python"
            if (place, key) not in seen:
                seen[place, key] = None
                findings.append(_finding(f"z of {matrix.name} at t = {t}", rows, variables, drawn))
    return Hypotheses(tuple(findings), starts_gaussian(recursion))


def starts_gaussian(recursion: Recursion) -> bool:
    """Whether q_0 is Gaussian of mean 0, as (70) says."""
    return all(isinstance(law, Normal) and not law.centre.any() for law in recursion.initial)


def _shape(rows: FormulaRows, t: int, variables: Mapping[Variable, tuple[float, float]]) -> object:
    """A row function up to a shift in time, with the intervals that it is a function on."""

    def shifted(part: Expression) -> Expression | None:
        return State(part.time - t, part.column) if isinstance(part, State) else None

    intervals = tuple(variables[variable] for variable in rows.variables)
    return tuple(replaced(one, shifted) for one in rows.expressions), intervals


def ranges(recursion: Recursion, horizon: int) -> Mapping[Variable, tuple[float, float]]:
    """The interval of each column of q_0 … q_T and of u, infinite for what is Gaussian."""
    found: dict[Variable, tuple[float, float]] = {
        State(t, c): GAUSSIAN for t in range(1, horizon + 1) for c in range(recursion.q_columns)
    }
    found |= {State(0, place): interval for place, interval in enumerate(_intervals(recursion.initial))}
    found |= {Input(place): interval for place, interval in enumerate(_intervals(recursion.inputs))}
    return found


def _intervals(laws: tuple[Law, ...]) -> list[tuple[float, float]]:
    return [interval for law in laws for interval in law.ranges]


def _drawn(recursion: Recursion) -> Mapping[Variable, Array]:
    """Values that q_0 and u take: an end of an interval, or what is between two values, need not be one."""
    rng = np.random.default_rng(2)
    initial, inputs = (draw(laws, rng, 0, (PROBES,)) for laws in (recursion.initial, recursion.inputs))
    found: dict[Variable, Array] = {State(0, place): column for place, column in enumerate(initial)}
    return found | {Input(place): column for place, column in enumerate(inputs)}


def _finding(
    where: str, rows: object, variables: Mapping[Variable, tuple[float, float]], drawn: Mapping[Variable, Array]
) -> Finding:
    if not isinstance(rows, FormulaRows):
        return Finding(where, None)
    slopes = [bounds(expression, variables).slope for expression in rows.expressions]
    constant = hypot(*slopes)
    if isfinite(constant):
        return Finding(where, constant)
    gap = _undefined(rows, variables, drawn)
    if gap:
        return Finding(where, None, undefined=gap)
    steep = steepest(rows.expressions, variables)
    if steep is None:
        return Finding(where, None)
    place = ", ".join(f"{in_words(v)} = {value:.3g}" for v, value in zip(steep.variables, steep.at, strict=True))
    slope = "an infinite slope" if steep.slope == inf else f"a slope of {steep.slope:.3g}"
    return Finding(where, None, f"{slope} near {place}, and growing")


def _undefined(
    rows: FormulaRows, variables: Mapping[Variable, tuple[float, float]], drawn: Mapping[Variable, Array]
) -> str:
    """A place where a row function is not a number, in words; empty where none is found."""
    rng = np.random.default_rng(1)
    points = {v: 3 * rng.standard_normal(PROBES) if variables[v] == GAUSSIAN else drawn[v] for v in rows.variables}
    for column in rows(points):
        at = np.flatnonzero(np.isnan(np.broadcast_to(column, PROBES)))
        if at.size:
            return "not a number at " + ", ".join(f"{in_words(v)} = {x[at[0]]:.3g}" for v, x in points.items())
    return ""
