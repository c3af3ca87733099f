"""Laws of part (b): how few states an impulse response needs, over the rationals."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from numerics.realization.arithmetic import Array
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import impulse_responses, later_lags, lengths, mixers, networks
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

FREE: Final = "free"
ZERO: Final = "zero"


def _reproduced(machine: Machine, L: Array) -> str:
    return difference("L", by_hand.lags(machine.fewest(L, FREE), len(L)), L)


def _tether(machine: Machine, L: Array) -> str:
    return difference("n", machine.fewest(L, FREE).n, by_hand.tether(L))


def _degree(machine: Machine, L: Array) -> str:
    return difference("number", machine.degree(L), by_hand.tether(L))


def _at_most(machine: Machine, L: Array) -> str:
    n, most = machine.fewest(L, FREE).n, len(L) * min(L[0].shape)
    return "" if n <= most else f"n = {n}, {most} are enough"


def _no_more(machine: Machine, rnn: LinearRNN, T: int) -> str:
    n = machine.fewest(by_hand.lags(rnn, T), FREE).n
    return "" if n <= rnn.n else f"{n} states for the lags of an RNN with {rnn.n}"


def _zero_beyond(machine: Machine, L: Array) -> str:
    found = by_hand.lags(machine.fewest(L, ZERO), 3 * len(L))
    return difference("L", found, np.concatenate([L, 0 * L, 0 * L]))


def _recovered(machine: Machine, rnn: LinearRNN) -> str:
    horizon = 4 * rnn.n
    wanted = by_hand.lags(rnn, horizon)
    return difference("L", by_hand.lags(machine.fewest(wanted[: 2 * rnn.n], FREE), horizon), wanted)


def _transposed(machine: Machine, L: Array) -> str:
    return difference("n", machine.fewest(L.transpose(0, 2, 1), FREE).n, by_hand.tether(L))


def _no_fewer(machine: Machine, L: Array, later_lags: Array) -> str:
    """Fewer states would mean a smaller rank with the lags that they go on with."""
    n, rank = machine.fewest(L, FREE).n, by_hand.rank_after(L, later_lags)
    return "" if n <= rank else f"n = {n}, and the Hankel matrix with these later lags has rank {rank}"


def _regular_minor(machine: Machine, L: Array, later_lags: Array) -> str:
    """A minor that later lags do not change."""
    n = machine.fewest(L, FREE).n
    (size, value), (_, other) = (by_hand.minor(L, later) for later in (later_lags, 0 * later_lags))
    if size != n:
        return f"n = {n}, the minor has size {size}"
    return "" if value == other != 0 else f"the minor is {value}, and {other} with zeros as later lags"


def _mixed(machine: Machine, L: Array, mixer: Array) -> str:
    mixed = np.array([by_hand.product(mixer, lag) for lag in L])
    return difference("n", machine.fewest(mixed, FREE).n, machine.fewest(L, FREE).n)


def _growing(machine: Machine, L: Array) -> str:
    sizes = [machine.fewest(L[:horizon], FREE).n for horizon in range(1, len(L) + 1)]
    return "" if sizes == sorted(sizes) else f"for the first lags the numbers of states are {sizes}"


def _zero_is_free(machine: Machine, L: Array) -> str:
    free, zero = machine.fewest(L, FREE).n, machine.fewest(L, ZERO).n
    longer = by_hand.tether(np.concatenate([L, 0 * L]))
    if free > zero:
        return f"{free} states where later lags are free, {zero} where they are 0"
    return difference("n", zero, longer)


ANY: Final[dict[str, Any]] = {"L": impulse_responses()}

REPRODUCED: Final = law(
    "fewest: targets reproduced", "b", "the RNN with the fewest states has the lags L", _reproduced, **ANY
)
TETHER: Final = law("fewest: Tether's number", "b", "their number is Tether's sum of ranks", _tether, **ANY)
DEGREE: Final = law("Tether's number", "b", "it is the sum of ranks of Hankel matrices", _degree, **ANY)
AT_MOST: Final = law("fewest: at most", "b", "they are at most T min(n_x, n_y)", _at_most, **ANY)
NO_MORE: Final = law(
    "fewest: no more than an RNN",
    "b",
    "the lags of an RNN with n states need at most n states",
    _no_more,
    rnn=networks(3),
    T=lengths(1, 5),
)
ZERO_BEYOND: Final = law(
    "fewest: zero beyond T", "b", "with zeros beyond T, the lags from T to 3T - 1 are 0", _zero_beyond, **ANY
)
RECOVERED: Final = law(
    "fewest: an RNN recovered", "b", "the first 2n lags of an RNN decide the next 2n", _recovered, rnn=networks(3)
)
TRANSPOSED: Final = law("fewest: transposed", "b", "inputs and outputs exchanged need as many", _transposed, **ANY)
NO_FEWER: Final = law(
    "fewest: no fewer",
    "b",
    "whatever the later lags, the Hankel matrix has at least this rank",
    _no_fewer,
    **ANY,
    later_lags=later_lags,
)
REGULAR_MINOR: Final = law(
    "fewest: regular minor",
    "b",
    "a minor of this size is not 0, and no later lag changes it",
    _regular_minor,
    **ANY,
    later_lags=later_lags,
)
MIXED: Final = law(
    "fewest: outputs mixed", "b", "invertible combinations of the outputs need as many", _mixed, **ANY, mixer=mixers
)
GROWING: Final = law("fewest: one lag more", "b", "more lags need no fewer states", _growing, **ANY)
ZERO_IS_FREE: Final = law(
    "fewest: zeros are lags", "b", "zeros beyond T are T more lags that are 0", _zero_is_free, **ANY
)

RANK_LAWS: Final[tuple[Law[Machine, Example], ...]] = (
    REPRODUCED,
    TETHER,
    DEGREE,
    AT_MOST,
    NO_MORE,
    ZERO_BEYOND,
    RECOVERED,
    TRANSPOSED,
    NO_FEWER,
    REGULAR_MINOR,
    MIXED,
    GROWING,
    ZERO_IS_FREE,
)
