"""The two methods of ``realize``: each gives an RNN with its certificate, whatever its quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, inf, log2
from typing import Any, Final

import numpy as np

from numerics.realization import vandermonde
from numerics.realization.arithmetic import (
    Arbitrary,
    Arithmetic,
    Array,
    Float,
    NumberError,
    Rational,
    bits_of,
    exact,
    zeros,
)
from numerics.realization.certificate import certified
from numerics.realization.ho_kalman import ho_kalman
from numerics.realization.nodes import choose, condition_number, leja_order, nearest, remarks_about
from numerics.realization.partial_realization import extended_by_zeros, fewest_states
from numerics.realization.residual import entry_scales, residual_as_run
from numerics.realization.rnn import LinearRNN

GUARD_BITS: Final = 32
BEYOND_DOUBLES: Final = 1024
"""Bits to start with where the condition number is beyond double precision."""


def by_nodes(target: Array, nodes: str | Sequence[Any] | Array, arithmetic: str, tolerance: float) -> LinearRNN:
    """The Vandermonde realization (33)–(35).

    Parameters
    ----------
    target : array of Fraction, (T, n_y, n_x)
    nodes : str or sequence of T numbers
    arithmetic : str
        ``"rational"``, ``"arbitrary"`` or ``"float"``.
    tolerance : float
        Decides the precision of ``"arbitrary"``.

    Raises
    ------
    NumberError
        When there are no weights in doubles.
    """
    chosen = choose(nodes, len(target))
    condition = condition_number(chosen)
    facts: dict[str, Any] = {"nodes": chosen, "condition_number": condition, "remarks": remarks_about(chosen)}
    bits = _bits(target, chosen, condition, tolerance)
    kinds: dict[str, Arithmetic] = {"rational": Rational(), "float": Float(), "arbitrary": Arbitrary(bits)}
    while True:
        rnn = blocks(target, chosen, kinds[arithmetic])
        certificate = certified(rnn, target, "vandermonde", tolerance, **facts)
        if certificate.holds or arithmetic != "arbitrary":
            return replace(rnn, certificate=certificate)
        bits += bits // 2
        kinds["arbitrary"] = Arbitrary(bits)


def blocks(target: Array, nodes: Array, arithmetic: Arithmetic) -> LinearRNN:
    """One block of T states for each pair of an output and an input: driven by the one, read by the other.

    Parameters
    ----------
    target : array of Fraction, (T, n_y, n_x)
    nodes : array of Fraction, (T,)
    arithmetic : Arithmetic
        What (35) is solved in.

    Raises
    ------
    NumberError
        When the system overflows in double precision.
    """
    horizon, outputs, inputs = target.shape
    order = leja_order(nodes)  # the solution does not depend on it, its rounding errors do
    points = arithmetic.array(nodes)
    weights = arithmetic.working(arithmetic.array(target.reshape(horizon, -1)))
    with np.errstate(all="ignore"):
        weights[order] = vandermonde.solve(arithmetic.working(points)[order], weights)
    weights = arithmetic.finished(weights)
    if isinstance(arithmetic, Float) and not np.isfinite(weights).all():
        raise NumberError(
            "with these nodes and entries, the system (35) overflows in double precision, or some nodes are equal in "
            "it. Use arithmetic='arbitrary' (certified to the tolerance), arithmetic='rational' (exact), or, for "
            "weights in doubles, method='ho-kalman'"
        )
    pairs = outputs * inputs
    F = zeros(arithmetic, (pairs, horizon, inputs))
    C = zeros(arithmetic, (outputs, pairs, horizon))
    one = arithmetic.array(exact([1], "1"))[0]
    for pair in range(pairs):
        row, column = divmod(pair, inputs)
        F[pair, :, column] = one
        C[row, pair] = weights[:, pair]
    return LinearRNN(np.tile(points, pairs), F.reshape(-1, inputs), C.reshape(outputs, -1))


def _bits(target: Array, nodes: Array, condition: float, tolerance: float) -> int:
    """A first guess of the precision: what the system, the tolerance and the range of the entries cost."""
    scales = entry_scales(target).ravel()
    reach = max(scales) / min(scales)
    gap = nearest(nodes)
    distinct = -bits_of(gap[0]) if gap else 0  # bits in which they differ
    lost = max(distinct, BEYOND_DOUBLES if condition == inf else ceil(log2(condition)))
    return GUARD_BITS + lost + ceil(-log2(tolerance)) + bits_of(reach) + len(target).bit_length()


def by_exact_rank(target: Array, beyond: str) -> LinearRNN:
    """The fewest states, over the rationals.

    Parameters
    ----------
    target : array of Fraction, (T, n_y, n_x)
    beyond : str
        ``"free"`` or ``"zero"``.
    """
    rnn = LinearRNN(*fewest_states(target if beyond == "free" else extended_by_zeros(target)))
    return replace(rnn, certificate=certified(rnn, target, "ho-kalman", 0.0, beyond=beyond))


def by_singular_values(target: Array, beyond: str, rank_tolerance: float | None, tolerance: float) -> LinearRNN:
    """Ho and Kalman's method in doubles; lags beyond T are 0 where no recurrence fits within T.

    Parameters
    ----------
    target : array of Fraction, (T, n_y, n_x)
    beyond : str
        ``"free"`` or ``"zero"``.
    rank_tolerance : float or None
    tolerance : float
        Decides whether a recurrence fits.
    """
    found = ho_kalman(Float().array(target), rank_tolerance=rank_tolerance, beyond=beyond)
    rnn = LinearRNN(found.A, found.F, found.R)
    if beyond == "free" and residual_as_run(rnn, target).relative > tolerance:
        return _continued_by_zeros(target, rank_tolerance, tolerance)
    remarks = (str(found.ambiguity),) if found.ambiguity else ()
    certificate = certified(rnn, target, "ho-kalman", tolerance, ranks=found, beyond=beyond, remarks=remarks)
    if beyond == "free" and not certificate.holds:
        return _continued_by_zeros(target, rank_tolerance, tolerance)
    return replace(rnn, certificate=certificate)


def _continued_by_zeros(target: Array, rank_tolerance: float | None, tolerance: float) -> LinearRNN:
    rnn = by_singular_values(target, "zero", rank_tolerance, tolerance)
    certificate = rnn.certificate
    assert certificate is not None  # for the type checker
    remark = "no recurrence fits within the lags given: the lags beyond are taken to be 0"
    return replace(rnn, certificate=replace(certificate, remarks=(*certificate.remarks, remark)))
