"""What the laws of Proposition 2.1 compare with: formulas written out over the rationals, by FLINT's matrices.

Nothing here is used by the operations that are put to the test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from math import isqrt
from typing import Any, TypeAlias

import numpy as np
from flint import fmpq, fmpq_mat

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN

Numbers: TypeAlias = Sequence[Fraction] | Array


def matrix(values: Array) -> fmpq_mat:
    """A matrix of fractions, as FLINT's; a row of numbers is a diagonal."""
    if values.ndim == 1:
        values = np.diag(values)
    rows, columns = values.shape
    return fmpq_mat(rows, columns, [fmpq(*rational(value).as_integer_ratio()) for value in values.ravel()])


def rational(value: Any) -> Fraction:
    """A number of any kind, as the fraction that it is."""
    if hasattr(value, "_mpf_"):
        sign, mantissa, exponent, _ = value._mpf_
        return Fraction((-1) ** sign * int(mantissa)) * Fraction(2) ** int(exponent)
    return Fraction(value)


def scaled_weights(rnn: LinearRNN) -> tuple[Array, Array, Array]:
    """W/√n, F and C/√n."""
    return rnn.scaled_W, rnn.F, rnn.scaled_C


def rationals(values: Array) -> Array:
    """Numbers of any kind, as the fractions that they are."""
    return fractions(rational(value) for value in values.ravel()).reshape(values.shape)


def array(values: fmpq_mat) -> Array:
    """Back to fractions."""
    return fractions([Fraction(int(entry.p), int(entry.q)) for entry in values.entries()]).reshape(
        values.nrows(), values.ncols()
    )


def fractions(values: Iterable[Fraction]) -> Array:
    """Numbers in a row."""
    listed = list(values)
    found = np.empty(len(listed), dtype=object)
    found[:] = listed
    return found


def product(*factors: Array) -> Array:
    """Of matrices; a row of numbers is a diagonal."""
    return array(reduce(fmpq_mat.__mul__, map(matrix, factors)))


def outputs(W: Array, F: Array, C: Array, x: Array) -> Array:
    """The recursion (1), state after state; n is a square number."""
    scale, w, f, c = _root(F), matrix(W), matrix(F), matrix(C)
    state, found = fmpq_mat(len(F), 1), []
    for signal in x:
        state = w * state * scale + f * matrix(signal[:, None])
        found.append(array(c * state * scale).ravel())
    return np.array(found, dtype=object)


def responses(W: Array, F: Array, C: Array, horizon: int) -> Array:
    """The formula (9), ``L_j = n^{-(j+1)/2} C W^j F``; n is a square number."""
    scale, w, f, c = _root(F), matrix(W), matrix(F), matrix(C)
    return np.array([array(c * w**j * f * scale ** (j + 1)) for j in range(horizon)])


def _root(F: Array) -> fmpq:
    """``n^{-1/2}``."""
    root = isqrt(len(F))
    assert root**2 == len(F), f"{len(F)} is not a square number"
    return fmpq(1, root)


def lags(rnn: LinearRNN, horizon: int) -> Array:
    """The formula (9), where the weights contain the factors ``n^{-1/2}``."""
    w, f, c = matrix(rnn.scaled_W), matrix(rnn.F), matrix(rnn.scaled_C)
    return np.array([array(c * w**j * f) for j in range(horizon)]).reshape(horizon, rnn.outputs, rnn.inputs)


def convolution(L: Array, x: Array) -> Array:
    """The sum (10)."""
    return fractions(
        sum((L[j, a, c] * x[t - j, c] for j in range(t + 1) for c in range(L.shape[2])), Fraction(0))
        for t in range(len(x))
        for a in range(L.shape[1])
    ).reshape(len(x), L.shape[1])


def powers(nodes: Numbers) -> Array:
    """The Vandermonde matrix (35), a row for each lag."""
    return np.array([[Fraction(node) ** lag for node in nodes] for lag in range(len(nodes))], dtype=object)


def solution(nodes: Numbers, right: Array) -> Array:
    """Of the linear system (35)."""
    return array(matrix(powers(nodes)).solve(matrix(right)))


def inverse(values: Array) -> Array:
    """Of a matrix."""
    return array(matrix(values).inv())


def hankel(L: Array, rows: int, columns: int) -> Array:
    """The matrix of the blocks ``L_{i+k}``."""
    return np.block([[L[i + k] for k in range(columns)] for i in range(rows)])


def tether(L: Array) -> int:
    """The fewest states, as a sum of ranks."""
    T = len(L)
    ranks = [_rank(hankel(L, j, T + 1 - j)) for j in range(1, T + 1)]
    return sum(ranks) - sum(_rank(hankel(L, j, T - j)) for j in range(1, T))


def _rank(values: Array) -> int:
    return int(matrix(values).rank())


def rank_after(L: Array, later: Array) -> int:
    """The rank of the Hankel matrix of T by T blocks, after lags beyond T are chosen."""
    T = len(L)
    return _rank(hankel(np.concatenate([L, later]), T, T))


def polynomial(roots: Numbers) -> list[Fraction]:
    """The coefficients of ``Π (z - λ_i)``, the constant one first."""
    found = [Fraction(1)]
    for root in roots:
        found = [above - root * here for above, here in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
    return found


def row_sums(values: Array) -> Fraction:
    """The maximum norm of a matrix."""
    return Fraction(max(np.abs(values).sum(axis=1)))


def in_rows(values: Array) -> str:
    """A matrix in one line, its rows separated by semicolons: ``[1 0; 0 -1/2]``."""
    return f"[{'; '.join(' '.join(map(str, row)) for row in values)}]"


def shown(values: Any) -> str:
    """A number, or a matrix, in one line."""
    given = np.asarray(values, dtype=object)
    if given.ndim < 2:
        return f"({', '.join(map(str, given.ravel()))})" if given.ndim else str(values)
    if given.ndim > 2:
        return f"({', '.join(map(shown, given))})"
    return str(given[0, 0]) if given.shape == (1, 1) else in_rows(given)


def difference(name: str, found: Any, wanted: Any) -> str:
    """What differs, in words; ``""`` where nothing does."""
    one, other = np.asarray(found, dtype=object), np.asarray(wanted, dtype=object)
    if one.shape != other.shape:
        return f"{name} has shape {one.shape}, not {other.shape}"
    if not np.any(one != other):
        return ""
    if one.ndim == 3:
        lag = next(lag for lag in range(len(one)) if np.any(one[lag] != other[lag]))
        return f"{name}_{lag} = {shown(one[lag])}, not {shown(other[lag])}"
    return f"{name} = {shown(one)}, not {shown(other)}"


def minor(L: Array, later: Array) -> tuple[int, Fraction]:
    """The size of a minor of the Hankel matrix that later lags cannot change, and its value with some.

    Row (i, a) has no unknown entry left of lag T. Reduced by the rows before it, which have even more known entries,
    it has its first known nonzero entry at a pivot of its own: with rows and columns in the order of
    the pivots, the minor is triangular.
    """
    T, outputs, inputs = L.shape
    whole = hankel(np.concatenate([L, later]), T, T)
    rows: list[int] = []
    pivots: list[int] = []
    reduced: list[Array] = []
    for place in range(T * outputs):
        row, known = whole[place], (T - place // outputs) * inputs
        for pivot, other in zip(pivots, reduced, strict=True):
            if pivot < known:
                row = row - row[pivot] / other[pivot] * other
        if np.any(row[:known]):
            rows.append(place)
            pivots.append(int(np.argmax(row[:known] != 0)))
            reduced.append(row)
    value = matrix(whole[rows][:, sorted(pivots)]).det()
    return len(rows), Fraction(int(value.p), int(value.q))
