"""How the examples of Proposition 2.1 are drawn: from ``numerics.strategies``, some for what was drawn before.

Hypothesis is loaded when examples are drawn, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN
from proofs_check.realization.by_hand import fractions

Pick: TypeAlias = Callable[[Any], Any]
"""From a strategy to a value: Hypothesis' ``draw``."""

Values: TypeAlias = Mapping[str, Any]

Draw: TypeAlias = Callable[[Pick, Values], Any]
"""From ``draw`` and the values that have been drawn so far, by name, to the next one."""

MAX_HORIZON: Final = 8
MAX_CHANNELS: Final = 3
WIDTHS: Final = (1, 4, 9)


def _matrix(pick: Pick, shape: tuple[int, int], within: tuple[int, int]) -> Array:
    from numerics.strategies import matrices

    found: Array = pick(matrices(*shape, within=within))
    return found


def _whole_matrix(pick: Pick, shape: tuple[int, int], within: tuple[int, int]) -> Array:
    from numerics.strategies import matrices

    found: Array = pick(matrices(*shape, 3, within, whole=True))
    return found


@cache  # a new strategy is examined by Hypothesis at length
def _choice(values: tuple[Any, ...]) -> Any:
    from hypothesis import strategies

    return strategies.sampled_from(values)


@cache
def _integers(least: int, most: int) -> Any:
    from hypothesis import strategies

    return strategies.integers(least, most)


@cache
def _permutations(size: int) -> Any:
    from hypothesis import strategies

    return strategies.permutations(range(size))


@cache
def _nonzero() -> Any:
    from numerics.strategies import rationals

    return rationals().filter(bool)


def one_of(*choices: Any) -> Draw:
    """One of several values."""
    return lambda pick, _: pick(_choice(choices))


def lengths(least: int, most: int) -> Draw:
    """Numbers such as T."""
    return lambda pick, _: pick(_integers(least, most))


def factors(pick: Pick, _: Values) -> Fraction:
    """Numbers other than 0."""
    return pick(_nonzero())  # type: ignore[no-any-return]


def impulse_responses(horizon: int = MAX_HORIZON) -> Draw:
    """L_0 … L_{T-1}."""

    def drawn(pick: Pick, _: Values) -> Array:
        from numerics import strategies

        found: Array = pick(strategies.impulse_responses(horizon, MAX_CHANNELS, MAX_CHANNELS))
        return found

    return drawn


def _lags(pick: Pick, shape: tuple[int, ...]) -> Array:
    T, outputs, inputs = shape
    return _matrix(pick, (T, outputs * inputs), (MAX_HORIZON, MAX_CHANNELS**2)).reshape(shape)


def like(name: str) -> Draw:
    """An array of the shape of another one."""

    def drawn(pick: Pick, values: Values) -> Array:
        shape = values[name].shape
        return _matrix(pick, shape, (MAX_HORIZON, MAX_CHANNELS)) if len(shape) == 2 else _lags(pick, shape)

    return drawn


def powers(pick: Pick, values: Values) -> list[int]:
    """A power of 10 for each lag."""
    from numerics.strategies import whole_matrices

    (thirds,) = pick(whole_matrices(1, len(values["L"]), 100, (1, MAX_HORIZON)))
    return [3 * third for third in thirds]


def later_lags(pick: Pick, values: Values) -> Array:
    """T - 1 lags more."""
    T, *channels = values["L"].shape
    return _lags(pick, (T, *channels))[1:]


def dyadic_responses(pick: Pick, _: Values) -> Array:
    """L_0 … L_{T-1}, one input and one output, of numbers that are floats of any precision."""
    from numerics.strategies import whole_matrices

    T = pick(_integers(1, MAX_HORIZON))
    eighths = pick(whole_matrices(T, 1, 64, (MAX_HORIZON, 1)))
    return fractions(Fraction(eighth, 8) for (eighth,) in eighths).reshape(T, 1, 1)


def nodes(pick: Pick, values: Values) -> Array:
    """As many nodes as there are lags, or weights."""
    return _nodes(pick, len(values["L" if "L" in values else "weights"]))


def any_nodes(pick: Pick, values: Values) -> Array:
    """As many numbers other than 0 as there are lags, which may repeat."""
    return fractions(factors(pick, values) for _ in values["L"])


def some_nodes(pick: Pick, _: Values) -> Array:
    """From 1 to T nodes."""
    return _nodes(pick, pick(_integers(1, MAX_HORIZON)))


def _nodes(pick: Pick, count: int) -> Array:
    from numerics.strategies import distinct_nodes

    return fractions(pick(distinct_nodes(count)))


def networks(states: int = 4, *, diagonal: bool | None = None, whole: bool = False) -> Draw:
    """RNNs of at most so many states; W is diagonal or not, weights may be whole numbers only."""

    def drawn(pick: Pick, _: Values) -> LinearRNN:
        from numerics.strategies import linear_rnns

        found: LinearRNN = pick(linear_rnns(states, MAX_CHANNELS, MAX_CHANNELS, diagonal=diagonal, whole=whole))
        return found

    return drawn


def signals(pick: Pick, values: Values) -> Array:
    """Inputs of the RNN."""
    from numerics.strategies import input_sequences

    found: Array = pick(input_sequences(values["rnn"].inputs, 4))
    return found


def several_signals(pick: Pick, values: Values) -> Array:
    """Up to three sequences of inputs of the RNN, of the same length."""
    count, T, inputs = pick(_integers(1, 3)), pick(_integers(1, 3)), values["rnn"].inputs
    return _matrix(pick, (count, T * inputs), (3, 3 * MAX_CHANNELS)).reshape(count, T, inputs)


def direct_paths(pick: Pick, values: Values) -> Array:
    """D, of the outputs and inputs of the RNN."""
    rnn = values["rnn"]
    return _matrix(pick, (rnn.outputs, rnn.inputs), (MAX_CHANNELS, MAX_CHANNELS))


def orders(of: str) -> Draw:
    """Permutations of the states of an RNN, or of the entries of an array."""

    def drawn(pick: Pick, values: Values) -> list[int]:
        size = values[of].n if isinstance(values[of], LinearRNN) else len(values[of])
        return list(pick(_permutations(size)))

    return drawn


def coordinates(pick: Pick, values: Values) -> Array:
    """Invertible matrices for the states of the RNN."""
    return _invertible(pick, values["rnn"].n)


def unimodular(pick: Pick, values: Values) -> Array:
    """Whole matrices for the states of the RNN, whose inverses are whole, too."""
    size = values["rnn"].n
    lower, upper = (_whole_matrix(pick, (size, size), (4, 4)) for _ in range(2))
    unit = np.diag(fractions([Fraction(1)] * size))
    product: Array = (np.tril(lower, -1) + unit) @ (np.triu(upper, 1) + unit)
    return product


def whole_signals_of(pick: Pick, values: Values) -> Array:
    """Inputs of the RNN, of whole numbers."""
    return _whole_matrix(pick, (pick(_integers(1, 4)), values["rnn"].inputs), (MAX_HORIZON, MAX_CHANNELS))


def mixers(pick: Pick, values: Values) -> Array:
    """Invertible matrices for the outputs."""
    return _invertible(pick, values["L"].shape[1])


def _invertible(pick: Pick, size: int) -> Array:
    from numerics.strategies import invertible_matrices

    found: Array = pick(invertible_matrices(size, whole=True))
    return found


def square_matrices(pick: Pick, _: Values) -> Array:
    """W, of whole numbers; n is a square number."""
    n = pick(_choice(WIDTHS))
    return _whole_matrix(pick, (n, n), (WIDTHS[-1], WIDTHS[-1]))


def entries(pick: Pick, values: Values) -> Array:
    """F, of whole numbers, for W."""
    return _whole_matrix(pick, (len(values["W"]), pick(_integers(1, MAX_CHANNELS))), (WIDTHS[-1], MAX_CHANNELS))


def exits(pick: Pick, values: Values) -> Array:
    """C, of whole numbers, for W."""
    return _whole_matrix(pick, (pick(_integers(1, MAX_CHANNELS)), len(values["W"])), (MAX_CHANNELS, WIDTHS[-1]))


def whole_signals(pick: Pick, values: Values) -> Array:
    """x, of whole numbers, for F."""
    T, inputs = pick(_integers(1, MAX_HORIZON)), values["F"].shape[1]
    return _whole_matrix(pick, (T, inputs), (MAX_HORIZON, MAX_CHANNELS))
