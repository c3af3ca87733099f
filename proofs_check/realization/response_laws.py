"""Laws of part (a): what comes out of a linear RNN is the convolution (10) of its inputs with the lags (9)."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import (
    MAX_HORIZON,
    Draw,
    entries,
    exits,
    factors,
    lengths,
    like,
    networks,
    several_signals,
    signals,
    square_matrices,
    whole_signals,
)
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law


def _convolution(machine: Machine, W: Array, F: Array, C: Array, x: Array) -> str:
    found = machine.run(machine.from_weights(W, F, C), x)
    return difference("y", found, by_hand.convolution(by_hand.responses(W, F, C, len(x)), x))


def _recursion(machine: Machine, W: Array, F: Array, C: Array, x: Array) -> str:
    found = machine.run(machine.from_weights(W, F, C), x)
    return difference("y", found, by_hand.outputs(W, F, C, x))


def _formula(machine: Machine, W: Array, F: Array, C: Array, T: int) -> str:
    found = machine.response(machine.from_weights(W, F, C), T)
    return difference("L", found, by_hand.responses(W, F, C, T))


def _impulses(machine: Machine, rnn: LinearRNN, T: int) -> str:
    wanted = machine.response(rnn, T)
    for channel in range(rnn.inputs):
        impulse = _silence(T, rnn.inputs)
        impulse[0, channel] = Fraction(1)
        found = machine.run(rnn, impulse)
        if wrong := difference(f"y after an impulse of input {channel}", found, wanted[:, :, channel]):
            return wrong
    return ""


def _silence(length: int, channels: int) -> Array:
    return np.full((length, channels), Fraction(0), dtype=object)


def _linear(machine: Machine, rnn: LinearRNN, x: Array, other_x: Array, factor: Fraction) -> str:
    found = machine.run(rnn, factor * x + other_x)
    return difference("y", found, factor * machine.run(rnn, x) + machine.run(rnn, other_x))


def _causal(machine: Machine, rnn: LinearRNN, x: Array, later_x: Array) -> str:
    longer = np.concatenate([x, later_x])
    return difference("y so far", machine.run(rnn, longer)[: len(x)], machine.run(rnn, x))


def _time_invariant(machine: Machine, rnn: LinearRNN, x: Array, delay: int) -> str:
    late = machine.run(rnn, np.concatenate([_silence(delay, rnn.inputs), x]))
    return difference("y", late, np.concatenate([_silence(delay, rnn.outputs), machine.run(rnn, x)]))


def _batches(machine: Machine, rnn: LinearRNN, x: Array) -> str:
    return difference("y", machine.run(rnn, x), np.array([machine.run(rnn, one) for one in x], dtype=object))


def _weights_kept(machine: Machine, W: Array, F: Array, C: Array) -> str:
    found = machine.weights(machine.from_weights(W, F, C))
    return next(filter(None, map(difference, "WFC", found, (W, F, C))), "")


def _scaled_once(machine: Machine, W: Array, F: Array, C: Array) -> str:
    """In ``from_weights``, W and C get their factor, F does not."""
    rnn = machine.from_weights(W, F, C)
    scale = Fraction(1, int(len(F) ** 0.5))
    found = (rnn.scaled_W, rnn.F, rnn.scaled_C)
    return next(filter(None, map(difference, ("W/√n", "F", "C/√n"), found, (W * scale, F, C * scale))), "")


WEIGHTS: Final[dict[str, Draw]] = {"W": square_matrices, "F": entries, "C": exits}

CONVOLUTION: Final = law(
    "outputs are convolutions",
    "a",
    "what comes out is the convolution (10) of the inputs with the formula (9)",
    _convolution,
    **WEIGHTS,
    x=whole_signals,
)
RECURSION: Final = law(
    "recursion (1)",
    "a",
    "what comes out is what the recursion (1) gives, state after state",
    _recursion,
    **WEIGHTS,
    x=whole_signals,
)
FORMULA: Final = law(
    "impulse response (9)",
    "a",
    "the impulse response is L_j = n^(-(j+1)/2) C W^j F",
    _formula,
    **WEIGHTS,
    T=lengths(1, MAX_HORIZON),
)
IMPULSES: Final = law(
    "impulses",
    "a",
    "an impulse at time 0 puts out the impulse response",
    _impulses,
    rnn=networks(),
    T=lengths(1, MAX_HORIZON),
)
LINEAR: Final = law(
    "linear in the inputs",
    "a",
    "a combination of inputs puts out the combination of their outputs",
    _linear,
    rnn=networks(),
    x=signals,
    other_x=like("x"),
    factor=factors,
)
CAUSAL: Final = law("causal", "a", "later inputs do not matter", _causal, rnn=networks(), x=signals, later_x=signals)
TIME_INVARIANT: Final = law(
    "time-invariant",
    "a",
    "the outputs are as late as the inputs",
    _time_invariant,
    rnn=networks(),
    x=signals,
    delay=lengths(1, 3),
)
BATCHES: Final = law(
    "many sequences at once",
    "a",
    "each of several sequences puts out what it puts out alone",
    _batches,
    rnn=networks(),
    x=several_signals,
)
WEIGHTS_KEPT: Final = law(
    "W, F and C kept", "a", "an RNN made of W, F and C has these weights", _weights_kept, **WEIGHTS
)
SCALED_ONCE: Final = law(
    "scaled by n^(-1/2)", "a", "W and C have the factor n^(-1/2), F has none", _scaled_once, **WEIGHTS
)

RESPONSE_LAWS: Final[tuple[Law[Machine, Example], ...]] = (
    CONVOLUTION,
    RECURSION,
    FORMULA,
    IMPULSES,
    LINEAR,
    CAUSAL,
    TIME_INVARIANT,
    BATCHES,
    WEIGHTS_KEPT,
    SCALED_ONCE,
)
