"""Row-wise functions as data: what the functions G of Lemma C.1 (68) are written in.

An expression is a tree of constants, variables and functions that NumPy evaluates on arrays of any
shape: one entry for each row of a simulation, or one for each node of a quadrature rule. As data it
can be asked what an arbitrary function cannot say: what it reads, which parts of it are affine, where
it has kinks (``numerics.structure``), and whether it is Lipschitz (``numerics.lipschitz``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Final

import numpy as np
from scipy import special

from numerics.gaussian_matrix import Array


@dataclass(frozen=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True, order=True)
class State:
    """Column ``column`` of q_time."""

    time: int
    column: int


@dataclass(frozen=True, order=True)
class Input:
    """Column ``column`` of u."""

    column: int


@dataclass(frozen=True, order=True)
class Form:
    """An affine combination of other variables, by its place in a list of them."""

    place: int


Variable = State | Input | Form


@dataclass(frozen=True)
class Apply:
    """A function of expressions.

    Parameters
    ----------
    function : str
        A name of ``FUNCTIONS``.
    arguments : tuple of Expression
    """

    function: str
    arguments: tuple[Expression, ...]

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(f"function {self.function!r}: must be one of {', '.join(FUNCTIONS)}")
        least, most = _ARGUMENTS.get(self.function, (1, 1))
        if not least <= len(self.arguments) <= most:
            wanted = "one or more" if most > 2 else least
            raise ValueError(f"{self.function} takes {wanted} arguments, not {len(self.arguments)}")


Expression = Constant | State | Input | Form | Apply

Values = Mapping[Variable, Array]
"""The arrays, all of one shape, that the variables stand for."""


def _of_many(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """A function of two arguments, applied to one or more."""
    return lambda *arguments: reduce(function, arguments)


def _power(base: Array, exponent: Array) -> Array:
    """A power; small whole ones by products, which is much faster than the general power."""
    whole = float(exponent)
    if whole in (2.0, 3.0, 4.0):
        square = base * base
        return {2.0: square, 3.0: square * base, 4.0: square * square}[whole]
    return np.asarray(np.power(base, exponent))


def _relu(argument: Array) -> Array:
    return np.asarray(np.maximum(argument, 0.0))


def _softplus(argument: Array) -> Array:
    return np.asarray(np.logaddexp(0.0, argument))


def _step(argument: Array) -> Array:
    return np.asarray(argument > 0, dtype=np.float64)


FUNCTIONS: Final[dict[str, Callable[..., Array]]] = {
    "add": _of_many(np.add),
    "multiply": _of_many(np.multiply),
    "divide": np.divide,
    "power": _power,
    "maximum": _of_many(np.maximum),
    "minimum": _of_many(np.minimum),
    "abs": np.abs,
    "relu": _relu,
    "step": _step,
    "sign": np.sign,
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "softplus": _softplus,
    "erf": special.erf,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
}
"""Every function that an expression may apply; the exponent of ``power`` is a constant."""

_ARGUMENTS: Final = {
    **dict.fromkeys(("add", "multiply", "maximum", "minimum"), (1, sys.maxsize)),
    **dict.fromkeys(("divide", "power"), (2, 2)),
}
"""The least and the largest number of arguments, where it is not 1: a second one of ``np.tanh`` is written to."""


@dataclass(frozen=True)
class Program:
    """Expressions that are evaluated together: what they have in common is computed once.

    Parameters
    ----------
    outputs : tuple of Expression
    """

    outputs: tuple[Expression, ...]

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What the outputs read, in order: states, then inputs, then forms."""
        found = {node for output in self.outputs for node in walk(output) if isinstance(node, State | Input | Form)}
        return tuple(sorted(found, key=lambda one: ((State, Input, Form).index(type(one)), one)))

    @cached_property
    def _plan(self) -> _Plan:
        slots: dict[Expression, int] = {}
        constants: list[float] = []
        loads, instructions = [], []
        for node in dict.fromkeys(node for output in self.outputs for node in walk(output)):
            slots[node] = slot = len(constants)
            constants.append(node.value if isinstance(node, Constant) else 0.0)
            if isinstance(node, Apply):
                instructions.append((slot, FUNCTIONS[node.function], tuple(slots[one] for one in node.arguments)))
            elif not isinstance(node, Constant):
                loads.append((slot, node))
        return _Plan(tuple(constants), tuple(loads), tuple(instructions), tuple(slots[one] for one in self.outputs))

    def __call__(self, values: Values) -> list[Array | float]:
        """The values of the outputs; a number where an output is constant."""
        plan = self._plan
        slots: list[Array | float] = list(plan.constants)
        for slot, variable in plan.loads:
            slots[slot] = values[variable]
        with np.errstate(all="ignore"):
            for slot, function, arguments in plan.instructions:
                slots[slot] = function(*(slots[argument] for argument in arguments))
        return [found if isinstance(found := slots[slot], np.ndarray) and found.ndim else float(found)
                for slot in plan.outputs]  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    """A program as instructions on numbered slots; ``constants`` fills the slots that hold numbers."""

    constants: tuple[float, ...]
    loads: tuple[tuple[int, Variable], ...]
    instructions: tuple[tuple[int, Callable[..., Array], tuple[int, ...]], ...]
    outputs: tuple[int, ...]


def walk(expression: Expression) -> Iterator[Expression]:
    """Every part of an expression, arguments before what is applied to them."""
    if isinstance(expression, Apply):
        for argument in expression.arguments:
            yield from walk(argument)
    yield expression


def replaced(expression: Expression, by: Callable[[Expression], Expression | None]) -> Expression:
    """The expression with parts replaced, outermost first; ``by`` gives None for what stays."""
    found = by(expression)
    if found is not None:
        return found
    if isinstance(expression, Apply):
        return Apply(expression.function, tuple(replaced(argument, by) for argument in expression.arguments))
    return expression


def total(terms: Iterable[Expression]) -> Expression:
    """A sum, without the terms that are 0."""
    kept = tuple(term for term in terms if term != Constant(0.0))
    return Constant(0.0) if not kept else kept[0] if len(kept) == 1 else Apply("add", kept)


def product(*factors: Expression) -> Expression:
    """A product; 0 where a factor is, and without the factors that are 1."""
    if Constant(0.0) in factors:
        return Constant(0.0)
    kept = tuple(factor for factor in factors if factor != Constant(1.0))
    return Constant(1.0) if not kept else kept[0] if len(kept) == 1 else Apply("multiply", kept)
