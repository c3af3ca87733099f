"""Theorem 3.2: the tangent kernel of the scaled convolution (17), at every parameter.

The trials differentiate the model (5), (7) literally: it is linear in its parameters, so that the
difference quotient at a random parameter is the derivative. Weights are squares of rationals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from typing import Final

import numpy as np
import sympy as sp

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions
from proofs_check.symbolic.exact_arrays import Generator, integers, positive
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.statements.theorem_3_2 import convolution_kernel, kernel, parameter, rho, toeplitz, toeplitz_prime
from theory.symbols import T, a, b, c, j, n_x, s, t


def _claimed(weight: sp.Expr, last: sp.Expr = T - 1) -> sp.Expr:
    """An entry of ``T(x)^T D T(x')`` with these weights on the diagonal of D."""
    return sp.Sum(weight * toeplitz(j, c, t) * toeplitz_prime(j, c, s), (c, 0, n_x - 1), (j, 0, last))


_same: Final = sp.KroneckerDelta(a, b)
KERNEL: Final = Formula("tangent kernel (17)", "kernel", kernel(t, a, s, b), _same * _claimed(rho(j)))

VARIANTS: Final = (
    Variant(KERNEL, "outputs not separated", _claimed(rho(j)), "the kernel is a Kronecker product with the identity"),
    Variant(KERNEL, "root of rho", _same * _claimed(sp.sqrt(rho(j))), "each of two derivatives brings √ρ_j"),
    Variant(KERNEL, "no weights", _same * _claimed(sp.S.One), "each of two derivatives brings √ρ_j"),
    Variant(KERNEL, "square of rho", _same * _claimed(rho(j) ** 2), "each of two derivatives brings √ρ_j"),
    Variant(KERNEL, "next lag's weight", _same * _claimed(rho(j + 1)), "lag j has weight ρ_j"),
    Variant(KERNEL, "last lag missing", _same * _claimed(rho(j), T - 2), "all T lags count"),
    Variant(
        KERNEL,
        "depends on theta",
        _same * _claimed(rho(j) * parameter(j, a, c) ** 2),
        "the model is linear: its derivative does not depend on θ",
    ),
)


class Convolution:
    """The model (5) with (7): outputs from parameters, literally."""

    def __init__(self, roots: list[Fraction], signal: Matrix) -> None:
        self.roots, self.signal = roots, signal

    def outputs(self, theta: Matrix) -> Matrix:
        """``y_t = Σ_{j ≤ t} √ρ_j θ_j x_{t-j}``; (T, n_y) for parameters (T, n_y, n_x)."""
        horizon = len(self.roots)
        return fractions(
            [
                sum((self.roots[lag] * (theta[lag] @ self.signal[time - lag]) for lag in range(time + 1)), np.array(0))
                for time in range(horizon)
            ]
        )

    def jacobian(self, theta: Matrix) -> Matrix:
        """All derivatives at θ, (T, n_y, parameters)."""
        columns = []
        for place in np.ndindex(theta.shape):
            moved = theta.copy()
            moved[place] += Fraction(1)
            columns.append(self.outputs(moved) - self.outputs(theta))
        return np.stack(columns, axis=-1)


def block_toeplitz(signal: Matrix) -> Callable[[int, int, int], Fraction]:
    """The entries of T(x), (18): row (j, c), column t."""
    return lambda lag, channel, time: signal[time - lag, channel] if time >= lag else Fraction(0)


def _trials(rng: Generator) -> Iterator[Trial]:
    for (horizon, inputs, outputs), _ in product(((1, 1, 1), (3, 2, 2), (4, 1, 3)), range(2)):
        roots = positive(rng, horizon + 1)
        x, x_prime = integers(rng, horizon, inputs, bound=5), integers(rng, horizon, inputs, bound=5)
        theta = integers(rng, horizon, outputs, inputs)
        derivatives = [Convolution(roots[:-1], signal).jacobian(theta) for signal in (x, x_prime)]
        yield Trial(
            f"T = {horizon}, n_x = {inputs}, n_y = {outputs}",
            Interpretation(
                {T: horizon, n_x: inputs},
                {
                    "K": _kernel(*derivatives),
                    "rho": lambda lag, roots=roots: roots[lag] ** 2,
                    "T_x": block_toeplitz(x),
                    "T_x_prime": block_toeplitz(x_prime),
                    "theta": lambda lag, row, channel, theta=theta: theta[lag, row, channel],
                },
            ),
            {t: range(horizon), s: range(horizon), a: range(outputs), b: range(outputs)},
        )


def _kernel(first: Matrix, second: Matrix) -> Callable[[int, int, int, int], Fraction]:
    """(13): the inner product of two rows of Jacobians."""
    return lambda time, row, other_time, other_row: first[time, row] @ second[other_time, other_row]


PART: Final = Part(
    "3.2",
    "K(x, x') = T(x)^T D(rho) T(x') ⊗ I at every θ (17), with T(x) block Toeplitz (18) and D(rho) diagonal (19)",
    convolution_kernel,
    (KERNEL,),
    _trials,
    "the model differentiated parameter by parameter at a random θ",
    VARIANTS,
)


def theorem() -> Theorem[SymbolicContext]:
    """The theorem."""
    return symbolic_theorem("3.2", "The tangent kernel of the convolution", "Theorem 3.2", PART)
