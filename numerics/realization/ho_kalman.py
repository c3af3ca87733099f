"""Few states for an impulse response in doubles: the method of Ho and Kalman, by singular values as Kung has it.

The block Hankel matrix ``H = (L_{i+k})``, i < r, k < s, of an RNN ``L_j = R A^j F`` (Proposition 2.1) is the product
of the blocks ``R A^i`` and ``A^k F``. Its numerical rank is the number of states, and the left singular vectors U that
belong to it are such blocks ``R A^i``: R is the first of them, A takes each to the next, and F is ``U^T`` times the
first columns of H. Later lags are free, or zero.

Free
    The matrix has all T lags, r + s - 1 = T, and A is the least-squares solution on the r-1 steps that it shows.
    Where the response grows, the first rows of U have few digits, so that R, too, is fitted, to ``R A^j F = L_j``.
    Where the rank is as large as r or s allow, nothing has repeated within T lags and the RNN may have
    another impulse response altogether.

Zero
    The matrix has T by T blocks, with zeros beyond L_{T-1}. Its column space is invariant under the shift S, so that
    ``A = U^T S U``: a contraction, found without dividing by small singular values. Always accurate.

See B. L. Ho and R. E. Kalman, Regelungstechnik 14 (1966), 545–548, and S. Kung, Proc. 12th Asilomar Conference on
Circuits, Systems and Computers (1978), 705–714.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from numerics.gaussian_matrix import Array

EPSILON: Final = float(np.finfo(np.float64).eps)

DOUBT: Final = 100.0
"""The rank is in doubt when it changes with a tolerance that is this many times smaller or larger."""

EXPONENT_OF_F: Final = 1000
"""The power of two up to which the scale of the data goes into F; what is above goes into R."""


@dataclass(frozen=True)
class Ambiguity:
    """A rank in doubt; ``str`` says so in words.

    Attributes
    ----------
    fewest, most : int
        The ranks with a tolerance 100 times larger, and 100 times smaller. The smaller one stops at
        √(larger side)·eps, since below it a matrix of lower rank has singular values, too.
    kept, dropped : float
        The singular values before and after the cut, relative to the largest; dropped is 0 when there is none.
    tolerance : float
        The cut.
    """

    fewest: int
    most: int
    kept: float
    dropped: float
    tolerance: float

    def __str__(self) -> str:
        return (
            f"the rank is {self.fewest} to {self.most} with tolerances {DOUBT:g} times larger to smaller than "
            f"{self.tolerance:.1e}, which cuts between the relative singular values {self.kept:.1e} and "
            f"{self.dropped:.1e}"
        )


@dataclass(frozen=True, eq=False)
class HoKalman:
    """An RNN ``R A^j F`` and the singular values that decided its size.

    Attributes
    ----------
    A : array, (rank, rank)
    F : array, (rank, n_x)
    R : array, (n_y, rank)
        About the first rows of a matrix with orthonormal columns: the scale of the data is in F.
    singular_values : array, (smaller side of the Hankel matrix,)
        Relative to the largest; all 0 when the data are.
    rank : int
    rank_tolerance : float
        Relative to the largest singular value: those at most as large count as zero.
    beyond : "free" or "zero"
        What is asked of lags T, T+1, ….
    ambiguity : Ambiguity or None
    """

    A: Array
    F: Array
    R: Array
    singular_values: Array
    rank: int
    rank_tolerance: float
    beyond: str
    ambiguity: Ambiguity | None


def ho_kalman(L: ArrayLike, *, rank_tolerance: float | None = None, beyond: str = "free") -> HoKalman:
    """An RNN with about the given lags and few states; how close it comes is for the caller to see.

    Errors are relative to the largest entry of all lags, not to each. With "free" they may be as large as
    the data, see above.

    Parameters
    ----------
    L : array_like, (T, n_y, n_x)
        The impulse response at lags 0 … T-1, T ≥ 1.
    rank_tolerance : float, optional
        At least 0 and below 1; by default eps times the larger side of the Hankel matrix.
    beyond : "free" or "zero"
        Whether later lags may be anything, or must be zero.

    Raises
    ------
    ValueError
        When L does not have three axes, none of them empty, or has an entry that is not finite; when another
        argument is none of the above.

    Examples
    --------
    >>> found = ho_kalman([[[1.0]], [[0.5]], [[0.25]], [[0.125]]])
    >>> found.rank, np.round(found.A, 12)
    (1, array([[0.5]]))
    """
    given: Array = np.asarray(L, dtype=np.float64)
    _check(given, rank_tolerance, beyond)
    exponent = int(np.frexp(np.abs(given).max())[1])
    lags = np.asarray(np.ldexp(given, -exponent), dtype=np.float64)
    cut = _chosen(lags, rank_tolerance, beyond)
    _, n_y, n_x = lags.shape
    U = cut.U[:, : cut.rank]
    F, R = U.T @ cut.H[:, :n_x], U[:n_y]
    A: Array = U[:-n_y].T @ U[n_y:]
    if beyond == "free":
        A = np.asarray(np.linalg.lstsq(U[:-n_y], U[n_y:], rcond=None)[0], dtype=np.float64)
        R = _closer(R, A, F, lags)
    above = max(exponent - EXPONENT_OF_F, 0)
    return HoKalman(
        A=A,
        F=np.ldexp(F, exponent - above),
        R=np.ldexp(R, above),
        singular_values=cut.singular_values,
        rank=cut.rank,
        rank_tolerance=cut.tolerance,
        beyond=beyond,
        ambiguity=cut.ambiguity(),
    )


def _closer(R: Array, A: Array, F: Array, lags: Array) -> Array:
    """The R for which ``R A^j F`` is closest to the lags, or the given one where that is closer."""
    states, wanted = [F], np.concatenate(list(lags), axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in lags[1:]:
            states.append(A @ states[-1])
        powers = np.concatenate(states, axis=1)
        if not np.isfinite(powers).all():
            return R
        fitted: Array = np.linalg.lstsq(powers.T, wanted.T, rcond=None)[0].T
        return min(R, fitted, key=lambda R: float(np.abs(R @ powers - wanted).max()))


def _check(lags: Array, rank_tolerance: float | None, beyond: str) -> None:
    if lags.ndim != 3 or lags.size == 0:
        raise ValueError(f"impulse response: shape {lags.shape}, but it has three axes: lags, outputs, inputs")
    if not np.isfinite(lags).all():
        raise ValueError("impulse response: an entry is not finite")
    if rank_tolerance is not None and not 0 <= rank_tolerance < 1:
        raise ValueError(f"rank tolerance: {rank_tolerance} is not possible, it is at least 0 and below 1")
    if beyond not in {"free", "zero"}:
        raise ValueError(f'beyond: {beyond!r} is not possible, it is "free" or "zero"')


@dataclass(frozen=True, eq=False)
class _Cut:
    """A Hankel matrix, its left singular vectors, and where its singular values are cut."""

    H: Array
    U: Array
    singular_values: Array
    tolerance: float

    @property
    def rank(self) -> int:
        return self._above(self.tolerance)

    def ambiguity(self) -> Ambiguity | None:
        rounding = float(np.sqrt(max(self.H.shape))) * EPSILON
        finer, coarser = max(self.tolerance / DOUBT, min(self.tolerance, rounding)), self.tolerance * DOUBT
        fewest, most, rank = self._above(coarser), self._above(finer), self.rank
        if fewest == most:
            return None
        kept, dropped = np.append(self.singular_values, 0.0)[rank - 1 : rank + 1]
        return Ambiguity(fewest, most, float(kept), float(dropped), self.tolerance)

    def _above(self, tolerance: float) -> int:
        return int(np.sum(self.singular_values > tolerance))


def _chosen(lags: Array, rank_tolerance: float | None, beyond: str) -> _Cut:
    """The cut of the Hankel matrix with zeros, or of the one that is most likely to show all states.

    In the middle any RNN with up to T/2 states shows them all. More can only be seen where the inputs and outputs
    are in general position, and most of them if the sides of the matrix are about equal.
    """
    T, n_y, n_x = lags.shape
    if beyond == "zero":
        return _cut(np.concatenate([lags, np.zeros_like(lags[1:])]), T, rank_tolerance)
    middle = _cut(lags, T // 2 + 1, rank_tolerance)
    rows, columns = middle.H.shape
    if middle.rank < min(rows - n_y + 1, columns):
        return middle
    steps = round(T * n_x / (n_x + n_y))
    return _cut(lags, 1 + min(max(steps, 1), T - 1), rank_tolerance)


def _cut(lags: Array, r: int, rank_tolerance: float | None) -> _Cut:
    """The Hankel matrix with all the lags in r block rows."""
    s = len(lags) + 1 - r
    blocks = lags[np.add.outer(np.arange(r), np.arange(s))]
    H = blocks.transpose(0, 2, 1, 3).reshape(r * lags.shape[1], s * lags.shape[2])
    U, values, _ = np.linalg.svd(H, full_matrices=False)
    tolerance = max(H.shape) * EPSILON if rank_tolerance is None else rank_tolerance
    return _Cut(H, U, values / values[0] if values[0] > 0 else values, tolerance)
