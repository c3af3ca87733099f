"""Laws of part (b): the realization (33)–(35), whose eigenvalues are nodes, over the rationals."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any, Final

import numpy as np

from numerics.realization.arithmetic import Array
from proofs_check.realization import by_hand
from proofs_check.realization.by_hand import difference
from proofs_check.realization.draws import factors, impulse_responses, lengths, like, nodes, one_of, orders, some_nodes
from proofs_check.realization.examples import Example, law
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

LARGEST_ERROR: Final = Fraction(1, 10**6)
"""Of a condition number, which is promised to six digits."""


def targets_reproduced(machine: Machine, L: Array, nodes: Array) -> str:
    """Whether W, F and C give L by (9)."""
    W, F, C = machine.weights(machine.padded(machine.realize(L, nodes), None))
    return difference("L", by_hand.responses(W, F, C, len(L)), L)


def _size(machine: Machine, L: Array, nodes: Array) -> str:
    return difference("n", machine.realize(L, nodes).n, L.size)


def _diagonal(machine: Machine, L: Array, nodes: Array) -> str:
    rnn = machine.realize(L, nodes)
    if not rnn.is_diagonal:
        return "W is not diagonal"
    return difference("W/√n, sorted,", sorted(rnn.scaled_W), sorted(L[0].size * list(nodes)))


def _recurrence(machine: Machine, L: Array, nodes: Array) -> str:
    T = len(L)
    found = machine.response(machine.realize(L, nodes), 2 * T + 1)
    coefficients = by_hand.polynomial(nodes)
    for start in range(T + 1):
        total = sum(found[start + i] * c for i, c in enumerate(coefficients))
        if np.any(total):
            return f"lags {start} to {start + T} do not satisfy the recurrence of the nodes: {by_hand.shown(found)}"
    return ""


def _solved(machine: Machine, L: Array, nodes: Array) -> str:
    right = L.reshape(len(L), -1)
    return difference("α", machine.solve(nodes, right), by_hand.solution(nodes, right))


def _determinant(machine: Machine, nodes: Array) -> str:
    wanted = by_hand.matrix(by_hand.powers(nodes)).det()
    return difference("det V", machine.determinant(nodes), Fraction(int(wanted.p), int(wanted.q)))


def _condition(machine: Machine, nodes: Array) -> str:
    V = by_hand.powers(nodes)
    wanted = by_hand.row_sums(V) * by_hand.row_sums(by_hand.inverse(V))
    found = machine.condition(nodes)
    return "" if abs(Fraction(found) / wanted - 1) <= LARGEST_ERROR else f"{found}, not {float(wanted)}"


def _nodes_permuted(machine: Machine, L: Array, nodes: Array, order: Sequence[int]) -> str:
    pairs = L[0].size
    old, new = machine.realize(L, nodes), machine.realize(L, nodes[list(order)])
    places = [block * len(L) + place for block in range(pairs) for place in order]
    return difference("C/√n", new.scaled_C, old.scaled_C[:, places])


def _weights_linear(machine: Machine, L: Array, other_L: Array, factor: Fraction, nodes: Array) -> str:
    one, other = machine.realize(L, nodes).scaled_C, machine.realize(other_L, nodes).scaled_C
    return difference("C/√n", machine.realize(factor * L + other_L, nodes).scaled_C, factor * one + other)


def _nodes_scaled(machine: Machine, L: Array, nodes: Array, factor: Fraction) -> str:
    scaled = np.array([lag * factor**j for j, lag in enumerate(L)])
    wanted = machine.realize(L, nodes).scaled_C
    return difference("C/√n", machine.realize(scaled, nodes * factor).scaled_C, wanted)


def _one_lag(machine: Machine, L: Array, nodes: Array) -> str:
    rnn = machine.realize(L, nodes)
    outputs, inputs = L[0].shape
    F, C = (np.full(shape, Fraction(0)) for shape in (rnn.F.shape, rnn.scaled_C.shape))
    for state, (row, column) in enumerate(product(range(outputs), range(inputs))):
        F[state, column], C[row, state] = Fraction(1), L[0, row, column]
    return difference("F", rnn.F, F) or difference("C/√n", rnn.scaled_C, C)


def _channels_apart(machine: Machine, L: Array, nodes: Array) -> str:
    horizon = 2 * len(L)
    found = machine.response(machine.realize(L, nodes), horizon)
    for row, column in np.ndindex(L[0].shape):
        alone = machine.response(machine.realize(L[:, [row]][:, :, [column]], nodes), horizon)
        if wrong := difference(f"L[{row}, {column}]", found[:, [row]][:, :, [column]], alone):
            return wrong
    return ""


def _weights_recovered(machine: Machine, weights: Array, nodes: Array) -> str:
    lags = by_hand.array(by_hand.matrix(by_hand.powers(nodes)) * by_hand.matrix(weights.reshape(len(nodes), -1)))
    rnn = machine.realize(lags.reshape(weights.shape), nodes)
    found = 0 * weights
    for state, value in enumerate(rnn.scaled_W):
        found[list(nodes).index(value)] += np.outer(rnn.scaled_C[:, state], rnn.F[state])
    return difference("weights", found, weights)


def _named(machine: Machine, kind: str, T: int) -> str:
    found = machine.named(kind, T)
    distinct = len(set(found)) == len(found) == T
    inside = all(isinstance(node, Fraction) and node != 0 and -1 <= node <= 1 for node in found)
    return "" if distinct and inside else f"nodes {', '.join(map(str, found))}"


TARGET: Final[dict[str, Any]] = {"L": impulse_responses(), "nodes": nodes}

REPRODUCED: Final = law(
    "targets reproduced",
    "b",
    "W, F and C of the realization (33)-(35), padded to a square number of states, give L by the formula (9)",
    targets_reproduced,
    **TARGET,
)
SIZE: Final = law("number of states", "b", "there are T n_x n_y states", _size, **TARGET)
DIAGONAL: Final = law("W is diagonal", "b", "n^(-1/2) W is diagonal, with each node n_x n_y times", _diagonal, **TARGET)
RECURRENCE: Final = law(
    "lags beyond T",
    "b",
    "the lags satisfy the recurrence of the polynomial whose roots are the nodes, beyond T too",
    _recurrence,
    **TARGET,
)
SOLVED: Final = law("linear system (35)", "b", "the weights solve V α = L", _solved, **TARGET)
DETERMINANT: Final = law(
    "Vandermonde determinant", "b", "det V is the product of λ_k - λ_i over i < k", _determinant, nodes=some_nodes
)
CONDITION: Final = law(
    "condition number", "b", "it is ‖V‖ ‖V⁻¹‖ in the maximum norm, to six digits", _condition, nodes=some_nodes
)
NODES_PERMUTED: Final = law(
    "nodes permuted", "b", "the weights go with their nodes", _nodes_permuted, **TARGET, order=orders("nodes")
)
WEIGHTS_LINEAR: Final = law(
    "weights linear in L",
    "b",
    "a combination of targets has the combination of their weights",
    _weights_linear,
    L=impulse_responses(),
    other_L=like("L"),
    factor=factors,
    nodes=nodes,
)
NODES_SCALED: Final = law(
    "nodes scaled", "b", "nodes c λ_i and lags c^j L_j have the same weights", _nodes_scaled, **TARGET, factor=factors
)
ONE_LAG: Final = law(
    "one lag", "b", "for T = 1 the weights are L_0, whatever the node", _one_lag, L=impulse_responses(1), nodes=nodes
)
CHANNELS_APART: Final = law(
    "channels do not mix",
    "b",
    "from every input to every output it is the realization of these lags alone, beyond T too",
    _channels_apart,
    **TARGET,
)
WEIGHTS_RECOVERED: Final = law(
    "weights are unique",
    "b",
    "the lags of weights at the nodes are realized with these weights",
    _weights_recovered,
    weights=impulse_responses(),
    nodes=nodes,
)
NAMED: Final = law(
    "nodes by name",
    "b",
    "there are T of them, distinct, in [-1, 1], none of them 0",
    _named,
    kind=one_of("uniform", "chebyshev", "leja"),
    T=lengths(1, 24),
)

VANDERMONDE_LAWS: Final[tuple[Law[Machine, Example], ...]] = (
    REPRODUCED,
    SIZE,
    DIAGONAL,
    RECURRENCE,
    SOLVED,
    DETERMINANT,
    CONDITION,
    NODES_PERMUTED,
    WEIGHTS_LINEAR,
    NODES_SCALED,
    ONE_LAG,
    CHANNELS_APART,
    WEIGHTS_RECOVERED,
    NAMED,
)
