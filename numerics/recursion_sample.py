"""What is remembered of simulated recursions, and what goes wrong in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from numerics.expression import Input, State, Values, Variable
from numerics.gaussian_matrix import Array
from numerics.recursion import Recursion

Observables = Callable[[Values], Sequence["Array | float"]]
"""Functions of a row, such as a ``Program``; of those with ``variables``, only these are provided."""

_TOO_LARGE: Final = 1e150
"""Beyond it a square may overflow."""


@dataclass(frozen=True)
class RecursionSample:
    """What is remembered of a number of replicates, R; K = (T+1) d_q, M = ℓ T d_q.

    Attributes
    ----------
    n : int
    second_moments : array, (R, K, K)
        ``(1/n) [q_0 … q_T]^T [q_0 … q_T]``; column c of q_t has index t d_q + c.
    images : array, (R, M, M)
        ``(1/n) R^T R`` of all images ``r_{i,t} = n^{-1/2} A_i z_{i,t}``, in the order (i, t, c).
    functions : array, (R, functions)
        Averages over the rows of the functions asked for.
    rows : array, (R, m, K)
        The first m rows of ``[q_0 … q_T]``; there may be fewer.
    innovations : array, (R, m, M), or None
        The same rows of the innovations, which are independent N(0, 1), NaN where a query brought no
        new direction; the dense sampler recovers them from the images.
    """

    n: int
    second_moments: Array
    images: Array
    functions: Array
    rows: Array
    innovations: Array | None = None

    @property
    def replicates(self) -> int:
        """R."""
        return int(self.second_moments.shape[0])

    def merge(self, *others: RecursionSample) -> RecursionSample:
        """All replicates, in this order.

        Raises
        ------
        ValueError
            When the widths differ.
        """
        parts = (self, *others)
        if any(part.n != self.n for part in parts):
            raise ValueError(f"samples at different widths: n = {', '.join(str(part.n) for part in parts)}")
        arrays = {
            field.name: None if self.innovations is None and field.name == "innovations" else _joined(parts, field.name)
            for field in fields(self)
            if field.name != "n"
        }
        return RecursionSample(self.n, **arrays)  # type: ignore[arg-type]


def _joined(parts: Sequence[RecursionSample], name: str) -> Array:
    return np.concatenate([getattr(part, name) for part in parts])


def everything(recursion: Recursion, last: int) -> tuple[Variable, ...]:
    """All columns of q_0 … q_last and of u."""
    states = [State(t, c) for t in range(last + 1) for c in range(recursion.q_columns)]
    return (*states, *map(Input, range(recursion.u_columns)))


def variables_of(functions: Observables, recursion: Recursion, last: int) -> tuple[Variable, ...]:
    """What functions of a row read: all of q_0 … q_last and u if they do not say."""
    return tuple(getattr(functions, "variables", None) or everything(recursion, last))


class NonFiniteRowsError(ValueError):
    """A row function gives infinity, no number at all, or a number too large to be squared.

    Attributes
    ----------
    matrix : str
    time : int
    count, n : int
        In how many rows, of how many.
    arguments : dict of Variable to float
        What it was given in one of them.
    """

    def __init__(self, matrix: str, time: int, count: int, n: int, arguments: dict[Variable, float]) -> None:
        example = ", ".join(f"{variable_name(one)} = {value:.6g}" for one, value in arguments.items())
        where = f", for one at {example}" if example else ""
        which = f"{count} of {n} rows{where}"
        super().__init__(f"G of {matrix} at t = {time} is no finite number, or too large, in {which}")
        self.matrix, self.time, self.count, self.n, self.arguments = matrix, time, count, n, arguments


def variable_name(variable: Variable) -> str:
    """``q_3[1]``, column 1 of q_3, or ``u[0]``."""
    if isinstance(variable, State):
        return f"q_{variable.time}[{variable.column}]"
    return f"u[{variable.column}]" if isinstance(variable, Input) else f"form {variable.place}"


@dataclass(frozen=True)
class BadRows:
    """Rows in which one column is not finite, with the arguments in the first of them."""

    count: int
    arguments: dict[Variable, float]


def bad_rows(column: Array, values: Mapping[Variable, Array]) -> BadRows | None:
    """The rows in which a column is not a number that can be squared; None if there is none."""
    bad = ~(np.abs(column) < _TOO_LARGE)
    if not bad.any():
        return None
    first = np.unravel_index(int(bad.argmax()), bad.shape)
    return BadRows(int(bad.sum()), {variable: float(value[first]) for variable, value in values.items()})
