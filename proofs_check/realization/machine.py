"""The operations that the laws of Proposition 2.1 put to the test; a mistake is a machine with another one in place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeAlias

from numerics.realization import realize
from numerics.realization.arithmetic import Array
from numerics.realization.nodes import choose, condition_number
from numerics.realization.partial_realization import degree
from numerics.realization.rnn import LinearRNN
from numerics.realization.rounding import to_float
from numerics.realization.state_space import from_state_space, to_dlti
from numerics.realization.storage import load, save
from numerics.realization.vandermonde import determinant, solve

Weights: TypeAlias = tuple[Array, Array, Array]
Nodes: TypeAlias = Sequence[Any] | Array


def weights_of(rnn: LinearRNN) -> Weights:
    """W, F and C of (1)."""
    return rnn.W, rnn.F, rnn.C


def by_nodes(L: Any, nodes: Nodes) -> LinearRNN:
    """The realization (33)–(35), over the rationals."""
    return realize(L, nodes=list(nodes), arithmetic="rational")


def precisely(L: Any, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The realization (33)–(35), of the precision that the tolerance needs."""
    return realize(L, nodes=list(nodes), arithmetic="arbitrary", tolerance=tolerance)


def in_doubles(L: Any, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The realization (33)–(35), in doubles; refused when it misses the tolerance."""
    return realize(L, nodes=list(nodes), arithmetic="float", tolerance=tolerance)


def by_rank(L: Any, beyond: str) -> LinearRNN:
    """The fewest states, over the rationals."""
    return realize(L, "ho-kalman", arithmetic="rational", beyond=beyond)


def by_singular_values(L: Any, tolerance: float) -> LinearRNN:
    """Ho and Kalman's method in doubles; refused when it misses the tolerance."""
    return realize(L, "ho-kalman", arithmetic="float", tolerance=tolerance)


def stored(rnn: LinearRNN) -> LinearRNN:
    """Written to a file, and read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rnn.npz")
        save(rnn, path)
        return load(path)


def system_of(rnn: LinearRNN) -> tuple[Array, ...]:
    """A, B, C and D of SciPy's system."""
    system = to_dlti(rnn)
    return system.A, system.B, system.C, system.D


@dataclass(frozen=True)
class Machine:
    """The operations under test.

    Attributes
    ----------
    run : callable
        An RNN, x → y.
    response : callable
        An RNN, T → L_0 … L_{T-1}.
    from_weights, weights : callable
        W, F, C → the RNN, and back.
    permuted, similar, padded, dense, exact : callable
        An RNN, and what to transform it with → the RNN transformed.
    rounded : callable
        An RNN, T, the tolerance → its weights in doubles.
    stored : callable
        An RNN → what a file makes of it.
    system, from_system : callable
        An RNN → A, B, C, D in doubles; A, B, C, D → an RNN.
    realize, fewest : callable
        L, the nodes → the RNN (33)–(35); L, ``"free"`` or ``"zero"`` → the RNN with the fewest states.
    precise, doubles : callable
        L, the nodes, the tolerance → the RNN (33)–(35) in floating point.
    singular : callable
        L, the tolerance → the RNN of Ho and Kalman in doubles.
    solve : callable
        The nodes, the right sides → α of (35).
    determinant, condition : callable
        The nodes → what the name says, of the Vandermonde matrix.
    named : callable
        A name, T → the nodes.
    degree : callable
        L → the fewest states, counted.
    """

    run: Callable[[LinearRNN, Any], Array] = LinearRNN.__call__
    response: Callable[[LinearRNN, int], Array] = LinearRNN.impulse_response
    from_weights: Callable[[Any, Any, Any], LinearRNN] = LinearRNN.from_weights
    weights: Callable[[LinearRNN], Weights] = weights_of
    permuted: Callable[[LinearRNN, Sequence[int]], LinearRNN] = LinearRNN.permuted
    similar: Callable[[LinearRNN, Any], LinearRNN] = LinearRNN.similar
    padded: Callable[[LinearRNN, int | None], LinearRNN] = LinearRNN.padded
    dense: Callable[[LinearRNN], LinearRNN] = LinearRNN.dense
    exact: Callable[[LinearRNN], LinearRNN] = LinearRNN.exact
    rounded: Callable[[LinearRNN, int, float], LinearRNN] = to_float
    stored: Callable[[LinearRNN], LinearRNN] = stored
    system: Callable[[LinearRNN], tuple[Array, ...]] = system_of
    from_system: Callable[[tuple[Array, ...]], LinearRNN] = from_state_space
    realize: Callable[[Any, Nodes], LinearRNN] = by_nodes
    precise: Callable[[Any, Nodes, float], LinearRNN] = precisely
    doubles: Callable[[Any, Nodes, float], LinearRNN] = in_doubles
    fewest: Callable[[Any, str], LinearRNN] = by_rank
    singular: Callable[[Any, float], LinearRNN] = by_singular_values
    solve: Callable[[Array, Array], Array] = solve
    determinant: Callable[[Array], Fraction] = determinant
    condition: Callable[[Array], float] = condition_number
    named: Callable[[str, int], Array] = choose
    degree: Callable[[Any], int] = degree


MACHINE: Final = Machine()
