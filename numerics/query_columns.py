"""The columns z of a recursion as a sampler sees them: known combinations, or arrays to be computed.

A column that is a linear combination of columns of q_0, u and earlier images needs no array of its
own: it is known by its coefficients. Any other column is computed, and columns that are the same
function are computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from numerics.expression import Apply, Constant, Expression, Input, Program, State, Values, Variable
from numerics.gaussian_matrix import Array
from numerics.recursion import FormulaRows, Recursion, RowFunction

Results = list[Array | float]


@dataclass(frozen=True)
class Combination:
    """A linear combination of variables; without terms it is the column 0."""

    terms: tuple[tuple[Variable, float], ...]


@dataclass(frozen=True)
class PythonColumn:
    """One column of a row function whose inside is not known."""

    rows: RowFunction
    column: int


Computed = Expression | PythonColumn
Query = Combination | Computed


@dataclass(frozen=True)
class Step:
    """What the recursion asks at one time: ``queries[i][c]`` is column c of z_{i,t}."""

    queries: tuple[tuple[Query, ...], ...]

    def __iter__(self) -> Iterator[tuple[int, int, Query]]:
        for matrix, columns in enumerate(self.queries):
            for column, query in enumerate(columns):
                yield matrix, column, query

    @property
    def computed(self) -> list[Computed]:
        """The different columns that must be computed, in order."""
        return list(dict.fromkeys(query for _, _, query in self if not isinstance(query, Combination)))

    def owner(self, column: Computed) -> int:
        """The first matrix that multiplies a computed column."""
        return next(matrix for matrix, _, query in self if query == column)


def steps(recursion: Recursion, horizon: int) -> list[Step]:
    """The steps t = 0 … horizon - 1."""
    matrices = range(len(recursion.matrices))
    return [Step(tuple(_queries(recursion.rows(matrix, t)) for matrix in matrices)) for t in range(horizon)]


def _queries(rows: RowFunction) -> tuple[Query, ...]:
    if not isinstance(rows, FormulaRows):
        return tuple(PythonColumn(rows, column) for column in range(rows.columns))
    terms = (linear_terms(expression) for expression in rows.expressions)
    pairs = zip(rows.expressions, terms, strict=True)
    return tuple(one if found is None else Combination(tuple(_ordered(found))) for one, found in pairs)


def _ordered(terms: dict[Variable, float]) -> list[tuple[Variable, float]]:
    """The terms that are not 0, in an order that does not depend on how they were written."""
    return sorted(((one, weight) for one, weight in terms.items() if weight != 0), key=lambda term: repr(term[0]))


def linear_terms(expression: Expression) -> dict[Variable, float] | None:
    """The coefficients of an expression that is written as a linear combination of variables; else None.

    Examples
    --------
    >>> linear_terms(Apply("multiply", (Constant(2.0), State(1, 0))))
    {State(time=1, column=0): 2.0}
    """
    match expression:
        case State() | Input():
            return {expression: 1.0}
        case Constant(0.0):
            return {}
        case Apply("add", arguments):
            return _sum(linear_terms(argument) for argument in arguments)
        case Apply("multiply", arguments):
            scale = math.prod(one.value for one in arguments if isinstance(one, Constant))
            others = [one for one in arguments if not isinstance(one, Constant)]
            return _scaled(others[0], scale) if len(others) == 1 else None
        case Apply("divide", (argument, Constant(value))) if value != 0:
            return _scaled(argument, 1.0 / value)
    return None


def _sum(parts: Iterable[dict[Variable, float] | None]) -> dict[Variable, float] | None:
    found: dict[Variable, float] = {}
    for part in parts:
        if part is None:
            return None
        for variable, weight in part.items():
            found[variable] = found.get(variable, 0.0) + weight
    return found


def _scaled(expression: Expression, scale: float) -> dict[Variable, float] | None:
    terms = linear_terms(expression)
    if terms is None or not math.isfinite(scale):
        return None
    return {variable: scale * weight for variable, weight in terms.items()}


@dataclass(frozen=True)
class Evaluation:
    """Computed columns, evaluated together.

    Attributes
    ----------
    columns : tuple of Computed
    variables : tuple of Variable
        What they read.
    """

    columns: tuple[Computed, ...]
    variables: tuple[Variable, ...]
    _run: Callable[[Values], Results]

    def __call__(self, values: Values) -> Results:
        """The columns, in order; a number for a column that is constant."""
        return self._run(values)


def evaluation(columns: Sequence[Computed]) -> Evaluation:
    """What evaluates computed columns: common parts of formulas once, each function in Python once."""
    program = Program(tuple(column for column in columns if not isinstance(column, PythonColumn)))
    functions = list(dict.fromkeys(column.rows for column in columns if isinstance(column, PythonColumn)))

    def run(values: Values) -> Results:
        formulas = iter(program(values))
        found = [rows(values) for rows in functions]
        return [
            found[functions.index(column.rows)][column.column] if isinstance(column, PythonColumn) else next(formulas)
            for column in columns
        ]

    variables = dict.fromkeys((*program.variables, *(one for rows in functions for one in rows.variables)))
    return Evaluation(tuple(columns), tuple(variables), run)


@dataclass(frozen=True)
class Layout:
    """How many columns the conditioned sampler may have to hold.

    Attributes
    ----------
    directions : tuple of int
        For each matrix, how many queries may bring a new direction.
    computed : int
        Columns that are computed and kept.
    mixed : bool
        Whether there are both computed columns and combinations.
    """

    directions: tuple[int, ...]
    computed: int
    mixed: bool


def layout(asked: Sequence[Step], *, fresh: bool) -> Layout:
    """Count the columns; ``fresh`` matrices at every time step forget earlier queries."""
    nonzero = [(t if fresh else 0, i, query) for t, step in enumerate(asked) for i, _, query in step if _some(query)]
    different = dict.fromkeys(nonzero)
    matrices = range(len(asked[0].queries))
    each = [len(step.computed) for step in asked]
    kept = max(each) if fresh else len(dict.fromkeys(one for step in asked for one in step.computed))
    combinations = any(isinstance(query, Combination) for _, _, query in nonzero)
    return Layout(
        tuple(sum(i == matrix for _, i, _ in different) for matrix in matrices), kept, combinations and kept > 0
    )


def _some(query: Query) -> bool:
    """Whether a query is anything but the column 0."""
    return not isinstance(query, Combination) or bool(query.terms)
