"""Proposition 2.1: (a) a linear RNN is a convolution, (b) every convolution is a linear RNN.

The trials run the recursion (1) literally, on integer matrices; widths are square numbers, so that
``n^{-1/2}`` is rational.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

import numpy as np
import sympy as sp

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions
from proofs_check.symbolic.exact_arrays import Generator, determinant, integers, solve
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Evidence, Kind, Status, Theorem
from theory.statements.model import L, root, x, y
from theory.statements.proposition_2_1 import (
    channel_response,
    channel_weight,
    node,
    power,
    realization,
    response,
    states,
    unrolling,
    weight,
)
from theory.statements.proposition_2_1 import determinant as vandermonde_determinant
from theory.symbols import C, F, T, W, a, c, i, j, k, m, n, n_x, n_y, t

TITLE: Final = "Linear RNNs and convolutions"

W_transposed: Final = sp.Symbol("W^T", commutative=False)

IMPULSE: Final = Formula("impulse response (9)", "impulse response solved", L(j), root ** (j + 1) * C * W**j * F)
CONVOLUTION: Final = Formula("convolution (10)", "convolution", y(t), sp.Sum(L(j) * x(t - j), (j, 0, t)))

UNROLLING: Final = (
    Variant(IMPULSE, "exponent of n off by one half", root**j * C * W**j * F, "the output is scaled as well"),
    Variant(IMPULSE, "not scaled", C * W**j * F, "every W and C comes with a factor n^(-1/2)"),
    Variant(IMPULSE, "one W too many", root ** (j + 1) * C * W ** (j + 1) * F, "lag j passes through W j times"),
    Variant(IMPULSE, "W transposed", root ** (j + 1) * C * W_transposed**j * F, "the recursion applies W itself"),
    Variant(IMPULSE, "F and C exchanged", root ** (j + 1) * F * W**j * C, "the input enters by F and leaves by C"),
    Variant(CONVOLUTION, "last lag missing", sp.Sum(L(j) * x(t - j), (j, 0, t - 1)), "the first input still counts"),
    Variant(CONVOLUTION, "time not reversed", sp.Sum(L(j) * x(j), (j, 0, t)), "lag j sees the input of j steps ago"),
)


def run_literally(matrices: tuple[Matrix, Matrix, Matrix], width: int, inputs: list[Matrix]) -> list[Matrix]:
    """The outputs of (1): state after state, from a state at rest."""
    weights, entry, exit_ = matrices
    scale = Fraction(1, int(width**0.5))  # widths are square numbers
    state, outputs = fractions(np.zeros((width, 1), dtype=int)), []
    for signal in inputs:
        state = scale * (weights @ state) + entry @ signal
        outputs.append(scale * (exit_ @ state))
    return outputs


def impulse_responses(matrices: tuple[Matrix, Matrix, Matrix], width: int, channels: int, horizon: int) -> list[Matrix]:
    """L_0 … L_{T-1}: the outputs when one input is 1 at time 0 and all else is 0."""
    silence = fractions(np.zeros((channels, 1), dtype=int))
    columns = []
    for channel in range(channels):
        impulse = silence.copy()
        impulse[channel, 0] = Fraction(1)
        columns.append(run_literally(matrices, width, [impulse, *[silence] * (horizon - 1)]))
    return [np.concatenate([column[lag] for column in columns], axis=1) for lag in range(horizon)]


def _unrolling_trials(rng: Generator) -> Iterator[Trial]:
    for width, horizon, inputs, outputs in ((1, 4, 1, 1), (4, 5, 2, 3), (9, 4, 3, 2), (4, 5, 1, 1), (16, 3, 2, 2)):
        W_, F_, C_ = integers(rng, width, width), integers(rng, width, inputs), integers(rng, outputs, width)
        signal = [integers(rng, inputs, 1, bound=9) for _ in range(horizon)]
        found = run_literally((W_, F_, C_), width, signal)
        lags = impulse_responses((W_, F_, C_), width, inputs, horizon)
        yield Trial(
            f"n = {width}, n_x = {inputs}, n_y = {outputs}",
            Interpretation(
                {n: width, W: W_, F: F_, C: C_, W_transposed: W_.T},
                {"L": lags.__getitem__, "x": signal.__getitem__, "y": found.__getitem__},
            ),
            {j: range(horizon), t: range(horizon)},
        )


PART_A: Final = Part(
    "a",
    "the outputs of a linear RNN are the convolution (10) of its inputs with L_j = n^(-(j+1)/2) C W^j F (9)",
    unrolling,
    (IMPULSE, CONVOLUTION),
    _unrolling_trials,
    "the recursion (1) run on integer matrices, n up to 16, T up to 5",
    UNROLLING,
)

DETERMINANT: Final = Formula(
    "Vandermonde determinant (35)",
    "determinant",
    vandermonde_determinant(m),
    sp.Product(sp.Product(node(k) - node(i), (i, 0, k - 1)), (k, 0, m - 1)),
)
SYSTEM: Final = Formula("linear system (34)", "system", response(j), sp.Sum(weight(i) * node(i) ** j, (i, 0, T - 1)))
BLOCKS: Final = Formula(
    "a system for every pair of channels",
    "block system",
    channel_response(j, a, c),
    sp.Sum(power(j, i) * channel_weight(a, c, i), (i, 0, T - 1)),
)
SIZE: Final = Formula("number of states", "size", states, T * n_x * n_y)


def _product(factor: sp.Expr) -> sp.Expr:
    return sp.Product(sp.Product(factor, (i, 0, k - 1)), (k, 0, m - 1))


REALIZATION: Final = (
    Variant(DETERMINANT, "differences of the wrong sign", _product(node(i) - node(k)), "the later node comes first"),
    Variant(DETERMINANT, "sums of nodes", _product(node(k) + node(i)), "the determinant vanishes for equal nodes"),
    Variant(DETERMINANT, "squared", _product((node(k) - node(i)) ** 2), "that is the discriminant"),
    Variant(SYSTEM, "one power too many", sp.Sum(weight(i) * node(i) ** (j + 1), (i, 0, T - 1)), "lag 0 sees no W"),
    Variant(SYSTEM, "scaled once more", root * sp.Sum(weight(i) * node(i) ** j, (i, 0, T - 1)), "C is scaled up by √n"),
    Variant(SYSTEM, "last node missing", sp.Sum(weight(i) * node(i) ** j, (i, 0, T - 2)), "there are T nodes"),
    Variant(
        BLOCKS,
        "weights of the first output",
        sp.Sum(power(j, i) * channel_weight(0, c, i), (i, 0, T - 1)),
        "every output has its own",
    ),
    Variant(SIZE, "one block per channel", T * (n_x + n_y), "every pair of an output and an input has its block"),
    Variant(SIZE, "one block", T, "every pair of an output and an input has its block"),
)


def realized(nodes: list[Fraction], target: list[Matrix]) -> tuple[int, tuple[Matrix, Matrix, Matrix], Matrix]:
    """The RNN of (33)–(35) for a target impulse response: its width, (W, F, C), and the weights.

    One block of T states for each pair of an output and an input; the width is a square number.
    """
    horizon, (outputs, inputs) = len(nodes), target[0].shape
    width = horizon * inputs * outputs
    scale = int(width**0.5)
    system = np.array([[value**lag for value in nodes] for lag in range(horizon)], dtype=object)
    right = np.array([lag.ravel() for lag in target], dtype=object)
    weights = solve(system, right)  # a column for each pair
    entry, exit_ = (fractions(np.zeros(shape, dtype=int)) for shape in ((width, inputs), (outputs, width)))
    for pair in range(inputs * outputs):
        row, column = divmod(pair, inputs)
        block = slice(pair * horizon, (pair + 1) * horizon)
        entry[block, column] = Fraction(1)
        exit_[row, block] = scale * weights[:, pair]
    diagonal = fractions(np.zeros((width, width), dtype=int))
    np.fill_diagonal(diagonal, [scale * value for value in nodes] * (inputs * outputs))
    return width, (diagonal, entry, exit_), weights


def _nodes(rng: Generator, count: int) -> list[Fraction]:
    choice = rng.choice(np.arange(1, 20), count, replace=False)
    return [Fraction(int(value) * int(rng.choice([-1, 1])), 7) for value in choice]


def _random_target(rng: Generator, horizon: int, outputs: int, inputs: int) -> list[Matrix]:
    return [integers(rng, outputs, inputs, bound=9) for _ in range(horizon)]


def _realization_trials(rng: Generator) -> Iterator[Trial]:
    for horizon in (1, 4, 4):
        nodes = _nodes(rng, horizon)
        width, matrices, weights = realized(nodes, _random_target(rng, horizon, 1, 1))
        lags = impulse_responses(matrices, width, 1, horizon)
        yield Trial(
            f"T = {horizon}",
            Interpretation(
                {n: width, T: horizon, n_x: 1, n_y: 1, states: width},
                {
                    "lambda": nodes.__getitem__,
                    "alpha": lambda index, weights=weights: weights[index, 0],
                    "ell": lambda lag, lags=lags: lags[lag][0, 0],
                    "D": _literal_determinant(nodes),
                },
            ),
            {j: range(horizon), m: range(horizon + 1)},
        )
    for horizon, inputs, outputs in SEVERAL:
        nodes = _nodes(rng, horizon)
        width, matrices, weights = realized(nodes, _random_target(rng, horizon, outputs, inputs))
        lags = impulse_responses(matrices, width, inputs, horizon)
        yield Trial(
            f"T = {horizon}, n_x = {inputs}, n_y = {outputs}",
            Interpretation(
                {T: horizon, n_x: inputs, n_y: outputs, states: matrices[0].shape[0]},
                {
                    "V": lambda lag, index, nodes=nodes: nodes[index] ** lag,
                    "alpha_ac": _of_pair(weights, inputs),
                    "ell_ac": lambda lag, row, column, lags=lags: lags[lag][row, column],
                },
            ),
            {j: range(horizon), a: range(outputs), c: range(inputs)},
        )


def _of_pair(weights: Matrix, inputs: int) -> Callable[[int, int, int], Fraction]:
    """The weights of an output and an input."""
    return lambda row, column, index: weights[index, row * inputs + column]


SEVERAL: Final = ((2, 2, 1), (2, 1, 2), (3, 3, 1), (4, 2, 2), (3, 2, 6))
"""Horizons and channels whose product is a square number."""


def _literal_determinant(nodes: list[Fraction]) -> Callable[[int], Fraction]:
    def of_first(count: int) -> Fraction:
        rows = [[value**row for value in nodes[:count]] for row in range(count)]
        return determinant(np.array(rows, dtype=object).reshape(count, count))

    return of_first


def reproduces(check: str, rng: Generator) -> Iterator[Evidence]:
    """The RNN that is built from a random target has the target as its impulse response."""
    for horizon, inputs, outputs in ((4, 1, 1), *SEVERAL):
        target = _random_target(rng, horizon, outputs, inputs)
        width, matrices, _ = realized(_nodes(rng, horizon), target)
        found = impulse_responses(matrices, width, inputs, horizon)
        if any(np.any(one != other) for one, other in zip(found, target, strict=True)):
            words = f"T = {horizon}, n_x = {inputs}, n_y = {outputs}: another impulse response"
            yield Evidence(check, Kind.EXACT, "targets reproduced", Status.REFUTED, words)
            return
    words = f"{1 + len(SEVERAL)} random impulse responses, n_x and n_y up to 6, realized by T n_x n_y states exactly"
    yield Evidence(check, Kind.EXACT, "targets reproduced", Status.CONFIRMED, words)


PART_B: Final = Part(
    "b",
    "every L_0 … L_(T-1) is the impulse response of a linear RNN with n = T n_x n_y states (33)-(35)",
    realization,
    (DETERMINANT, SYSTEM, BLOCKS, SIZE),
    _realization_trials,
    "determinants expanded, Vandermonde systems solved over the rationals, and the RNN run",
    REALIZATION,
    (reproduces,),
)


def theorem() -> Theorem[SymbolicContext]:
    """Both parts."""
    return symbolic_theorem("2.1", TITLE, "Proposition 2.1", PART_A, PART_B)


def part_a() -> Theorem[SymbolicContext]:
    """A linear RNN is a convolution."""
    return symbolic_theorem("2.1a", TITLE, "Proposition 2.1(a)", PART_A)


def part_b() -> Theorem[SymbolicContext]:
    """A convolution is a linear RNN."""
    return symbolic_theorem("2.1b", TITLE, "Proposition 2.1(b)", PART_B)
