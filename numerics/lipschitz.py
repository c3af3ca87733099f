"""Whether a row-wise function is Lipschitz, as hypothesis (69) of Lemma C.1 asks.

``bounds`` follows an expression from its variables upwards with an interval of values and a bound of
the gradient. What it calls Lipschitz is; where it finds no bound, ``steepest`` looks for a pair of
points whose slope grows without end. Neither may succeed: then nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import pairwise
from math import cosh, exp, inf, isnan, log, sqrt
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from numerics.expression import FUNCTIONS, Constant, Expression, Form, Input, Program, State, Values, Variable
from numerics.gaussian_matrix import Array

SCALES: Final = (1.0, 8.0, 64.0, 512.0, 4096.0, 32768.0)
APART: Final = 1e-5
LINES: Final = 200
SPAN: Final = 6.0
COARSE: Final = 64
PIECES: Final = 24
LEVELS: Final = 6
GROWTH: Final = 2.0
"""Slopes that grow by this factor from stage to stage are taken to grow without end."""


@dataclass(frozen=True)
class Bounds:
    """Where the values of an expression lie, and how steep it is.

    Attributes
    ----------
    low, high : float
    slope : float
        Bound of the Euclidean norm of its gradient; infinite where none was found.
    """

    low: float
    high: float
    slope: float

    @property
    def size(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))


def bounds(expression: Expression, ranges: Mapping[Variable, tuple[float, float]]) -> Bounds:
    """Bounds of an expression whose variables lie in the given intervals.

    Examples
    --------
    >>> from numerics.expression import Apply
    >>> bounds(Apply("tanh", (State(0, 0),)), {State(0, 0): (-inf, inf)})
    Bounds(low=-1.0, high=1.0, slope=1.0)
    """
    if isinstance(expression, Constant):
        return Bounds(expression.value, expression.value, 0.0)
    if isinstance(expression, State | Input | Form):
        low, high = ranges[expression]
        return Bounds(low, high, 0.0 if low == high else 1.0)
    return RULES[expression.function](*(bounds(argument, ranges) for argument in expression.arguments))


def _times(one: float, other: float) -> float:
    """A product in which 0 times infinity is 0."""
    return 0.0 if one == 0 or other == 0 else one * other


def _product(one: Bounds, other: Bounds) -> Bounds:
    corners = [_times(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
    slope = _times(one.size, other.slope) + _times(other.size, one.slope)
    return Bounds(min(corners), max(corners), slope)


def _power(base: Bounds, exponent: float) -> Bounds:
    if exponent == 0:
        return Bounds(1.0, 1.0, 0.0)
    if exponent == 1:
        return base
    touches_zero = base.low <= 0 <= base.high
    whole = float(exponent).is_integer()
    if (exponent < 0 and touches_zero) or (not whole and base.low < 0):
        return Bounds(-inf, inf, inf)  # not defined everywhere
    with np.errstate(over="ignore"):
        ends = [float(np.float64(end) ** exponent) for end in (base.low, base.high)]
        extremes = [*ends, 0.0] if touches_zero else ends
        steepest = max(
            (abs(exponent) * float(np.abs(np.float64(end)) ** (exponent - 1)) if end or exponent >= 1 else inf)
            for end in (base.low, base.high)
        )
    return Bounds(min(extremes), max(extremes), _times(steepest, base.slope))


def _sum(*parts: Bounds) -> Bounds:
    low, high = sum(p.low for p in parts), sum(p.high for p in parts)  # NaN where +inf was meant as "very large"
    return Bounds(-inf if isnan(low) else low, inf if isnan(high) else high, sum(p.slope for p in parts))


def _largest(*parts: Bounds) -> Bounds:
    return Bounds(max(p.low for p in parts), max(p.high for p in parts), max(p.slope for p in parts))


def _smallest(*parts: Bounds) -> Bounds:
    return Bounds(min(p.low for p in parts), min(p.high for p in parts), max(p.slope for p in parts))


def _nearest_to_zero(inner: Bounds) -> float:
    return 0.0 if inner.low <= 0 <= inner.high else min(abs(inner.low), abs(inner.high))


def _jump(inner: Bounds, function: Callable[[float], Array]) -> Bounds:
    """A function that is constant on either side of 0; what is not defined everywhere has an infinite slope."""
    low, high = float(function(inner.low)), float(function(inner.high))
    return Bounds(low, high, inf if inner.slope == inf or (low < high and inner.slope) else 0.0)


def _relu(inner: Bounds) -> Bounds:
    slope = inner.slope if inner.high > 0 or inner.slope == inf else 0.0
    return Bounds(max(inner.low, 0.0), max(inner.high, 0.0), slope)


def _tanh(inner: Bounds) -> Bounds:
    nearest = min(_nearest_to_zero(inner), 300.0)  # the slope is never taken to be 0: the inner one may be infinite
    steepest_slope = cosh(nearest) ** -2
    return Bounds(float(np.tanh(inner.low)), float(np.tanh(inner.high)), _times(steepest_slope, inner.slope))


def _erf(inner: Bounds) -> Bounds:
    steepest_slope = 2 / sqrt(np.pi) * exp(-(min(_nearest_to_zero(inner), 26.0) ** 2))
    return Bounds(-1.0, 1.0, _times(steepest_slope, inner.slope))


def _exp(inner: Bounds) -> Bounds:
    top = exp(max(inner.high, -700.0)) if inner.high < 700 else inf
    return Bounds(exp(min(inner.low, 700.0)) if inner.low > -700 else 0.0, top, _times(top, inner.slope))


def _log(inner: Bounds) -> Bounds:
    top = log(inner.high) if 0 < inner.high < inf else inf
    if inner.low <= 0:
        return Bounds(-inf, top, inf)
    return Bounds(log(inner.low), top, inner.slope / inner.low)


def _sqrt(inner: Bounds) -> Bounds:
    low, high = (sqrt(max(end, 0.0)) for end in (inner.low, inner.high))
    return Bounds(low, high, inf if inner.low < 0 else _times(1 / (2 * low) if low else inf, inner.slope))


def _sigmoid(inner: Bounds) -> Bounds:
    low, high = (float(special.expit(end)) for end in (inner.low, inner.high))
    top = float(special.expit(_nearest_to_zero(inner)))
    return Bounds(low, high, _times(top * (1 - top), inner.slope))


RULES: Final[dict[str, Callable[..., Bounds]]] = {
    "add": _sum,
    "multiply": lambda *parts: reduce(_product, parts),
    "divide": lambda one, other: _product(one, _power(other, -1.0)),
    "power": lambda base, exponent: _power(base, exponent.low),
    "maximum": _largest,
    "minimum": _smallest,
    "abs": lambda inner: Bounds(_nearest_to_zero(inner), inner.size, inner.slope),
    "relu": _relu,
    "step": lambda inner: _jump(inner, FUNCTIONS["step"]),
    "sign": lambda inner: _jump(inner, FUNCTIONS["sign"]),
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda inner: Bounds(
        float(np.logaddexp(0.0, inner.low)), float(np.logaddexp(0.0, inner.high)), inner.slope
    ),
    "erf": _erf,
    "sin": lambda inner: Bounds(-1.0, 1.0, inner.slope),
    "cos": lambda inner: Bounds(-1.0, 1.0, inner.slope),
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
}
"""For each function of ``numerics.expression``, the bounds of its value from those of its arguments."""


@dataclass(frozen=True)
class Steep:
    """A place with a slope that shows that there is no Lipschitz constant.

    Attributes
    ----------
    at : tuple of float
        One of the two points.
    slope : float
    variables : tuple of Variable
        Those that are not constant, in the order of ``at``.
    """

    at: tuple[float, ...]
    slope: float
    variables: tuple[Variable, ...] = ()


class Evaluable(Protocol):
    """What gives columns from values of its variables: a ``Program``, or a row function."""

    @property
    def variables(self) -> tuple[Variable, ...]:
        """What it reads."""
        ...

    def __call__(self, values: Values) -> list[Array | float]:
        """Its columns."""
        ...


def steepest(expressions: Sequence[Expression], ranges: Mapping[Variable, tuple[float, float]]) -> Steep | None:
    """Look for slopes that grow without end: far away, or between points that come together.

    Slopes that grow only slowly, like those of x log x, are not reported: None proves nothing.

    Parameters
    ----------
    expressions : sequence of Expression
        The columns of one row function.
    ranges : mapping
        The interval of each variable, infinite for a Gaussian.
    """
    return steepest_of(Program(tuple(expressions)), ranges)


def steepest_of(program: Evaluable, ranges: Mapping[Variable, tuple[float, float]]) -> Steep | None:
    """The same for any function of arrays, one entry for each row."""
    variables = [v for v in program.variables if ranges[v][0] < ranges[v][1]]
    if not variables:
        return None
    search = _Search(program, variables, ranges)
    found = _growing(search.far()) or _growing(search.near())
    return replace(found, variables=tuple(variables)) if found else None


def outgrows_squares(expression: Expression, ranges: Mapping[Variable, tuple[float, float]]) -> bool:
    """Whether slopes far away are seen to grow faster than those of a quadratic: then it is not PL(2) (26).

    Examples
    --------
    >>> from numerics.expression import Apply
    >>> cube, real = Apply("power", (State(0, 0), Constant(3.0))), {State(0, 0): (-inf, inf)}
    >>> outgrows_squares(cube, real), outgrows_squares(Apply("abs", (State(0, 0),)), real)
    (True, False)
    """
    program = Program((expression,))
    variables = [v for v in program.variables if ranges[v][0] < ranges[v][1]]
    largest = [float(np.max(slopes)) for slopes, _ in _Search(program, variables, ranges).far()] if variables else []
    steps = [b / a for a, b in pairwise(SCALES)]
    ratios = [late / early if 0 < early < inf else late for early, late in pairwise(largest)]
    return bool(ratios) and all(ratio >= 1.5 * step for ratio, step in zip(ratios, steps, strict=True))


@dataclass(frozen=True)
class _Search:
    """Random lines through the variables' ranges, and slopes along them."""

    program: Evaluable
    variables: list[Variable]
    ranges: Mapping[Variable, tuple[float, float]]

    def far(self) -> list[tuple[Array, Array]]:
        """Slopes at points that move away, and the points."""
        count, rng = len(self.variables), np.random.default_rng(4)
        lengths = rng.uniform(0.5, 1.0, (LINES, 1))
        lengths[: 2 * count] = 1.0
        directions = lengths * self._directions(1)
        across = np.roll(self._directions(2), count, axis=0)  # some along the axis they are on, some beside it
        low, high = np.where(self._bounded, self._limits, 0.0)
        inside = low + (high - low) * rng.random((LINES, count))
        found = []
        for scale in SCALES:
            one = np.where(self._bounded, inside, scale * directions)
            found.append(self._slopes(one, one + APART * across))
        return found

    def near(self) -> list[tuple[Array, Array]]:
        """The steepest interval of each line, cut again and again, and where it is."""
        starts, directions = self._directions(3), self._directions(1)
        low, high = np.where(self._bounded, self._limits, ((-SPAN,), (SPAN,)))
        centre, stretch = (low + high) / 2, (high - low) / (2 * SPAN)
        left, width = np.full(LINES, -SPAN), 2 * SPAN
        found = []
        for pieces in (COARSE, *[PIECES] * LEVELS):
            edges = left[:, None] + width * np.linspace(0, 1, pieces + 1)
            points = centre + stretch * (starts[:, None] + edges[:, :, None] * directions[:, None])
            slopes, at = self._slopes(points[:, :-1], points[:, 1:])
            steep = np.argmax(slopes, axis=1)
            rows = np.arange(LINES)
            found.append((slopes[rows, steep], at[rows, steep]))
            # the neighbours as well: a vertical tangent is steepest beside the interval that holds it
            left, width = edges[rows, steep] - width / pieces, 3 * width / pieces
        return found[1:]

    @cached_property
    def _limits(self) -> Array:
        """Lower and upper ends of the ranges, (2, variables)."""
        return np.array([self.ranges[v] for v in self.variables]).T

    @cached_property
    def _bounded(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self._limits).all(axis=0))

    def _directions(self, seed: int) -> Array:
        """Unit vectors, (LINES, variables); the first ones are the axes, from either side."""
        count = len(self.variables)
        vectors = np.random.default_rng(seed).standard_normal((LINES, count))
        vectors[: 2 * count] = np.concatenate([np.eye(count), -np.eye(count)])[:LINES]
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def _slopes(self, one: Array, other: Array) -> tuple[Array, Array]:
        """Slopes between points, (…, variables), moved into the ranges; infinite where a value is."""
        one, other = np.clip(one, *self._limits), np.clip(other, *self._limits)
        values = [self._values(at) for at in (one, other)]
        distance = np.linalg.norm(one - other, axis=-1)
        with np.errstate(all="ignore"):
            slopes = np.linalg.norm(values[0] - values[1], axis=0) / distance
        slopes = np.where(np.isinf(values[0]).any(axis=0) | np.isinf(values[1]).any(axis=0), np.inf, slopes)
        return np.where((distance > 0) & ~np.isnan(slopes), slopes, 0.0), one

    def _values(self, points: Array) -> Array:
        fixed = {v: np.full(points.shape[:-1], self.ranges[v][0]) for v in self.program.variables}
        moving = {v: points[..., place] for place, v in enumerate(self.variables)}
        return np.stack([np.broadcast_to(column, points.shape[:-1]) for column in self.program(fixed | moving)])


def _growing(series: list[tuple[Array, Array]]) -> Steep | None:
    """The steepest pair at the end, if each stage is steeper than the one before by ``GROWTH``."""
    largest = [float(np.max(slopes)) for slopes, _ in series]
    if not all(late >= GROWTH * max(early, 1e-9) for early, late in pairwise(largest)):
        return None
    slopes, points = series[-1]
    return Steep(tuple(float(x) for x in points[int(np.argmax(slopes))]), largest[-1])
