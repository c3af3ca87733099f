"""Adaptive iterated integration, split where the integrand has kinks or jumps.

One coordinate is integrated after the other, x_1 outermost. On each line the interval is cut at the
zeros of the expressions under relu, abs, step and sign, and then into halves wherever it is
not yet smooth enough for the rule. Kinks that are not known are closed in on by halving.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from numerics.expression import Expression, Variable
from numerics.gaussian_matrix import Array
from numerics.quadrature import ROUNDING, Estimate, Problem
from numerics.structure import is_affine_in_forms, program
from numerics.tensor_rule import CHUNK, REACH

NAME: Final = "adaptive rules split at kinks"

_KRONROD_HALF: Final = (
    0.995657163025808080735527280689003,
    0.973906528517171720077964012084452,
    0.930157491355708226001207180059508,
    0.865063366688984510732096688423493,
    0.780817726586416897063717578345042,
    0.679409568299024406234327365114874,
    0.562757134668604683339000099272694,
    0.433395394129247190799265943165784,
    0.294392862701460198131126603103866,
    0.148874338981631210884826001129720,
)
KRONROD_NODES: Final = np.array([*(-x for x in _KRONROD_HALF), 0.0, *reversed(_KRONROD_HALF)])
"""Nodes of the 21-point rule of Kronrod on [-1, 1]; every second is one of Gauss's ten."""


def _weights_of(nodes: Array) -> Array:
    """The weights that integrate Legendre polynomials up to the number of nodes."""
    moments = np.zeros(nodes.size)
    moments[0] = 2.0
    return np.asarray(np.linalg.solve(np.polynomial.legendre.legvander(nodes, nodes.size - 1).T, moments))


@dataclass(frozen=True)
class PanelRule:
    """A rule on [-1, 1] with a bound on its error.

    Attributes
    ----------
    nodes, weights : array, (nodes,)
    checks : array, (nodes, m)
        The error is the sum of ``|values @ checks|``.
    """

    nodes: Array
    weights: Array
    checks: Array


def _kronrod() -> PanelRule:
    weights, gauss = _weights_of(KRONROD_NODES), np.zeros(KRONROD_NODES.size)
    gauss[1::2] = _weights_of(KRONROD_NODES[1::2])
    return PanelRule(KRONROD_NODES, weights, (weights - gauss)[:, None])


def _clenshaw(degree: int, first: int) -> PanelRule:
    nodes = -np.cos(np.pi * np.arange(degree + 1) / degree)
    coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, degree))
    return PanelRule(nodes, _weights_of(nodes), np.array(coefficients[first:].T, dtype=np.float64))


KRONROD: Final = _kronrod()
"""Kronrod's 21 nodes; the error is the difference from Gauss's rule, which uses every second of them."""

CLENSHAW: Final = _clenshaw(32, 24)
"""Clenshaw's and Curtis's 33 nodes; the error is the sum of the last nine Chebyshev coefficients, absolute.
Wherever in the panel a jump or a kink is, they exceed the error of the rule; two rules may agree by accident."""

NORMAL_EDGES: Final = (-REACH, -5.3, -3.1, -1.0, 1.2, 3.3, 5.6, REACH)
UNIFORM_EDGES: Final = (0.0, 1.0)

SAMPLES: Final = 129
"""At how many points a line is searched for changes of sign."""

ROOT_STEPS: Final = 60

CROSSING: Final = (-7.0, -2.0, 2.0, 7.0)
"""Between these values a coordinate that nearly is a function of the previous one crosses a kink."""

NARROW_CROSSING: Final = 0.5
"""In what interval of the previous one it then does so."""

INNER_SHARE: Final = 0.3
"""What share of the tolerance each inner integral may use up."""

NARROWEST: Final = 1e-13
"""Panels are not cut into pieces narrower than this."""


Indices = NDArray[np.intp]


@dataclass(frozen=True)
class _Lines:
    """Outer coordinates, one entry for each line, and what an integral along the line counts for."""

    values: Mapping[Variable, Array]
    uniform: tuple[Array, ...]
    normal: tuple[Array, ...]
    weights: Array

    def at(self, owners: Indices, shares: Array) -> _Lines:
        """Lines repeated, each with a share of what it counts for."""
        return _Lines(
            {variable: value[owners] for variable, value in self.values.items()},
            tuple(axis[owners] for axis in self.uniform),
            tuple(axis[owners] for axis in self.normal),
            self.weights[owners] * shares,
        )

    def with_axis(self, places: Array, *, is_uniform: bool) -> _Lines:
        """Lines with a further coordinate."""
        if is_uniform:
            return replace(self, uniform=(*self.uniform, places))
        return replace(self, normal=(*self.normal, places))


@dataclass
class _Panels:
    """Integrals over panels: of the function, of its absolute value, and their errors."""

    owner: Indices
    left: Array
    right: Array
    value: Array = field(default_factory=lambda: np.zeros(0))
    size: Array = field(default_factory=lambda: np.zeros(0))
    error: Array = field(default_factory=lambda: np.zeros(0))
    inner: Array = field(default_factory=lambda: np.zeros(0))

    def kept(self, which: NDArray[np.bool_] | slice) -> _Panels:
        return _Panels(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def joined(self, other: _Panels) -> _Panels:
        return _Panels(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in self.__dataclass_fields__))


class _ExhaustedError(Exception):
    """The nodes are used up."""


class _Iteration:
    """One iterated integration; counts the nodes it uses."""

    def __init__(self, problem: Problem, tolerance: float, limit: int) -> None:
        self.problem = problem
        self.tolerance = tolerance
        self.limit = limit
        self.nodes = 0
        self.size = 0.0
        self.levels = problem.uniform_coordinates + problem.gaussian_coordinates
        self.kinks = tuple((kink, is_affine_in_forms(kink)) for kink in problem.kinks)
        self.rule = KRONROD if self.kinks and all(affine for _, affine in self.kinks) else CLENSHAW

    def integrals(self, lines: _Lines, tolerance: float) -> tuple[Array, Array, Array]:
        """For each line: the integral over all further coordinates, that of the absolute value, and the error."""
        level = len(lines.uniform) + len(lines.normal)
        if level == self.levels:
            value = np.broadcast_to(self._integrand(lines.values, lines.uniform, lines.normal), lines.weights.shape)
            return value, np.abs(value), np.zeros(value.shape)
        panels = self._evaluated(lines, self._first_panels(lines), tolerance)
        while True:
            whole = max(float(panels.size @ lines.weights[panels.owner]), self.size)
            if level == 0:
                self.size = whole
            own = lines.weights[panels.owner] * panels.error
            target = tolerance * whole
            if float(own.sum()) <= target:
                break
            floor = lines.weights[panels.owner] * np.maximum(ROUNDING * panels.size, panels.inner)
            splitting = (own > 0.5 * target / own.size) & (own > floor)
            splitting &= panels.right - panels.left > NARROWEST * np.maximum(1.0, np.abs(panels.left))
            if not splitting.any() or self.nodes > self.limit:
                break
            chosen = panels.kept(splitting)
            middle = 0.5 * (chosen.left + chosen.right)
            halves = _Panels(
                np.tile(chosen.owner, 2),
                np.concatenate([chosen.left, middle]),
                np.concatenate([middle, chosen.right]),
            )
            panels = panels.kept(~splitting).joined(self._evaluated(lines, halves, tolerance))
        count = lines.weights.size
        parts = (panels.value, panels.size, panels.error + panels.inner)
        value, size, error = (np.bincount(panels.owner, part, count).astype(np.float64) for part in parts)
        return value, size, error

    def _evaluated(self, lines: _Lines, panels: _Panels, tolerance: float) -> _Panels:
        """Panels with their integrals, a bounded number at a time."""
        level = len(lines.uniform) + len(lines.normal)
        innermost = level == self.levels - 1
        most = max(1, CHUNK // (self.rule.nodes.size * (1 if innermost else 150)))
        cuts = [slice(at, at + most) for at in range(0, panels.owner.size, most)]
        parts = [self._integrated(lines, panels.kept(cut), tolerance) for cut in cuts]
        value, size, error, inner = (np.concatenate(part) for part in zip(*parts, strict=True))
        return _Panels(panels.owner, panels.left, panels.right, value, size, error, inner)

    def _integrated(self, lines: _Lines, panels: _Panels, tolerance: float) -> tuple[Array, Array, Array, Array]:
        owner, weights = panels.owner, self.rule.weights
        half = 0.5 * (panels.right - panels.left)[:, None]
        places = 0.5 * (panels.left + panels.right)[:, None] + half * self.rule.nodes
        is_uniform = len(lines.uniform) < self.problem.uniform_coordinates
        density = half if is_uniform else half * np.exp(-0.5 * places**2) / np.sqrt(2 * np.pi)
        if len(lines.uniform) + len(lines.normal) == self.levels - 1:
            outer = lines.at(owner, np.ones(owner.size))
            values = {variable: value[:, None] for variable, value in outer.values.items()}
            uniform = tuple(axis[:, None] for axis in outer.uniform) + ((places,) if is_uniform else ())
            normal = tuple(axis[:, None] for axis in outer.normal) + (() if is_uniform else (places,))
            found = self._integrand(values, uniform, normal) * density
            size, inner = np.abs(found), np.zeros(owner.size)
            self.nodes += places.size
        else:
            further = lines.at(np.repeat(owner, weights.size), (density * weights).ravel())
            further = further.with_axis(places.ravel(), is_uniform=is_uniform)
            if self.nodes > self.limit:
                raise _ExhaustedError
            value, absolute, errors = self.integrals(further, INNER_SHARE * tolerance)
            found = value.reshape(places.shape) * density
            size = absolute.reshape(places.shape) * density
            inner = (errors.reshape(places.shape) * density) @ weights
        error = np.abs(found @ self.rule.checks).sum(axis=1)
        return found @ weights, size @ weights, error, inner

    def _integrand(
        self, values: Mapping[Variable, Array], uniform: tuple[Array, ...], normal: tuple[Array, ...]
    ) -> Array:
        return self.problem.integrand(self._placed(values, uniform, normal))

    def _placed(
        self, values: Mapping[Variable, Array], uniform: tuple[Array, ...], normal: tuple[Array, ...]
    ) -> dict[Variable, Array]:
        placed = dict(values) | self.problem.from_normal(normal)
        return placed | self.problem.from_uniform(uniform) if self.problem.uniform_coordinates else placed

    def _first_panels(self, lines: _Lines) -> _Panels:
        """Panels between fixed edges and the zeros of the kinks; those of zero width are left out."""
        is_uniform = len(lines.uniform) < self.problem.uniform_coordinates
        edges = np.array(UNIFORM_EDGES if is_uniform else NORMAL_EDGES)
        count = lines.weights.size
        cuts = [np.broadcast_to(edges, (count, edges.size))]
        for kink, affine in self.kinks:
            zeros = self._zeros(lines, kink, edges[0], edges[-1], affine=affine)
            cuts.append(zeros)
            if affine and not is_uniform and len(lines.normal) + 1 < self.problem.gaussian_coordinates:
                # where the next coordinate crosses a kink within a narrow interval, that is cut out
                for offset in CROSSING:
                    others = self._zeros(lines, kink, edges[0], edges[-1], affine=affine, offset=offset)
                    if others.shape == zeros.shape:
                        cuts.append(np.where(np.abs(others - zeros) < NARROW_CROSSING, others, edges[0]))
        ordered = np.sort(np.concatenate(cuts, axis=1), axis=1)
        owner = np.repeat(np.arange(count), ordered.shape[1] - 1)
        left, right = ordered[:, :-1].ravel(), ordered[:, 1:].ravel()
        wide = right > left
        return _Panels(owner[wide], left[wide], right[wide])

    def _zeros(
        self, lines: _Lines, kink: Expression, low: float, high: float, *, affine: bool, offset: float = 0.0
    ) -> Array:
        """Zeros along each line, (lines, at most as many); ``low`` fills up.

        The next Gaussian coordinate is ``offset``, further ones are 0.
        """
        explicit = affine and len(lines.uniform) == self.problem.uniform_coordinates
        count = lines.weights.size
        grid = np.linspace(low, high, 2 if explicit else SAMPLES)
        at = self._along(lines, kink, np.broadcast_to(grid, (count, grid.size)), offset)
        changing = (at[:, :-1] > 0) != (at[:, 1:] > 0)
        found = np.full((count, int(changing.sum(axis=1).max())), low)
        order = np.cumsum(changing, axis=1) - 1
        for number in range(found.shape[1]):
            row, cell = np.nonzero(changing & (order == number))
            a, b, rising = grid[cell], grid[cell + 1], at[row, cell + 1] > 0
            if explicit:
                found[row, number] = a + (b - a) * (at[row, cell] / (at[row, cell] - at[row, cell + 1]))
                continue
            own = lines.at(row, np.ones(row.size))
            for _ in range(ROOT_STEPS):
                middle = 0.5 * (a + b)
                above = (self._along(own, kink, middle[:, None])[:, 0] > 0) == rising
                a, b = np.where(above, a, middle), np.where(above, middle, b)
            found[row, number] = 0.5 * (a + b)
        return found

    def _along(self, lines: _Lines, expression: Expression, places: Array, offset: float = 0.0) -> Array:
        """An expression at places on each line, (lines, places); uniform coordinates to come are 1/2."""
        values = {variable: value[:, None] for variable, value in lines.values.items()}
        uniform, normal = (tuple(axis[:, None] for axis in axes) for axes in (lines.uniform, lines.normal))
        if len(uniform) < self.problem.uniform_coordinates:
            uniform = (*uniform, places)
            uniform += (np.full((1, 1), 0.5),) * (self.problem.uniform_coordinates - len(uniform))
        else:
            normal = (*normal, places, np.full((1, 1), offset))
        read = program(expression)(self._placed(values, uniform, normal))[0]
        return np.array(np.broadcast_to(read, places.shape))


def iterated_rule(problem: Problem, tolerance: float, limit: int) -> Estimate:
    """Integrate one coordinate after the other, adaptively.

    Parameters
    ----------
    problem : Problem
    tolerance : float
        Relative to the integral of the absolute value.
    limit : int
        Bound on the nodes.

    Returns
    -------
    Estimate
        Its error is the sum of what the rules state for all panels. It is infinite if the nodes did not
        suffice for a first estimate.
    """
    iteration = _Iteration(problem, tolerance, limit)
    values, weights = problem.atoms()
    try:
        value, size, error = iteration.integrals(_Lines(values, (), (), weights), tolerance)
    except _ExhaustedError:
        return Estimate(np.nan, np.inf, nodes=iteration.nodes, rule=NAME)
    whole = float(size @ weights)
    stated = float(error @ weights) + ROUNDING * whole
    return Estimate(float(value @ weights), stated, whole, iteration.nodes, NAME)
