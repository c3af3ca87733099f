"""Mistakes in the realization by the fewest states; each breaks a law of part (b)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from scipy.linalg import block_diag

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization import rank_laws as laws
from proofs_check.realization.examples import Mistake
from proofs_check.realization.machine import MACHINE, Machine

FREE: Final = laws.FREE


def without_last_state(L: Array, beyond: str) -> LinearRNN:
    """One state is lost."""
    rnn = MACHINE.fewest(L, beyond)
    return LinearRNN(rnn.scaled_W[:-1, :-1], rnn.F[:-1], rnn.scaled_C[:, :-1])


def always_zero(L: Array, beyond: str) -> LinearRNN:  # noqa: ARG001
    """As if the later lags had to be 0."""
    return MACHINE.fewest(L, "zero")


def always_free(L: Array, beyond: str) -> LinearRNN:  # noqa: ARG001
    """As if the later lags did not matter."""
    return MACHINE.fewest(L, FREE)


def one_zero(L: Array, beyond: str) -> LinearRNN:
    """A single zero after the lags."""
    return MACHINE.fewest(L if beyond == FREE else np.concatenate([L, 0 * L[:1]]), FREE)


def one_for_each_pair(L: Array, beyond: str) -> LinearRNN:  # noqa: ARG001
    """T states for each pair of channels."""
    return MACHINE.realize(L, MACHINE.named("uniform", len(L)))


def without_last_lag(L: Array, beyond: str) -> LinearRNN:
    """The last lag is not looked at."""
    return MACHINE.fewest(L[:-1], beyond)


def half_of_the_lags(L: Array, beyond: str) -> LinearRNN:
    """Of an even number of lags, half are looked at."""
    return MACHINE.fewest(L if len(L) % 2 else L[: len(L) // 2], beyond)


def one_idle_state(L: Array, beyond: str) -> LinearRNN:
    """One state more than needed."""
    rnn = MACHINE.fewest(L, beyond)
    return rnn.padded(rnn.n + 1)


def one_for_each_input(L: Array, beyond: str) -> LinearRNN:
    """An RNN for each input, side by side."""
    alone = [MACHINE.fewest(L[:, :, [column]], beyond) for column in range(L.shape[2])]
    W, F = (_beside([getattr(rnn, name) for rnn in alone]) for name in ("scaled_W", "F"))
    return LinearRNN(W, F, np.concatenate([rnn.scaled_C for rnn in alone], axis=1))


def one_for_each_output(L: Array, beyond: str) -> LinearRNN:
    """An RNN for each output, one above the other."""
    found = one_for_each_input(L.transpose(0, 2, 1), beyond)
    return LinearRNN(found.scaled_W.T, found.scaled_C.T, found.F.T)


def _beside(matrices: list[Array]) -> Array:
    blocks: Array = block_diag(*matrices)
    return np.array([Fraction(entry) for entry in blocks.ravel()], dtype=object).reshape(blocks.shape)


def rank_of_all(L: Any) -> int:
    """The rank of the matrix of T by T blocks, with zeros beyond T."""
    return by_hand.rank_after(L, 0 * L[1:])


def _with(fewest: Callable[[Any, str], LinearRNN]) -> Machine:
    return replace(MACHINE, fewest=fewest)


RANK_MISTAKES: Final = (
    Mistake(laws.REPRODUCED, "one state lost", _with(without_last_state)),
    Mistake(laws.TETHER, "zeros beyond T", _with(always_zero)),
    Mistake(laws.DEGREE, "zeros beyond T", replace(MACHINE, degree=rank_of_all)),
    Mistake(laws.AT_MOST, "T states for each pair", _with(one_for_each_pair)),
    Mistake(laws.NO_MORE, "zeros beyond T", _with(always_zero)),
    Mistake(laws.ZERO_BEYOND, "later lags left free", _with(always_free)),
    Mistake(laws.RECOVERED, "last lag ignored", _with(without_last_lag)),
    Mistake(laws.TRANSPOSED, "an RNN for each input", _with(one_for_each_input)),
    Mistake(laws.NO_FEWER, "one idle state", _with(one_idle_state)),
    Mistake(laws.REGULAR_MINOR, "one idle state", _with(one_idle_state)),
    Mistake(laws.MIXED, "an RNN for each output", _with(one_for_each_output)),
    Mistake(laws.GROWING, "half of the lags", _with(half_of_the_lags)),
    Mistake(laws.ZERO_IS_FREE, "a single zero", _with(one_zero)),
)
