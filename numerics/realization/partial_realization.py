"""The fewest states that an impulse response needs, exactly: Kalman's partial realization over the rationals.

By Proposition 2.1 the RNN (1) has the impulse response ``L_j = R A^j F`` with ``A = n^{-1/2} W`` and
``R = n^{-1/2} C``. Given ``L_0 … L_{T-1}``, with later lags free, the states are rows of the block Hankel array

    row (i, a):   L_i[a], L_{i+1}[a], …, L_{T-1}[a],   i = 0 … T-1, a = 0 … n_y-1,

which has fewer known columns for later i. Taken in the order of i, then a, a row is a state unless it combines
earlier rows on the columns that it has itself; from then on the chain (i, a), (i+1, a), … has no states, since
the same combination, shifted, serves. A maps row (i, a) to row (i+1, a), or to what that combines, and by
induction on k the row (i, a) of ``A^k F`` is ``L_{i+k}[a]``. The number of states is Tether's,

    Σ_{j=1}^{T} rank H(j, T+1-j) - Σ_{j=1}^{T-1} rank H(j, T-j),   H(r, s) = (L_{i+k}), i < r, k < s,

and no RNN has fewer. See B. L. Ho and R. E. Kalman, Regelungstechnik 14 (1966), 545–548, and
A. J. Tether, IEEE Transactions on Automatic Control 15 (1970), 427–436.

Which rows combine others is guessed modulo a prime, by an elimination with the leftmost possible pivots, in which
restricting to fewer columns only drops the rows with later pivots. A number that is nonzero modulo the prime is
nonzero; wherever the guess rests on a zero, the integers prove it or the next prime is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

import flint
import numpy as np
from numpy.typing import ArrayLike, NDArray

Exact: TypeAlias = NDArray[np.object_]
"""An array of ``fractions.Fraction``, or of ``int``."""

_Chains: TypeAlias = tuple[list[tuple[int, int]], dict[tuple[int, int], list[Fraction]]]


def fewest_states(L: ArrayLike) -> tuple[Exact, Exact, Exact]:
    """An RNN with the given lags and the fewest possible states.

    A is a shift but for ``min(n_x, n_y)`` rows (columns, where ``n_x < n_y``). Only these have long fractions.

    Parameters
    ----------
    L : array_like of Fraction, (T, n_y, n_x)
        The impulse response at lags 0 … T-1. What ``Fraction`` takes will do: a float is the dyadic rational it is.

    Returns
    -------
    A : array of Fraction, (n, n)
    F : array of Fraction, (n, n_x)
    R : array of Fraction, (n_y, n)
        ``R A^j F = L_j`` for all j < T. n is 0 when all lags are zero.

    Raises
    ------
    ValueError
        When L does not have three axes, or has an entry that is not finite.

    Examples
    --------
    >>> A, F, R = fewest_states([[[Fraction(1)]], [[Fraction(1, 3)]], [[Fraction(1, 9)]]])
    >>> A.tolist(), F.tolist(), R.tolist()
    ([[Fraction(1, 3)]], [[Fraction(1, 1)]], [[Fraction(1, 1)]])
    """
    entries = _fractions(L)
    if entries.shape[2] < entries.shape[1]:  # the shorter side has fewer chains, hence fewer systems to solve
        A, F, R = _realize(entries.transpose(0, 2, 1))
        return A.T, R.T, F.T
    return _realize(entries)


def extended_by_zeros(L: ArrayLike) -> Exact:
    """The T lags followed by T zeros: what decides that all later lags are zero.

    The longer response takes n = rank H(T, T) states, as does the one with zeros for ever. With so few, a state is
    determined by its next T outputs; the state ``A^T F``, whose outputs are zeros, is therefore zero.

    Parameters
    ----------
    L : array_like of Fraction, (T, n_y, n_x)

    Returns
    -------
    array of Fraction, (2T, n_y, n_x)
    """
    entries = _fractions(L)
    return np.concatenate([entries, np.full_like(entries, Fraction(0))])


def degree(L: ArrayLike) -> int:
    """Tether's number of states, from the ranks of Hankel matrices alone.

    Shares nothing with ``fewest_states`` and is slower, much so for large matrices of middling rank.

    Parameters
    ----------
    L : array_like of Fraction, (T, n_y, n_x)

    Raises
    ------
    ValueError
        As ``fewest_states``.

    Examples
    --------
    >>> degree([[[0]], [[0]], [[1]]])
    3
    """
    integers = _integers(_fractions(L))
    T = len(integers)
    longer = sum(_hankel_rank(integers, j, T + 1 - j) for j in range(1, T + 1))
    return longer - sum(_hankel_rank(integers, j, T - j) for j in range(1, T))


def _fractions(L: ArrayLike) -> Exact:
    given = np.asarray(L, dtype=object)
    if given.ndim != 3:
        raise ValueError(f"impulse response: shape {given.shape}, but it has three axes: lags, outputs, inputs")
    if any(isinstance(entry, float) and not math.isfinite(entry) for entry in given.flat):
        raise ValueError("impulse response: an entry is not finite")
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(given), dtype=object)


def _integers(entries: Exact) -> Exact:
    """A multiple of the entries, without a common factor: it has the same dependent rows."""
    flat: list[Fraction] = entries.ravel().tolist()
    denominator = math.lcm(*(entry.denominator for entry in flat))
    whole = entries * denominator // 1
    return np.asarray(whole // max(math.gcd(*whole.flat), 1), dtype=object)


def _hankel_rank(integers: Exact, r: int, s: int) -> int:
    blocks = integers[np.add.outer(np.arange(r), np.arange(s))]
    matrix = blocks.transpose(0, 2, 1, 3).reshape(r * integers.shape[1], s * integers.shape[2])
    matrix = matrix[np.any(matrix != 0, axis=1)][:, np.any(matrix != 0, axis=0)]
    p = 2**31 - 1
    if flint.nmod_mat(*matrix.shape, (matrix % p).ravel().tolist(), p).rank() == min(matrix.shape):
        return int(min(matrix.shape))
    return int(flint.fmpz_mat(*matrix.shape, matrix.ravel().tolist()).rank())


def _primes() -> Iterator[int]:
    """Those below 2^31, the largest first: a product of two residues fits into 63 bits."""
    return (p for p in range(2**31 - 1, 2, -2) if flint.fmpz(p).is_prime())


def _realize(entries: Exact) -> tuple[Exact, Exact, Exact]:
    _, n_y, n_x = entries.shape
    integers = _integers(entries)
    states, ends = next(found for p in _primes() if (found := _chains(integers, p)) is not None)
    index = {state: k for k, state in enumerate(states)}
    n = len(index)
    A, F, R = (np.full(shape, Fraction(0)) for shape in ((n, n), (n, n_x), (n_y, n)))
    for (i, a), k in index.items():
        F[k] = entries[i, a]
    targets = [(A[k], (i + 1, a)) for (i, a), k in index.items()] + [(R[a], (0, a)) for a in range(n_y)]
    for row, state in targets:
        if state in index:
            row[index[state]] = Fraction(1)
        elif state in ends:
            row[: len(ends[state])] = ends[state]
    return A, F, R


def _chains(integers: Exact, p: int) -> _Chains | None:
    """The states, and what the first row of each chain that is none combines; None when the prime misleads."""
    T, n_y, n_x = integers.shape
    echelon, ended = _Echelon(p, T * n_x), set()
    rows: list[list[int]] = []
    states, ends = [], {}
    for i, a in product(range(T), range(n_y)):
        if a in ended:
            continue
        row = integers[i:, a].ravel()
        reduced = echelon.reduced(row)
        pivot = int(np.argmax(reduced > 0)) if reduced.any() else len(row)
        if pivot == len(row) or echelon.misses(pivot):
            combination = _combination(row.tolist(), rows, echelon.pivots, pivot)
            if combination is None:
                return None
            if pivot == len(row):
                ends[i, a] = combination
                ended.add(a)
                continue
        echelon.add(reduced, pivot)
        states.append((i, a))
        rows.append(row.tolist())
    return states, ends


class _Echelon:
    """Rows in reduced echelon form modulo p, each with its leftmost possible pivot.

    Rows arrive with ever fewer columns; beyond those of the latest, the entries have no meaning any more.
    """

    def __init__(self, p: int, width: int) -> None:
        self.p = p
        self.pivots: list[int] = []
        self._rows = np.zeros((0, width), dtype=np.int64)

    def misses(self, column: int) -> bool:
        """Whether a column before this one has no pivot, so that its zeros are yet to be proved."""
        return sum(pivot < column for pivot in self.pivots) < column

    def reduced(self, row: Exact) -> NDArray[np.int64]:
        """The row modulo p, less a combination of those here."""
        residues = (row % self.p).astype(np.int64)
        pivots = np.array(self.pivots, dtype=np.intp)
        inside = np.flatnonzero(pivots < len(row))
        factors, rows = residues[pivots[inside]], self._rows[inside, : len(row)]
        high, low = np.divmod(factors, 2**16)  # sums of products of 16 with 31 bits do not overflow
        combined = ((high @ rows % self.p) * 2**16 + low @ rows) % self.p
        return np.asarray((residues - combined) % self.p)

    def add(self, reduced: NDArray[np.int64], pivot: int) -> None:
        """Take in a reduced row."""
        unit = reduced * pow(int(reduced[pivot]), -1, self.p) % self.p
        known = self._rows[:, : len(unit)]
        known -= np.outer(known[:, pivot], unit) % self.p
        known %= self.p
        padded = np.zeros((1, self._rows.shape[1]), dtype=np.int64)
        padded[0, : len(unit)] = unit
        self._rows = np.concatenate([self._rows, padded])
        self.pivots.append(pivot)


def _combination(row: list[int], rows: list[list[int]], pivots: list[int], width: int) -> list[Fraction] | None:
    """The coefficients with which the rows combine to this one on the first columns; none when they do not."""
    coefficients = [Fraction(0)] * len(rows)
    if not any(row[:width]):
        return coefficients
    basis = [k for k, pivot in enumerate(pivots) if pivot < width]
    if not basis:
        return None
    square = flint.fmpz_mat([[rows[k][pivots[m]] for k in basis] for m in basis])
    quotients: Any = square.solve(flint.fmpz_mat([[row[pivots[m]]] for m in basis]))
    solution, scale = quotients.numer_denom()
    if solution.transpose() * flint.fmpz_mat([rows[k][:width] for k in basis]) != scale * flint.fmpz_mat([row[:width]]):
        return None
    for k, value in zip(basis, solution.entries(), strict=True):
        coefficients[k] = Fraction(int(value), int(scale))
    return coefficients
