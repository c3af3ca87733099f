"""Laws of part (a) in floating point: with whole numbers nothing is rounded, so that all arithmetics agree exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import lengths, networks, one_of, orders, unimodular, whole_signals_of
from proofs_check.realization.examples import Example, law
from proofs_check.realization.invariance_laws import ARITHMETICS, given_in, same_lags
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law


def _run(machine: Machine, rnn: LinearRNN, kind: str, x: Array) -> str:
    arithmetic, floating = ARITHMETICS[kind], given_in(kind, rnn)
    lags = by_hand.lags(rnn, len(x))
    found = by_hand.rationals(machine.run(floating, arithmetic.array(x)))
    response = by_hand.rationals(machine.response(floating, len(x)))
    return difference("y", found, by_hand.convolution(lags, x)) or difference("L", response, lags)


def _similar(machine: Machine, rnn: LinearRNN, kind: str, S: Array) -> str:
    found = machine.similar(given_in(kind, rnn), S)
    return same_lags(found, rnn) or difference("F", by_hand.rationals(found.F), by_hand.product(S, rnn.F))


def _states(machine: Machine, rnn: LinearRNN, kind: str, order: Sequence[int], more: int) -> str:
    floating = given_in(kind, rnn)
    changed = {
        "permuted": machine.permuted(floating, order),
        "padded": machine.padded(floating, rnn.n + more),
        "dense": machine.dense(floating),
    }
    found = ((name, same_lags(each, floating)) for name, each in changed.items())
    return next((f"{name}: {wrong}" for name, wrong in found if wrong), "")


KIND: Final = one_of("doubles", "mpf")

RUN: Final = law(
    "run in any arithmetic",
    "a",
    "whole numbers come out as they do over the fractions",
    _run,
    rnn=networks(whole=True),
    kind=KIND,
    x=whole_signals_of,
)
SIMILAR: Final = law(
    "similar in any arithmetic",
    "a",
    "W → S W S⁻¹, F → S F, C → C S⁻¹ keeps the lags, with whole numbers exactly",
    _similar,
    rnn=networks(whole=True),
    kind=KIND,
    S=unimodular,
)
STATES: Final = law(
    "states in any arithmetic",
    "a",
    "states permuted, idle states and a dense W keep the lags, exactly",
    _states,
    rnn=networks(),
    kind=KIND,
    order=orders("rnn"),
    more=lengths(0, 3),
)

ARITHMETIC_LAWS: Final[tuple[Law[Machine, Example], ...]] = (RUN, SIMILAR, STATES)
