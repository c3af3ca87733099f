"""Mistakes in what is done with an RNN; each breaks a law of part (a)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, repeat
from math import isqrt
from typing import Any, Final

import numpy as np

from numerics.realization.arithmetic import Array, Float, Rational
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import arithmetic_laws as arithmetics
from proofs_check.realization import invariance_laws as invariance
from proofs_check.realization import response_laws as laws
from proofs_check.realization.by_hand import fractions, inverse, product, scaled_weights
from proofs_check.realization.examples import Mistake
from proofs_check.realization.machine import MACHINE, Weights, by_nodes


def run_late(rnn: LinearRNN, x: Array) -> Array:
    """As if the output saw the state of the step before."""
    return MACHINE.run(rnn, np.concatenate([0 * x[:1], x[:-1]]))


def run_backwards(rnn: LinearRNN, x: Array) -> Array:
    """From the last input to the first."""
    return MACHINE.run(rnn, x[::-1])[::-1]


def run_rectified(rnn: LinearRNN, x: Array) -> Array:
    """Negative inputs are lost."""
    return MACHINE.run(rnn, np.where(x > 0, x, 0 * x))


def run_growing(rnn: LinearRNN, x: Array) -> Array:
    """The input at time t is multiplied by t + 1."""
    return MACHINE.run(rnn, x * np.arange(1, len(x) + 1)[:, None])


def run_on(rnn: LinearRNN, x: Array) -> Array:
    """A sequence starts in the state that the one before it ended in."""
    return MACHINE.run(rnn, x.reshape(-1, rnn.inputs)).reshape(*x.shape[:-1], rnn.outputs)


def late_response(rnn: LinearRNN, horizon: int) -> Array:
    """One W too many."""
    return MACHINE.response(rnn, horizon + 1)[1:]


def transposed_W(W: Array, F: Array, C: Array) -> LinearRNN:
    """W is read by columns."""
    return MACHINE.from_weights(W.T, F, C)


def scaled_F(W: Array, F: Array, C: Array) -> LinearRNN:
    """F is scaled, C is not: the lags are the same."""
    root = isqrt(len(F))
    return MACHINE.from_weights(W, F / Fraction(root), C * root)


def missing_root(rnn: LinearRNN) -> Weights:
    """W = diag(λ), C = α^T: without the factor √n."""
    return rnn.dense().scaled_W, rnn.F, rnn.scaled_C


def similar_by_S(rnn: LinearRNN, S: Array) -> LinearRNN:
    """C S in place of C S⁻¹."""
    return replace(MACHINE.similar(rnn, S), scaled_C=product(rnn.scaled_C, S))


def similar_in_doubles(rnn: LinearRNN, S: Array) -> LinearRNN:
    """C S⁻¹ is rounded."""
    found = MACHINE.similar(rnn, S)
    return replace(found, scaled_C=Float().array(found.scaled_C)).exact()


def similar_the_other_way(rnn: LinearRNN, S: Array) -> LinearRNN:
    """S⁻¹ W S."""
    return MACHINE.similar(rnn, inverse(S))


def permuted_without_C(rnn: LinearRNN, order: Sequence[int]) -> LinearRNN:
    """The output still reads the states in the old order."""
    return replace(MACHINE.permuted(rnn, order), scaled_C=rnn.scaled_C)


def busy_states(rnn: LinearRNN, states: int | None) -> LinearRNN:
    """The further states are driven, and read."""
    found = MACHINE.padded(rnn, states)
    F, C = found.F.copy(), found.scaled_C.copy()
    F[rnn.n :], C[:, rnn.n :] = Fraction(1), Fraction(1)
    return replace(found, F=F, scaled_C=C)


def padded_to_power(rnn: LinearRNN, states: int | None) -> LinearRNN:  # noqa: ARG001
    """To a power of 2 in place of a square number."""
    return MACHINE.padded(rnn, next(n for n in accumulate(repeat(2), int.__mul__, initial=1) if n >= rnn.n))


def antidiagonal(rnn: LinearRNN) -> LinearRNN:
    """The diagonal goes from bottom to top."""
    return replace(rnn, scaled_W=np.diag(rnn.scaled_W)[::-1])


def stored_in_digits(rnn: LinearRNN) -> LinearRNN:
    """Fractions are written with six decimals."""
    if not isinstance(rnn.arithmetic, Rational):
        return MACHINE.stored(rnn)
    return _each(rnn, lambda value: Fraction(round(value, 6)))


def _each(rnn: LinearRNN, change: Callable[[Fraction], Fraction]) -> LinearRNN:
    """A function of every weight."""
    W, F, C = (fractions(map(change, array.ravel())).reshape(array.shape) for array in scaled_weights(rnn))
    return LinearRNN(W, F, C)


def no_direct_path(system: tuple[Array, ...]) -> LinearRNN:
    """D is ignored."""
    A, B, C, _ = system
    return LinearRNN(A, B, C)


def more_states(system: tuple[Array, ...]) -> LinearRNN:
    """The state takes up the input even where it need not."""
    A, B, C, D = system
    n, inputs = B.shape
    idle, one = np.full((inputs, n + inputs), Fraction(0)), np.diag([Fraction(1)] * inputs)
    W = np.concatenate([np.concatenate([A, B], axis=1), idle])
    return LinearRNN(W, np.concatenate([0 * B, one]), np.concatenate([C, D], axis=1))


def seen_directly(rnn: LinearRNN) -> tuple[Array, ...]:
    """As if the output of a system saw its input at once."""
    A, B, _, D = MACHINE.system(rnn)
    return A, B, Float().array(rnn.scaled_C), 0 * D


def as_meant(rnn: LinearRNN) -> LinearRNN:
    """A double is taken for the short fraction next to it."""
    return _each(MACHINE.exact(rnn), lambda value: value.limit_denominator(1000))


def _doubled_in_floats(changed: LinearRNN, *, F: bool = False) -> LinearRNN:
    """Twice the impulse response, where numbers are not fractions."""
    if isinstance(changed.arithmetic, Rational):
        return changed
    factors = (2, 1) if F else (1, 2)
    return LinearRNN(changed.scaled_W, changed.F * factors[0], changed.scaled_C * factors[1])


def similar_doubled_in_floats(rnn: LinearRNN, S: Array) -> LinearRNN:
    """C is doubled, but for fractions."""
    return _doubled_in_floats(MACHINE.similar(rnn, S))


def padded_doubled_in_floats(rnn: LinearRNN, states: int | None) -> LinearRNN:
    """F is doubled, but for fractions."""
    return _doubled_in_floats(MACHINE.padded(rnn, states), F=True)


def run_doubled_in_floats(rnn: LinearRNN, x: Array) -> Array:
    """The outputs are doubled, but for fractions."""
    return MACHINE.run(_doubled_in_floats(rnn), x)


def read_in_digits(L: Any, nodes: Any) -> LinearRNN:
    """Floats are read with two decimals."""
    return by_nodes([Fraction(str(round(lag, 2))) if isinstance(lag, float) else lag for lag in L], nodes)


RESPONSE_MISTAKES: Final = (
    Mistake(laws.CONVOLUTION, "outputs one step late", replace(MACHINE, run=run_late)),
    Mistake(laws.RECURSION, "W transposed", replace(MACHINE, from_weights=transposed_W)),
    Mistake(laws.FORMULA, "one W too many", replace(MACHINE, response=late_response)),
    Mistake(laws.IMPULSES, "outputs one step late", replace(MACHINE, run=run_late)),
    Mistake(laws.LINEAR, "negative inputs lost", replace(MACHINE, run=run_rectified)),
    Mistake(laws.CAUSAL, "time runs backwards", replace(MACHINE, run=run_backwards)),
    Mistake(laws.TIME_INVARIANT, "inputs that count more and more", replace(MACHINE, run=run_growing)),
    Mistake(laws.BATCHES, "state carried to the next sequence", replace(MACHINE, run=run_on)),
    Mistake(laws.WEIGHTS_KEPT, "√n forgotten", replace(MACHINE, weights=missing_root)),
    Mistake(laws.SCALED_ONCE, "F scaled in place of C", replace(MACHINE, from_weights=scaled_F)),
    Mistake(invariance.SIMILAR, "C S in place of C S⁻¹", replace(MACHINE, similar=similar_by_S)),
    Mistake(invariance.SIMILAR_UNDONE, "C S⁻¹ in doubles", replace(MACHINE, similar=similar_in_doubles)),
    Mistake(invariance.COORDINATES, "S⁻¹ in place of S", replace(MACHINE, similar=similar_the_other_way)),
    Mistake(invariance.PERMUTED, "C not permuted", replace(MACHINE, permuted=permuted_without_C)),
    Mistake(invariance.IDLE, "idle states that are not", replace(MACHINE, padded=busy_states)),
    Mistake(invariance.SQUARE, "padded to a power of 2", replace(MACHINE, padded=padded_to_power)),
    Mistake(invariance.DENSE, "diagonal from bottom to top", replace(MACHINE, dense=antidiagonal)),
    Mistake(invariance.STORED, "fractions in six decimals", replace(MACHINE, stored=stored_in_digits)),
    Mistake(invariance.SYSTEM, "D ignored", replace(MACHINE, from_system=no_direct_path)),
    Mistake(invariance.BACK, "more states than needed", replace(MACHINE, from_system=more_states)),
    Mistake(invariance.WHOLE_SYSTEM, "the input seen at once", replace(MACHINE, system=seen_directly)),
    Mistake(invariance.EXACT, "doubles taken for short fractions", replace(MACHINE, exact=as_meant)),
    Mistake(arithmetics.RUN, "doubled in floats", replace(MACHINE, run=run_doubled_in_floats)),
    Mistake(arithmetics.SIMILAR, "C doubled in floats", replace(MACHINE, similar=similar_doubled_in_floats)),
    Mistake(arithmetics.STATES, "F doubled in floats", replace(MACHINE, padded=padded_doubled_in_floats)),
    Mistake(invariance.KINDS_AGREE, "floats with two decimals", replace(MACHINE, realize=read_in_digits)),
)
