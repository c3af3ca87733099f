"""Mistakes in the realization (33)–(35); each breaks a law of part (b)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import inf
from typing import Any, Final

import numpy as np

from numerics.realization import realize
from numerics.realization.arithmetic import Array, Float
from numerics.realization.residual import Residual
from numerics.realization.rnn import LinearRNN
from proofs_check.realization import by_hand
from proofs_check.realization import floating_laws as floating
from proofs_check.realization import vandermonde_laws as laws
from proofs_check.realization.examples import Mistake
from proofs_check.realization.machine import MACHINE, Nodes
from proofs_check.realization.response_mistakes import missing_root


def assembled(nodes: Nodes, weights: Array) -> LinearRNN:
    """The RNN with these eigenvalues for each pair of channels, and weights of shape (T, n_y, n_x)."""
    count, outputs, inputs = weights.shape
    F, C = (np.full(shape, Fraction(0)) for shape in ((weights.size, inputs), (outputs, weights.size)))
    for state, (row, column, place) in enumerate(product(range(outputs), range(inputs), range(count))):
        F[state, column], C[row, state] = Fraction(1), weights[place, row, column]
    return LinearRNN(by_hand.fractions(list(nodes) * (outputs * inputs)), F, C)


def repeated_nodes(L: Array, nodes: Nodes) -> LinearRNN:
    """The last node is the one before it: the first T - 1 equations are solved, the weight is shared by the two."""
    if len(L) == 1:
        return MACHINE.realize(L, nodes)
    weights = _weights(nodes[:-1], L[:-1])
    weights[-1] /= Fraction(2)
    return assembled([*nodes[:-1], nodes[-2]], np.concatenate([weights, weights[-1:]]))


def merged_nodes(L: Array, nodes: Nodes) -> LinearRNN:
    """As many equations are solved as there are distinct nodes; the weight is that of the first of equal ones."""
    distinct = list(dict.fromkeys(nodes))
    weights = _weights(distinct, L[: len(distinct)])
    idle = len(nodes) - len(distinct)
    return assembled([*distinct, *distinct[:1] * idle], np.concatenate([weights, *[0 * weights[:1]] * idle]))


def one_state_too_few(L: Array, nodes: Nodes) -> LinearRNN:
    """Without the last node, and the last equation."""
    if len(L) == 1:
        none = L[:0, 0, 0]
        return LinearRNN(none, none.reshape(0, L.shape[2]), none.reshape(L.shape[1], 0))
    return assembled(nodes[:-1], _weights(nodes[:-1], L[:-1]))


def _weights(nodes: Nodes, L: Array) -> Array:
    return by_hand.solution(nodes, L.reshape(len(L), -1)).reshape(L.shape)


def transposed_V(L: Array, nodes: Nodes) -> LinearRNN:
    """``V^T α = L``."""
    return assembled(nodes, solve_transposed(nodes, L.reshape(len(L), -1)).reshape(L.shape))


def solve_transposed(nodes: Nodes, right: Array) -> Array:
    """``V^T α = L``."""
    return by_hand.product(by_hand.inverse(by_hand.powers(nodes).T), right)


def one_power_too_many(L: Array, nodes: Nodes) -> LinearRNN:
    """``Σ_i λ_i^{j+1} α_i = L_j``."""
    rnn = MACHINE.realize(L, nodes)
    return replace(rnn, scaled_C=rnn.scaled_C / rnn.scaled_W)


def opposite_nodes(L: Array, nodes: Nodes) -> LinearRNN:
    """With -λ_i."""
    return MACHINE.realize(L, [-node for node in nodes])


def without_idle_states(L: Array, nodes: Nodes) -> LinearRNN:
    """States that no output reads are left out."""
    rnn = MACHINE.realize(L, nodes)
    read = np.any(rnn.scaled_C != 0, axis=0)
    return LinearRNN(rnn.scaled_W[read], rnn.F[read], rnn.scaled_C[:, read])


def zeros_beyond(L: Array, nodes: Nodes) -> LinearRNN:  # noqa: ARG001
    """The lags beyond T are 0, whatever the nodes."""
    return MACHINE.fewest(L, "zero")


def sorted_nodes(L: Array, nodes: Nodes) -> LinearRNN:
    """The weights are in the order of the nodes, the nodes are not."""
    rnn = MACHINE.realize(L, sorted(nodes))
    return replace(rnn, scaled_W=by_hand.fractions(list(nodes) * L[0].size))


def positive_weights(L: Array, nodes: Nodes) -> LinearRNN:
    """The signs of the weights are lost."""
    rnn = MACHINE.realize(L, nodes)
    return replace(rnn, scaled_C=np.abs(rnn.scaled_C))


def stable_nodes(L: Array, nodes: Nodes) -> LinearRNN:
    """Nodes beyond 1 are divided by the largest."""
    largest = max(1, *map(abs, nodes))
    return MACHINE.realize(L, [node / largest for node in nodes])


def outputs_added(L: Array, nodes: Nodes) -> LinearRNN:
    """An output contains those before it."""
    rnn = MACHINE.realize(L, nodes)
    return replace(rnn, scaled_C=np.cumsum(rnn.scaled_C, axis=0))


def backward_determinant(nodes: Array) -> Fraction:
    """``Π_{i<k} (λ_i - λ_k)``."""
    return Fraction(MACHINE.determinant(nodes[::-1]))


def condition_by_columns(nodes: Array) -> float:
    """``‖V‖_1 ‖V⁻¹‖_1``."""
    V = by_hand.powers(nodes)
    return float(by_hand.row_sums(V.T) * by_hand.row_sums(by_hand.inverse(V).T))


def equally_spaced(kind: str, horizon: int) -> Array:  # noqa: ARG001
    """From -1 to 1, 0 included."""
    steps = max(horizon - 1, 1)
    return by_hand.fractions(Fraction(2 * place - horizon + 1, steps) for place in range(horizon))


def single_precision(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The weights have 24 bits."""
    rnn = MACHINE.precise(L, nodes, tolerance)
    rounded = np.array([[float(np.float32(float(value))) for value in row] for row in rnn.scaled_C])
    return replace(rnn, scaled_C=rounded)


def fixed_point(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The weights have the digits that the largest one needs, and three more."""
    rnn = MACHINE.realize(L, nodes)
    unit = max(np.abs(rnn.scaled_C).ravel()) * Fraction(tolerance) / 1000 or Fraction(1)
    rounded = by_hand.fractions(round(weight / unit) * unit for weight in rnn.scaled_C.ravel())
    nothing = Residual(inf, inf, (0, 0, 0))
    return _certified(replace(rnn, scaled_C=rounded.reshape(rnn.scaled_C.shape)), residual=nothing)


def _certified(rnn: LinearRNN, **changes: Any) -> LinearRNN:
    assert rnn.certificate is not None
    return replace(rnn, certificate=replace(rnn.certificate, **changes))


NONE: Final = Residual(0.0, 0.0, (0, 0, 0))


def certified_zero(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The certificate says that nothing is lost."""
    return _certified(MACHINE.precise(L, nodes, tolerance), residual=NONE)


def certified_tolerance(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The certificate says no more than that the tolerance is met."""
    return _certified(MACHINE.precise(L, nodes, tolerance), residual=Residual(tolerance, tolerance, (0, 0, 0)))


def never_refused(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """Whatever comes out."""
    return realize(L, nodes=list(nodes), arithmetic="float", tolerance=tolerance, refuse=False)


def residual_in_doubles(L: Array, nodes: Nodes, tolerance: float) -> LinearRNN:
    """The residual is said to be 0, as it often looks in doubles."""
    return _certified(never_refused(L, nodes, tolerance), residual=NONE)


def singular_never_refused(L: Array, tolerance: float) -> LinearRNN:
    """Whatever comes out."""
    return realize(L, "ho-kalman", arithmetic="float", tolerance=tolerance, refuse=False)


def run_not_measured(L: Array, tolerance: float) -> LinearRNN:
    """As if a run in doubles made no error."""
    return _certified(singular_never_refused(L, tolerance), as_run=NONE)


def cut_off(rnn: LinearRNN, horizon: int, tolerance: float) -> LinearRNN:
    """Rounded toward 0 to 24 bits."""
    found = MACHINE.rounded(rnn, horizon, tolerance)
    return replace(found, F=Float().array(by_hand.fractions(map(_single, found.F.ravel())).reshape(found.F.shape)))


def _single(value: float) -> Fraction:
    return Fraction(float(np.float32(value)))


REALIZATION_MISTAKES: Final = (
    Mistake(laws.REPRODUCED, "repeated nodes", replace(MACHINE, realize=repeated_nodes)),
    Mistake(laws.REPRODUCED, "missing factor √n", replace(MACHINE, weights=missing_root)),
    Mistake(laws.REPRODUCED, "V transposed", replace(MACHINE, realize=transposed_V)),
    Mistake(laws.REPRODUCED, "one state too few", replace(MACHINE, realize=one_state_too_few)),
    Mistake(laws.REPRODUCED, "one power too many", replace(MACHINE, realize=one_power_too_many)),
    Mistake(laws.SIZE, "states that nothing reads left out", replace(MACHINE, realize=without_idle_states)),
    Mistake(laws.DIAGONAL, "nodes of the opposite sign", replace(MACHINE, realize=opposite_nodes)),
    Mistake(laws.RECURRENCE, "zeros beyond T", replace(MACHINE, realize=zeros_beyond)),
    Mistake(laws.SOLVED, "V transposed", replace(MACHINE, solve=solve_transposed)),
    Mistake(laws.DETERMINANT, "differences of the wrong sign", replace(MACHINE, determinant=backward_determinant)),
    Mistake(laws.CONDITION, "by columns", replace(MACHINE, condition=condition_by_columns)),
    Mistake(laws.NODES_PERMUTED, "weights of the sorted nodes", replace(MACHINE, realize=sorted_nodes)),
    Mistake(laws.WEIGHTS_LINEAR, "weights without their signs", replace(MACHINE, realize=positive_weights)),
    Mistake(laws.NODES_SCALED, "nodes moved into [-1, 1]", replace(MACHINE, realize=stable_nodes)),
    Mistake(laws.ONE_LAG, "one power too many", replace(MACHINE, realize=one_power_too_many)),
    Mistake(laws.CHANNELS_APART, "outputs added up", replace(MACHINE, realize=outputs_added)),
    Mistake(laws.WEIGHTS_RECOVERED, "V transposed", replace(MACHINE, realize=transposed_V)),
    Mistake(laws.NAMED, "0 among the nodes", replace(MACHINE, named=equally_spaced)),
    Mistake(floating.PRECISE, "weights of 24 bits", replace(MACHINE, precise=single_precision)),
    Mistake(floating.PRECISE_CERTIFICATE, "certified to be exact", replace(MACHINE, precise=certified_zero)),
    Mistake(floating.ANY_SIZE, "digits for the largest weight", replace(MACHINE, precise=fixed_point)),
    Mistake(floating.TIGHT, "certified to the tolerance only", replace(MACHINE, precise=certified_tolerance)),
    Mistake(floating.DOUBLES, "never refused", replace(MACHINE, doubles=never_refused)),
    Mistake(floating.DOUBLES_CERTIFICATE, "certified to be exact", replace(MACHINE, doubles=residual_in_doubles)),
    Mistake(floating.SINGULAR, "never refused", replace(MACHINE, singular=singular_never_refused)),
    Mistake(floating.SINGULAR_CERTIFICATE, "a run without errors", replace(MACHINE, singular=run_not_measured)),
    Mistake(floating.ROUNDED, "F of 24 bits", replace(MACHINE, rounded=cut_off)),
)
