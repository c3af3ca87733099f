"""Hypothesis strategies for linear RNNs and what surrounds them: to test laws with, here and elsewhere.

Numbers are ``Fraction``, so that laws can be asserted exactly; they shrink to few states, few lags and small
integers. Sizes are bounds that the caller sets.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN

Strategy = st.SearchStrategy[Any]

DENOMINATORS: Final = (1, 2, 3, 7)


@cache
def _table(bound: int) -> tuple[Fraction, ...]:
    """In the order in which they shrink: whole numbers first, small ones first, positive before negative."""
    numbers = {Fraction(size, below) for size in range(-bound, bound + 1) for below in DENOMINATORS}
    return tuple(sorted(numbers, key=lambda number: (number.denominator, abs(number), number < 0)))


def rationals(bound: int = 9) -> Strategy:
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


def _array(values: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    if values and all(isinstance(value, float) for value in values):
        return np.array(values).reshape(shape)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


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
        ``rationals()`` by default.
    """
    shape = tuple(draw(st.integers(1, most)) for most in (max_horizon, max_outputs, max_inputs))
    found: Array = draw(arrays(shape, rationals() if entries is None else entries))
    return found


def distinct_nodes(count: int, entries: Strategy | None = None) -> Strategy:
    """Lists of distinct numbers other than 0, as eigenvalues of n^{-1/2} W."""
    numbers = rationals() if entries is None else entries
    return st.lists(numbers.filter(bool), min_size=count, max_size=count, unique=True)


@st.composite
def responses_with_nodes(draw: Any, /, **sizes: Any) -> tuple[Array, list[Fraction]]:
    """An impulse response, as ``impulse_responses`` draws it, and as many distinct nodes as it has lags."""
    response = draw(impulse_responses(**sizes))
    return response, draw(distinct_nodes(len(response)))


@st.composite
def linear_rnns(
    draw: Any, /, max_states: int = 4, max_inputs: int = 2, max_outputs: int = 2, entries: Strategy | None = None
) -> LinearRNN:
    """Linear RNNs with rational weights; W is dense or diagonal.

    Parameters
    ----------
    max_states, max_inputs, max_outputs : int
        n, n_x and n_y are from 1 to these.
    entries : strategy, optional
        Of n^{-1/2} W, F and n^{-1/2} C; ``rationals()`` by default.
    """
    n, inputs, outputs = (draw(st.integers(1, most)) for most in (max_states, max_inputs, max_outputs))
    numbers = rationals() if entries is None else entries
    W = draw(st.one_of(arrays((n, n), numbers), arrays((n,), numbers)))
    return LinearRNN(W, draw(arrays((n, inputs), numbers)), draw(arrays((outputs, n), numbers)))


def input_sequences(inputs: int, max_length: int = 6, entries: Strategy | None = None) -> Strategy:
    """Inputs x_0 … x_{T-1}, of shape (T, n_x), T from 1 to ``max_length``."""
    numbers = rationals() if entries is None else entries
    return st.integers(1, max_length).flatmap(lambda length: arrays((length, inputs), numbers))


@st.composite
def rnns_with_inputs(draw: Any, /, max_length: int = 6, **sizes: Any) -> tuple[LinearRNN, Array]:
    """A linear RNN, as ``linear_rnns`` draws it, and a sequence of inputs for it."""
    rnn = draw(linear_rnns(**sizes))
    return rnn, draw(input_sequences(rnn.inputs, max_length))


@st.composite
def invertible_matrices(draw: Any, size: int, bound: int = 3) -> Array:
    """Invertible matrices of fractions: a unit lower times an upper triangular matrix, rows permuted."""
    small = rationals(bound)
    lower, upper = draw(arrays((size, size), small)), draw(arrays((size, size), small))
    diagonal = draw(st.lists(small.filter(bool), min_size=size, max_size=size))
    unit = np.array([[Fraction(int(i == j)) for j in range(size)] for i in range(size)], dtype=object)
    below, above = (np.tril(lower, -1) + unit), np.triu(upper, 1)
    above[np.diag_indices(size)] = diagonal
    product: Array = (below.reshape(size, size) @ above.reshape(size, size))[draw(st.permutations(range(size)))]
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
    "rationals",
    "responses_with_nodes",
    "rnns_with_inputs",
]
