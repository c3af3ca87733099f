"""Laws of part (b) in floating point: what a certificate promises is compared with the exact distance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from math import inf
from typing import Any, Final, TypeAlias

import numpy as np

from numerics.realization import InaccurateRealizationError
from numerics.realization.arithmetic import Array
from numerics.realization.residual import Residual
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import impulse_responses, lengths, networks, nodes, one_of, powers
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

SLACK: Final = Fraction(1, 256)
"""Certified bounds are promised to be tight to 0.1 %, or of the tolerance."""


Distance: TypeAlias = tuple[Fraction | float, Fraction | float]
"""Relative to the largest entry, and to each."""


def _distance(found: Array, wanted: Array) -> Distance:
    """The largest distance; infinite after an overflow."""
    if found.dtype == float and not np.isfinite(found).all():
        return inf, inf
    pairs = [(by_hand.rational(one), other) for one, other in zip(found.ravel(), wanted.ravel(), strict=True)]
    sizes = [abs(other) for _, other in pairs]
    largest, smallest = max(sizes) or Fraction(1), min(filter(None, sizes), default=Fraction(1))
    return (
        max(abs(one - other) for one, other in pairs) / largest,
        max(abs(one - other) / (abs(other) or smallest) for one, other in pairs),
    )


def _below(name: str, bound: Residual, truth: Distance) -> str:
    for word, said, true in zip(("relative", "entry by entry"), (bound.relative, bound.entrywise), truth, strict=True):
        if said < true:
            return f"{name} is said to be at most {said:.3g} ({word}), it is {float(true):.3g}"
    return ""


def _precise(machine: Machine, L: Array, nodes: Array, tolerance: float) -> str:
    _, far = _distance(by_hand.lags(machine.precise(L, nodes, tolerance), len(L)), L)
    return "" if far <= Fraction(tolerance) else f"an entry is {float(far):.3g} of its size off"


def _precise_certificate(machine: Machine, L: Array, nodes: Array, tolerance: float) -> str:
    rnn = machine.precise(L, nodes, tolerance)
    assert rnn.certificate is not None
    return _below("the residual", rnn.certificate.residual, _distance(by_hand.lags(rnn, len(L)), L))


def _any_size(machine: Machine, L: Array, nodes: Array, powers: Sequence[int], tolerance: float) -> str:
    lags = np.array([lag * Fraction(10) ** power for lag, power in zip(L, powers, strict=True)])
    return _precise(machine, lags, nodes, tolerance) or _precise_certificate(machine, lags, nodes, tolerance)


def _tight(machine: Machine, L: Array, nodes: Array, tolerance: float) -> str:
    rnn = machine.precise(L, nodes, tolerance)
    assert rnn.certificate is not None
    said = rnn.certificate.residual.entrywise
    _, true = _distance(by_hand.lags(rnn, len(L)), L)
    loose = said > true + SLACK * max(true, Fraction(tolerance))
    return f"the residual is said to be {said:.3g}, it is {float(true):.3g}" if loose else ""


def _judged(realize: Callable[[], LinearRNN]) -> tuple[LinearRNN, bool]:
    """An RNN, and whether it was refused."""
    try:
        return realize(), False
    except InaccurateRealizationError as error:
        return error.rnn, True


def _accurate(machine: Machine, L: Array, tolerance: float, realize: Callable[[], LinearRNN]) -> str:
    """Accepted means: within the tolerance, as it is and as it runs."""
    rnn, refused = _judged(realize)
    far = max(_truth(machine, rnn, L))
    if not refused and far > Fraction(tolerance):
        return f"accepted, it is {float(far):.3g} of the largest entry off"
    if refused and far < Fraction(tolerance) * (1 - SLACK):
        return f"refused, it is {float(far):.3g} of the largest entry off"
    return ""


def _truth(machine: Machine, rnn: LinearRNN, L: Array) -> Distance:
    """How far it is off, as it is and as it runs."""
    return _distance(by_hand.lags(rnn, len(L)), L)[0], _distance(machine.response(rnn, len(L)), L)[0]


def _certificate(machine: Machine, L: Array, realize: Callable[[], LinearRNN]) -> str:
    certificate = (rnn := _judged(realize)[0]).certificate
    assert certificate is not None
    assert certificate.as_run is not None
    return _below("the residual", certificate.residual, _distance(by_hand.lags(rnn, len(L)), L)) or _below(
        "the residual as run", certificate.as_run, _distance(machine.response(rnn, len(L)), L)
    )


def _doubles(machine: Machine, L: Array, nodes: Array, tolerance: float) -> str:
    return _accurate(machine, L, tolerance, partial(machine.doubles, L, nodes, tolerance))


def _doubles_certificate(machine: Machine, L: Array, nodes: Array, tolerance: float) -> str:
    return _certificate(machine, L, partial(machine.doubles, L, nodes, tolerance))


def _singular(machine: Machine, L: Array, tolerance: float) -> str:
    return _accurate(machine, L, tolerance, partial(machine.singular, L, tolerance))


def _singular_certificate(machine: Machine, L: Array, tolerance: float) -> str:
    return _certificate(machine, L, partial(machine.singular, L, tolerance))


def _rounded(machine: Machine, rnn: LinearRNN, T: int, tolerance: float) -> str:
    L = by_hand.lags(rnn, T)
    found, refused = _judged(partial(machine.rounded, rnn, T, tolerance))
    for name, one, other in zip("WFC", *map(by_hand.scaled_weights, (found, rnn)), strict=True):
        nearest = [Fraction(float(value)) for value in other.ravel()]
        if wrong := difference(name, [by_hand.rational(value) for value in one.ravel()], nearest):
            return wrong
    far = max(_truth(machine, found, L))
    return f"accepted, it is {float(far):.3g} off" if not refused and far > Fraction(tolerance) else ""


TOLERANCES: Final = one_of(1e-6, 1e-12, 1e-16)

TARGET: Final[dict[str, Any]] = {"L": impulse_responses(4), "nodes": nodes}

PRECISE: Final = law(
    "arbitrary precision",
    "b",
    "every entry of L is reproduced to the tolerance, relative to its size",
    _precise,
    **TARGET,
    tolerance=one_of(1e-6, 1e-12, 1e-100),
)
PRECISE_CERTIFICATE: Final = law(
    "certificate, arbitrary",
    "b",
    "the residual that is certified is never below the exact one",
    _precise_certificate,
    **TARGET,
    tolerance=one_of(1e-6, 1e-12, 1e-100),
)
ANY_SIZE: Final = law(
    "numbers of any size",
    "b",
    "entries from 1e-300 to 1e300 are reproduced, and certified, relative to their size",
    _any_size,
    L=impulse_responses(3),
    nodes=nodes,
    powers=powers,
    tolerance=one_of(1e-6, 1e-12),
)
TIGHT: Final = law(
    "certificate is tight",
    "b",
    "it is above the exact one by at most 0.4 % of it, or of the tolerance",
    _tight,
    **TARGET,
    tolerance=one_of(1e-6, 1e-12, 1e-100),
)
DOUBLES: Final = law(
    "doubles are judged",
    "b",
    "weights in doubles are accepted where they reproduce L to the tolerance, and refused where not",
    _doubles,
    **TARGET,
    tolerance=TOLERANCES,
)
DOUBLES_CERTIFICATE: Final = law(
    "certificate, doubles",
    "b",
    "the residual, and that of a run, is never below the exact one",
    _doubles_certificate,
    **TARGET,
    tolerance=TOLERANCES,
)
SINGULAR: Final = law(
    "Ho and Kalman are judged",
    "b",
    "weights in doubles are accepted where they reproduce L to the tolerance, and refused where not",
    _singular,
    L=impulse_responses(),
    tolerance=TOLERANCES,
)
SINGULAR_CERTIFICATE: Final = law(
    "certificate, Ho and Kalman",
    "b",
    "the residual, and that of a run, is never below the exact one",
    _singular_certificate,
    L=impulse_responses(),
    tolerance=TOLERANCES,
)
ROUNDED: Final = law(
    "rounded to doubles",
    "b",
    "the weights are the nearest doubles, and refused where they miss the tolerance",
    _rounded,
    rnn=networks(),
    T=lengths(1, 4),
    tolerance=TOLERANCES,
)

FLOATING_LAWS: Final[tuple[Law[Machine, Example], ...]] = (
    PRECISE,
    PRECISE_CERTIFICATE,
    ANY_SIZE,
    TIGHT,
    DOUBLES,
    DOUBLES_CERTIFICATE,
    SINGULAR,
    SINGULAR_CERTIFICATE,
    ROUNDED,
)
