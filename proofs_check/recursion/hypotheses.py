"""Does a recursion satisfy the hypotheses of Lemma C.1? Lipschitz (69), and the law (70) it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from math import hypot, inf, isfinite, prod
from typing import Final

import numpy as np

from numerics.expression import Expression, Input, State, Variable, replaced
from numerics.gaussian_matrix import Array
from numerics.laws import Discrete, Law, Normal, Table, draw
from numerics.lipschitz import bounds, steepest_of
from numerics.recursion import FormulaRows, Recursion, RowFunction

GAUSSIAN: Final = (-inf, inf)
PROBES: Final = 4096
APART_SCALES: Final = (1.0, 8.0, 64.0, 512.0)
MOST_ATOMS: Final = 64
SEARCHED: Final = 8
"""At most so many values of discrete columns are searched for steep slopes."""


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
    seen: set[tuple[int, object]] = set()
    findings = []
    variables, drawn, atoms = ranges(recursion, horizon), _drawn(recursion), _atoms(recursion)
    for place, matrix in enumerate(recursion.matrices):
        for t in range(horizon):
            rows = recursion.rows(place, t)
            key = _shape(rows, t, variables) if isinstance(rows, FormulaRows) else "python"
            if (place, key) not in seen:
                seen.add((place, key))
                read = [{v: x for v, x in atom.items() if v in rows.variables} for atom in atoms]
                cases = tuple({tuple(case.items()): case for case in read}.values())
                found = _Examination(rows, variables, drawn, cases)
                findings.append(found.finding(f"z of {matrix.name} at t = {t}"))
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


def _atoms(recursion: Recursion) -> list[Mapping[Variable, float]]:
    """Every combination of values of discrete columns; none where there are too many to go through."""
    found: list[list[Mapping[Variable, float]]] = []
    for laws, name in ((recursion.initial, lambda place: State(0, place)), (recursion.inputs, Input)):
        first = 0
        for law in laws:
            if isinstance(law, Discrete | Table):
                rows = np.unique(law.atoms.nodes.T, axis=0)
                found.append([{name(first + c): float(x) for c, x in enumerate(row)} for row in rows])
            first += law.columns
    if prod(len(one) for one in found) > MOST_ATOMS:
        return [{}]
    return [dict(pair for one in combination for pair in one.items()) for combination in product(*found)]


@dataclass(frozen=True)
class _Examination:
    """One row function on the values that its variables take.

    Attributes
    ----------
    rows : RowFunction
    variables : mapping
        The interval of each variable.
    drawn : mapping
        Values that columns of q_0 and u take.
    cases : tuple of mapping
        Values of the discrete columns that it reads, together.
    """

    rows: RowFunction
    variables: Mapping[Variable, tuple[float, float]]
    drawn: Mapping[Variable, Array]
    cases: tuple[Mapping[Variable, float], ...]

    def finding(self, where: str) -> Finding:
        """What is known about it."""
        constant = self._constant() if isinstance(self.rows, FormulaRows) else inf
        if isfinite(constant):
            return Finding(where, constant)
        gap = self._undefined() or self._not_by_row()
        if gap:
            return Finding(where, None, undefined=gap)
        return Finding(where, None, self._steep() or self._far_apart())

    def _constant(self) -> float:
        """A Lipschitz constant by the rules: on whole intervals, or for each value of discrete columns.

        Between different values a function that is bounded has a slope of at most twice its bound, over
        their distance.
        """
        slope, _ = self._bounds({})
        if isfinite(slope) or len(self.cases) < 2:
            return slope
        found = [self._bounds(case) for case in self.cases]
        size = max(size for _, size in found)
        points = np.array([list(case.values()) for case in self.cases])
        distances = np.linalg.norm(points[:, None] - points[None], axis=2)
        return max(*(slope for slope, _ in found), 2 * size / float(np.min(distances[distances > 0])))

    def _bounds(self, case: Mapping[Variable, float]) -> tuple[float, float]:
        """Bounds of the gradient and of the size, with discrete columns fixed."""
        assert isinstance(self.rows, FormulaRows)
        found = [bounds(expression, self._ranges(case)) for expression in self.rows.expressions]
        return hypot(*(one.slope for one in found)), hypot(*(one.size for one in found))

    def _ranges(self, case: Mapping[Variable, float]) -> Mapping[Variable, tuple[float, float]]:
        return {**self.variables, **{variable: (x, x) for variable, x in case.items()}}

    def _undefined(self) -> str:
        """A place where it is not a number, in words; empty where none is found."""
        points = self._points(3.0)
        for column in self.rows(points):
            at = np.flatnonzero(np.isnan(np.broadcast_to(column, PROBES)))
            if at.size:
                return "not a number at " + ", ".join(f"{in_words(v)} = {x[at[0]]:.3g}" for v, x in points.items())
        return ""

    def _not_by_row(self) -> str:
        """Whether a row's value depends on other rows, as only a Python function's can."""
        if isinstance(self.rows, FormulaRows):
            return ""
        points, half = self._points(1.0), PROBES // 2
        changed = {v: np.concatenate([x[:half], x[::-1][half:]]) for v, x in points.items()}
        for one, other in zip(self.rows(points), self.rows(changed), strict=True):
            here, there = (np.broadcast_to(column, PROBES)[:half] for column in (one, other))
            if not np.array_equal(here, there):
                return "not a function of each row alone (69): other rows change it"
        return ""

    def _steep(self) -> str:
        """Where slopes grow without end, in words."""
        for case in self.cases[:SEARCHED]:
            steep = steepest_of(self.rows, self._ranges(case))
            if steep is not None:
                at = {**dict(zip(steep.variables, steep.at, strict=True)), **case}
                place = ", ".join(f"{in_words(v)} = {value:.3g}" for v, value in at.items())
                slope = "an infinite slope" if steep.slope == inf else f"a slope of {steep.slope:.3g}"
                return f"{slope} near {place}, and growing"
        return ""

    def _far_apart(self) -> str:
        """Whether the values for two values of a discrete column move apart without end."""
        for case in self.cases[1:SEARCHED]:
            largest = []
            for scale in APART_SCALES:
                points = self._points(scale)
                one, other = (
                    self.rows({**points, **{v: np.full(PROBES, x) for v, x in fixed.items()}})
                    for fixed in (self.cases[0], case)
                )
                largest.append(max(float(np.max(np.abs(np.subtract(a, b)))) for a, b in zip(one, other, strict=True)))
            if all(late >= 2 * max(early, 1e-9) for early, late in pairwise(largest)):
                values = " and ".join(
                    ", ".join(f"{in_words(v)} = {x:g}" for v, x in fixed.items()) for fixed in (self.cases[0], case)
                )
                return f"its values for {values} move apart without bound"
        return ""

    def _points(self, scale: float) -> dict[Variable, Array]:
        rng = np.random.default_rng(1)
        return {
            v: scale * rng.standard_normal(PROBES) if self.variables[v] == GAUSSIAN else self.drawn[v]
            for v in self.rows.variables
        }
