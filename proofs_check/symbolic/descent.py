"""(25) for the scaled convolution: gradient descent in exact arithmetic, against B_1 and B_2.

The trials descend on the half-squared loss of ``A D^{1/2} θ``, step by step, with the gradient taken
from the loss itself: of a quadratic function the central difference is the derivative. Norms of A are
rational by construction: its singular values are chosen. In some trials, one of them a convolution
of training data, the bound is attained, so that no smaller constant would pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

import numpy as np

from proofs_check.symbolic.evaluation import Interpretation, Matrix, Root, at_most, fractions
from proofs_check.symbolic.exact_arrays import Generator, integers, orthogonal, positive, squared_norm
from proofs_check.symbolic.statement import Formula, Part, Trial, Variant
from theory.justification import Relation
from theory.statements.theorem_3_2 import rho
from theory.statements.theorem_4_1b import (
    A_T,
    B_1,
    A,
    A_norm,
    D,
    R,
    distance,
    distance_rnn,
    error,
    error_norm,
    eta,
    rho_top,
    training,
)
from theory.symbols import ell, j

STEPS: Final = 6
ALL_STEPS: Final = range(STEPS + 1)

_bound: Final = A_norm * error_norm(0) * rho(j) * eta * ell  # (62), (64)

ERRORS: Final = Formula("errors (61)", "errors", error(ell + 1), error(ell) - eta * A * D * A_T * error(ell))
STAY: Final = Formula("errors do not grow (63)", "errors stay", error_norm(ell), error_norm(0), Relation.AT_MOST)
BOUND: Final = Formula(
    "bound (64), B_2 = ‖A‖‖e⁰‖", "bound", distance(ell, j), _bound, Relation.AT_MOST, spelled_out=("constant",)
)
RNN: Final = Formula(
    "bound (25) for the wide RNN", "rnn", distance_rnn(ell, j), _bound, Relation.AT_MOST, spelled_out=("constant",)
)


def _keeps_the_promise(trial: Interpretation, rate: Any) -> str:
    """Whether descent at a claimed largest rate obeys the bound."""
    descent: Descent = trial.sequences["at rate"](rate)
    for step in ALL_STEPS:
        for lag in range(len(descent.roots)):
            bound = descent.norm * descent.first_norm * descent.roots[lag] ** 2 * rate * step
            if not at_most(descent.distance(step, lag), bound):
                return f"at the rate {rate} lag {lag} is beyond the bound after {step} steps"
    return ""


RATE: Final = Formula("rate (62)", "rate bound", B_1, 1 / (A_norm**2 * rho_top), test=_keeps_the_promise)

VARIANTS: Final = (
    Variant(BOUND, "B_2 halved", _bound / 2, "the bound is attained"),
    Variant(BOUND, "B_2 without the norm of A", _bound / A_norm, "the gradient is A^T e"),
    Variant(BOUND, "one step less", A_norm * error_norm(0) * rho(j) * eta * (ell - 1), "the first step moves"),
    Variant(BOUND, "number of steps missing", A_norm * error_norm(0) * rho(j) * eta, "steps add up"),
    Variant(BOUND, "next lag's weight", _bound.subs(rho(j), rho(j + 1)), "lag j moves by its own weight"),
    Variant(RATE, "three times the rate", 3 / (A_norm**2 * rho_top), "steps of more than 2 overshoot"),
    Variant(RATE, "norm of A not squared", 1 / (A_norm * rho_top), "the Hessian is A D A^T"),
    Variant(RATE, "weights not counted", 1 / A_norm**2, "the Hessian is A D A^T"),
    Variant(ERRORS, "ascent", error(ell) + eta * A * D * A_T * error(ell), "descent goes against the gradient"),
    Variant(ERRORS, "weights missing", error(ell) - eta * A * A_T * error(ell), "D stands between A and its transpose"),
    Variant(ERRORS, "root of D", error(ell) - eta * A * R * A_T * error(ell), "D^(1/2) occurs twice"),
)


@dataclass(frozen=True)
class Problem:
    """A linear model ``A D^{1/2} θ`` with data.

    Attributes
    ----------
    words : str
    A : Matrix
    norm : Fraction
        Its spectral norm.
    roots : tuple of Fraction
        √ρ_j; lag j has as many parameters as any other.
    theta : Matrix
        Where descent starts.
    first_error : Matrix
        e⁰, which decides the data.
    first_norm : Fraction
        Its norm.
    """

    words: str
    A: Matrix
    norm: Fraction
    roots: tuple[Fraction, ...]
    theta: Matrix
    first_error: Matrix
    first_norm: Fraction

    @property
    def block(self) -> int:
        """Parameters of each lag."""
        return int(self.A.shape[1]) // len(self.roots)

    @cached_property
    def half(self) -> Matrix:
        """D^{1/2}."""
        return fractions(np.diag(np.repeat(np.array(self.roots, dtype=object), self.block)))

    @cached_property
    def data(self) -> Matrix:
        """y, so that the first error is the given one."""
        return fractions(self.A @ (self.half @ self.theta) + self.first_error)

    @property
    def allowed(self) -> Fraction:
        """The largest rate that (62) allows."""
        return 1 / (self.norm**2 * max(self.roots) ** 2)

    def loss(self, theta: Matrix) -> Fraction:
        """Half the sum of squared errors."""
        return squared_norm(self.data - self.A @ (self.half @ theta)) / 2

    def gradient(self, theta: Matrix) -> Matrix:
        """The derivative of the loss in each parameter, by central differences: exact."""
        slopes = []
        for place in range(theta.shape[0]):
            step = fractions(np.zeros(theta.shape, dtype=int))
            step[place, 0] = Fraction(1)
            slopes.append([(self.loss(theta + step) - self.loss(theta - step)) / 2])
        return fractions(slopes)


class Descent(Problem):
    """A problem together with the iterates at one rate."""

    def __init__(self, problem: Problem, rate: Fraction) -> None:
        super().__init__(**{name: getattr(problem, name) for name in problem.__dataclass_fields__})
        found = [self.theta]
        for _ in range(STEPS + 1):
            found.append(found[-1] - rate * self.gradient(found[-1]))
        object.__setattr__(self, "iterates", found)

    iterates: list[Matrix]

    def error(self, step: int) -> Matrix:
        """e^ℓ."""
        return fractions(self.data - self.A @ (self.half @ self.iterates[step]))

    def error_norm(self, step: int) -> Fraction | Root:
        """‖e^ℓ‖."""
        return self.first_norm if step == 0 else Root(squared_norm(self.error(step)))

    def distance(self, step: int, lag: int) -> Root:
        """``‖L_j^ℓ - L_j⁰‖_F``."""
        moved = self.half @ (self.iterates[step] - self.theta)
        return Root(squared_norm(moved[lag * self.block : (lag + 1) * self.block]))


def _convolution(rng: Generator) -> Problem:
    """Training data whose inputs are impulses of sizes 3 and 4 at time 0: predictions are L, scaled."""
    horizon = 3
    inputs = [[Fraction(size), Fraction(0), Fraction(0)] for size in (3, 4)]
    rows = [
        [signal[time - lag] if time >= lag else Fraction(0) for lag in range(horizon)]
        for signal in inputs
        for time in range(horizon)
    ]
    return _attained("convolution of two impulses", fractions(rows), Fraction(5), horizon, rng)


def _attained(words: str, matrix: Matrix, norm: Fraction, horizon: int, rng: Generator) -> Problem:
    """All singular values are equal, and the first error is along the lag of largest weight."""
    roots = _roots(rng, horizon)
    largest = roots.index(max(roots)) * (matrix.shape[1] // horizon)
    size = Fraction(int(rng.integers(1, 6)))
    first_error = size / norm * matrix[:, [largest]]
    return Problem(words, matrix, norm, roots, integers(rng, matrix.shape[1], 1), first_error, size)


def _generic(rng: Generator) -> Problem:
    """Singular values 5, 2, 1; the first error anywhere."""
    values = fractions(np.diag([5, 2, 1]))
    matrix = orthogonal(rng, 3) @ values @ orthogonal(rng, 3)
    size = Fraction(int(rng.integers(1, 6)))
    first_error = size * orthogonal(rng, 3)[:, [0]]
    return Problem("3 lags, generic", matrix, Fraction(5), _roots(rng, 3), integers(rng, 3, 1), first_error, size)


def _roots(rng: Generator, count: int) -> tuple[Fraction, ...]:
    """√ρ_j, all different; the largest is above 1."""
    return (*positive(rng, count - 1), Fraction(int(rng.integers(13, 19))))


def _trials(rng: Generator) -> Iterator[Trial]:
    problems = (
        _convolution(rng),
        _attained("2 lags of 2 channels", 5 * orthogonal(rng, 4), Fraction(5), 2, rng),
        _generic(rng),
    )
    for problem in problems:
        for share in (1, 10):
            rate = problem.allowed / share
            descent = Descent(problem, rate)
            yield Trial(
                f"{problem.words}, η = B_1/{share}" if share > 1 else f"{problem.words}, η = B_1",
                Interpretation(
                    {
                        A: problem.A,
                        A_T: problem.A.T,
                        R: problem.half,
                        D: problem.half @ problem.half,
                        eta: rate,
                        A_norm: problem.norm,
                        rho_top: max(problem.roots) ** 2,
                    },
                    {
                        "e_l": descent.error,
                        "e_norm": descent.error_norm,
                        "d_conv": descent.distance,
                        "rho": _weights(problem.roots),
                        "at rate": lambda chosen, problem=problem: Descent(problem, chosen),
                    },
                ),
                {ell: ALL_STEPS, j: range(len(problem.roots))},
            )


def _weights(roots: tuple[Fraction, ...]) -> Any:
    """ρ_j; what would follow the last lag has a smaller weight than any."""
    return lambda lag: roots[lag] ** 2 if lag < len(roots) else min(roots) ** 2 / 4


PART: Final = Part(
    "25",
    "for η < B_1, lag j moves in ℓ steps of gradient descent at most B_2 ρ_j η ℓ (25); half-squared loss",
    training,
    (ERRORS, RATE, STAY, BOUND, RNN),
    _trials,
    "gradient descent in exact arithmetic, six steps at B_1 and below",
    VARIANTS,
)
