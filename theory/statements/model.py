"""What the statements share: the model (1), its sequences, and hypotheses that several of them make."""

from __future__ import annotations

from typing import Final

import sympy as sp

from theory.draft import relies_on
from theory.facts import Equation, Independent, Unaffected, Variance
from theory.operators import Covariance, sequence
from theory.statements.lemma_c_1a import state_evolution
from theory.step import Hypothesis, Origin
from theory.symbols import C, F, W, n, nu_C, nu_W, t

root = n ** sp.Rational(-1, 2)
"""The scale of (1)."""

h = sequence("h", "h_{{{0}}}", commutative=False)
"""Hidden state."""

x = sequence("x", "x_{{{0}}}", commutative=False)
"""Input."""

y = sequence("y", "y_{{{0}}}", commutative=False)
"""Output."""

q = sequence("q", "q_{{{0}}}", commutative=False)
"""Impulse response from the input to the hidden state, (41) and (42)."""

L = sequence("L", "L_{{{0}}}", commutative=False)
"""Impulse response from the input to the output, (5)."""

MODEL: Final = Hypothesis(
    "model",
    r"the linear RNN (1): $h_t = n^{-1/2} W h_{t-1} + F x_t$ and $y_t = n^{-1/2} C h_t$",
    (Equation(h(t), root * W * h(t - 1) + F * x(t)), Equation(y(t), root * C * h(t))),
)

START: Final = Hypothesis("start", r"the state starts at rest: $h_{-1} = 0$", (Equation(h(-1), sp.S.Zero),))

GAUSSIAN_W: Final = Hypothesis(
    "gaussian W",
    r"the entries of $W$ are independent $N(0, \nu_W)$, see (4); by Lemma C.1 its images have the covariances "
    r"$\nu_W$ times those of what it is applied to",
    (Variance(W, nu_W),),
)

GAUSSIAN_C: Final = Hypothesis(
    "gaussian C",
    r"the entries of $C$ are independent $N(0, \nu_C)$, see (4): given $C$, its images have $\nu_C$ times the "
    r"covariances "
    "that what it is applied to has then",
    (Variance(C, nu_C, conditional=True),),
)

INDEPENDENT_C: Final = Hypothesis(
    "independent C",
    "$C$ is independent of $W$ and $F$, and so of all that is made of them",
    (Unaffected(C),),
)

FIXED_SIZES: Final = Hypothesis("sizes", r"$T$, $n_x$ and $n_y$ are fixed while $n \to \infty$")

LIMIT_LAW: Final = Hypothesis(
    "limit law",
    r"the large-$n$ limit of a Gaussian recursion is a Gaussian process (71): what is uncorrelated is independent, and "
    "covariances tell all",
    (),
    Origin.CITED,
    "the limit law (71), proved in (73)-(102)",
)


def variance_identity() -> Hypothesis:
    """Lemma C.1, in words; as a rule it is in the facts about Gaussian matrices."""
    return relies_on(
        state_evolution(),
        "the images of a Gaussian matrix have its variance times the covariances of what it is applied to; Cov is the "
        "covariance of one component, in the limit",
    )


def gaussian_input(*matrices: tuple[sp.Symbol, sp.Expr]) -> Hypothesis:
    """The entries of input matrices are Gaussian with these variances, independent of W and of each other."""
    facts = [Equation(Covariance(matrix, matrix), variance) for matrix, variance in matrices]
    apart = [Independent(matrix, W) for matrix, _ in matrices]
    pairs = [Independent(left, right) for place, (left, _) in enumerate(matrices) for right, _ in matrices[place + 1 :]]
    words = r"the entries of $F$ are independent $N(0, \nu_F)$, independent of $W$, see (4)"
    return Hypothesis("gaussian F", words, (*facts, *apart, *pairs))
