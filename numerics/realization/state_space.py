"""Linear RNNs as the state-space systems of control theory, and back.

    x_{t+1} = A x_t + B u_t,    y_t = C x_t + D u_t,    L_0 = D,  L_j = C A^{j-1} B.

The output of the RNN (1) sees the input at once, that of ``x_t`` only through D. An RNN is the system with the
state ``x_t = h_{t-1}``, so that ``A = n^{-1/2} W``, ``B = F``, and C and D are ``n^{-1/2} C`` times these. A system is
an RNN of as many states exactly where ``X [A B] = [C D]`` has a solution, the new ``n^{-1/2} C``; otherwise the state
takes up ``u_t``, or ``y_t``, whichever is shorter.
"""

from __future__ import annotations

import importlib
import math
from fractions import Fraction
from functools import partial
from typing import Any, Final

import numpy as np

from numerics.realization.arithmetic import (
    Arithmetic,
    Array,
    Float,
    Rational,
    converted,
    exact,
    flint_matrix,
    unified,
)
from numerics.realization.errors import InaccurateRealizationError
from numerics.realization.residual import residual
from numerics.realization.rnn import LinearRNN, ShapeError

ACCEPTED: Final = (
    "scipy.signal's discrete-time systems, python-control's StateSpace and TransferFunction, and (A, B, C, D)"
)

Matrices = tuple[Array, Array, Array, Array]


class NoStateSpaceError(ValueError):
    """What is no linear system in discrete time; the message says why, and what would be."""


def to_dlti(rnn: LinearRNN, dt: float = 1.0, *, horizon: int | None = None, tolerance: float = 1e-9) -> Any:
    """An RNN as SciPy's discrete-time system.

    Parameters
    ----------
    rnn : LinearRNN
    dt : float
        The time step; True where it has no length.
    horizon : int, optional
        The lags that must survive the rounding to doubles; by default those that the RNN was realized for, else 2n,
        which decide all others. The check takes ``horizon · n²`` operations.
    tolerance : float
        The largest distance of any lag, relative to the largest lag; ``math.inf`` spares the check.

    Returns
    -------
    scipy.signal.dlti
        A StateSpace of n states; an RNN without states is a system without states, D = 0.

    Raises
    ------
    InaccurateRealizationError
        When the rounded system misses the tolerance.
    NumberError
        When a number is beyond double precision.
    ShapeError
        When there is no input or no output.
    ValueError
        For a time step, a horizon or a tolerance that is not possible.

    Examples
    --------
    >>> from scipy import signal
    >>> signal.dimpulse(to_dlti(LinearRNN([[0.5]], [[1.0]], [[2.0]])), n=3)[1][0].ravel().tolist()
    [2.0, 1.0, 0.5]
    """
    from scipy import signal

    step = _time_step(dt)
    return signal.StateSpace(*_in_doubles(rnn, horizon, tolerance), dt=step)


def to_control(rnn: LinearRNN, dt: float = 1.0, *, horizon: int | None = None, tolerance: float = 1e-9) -> Any:
    """An RNN as python-control's system.

    Parameters
    ----------
    rnn, dt, horizon, tolerance
        See ``to_dlti``.

    Returns
    -------
    control.StateSpace
        Of n states.

    Raises
    ------
    ImportError
        When python-control is not installed.
    InaccurateRealizationError, NumberError, ShapeError, ValueError
        See ``to_dlti``.
    """
    try:
        control = importlib.import_module("control")
    except ImportError:
        raise ImportError("to_control: install python-control (pip install control)") from None
    step = _time_step(dt)
    return control.StateSpace(*_in_doubles(rnn, horizon, tolerance), step, remove_useless_states=False)


def from_state_space(system: Any, *, tolerance: float = 1e-12) -> LinearRNN:
    """A system as an RNN.

    Parameters
    ----------
    system : dlti, StateSpace, TransferFunction, ZerosPolesGain, or (A, B, C, D)
        In discrete time: SciPy's, python-control's, or four arrays or nested lists, (n, n), (n, n_x), (n_y, n) and
        (n_y, n_x). Integers and fractions stay exact.
    tolerance : float
        Of floating-point numbers: how well ``X [A B] = [C D]`` must hold, for each output relative to the numbers
        that are added, and the impulse response that comes of it, for each output and input relative to the largest
        lag. With 0, and where it is missed, the RNN has more states, and is exact.

    Returns
    -------
    LinearRNN
        Of n states, or of ``n + min(n_x, n_y)``; rational where the system is.

    Raises
    ------
    NoStateSpaceError
        When it is no linear system in discrete time.
    ShapeError
        When the shapes do not fit together.
    NumberError
        Naming the position of an entry that is not a finite real number.

    Examples
    --------
    >>> fibonacci = from_state_space(([[1, 1], [1, 0]], [[1], [0]], [[1, 1]], [[1]]))
    >>> fibonacci.n, [int(L[0, 0]) for L in fibonacci.impulse_response(6)]
    (2, [1, 1, 2, 3, 5, 8])
    """
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance={tolerance!r}: from 0 to 1, 1 excluded")
    arithmetic, matrices = _read(system)
    X = _output_weights(arithmetic, matrices, tolerance)
    return _with_more_states(arithmetic, matrices) if X is None else LinearRNN(*matrices[:2], X)


def _in_doubles(rnn: LinearRNN, horizon: int | None, tolerance: float) -> Matrices:
    """A, B, C and D; refused where rounding spoils the impulse response."""
    if not rnn.inputs or not rnn.outputs:
        raise ShapeError(f"an RNN with n_x = {rnn.inputs} and n_y = {rnn.outputs}: a system needs at least one of each")
    if horizon is None:
        horizon = rnn.decisive_horizon
    if horizon < 1:
        raise ValueError(f"horizon={horizon!r}: at least 1")
    if not tolerance > 0:
        raise ValueError(f"tolerance={tolerance!r}: more than 0; math.inf spares the check")
    into, back = rnn.arithmetic.working, rnn.arithmetic.finished
    W, F, C = (into(array) for array in (rnn.scaled_W, rnn.F, rnn.scaled_C))
    weights = {"A": rnn.dense().scaled_W, "B": rnn.F, "C": back(C * W if rnn.is_diagonal else C @ W), "D": back(C @ F)}
    A, B, C, D = (converted(Float(), weights[name], name) for name in "ABCD")
    if tolerance < math.inf:
        rounded = _with_more_states(Float(), (A, B, C, D))
        far = residual(rounded, exact(rnn.impulse_response(horizon), "L"), tolerance).relative
        if not far <= tolerance:
            raise InaccurateRealizationError(
                f"rounded to doubles, the system reproduces the first {horizon} lags to {far:.2g} of the largest entry "
                f"only, the tolerance is {tolerance:.2g}: large weights cancel. Use realize(L, 'ho-kalman', "
                "arithmetic='float'), whose weights need not be rounded, or a larger tolerance",
                rounded,
            )
    return A, B, C, D


def _time_step(dt: Any) -> Any:
    if dt is True or (isinstance(dt, int | float) and dt is not False and 0 < dt < math.inf):
        return dt
    raise ValueError(f"dt={dt!r}: a positive number, or True where the time step has no length")


def _read(system: Any) -> tuple[Arithmetic, Matrices]:
    """A, B, C and D in one arithmetic."""
    given = [each if isinstance(each, list) else np.asarray(each) for each in _matrices(system)]
    arithmetic, (A, B, C, D) = unified(**dict(zip("ABCD", given, strict=True)))
    shapes = f"A {A.shape}, B {B.shape}, C {C.shape}, D {D.shape}"
    if D.ndim == 2:
        n, (n_y, n_x) = len(A) if A.ndim else 0, D.shape
        needed = ((n, n), (n, n_x), (n_y, n))
        # lists without numbers do not show their shape
        A, B, C = (
            each.reshape(shape) if each.size == math.prod(shape) == 0 else each
            for each, shape in zip((A, B, C), needed, strict=True)
        )
        if (A.shape, B.shape, C.shape) == needed:
            return arithmetic, (A, B, C, D)
    raise ShapeError(f"{shapes}: needed are (n, n), (n, n_x), (n_y, n), (n_y, n_x)")


def _matrices(system: Any) -> tuple[Any, ...]:
    from scipy import signal

    if isinstance(system, tuple | list):
        if len(system) != 4:
            raise NoStateSpaceError(
                f"{len(system)} matrices: needed are (A, B, C, D), or a transfer function, scipy.signal.dlti(b, a)"
            )
        return tuple(system)
    if isinstance(system, signal.lti) or _is_continuous(system):
        raise NoStateSpaceError(
            f"{type(system).__name__} in continuous time: an RNN needs discrete time; discretize it, "
            "see scipy.signal.cont2discrete (python-control: control.sample_system)"
        )
    try:
        system = _as_state_space(system, signal.dlti)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise NoStateSpaceError(f"{type(system).__name__} has no state space: {error}") from None
    if not all(hasattr(system, name) for name in "ABCD"):
        raise NoStateSpaceError(f"{type(system).__name__} is no linear system: allowed are {ACCEPTED}")
    return system.A, system.B, system.C, system.D


def _is_continuous(system: Any) -> bool:
    """As python-control tells it; an unspecified time step, None, may be discrete."""
    dt = getattr(system, "dt", None)
    return dt is not None and not isinstance(dt, str) and dt == 0


def _as_state_space(system: Any, discrete: type) -> Any:
    if isinstance(system, discrete):
        return system.to_ss()  # type: ignore[attr-defined]
    if type(system).__module__.split(".")[0] == "control" and not hasattr(system, "A"):
        return importlib.import_module("control").ss(system)
    return system


def _output_weights(arithmetic: Arithmetic, system: Matrices, tolerance: float) -> Array | None:
    """X such that X [A B] = [C D]; None where there is none, or none that can be relied on."""
    A, B, C, D = system
    M, R = np.concatenate([A, B], axis=1), np.concatenate([C, D], axis=1)
    if isinstance(arithmetic, Rational):
        return _solved(M, R)
    if not tolerance:
        return None
    if isinstance(arithmetic, Float):
        X = _least_squares(M, R, tolerance)
    else:
        solution = _solved(exact(M, "[A B]"), exact(R, "[C D]"))
        X = None if solution is None else arithmetic.array(solution)
    if X is None:
        return None
    lags = exact(_with_more_states(arithmetic, system).impulse_response(2 * len(A) + 2), "L")
    return X if residual(LinearRNN(A, B, X), lags, tolerance).relative <= tolerance else None


def _solved(M: Array, R: Array) -> Array | None:
    """X such that X M = R, exactly; 0 where it is free."""
    n, equations = M.shape
    augmented = np.concatenate([M, R]).T
    reduced, rank = flint_matrix(augmented).rref()
    rows = np.array(reduced.entries(), dtype=object).reshape(equations, n + len(R))[:rank]
    X = np.full((len(R), n), Fraction(0), dtype=object)
    for row in rows:
        pivot = next(place for place, entry in enumerate(row) if entry != 0)
        if pivot >= n:
            return None
        X[:, pivot] = Rational().finished(row[n:])
    return X


def _least_squares(M: Array, R: Array, tolerance: float) -> Array | None:
    """X such that X M = R, but for rounding errors; equations and unknowns are brought to comparable sizes first."""
    states, equations = np.ones((len(M), 1)), np.ones(M.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(3):
            states /= _power_of_two(M * states * equations, axis=1)[:, None]
            equations /= _power_of_two(M * states * equations, axis=0)
        scaled = R * equations
        if not (np.isfinite(scaled).all() and np.isfinite(states).all()):
            return None
        X = np.linalg.lstsq((M * states * equations).T, scaled.T, rcond=None)[0].T * states.T
        errors = np.abs(X @ M - R) * equations
        sizes = (np.abs(X) @ np.abs(M) + np.abs(R)) * equations
        holds = errors.max(axis=1, initial=0.0) <= tolerance * sizes.max(axis=1, initial=0.0)
        return X if np.isfinite(X).all() and holds.all() else None


def _power_of_two(array: Array, axis: int) -> Array:
    """Of the size of the largest number; 1 where all are 0."""
    largest = np.abs(array).max(axis=axis, initial=0.0)
    return np.asarray(np.where(largest > 0, 2.0 ** np.ceil(np.log2(largest)), 1.0))


def _with_more_states(arithmetic: Arithmetic, system: Matrices) -> LinearRNN:
    """The state (x_t, u_t) or (x_{t+1}, y_t): without any rounding."""
    A, B, C, D = system
    n, (n_y, n_x) = len(A), D.shape
    more = min(n_x, n_y)

    def plain(array: Array) -> Array:
        return arithmetic.array(exact(array, "")).reshape(array.shape)

    one, zero = plain(np.eye(more, dtype=int)), partial(np.zeros, dtype=int)
    if n_x <= n_y:
        W = np.block([[A, B], [plain(zero((more, n))), plain(zero((more, more)))]])
        return LinearRNN(W, np.concatenate([plain(zero((n, n_x))), one]), np.concatenate([C, D], axis=1))
    W = np.block([[A, plain(zero((n, more)))], [C, plain(zero((more, more)))]])
    return LinearRNN(W, np.concatenate([B, D]), np.concatenate([plain(zero((n_y, n))), one], axis=1))
