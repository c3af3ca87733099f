"""A Gaussian recursion (68) as data: ``q_{t+1} = Σ_i n^{-1/2} A_i z_{i,t}``, ``z_{i,t} = G_{i,t}(q_0 … q_t, u)``.

Arrays have their rows on the last axis, so that a column is contiguous: q_t is (d_q, n), or
(d_q, replicates, n) where independent copies are run together; u is (d_u, …). Row-wise functions are
then written without a word about rows: ``lambda t, q, u: np.tanh(q[t] + u)``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.expression import Constant, Expression, Input, Program, State, Values, Variable
from numerics.gaussian_matrix import Array
from numerics.laws import Laws, Normal, columns_of

PythonFunction = Callable[[int, Array, Array], Array]
"""``G(t, q, u)``: q is (t+1, d_q, …), u is (d_u, …); the result is (d_q, …), or (…) for one column."""


class RowFunction(ABC):
    """G_{i,t} of (68) at one time, which acts on each row alone."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many columns it gives: d_q."""

    @property
    @abstractmethod
    def variables(self) -> tuple[Variable, ...]:
        """The columns of q_0 … q_t and of u that it reads."""

    @abstractmethod
    def __call__(self, values: Values) -> list[Array | float]:
        """Its columns, from arrays of one shape for the variables; a number for a column that is constant."""


@dataclass(frozen=True)
class FormulaRows(RowFunction):
    """A row function given by one expression for each column, in ``State`` s and ``Input`` s."""

    expressions: tuple[Expression, ...]

    @property
    def columns(self) -> int:
        return len(self.expressions)

    @cached_property
    def program(self) -> Program:
        """What evaluates it."""
        return Program(self.expressions)

    @property
    def variables(self) -> tuple[Variable, ...]:
        return self.program.variables

    def __call__(self, values: Values) -> list[Array | float]:
        return self.program(values)


@dataclass(frozen=True)
class PythonRows(RowFunction):
    """A row function written in Python.

    Parameters
    ----------
    function : callable
        ``function(t, q, u)``; it must act on each entry of the last axes alone.
    time : int
    q_columns, u_columns : int
        d_q, d_u.
    memory : int or None
        How many times before t it reads: 0 if it reads q_t alone, None if it may read all.
    """

    function: PythonFunction
    time: int
    q_columns: int
    u_columns: int
    memory: int | None = None

    @property
    def columns(self) -> int:
        return self.q_columns

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        first = 0 if self.memory is None else max(0, self.time - self.memory)
        states = [State(s, c) for s in range(first, self.time + 1) for c in range(self.q_columns)]
        return (*states, *map(Input, range(self.u_columns)))

    def __call__(self, values: Values) -> list[Array | float]:
        shape = np.broadcast_shapes(*(values[variable].shape for variable in self.variables))
        q = np.full((self.time + 1, self.q_columns, *shape), np.nan)  # what it says it does not read is not there
        u = np.empty((self.u_columns, *shape))
        for variable in self.variables:
            if isinstance(variable, State):
                q[variable.time, variable.column] = values[variable]
            elif isinstance(variable, Input):
                u[variable.column] = values[variable]
        found = np.asarray(self.function(self.time, q, u), dtype=np.float64)
        found = found.reshape(1, *found.shape) if found.ndim == len(shape) else found
        if found.shape != (self.q_columns, *shape):
            raise ValueError(
                f"G at t = {self.time} gives an array of shape {found.shape}: {(self.q_columns, *shape)} is needed "
                f"(d_q = {self.q_columns} columns first, rows last)"
            )
        return list(found)


@dataclass(frozen=True)
class Matrix:
    """One matrix A_i of (68): independent N(0, variance) entries.

    Parameters
    ----------
    name : str
    variance : float
        ν_i, at least 0.
    rows : callable
        Time t → G_{i,t}.
    """

    name: str
    variance: float
    rows: Callable[[int], RowFunction]


@dataclass(frozen=True)
class Recursion:
    """A Gaussian recursion (68) with the laws (70) it starts from.

    Parameters
    ----------
    matrices : tuple of Matrix
        Independent of each other, of q_0 and of u.
    initial : tuple of Law
        The law of a row of q_0; the lemma asks for one ``Normal`` of mean 0. Another law is covered as
        well, since q_0 may be counted among the columns of u.
    inputs : tuple of Law
        The law of a row of u.
    """

    matrices: tuple[Matrix, ...]
    initial: Laws
    inputs: Laws = ()

    @property
    def q_columns(self) -> int:
        """d_q."""
        return columns_of(self.initial)

    @property
    def u_columns(self) -> int:
        """d_u."""
        return columns_of(self.inputs)

    def rows(self, matrix: int, t: int) -> RowFunction:
        """G_{i,t}.

        Raises
        ------
        ValueError
            When it does not give d_q columns.
        """
        found = self.matrices[matrix].rows(t)
        if found.columns != self.q_columns:
            name = self.matrices[matrix].name
            raise ValueError(f"G of {name} at t = {t} gives {found.columns} columns: d_q = {self.q_columns} are needed")
        return found


def vanishing(rows: RowFunction) -> tuple[bool, ...]:
    """For each column, whether it is known to be 0 for every row: then its image is 0."""
    if not isinstance(rows, FormulaRows):
        return (False,) * rows.columns
    return tuple(expression == Constant(0.0) for expression in rows.expressions)


def python_recursion(
    function: PythonFunction,
    variance: float,
    *,
    initial: Laws | None = None,
    inputs: Laws = (),
    memory: int | None = None,
) -> Recursion:
    """A recursion with one matrix and a row function written in Python.

    Parameters
    ----------
    function : callable
        ``G(t, q, u)``; q is (t+1, d_q, …), u is (d_u, …), the result (d_q, …).
    variance : float
        ν of the matrix.
    initial, inputs : tuple of Law
        Of a row of q_0, standard normal and one column by default, and of u.
    memory : int or None
        How many times before t it reads; all by default.

    Examples
    --------
    >>> ones = python_recursion(lambda t, q, u: np.tanh(q[t]), 1.5, memory=0)
    >>> ones.q_columns, ones.rows(0, 3).variables
    (1, (State(time=3, column=0),))
    """
    laws = initial or (Normal(((1.0,),)),)
    q_columns, u_columns = columns_of(laws), columns_of(inputs)

    def rows(t: int) -> RowFunction:
        return PythonRows(function, t, q_columns, u_columns, memory)

    return Recursion((Matrix("A", variance, rows),), laws, inputs)
