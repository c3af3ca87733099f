"""Proposition 2.1(b), made useful: from an impulse response to the weights of a linear RNN.

Two methods. *Vandermonde* is the proof of the proposition: a diagonal W with chosen eigenvalues, the nodes, and
output weights that solve the linear system (35); one block of T states for each pair of an output and an input.
Its condition number grows exponentially with T, so that it is solved in exact or in sufficiently precise
arithmetic; in doubles the outcome is judged, and refused where it is wrong. *Ho–Kalman* needs the fewest
states (Ho and Kalman, 1966; Tether, 1970), exactly over the rationals, and in doubles by a singular value
decomposition, which is the realization to use where an RNN runs in doubles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from numerics.realization.arithmetic import Array, as_array, as_double, exact, is_exact
from numerics.realization.certificate import Certificate
from numerics.realization.errors import InaccurateRealizationError
from numerics.realization.ho_kalman import EPSILON
from numerics.realization.methods import by_exact_rank, by_nodes, by_singular_values
from numerics.realization.rnn import LinearRNN, ShapeError

METHODS: Final = ("vandermonde", "ho-kalman")
ARITHMETICS: Final = ("auto", "rational", "arbitrary", "float")
BEYOND: Final = ("free", "zero")
TOLERANCE: Final = 1e-12


def realize(
    L: Any,
    method: str = "vandermonde",
    *,
    nodes: str | Sequence[Any] | Array | None = None,
    arithmetic: str = "auto",
    tolerance: float | None = None,
    beyond: str | None = None,
    rank_tolerance: float | None = None,
    refuse: bool = True,
) -> LinearRNN:
    """A linear RNN with a given impulse response, Proposition 2.1(b).

    Parameters
    ----------
    L : array_like, (T, n_y, n_x), or (T,) for one input and one output
        L_0 … L_{T-1}: integers of any size, ``Fraction``, floats, or mpmath numbers. All are read exactly.
    method : str
        ``"vandermonde"``: T n_x n_y states, W diagonal; ``"ho-kalman"``: the fewest states.
    nodes : str or sequence of T numbers, optional
        The eigenvalues of n^{-1/2} W: ``"chebyshev"`` (the default), ``"leja"``, ``"uniform"``, or distinct
        numbers other than 0. For Vandermonde only.
    arithmetic : str
        ``"rational"``: exact; ``"arbitrary"``: floating point, of the precision that the tolerance needs;
        ``"float"``: doubles. ``"auto"`` is rational for integers and fractions; for floats it is arbitrary with
        Vandermonde, and float with Ho and Kalman's method.
    tolerance : float
        The largest relative residual: of each entry with arbitrary precision, where that of a 0 is relative to the
        smallest other entry; relative to the largest entry, and as run, in doubles. Exact weights have none. By
        default 1e-12, or the ``rank_tolerance`` that is given.
    beyond : str, optional
        What holds from lag T on, for Ho and Kalman's method: ``"free"`` (the default; nothing, so that the fewest
        states suffice) or ``"zero"``. In doubles, free lags are found only where a recurrence fits within
        the T lags; otherwise they are 0, and a remark says so.
    rank_tolerance : float, optional
        Singular values below it, relative to the largest, count as 0; for Ho and Kalman's method in doubles.
    refuse : bool
        Whether weights that miss the tolerance are an error.

    Returns
    -------
    LinearRNN
        Its ``certificate`` says how good it is.

    Raises
    ------
    InaccurateRealizationError
        When the tolerance is missed.
    NumberError
        Naming the position of an entry that is not a finite real number.
    NodeError
        For nodes that are equal, zero, or not T.
    ShapeError
        When L is no impulse response.
    ValueError
        For options that are unknown, or do not go together.

    Examples
    --------
    >>> rnn = realize([1, 1, 2, 3, 5, 8], "ho-kalman")
    >>> rnn.n, [int(L[0, 0]) for L in rnn.impulse_response(8)]
    (2, [1, 1, 2, 3, 5, 8, 13, 21])
    """
    target = read_response(L)
    rank_tolerance = None if rank_tolerance is None else as_double(rank_tolerance, "rank_tolerance")
    default = max(TOLERANCE, rank_tolerance or 0.0)
    tolerance = default if tolerance is None else as_double(tolerance, "tolerance")
    if arithmetic == "auto":
        inexact = "float" if method == "ho-kalman" else "arbitrary"
        arithmetic = "rational" if is_exact(L) else inexact
    _check_options(method, arithmetic, tolerance, beyond, nodes=nodes, rank_tolerance=rank_tolerance)
    if method == "vandermonde":
        rnn = by_nodes(target, "chebyshev" if nodes is None else nodes, arithmetic, tolerance)
    elif arithmetic == "rational":
        rnn = by_exact_rank(target, beyond or "free")
    else:
        rnn = by_singular_values(target, beyond or "free", rank_tolerance, tolerance)
    assert rnn.certificate is not None  # for the type checker
    if refuse and not rnn.certificate.holds:
        raise InaccurateRealizationError(_why(rnn.certificate), rnn)
    return rnn


def read_response(L: Any) -> Array:
    """An impulse response, exactly.

    Parameters
    ----------
    L : array_like, (T, n_y, n_x) or (T,)

    Returns
    -------
    array of Fraction, (T, n_y, n_x)

    Raises
    ------
    NumberError
        Naming the position of an entry that is not a finite real number.
    ShapeError
        For another number of dimensions, or when there is no entry.
    """
    array = exact(as_array(L, "L"), "L")
    if array.ndim not in (1, 3):
        raise ShapeError(f"L has shape {array.shape}: needed is (T, n_y, n_x), or (T,) for one input and one output")
    if not array.size:
        raise ShapeError(f"L has shape {array.shape}: at least one lag, one output and one input are needed")
    return array[:, None, None] if array.ndim == 1 else array


def _check_options(
    method: str, arithmetic: str, tolerance: float, beyond: str | None, *, nodes: Any, rank_tolerance: float | None
) -> None:
    for name, value, allowed in (
        ("method", method, METHODS),
        ("arithmetic", arithmetic, ARITHMETICS),
        ("beyond", beyond, (None, *BEYOND)),
    ):
        if value not in allowed:
            raise ValueError(f"{name}={value!r}: allowed are {', '.join(repr(each) for each in allowed if each)}")
    by_rank = method == "ho-kalman"
    possible = 0 < tolerance < 1
    complaints = {
        f"rank_tolerance={rank_tolerance!r}: from 0 to 1, 1 excluded": not 0 <= (rank_tolerance or 0.0) < 1,
        f"tolerance={tolerance!r}: between 0 and 1, both excluded; arithmetic='rational' is exact": not possible,
        f"beyond={beyond!r}: an option of method='ho-kalman'; with 'vandermonde' nodes decide what follows lag T - 1": (
            beyond is not None and not by_rank
        ),
        "rank_tolerance: an option of method='ho-kalman' in doubles; elsewhere there is no rank to be cut": (
            rank_tolerance is not None and (not by_rank or arithmetic == "rational")
        ),
        "nodes: an option of method='vandermonde'; Ho and Kalman's method finds its own eigenvalues": (
            nodes is not None and by_rank
        ),
        "arithmetic='arbitrary': for method='vandermonde'; with 'ho-kalman' it is 'rational' or 'float'": (
            by_rank and arithmetic == "arbitrary"
        ),
    }
    for complaint, applies in complaints.items():
        if applies:
            raise ValueError(complaint)


def _why(certificate: Certificate) -> str:
    """Why a realization in doubles is refused, and what to do."""
    missed = (
        f"the impulse response of the weights is off by {certificate.accuracy:.2g} times the largest entry of L, the "
        f"tolerance is {certificate.tolerance:.2g}"
    )
    if certificate.condition_number is None:
        return f"{missed}. Use a larger tolerance, a smaller rank_tolerance, or arithmetic='rational' (exact)"
    reason = f"the Vandermonde matrix has the condition number {certificate.condition}, and"
    if certificate.condition_number * EPSILON < certificate.tolerance:
        reason = "numbers so small, or so different, lose digits, where"
    return (
        f"{missed}: {reason} double precision carries 16 digits. Use arithmetic='arbitrary' (certified to the "
        "tolerance), arithmetic='rational' (exact), or, for weights in doubles, method='ho-kalman'"
    )
