"""Hypothesis strategies for linear RNNs and what surrounds them: to test laws with, here and elsewhere.

Numbers are ``Fraction``, so that laws can be asserted exactly; many are equal, opposite, or 0. All entries of a
matrix are one draw, and a smaller matrix has the first entries of a larger one, see ``whole_matrices``: examples are
drawn fast, and shrink to few states, few lags and small integers. Sizes are bounds that the caller sets. Where
the caller says what ``entries`` are, each is drawn by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Final, TypeVar, cast

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN

Strategy = st.SearchStrategy[Any]
Made = TypeVar("Made", bound=Callable[..., Strategy])

DENOMINATORS: Final = (1, 2, 3, 7)
BOUND: Final = 9
WHOLE: Final = 3

MOST: Final = 255
"""A byte chooses among so many values."""

MANY: Final = 1024
"""Hypothesis gives up examples of several thousand bytes."""

LONG: Final = 11
"""Of longer lists, Hypothesis draws hardly more than 6 elements."""


def _remembered(function: Made) -> Made:
    """The same strategy for the same arguments: Hypothesis examines a new one at length, for every example."""
    return cast("Made", lru_cache(maxsize=1024)(function))


_permutations: Final = lru_cache(maxsize=64)(st.permutations)


@cache
def _table(bound: int) -> tuple[Fraction, ...]:
    """In the order in which they shrink: whole numbers first, small ones first, positive before negative."""
    numbers = {Fraction(size, below) for size in range(-bound, bound + 1) for below in DENOMINATORS}
    return tuple(sorted(numbers, key=lambda number: (number.denominator, abs(number), number < 0)))


@_remembered
def rationals(bound: int = BOUND) -> Strategy:
    """Small fractions: numerators up to ``bound``, denominators 1, 2, 3 and 7."""
    return st.sampled_from(_table(bound))


def extreme_rationals() -> Strategy:
    """Small fractions, integers beyond 2^63, and sizes from 1e-300 to 1e300."""
    far = st.integers(-300, 300).map(lambda power: Fraction(10) ** power)
    large = st.integers(-(1 << 80), 1 << 80).map(Fraction)
    return st.one_of(rationals(), large, st.builds(lambda size, sign: size * sign, far, st.sampled_from((1, -1))))


def finite_floats(bound: float = 1e3) -> Strategy:
    """Doubles up to ``bound``."""
    return st.floats(-bound, bound, allow_nan=False, allow_infinity=False)


def arrays(shape: tuple[int, ...], entries: Strategy) -> Strategy:
    """Arrays of a given shape; of dtype object unless all entries are floats."""
    size = int(np.prod(shape))
    return st.tuples(*[entries] * size).map(lambda values: _array(values, shape))


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Array:
    if values and all(isinstance(value, float) for value in values):
        return np.array(values).reshape(shape)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


@_remembered
def whole_matrices(rows: int, columns: int, bound: int = WHOLE, within: tuple[int, int] | None = None) -> Strategy:
    """Matrices of whole numbers, as tuples of rows.

    It is one draw for all entries, some 10 times as fast as a draw for each. A counterexample gets smaller
    in this order: entries far from the first become 0, then those near it, and those that stay become small, then
    positive. Where ``within`` is the same for all sizes that an example may have, a smaller example has
    the first entries of a larger one, so that sizes can shrink after the entries.

    Parameters
    ----------
    rows, columns : int
    bound : int
        The largest absolute value of an entry, from 1 to 127.
    within : tuple of int, optional
        The largest numbers of rows and columns; those of the matrix by default.
    """
    values = (0, *(sign * size for size in range(1, bound + 1) for sign in (1, -1)))
    return _entries((rows, columns), values, within).map(
        lambda drawn: tuple(tuple(drawn[row * columns : (row + 1) * columns]) for row in range(rows))
    )


def _entries(shape: tuple[int, int], values: Sequence[Any], within: tuple[int, int] | None) -> Strategy:
    """Lists of the entries of matrices, row by row."""
    rows, columns = within or shape
    if not (0 <= shape[0] <= rows and 0 <= shape[1] <= columns and len(values) <= MOST):
        raise InvalidArgument(f"a matrix of shape {shape} within {within}, of {len(values)} (at most {MOST}) values")
    if rows * columns > MANY:
        rows, columns = shape
    cells = sorted(((row, column) for row in range(rows) for column in range(columns)), key=lambda c: (max(c), c))
    place = {cell: -1 - rank for rank, cell in enumerate(cells)}
    places = [place[row, column] for row in range(shape[0]) for column in range(shape[1])]
    return st.binary(min_size=len(cells), max_size=len(cells)).map(
        lambda drawn: [values[drawn[place] % len(values)] for place in places]
    )


@_remembered
def matrices(
    rows: int, columns: int, bound: int = BOUND, within: tuple[int, int] | None = None, *, whole: bool = False
) -> Strategy:
    """Matrices of fractions, drawn and shrunk as ``whole_matrices`` are.

    Those of 0, 1 and -1, and those of small whole numbers, are as frequent as those of all numbers.

    Parameters
    ----------
    rows, columns : int
    bound : int
        The largest numerator; denominators are 1, 2, 3 and 7.
    within : tuple of int, optional
        See ``whole_matrices``.
    whole : bool
        Whole numbers only.
    """
    shape, kinds = (rows, columns), _kinds(bound, whole=whole)
    if len(kinds[-1]) > MOST:
        return arrays(shape, st.sampled_from(kinds[-1]))
    return _one_of([_entries(shape, kind, within).map(lambda drawn: _array(drawn, shape)) for kind in kinds])


def _one_of(choices: Sequence[Strategy]) -> Strategy:
    """Faster than Hypothesis' own, which is a new strategy for every example."""
    return st.integers(0, len(choices) - 1).flatmap(choices.__getitem__)


def _kinds(bound: int, *, whole: bool = False) -> list[tuple[Fraction, ...]]:
    """What the entries of one matrix are among."""
    table = _table(bound)
    return [table[:size] for size in sorted({3, 2 * min(bound, WHOLE) + 1, 2 * bound + 1 if whole else len(table)})]


@_remembered
@st.composite
def impulse_responses(
    draw: Any, /, max_horizon: int = 5, max_inputs: int = 2, max_outputs: int = 2, entries: Strategy | None = None
) -> Array:
    """L_0 … L_{T-1}, of shape (T, n_y, n_x).

    Parameters
    ----------
    max_horizon, max_inputs, max_outputs : int
        T, n_x and n_y are from 1 to these.
    entries : strategy, optional
        Small fractions by default.
    """
    outputs, inputs = draw(st.integers(1, max_outputs)), draw(st.integers(1, max_inputs))
    lags = draw(_lags(max_horizon, outputs * inputs, max_outputs * max_inputs, entries))
    return _array([entry for lag in lags for entry in lag], (len(lags), outputs, inputs))


@_remembered
def _lags(most: int, size: int, largest: int, entries: Strategy | None) -> Strategy:
    """From 1 to so many rows, of which each can be left out: a counterexample may need its last one."""
    rows = [_entries((1, size), kind, (1, largest)) for kind in _kinds(BOUND)]
    rows = rows if entries is None else [st.tuples(*[entries] * size)]
    least = (1,) if most <= LONG else (1, most // 2)
    return _one_of([st.lists(row, min_size=length, max_size=most) for length in least for row in rows])


def distinct_nodes(count: int, entries: Strategy | None = None) -> Strategy:
    """Lists of distinct numbers other than 0, as eigenvalues of n^{-1/2} W."""
    if entries is not None:
        return st.lists(entries.filter(bool), min_size=count, max_size=count, unique=True)
    return _nodes(count, max(count, 5))


@_remembered
def _nodes(count: int, most: int) -> Strategy:
    """Each is picked from those that are left."""
    numbers = _table(max(BOUND, most))[1:]
    places = range(min(MOST, len(numbers) - most))

    def nodes(drawn: list[int]) -> list[Fraction]:
        left = list(numbers)
        return [left.pop(place) for place in drawn]

    return _entries((1, count), places, (1, most)).map(nodes)


@_remembered
@st.composite
def responses_with_nodes(draw: Any, /, **sizes: Any) -> tuple[Array, list[Fraction]]:
    """An impulse response, as ``impulse_responses`` draws it, and as many distinct nodes as it has lags."""
    response = draw(impulse_responses(**sizes))
    return response, draw(_nodes(len(response), max(len(response), sizes.get("max_horizon", 5))))


@_remembered
@st.composite
def linear_rnns(
    draw: Any,
    /,
    max_states: int = 4,
    max_inputs: int = 2,
    max_outputs: int = 2,
    entries: Strategy | None = None,
    *,
    diagonal: bool | None = None,
    whole: bool = False,
) -> LinearRNN:
    """Linear RNNs with rational weights; W is dense or diagonal.

    Parameters
    ----------
    max_states, max_inputs, max_outputs : int
        n, n_x and n_y are from 1 to these.
    entries : strategy, optional
        Of n^{-1/2} W, F and n^{-1/2} C; small fractions by default.
    diagonal : bool, optional
        Whether W is; either by default.
    whole : bool
        Without ``entries``: whole numbers only, up to 3.
    """
    n, inputs, outputs = (draw(st.integers(1, most)) for most in (max_states, max_inputs, max_outputs))
    shapes = ((n, n), (n, inputs), (outputs, n))
    within = ((max_states, max_states), (max_states, max_inputs), (max_outputs, max_states))
    kind: dict[str, Any] = {"bound": WHOLE, "whole": True} if whole else {}
    W, F, C = (draw(_matrix(*sizes, entries, **kind)) for sizes in zip(shapes, within, strict=True))
    flat = draw(st.booleans()) if diagonal is None else diagonal
    return LinearRNN(W.diagonal() if flat else W, F, C)


def _matrix(shape: tuple[int, int], within: tuple[int, int], entries: Strategy | None, **kind: Any) -> Strategy:
    return matrices(*shape, within=within, **kind) if entries is None else arrays(shape, entries)


@_remembered
def input_sequences(inputs: int, max_length: int = 6, entries: Strategy | None = None) -> Strategy:
    """Inputs x_0 … x_{T-1}, of shape (T, n_x), T from 1 to ``max_length``."""
    within = (max_length, max(inputs, 2))
    return st.integers(1, max_length).flatmap(lambda length: _matrix((length, inputs), within, entries))


@_remembered
@st.composite
def rnns_with_inputs(draw: Any, /, max_length: int = 6, **sizes: Any) -> tuple[LinearRNN, Array]:
    """A linear RNN, as ``linear_rnns`` draws it, and a sequence of inputs for it."""
    rnn = draw(linear_rnns(**sizes))
    return rnn, draw(input_sequences(rnn.inputs, max_length))


@_remembered
@st.composite
def invertible_matrices(draw: Any, /, size: int, bound: int = WHOLE, *, whole: bool = False) -> Array:
    """Invertible matrices of fractions, or of whole numbers: a unit lower times an upper triangular one, rows permuted.

    ``bound`` and ``whole`` are those of the triangular ``matrices``.
    """
    most = max(size, 4)
    lower, upper = (draw(matrices(size, size, bound, (most, most), whole=whole)) for _ in range(2))
    below, above = np.tril(lower, -1), np.triu(upper, 1)
    below[np.diag_indices(size)] = Fraction(1)
    above[np.diag_indices(size)] = [entry or Fraction(1) for entry in upper.diagonal()]
    product: Array = (below @ above)[draw(_permutations(range(size)))]
    return product


__all__ = [
    "arrays",
    "distinct_nodes",
    "extreme_rationals",
    "finite_floats",
    "impulse_responses",
    "input_sequences",
    "invertible_matrices",
    "linear_rnns",
    "matrices",
    "rationals",
    "responses_with_nodes",
    "rnns_with_inputs",
    "whole_matrices",
]
