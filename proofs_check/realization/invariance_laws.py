"""Laws of part (a): what leaves the impulse response as it is, and what is undone by going back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isqrt
from typing import Any, Final

import numpy as np
from flint import fmpq

from numerics.realization.arithmetic import Arbitrary, Arithmetic, Array, Float, Rational
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import (
    coordinates,
    direct_paths,
    dyadic_responses,
    lengths,
    networks,
    nodes,
    one_of,
    orders,
)
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

BITS: Final = 100


def same_lags(found: LinearRNN, rnn: LinearRNN) -> str:
    """Whether two RNNs have the same impulse response: its first lags decide the others."""
    horizon = 2 * rnn.n + 1
    return difference("L", by_hand.lags(found, horizon), by_hand.lags(rnn, horizon))


def _same_weights(found: LinearRNN, rnn: LinearRNN) -> str:
    pairs = ((found.scaled_W, rnn.scaled_W), (found.F, rnn.F), (found.scaled_C, rnn.scaled_C))
    return next((wrong for name, pair in zip(NAMES, pairs, strict=True) if (wrong := difference(name, *pair))), "")


NAMES: Final = ("W/√n", "F", "C/√n")


def _similar(machine: Machine, rnn: LinearRNN, S: Array) -> str:
    return same_lags(machine.similar(rnn, S), rnn)


def _similar_undone(machine: Machine, rnn: LinearRNN, S: Array) -> str:
    found = machine.similar(machine.similar(rnn, S), by_hand.inverse(S))
    dense = LinearRNN(by_hand.product(rnn.scaled_W), rnn.F, rnn.scaled_C)
    return _same_weights(found, dense)


def _coordinates(machine: Machine, rnn: LinearRNN, S: Array) -> str:
    """S times the old states are the new ones."""
    found, product = machine.similar(rnn, S), by_hand.product
    return difference("W S", product(found.scaled_W, S), product(S, rnn.scaled_W)) or difference(
        "F", found.F, product(S, rnn.F)
    )


def _permuted(machine: Machine, rnn: LinearRNN, order: Sequence[int]) -> str:
    found = machine.permuted(rnn, order)
    if wrong := same_lags(found, rnn):
        return wrong
    return difference("F", found.F, [rnn.F[place] for place in order])


def _idle(machine: Machine, rnn: LinearRNN, more: int) -> str:
    found = machine.padded(rnn, rnn.n + more)
    return difference("n", found.n, rnn.n + more) or same_lags(found, rnn)


def _square(machine: Machine, rnn: LinearRNN) -> str:
    found = machine.padded(rnn, None)
    root = isqrt(found.n)
    if root**2 != found.n or not (root - 1) ** 2 < rnn.n <= found.n:
        return f"{found.n} states, padded from {rnn.n}"
    return same_lags(found, rnn)


def _dense(machine: Machine, rnn: LinearRNN) -> str:
    found = machine.dense(rnn)
    if found.is_diagonal:
        return "W is kept as a diagonal"
    return _same_weights(found, LinearRNN(np.diag(rnn.scaled_W), rnn.F, rnn.scaled_C))


ARITHMETICS: Final[dict[str, Arithmetic]] = {
    "fractions": Rational(),
    "doubles": Float(),
    "mpf": Arbitrary(BITS),
}


def given_in(kind: str, rnn: LinearRNN) -> LinearRNN:
    """The same RNN in another arithmetic, rounded to it."""
    arithmetic = ARITHMETICS[kind]
    W, F, C = (arithmetic.array(array) for array in (rnn.scaled_W, rnn.F, rnn.scaled_C))
    return LinearRNN(W, F, C)


def _stored(machine: Machine, rnn: LinearRNN, kind: str) -> str:
    given = given_in(kind, rnn)
    found = machine.stored(given)
    if found.arithmetic != given.arithmetic:
        return f"{found.arithmetic}, not {given.arithmetic}"
    return _same_weights(found, given)


def _system(machine: Machine, rnn: LinearRNN, D: Array) -> str:
    A, B, C = by_hand.product(rnn.scaled_W), rnn.F, rnn.scaled_C
    found = machine.from_system((A, B, C, D))
    most = rnn.n + min(D.shape)
    if found.n > most:
        return f"n = {found.n}, {most} are enough"
    wanted = np.concatenate([D[None], by_hand.lags(rnn, 2 * most)])
    return difference("L", by_hand.lags(found, len(wanted)), wanted)


def _back(machine: Machine, rnn: LinearRNN) -> str:
    A, B, product = by_hand.product(rnn.scaled_W), rnn.F, by_hand.product
    found = machine.from_system((A, B, product(rnn.scaled_C, A), product(rnn.scaled_C, B)))
    return difference("n", found.n, rnn.n) or same_lags(found, rnn)


def _whole_system(machine: Machine, rnn: LinearRNN) -> str:
    A, product = by_hand.product(rnn.scaled_W), by_hand.product
    wanted = (A, rnn.F, product(rnn.scaled_C, A), product(rnn.scaled_C, rnn.F))
    found = [by_hand.array(by_hand.matrix(np.asarray(each))) for each in machine.system(rnn)]
    return next(filter(None, map(difference, "ABCD", found, wanted)), "")


KINDS: Final[dict[str, Any]] = {
    "float": float,
    "mpf": lambda value: Arbitrary(BITS).context.mpf(float(value)),
    "Decimal": lambda value: Decimal(float(value)),
    "float32": lambda value: np.float32(float(value)),
    "fmpq": lambda value: fmpq(value.numerator, value.denominator),
    "int or Fraction": lambda value: value.numerator if value.denominator == 1 else value,
}


def _kinds(machine: Machine, L: Array, nodes: Array, kind: str) -> str:
    def kept(values: Array) -> list[Any]:
        return [KINDS[kind](value) for value in values.ravel()]

    wanted = machine.realize(L, nodes).scaled_C
    return difference("C/√n", machine.realize(kept(L), nodes).scaled_C, wanted)


def _exact(machine: Machine, rnn: LinearRNN) -> str:
    doubles = given_in("doubles", rnn)
    wanted = [by_hand.array(by_hand.matrix(each)) for each in (np.atleast_2d(doubles.scaled_W), doubles.F)]
    found = machine.exact(doubles)
    return difference("W/√n", np.atleast_2d(found.scaled_W), wanted[0]) or difference("F", found.F, wanted[1])


ANY: Final[dict[str, Any]] = {"rnn": networks()}

SIMILAR: Final = law(
    "similarity", "a", "S W S⁻¹, S F and C S⁻¹ have the lags of W, F and C", _similar, **ANY, S=coordinates
)
SIMILAR_UNDONE: Final = law(
    "similarity undone", "a", "after S, S⁻¹ gives the weights back", _similar_undone, **ANY, S=coordinates
)
COORDINATES: Final = law(
    "other coordinates", "a", "the new states are S times the old ones", _coordinates, **ANY, S=coordinates
)
PERMUTED: Final = law(
    "states permuted", "a", "states in another order have the same lags", _permuted, **ANY, order=orders("rnn")
)
IDLE: Final = law("idle states", "a", "they do not change the lags", _idle, **ANY, more=lengths(0, 3))
SQUARE: Final = law("a square number of states", "a", "padded to the next one, the lags stay the same", _square, **ANY)
DENSE: Final = law("dense", "a", "a diagonal W is the matrix with this diagonal", _dense, rnn=networks(diagonal=True))
STORED: Final = law(
    "saved and loaded",
    "a",
    "the weights are the same, to the last digit, and of the same kind",
    _stored,
    **ANY,
    kind=one_of(*ARITHMETICS),
)
SYSTEM: Final = law(
    "systems are RNNs",
    "a",
    "x' = A x + B u, y = C x + D u is an RNN with L_0 = D, L_j = C A^(j-1) B",
    _system,
    **ANY,
    D=direct_paths,
)
BACK: Final = law("state space and back", "a", "n and the lags are the same", _back, **ANY)
WHOLE_SYSTEM: Final = law(
    "as SciPy's system",
    "a",
    "A, B, C and D are W, F, C W and C F, where W and C contain n^(-1/2)",
    _whole_system,
    rnn=networks(whole=True),
)
KINDS_AGREE: Final = law(
    "kinds of numbers agree",
    "b",
    "doubles, mpf, Decimal, fmpq and whole numbers are read as the fractions that they are",
    _kinds,
    L=dyadic_responses,
    nodes=nodes,
    kind=one_of(*KINDS),
)
EXACT: Final = law("doubles are fractions", "a", "exact weights are the doubles that they come from", _exact, **ANY)

INVARIANCE_LAWS: Final[tuple[Law[Machine, Example], ...]] = (
    SIMILAR,
    SIMILAR_UNDONE,
    COORDINATES,
    PERMUTED,
    IDLE,
    SQUARE,
    DENSE,
    STORED,
    SYSTEM,
    BACK,
    WHOLE_SYSTEM,
    EXACT,
    KINDS_AGREE,
)
