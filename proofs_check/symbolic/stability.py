"""Stability: the linear RNN forgets its state when ν_W < 1.

That the spectral radius of ``n^{-1/2} W`` tends to √ν_W is cited (Bai and Yin). What follows from it is
worked out on multiples of orthogonal matrices, whose spectral radius is known exactly; how near a
Gaussian matrix is to the limit is shown for information.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
import sympy as sp
from threadpoolctl import threadpool_limits

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions
from proofs_check.symbolic.exact_arrays import Generator, integers, orthogonal, squared_norm
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Evidence, Theorem, shown
from theory.finite_width import response_moment
from theory.operators import Covariance
from theory.statements.model import q, root
from theory.statements.stability import radius, stability, start, unforced
from theory.symbols import W, n, nu_W, t

WIDTH: Final = 200
DRAWS: Final = 4

POWERS: Final = Formula("powers of W", "powers", unforced(t), root**t * W**t * start)
DISTANCE: Final = Formula("distance of the spectral radius to 1", "distance to 1", 1 - radius, 1 - sp.sqrt(nu_W))
MEAN_SQUARE: Final = Formula(
    "decay in the mean square", "mean square", Covariance(q(t + 1), q(t + 1)), nu_W * Covariance(q(t), q(t))
)

VARIANTS: Final = (
    Variant(POWERS, "not scaled", W**t * start, "every W comes with a factor n^(-1/2)"),
    Variant(POWERS, "one step too many", root ** (t + 1) * W ** (t + 1) * start, "t steps are t powers"),
    Variant(DISTANCE, "nu_W for its root", 1 - nu_W, "ν_W is a variance"),
    Variant(DISTANCE, "nu_W < 4 suffices", 1 - sp.sqrt(nu_W) / 2, "for ν_W between 1 and 4 the states grow"),
    Variant(DISTANCE, "never stable", -sp.sqrt(nu_W), "for ν_W < 1 it is"),
    Variant(MEAN_SQUARE, "root of nu_W", sp.sqrt(nu_W) * Covariance(q(t), q(t)), "squares decay by ν_W"),
    Variant(MEAN_SQUARE, "square of nu_W", nu_W**2 * Covariance(q(t), q(t)), "squares decay by ν_W"),
)


def _trials(rng: Generator) -> Iterator[Trial]:
    for width, variance in ((1, Fraction(9, 4)), (4, Fraction(4, 9)), (9, Fraction(25, 16)), (4, Fraction(1, 100))):
        scale = Fraction(int(np.sqrt(width)))
        size = Fraction(int(np.sqrt(variance.numerator)), int(np.sqrt(variance.denominator)))
        scaled = size * orthogonal(rng, width)
        states = [integers(rng, width, 1, bound=9)]
        for _ in range(5):
            states.append(scaled @ states[-1])
        yield Trial(
            f"n = {width}, ν_W = {variance}",
            Interpretation(
                {n: width, nu_W: variance, W: scale * scaled, start: states[0], radius: _radius(scaled)},
                {
                    "h_free": states.__getitem__,
                    "q": int,
                    "Covariance": partial(_limit_covariance, variance),
                },
            ),
            {t: range(5)},
        )


def _limit_covariance(variance: Fraction, s: int, time: int) -> Fraction:
    """Of the components of q_s and q_t, ν_F = 1: the constant term of the exact value at width n."""
    series = response_moment(s, time)
    return variance ** ((s + time) // 2) * series[0] if series else Fraction(0)


def _radius(matrix: Matrix) -> Fraction:
    """The spectral radius of a multiple of an orthogonal matrix: all its singular values are equal."""
    square = squared_norm(matrix) / matrix.shape[0]
    identity = fractions(np.eye(matrix.shape[0], dtype=int))
    if np.any(matrix @ matrix.T != square * identity):
        raise ValueError("not a multiple of an orthogonal matrix")
    return Fraction(int(np.sqrt(square.numerator)), int(np.sqrt(square.denominator)))


def gaussian_radius(check: str, rng: Generator) -> Iterator[Evidence]:
    """How near the spectral radius of Gaussian matrices is to its limit, in floating point."""
    with threadpool_limits(1):  # threads would cost more than they save at this size
        found = [
            float(np.abs(np.linalg.eigvals(rng.standard_normal((WIDTH, WIDTH)))).max() / np.sqrt(WIDTH))
            for _ in range(DRAWS)
        ]
    low, high = min(found), max(found)
    yield shown(
        check,
        "a Gaussian matrix",
        f"spectral radius of n^(-1/2) W over √ν_W at n = {WIDTH}, {DRAWS} draws: {low:.3f} to {high:.3f}",
        n=WIDTH,
        ratios=[round(value, 9) for value in found],
    )


PART: Final = Part(
    "stability",
    "the spectral radius of n^(-1/2) W tends to √ν_W, so that (1) is stable for ν_W < 1",
    stability,
    (POWERS, DISTANCE, MEAN_SQUARE),
    _trials,
    "the recursion without input, on multiples of orthogonal matrices; second moments by loop equations",
    VARIANTS,
    (gaussian_radius,),
)


def theorem() -> Theorem[SymbolicContext]:
    """The condition."""
    return symbolic_theorem("stability", "Stability of the linear RNN", "Section 2", PART)
