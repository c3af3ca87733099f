"""Proposition 2.1: (a) every linear RNN is a convolution, (b) every impulse response is that of a linear RNN.

Equations (9), (10) and (33)–(35).
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation, Nonnegative, Nonzero
from theory.justification import (
    Definition,
    Induction,
    Instance,
    Instances,
    NonvanishingFactors,
    Rewriting,
)
from theory.operators import sequence
from theory.recurrences import geometric
from theory.statements.model import MODEL, START, L, h, q, root, x, y
from theory.step import Hypothesis, Origin
from theory.symbols import C, F, T, W, a, b, c, d, i, j, k, m, n, n_x, n_y, t

node = sequence("lambda", r"\lambda_{{{0}}}", commutative=True)
weight = sequence("alpha", r"\alpha_{{{0}}}", commutative=True)
state = sequence("u", r"u_{{{0},{1}}}", commutative=True)
response = sequence("ell", r"L_{{{0}}}", commutative=True)
power = sequence("V", r"V_{{{0},{1}}}", commutative=True)
reduced = sequence("R", r"R^{{({0})}}_{{{1},{2}}}", commutative=True)
minor = sequence("M", r"M^{{({0})}}_{{{1}}}", commutative=True)
determinant = sequence("D", r"\det V^{{({0})}}", commutative=True)
channel_weight = sequence("alpha_ac", r"\alpha^{{({0},{1})}}_{{{2}}}", commutative=True)
channel_response = sequence("ell_ac", r"L^{{({1},{2})}}_{{{0}}}", commutative=True)
states = sp.Symbol("N", integer=True, positive=True)

LARGEST_INSTANCE = 5


@cache
def unrolling() -> Derivation:
    """Proposition 2.1(a): (9) read off the unrolled recursion, for every t."""
    draft = Draft(
        "2.1a",
        "A linear RNN is a convolution",
        "The outputs of the linear RNN are the convolution (5) of its inputs with the impulse response (9):",
        (MODEL, START),
    )
    draft.add("response at 0", q(0), F, "the response of the hidden state to an impulse: at once", Definition())
    draft.add("response", q(j + 1), root * W * q(j), "and one step later, see (42)", Definition(), equation="41")
    draft.add(
        "unrolled",
        h(t),
        sp.Sum(q(j) * x(t - j), (j, 0, t)),
        "the recursion, unrolled: the first term of the sum at $t + 1$ is split off",
        Induction(t, end="first"),
        uses=("model", "start", "response", "response at 0"),
    )
    closed = draft.add(
        "response solved",
        q(j),
        geometric(root * W, j, F),
        "every step multiplies by one more factor",
        Induction(j),
        uses=("response", "response at 0"),
    )
    draft.add("impulse response", L(j), root * C * q(j), "what the output sees of it", Definition())
    draft.add(
        "convolution",
        y(t),
        sp.Sum(L(j) * x(t - j), (j, 0, t)),
        "so the RNN is the convolution (5)",
        Rewriting(),
        uses=("model", "unrolled", "impulse response"),
        equation="10",
    )
    draft.add(
        "impulse response solved",
        L(j),
        sp.powsimp(root * C * closed.rhs),
        "with this impulse response",
        Rewriting(),
        uses=("impulse response", "response solved"),
        equation="9",
    )
    return draft.finish("impulse response solved", "convolution")


@cache
def realization() -> Derivation:
    """Proposition 2.1(b): a diagonal W whose Vandermonde system (35) can be solved."""
    distinct = sp.Product(sp.Product(node(k) - node(i), (i, 0, k - 1)), (k, 0, T - 1))
    draft = Draft(
        "2.1b",
        "Every impulse response is that of a linear RNN",
        r"The impulse response of a diagonal RNN is linear in its output weights; for distinct nodes "
        r"$\lambda_0, \dots, \lambda_{T-1}$ the system is invertible, so that any impulse response of length $T$ is "
        r"realized, "
        "with several channels by one such system for each pair of an output and an input, of $N$ states in all:",
        (
            relies_on(unrolling()),
            Hypothesis(
                "diagonal",
                r"one input and one output: $W = \sqrt{n} \operatorname{diag}(\lambda)$, $F = (1, \dots, 1)^{\top}$ "
                r"and "
                r"$C = \sqrt{n}\, \alpha^{\top}$, so that (41) and the output, component by component, are these",
                (
                    Equation(state(0, i), sp.S.One),
                    Equation(state(j + 1, i), root * sp.sqrt(n) * node(i) * state(j, i)),
                    Equation(response(j), root * sp.Sum(sp.sqrt(n) * weight(i) * state(j, i), (i, 0, T - 1))),
                ),
            ),
            Hypothesis("nodes", r"the nodes $\lambda_0, \dots, \lambda_{T-1}$ are distinct", (Nonzero(distinct),)),
            Hypothesis(
                "determinants",
                r"row operations do not change a determinant, but for signs that cancel here; expanding along the last "
                r"column, whose entries are 1 and $R^{(m)}_{j,m}$, leaves minors $M^{(m)}_j$; columns proportional "
                r"to those of "
                r"$V^{(m)}$ make $M^{(m)}_0$ a multiple of $\det V^{(m)}$; an empty determinant is 1",
                (
                    Equation(
                        determinant(m + 1),
                        minor(m, 0) + sp.Sum(reduced(m, j, m) * minor(m, j + 1), (j, 0, m - 1)),
                    ),
                    Equation(
                        minor(m, 0),
                        determinant(m) * sp.Product(reduced(m, 0, i) / power(0, i), (i, 0, m - 1)),
                    ),
                    Equation(determinant(0), sp.S.One),
                ),
                Origin.CITED,
                "the rules for determinants",
            ),
            _blocks(),
            Hypothesis(
                "channels",
                r"output $a$ of $n_y$ and input $c$ of $n_x$",
                (Nonnegative(n_y - 1 - a), Nonnegative(n_x - 1 - c)),
            ),
        ),
    )
    solved = draft.add(
        "state solved",
        state(j, i),
        geometric(node(i), j, sp.S.One),
        "component $i$ of $q_j$, for every $j$",
        Induction(j),
        uses=("diagonal",),
        equation="33",
    )
    draft.add(
        "system",
        response(j),
        sp.Sum(weight(i) * solved.rhs, (i, 0, T - 1)),
        "the impulse response is linear in the weights",
        Rewriting(),
        uses=("diagonal", "state solved"),
        equation="34",
    )
    draft.add("vandermonde", power(j, i), node(i) ** j, "the matrix of this system", Definition())
    draft.add(
        "system matrix",
        response(j),
        sp.Sum(power(j, i) * weight(i), (i, 0, T - 1)),
        "so the weights solve a Vandermonde system",
        Rewriting(),
        uses=("system", "vandermonde"),
        equation="35",
    )
    _determinant(draft)
    _channels(draft)
    return draft.finish("system matrix", "invertible", "block system", "size")


def _determinant(draft: Draft) -> None:
    """The Vandermonde determinant for every number of nodes, by adding one node at a time."""
    draft.add(
        "row operation",
        reduced(m, j, i),
        node(m) * power(j, i) - power(j + 1, i),
        r"in the matrix of the nodes $\lambda_0, \dots, \lambda_m$ replace row $j + 1$ by $\lambda_m$ times row $j$ "
        "less row $j + 1$",
        Definition(),
    )
    draft.add(
        "rows",
        reduced(m, j, i),
        (node(m) - node(i)) * power(j, i),
        "below the first row, column $i$ is then proportional to the old column",
        Rewriting(),
        uses=("row operation", "vandermonde"),
    )
    draft.add(
        "new column",
        reduced(m, j, m),
        sp.S.Zero,
        "and the new column vanishes there",
        Rewriting(),
        uses=("rows",),
    )
    draft.add(
        "one more node",
        determinant(m + 1),
        determinant(m) * sp.Product(node(m) - node(i), (i, 0, m - 1)),
        "so one more node multiplies the determinant by its distances to the others",
        Rewriting(),
        uses=("determinants", "new column", "rows", "vandermonde"),
    )
    product = sp.Product(sp.Product(node(k) - node(i), (i, 0, k - 1)), (k, 0, m - 1))
    draft.add(
        "determinant",
        determinant(m),
        product,
        "the Vandermonde determinant, for every number of nodes",
        Induction(m),
        uses=("one more node", "determinants"),
    )
    draft.add(
        "determinant instances",
        determinant(m),
        product,
        "the same, against determinants that are worked out",
        Instances(tuple(_vandermonde(size) for size in range(1, LARGEST_INSTANCE)), "1 to 4 nodes, symbolic"),
    )
    draft.add(
        "invertible",
        determinant(T),
        sp.S.Zero,
        "distinct nodes give an invertible system: weights exist for every impulse response",
        NonvanishingFactors(),
        uses=("determinant", "nodes"),
    )


def _vandermonde(size: int) -> Instance:
    matrix = sp.Matrix(size, size, lambda row, column: node(column) ** row)
    return Instance(f"{size} nodes", ((m, sp.Integer(size)),), (Equation(determinant(size), matrix.det()),))


def _channels(draft: Draft) -> None:
    """One such system for each pair of an output and an input, side by side."""
    draft.add(
        "block system",
        channel_response(j, a, c),
        sp.Sum(power(j, i) * channel_weight(a, c, i), (i, 0, T - 1)),
        "several channels: every pair of an output and an input has its own Vandermonde system",
        Rewriting(),
        uses=("blocks", "state solved", "vandermonde", "channels"),
    )
    draft.add("size", states, T * n_x * n_y, "the number of states", Rewriting(), uses=("blocks",))


def _blocks() -> Hypothesis:
    """The block-diagonal system, entry by entry."""
    entry = sp.sqrt(n) * sp.KroneckerDelta(a, b) * channel_weight(b, d, i) * state(j, i) * sp.KroneckerDelta(c, d)
    limits = ((i, 0, T - 1), (d, 0, n_x - 1), (b, 0, n_y - 1))
    return Hypothesis(
        "blocks",
        "several channels: one block of $T$ states for every pair $(b, d)$, driven by input $d$ alone and read by "
        "output $b$ alone; $N$ states in all",
        (
            Equation(channel_response(j, a, c), root * sp.Sum(entry, *limits)),
            Equation(states, sp.Sum(sp.S.One, *limits)),
        ),
    )
