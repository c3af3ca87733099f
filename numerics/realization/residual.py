"""How far the impulse response of an RNN is from a wanted one: certified, not estimated.

Rational weights are run exactly. Floating-point weights of any precision are binary fractions; their impulse
response is enclosed in balls (Arb), whose precision is doubled until the enclosure is tight. Running in doubles
adds rounding errors of its own, which are measured, exactly too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from flint import arb, arb_mat

from numerics.realization.arithmetic import Array, Float, Rational, ball, bits_of, entrywise, exact, precision
from numerics.realization.rnn import LinearRNN

TIGHT: Final = 2.0**-10
"""A ball is tight when its radius is this share of its distance to the wanted value, or of the tolerance."""

SPARE_BITS: Final = 64
"""Beyond what rounding errors are expected to cost."""


@dataclass(frozen=True)
class Residual:
    """The distance between two impulse responses; upper bounds, tight to 0.1 %, or exact.

    Attributes
    ----------
    relative : float
        ``max |L̂ - L| / max |L|``; 0 where both vanish.
    entrywise : float
        ``max |L̂ - L| / |L|``, entry by entry; where an entry of L is 0, relative to the smallest other one.
    worst : (int, int, int)
        Lag, output and input where ``entrywise`` is reached.
    """

    relative: float
    entrywise: float
    worst: tuple[int, int, int]


def residual(rnn: LinearRNN, target: Array, tolerance: float) -> Residual:
    """Certify an RNN.

    Parameters
    ----------
    rnn : LinearRNN
    target : array of Fraction, (T, n_y, n_x)
    tolerance : float
        Distances below it need not be resolved further.
    """
    if isinstance(rnn.arithmetic, Rational):
        return _exact_residual(_exact_lags(rnn, len(target)), target)
    sizes = entry_scales(target)
    scales, wanted = (Rational().working(array) for array in (sizes, target))
    W, F, C = (exact(array, "weights") for array in (rnn.scaled_W, rnn.F, rnn.scaled_C))
    needed = min(sizes.ravel(), default=Fraction(1)) * Fraction(tolerance)
    bits = SPARE_BITS + max(0, _reach(W, F, C, len(target)) - _exponent(needed))
    while True:
        with precision(bits):
            distances = np.abs(_enclosed(W, F, C, len(target)) - wanted)
            shares: Array = distances / scales
            if all(_is_tight(share, tolerance) for share in shares.ravel()):
                return _summary(distances, shares, target)
        bits *= 2


def _exact_lags(rnn: LinearRNN, horizon: int) -> Array:
    """L_0 … L_{T-1} of exact weights; of dense ones as ``(R A^i)(A^k F)``, whose fractions are half as long."""
    if rnn.is_diagonal or not rnn.n:
        return rnn.impulse_response(horizon)
    A, F, R = (rnn.arithmetic.working(array) for array in (rnn.scaled_W, rnn.F, rnn.scaled_C))
    rows, columns = [R], [F]
    middle = round(horizon * rnn.inputs / (rnn.inputs + rnn.outputs))  # both sides take as many operations
    for _ in range(middle):
        rows.append(rows[-1] @ A)
    for _ in range(horizon - 1 - middle):
        columns.append(A @ columns[-1])
    places = [min(lag, middle) for lag in range(horizon)]
    lags = [rows[place] @ columns[lag - place] for lag, place in enumerate(places)]
    return rnn.arithmetic.finished(np.array(lags, dtype=object))


def residual_as_run(rnn: LinearRNN, target: Array) -> Residual:
    """How far what the RNN puts out in doubles is from the target, rounding errors included.

    Parameters
    ----------
    rnn : LinearRNN
        Of doubles.
    target : array of Fraction, (T, n_y, n_x)
    """
    assert isinstance(rnn.arithmetic, Float)
    with np.errstate(all="ignore"):
        found = rnn.impulse_response(len(target))
    if not np.isfinite(found).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(found))[0])
        return Residual(np.inf, np.inf, place)  # type: ignore[arg-type]
    return _exact_residual(exact(found, "L"), target)


def _exact_residual(found: Array, target: Array) -> Residual:
    distances = np.abs(found - target)
    return _summary(distances, distances / entry_scales(target), target)


def entry_scales(target: Array) -> Array:
    """What the error of each entry is measured by: its size, where it is 0 the smallest other size, else 1."""
    sizes: Array = np.abs(target)
    smallest = min((size for size in sizes.ravel() if size), default=Fraction(1))
    sizes[sizes == 0] = smallest
    return sizes


def _summary(distances: Array, shares: Array, target: Array) -> Residual:
    if not target.size:
        return Residual(0.0, 0.0, (0, 0, 0))
    largest = max(np.abs(target).ravel()) or Fraction(1)
    bounds = entrywise(_upper, shares)
    worst = max(np.ndindex(target.shape), key=lambda place: bounds[place])
    far = max(entrywise(_upper, distances).ravel())
    return Residual(_above(far / largest), _above(bounds[worst]), worst)  # type: ignore[arg-type]


def _enclosed(W: Array, F: Array, C: Array, horizon: int) -> Array:
    """Balls around L_0 … L_{T-1} of the weights as they are."""
    W, state, C = (entrywise(ball, array) for array in (W, F, C))
    found = np.array([arb(0)] * (horizon * len(C) * F.shape[1]), dtype=object).reshape(horizon, len(C), F.shape[1])
    if len(W):
        for lag, each in enumerate(_states(W, state, horizon)):
            found[lag] = C @ each
    return found


def _reach(W: Array, F: Array, C: Array, horizon: int) -> int:
    """The power of 2 above the largest sum ``|C| |W|^j |F|``: what is added up before anything cancels; an estimate."""
    (matrix, step), (state, size), (exit_, last) = (_scaled(array) for array in (W, F, C))
    largest = size + last
    for _ in range(horizon):
        sums = exit_ @ state
        if not sums.any():
            break
        largest = max(largest, size + last + int(np.frexp(sums.max())[1]))
        state = matrix[:, None] * state if matrix.ndim == 1 else matrix @ state
        shift = int(np.frexp(state.max())[1])
        state, size = np.ldexp(state, -shift), size + step + shift
    return largest


def _scaled(array: Array) -> tuple[Array, int]:
    """Absolute values as doubles up to 1, and the power of 2 to multiply them by."""
    exponent = max((_exponent(value) for value in array.ravel() if value), default=0)
    unit = Fraction(2) ** -exponent
    return np.array([float(abs(value) * unit) for value in array.ravel()]).reshape(array.shape), exponent


def _exponent(value: Fraction) -> int:
    """The power of 2 that bounds a number's size."""
    return bits_of(value) + 1


def _states(W: Array, state: Array, horizon: int) -> Iterator[Array]:
    """``(n^{-1/2} W)^j F`` for every lag."""
    if W.ndim == 1:
        for _ in range(horizon):
            yield state
            state = W[:, None] * state
        return
    matrix, vector = arb_mat(W.tolist()), arb_mat(state.tolist())
    for _ in range(horizon):
        yield np.array(vector.tolist(), dtype=object)
        vector = matrix * vector


def _is_tight(share: arb, tolerance: float) -> bool:
    if not share.is_finite():
        return False
    return bool(share.rad() <= TIGHT * max(share.mid(), arb(min(tolerance, 1.0))))


def _upper(value: Fraction | arb) -> Fraction:
    """The upper end of a ball; a fraction is itself."""
    if isinstance(value, Fraction):
        return value
    mantissa, exponent = value.upper().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _above(value: Fraction) -> float:
    """A double that is not below."""
    try:
        near = float(value)
    except OverflowError:
        return float("inf")
    return near if near >= value else math.nextafter(near, math.inf)
